//! What may be kept of an exchange with a bank or lender: its text without card data and secrets.
//!
//! Works on what it can read (XML, JSON, a form). Of a text that it cannot read, such as a reply
//! cut in the middle, it keeps nothing from the first secret name on.

use crate::xml::{Element, Writer, decode};
use serde_json::Value;

/// Stands where something was removed.
const REMOVED: &str = "***";

/// Longest text that is kept, in characters.
pub const KEPT_CHARS_MAX: usize = 32 * 1024;

/// Digits of a card number (ISO/IEC 7812-1): what is shorter or longer is none.
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 12..=19;

/// The body of a request or reply, fit for storing. `secret_fields` are the connector's names;
/// letter case does not matter.
pub fn scrub(body: &[u8], secret_fields: &[&str]) -> String {
    // First of all: what hides between digits must not hide them from the search for a card.
    let text = printable(&decode(body));
    let page = |root: &Element| root.is("html");
    let document = Element::parse(body).ok().filter(|root| !page(root));
    let kept = if let Some(root) = document {
        scrub_xml(&root, secret_fields)
    } else if let Ok(value) = serde_json::from_str::<Value>(&text) {
        scrub_json(value, secret_fields).to_string()
    } else if is_form(&text) {
        // One bank's replies have two semicolons, or three, where forms have an ampersand.
        let pieces = text.split(";;").map(|piece| piece.trim_matches(';').trim());
        let fields: Vec<(String, String)> = pieces
            .flat_map(|piece| form_urlencoded::parse(piece.as_bytes()).into_owned())
            .collect();
        return scrub_fields(&fields, secret_fields);
    } else {
        scrub_digits(before_secrets(before_forms(&text), secret_fields))
    };
    shorten(kept)
}

/// Form fields of a page that somebody else wrote, fit for storing: which names hold a card there no protocol of ours
/// tells, so of every field the name alone is kept.
pub fn names(fields: &[(String, String)]) -> String {
    let kept: Vec<String> = fields
        .iter()
        .map(|(name, _)| format!("{}={REMOVED}", scrub_digits(&printable(name))))
        .collect();
    shorten(kept.join("&"))
}

/// A page up to where its forms or scripts begin: they hold whatever its writer was sent.
fn before_forms(text: &str) -> &str {
    let lower = text.to_ascii_lowercase();
    let begins = ["<form", "<input", "<script"];
    let first = begins.iter().filter_map(|tag| lower.find(tag)).min();
    &text[..first.unwrap_or(text.len())]
}

/// Form fields, fit for storing: `name=value` joined by `&`, not encoded. A value that is a
/// document itself (PosNet's `xmldata`) is scrubbed as one.
pub fn scrub_fields(fields: &[(String, String)], secret_fields: &[&str]) -> String {
    let kept: Vec<String> = fields
        .iter()
        .map(|(name, value)| {
            let value = match is_secret(name, secret_fields) {
                true => REMOVED.to_owned(),
                false if value.trim_start().starts_with(['<', '{', '[']) => {
                    scrub(value.as_bytes(), secret_fields)
                }
                false => scrub_digits(&printable(value)),
            };
            format!("{}={value}", scrub_digits(&printable(name)))
        })
        .collect();
    shorten(kept.join("&"))
}

/// Longest text of a bank that is shown to a merchant, in characters.
const WORDS_CHARS_MAX: usize = 255;

/// A bank's own code or message, fit for showing: without card-like digit runs and control
/// characters, and not endless. Who shows it still escapes it.
pub fn words(text: &str) -> String {
    line(text, WORDS_CHARS_MAX)
}

/// One line of at most `longest` characters that somebody wrote, fit for storing: without card-like
/// digit runs and control characters.
pub fn line(text: &str, longest: usize) -> String {
    // A card number that is cut in two would not be known for one.
    const CARD_CHARS_MAX: usize = 64;
    let one_line = printable(text).replace(['\n', '\t'], " ");
    let kept: String = one_line.chars().take(longest + CARD_CHARS_MAX).collect();
    scrub_digits(kept.trim()).chars().take(longest).collect()
}

/// A path or a query, fit for a log: without card-like digit runs, escaped ones included.
pub fn target(text: &str) -> String {
    let whole = text.replace('&', "%26").replace('=', "%3D");
    let decoded = form_urlencoded::parse(whole.as_bytes())
        .next()
        .map(|(text, _)| text.into_owned())
        .unwrap_or_default();
    if scrub_digits(&decoded) == decoded {
        words(text)
    } else {
        words(&decoded)
    }
}

/// A text that a shop sent, fit for showing to people: without numbers that a card scheme gives out. An
/// order number that begins and ends as a card's does is hidden too; a time in milliseconds is not.
pub fn without_cards(text: &str) -> String {
    replace_runs(text, |digits| luhn(digits) && is_given_out(digits))
}

