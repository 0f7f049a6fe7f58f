//! `galata report …`.

use super::options::OfMerchant;
use super::output::say;
use super::{Failed, StoreCommand};
use crate::app::App;
use crate::operations::{Actor, Caller, Problem, reports};
use crate::setup;
use crate::start::StartError;
use clap::{Args, Subcommand};
use contract::enums::{ReportFileType, ReportType};
use contract::errors::Language;
use std::fs::{self, OpenOptions};
use std::io::BufWriter;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;

/// Payments, or what was taken and given back, as a file for spreadsheets.
#[derive(Subcommand)]
pub(super) enum Report {
    /// Write the payments of a range, as they stand now.
    Payments(File),
    /// Write what was taken and given back in a range, item by item.
    Transactions(File),
}

/// Options of a report.
#[derive(Args)]
pub(super) struct File {
    #[command(flatten)]
    of: OfMerchant,
    /// The first day, or moment: 2026-11-01 or 2026-11-01T08:00:00, in Istanbul.
    #[arg(long, value_name = "DATE")]
    from: String,
    /// The last day, or moment. It must be over.
    #[arg(long, value_name = "DATE")]
    to: String,
    /// csv or xlsx.
    #[arg(long, default_value = "csv", value_parser = file_type, value_name = "FORMAT")]
    format: ReportFileType,
    /// The new file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

fn file_type(text: &str) -> Result<ReportFileType, String> {
    let known = text.to_ascii_uppercase().parse();
    known.map_err(|()| "csv or xlsx".to_owned())
}

impl StoreCommand for Report {
    async fn run(self, app: &App, by: &Actor) -> Result<(), Failed> {
        let (report, options) = match self {
            Report::Payments(options) => (ReportType::Payment, options),
            Report::Transactions(options) => (ReportType::Transaction, options),
        };
        let merchant_id = options.of.merchant;
        let caller = Caller {
            merchant: Arc::new(setup::merchant(app, merchant_id).await?),
            claims: setup::no_claims(merchant_id),
            language: Language::En,
            by: by.clone(),
        };
        let shown = options.out.display().to_string();
        let wrong = |why: String| {
            let what = format!("{shown} cannot be written: {why}");
            StartError::new(what, "name a file that is not there yet")
        };
        if options.out.exists() {
            return Err(wrong("it is there already".to_owned()).into());
        }
        // Half a report must not be taken for one, whatever ends this process.
        let mut part = options.out.clone().into_os_string();
        part.push(".part");
        // Names of cardholders stand in it.
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&part);
        let file = file.map_err(|error| wrong(error.to_string()))?;
        let range = (report, options.from.as_str(), options.to.as_str());
        let written =
            reports::write(app, &caller, range, options.format, BufWriter::new(file)).await;
        if let Err(problem) = written {
            let _ = fs::remove_file(&part);
            return Err(problem.into());
        }
        fs::rename(&part, &options.out).map_err(|error| wrong(error.to_string()))?;
        let bytes = fs::metadata(&options.out).map(|file| file.len());
        let bytes = bytes.map_err(|error| Problem::unavailable(error.to_string()))?;
        say(format_args!("{shown}: {bytes} bytes"))
    }
}
