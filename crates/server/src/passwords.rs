//! Passwords: argon2id with OWASP's parameters (19 MiB, two passes), on threads of their own and
//! few at a time, so that a flood of sign-ins takes neither memory nor the payments' time.

use crate::net::subnet;
use crate::problem::Problem;
use crate::random;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use contract::card::Secret;
use contract::rules::Rule;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{LazyLock, Mutex, MutexGuard};
use tokio::sync::Semaphore;

/// Hashings at a time.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// Hashings of strangers that may wait for their turn, in all and from one place. Others are refused,
/// so that a flood ends at the door, and one place's flood at its own.
static STRANGERS: Semaphore = Semaphore::const_new(64);
const OF_ONE_PLACE_MAX: usize = 4;
static PLACES: LazyLock<Mutex<HashMap<IpAddr, usize>>> = LazyLock::new(Mutex::default);

/// The same for those who proved something before: a session, a link, a browser's cookie. No
/// stranger takes their room.
static KNOWN: Semaphore = Semaphore::const_new(64);

/// Who waits for a hashing.
#[derive(Debug, Clone, Copy)]
pub enum Queue {
    /// Somebody who proved nothing yet, at an address.
    Stranger(Option<IpAddr>),
    /// Somebody with a session, a link, or the browser of an earlier sign-in.
    Known,
}

/// Verified when there is no such person, so that the answer takes as long as for one who exists.
static NOBODYS: LazyLock<Option<String>> = LazyLock::new(|| hashed(random::token().as_bytes()));

/// Characters of a password (NIST SP 800-63B asks for 8, and for room).
const CHARS_MIN: usize = 12;
/// Bytes that are hashed at most.
pub const BYTES_MAX: usize = 256;

/// Refuses a new password that is too short or too long, or holds its person's address.
pub fn check(password: &Secret, email: &str) -> Result<(), Problem> {
    const FIELD: &str = "password";
    let text = password.expose();
    if text.chars().count() < CHARS_MIN {
        return Err(Problem::limit(Rule::TooShort, FIELD, "min", CHARS_MIN));
    }
    if text.len() > BYTES_MAX {
        return Err(Problem::limit(Rule::TooLong, FIELD, "max", BYTES_MAX));
    }
    if text.to_lowercase().contains(email) {
        return Err(Problem::field(Rule::UnknownValue, FIELD));
    }
    Ok(())
}

fn hashed(password: &[u8]) -> Option<String> {
    let mut salt = [0u8; 16];
    random::fill(&mut salt);
    let hash: PasswordHash = Argon2::default()
        .hash_password_with_salt(password, &salt)
        .ok()?;
    Some(hash.to_string())
}

/// The hash of a password, with its salt and parameters.
pub async fn hash(password: &Secret) -> Result<Secret, Problem> {
    let password = password.clone();
    let hash = on_a_thread(Queue::Known, move || hashed(password.expose().as_bytes())).await?;
    let hash = hash.ok_or_else(|| Problem::unavailable("a password could not be hashed"))?;
    Ok(Secret::new(hash))
}

/// Whether a password is the one that was hashed; false, after the same time, without a hash.
pub async fn verify(
    queue: Queue,
    password: &Secret,
    hash: Option<&Secret>,
) -> Result<bool, Problem> {
    let (password, hash) = (password.clone(), hash.cloned());
    on_a_thread(queue, move || {
        let known = match &hash {
            Some(hash) => Some(hash.expose().to_owned()),
            None => NOBODYS.clone(),
        };
        let fits = known.is_some_and(|known| {
            Argon2::default()
                .verify_password(password.expose().as_bytes(), known.as_str())
                .is_ok()
        });
        fits && hash.is_some()
    })
    .await
}

async fn on_a_thread<T: Send + 'static>(
    queue: Queue,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let full = || Problem::rule(Rule::SignInLocked);
    let waiting = match queue {
        Queue::Known => &KNOWN,
        Queue::Stranger(_) => &STRANGERS,
    };
    let place = OfPlace::enter(queue).ok_or_else(full)?;
    let room = waiting.try_acquire().map_err(|_| full())?;
    let turn = AT_ONCE
        .acquire()
        .await
        .map_err(|error| Problem::unavailable(error.to_string()))?;
    // They are given back when the work is done, even if the caller hangs up before.
    let held = (place, room, turn);
    let work = move || {
        let done = work();
        drop(held);
        done
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Problem::unavailable(error.to_string()))
}

/// A place in the queue of one address, given back when it is dropped.
struct OfPlace(Option<IpAddr>);

impl OfPlace {
    fn enter(queue: Queue) -> Option<OfPlace> {
        // Without an address strangers cannot be told apart, so none has a limit of its own; loopback is
        // the operator.
        let Queue::Stranger(Some(address)) = queue else {
            return Some(OfPlace(None));
        };
        if address.is_loopback() {
            return Some(OfPlace(None));
        }
        let address = subnet(address);
        let mut places = places();
        let waiting = places.entry(address).or_insert(0);
        if *waiting >= OF_ONE_PLACE_MAX {
            return None;
        }
        *waiting += 1;
        Some(OfPlace(Some(address)))
    }
}

impl Drop for OfPlace {
    fn drop(&mut self) {
        let Some(address) = self.0 else { return };
        let mut places = places();
        let left = places
            .get(&address)
            .map_or(0, |waiting| waiting.saturating_sub(1));
        match left {
            0 => places.remove(&address),
            left => places.insert(address, left),
        };
    }
}

fn places() -> MutexGuard<'static, HashMap<IpAddr, usize>> {
    PLACES
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_alone() {
        let password = Secret::new("correct horse battery");
        let hash = hash(&password).await.unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify(Queue::Known, &password, Some(&hash)).await.unwrap());
        assert!(
            !verify(Queue::Known, &Secret::new("wrong"), Some(&hash))
                .await
                .unwrap()
        );
        assert!(!verify(Queue::Known, &password, None).await.unwrap());
    }
}
