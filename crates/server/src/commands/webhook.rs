//! `galata webhook …`.
#![expect(
    clippy::print_stdout,
    reason = "commands speak to a person through standard output"
)]

use super::Failed;
use super::options::Store;
use crate::operations::{By, webhooks};
use crate::start;
use clap::{Args, Subcommand};

/// Webhooks that were sent.
#[derive(Subcommand)]
pub(super) enum Webhook {
    /// List a merchant's newest webhooks.
    List(List),
    /// Send a webhook again: the process that does the due work calls it at once.
    Resend(Resend),
}

/// Options of `list`.
#[derive(Args)]
pub(super) struct List {
    /// The merchant's id.
    #[arg(long)]
    merchant: i64,
    #[command(flatten)]
    store: Store,
}

/// Options of `resend`.
#[derive(Args)]
pub(super) struct Resend {
    /// The merchant's id.
    #[arg(long)]
    merchant: i64,
    /// The webhook's id.
    #[arg(long)]
    id: i64,
    #[command(flatten)]
    store: Store,
}

/// Runs a command.
pub(super) async fn run(command: Webhook) -> Result<(), Failed> {
    match command {
        Webhook::List(o) => {
            let app = o.store.open().await?;
            let outcome = webhooks::list(&app, &By::operator(), o.merchant, None, None, 50).await;
            start::close(&app).await;
            for sent in outcome? {
                let w = &sent.webhook;
                let result = sent.last_result.as_deref().unwrap_or("");
                println!(
                    "{}\t{}\t{}\t{}\t{}\t{result}",
                    w.id,
                    w.event,
                    w.payload_id,
                    sent.state.as_str(),
                    w.tries
                );
            }
            Ok(())
        }
        Webhook::Resend(o) => {
            let app = o.store.open().await?;
            let outcome = webhooks::resend(&app, &By::operator(), o.merchant, o.id).await;
            start::close(&app).await;
            Ok(outcome?)
        }
    }
}
