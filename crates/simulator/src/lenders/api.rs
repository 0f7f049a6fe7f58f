//! The signed endpoints under `/lender/v1/`. One door: who asks, what goes wrong on purpose, what
//! is done, and a reply signed with the request's own signature inside.

use super::account::{CLIENT_ID, CLIENT_SECRET};
use super::faults::{Fault, Kind, Operation};
use super::ledger::Key;
use super::lender::Lender;
use super::loan::{Decision, Loan, State};
use super::money_back;
use super::notify;
use super::signature::{self, TIMESTAMP_SECONDS_APART_MAX};
use super::wire::{ApplicationRequest, OffersRequest, RefundRequest, Refusal, check_cart};
use super::{banks, buyer};
use crate::reply;
use crate::seal::{random, same};
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, OriginalUri, State as Shared};
use axum::http::{HeaderMap, HeaderName, Method, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::any;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;

const BODY_BYTES_MAX: usize = 256 * 1024;

/// What is asked.
enum Call {
    Offers(OffersRequest),
    Apply(Box<ApplicationRequest>),
    Inquire(String),
    Confirm(String),
    Cancel(String),
    GiveBack(String, money_back::Kind, RefundRequest),
    GivenBack(String),
}

/// A status and its JSON.
type Done = (u16, Value);

pub(crate) fn router() -> Router<Arc<Lender>> {
    Router::new()
        .route("/lender/v1/{*path}", any(answer))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

async fn answer(
    Shared(lender): Shared<Arc<Lender>>,
    OriginalUri(uri): OriginalUri,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let given = header_text(&headers, "x-lender-signature");
    let known = authenticate(&lender, &method, uri.path(), &headers, &body);
    let call = known.and_then(|()| read(&method, uri.path(), &body));
    let (fault, done) = match call {
        Ok(call) => {
            let fault = fault_of(&lender, &call);
            // Money goes back although its caller has gone: the wait is behind it.
            let moves_money = matches!(call, Call::GiveBack(..));
            if !moves_money {
                wait_as_ordered(fault.as_ref()).await;
            }
            let done = match &fault {
                Some(Fault {
                    kind: Kind::Http500,
                    ..
                }) => {
                    return StatusCode::INTERNAL_SERVER_ERROR.into_response();
                }
                Some(Fault {
                    kind: Kind::Decline,
                    code,
                    ..
                }) => Err(Refusal::business(
                    code.as_deref().unwrap_or("BANK_REJECTED"),
                    "refused on purpose",
                )),
                _ => perform(&lender, call),
            };
            if let (Some(fault), Ok((_, body))) = (&fault, &done)
                && fault.kind == Kind::NotifyFirst
            {
                notify_first(&lender, body, fault.ms.unwrap_or_default()).await;
            }
            if moves_money {
                wait_as_ordered(fault.as_ref()).await;
            }
            (fault, done)
        }
        Err(refusal) => (None, Err(refusal)),
    };
    let (status, body) = done.unwrap_or_else(|refusal| {
        (
            refusal.status,
            json!({ "code": refusal.code, "message": refusal.message }),
        )
    });
    send(&lender, fault, given, status, body.to_string())
}

async fn wait_as_ordered(fault: Option<&Fault>) {
    if let Some(fault) = fault.filter(|fault| fault.kind == Kind::Delay) {
        tokio::time::sleep(Duration::from_millis(fault.ms.unwrap_or_default())).await;
    }
}

/// Sends a notification of the application that `body` is about to confirm, and waits.
async fn notify_first(lender: &Lender, body: &Value, ms: u64) {
    let order_id = body["orderId"].as_str().unwrap_or_default();
    let kept = lender
        .ledger
        .change(Key::Order(order_id), lender.now_ms(), |_| Ok(true));
    if kept.is_ok() {
        notify::send_due(lender, Some(order_id)).await;
    }
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

/// Signs and sends, or breaks the reply as ordered.
fn send(
    lender: &Lender,
    fault: Option<Fault>,
    request_signature: &str,
    status: u16,
    body: String,
) -> Response<Body> {
    let kind = fault.as_ref().map(|fault| fault.kind);
    let body = match kind {
        Some(Kind::Garbage) => "<garbage".to_owned(),
        Some(Kind::Answer) => fault.and_then(|fault| fault.body).unwrap_or_default(),
        _ => body,
    };
    let timestamp = (lender.now)().as_second().to_string();
    let mut signature = signature::of_reply(
        CLIENT_SECRET,
        &timestamp,
        status,
        request_signature,
        body.as_bytes(),
    );
    if kind == Some(Kind::WrongMac) {
        reply::spoil(&mut signature);
    }
    let body = match kind {
        Some(Kind::LoseReply) => reply::broken_body(body.as_bytes(), 0),
        Some(Kind::CutReply) => reply::broken_body(body.as_bytes(), body.len() / 2),
        _ => Body::from(body),
    };
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (HeaderName::from_static("x-lender-timestamp"), &timestamp),
        (HeaderName::from_static("x-lender-signature"), &signature),
    ];
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, headers, body).into_response()
}

fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().unwrap_or_default(),
        _ => "",
    }
}

