//! A copy of a SQLite database while it is in use, and a copy put back in its place. PostgreSQL has
//! tools of its own for both.

use super::place::{self, Held};
use crate::random;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};
use std::ffi::OsString;
use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What stands beside a database and belongs to it: its log, the log's index, and how far it was
/// acknowledged. A database beside another one's log would be damaged by it, and beside another
/// one's count refused.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-count"];
/// How long a backup waits for a lock.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// The file that a URL names, when it is one of SQLite.
pub fn file_of(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite:")?;
    Some(PathBuf::from(rest.strip_prefix("//").unwrap_or(rest)))
}

/// Why a copy cannot be made, and what to do about it.
#[derive(Debug)]
pub struct CopyError {
    /// A sentence.
    pub what: String,
    /// May be empty.
    pub hint: &'static str,
}

impl From<String> for CopyError {
    fn from(what: String) -> CopyError {
        CopyError { what, hint: "" }
    }
}

fn refused<T>(what: String, hint: &'static str) -> Result<T, CopyError> {
    Err(CopyError { what, hint })
}

/// Copies the database at `from` to the new file `to`, as it is at one moment, while others read and
/// write it, and checks the copy. Answers its bytes. Blocks.
pub fn copy(from: &Path, to: &Path) -> Result<u64, CopyError> {
    const REPLACES_NOTHING: &str =
        "a backup replaces nothing: name another file, or take this one away first";
    let shown = to.display();
    if to.is_dir() {
        return refused(
            format!("{shown} is a folder"),
            "--to names the new file itself",
        );
    }
    if to.exists() {
        return refused(format!("{shown} is there already"), REPLACES_NOTHING);
    }
    if !folder_of(to).is_dir() {
        let folder = folder_of(to).display();
        let what = format!("the folder {folder} is not there");
        return refused(what, "is --to right? If it is, make the folder first");
    }
    refuse_half_restored(from)?;
    check_source(from, "is --database-url right?")?;
    let _held = place::share(from, true)?;
    // Another backup to the same name must not take it away.
    let part = beside(to, &format!("{}.part", random::token()));
    copied_whole(from, &part, to)?;
    let placed = fs::rename(&part, to).map_err(of(to));
    placed.inspect_err(|_| remove_left(&part))?;
    Ok(synced(to)?)
}

fn check_source(from: &Path, hint: &'static str) -> Result<(), CopyError> {
    let shown = from.display();
    if from.is_dir() {
        return refused(format!("{shown} is a folder"), hint);
    }
    if from.exists() {
        Ok(())
    } else {
        refused(format!("{shown} is not there"), hint)
    }
}

/// Copies `from` to a file beside `to`, for [`swap`]. Answers where it is, and what keeps everybody
/// from `to` as long as it is held.
pub fn prepare(from: &Path, to: &Path) -> Result<(PathBuf, Held), CopyError> {
    const DATABASE: &str = "is --database-url right?";
    check_source(
        from,
        "is --from right? It names the file that `galata backup` wrote",
    )?;
    let shown = to.display();
    if to.is_dir() {
        return refused(format!("{shown} is a folder"), DATABASE);
    }
    if !folder_of(to).is_dir() {
        let folder = folder_of(to).display();
        return refused(format!("the folder {folder} is not there"), DATABASE);
    }
    let held = place::take_alone(to)?;
    // Whoever does not lock: a version before, another program, a disk that knows no locks.
    if in_use(to) {
        return refused(format!("{shown} is in use"), "stop the server first");
    }
    if same_file(from, to) {
        let what = format!("{} is the database itself", from.display());
        return refused(what, "--from names the file that `galata backup` wrote");
    }
    let part = beside(to, "part");
    copied_whole(from, &part, to)?;
    Ok((part, held))
}

/// One step by which a database takes another one's place. Whoever is stopped between two of them
/// leaves a note beside the database, with which it is opened by nobody: only whole databases are.
#[derive(Debug)]
pub enum Step {
    /// Notes that a restore is under way, and the name under which what was there is kept.
    Note(PathBuf, PathBuf),
    /// Gives a file another name, if it is there.
    Move(PathBuf, PathBuf),
    /// Takes a file away, if it is there.
    Remove(PathBuf),
    /// Makes all of it durable, and takes the note away.
    End(PathBuf, PathBuf),
}

