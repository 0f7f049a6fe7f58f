//! `galata audit …`.

use super::Failed;
use super::options::OfMerchant;
use super::output::put;
use crate::app::App;
use crate::csv;
use crate::operations::Actor;
use crate::operations::audit_log::{self, Export};
use clap::Subcommand;

/// The audit log.
#[derive(Subcommand)]
pub(super) enum Audit {
    /// Write a merchant's audit log to standard output as CSV, the newest entry first. The export
    /// is itself an entry.
    Export(OfMerchant),
}

/// Runs a command.
pub(super) async fn run(command: Audit) -> Result<(), Failed> {
    let Audit::Export(options) = command;
    options
        .run(async |app| export(app, options.merchant).await)
        .await
}

/// Batch by batch, so that a log of any length takes little memory.
async fn export(app: &App, merchant_id: i64) -> Result<(), Failed> {
    let mut export = Export::begin(app, &Actor::operator(), merchant_id, ("", "")).await?;
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
