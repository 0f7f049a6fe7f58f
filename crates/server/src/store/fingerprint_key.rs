//! The key of fingerprints: random, made once, sealed like everything else. It does not change when the
//! sealing key does, for then no fingerprint would be found again; what changes is what it is sealed with.

use super::db::{Commit, CommitError, Db, Unavailable, params};
use super::sealed::{KeyColumn, Sealed};
use crate::fingerprints::{Fingerprints, KEY_BYTES};
use crate::random;
use crate::vault::Vault;
use zeroize::Zeroizing;

/// What it is sealed for.
const PLACE: &str = "fingerprint key";

pub(super) const SEALED: Sealed = Sealed {
    table: "fingerprint_keys",
    key: &[KeyColumn::Int("id")],
    columns: &[("key_sealed", |_| PLACE.to_owned())],
};

/// Makes the key, unless it is there.
pub async fn make(db: &Db, vault: &Vault) -> Result<(), Unavailable> {
    let mut key = Zeroizing::new([0u8; KEY_BYTES]);
    random::fill(&mut *key);
    let mut commit = Commit::new(0, 1);
    commit.maybe(
        "insert into fingerprint_keys (id, key_sealed) values (1, $1) on conflict (id) do nothing",
        params![vault.seal(PLACE, &*key)],
    );
    match db.commit(commit).await {
        Ok(()) | Err(CommitError::Conflict { .. }) => Ok(()),
        Err(CommitError::Unavailable(why)) => Err(Unavailable::new(why)),
    }
}

/// Reads it; `None` before it was made.
pub async fn read(db: &Db, vault: &Vault) -> Result<Option<Fingerprints>, Unavailable> {
    let row = db
        .row(
            "select key_sealed from fingerprint_keys where id = 1",
            params![],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let opened = vault.open(PLACE, &row.text("key_sealed")?);
    let key = opened.ok().and_then(|key| {
        let mut bytes = Zeroizing::new([0u8; KEY_BYTES]);
        (key.len() == KEY_BYTES).then(|| bytes.copy_from_slice(&key))?;
        Some(bytes)
    });
    match key {
        Some(key) => Ok(Some(Fingerprints::new(key))),
        None => Err(Unavailable::new("the key of fingerprints does not open")),
    }
}
