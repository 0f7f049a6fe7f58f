//! What the sandbox tells on standard output.

use std::io::Write;

/// Writes a line to standard output. A reader that went away does not stop the sandbox, and
/// colours reach a terminal alone.
pub(crate) fn say(line: &str) {
    let mut out = anstream::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}
