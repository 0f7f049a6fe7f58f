//! Lira in whole kuruş: how requests tell them, and how people in both languages read them.

use super::lang::Lang;
use crate::amounts::{grouped, sign};
use contract::enums::Currency;
use contract::money::Money;
use serde_json::Value;

/// Kuruş as a number of lira for a request.
pub(super) fn lira(kurus: i64) -> Value {
    serde_json::to_value(Money::new(kurus, Currency::Try).decimal()).unwrap_or(Value::Null)
}

/// `1.234,56 ₺` in Turkish, `₺1,234.56` in English.
pub(super) fn money_text(kurus: i64, lang: Lang) -> String {
    let sign = sign(kurus);
    match lang {
        Lang::Tr => format!("{sign}{}\u{a0}₺", grouped(kurus, '.', ',')),
        Lang::En => format!("{sign}₺{}", grouped(kurus, ',', '.')),
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
    use crate::amounts::kurus;

    #[test]
    fn amounts_are_spelled_in_both_languages() {
        assert_eq!(money_text(123_456, Lang::Tr), "1.234,56\u{a0}₺");
        assert_eq!(money_text(123_456, Lang::En), "₺1,234.56");
        assert_eq!(money_text(5, Lang::Tr), "0,05\u{a0}₺");
        assert_eq!(money_text(-100_000_000, Lang::En), "-₺1,000,000.00");
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
