//! The one source of randomness: the operating system's.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Fills `bytes`. Without randomness nothing here is safe, so a failing source ends the process.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks the system"
)]
pub fn fill(bytes: &mut [u8]) {
    if let Err(error) = getrandom::fill(bytes) {
        tracing::error!(%error, "the operating system gives no randomness");
        std::process::abort();
    }
}

/// 128 random bits as 22 URL-safe characters: an address that cannot be guessed.
pub fn token() -> String {
    let mut bytes = [0u8; 16];
    fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A random key of `length` letters and digits.
pub fn key(length: usize) -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    from_letters(LETTERS, length)
}

/// A bank order id: 20 characters `A-Z0-9`, which every bank protocol takes as it stands
/// (pos-protocols section 4, rule 4). 103 random bits.
pub fn order_id() -> String {
    const LETTERS: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    from_letters(LETTERS, 20)
}

/// A random UUID (version 4), as card user keys and card tokens look.
pub fn uuid() -> String {
    let mut bytes = [0u8; 16];
    fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .to_string()
}

fn from_letters(letters: &[u8], length: usize) -> String {
    // Bytes beyond the largest multiple of the alphabet are thrown away: no letter is likelier.
    let fair = 256 - 256 % letters.len();
    let mut text = String::with_capacity(length);
    let mut bytes = [0u8; 64];
    while text.len() < length {
        fill(&mut bytes);
        for byte in bytes {
            if usize::from(byte) < fair && text.len() < length {
                text.push(char::from(letters[usize::from(byte) % letters.len()]));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn order_ids_are_twenty_letters_and_digits() {
        let id = super::order_id();
        assert_eq!(id.len(), 20);
        assert!(
            id.bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        );
        assert_ne!(id, super::order_id());
    }
}
