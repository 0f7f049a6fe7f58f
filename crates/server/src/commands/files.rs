//! Files that commands are given to read.

use super::Failed;
use crate::start::StartError;
use std::io::Read;
use std::path::Path;

/// The largest file that is read.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// A file's text; `-` is standard input.
pub(super) fn read(file: &Path) -> Result<String, Failed> {
    let text = String::from_utf8(bytes(file)?);
    text.map_err(|_| unreadable(file, &"stream did not contain valid UTF-8"))
}

/// A file's bytes; `-` is standard input.
pub(super) fn bytes(file: &Path) -> Result<Vec<u8>, Failed> {
    let mut bytes = Vec::new();
    let input: Box<dyn Read> = if file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(file).map_err(|error| unreadable(file, &error))?)
    };
    let mut input = input.take(FILE_BYTES_MAX + 1);
    let read = input.read_to_end(&mut bytes);
    match read.map_err(|error| unreadable(file, &error))? {
        _ if bytes.len() > FILE_BYTES_MAX.try_into().unwrap_or(usize::MAX) => {
            Err(unreadable(file, &"it is larger than 1 MiB"))
        }
        _ => Ok(bytes),
    }
}

/// What is wrong with a file.
pub(super) fn unreadable(file: &Path, why: &dyn std::fmt::Display) -> Failed {
    StartError::new(format!("{}: {why}", file.display()), "").into()
}
