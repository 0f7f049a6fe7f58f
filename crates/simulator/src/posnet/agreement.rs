//! `agreement`: all that was done with an order, a transaction each.

use jiff::Timestamp;

use super::reply::{approval, auth_code, host_log_key};
use crate::clock::moment;
use crate::fields::grouped;
use crate::ledger::{Kind, Move, MoveKind, Order, State};
use crate::xml::{Node, node, text};

/// What one transaction says beside what all say of the order.
struct Entry<'a> {
    state: &'a str,
    seq: i64,
    amount: i64,
    at: Timestamp,
    /// The document: 0 is a transaction that failed, or was undone.
    stands: bool,
}

/// The order itself, then its moves.
pub(super) fn reply(order: &Order) -> Node {
    let made = match order.kind {
        Kind::Sale => "Sale",
        Kind::Points => "Bonus_Usage",
        Kind::Hold => "Authorization",
    };
    let first = Entry {
        state: made,
        seq: order.seq,
        amount: if order.kind == Kind::Hold {
            order.held
        } else {
            order.amount
        },
        at: order.created_at,
        stands: !matches!(order.state, State::Declined | State::Voided),
    };
    let moves = order.moves.iter().map(|made| entry_of(order, made));
    let transactions = std::iter::once(first).chain(moves);
    let transactions = transactions.map(|entry| transaction(order, &entry));
    approval(vec![node("transactions", transactions.collect())])
}

fn entry_of<'a>(order: &Order, made: &Move) -> Entry<'a> {
    let captured = order.capture().map(|capture| capture.seq);
    let (state, stands) = match (made.kind, order.kind) {
        (MoveKind::Capture, _) => ("Capture", captured == Some(made.seq)),
        (MoveKind::Uncapture, _) => ("Capture_Reverse", true),
        (MoveKind::Refund, _) => ("Return", true),
        (MoveKind::PointRefund, _) => ("Bonus_Return", true),
        (MoveKind::Void, Kind::Sale) => ("Sale_Reverse", true),
        (MoveKind::Void, Kind::Points) => ("Bonus_Reverse", true),
        (MoveKind::Void, Kind::Hold) => ("Authorization_Reverse", true),
    };
    Entry {
        state,
        seq: made.seq,
        amount: made.amount,
        at: made.at,
        stands,
    }
}

fn transaction(order: &Order, entry: &Entry<'_>) -> Node {
    let amount = entry.amount;
    let fields = vec![
        text("orderID", order.id.as_str()),
        text("ccno", grouped(&order.masked)),
        text("amount", format!("{},{:02}", amount / 100, amount % 100)),
        text("currencyCode", order.currency.as_str()),
        text("authCode", auth_code(entry.seq)),
        text("tranDate", moment(entry.at)),
        text("state", entry.state),
        text("txnStatus", if entry.stands { "1" } else { "0" }),
        text("hostlogkey", host_log_key(entry.seq)),
    ];
    node("transaction", fields)
}
