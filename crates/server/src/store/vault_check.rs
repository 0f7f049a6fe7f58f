//! The known value by which a database tells whether somebody comes with its keys, sealed once by
//! each key that was ever in use. A wrong key would otherwise be noticed at the first payment, or seal
//! what no other key can open; and a file that lacks a key at the first text which that key sealed.

use super::db::{Commit, CommitError, Db, Unavailable, params};
use super::merchants;
use crate::vault::{self, Vault};
use jiff::Timestamp;

/// What it is sealed for.
const PLACE: &str = "vault check";
/// The value.
const KNOWN: &[u8] = b"galata";

/// Why a key is not taken.
#[derive(Debug)]
pub enum KeyRefused {
    /// It does not open what this database holds.
    Wrong,
    /// The key of this version was in use here and is not among them.
    Missing(u8),
    /// No key has been used with this database yet.
    NotSealed,
    /// The database did not answer.
    Unavailable(Unavailable),
}

impl From<Unavailable> for KeyRefused {
    fn from(error: Unavailable) -> KeyRefused {
        KeyRefused::Unavailable(error)
    }
}

/// Opens the known value with every key that was in use.
pub async fn open(db: &Db, vault: &Vault) -> Result<(), KeyRefused> {
    if versions(db, vault).await?.is_empty() {
        Err(KeyRefused::NotSealed)
    } else {
        Ok(())
    }
}

/// The versions of the keys that were in use, all of which are here.
async fn versions(db: &Db, vault: &Vault) -> Result<Vec<u8>, KeyRefused> {
    let sql = "select sealed from vault_checks order by id";
    let mut versions = Vec::new();
    for row in db.rows(sql, params![]).await? {
        let sealed = row.text("sealed")?;
        let version = vault::version_of(&sealed).ok_or(KeyRefused::Wrong)?;
        if !vault.has(version) {
            return Err(KeyRefused::Missing(version));
        }
        match vault.open(PLACE, &sealed) {
            Ok(value) if *value == KNOWN => versions.push(version),
            _ => return Err(KeyRefused::Wrong),
        }
    }
    Ok(versions)
}

/// Seals the known value with the newest key, unless that was done: from then on a process that lacks
/// the key is refused. A database from before the value has merchants already: then the key must
/// open what one of them sealed.
pub async fn seal(db: &Db, vault: &Vault, now: Timestamp) -> Result<(), KeyRefused> {
    let (known, newest) = (versions(db, vault).await?, vault.newest());
    if known.contains(&newest) {
        return Ok(());
    }
    if known.is_empty() && merchants::any_opens(db, vault).await? == Some(false) {
        return Err(KeyRefused::Wrong);
    }
    // The version is the row's id. Databases from before have one row, whose id is 1 whatever sealed
    // it; that key is here, so what is newer than it is not 1.
    let id = i64::from(newest);
    let mut commit = Commit::new(0, id);
    commit.maybe(
        "insert into vault_checks (id, sealed, sealed_at) values ($1, $2, $3) \
         on conflict (id) do nothing",
        params![id, vault.seal(PLACE, KNOWN), now],
    );
    match db.commit(commit).await {
        Ok(()) | Err(CommitError::Conflict { .. }) => {}
        Err(CommitError::Unavailable(why)) => return Err(Unavailable::new(why).into()),
    }
    // Another process may have been first, with another key.
    open(db, vault).await
}
