//! The digests that bank documents build their hashes from, and how two of them are compared.
//!
//! What goes into a hash is the protocol's business and stands in the protocol's file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use data_encoding::HEXUPPER;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;

/// Base64 of SHA-1.
pub(crate) fn sha1_base64(text: &str) -> String {
    sha1_bytes_base64(text.as_bytes())
}

/// Base64 of SHA-1 over bytes of a charset of the bank's own.
pub(crate) fn sha1_bytes_base64(bytes: &[u8]) -> String {
    STANDARD.encode(Sha1::digest(bytes))
}

/// Base64 of SHA-512.
pub(crate) fn sha512_base64(text: &str) -> String {
    STANDARD.encode(Sha512::digest(text.as_bytes()))
}

/// Base64 of SHA-256.
pub(crate) fn sha256_base64(text: &str) -> String {
    sha256_bytes_base64(text.as_bytes())
}

/// Base64 of SHA-256 over bytes of a charset of the bank's own.
pub(crate) fn sha256_bytes_base64(bytes: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(bytes))
}

/// HMAC with SHA-512; nothing only for a key that the algorithm does not take, which takes any.
fn hmac_sha512(key: &str, message: &[u8]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha512>::new_from_slice(key.as_bytes()) else {
        return Vec::new();
    };
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// Base64 of HMAC with SHA-512.
pub(crate) fn hmac_sha512_base64(key: &str, message: &[u8]) -> String {
    STANDARD.encode(hmac_sha512(key, message))
}

/// Upper-case hexadecimal of HMAC with SHA-512: 128 digits.
pub(crate) fn hmac_sha512_hex(key: &str, message: &[u8]) -> String {
    HEXUPPER.encode(&hmac_sha512(key, message))
}

/// Upper-case hexadecimal of SHA-1.
pub(crate) fn sha1_hex(text: &str) -> String {
    HEXUPPER.encode(&Sha1::digest(text.as_bytes()))
}

/// Upper-case hexadecimal of SHA-512.
pub(crate) fn sha512_hex(text: &str) -> String {
    HEXUPPER.encode(&Sha512::digest(text.as_bytes()))
}

/// Whether a received hash is the expected one, in constant time. An empty one never is.
pub(crate) fn same(received: &str, expected: &str) -> bool {
    !received.is_empty() && bool::from(received.as_bytes().ct_eq(expected.as_bytes()))
}
