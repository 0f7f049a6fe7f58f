//! What is done with an order later: captures, reversals and returns, how they are read and answered.

use super::account::CAPTURE_MARGIN;
use super::reply::{approval, auth_code, host_log_key, point_info, refusal, sequence, tran_date};
use super::request::{instalments, is_currency};
use crate::cards::Purse;
use crate::desk::Operation;
use crate::fields::kurus;
use crate::ledger::{Capture, Key, Kind, Move, Moved, Order, Split, Undo};
use crate::xml::{Node, node, text};

/// `capt`: takes of a hold.
pub(super) fn capture(ask: &Node) -> Result<Operation<'_>, Node> {
    let Some(key) = key(ask) else {
        return Err(refusal("0150"));
    };
    let amount = kurus(ask.value("amount")).ok_or_else(|| refusal("0150"))?;
    if amount == 0 {
        return Err(refusal("0204"));
    }
    if !is_currency(ask.value("currencyCode")) {
        return Err(refusal("0207"));
    }
    if instalments(ask).is_none() {
        return Err(refusal("0150"));
    }
    Ok(Operation::Capture {
        key,
        capture: Capture {
            amount,
            margin: CAPTURE_MARGIN,
            held: None,
        },
    })
}

/// `reverse`: by the bank's reference or by order id. A sale and a capture on their day, a hold within
/// a week.
pub(super) fn reverse(ask: &Node) -> Result<Operation<'_>, Node> {
    let undo = match ask.value("transaction").to_ascii_lowercase().as_str() {
        "sale" => Undo::Whole(Kind::Sale),
        "pointusage" => Undo::Whole(Kind::Points),
        "auth" => Undo::Whole(Kind::Hold),
        "capt" => Undo::Capture,
        _ => return Err(refusal("0150")),
    };
    let key = key(ask).ok_or_else(|| refusal("0150"))?;
    Ok(Operation::Void { key, undo })
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

fn key(ask: &Node) -> Option<Key> {
    match (ask.value("hostLogKey"), ask.value("orderID")) {
        ("", "") => None,
        ("", id) => Some(Key::Id(id.to_owned())),
        // An unreadable reference names no order.
        (reference, _) => Some(Key::Seq(sequence(reference).unwrap_or_default())),
    }
}

/// Words what came of a capture.
pub(super) fn capture_reply(ask: &Node, moved: Moved) -> Node {
    let (order, made) = match moved {
        Moved::Done(order, made, _) => (order, made),
        Moved::Captured => return refusal("0788"),
        Moved::TooMuch => return refusal("0205"),
        Moved::Voided => return refusal("0220"),
        _ => return refusal("0123"),
    };
    let count = instalments(ask).unwrap_or_default();
    let share = match i64::from(count) {
        0 => 0,
        count => made.amount / count,
    };
    let parts = vec![
        text("inst1", format!("{count:02}")),
        text("amnt1", format!("{share:012}")),
    ];
    approval(vec![
        text("hostlogkey", host_log_key(made.seq)),
        text("authCode", auth_code(order.seq)),
        text("tranDate", tran_date(made.at)),
        node("instInfo", parts),
        point_info(0, 0),
    ])
}

/// Words what came of a reversal, whose approval code is always zeros.
pub(super) fn void_reply(ask: &Node, moved: Moved) -> Node {
    let of_capture = ask.value("transaction").eq_ignore_ascii_case("capt");
    match moved {
        Moved::Done(_, made, purse) => gone_back(&made, purse, "000000".to_owned()),
        Moved::Voided => refusal("0220"),
        Moved::Settled if of_capture => refusal("0229"),
        Moved::Settled => refusal("0211"),
        Moved::Returned => refusal("0218"),
        Moved::Captured => refusal("0788"),
        Moved::NotCaptured => refusal("0223"),
        Moved::TooOld => refusal("0122"),
        Moved::Unknown
        | Moved::NotSettled
        | Moved::TooMuch
        | Moved::NothingLeft
        | Moved::Repeated => refusal("0123"),
    }
}

/// Words what came of a return.
pub(super) fn refund_reply(moved: Moved) -> Node {
    match moved {
        Moved::Done(order, made, purse) => {
            let auth = of_card(&order, &made).then(|| auth_code(made.seq));
            gone_back(&made, purse, auth.unwrap_or_default())
        }
        Moved::NotSettled => refusal("0411"),
        Moved::TooMuch | Moved::NothingLeft => refusal("0205"),
        Moved::Voided => refusal("0220"),
        _ => refusal("0123"),
    }
}

/// Whether some of it went back to the card: points alone have no approval code.
fn of_card(order: &Order, made: &Move) -> bool {
    order.kind != Kind::Points && made.points.total() != Some(made.amount)
}

fn gone_back(made: &Move, purse: Purse, auth: String) -> Node {
    let mut fields = vec![text("hostlogkey", host_log_key(made.seq))];
    if !auth.is_empty() {
        fields.push(text("authCode", auth));
    }
    fields.push(text("tranDate", tran_date(made.at)));
    fields.push(point_info(0, purse.card.saturating_add(purse.firm)));
    approval(fields)
}
