//! What became of an order at Garanti, and undoing it on the same day.
//!
//! The hash of a reply covers its outcome but not the inquired order, so the amount of that is
//! compared with ours.

use super::{
    NO_TRANSACTION, NOT_FOUND, Question, batch_and_sequence, error_group, exchange, refusal, user,
};
use crate::bank::{
    Answer, Charged, Decline, Doubt, Line, Order, OrderRef, RewardMoney, Standing, Verdict,
};
use crate::banks::{
    message, minor_units, question_refused, refusal_of_move, unauthentic, unreadable,
};
use crate::xml::Element;
use contract::enums::PosOperationType;
use contract::errors::ErrorGroup;

/// A void needs the sale's reference; when nobody has it, the bank is asked first.
pub(super) async fn void(line: Line<'_>, order: OrderRef<'_>) -> Answer<()> {
    let undoer = user(line, PosOperationType::Provrfn)?;
    let reference = match order.host_reference {
        Some(reference) => reference.to_owned(),
        None => match look_up(line, order.order).await? {
            Standing::Taken(charged) => charged.host_reference,
            Standing::Voided => return Ok(Verdict::Approved(())),
            Standing::Refused(decline) => return Ok(Verdict::Declined(decline)),
            Standing::NotFound | Standing::Pending => {
                return Ok(Verdict::Declined(Decline {
                    group: ErrorGroup::PaymentNotFoundForRefund,
                    code: NOT_FOUND.to_owned(),
                    message: String::new(),
                }));
            }
        },
    };
    let question = Question {
        original: Some(&reference),
        // A void undoes a whole sale: instalments are the sale's business.
        installment: 1,
        ..Question::about("void", undoer, order.order)
    };
    let Some(decline) = refusal_of_move(refusal(&exchange(line, &question).await?)?)? else {
        return Ok(Verdict::Approved(()));
    };
    // Refused, perhaps because it was undone before: then that is what was wanted.
    match look_up(line, order.order).await {
        Ok(Standing::Voided) => Ok(Verdict::Approved(())),
        _ => Ok(Verdict::Declined(decline)),
    }
}

pub(super) async fn look_up(line: Line<'_>, order: &Order) -> Result<Standing, Doubt> {
    let seller = user(line, PosOperationType::Provaut)?;
    let reply = exchange(line, &Question::about("orderinq", seller, order)).await?;
    let inquiry = reply.at(&["Order", "OrderInqResult"]);
    if let Some(decline) = refusal(&reply)? {
        return match decline.code.as_str() {
            NOT_FOUND | NO_TRANSACTION => Ok(Standing::NotFound),
            // The reply repeats the refusal of the sale itself.
            _ if inquiry.is_some_and(|inquiry| refused_code(inquiry).is_some()) => {
                Ok(Standing::Refused(decline))
            }
            _ => Err(question_refused(decline.group)),
        };
    }
    let inquiry = inquiry.ok_or_else(|| unreadable("the inquiry answers no order"))?;
    read_standing(inquiry, order)
}

fn refused_code(inquiry: &Element) -> Option<&str> {
    Some(inquiry.text(&["Code"])).filter(|code| !matches!(*code, "" | "00"))
}

/// Recorded are APPROVED, WAITINGPOSTAUTH and an empty status; the words for a voided order are
/// not public, so the likely ones are all taken for it.
fn read_standing(inquiry: &Element, order: &Order) -> Result<Standing, Doubt> {
    let text = |name| inquiry.text(&[name]);
    if let Some(code) = refused_code(inquiry) {
        let words = message(text("SysErrMsg"));
        let group = error_group(code, text("ReasonCode"), text("SysErrMsg"));
        return Ok(Standing::Refused(Decline {
            group,
            code: message(code),
            message: words,
        }));
    }
    match text("Status") {
        "APPROVED" => {}
        "VOID" | "VOIDED" | "CANCELLED" | "CANCELED" | "REVERSED" => return Ok(Standing::Voided),
        "DECLINED" | "REJECTED" | "FAILED" => {
            let words = message(text("SysErrMsg"));
            let group = ErrorGroup::Declined;
            return Ok(Standing::Refused(Decline {
                group,
                code: String::new(),
                message: words,
            }));
        }
        "PENDING" | "WAITING" => return Ok(Standing::Pending),
        "" => return Ok(Standing::NotFound),
        _ => {
            return Err(unreadable(
                "the inquiry answers a status that no order of ours has",
            ));
        }
    }
    let amount = |name| minor_units(text(name));
    let (bonus, firm) = (
        amount("UsedBnsAmount").unwrap_or(0),
        amount("UsedFBBAmount").unwrap_or(0),
    );
    let taken = amount("AuthAmount").ok_or_else(|| unreadable("the inquiry answers no amount"))?;
    // Whether the amount is the whole price or what the card paid of it is not documented.
    let whole = taken
        .checked_add(bonus)
        .and_then(|sum| sum.checked_add(firm));
    if taken != order.amount.minor && whole != Some(order.amount.minor) {
        return Err(unauthentic("the inquiry answers another amount"));
    }
    let spent = RewardMoney {
        card: bonus,
        firm,
        mile: 0,
    };
    Ok(Standing::Taken(Charged {
        auth_code: message(text("AuthCode")),
        host_reference: message(text("RetrefNum")),
        transaction_id: batch_and_sequence(text("BatchNum"), text("SequenceNum")),
        holder_name: message(text("CardHolderName")),
        spent: Some(spent).filter(|spent| *spent != RewardMoney::default()),
        ..Charged::default()
    }))
}
