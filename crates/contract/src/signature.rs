//! Hashes that clients and Galata both compute: request signatures, 3DS callback hashes, webhook
//! signatures. They follow the official clients' code, checked by vectors those clients made.
//!
//! A request signature is `base64(sha256(url + api key + secret + rnd key + body))`, without
//! separators, where `url` is the caller's base URL, path and query after one decoding.

use crate::card::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt::Write;
use subtle::{Choice, ConstantTimeEq};

/// The longest `x-rnd-key`.
const RND_KEY_MAX_BYTES: usize = 64;

/// What a request signature covers.
#[derive(Clone, Copy)]
pub struct SignedRequest<'a> {
    /// Base URLs that the caller may have configured ([`base_urls`]).
    pub base_urls: &'a [String],
    /// Path and query exactly as they came: doubled slashes, a trailing `&`, a lone `?` included.
    pub raw_target: &'a str,
    /// `x-api-key`.
    pub api_key: &'a str,
    /// The merchant's secret key.
    pub secret: &'a str,
    /// `x-rnd-key`, which must be a [`valid_rnd_key`].
    pub rnd_key: &'a str,
    /// The body's bytes as they came; empty when there is none.
    pub body: &'a [u8],
}

/// Whether a text may be an `x-rnd-key`: what UUIDs and both alphabets of base64 are made of. Nothing
/// separates it from the body in the hash, so no character may stand here that can begin a body.
pub fn valid_rnd_key(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'+' | b'/' | b'=');
    (1..=RND_KEY_MAX_BYTES).contains(&text.len()) && text.bytes().all(fits)
}

/// The base URLs under which a caller may have known this server: scheme and `Host` header, and the
/// operator's `public` ones, with and without their path (a proxy may hand it on). Each is told as it
/// stands, with and without the scheme's port, which clients sign but do not send, and with its host
/// in capitals, which Node and Python sign as it was typed and send in small letters. A public one is
/// also told with its host as the `Host` header spells it: Java, Go and PHP send what they sign.
pub fn base_urls(scheme: &str, host: &str, public: &[String]) -> Vec<String> {
    let mut urls = Vec::new();
    let received = format!("{scheme}://{host}");
    let spelled = host.split_once(':').map_or(host, |(name, _)| name);
    for url in std::iter::once(&received).chain(public) {
        let url = url.trim_end_matches('/');
        let Some((scheme, rest)) = url.split_once("://") else {
            continue;
        };
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let port = if scheme == "https" { ":443" } else { ":80" };
        let bare = host.strip_suffix(port).unwrap_or(host);
        // A host that names another port, which a colon behind the brackets of IPv6 tells.
        let names_port = bare.rsplit(']').next().is_some_and(|end| end.contains(':'));
        let with_port = if names_port {
            String::new()
        } else {
            format!("{bare}{port}")
        };
        for host in [bare, &with_port] {
            let (name, rest) = host.split_at(host.find(':').unwrap_or(host.len()));
            let as_received = if name.eq_ignore_ascii_case(spelled) {
                format!("{spelled}{rest}")
            } else {
                host.to_owned()
            };
            for host in [
                host.to_owned(),
                host.to_lowercase(),
                host.to_uppercase(),
                as_received,
            ] {
                for path in [path, ""] {
                    let url = format!("{scheme}://{host}{path}");
                    if !host.is_empty() && !urls.contains(&url) {
                        urls.push(url);
                    }
                }
            }
        }
    }
    urls
}

/// The spellings of a target that a client may have signed: as it came (the documentation),
/// percent-decoded (Node), form-decoded (Java, Python). Equal ones are told once.
pub fn target_spellings(raw_target: &str) -> Vec<Cow<'_, str>> {
    let mut spellings = vec![Cow::Borrowed(raw_target)];
    for plus_is_space in [false, true] {
        let decoded = decode(raw_target, plus_is_space);
        if !spellings.contains(&decoded) {
            spellings.push(decoded);
        }
    }
    spellings
}

/// Decodes `%XX`, and `+` to a space if asked. A `%` without two hexadecimal digits stays as it
/// is and bytes that are not UTF-8 become U+FFFD, as Python does; other clients send neither.
fn decode(text: &str, plus_is_space: bool) -> Cow<'_, str> {
    let touched = |b: u8| b == b'%' || (plus_is_space && b == b'+');
    if !text.bytes().any(touched) {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    decoded.push(high << 4 | low);
                    rest = after;
                }
                _ => decoded.push(first),
            },
            (b'+', _) if plus_is_space => decoded.push(b' '),
            _ => decoded.push(first),
        }
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Whether `given` (base64, padded) signs the request under any base URL and spelling. The time
/// it takes does not tell which one fitted, nor how nearly.
pub fn verify(request: &SignedRequest<'_>, given: &str) -> bool {
    let Ok(given) = STANDARD.decode(given) else {
        return false;
    };
    let targets = target_spellings(request.raw_target);
    let mut equal = Choice::from(0);
    for base_url in request.base_urls {
        for target in &targets {
            equal |= digest(base_url, target, request).as_slice().ct_eq(&given);
        }
    }
    equal.into()
}

