//! Sales with and without points, their reversal, return and status: how they are read and how they are
//! answered.

use super::account::Posnet;
use super::reply::{
    approval, auth_code, campaign, host_log_key, known_before, point_info, refusal, sequence,
    tran_date,
};
use super::request::{instalments, is_currency, points};
use crate::cards::{Card, Program, Purse};
use crate::clock::istanbul;
use crate::desk::{Case, Operation, Purchase};
use crate::fields::{expiry, kurus};
use crate::ledger::{Key, Kind, Order, Refunded, Sold, Split, State, Voided};
use crate::xml::{Node, node, text};

const MAX_AMOUNT: i64 = 9_999_999;
const ORDER_ID_LENGTH: usize = 24;

/// `sale`, `saleWP` and `pointUsage`.
pub(super) fn sale<'a>(case: &'a Case<'_, Posnet>, ask: &'a Node) -> Result<Operation<'a>, Node> {
    let order_id = ask.value("orderID");
    if !is_order_id(order_id) {
        return Err(refusal("0150"));
    }
    let (Some(amount), Some(instalments), Some(points)) =
        (kurus(ask.value("amount")), instalments(ask), points(ask))
    else {
        return Err(refusal("0150"));
    };
    let currency = ask.value("currencyCode");
    if !(1..=MAX_AMOUNT).contains(&amount) || !is_currency(currency) {
        return Err(refusal("0205"));
    }
    let card = case
        .app
        .accept(ask.value("ccno"), expiry(ask.value("expDate"), true));
    let campaign = ask.value("koiCode");
    Ok(Operation::Sale(Purchase {
        id: order_id.to_owned(),
        kind: if ask.name == "pointUsage" {
            Kind::Points
        } else {
            Kind::Sale
        },
        card,
        pan: ask.value("ccno"),
        currency,
        amount,
        instalments,
        points,
        campaign: campaign.parse().unwrap_or_default(),
        nonce: None,
        unproven: None,
        objection: card.ok().and_then(|card| {
            if ask.name != "sale" && card.program != Program::World {
                return Some("0129");
            }
            refuse_campaign(card, campaign, instalments)
        }),
    }))
}

/// Words what came of a sale, after 3D Secure or without it.
pub(super) fn sale_reply(sold: Sold, card: Option<&Card>, secure: bool) -> Node {
    match sold {
        Sold::Approved(order, purse) => {
            let mut fields = sale_fields(&order, purse);
            if secure && let Some(card) = card {
                let mut offers = card.campaigns.iter().copied();
                let chosen = offers.find(|(code, _)| *code == order.campaign);
                // Not in the bank's document: how the simulator tells which campaign was chosen.
                fields.extend(chosen.map(campaign));
            }
            approval(fields)
        }
        // The original's references, so that asking twice is safe.
        Sold::Repeated(order) if !secure => known_before("2", Some(&order)),
        Sold::Repeated(_) | Sold::AuthenticationUsed => known_before("0", None),
        Sold::Declined(code) => refusal(&code),
    }
}

/// What an approved sale reports.
fn sale_fields(order: &Order, purse: Purse) -> Vec<Node> {
    let total = purse.card.saturating_add(purse.firm);
    let mut fields = vec![text("hostlogkey", host_log_key(order))];
    if order.kind == Kind::Points {
        fields.push(text("tranDate", tran_date(order)));
        fields.push(point_info(order.amount, total));
        return fields;
    }
    let share = match i64::from(order.instalments) {
        0 => 0,
        count => (order.amount - order.spent.total().unwrap_or_default()) / count,
    };
    fields.extend([
        text("authCode", auth_code(order)),
        text("tranDate", tran_date(order)),
        node(
            "instInfo",
            vec![
                text("inst1", format!("{:02}", order.instalments)),
                text("amnt1", format!("{share:012}")),
            ],
        ),
        point_info(0, total),
    ]);
    fields
}

/// `reverse`: by the bank's reference or by order id, on the day of the sale.
pub(super) fn reverse(ask: &Node) -> Result<Operation<'_>, Node> {
    let kind = match ask.value("transaction").to_ascii_lowercase().as_str() {
        "sale" => Kind::Sale,
        "pointusage" => Kind::Points,
        _ => return Err(refusal("0150")),
    };
    let key = key(ask).ok_or_else(|| refusal("0150"))?;
    Ok(Operation::Void { key, kind })
}

