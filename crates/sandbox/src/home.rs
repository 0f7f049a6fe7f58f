//! The data directory: its lock, and the key file that is made at the first start. What is in the
//! databases there is the server's and the simulator's matter.

use server::commands::new_key;
use server::start::StartError;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const KEY_FILE: &str = "galata.key";
const DATABASE_FILE: &str = "galata.db";
/// Names the owner of the running process's leases. Gone after a clean end.
const LEASES_FILE: &str = "leases";

/// An opened data directory. It is locked as long as this lives: the simulator keeps its ledger in
/// memory, and two of them would not see each other's entries.
pub(crate) struct Home {
    directory: PathBuf,
    /// The vault's keys.
    pub(crate) keys: String,
    _lock: File,
}

impl Home {
    /// Opens the directory, making it and its key file where they are missing.
    pub(crate) fn open(directory: &Path) -> Result<Home, StartError> {
        let failed = |error: io::Error| {
            StartError::new(
                format!("{}: {error}", directory.display()),
                "choose a directory that can be written with --data-dir",
            )
        };
        make_directory(directory).map_err(failed)?;
        let directory = directory.canonicalize().map_err(failed)?;
        let lock = File::create(directory.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StartError::new(
                    format!("{} is used by another sandbox", directory.display()),
                    "stop it, or choose another directory with --data-dir",
                ));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let keys = keys(&directory)?;
        Ok(Home {
            directory,
            keys,
            _lock: lock,
        })
    }

    /// Where the directory is.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The SQLite database in it.
    pub(crate) fn database_url(&self) -> String {
        format!("sqlite://{}", self.directory.join(DATABASE_FILE).display())
    }

    /// The owner of the leases of the process before, if it was killed. It is surely gone: the
    /// directory is locked.
    pub(crate) fn killed_process(&self) -> Option<String> {
        let text = fs::read_to_string(self.directory.join(LEASES_FILE)).ok()?;
        Some(text.trim_end().to_owned())
    }

    /// Notes this process's leases, for the next one.
    pub(crate) fn note_process(&self, owner: &str) -> io::Result<()> {
        fs::write(self.directory.join(LEASES_FILE), format!("{owner}\n"))
    }

    /// The leases were given back.
    pub(crate) fn forget_process(&self) {
        // A note that stays only makes the next start give them back again.
        let _ = fs::remove_file(self.directory.join(LEASES_FILE));
    }

    /// Where the simulator keeps its ledgers.
    pub(crate) fn simulator(&self) -> PathBuf {
        self.directory.join("simulator")
    }
}

/// Reads the key file. A new one is written whole or not at all, so that a crash leaves no half key.
fn keys(directory: &Path) -> Result<String, StartError> {
    let path = directory.join(KEY_FILE);
    let failed = |error: io::Error| StartError::new(format!("{}: {error}", path.display()), "");
    match fs::read_to_string(&path) {
        Ok(keys) => return Ok(keys),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    if directory.join(DATABASE_FILE).exists() {
        return Err(StartError::new(
            format!(
                "{} is gone, and the database cannot be read without it",
                path.display()
            ),
            "bring the file back, or delete the data directory to begin anew",
        ));
    }
    let keys = new_key();
    let unfinished = directory.join("galata.key.new");
    write_private(&unfinished, &keys)
        .and_then(|()| fs::rename(&unfinished, &path))
        .map_err(failed)?;
    Ok(keys)
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // What a crash left behind may have other permissions.
    match fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
