//! `galata merchant key …`.

use super::Failed;
use super::options::ShownMerchant;
use super::output::{say, say_value, table};
use crate::app::App;
use crate::operations::Actor;
use crate::setup::{self, ListedKey, MadeKey, OVERLAP_HOURS};
use clap::Subcommand;

/// API keys of a merchant.
#[derive(Subcommand)]
pub(super) enum Key {
    /// List the keys, without their secrets.
    List(ShownMerchant),
    /// Make one more key; its secret is printed once.
    Add {
        /// The merchant's id.
        merchant: i64,
    },
    /// Make a key that follows another one, which works some hours longer.
    Rotate {
        /// The merchant's id.
        merchant: i64,
        /// The key to follow.
        api_key: String,
        /// Hours that the old key works beside the new one, 0 to 720.
        #[arg(long, value_name = "HOURS", default_value_t = OVERLAP_HOURS)]
        overlap_hours: i64,
    },
    /// Revoke a key at once.
    Revoke {
        /// The merchant's id.
        merchant: i64,
        /// The key.
        api_key: String,
    },
}

/// Carries out a command.
pub(super) async fn run(command: Key, app: &App, by: &Actor) -> Result<(), Failed> {
    match command {
        Key::List(ShownMerchant { merchant, format }) => {
            let listed = setup::list_keys(app, by, merchant).await?;
            table!(&listed, one => {
                "api key": one.key.api_key,
                "state": state(one),
                "until": one.key.expires_at,
                "created at": one.key.created_at,
                "last used": one.last_used,
            })
            .print(format)
        }
        Key::Add { merchant } => print(&setup::create_key(app, by, merchant).await?),
        Key::Rotate {
            merchant,
            api_key,
            overlap_hours: hours,
        } => {
            print(&setup::rotate_key(app, by, merchant, &api_key, hours).await?)?;
            say(format_args!("the old key works for {hours} more hours"))
        }
        Key::Revoke { merchant, api_key } => {
            setup::revoke_key(app, by, merchant, &api_key).await?;
            let left = setup::list_keys(app, by, merchant).await?;
            say(format_args!(
                "{api_key} is revoked: it opens nothing any more"
            ))?;
            if left.iter().any(|listed| listed.usable) {
                return Ok(());
            }
            say("no usable key is left: the shop is locked out until one is added")
        }
    }
}

fn state(listed: &ListedKey) -> &'static str {
    match (listed.key.active, listed.usable, listed.key.expires_at) {
        (false, ..) => "revoked",
        (true, false, _) => "expired",
        (true, true, Some(_)) => "ending",
        (true, true, None) => "active",
    }
}

fn print(made: &MadeKey) -> Result<(), Failed> {
    say_value("api key", &made.api_key)?;
    say_value("secret key", made.secret_key.expose())
}
