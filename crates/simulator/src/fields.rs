//! Fields of forms and messages, and how those that every bank has are read.

use std::collections::HashMap;

use crate::ledger::ACCOUNT_END;

const MAX_ORDER_ID: usize = 64;

/// A form's fields; of several under a name the last one counts.
pub(crate) struct Form(HashMap<String, String>);

impl Form {
    /// Reads the body of a browser's POST.
    pub(crate) fn read(body: &[u8]) -> Form {
        Form(form_urlencoded::parse(body).into_owned().collect())
    }

    /// A field's text; empty without one.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// All fields, in no order.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Those of the named fields that are there.
    pub(crate) fn pick(&self, names: &[&str]) -> HashMap<String, String> {
        let there = |name: &&str| Some(((*name).to_owned(), self.0.get(*name)?.clone()));
        names.iter().filter_map(there).collect()
    }
}

/// A whole number of kuruş, never negative.
pub(crate) fn kurus(digits: &str) -> Option<i64> {
    let plain = !digits.is_empty() && digits.len() <= 12;
    (plain && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// Lira with up to two digits behind a point, in kuruş.
pub(crate) fn lira(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "00"));
    let pair = match part.len() {
        1 => format!("{part}0"),
        2 => part.to_owned(),
        _ => return None,
    };
    kurus(whole)?
        .checked_mul(100)?
        .checked_add(kurus(&pair)?)
        .filter(|_| whole.len() <= 10)
}

/// Kuruş as lira with two digits behind a point.
pub(crate) fn in_lira(kurus: i64) -> String {
    format!("{}.{:02}", kurus / 100, kurus % 100)
}

/// ISO 4217 numbers that banks take.
pub(crate) fn is_currency(number: &str) -> bool {
    ["949", "840", "978", "826", "392", "643"].contains(&number)
}

/// What can be an order id; the slash is the ledger's.
pub(crate) fn is_order_id(id: &str) -> bool {
    let sound = |letter: char| !letter.is_control() && letter != ACCOUNT_END;
    !id.is_empty() && id.chars().count() <= MAX_ORDER_ID && id.chars().all(sound)
}

/// A masked card number in groups of four, as banks print it.
pub(crate) fn grouped(masked: &str) -> String {
    let mut out = String::with_capacity(masked.len() + 4);
    for (index, character) in masked.chars().enumerate() {
        if index > 0 && index % 4 == 0 {
            out.push(' ');
        }
        out.push(character);
    }
    out
}

/// `YYMM` or `MMYY` digits as (year of two digits, month).
pub(crate) fn expiry(digits: &str, year_first: bool) -> Option<(i16, i8)> {
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (left, right) = digits.split_at(2);
    let (year, month) = if year_first {
        (left, right)
    } else {
        (right, left)
    };
    Some((year.parse().ok()?, month.parse().ok()?))
}
