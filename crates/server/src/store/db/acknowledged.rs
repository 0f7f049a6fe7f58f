//! How far a SQLite database was acknowledged to have come, kept in a second file beside it: SQLite
//! drops the tail of a damaged or missing log (`-wal`) without a word, and a payment that was
//! answered would be gone. The database counts itself once a second while it is written; the count
//! goes into the second file after it is durable, so the file may lag and never leads.

use super::{OpenError, place};
use crate::machine;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long another process may hold the database while we look.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a count that is durable may take to its file.
const COUNT_TO_FILE: Duration = Duration::from_millis(200);
/// More than a count has.
const KEPT_BYTES_MAX: u64 = 64;

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
/// ever read; not flushed, for it may lag. Whoever may read the database may read it, and what
/// another user left on the way to it is replaced.
pub(super) fn keep(database: &Path, count: i64) -> io::Result<()> {
    let file = file_beside(database);
    let new = PathBuf::from(format!("{}.new", file.display()));
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut private = OpenOptions::new();
    private.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut private, 0o600);
    let mut opened = private.open(&new)?;
    opened.write_all(format!("{count}\n").as_bytes())?;
    #[cfg(unix)]
    belong_like(&opened, &fs::metadata(database)?)?;
    fs::rename(&new, &file)
}

/// Gives a file the owner, group and mode of the database.
#[cfg(unix)]
pub(super) fn belong_like(file: &File, database: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let is = file.metadata()?;
    if (is.uid(), is.gid()) != (database.uid(), database.gid()) {
        // Root alone gives files away. Anybody else who may write the database keeps the count as
        // their own, and whoever cannot read it is told so at their start.
        let _ = fchown(file, Some(database.uid()), Some(database.gid()));
    }
    file.set_permissions(fs::Permissions::from_mode(database.mode() & 0o666))
}

/// Refuses a database that is older than what was acknowledged, or missing although something was.
/// Where nothing readable is kept nothing is refused: [`worry`] tells that.
pub fn compare(database: &Path) -> Result<(), OpenError> {
    // In this order: another process may be counting on.
    let Ok(Some(kept)) = kept(database) else {
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

/// Why a database that has acknowledged something cannot be compared with what that was.
pub fn worry(database: &Path) -> Option<String> {
    // Whoever opens it next is told of a restore that is under way.
    // What this user may not open is told by whoever opens it.
    if machine::denied(database).is_some() {
        return None;
    }
    let Ok(_held) = place::share(database, database.exists()) else {
        return None;
    };
    let mut kept_now = kept(database);
    if matches!(kept_now, Ok(None)) {
        // A database that does not open says so itself.
        if reached(database).unwrap_or(0) == 0 {
            return None;
        }
        // Another process may have counted for the first time just now.
        std::thread::sleep(COUNT_TO_FILE);
        kept_now = kept(database);
    }
    let why = match kept_now {
        Ok(Some(_)) => return None,
        Ok(None) => format!("{} is not there", file_beside(database).display()),
        Err(why) => why,
    };
    Some(format!(
        "whether {} is as new as what was acknowledged cannot be told: {why}",
        database.display()
    ))
}

/// The mark that was acknowledged; nothing when none was. The error is a sentence.
pub fn kept(database: &Path) -> Result<Option<i64>, String> {
    let file = file_beside(database);
    let mut text = String::new();
    let read =
        File::open(&file).and_then(|file| file.take(KEPT_BYTES_MAX).read_to_string(&mut text));
    match read {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{}: {error}", file.display())),
    }
    match text.trim().parse() {
        Ok(count) if count >= 0 => Ok(Some(count)),
        _ => Err(format!("{} holds no count", file.display())),
    }
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
