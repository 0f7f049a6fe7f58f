//! The protocol's refusal codes, and what each means to the merchant.

use crate::bank::{BankDay, Decline};
use crate::scrub::kept_words;
use contract::errors::ErrorGroup;

const CODE_CHARACTERS_MAX: usize = 64;

/// A refusal in the lender's words. `fallback` is the group of a code that the document does not
/// list: lenders may add their own.
pub(super) fn decline(code: &str, message: &str, fallback: ErrorGroup) -> Decline {
    let plain = |letter: &char| letter.is_ascii_alphanumeric() || "_-.".contains(*letter);
    let code: String = code
        .chars()
        .filter(plain)
        .take(CODE_CHARACTERS_MAX)
        .collect();
    Decline {
        group: group_of(&code).unwrap_or(fallback),
        message: kept_words(message),
        day: day_of(&code),
        code,
    }
}

/// What a code says of the day on which the loan was disbursed.
fn day_of(code: &str) -> BankDay {
    match code {
        "DAY_OPEN" => BankDay::Open,
        "DAY_CLOSED" => BankDay::Closed,
        _ => BankDay::Unsaid,
    }
}

/// The error group of a listed code.
fn group_of(code: &str) -> Option<ErrorGroup> {
    let group = match code {
        "CLIENT_UNKNOWN" => ErrorGroup::ApmAccountNotFound,
        "SIGNATURE_WRONG" | "TIMESTAMP_STALE" => ErrorGroup::ApmAccountPermissionDenied,
        "REQUEST_INVALID"
        | "CART_MISMATCH"
        | "BUYER_INVALID"
        | "BANK_UNKNOWN"
        | "TERM_NOT_OFFERED"
        | "CURRENCY_NOT_SUPPORTED" => ErrorGroup::ApmValidationError,
        "TERM_ABOVE_LEGAL_LIMIT" | "CATEGORY_NOT_FINANCEABLE" => ErrorGroup::RestrictedByLaw,
        "AMOUNT_OUT_OF_RANGE" => ErrorGroup::InvalidAmount,
        "ORDER_ID_TAKEN" => ErrorGroup::OrderIdAlreadyUsed,
        "BANK_REJECTED" | "SHOPPER_DECLINED" => ErrorGroup::Declined,
        "LIMIT_NOT_SUFFICIENT" => ErrorGroup::NotSufficientFunds,
        "APPLICATION_CANCELLED" | "APPLICATION_EXPIRED" => ErrorGroup::BnplCancelled,
        "APPLICATION_REJECTED" => ErrorGroup::Declined,
        "AMOUNT_ABOVE_REST" => ErrorGroup::MayHaveAlreadyRefunded,
        "DAY_OPEN" => ErrorGroup::RequiresDayEnd,
        "DAY_CLOSED" | "REFUND_REFUSED" | "REFUNDS_EXHAUSTED" => ErrorGroup::RefundDecline,
        "BALANCE_NOT_SUFFICIENT" => ErrorGroup::PosBalanceNotSufficient,
        "APPLICATION_NOT_DISBURSED" => ErrorGroup::NonRefundablePayment,
        "APPLICATION_UNKNOWN" | "APPLICATION_NOT_READY" | "APPLICATION_DISBURSED" => {
            ErrorGroup::ApmError
        }
        _ => return None,
    };
    Some(group)
}
