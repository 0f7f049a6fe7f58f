//! What Garanti's inquiries say of an order: `orderinq` how it stands, `orderhistoryinq` all that was
//! done with it.
//!
//! The hash of a reply covers its outcome but not the inquired order, so the amounts of that are
//! compared with ours.

use super::{
    GATEWAY, NO_TRANSACTION, NOT_FOUND, Question, batch_and_sequence, currency, error_group,
    exchange, refusal, user,
};
use crate::bank::{
    BankContext, BankDay, Charged, Decline, Doubt, GivenBack, Order, OrderRef, OrderStatus, Phase,
    RewardMoney,
};
use crate::banks::{
    auth_code, check_count, check_sale, message, minor_units, other_sale, question_refused,
    reference, unreadable,
};
use crate::xml::Element;
use contract::enums::PosOperationType;
use contract::errors::ErrorGroup;

/// How an order stands, and what was taken of it where the bank says so.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) status: OrderStatus,
    pub(super) taken: Option<i64>,
}

impl From<OrderStatus> for Record {
    fn from(status: OrderStatus) -> Record {
        Record {
            status,
            taken: None,
        }
    }
}

pub(super) async fn look_up(
    context: BankContext<'_>,
    order: &OrderRef<'_>,
) -> Result<Record, Doubt> {
    let seller = user(context, PosOperationType::Provaut)?;
    let reply = exchange(context, &Question::about("orderinq", seller, order.order)).await?;
    let inquiry = reply.at(&["Order", "OrderInqResult"])?;
    let code = match inquiry {
        Some(inquiry) => inquiry.exact(&["Code"])?,
        None => "",
    };
    let status = match inquiry {
        Some(inquiry) => inquiry.exact(&["Status"])?.to_ascii_uppercase(),
        None => String::new(),
    };
    if let Some(decline) = refusal(&reply)? {
        return match decline.code.as_str() {
            NOT_FOUND | NO_TRANSACTION if by_gateway(&reply)? => Ok(OrderStatus::NotFound.into()),
            // The reply repeats the issuer's refusal of the sale itself. The gateway's own code may be
            // about the question, and a status that says something else contradicts it.
            _ if !matches!(code, "" | "00" | GATEWAY)
                && matches!(status.as_str(), "" | "DECLINED" | "REJECTED" | "FAILED")
                && code == reply.exact(&["Transaction", "Response", "Code"])? =>
            {
                if let Some(inquiry) = inquiry {
                    check_record(inquiry, order)?;
                }
                Ok(OrderStatus::Refused(decline).into())
            }
            _ => Err(question_refused(decline.group)),
        };
    }
    let inquiry = inquiry.ok_or_else(|| unreadable("the inquiry answers no order"))?;
    check_record(inquiry, order)?;
    read_status(inquiry, order.order)
}

/// Whether a reason is the gateway's: the same digits from an issuer mean something else.
fn by_gateway(reply: &Element) -> Result<bool, Doubt> {
    Ok(reply.exact(&["Transaction", "Response", "Code"])? == GATEWAY)
}

/// A record of the order is compared with what we sent; no currency stands in it.
fn check_record(inquiry: &Element, order: &OrderRef<'_>) -> Result<(), Doubt> {
    let exact = |name| inquiry.exact(&[name]);
    let dates = [
        exact("AuthDate")?,
        exact("PreAuthDate")?,
        exact("ProvDate")?,
    ];
    let sold_at = dates.into_iter().find(|date| !date.is_empty());
    check_sale(
        order,
        exact("CardNumberMasked")?,
        sold_at.unwrap_or_default(),
    )
}

