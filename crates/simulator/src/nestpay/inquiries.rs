//! `ORDERSTATUS` and `ORDERHISTORY`: how an order stands, and what was done with it.

use jiff::Timestamp;

use super::account::Account;
use super::answer::{auth_code, reference, transaction};
use crate::clock::{istanbul, moment};
use crate::fields::grouped;
use crate::ledger::{Kind, Move, MoveKind, Order, State};
use crate::xml::{Node, node, text};

/// A reply to an inquiry, whose fields stand in another order than those of transactions.
fn reply(
    (code, response): (&str, &str),
    message: String,
    order_id: &str,
    transaction: Option<&str>,
    extras: Vec<(String, String)>,
) -> Node {
    let mut fields = vec![
        text("ErrMsg", message),
        text("ProcReturnCode", code),
        text("Response", response),
        text("OrderId", order_id),
    ];
    fields.extend(transaction.map(|number| text("TransId", number)));
    let extras = extras
        .into_iter()
        .map(|(name, value)| text(&name, value))
        .collect();
    fields.push(node("Extra", extras));
    node("CC5Response", fields)
}

const FOUND: (&str, &str) = ("00", "Approved");

/// One letter for where the order's own transaction stands. A refund is another one.
fn standing(order: &Order) -> &'static str {
    match order.state {
        State::Declined => "D",
        State::Held => "A",
        State::Captured => "C",
        State::Settled | State::Refunded => "S",
        State::Voided => "V",
    }
}

/// What every telling of the order's own transaction says.
struct Facts {
    amount: i64,
    captured: Option<i64>,
    authorised_at: String,
    captured_at: String,
    voided_at: Option<String>,
    reference: String,
    auth: String,
    code: String,
    transaction: String,
}

impl Facts {
    fn of(order: &Order) -> Facts {
        let declined = order.state == State::Declined;
        let capture = order.capture();
        let (captured, captured_at) = match (order.kind, capture) {
            (Kind::Hold, None) => (None, None),
            (Kind::Hold, Some(made)) => (Some(made.amount), Some(made.at)),
            _ => (Some(order.amount), Some(order.created_at)),
        };
        let undone = |made: &&Move| matches!(made.kind, MoveKind::Void | MoveKind::Uncapture);
        let void = order.moves.last().filter(undone);
        let unless_declined = |text: String| if declined { String::new() } else { text };
        let seq = order.taking();
        Facts {
            amount: if order.kind == Kind::Hold {
                order.held
            } else {
                order.amount
            },
            captured,
            authorised_at: moment(order.created_at),
            captured_at: captured_at.map(moment).unwrap_or_default(),
            voided_at: void.map(|made| moment(made.at)),
            reference: unless_declined(reference(seq)),
            auth: unless_declined(auth_code(order)),
            code: if declined {
                order.code.replace("99/", "")
            } else {
                "00".to_owned()
            },
            transaction: transaction(seq, capture.map_or(order.created_at, |made| made.at)),
        }
    }
}

/// `ORDERSTATUS` of an order that is not there, or not yet.
pub(super) fn no_status(asked: &str) -> Node {
    let empty = "ORD_ID:\tCHARGE_TYPE_CD:\tORIG_TRANS_AMT:\tCAPTURE_AMT:\tTRANS_STAT:\tAUTH_DTTM:\t\
                 CAPTURE_DTTM:\tAUTH_CODE:";
    let extras = [("NUMCODE", "0"), ("ORDERSTATUS", empty)];
    let extras = extras.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let message = format!("No record found for {asked}");
    reply(("99", "Declined"), message, "", Some(""), extras.into())
}

