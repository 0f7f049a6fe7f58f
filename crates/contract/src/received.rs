//! How the values of a request are read. Their shape is strict, the spelling of scalars is loose,
//! because shop modules write numbers in quotes and numbers where texts are due:
//!
//! | due | also read |
//! | --- | --- |
//! | number, id | its text, of the form `-?digits[.digits]` and nothing else |
//! | text | a number without an exponent, in its own spelling; not for card numbers and codes |
//! | object, map | an empty list: what PHP makes of an empty array |
//! | boolean of a query | `true` and `false` in any letter case, `1`, `0` |
//!
//! Everything else is wrong, and its path says where. The macros of [`crate::wire_type`] read
//! every field this way, so that no field has a rule of its own.

use crate::card::{CardText, SensitiveText};
use crate::datetime::ReceivedDateTime;
use crate::json::{Key, OfKey};
use crate::money::Decimal;
use crate::rules::Rule;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

/// How the error of a value begins that is none of its enum's.
pub const UNKNOWN_VALUE: &str = "unknown variant";

/// Where a value stands in a request; spelled `items[0].name`.
#[derive(Clone, Copy)]
pub enum Place<'a> {
    /// The request itself.
    Top,
    /// A field of an object.
    Field(&'a Place<'a>, &'a str),
    /// An entry of a list, from 0.
    Entry(&'a Place<'a>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Top => Ok(()),
            Place::Field(Place::Top, name) => f.write_str(name),
            Place::Field(parent, name) => write!(f, "{parent}.{name}"),
            Place::Entry(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// Is told a text of a request and where it stands.
pub type Listener<'l> = &'l mut dyn FnMut(&Place<'_>, &str);

/// A value of a JSON body.
pub trait Received: Sized {
    /// Reads a value that is there.
    ///
    /// # Errors
    /// The value is neither what is due nor a loose spelling of it. The error never holds it.
    fn received<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// Reads a value that may be null.
    ///
    /// # Errors
    /// As [`Received::received`].
    fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        deserializer.deserialize_option(OrNull(PhantomData))
    }

    /// Tells every text and id in the value, but neither card numbers nor security codes.
    fn texts(&self, at: &Place<'_>, tell: Listener<'_>) {
        let _ = (at, tell);
    }
}

/// For `deserialize_with` of the macros.
pub(crate) fn received<'de, D: Deserializer<'de>, T: Received>(
    deserializer: D,
) -> Result<T, D::Error> {
    T::received(deserializer)
}

/// A value is not what is due, nor a loose spelling of it. Never holds it: it may be a card number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotDue;

/// Reads a value of a free map (`additionalParams`) by the same rules as a field.
///
/// # Errors
/// The value is neither null nor what is due.
pub fn of_json<T: Received>(value: &Value) -> Result<Option<T>, NotDue> {
    T::optional(value).map_err(|_| NotDue)
}

struct OrNull<T>(PhantomData<T>);

impl<'de, T: Received> Visitor<'de> for OrNull<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        T::received(deserializer).map(Some)
    }
}

impl<T: Received> Received for Option<T> {
    fn received<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        T::optional(deserializer)
    }

    fn texts(&self, at: &Place<'_>, tell: Listener<'_>) {
        if let Some(value) = self {
            value.texts(at, tell);
        }
    }
}

struct Entry<T>(PhantomData<T>);

impl<'de, T: Received> DeserializeSeed<'de> for Entry<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::received(deserializer)
    }
}

struct List<T>(PhantomData<T>);

impl<'de, T: Received> Visitor<'de> for List<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = list.next_element_seed(Entry(PhantomData))? {
            entries.push(entry);
        }
        Ok(entries)
    }
}

impl<T: Received> Received for Vec<T> {
    fn received<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_seq(List(PhantomData))
    }

    fn texts(&self, at: &Place<'_>, tell: Listener<'_>) {
        for (index, entry) in self.iter().enumerate() {
            entry.texts(&Place::Entry(at, index), tell);
        }
    }
}

/// A free map. Its values stay as they are.
struct FreeMap;

