//! `galata audit …`.

use super::Failed;
use super::options::Store;
use crate::app::App;
use crate::operations::audit_log::{self, Export};
use crate::operations::{By, Problem};
use crate::{csv, setup, start};
use clap::{Args, Subcommand};
use std::io::{self, Write};

/// The audit log.
#[derive(Subcommand)]
pub(super) enum Audit {
    /// Write a merchant's audit log to standard output as CSV, the newest entry first. The export
    /// is itself an entry.
    Export(Options),
}

/// Options of `export`.
#[derive(Args)]
pub(super) struct Options {
    /// The merchant's id.
    #[arg(long)]
    merchant: i64,
    #[command(flatten)]
    store: Store,
}

/// Runs a command.
pub(super) async fn run(command: Audit) -> Result<(), Failed> {
    let Audit::Export(options) = command;
    let app = options.store.open().await?;
    let outcome = export(&app, options.merchant).await;
    start::close(&app).await;
    Ok(outcome?)
}

/// Batch by batch, so that a log of any length takes little memory.
async fn export(app: &App, merchant_id: i64) -> Result<(), Problem> {
    // A mistyped id must not look like a log without entries.
    setup::merchant(app, merchant_id).await?;
    let mut export = Export::begin(app, &By::operator(), merchant_id, ("", "")).await?;
    put(&csv::row(audit_log::COLUMNS))?;
    loop {
        let found = export.next(app).await?;
        if found.is_empty() {
            return Ok(());
        }
        let rows = found.iter().map(|one| csv::row(audit_log::row(one)));
        put(&rows.collect::<String>())?;
    }
}

/// Writes to standard output. A reader that left early (`| head`) is a failure to be told, and no
/// panic.
fn put(text: &str) -> Result<(), Problem> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| Problem::Unavailable(format!("standard output: {error}")))
}
