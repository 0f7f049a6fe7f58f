//! What becomes of an order at PosNet after it was taken or held: undone before the day is closed,
//! given back in whole or in part, or captured. The inquiry that it is compared with stands in `record`.

use super::record::{Move, Record, look_up};
use super::{charged, currency, exchange, installment, order_id, refusal, request};
use crate::bank::{
    Answer, BankContext, Capture, Charged, Decline, Doubt, GivenBack, HoldStatus, Order, OrderRef,
    OrderStatus, Refund, Reversed, Verdict,
};
use crate::banks::{
    auth_code, check_capture, points_back, reference, refusal_of_move, refused_capture, sent,
    unreadable,
};
use crate::xml::{Element, Writer};
use contract::errors::ErrorGroup;

/// What became of an order.
pub(crate) async fn inquire(
    context: BankContext<'_>,
    order: OrderRef<'_>,
) -> Result<OrderStatus, Doubt> {
    Ok(inquire_hold(context, order).await?.status)
}

/// How a hold stands, and what was taken of it.
pub(crate) async fn inquire_hold(
    context: BankContext<'_>,
    hold: OrderRef<'_>,
) -> Result<HoldStatus, Doubt> {
    let Some(record) = look_up(context, &hold).await? else {
        return Ok(HoldStatus {
            status: OrderStatus::NotFound,
            taken: None,
        });
    };
    let unread = || unreadable("the inquiry answers returns alone");
    Ok(HoldStatus {
        status: record.status.ok_or_else(unread)?,
        taken: record.captured,
    })
}

/// A reversal must name what it undoes, so the bank is asked for that first. What was taken of a hold
/// is undone in two steps: the document leaves the hold when its capture is reversed.
pub(crate) async fn void(context: BankContext<'_>, order: OrderRef<'_>) -> Answer<Reversed> {
    let record = known(look_up(context, &order).await?)?;
    match record.status {
        Some(OrderStatus::Voided) => return Ok(Verdict::Approved(Reversed::default())),
        Some(OrderStatus::Refused(decline)) => return Ok(Verdict::Declined(decline)),
        Some(_) if !record.standing.is_empty() => {}
        // What is undone was seen to be taken: the bank contradicts itself, or is not done yet.
        _ => return Err(unreadable("the bank knows no sale to void")),
    }
    let mut undone = None;
    for about in record.standing {
        match (reverse(context, &order, about).await?, undone) {
            (Verdict::Approved(reversed), None) => undone = Some(reversed),
            // The money is back; a hold that the bank keeps for now lapses by itself.
            (_, Some(reversed)) => return Ok(Verdict::Approved(reversed)),
            (Verdict::Declined(decline), None) => return Ok(Verdict::Declined(decline)),
        }
    }
    Ok(Verdict::Approved(undone.unwrap_or_default()))
}

async fn reverse(context: BankContext<'_>, order: &OrderRef<'_>, about: Move) -> Answer<Reversed> {
    let id = order_id(&order.order.id, order.threeds);
    let request = request(context.account, order.threeds, &id, |w| {
        w.element("reverse", |w| {
            w.leaf("transaction", about.name());
            w.leaf("orderID", &id);
        });
    });
    let reply = exchange(context, request).await?;
    match refusal_of_move(refusal(&reply)?)? {
        None => Ok(Verdict::Approved(reversed(&reply)?)),
        // Undone before, by us or by the bank itself.
        Some(decline) if matches!(decline.code.as_str(), "0220" | "0370") => {
            Ok(Verdict::Approved(Reversed::default()))
        }
        Some(decline) => Ok(Verdict::Declined(of_money_back(decline))),
    }
}

