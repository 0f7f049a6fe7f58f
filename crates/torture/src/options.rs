//! What a run is told.

use clap::{Parser, ValueEnum};
use std::path::PathBuf;

/// Plays a random shop against the binary `galata`, with failing banks and killed processes, and checks from outside
/// that Galata's books, its answers and the banks' ledgers agree.
///
/// Needs the binary beside it: cargo build -p galata -p galata-torture. PostgreSQL is played on when it runs under
/// bin/with-postgres.
#[derive(Parser)]
#[command(name = "galata-torture", version, max_term_width = 100)]
pub(crate) struct Options {
    /// The database; PostgreSQL has two processes, SQLite one
    #[arg(long, value_enum, default_value = "sqlite")]
    pub(crate) database: Kind,
    /// How long shoppers come; what they left in doubt is settled after that
    #[arg(long, default_value_t = 60)]
    pub(crate) seconds: u64,
    /// What decides everything but the timing; without one, another in each run
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Shoppers at once
    #[arg(long, default_value_t = 6)]
    pub(crate) shoppers: u64,
    /// No process is killed
    #[arg(long)]
    pub(crate) no_kills: bool,
    /// No bank fails
    #[arg(long)]
    pub(crate) no_faults: bool,
    /// Wait for the report files of the run, which are made ten minutes after its end, and compare them too
    #[arg(long)]
    pub(crate) reports: bool,
    /// The binary, where it is not beside this one
    #[arg(long, value_name = "FILE")]
    galata: Option<PathBuf>,
    /// Keep the files of a run that went well
    #[arg(long)]
    pub(crate) keep: bool,
}

/// A database that the gateway speaks to.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// A file of this run's
    Sqlite,
    /// A database of this run's at GALATA_TEST_POSTGRES_URL
    Postgres,
}

impl Options {
    /// Where the binary is.
    pub(crate) fn binary(&self) -> Result<PathBuf, String> {
        let beside = || -> Result<PathBuf, String> {
            let this = std::env::current_exe().map_err(|error| error.to_string())?;
            Ok(this.with_file_name("galata"))
        };
        let binary = self.galata.clone().map_or_else(beside, Ok)?;
        if binary.is_file() {
            Ok(binary)
        } else {
            Err(format!(
                "there is no {}: cargo build -p galata",
                binary.display()
            ))
        }
    }
}
