//! The API's one door: every endpoint passes the same admission, decoding, calling and answering.
//! What an endpoint does is in `operations`, under the name of its URL.

mod admission;
mod answer;
mod decode;
mod log;
mod routes;
mod signing;

use crate::app::App;
use crate::engine::claims::Claims;
use crate::operations::{self, Caller, Problem};
use crate::store::db::Commit;
use crate::store::{idempotency, signatures, won};
use answer::Answer;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use contract::endpoints::Endpoint;
use contract::errors::Language;
use contract::rules::Rule;
use http::Request;
use http::request::Parts;
use jiff::SignedDuration;
use log::{Began, Seen};
use routes::Route;
use std::sync::Arc;
use std::time::Duration;

/// Bytes that a request's body may have.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// How long a read's signature is remembered. A write never forgets, so this bounds only reads.
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
    let answer = match served(&app, &head, body, language, &mut seen).await {
        Ok(answer) => answer,
        Err(problem) => answer::problem(&problem, language),
    };
    if app.settings.log_requests {
        let (method, path, millis) = (&head.method, head.uri.path(), began.millis());
        tracing::info!(%method, path, status = answer.status, %millis, "request");
    }
    log::note(&app, &head, seen, &answer, &began);
    answer.into_response()
}

async fn served(
    app: &Arc<App>,
    head: &Parts,
    body: Body,
    language: Language,
    seen: &mut Seen,
) -> Result<Answer, Problem> {
    let route = routes::find(
        &app.settings.public_urls,
        head.method.as_str(),
        head.uri.path(),
    )?;
    let body = axum::body::to_bytes(body, BODY_BYTES_MAX)
        .await
        .map_err(|_| {
            Problem::with(
                Rule::BodyTooLarge,
                &[("limit", &BODY_BYTES_MAX.to_string())],
            )
        })?;
    let caller = admission::admit(app, head, &body, route.endpoint, language, seen).await?;
    decode::strict_json(&body)?;
    if !route.endpoint.served {
        return Err(Problem::rule(Rule::NotOffered));
    }
    if head.method == http::Method::GET {
        remember_read(app, &caller.claims).await?;
        return called(app, &caller, &route, head.uri.query().unwrap_or(""), &body).await;
    }
    if let Some(answer) = known_answer(app, &caller, &route, &body).await? {
        return Ok(answer);
    }
    // A payment that was begun is carried on even when the shop hangs up.
    let app = Arc::clone(app);
    let work = tokio::spawn(async move {
        let _busy = Arc::clone(&app.busy).read_owned().await;
        let outcome = called(&app, &caller, &route, "", &body).await;
        finished(&app, &caller, route.endpoint, outcome).await
    });
    match work.await {
        Ok(outcome) => outcome,
        Err(error) => {
            tracing::error!(%error, "an operation panicked");
            Err(Problem::rule(Rule::SystemError))
        }
    }
}

/// A read claims its signature too: the method is not signed, so a captured GET would otherwise be
/// a valid DELETE.
async fn remember_read(app: &App, claims: &Claims) -> Result<(), Problem> {
    let Some(signature) = &claims.signature else {
        return Ok(());
    };
    let mut commit = Commit::new(claims.merchant_id, app.next_id());
    signatures::claim(
        claims.merchant_id,
        signature,
        Some(app.after(READ_SIGNATURE_KEPT)),
        &mut commit,
    );
    match won(app.db.commit(commit).await)? {
        true => Ok(()),
        false => Err(Problem::rule(Rule::ReplayedSignature)),
    }
}

