//! Signatures of the lender protocol: base64(HMAC-SHA256(secret, parts joined by line feeds)).
//! The body is always the last part, so no two messages can be read two ways.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contract::card::Secret;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Zoned;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Seconds that a message's timestamp may differ from our clock, either way.
pub(super) const CLOCK_SKEW_SECONDS_MAX: u64 = 5 * 60;

/// The signature of `parts`.
pub(super) fn sign(secret: &Secret, parts: &[&[u8]]) -> String {
    let key = secret.expose().as_bytes();
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        // HMAC takes a key of any length; an empty signature matches nothing.
        return String::new();
    };
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            mac.update(b"\n");
        }
        mac.update(part);
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Whether `signature` is that of `parts`, compared in constant time and letter by letter: two
/// spellings of one base64 value are not the same signature.
pub(super) fn matches(secret: &Secret, parts: &[&[u8]], signature: &str) -> bool {
    let expected = sign(secret, parts);
    !expected.is_empty() && bool::from(expected.as_bytes().ct_eq(signature.as_bytes()))
}

/// The value of a header that occurs exactly once. `name` in lower case.
pub(super) fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut found = headers
        .iter()
        .filter(|(key, _)| key.eq_ignore_ascii_case(name));
    let (_, value) = found.next()?;
    found.next().is_none().then_some(value.as_str())
}

/// The timestamp as it was written, when it is near `now`.
pub(super) fn fresh_timestamp<'a>(headers: &'a [(String, String)], now: &Zoned) -> Option<&'a str> {
    let text = header(headers, "x-lender-timestamp")?;
    let seconds: i64 = text.parse().ok()?;
    let apart = now.timestamp().as_second().abs_diff(seconds);
    (apart <= CLOCK_SKEW_SECONDS_MAX).then_some(text)
}

/// The path of an absolute URL, as it goes over the wire: no scheme, host, query or fragment.
pub(super) fn path_of(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = after_scheme
        .find('/')
        .map_or("/", |start| &after_scheme[start..]);
    path.split(['?', '#']).next().unwrap_or("/")
}
