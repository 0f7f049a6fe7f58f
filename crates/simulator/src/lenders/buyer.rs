//! Shapes of the buyer's data. Only the shapes: whose number it is, a real bank asks elsewhere.

use super::loan::Missing;
use super::wire::{Buyer, Refusal};
use jiff::civil::Date;

/// Eleven digits, the first not zero.
pub(crate) fn is_identity_number(text: &str) -> bool {
    is_digits(text, 11) && !text.starts_with('0')
}

/// Ten digits from 5: `5xxxxxxxxx`.
pub(crate) fn is_phone_number(text: &str) -> bool {
    is_digits(text, 10) && text.starts_with('5')
}

/// `YYYY-MM-DD`, a real day from 1900 to `today`.
pub(crate) fn is_birth_date(text: &str, today: Date) -> bool {
    let day: Option<Date> = (text.len() == 10).then(|| text.parse().ok()).flatten();
    day.is_some_and(|day| day.year() >= 1900 && day <= today)
}

/// Checks what the shop sent, and answers what the page must ask.
pub(crate) fn missing(buyer: &Buyer, today: Date) -> Result<Missing, Refusal> {
    let wrong = |what: &str| Refusal::business("BUYER_INVALID", what);
    if buyer
        .identity_number
        .as_deref()
        .is_some_and(|number| !is_identity_number(number))
    {
        return Err(wrong("identityNumber is not eleven digits"));
    }
    if buyer
        .phone_number
        .as_deref()
        .is_some_and(|number| !is_phone_number(number))
    {
        return Err(wrong("phoneNumber is not 5xxxxxxxxx"));
    }
    if buyer
        .birth_date
        .as_deref()
        .is_some_and(|day| !is_birth_date(day, today))
    {
        return Err(wrong("birthDate is not a past day as YYYY-MM-DD"));
    }
    Ok(Missing {
        identity_number: buyer.identity_number.is_none(),
        phone_number: buyer.phone_number.is_none(),
        birth_date: buyer.birth_date.is_none(),
    })
}

fn is_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
}
