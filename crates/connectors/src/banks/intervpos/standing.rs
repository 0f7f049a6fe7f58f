//! What becomes of an order at InterVPOS after it was taken or held: undone on the same day, given back in whole or in
//! part, or captured. Every move goes by the order's id. The inquiry that it is compared with stands in `record`.

use super::record::{Record, look_up};
use super::{amount, charged, currency, exchange, outcome, reply::Reply, request, says_little};
use crate::bank::{
    Answer, BankContext, BankDay, Capture, Charged, Decline, Doubt, GivenBack, HoldStatus,
    OrderRef, OrderStatus, Phase, Refund, Reversed, Verdict,
};
use crate::banks::{
    auth_code, check_capture, points_back, reference, refusal_of_move, refused_capture, sent,
    unauthentic, unreadable,
};
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
        OrderStatus::Captured(_) | OrderStatus::Held(_) => Ok(GivenBack {
            voided: false,
            refunded: Some(record.refunded),
        }),
        OrderStatus::Voided => Ok(GivenBack {
            voided: record.refunded == 0,
            refunded: Some(record.refunded),
        }),
        OrderStatus::NotFound
        | OrderStatus::Refused(_)
        | OrderStatus::Pending
        | OrderStatus::ToReverse(_) => Err(unreadable("the bank knows no such sale")),
    }
}

/// Sends a move of an order, of an amount where it has one, and reads what the bank says of it.
async fn send_move(
    context: BankContext<'_>,
    kind: &str,
    order: &OrderRef<'_>,
    moved: Option<Money>,
) -> Result<(Reply, Option<Decline>), Doubt> {
    let written = moved.map(|moved| moved.decimal().to_string());
    let mut fields = vec![("OrderId", ""), ("orgOrderId", order.order.id.as_str())];
    if let Some(written) = &written {
        fields.push(("PurchAmount", written));
        fields.push(("Currency", currency(order.order.amount)?));
    }
    let reply = exchange(context, request(context, kind, &fields)?).await?;
    let refusal = refusal_of_move(outcome(&reply, order.order, true)?)?;
    if let (None, Some(moved)) = (&refusal, moved)
        && amount(&reply, "Amount")? != moved.minor
    {
        return Err(unauthentic("the reply is about another amount"));
    }
    Ok((reply, refusal))
}

/// Undoes the order. Whether the void of a captured hold leaves the hold is not public, so the record is asked.
pub(crate) async fn void(context: BankContext<'_>, order: OrderRef<'_>) -> Answer<Reversed> {
    let (reply, refusal) = send_move(context, "Void", &order, None).await?;
    let Some(decline) = refusal else {
        let reversed = reversed(&reply)?;
        if order.order.phase == Phase::Hold {
            return release(context, &order, reversed).await;
        }
        return Ok(Verdict::Approved(reversed));
    };
    // Refused, perhaps because it was undone before: then that is what was wanted. Unanswered, or
    // answered by a contradiction, the refusal alone proves nothing: the void is tried again later.
    let record = look_up(context, &order).await.map_err(sent)?;
    match (record.status, record.day) {
        (OrderStatus::Voided, _) => Ok(Verdict::Approved(Reversed::default())),
        (OrderStatus::Captured(_), day) => Ok(Verdict::Declined(Decline {
            day: closed_day(&decline, day),
            ..decline
        })),
        (OrderStatus::Held(_) | OrderStatus::Refused(_), _) => Ok(Verdict::Declined(decline)),
        (OrderStatus::NotFound | OrderStatus::Pending | OrderStatus::ToReverse(_), _) => {
            Err(unreadable("the bank knows no sale to void"))
        }
    }
}

/// What a refused void of a sale that stands says of the day: the record may tell it, else a refusal that says little.
fn closed_day(decline: &Decline, day: BankDay) -> BankDay {
    let may_be_of_the_day = says_little(decline) || decline.group == ErrorGroup::ExpiredProvision;
    match day {
        BankDay::Closed => BankDay::Closed,
        BankDay::Unsaid if may_be_of_the_day => BankDay::Closed,
        BankDay::Unsaid | BankDay::Open => BankDay::Unsaid,
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
            let second = send_move(context, "Void", hold, None).await;
            match second.map_err(sent)? {
                (reply, None) => Ok(Verdict::Approved(reversed(&reply)?)),
                (_, Some(_)) => Err(unreadable("the capture is undone and its hold is not")),
            }
        }
        _ => Err(unreadable("the bank does not tell what the void undid")),
    }
}

/// Gives a part of a sale back, or all of it. The bank takes the points among it from its own record of the
/// sale: that a refund names them is not public. A refusal is looked into.
pub(crate) async fn refund(context: BankContext<'_>, refund: Refund<'_>) -> Answer<Reversed> {
    points_back(&refund)?;
    let sale = &refund.sale;
    let (reply, refusal) = send_move(context, "Refund", sale, Some(refund.amount)).await?;
    let Some(decline) = refusal else {
        return Ok(Verdict::Approved(reversed(&reply)?));
    };
    let Ok(record) = look_up(context, sale).await else {
        return Ok(Verdict::Declined(decline));
    };
    let group = match (&record.status, record.day) {
        _ if !says_little(&decline) => decline.group,
        (OrderStatus::Voided, _) => ErrorGroup::MayHaveAlreadyRefunded,
        (OrderStatus::NotFound, _) => ErrorGroup::PaymentNotFoundForRefund,
        (_, BankDay::Open) => ErrorGroup::RequiresDayEnd,
        _ => decline.group,
    };
    let day = match record.day {
        BankDay::Open => BankDay::Open,
        BankDay::Closed | BankDay::Unsaid => BankDay::Unsaid,
    };
    Ok(Verdict::Declined(Decline {
        group,
        day,
        ..decline
    }))
}

/// Takes an amount that is held. A refusal is looked into: it may have been taken before.
pub(crate) async fn capture(context: BankContext<'_>, capture: Capture<'_>) -> Answer<Charged> {
    let (hold, moved) = (&capture.hold, capture.amount);
    check_capture(&capture)?;
    let (reply, refusal) = send_move(context, "PostAuth", hold, Some(moved)).await?;
    let Some(decline) = refusal else {
        return Ok(Verdict::Approved(charged(&reply)?));
    };
    let record = look_up(context, hold).await.map_err(sent)?;
    // It was taken before, by a capture that is not known here: a record that shows what was held does not tell how much.
    let taken = record
        .taken
        .filter(|taken| *taken != hold.order.amount.minor);
    refused_capture((record.status, taken), moved, decline)
}

/// The references of a void or refund. An approval has them.
fn reversed(reply: &Reply) -> Result<Reversed, Doubt> {
    let reversed = Reversed {
        auth_code: auth_code(reply.needed("AuthCode")?)?,
        host_reference: reference(reply.needed("HostRefNum")?)?,
        transaction_id: reference(reply.needed("TransId")?)?,
    };
    if reversed.auth_code.is_empty() || reversed.host_reference.is_empty() {
        return Err(unreadable("an approval without its numbers"));
    }
    Ok(reversed)
}
