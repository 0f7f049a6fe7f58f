//! The API's one door: every endpoint passes the same admission, decoding, calling and answering.
//! What an endpoint does is in `operations`, under the name of its URL.

mod admission;
mod answer;
mod decode;
mod limits;
mod log;
mod routes;
mod signing;

use crate::app::App;
use crate::engine::claims::Claims;
use crate::listen::BodyCut;
use crate::operations::{self, Caller, Problem};
use crate::store::db::Commit;
use crate::store::{Committed, idempotency, signatures};
use answer::Answer;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use contract::endpoints::Endpoint;
use contract::errors::Language;
use contract::rules::Rule;
use futures_util::future::BoxFuture;
use http::Request;
use http::request::Parts;
use jiff::SignedDuration;
use log::{Began, Seen};
use routes::Route;
use std::sync::Arc;
use std::time::Duration;

/// Bytes that a request's body may have.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// How long the signature of a read is remembered whose path takes no write.
const READ_SIGNATURE_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// A request that made no payment (an inquiry, a stored card) and has no answer after this long died
/// with its process; its key can be used again.
const KEY_ABANDONED: SignedDuration = SignedDuration::from_mins(10);

/// Whether the API has this address, for this method or another one.
pub fn is_known(app: &App, method: &str, path: &str) -> bool {
    let unknown = |problem: &Problem| {
        matches!(
            problem,
            Problem::Rule {
                rule: Rule::UnknownRoute,
                ..
            }
        )
    };
    !routes::find(&app.settings.public_urls, method, path).is_err_and(|problem| unknown(&problem))
}

/// Answers one request, whatever it asks for.
pub async fn handle(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    let began = Began::now(&app);
    let (head, body) = request.into_parts();
    let language = Language::of_header(
        head.headers
            .get("lang")
            .and_then(|value| value.to_str().ok()),
    );
    let mut seen = Seen::default();
    let outcome = serve(&app, &head, body, language, &mut seen).await;
    limits::charge(&app, &head, &seen, &outcome);
    let answer = match outcome {
        Ok(answer) => answer,
        Err(problem) => answer::problem(&problem, language),
    };
    if app.settings.log_requests {
        let (method, path) = log::address(&head, answer.status);
        let millis = began.millis();
        tracing::info!(method, path, status = answer.status, %millis, "request");
    }
    log::note(&app, &head, seen, &answer, &began);
    answer.into_response()
}

async fn serve(
    app: &Arc<App>,
    head: &Parts,
    body: Body,
    language: Language,
    seen: &mut Seen,
) -> Result<Answer, Problem> {
    limits::admit_stranger(app, head)?;
    let route = routes::find(
        &app.settings.public_urls,
        head.method.as_str(),
        head.uri.path(),
    )?;
    let named = admission::identify(app, head, seen).await?;
    let body = sent_body(&head.method, read_body(body).await?);
    let mut caller = admission::admit(app, head, named, &body, language, seen)?;
    limits::admit_key(app, &caller)?;
    if head.method == http::Method::GET {
        remember_read(app, &caller.claims, &route).await?;
        decode::strict_json(&body)?;
        require_served(&route)?;
        return dispatch(app, &caller, &route, head.uri.query().unwrap_or(""), &body).await;
    }
    let key = admission::idempotency_key(head, route.endpoint, &body);
    caller.claims.key = key.clone().unwrap_or_default();
    let claims = caller.claims.clone();
    // A payment that was begun is carried on, and a signature claimed, even when the shop hangs up.
    let working = Arc::clone(app);
    let work = async move {
        let outcome = match key {
            Ok(_) => carry_out(&working, &caller, &route, &body).await,
            Err(problem) => Err(problem),
        };
        claim_signature(&working, &caller.claims, outcome).await
    };
    match app.do_to_the_end(work).await {
        Ok(outcome) => outcome,
        Err(error) => {
            tracing::error!(%error, "an operation panicked");
            claim_signature(app, &claims, Err(Problem::rule(Rule::SystemError))).await
        }
    }
}

