//! `galata merchant key …`.
#![expect(
    clippy::print_stdout,
    reason = "commands speak to a person through standard output"
)]

use super::Failed;
use super::options::Store;
use crate::operations::By;
use crate::setup::{self, MadeKey, OVERLAP_HOURS};
use crate::start;
use clap::{Args, Subcommand};

/// API keys of a merchant.
#[derive(Subcommand)]
pub(super) enum Key {
    /// List the keys, without their secrets.
    List(Of),
    /// Make one more key; its secret is printed once.
    Add(Of),
    /// Make a key that follows another one, which works some hours longer.
    Rotate(Rotate),
    /// Revoke a key at once.
    Revoke(Revoke),
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
    #[arg(long, default_value_t = OVERLAP_HOURS)]
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
    let by = By::operator();
    match command {
        Key::List(o) => list(o).await,
        Key::Add(o) => {
            let app = o.store.open().await?;
            let outcome = setup::create_key(&app, &by, o.merchant).await;
            start::close(&app).await;
            print(&outcome?);
            Ok(())
        }
        Key::Rotate(o) => {
            let app = o.store.open().await?;
            let outcome =
                setup::rotate_key(&app, &by, o.merchant, &o.api_key, o.overlap_hours).await;
            start::close(&app).await;
            print(&outcome?);
            println!("the old key works for {} more hours", o.overlap_hours);
            Ok(())
        }
        Key::Revoke(o) => revoke(o).await,
    }
}

async fn list(options: Of) -> Result<(), Failed> {
    let app = options.store.open().await?;
    let outcome = setup::list_keys(&app, &By::operator(), options.merchant).await;
    start::close(&app).await;
    for listed in outcome? {
        let state = match (listed.key.active, listed.usable, listed.key.expires_at) {
            (false, ..) => "revoked".to_owned(),
            (true, false, _) => "expired".to_owned(),
            (true, true, Some(at)) => format!("until {at}"),
            (true, true, None) => "active".to_owned(),
        };
        println!("{}\t{}\t{state}", listed.key.api_key, listed.key.created_at);
    }
    Ok(())
}

async fn revoke(options: Revoke) -> Result<(), Failed> {
    let app = options.store.open().await?;
    let by = By::operator();
    let outcome = setup::revoke_key(&app, &by, options.merchant, &options.api_key).await;
    let left = setup::list_keys(&app, &by, options.merchant).await;
    start::close(&app).await;
    outcome?;
    if !left?.iter().any(|listed| listed.usable) {
        println!("no usable key is left: the shop is locked out until one is added");
    }
    Ok(())
}

fn print(made: &MadeKey) {
    println!("api key       {}", made.api_key);
    println!("secret key    {}", made.secret_key.expose());
}