fn authenticate(
    lender: &Lender,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), Refusal> {
    let stranger = |code: &str, message: &str| Refusal {
        status: 401,
        code: code.to_owned(),
        message: message.to_owned(),
    };
    if header_text(headers, "x-lender-client") != CLIENT_ID {
        return Err(stranger("CLIENT_UNKNOWN", "no such client"));
    }
    let timestamp = header_text(headers, "x-lender-timestamp");
    let given = header_text(headers, "x-lender-signature");
    let expected = signature::of_request(CLIENT_SECRET, timestamp, method.as_str(), path, body);
    if !same(expected.as_bytes(), given.as_bytes()) {
        return Err(stranger("SIGNATURE_WRONG", "the signature is wrong"));
    }
    let apart = timestamp
        .parse::<i64>()
        .map(|then| (lender.now)().as_second().abs_diff(then));
    match apart {
        Ok(apart) if apart <= TIMESTAMP_SECONDS_APART_MAX => Ok(()),
        _ => Err(stranger(
            "TIMESTAMP_STALE",
            "the timestamp is not near the lender's clock",
        )),
    }
}

fn read(method: &Method, path: &str, body: &[u8]) -> Result<Call, Refusal> {
    let path = path.strip_prefix("/lender/v1/").unwrap_or_default();
    let segments: Vec<&str> = path.split('/').collect();
    match (method.as_str(), segments.as_slice()) {
        ("POST", ["offers"]) => Ok(Call::Offers(parse(body)?)),
        ("POST", ["applications"]) => Ok(Call::Apply(parse(body)?)),
        ("GET", ["applications", id]) => Ok(Call::Inquire((*id).to_owned())),
        ("POST", ["applications", id, "confirm"]) => Ok(Call::Confirm((*id).to_owned())),
        ("POST", ["applications", id, "cancel"]) => Ok(Call::Cancel((*id).to_owned())),
        ("POST", ["applications", id, "void"]) => give_back_of(id, money_back::Kind::Void, body),
        ("POST", ["applications", id, "refunds"]) => {
            give_back_of(id, money_back::Kind::Refund, body)
        }
        ("GET", ["applications", id, "refunds"]) => Ok(Call::GivenBack((*id).to_owned())),
        _ => Err(Refusal {
            status: 404,
            code: "ENDPOINT_UNKNOWN".to_owned(),
            message: "no such endpoint".to_owned(),
        }),
    }
}

fn give_back_of(id: &str, kind: money_back::Kind, body: &[u8]) -> Result<Call, Refusal> {
    Ok(Call::GiveBack(id.to_owned(), kind, parse(body)?))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::invalid(&error.to_string()))
}

fn fault_of(lender: &Lender, call: &Call) -> Option<Fault> {
    let (operation, id) = match call {
        Call::Offers(request) => {
            return lender
                .faults
                .take(Operation::Offers, None, Some(request.amount));
        }
        Call::Apply(request) => {
            let amount = Some(request.amount);
            return lender
                .faults
                .take(Operation::Apply, Some(&request.order_id), amount);
        }
        Call::Inquire(id) => (Operation::Inquire, id),
        Call::Confirm(id) => (Operation::Confirm, id),
        Call::Cancel(id) => (Operation::Cancel, id),
        Call::GiveBack(id, money_back::Kind::Void, _) => (Operation::Void, id),
        Call::GiveBack(id, money_back::Kind::Refund, _) => (Operation::Refund, id),
        Call::GivenBack(id) => (Operation::GivenBack, id),
    };
    let loan = lender
        .ledger
        .find(Key::Order(id), lender.now_ms())
        .ok()
        .flatten();
    lender
        .faults
        .take(operation, Some(id), loan.map(|loan| loan.amount))
}

