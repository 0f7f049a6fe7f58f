//! Encryption at rest: AES-256-GCM under a key that never enters the database.
//!
//! A sealed text is base64 of version byte, 96-bit nonce, ciphertext and tag. What it belongs to
//! (merchant, row, purpose) is associated data, so a sealed value moved elsewhere does not open.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};
use zeroize::Zeroizing;

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;

/// The keys by version: one seals, all open.
pub struct Vault {
    keys: BTreeMap<u8, LessSafeKey>,
    /// The version that seals: one of `keys`, or 0 before it was named.
    seals: AtomicU8,
}

/// Why a key text cannot be used.
#[derive(Debug)]
pub struct BadKey {
    /// What is wrong, without the key.
    pub what: String,
    /// What to do about it.
    pub hint: &'static str,
}

const FORM: &str = "a line is 1:BASE64, as `galata key` prints it";
const TWICE: &str = "each key has a number of its own: write the new line with the next higher one, \
                     2:BASE64. `galata key add` does so";

impl BadKey {
    fn new(what: String, hint: &'static str) -> BadKey {
        BadKey { what, hint }
    }
}

/// A sealed text that does not open: another key, another row, or tampered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CannotOpen;

impl Vault {
    /// Reads keys, one a line: `version:base64`, versions 1 to 255, 32 bytes each. A line without
    /// a version is version 1; blank lines and `#` comments are skipped. The newest seals, until
    /// [`Vault::seal_with`] names another one.
    pub fn parse(text: &str) -> Result<Vault, BadKey> {
        let mut keys = BTreeMap::new();
        for (at, line) in text.lines().map(str::trim).enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let at = at + 1;
            let (version, key) = line.split_once(':').unwrap_or(("1", line));
            let version: u8 = version.parse().ok().filter(|v| *v > 0).ok_or_else(|| {
                BadKey::new(format!("line {at}: a key's number is from 1 to 255"), FORM)
            })?;
            let bytes = Zeroizing::new(BASE64.decode(key).map_err(|_| {
                BadKey::new(
                    format!("line {at}: a key is base64 of 32 random bytes"),
                    FORM,
                )
            })?);
            let unbound = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| {
                let length = bytes.len();
                BadKey::new(
                    format!("key {version} has {length} bytes, not {KEY_BYTES}"),
                    FORM,
                )
            })?;
            if keys.insert(version, LessSafeKey::new(unbound)).is_some() {
                return Err(BadKey::new(format!("key {version} is there twice"), TWICE));
            }
        }
        if keys.is_empty() {
            Err(BadKey::new("there is no key".to_owned(), FORM))
        } else {
            Ok(Vault {
                keys,
                seals: AtomicU8::new(0),
            })
        }
    }

    /// The newest version.
    pub fn newest(&self) -> u8 {
        self.keys
            .last_key_value()
            .map_or(0, |(version, _)| *version)
    }

    /// The version that seals.
    pub fn seals_with(&self) -> u8 {
        match self.seals.load(Ordering::SeqCst) {
            0 => self.newest(),
            version => version,
        }
    }

    /// Seals with this version from now on, if its key is here: which one it is, the database says
    /// (`store/vault_check.rs`). It only ever goes on to a newer one, whatever somebody read before that.
    pub fn seal_with(&self, version: u8) {
        if self.has(version) {
            self.seals.fetch_max(version, Ordering::SeqCst);
        }
    }

    /// Whether the key of this version is here.
    pub fn has(&self, version: u8) -> bool {
        self.keys.contains_key(&version)
    }

    /// Encrypts `plain` for the place named by `belongs_to`.
    pub fn seal(&self, belongs_to: &str, plain: &[u8]) -> String {
        self.seal_by(self.seals_with(), belongs_to, plain)
    }

    /// [`Vault::seal`] under a version that is here.
    pub fn seal_by(&self, version: u8, belongs_to: &str, plain: &[u8]) -> String {
        let Some(key) = self.keys.get(&version) else {
            unreachable!("the version that seals is one of the keys");
        };
        sealed(version, key, belongs_to, plain)
    }

    /// Decrypts what was sealed for the same place.
    pub fn open(&self, belongs_to: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, CannotOpen> {
        opened(|version| self.keys.get(&version), belongs_to, sealed)
    }

    /// Decrypts a text.
    pub fn open_text(
        &self,
        belongs_to: &str,
        sealed: &str,
    ) -> Result<Zeroizing<String>, CannotOpen> {
        let bytes = self.open(belongs_to, sealed)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| CannotOpen)?;
        Ok(Zeroizing::new(text.to_owned()))
    }
}

/// The version of the key that sealed a text.
pub fn version_of(sealed: &str) -> Option<u8> {
    BASE64.decode(sealed).ok()?.first().copied()
}

fn sealed(version: u8, key: &LessSafeKey, belongs_to: &str, plain: &[u8]) -> String {
    let mut nonce = [0u8; NONCE_LEN];
    crate::random::fill(&mut nonce);
    let mut bytes = Zeroizing::new(plain.to_vec());
    let nonce_of_ring = Nonce::assume_unique_for_key(nonce);
    if key
        .seal_in_place_append_tag(nonce_of_ring, Aad::from(belongs_to), &mut *bytes)
        .is_err()
    {
        unreachable!("AES-GCM seals anything below 64 GiB");
    }
    let mut sealed = vec![version];
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&bytes);
    BASE64.encode(sealed)
}

