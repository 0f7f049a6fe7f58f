//! The place of a SQLite database: the file that its path names. Whoever has it open holds a shared
//! lock on a file beside it (`galata.db-lock` for `galata.db`), and a restore, which puts another
//! file there, holds the exclusive one. The system lets go of a lock when its process ends, however
//! that was. What moves the file without asking (people do) is found by looking.

use super::acknowledged;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// A lock, until it is dropped. It holds nothing where the file system knows no locks: that must
/// not stop a server, so it is told and nothing more.
#[derive(Debug)]
pub struct Held {
    _file: Option<File>,
}

/// Keeps restores away from a database that is about to be opened. The lock's file is made if `make`
/// says so. The error is a sentence.
pub(super) fn share(database: &Path, make: bool) -> Result<Held, String> {
    take(database, make, File::try_lock_shared).ok_or_else(|| under_way(database))
}

/// Keeps everybody away from a database whose place another file will take. The error is a sentence.
pub(super) fn take_alone(database: &Path) -> Result<Held, String> {
    if let Some(held) = take(database, true, File::try_lock) {
        return Ok(held);
    }
    // Who shares it with us is no restore.
    match take(database, true, File::try_lock_shared) {
        Some(_) => Err(format!(
            "{} is in use: stop the server first, and let other commands end",
            database.display()
        )),
        None => Err(under_way(database)),
    }
}

fn under_way(database: &Path) -> String {
    format!(
        "a restore of {} is under way: wait until that `galata restore` has ended",
        database.display()
    )
}

/// Nothing when somebody else holds a lock that excludes this one.
fn take(database: &Path, make: bool, lock: fn(&File) -> Result<(), TryLockError>) -> Option<Held> {
    let error = match open(database, make) {
        Ok(file) => match lock(&file) {
            Ok(()) => return Some(Held { _file: Some(file) }),
            Err(TryLockError::WouldBlock) => return None,
            Err(TryLockError::Error(error)) => error,
        },
        Err(error) => error,
    };
    // A folder that is missing is told by whoever opens the database.
    if error.kind() != ErrorKind::NotFound {
        let file = file_beside(database);
        tracing::warn!(%error, file = %file.display(), "the database cannot be locked: restore nothing while anything has it open");
    }
    Some(Held { _file: None })
}

/// The lock's file, which stays. Whoever may use the database may lock it; what is there already,
/// whosever it is, stays as it is.
fn open(database: &Path, make: bool) -> io::Result<File> {
    let path = file_beside(database);
    match open_there(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound && make => {}
        opened => return opened,
    }
    let mut private = OpenOptions::new();
    private.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut private, 0o600);
    match private.open(&path) {
        // Another process was faster.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => open_there(&path),
        Err(error) => Err(error),
        Ok(file) => {
            #[cfg(unix)]
            if let Ok(database) = fs::metadata(database) {
                acknowledged::belong_like(&file, &database)?;
            }
            Ok(file)
        }
    }
}

/// Over a network an exclusive lock needs a file that may be written.
fn open_there(path: &Path) -> io::Result<File> {
    match OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => File::open(path),
        opened => opened,
    }
}

fn file_beside(database: &Path) -> PathBuf {
    PathBuf::from(format!("{}-lock", database.display()))
}

/// The file that was opened, by which another one at its path is known.
pub(super) struct Place {
    path: PathBuf,
    opened: Option<(u64, u64)>,
}

impl Place {
    /// Of a database that has just been opened.
    pub(super) fn of(path: &Path) -> io::Result<Place> {
        let opened = identity(&fs::metadata(path)?);
        let path = path.to_owned();
        Ok(Place { path, opened })
    }

    /// Refuses to go on when the path names another file than the one that is open, or none: nobody
    /// reads what is written then. What cannot be looked at is not refused.
    pub(super) fn check(&self) -> Result<(), String> {
        let moved = match fs::metadata(&self.path) {
            Ok(there) => identity(&there) != self.opened,
            Err(error) => error.kind() == ErrorKind::NotFound,
        };
        if moved {
            Err(format!(
                "{} is not the file any more that this process has open: it was moved, replaced or \
                 removed, so nothing is written. Put it back, or start the server anew",
                self.path.display()
            ))
        } else {
            Ok(())
        }
    }
}

#[cfg(unix)]
fn identity(file: &fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((file.dev(), file.ino()))
}

/// Nothing is known.
#[cfg(not(unix))]
fn identity(_: &fs::Metadata) -> Option<(u64, u64)> {
    None
}
