//! What became of an order at PosNet, and undoing it before the day is closed.
//!
//! The inquiry (`agreement`) is not signed, so everything it echoes is compared with our order.

use super::{NOT_FOUND, charged, currency, exchange, order_id, refusal, request};
use crate::bank::{
    Answer, BankContext, BankDay, Capture, Charged, Decline, Doubt, GivenBack, OrderRef,
    OrderStatus, Refund, Reversed, Verdict,
};
use crate::banks::{
    check_sale, message, minor_units, other_sale, question_refused, refusal_of_move, unauthentic,
    unreadable,
};
use crate::xml::Element;
use contract::errors::ErrorGroup;

/// A void must name the kind of the sale that it undoes, so the bank is asked for it first.
pub(crate) async fn void(context: BankContext<'_>, order: OrderRef<'_>) -> Answer<Reversed> {
    let record = look_up(context, &order).await?;
    match record.status {
        OrderStatus::Captured(_) => {}
        OrderStatus::Voided => return Ok(Verdict::Approved(Reversed::default())),
        OrderStatus::Refused(decline) => return Ok(Verdict::Declined(decline)),
        // What is undone was seen to be taken: the bank contradicts itself, or is not done yet.
        OrderStatus::NotFound | OrderStatus::Pending => {
            return Err(unreadable("the bank knows no sale to void"));
        }
    }
    let id = order_id(&order.order.id, order.threeds);
    let request = request(context.account, order.threeds, &id, |w| {
        w.element("reverse", |w| {
            w.leaf("transaction", record.transaction);
            w.leaf("orderID", &id);
        });
    });
    match refusal_of_move(refusal(&exchange(context, request).await?)?)? {
        None => Ok(Verdict::Approved(Reversed::default())),
        // Undone before, by us or by the bank itself.
        Some(decline) if matches!(decline.code.as_str(), "0220" | "0370") => {
            Ok(Verdict::Approved(Reversed::default()))
        }
        Some(decline) => Ok(Verdict::Declined(decline)),
    }
}

/// An order at the bank, and how a void has to call it.
pub(super) struct Record {
    pub(super) status: OrderStatus,
    transaction: &'static str,
}

pub(super) async fn look_up(
    context: BankContext<'_>,
    order: &OrderRef<'_>,
) -> Result<Record, Doubt> {
    let id = order_id(&order.order.id, order.threeds);
    let request = request(context.account, order.threeds, &id, |w| {
        w.element("agreement", |w| w.leaf("orderID", &id));
    });
    let reply = exchange(context, request).await?;
    if let Some(decline) = refusal(&reply)? {
        return match decline.code.as_str() {
            NOT_FOUND | "0122" | "0123" => Ok(Record {
                status: OrderStatus::NotFound,
                transaction: "sale",
            }),
            _ => Err(question_refused(decline.group)),
        };
    }
    let transactions = reply.only("transactions")?;
    let entries: Result<Vec<Entry>, Doubt> = transactions
        .into_iter()
        .flat_map(|list| list.all("transaction"))
        .map(|entry| read_entry(entry, order, &id))
        .collect();
    conclude(&entries?)
}

/// One transaction of an `agreement` reply.
struct Entry {
    /// What a void has to call it.
    transaction: &'static str,
    did: Did,
}

enum Did {
    Sell(Charged),
    FailToSell(Decline),
    Undo,
    /// Leaves the sale as it was.
    FailToUndo(Charged),
}

/// Reads one transaction, compared with what we asked for.
fn read_entry(entry: &Element, asked: &OrderRef<'_>, id: &str) -> Result<Entry, Doubt> {
    let order = asked.order;
    if entry.exact(&["orderID"])? != id {
        return Err(unauthentic("the inquiry answers another order"));
    }
    let same_money = lira(entry.exact(&["amount"])?) == Some(order.amount.minor)
        && entry.exact(&["currencyCode"])? == currency(order)?;
    if !same_money {
        return Err(other_sale("the inquiry answers another amount or currency"));
    }
    check_sale(asked, entry.exact(&["ccno"])?, entry.exact(&["tranDate"])?)?;
    let state = entry.exact(&["state"])?;
    let (transaction, undoes) = match state {
        "Sale" => ("sale", false),
        "Bonus_Usage" => ("pointUsage", false),
        "Sale_Reverse" => ("sale", true),
        "Bonus_Usage_Reverse" => ("pointUsage", true),
        _ => {
            return Err(unreadable(
                "the inquiry answers a state that no order of ours has",
            ));
        }
    };
    let did = match (entry.exact(&["txnStatus"])?, undoes) {
        ("1", false) => Did::Sell(charged(entry)?),
        ("0", false) => Did::FailToSell(Decline {
            group: ErrorGroup::Declined,
            code: "0".to_owned(),
            message: message(state),
            day: BankDay::Unsaid,
        }),
        ("1", true) => Did::Undo,
        ("0", true) => Did::FailToUndo(charged(entry)?),
        _ => return Err(unreadable("the inquiry answers no status")),
    };
    Ok(Entry { transaction, did })
}

/// What all transactions of one order come to, in whatever order they stand. A list that can be read
/// two ways, such as an empty one or two sales that were taken, is doubt: "not found" has a code.
fn conclude(entries: &[Entry]) -> Result<Record, Doubt> {
    let Some(first) = entries.first() else {
        return Err(unreadable("the inquiry answers no transaction"));
    };
    let (mut sold, mut refused, mut undone, mut kept) = (None::<&Charged>, None, false, None);
    for entry in entries {
        match &entry.did {
            _ if entry.transaction != first.transaction => {
                return Err(unreadable("the inquiry answers two kinds of sale"));
            }
            Did::Sell(charged) => {
                if sold.is_some_and(|before| before.host_reference != charged.host_reference) {
                    return Err(unreadable("the inquiry answers two sales"));
                }
                sold = Some(charged);
            }
            Did::FailToSell(decline) => refused = Some(decline),
            Did::Undo => undone = true,
            Did::FailToUndo(charged) => kept = Some(charged),
        }
    }
    let status = match (undone, sold, refused, kept) {
        // A reversal is the last word.
        (true, ..) => OrderStatus::Voided,
        (false, Some(charged), ..) | (false, None, None, Some(charged)) => {
            OrderStatus::Captured(charged.clone())
        }
        (false, None, Some(decline), None) => OrderStatus::Refused(decline.clone()),
        (false, None, _, _) => {
            return Err(unreadable("the inquiry answers a reversal of nothing"));
        }
    };
    Ok(Record {
        status,
        transaction: first.transaction,
    })
}

/// Lira with a decimal comma, as the inquiry writes them (`1,16`, `1.234,56`), in kuruş.
pub(super) fn lira(text: &str) -> Option<i64> {
    let (whole, cents) = text
        .rsplit_once(',')
        .filter(|(_, cents)| cents.len() == 2)?;
    let whole = minor_units(&whole.replace('.', ""))?;
    whole.checked_mul(100)?.checked_add(minor_units(cents)?)
}

/// Gives a part of a sale back, or all of it.
pub(crate) async fn refund(_: BankContext<'_>, _: Refund<'_>) -> Answer<Reversed> {
    Err(Doubt::not_supported())
}

/// What was given back of an order.
pub(crate) async fn given_back(_: BankContext<'_>, _: OrderRef<'_>) -> Result<GivenBack, Doubt> {
    Err(Doubt::not_supported())
}

/// Takes an amount that is held.
pub(crate) async fn capture(_: BankContext<'_>, _: Capture<'_>) -> Answer<Charged> {
    Err(Doubt::not_supported())
}
