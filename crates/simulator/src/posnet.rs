//! Yapı Kredi's PosNet XML, from the bank's side. Written from the public PosNet documents; amounts are
//! kuruş throughout.

mod account;
mod agreement;
mod mac;
mod moves;
mod reply;
mod request;
mod rewards;
mod sales;
mod threeds;

use crate::desk::{Case, Desk, Operation, Outcome, Subject};
use crate::faults::Verb;
use crate::fields::kurus;
use crate::ledger::Key;
use crate::xml::Node;
pub(crate) use account::Posnet;
use account::{MERCHANT, TERMINAL};
use reply::{known_before, refusal};
use request::Request;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"ISO-8859-9\"?>";

impl Desk for Posnet {
    const MESSAGES: &'static str = "/posnet/PosnetWebService/XML";
    const CONTENT_TYPE: &'static str = "text/xml; charset=ISO-8859-9";
    const UNDO_CODES: &'static [(&'static str, &'static str)] = &[
        ("EXPIRED_PROVISION", "0211"),
        ("MAY_HAVE_ALREADY_REFUNDED", "0450"),
        ("PAYMENT_NOT_FOUND_FOR_REFUND", "0123"),
        ("REQUIRES_DAY_END", "0411"),
    ];
    type Message = Request;
    type Reply = Node;

    fn read(body: &[u8]) -> Request {
        Request::read(body)
    }

    fn admit(request: &Request) -> Result<Verb, Node> {
        let root = &request.root;
        if root.name.is_empty() {
            return Err(refusal("0150"));
        }
        if root.value("mid") != MERCHANT || root.value("tid") != TERMINAL {
            return Err(refusal("0148"));
        }
        request.verb().ok_or_else(|| refusal("0150"))
    }

    fn subject(request: &Request) -> Subject<'_> {
        let ask = request.operation();
        let ids = ["orderID", "XID"].map(|name| ask.value(name));
        Subject {
            order_id: ids
                .into_iter()
                .find(|id| !id.is_empty())
                .unwrap_or_default(),
            reference: reply::sequence(ask.value("hostLogKey")),
            amount: kurus(ask.value("amount")),
            pan: ask.value("ccno"),
            proof: ask.value("bankData"),
        }
    }

    fn operation<'a>(case: &'a Case<'_, Posnet>) -> Result<Operation<'a>, Node> {
        let ask = case.message.operation();
        match ask.name.as_str() {
            "sale" | "saleWP" | "pointUsage" | "auth" => sales::sale(case, ask),
            "capt" => moves::capture(ask),
            "reverse" => moves::reverse(ask),
            "return" | "pointReturn" => moves::give_back(ask),
            "agreement" => Ok(Operation::Inquire(Key::Id(ask.value("orderID").to_owned()))),
            "pointInquiry" => rewards::points(case, ask),
            "koiCampaignQuery" => Err(rewards::campaigns(case, ask)),
            "oosRequestData" => Err(threeds::seal_order(case.app, ask)),
            "oosResolveMerchantData" => Err(threeds::resolve(case, ask)),
            _ => threeds::finish(case, ask),
        }
    }

    fn answer(case: &Case<'_, Posnet>, outcome: Outcome<'_>) -> Node {
        let ask = case.message.operation();
        match outcome {
            Outcome::Sold(sold, card) => {
                let reply = sales::sale_reply(sold, card, ask.name == "oosTranData");
                threeds::sign_reply(case, reply)
            }
            Outcome::UsedBefore { approved } => {
                let reply = known_before(if approved { "2" } else { "0" }, None);
                threeds::sign_reply(case, reply)
            }
            Outcome::Voided(moved) => moves::void_reply(ask, moved),
            Outcome::Refunded(moved) => moves::refund_reply(moved),
            Outcome::Captured(moved) => moves::capture_reply(ask, moved),
            Outcome::Found(Some((order, _))) => agreement::reply(&order),
            Outcome::Found(None) => refusal("E219"),
            Outcome::Purse(_, purse) => rewards::purse(ask, purse),
        }
    }

    fn refuse(case: &Case<'_, Posnet>, code: &str) -> Node {
        threeds::sign_reply(case, refusal(code))
    }

    fn document(_case: &Case<'_, Posnet>, mut reply: Node, spoilt: bool) -> Vec<u8> {
        if spoilt {
            reply::spoil_macs(&mut reply);
        }
        reply.document(DECLARATION, true)
    }
}
