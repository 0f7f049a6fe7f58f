//! Moments as the wire spells them. Computing with them is left to whoever has a time zone table.

use std::str::FromStr;

/// A moment in an answer: ISO 8601, local time of Istanbul, no zone, at most six fraction digits.
/// Java's client fails on a zone, so there must be none.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct LocalDateTime(pub String);

/// A moment in a query, as it came: with or without seconds, fraction, `Z` or offset, and with blanks
/// where a `T` was not written or a `+` was not escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedDateTime(pub String);

/// The longest text that can be a moment.
const RECEIVED_MAX_BYTES: usize = 40;

impl FromStr for ReceivedDateTime {
    type Err = ();

    /// Takes what has a moment's length and characters. Whether it is one, its reader decides.
    fn from_str(text: &str) -> Result<ReceivedDateTime, ()> {
        let fits = |b: u8| {
            b.is_ascii_digit()
                || matches!(
                    b,
                    b' ' | b'-' | b'+' | b':' | b'.' | b'T' | b't' | b'Z' | b'z'
                )
        };
        let shaped = text.len() <= RECEIVED_MAX_BYTES && text.bytes().all(fits);
        shaped.then(|| ReceivedDateTime(text.to_owned())).ok_or(())
    }
}
