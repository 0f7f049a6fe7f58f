//! What becomes of an order at Garanti after it was taken or held: undone on the same day, given back
//! in whole or in part, or captured. The inquiries that it is compared with stand in `record`.

use super::record::{self, Record, look_up};
use super::{
    GATEWAY, NO_TRANSACTION, NOT_FOUND, Question, batch_and_sequence, charged, exchange, refusal,
    user,
};
use crate::bank::{
    Answer, BankContext, BankDay, Capture, Charged, Decline, Doubt, GivenBack, HoldStatus, Order,
    OrderRef, OrderStatus, Refund, Reversed, Verdict,
};
use crate::banks::{
    auth_code, check_capture, points_back, reference, refusal_of_move, refused_capture, sent,
    unreadable,
};
use crate::xml::Element;
use contract::enums::PosOperationType;
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

/// What a move about an order goes by: the reference that it names, or an answer without asking.
enum Original {
    Reference(String),
    Undone,
    Refused(Decline),
}

/// Every later move needs the order's reference; when we have none, the bank is asked first.
async fn original(context: BankContext<'_>, order: &OrderRef<'_>) -> Result<Original, Doubt> {
    if let Some(reference) = order.host_reference {
        return Ok(Original::Reference(reference.to_owned()));
    }
    match look_up(context, order).await?.status {
        OrderStatus::Captured(charged) | OrderStatus::Held(charged)
            if !charged.host_reference.is_empty() =>
        {
            Ok(Original::Reference(charged.host_reference))
        }
        OrderStatus::Voided => Ok(Original::Undone),
        OrderStatus::Refused(decline) => Ok(Original::Refused(decline)),
        // What is undone was seen to be taken: the bank contradicts itself, or is not done yet.
        _ => Err(unreadable("the bank knows no such sale")),
    }
}

pub(crate) async fn void(context: BankContext<'_>, order: OrderRef<'_>) -> Answer<Reversed> {
    let undoer = user(context, PosOperationType::Provrfn)?;
    let reference = match original(context, &order).await? {
        Original::Reference(reference) => reference,
        Original::Undone => return Ok(Verdict::Approved(Reversed::default())),
        Original::Refused(decline) => return Ok(Verdict::Declined(decline)),
    };
    let question = Question {
        original: Some(&reference),
        // A void undoes a whole sale: instalments are the sale's business.
        installment: 1,
        ..Question::about("void", undoer, order.order)
    };
    let reply = exchange(context, &question).await?;
    let Some(decline) = refusal_of_move(refusal(&reply)?)? else {
        return Ok(Verdict::Approved(reversed(&reply)?));
    };
    // Refused, perhaps because it was undone before: then that is what was wanted. Unanswered, or
    // answered by a contradiction, the refusal alone proves nothing: the void is tried again later.
    match look_up(context, &order).await.map(|record| record.status) {
        Ok(OrderStatus::Voided) => Ok(Verdict::Approved(Reversed::default())),
        Ok(OrderStatus::Captured(_) | OrderStatus::Held(_) | OrderStatus::Refused(_)) => {
            Ok(Verdict::Declined(of_money_back(decline)))
        }
        Ok(OrderStatus::NotFound | OrderStatus::Pending | OrderStatus::ToReverse(_)) => {
            Err(unreadable("the bank knows no sale to void"))
        }
        Err(unanswered) => Err(sent(unanswered)),
    }
}

/// Gives a part of a sale back, or all of it. The bank takes the points among it from its own record
/// of the sale: no field for them is public.
pub(crate) async fn refund(context: BankContext<'_>, refund: Refund<'_>) -> Answer<Reversed> {
    let undoer = user(context, PosOperationType::Provrfn)?;
    points_back(&refund)?;
    let reference = match original(context, &refund.sale).await? {
        Original::Reference(reference) => reference,
        Original::Undone => return Ok(undone_before(ErrorGroup::MayHaveAlreadyRefunded)),
        Original::Refused(decline) => return Ok(Verdict::Declined(decline)),
    };
    let question = Question {
        original: Some(&reference),
        amount: refund.amount,
        installment: 1,
        client_ip: refund.client_ip,
        ..Question::about("refund", undoer, refund.sale.order)
    };
    let reply = exchange(context, &question).await?;
    let Some(decline) = refusal_of_move(refusal(&reply)?)? else {
        return Ok(Verdict::Approved(reversed(&reply)?));
    };
    let decline = of_money_back(decline);
    // The gateway says the same of a sale that cannot be refunded yet and of one that has nothing left.
    let unfit = decline.group == ErrorGroup::InvalidRefundTransaction;
    if unfit && let Ok(before) = record::given_back(context, &refund.sale).await {
        let all = before.refunded == Some(refund.sale.order.amount.minor);
        if before.voided || all {
            return Ok(Verdict::Declined(Decline {
                group: ErrorGroup::MayHaveAlreadyRefunded,
                ..decline
            }));
        }
    }
    Ok(Verdict::Declined(decline))
}

/// What was given back of an order.
pub(crate) async fn given_back(
    context: BankContext<'_>,
    order: OrderRef<'_>,
) -> Result<GivenBack, Doubt> {
    record::given_back(context, &order).await
}

/// Takes an amount that is held. A refusal by the gateway is looked into: it may have been taken
/// before.
pub(crate) async fn capture(context: BankContext<'_>, capture: Capture<'_>) -> Answer<Charged> {
    let seller = user(context, PosOperationType::Provaut)?;
    let (hold, amount) = (&capture.hold, capture.amount);
    check_capture(&capture)?;
    let reference = match original(context, hold).await? {
        Original::Reference(reference) => reference,
        Original::Undone => return Ok(undone_before(ErrorGroup::InvalidTransaction)),
        Original::Refused(decline) => return Ok(Verdict::Declined(decline)),
    };
    let taken = Order {
        amount,
        ..hold.order.clone()
    };
    let question = Question {
        original: Some(&reference),
        client_ip: capture.client_ip,
        ..Question::about("postauth", seller, &taken)
    };
    let reply = exchange(context, &question).await?;
    let decline = match refusal_of_move(refusal(&reply)?)? {
        None => return Ok(Verdict::Approved(charged(&reply)?)),
        Some(decline) => decline,
    };
    if reply.exact(&["Transaction", "Response", "Code"])? != GATEWAY {
        return Ok(Verdict::Declined(decline));
    }
    let Record { status, taken } = look_up(context, hold).await.map_err(sent)?;
    refused_capture((status, taken), amount, decline)
}

/// The bank's record says that the order was undone: no move was sent.
fn undone_before<T>(group: ErrorGroup) -> Verdict<T> {
    Verdict::Declined(Decline {
        group,
        code: String::new(),
        message: String::new(),
        day: BankDay::Unsaid,
    })
}

/// The references of a void or refund.
fn reversed(reply: &Element) -> Result<Reversed, Doubt> {
    let exact = |name| reply.exact(&["Transaction", name]);
    let words = |name| reply.words(&["Transaction", name]);
    Ok(Reversed {
        auth_code: auth_code(exact("AuthCode")?)?,
        host_reference: reference(exact("RetrefNum")?)?,
        transaction_id: batch_and_sequence(&words("BatchNum"), &words("SequenceNum")),
    })
}

/// What the gateway's "no such order" and "no such transaction" say of an order that is to be undone
/// or given back.
fn of_money_back(decline: Decline) -> Decline {
    match decline.code.as_str() {
        NOT_FOUND | NO_TRANSACTION => Decline {
            group: ErrorGroup::PaymentNotFoundForRefund,
            ..decline
        },
        _ => decline,
    }
}
