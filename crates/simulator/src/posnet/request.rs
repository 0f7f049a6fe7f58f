//! A PosNet request: the element that says what is asked, inside one that says who asks.

use crate::cards::Purse;
use crate::faults::Verb;
use crate::fields::kurus;
use crate::ledger::Points;
use crate::xml::{self, Node};

const MAX_INSTALMENTS: u32 = 36;

/// Elements of operations and what they are for.
const OPERATIONS: &[(&str, Verb)] = &[
    ("sale", Verb::Sale),
    ("saleWP", Verb::Sale),
    ("pointUsage", Verb::Sale),
    ("auth", Verb::Hold),
    ("capt", Verb::Capture),
    ("reverse", Verb::Void),
    ("return", Verb::Refund),
    ("pointReturn", Verb::Refund),
    ("agreement", Verb::Inquire),
    ("pointInquiry", Verb::Loyalties),
    ("koiCampaignQuery", Verb::Loyalties),
    ("oosRequestData", Verb::ThreedsInit),
    ("oosResolveMerchantData", Verb::ThreedsResolve),
    ("oosTranData", Verb::ThreedsFinish),
];

/// A request; an empty element when the form held none.
pub(crate) struct Request {
    pub(super) root: Node,
}

impl Request {
    pub(super) fn read(body: &[u8]) -> Request {
        let xmldata = form_urlencoded::parse(body).find(|(name, _)| name == "xmldata");
        let root = xmldata.and_then(|(_, document)| xml::parse(&document).ok());
        let root = root.filter(|root| root.name == "posnetRequest");
        Request {
            root: root.unwrap_or_default(),
        }
    }

    /// The first element that is an operation, and what it is for.
    fn find_operation(&self) -> Option<(&Node, Verb)> {
        self.root.children.iter().find_map(|child| {
            let mut known = OPERATIONS.iter().filter(|(name, _)| *name == child.name);
            known.next().map(|(_, verb)| (child, *verb))
        })
    }

    pub(super) fn verb(&self) -> Option<Verb> {
        self.find_operation().map(|(_, verb)| verb)
    }

    /// The operation's element; of a request without one the request itself.
    pub(super) fn operation(&self) -> &Node {
        self.find_operation()
            .map_or(&self.root, |(operation, _)| operation)
    }
}

pub(super) fn is_currency(code: &str) -> bool {
    matches!(code, "TL" | "YT" | "US" | "EU")
}

/// 0 for a single payment.
pub(super) fn instalments(ask: &Node) -> Option<u32> {
    let digits = ask.value("installment");
    if digits.is_empty() && ask.name == "pointUsage" {
        return Some(0);
    }
    let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let count: u32 = if plain {
        digits.parse().ok()?
    } else {
        return None;
    };
    (count != 1 && count <= MAX_INSTALMENTS).then_some(count)
}

/// Points that a message wants to spend; `None` when it contradicts itself.
pub(super) fn points(ask: &Node) -> Option<Points> {
    let amount = kurus(ask.value("amount"))?;
    let brand = ask.child("lpAmount").map(|brand| kurus(&brand.text));
    let world = match ask.name.as_str() {
        "saleWP" => kurus(ask.value("wpAmount"))?,
        "pointUsage" => amount - brand.flatten().unwrap_or_default(),
        _ => return Some(Points::InOrder(0)),
    };
    match brand {
        // Without lpAmount the bank takes the points in its own order.
        None => Some(Points::InOrder(world)),
        Some(None) => None,
        Some(Some(_)) if world < 0 => None,
        Some(Some(brand)) => Some(Points::Exactly(Purse {
            card: world,
            firm: brand,
            mile: 0,
        })),
    }
}
