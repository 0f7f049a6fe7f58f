//! What became of an order at Garanti, and undoing it on the same day.
//!
//! The hash of a reply covers its outcome but not the inquired order, so the amount of that is
//! compared with ours.

use super::{
    GATEWAY, NO_TRANSACTION, NOT_FOUND, Question, batch_and_sequence, error_group, exchange,
    refusal, user,
};
use crate::bank::{
    Answer, BankContext, BankDay, Capture, Charged, Decline, Doubt, GivenBack, Order, OrderRef,
    OrderStatus, Refund, Reversed, RewardMoney, Verdict,
};
use crate::banks::{
    check_sale, message, minor_units, other_sale, question_refused, refusal_of_move, unreadable,
};
use crate::xml::Element;
use contract::enums::PosOperationType;
use contract::errors::ErrorGroup;

/// A void needs the sale's reference; when nobody has it, the bank is asked first.
pub(crate) async fn void(context: BankContext<'_>, order: OrderRef<'_>) -> Answer<Reversed> {
    let undoer = user(context, PosOperationType::Provrfn)?;
    let reference = match order.host_reference {
        Some(reference) => reference.to_owned(),
        None => match look_up(context, &order).await? {
            OrderStatus::Captured(charged) => charged.host_reference,
            OrderStatus::Voided => return Ok(Verdict::Approved(Reversed::default())),
            OrderStatus::Refused(decline) => return Ok(Verdict::Declined(decline)),
            // What is undone was seen to be taken: the bank contradicts itself, or is not done yet.
            OrderStatus::NotFound | OrderStatus::Pending => {
                return Err(unreadable("the bank knows no sale to void"));
            }
        },
    };
    let question = Question {
        original: Some(&reference),
        // A void undoes a whole sale: instalments are the sale's business.
        installment: 1,
        ..Question::about("void", undoer, order.order)
    };
    let Some(decline) = refusal_of_move(refusal(&exchange(context, &question).await?)?)? else {
        return Ok(Verdict::Approved(Reversed::default()));
    };
    // Refused, perhaps because it was undone before: then that is what was wanted. Unanswered, or
    // answered by a contradiction, the refusal alone proves nothing: the void is tried again later.
    match look_up(context, &order).await {
        Ok(OrderStatus::Voided) => Ok(Verdict::Approved(Reversed::default())),
        Ok(OrderStatus::Captured(_) | OrderStatus::Refused(_)) => Ok(Verdict::Declined(decline)),
        Ok(OrderStatus::NotFound | OrderStatus::Pending) => {
            Err(unreadable("the bank knows no sale to void"))
        }
        Err(unanswered) => Err(Doubt {
            may_have_been_sent: true,
            ..unanswered
        }),
    }
}

pub(super) async fn look_up(
    context: BankContext<'_>,
    order: &OrderRef<'_>,
) -> Result<OrderStatus, Doubt> {
    let seller = user(context, PosOperationType::Provaut)?;
    let reply = exchange(context, &Question::about("orderinq", seller, order.order)).await?;
    let inquiry = reply.at(&["Order", "OrderInqResult"])?;
    let code = match inquiry {
        Some(inquiry) => inquiry.exact(&["Code"])?,
        None => "",
    };
    let status = match inquiry {
        Some(inquiry) => inquiry.exact(&["Status"])?.to_ascii_uppercase(),
        None => String::new(),
    };
    if let Some(decline) = refusal(&reply)? {
        // Both are reasons of the gateway: the same digits from an issuer mean something else.
        let by_gateway = reply.exact(&["Transaction", "Response", "Code"])? == GATEWAY;
        return match decline.code.as_str() {
            NOT_FOUND | NO_TRANSACTION if by_gateway => Ok(OrderStatus::NotFound),
            // The reply repeats the issuer's refusal of the sale itself. The gateway's own code may be
            // about the question, and a status that says something else contradicts it.
            _ if !matches!(code, "" | "00" | GATEWAY)
                && matches!(status.as_str(), "" | "DECLINED" | "REJECTED" | "FAILED")
                && code == reply.exact(&["Transaction", "Response", "Code"])? =>
            {
                if let Some(inquiry) = inquiry {
                    check_record(inquiry, order)?;
                }
                Ok(OrderStatus::Refused(decline))
            }
            _ => Err(question_refused(decline.group)),
        };
    }
    let inquiry = inquiry.ok_or_else(|| unreadable("the inquiry answers no order"))?;
    check_record(inquiry, order)?;
    read_status(inquiry, order.order)
}

