//! Amounts as people and the banks' pages write them, in either language.

use contract::money::Decimal;

/// An amount of money that is to move, as a person typed it: `1234`, `12,5`, `1.234,56`, `1 234,56`,
/// `1,234.56`, in either language. `None` where it would have to be guessed: a lone mark with three digits
/// behind it, and groups that are not whole.
pub fn typed(text: &str) -> Option<Decimal> {
    let text = text.trim();
    let (whole, part) = match text.rfind([',', '.']) {
        Some(at) if matches!(text.len() - at, 2 | 3) => (&text[..at], &text[at + 1..]),
        _ => (text, ""),
    };
    let point = text[whole.len()..].chars().next();
    let group = whole.chars().find(|c| !c.is_ascii_digit());
    let digits = match group {
        None => whole.to_owned(),
        Some(mark) if Some(mark) == point => return None,
        Some(mark) if ",. \u{a0}\u{202f}".contains(mark) => {
            let groups: Vec<&str> = whole.split(mark).collect();
            let (first, others) = groups.split_first()?;
            let is_whole =
                (1..=3).contains(&first.len()) && others.iter().all(|one| one.len() == 3);
            // A lone comma or point before three digits: a thousand in one language, a part in the other.
            let is_clear = point.is_some() || others.len() > 1 || mark.is_whitespace();
            (is_whole && is_clear).then(|| groups.concat())?
        }
        Some(_) => return None,
    };
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if digits.is_empty() || !is_number(&digits) || !is_number(part) {
        return None;
    }
    let plain = if part.is_empty() {
        digits
    } else {
        format!("{digits}.{part}")
    };
    plain.parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn money_that_moves_is_never_guessed() {
        for (typed, read) in [
            ("1234", "1234"),
            (" 12,5 ", "12.5"),
            ("12.50", "12.50"),
            ("0,05", "0.05"),
            ("1.234,56", "1234.56"),
            ("1,234.56", "1234.56"),
            ("1 234,56", "1234.56"),
            ("1 234", "1234"),
            ("1\u{a0}234", "1234"),
            ("1.234.567", "1234567"),
        ] {
            assert_eq!(super::typed(typed), read.parse().ok(), "{typed}");
        }
        for typed in [
            "",
            "abc",
            "1.250",
            "1,250",
            "12 50",
            "1 2 3",
            "1.5,5",
            "1,5.5",
            "1e2",
            "-5",
            "+5",
            "1..234",
            "1.2345",
            ".5",
            "1,2,3",
            "12.34.56",
            "1.234.56",
            "5 ₺",
            "٣",
            "1,234,56",
            "1 .5",
            "5.",
            "1234.567,00",
            "1'000",
        ] {
            assert_eq!(super::typed(typed), None, "{typed}");
        }
    }
}