/// The body, as it came.
async fn read_body(body: Body) -> Result<Bytes, Problem> {
    let error = match axum::body::to_bytes(body, BODY_BYTES_MAX).await {
        Ok(bytes) => return Ok(bytes),
        Err(error) => error,
    };
    Err(match BodyCut::behind(&error) {
        Some(BodyCut::Late) => Problem::rule(Rule::BodyTooSlow),
        Some(BodyCut::Crowded) => Problem::unavailable("too many large bodies at once"),
        Some(BodyCut::Broken) => Problem::rule(Rule::BodyNotJson),
        None => Problem::with(
            Rule::BodyTooLarge,
            &[("limit", &BODY_BYTES_MAX.to_string())],
        ),
    })
}

/// What the caller means by a body. The PHP client writes a PUT without one as `null` and signs
/// nothing for it.
fn sent_body(method: &http::Method, body: Bytes) -> Bytes {
    if method == http::Method::PUT && body == b"null"[..] {
        Bytes::new()
    } else {
        body
    }
}

fn require_served(route: &Route) -> Result<(), Problem> {
    if route.endpoint.served {
        Ok(())
    } else {
        Err(Problem::rule(Rule::NotOffered))
    }
}

/// A read claims its signature too: the method is not signed, so a captured GET would otherwise be
/// a valid DELETE. Where the path takes a write it is claimed for good.
async fn remember_read(app: &App, claims: &Claims, route: &Route) -> Result<(), Problem> {
    let expires_at = if route.takes_writes {
        None
    } else {
        Some(app.after(READ_SIGNATURE_KEPT))
    };
    let mut commit = Commit::new(claims.merchant_id, app.next_id());
    claims.write_signature(expires_at, &mut commit);
    match app.commit(commit).await? {
        Committed::Yes => Ok(()),
        Committed::Conflict => Err(Problem::rule(Rule::ReplayedSignature)),
    }
}

/// A write: answered from its idempotency key, or carried out.
async fn carry_out(
    app: &Arc<App>,
    caller: &Caller,
    route: &Route,
    body: &[u8],
) -> Result<Answer, Problem> {
    decode::strict_json(body)?;
    require_served(route)?;
    if let Some(answer) = known_answer(app, caller, route, body).await? {
        return Ok(answer);
    }
    let outcome = dispatch(app, caller, route, "", body).await;
    if met_a_claim(&outcome) {
        // The same request was carried out, or is being so, since we looked.
        return match known_answer(app, caller, route, body).await? {
            Some(answer) => Ok(answer),
            None => outcome,
        };
    }
    keep_answer(app, caller, outcome).await
}

/// Whether another request has claimed the signature or the key.
fn met_a_claim(outcome: &Result<Answer, Problem>) -> bool {
    matches!(
        outcome,
        Err(Problem::Rule {
            rule: Rule::ReplayedSignature | Rule::IdempotencyInFlight,
            ..
        })
    )
}

/// Claims the signature of a request that no commit has claimed, before its answer is given: a
/// captured request must not act later, whatever it was answered. Who asks again later (401, 429,
/// 503) has claimed nothing. The same signature may be answered again only with the same key.
async fn claim_signature(
    app: &App,
    claims: &Claims,
    outcome: Result<Answer, Problem>,
) -> Result<Answer, Problem> {
    const CLAIM_NOTHING: [u16; 3] = [401, 429, 503];
    match &outcome {
        _ if claims.are_written() => return outcome,
        Err(Problem::Unavailable(_) | Problem::Moved) => return outcome,
        Err(Problem::Rule { rule, .. }) if CLAIM_NOTHING.contains(&rule.status()) => {
            return outcome;
        }
        _ => {}
    }
    let (merchant_id, Some(signature)) = (claims.merchant_id, &claims.signature) else {
        return outcome;
    };
    let mut commit = Commit::new(merchant_id, app.next_id());
    claims.write_signature(None, &mut commit);
    if app.commit(commit).await?.is_yes() {
        return outcome;
    }
    let same_key = match &claims.key {
        Some(key) => signatures::came_with(app, merchant_id, signature, &key.key).await?,
        None => false,
    };
    if same_key {
        outcome
    } else {
        Err(Problem::rule(Rule::ReplayedSignature))
    }
}

