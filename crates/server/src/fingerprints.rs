//! Fingerprints of card numbers: what tells that two stored cards are one, and tells nothing else. A
//! keyed hash, so that nobody finds a number by trying all of them without the key; each merchant's are
//! its own, so that two merchants cannot find out that they know the same shopper. The key stays when the
//! sealing key changes (decision 0025).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contract::card::Pan;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Bytes of the key.
pub const KEY_BYTES: usize = 32;

/// Makes fingerprints.
pub struct Fingerprints(Zeroizing<[u8; KEY_BYTES]>);

impl Fingerprints {
    /// Under a key.
    pub fn new(key: Zeroizing<[u8; KEY_BYTES]>) -> Fingerprints {
        Fingerprints(key)
    }

    /// Of a merchant's card: 43 letters, digits, `-` and `_`.
    pub fn of(&self, merchant_id: i64, pan: &Pan) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&*self.0) else {
            unreachable!("HMAC takes keys of every length");
        };
        mac.update(format!("merchant {merchant_id} card {}", pan.expose()).as_bytes());
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_one_cards_one_merchants_and_one_keys() {
        let of = |key: u8, merchant: i64, number: &str| {
            let pan = Pan::parse(number).unwrap();
            Fingerprints::new(Zeroizing::new([key; KEY_BYTES])).of(merchant, &pan)
        };
        let one = of(1, 1, "5209220000000002");
        assert_eq!(one.len(), 43);
        assert_eq!(one, of(1, 1, "5209220000000002"));
        for other in [
            of(2, 1, "5209220000000002"),
            of(1, 2, "5209220000000002"),
            of(1, 1, "5258640000000001"),
        ] {
            assert_ne!(one, other);
        }
    }
}
