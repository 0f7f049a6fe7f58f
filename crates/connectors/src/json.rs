//! The JSON that banks speak, read as warily as their XML (`xml`): what decides is read with [`Json::exact`],
//! what is shown with [`Json::words`]. Numbers stay the text that they came as. A document that names a field
//! twice could be read either way, and is refused whole.

use crate::http::{LIST_BYTES_MAX, REPLY_BYTES_MAX};
use crate::scrub::kept_words;
use crate::xml::{Damaged, Unreadable};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A value of a received document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Json {
    /// `null`.
    Nothing,
    /// A text, or a number or truth value in its own spelling.
    Scalar(String),
    /// A list.
    List(Vec<Json>),
    /// An object.
    Fields(Vec<(String, Json)>),
}

impl Json {
    /// Reads a whole document of at most [`REPLY_BYTES_MAX`] bytes.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Json, Unreadable> {
        Json::parse_of(bytes, REPLY_BYTES_MAX)
    }

    /// The same of a day's list, which may have [`LIST_BYTES_MAX`] bytes.
    pub(crate) fn parse_list(bytes: &[u8]) -> Result<Json, Unreadable> {
        Json::parse_of(bytes, LIST_BYTES_MAX)
    }

    fn parse_of(bytes: &[u8], bytes_max: usize) -> Result<Json, Unreadable> {
        if bytes.len() > bytes_max {
            return Err(Unreadable);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Unreadable)?;
        let text = text.trim_start_matches('\u{feff}');
        serde_json::from_str(text).map_err(|_| Unreadable)
    }

    /// The value at `path`, if any.
    fn at(&self, path: &[&'static str]) -> Option<&Json> {
        path.iter().try_fold(self, |value, name| match value {
            Json::Fields(fields) => {
                let found = fields.iter().find(|(known, _)| known == name);
                found.map(|(_, value)| value)
            }
            _ => None,
        })
    }

    /// The text at `path` of what decides something; empty when there is none. Refused when it is not
    /// plain ASCII, or no single value.
    pub(crate) fn exact(&self, path: &[&'static str]) -> Result<&str, Damaged> {
        let name = path.last().copied().unwrap_or("document");
        match self.at(path) {
            None | Some(Json::Nothing) => Ok(""),
            Some(Json::Scalar(text)) if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) => {
                Ok(text.trim())
            }
            Some(_) => Err(Damaged(name)),
        }
    }

    /// The text at `path` as it came, in letters of any alphabet: what decides by being one of a few words, and is
    /// compared with them alone. Empty when there is no single value.
    pub(crate) fn spelled(&self, path: &[&'static str]) -> &str {
        match self.at(path) {
            Some(Json::Scalar(text)) => text,
            _ => "",
        }
    }

    /// The text at `path` of what is only kept or shown, clean and not endless.
    pub(crate) fn words(&self, path: &[&'static str]) -> String {
        match self.at(path) {
            Some(Json::Scalar(text)) => kept_words(text),
            _ => String::new(),
        }
    }

    /// The entries of the list at `path`; none when there is no list.
    pub(crate) fn list(&self, path: &[&'static str]) -> Result<&[Json], Damaged> {
        match self.at(path) {
            None | Some(Json::Nothing) => Ok(&[]),
            _ => self.whole_list(path),
        }
    }

    /// The entries of the list at `path`, which must be there.
    pub(crate) fn whole_list(&self, path: &[&'static str]) -> Result<&[Json], Damaged> {
        match self.at(path) {
            Some(Json::List(entries)) => Ok(entries),
            _ => Err(Damaged(path.last().copied().unwrap_or("document"))),
        }
    }
}

/// An object has at most this many fields: every one is compared with the others.
const FIELDS_MAX: usize = 1_000;
/// What serde_json calls the one field in which it hands on a number as its text.
const NUMBER: &str = "$serde_json::private::Number";

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E: Error>(self) -> Result<Json, E> {
                Ok(Json::Nothing)
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
                Ok(Json::Scalar(value.to_string()))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
                Ok(Json::Scalar(value.to_string()))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
                Ok(Json::Scalar(value.to_string()))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
                Ok(Json::Scalar(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = list.next_element()? {
                    entries.push(entry);
                }
                Ok(Json::List(entries))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut fields: Vec<(String, Json)> = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if name == NUMBER {
                        return map.next_value().map(Json::Scalar);
                    }
                    if fields.len() == FIELDS_MAX {
                        return Err(A::Error::custom("too many fields"));
                    }
                    if fields.iter().any(|(known, _)| *known == name) {
                        return Err(A::Error::custom("a field twice"));
                    }
                    fields.push((name, map.next_value()?));
                }
                Ok(Json::Fields(fields))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Json {
        Json::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn numbers_keep_their_digits_and_what_is_absent_is_empty() {
        let reply = parse(
            r#"{"a": {"n": 160282.58, "l": 99999999999999999999.10, "t": " x ", "b": true, "z": null},
                "e": [], "i": 137, "m": -30, "r": [{"n": 1.50}]}"#,
        );
        for (path, said) in [
            (&["a", "n"][..], "160282.58"),
            (&["a", "l"], "99999999999999999999.10"),
            (&["a", "t"], "x"),
            (&["a", "b"], "true"),
            (&["a", "z"], ""),
            (&["i"], "137"),
            (&["m"], "-30"),
            (&["a", "none"], ""),
            // What PHP makes of an empty object.
            (&["e", "n"], ""),
        ] {
            assert_eq!(reply.exact(path), Ok(said), "{path:?}");
        }
        assert_eq!(reply.list(&["r"]).unwrap()[0].exact(&["n"]), Ok("1.50"));
        assert!(reply.list(&["none"]).unwrap().is_empty());
        assert_eq!(reply.whole_list(&["none"]), Err(Damaged("none")));
        assert_eq!(reply.exact(&["a"]), Err(Damaged("a")));
        assert_eq!(reply.list(&["a"]), Err(Damaged("a")));
    }

    #[test]
    fn what_is_not_plain_is_shown_and_decides_nothing() {
        let reply = parse("{\"m\": \"BA\u{15e}ARILI \\u001b[31m\", \"c\": \"00\\u0000\"}");
        assert_eq!(reply.words(&["m"]), "BAŞARILI");
        assert_eq!(reply.exact(&["m"]), Err(Damaged("m")));
        assert_eq!(reply.spelled(&["m"]), "BAŞARILI \u{1b}[31m");
        assert_eq!(reply.exact(&["c"]), Err(Damaged("c")));
    }

    #[test]
    fn what_could_be_read_two_ways_is_not_read() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for text in [
            "",
            "{",
            "{} {}",
            r#"{"a": 1, "a": 2}"#,
            r#"{"r": [{"a": 1, "a": 1}]}"#,
            "{\"a\": NaN}",
            deep.as_str(),
        ] {
            assert_eq!(Json::parse(text.as_bytes()), Err(Unreadable), "{text:.20}");
        }
        assert_eq!(Json::parse(b"{\"a\": \"\xff\"}"), Err(Unreadable));
        let fields = |count: usize| {
            let fields: Vec<String> = (0..count).map(|n| format!("\"{n}\": 1")).collect();
            Json::parse(format!("{{{}}}", fields.join(",")).as_bytes())
        };
        assert!(fields(FIELDS_MAX).is_ok());
        assert_eq!(fields(FIELDS_MAX + 1), Err(Unreadable));
        let long = format!("\"{}\"", "x".repeat(REPLY_BYTES_MAX));
        assert_eq!(Json::parse(long.as_bytes()), Err(Unreadable));
        assert!(Json::parse_list(long.as_bytes()).is_ok());
    }
}
