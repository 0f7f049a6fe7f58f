//! Digests of what is only ever compared: 128 bits of SHA-256, as the two halves that both
//! databases store in eight bytes each.

use sha2::{Digest as _, Sha256};

/// The first 128 bits of a SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest {
    /// The first 64 bits.
    pub(super) high: i64,
    /// The next 64 bits.
    pub(super) low: i64,
}

impl Digest {
    /// Of a text.
    pub(super) fn of(text: &str) -> Digest {
        let hash: [u8; 32] = Sha256::digest(text).into();
        let half = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&hash[at..at + 8]);
            i64::from_be_bytes(bytes)
        };
        Digest {
            high: half(0),
            low: half(8),
        }
    }
}
