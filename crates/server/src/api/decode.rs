//! Bodies and queries into the types of the contract. Errors name the field's path and never the
//! value: it may be a card number.

use crate::problem::Problem;
use contract::json::{self, Flaw};
use contract::received::UNKNOWN_VALUE;
use contract::rules::Rule;
use serde::de::DeserializeOwned;

/// What serde_json calls the inside of a number that keeps its text.
const NUMBER_INSIDE: &str = "$serde_json::private::Number";

/// Some editors and .NET writers begin a text with this. It is signed like every other byte, so it is
/// skipped only when the body is read.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A body is empty, or one JSON object in strict UTF-8 and nothing after it. Anything else could be
/// a signed body with bytes added behind (length extension).
pub(super) fn strict_json(body: &[u8]) -> Result<(), Problem> {
    if body.is_empty() {
        return Ok(());
    }
    json::check(text(body)?).map_err(|flaw| match flaw {
        Flaw::NotAnObject => Problem::rule(Rule::BodyNotJson),
        Flaw::KeyTwice(path) => Problem::field(Rule::KeyTwice, path),
        Flaw::ReservedKey(path) | Flaw::Unreadable(path) => Problem::field(Rule::WrongType, path),
    })
}

/// The text of a body, without a byte order mark.
fn text(body: &[u8]) -> Result<&str, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::rule(Rule::BodyNotJson))?;
    Ok(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text))
}

/// A JSON body; an empty one is an empty object, whose required fields are then missing.
pub(super) fn body<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = match body {
        [] => "{}",
        bytes => text(bytes)?,
    };
    let mut json = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let path = path.trim_end_matches(NUMBER_INSIDE).trim_end_matches('.');
        match (path, error.inner().to_string()) {
            ("" | ".", _) => Problem::rule(Rule::BodyNotJson),
            (path, text) if text.starts_with(UNKNOWN_VALUE) => {
                Problem::field(Rule::UnknownValue, path)
            }
            (path, _) => Problem::field(Rule::WrongType, path),
        }
    })
}

/// A query string. `read` answers the name of a key that it cannot read, and the rule that it breaks.
pub(super) fn query<T>(
    query: &str,
    read: impl FnOnce(Vec<(String, String)>) -> Result<T, (&'static str, Rule)>,
) -> Result<T, Problem> {
    let pairs = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    read(pairs).map_err(|(key, rule)| Problem::field(rule, key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::card_payments::CreatePaymentRequest;

    fn wrong(text: &str) -> String {
        match body::<CreatePaymentRequest>(text.as_bytes()) {
            Err(Problem::Rule { rule, values }) => {
                format!(
                    "{rule:?} {}",
                    values.first().map_or("", |(_, path)| path.as_str())
                )
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn an_error_names_the_path_and_never_the_value() {
        assert_eq!(
            wrong(r#"{"card":{"cardNumber":5209220000000002}}"#),
            "WrongType card.cardNumber"
        );
        assert_eq!(
            wrong(r#"{"items":[{"price":1},{"price":"x"}]}"#),
            "WrongType items[1].price"
        );
        assert_eq!(wrong(r#"{"price":true}"#), "WrongType price");
        let positional = r#"{"card":["Haluk Demir","5209220000000002","2044","07","000"]}"#;
        assert_eq!(wrong(positional), "WrongType card");
        assert_eq!(wrong(r#"{"items":[["a",1]]}"#), "WrongType items[0]");
        assert_eq!(wrong(r#"{"price":1e99}"#), "WrongType price");
        assert_eq!(wrong(r#"{"currency":"XXX"}"#), "UnknownValue currency");
        assert_eq!(wrong(r#"{"installment":1.5}"#), "WrongType installment");
        assert_eq!(wrong(r#"{"price":{"a":1}}"#), "WrongType price");
        assert_eq!(wrong(r#"{"price":{}}"#), "WrongType price");
        assert_eq!(wrong(r#"{"card":7}"#), "WrongType card");
        assert_eq!(wrong(r#"{"card":[[]]}"#), "WrongType card");
        assert_eq!(wrong(r#"{"currency":{"TRY":null}}"#), "WrongType currency");
        assert_eq!(wrong(r#"{"card":{"cvc":123}}"#), "WrongType card.cvc");
        assert_eq!(
            wrong(r#"{"items":[{"price":"1e3"}]}"#),
            "WrongType items[0].price"
        );
    }

    #[test]
    fn a_body_with_something_behind_it_is_refused() {
        for bad in [
            &b"{} x"[..],
            b"[]",
            b"{",
            b"\"a\"",
            b"{}\x80\x00",
            b"{\"a\":\"\xff\"}",
            b"\x80{}",
            b"\xef\xbb\xbf",
            b"\xef\xbb\xbf\xef\xbb\xbf{}",
            b"{}\xef\xbb\xbf",
        ] {
            assert!(strict_json(bad).is_err(), "{bad:?}");
        }
        for good in [&b""[..], b"{}", b" {\"a\": [1]} \n", b"\xef\xbb\xbf{}"] {
            assert!(strict_json(good).is_ok(), "{good:?}");
        }
    }
}
