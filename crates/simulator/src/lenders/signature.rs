//! Signatures of the lender protocol: HMAC-SHA256 in base64 over lines joined by `\n`, the body
//! last. Written from the document, apart from Galata's own code, so that a mistake shows.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::seal;

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

fn hmac(secret: &str, head: &str, body: &[u8]) -> String {
    BASE64_STANDARD.encode(seal::hmac(secret.as_bytes(), &[head.as_bytes(), body]))
}