impl<'de> Visitor<'de> for FreeMap {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        empty(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Map::deserialize(MapAccessDeserializer::new(map))
    }
}

/// What an empty list stands for where an object is due; any other list is refused.
pub(crate) fn empty<'de, A: SeqAccess<'de>, T: Default>(mut list: A) -> Result<T, A::Error> {
    match list.next_element::<IgnoredAny>()? {
        None => Ok(T::default()),
        Some(_) => Err(A::Error::custom("an object is expected")),
    }
}

impl Received for Map<String, Value> {
    fn received<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Asked for a map, serde_json would not show the visitor a list.
        deserializer.deserialize_struct("", &[], FreeMap)
    }

    fn texts(&self, at: &Place<'_>, tell: Listener<'_>) {
        for (name, value) in self {
            let at = Place::Field(at, name);
            tell(&at, name);
            free_texts(value, &at, tell);
        }
    }
}

fn free_texts(value: &Value, at: &Place<'_>, tell: Listener<'_>) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => tell(at, &number.to_string()),
        Value::String(text) => tell(at, text),
        Value::Array(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                free_texts(entry, &Place::Entry(at, index), tell);
            }
        }
        Value::Object(map) => map.texts(at, tell),
    }
}

/// A scalar as it is spelled.
pub(crate) enum Scalar {
    Bool(bool),
    Number(String),
    Text(String),
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Scalar, D::Error> {
        deserializer.deserialize_any(OfScalar)
    }
}

struct OfScalar;

impl<'de> Visitor<'de> for OfScalar {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a boolean, a number or a text")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Scalar, E> {
        Ok(Scalar::Text(text))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Scalar, E> {
        Ok(Scalar::Number(number.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Scalar, E> {
        Ok(Scalar::Number(number.to_string()))
    }

    fn visit_u128<E: Error>(self, number: u128) -> Result<Scalar, E> {
        Ok(Scalar::Number(number.to_string()))
    }

    fn visit_i128<E: Error>(self, number: i128) -> Result<Scalar, E> {
        Ok(Scalar::Number(number.to_string()))
    }

    /// Only of a value that was read before, and only when it is spelled as the number was.
    fn visit_f64<E: Error>(self, number: f64) -> Result<Scalar, E> {
        let number = Number::from_f64(number).ok_or_else(|| E::custom("a number is expected"))?;
        Ok(Scalar::Number(number.to_string()))
    }

    /// Any other number keeps its text, and arrives as a map of serde_json's own.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        match map.next_key_seed(OfKey)? {
            Some(Key::OfNumber) => Ok(Scalar::Number(map.next_value()?)),
            _ => Err(A::Error::custom(
                "a boolean, a number or a text is expected",
            )),
        }
    }
}

/// `-?digits[.digits]`: the only form in which a number and a text may stand for each other.
fn is_plain_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    match text.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(text),
    }
}

/// A number, or its text.
fn number<T: FromStr>(scalar: Scalar) -> Option<T> {
    match scalar {
        Scalar::Number(text) => text.parse().ok(),
        Scalar::Text(text) if is_plain_number(&text) => text.parse().ok(),
        Scalar::Text(_) | Scalar::Bool(_) => None,
    }
}

/// A text, or a number in its own spelling. serde_json does not keep that of an exponent.
fn text(scalar: Scalar) -> Option<String> {
    match scalar {
        Scalar::Text(text) => Some(text),
        Scalar::Number(text) => is_plain_number(&text).then_some(text),
        Scalar::Bool(_) => None,
    }
}

macro_rules! scalars {
    ($($type:ty: $due:literal, $read:expr $(, $texts:expr)?;)+) => {
        $(impl Received for $type {
            fn received<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let read: fn(Scalar) -> Option<$type> = $read;
                read(Scalar::deserialize(deserializer)?)
                    .ok_or_else(|| D::Error::custom(concat!($due, " is expected")))
            }

            $(fn texts(&self, at: &Place<'_>, tell: Listener<'_>) {
                let read: fn(&$type) -> &str = $texts;
                tell(at, read(self));
            })?
        })+
    };
}

