//! What becomes of an order at PayFlex after it was taken or held: undone on the same day, given back in whole or in
//! part, or captured. Every move names our own id of what it moves. The inquiry stands in `record`.

use super::record::{Record, capture_id, captures, is_refused, look_up};
use super::{Question, Reply, charged, exchange, refused};
use crate::bank::{
    Answer, BankContext, BankDay, Capture, Charged, Decline, Doubt, DoubtReason, GivenBack,
    HoldStatus, Order, OrderRef, OrderStatus, Phase, Refund, Reversed, Verdict,
};
use crate::banks::{
    auth_code, check_capture, not_supported, other_sale, points_back, reference, refusal_of_move,
    sent, unreadable,
};
use crate::xml::Element;

/// What became of an order.
pub(crate) async fn inquire(
    context: BankContext<'_>,
    order: OrderRef<'_>,
) -> Result<OrderStatus, Doubt> {
    Ok(look_up(context, &order).await?.status)
}

/// How a hold stands, and what was taken of it.
pub(crate) async fn inquire_hold(
    context: BankContext<'_>,
    hold: OrderRef<'_>,
) -> Result<HoldStatus, Doubt> {
    let Record { status, taken, .. } = look_up(context, &hold).await?;
    Ok(HoldStatus { status, taken })
}

/// What was given back of an order.
pub(crate) async fn given_back(
    context: BankContext<'_>,
    order: OrderRef<'_>,
) -> Result<GivenBack, Doubt> {
    let record = look_up(context, &order).await?;
    match record.status {
        OrderStatus::Captured(_) | OrderStatus::Held(_) | OrderStatus::Voided => {
            Ok(record.given_back)
        }
        _ => Err(unknown()),
    }
}

fn unknown() -> Doubt {
    unreadable("the bank knows no such sale")
}

/// An id for a move of an order. The bank takes 40 characters.
fn move_id(order: &Order, letter: char, rest: &str) -> String {
    const ORDER_CHARS_MAX: usize = 26;
    let order: String = order.id.chars().take(ORDER_CHARS_MAX).collect();
    format!("{order}{letter}{rest}")
}

/// A new id for the undoing of an order, which is asked for by its effect: of a hold, or of what took the money.
fn void_id(context: BankContext<'_>, order: &Order, is_hold: bool) -> String {
    let moment = context.now.timestamp().as_millisecond();
    let letter = if is_hold { 'H' } else { 'V' };
    move_id(order, letter, &moment.to_string())
}

/// Our id of what took the order's money: of a hold that is its capture.
async fn taken_by(context: BankContext<'_>, order: &OrderRef<'_>) -> Result<String, Doubt> {
    match order.order.phase {
        Phase::Sale => Ok(order.order.id.clone()),
        Phase::Hold => {
            let captures = captures(context, order).await?;
            Ok(match captures.standing {
                Some(_) => capture_id(&order.order.id, captures.number),
                None => order.order.id.clone(),
            })
        }
    }
}