/// A record of the order is compared with what we sent; no currency stands in it.
fn check_record(inquiry: &Element, order: &OrderRef<'_>) -> Result<(), Doubt> {
    let exact = |name| inquiry.exact(&[name]);
    let sold_at = match exact("AuthDate")? {
        "" => exact("ProvDate")?,
        sold_at => sold_at,
    };
    check_sale(order, exact("CardNumberMasked")?, sold_at)
}

/// Recorded are APPROVED and WAITINGPOSTAUTH, and an empty status beside "not found"; the words for a
/// voided order are not public, so the likely ones are all taken for it. An empty status alone, or one
/// that its code contradicts, is doubt.
fn read_status(inquiry: &Element, order: &Order) -> Result<OrderStatus, Doubt> {
    let exact = |name| inquiry.exact(&[name]);
    let (code, status) = (exact("Code")?, exact("Status")?.to_ascii_uppercase());
    let refused = !matches!(code, "" | "00");
    match status.as_str() {
        "APPROVED" if !refused => read_captured(inquiry, order),
        "VOID" | "VOIDED" | "CANCELLED" | "CANCELED" | "REVERSED" if !refused => {
            Ok(OrderStatus::Voided)
        }
        "PENDING" | "WAITING" if !refused => Ok(OrderStatus::Pending),
        "DECLINED" | "REJECTED" | "FAILED" | "" if refused => {
            let words = inquiry.words(&["SysErrMsg"]);
            Ok(OrderStatus::Refused(Decline {
                group: error_group(code, exact("ReasonCode")?, &words),
                code: message(code),
                message: words,
                day: BankDay::Unsaid,
            }))
        }
        "DECLINED" | "REJECTED" | "FAILED" => Ok(OrderStatus::Refused(Decline {
            group: ErrorGroup::Declined,
            code: String::new(),
            message: inquiry.words(&["SysErrMsg"]),
            day: BankDay::Unsaid,
        })),
        _ => Err(unreadable(
            "the inquiry answers a status that no order of ours has",
        )),
    }
}

fn read_captured(inquiry: &Element, order: &Order) -> Result<OrderStatus, Doubt> {
    let amount = |name| inquiry.exact(&[name]).map(minor_units);
    let (bonus, firm) = (
        amount("UsedBnsAmount")?.unwrap_or(0),
        amount("UsedFBBAmount")?.unwrap_or(0),
    );
    let taken = amount("AuthAmount")?.ok_or_else(|| unreadable("the inquiry answers no amount"))?;
    // Whether the amount is the whole price or what the card paid of it is not documented.
    let whole = taken
        .checked_add(bonus)
        .and_then(|sum| sum.checked_add(firm));
    if taken != order.amount.minor && whole != Some(order.amount.minor) {
        return Err(other_sale("the inquiry answers another amount"));
    }
    let spent = RewardMoney {
        card: bonus,
        firm,
        mile: 0,
    };
    let words = |name| inquiry.words(&[name]);
    Ok(OrderStatus::Captured(Charged {
        auth_code: message(inquiry.exact(&["AuthCode"])?),
        host_reference: message(inquiry.exact(&["RetrefNum"])?),
        transaction_id: batch_and_sequence(&words("BatchNum"), &words("SequenceNum")),
        holder_name: words("CardHolderName"),
        spent: Some(spent).filter(|spent| *spent != RewardMoney::default()),
        ..Charged::default()
    }))
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
