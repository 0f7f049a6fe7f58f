//! What a JSON body must be before anything in it is read: one object and nothing behind it, with
//! every key once. Parsers differ in which of two equal keys counts, so nobody knows what such a
//! body says. What its fields must be is not looked at here.

use crate::received::Place;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::HashSet;
use std::fmt;

/// What serde_json makes of numbers that keep their text, and of texts that it does not read: an
/// object with one key of this beginning. One that was sent would be taken for a number.
const RESERVED: &str = "$serde_json::private::";
/// Characters of a path that are told: a key may be as long as a body.
const PATH_CHARS_MAX: usize = 255;

/// Why a text is no body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// No JSON, no object, or something behind it.
    NotAnObject,
    /// The key at this path stands there twice.
    KeyTwice(String),
    /// The key at this path means something else inside this program.
    ReservedKey(String),
    /// The value at this path is JSON, but nobody can read it: a text with half a character, or
    /// objects in objects without end.
    Unreadable(String),
}

/// Checks a body.
///
/// # Errors
/// The first flaw in it.
pub fn check(text: &str) -> Result<(), Flaw> {
    if !text.trim_start().starts_with('{') {
        return Err(Flaw::NotAnObject);
    }
    let mut flaw = None;
    let mut json = serde_json::Deserializer::from_str(text);
    let walk = Walk {
        at: &Place::Top,
        flaw: &mut flaw,
    };
    let walked = walk.deserialize(&mut json).and_then(|()| json.end());
    walked.map_err(|_| match flaw {
        Some(Flaw::Unreadable(path)) if path.is_empty() || !is_json(text) => Flaw::NotAnObject,
        flaw => flaw.unwrap_or(Flaw::NotAnObject),
    })
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Goes through a value. What is wrong is left in `flaw`: an error of serde carries only a text.
struct Walk<'a> {
    at: &'a Place<'a>,
    flaw: &'a mut Option<Flaw>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Walk { at, flaw } = self;
        let walk = Walk {
            at,
            flaw: &mut *flaw,
        };
        let walked = deserializer.deserialize_any(walk);
        if walked.is_err() && flaw.is_none() {
            *flaw = Some(Flaw::Unreadable(told(at)));
        }
        walked
    }
}

fn told(at: &Place<'_>) -> String {
    at.to_string().chars().take(PATH_CHARS_MAX).collect()
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut index = 0;
        loop {
            let walk = Walk {
                at: &Place::Entry(self.at, index),
                flaw: self.flaw,
            };
            if list.next_element_seed(walk)?.is_none() {
                return Ok(());
            }
            index += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key_seed(OfKey)? {
            let Key::Sent(name) = key else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let at = Place::Field(self.at, &name);
            if name.starts_with(RESERVED) {
                *self.flaw = Some(Flaw::ReservedKey(told(&at)));
                return Err(A::Error::custom("a reserved key"));
            }
            if seen.contains(&name) {
                *self.flaw = Some(Flaw::KeyTwice(told(&at)));
                return Err(A::Error::custom("a key twice"));
            }
            map.next_value_seed(Walk {
                at: &at,
                flaw: self.flaw,
            })?;
            seen.insert(name);
        }
        Ok(())
    }
}

/// A key of a map.
pub(crate) enum Key {
    /// It was sent.
    Sent(String),
    /// serde_json shows a number as a map with one key of its own.
    OfNumber,
}

/// Tells the two apart: asked for bytes, serde_json answers bytes for a key of a text, and still a
/// text for its own. `a_number_that_pretends_is_refused` holds it to that.
pub(crate) struct OfKey;

impl<'de> DeserializeSeed<'de> for OfKey {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl<'de> Visitor<'de> for OfKey {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Key, E> {
        match std::str::from_utf8(bytes) {
            Ok(name) => Ok(Key::Sent(name.to_owned())),
            Err(_) => Err(E::custom("a key that is no text")),
        }
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Key, E> {
        if name.starts_with(RESERVED) {
            Ok(Key::OfNumber)
        } else {
            Ok(Key::Sent(name.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_object_and_nothing_behind_it() {
        for good in [
            "{}",
            " {\"a\": [1, -1.50, 1e9, null, true, \"x\", {}]} \n",
            "{\"a\": {\"b\": 1}, \"b\": {\"a\": 2}}",
            "{\"items\": [{\"price\": 1}, {\"price\": 2}]}",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            " ",
            "[]",
            "7",
            "null",
            "{",
            "{} x",
            "{}{}",
            "{\"a\":}",
            "{\"\\ud800\":1}",
        ] {
            assert_eq!(check(bad), Err(Flaw::NotAnObject), "{bad}");
        }
        for (text, path) in [
            ("{\"a\": [1, \"\\ud800\"]}", "a[1]"),
            ("{\"a\": {\"b\": \"\\udc00x\"}, \"a\": 1}", "a.b"),
        ] {
            assert_eq!(
                check(text),
                Err(Flaw::Unreadable(path.to_owned())),
                "{text}"
            );
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(check(&deep), Err(Flaw::Unreadable(_))));
        assert_eq!(check(&deep[..deep.len() - 1]), Err(Flaw::NotAnObject));
    }

    #[test]
    fn a_key_twice_is_told_with_its_path() {
        for (text, path) in [
            ("{\"price\": 1, \"price\": 1}", "price"),
            ("{\"card\": {\"cvc\": \"1\", \"cvc\": \"2\"}}", "card.cvc"),
            (
                "{\"items\": [{}, {\"a\": 1, \"b\": 2, \"a\": 3}]}",
                "items[1].a",
            ),
            ("{\"pr\\u0069ce\": 1, \"price\": 2}", "price"),
            ("{\"unknown\": {\"x\": {}, \"x\": {}}}", "unknown.x"),
        ] {
            assert_eq!(check(text), Err(Flaw::KeyTwice(path.to_owned())), "{text}");
        }
    }

    #[test]
    fn a_number_that_pretends_is_refused() {
        for (text, path) in [
            (
                "{\"price\": {\"$serde_json::private::Number\": \"100\"}}",
                "price",
            ),
            (
                "{\"price\": {\"\\u0024serde_json::private::Number\": \"100\"}}",
                "price",
            ),
            (
                "{\"a\": [{\"$serde_json::private::RawValue\": \"1\"}]}",
                "a[0]",
            ),
        ] {
            let Err(Flaw::ReservedKey(told)) = check(text) else {
                panic!("{text}");
            };
            assert!(told.starts_with(&format!("{path}.$serde_json")), "{told}");
        }
    }
}
