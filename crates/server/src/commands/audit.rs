//! `galata audit …`.

use super::options::OfMerchant;
use super::output::put;
use super::{Failed, StoreCommand};
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

impl StoreCommand for Audit {
    async fn run(self, app: &App, by: &Actor) -> Result<(), Failed> {
        let Audit::Export(OfMerchant { merchant }) = self;
        export(app, by, merchant).await
    }
}

/// Batch by batch, so that a log of any length takes little memory.
async fn export(app: &App, by: &Actor, merchant: i64) -> Result<(), Failed> {
    let mut export = Export::begin(app, by, merchant, ("", "")).await?;
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
