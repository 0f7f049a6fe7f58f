//! Six digits of an authenticator app: RFC 6238 with SHA-1, 30 seconds and six digits, which is what
//! every app understands.

use crate::random;
use contract::card::Secret;
use data_encoding::BASE32_NOPAD as BASE32;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha1::Sha1;
use subtle::ConstantTimeEq;

const STEP_SECONDS: i64 = 30;
/// RFC 4226 recommends 160 bits.
const KEY_BYTES: usize = 20;

/// A new key in base 32, as apps take it.
pub fn new_key() -> Secret {
    let mut bytes = [0u8; KEY_BYTES];
    random::fill(&mut bytes);
    Secret::new(BASE32.encode(&bytes))
}

fn code_at(key: &[u8], step: i64) -> Option<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).ok()?;
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest.last()? & 15);
    let four: [u8; 4] = digest.get(offset..offset + 4)?.try_into().ok()?;
    let number = u32::from_be_bytes(four) & 0x7fff_ffff;
    Some(format!("{:06}", number % 1_000_000))
}

/// The time step whose code this is: now, or one step to either side for clocks that differ. None
/// when it is no code of now, or of a step that is not after `used`.
pub fn step_of(key: &Secret, code: &str, now: Timestamp, used: i64) -> Option<i64> {
    let key = BASE32.decode(key.expose().as_bytes()).ok()?;
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let current = now.as_second().div_euclid(STEP_SECONDS);
    let fits = |step: &i64| {
        code_at(&key, *step).is_some_and(|right| right.as_bytes().ct_eq(code.as_bytes()).into())
    };
    (current - 1..=current + 1)
        .find(fits)
        .filter(|step| *step > used)
}

/// The address that an app scans.
pub fn address(email: &str, key: &Secret) -> String {
    let encoded: String = form_urlencoded::byte_serialize(email.as_bytes()).collect();
    format!(
        "otpauth://totp/Galata:{encoded}?secret={}&issuer=Galata",
        key.expose()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, the SHA-1 rows cut to six digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let key = Secret::new("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            let now = Timestamp::from_second(second).unwrap();
            assert!(step_of(&key, code, now, 0).is_some(), "{second}");
            assert_eq!(step_of(&key, "000000", now, 0), None);
        }
    }

    #[test]
    fn no_code_works_twice_and_new_keys_are_read_back() {
        let key = new_key();
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let bytes = BASE32.decode(key.expose().as_bytes()).unwrap();
        assert_eq!(bytes.len(), KEY_BYTES);
        let code = code_at(&bytes, 1_700_000_000 / 30).unwrap();
        let step = step_of(&key, &code, now, 0).unwrap();
        assert_eq!(step_of(&key, &code, now, step), None);
    }
}
