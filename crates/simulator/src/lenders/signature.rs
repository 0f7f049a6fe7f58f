//! Signatures of the lender protocol: HMAC-SHA256 in base64 over lines joined by `\n`, the body
//! last. Written from the document, apart from Galata's own code, so that a mistake shows.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// How far a timestamp may be from the simulator's clock, either way.
pub(crate) const TIMESTAMP_SECONDS_APART_MAX: u64 = 300;

/// Signs a request, as the merchant's side does it.
pub(crate) fn of_request(
    secret: &str,
    timestamp: &str,
    method: &str,
    path: &str,
    body: &[u8],
) -> String {
    hmac(secret, &format!("{timestamp}\n{method}\n{path}\n"), body)
}

/// Signs a reply: the request's signature inside ties the two together.
pub(crate) fn of_reply(
    secret: &str,
    timestamp: &str,
    status: u16,
    request_signature: &str,
    body: &[u8],
) -> String {
    hmac(
        secret,
        &format!("{timestamp}\n{status}\n{request_signature}\n"),
        body,
    )
}

/// Signs a notification.
pub(crate) fn of_notification(
    secret: &str,
    timestamp: &str,
    client_id: &str,
    body: &[u8],
) -> String {
    hmac(secret, &format!("{timestamp}\nNOTIFY\n{client_id}\n"), body)
}

/// Compares two signatures without telling by the time where they part.
pub(crate) fn same(expected: &str, given: &str) -> bool {
    !expected.is_empty() && expected.as_bytes().ct_eq(given.as_bytes()).into()
}

/// The signature with its first character changed: what a forger might send.
pub(crate) fn spoiled(signature: &str) -> String {
    let first = if signature.starts_with('A') { "B" } else { "A" };
    format!("{first}{}", signature.get(1..).unwrap_or_default())
}

fn hmac(secret: &str, head: &str, body: &[u8]) -> String {
    match Hmac::<Sha256>::new_from_slice(secret.as_bytes()) {
        Ok(mac) => BASE64_STANDARD.encode(
            mac.chain_update(head)
                .chain_update(body)
                .finalize()
                .into_bytes(),
        ),
        // Cannot happen, HMAC takes any key; and an empty signature is never the same as one given.
        Err(_) => String::new(),
    }
}