/// The answer to an idempotency key that was used before; nothing when the key is new, or absent.
async fn known_answer(
    app: &App,
    caller: &Caller,
    route: &Route,
    body: &[u8],
) -> Result<Option<Answer>, Problem> {
    let Some(key) = &caller.claims.key else {
        return Ok(None);
    };
    let Some(claimed) = idempotency::of_merchant(app, caller.merchant.id, &key.key).await? else {
        return Ok(None);
    };
    if claimed.fingerprint != key.fingerprint {
        return Err(Problem::rule(Rule::IdempotencyMismatch));
    }
    if let Some((status, body)) = claimed.answer {
        return Ok(Some(Answer {
            status,
            body,
            retry_after: None,
        }));
    }
    // Not kept, but decided: by a process that died, or by the resolver.
    match claimed.payment_id {
        Some(payment_id) => again(app, caller, route.endpoint, payment_id, body)
            .await
            .map(Some),
        None if app.now().duration_since(claimed.claimed_at) > KEY_ABANDONED => {
            let mut commit = Commit::new(caller.merchant.id, app.next_id());
            idempotency::release(caller.merchant.id, &key.key, &mut commit);
            won(app.db.commit(commit).await)?;
            Ok(None)
        }
        None => Err(Problem::rule(Rule::IdempotencyInFlight)),
    }
}

/// Words the answer of a payment that an earlier request made.
async fn again(
    app: &App,
    caller: &Caller,
    endpoint: &Endpoint,
    payment_id: i64,
    body: &[u8],
) -> Result<Answer, Problem> {
    use operations::{bnpl_payments, card_payments};
    let outcome = match endpoint.name {
        "card_payments::init_3ds" => {
            let request = decode::body(body)?;
            card_payments::threeds_init_again(app, caller, payment_id, request)
                .await
                .map(answer::object)
        }
        "bnpl_payments::init" => bnpl_payments::init_again(app, caller, payment_id)
            .await
            .map(answer::object),
        "bnpl_payments::verify" | "bnpl_payments::verify_by_body" => {
            bnpl_payments::verify_again(app, caller, payment_id)
                .await
                .map(answer::object)
        }
        _ => card_payments::again(app, caller, payment_id)
            .await
            .map(answer::object),
    };
    match outcome {
        // Undecided: the first request, or the resolver, is still at it.
        Err(Problem::Doubt { .. }) => Err(Problem::rule(Rule::IdempotencyInFlight)),
        Err(problem) => Ok(answer::problem(&problem, caller.language)),
        Ok(answer) => Ok(answer),
    }
}

/// Keeps the answer for the request's idempotency key.
async fn finished(
    app: &App,
    caller: &Caller,
    endpoint: &Endpoint,
    outcome: Result<Answer, Problem>,
) -> Result<Answer, Problem> {
    let Some(key) = &caller.claims.key else {
        return outcome;
    };
    let answer = match outcome {
        // A page holds the card, sealed: it is made again from the request, never kept.
        Ok(answer) if endpoint.name == "card_payments::init_3ds" => return Ok(answer),
        Ok(answer) => answer,
        Err(Problem::Rule {
            rule: Rule::IdempotencyInFlight,
            values,
        }) => {
            // Two at once; the other may be through by now.
            let claimed = idempotency::of_merchant(app, caller.merchant.id, &key.key).await?;
            return match claimed
                .filter(|c| c.fingerprint == key.fingerprint)
                .and_then(|c| c.answer)
            {
                Some((status, body)) => Ok(Answer {
                    status,
                    body,
                    retry_after: None,
                }),
                None => Err(Problem::Rule {
                    rule: Rule::IdempotencyInFlight,
                    values,
                }),
            };
        }
        Err(problem @ (Problem::Doubt { .. } | Problem::Unavailable(_) | Problem::Moved)) => {
            return Err(problem);
        }
        Err(
            problem @ Problem::Rule {
                rule: Rule::ReplayedSignature,
                ..
            },
        ) => return Err(problem),
        Err(problem) => answer::problem(&problem, caller.language),
    };
    let mut commit = Commit::new(caller.merchant.id, app.next_id());
    idempotency::answer(
        app,
        caller.merchant.id,
        &key.key,
        answer.status,
        &answer.body,
        &mut commit,
    );
    won(app.db.commit(commit).await)?;
    Ok(answer)
}

