//! The simulator's own secret: what it hands to browsers it seals, so that it can trust it when it
//! comes back, also after a restart. Bank hashes that merchants compute too live with their protocol.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use data_encoding::HEXUPPER;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Key for sealing tokens and for naming cards without their numbers.
pub(crate) struct Sealer {
    key: [u8; 32],
}

impl Sealer {
    pub(crate) fn new(key: [u8; 32]) -> Sealer {
        Sealer { key }
    }

    fn mac(&self, purpose: &str, message: &[u8]) -> Vec<u8> {
        hmac(&self.key, &[purpose.as_bytes(), &[0], message])
    }

    /// A name for a card that does not tell its number: 32 hex digits.
    pub(crate) fn card_reference(&self, pan: &str) -> String {
        let mut name = upper_hex(&self.mac("card", pan.as_bytes()));
        name.truncate(32);
        name
    }

    /// A token that only this simulator can make; `purpose` keeps one kind from passing as another.
    pub(crate) fn seal<T: Serialize>(&self, purpose: &str, value: &T) -> String {
        let payload = serde_json::to_vec(value).unwrap_or_default();
        let mac = self.mac(purpose, &payload);
        format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(payload),
            URL_SAFE_NO_PAD.encode(mac)
        )
    }

    /// What a token of that purpose holds; `None` for anything else.
    pub(crate) fn open<T: DeserializeOwned>(&self, purpose: &str, token: &str) -> Option<T> {
        let (payload, mac) = token.trim().split_once('.')?;
        let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        if !same(&mac, &self.mac(purpose, &payload)) {
            return None;
        }
        serde_json::from_slice(&payload).ok()
    }

    /// Base64 signature over text.
    pub(crate) fn sign(&self, purpose: &str, message: &str) -> String {
        STANDARD.encode(self.mac(purpose, message.as_bytes()))
    }
}

/// HMAC-SHA256 over parts put end to end.
pub(crate) fn hmac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    // HMAC takes keys of any length, so this branch is never taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// Compares in constant time.
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// Upper-case hexadecimal.
pub(crate) fn upper_hex(bytes: &[u8]) -> String {
    HEXUPPER.encode(bytes)
}

/// Fresh random bytes from the operating system.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the simulator's one source of randomness"
)]
pub(crate) fn random<const N: usize>() -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| format!("no randomness: {error}"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_only_for_its_purpose_and_unchanged() {
        let sealer = Sealer::new([7; 32]);
        let token = sealer.seal("a", &"value");
        assert_eq!(sealer.open::<String>("a", &token).as_deref(), Some("value"));
        assert_eq!(sealer.open::<String>("b", &token), None);
        assert_eq!(Sealer::new([8; 32]).open::<String>("a", &token), None);
        let other = token.replacen(&token[3..4], if &token[3..4] == "x" { "y" } else { "x" }, 1);
        assert_eq!(sealer.open::<String>("a", &other), None);
        assert_eq!(sealer.open::<String>("a", ""), None);
    }
}
