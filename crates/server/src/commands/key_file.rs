//! The file with the encryption keys: made for its owner alone, and refused when others could read
//! it or put another key there.

use super::Failed;
use super::output::{put, say};
use super::variables::given_as;
use crate::machine::{self, OpenTo};
use crate::start::{self, StartError};
use clap::Args;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Options of `key`.
#[derive(Args)]
pub(super) struct NewKey {
    /// Write it into a new file that its owner alone may read and write.
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
}

/// Prints a new key, or writes it into a new file.
pub(super) fn make(options: &NewKey) -> Result<(), Failed> {
    let line = format!("{}\n", super::new_key());
    let Some(path) = &options.out else {
        return put(&line);
    };
    write_new(path, &line).map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                "a key file is never overwritten: what it sealed would be lost"
            }
            _ => "choose a path that this user may write",
        };
        StartError::new(format!("{}: {error}", path.display()), hint)
    })?;
    let path = path.display();
    say(format_args!(
        "{path} holds a new key; its owner alone may read it. Keep a copy, and not where the database's backups are."
    ))
}

fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Adds a key of the next number to a key file. The file is replaced at once, with its owner and mode: a
/// server that starts meanwhile reads the one or the other.
pub(super) fn add(path: &Path) -> Result<(), Failed> {
    check(path)?;
    let shown = path.display();
    let failed = |error: std::io::Error| {
        StartError::new(
            format!("{shown}: {error}"),
            "nothing was changed; this user must be able to read the file and to write in its folder",
        )
    };
    let text = zeroize::Zeroizing::new(std::fs::read_to_string(path).map_err(failed)?);
    let next = start::parse_keys(&text)?.newest().checked_add(1);
    let next = next.ok_or_else(|| {
        StartError::new(
            format!("{shown} has key 255, the last number"),
            "no further key can follow it",
        )
    })?;
    let line = super::new_key_of(next);
    let text = zeroize::Zeroizing::new(format!("{}\n{line}\n", text.trim_end()));
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    write_new(&beside, &text).map_err(|error| {
        StartError::new(
            format!("{}: {error}", beside.display()),
            "nothing was changed; a file of that name is left from another try, or this user may not write there",
        )
    })?;
    let replaced = as_it_was(path, &beside).and_then(|()| std::fs::rename(&beside, path));
    replaced.map_err(|error| {
        let _ = std::fs::remove_file(&beside);
        failed(error)
    })?;
    say(format_args!(
        "{shown} holds key {next} too. Keep a copy of the file, restart every server with it, then run `galata key rotate`."
    ))
}

/// Gives a file the owner and the mode of another one.
fn as_it_was(from: &Path, to: &Path) -> std::io::Result<()> {
    let was = std::fs::metadata(from)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let is = std::fs::metadata(to)?;
        if (is.uid(), is.gid()) != (was.uid(), was.gid()) {
            std::os::unix::fs::chown(to, Some(was.uid()), Some(was.gid()))?;
        }
    }
    std::fs::set_permissions(to, was.permissions())
}

/// Refuses a key file that is open to others.
pub(super) fn check(path: &Path) -> Result<(), StartError> {
    let shown = path.display();
    let flag = given_as("--key-file", "GALATA_KEY_FILE");
    let open_to = machine::open_to(path).map_err(|error| {
        StartError::new(
            format!("{flag} {shown}: {error}"),
            "is the path right, and may this user look there? `galata key --out PATH` makes a new key",
        )
    })?;
    let what = match open_to {
        None => return Ok(()),
        Some(OpenTo::Readers) => "everybody may read",
        Some(OpenTo::Writers) => "others than its owner may write",
    };
    let hint = format!("chmod 600 {shown}, or 640 when a group must read it");
    Err(StartError::new(
        format!("{what} the key file {shown}"),
        &hint,
    ))
}