/// Recorded are APPROVED and WAITINGPOSTAUTH, and an empty status beside "not found"; the words for a
/// voided order are not public, so the likely ones are all taken for it. An empty status alone, or one
/// that its code contradicts, is doubt.
fn read_status(inquiry: &Element, order: &Order) -> Result<Record, Doubt> {
    let exact = |name| inquiry.exact(&[name]);
    let (code, status) = (exact("Code")?, exact("Status")?.to_ascii_uppercase());
    let refused = !matches!(code, "" | "00");
    match status.as_str() {
        "APPROVED" if !refused => read_captured(inquiry, order),
        "WAITINGPOSTAUTH" if !refused && order.phase == Phase::Hold => {
            check_held(inquiry, order)?;
            Ok(OrderStatus::Held(references(inquiry)?).into())
        }
        "VOID" | "VOIDED" | "CANCELLED" | "CANCELED" | "REVERSED" if !refused => {
            Ok(OrderStatus::Voided.into())
        }
        "PENDING" | "WAITING" if !refused => Ok(OrderStatus::Pending.into()),
        "DECLINED" | "REJECTED" | "FAILED" | "" if refused => {
            let words = inquiry.words(&["SysErrMsg"]);
            Ok(OrderStatus::Refused(Decline {
                group: error_group(code, exact("ReasonCode")?, &words),
                code: message(code),
                message: words,
                day: BankDay::Unsaid,
            })
            .into())
        }
        "DECLINED" | "REJECTED" | "FAILED" => Ok(OrderStatus::Refused(Decline {
            group: ErrorGroup::Declined,
            code: String::new(),
            message: inquiry.words(&["SysErrMsg"]),
            day: BankDay::Unsaid,
        })
        .into()),
        _ => Err(unreadable(
            "the inquiry answers a status that no order of ours has",
        )),
    }
}

fn read_captured(inquiry: &Element, order: &Order) -> Result<Record, Doubt> {
    let amount = |name| inquiry.exact(&[name]).map(minor_units);
    let (bonus, firm) = (
        amount("UsedBnsAmount")?.unwrap_or(0),
        amount("UsedFBBAmount")?.unwrap_or(0),
    );
    let taken = amount("AuthAmount")?.ok_or_else(|| unreadable("the inquiry answers no amount"))?;
    match order.phase {
        Phase::Sale => {
            // Whether the amount is the whole price or what the card paid of it is not documented.
            let whole = taken
                .checked_add(bonus)
                .and_then(|sum| sum.checked_add(firm));
            if taken != order.amount.minor && whole != Some(order.amount.minor) {
                return Err(other_sale("the inquiry answers another amount"));
            }
        }
        // A capture may take more or less than is held.
        Phase::Hold => {
            check_held(inquiry, order)?;
            if taken == 0 {
                return Err(unreadable("the inquiry answers a capture of nothing"));
            }
        }
    }
    let spent = RewardMoney {
        card: bonus,
        firm,
        mile: 0,
    };
    Ok(Record {
        status: OrderStatus::Captured(Charged {
            spent: Some(spent).filter(|spent| *spent != RewardMoney::default()),
            ..references(inquiry)?
        }),
        taken: Some(taken),
    })
}

fn check_held(inquiry: &Element, order: &Order) -> Result<(), Doubt> {
    if minor_units(inquiry.exact(&["PreAuthAmount"])?) == Some(order.amount.minor) {
        Ok(())
    } else {
        Err(other_sale("the inquiry answers another amount held"))
    }
}

fn references(inquiry: &Element) -> Result<Charged, Doubt> {
    let words = |name| inquiry.words(&[name]);
    Ok(Charged {
        auth_code: auth_code(inquiry.exact(&["AuthCode"])?)?,
        host_reference: reference(inquiry.exact(&["RetrefNum"])?)?,
        transaction_id: batch_and_sequence(&words("BatchNum"), &words("SequenceNum")),
        holder_name: words("CardHolderName"),
        ..Charged::default()
    })
}

/// What the history of an order says was given back. Recorded are sales, and refunds that failed with
/// status 01; whatever else cannot be told apart is doubt.
pub(super) async fn given_back(
    context: BankContext<'_>,
    order: &OrderRef<'_>,
) -> Result<GivenBack, Doubt> {
    let seller = user(context, PosOperationType::Provaut)?;
    let question = Question::about("orderhistoryinq", seller, order.order);
    let reply = exchange(context, &question).await?;
    if let Some(decline) = refusal(&reply)? {
        return Err(question_refused(decline.group));
    }
    let list = reply.at(&["Order", "OrderHistInqResult", "OrderTxnList"])?;
    let rows = list.into_iter().flat_map(|list| list.all("OrderTxn"));
    let done: Result<Vec<Done>, Doubt> = rows
        .filter_map(|row| read_row(row, order.order).transpose())
        .collect();
    let done = done?;
    check_count(done.len())?;
    sum_up(order.order, &done)
}

