//! InterVPOS from Denizbank's side. A message is a form and its reply one line of names and values; the same
//! address is the 3D Secure page, and `SecureType` tells them apart. All that is recorded of this bank is
//! how it refuses a shop that is not active: what else it says follows what clients read.

mod account;
mod answer;
mod orders;
mod request;
mod threeds;

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use http::HeaderMap;

use crate::app::App;
use crate::desk::{self, Case, Desk, Operation, Outcome, Subject};
use crate::faults::Verb;
use crate::fields::{Form, lira};
use crate::latin5;
use crate::seal::same;
use crate::threeds::BankPage;
pub(crate) use account::Intervpos;
use account::{SHOP_CODE, USER_CODE, USER_PASS};
use answer::Answer;
use request::Request;

/// The addresses of the bank.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new().route(Intervpos::MESSAGES, post(door)).route(
        &format!("{}/otp", Intervpos::PAGE),
        post(crate::threeds::password::<Intervpos>),
    )
}

async fn door(
    state: State<Arc<App>>,
    query: RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if Form::read(&body).field("SecureType").starts_with("3D") {
        crate::threeds::open::<Intervpos>(state, query, headers, body).await
    } else {
        desk::serve::<Intervpos>(&state, Request::read(&body)).await
    }
}

/// What the bank answers.
pub(crate) enum Reply {
    /// About a transaction.
    Made(Box<Answer>),
    /// To an inquiry: names and values.
    Told(Vec<(&'static str, String)>),
}

impl From<Box<Answer>> for Reply {
    fn from(answer: Box<Answer>) -> Reply {
        Reply::Made(answer)
    }
}

impl Desk for Intervpos {
    const MESSAGES: &'static str = "/intervpos/mpi/Default.aspx";
    const CONTENT_TYPE: &'static str = "text/html; charset=iso-8859-9";
    const UNDO_CODES: &'static [(&'static str, &'static str)] = &[];
    type Message = Request;
    type Reply = Reply;

    fn read(body: &[u8]) -> Request {
        Request::read(body)
    }

    /// Shop, user and password; from which addresses a shop may call is not asked.
    fn admit(request: &Request) -> Result<Verb, Reply> {
        let known = [
            ("ShopCode", SHOP_CODE),
            ("UserCode", USER_CODE),
            ("UserPass", USER_PASS),
        ];
        let shown =
            |(name, value): (&str, &str)| same(value.as_bytes(), request.value(name).as_bytes());
        // The one refusal of a shop that is recorded.
        if !known.into_iter().all(shown) {
            return Err(Answer::refusal("81").into());
        }
        if request.value("SecureType") != "NonSecure" {
            return Err(Answer::refusal("E31").into());
        }
        match request.value("TxnType") {
            "Auth" | "PreAuth" if request.is_secure() => Ok(Verb::ThreedsFinish),
            "Auth" => Ok(Verb::Sale),
            "PreAuth" => Ok(Verb::Hold),
            "PostAuth" => Ok(Verb::Capture),
            "Void" => Ok(Verb::Void),
            "Refund" => Ok(Verb::Refund),
            "StatusHistory" => Ok(Verb::Inquire),
            "BonusInquiry" => Ok(Verb::Loyalties),
            _ => Err(Answer::refusal("E31").into()),
        }
    }

    fn subject(request: &Request) -> Subject<'_> {
        Subject {
            order_id: request.order_id(),
            reference: None,
            amount: lira(request.value("PurchAmount")),
            pan: request.value("Pan"),
            proof: request.value("MD"),
        }
    }

    fn operation<'a>(case: &'a Case<'_, Intervpos>) -> Result<Operation<'a>, Reply> {
        let request = &case.message;
        match request.value("TxnType") {
            "PostAuth" => orders::capture(request),
            "Void" => Ok(orders::void(request)),
            "Refund" => orders::refund(request),
            "BonusInquiry" => orders::purse(case),
            "StatusHistory" => Ok(Operation::Inquire(request.key())),
            _ => orders::sale(case),
        }
    }

    fn answer(case: &Case<'_, Intervpos>, outcome: Outcome<'_>) -> Reply {
        orders::answer(case.app, outcome)
    }

    fn refuse(_case: &Case<'_, Intervpos>, code: &str) -> Reply {
        Answer::refusal(code).into()
    }

    /// Messages have no hash that could be spoilt.
    fn document(case: &Case<'_, Intervpos>, reply: Reply, _spoilt: bool) -> Vec<u8> {
        let fields = match reply {
            Reply::Told(fields) => fields,
            Reply::Made(answer) if case.message.value("TxnType") == "StatusHistory" => {
                answer.status()
            }
            Reply::Made(answer) => answer.fields(&case.message),
        };
        latin5::encode(&answer::line(&fields))
    }
}
