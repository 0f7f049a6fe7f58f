//! `galata merchant …`.

use super::credentials::OwnKey;
use super::key;
use super::options::{ShownMerchant, Store, WebhookHosts, one_of};
use super::output::{Format, Table, say, say_json, say_value, table};
use super::{Failed, StoreCommand, known_merchant};
use crate::app::App;
use crate::net::bare;
use crate::operations::{Actor, Problem};
use crate::setup::{self, MerchantSetup, SigningKey};
use crate::start::{Config, StartError};
use crate::store::merchants::{self, FEATURE_APMS};
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueEnum};
use contract::card::Secret;
use contract::enums::WebhookEventType;
use contract::signature::standard_webhook_key;
use serde_json::{Value as Json, json};

/// Merchants and their settings.
#[derive(Subcommand)]
pub(super) enum Merchant {
    /// Make a merchant; its keys are printed once.
    Create {
        /// Its name.
        #[arg(long)]
        name: String,
    },
    /// List the merchants.
    List(Format),
    /// Show a merchant's settings.
    Show(ShownMerchant),
    /// Switch a feature: `galata merchant feature 7 alternative-payment-methods on`.
    Feature {
        /// The merchant's id.
        merchant: i64,
        /// The feature's name.
        #[arg(value_parser = PossibleValuesParser::new([FEATURE_APMS]))]
        feature: String,
        /// On or off.
        switch: Switch,
    },
    /// Set where webhooks go; an empty URL stops them.
    Webhook {
        /// The merchant's id.
        merchant: i64,
        /// An http or https address, or empty.
        url: String,
        #[command(flatten)]
        hosts: WebhookHosts,
    },
    /// Switch one webhook event.
    WebhookEvent {
        /// The merchant's id.
        merchant: i64,
        /// The event.
        #[arg(ignore_case = true, value_parser = one_of::<WebhookEventType>(WebhookEventType::ALL.iter().map(|event| event.as_str())))]
        event: WebhookEventType,
        /// On or off.
        switch: Switch,
    },
    /// Replace the key that signs callbacks; the new one is printed once.
    CallbackKey(Key),
    /// Replace the key that signs webhooks; the new one is printed once.
    WebhookKey(Key),
    /// Show the keys that sign callbacks and webhooks, the latter also as Standard Webhooks libraries
    /// take it; the look stands in the audit log.
    Keys(ShownMerchant),
    /// Which 3DS results are good enough: FULL (mdStatus 1) or HALF (1 to 4).
    Threeds {
        /// The merchant's id.
        merchant: i64,
        /// Full or half.
        policy: Policy,
    },
    /// What becomes of a payment without 3DS that the bank took while the shop was told of doubt.
    Doubt {
        /// The merchant's id.
        merchant: i64,
        /// Reverse or complete.
        policy: DoubtPolicy,
    },
    /// Refuse a card payment without an idempotency key that comes within so many seconds of one with the
    /// same card, amount, currency and conversation.
    DoubleSubmits {
        /// The merchant's id.
        merchant: i64,
        /// Up to 3600; 0 takes all.
        seconds: i64,
    },
    /// API keys.
    #[command(subcommand)]
    Key(key::Key),
}

/// On or off.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub(super) enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

impl Switch {
    fn shown(self) -> &'static str {
        match self {
            Switch::On => "on",
            Switch::Off => "off",
        }
    }
}

/// Options of `callback-key` and `webhook-key`.
#[derive(Args)]
pub(super) struct Key {
    /// The merchant's id.
    merchant: i64,
    #[command(flatten)]
    own: OwnKey,
}

/// Full or half.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Policy {
    /// mdStatus 1.
    Full,
    /// mdStatus 1 to 4.
    Half,
}

/// Reverse or complete.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum DoubtPolicy {
    /// Give the money back.
    Reverse,
    /// Keep it and announce it by webhook.
    Complete,
}

impl StoreCommand for Merchant {
    fn config(&self, store: &Store) -> Result<Config, StartError> {
        let mut config = store.config(false)?;
        if let Merchant::Webhook { hosts, .. } = self {
            config.settings.webhook_hosts = hosts.list()?;
        }
        Ok(config)
    }

