//! `galata webhook …`.

use super::Failed;
use super::options::{Behaviour, Listed, OfMerchant, One, Shown, known_merchant, run as run_with};
use super::output::{Format, Table, print_parts, say};
use crate::app::App;
use crate::operations::{Actor, webhooks};
use crate::start::StartError;
use crate::store::webhooks::{Sent, Try};
use clap::{Args, Subcommand};
use serde_json::json;

/// Webhooks that were sent.
#[derive(Subcommand)]
pub(super) enum Webhook {
    /// List a merchant's newest webhooks.
    List(Listed),
    /// Show each call of a webhook: what was sent, and what came back.
    Show(Shown),
    /// Send a webhook again: the process that does the due work calls it at once.
    Resend(One),
    /// Call the merchant's address with a test event, and print what came back. Fails when the
    /// address did not take it.
    Test(Box<Test>),
}

/// Options of `test`.
#[derive(Args)]
pub(super) struct Test {
    #[command(flatten)]
    of: OfMerchant,
    #[command(flatten)]
    behaviour: Behaviour,
    #[command(flatten)]
    format: Format,
}

/// How many are listed.
const LISTED: i64 = 50;

fn sent_table<'a>(all: impl IntoIterator<Item = &'a Sent>) -> Table {
    let mut table = Table::new(&[
        "id",
        "event",
        "payload id",
        "state",
        "calls",
        "due at",
        "last result",
    ]);
    for sent in all {
        let webhook = &sent.webhook;
        table.row([
            json!(webhook.id),
            json!(webhook.event),
            json!(webhook.payload_id),
            json!(sent.state.as_str()),
            json!(webhook.tries),
            json!(sent.due_at.map(|at| at.to_string())),
            json!(sent.last_result),
        ]);
    }
    table
}

fn tries_table(tries: &[Try]) -> Table {
    let mut table = Table::new(&["at", "result", "took ms", "url", "request", "response"]);
    for one in tries {
        table.row([
            json!(one.at.to_string()),
            json!(one.result()),
            json!(one.took_ms),
            json!(one.url),
            json!(one.request),
            json!(one.response),
        ]);
    }
    table
}

/// One call for people: its bodies as they were, on lines of their own.
fn print_try(one: &Try) -> Result<(), Failed> {
    let result = one.result();
    say(format_args!(
        "{}  {result}  {} ms  {}",
        one.at, one.took_ms, one.url
    ))?;
    say(&one.request)?;
    match &one.response {
        Some(response) => say(format_args!("\n{response}")),
        None => Ok(()),
    }
}

/// Runs a command.
pub(super) async fn run(command: Webhook) -> Result<(), Failed> {
    let by = Actor::operator();
    match command {
        Webhook::List(o) => {
            let merchant = o.of.merchant;
            let list =
                async |app: &App| Ok(webhooks::list(app, &by, merchant, None, None, LISTED).await?);
            sent_table(&o.of.run(list).await?).print(o.format)
        }
        Webhook::Show(o) => {
            let (merchant, id) = (o.one.merchant, o.one.id);
            let find = async |app: &App| Ok(webhooks::retrieve(app, &by, merchant, id).await?);
            let (sent, tries) = o.one.run(find).await?;
            if o.format.json {
                let parts = [
                    ("webhook", sent_table([&sent])),
                    ("calls", tries_table(&tries)),
                ];
                return print_parts(&parts, o.format);
            }
            sent_table([&sent]).print(o.format)?;
            tries.iter().try_for_each(|one| {
                say("")?;
                print_try(one)
            })
        }
        Webhook::Test(o) => test(*o).await,
        Webhook::Resend(o) => {
            let resend = async |app: &App| Ok(webhooks::resend(app, &by, o.merchant, o.id).await?);
            o.run(resend).await?;
            say(format_args!(
                "webhook {} is due now; `galata serve` or `galata work` calls it",
                o.id
            ))
        }
    }
}

async fn test(options: Test) -> Result<(), Failed> {
    let (by, merchant) = (Actor::operator(), options.of.merchant);
    let config = options.behaviour.config(&options.of.store, false)?;
    let tried = run_with(config, async |app| {
        known_merchant(app, merchant).await?;
        Ok(webhooks::test(app, &by, merchant).await?)
    })
    .await?;
    if options.format.json {
        tries_table(std::slice::from_ref(&tried)).print(options.format)?
    } else {
        print_try(&tried)?
    }
    if tried.is_delivered() {
        Ok(())
    } else {
        Err(StartError::new("the address did not take the test webhook", "").into())
    }
}