/// Longest text of a bank or lender that a connector hands on, in characters.
const KEPT_WORDS_CHARS_MAX: usize = 500;

/// What a bank or lender wrote for people, as every connector hands it on: one clean line, not
/// endless.
pub(crate) fn kept_words(text: &str) -> String {
    let one_line = printable(text).replace(['\n', '\t'], " ");
    one_line.trim().chars().take(KEPT_WORDS_CHARS_MAX).collect()
}

/// What somebody else wrote, fit for a terminal, a page and every database: without sequences that
/// steer a terminal, control characters, and marks that turn the direction of writing. Line feeds and
/// tabs stay; of line ends only the line feed.
pub fn printable(text: &str) -> String {
    // Nearly all texts: nothing in them can be what is dropped.
    let plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    if text.bytes().all(plain) {
        return text.to_owned();
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let after = &rest[character.len_utf8()..];
        rest = match character {
            '\u{1b}' | '\u{9b}' => after_sequence(character, after),
            '\r' => {
                if !after.starts_with('\n') {
                    kept.push('\n');
                }
                after
            }
            '\n' | '\t' => {
                kept.push(character);
                after
            }
            other => {
                if !is_invisible(other) {
                    kept.push(other);
                }
                after
            }
        };
    }
    kept
}

/// What stands behind a terminal's sequence (ECMA-48), whose introducer `after` follows: colours and
/// moves of the cursor, titles of the window. Of one that does not end only the introducer goes.
fn after_sequence(introducer: char, after: &str) -> &str {
    let control = match introducer {
        '\u{9b}' => Some(after),
        _ => after.strip_prefix('['),
    };
    if let Some(control) = control {
        let parameters = control.trim_start_matches(|c: char| (' '..='?').contains(&c));
        return match parameters.chars().next() {
            Some('@'..='~') => &parameters[1..],
            _ => parameters,
        };
    }
    let ends = ["\u{7}", "\u{1b}\\"];
    let title = after.strip_prefix(']').and_then(|title| {
        let found = ends
            .iter()
            .filter_map(|end| Some((title.find(end)?, end.len())));
        found.min().map(|(at, length)| &title[at + length..])
    });
    title.unwrap_or(after)
}

/// Control characters, marks of direction, and what is no character at all.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
                | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

/// Whatever prefix of a namespace stands before it.
fn is_secret(name: &str, secret_fields: &[&str]) -> bool {
    let name = name.trim();
    let local = name.rsplit_once(':').map_or(name, |(_, local)| local);
    let mut secrets = secret_fields.iter();
    secrets.any(|secret| secret.eq_ignore_ascii_case(local))
}

/// Fields of a form begin with a plain name; anything else is not ours to interpret.
fn is_form(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    match text.split_once('=') {
        Some((name, _)) => !name.is_empty() && name.bytes().all(plain),
        None => false,
    }
}

fn scrub_xml(root: &Element, secret_fields: &[&str]) -> String {
    fn write(w: &mut Writer, element: &Element, secret_fields: &[&str]) {
        let name = scrub_digits(&printable(element.name()));
        if is_secret(element.name(), secret_fields) {
            w.leaf(&name, REMOVED);
        } else if element.children().is_empty() {
            w.leaf(&name, &scrub_digits(&printable(element.value())));
        } else {
            w.element(&name, |w| {
                for child in element.children() {
                    write(w, child, secret_fields);
                }
            });
        }
    }
    let mut writer = Writer::fragment();
    write(&mut writer, root, secret_fields);
    writer.finish()
}

fn scrub_json(value: Value, secret_fields: &[&str]) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.into_iter()
                .map(|(name, value)| {
                    if is_secret(&name, secret_fields) {
                        (name, Value::from(REMOVED))
                    } else {
                        (scrub_digits(&name), scrub_json(value, secret_fields))
                    }
                })
                .collect(),
        ),
        Value::Array(list) => list
            .into_iter()
            .map(|value| scrub_json(value, secret_fields))
            .collect(),
        Value::String(text) => Value::String(scrub_digits(&printable(&text))),
        Value::Number(number) => {
            let text = number.to_string();
            match scrub_digits(&text) {
                kept if kept == text => Value::Number(number),
                kept => Value::String(kept),
            }
        }
        other => other,
    }
}

/// The text up to the first secret name in it.
fn before_secrets<'a>(text: &'a str, secret_fields: &[&str]) -> &'a str {
    let lower = text.to_ascii_lowercase();
    let first = secret_fields
        .iter()
        .filter_map(|name| lower.find(&name.to_ascii_lowercase()))
        .min();
    &text[..first.unwrap_or(text.len())]
}