/// Gives a part of a sale back, or all of it. Points go back with what the card paid in one message,
/// which the bank divides in the proportion of the sale: two messages could end half done.
pub(crate) async fn refund(context: BankContext<'_>, refund: Refund<'_>) -> Answer<Reversed> {
    let (sale, amount) = (&refund.sale, refund.amount);
    let points = points_back(&refund)?;
    let currency = currency(sale.order)?;
    let id = order_id(&sale.order.id, sale.threeds);
    let write = |w: &mut Writer| {
        let field = if points == amount.minor {
            "wpAmount"
        } else {
            "amount"
        };
        w.leaf(field, &amount.minor.to_string());
        w.leaf("currencyCode", currency);
        write_original(w, sale, &id);
        if points > 0 && points < amount.minor {
            w.leaf("isRationalReturn", "Y");
        }
    };
    let operation = if points == amount.minor {
        "pointReturn"
    } else {
        "return"
    };
    let request = request(context.account, sale.threeds, &id, |w| {
        w.element(operation, write);
    });
    let reply = exchange(context, request).await?;
    match refusal_of_move(refusal(&reply)?)? {
        None => Ok(Verdict::Approved(reversed(&reply)?)),
        Some(decline) => Ok(Verdict::Declined(of_money_back(decline))),
    }
}

/// What the bank calls the order: its own reference where we have it, which it finds faster and which
/// names one transaction only.
fn write_original(w: &mut Writer, order: &OrderRef<'_>, id: &str) {
    match order.host_reference {
        Some(reference) => w.leaf("hostLogKey", reference),
        None => w.leaf("orderID", id),
    }
}

/// What was given back of an order.
pub(crate) async fn given_back(
    context: BankContext<'_>,
    order: OrderRef<'_>,
) -> Result<GivenBack, Doubt> {
    Ok(known(look_up(context, &order).await?)?.given_back)
}

/// Takes an amount that is held. A refusal that says that it was taken before is looked into.
pub(crate) async fn capture(context: BankContext<'_>, capture: Capture<'_>) -> Answer<Charged> {
    let (hold, amount) = (&capture.hold, capture.amount);
    check_capture(&capture)?;
    let taken = Order {
        amount,
        ..hold.order.clone()
    };
    let currency = currency(&taken)?;
    let id = order_id(&taken.id, hold.threeds);
    let request = request(context.account, hold.threeds, &id, |w| {
        w.element("capt", |w| {
            write_original(w, hold, &id);
            w.leaf("amount", &amount.minor.to_string());
            w.leaf("currencyCode", currency);
            w.leaf("installment", &installment(&taken));
        });
    });
    let reply = exchange(context, request).await?;
    let decline = match refusal_of_move(refusal(&reply)?)? {
        None => return Ok(Verdict::Approved(charged(&reply)?)),
        Some(decline) => decline,
    };
    if !matches!(decline.code.as_str(), "0211" | "0219" | "0788") {
        return Ok(Verdict::Declined(decline));
    }
    let record = look_up(context, hold).await.and_then(known);
    let record = record.map_err(sent)?;
    let status = record.status.unwrap_or(OrderStatus::Pending);
    refused_capture((status, record.captured), amount, decline)
}

/// The order that a move is about was seen at the bank: one that does not know it now is doubted.
fn known(record: Option<Record>) -> Result<Record, Doubt> {
    record.ok_or_else(|| unreadable("the bank knows no such order"))
}

/// The references of a reversal or return.
fn reversed(reply: &Element) -> Result<Reversed, Doubt> {
    Ok(Reversed {
        auth_code: auth_code(reply.exact(&["authCode"])?)?,
        host_reference: reference(reply.exact(&["hostlogkey"])?)?,
        transaction_id: String::new(),
    })
}

/// What some codes say of an order that is to be undone or given back.
fn of_money_back(decline: Decline) -> Decline {
    let group = match decline.code.as_str() {
        "0122" | "0123" => ErrorGroup::PaymentNotFoundForRefund,
        // More than is left of it.
        "0205" => ErrorGroup::MayHaveAlreadyRefunded,
        _ => decline.group,
    };
    Decline { group, ..decline }
}
