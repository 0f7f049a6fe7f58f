//! Lira in whole kuruş, as answers tell them and as people read them.

use contract::enums::Currency;
use contract::money::Decimal;
use serde_json::Value;

/// A number of lira in an answer, in kuruş; `None` for what is no such amount.
pub(crate) fn kurus(value: &Value) -> Option<i64> {
    let number: Decimal = value.as_number()?.to_string().parse().ok()?;
    number.to_minor(Currency::Try).ok()
}

/// Kuruş as lira with two places, under these signs for thousands and point; without a minus.
pub(crate) fn grouped(kurus: i64, thousands: char, point: char) -> String {
    let digits = (kurus / 100).unsigned_abs().to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(thousands);
        }
        text.push(digit);
    }
    format!("{text}{point}{:02}", (kurus % 100).unsigned_abs())
}

/// What stands before an amount below nothing.
pub(crate) fn sign(kurus: i64) -> &'static str {
    if kurus < 0 { "-" } else { "" }
}