/// Replaces each run of digits that holds a possible card number, also one that is written with
/// blanks, dots or dashes between digits, or between digits of something longer. References of
/// the bank survive unless they happen to look like a card.
fn scrub_digits(text: &str) -> String {
    replace_runs(text, luhn)
}

fn replace_runs(text: &str, is_card: fn(&[u32]) -> bool) -> String {
    if text.bytes().filter(u8::is_ascii_digit).count() < *CARD_DIGITS.start() {
        return text.to_owned();
    }
    let mut kept = String::with_capacity(text.len());
    let mut run = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let joins = (character.is_whitespace() || matches!(character, '-' | '.'))
            && !run.is_empty()
            && characters.peek().is_some_and(char::is_ascii_digit);
        if character.is_ascii_digit() || joins {
            run.push(character);
            continue;
        }
        end_run(&mut run, &mut kept, is_card);
        kept.push(character);
    }
    end_run(&mut run, &mut kept, is_card);
    kept
}

fn end_run(run: &mut String, kept: &mut String, is_card: fn(&[u32]) -> bool) {
    if holds_card(run, is_card) {
        kept.push_str(REMOVED)
    } else {
        kept.push_str(run)
    }
    run.clear();
}

/// Whether some card-long part of the run is a card's. No card begins with 0.
fn holds_card(run: &str, is_card: fn(&[u32]) -> bool) -> bool {
    let digits: Vec<u32> = run.chars().filter_map(|c| c.to_digit(10)).collect();
    (0..digits.len())
        .filter(|start| digits[*start] != 0)
        .any(|start| {
            CARD_DIGITS
                .filter_map(|length| digits.get(start..start + length))
                .any(is_card)
        })
}

/// Whether a scheme gives out numbers of this length that begin so: Visa, Mastercard, American Express,
/// Diners Club, JCB, Discover, UnionPay, Maestro, Troy (ISO/IEC 7812, the schemes' public ranges).
fn is_given_out(digits: &[u32]) -> bool {
    let first = digits
        .iter()
        .take(4)
        .fold(0, |number, digit| number * 10 + digit);
    match digits.len() {
        13 => first / 1000 == 4,
        14 => matches!(first, 3000..=3059 | 3600..=3699 | 3800..=3999),
        15 => matches!(first, 3400..=3499 | 3700..=3799),
        16 => matches!(first, 2221..=2720 | 3528..=3589 | 4000..=6999 | 9792),
        17..=19 => matches!(first, 3528..=3589 | 4000..=6999),
        _ => false,
    }
}

fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, digit)| match i % 2 {
            0 => *digit,
            _ if *digit > 4 => digit * 2 - 9,
            _ => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}

