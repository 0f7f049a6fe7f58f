//! Files that commands are given to read.

use super::Failed;
use crate::start::StartError;
use std::io::Read;
use std::path::Path;

/// The largest file that is read.
const FILE_BYTES_MAX: usize = 1024 * 1024;

/// A file's text; `-` is standard input.
pub(super) fn read(file: &Path) -> Result<String, Failed> {
    let text = String::from_utf8(bytes(file)?);
    text.map_err(|_| unreadable(file, &"stream did not contain valid UTF-8"))
}

/// A file's bytes; `-` is standard input.
pub(super) fn bytes(file: &Path) -> Result<Vec<u8>, Failed> {
    bytes_up_to(file, FILE_BYTES_MAX)
}

/// [`bytes`] of a file that may be larger, or must be smaller.
pub(super) fn bytes_up_to(file: &Path, bytes_max: usize) -> Result<Vec<u8>, Failed> {
    let mut bytes = Vec::new();
    let input: Box<dyn Read> = if file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(file).map_err(|error| unreadable(file, &error))?)
    };
    let mut input = input.take(
        u64::try_from(bytes_max)
            .unwrap_or(u64::MAX)
            .saturating_add(1),
    );
    let read = input.read_to_end(&mut bytes);
    match read.map_err(|error| unreadable(file, &error))? {
        _ if bytes.len() > bytes_max => {
            let mib = bytes_max >> 20;
            Err(unreadable(
                file,
                &format_args!("it is larger than {mib} MiB"),
            ))
        }
        _ => Ok(bytes),
    }
}

/// What is wrong with a file.
pub(super) fn unreadable(file: &Path, why: &dyn std::fmt::Display) -> Failed {
    StartError::new(format!("{}: {why}", file.display()), "").into()
}
