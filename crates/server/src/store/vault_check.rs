//! The known value by which a database tells whether somebody comes with its key. A wrong key would
//! otherwise be noticed at the first payment, or seal what nobody else can open.

use super::db::{Commit, CommitError, Db, Unavailable, params};
use super::merchants;
use crate::vault::Vault;
use jiff::Timestamp;

/// What it is sealed for.
const PLACE: &str = "vault check";
/// The value.
const KNOWN: &[u8] = b"galata";
/// The one row.
const ID: i64 = 1;

/// Why a key is not taken.
#[derive(Debug)]
pub enum KeyRefused {
    /// It does not open what this database holds.
    Wrong,
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

/// Opens the known value.
pub async fn open(db: &Db, vault: &Vault) -> Result<(), KeyRefused> {
    let row = db
        .row("select sealed from vault_checks where id = $1", params![ID])
        .await?
        .ok_or(KeyRefused::NotSealed)?;
    match vault.open(PLACE, &row.text("sealed")?) {
        Ok(value) if *value == KNOWN => Ok(()),
        _ => Err(KeyRefused::Wrong),
    }
}

/// Seals the known value where there is none. A database from before it has merchants already: then
/// the key must open what one of them sealed.
pub async fn seal(db: &Db, vault: &Vault, now: Timestamp) -> Result<(), KeyRefused> {
    match open(db, vault).await {
        Err(KeyRefused::NotSealed) => {}
        other => return other,
    }
    if merchants::any_opens(db, vault).await? == Some(false) {
        return Err(KeyRefused::Wrong);
    }
    let mut commit = Commit::new(0, ID);
    commit.maybe(
        "insert into vault_checks (id, sealed, sealed_at) values ($1, $2, $3) \
         on conflict (id) do nothing",
        params![ID, vault.seal(PLACE, KNOWN), now],
    );
    match db.commit(commit).await {
        Ok(()) | Err(CommitError::Conflict { .. }) => {}
        Err(CommitError::Unavailable(why)) => return Err(Unavailable::new(why).into()),
    }
    // Another process may have been first, with another key.
    open(db, vault).await
}
