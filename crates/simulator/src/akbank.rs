//! Akbank's JSON protocol from the bank's side. Messages and replies are signed whole, by a header;
//! amounts on the wire are lira as JSON numbers. Recordings are of a test system; replies to inquiries of
//! chip-para and the list of a day's refunds are simulated, not bank-certified.

mod account;
mod answer;
mod history;
mod orders;
mod request;
mod threeds;

use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::app::App;
use crate::desk::{self, Case, Desk, Operation, Outcome, Subject};
use crate::faults::Verb;
use crate::ledger::Order;
use crate::reply;
pub(crate) use account::Akbank;
use answer::Answer;
use request::Request;

/// Where a day's transactions are asked for.
const REPORT: &str = "/akbank/api/v1/payment/virtualpos/portal/report/transaction";
/// The header that signs a message, and a reply.
const SIGNATURE: HeaderName = HeaderName::from_static("auth-hash");

/// The addresses of the bank.
pub(crate) fn router() -> Router<Arc<App>> {
    desk::router::<Akbank>().route(REPORT, post(desk::message::<Akbank>))
}

/// What the bank answers.
pub(crate) enum Reply {
    /// The gateway's check of the message's fields says why it refused it.
    Invalid(String),
    /// About a transaction.
    Made(Box<Answer>),
    /// To an inquiry, with the fields beside the usual ones.
    Told(Value),
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Reply {
        Reply::Made(Box::new(answer))
    }
}

/// The gateway's refusal of a message with a wrong field.
fn invalid<T>(why: &str) -> Result<T, Reply> {
    Err(Reply::Invalid(why.to_owned()))
}

impl Desk for Akbank {
    const MESSAGES: &'static str = "/akbank/api/v1/payment/virtualpos/transaction/process";
    const CONTENT_TYPE: &'static str = "application/json;charset=UTF-8";
    const UNDO_CODES: &'static [(&'static str, &'static str)] =
        &[("PAYMENT_NOT_FOUND_FOR_REFUND", "VPS/1007")];
    type Message = Request;
    type Reply = Reply;

    /// A message without a head is signed by nobody.
    fn read(body: &[u8]) -> Request {
        Request::read("", b"", body)
    }

    fn receive(head: &Parts, body: &[u8]) -> Request {
        let signature = head.headers.get(SIGNATURE);
        let signature = signature.map_or(&b""[..], HeaderValue::as_bytes);
        Request::read(head.uri.path(), signature, body)
    }

    fn admit(request: &Request) -> Result<Verb, Reply> {
        request.check()?;
        let list = request.code() == "1009";
        if list != (request.path == REPORT) {
            return invalid("txnCode");
        }
        if let Some(plan) = request.plan() {
            return Err(orders::no_plan(request, plan).into());
        }
        match request.code() {
            "1000" | "1004" if request.is_secure() => Ok(Verb::ThreedsFinish),
            "1000" => Ok(Verb::Sale),
            "1004" => Ok(Verb::Hold),
            "1005" => Ok(Verb::Capture),
            "1003" => Ok(Verb::Void),
            "1002" => Ok(Verb::Refund),
            "1006" => Ok(Verb::Loyalties),
            "1010" => Ok(Verb::Inquire),
            "1009" => Ok(Verb::List),
            _ => invalid("txnCode"),
        }
    }

    fn subject(request: &Request) -> Subject<'_> {
        Subject {
            order_id: request.order_id(),
            reference: None,
            amount: request.amount(),
            pan: request.at("card", "cardNumber"),
            proof: request.at("secureTransaction", "secureMd"),
        }
    }

    fn operation<'a>(case: &'a Case<'_, Akbank>) -> Result<Operation<'a>, Reply> {
        let request = &case.message;
        match request.code() {
            "1000" | "1004" => orders::sale(case),
            "1005" => orders::capture(request),
            "1003" => orders::void(request),
            "1002" => orders::refund(request),
            "1006" => orders::purse(case),
            "1009" => history::period(case),
            _ => Ok(Operation::Inquire(request.key()?)),
        }
    }

    fn answer(case: &Case<'_, Akbank>, outcome: Outcome<'_>) -> Reply {
        orders::answer(case, outcome)
    }

    fn list(case: &Case<'_, Akbank>, orders: Vec<Order>) -> Reply {
        history::report(case, &orders)
    }

    fn refuse(_case: &Case<'_, Akbank>, code: &str) -> Reply {
        Answer::refusal(code).into()
    }

    fn document(case: &Case<'_, Akbank>, reply: Reply, _spoilt: bool) -> Vec<u8> {
        let told = match reply {
            // The number is the status again; what else stood there is not public.
            Reply::Invalid(why) => json!({ "code": 400, "message": why }),
            Reply::Made(answer) => answer.told(&case.message, case.app.now()),
            Reply::Told(told) => told,
        };
        told.to_string().into_bytes()
    }

    fn status(reply: &Reply) -> StatusCode {
        match reply {
            Reply::Invalid(_) => StatusCode::BAD_REQUEST,
            Reply::Made(_) | Reply::Told(_) => StatusCode::OK,
        }
    }

    fn signature(
        _case: &Case<'_, Akbank>,
        body: &[u8],
        spoilt: bool,
    ) -> Option<(HeaderName, HeaderValue)> {
        let mut signature = account::sign(&[body]);
        if spoilt {
            reply::spoil(&mut signature);
        }
        Some((SIGNATURE, HeaderValue::from_str(&signature).ok()?))
    }
}