/// One row that worked.
struct Done {
    kind: Kind,
    amount: i64,
    reference: String,
    undone: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sale,
    Hold,
    Capture,
    Refund,
    Void,
}

/// Reads a row of the history; nothing when what it tells of failed.
fn read_row(row: &Element, order: &Order) -> Result<Option<Done>, Doubt> {
    let kind = match row.exact(&["Type"])?.to_ascii_lowercase().as_str() {
        "sales" => Kind::Sale,
        "preauth" => Kind::Hold,
        "postauth" => Kind::Capture,
        "refund" => Kind::Refund,
        "void" => Kind::Void,
        _ => return Err(unreadable("the history tells of what no order of ours has")),
    };
    match (row.exact(&["Status"])?, row.exact(&["ReturnCode"])?) {
        ("00", "00") => {}
        ("00", _) | (_, "00" | "") => {
            return Err(unreadable("the history says that a row worked and failed"));
        }
        _ => return Ok(None),
    }
    let field = match kind {
        Kind::Hold => "PreAuthAmount",
        _ => "AuthAmount",
    };
    let amount = minor_units(row.exact(&[field])?)
        .ok_or_else(|| unreadable("the history has a row without an amount"))?;
    // A void may have none of its own.
    let currency_fits = row.exact(&["CurrencyCode"])? == currency(order.amount)?;
    if !currency_fits && kind != Kind::Void {
        return Err(other_sale("the history answers another currency"));
    }
    Ok(Some(Done {
        kind,
        amount,
        reference: row.exact(&["RetrefNum"])?.to_owned(),
        undone: !row.exact(&["VoidDate"])?.is_empty(),
    }))
}

fn sum_up(order: &Order, done: &[Done]) -> Result<GivenBack, Doubt> {
    let (first, taking) = match order.phase {
        Phase::Sale => (Kind::Sale, Kind::Sale),
        Phase::Hold => (Kind::Hold, Kind::Capture),
    };
    let of = |kind| done.iter().filter(move |row| row.kind == kind);
    let one = |kind| {
        let mut rows = of(kind);
        match (rows.next(), rows.next()) {
            (row, None) => Ok(row),
            _ => Err(unreadable("the history tells of two sales")),
        }
    };
    let begun = one(first)?.ok_or_else(|| unreadable("the history does not tell of the sale"))?;
    let foreign = done.iter().any(|row| {
        let of_the_other_phase = matches!(row.kind, Kind::Sale | Kind::Hold | Kind::Capture);
        of_the_other_phase && row.kind != first && row.kind != taking
    });
    if foreign || begun.amount != order.amount.minor {
        return Err(other_sale("the history answers another sale or amount"));
    }
    let taken = one(taking)?;
    let mut references: Vec<&str> = Vec::new();
    let mut refunded = 0_i64;
    for row in of(Kind::Refund).filter(|row| !row.undone) {
        if references.contains(&row.reference.as_str()) {
            return Err(unreadable("the history tells of one refund twice"));
        }
        references.push(&row.reference);
        refunded = refunded
            .checked_add(row.amount)
            .filter(|sum| taken.is_some_and(|taken| *sum <= taken.amount))
            .ok_or_else(|| unreadable("the history tells of more back than was taken"))?;
    }
    let has_void = of(Kind::Void).next().is_some();
    // A void names no original: beside refunds it may be of one of them.
    if has_void && of(Kind::Refund).next().is_some() {
        return Err(unreadable("the history does not tell what was voided"));
    }
    let undone = begun.undone || taken.is_some_and(|taken| taken.undone) || has_void;
    if undone && refunded > 0 {
        return Err(unreadable("the history tells of a void and of refunds"));
    }
    Ok(GivenBack {
        voided: undone,
        refunded: Some(refunded),
    })
}
