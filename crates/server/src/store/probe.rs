//! Whether the database takes and answers writes now: what `/readyz` asks.

use super::db::{Commit, CommitError, Db, Unavailable, params};
use jiff::Timestamp;
use std::time::Duration;

/// How long the database may take to write a row and to read it.
const PROBE_TIMEOUT_SECONDS: u64 = 3;
/// Node numbers begin at 0; this row is nobody's lease.
const NOBODY: i64 = -1;

/// Writes a row durably and reads it, or says within `PROBE_TIMEOUT_SECONDS` why not: a full disk,
/// a server that is frozen or only reads.
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
        "insert into nodes (node, owner, until) values ($1, 'probe', $2) \
         on conflict (node) do update set until = $2",
        params![NOBODY, now],
    );
    match db.commit(commit).await {
        Ok(()) => {}
        Err(CommitError::Unavailable(why)) => return Err(Unavailable::new(why)),
        Err(error) => return Err(Unavailable::new(error.to_string())),
    }
    let row = db.row("select until from nodes where node = $1", params![NOBODY]);
    match row.await? {
        Some(_) => Ok(()),
        None => Err(Unavailable::new("what was written is not read")),
    }
}
