//! What the benchmark is told.

use clap::{Parser, ValueEnum};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Measures the gateway: a table in markdown on standard output.
///
/// PostgreSQL is measured when it runs under bin/with-postgres.
#[derive(Parser)]
pub(crate) struct Options {
    /// Only these parts of the table
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Only this database
    #[arg(long, value_enum)]
    database: Option<Kind>,
    /// How long each row is measured, behind a warm-up of two seconds
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// Stored payments of the parts `flat` and `shop`
    #[arg(long, default_value_t = 1_000_000)]
    stored: i64,
    /// Measure card payments alone, in turn with the gateway of another binary of this benchmark
    #[arg(long, value_name = "BINARY")]
    pub(crate) compare: Option<PathBuf>,
    /// Where peers are installed
    #[arg(long, default_value = "target/bench-peers")]
    pub(crate) peers: PathBuf,
    /// Everything but the peers on SQLite for some milliseconds: does it still work?
    #[arg(long)]
    pub(crate) smoke: bool,
    /// What a process of a measurement is
    #[arg(long, hide = true, value_enum)]
    pub(crate) role: Option<Role>,
    #[arg(long, hide = true, required_if_eq("role", "simulator"))]
    pub(crate) dir: Option<PathBuf>,
    #[arg(long, hide = true, required_if_eq("role", "gateway"))]
    pub(crate) database_url: Option<String>,
    #[arg(long, hide = true, required_if_eq("role", "gateway"))]
    pub(crate) bank: Option<String>,
    #[arg(long, hide = true)]
    pub(crate) keys: Option<String>,
}

/// A part of the table.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Card payments at 1, 32 and 128 connections
    Payments,
    /// Card payments at 1,000 a second, beside the bank's own time
    Open,
    /// Beside pgbench and SQLite one by one
    Limits,
    /// With a thousand and a million stored payments
    Flat,
    /// Rewards, offers, a payment, the search
    Calls,
    /// Refunds, instalments, searches and a report beside a million stored payments
    Shop,
    /// localstripe and stripe-stateful-mock
    Peers,
}

/// What a process of a measurement is.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Role {
    Simulator,
    Gateway,
}

/// A database that the gateway speaks to.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Sqlite => "SQLite",
            Kind::Postgres => "PostgreSQL",
        })
    }
}

impl Options {
    pub(crate) fn has(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// The databases to measure.
    pub(crate) fn kinds(&self) -> Vec<Kind> {
        let served = !self.smoke && std::env::var_os("GALATA_TEST_POSTGRES_URL").is_some();
        let mut kinds = vec![Kind::Sqlite];
        kinds.extend(served.then_some(Kind::Postgres));
        kinds.retain(|kind| self.database.is_none_or(|wanted| wanted == *kind));
        kinds
    }

    /// How many payments are stored in a full database.
    pub(crate) fn stored(&self) -> i64 {
        if self.smoke { 2000 } else { self.stored }
    }

    pub(crate) fn warm_up(&self) -> Duration {
        Duration::from_millis(if self.smoke { 50 } else { 2000 })
    }

    pub(crate) fn length(&self) -> Duration {
        if self.smoke {
            Duration::from_millis(100)
        } else {
            Duration::from_secs(self.seconds.max(1))
        }
    }
}
