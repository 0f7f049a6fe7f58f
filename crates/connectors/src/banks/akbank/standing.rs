//! What becomes of an order at Akbank after it was taken or held: undone on the same day, given back in whole or in
//! part, or captured. Every move goes by the order's id. The inquiry that it is compared with stands in `record`.

use super::record::{self, Record, look_up};
use super::{
    INVALID_TRANSACTION, NO_SALE, Question, UNDONE, charged, exchange, host_reference, refusal,
};
use crate::bank::{
    Answer, BankContext, Capture, Charged, Decline, Doubt, GivenBack, HoldStatus, Order, OrderRef,
    OrderStatus, Phase, Refund, Reversed, Verdict,
};
use crate::banks::{auth_code, check_capture, points_back, refused_capture, sent, unreadable};
use crate::json::Json;
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
    let Record { status, taken } = look_up(context, &hold).await?;
    Ok(HoldStatus { status, taken })
}

/// What was given back of an order.
pub(crate) async fn given_back(
    context: BankContext<'_>,
    order: OrderRef<'_>,
) -> Result<GivenBack, Doubt> {
    record::given_back(context, &order).await
}

/// Undoes an order whole. A void of a captured hold undoes the capture alone and leaves the hold open, as recorded:
/// then a second one releases it. When that is refused or unanswered the money is back, and the hold lapses.
pub(crate) async fn void(context: BankContext<'_>, order: OrderRef<'_>) -> Answer<Reversed> {
    let first = undo(context, &order).await?;
    if order.order.phase == Phase::Sale || !matches!(first, Verdict::Approved(_)) {
        return Ok(first);
    }
    match look_up(context, &order).await.map(|record| record.status) {
        Ok(OrderStatus::Held(_)) => _ = undo(context, &order).await,
        Ok(OrderStatus::Captured(_)) => {
            return Err(unreadable("the history does not tell of the void"));
        }
        _ => {}
    }
    Ok(first)
}

async fn undo(context: BankContext<'_>, order: &OrderRef<'_>) -> Answer<Reversed> {
    let reply = exchange(context, &Question::about("1003", order.order)).await?;
    let Some(decline) = refusal(&reply)? else {
        return Ok(Verdict::Approved(reversed(&reply)?));
    };
    // Refused, perhaps because it was undone before: then that is what was wanted. Unanswered, or
    // answered by a contradiction, the refusal alone proves nothing: the void is tried again later.
    match look_up(context, order).await.map_err(sent)?.status {
        OrderStatus::Voided => Ok(Verdict::Approved(Reversed::default())),
        OrderStatus::Captured(_) | OrderStatus::Held(_) | OrderStatus::Refused(_) => {
            Ok(Verdict::Declined(decline))
        }
        OrderStatus::NotFound | OrderStatus::Pending | OrderStatus::ToReverse(_) => {
            Err(unreadable("the bank knows no sale to void"))
        }
    }
}

/// Gives a part of a sale back, or all of it. The bank takes the points among it from its own record of the sale: no
/// field for them is public.
pub(crate) async fn refund(context: BankContext<'_>, refund: Refund<'_>) -> Answer<Reversed> {
    points_back(&refund)?;
    let question = Question {
        amount: Some(refund.amount),
        ..Question::about("1002", refund.sale.order)
    };
    let reply = exchange(context, &question).await?;
    match refusal(&reply)? {
        None => Ok(Verdict::Approved(reversed(&reply)?)),
        Some(decline) => Ok(Verdict::Declined(decline)),
    }
}

/// Takes an amount that is held. A refusal that may be of what was taken before is looked into: which code the bank
/// has for that is not public.
pub(crate) async fn capture(context: BankContext<'_>, capture: Capture<'_>) -> Answer<Charged> {
    let (hold, amount) = (&capture.hold, capture.amount);
    check_capture(&capture)?;
    let question = Question {
        amount: Some(amount),
        ..Question::about("1005", hold.order)
    };
    let reply = exchange(context, &question).await?;
    let taken = Order {
        amount,
        ..hold.order.clone()
    };
    let Some(decline) = refusal(&reply)? else {
        return Ok(Verdict::Approved(charged(&reply, &taken)?));
    };
    let code = reply.exact(&["responseCode"])?;
    let host = reply.exact(&["hostResponseCode"])?;
    if !matches!(code, NO_SALE | UNDONE) && host != INVALID_TRANSACTION {
        return Ok(Verdict::Declined(decline));
    }
    let record = look_up(context, hold).await.map_err(sent)?;
    let decline = Decline {
        group: ErrorGroup::InvalidTransaction,
        ..decline
    };
    refused_capture((record.status, record.taken), amount, decline)
}

/// The references of a void, which has none, or of a refund.
fn reversed(reply: &Json) -> Result<Reversed, Doubt> {
    let said = |name| reply.exact(&["transaction", name]);
    let number = match said("rrn")? {
        "" => String::new(),
        number => host_reference(number)?,
    };
    Ok(Reversed {
        auth_code: auth_code(said("authCode")?)?,
        host_reference: number,
        transaction_id: super::batch_and_number(said("batchNumber")?, said("stan")?),
    })
}