fn perform(lender: &Lender, call: Call) -> Result<Done, Refusal> {
    match call {
        Call::Offers(request) => offers(lender, &request),
        Call::Apply(request) => apply(lender, &request),
        Call::Inquire(id) => {
            let loan = lender.ledger.find(Key::Order(&id), lender.now_ms())?;
            Ok((200, loan_view(&loan.ok_or_else(unknown_order)?)))
        }
        Call::Confirm(id) => decide(lender, &id, Decision::Confirm),
        Call::Cancel(id) => decide(lender, &id, Decision::Cancel),
        Call::GiveBack(id, kind, request) => give_back(lender, &id, kind, &request),
        Call::GivenBack(id) => {
            let loan = lender.ledger.find(Key::Order(&id), lender.now_ms())?;
            let loan = loan.ok_or_else(unknown_order)?;
            let mut view = about(&loan);
            view["refunds"] = json!(loan.refunds);
            Ok((200, view))
        }
    }
}

fn give_back(
    lender: &Lender,
    id: &str,
    kind: money_back::Kind,
    request: &RefundRequest,
) -> Result<Done, Refusal> {
    request.check()?;
    let (now, mut known) = (lender.now_ms(), false);
    let loan = lender.ledger.change(Key::Order(id), now, |loan| {
        known = loan.give_back(&request.refund_id, kind, request.amount, now)?;
        Ok(false)
    })?;
    let loan = loan.ok_or_else(unknown_order)?;
    let id = Some(request.refund_id.as_str());
    let mut view = about(&loan);
    let mut refunds = loan.refunds.iter();
    view["refund"] = json!(refunds.find(|one| one.refund_id.as_deref() == id));
    Ok((if known { 200 } else { 201 }, view))
}

/// Whose refunds these are.
fn about(loan: &Loan) -> Value {
    json!({
        "orderId": loan.order_id,
        "applicationId": loan.application_id,
        "currency": loan.currency,
    })
}

fn offers(lender: &Lender, request: &OffersRequest) -> Result<Done, Refusal> {
    check_cart(request.amount, &request.currency, &request.items)?;
    let mut offered = Vec::new();
    for bank in &banks::BANKS {
        let plans = bank.plans(request.amount, &request.items, lender.today());
        let Some(longest) = plans.last().map(|plan| plan.term) else {
            continue;
        };
        let terms: Vec<Value> = plans
            .iter()
            .filter(|_| !bank.plan_calculated_by_bank)
            .map(|plan| {
                json!({
                    "term": plan.term,
                    "amount": plan.amount,
                    "totalAmount": plan.total_amount,
                    "interestRate": plan.interest_rate,
                    "annualInterestRate": plan.annual_interest_rate,
                })
            })
            .collect();
        offered.push(json!({
            "bankCode": bank.code,
            "bankName": bank.name,
            "iconUrl": format!("{}/lender/icons/{}.svg", lender.public_url, bank.code),
            "tableBanner": format!("{longest} aya varan vade"),
            "smallBanner": if bank.supports_non_customers { "Müşteri olmasanız da" } else { "" },
            "supportsNonCustomers": bank.supports_non_customers,
            "planCalculatedByBank": bank.plan_calculated_by_bank,
            "terms": terms,
        }));
    }
    Ok((200, json!({ "banks": offered })))
}

fn apply(lender: &Lender, request: &ApplicationRequest) -> Result<Done, Refusal> {
    request.check()?;
    let fingerprint = HEXLOWER.encode(&Sha256::digest(serde_json::to_vec(request)?));
    if let Some(known) = lender
        .ledger
        .find(Key::Order(&request.order_id), lender.now_ms())?
    {
        return answer_repetition(lender, &known, &fingerprint);
    }
    let today = lender.today();
    check_bank(request, today)?;
    let now = lender.now_ms();
    let loan = Loan {
        order_id: request.order_id.clone(),
        application_id: unguessable()?,
        token: unguessable()?,
        fingerprint,
        bank_code: request.bank_code.clone(),
        term: request.term.filter(|_| request.bank_code.is_some()),
        amount: request.amount,
        currency: request.currency.clone(),
        items: request.items.clone(),
        missing: buyer::missing(&request.buyer, today)?,
        return_url: request.return_url.clone(),
        notification_url: request.notification_url.clone(),
        approval_mode: request.approval_mode,
        state: State::Pending,
        rejection: None,
        created_at: now,
        expires_at: now + i64::from(request.time_limit_seconds) * 1000,
        assessed_at: None,
        disbursed_at: None,
        day_closed: false,
        refunds: Vec::new(),
    };
    match lender.ledger.insert(&loan)? {
        // Somebody else was quicker with the same order id.
        Some(known) => answer_repetition(lender, &known, &loan.fingerprint),
        None => Ok((201, application_view(lender, &loan))),
    }
}