/// The answer to an idempotency key that was used before; `None` when the key is new, or absent.
async fn known_answer(
    app: &App,
    caller: &Caller,
    route: &Route,
    body: &[u8],
) -> Result<Option<Answer>, Problem> {
    let Some(key) = &caller.claims.key else {
        return Ok(None);
    };
    let merchant_id = caller.merchant.id;
    let Some(known) = idempotency::of_merchant(app, merchant_id, &key.key).await? else {
        return Ok(None);
    };
    if known.fingerprint != idempotency::fingerprint(&key.hash) {
        return Err(Problem::rule(Rule::IdempotencyMismatch));
    }
    if let Some((status, body)) = known.answer {
        return Ok(Some(Answer {
            status,
            body,
            retry_after: None,
            file: None,
            is_page: false,
        }));
    }
    // Not kept, but decided: by a process that died, by the resolver, or some days ago.
    match known.payment_id {
        Some(payment_id) => replay_answer(app, caller, route.endpoint, payment_id, body)
            .await
            .map(Some),
        None if app.now().duration_since(known.claimed_at) > KEY_ABANDONED => {
            let mut commit = Commit::new(merchant_id, app.next_id());
            idempotency::release(merchant_id, &key.key, known.claimed_at, &mut commit);
            app.commit(commit).await?.ignore_conflict();
            Ok(None)
        }
        None => Err(Problem::rule(Rule::IdempotencyInFlight)),
    }
}

/// Words the answer of a payment or refund that an earlier request made; of a refund the key holds its id.
async fn replay_answer(
    app: &App,
    caller: &Caller,
    endpoint: &Endpoint,
    payment_id: i64,
    body: &[u8],
) -> Result<Answer, Problem> {
    use operations::{bnpl_payments, card_payments, cards, refund_transactions, refunds};
    let outcome = match endpoint.name {
        "card_payments::threeds_init" => {
            let request = decode::body(body)?;
            card_payments::replay_threeds_init(app, caller, payment_id, request)
                .await
                .map(answer::object)
        }
        "cards::verify" => cards::replay_verify(app, caller, payment_id, decode::body(body)?)
            .await
            .map(answer::object),
        "card_payments::post_auth" => card_payments::replay_post_auth(app, caller, payment_id)
            .await
            .map(answer::object),
        "bnpl_payments::init" => bnpl_payments::replay_init(app, caller, payment_id)
            .await
            .map(answer::object),
        "bnpl_payments::verify" | "bnpl_payments::verify_by_body" => {
            bnpl_payments::replay_verify(app, caller, payment_id)
                .await
                .map(answer::object)
        }
        "refund_transactions::create" | "refund_transactions::mark_as_refunded" => {
            refund_transactions::replay(app, caller, payment_id)
                .await
                .map(answer::object)
        }
        "refunds::create" => refunds::replay(app, caller, payment_id)
            .await
            .map(answer::object),
        "refunds::mark_as_refunded" => refunds::replay_mark(app, caller, payment_id)
            .await
            .map(answer::object),
        _ => card_payments::replay(app, caller, payment_id)
            .await
            .map(answer::object),
    };
    match outcome {
        // Undecided: the first request, or the resolver, is still at it.
        Err(Problem::Doubt { .. }) => Err(Problem::rule(Rule::IdempotencyInFlight)),
        Err(problem @ (Problem::Unavailable(_) | Problem::Moved)) => Err(problem),
        Err(problem) => Ok(answer::problem(&problem, caller.language)),
        Ok(answer) => Ok(answer),
    }
}

