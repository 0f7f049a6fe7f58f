//! `galata request …`.
#![expect(
    clippy::print_stdout,
    reason = "commands speak to a person through standard output"
)]

use super::Failed;
use super::options::{OfMerchant, One};
use crate::operations::{By, requests};
use crate::start;
use crate::store::requests::Filter;
use clap::{Args, Subcommand};

/// What API keys asked for.
#[derive(Subcommand)]
pub(super) enum Request {
    /// List the newest requests of a merchant's API keys.
    List(List),
    /// Show one; for a refused signature what was expected beside what came.
    Show(One),
}

/// Options of `list`.
#[derive(Args)]
pub(super) struct List {
    #[command(flatten)]
    of: OfMerchant,
    /// Only what was refused.
    #[arg(long)]
    errors: bool,
}

/// Runs a command.
pub(super) async fn run(command: Request) -> Result<(), Failed> {
    const LISTED: i64 = 100;
    let by = By::operator();
    match command {
        Request::List(o) => {
            let app = o.of.store.open().await?;
            let filter = Filter {
                errors_only: o.errors,
                ..Filter::default()
            };
            let outcome = requests::list(&app, &by, o.of.merchant, &filter, LISTED).await;
            start::close(&app).await;
            for one in outcome? {
                let error = one.error_code.as_deref().unwrap_or("");
                println!(
                    "{}\t{}\t{}\t{} {}\t{}\t{} ms\t{error}",
                    one.id, one.at, one.api_key, one.method, one.path, one.status, one.took_ms
                );
            }
            Ok(())
        }
        Request::Show(o) => {
            let app = o.store.open().await?;
            let outcome = requests::retrieve(&app, &by, o.merchant, o.id).await;
            start::close(&app).await;
            let one = outcome?;
            println!(
                "{} {}\t{}\t{} ms",
                one.method, one.path, one.status, one.took_ms
            );
            if let (Some(code), Some(text)) = (&one.error_code, &one.error_text) {
                println!("{code}\t{text}");
            }
            if let Some(signing) = &one.signing {
                println!("{signing:#}");
            }
            Ok(())
        }
    }
}
