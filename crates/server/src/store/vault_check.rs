//! The known value by which a database tells whether somebody comes with its keys, sealed once by
//! each key that is in use. A wrong key would otherwise be noticed at the first payment, or seal
//! what no other key can open; and a file that lacks a key at the first text which that key sealed. The
//! newest key in use is the one that seals, in every process: a newer one in a file alone does nothing
//! before `galata key rotate` (`key_rotations.rs`).

use super::db::{Commit, CommitError, Db, Row, Unavailable, params};
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

/// Opens the known value with every key that is in use, and seals with the newest of them from now on.
pub async fn open(db: &Db, vault: &Vault) -> Result<(), KeyRefused> {
    match versions(db, vault).await?.into_iter().max() {
        Some(newest) => {
            vault.seal_with(newest);
            Ok(())
        }
        None => Err(KeyRefused::NotSealed),
    }
}

/// Seals with the newest key in use from now on, as far as it is here. What else is wrong with the keys
/// is told elsewhere.
pub(super) async fn follow(db: &Db, vault: &Vault) -> Result<(), Unavailable> {
    let rows = rows(db).await?;
    let newest = rows.iter().filter_map(|row| version(row).ok()).max();
    if let Some(newest) = newest {
        vault.seal_with(newest);
    }
    Ok(())
}

async fn rows(db: &Db) -> Result<Vec<Row>, Unavailable> {
    let sql = "select id, sealed from vault_checks order by id";
    db.rows(sql, params![]).await
}

fn version(row: &Row) -> Result<u8, KeyRefused> {
    vault::version_of(&row.text("sealed")?).ok_or(KeyRefused::Wrong)
}

/// The versions of the keys that are in use, all of which are here.
pub(super) async fn versions(db: &Db, vault: &Vault) -> Result<Vec<u8>, KeyRefused> {
    let mut versions = Vec::new();
    for row in rows(db).await? {
        let version = version(&row)?;
        if !vault.has(version) {
            return Err(KeyRefused::Missing(version));
        }
        match vault.open(PLACE, &row.text("sealed")?) {
            Ok(value) if *value == KNOWN => versions.push(version),
            _ => return Err(KeyRefused::Wrong),
        }
    }
    Ok(versions)
}

/// Seals the known value with the newest key where none is in use yet. A database from before the value
/// has merchants already: then the key must open what one of them sealed.
pub async fn seal(db: &Db, vault: &Vault, now: Timestamp) -> Result<(), KeyRefused> {
    if versions(db, vault).await?.is_empty() {
        if merchants::any_opens(db, vault).await? == Some(false) {
            return Err(KeyRefused::Wrong);
        }
        vault.seal_with(vault.newest());
        let mut commit = Commit::new(0, i64::from(vault.newest()));
        insert(vault, now, &mut commit);
        match db.commit(commit).await {
            Ok(()) | Err(CommitError::Conflict { .. }) => {}
            Err(CommitError::Unavailable(why)) => return Err(Unavailable::new(why).into()),
        }
    }
    // Another process may have been first, with another key.
    open(db, vault).await
}

/// Brings the newest key into use, unless it is. The version is the row's id: databases from before have
/// one row, whose id is 1 whatever sealed it; that key is here, so what is newer than it is not 1.
pub(super) fn insert(vault: &Vault, now: Timestamp, commit: &mut Commit) {
    let newest = vault.newest();
    commit.maybe(
        "insert into vault_checks (id, sealed, sealed_at) values ($1, $2, $3) \
         on conflict (id) do nothing",
        params![i64::from(newest), vault.seal_by(newest, PLACE, KNOWN), now],
    );
}

/// Takes a key out of use: files may lack it from then on.
pub(super) async fn retire(db: &Db, of_version: u8, commit: &mut Commit) -> Result<(), KeyRefused> {
    for row in rows(db).await? {
        if version(&row)? == of_version {
            commit.one(
                "delete from vault_checks where id = $1 and sealed = $2",
                params![row.int("id")?, row.text("sealed")?],
            );
        }
    }
    Ok(())
}
