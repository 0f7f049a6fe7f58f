//! NestPay (EST v3), the system of nine banks, from their side: whose it is tells the ClientId. Amounts on
//! the wire are lira with a point. Replies to inquiries of points follow what clients read and are
//! simulated, not bank-certified.

mod account;
mod answer;
mod hash;
mod inquiries;
mod orders;
mod request;
mod threeds;

use std::sync::Arc;

use axum::Router;
use axum::routing::post;

use crate::app::App;
use crate::desk::{self, Case, Desk, Operation, Outcome, Subject};
use crate::faults::Verb;
use crate::fields::lira;
use crate::latin5;
use crate::seal::same;
use crate::xml::Node;
pub(crate) use account::Nestpay;
use answer::Answer;
use request::Request;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"ISO-8859-9\"?>";

/// The addresses of the system. Its page is published in two spellings.
pub(crate) fn router() -> Router<Arc<App>> {
    desk::router::<Nestpay>().route(
        "/nestpay/fim/est3dgate",
        post(crate::threeds::open::<Nestpay>),
    )
}

/// What the bank answers.
pub(crate) enum Reply {
    /// About a transaction.
    Made(Box<Answer>),
    /// To an inquiry.
    Told(Node),
}

impl From<Box<Answer>> for Reply {
    fn from(answer: Box<Answer>) -> Reply {
        Reply::Made(answer)
    }
}

impl From<Node> for Reply {
    fn from(told: Node) -> Reply {
        Reply::Told(told)
    }
}

impl Desk for Nestpay {
    const MESSAGES: &'static str = "/nestpay/fim/api";
    const CONTENT_TYPE: &'static str = "text/xml; charset=ISO-8859-9";
    const UNDO_CODES: &'static [(&'static str, &'static str)] = &[("REQUIRES_DAY_END", "99/2508")];
    type Message = Request;
    type Reply = Reply;

    fn read(body: &[u8]) -> Request {
        Request::read(body)
    }

    /// Shape, merchant, user and password; which addresses a merchant may call from is not asked.
    fn admit(request: &Request) -> Result<Verb, Reply> {
        let refuse = |number: &str, detail: &str| Err(Answer::gateway(number, detail).into());
        let Some(account) = request.account else {
            return Err(Answer::unknown_merchant().into());
        };
        let known = same(account.name.as_bytes(), request.value("Name").as_bytes())
            && same(
                account.password.as_bytes(),
                request.value("Password").as_bytes(),
            );
        if !known {
            return Err(Answer::not_permitted().into());
        }
        if !matches!(request.value("Mode"), "" | "P" | "T") {
            return refuse("2005", "Mode");
        }
        match request.value("Type") {
            "Auth" | "PreAuth" if request.is_secure() => Ok(Verb::ThreedsFinish),
            "Auth" => Ok(Verb::Sale),
            "PreAuth" => Ok(Verb::Hold),
            "PostAuth" => Ok(Verb::Capture),
            "Void" => Ok(Verb::Void),
            "Credit" => Ok(Verb::Refund),
            // Inquiries have no type of their own.
            "" | "Query" if asks_order(request) => Ok(Verb::Inquire),
            "" | "Query" if orders::asks_points(request) => Ok(Verb::Loyalties),
            _ => refuse("2001", ""),
        }
    }

    fn subject(request: &Request) -> Subject<'_> {
        Subject {
            order_id: request.order_id(),
            reference: None,
            amount: lira(request.value("Total")),
            pan: request.value("Number"),
            proof: request.proof(),
        }
    }

    fn operation<'a>(case: &'a Case<'_, Nestpay>) -> Result<Operation<'a>, Reply> {
        let request = &case.message;
        let Some(account) = request.account else {
            return Err(Answer::unknown_merchant().into());
        };
        match request.value("Type") {
            "Auth" | "PreAuth" => orders::sale(case, account),
            "PostAuth" => orders::capture(request),
            "Void" => Ok(orders::void(request)),
            "Credit" => orders::refund(request),
            _ if asks_order(request) => Ok(Operation::Inquire(request.key())),
            _ => orders::purse(case, account),
        }
    }

    fn answer(case: &Case<'_, Nestpay>, outcome: Outcome<'_>) -> Reply {
        orders::answer(case, outcome)
    }

    fn refuse(_case: &Case<'_, Nestpay>, code: &str) -> Reply {
        Answer::refusal(code).into()
    }

    /// Messages have no hash that could be spoilt. Where an issuer's name stands in the reply, letters
    /// come as numeric references, as recorded; elsewhere as bytes.
    fn document(case: &Case<'_, Nestpay>, reply: Reply, _spoilt: bool) -> Vec<u8> {
        let (root, references) = match reply {
            Reply::Told(root) => (root, false),
            Reply::Made(answer) => (
                answer.node(&case.message, case.app.now()),
                answer.names_issuer(),
            ),
        };
        let document = root.document(DECLARATION, references);
        latin5::encode(&String::from_utf8_lossy(&document))
    }
}

/// A message about an order that exists.
fn asks_order(request: &Request) -> bool {
    let asks = |name: &str| request.extra(name) == "QUERY";
    asks("ORDERSTATUS") || asks("ORDERHISTORY")
}
