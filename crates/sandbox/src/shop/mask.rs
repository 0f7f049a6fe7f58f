//! What of a call may be shown: never a security code, a whole card number, or somebody's
//! identity number. It is masked before it is kept.

use super::buyer::TEST_IDENTITY_NUMBER;
use serde_json::Value;

/// Longest text in a shown answer; `htmlContent` is longer.
const TEXT_MAX: usize = 160;
const STARS: &str = "***";

/// The value with everything secret masked, at any depth.
pub(super) fn masked(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), field(name, value)))
            .collect(),
        Value::Array(values) => values.iter().map(masked).collect(),
        other => other.clone(),
    }
}

fn field(name: &str, value: &Value) -> Value {
    match (name, value) {
        ("cardNumber", Value::String(number)) => Value::String(card_number(number)),
        ("cardNumber" | "cvc" | "cardHolderIdentityNumber", Value::Null) => Value::Null,
        ("cardNumber" | "cvc" | "cardHolderIdentityNumber", _) => Value::String(STARS.to_owned()),
        ("buyerIdentityNumber", number) if number != TEST_IDENTITY_NUMBER => {
            Value::String(STARS.to_owned())
        }
        (_, other) => masked(other),
    }
}

/// First six and last four digits; nothing of what is too short to be a card number.
pub(super) fn card_number(number: &str) -> String {
    match ends(number) {
        Some((first, last)) => format!("{first}****{last}"),
        None => STARS.to_owned(),
    }
}

/// First six and last four digits, of 12 to 19.
pub(super) fn ends(number: &str) -> Option<(&str, &str)> {
    let sound = (12..=19).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    if sound {
        Some((number.get(..6)?, number.get(number.len() - 4..)?))
    } else {
        None
    }
}

/// Long texts (a page for the browser) cut for the eye.
pub(super) fn shortened(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), shortened(value)))
            .collect(),
        Value::Array(values) => values.iter().map(shortened).collect(),
        Value::String(text) if text.chars().count() > TEXT_MAX => {
            let start: String = text.chars().take(TEXT_MAX).collect();
            Value::String(format!("{start}… ({})", text.chars().count()))
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_and_codes_are_masked_at_any_depth() {
        let shown = masked(&json!({
            "card": { "cardNumber": "4043080000000003", "cvc": "123", "expireYear": "2044" },
            "cards": [{ "cardNumber": "12345", "cvc": 123 }],
            "additionalParams": { "buyerIdentityNumber": "12345678901" },
        }));
        assert_eq!(
            shown.to_string(),
            r#"{"card":{"cardNumber":"404308****0003","cvc":"***","expireYear":"2044"},"cards":[{"cardNumber":"***","cvc":"***"}],"additionalParams":{"buyerIdentityNumber":"***"}}"#
        );
        let test = json!({ "buyerIdentityNumber": TEST_IDENTITY_NUMBER });
        assert_eq!(masked(&test), test);
    }

    #[test]
    fn long_texts_are_cut_between_letters() {
        let long = json!({ "htmlContent": "ş".repeat(400) });
        let text = shortened(&long)["htmlContent"].as_str().unwrap().to_owned();
        assert!(text.starts_with('ş') && text.ends_with("… (400)"));
    }
}
