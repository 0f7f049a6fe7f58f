//! PosNet's replies: yes, no, and the blocks that several of them hold.

use jiff::Timestamp;

use crate::clock::istanbul;
use crate::codes;
use crate::ledger::Order;
use crate::reply;
use crate::xml::{Node, node, text};

/// A reply that says yes.
pub(super) fn approval(mut fields: Vec<Node>) -> Node {
    let mut children = vec![
        text("approved", "1"),
        text("respCode", ""),
        text("respText", ""),
    ];
    children.append(&mut fields);
    node("posnetResponse", children)
}

/// A reply that says no. Two-digit and test codes are padded to PosNet's four places.
pub(super) fn refusal(code: &str) -> Node {
    let padded = format!("{code:0>4}");
    let reason = codes::message(code);
    let answer = format!("RED-{reason} {padded}");
    node(
        "posnetResponse",
        vec![
            text("approved", "0"),
            text("respCode", padded),
            text("respText", answer),
        ],
    )
}

/// The bank's reference of an order or move, by its number: 18 digits.
pub(super) fn host_log_key(seq: i64) -> String {
    format!("{seq:014}0191")
}

/// The number that a reference names.
pub(super) fn sequence(host_log_key: &str) -> Option<i64> {
    host_log_key
        .strip_suffix("0191")
        .filter(|digits| digits.len() == 14)?
        .parse()
        .ok()
}

/// Six digits that look like an authorisation.
pub(super) fn auth_code(seq: i64) -> String {
    format!(
        "{:06}",
        seq.wrapping_mul(7_919).rem_euclid(900_000) + 100_000
    )
}

/// The reply to an order id that was used before, with the original's references if it is told.
pub(super) fn known_before(approved: &str, original: Option<&Order>) -> Node {
    let mut fields = vec![
        text("approved", approved),
        text("respCode", "0127"),
        text("respText", format!("{} 0127", codes::message("0127"))),
    ];
    if let Some(order) = original {
        fields.push(text("hostlogkey", host_log_key(order.seq)));
        fields.push(text("authCode", auth_code(order.seq)));
        fields.push(text("tranDate", tran_date(order.created_at)));
    }
    node("posnetResponse", fields)
}

pub(super) fn tran_date(at: Timestamp) -> String {
    istanbul(at).strftime("%y%m%d%H%M%S").to_string()
}

/// Points and their value in one block: a point is worth half a kuruş.
pub(super) fn point_info(used_or_earned: i64, total: i64) -> Node {
    node(
        "pointInfo",
        vec![
            text("point", format!("{:08}", used_or_earned.saturating_mul(2))),
            text("pointAmount", format!("{used_or_earned:012}")),
            text("totalPoint", format!("{:08}", total.saturating_mul(2))),
            text("totalPointAmount", format!("{total:012}")),
        ],
    )
}

/// A campaign of a card.
pub(super) fn campaign((code, message): (u8, &str)) -> Node {
    node(
        "koiInfo",
        vec![text("code", code.to_string()), text("message", message)],
    )
}

/// Breaks every signature in a reply.
pub(super) fn spoil_macs(node: &mut Node) {
    if node.name == "mac" || node.name == "sign" {
        reply::spoil(&mut node.text);
    }
    node.children.iter_mut().for_each(spoil_macs);
}