/// Undoes an order before the bank's day is over; what was taken of a hold, and then the hold.
pub(crate) async fn void(context: BankContext<'_>, order: OrderRef<'_>) -> Answer<Reversed> {
    let taken_by = taken_by(context, &order).await?;
    let is_hold = order.order.phase == Phase::Hold && taken_by == order.order.id;
    let cancel = Question {
        moved: Some(&taken_by),
        ..Question::new("Cancel", void_id(context, order.order, is_hold))
    };
    let (decline, doubt) = match exchange(context, &cancel).await {
        Ok(Reply::Approved(reply)) => {
            let reversed = reversed(&reply)?;
            if taken_by != order.order.id {
                let release = Question {
                    moved: Some(&order.order.id),
                    ..Question::new("Cancel", void_id(context, order.order, true))
                };
                // The money is back; a hold that the bank keeps ends by itself.
                _ = exchange(context, &release).await;
            }
            return Ok(Verdict::Approved(reversed));
        }
        Ok(Reply::Refused(decline)) => (decline, None),
        // The same void of the same moment was sent before.
        Err(doubt) => match doubt.reason.clone() {
            DoubtReason::Duplicate(decline) => (decline, Some(doubt)),
            _ => return Err(doubt),
        },
    };
    let decline = refusal_of_move(Some(decline))?.ok_or_else(Doubt::not_supported)?;
    // Refused, perhaps because it was undone before: then that is what was wanted. Unanswered, or
    // answered by a contradiction, the refusal alone proves nothing: the void is tried again later.
    let record = look_up(context, &order).await.map_err(sent)?;
    match record.status {
        OrderStatus::Voided => Ok(Verdict::Approved(Reversed::default())),
        OrderStatus::Captured(_) | OrderStatus::Held(_) | OrderStatus::Refused(_) => {
            if let Some(doubt) = doubt {
                return Err(doubt);
            }
            let day = if record.is_settled {
                BankDay::Closed
            } else {
                decline.day
            };
            Ok(Verdict::Declined(Decline { day, ..decline }))
        }
        OrderStatus::NotFound | OrderStatus::Pending | OrderStatus::ToReverse(_) => {
            Err(unreadable("the bank knows no sale to void"))
        }
    }
}

/// How often a refund of one order is tried while nothing more went back: an id that was refused is used up.
const REFUNDS_MAX: u8 = 5;

/// Gives a part of a sale back, or all of it, on any day. The bank takes the points among it from its own record of
/// the sale: no field for them is public.
///
/// The id says how much went back before. Sent again while the first is on its way it is the same, and the bank takes
/// an id once.
pub(crate) async fn refund(context: BankContext<'_>, refund: Refund<'_>) -> Answer<Reversed> {
    points_back(&refund)?;
    let order = refund.sale.order;
    let record = look_up(context, &refund.sale).await?;
    let taken_by = record.id.ok_or_else(unknown)?;
    let before = record.given_back.refunded.unwrap_or(0);
    for number in 1..=REFUNDS_MAX {
        let question = Question {
            moved: Some(&taken_by),
            amount: Some(refund.amount),
            client_ip: refund.client_ip,
            ..Question::new("Refund", move_id(order, 'R', &format!("{number}X{before}")))
        };
        let doubt = match exchange(context, &question).await {
            Ok(Reply::Approved(reply)) => return Ok(Verdict::Approved(reversed(&reply)?)),
            Ok(Reply::Refused(decline)) => return refused(decline),
            Err(doubt) => doubt,
        };
        let is_used = matches!(doubt.reason, DoubtReason::Duplicate(_));
        if !is_used || !is_refused(context, &question.id, refund.amount).await? {
            return Err(doubt);
        }
    }
    Err(not_supported("the refund was tried too often"))
}

/// Takes an amount that is held. An id is used once whatever becomes of it, so what was tried before is asked first.
pub(crate) async fn capture(context: BankContext<'_>, capture: Capture<'_>) -> Answer<Charged> {
    let (hold, amount) = (&capture.hold, capture.amount);
    check_capture(&capture)?;
    let captures = captures(context, hold).await?;
    if let Some(before) = captures.standing {
        return match before.references() {
            Some(charged) if before.amount == amount.minor => {
                Ok(Verdict::Approved(charged.clone()))
            }
            _ => Err(other_sale("the bank captured another amount of the hold")),
        };
    }
    let question = Question {
        moved: Some(&hold.order.id),
        amount: Some(amount),
        client_ip: capture.client_ip,
        ..Question::new("Capture", capture_id(&hold.order.id, captures.number))
    };
    match exchange(context, &question).await? {
        Reply::Approved(reply) => Ok(Verdict::Approved(charged(&reply)?)),
        Reply::Refused(decline) => refused(decline),
    }
}

/// The references of a void or refund.
fn reversed(reply: &Element) -> Result<Reversed, Doubt> {
    Ok(Reversed {
        auth_code: auth_code(reply.exact(&["AuthCode"])?)?,
        host_reference: reference(reply.exact(&["Rrn"])?)?,
        transaction_id: reply.words(&["BatchNo"]),
    })
}