scalars! {
    bool: "a boolean", |scalar| match scalar {
        Scalar::Bool(value) => Some(value),
        _ => None,
    };
    i32: "a whole number", number;
    Decimal: "a number that can be an amount", number;
    String: "a text", text, |text| text;
    SensitiveText: "a text", |scalar| text(scalar).map(SensitiveText::new), |text| text.expose();
    ReceivedDateTime: "a date", |scalar| text(scalar)?.parse().ok();
    CardText: "a text", |scalar| match scalar {
        Scalar::Text(text) => Some(CardText::new(text)),
        _ => None,
    };
}

/// Whole 64-bit numbers of a request are ids. Shops hand on what the callback's form gave them, so
/// an empty text is no id.
impl Received for i64 {
    fn received<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        let spelled = match Scalar::deserialize(deserializer)? {
            Scalar::Number(text) | Scalar::Text(text) => text,
            Scalar::Bool(_) => String::new(),
        };
        crate::id::parse(&spelled).ok_or_else(|| D::Error::custom("an id is expected"))
    }

    fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
        let spelled = match Option::<Scalar>::deserialize(deserializer)? {
            None => return Ok(None),
            Some(Scalar::Text(text)) if text.is_empty() => return Ok(None),
            Some(Scalar::Number(text) | Scalar::Text(text)) => text,
            Some(Scalar::Bool(_)) => String::new(),
        };
        crate::id::parse(&spelled)
            .map(Some)
            .ok_or_else(|| D::Error::custom("an id is expected"))
    }

    fn texts(&self, at: &Place<'_>, tell: Listener<'_>) {
        tell(at, &self.to_string());
    }
}

/// Reads a value of an enum, which has one spelling.
pub(crate) fn one_of<'de, D: Deserializer<'de>, T: FromStr>(
    deserializer: D,
) -> Result<T, D::Error> {
    match Scalar::deserialize(deserializer)? {
        Scalar::Text(text) => text.parse().map_err(|_| D::Error::custom(UNKNOWN_VALUE)),
        Scalar::Bool(_) | Scalar::Number(_) => Err(D::Error::custom("a text is expected")),
    }
}

/// A value of a query string, which is never empty: an empty one counts as absent.
pub trait Queried: Sized {
    /// Reads the decoded value.
    ///
    /// # Errors
    /// It is not what is due.
    fn queried(text: &str) -> Result<Self, NotDue>;

    /// What a repeated key holds: its last value, but for lists.
    fn after(self, before: Option<Self>) -> Self {
        let _ = before;
        self
    }

    /// What is wrong with a text that could not be read.
    fn broken_rule(_text: &str) -> Rule {
        Rule::WrongType
    }
}

/// PHP spells booleans 1 and 0, .NET True and False.
impl Queried for bool {
    fn queried(text: &str) -> Result<bool, NotDue> {
        match text {
            "1" => Ok(true),
            "0" => Ok(false),
            _ if text.eq_ignore_ascii_case("true") => Ok(true),
            _ if text.eq_ignore_ascii_case("false") => Ok(false),
            _ => Err(NotDue),
        }
    }
}

/// The plus of an exponent that was not escaped arrives as a blank. .NET on a Turkish or German server
/// writes a comma before the decimals. One comma with one or two digits behind it says nothing else;
/// three digits may be thousands, which nobody may guess of an amount.
impl Queried for Decimal {
    fn queried(text: &str) -> Result<Decimal, NotDue> {
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if let Some((whole, decimals)) = text.split_once(',') {
            let plain = digits(whole.strip_prefix('-').unwrap_or(whole)) && digits(decimals);
            return if plain && decimals.len() <= 2 {
                format!("{whole}.{decimals}").parse().map_err(|()| NotDue)
            } else {
                Err(NotDue)
            };
        }
        let number = match text.split_once(['E', 'e']) {
            Some((number, exponent)) => match exponent.strip_prefix(' ') {
                Some(exponent) => format!("{number}E+{exponent}").parse(),
                None => text.parse(),
            },
            None => text.parse(),
        };
        number.map_err(|()| NotDue)
    }

