//! `SearchRequest`: one transaction by its own id, the deciding one of an order, or all of some days.

use jiff::civil::Date;

use super::account::Account;
use super::answer::{APPROVED, Reply, auth_code, lira_text, rrn, wording};
use super::request::Request;
use crate::clock::{bounds, istanbul};
use crate::desk::{self, Operation};
use crate::ledger::{Bank, Key, Kind, Move, MoveKind, Order, State, id_of_account};
use crate::xml::{Node, node, text};

/// The id of a transaction goes before the number of an order, and both before a span of days.
pub(super) fn operation<'a>(request: &Request, account: &Account) -> Result<Operation<'a>, Reply> {
    let of = |name: &str| id_of_account(account.merchant, request.value(name));
    if request.has("TransactionId") {
        return Ok(Operation::Inquire(Key::Id(of("TransactionId"))));
    }
    if request.has("OrderId") {
        return Ok(Operation::Inquire(Key::Label(of("OrderId"))));
    }
    let day = |name: &str| request.value(name).parse::<Date>().ok();
    let first = day("StartDate").and_then(bounds);
    let last = day("EndDate").and_then(bounds);
    match (first, last) {
        (Some((from, _)), Some((_, until))) => {
            Ok(desk::moves_of(Bank::Payflex, account.merchant, from, until))
        }
        _ => Err(Reply::refusal(request, "8484", "TransactionCriteria")),
    }
}

fn found(rows: Vec<Node>) -> Reply {
    Reply::Found(APPROVED.to_owned(), wording(APPROVED).to_owned(), rows)
}

/// The transaction that was asked for.
pub(super) fn one(request: &Request, order: Option<Box<Order>>) -> Reply {
    let asked = request.value("TransactionId");
    let row = order.and_then(|order| {
        let account = request.account?;
        let made = order
            .moves
            .iter()
            .find(|made| !asked.is_empty() && made.name == id_of_account(account.merchant, asked));
        Some(row(account, &order, made))
    });
    found(row.into_iter().collect())
}

/// All transactions of the asked days, refused sales too.
pub(super) fn list(request: &Request, orders: &[Order]) -> Reply {
    let Some(account) = request.account else {
        return found(Vec::new());
    };
    let day = |name: &str| request.value(name).parse::<Date>().ok();
    let asked = |at| {
        let date = istanbul(at).date();
        day("StartDate").is_some_and(|first| first <= date)
            && day("EndDate").is_some_and(|last| date <= last)
    };
    let mut rows = Vec::new();
    for order in orders {
        if asked(order.created_at) {
            rows.push(row(account, order, None));
        }
        let moves = order.moves.iter().filter(|made| asked(made.at));
        rows.extend(moves.map(|made| row(account, order, Some(made))));
    }
    found(rows)
}

/// One transaction: an order's own, or a move of it.
fn row(account: &Account, order: &Order, made: Option<&Move>) -> Node {
    let (_, own) = order.names();
    let declined = order.state == State::Declined;
    let capture = order.capture();
    let undone = |kind| order.moves.iter().any(|made| made.kind == kind);
    let is_capture = made.is_some_and(|made| made.kind == MoveKind::Capture);
    let taken = match made {
        None => order.kind != Kind::Hold,
        Some(made) => capture.is_some_and(|capture| capture.seq == made.seq),
    };
    let kind = match made.map(|made| made.kind) {
        None if order.kind == Kind::Hold => "Auth",
        None if order.spent.total().unwrap_or_default() > 0 => "PointSale",
        None => "Sale",
        Some(MoveKind::Capture) => "Capture",
        Some(MoveKind::Void | MoveKind::Uncapture) => "Cancel",
        Some(MoveKind::Refund | MoveKind::PointRefund) => "Refund",
    };
    let refunded = if taken { order.refunded } else { 0 };
    let canceled = match made {
        None => undone(MoveKind::Void),
        Some(_) => is_capture && !taken,
    };
    let flag = |on: bool| if on { "true" } else { "false" };
    let name = |made: &Move| made.name.rsplit('/').next().unwrap_or_default().to_owned();
    let of_hold = made.is_none() || is_capture || order.kind != Kind::Hold;
    let reference = match (made, capture) {
        (None, _) => String::new(),
        (Some(_), Some(capture)) if !of_hold => name(capture),
        (Some(_), _) => own.to_owned(),
    };
    let seq = made.map_or(order.seq, |made| made.seq);
    let at = made.map_or(order.created_at, |made| made.at);
    let amount = match (made, order.kind) {
        (Some(made), _) => made.amount,
        (None, Kind::Hold) => order.held,
        (None, _) => order.amount,
    };
    let code = if declined { order.code.as_str() } else { "00" };
    let result = format!("{code:0>4}");
    let auth = if declined {
        "000000".to_owned()
    } else {
        auth_code(order)
    };
    let order_id = order.label.rsplit('/').next().unwrap_or_default();
    let settled = matches!(order.state, State::Settled);
    let fields = [
        ("PaymentTransactionId", format!("{seq:032}")),
        ("TransactionType", kind.to_owned()),
        ("TransactionId", made.map_or_else(|| own.to_owned(), name)),
        ("ReferenceTransactionId", reference),
        ("OrderId", order_id.to_owned()),
        ("MerchantId", account.merchant.to_owned()),
        ("Amount", lira_text(amount)),
        ("AmountCode", order.currency.clone()),
        ("AuthCode", auth),
        ("TotalRefundAmount", lira_text(refunded)),
        ("IsCanceled", flag(canceled).to_owned()),
        ("IsReversed", flag(false).to_owned()),
        ("IsRefunded", flag(refunded > 0).to_owned()),
        (
            "IsCaptured",
            flag(made.is_none() && capture.is_some()).to_owned(),
        ),
        ("ResultCode", result.clone()),
        ("HostResultCode", format!("{code:0>3}")),
        ("Rrn", rrn(seq)),
        (
            "HostDate",
            istanbul(at).strftime(account.host_date).to_string(),
        ),
        ("ResponseMessage", wording(&result).to_owned()),
        ("IsBatchClosed", flag(settled).to_owned()),
        (
            "TransactionThreedSecureType",
            if order.three_ds { "2" } else { "1" }.to_owned(),
        ),
        ("PanMasked", order.masked.to_string()),
        (
            "RequestInsertTime",
            istanbul(at).strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        ),
    ];
    let fields = fields.into_iter().map(|(name, value)| text(name, value));
    node("TransactionSearchResultInfo", fields.collect())
}
