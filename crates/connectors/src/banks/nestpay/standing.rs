//! What becomes of an order at NestPay after it was taken or held: undone on the same day, given back in whole or in
//! part, or captured. Every move goes by the order's id. The inquiries that it is compared with stand in `record`.

use super::record::{self, Record, look_up};
use super::{GATEWAY, Question, charged, exchange, refusal};
use crate::bank::{
    Answer, BankContext, BankDay, Capture, Charged, Decline, Doubt, GivenBack, HoldStatus,
    OrderRef, OrderStatus, Phase, Refund, Reversed, Verdict,
};
use crate::banks::{
    auth_code, check_capture, points_back, reference, refused_capture, refused_move, sent,
    unreadable,
};
use crate::xml::Element;
use contract::errors::ErrorGroup;

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
    record::given_back(context, &order).await
}

/// Undoes the order's last move that is open, which of a sale is itself: of a captured hold it is the capture, so the
/// record is asked whether the hold stays.
pub(crate) async fn void(context: BankContext<'_>, order: OrderRef<'_>) -> Answer<Reversed> {
    let reply = exchange(context, &Question::about("Void", order.order)).await?;
    let Some(decline) = refusal(&reply)? else {
        let reversed = reversed(&reply)?;
        if order.order.phase == Phase::Hold {
            return release(context, &order, reversed).await;
        }
        return Ok(Verdict::Approved(reversed));
    };
    // An issuer's refusal is its own.
    if reply.exact(&["ProcReturnCode"])? != GATEWAY {
        return Ok(Verdict::Declined(refused_move(decline)?));
    }
    // Refused, perhaps because it was undone before: then that is what was wanted. Unanswered, or
    // answered by a contradiction, the refusal alone proves nothing: the void is tried again later.
    let record = look_up(context, &order).await.map_err(sent)?;
    match record.status {
        OrderStatus::Voided => Ok(Verdict::Approved(Reversed::default())),
        OrderStatus::Captured(_) | OrderStatus::Held(_) | OrderStatus::Refused(_) => {
            // Nothing to void where our sale stands: its day is over, settled or not yet.
            let nothing = decline.group == ErrorGroup::PaymentNotFoundForRefund;
            let is_taken = matches!(record.status, OrderStatus::Captured(_));
            let day = if record.is_settled || nothing && is_taken {
                BankDay::Closed
            } else {
                decline.day
            };
            let decline = refused_move(decline)?;
            Ok(Verdict::Declined(Decline { day, ..decline }))
        }
        OrderStatus::NotFound | OrderStatus::Pending | OrderStatus::ToReverse(_) => {
            Err(unreadable("the bank does not tell what became of the sale"))
        }
    }
}

/// Undoes a hold that still stands after its capture was undone.
async fn release(
    context: BankContext<'_>,
    hold: &OrderRef<'_>,
    reversed_so_far: Reversed,
) -> Answer<Reversed> {
    match look_up(context, hold).await.map_err(sent)?.status {
        OrderStatus::Voided => Ok(Verdict::Approved(reversed_so_far)),
        OrderStatus::Held(_) => {
            let second = exchange(context, &Question::about("Void", hold.order)).await;
            let reply = second.map_err(sent)?;
            match refusal(&reply).map_err(sent)? {
                None => Ok(Verdict::Approved(reversed(&reply)?)),
                Some(_) => Err(unreadable("the capture is undone and its hold is not")),
            }
        }
        _ => Err(unreadable("the bank does not tell what the void undid")),
    }
}

/// Gives a part of a sale back, or all of it. The bank takes the points among it from its own record of the
/// sale: no field for them is public.
pub(crate) async fn refund(context: BankContext<'_>, refund: Refund<'_>) -> Answer<Reversed> {
    points_back(&refund)?;
    let question = Question {
        total: Some(refund.amount),
        client_ip: refund.client_ip,
        ..Question::about("Credit", refund.sale.order)
    };
    let reply = exchange(context, &question).await?;
    match refusal(&reply)? {
        Some(decline) => Ok(Verdict::Declined(refused_move(decline)?)),
        None => Ok(Verdict::Approved(reversed(&reply)?)),
    }
}

/// Takes an amount that is held. A refusal by the gateway is looked into: it may have been taken before.
pub(crate) async fn capture(context: BankContext<'_>, capture: Capture<'_>) -> Answer<Charged> {
    let (hold, amount) = (&capture.hold, capture.amount);
    let held = hold.order.amount;
    check_capture(&capture)?;
    let is_more = amount.minor > held.minor;
    let question = Question {
        total: Some(amount),
        client_ip: capture.client_ip,
        extra: if is_more {
            vec![("PREAMT", held.decimal().to_string())]
        } else {
            Vec::new()
        },
        ..Question::about("PostAuth", hold.order)
    };
    let reply = exchange(context, &question).await?;
    let Some(decline) = refusal(&reply)? else {
        return Ok(Verdict::Approved(charged(&reply)?));
    };
    if reply.exact(&["ProcReturnCode"])? != GATEWAY {
        return Ok(Verdict::Declined(refused_move(decline)?));
    }
    let record = look_up(context, hold).await.map_err(sent)?;
    match refused_capture((record.status, record.taken), amount, decline)? {
        Verdict::Declined(decline) => Ok(Verdict::Declined(refused_move(decline)?)),
        taken => Ok(taken),
    }
}

/// The references of a void or refund.
fn reversed(reply: &Element) -> Result<Reversed, Doubt> {
    Ok(Reversed {
        auth_code: auth_code(reply.exact(&["AuthCode"])?)?,
        host_reference: reference(reply.exact(&["HostRefNum"])?)?,
        transaction_id: reply.words(&["TransId"]),
    })
}
