//! How amounts, moments and shares look to a Turkish and to an English reader.

use crate::clock::istanbul;
use contract::enums::Currency;
use contract::errors::Language;
use jiff::{Timestamp, Zoned};

const MONTHS_TR: [&str; 12] = [
    "Oca", "Şub", "Mar", "Nis", "May", "Haz", "Tem", "Ağu", "Eyl", "Eki", "Kas", "Ara",
];
const MONTHS_EN: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A whole number with its thousands apart: `1.234` and `1,234`.
pub(super) fn number(language: Language, value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mark = match language {
        Language::Tr => '.',
        Language::En => ',',
    };
    let mut text = String::new();
    if value < 0 {
        text.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(mark);
        }
        text.push(digit);
    }
    text
}

/// How long something took: what is under a millisecond took its time, too.
pub(super) fn took(language: Language, milliseconds: i64) -> String {
    match milliseconds {
        ..=0 => "<1\u{a0}ms".to_owned(),
        _ => format!("{}\u{a0}ms", number(language, milliseconds)),
    }
}

/// Minor units of a currency: `1.234,56 ₺` and `₺1,234.56`. The blank does not break.
pub(super) fn money(language: Language, minor: i64, currency: Currency) -> String {
    let exponent = currency.exponent();
    let unit = 10i64.checked_pow(exponent).unwrap_or(1);
    let (whole, rest) = (minor / unit, (minor % unit).abs());
    let point = match language {
        Language::Tr => ',',
        Language::En => '.',
    };
    let mut text = number(language, whole);
    if minor < 0 && whole == 0 {
        text.insert(0, '-');
    }
    if exponent > 0 {
        let width = usize::try_from(exponent).unwrap_or(0);
        text.push_str(&format!("{point}{rest:0width$}"));
    }
    let sign = match currency {
        Currency::Try => "₺",
        Currency::Usd => "$",
        Currency::Eur => "€",
        Currency::Gbp => "£",
        other => return format!("{text}\u{a0}{}", other.as_str()),
    };
    match (language, text.strip_prefix('-')) {
        (Language::Tr, _) => format!("{text}\u{a0}{sign}"),
        (Language::En, Some(positive)) => format!("-{sign}{positive}"),
        (Language::En, None) => format!("{sign}{text}"),
    }
}

/// A share in tenths of a percent: `%97,3` and `97.3%`. A dash without a whole.
pub(super) fn share(language: Language, part: i64, whole: i64) -> String {
    if whole <= 0 {
        return "–".to_owned();
    }
    let tenths = (part.saturating_mul(2000) / whole + 1) / 2;
    let (percent, tenth) = (tenths / 10, tenths % 10);
    match language {
        Language::Tr => format!("%{percent},{tenth}"),
        Language::En => format!("{percent}.{tenth}%"),
    }
}

/// An interest rate in millionths of a percent: `%3,29` and `3.29%`; two digits after the point or as
/// many as it has.
pub(super) fn rate(language: Language, millionths: i64) -> String {
    const UNIT: i64 = 1_000_000;
    let point = match language {
        Language::Tr => ',',
        Language::En => '.',
    };
    let digits = format!("{:06}", (millionths % UNIT).abs());
    let (shown, exact) = digits.split_at(2);
    let sign = if millionths < 0 && millionths / UNIT == 0 {
        "-"
    } else {
        ""
    };
    let text = format!(
        "{sign}{}{point}{shown}{}",
        number(language, millionths / UNIT),
        exact.trim_end_matches('0')
    );
    match language {
        Language::Tr => format!("%{text}"),
        Language::En => format!("{text}%"),
    }
}

fn month(language: Language, at: &Zoned) -> &'static str {
    let months = match language {
        Language::Tr => &MONTHS_TR,
        Language::En => &MONTHS_EN,
    };
    let place = usize::try_from(at.month() - 1).unwrap_or(0);
    months.get(place).copied().unwrap_or("")
}

/// A day in Istanbul: `22 Kas 2026`.
pub(super) fn day(language: Language, time: Timestamp) -> String {
    let at = istanbul(time);
    format!("{} {} {}", at.day(), month(language, &at), at.year())
}

/// A moment in Istanbul, to the second: `22 Kas 2026 14:05:09`.
pub(super) fn moment(language: Language, time: Timestamp) -> String {
    let at = istanbul(time);
    format!("{} {}", day(language, time), at.strftime("%H:%M:%S"))
}

/// A moment to the millisecond, where several things happen in one second.
pub(super) fn instant(language: Language, time: Timestamp) -> String {
    let at = istanbul(time);
    format!("{} {}", day(language, time), at.strftime("%H:%M:%S%.3f"))
}

/// For `<time datetime>`.
pub(super) fn machine(time: Timestamp) -> String {
    istanbul(time).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// A document on one line is hard to read: JSON is indented, and every element of XML gets a line.
pub(super) fn in_lines(text: &str) -> String {
    if text.trim_start().starts_with('{')
        && let Ok(value) = serde_json::from_str::<serde_json::Value>(text)
        && let Ok(lines) = serde_json::to_string_pretty(&value)
    {
        return lines;
    }
    text.replace("><", ">\n<")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_in_both_languages() {
        for (minor, currency, tr, en) in [
            (123_456, Currency::Try, "1.234,56\u{a0}₺", "₺1,234.56"),
            (5, Currency::Try, "0,05\u{a0}₺", "₺0.05"),
            (-5, Currency::Try, "-0,05\u{a0}₺", "-₺0.05"),
            (
                -123_456_789,
                Currency::Usd,
                "-1.234.567,89\u{a0}$",
                "-$1,234,567.89",
            ),
            (1500, Currency::Jpy, "1.500\u{a0}JPY", "1,500\u{a0}JPY"),
        ] {
            assert_eq!(money(Language::Tr, minor, currency), tr);
            assert_eq!(money(Language::En, minor, currency), en);
        }
    }

    #[test]
    fn what_took_no_millisecond_took_less_than_one() {
        assert_eq!(took(Language::Tr, 0), "<1\u{a0}ms");
        assert_eq!(took(Language::En, 1234), "1,234\u{a0}ms");
    }

    #[test]
    fn shares_and_moments() {
        assert_eq!(share(Language::Tr, 2, 3), "%66,7");
        assert_eq!(share(Language::En, 1, 1), "100.0%");
        assert_eq!(share(Language::En, 0, 0), "–");
        assert_eq!(rate(Language::Tr, 3_290_000), "%3,29");
        assert_eq!(rate(Language::En, 4_012_500), "4.0125%");
        let time: Timestamp = "2026-11-22T21:05:09Z".parse().unwrap();
        assert_eq!(moment(Language::Tr, time), "23 Kas 2026 00:05:09");
        assert_eq!(day(Language::En, time), "23 Nov 2026");
        assert_eq!(machine(time), "2026-11-23T00:05:09+03:00");
    }
}
