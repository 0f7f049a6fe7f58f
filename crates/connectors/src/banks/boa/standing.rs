//! What becomes of an order at a BOA bank: undone on its day, given back, or captured. Every move names what the bank's
//! own record calls the order, so the record is asked first; it also says what was given back before.

use super::record::{Names, Record};
use crate::bank::{
    Answer, BankContext, BankDay, Capture, Charged, Decline, Doubt, GivenBack, HoldStatus, Order,
    OrderRef, OrderStatus, Phase, Refund, Reversed, Verdict,
};
use crate::banks::{
    auth_code, not_supported, points_back, reference, refusal_of_move, sent, unauthentic,
    unreadable,
};
use crate::xml::Element;
use contract::errors::ErrorGroup;
use contract::money::Money;

/// A move of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Move {
    /// Undoes a sale.
    Void,
    /// Undoes a hold, and what was taken of it.
    Release,
    /// Gives all of a sale back.
    Refund,
    /// Gives all of a captured hold back.
    RefundHold,
    /// Gives a part back.
    RefundPart,
    /// Takes what is held.
    Capture,
}

/// A move as it is sent.
pub(crate) struct Moved<'a> {
    pub(crate) kind: Move,
    pub(crate) order: &'a Order,
    pub(crate) names: &'a Names,
    pub(crate) amount: Money,
    pub(crate) client_ip: Option<&'a str>,
}

/// How a bank is asked for records and moves.
pub(crate) trait System {
    /// The rows that the bank has under an order's id.
    async fn rows(context: BankContext<'_>, order: &OrderRef<'_>) -> Result<Vec<Element>, Doubt>;

    /// Sends a move: what the bank says of it, and its refusal.
    async fn send(
        context: BankContext<'_>,
        moved: &Moved<'_>,
    ) -> Result<(Element, Option<Decline>), Doubt>;
}

async fn look_up<S: System>(
    context: BankContext<'_>,
    order: &OrderRef<'_>,
) -> Result<Record, Doubt> {
    Record::read(order, &S::rows(context, order).await?)
}

/// What became of an order.
pub(crate) async fn inquire<S: System>(
    context: BankContext<'_>,
    order: OrderRef<'_>,
) -> Result<OrderStatus, Doubt> {
    Ok(look_up::<S>(context, &order).await?.status)
}

/// How a hold stands; it is taken as a whole.
pub(crate) async fn inquire_hold<S: System>(
    context: BankContext<'_>,
    hold: OrderRef<'_>,
) -> Result<HoldStatus, Doubt> {
    let status = look_up::<S>(context, &hold).await?.status;
    let is_taken = matches!(status, OrderStatus::Captured(_));
    Ok(HoldStatus {
        status,
        taken: is_taken.then_some(hold.order.amount.minor),
    })
}

/// What was given back of an order.
pub(crate) async fn given_back<S: System>(
    context: BankContext<'_>,
    order: OrderRef<'_>,
) -> Result<GivenBack, Doubt> {
    let record = look_up::<S>(context, &order).await?;
    match record.names {
        Some(_) => Ok(GivenBack {
            voided: record.voided,
            refunded: Some(record.refunded),
        }),
        None => Err(unreadable("the bank knows no such sale")),
    }
}

/// Undoes an order on its day.
pub(crate) async fn void<S: System>(
    context: BankContext<'_>,
    order: OrderRef<'_>,
) -> Answer<Reversed> {
    let record = look_up::<S>(context, &order).await?;
    let kind = match record.status {
        OrderStatus::Voided if record.voided => {
            return Ok(Verdict::Approved(Reversed::default()));
        }
        OrderStatus::Refused(decline) => return Ok(Verdict::Declined(decline)),
        _ if order.order.phase == Phase::Hold => Move::Release,
        _ => Move::Void,
    };
    let names = names(record.names)?;
    let moved = Moved {
        kind,
        order: order.order,
        names: &names,
        amount: order.order.amount,
        client_ip: None,
    };
    let (said, refusal) = S::send(context, &moved).await?;
    let Some(decline) = refusal_of_move(refusal)?.map(of_move) else {
        return Ok(Verdict::Approved(reversed(&moved, &said)?));
    };
    // Another void may have been faster: then that is what was wanted.
    let after = look_up::<S>(context, &order).await.map_err(sent)?;
    if after.voided {
        return Ok(Verdict::Approved(Reversed::default()));
    }
    let day = if after.is_settled {
        BankDay::Closed
    } else {
        decline.day
    };
    Ok(Verdict::Declined(Decline { day, ..decline }))
}

