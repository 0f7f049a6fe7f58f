//! Lira in whole kuruş: how answers tell them, and how people in both languages read them.

use super::pages::Lang;
use contract::enums::Currency;
use contract::money::{Decimal, Money};
use serde_json::Value;

/// A number of lira in an answer, in kuruş. Nothing for what is no such amount.
pub(super) fn kurus(value: &Value) -> Option<i64> {
    let number: Decimal = value.as_number()?.to_string().parse().ok()?;
    number.to_minor(Currency::Try).ok()
}

/// Kuruş as a number of lira for a request.
pub(super) fn lira(kurus: i64) -> Value {
    serde_json::to_value(Money::new(kurus, Currency::Try).decimal()).unwrap_or(Value::Null)
}

/// `1.234,56 ₺` in Turkish, `₺1,234.56` in English.
pub(super) fn spelled(kurus: i64, lang: Lang) -> String {
    let (thousands, point) = match lang {
        Lang::Tr => ('.', ','),
        Lang::En => (',', '.'),
    };
    let digits = (kurus / 100).unsigned_abs().to_string();
    let mut grouped = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(thousands);
        }
        grouped.push(digit);
    }
    let sign = if kurus < 0 { "-" } else { "" };
    let rest = (kurus % 100).unsigned_abs();
    match lang {
        Lang::Tr => format!("{sign}{grouped}{point}{rest:02}\u{a0}₺"),
        Lang::En => format!("{sign}₺{grouped}{point}{rest:02}"),
    }
}

/// A rate in an answer (`3.59`) as a percentage: `%3,59` in Turkish, `3.59%` in English. Empty for
/// what is no number.
pub(super) fn rate(value: &Value, lang: Lang) -> String {
    let Some(number) = value.as_number() else {
        return String::new();
    };
    match lang {
        Lang::Tr => format!("%{}", number.to_string().replace('.', ",")),
        Lang::En => format!("{number}%"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_spelled_in_both_languages() {
        assert_eq!(spelled(123_456, Lang::Tr), "1.234,56\u{a0}₺");
        assert_eq!(spelled(123_456, Lang::En), "₺1,234.56");
        assert_eq!(spelled(5, Lang::Tr), "0,05\u{a0}₺");
        assert_eq!(spelled(-100_000_000, Lang::En), "-₺1,000,000.00");
    }

    #[test]
    fn amounts_are_read_and_written_without_floats() {
        let read = |text: &str| kurus(&serde_json::from_str(text).unwrap());
        assert_eq!(read("12.35"), Some(1235));
        assert_eq!(read("0.001"), None);
        assert_eq!(read("\"1\""), None);
        assert_eq!(lira(219_990).to_string(), "2199.90");
    }
}
