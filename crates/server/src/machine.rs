//! What the operating system is asked: whom a file is open to, how many files a process may have
//! open, how much room a disk has. Elsewhere than on Unix nothing is known.

use std::path::Path;

/// Whom a key file is open to beyond those that may have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenTo {
    /// Everybody may read it.
    Readers,
    /// Others than its owner may write it.
    Writers,
}

/// Files that this process makes from now on are its owner's alone.
#[cfg(unix)]
pub fn keep_files_private() {
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}

/// Files are as private as the system makes them.
#[cfg(not(unix))]
pub fn keep_files_private() {}

/// Whom a file is open to that it should not be. The group may read: a secret that is mounted for a
/// service belongs to root, and the service's group reads it. Pipes are not checked.
#[cfg(unix)]
pub fn open_to(path: &Path) -> std::io::Result<Option<OpenTo>> {
    use std::os::unix::fs::PermissionsExt;
    const OTHERS_READ: u32 = 0o004;
    const NOT_OWNER_WRITES: u32 = 0o022;
    let file = std::fs::metadata(path)?;
    let mode = file.permissions().mode();
    if !file.is_file() {
        return Ok(None);
    }
    if mode & NOT_OWNER_WRITES != 0 {
        return Ok(Some(OpenTo::Writers));
    }
    Ok((mode & OTHERS_READ != 0).then_some(OpenTo::Readers))
}

/// Nothing is known.
#[cfg(not(unix))]
pub fn open_to(path: &Path) -> std::io::Result<Option<OpenTo>> {
    std::fs::metadata(path).map(|_| None)
}

/// Files and connections that this process may have open; `None` when there is no limit, or it is
/// unknown.
#[cfg(unix)]
pub fn descriptors_max() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

/// Nothing is known.
#[cfg(not(unix))]
pub fn descriptors_max() -> Option<u64> {
    None
}

/// Bytes that may still be written to the disk of `path`.
#[cfg(unix)]
pub fn free_bytes(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Nothing is known.
#[cfg(not(unix))]
pub fn free_bytes(_: &Path) -> Option<u64> {
    None
}

/// Why this process may not read and write a file, and what to do about it.
#[cfg(unix)]
pub fn denied(path: &Path) -> Option<(String, String)> {
    use rustix::fs::{Access, access};
    use std::os::unix::fs::MetadataExt;
    let asked = access(path, Access::READ_OK | Access::WRITE_OK);
    if asked != Err(rustix::io::Errno::ACCESS) {
        return None;
    }
    let (shown, me) = (path.display(), user(rustix::process::getuid().as_raw()));
    let owner = std::fs::metadata(path).map(|file| user(file.uid()));
    let belongs = owner.map_or(String::new(), |owner| format!(", which belongs to {owner}"));
    Some((
        format!("permission denied: {me} may not read and write {shown}{belongs}"),
        format!(
            "run this as the owner, or `chown {me}` the file, those beside it and their folder"
        ),
    ))
}

/// Nothing is known.
#[cfg(not(unix))]
pub fn denied(_: &Path) -> Option<(String, String)> {
    None
}

/// A user's name, or number where the machine's list has no name.
#[cfg(unix)]
fn user(id: u32) -> String {
    let list = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let of_id = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        (fields.nth(1)?.parse() == Ok(id)).then_some(name)
    };
    list.lines()
        .find_map(of_id)
        .unwrap_or_else(|| id.to_string())
}