/// Decodes, calls the operation that the endpoint names, and words its answer.
async fn called(
    app: &App,
    caller: &Caller,
    route: &Route,
    query: &str,
    body: &[u8],
) -> Result<Answer, Problem> {
    use contract::merchant_poses::SearchMerchantPosRequest;
    use contract::payment_reporting::SearchPaymentsRequest;
    use operations::{
        bins, bnpl_payments, card_loyalties, card_payments, cards, merchant_apms, merchant_poses,
        payment_reporting,
    };
    match route.endpoint.name {
        "card_payments::create" => card_payments::create(app, caller, decode::body(body)?)
            .await
            .map(answer::object),
        "card_payments::get" => card_payments::retrieve(app, caller, route.id("id")?)
            .await
            .map(answer::object),
        "card_payments::init_3ds" => card_payments::threeds_init(app, caller, decode::body(body)?)
            .await
            .map(answer::object),
        "card_payments::complete_3ds" => {
            card_payments::threeds_complete(app, caller, decode::body(body)?)
                .await
                .map(answer::object)
        }
        "card_loyalties::retrieve" => card_loyalties::retrieve(app, caller, decode::body(body)?)
            .await
            .map(answer::object),
        "bnpl_payments::offers" => bnpl_payments::offers(app, caller, decode::body(body)?)
            .await
            .map(answer::object),
        "bnpl_payments::init" => bnpl_payments::init(app, caller, decode::body(body)?)
            .await
            .map(answer::object),
        "bnpl_payments::approve" => bnpl_payments::approve(app, caller, route.id("paymentId")?)
            .await
            .map(answer::object),
        "bnpl_payments::verify" => bnpl_payments::verify(app, caller, route.id("paymentId")?)
            .await
            .map(answer::object),
        "bnpl_payments::verify_by_body" => {
            bnpl_payments::verify_by_body(app, caller, decode::body(body)?)
                .await
                .map(answer::object)
        }
        "cards::store" => cards::store(app, caller, decode::body(body)?)
            .await
            .map(answer::object),
        "bins::get" => bins::retrieve(app, caller, route.text("binNumber"))
            .await
            .map(answer::object),
        "merchant_apms::list" => {
            let items = merchant_apms::retrieve(app, caller).await?;
            let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
            Ok(answer::list(items, 0, count, count))
        }
        "merchant_poses::create" => merchant_poses::create(app, caller, decode::body(body)?)
            .await
            .map(answer::object),
        "merchant_poses::get" => merchant_poses::retrieve(app, caller, route.id("merchantPosId")?)
            .await
            .map(answer::object),
        "merchant_poses::list" => {
            let request = decode::query(query, SearchMerchantPosRequest::from_pairs)?;
            let (items, page, size, total) = merchant_poses::search(app, caller, request).await?;
            Ok(answer::list(items, page, size, total))
        }
        "merchant_poses::update" => {
            let id = route.id("merchantPosId")?;
            merchant_poses::update(app, caller, id, decode::body(body)?)
                .await
                .map(answer::object)
        }
        "merchant_poses::update_status" => {
            let id = route.id("merchantPosId")?;
            merchant_poses::update_status(app, caller, id, route.text("posStatus")).await?;
            Ok(answer::nothing())
        }
        "payment_reporting::list" => {
            let request = decode::query(query, SearchPaymentsRequest::from_pairs)?;
            let found = payment_reporting::search(app, caller, request).await?;
            Ok(answer::list(
                found.items,
                found.page,
                found.size,
                found.total,
            ))
        }
        "payment_reporting::get" => {
            payment_reporting::retrieve(app, caller, route.id("paymentId")?)
                .await
                .map(answer::object)
        }
        _ => Err(Problem::rule(Rule::NotOffered)),
    }
}