/// Keeps the answer for the request's idempotency key.
async fn keep_answer(
    app: &App,
    caller: &Caller,
    outcome: Result<Answer, Problem>,
) -> Result<Answer, Problem> {
    let claims = &caller.claims;
    // What no commit has claimed (a 400, what was done already) is judged anew the next time.
    let Some(key) = claims.key.as_ref().filter(|_| claims.are_written()) else {
        return outcome;
    };
    let answer = match outcome {
        Ok(answer) if answer.is_page => return Ok(answer),
        Ok(answer) => answer,
        Err(
            problem @ (Problem::Doubt { .. }
            | Problem::UnderWay { .. }
            | Problem::Unavailable(_)
            | Problem::Moved),
        ) => return Err(problem),
        Err(problem) => answer::problem(&problem, caller.language),
    };
    let mut commit = Commit::new(caller.merchant.id, app.next_id());
    idempotency::keep_answer(
        app,
        caller.merchant.id,
        &key.key,
        answer.status,
        &answer.body,
        &mut commit,
    );
    app.commit(commit).await?.ignore_conflict();
    Ok(answer)
}

/// Decodes, calls the operation that the endpoint names, and words its answer. On the heap, made in
/// one place: it is as large as the largest operation, and would be copied at every step on its way.
fn dispatch<'a>(
    app: &'a Arc<App>,
    caller: &'a Caller,
    route: &'a Route,
    query: &'a str,
    body: &'a [u8],
) -> BoxFuture<'a, Result<Answer, Problem>> {
    Box::pin(operate(app, caller, route, query, body))
}