fn shorten(text: String) -> String {
    match text.char_indices().nth(KEPT_CHARS_MAX) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::card::luhn as passes;
    use proptest::prelude::*;

    const SECRET: &[&str] = &["ccno", "cvc", "CVV2"];

    #[test]
    fn secret_fields_are_removed_from_every_kind_of_text() {
        let xml = "<a><ccno>5406675406675403</ccno><cvc>123</cvc><amount>100</amount></a>";
        let kept = "<a><ccno>***</ccno><cvc>***</cvc><amount>100</amount></a>";
        assert_eq!(scrub(xml.as_bytes(), SECRET), kept);
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("xmldata", xml)
            .finish();
        assert_eq!(scrub(form.as_bytes(), SECRET), format!("xmldata={kept}"));
        assert_eq!(scrub(b"cvv2=123&amount=100", SECRET), "cvv2=***&amount=100");
        for line in [
            "ccno=1;;CVV2=123;;amount=1,00;;",
            "ccno=1;;;Cvv2 = 123 ;;;amount=1,00",
        ] {
            let kept = scrub(line.as_bytes(), SECRET).replace("Cvv2 ", "CVV2");
            assert_eq!(kept, "ccno=***&CVV2=***&amount=1,00");
        }
        let json = br#"{"card":{"cvc":"123","n":5406675406675403},"amount":1.50}"#;
        assert_eq!(
            scrub(json, SECRET),
            r#"{"card":{"cvc":"***","n":"***"},"amount":1.50}"#
        );
    }

    #[test]
    fn of_a_cut_text_nothing_is_kept_after_a_secret_name() {
        assert_eq!(
            scrub(b"<a><amount>100</amount><CVC>12", SECRET),
            "<a><amount>100</amount><"
        );
        assert_eq!(
            scrub(b"<html>no 5406 6754-0667.5403 here", SECRET),
            "<html>no *** here"
        );
    }

    #[test]
    fn escaped_digits_of_a_path_are_digits() {
        for (text, kept) in [
            (
                "/installment/v1/bins/5406675406675403",
                "/installment/v1/bins/***",
            ),
            ("/bins/5406%36754066754%303", "/bins/***"),
            ("/bins/5406%206754-0667%205403/x", "/bins/***/x"),
            ("n=5406+6754+0667+5403&m=%C5%9F", "n=***&m=ş"),
            ("/bins/540667?a=b%20c", "/bins/540667?a=b%20c"),
        ] {
            assert_eq!(target(text), kept, "{text}");
        }
    }

    #[test]
    fn a_card_number_at_the_cut_is_not_left_in_part() {
        for before in 230..256 {
            let text = format!("{}5406675406675403", "x".repeat(before));
            assert!(!words(&text).contains("54066"), "{before}");
        }
    }

    #[test]
    fn what_steers_a_terminal_or_hides_is_dropped() {
        for (written, kept) in [
            ("\u{1b}[31mRED\u{1b}[0m", "RED"),
            ("\u{9b}2JRED", "RED"),
            ("a\u{1b}]0;title\u{7}b\u{1b}]0;title\u{1b}\\c", "abc"),
            ("a\u{1b}]0;no end", "a]0;no end"),
            ("a\u{1b}[", "a"),
            ("a\u{1b}b\0c\u{7f}d\u{202e}e\u{feff}", "abcde"),
            ("a\r\nb\rc\td", "a\nb\nc\td"),
            ("Ayşe Öz", "Ayşe Öz"),
        ] {
            assert_eq!(printable(written), kept, "{written:?}");
        }
        assert_eq!(words(" a\r\nb\u{1b}[1m "), "a b");
        let xml = b"<a><b>\x1b[31mRED</b><c>&#27;[0m&#0;</c></a>";
        assert_eq!(scrub(xml, SECRET), "<a><b>RED</b><c>&amp;#0;</c></a>");
        assert_eq!(scrub(b"\x1b[31mno document\0", SECRET), "no document");
        for hidden in [
            "no 5406\x006754\x1b[1m06675403",
            "<a>5406\x00675406675403</a>",
            "a=5406%00675406675403",
            "a=5406%E2%80%8B675406675403",
            "{\"a\":\"5406\\u0000675406675403\"}",
            "<a>5406\u{2009}6754\u{ad}06675403</a>",
        ] {
            assert!(
                !scrub(hidden.as_bytes(), SECRET).contains("5406"),
                "{hidden:?}"
            );
        }
    }

    #[test]
    fn references_of_the_bank_survive() {
        for reference in [
            "335709663080",
            "20231223 19:24:30",
            "YKB_0000080603153823",
            "5696",
        ] {
            assert_eq!(scrub_digits(reference), reference);
        }
    }

    #[test]
    fn an_order_number_is_shown_unless_a_scheme_gives_it_out() {
        for shown in ["order-1795786715007", "20261127-13584512", "335709663080"] {
            assert_eq!(without_cards(shown), shown);
        }
        for hidden in [
            "5209220000000002",
            "order 4043-0800 0000.0003",
            "374427000000003",
            "9792030000000000",
            "36070500001020",
        ] {
            assert!(!without_cards(hidden).contains("0000"), "{hidden}");
        }
    }

    /// A card number with a right check digit: eleven to eighteen digits and one more.
    fn pan() -> impl Strategy<Value = String> {
        "[1-9][0-9]{10,17}".prop_map(|body| {
            let check = (0..=9).find(|check| passes(&format!("{body}{check}")));
            format!("{body}{}", check.unwrap())
        })
    }

    proptest! {
        #[test]
        fn no_card_number_survives(pan in pan(), before in "\\PC{0,30}", after in "\\PC{0,30}") {
            let text = format!("{before}{pan}{after}");
            prop_assert!(!scrub(text.as_bytes(), SECRET).contains(&pan));
            let json = serde_json::json!({ "a": [text.clone()] }).to_string();
            prop_assert!(!scrub(json.as_bytes(), SECRET).contains(&pan));
            let xml = Writer::document("a", |w| w.leaf("b", &text));
            prop_assert!(!scrub(xml.as_bytes(), SECRET).contains(&pan));
            let fields = [("note".to_owned(), text)];
            prop_assert!(!scrub_fields(&fields, SECRET).contains(&pan));
        }

        #[test]
        fn no_security_code_survives(cvc in "[0-9]{3,4}") {
            let xml = format!("<a><Card><CVV2> {cvc} </CVV2></Card></a>");
            let kept = scrub(xml.as_bytes(), SECRET);
            prop_assert_eq!(kept, "<a><Card><CVV2>***</CVV2></Card></a>");
        }

        #[test]
        fn nothing_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = scrub(&bytes, SECRET);
        }
    }
}
