//! How far a SQLite database was acknowledged to have come, kept in a second file beside it: SQLite
//! drops the tail of a damaged or missing log (`-wal`) without a word, and a payment that was
//! answered would be gone. The database counts itself once a second while it is written; the count
//! goes into the second file after it is durable, so the file may lag and never leads.

use super::OpenError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long another process may hold the database while we look.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

const CREATE: &str =
    "create table if not exists acknowledged (id bigint primary key, count bigint not null)";
const COUNT: &str = "insert into acknowledged (id, count) values (0, 1) \
     on conflict (id) do update set count = count + 1";
const REACHED: &str = "select count from acknowledged where id = 0";

/// Counts on, inside the caller's transaction, and answers the count.
pub(super) fn count(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached(CREATE)?.raw_execute()?;
    connection.prepare_cached(COUNT)?.raw_execute()?;
    connection.query_row(REACHED, [], |row| row.get(0))
}

/// Keeps a count that is durable in the database. Put in place at once, so that no half of it is
/// ever read; not flushed, for it may lag.
pub(super) fn keep(database: &Path, count: i64) -> std::io::Result<()> {
    let file = file_beside(database);
    let new = PathBuf::from(format!("{}.new", file.display()));
    std::fs::write(&new, format!("{count}\n"))?;
    std::fs::rename(&new, &file)
}

/// Refuses a database that is older than what was acknowledged, or missing although something was.
pub fn compare(database: &Path) -> Result<(), OpenError> {
    // In this order: another process may be counting on.
    let Some(kept) = kept(database) else {
        return Ok(());
    };
    let reached = reached(database)
        .map_err(|error| OpenError::new(format!("{}: {error}", database.display()), ""))?;
    if kept <= reached {
        return Ok(());
    }
    Err(OpenError::new(
        format!(
            "{} is older than what was acknowledged: it has come to mark {reached}, and mark {kept} \
             was reached before. Payments that were answered are missing from it",
            database.display()
        ),
        "put the -wal file back that belongs to it, or bring a backup in with `galata restore`; \
         nothing was changed",
    ))
}

/// Forgets how far the database had come. For who has put an older one in its place knowingly.
pub fn reset(database: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(file_beside(database)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The mark that was acknowledged; nothing when none was, or the file says nothing.
pub fn kept(database: &Path) -> Option<i64> {
    let text = std::fs::read_to_string(file_beside(database)).ok()?;
    text.trim().parse().ok()
}

/// The mark that the database itself has reached. What is left of its log stays where it is.
fn reached(database: &Path) -> rusqlite::Result<i64> {
    if !database.exists() {
        return Ok(0);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    connection.busy_timeout(LOCK_TIMEOUT)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    let known = "select 1 from sqlite_master where type = 'table' and name = 'acknowledged'";
    let exists = connection
        .query_row(known, [], |_| Ok(()))
        .optional()?
        .is_some();
    if !exists {
        return Ok(0);
    }
    let count = connection
        .query_row(REACHED, [], |row| row.get(0))
        .optional()?;
    Ok(count.unwrap_or(0))
}

/// `galata.db-count` for `galata.db`.
pub fn file_beside(database: &Path) -> PathBuf {
    PathBuf::from(format!("{}-count", database.display()))
}
