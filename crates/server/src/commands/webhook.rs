//! `galata webhook …`.

use super::options::{Behaviour, Listed, One, Shown, Store};
use super::output::{Table, print_parts, say, table};
use super::{Failed, StoreCommand};
use crate::app::App;
use crate::operations::{Actor, webhooks};
use crate::start::{Config, StartError};
use crate::store::webhooks::{Sent, Try};
use clap::Subcommand;

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
    Test {
        #[command(flatten)]
        of: Listed,
        #[command(flatten)]
        behaviour: Box<Behaviour>,
    },
}

/// How many are listed.
const LISTED: i64 = 50;

impl StoreCommand for Webhook {
    fn config(&self, store: &Store) -> Result<Config, StartError> {
        let config = store.config(false)?;
        match self {
            Webhook::Test { behaviour, .. } => behaviour.over(config),
            _ => Ok(config),
        }
    }

    async fn run(self, app: &App, by: &Actor) -> Result<(), Failed> {
        match self {
            Webhook::List(Listed { of, format }) => {
                let sent = webhooks::list(app, by, of.merchant, None, None, LISTED).await?;
                sent_table(&sent).print(format)
            }
            Webhook::Show(Shown { one, format }) => {
                let (sent, tries) = webhooks::retrieve(app, by, one.of.merchant, one.id).await?;
                let sent = sent_table([&sent]);
                if format.json {
                    let parts = [("webhook", sent), ("calls", tries_table(&tries))];
                    return print_parts(&parts, format);
                }
                sent.print(format)?;
                tries.iter().try_for_each(|one| {
                    say("")?;
                    print_try(one)
                })
            }
            Webhook::Resend(One { of, id }) => {
                webhooks::resend(app, by, of.merchant, id).await?;
                say(format_args!(
                    "webhook {id} is due now; `galata serve` or `galata work` calls it"
                ))
            }
            Webhook::Test { of, .. } => {
                let tried = webhooks::test(app, by, of.of.merchant).await?;
                if of.format.json {
                    tries_table(std::slice::from_ref(&tried)).print(of.format)?
                } else {
                    print_try(&tried)?
                }
                if tried.is_delivered() {
                    return Ok(());
                }
                Err(StartError::new("the address did not take the test webhook", "").into())
            }
        }
    }
}

fn sent_table<'a>(all: impl IntoIterator<Item = &'a Sent>) -> Table {
    table!(all, sent => {
        "id": sent.webhook.id,
        "event": sent.webhook.event,
        "payload id": sent.webhook.payload_id,
        "state": sent.state.as_str(),
        "calls": sent.webhook.tries,
        "due at": sent.due_at,
        "last result": sent.last_result,
    })
}

fn tries_table(tries: &[Try]) -> Table {
    table!(tries, one => {
        "at": one.at,
        "result": one.result(),
        "took ms": one.took_ms,
        "url": one.url,
        "request": one.request,
        "response": one.response,
    })
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
