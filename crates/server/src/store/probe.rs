//! Whether the database takes and answers writes now: what `/readyz` and `doctor` ask.

use super::db::{Commit, CommitError, Db, Unavailable, params};
use jiff::Timestamp;
use std::time::Duration;

/// How long the database may take to write a row and to read it.
const PROBE_TIMEOUT_SECONDS: u64 = 3;

/// Writes a row durably and reads it, or says within `PROBE_TIMEOUT_SECONDS` why not: a full disk,
/// a server that is frozen or only reads, a schema that is older than the program.
pub async fn probe(db: &Db, now: Timestamp) -> Result<(), Unavailable> {
    let limit = Duration::from_secs(PROBE_TIMEOUT_SECONDS);
    tokio::time::timeout(limit, write_and_read(db, now))
        .await
        .unwrap_or_else(|_| {
            Err(Unavailable::new(format!(
                "no answer within {PROBE_TIMEOUT_SECONDS} s"
            )))
        })
}

async fn write_and_read(db: &Db, now: Timestamp) -> Result<(), Unavailable> {
    let mut commit = Commit::new(0, 0);
    commit.one(
        "insert into probes (id, at) values (0, $1) on conflict (id) do update set at = $1",
        params![now],
    );
    match db.commit(commit).await {
        Ok(()) => {}
        Err(CommitError::Unavailable(why)) => return Err(Unavailable::new(why)),
        Err(error) => return Err(Unavailable::new(error.to_string())),
    }
    match db
        .row("select at from probes where id = 0", params![])
        .await?
    {
        Some(_) => Ok(()),
        None => Err(Unavailable::new("what was written is not read")),
    }
}