impl Step {
    /// Carries it out.
    pub fn carry_out(&self) -> Result<(), String> {
        match self {
            Step::Note(note, kept) => {
                let new = with(note, ".new");
                let name = kept.file_name().unwrap_or_default();
                fs::write(&new, name.as_encoded_bytes()).map_err(of(&new))?;
                synced(&new)?;
                fs::rename(&new, note).map_err(of(note))?;
                synced(note)?;
            }
            Step::Move(from, to) if from.exists() => fs::rename(from, to).map_err(of(from))?,
            Step::Remove(file) if file.exists() => fs::remove_file(file).map_err(of(file))?,
            Step::Move(..) | Step::Remove(_) => {}
            Step::End(to, note) => {
                synced(to)?;
                fs::remove_file(note).map_err(of(note))?;
                synced(to)?;
            }
        }
        Ok(())
    }
}

/// The steps that put what [`prepare`] made in the place of `to`, and the name under which what was
/// there is kept. After a restore that was stopped they come to its end.
pub fn swap(part: &Path, to: &Path, suffix: &str) -> Result<(Vec<Step>, Option<PathBuf>), String> {
    let log = with(part, "-wal");
    if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        return Err(format!("{} holds what is not written yet", log.display()));
    }
    let note = note_beside(to);
    let kept = if note.exists() {
        noted(&note, to)?
    } else {
        free_name(to, suffix)
    };
    let mut steps = Vec::new();
    if !note.exists() {
        steps.push(Step::Note(note.clone(), kept.clone()));
    }
    let (was_kept, was_there) = (kept.exists(), to.exists());
    // The database before its companions: where it is kept and one stands here, that one is of the
    // restore that was stopped, and what is beside it as well.
    if !was_kept {
        steps.push(Step::Move(to.to_owned(), kept.clone()));
    }
    for ending in COMPANIONS {
        let (here, there) = (with(to, ending), with(&kept, ending));
        steps.push(if (was_kept && was_there) || there.exists() {
            Step::Remove(here)
        } else {
            Step::Move(here, there)
        });
    }
    for ending in ["-wal", "-shm", "-lock"] {
        steps.push(Step::Remove(with(part, ending)));
    }
    steps.push(Step::Move(part.to_owned(), to.to_owned()));
    steps.push(Step::Move(with(part, "-count"), with(to, "-count")));
    steps.push(Step::End(to.to_owned(), note));
    Ok((steps, (was_kept || was_there).then_some(kept)))
}

/// Refuses a database whose restore was stopped on its way.
pub fn refuse_half_restored(database: &Path) -> Result<(), String> {
    let note = note_beside(database);
    if note.exists() {
        Err(format!(
            "a restore of {} is under way or was stopped: {} says so",
            database.display(),
            note.display()
        ))
    } else {
        Ok(())
    }
}

/// `galata.db-restore` for `galata.db`.
fn note_beside(database: &Path) -> PathBuf {
    with(database, "-restore")
}

/// The name that an earlier restore noted.
fn noted(note: &Path, to: &Path) -> Result<PathBuf, String> {
    let name = fs::read_to_string(note).map_err(of(note))?;
    let own = to.file_name().unwrap_or_default().to_string_lossy();
    let is_beside = name.starts_with(&format!("{own}.")) && !name.contains(['/', '\0']);
    if is_beside {
        Ok(to.with_file_name(name))
    } else {
        Err(format!("{} names no file beside it", note.display()))
    }
}

/// A name that nothing has yet: two restores in one second keep both of what was there.
fn free_name(to: &Path, suffix: &str) -> PathBuf {
    let is_free = |name: &PathBuf| {
        !name.exists() && !COMPANIONS.iter().any(|ending| with(name, ending).exists())
    };
    let names = (1_u64..).map(|count| match count {
        1 => beside(to, suffix),
        count => beside(to, &format!("{suffix}-{count}")),
    });
    let mut names = names.filter(is_free);
    names.next().unwrap_or_else(|| beside(to, suffix))
}

fn same_file(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    real(one).is_some_and(|path| real(other).is_some_and(|other| path == other))
}

/// [`copy_into`], which leaves nothing when it fails.
fn copied_whole(from: &Path, part: &Path, to: &Path) -> Result<(), CopyError> {
    refuse_half_restored(from)?;
    remove_left(part);
    copy_into(from, part, to).inspect_err(|_| remove_left(part))
}

