//! A bank of each protocol, with a POS that its simulated bank knows.

use super::{BONUS, GARANTI, WORLD, YKB, garanti, with, ykb};
use connectors::protocol::Protocol;
use serde_json::{Value, json};

/// A bank that speaks a protocol.
pub struct Family {
    pub protocol: Protocol,
    /// The POS, as the shop would ask for it.
    pub pos: fn() -> Value,
    /// A card of the bank's own.
    pub card: &'static str,
    /// What it takes points of; `None` where it takes none.
    pub purse: Option<Purse>,
    /// A card with a campaign that the shop may choose, and which; `None` where it chooses none.
    pub campaign: Option<(&'static str, &'static str)>,
    /// Whether amounts can be held.
    pub holds: bool,
    /// Whether the bank's page may sell by itself.
    pub page_sells: bool,
    /// What forges the reply to a sale: `find` and `replace`, or nothing where replies are signed and the
    /// hash is spoilt.
    pub forgery: Option<[&'static str; 2]>,
    /// A field of the browser's return that the bank signs; `None` where it signs none.
    pub signed: Option<&'static str>,
}

/// A card whose points can be spent, and how.
#[derive(Clone, Copy)]
pub struct Purse {
    pub card: &'static str,
    /// What is on it, of the card and of the shop, in lira.
    pub holds: [&'static str; 2],
    /// It has points of the shop too.
    pub firm: bool,
    /// They may pay a part of the price.
    pub part: bool,
}

/// A bank of each protocol. Every shop has the first two.
pub const FAMILIES: &[Family] = &[
    Family {
        protocol: Protocol::Garanti,
        pos: garanti,
        card: GARANTI,
        purse: Some(Purse {
            card: BONUS,
            holds: ["12.35", "5.20"],
            firm: true,
            part: true,
        }),
        campaign: Some(("5209222154820003", "ADDITIONAL_INSTALLMENT")),
        holds: true,
        page_sells: true,
        forgery: None,
        signed: Some("mdstatus"),
    },
    Family {
        protocol: Protocol::PosNet,
        pos: ykb,
        card: YKB,
        purse: Some(Purse {
            card: WORLD,
            holds: ["33.82", "25.00"],
            firm: true,
            part: true,
        }),
        campaign: Some((WORLD, "ADDITIONAL_INSTALLMENT")),
        holds: true,
        page_sells: false,
        // The reply to a sale without 3DS carries no hash that a document asks to check.
        forgery: Some(["<approved>1</approved>", "<approved>7</approved>"]),
        signed: Some("Sign"),
    },
    Family {
        protocol: Protocol::NestPay,
        pos: isbank,
        card: ISBANK,
        purse: Some(Purse {
            card: MAXIMUM,
            holds: ["45.00", "0.00"],
            firm: false,
            part: false,
        }),
        campaign: None,
        holds: true,
        page_sells: true,
        forgery: Some(["<OrderId>", "<OrderId>X"]),
        signed: Some("mdStatus"),
    },
];

/// A card of İş Bankası, and one with points.
pub const ISBANK: &str = "4183420000000001";
pub const MAXIMUM: &str = "4183420000060005";

/// What every POS here is open to.
fn open(account: Value) -> Value {
    let open = json!({
        "currency": "TRY", "status": "AUTOPILOT", "orderNumber": 3,
        "enableForeignCard": true, "enableInstallment": true, "enablePaymentWithoutCvc": true,
        "enableLoyalty": true, "enabledPaymentAuthenticationTypes": ["THREE_DS", "NON_THREE_DS"],
    });
    with(open, account)
}

/// The API user that most banks give.
fn user(name: &str, password: &str) -> Value {
    json!([{
        "posUsername": name, "posPassword": password,
        "posUserType": "API", "posOperationType": "STANDARD",
    }])
}

pub fn isbank() -> Value {
    open(json!({
        "name": "İş Bankası", "posIntegrator": "ISBANK",
        "clientId": "700655000200", "threedsKey": "TRPS0200",
        "merchantPosUsers": user("ISBANKAPI", "ISBANK07"),
    }))
}
