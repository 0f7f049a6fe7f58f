//! `galata webhook …`.
#![expect(
    clippy::print_stdout,
    reason = "commands speak to a person through standard output"
)]

use super::Failed;
use super::options::{Behaviour, OfMerchant, One};
use crate::operations::{By, webhooks};
use crate::start;
use crate::store::webhooks::Try;
use clap::{Args, Subcommand};

/// Webhooks that were sent.
#[derive(Subcommand)]
pub(super) enum Webhook {
    /// List a merchant's newest webhooks.
    List(OfMerchant),
    /// Show each call of a webhook: what was sent, and what came back.
    Show(One),
    /// Send a webhook again: the process that does the due work calls it at once.
    Resend(One),
    /// Call the merchant's address with a test event, and print what came back.
    Test(Box<Test>),
}

/// Options of `test`.
#[derive(Args)]
pub(super) struct Test {
    #[command(flatten)]
    of: OfMerchant,
    #[command(flatten)]
    behaviour: Behaviour,
}

fn print_try(one: &Try) {
    println!(
        "{}\t{}\t{} ms\t{}",
        one.at,
        one.result(),
        one.took_ms,
        one.url
    );
    println!("{}", one.request);
    if let Some(response) = &one.response {
        println!("\n{response}");
    }
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
        Webhook::Show(o) => {
            let app = o.store.open().await?;
            let outcome = webhooks::retrieve(&app, &By::operator(), o.merchant, o.id).await;
            start::close(&app).await;
            outcome?.1.iter().for_each(print_try);
            Ok(())
        }
        Webhook::Test(o) => {
            let app = start::open(o.behaviour.config(&o.of.store, false)?).await?;
            let outcome = webhooks::test(&app, &By::operator(), o.of.merchant).await;
            start::close(&app).await;
            print_try(&outcome?);
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