/// Takes a copy away that did not come to its end. One that cannot be taken away is told by whoever
/// makes the next one.
fn remove_left(part: &Path) {
    let left = COMPANIONS.map(|ending| with(part, ending));
    for left in left.iter().map(PathBuf::as_path).chain([part]) {
        let _ = fs::remove_file(left);
    }
}

/// Copies `from` to `part`, which is told under the name `to` that it will have.
fn copy_into(from: &Path, part: &Path, to: &Path) -> Result<(), CopyError> {
    let mut private = OpenOptions::new();
    private.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut private, 0o600);
    private.open(part).map_err(of(to))?;
    let source = open(from).map_err(of(from))?;
    let mut copy = open(part).map_err(of(to))?;
    copied(&source, &mut copy).map_err(|error| cannot_copy(&error, from, to))?;
    // Before anything is asked of the copy: what is wrong with it was wrong with the source.
    checked(&copy).map_err(|why| CopyError {
        what: format!("{}: {why}", from.display()),
        hint: WRONG_FILE,
    })?;
    // The copy is one file: nothing of it stands in a log.
    let mode: String = copy
        .pragma_update_and_check(None, "journal_mode", "delete", |row| row.get(0))
        .map_err(of(to))?;
    if mode != "delete" {
        return Err(format!("{}: its log cannot be closed", to.display()).into());
    }
    drop(copy);
    synced(part)?;
    Ok(())
}

const WRONG_FILE: &str = "is this the right file? `galata backup` writes whole databases";

/// What was read is whose fault unless it could not be written.
fn cannot_copy(error: &rusqlite::Error, from: &Path, to: &Path) -> CopyError {
    const NOT_WRITTEN: [i32; 3] = [
        ffi::SQLITE_IOERR_WRITE,
        ffi::SQLITE_IOERR_FSYNC,
        ffi::SQLITE_IOERR_TRUNCATE,
    ];
    let code = error.sqlite_error();
    let is_full = code.is_some_and(|code| code.code == ErrorCode::DiskFull);
    if is_full || code.is_some_and(|code| NOT_WRITTEN.contains(&code.extended_code)) {
        return CopyError {
            what: format!("{} cannot be written: {error}", to.display()),
            hint: "is there room on its disk? Nothing of the copy was left",
        };
    }
    let hint = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => WRONG_FILE,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "try again in a moment",
        _ => "",
    };
    CopyError {
        what: format!("{}: {error}", from.display()),
        hint,
    }
}

/// All pages in one step: the source is read as of one moment, and in WAL mode nobody waits for it.
fn copied(source: &Connection, copy: &mut Connection) -> rusqlite::Result<()> {
    let locked = || rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None);
    match Backup::new(source, copy)?.step(-1)? {
        StepResult::Done => Ok(()),
        _ => Err(locked()),
    }
}

/// Refuses a damaged copy, and a file that is no database of ours.
fn checked(copy: &Connection) -> Result<(), String> {
    let first = |sql: &str| copy.query_row(sql, [], |row| row.get::<_, String>(0));
    let damage = first("pragma integrity_check").map_err(|error| error.to_string())?;
    if damage != "ok" {
        return Err(format!("it is damaged: {damage}"));
    }
    match first(super::migrate::TABLES_SQLITE) {
        Ok(_) => Ok(()),
        Err(_) => Err("it is no database of Galata".to_owned()),
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(LOCK_TIMEOUT)?;
    Ok(connection)
}

/// Whether another process has the database open. One that is damaged can be used by nobody.
fn in_use(path: &Path) -> bool {
    let alone = || {
        let connection = open(path)?;
        connection.busy_timeout(Duration::ZERO)?;
        connection.pragma_update(None, "locking_mode", "exclusive")?;
        connection.execute_batch("begin exclusive; rollback")
    };
    let Err(error) = alone() else { return false };
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// Makes file and name durable; answers the bytes.
fn synced(path: &Path) -> Result<u64, String> {
    let file = File::open(path).map_err(of(path))?;
    file.sync_all().map_err(of(path))?;
    let folder = folder_of(path);
    let opened = File::open(folder).map_err(of(folder))?;
    opened.sync_all().map_err(of(folder))?;
    Ok(file.metadata().map_err(of(path))?.len())
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    with(path, &format!(".{suffix}"))
}

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}

fn of<E: Display>(path: &Path) -> impl Fn(E) -> String {
    let path = path.display().to_string();
    move |error| format!("{path}: {error}")
}