/// The signature of a request that is known under one URL (already decoded), as a client makes
/// it: base64, padded.
pub fn sign(url: &str, api_key: &str, secret: &str, rnd_key: &str, body: &[u8]) -> String {
    let request = SignedRequest {
        base_urls: &[],
        raw_target: "",
        api_key,
        secret,
        rnd_key,
        body,
    };
    STANDARD.encode(digest(url, "", &request))
}

fn digest(base_url: &str, target: &str, request: &SignedRequest<'_>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(base_url);
    hash.update(target);
    hash.update(request.api_key);
    hash.update(request.secret);
    hash.update(request.rnd_key);
    hash.update(request.body);
    hash.finalize().into()
}

/// The fields of a callback that the older hash covers. What is absent is empty.
#[derive(Debug, Clone, Copy, Default)]
pub struct Callback<'a> {
    /// `SUCCESS` or `FAILURE`.
    pub status: &'a str,
    /// `WAITING` or `COMPLETED`.
    pub complete_status: &'a str,
    /// The payment's id in digits.
    pub payment_id: &'a str,
    /// What the merchant hands back at completion.
    pub conversation_data: &'a str,
    /// The merchant's own reference.
    pub conversation_id: &'a str,
    /// `ALREADY_RETURNED` when a browser comes back twice.
    pub callback_status: &'a str,
}

/// The callback's `hash` in its first version: lower-case hexadecimal SHA-256 over the key and
/// six fields, joined by `###`.
pub fn callback_hash_v1(key: &str, callback: &Callback<'_>) -> String {
    let mut hash = Sha256::new();
    hash.update(key);
    for field in [
        callback.status,
        callback.complete_status,
        callback.payment_id,
        callback.conversation_data,
        callback.conversation_id,
        callback.callback_status,
    ] {
        hash.update("###");
        hash.update(field);
    }
    lower_hex(&hash.finalize())
}

/// The callback's `hashParams` and `hash` in the second version: the names joined by `:`, and
/// lower-case hexadecimal SHA-256 over the key and the values in that order, without separators.
pub fn callback_hash_v2(key: &str, fields: &[(&str, &str)]) -> (String, String) {
    let mut hash = Sha256::new();
    hash.update(key);
    let mut names = String::new();
    for (name, value) in fields {
        if !names.is_empty() {
            names.push(':');
        }
        names.push_str(name);
        hash.update(value);
    }
    (names, lower_hex(&hash.finalize()))
}

fn lower_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// `x-cg-signature-v1` of a webhook: base64 of HMAC-SHA256 under the merchant's webhook key over
/// event type, timestamp in seconds, status and payload id, without separators.
pub fn webhook(key: &str, event: &str, timestamp: i64, status: &str, payload_id: &str) -> String {
    let mut mac = Hmac::<Sha256>::new(&hmac_key(key.as_bytes()).into());
    mac.update(event.as_bytes());
    mac.update(timestamp.to_string().as_bytes());
    mac.update(status.as_bytes());
    mac.update(payload_id.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// `webhook-signature` of Standard Webhooks, beside Craftgate's own, which does not cover the body:
/// `v1,` and base64 of HMAC-SHA256 over id, timestamp in seconds and body, with dots between.
/// `key` is the webhook key's text as bytes. Source: the specification on standardwebhooks.com.
pub fn standard_webhook(key: &[u8], id: &str, timestamp: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new(&hmac_key(key).into());
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// A webhook key as the libraries of Standard Webhooks take it: `whsec_` and base64, which they decode
/// to the bytes that sign.
pub fn standard_webhook_key(key: &Secret) -> Secret {
    Secret::new(format!("whsec_{}", STANDARD.encode(key.expose())))
}

/// A key of any length as one block (RFC 2104): padded with zeros, hashed first when longer.
fn hmac_key(key: &[u8]) -> [u8; 64] {
    let mut block = [0; 64];
    match block.get_mut(..key.len()) {
        Some(start) => start.copy_from_slice(key),
        None => block[..32].copy_from_slice(&Sha256::digest(key)),
    }
    block
}
