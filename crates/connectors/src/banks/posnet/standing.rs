//! What became of an order at PosNet, and undoing it before the day is closed.
//!
//! The inquiry (`agreement`) is not signed, so everything it echoes is compared with our order.

use super::{NOT_FOUND, charged, currency, exchange, order_id, refusal, request};
use crate::bank::{Answer, Decline, Doubt, Line, Order, OrderRef, Standing, Verdict};
use crate::banks::{
    message, minor_units, question_refused, refusal_of_move, unauthentic, unreadable,
};
use crate::xml::Element;
use contract::errors::ErrorGroup;

/// A void must name the kind of the sale that it undoes, so the bank is asked for it first.
pub(super) async fn void(line: Line<'_>, order: OrderRef<'_>) -> Answer<()> {
    let record = look_up(line, &order).await?;
    match record.standing {
        Standing::Taken(_) => {}
        Standing::Voided => return Ok(Verdict::Approved(())),
        Standing::Refused(decline) => return Ok(Verdict::Declined(decline)),
        Standing::NotFound | Standing::Pending => {
            return Ok(Verdict::Declined(Decline {
                group: ErrorGroup::PaymentNotFoundForRefund,
                code: NOT_FOUND.to_owned(),
                message: String::new(),
            }));
        }
    }
    let id = order_id(&order.order.id, order.threeds);
    let request = request(line.account, order.threeds, &id, |w| {
        w.element("reverse", |w| {
            w.leaf("transaction", record.transaction);
            w.leaf("orderID", &id);
        });
    });
    match refusal_of_move(refusal(&exchange(line, request).await?)?)? {
        None => Ok(Verdict::Approved(())),
        // Undone before, by us or by the bank itself.
        Some(decline) if matches!(decline.code.as_str(), "0220" | "0370") => {
            Ok(Verdict::Approved(()))
        }
        Some(decline) => Ok(Verdict::Declined(decline)),
    }
}

/// An order at the bank, and how a void has to call it.
pub(super) struct Record {
    pub(super) standing: Standing,
    transaction: &'static str,
}

pub(super) async fn look_up(line: Line<'_>, order: &OrderRef<'_>) -> Result<Record, Doubt> {
    let id = order_id(&order.order.id, order.threeds);
    let request = request(line.account, order.threeds, &id, |w| {
        w.element("agreement", |w| w.leaf("orderID", &id));
    });
    let reply = exchange(line, request).await?;
    let standing = |standing| {
        Ok(Record {
            standing,
            transaction: "sale",
        })
    };
    if let Some(decline) = refusal(&reply)? {
        return match decline.code.as_str() {
            NOT_FOUND | "0122" | "0123" => standing(Standing::NotFound),
            _ => Err(question_refused(decline.group)),
        };
    }
    let Some(transactions) = reply.at(&["transactions"]) else {
        return standing(Standing::NotFound);
    };
    let mut record = Record {
        standing: Standing::NotFound,
        transaction: "sale",
    };
    for transaction in transactions.all("transaction") {
        let next = read_transaction(transaction, order.order, &id)?;
        // A reversal is the last word, whatever the order of the list.
        if record.standing != Standing::Voided {
            record = next;
        }
    }
    Ok(record)
}

/// One line of an `agreement` reply, compared with what we asked for.
fn read_transaction(line: &Element, order: &Order, id: &str) -> Result<Record, Doubt> {
    let same_order = line.text(&["orderID"]) == id
        && lira(line.text(&["amount"])) == Some(order.amount.minor)
        && line.text(&["currencyCode"]) == currency(order)?;
    if !same_order {
        return Err(unauthentic(
            "the inquiry answers another order, amount or currency",
        ));
    }
    let (kind, undone) = match line.text(&["state"]) {
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
    let standing = match (line.text(&["txnStatus"]), undone) {
        ("1", true) => Standing::Voided,
        ("1", false) => Standing::Taken(charged(line)?),
        // A reversal that failed leaves the sale as it was.
        ("0", true) => Standing::Taken(charged(line)?),
        ("0", false) => Standing::Refused(Decline {
            group: ErrorGroup::Declined,
            code: "0".to_owned(),
            message: message(line.text(&["state"])),
        }),
        _ => return Err(unreadable("the inquiry answers no status")),
    };
    Ok(Record {
        standing,
        transaction: kind,
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