    fn broken_rule(text: &str) -> Rule {
        if text.contains(',') {
            Rule::DecimalComma
        } else {
            Rule::WrongType
        }
    }
}

/// Java and Python join a list with commas, Node repeats the key.
impl<T: Queried> Queried for Vec<T> {
    fn queried(text: &str) -> Result<Vec<T>, NotDue> {
        let entries = text.split(',').filter(|entry| !entry.is_empty());
        entries.map(T::queried).collect()
    }

    fn after(self, before: Option<Vec<T>>) -> Vec<T> {
        let mut list = before.unwrap_or_default();
        list.extend(self);
        list
    }
}

macro_rules! queried_as_spelled {
    ($($type:ty),+) => {
        $(impl Queried for $type {
            fn queried(text: &str) -> Result<$type, NotDue> {
                text.parse().map_err(|_| NotDue)
            }
        })+
    };
}

queried_as_spelled! { i32, i64, String, ReceivedDateTime }

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read<T: Received>(json: &str) -> Result<Option<T>, String> {
        T::optional(&mut serde_json::Deserializer::from_str(json)).map_err(|e| e.to_string())
    }

    #[test]
    fn a_number_in_quotes_is_that_number() {
        for (json, spelled) in [
            (r#""100.0""#, "100.0"),
            (r#""0100.50""#, "100.50"),
            (r#""-7""#, "-7"),
            ("1E+3", "1000"),
        ] {
            let amount = read::<Decimal>(json).unwrap().unwrap();
            assert_eq!(amount.to_string(), spelled, "{json}");
        }
        assert_eq!(read::<i32>(r#""03""#), Ok(Some(3)));
        assert_eq!(read::<i64>(r#""0115""#), Ok(Some(115)));
        assert_eq!(read::<i64>(r#""""#), Ok(None));
        for wrong in [
            "", " 1", "1 ", "+1", "1e3", "1E+3", "1.", ".5", "1.5.5", "1,5", "--1", "-", "0x1",
            "1_000", "NaN", "true", "\u{661}", "\u{ff11}",
        ] {
            let json = format!("\"{wrong}\"");
            assert!(read::<Decimal>(&json).is_err(), "{json}");
            assert!(read::<i32>(&json).is_err(), "{json}");
        }
        for wrong in [
            "true",
            "[]",
            "[1]",
            "{}",
            r#"{"a": "1"}"#,
            r#"{"$serde_json::private::Number": "1"}"#,
            "1e99",
        ] {
            assert!(read::<Decimal>(wrong).is_err(), "{wrong}");
        }
        for wrong in ["1.0", r#""1.0""#, "1e3", "2147483648", r#""2147483648""#] {
            assert!(read::<i32>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_number_for_a_text_keeps_its_spelling() {
        for spelled in ["4", "115", "1.50", "-3", "2044", "12345678901234567890.10"] {
            assert_eq!(read::<String>(spelled), Ok(Some(spelled.to_owned())));
            let sensitive = read::<SensitiveText>(spelled).unwrap().unwrap();
            assert_eq!(sensitive.expose(), spelled);
            assert!(read::<CardText>(spelled).is_err(), "{spelled}");
        }
        for wrong in ["1e3", "1E3", "true", "[]", "{}", r#"["x"]"#] {
            assert!(read::<String>(wrong).is_err(), "{wrong}");
            assert!(read::<SensitiveText>(wrong).is_err(), "{wrong}");
        }
        assert_eq!(read::<String>("null"), Ok(None));
    }

    #[test]
    fn booleans_and_numbers_stay_apart_in_bodies_and_are_loose_in_queries() {
        assert_eq!(read::<bool>("false"), Ok(Some(false)));
        for wrong in ["0", "1", r#""true""#, r#""1""#, "[]"] {
            assert!(read::<bool>(wrong).is_err(), "{wrong}");
        }
        for (text, value) in [("1", true), ("True", true), ("0", false), ("FALSE", false)] {
            assert_eq!(bool::queried(text), Ok(value), "{text}");
        }
        for wrong in ["yes", "2", "01", " true", "-1", "on"] {
            assert_eq!(bool::queried(wrong), Err(NotDue), "{wrong}");
        }
        assert_eq!(Decimal::queried("1E 3").unwrap().to_string(), "1000");
        assert_eq!(Decimal::queried("1E+3").unwrap().to_string(), "1000");
        assert!(Decimal::queried(" 1").is_err());
        for (text, read) in [("43,5", "43.5"), ("43,50", "43.50"), ("-0,05", "-0.05")] {
            assert_eq!(Decimal::queried(text).unwrap().to_string(), read);
        }
        for wrong in [
            "1,234", "1,234,5", "1.234,5", "1,234.5", ",5", "5,", "-,5", "1,5E2", "1, 5", "+1,5",
        ] {
            assert_eq!(Decimal::queried(wrong), Err(NotDue), "{wrong}");
            assert_eq!(Decimal::broken_rule(wrong), Rule::DecimalComma);
        }
    }

    #[test]
    fn values_of_a_free_map_are_read_like_fields() {
        let map = r#"{"a": 6, "b": "6", "c": 1.50, "d": 1.0, "e": {"x": "6"}, "f": null, "g": 1e3,
                      "h": 123456789012345678901234567890}"#;
        let map: Map<String, Value> = serde_json::from_str(map).unwrap();
        assert_eq!(of_json::<i32>(&map["a"]), Ok(Some(6)));
        assert_eq!(of_json::<i32>(&map["b"]), Ok(Some(6)));
        assert_eq!(of_json::<i32>(&map["f"]), Ok(None));
        for (name, text) in [("c", "1.50"), ("d", "1.0"), ("a", "6")] {
            assert_eq!(of_json::<String>(&map[name]), Ok(Some(text.to_owned())));
        }
        let long = "123456789012345678901234567890".to_owned();
        assert_eq!(of_json::<String>(&map["h"]), Ok(Some(long)));
        assert_eq!(
            of_json::<Decimal>(&map["g"]).unwrap().unwrap().to_string(),
            "1000"
        );
        for name in ["c", "d", "e", "g", "h"] {
            assert_eq!(of_json::<i32>(&map[name]), Err(NotDue), "{name}");
        }
        assert_eq!(of_json::<String>(&map["e"]), Err(NotDue));
        assert_eq!(of_json::<String>(&map["g"]), Err(NotDue));
    }

    #[test]
    fn an_empty_list_is_an_empty_map_and_no_other_is() {
        type Free = Map<String, Value>;
        assert_eq!(read::<Free>("[]"), Ok(Some(Map::new())));
        assert_eq!(read::<Free>("{}"), Ok(Some(Map::new())));
        for wrong in ["[1]", "[[]]", "7", r#""""#, "true"] {
            assert!(read::<Free>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_text_is_told_with_its_place() {
        let map = json!({"a": {"b": ["x", 5]}, "c": null});
        let mut told = Vec::new();
        let listen = &mut |at: &Place<'_>, text: &str| told.push(format!("{at}={text}"));
        map.as_object().unwrap().texts(&Place::Top, listen);
        assert_eq!(told, ["a=a", "a.b=b", "a.b[0]=x", "a.b[1]=5", "c=c"]);
    }

    proptest! {
        #[test]
        fn a_quoted_number_reads_as_the_number_itself(text in "-?[0-9]{1,12}(\\.[0-9]{1,8})?") {
            let quoted = read::<Decimal>(&format!("\"{text}\"")).unwrap();
            let plain = text.trim_start_matches('-');
            let zeros = plain.len() > 1 && plain.starts_with('0') && !plain.starts_with("0.");
            if !zeros {
                prop_assert_eq!(quoted, read::<Decimal>(&text).unwrap());
            }
        }

        #[test]
        fn no_other_text_is_a_number(text in "\\PC{0,12}") {
            let json = json!(text).to_string();
            prop_assert_eq!(read::<Decimal>(&json).is_ok(), is_plain_number(&text));
        }
    }
}