/// `ORDERSTATUS`: the order's own transaction.
pub(super) fn status(order: &Order) -> Node {
    let (_, id) = order.names();
    let facts = Facts::of(order);
    let (amount, standing) = (facts.amount.to_string(), standing(order));
    let captured = facts.captured.map(|kurus| kurus.to_string());
    let captured = captured.unwrap_or_default();
    let summary = [
        ("ORD_ID", id),
        ("CHARGE_TYPE_CD", "S"),
        ("ORIG_TRANS_AMT", &amount),
        ("CAPTURE_AMT", &captured),
        ("TRANS_STAT", standing),
        ("AUTH_DTTM", &facts.authorised_at),
        ("CAPTURE_DTTM", &facts.captured_at),
        ("AUTH_CODE", &facts.auth),
        ("TRANS_ID", &facts.transaction),
    ];
    let summary = summary.map(|(name, value)| format!("{name}:{value}"));
    let host_date = istanbul(order.created_at).strftime("%m%d-%H%M%S");
    let mut extras = vec![
        ("AUTH_CODE", facts.auth),
        ("AUTH_DTTM", facts.authorised_at),
        ("CAPTURE_AMT", captured),
        ("CAPTURE_DTTM", facts.captured_at),
        ("CAVV_3D", String::new()),
        ("CHARGE_TYPE_CD", "S".to_owned()),
        ("ECI_3D", String::new()),
        ("HOSTDATE", host_date.to_string()),
        ("HOST_REF_NUM", facts.reference),
        ("MDSTATUS", String::new()),
        ("NUMCODE", "0".to_owned()),
        ("ORDERSTATUS", summary.join("\t")),
        ("ORD_ID", id.to_owned()),
        ("ORIG_TRANS_AMT", amount),
        ("PAN", grouped(&order.masked)),
        ("PROC_RET_CD", facts.code),
        ("SETTLEID", String::new()),
        ("TRANS_ID", facts.transaction.clone()),
        ("TRANS_STAT", standing.to_owned()),
    ];
    extras.extend(facts.voided_at.map(|at| ("VOID_DTTM", at)));
    extras.push(("XID_3D", String::new()));
    let extras = extras
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let message = format!("Record(s) found for {id}");
    reply(FOUND, message, id, Some(&facts.transaction), extras)
}

/// `ORDERHISTORY` of an order that is not there.
pub(super) fn no_history(asked: &str) -> Node {
    let extras = [("NUMCODE", "0"), ("TRXCOUNT", "0")];
    let extras = extras.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let message = format!("No record found for {asked}");
    reply(("05", "Declined"), message, asked, None, extras.into())
}

/// `ORDERHISTORY`: refunds and the order's own transaction, the newest first. A capture is no row of
/// its own, nor is a void: both change the order's.
pub(super) fn history(order: &Order, account: Option<&Account>, now: Timestamp) -> Node {
    let (_, id) = order.names();
    let facts = Facts::of(order);
    let refunds = order.moves.iter().rev();
    let refunds =
        refunds.filter(|made| matches!(made.kind, MoveKind::Refund | MoveKind::PointRefund));
    let refunds = refunds.map(|made| {
        // What was given back on another day has been settled since.
        let today = istanbul(made.at).date() == istanbul(now).date();
        let (amount, at) = (made.amount.to_string(), moment(made.at));
        [
            "C",
            if today { "C" } else { "S" },
            &amount,
            &amount,
            &at,
            &at,
            "",
            &reference(made.seq),
            &facts.auth,
            "00",
            &transaction(made.seq, made.at),
        ]
        .join("\t")
    });
    let captured = facts.captured.map(|kurus| kurus.to_string());
    let own = [
        "S",
        standing(order),
        &facts.amount.to_string(),
        &captured.unwrap_or_default(),
        &facts.authorised_at,
        &facts.captured_at,
        facts.voided_at.as_deref().unwrap_or_default(),
        &facts.reference,
        &facts.auth,
        &facts.code,
        &facts.transaction,
    ]
    .join("\t");
    let rows: Vec<String> = refunds.chain([own]).collect();
    let count = rows.len();
    let mut extras = Vec::new();
    if let Some((terminal, merchant)) = account.and_then(|account| account.terminal) {
        extras.push(("TERMINALID".to_owned(), terminal.to_owned()));
        extras.push(("MERCHANTID".to_owned(), merchant.to_owned()));
    }
    extras.push(("NUMCODE".to_owned(), "0".to_owned()));
    let rows = rows.into_iter().zip(1..);
    extras.extend(rows.map(|(row, number)| (format!("TRX{number}"), row)));
    extras.push(("TRXCOUNT".to_owned(), count.to_string()));
    reply(FOUND, String::new(), id, None, extras)
}
