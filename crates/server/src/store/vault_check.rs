//! Whether the key is the one with which this database was sealed.

use super::db::{Db, Unavailable, params};
use crate::vault::Vault;

/// Why a key is not taken.
#[derive(Debug)]
pub enum KeyRefused {
    /// It does not open what this database holds.
    Wrong,
    /// The database did not answer.
    Unavailable(Unavailable),
}

impl From<Unavailable> for KeyRefused {
    fn from(error: Unavailable) -> KeyRefused {
        KeyRefused::Unavailable(error)
    }
}

/// Opens the newest API key's secret. A database without one holds nothing that could be lost.
pub async fn open(db: &Db, vault: &Vault) -> Result<(), KeyRefused> {
    let sql = "select api_key, secret_sealed from api_keys order by api_key limit 1";
    let Some(row) = db.row(sql, params![]).await? else {
        return Ok(());
    };
    let place = format!("api key {}", row.text("api_key")?);
    match vault.open(&place, &row.text("secret_sealed")?) {
        Ok(_) => Ok(()),
        Err(_) => Err(KeyRefused::Wrong),
    }
}