/// `return` gives money back after settlement, `pointReturn` points on any day.
pub(super) fn give_back(ask: &Node) -> Result<Operation<'_>, Node> {
    let (field, split) = match (ask.name.as_str(), ask.value("isRationalReturn")) {
        ("pointReturn", _) => ("wpAmount", Split::PointsOnly),
        (_, "Y") => ("amount", Split::Proportional),
        _ => ("amount", Split::CardOnly),
    };
    let (Some(key), Some(amount)) = (key(ask), kurus(ask.value(field))) else {
        return Err(refusal("0150"));
    };
    Ok(Operation::Refund { key, amount, split })
}

/// Words what came of a reversal.
pub(super) fn void_reply(voided: Voided) -> Node {
    match voided {
        Voided::Done(order, purse) if order.kind == Kind::Points => {
            taken_back(&order, purse, "000000".to_owned())
        }
        Voided::Done(order, purse) => taken_back(&order, purse, auth_code(&order)),
        Voided::Unknown => refusal("0123"),
        Voided::Already => refusal("0220"),
        Voided::AlreadySettled => refusal("0211"),
    }
}

/// Words what came of a return.
pub(super) fn refund_reply(refunded: Refunded) -> Node {
    match refunded {
        Refunded::Done(order, purse) => taken_back(&order, purse, auth_code(&order)),
        Refunded::Unknown => refusal("0123"),
        Refunded::NotSettled => refusal("0411"),
        Refunded::Exhausted => refusal("0218"),
    }
}

fn taken_back(order: &Order, purse: Purse, auth: String) -> Node {
    approval(vec![
        text("hostlogkey", host_log_key(order)),
        text("authCode", auth),
        text("tranDate", tran_date(order)),
        point_info(0, purse.card.saturating_add(purse.firm)),
    ])
}

/// `agreement`: the last thing that happened to an order.
pub(super) fn agreement(order: &Order) -> Node {
    let bought = if order.kind == Kind::Points {
        "Bonus_Usage"
    } else {
        "Sale"
    };
    let state = match order.state {
        State::Declined | State::Captured | State::Settled => bought.to_owned(),
        State::Voided => format!("{bought}_Reverse"),
        State::Refunded => "Return".to_owned(),
    };
    let status = if order.state == State::Declined {
        "0"
    } else {
        "1"
    };
    let at = istanbul(order.created_at)
        .strftime("%Y-%m-%d %H:%M:%S%.3f")
        .to_string();
    let transaction = vec![
        text("orderID", order.id.as_str()),
        text("ccno", group_digits(&order.masked)),
        text(
            "amount",
            format!("{},{:02}", order.amount / 100, order.amount % 100),
        ),
        text("currencyCode", order.currency.as_str()),
        text("authCode", auth_code(order)),
        text("tranDate", at),
        text("state", state),
        text("txnStatus", status),
        text("hostlogkey", host_log_key(order)),
    ];
    approval(vec![node(
        "transactions",
        vec![node("transaction", transaction)],
    )])
}

fn key(ask: &Node) -> Option<Key> {
    match (ask.value("hostLogKey"), ask.value("orderID")) {
        ("", "") => None,
        ("", id) => Some(Key::Id(id.to_owned())),
        // An unreadable reference names no order.
        (reference, _) => Some(Key::Seq(sequence(reference).unwrap_or_default())),
    }
}

fn is_order_id(id: &str) -> bool {
    id.len() == ORDER_ID_LENGTH && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Campaign rules: 1 and 2 need instalments, 6 belongs to another message, and the bank must have
/// offered the campaign to this card.
fn refuse_campaign(card: &Card, code: &str, instalments: u32) -> Option<&'static str> {
    match code {
        "" => None,
        "1" | "2" if instalments < 2 => Some("0215"),
        "1" | "2" | "3" | "4" | "5" => {
            let offered = card
                .campaigns
                .iter()
                .any(|(offer, _)| offer.to_string() == code);
            (!offered).then_some("0215")
        }
        "6" => Some("0215"),
        _ => Some("0150"),
    }
}

/// Groups of four, as the bank prints card numbers.
fn group_digits(masked: &str) -> String {
    let mut out = String::with_capacity(masked.len() + 4);
    for (index, character) in masked.chars().enumerate() {
        if index > 0 && index % 4 == 0 {
            out.push(' ');
        }
        out.push(character);
    }
    out
}