    async fn run(self, app: &App, by: &Actor) -> Result<(), Failed> {
        match self {
            Merchant::Create { name } => create(app, by, name).await,
            Merchant::List(format) => list(app, format).await,
            Merchant::Show(options) => show(app, options).await,
            Merchant::Feature {
                merchant,
                feature,
                switch,
            } => {
                let on = switch == Switch::On;
                setup::set_feature(app, by, merchant, &feature, on).await?;
                let switch = switch.shown();
                say(format_args!(
                    "{feature} is {switch} for merchant {merchant}"
                ))
            }
            Merchant::Webhook { merchant, url, .. } => set_webhook(app, by, merchant, &url).await,
            Merchant::WebhookEvent {
                merchant,
                event,
                switch,
            } => {
                let on = switch == Switch::On;
                setup::set_webhook_event(app, by, merchant, event, on).await?;
                let switch = switch.shown();
                say(format_args!(
                    "webhooks about {event} are {switch} for merchant {merchant}"
                ))
            }
            Merchant::CallbackKey(key) => set_key(app, by, key, SigningKey::Callback).await,
            Merchant::WebhookKey(key) => set_key(app, by, key, SigningKey::Webhook).await,
            Merchant::Keys(options) => show_keys(app, by, options).await,
            Merchant::Threeds { merchant, policy } => {
                let half = matches!(policy, Policy::Half);
                let set = |merchant: &mut merchants::Merchant| merchant.half_threeds = half;
                setup::change_merchant(app, by, merchant, set).await?;
                say(if half {
                    "3DS results with mdStatus 1 to 4 are taken"
                } else {
                    "only 3DS results with mdStatus 1 are taken"
                })
            }
            Merchant::Doubt { merchant, policy } => {
                let completes = matches!(policy, DoubtPolicy::Complete);
                let set = |merchant: &mut merchants::Merchant| merchant.completes_doubt = completes;
                setup::change_merchant(app, by, merchant, set).await?;
                say(if completes {
                    "a payment in doubt that the bank took is kept and announced by webhook"
                } else {
                    "a payment in doubt that the bank took is given back"
                })
            }
            Merchant::DoubleSubmits { merchant, seconds } => {
                setup::refuse_double_submits(app, by, merchant, seconds).await?;
                say(match seconds {
                    0 => "payments that look sent twice are taken".to_owned(),
                    _ => format!(
                        "a payment that looks sent twice within {seconds} seconds is refused"
                    ),
                })
            }
            Merchant::Key(command) => key::run(command, app, by).await,
        }
    }
}

async fn create(app: &App, by: &Actor, name: String) -> Result<(), Failed> {
    let wanted = MerchantSetup {
        name,
        ..MerchantSetup::default()
    };
    let made = setup::create_merchant(app, by, wanted).await?;
    say_value("merchant", made.id)?;
    say_value("api key", &made.api_key)?;
    say_value("secret key", made.secret_key.expose())?;
    say_signing_keys(&made.callback_key, &made.webhook_key)
}

fn say_signing_keys(callback: &Secret, webhook: &Secret) -> Result<(), Failed> {
    say_value("callback key", callback.expose())?;
    say_value("webhook key", webhook.expose())?;
    say_value("standard key", standard_webhook_key(webhook).expose())
}

async fn list(app: &App, format: Format) -> Result<(), Failed> {
    let all = merchants::all(app).await.map_err(Problem::from)?;
    table!(&all, merchant => {
        "id": merchant.id,
        "name": merchant.name,
        "webhook": bare(&merchant.webhook_url),
    })
    .print(format)
}

async fn show(app: &App, options: ShownMerchant) -> Result<(), Failed> {
    let merchant = known_merchant(app, options.merchant).await?;
    let switched = |on: &Json| *on == Json::Bool(true);
    let features = merchant.features.iter().filter(|(_, on)| switched(on));
    let features: Json = features.map(|(name, _)| json!(name)).collect();
    let events = merchant.webhook_events.iter();
    let events_off = events.filter(|(_, on)| !switched(on));
    let events_off: Json = events_off.map(|(name, _)| json!(name)).collect();
    let threeds = if merchant.half_threeds {
        "HALF"
    } else {
        "FULL"
    };
    let doubt = if merchant.completes_doubt {
        "COMPLETE"
    } else {
        "REVERSE"
    };
    let rows = [
        json!(["id", merchant.id]),
        json!(["name", merchant.name]),
        json!(["features", features]),
        json!(["threeds", threeds]),
        json!(["doubt", doubt]),
        json!(["doubleSubmitSeconds", merchant.double_submit_seconds]),
        json!(["webhook", bare(&merchant.webhook_url)]),
        json!(["eventsOff", events_off]),
    ];
    Table::new(&["setting", "value"], rows).print_fields(options.format)
}

async fn set_webhook(app: &App, by: &Actor, merchant: i64, url: &str) -> Result<(), Failed> {
    setup::set_webhook(app, by, merchant, url, &[]).await?;
    if url.is_empty() {
        return say(format_args!(
            "merchant {merchant} gets no webhooks any more"
        ));
    }
    let address = bare(url);
    say(format_args!(
        "webhooks of merchant {merchant} go to {address}"
    ))
}

async fn set_key(app: &App, by: &Actor, key: Key, which: SigningKey) -> Result<(), Failed> {
    let own = key.own.read()?.map(Secret::new);
    let key = setup::set_signing_key(app, by, key.merchant, which, own.as_ref()).await?;
    say(format_args!("key  {}", key.expose()))?;
    if which == SigningKey::Webhook {
        say_value("standard key", standard_webhook_key(&key).expose())?;
    }
    say("the key before it signs nothing any more: give the shop this one")
}

async fn show_keys(app: &App, by: &Actor, options: ShownMerchant) -> Result<(), Failed> {
    let (callback, webhook) = setup::look_at_keys(app, by, options.merchant).await?;
    if !options.format.json {
        return say_signing_keys(&callback, &webhook);
    }
    say_json(&json!({
        "callbackKey": callback.expose(),
        "webhookKey": webhook.expose(),
        "standardWebhookKey": standard_webhook_key(&webhook).expose(),
    }))
}
