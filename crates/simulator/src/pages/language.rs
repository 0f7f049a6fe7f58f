//! Turkish or English: which of them a browser wants, and how each writes amounts, rates and days.

use http::{HeaderMap, header};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::istanbul;

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Language {
    /// Unless another is asked for.
    #[serde(rename = "tr")]
    Turkish,
    /// Everybody else's.
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// The language with this code.
    pub(crate) fn of_code(code: &str) -> Option<Language> {
        match code {
            "tr" => Some(Language::Turkish),
            "en" => Some(Language::English),
            _ => None,
        }
    }

    /// Its code, for `lang`.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Language::Turkish => "tr",
            Language::English => "en",
        }
    }

    /// The other one.
    pub(crate) fn other(self) -> Language {
        match self {
            Language::Turkish => Language::English,
            Language::English => Language::Turkish,
        }
    }

    /// `?lang=` if it names one, then what the browser prefers. Weights are not read: browsers
    /// list languages in the order of preference.
    pub(crate) fn of_request(query: Option<&str>, headers: &HeaderMap) -> Language {
        let query = query.unwrap_or_default().as_bytes();
        let named = form_urlencoded::parse(query)
            .find(|(name, _)| name == "lang")
            .and_then(|(_, code)| Language::of_code(&code));
        let accepted = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        named.unwrap_or_else(|| Language::of_browser(accepted))
    }

    fn of_browser(accepted: &str) -> Language {
        accepted
            .split(',')
            .filter_map(|entry| entry.trim().get(..2))
            .find_map(|code| Language::of_code(&code.to_ascii_lowercase()))
            .unwrap_or(Language::Turkish)
    }
}

/// Minor units as a person reads them: `12.345,67 ₺` or `₺12,345.67`. A currency without a sign
/// here goes by its code.
pub(crate) fn amount(minor: i64, currency: &str, language: Language) -> String {
    let (thousands, point) = match language {
        Language::Turkish => ('.', ','),
        Language::English => (',', '.'),
    };
    let digits = (minor / 100).unsigned_abs().to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(thousands);
        }
        grouped.push(digit);
    }
    let minus = if minor < 0 { "-" } else { "" };
    let number = format!("{grouped}{point}{:02}", (minor % 100).unsigned_abs());
    let lira = matches!(currency, "TL" | "TRY" | "949");
    match (language, lira) {
        (Language::Turkish, true) => format!("{minus}{number} ₺"),
        (Language::English, true) => format!("{minus}₺{number}"),
        (_, false) => format!("{minus}{number} {currency}"),
    }
}

/// A rate in millionths of a percent: `%3,59` or `3.59%`.
pub(crate) fn rate(millionths: i64, language: Language) -> String {
    let (whole, hundredths) = (millionths / 1_000_000, millionths % 1_000_000 / 10_000);
    match language {
        Language::Turkish => format!("%{whole},{hundredths:02}"),
        Language::English => format!("{whole}.{hundredths:02}%"),
    }
}

/// A moment in Istanbul: `10.03.2026 15:00` or `10 Mar 2026, 15:00`.
pub(crate) fn moment(at: Timestamp, language: Language) -> String {
    let format = match language {
        Language::Turkish => "%d.%m.%Y %H:%M",
        Language::English => "%d %b %Y, %H:%M",
    };
    istanbul(at).strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_rates_are_written_as_the_language_does() {
        assert_eq!(amount(1_234_567, "TL", Language::Turkish), "12.345,67 ₺");
        assert_eq!(
            amount(123_456_700, "949", Language::English),
            "₺1,234,567.00"
        );
        assert_eq!(amount(5, "TRY", Language::Turkish), "0,05 ₺");
        assert_eq!(amount(100_000, "US", Language::Turkish), "1.000,00 US");
        assert_eq!(amount(i64::MIN, "<b>", Language::English).len(), 30);
        assert_eq!(rate(3_590_000, Language::Turkish), "%3,59");
        assert_eq!(rate(4_050_000, Language::English), "4.05%");
    }

    #[test]
    fn a_moment_is_that_of_istanbul() {
        let at = "2026-03-10T22:30:00Z".parse().unwrap();
        assert_eq!(moment(at, Language::Turkish), "11.03.2026 01:30");
        assert_eq!(moment(at, Language::English), "11 Mar 2026, 01:30");
    }

    #[test]
    fn the_address_goes_before_the_browser_and_turkish_is_the_default() {
        let mut headers = HeaderMap::new();
        let wanted = |query, headers: &HeaderMap| Language::of_request(query, headers).code();
        assert_eq!(wanted(None, &headers), "tr");
        for (accepted, code) in [
            ("en-US,en;q=0.9,tr;q=0.8", "en"),
            ("tr-TR,tr;q=0.9,en;q=0.8", "tr"),
            ("de, EN", "en"),
            ("é", "tr"),
            ("de", "tr"),
        ] {
            headers.insert(
                header::ACCEPT_LANGUAGE,
                http::HeaderValue::from_bytes(accepted.as_bytes()).unwrap(),
            );
            assert_eq!(wanted(None, &headers), code, "{accepted}");
        }
        assert_eq!(wanted(Some("a=1&lang=en"), &headers), "en");
        assert_eq!(wanted(Some("lang=xx"), &headers), "tr");
    }
}
