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
        code,
        day: BankDay::Unsaid,
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
        "APPLICATION_UNKNOWN" | "APPLICATION_NOT_READY" | "APPLICATION_DISBURSED" => {
            ErrorGroup::ApmError
        }
        _ => return None,
    };
    Some(group)
}
