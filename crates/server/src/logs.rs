//! The log on standard error: which level, and in which form.

use clap::ValueEnum;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// The form of a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people; coloured on a terminal.
    #[default]
    Text,
    /// A JSON object: `timestamp`, `level`, `target`, `fields` with the `message`, and `span` with the
    /// `id` of the request.
    Json,
}

/// Starts the log. `GALATA_LOG` chooses what is logged (`debug`, `warn,server::jobs=debug`);
/// otherwise everything from `level` up.
pub fn start(format: LogFormat, level: &str) {
    let asked = std::env::var("GALATA_LOG").unwrap_or_default();
    let read = match asked.trim() {
        "" => Ok(EnvFilter::new(level)),
        asked => EnvFilter::try_new(asked),
    };
    let is_read = read.is_ok();
    let filter = read.unwrap_or_else(|_| EnvFilter::new(level));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(is_coloured()).init(),
        LogFormat::Json => log.json().with_span_list(false).init(),
    }
    if !is_read {
        tracing::warn!(
            "GALATA_LOG cannot be read: write a level, info, or levels of parts, warn,server::jobs=debug"
        );
    }
}

/// Files and journals get no colour codes; <https://no-color.org>.
fn is_coloured() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !refused
}
