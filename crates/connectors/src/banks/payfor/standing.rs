//! What becomes of an order at PayFor after it was taken or held: undone on the same day, given back in whole or in
//! part, or captured. Every move goes by the order's id. The inquiries that it is compared with stand in `record`.

use super::record::{self, Record, look_up};
use super::{NOT_CLOSED_YET, charged, currency, is_gateways, request, send_move, write_amount};
use crate::bank::{
    Answer, BankContext, BankDay, Capture, Charged, Decline, Doubt, GivenBack, HoldStatus,
    OrderRef, OrderStatus, Phase, Refund, Reversed, Verdict,
};
use crate::banks::{
    auth_code, check_capture, points_back, reference, refused_capture, sent, unreadable,
};
use crate::http::Request;
use crate::xml::Element;
use contract::errors::ErrorGroup;
use contract::money::Money;

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

/// A move of an order, of an amount where it has one.
fn move_of(
    context: BankContext<'_>,
    kind: &str,
    order: &OrderRef<'_>,
    amount: Option<Money>,
) -> Result<Request, Doubt> {
    let currency = currency(order.order.amount)?;
    request(context, ("NonSecure", kind), |w| {
        w.leaf("OrgOrderId", &order.order.id);
        match amount {
            Some(amount) => write_amount(w, amount, currency),
            None => w.leaf("Currency", currency),
        }
    })
}

/// Undoes the order. Of a captured hold the bank undoes the capture first, and the hold stays until it is undone, too.
pub(crate) async fn void(context: BankContext<'_>, order: OrderRef<'_>) -> Answer<Reversed> {
    let undo = || move_of(context, "Void", &order, None);
    let (reply, refusal) = send_move(context, order.order, undo()?).await?;
    let Some(decline) = refusal else {
        let reversed = reversed(&reply)?;
        if order.order.phase == Phase::Hold {
            return release(context, &order, reversed).await;
        }
        return Ok(Verdict::Approved(reversed));
    };
    // Refused, perhaps because it was undone before: then that is what was wanted. Unanswered, or
    // answered by a contradiction, the refusal alone proves nothing: the void is tried again later.
    match look_up(context, &order).await.map_err(sent)?.status {
        OrderStatus::Voided => Ok(Verdict::Approved(Reversed::default())),
        // The gateway refuses to undo what stands as we took it: no code is public that says of the day.
        OrderStatus::Captured(_) if is_of_the_day(&decline) => Ok(Verdict::Declined(Decline {
            day: BankDay::Closed,
            ..decline
        })),
        OrderStatus::Captured(_) | OrderStatus::Held(_) | OrderStatus::Refused(_) => {
            Ok(Verdict::Declined(decline))
        }
        OrderStatus::NotFound | OrderStatus::Pending | OrderStatus::ToReverse(_) => {
            Err(unreadable("the bank knows no sale to void"))
        }
    }
}

/// Whether a refused void may be refused because of the bank's day.
fn is_of_the_day(decline: &Decline) -> bool {
    is_gateways(&decline.code) && decline.code != NOT_CLOSED_YET
        || decline.group == ErrorGroup::ExpiredProvision
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
            let undo = move_of(context, "Void", hold, None)?;
            match send_move(context, hold.order, undo).await.map_err(sent)? {
                (reply, None) => Ok(Verdict::Approved(reversed(&reply)?)),
                (_, Some(_)) => Err(unreadable("the capture is undone and its hold is not")),
            }
        }
        _ => Err(unreadable("the bank does not tell what the void undid")),
    }
}

/// Gives a part of a sale back, or all of it. The bank takes the points among it from its own record of the
/// sale: that a refund names them is not public.
pub(crate) async fn refund(context: BankContext<'_>, refund: Refund<'_>) -> Answer<Reversed> {
    points_back(&refund)?;
    let sale = &refund.sale;
    let question = move_of(context, "Refund", sale, Some(refund.amount))?;
    let (reply, refusal) = send_move(context, sale.order, question).await?;
    let Some(decline) = refusal else {
        return Ok(Verdict::Approved(reversed(&reply)?));
    };
    if reply.exact(&["ProcReturnCode"])? == NOT_CLOSED_YET {
        return Ok(Verdict::Declined(Decline {
            day: BankDay::Open,
            ..decline
        }));
    }
    // The gateway may say the same of a sale that has nothing left as of one it does not know.
    if is_gateways(reply.exact(&["ProcReturnCode"])?)
        && let Ok(before) = record::given_back(context, sale).await
    {
        let all = before.refunded == Some(sale.order.amount.minor);
        if before.voided || all {
            return Ok(Verdict::Declined(Decline {
                group: ErrorGroup::MayHaveAlreadyRefunded,
                ..decline
            }));
        }
    }
    Ok(Verdict::Declined(decline))
}

/// Takes an amount that is held. A refusal by the gateway is looked into: it may have been taken before.
pub(crate) async fn capture(context: BankContext<'_>, capture: Capture<'_>) -> Answer<Charged> {
    let (hold, amount) = (&capture.hold, capture.amount);
    check_capture(&capture)?;
    let question = move_of(context, "PostAuth", hold, Some(amount))?;
    let (reply, refusal) = send_move(context, hold.order, question).await?;
    let Some(decline) = refusal else {
        return Ok(Verdict::Approved(charged(&reply)?));
    };
    if !is_gateways(reply.exact(&["ProcReturnCode"])?) {
        return Ok(Verdict::Declined(decline));
    }
    let record = look_up(context, hold).await.map_err(sent)?;
    refused_capture((record.status, record.taken), amount, decline)
}

/// The references of a void or refund. An approval has them.
fn reversed(reply: &Element) -> Result<Reversed, Doubt> {
    let reversed = Reversed {
        auth_code: auth_code(reply.exact(&["AuthCode"])?)?,
        host_reference: reference(reply.exact(&["HostRefNum"])?)?,
        ..Reversed::default()
    };
    if reversed.auth_code.is_empty() || reversed.host_reference.is_empty() {
        return Err(unreadable("an approval without its numbers"));
    }
    Ok(reversed)
}