#[rustfmt::skip] // A table: an endpoint a line.
async fn operate(app: &Arc<App>, caller: &Caller, route: &Route, query: &str, body: &[u8]) -> Result<Answer, Problem> {
    use answer::{file, nothing, object, page, verification};
    use contract::cards::{RetrieveProviderCardRequest as SearchMappings, SearchStoredCardsRequest as SearchCards};
    use contract::installments::SearchInstallmentsRequest as SearchInstallments;
    use contract::merchant_poses::SearchMerchantPosRequest as SearchPoses;
    use contract::payment_reporting::{
        SearchPaymentRefundsRequest as SearchRefunds, SearchPaymentTransactionRefundsRequest as SearchItemRefunds,
        SearchPaymentsRequest as SearchPayments,
    };
    use contract::payment_reports::RetrieveDailyPaymentReportRequest as DailyPayments;
    use contract::reports::RetrieveReportRequest as DemandedReport;
    use contract::transaction_reports::RetrieveDailyTransactionReportRequest as DailyTransactions;
    use decode::{body as of, query as by};
    use operations::{
        bins, bnpl_payments, card_loyalties, card_payments, cards, installments, merchant_apms, merchant_poses,
        payment_reporting, refund_reporting, refund_transactions, refunds, report_demands, reports,
    };
    let (id, text) = (|name| route.id(name), |name| route.text(name));
    Ok(match route.endpoint.name {
        "bins::retrieve" => object(bins::retrieve(app, caller, text("binNumber")).await?),
        "bnpl_payments::approve" => object(bnpl_payments::approve(app, caller, id("paymentId")?).await?),
        "bnpl_payments::init" => object(bnpl_payments::init(app, caller, of(body)?).await?),
        "bnpl_payments::offers" => object(bnpl_payments::offers(app, caller, of(body)?).await?),
        "bnpl_payments::verify" => object(bnpl_payments::verify(app, caller, id("paymentId")?).await?),
        "bnpl_payments::verify_by_body" => object(bnpl_payments::verify_by_body(app, caller, of(body)?).await?),
        "card_loyalties::retrieve" => object(card_loyalties::retrieve(app, caller, of(body)?).await?),
        "card_payments::create" => object(card_payments::create(app, caller, of(body)?).await?),
        "card_payments::post_auth" => object(card_payments::post_auth(app, caller, id("paymentId")?, of(body)?).await?),
        "card_payments::retrieve" => object(card_payments::retrieve(app, caller, id("id")?).await?),
        "card_payments::threeds_complete" => object(card_payments::threeds_complete(app, caller, of(body)?).await?),
        "card_payments::threeds_init" => page(card_payments::threeds_init(app, caller, of(body)?).await?),
        "cards::clone" => object(cards::clone(app, caller, of(body)?).await?),
        "cards::delete" => nothing(cards::delete(app, caller, of(body)?).await?),
        "cards::search" => object(cards::search(app, caller, by(query, SearchCards::from_pairs)?).await?),
        "cards::search_provider_card_mappings" => object(cards::search_provider_card_mappings(app, caller, by(query, SearchMappings::from_pairs)?).await?),
        "cards::store" => object(cards::store(app, caller, of(body)?).await?),
        "cards::update" => object(cards::update(app, caller, of(body)?).await?),
        "cards::verify" => verification(cards::verify(app, caller, of(body)?).await?),
        "installments::search" => object(installments::search(app, caller, by(query, SearchInstallments::from_pairs)?).await?),
        "merchant_apms::list" => object(merchant_apms::list(app, caller).await?),
        "merchant_poses::commissions" => object(merchant_poses::commissions(app, caller, id("merchantPosId")?, of(body)?).await?),
        "merchant_poses::create" => object(merchant_poses::create(app, caller, of(body)?).await?),
        "merchant_poses::delete" => nothing(merchant_poses::delete(app, caller, id("merchantPosId")?).await?),
        "merchant_poses::list_commissions" => object(merchant_poses::list_commissions(app, caller, id("merchantPosId")?).await?),
        "merchant_poses::retrieve" => object(merchant_poses::retrieve(app, caller, id("merchantPosId")?).await?),
        "merchant_poses::search" => object(merchant_poses::search(app, caller, by(query, SearchPoses::from_pairs)?).await?),
        "merchant_poses::update" => object(merchant_poses::update(app, caller, id("merchantPosId")?, of(body)?).await?),
        "merchant_poses::update_status" => nothing(merchant_poses::update_status(app, caller, id("merchantPosId")?, text("posStatus")).await?),
        "payment_reporting::list_refunds" => object(payment_reporting::list_refunds(app, caller, id("paymentId")?).await?),
        "payment_reporting::list_transactions" => object(payment_reporting::list_transactions(app, caller, id("paymentId")?).await?),
        "payment_reporting::list_transactions_refunds" => object(refund_reporting::list_transactions_refunds(app, caller, id("paymentId")?, id("paymentTransactionId")?).await?),
        "payment_reporting::retrieve" => object(payment_reporting::retrieve(app, caller, id("paymentId")?).await?),
        "payment_reporting::search" => object(payment_reporting::search(app, caller, by(query, SearchPayments::from_pairs)?).await?),
        "payment_reporting::search_refund_transactions" => object(refund_reporting::search_refund_transactions(app, caller, by(query, SearchItemRefunds::from_pairs)?).await?),
        "payment_reporting::search_refunds" => object(refund_reporting::search_refunds(app, caller, by(query, SearchRefunds::from_pairs)?).await?),
        "payment_reports::retrieve" => file(reports::payments_of_day(app, caller, by(query, DailyPayments::from_pairs)?).await?),
        "refund_transactions::create" => object(refund_transactions::create(app, caller, of(body)?).await?),
        "refund_transactions::mark_as_refunded" => object(refund_transactions::mark_as_refunded(app, caller, of(body)?).await?),
        "refund_transactions::retrieve" => object(refund_transactions::retrieve(app, caller, id("id")?).await?),
        "refunds::create" => object(refunds::create(app, caller, of(body)?).await?),
        "refunds::mark_as_refunded" => object(refunds::mark_as_refunded(app, caller, of(body)?).await?),
        "refunds::refund_waiting_payment" => object(refunds::refund_waiting_payment(app, caller, of(body)?).await?),
        "refunds::retrieve" => object(refunds::retrieve(app, caller, id("id")?).await?),
        "report_demands::create" => object(report_demands::create(app, caller, of(body)?).await?),
        "reports::retrieve" => file(reports::retrieve(app, caller, id("reportId")?, by(query, DemandedReport::from_pairs)?).await?),
        "transaction_reports::retrieve" => file(reports::transactions_of_day(app, caller, by(query, DailyTransactions::from_pairs)?).await?),
        _ => return Err(Problem::rule(Rule::NotOffered)),
    })
}