fn opened<'a>(
    key: impl FnOnce(u8) -> Option<&'a LessSafeKey>,
    belongs_to: &str,
    sealed: &str,
) -> Result<Zeroizing<Vec<u8>>, CannotOpen> {
    let mut bytes = BASE64.decode(sealed).map_err(|_| CannotOpen)?;
    if bytes.len() < 1 + NONCE_LEN {
        return Err(CannotOpen);
    }
    let key = key(bytes[0]).ok_or(CannotOpen)?;
    let nonce =
        Nonce::try_assume_unique_for_key(&bytes[1..1 + NONCE_LEN]).map_err(|_| CannotOpen)?;
    let plain = key
        .open_in_place(nonce, Aad::from(belongs_to), &mut bytes[1 + NONCE_LEN..])
        .map_err(|_| CannotOpen)?;
    Ok(Zeroizing::new(plain.to_vec()))
}

/// What the key of a holder's secret seals with; there is only one kind.
const OF_A_HOLDER: u8 = 1;
const FOR_A_HOLDER: &str = "for the holder of a secret";

/// Encrypts `plain` under a secret of 128 random bits that somebody else holds and we do not keep:
/// neither the database nor our own keys open it.
pub fn seal_for_holder(secret: &str, plain: &[u8]) -> String {
    sealed(OF_A_HOLDER, &key_of(secret), FOR_A_HOLDER, plain)
}

/// Decrypts what [`seal_for_holder`] made, with the secret that the holder brought.
pub fn open_by_holder(secret: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, CannotOpen> {
    let key = key_of(secret);
    opened(
        |version| (version == OF_A_HOLDER).then_some(&key),
        FOR_A_HOLDER,
        sealed,
    )
}

/// What is stored of a holder's secret to know it again: it opens nothing.
pub fn digest_of(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, format!("known by {secret}").as_bytes()))
}

fn key_of(secret: &str) -> LessSafeKey {
    let text = Zeroizing::new(format!("opened by {secret}"));
    let Ok(key) = UnboundKey::new(&AES_256_GCM, digest(&SHA256, text.as_bytes()).as_ref()) else {
        unreachable!("a SHA-256 is as long as the key");
    };
    LessSafeKey::new(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(version: u8, byte: u8) -> Vault {
        Vault::parse(&format!("{version}:{}", BASE64.encode([byte; KEY_BYTES]))).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_only_in_its_place() {
        let vault = vault(1, 7);
        let sealed = vault.seal("merchant 1 card a", b"5209220000000002");
        assert!(!sealed.contains("5209"));
        assert_eq!(
            &*vault.open_text("merchant 1 card a", &sealed).unwrap(),
            "5209220000000002"
        );
        assert_eq!(
            vault.open("merchant 2 card a", &sealed).unwrap_err(),
            CannotOpen
        );
        assert_ne!(sealed, vault.seal("merchant 1 card a", b"5209220000000002"));
    }

    #[test]
    fn another_key_does_not_open_and_an_old_one_still_does() {
        let sealed = vault(1, 7).seal("x", b"y");
        assert!(vault(1, 8).open("x", &sealed).is_err());
        let both = format!("1:{}\n2:{}", BASE64.encode([7; 32]), BASE64.encode([9; 32]));
        let both = Vault::parse(&both).unwrap();
        assert_eq!(&*both.open("x", &sealed).unwrap(), b"y");
        assert!(vault(1, 7).open("x", &both.seal("x", b"y")).is_err());
    }

    #[test]
    fn the_newest_seals_unless_another_one_is_named_and_none_that_is_older_after_it() {
        let both = format!("1:{}\n2:{}", BASE64.encode([7; 32]), BASE64.encode([9; 32]));
        let both = Vault::parse(&both).unwrap();
        let seals = || version_of(&both.seal("x", b"y"));
        assert_eq!(seals(), Some(2));
        // A key that is not here seals nothing.
        for (named, version) in [(1, 1), (3, 1), (2, 2), (1, 2)] {
            both.seal_with(named);
            assert_eq!(seals(), Some(version));
        }
    }

    #[test]
    fn a_swapped_byte_does_not_open() {
        let vault = vault(1, 7);
        let sealed = BASE64.decode(vault.seal("x", b"secret")).unwrap();
        for i in 0..sealed.len() {
            let mut swapped = sealed.clone();
            swapped[i] ^= 1;
            assert!(
                vault.open("x", &BASE64.encode(swapped)).is_err(),
                "byte {i}"
            );
        }
    }

    #[test]
    fn what_a_holder_opens_nobody_else_does() {
        let sealed = seal_for_holder("secret", b"form");
        assert_eq!(&**open_by_holder("secret", &sealed).unwrap(), b"form");
        assert_eq!(open_by_holder("other", &sealed).unwrap_err(), CannotOpen);
        let digest = digest_of("secret");
        assert_eq!(open_by_holder(&digest, &sealed).unwrap_err(), CannotOpen);
        assert_eq!(open_by_holder("secret", "AQ==").unwrap_err(), CannotOpen);
    }
}