/// Gives a part of a sale back, or all of it. The bank has no points.
pub(crate) async fn refund<S: System>(
    context: BankContext<'_>,
    refund: Refund<'_>,
) -> Answer<Reversed> {
    if points_back(&refund)? > 0 {
        return Err(not_supported("the bank has no points"));
    }
    let order = refund.sale.order;
    let record = look_up::<S>(context, &refund.sale).await?;
    if let OrderStatus::Refused(decline) = record.status {
        return Ok(Verdict::Declined(decline));
    }
    let is_whole = refund.amount.minor == order.amount.minor;
    let names = names(record.names)?;
    let moved = Moved {
        kind: match (is_whole, order.phase) {
            (false, _) => Move::RefundPart,
            (true, Phase::Sale) => Move::Refund,
            (true, Phase::Hold) => Move::RefundHold,
        },
        order,
        names: &names,
        amount: refund.amount,
        client_ip: refund.client_ip,
    };
    let (said, refusal) = S::send(context, &moved).await?;
    match refusal_of_move(refusal)?.map(of_move) {
        None => Ok(Verdict::Approved(reversed(&moved, &said)?)),
        // Nothing is left of what was undone, or given back before.
        Some(decline) if matches!(record.status, OrderStatus::Voided) => {
            let group = ErrorGroup::MayHaveAlreadyRefunded;
            Ok(Verdict::Declined(Decline { group, ..decline }))
        }
        Some(decline) => Ok(Verdict::Declined(decline)),
    }
}

/// Takes what is held, all of it: the message has no amount.
pub(crate) async fn capture<S: System>(
    context: BankContext<'_>,
    capture: Capture<'_>,
) -> Answer<Charged> {
    let (hold, order) = (&capture.hold, capture.hold.order);
    if capture.amount != order.amount {
        return Err(not_supported("the bank takes a hold as a whole"));
    }
    let record = look_up::<S>(context, hold).await?;
    match record.status {
        OrderStatus::Captured(charged) => return Ok(Verdict::Approved(charged)),
        OrderStatus::Refused(decline) => return Ok(Verdict::Declined(decline)),
        _ => {}
    }
    let names = names(record.names)?;
    let moved = Moved {
        kind: Move::Capture,
        order,
        names: &names,
        amount: capture.amount,
        client_ip: capture.client_ip,
    };
    let (said, refusal) = S::send(context, &moved).await?;
    if let Some(decline) = refusal_of_move(refusal)? {
        return Ok(Verdict::Declined(decline));
    }
    let Reversed {
        auth_code,
        host_reference,
        ..
    } = reversed(&moved, &said)?;
    let or = |said: String, before: String| if said.is_empty() { before } else { said };
    Ok(Verdict::Approved(Charged {
        auth_code: or(auth_code, names.provision),
        host_reference: or(host_reference, names.rrn),
        transaction_id: names.order,
        ..Charged::default()
    }))
}

/// What two codes say of a void or refund, where an issuer's mean something else: it was undone before.
fn of_move(decline: Decline) -> Decline {
    match decline.code.as_str() {
        "21" | "28" => Decline {
            group: ErrorGroup::MayHaveAlreadyRefunded,
            ..decline
        },
        _ => decline,
    }
}

fn names(names: Option<Names>) -> Result<Names, Doubt> {
    names.ok_or_else(|| unreadable("the bank knows no such sale"))
}

/// The references of a move that was approved: it names our order, in both names.
fn reversed(moved: &Moved<'_>, said: &Element) -> Result<Reversed, Doubt> {
    let is_ours = said.exact(&["MerchantOrderId"])? == moved.order.id
        && said.exact(&["OrderId"])? == moved.names.order;
    if !is_ours {
        return Err(unauthentic("the reply is about another order"));
    }
    Ok(Reversed {
        auth_code: auth_code(said.exact(&["ProvisionNumber"])?)?,
        host_reference: reference(said.exact(&["RRN"])?)?,
        transaction_id: moved.names.order.clone(),
    })
}
