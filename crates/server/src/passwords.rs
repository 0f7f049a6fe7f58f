//! Passwords: argon2id with OWASP's parameters (19 MiB, two passes), on threads of their own and
//! few at a time, so that a flood of sign-ins takes neither memory nor the payments' time.

use crate::operations::Problem;
use crate::random;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use contract::card::Secret;
use std::sync::LazyLock;
use tokio::sync::Semaphore;

/// Hashings at a time.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// Hashings that may wait for their turn; more are refused, so that a flood ends at the door.
static WAITING: Semaphore = Semaphore::const_new(64);

/// Verified when there is no such person, so that the answer takes as long as for one who exists.
static NOBODYS: LazyLock<Option<String>> = LazyLock::new(|| hashed(random::token().as_bytes()));

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
    let hash = on_a_thread(move || hashed(password.expose().as_bytes())).await?;
    let hash = hash.ok_or_else(|| Problem::unavailable("a password could not be hashed"))?;
    Ok(Secret::new(hash))
}

/// Whether a password is the one that was hashed; false, after the same time, without a hash.
pub async fn verify(password: &Secret, hash: Option<&Secret>) -> Result<bool, Problem> {
    let (password, hash) = (password.clone(), hash.cloned());
    on_a_thread(move || {
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
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let _place = WAITING
        .try_acquire()
        .map_err(|_| Problem::unavailable("too many sign-ins at once"))?;
    let _turn = AT_ONCE
        .acquire()
        .await
        .map_err(|error| Problem::unavailable(error.to_string()))?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Problem::unavailable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_alone() {
        let password = Secret::new("correct horse battery");
        let hash = hash(&password).await.unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify(&password, Some(&hash)).await.unwrap());
        assert!(!verify(&Secret::new("wrong"), Some(&hash)).await.unwrap());
        assert!(!verify(&password, None).await.unwrap());
    }
}
