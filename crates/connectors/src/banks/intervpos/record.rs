//! What `StatusHistory` says of an order. Its letters are those that a client of the bank writes down; another client
//! reads `Y` and `P` as the maker's other system has them, and both are taken.

use super::{
    APPROVED, amount, declined, error_group, exchange, is_about, minor_of, reply::Reply, request,
};
use crate::bank::{
    BankContext, BankDay, Charged, Decline, Doubt, Order, OrderRef, OrderStatus, Phase,
};
use crate::banks::{
    AUTH_CODE_MAX, auth_code, check_sale, message, other_sale, question_refused, reference,
    unauthentic, unreadable,
};

/// "Not found", as the client that writes the letters down reads it. Of a sale the issuer would have refused it
/// is a record with a letter.
const NOT_FOUND: &str = "05";
/// A moment that never was.
const NEVER: [&str; 3] = ["", "1.1.0001 00:00:00", "01.01.0001 00:00:00"];

/// How an order stands.
pub(super) struct Record {
    pub(super) status: OrderStatus,
    /// The amount of a captured hold: what was taken of it, or, for all that is public, what was held.
    pub(super) taken: Option<i64>,
    /// What was given back.
    pub(super) refunded: i64,
    /// Whether the day of what was taken is closed, where the bank says so.
    pub(super) day: BankDay,
}

impl From<OrderStatus> for Record {
    fn from(status: OrderStatus) -> Record {
        Record {
            status,
            taken: None,
            refunded: 0,
            day: BankDay::Unsaid,
        }
    }
}

/// Asks how an order stands.
pub(super) async fn look_up(
    context: BankContext<'_>,
    order: &OrderRef<'_>,
) -> Result<Record, Doubt> {
    let question = request(
        context,
        "StatusHistory",
        &[("OrderId", ""), ("orgOrderId", &order.order.id)],
    )?;
    let reply = exchange(context, question).await?;
    if !is_about(&reply, order.order, true)? {
        return Err(unauthentic("the inquiry answers another order"));
    }
    match reply.needed("ProcReturnCode")? {
        APPROVED => read(order, &reply),
        NOT_FOUND if is_empty(&reply)? => Ok(OrderStatus::NotFound.into()),
        // A refused sale may be told with its own code.
        _ if reply.exact("TxnStatus")? == "D" => read(order, &reply),
        code => {
            let detail = reply.exact("ErrorCode")?;
            Err(question_refused(error_group(code, detail)))
        }
    }
}

/// Whether a record tells of no transaction.
fn is_empty(reply: &Reply) -> Result<bool, Doubt> {
    let amount = reply.exact("PurchAmount")?;
    let nothing = amount.is_empty() || minor_of(amount) == Some(0);
    Ok(nothing && reply.exact("TxnStatus")?.is_empty() && reply.exact("TransId")?.is_empty())
}

/// Where a transaction stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Taken(BankDay),
    Held,
    /// A hold that was captured.
    Captured,
    Voided,
    Refused,
    GoesOn,
}

fn standing(reply: &Reply) -> Result<Standing, Doubt> {
    // C is a refund, which is no order of ours.
    if !matches!(reply.exact("ChargeTypeCd")?, "" | "S" | "-") {
        return Err(unreadable("the inquiry tells of no sale"));
    }
    let is_voided = !NEVER.contains(&reply.needed("VoidDate")?);
    let standing = match (reply.needed("TxnStatus")?, reply.exact("TxnStat")?) {
        // Reversed by the bank, or suspicious to it: not the last word.
        (_, "R" | "S") => return Ok(Standing::GoesOn),
        ("V", "" | "N" | "V" | "Y") => return Ok(Standing::Voided),
        ("C", "" | "N" | "Y") => Standing::Taken(BankDay::Open),
        ("S", "" | "N" | "Y") => Standing::Taken(BankDay::Closed),
        ("Y", "" | "N" | "Y") => Standing::Taken(BankDay::Unsaid),
        ("A", "" | "N" | "Y") => Standing::Held,
        ("K", "" | "N" | "Y") => Standing::Captured,
        ("D", "" | "N" | "Y") => Standing::Refused,
        ("P", "" | "N" | "Y") => Standing::GoesOn,
        _ => return Err(unreadable("the inquiry tells of an unknown state")),
    };
    if is_voided {
        return Err(unreadable(
            "the inquiry tells of a void that did not happen",
        ));
    }
    Ok(standing)
}

/// What a record says of our order.
fn read(order: &OrderRef<'_>, reply: &Reply) -> Result<Record, Doubt> {
    let standing = standing(reply)?;
    check_sale(order, "", &sortable(reply.needed("TRXDATE")?))?;
    let told = amount(reply, "PurchAmount")?;
    let is_ours = told == order.order.amount.minor;
    // Of a captured hold the bank may tell what was taken.
    if !is_ours && standing != Standing::Captured {
        return Err(other_sale("the inquiry answers another amount"));
    }
    let refunded = amount(reply, "RefundedAmount")?;
    let moved = matches!(standing, Standing::Taken(_) | Standing::Captured);
    if refunded > told || refunded > 0 && !moved {
        return Err(unreadable("the inquiry gives back more than was taken"));
    }
    let status = match standing {
        Standing::Voided => OrderStatus::Voided,
        Standing::GoesOn => OrderStatus::Pending,
        Standing::Refused => OrderStatus::Refused(refused(reply)),
        Standing::Taken(_) | Standing::Captured if refunded == told => OrderStatus::Voided,
        Standing::Taken(_) | Standing::Captured => OrderStatus::Captured(charged(reply)?),
        Standing::Held => OrderStatus::Held(charged(reply)?),
    };
    check_kind(order.order, standing)?;
    Ok(Record {
        status,
        taken: (standing == Standing::Captured).then_some(told),
        refunded,
        day: match standing {
            Standing::Taken(day) => day,
            _ => BankDay::Unsaid,
        },
    })
}

/// A sale is never held, and what was held is not taken but by its capture.
fn check_kind(order: &Order, standing: Standing) -> Result<(), Doubt> {
    match (order.phase, standing) {
        (Phase::Sale, Standing::Held | Standing::Captured) | (Phase::Hold, Standing::Taken(_)) => {
            Err(other_sale("the inquiry answers an order of another kind"))
        }
        _ => Ok(()),
    }
}

/// The refusal that a record keeps: its own code is not told in a field that is known.
fn refused(reply: &Reply) -> Decline {
    let code = reply.words("ErrorCode");
    let code = if code.is_empty() { "D" } else { &code };
    Decline {
        code: message(code),
        ..declined(code, reply)
    }
}

/// The approval code is the last field of recorded replies, and then counts when it has its whole length.
fn charged(reply: &Reply) -> Result<Charged, Doubt> {
    let auth_code = auth_code(reply.of_length("AuthCode", AUTH_CODE_MAX)?)?;
    if auth_code.is_empty() {
        return Err(unreadable("an approval without its number"));
    }
    Ok(Charged {
        auth_code,
        transaction_id: reference(reply.needed("TransId")?)?,
        ..Charged::default()
    })
}

/// `31.10.2022 23:13:21` as `2022-10-31 23:13:21`; days and months may have one digit.
fn sortable(text: &str) -> String {
    let Some((date, time)) = text.split_once(' ') else {
        return text.to_owned();
    };
    match date.split('.').collect::<Vec<_>>()[..] {
        [day, month, year] => format!("{year}-{month:0>2}-{day:0>2} {time:0>8}"),
        _ => text.to_owned(),
    }
}
