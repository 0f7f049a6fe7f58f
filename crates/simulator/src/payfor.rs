//! PayFor, the system of QNB and Ziraat Katılım, from their side: whose it is tells the merchant's number.
//! Amounts on the wire are lira with a point. Replies to inquiries of points follow what clients read and
//! are simulated, not bank-certified.

mod account;
mod answer;
mod orders;
mod request;
mod rows;
mod threeds;

use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use jiff::civil::Date;

use crate::app::App;
use crate::clock::bounds;
use crate::desk::{self, Case, Desk, Operation, Outcome, Subject};
use crate::faults::Verb;
use crate::fields::lira;
use crate::ledger::{Bank, Order};
use crate::seal::same;
use crate::xml::Node;
pub(crate) use account::Payfor;
use answer::Answer;
use request::Request;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n";

/// The addresses of the system: Ziraat Katılım's paths begin with another word.
pub(crate) fn router() -> Router<Arc<App>> {
    desk::router::<Payfor>()
        .route("/payfor/Mpi/XMLGate.aspx", post(desk::message::<Payfor>))
        .route(
            "/payfor/Mpi/Default.aspx",
            post(crate::threeds::open::<Payfor>),
        )
}

/// The day that a list is asked for.
fn day(request: &Request) -> Option<Date> {
    Date::strptime("%Y%m%d", request.value("ReqDate")).ok()
}

impl Desk for Payfor {
    const MESSAGES: &'static str = "/payfor/Gateway/XMLGate.aspx";
    const CONTENT_TYPE: &'static str = "text/xml; charset=utf-8";
    const UNDO_CODES: &'static [(&'static str, &'static str)] = &[
        ("PAYMENT_NOT_FOUND_FOR_REFUND", "V013"),
        ("REQUIRES_DAY_END", "V014"),
    ];
    type Message = Request;
    type Reply = Node;

    fn read(body: &[u8]) -> Request {
        Request::read(body)
    }

    /// Shape, merchant, user and password; an inquiry of an order asks for no password, as measured.
    fn admit(request: &Request) -> Result<Verb, Node> {
        let kind = request.value("TxnType");
        let verb = match (request.value("SecureType"), kind) {
            ("NonSecure", "Auth" | "ParaPuanAuth") => Some(Verb::Sale),
            ("NonSecure", "PreAuth") => Some(Verb::Hold),
            ("NonSecure", "PostAuth") => Some(Verb::Capture),
            ("NonSecure", "Void" | "ParaPuanVoid") => Some(Verb::Void),
            ("NonSecure", "Refund" | "ParaPuanRefund") => Some(Verb::Refund),
            ("3DModelPayment", _) => Some(Verb::ThreedsFinish),
            ("Report", "TxnHistory") if request.order_id().is_empty() => Some(Verb::List),
            ("Inquiry", "OrderInquiry") | ("Report", "TxnHistory") => Some(Verb::Inquire),
            ("Inquiry", "ParaPuanInquiry") => Some(Verb::Loyalties),
            _ => None,
        };
        let refuse = |code: &str| Err(Answer::stranger(code).node(request));
        let shown =
            |secret: &str, name: &str| same(secret.as_bytes(), request.value(name).as_bytes());
        let member = request.value("MbrId");
        match request.account {
            Some(account) if member.is_empty() || member == account.member => {
                if kind != "OrderInquiry" && !shown(account.user, "UserCode") {
                    return refuse("V001");
                }
                if kind != "OrderInquiry" && !shown(account.password, "UserPass") {
                    return refuse("V004");
                }
            }
            _ => return refuse("V001"),
        }
        verb.map_or_else(|| refuse(orders::UNKNOWN_TYPE), Ok)
    }

    fn subject(request: &Request) -> Subject<'_> {
        Subject {
            order_id: request.order_id(),
            reference: None,
            amount: lira(request.value("PurchAmount")),
            pan: request.value("Pan"),
            proof: request.value("RequestGuid"),
        }
    }

    fn operation<'a>(case: &'a Case<'_, Payfor>) -> Result<Operation<'a>, Node> {
        let request = &case.message;
        match (request.value("SecureType"), request.value("TxnType")) {
            ("3DModelPayment", _) => orders::finish(case),
            (_, "Auth" | "PreAuth" | "ParaPuanAuth") => orders::sale(case),
            (_, "PostAuth") => orders::capture(case),
            (_, "Void" | "ParaPuanVoid") => Ok(orders::void(request)),
            (_, "Refund" | "ParaPuanRefund") => orders::refund(case),
            (_, "ParaPuanInquiry") => orders::purse(case),
            (_, "TxnHistory") if request.order_id().is_empty() => {
                let day = day(request).and_then(bounds);
                match (request.account, day) {
                    (Some(account), Some((from, until))) => {
                        Ok(desk::moves_of(Bank::Payfor, account.merchant, from, until))
                    }
                    _ => Err(Payfor::refuse(case, orders::FORMAT)),
                }
            }
            _ => Ok(Operation::Inquire(request.key())),
        }
    }

    fn answer(case: &Case<'_, Payfor>, outcome: Outcome<'_>) -> Node {
        orders::answer(case, outcome)
    }

    fn list(case: &Case<'_, Payfor>, orders: Vec<Order>) -> Node {
        let day = day(&case.message).unwrap_or(Date::ZERO);
        rows::report(&case.message, rows::of_day(&orders, day))
    }

    fn refuse(case: &Case<'_, Payfor>, code: &str) -> Node {
        Answer::refusal(code, case.app.now()).node(&case.message)
    }

    /// Messages have no hash that could be spoilt. A list's rows stand in a namespace, as recorded.
    fn document(_case: &Case<'_, Payfor>, reply: Node, _spoilt: bool) -> Vec<u8> {
        let document = reply.document(DECLARATION, false);
        if reply.name != "TxnHistoryReport" {
            return document;
        }
        String::from_utf8_lossy(&document)
            .replace(
                "<PaymentRequest>",
                "<PaymentRequest xmlns=\"http://ocean.smartway.com/\">",
            )
            .into_bytes()
    }
}