/// The same request again is answered again; another under its order id is refused.
fn answer_repetition(lender: &Lender, known: &Loan, fingerprint: &str) -> Result<Done, Refusal> {
    if known.fingerprint == fingerprint {
        return Ok((200, application_view(lender, known)));
    }
    Err(Refusal {
        status: 409,
        code: "ORDER_ID_TAKEN".to_owned(),
        message: "another application has this order id".to_owned(),
    })
}

/// Whether the chosen bank lends this, or any bank where none is chosen.
fn check_bank(request: &ApplicationRequest, today: jiff::civil::Date) -> Result<(), Refusal> {
    let longest = super::terms::longest(request.amount, &request.items, today);
    let too_long = request.term.is_some_and(|term| term > longest);
    if longest == 0 {
        let words = "something in the cart may not be bought on credit";
        return Err(Refusal::business("CATEGORY_NOT_FINANCEABLE", words));
    }
    if too_long {
        let words = format!("the law allows {longest} months for this cart");
        return Err(Refusal::business("TERM_ABOVE_LEGAL_LIMIT", &words));
    }
    let refusal = || Refusal::business("AMOUNT_OUT_OF_RANGE", "the bank does not lend this amount");
    let Some(code) = &request.bank_code else {
        let lends =
            |bank: &banks::Bank| !bank.plans(request.amount, &request.items, today).is_empty();
        return if banks::BANKS.iter().any(lends) {
            Ok(())
        } else {
            Err(refusal())
        };
    };
    let bank = banks::of_code(code)
        .ok_or_else(|| Refusal::business("BANK_UNKNOWN", "no such bank here"))?;
    let plans = bank.plans(request.amount, &request.items, today);
    if plans.is_empty() {
        return Err(refusal());
    }
    match request.term {
        Some(term) if !plans.iter().any(|plan| plan.term == term) => Err(Refusal::business(
            "TERM_NOT_OFFERED",
            "the bank does not offer this term",
        )),
        _ => Ok(()),
    }
}

fn decide(lender: &Lender, id: &str, decision: Decision) -> Result<Done, Refusal> {
    let now = lender.now_ms();
    let decided = lender
        .ledger
        .change(Key::Order(id), now, |loan| loan.decide(decision, now))?;
    Ok((200, loan_view(&decided.ok_or_else(unknown_order)?)))
}

/// A number that cannot be guessed, in 32 hexadecimal digits.
fn unguessable() -> Result<String, Refusal> {
    let bytes = random::<16>().map_err(|message| Refusal {
        status: 500,
        code: "NO_RANDOMNESS".to_owned(),
        message,
    })?;
    Ok(HEXLOWER.encode(&bytes))
}

fn unknown_order() -> Refusal {
    Refusal {
        status: 404,
        code: "APPLICATION_UNKNOWN".to_owned(),
        message: "no application has this order id".to_owned(),
    }
}

fn application_view(lender: &Lender, loan: &Loan) -> Value {
    json!({
        "orderId": loan.order_id,
        "applicationId": loan.application_id,
        "redirectUrl": page_url(lender, loan),
        "amount": loan.amount,
        "currency": loan.currency,
    })
}

/// Where the shopper goes.
pub(crate) fn page_url(lender: &Lender, loan: &Loan) -> String {
    format!("{}/lender/pages/{}", lender.public_url, loan.token)
}

/// How an application stands, as the protocol says it.
pub(crate) fn loan_view(loan: &Loan) -> Value {
    json!({
        "orderId": loan.order_id,
        "applicationId": loan.application_id,
        "bankCode": loan.bank_code,
        "term": loan.term,
        "amount": loan.amount,
        "currency": loan.currency,
        "state": loan.state,
        "rejection": loan.rejection,
    })
}
