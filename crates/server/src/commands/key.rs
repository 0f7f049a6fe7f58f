//! `galata merchant key …`.

use super::Failed;
use super::options::Store;
use super::output::{Format, Table, say};
use crate::operations::Actor;
use crate::setup::{self, ListedKey, MadeKey, OVERLAP_HOURS};
use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};

/// API keys of a merchant.
#[derive(Subcommand)]
pub(super) enum Key {
    /// List the keys, without their secrets.
    List(List),
    /// Make one more key; its secret is printed once.
    Add(Of),
    /// Make a key that follows another one, which works some hours longer.
    Rotate(Rotate),
    /// Revoke a key at once.
    Revoke(Revoke),
}

/// Options of `list`.
#[derive(Args)]
pub(super) struct List {
    #[command(flatten)]
    of: Of,
    #[command(flatten)]
    format: Format,
}

/// Options of `list` and `add`.
#[derive(Args)]
pub(super) struct Of {
    /// The merchant's id.
    merchant: i64,
    #[command(flatten)]
    store: Store,
}

/// Options of `rotate`.
#[derive(Args)]
pub(super) struct Rotate {
    /// The merchant's id.
    merchant: i64,
    /// The key to follow.
    api_key: String,
    /// Hours that the old key works beside the new one, 0 to 720.
    #[arg(long, value_name = "HOURS", default_value_t = OVERLAP_HOURS)]
    overlap_hours: i64,
    #[command(flatten)]
    store: Store,
}

/// Options of `revoke`.
#[derive(Args)]
pub(super) struct Revoke {
    /// The merchant's id.
    merchant: i64,
    /// The key.
    api_key: String,
    #[command(flatten)]
    store: Store,
}

/// Runs a command.
pub(super) async fn run(command: Key) -> Result<(), Failed> {
    let by = Actor::operator();
    match command {
        Key::List(o) => list(o).await,
        Key::Add(o) => {
            let add = async |app: &_| Ok(setup::create_key(app, &by, o.merchant).await?);
            print(&o.store.run_for(o.merchant, add).await?)
        }
        Key::Rotate(o) => {
            let rotate = async |app: &_| {
                let (merchant, hours) = (o.merchant, o.overlap_hours);
                Ok(setup::rotate_key(app, &by, merchant, &o.api_key, hours).await?)
            };
            print(&o.store.run_for(o.merchant, rotate).await?)?;
            say(format_args!(
                "the old key works for {} more hours",
                o.overlap_hours
            ))
        }
        Key::Revoke(o) => revoke(o).await,
    }
}

async fn list(options: List) -> Result<(), Failed> {
    let merchant = options.of.merchant;
    let list = async |app: &_| Ok(setup::list_keys(app, &Actor::operator(), merchant).await?);
    let listed = options.of.store.run_for(merchant, list).await?;
    let mut table = Table::new(&["api key", "state", "until", "created at", "last used"]);
    for one in &listed {
        table.row([
            json!(one.key.api_key),
            json!(state(one)),
            time(one.key.expires_at),
            json!(one.key.created_at.to_string()),
            time(one.last_used),
        ]);
    }
    table.print(options.format)
}

fn time(at: Option<jiff::Timestamp>) -> Json {
    json!(at.map(|at| at.to_string()))
}

fn state(listed: &ListedKey) -> &'static str {
    match (listed.key.active, listed.usable, listed.key.expires_at) {
        (false, ..) => "revoked",
        (true, false, _) => "expired",
        (true, true, Some(_)) => "ending",
        (true, true, None) => "active",
    }
}

async fn revoke(options: Revoke) -> Result<(), Failed> {
    let (by, merchant, api_key) = (Actor::operator(), options.merchant, &options.api_key);
    let revoke = async |app: &_| {
        setup::revoke_key(app, &by, merchant, api_key).await?;
        Ok(setup::list_keys(app, &by, merchant).await?)
    };
    let left = options.store.run_for(merchant, revoke).await?;
    say(format_args!(
        "{api_key} is revoked: it opens nothing any more"
    ))?;
    if left.iter().any(|listed| listed.usable) {
        Ok(())
    } else {
        say("no usable key is left: the shop is locked out until one is added")
    }
}

fn print(made: &MadeKey) -> Result<(), Failed> {
    say(format_args!("api key       {}", made.api_key))?;
    say(format_args!("secret key    {}", made.secret_key.expose()))
}
