//! `galata merchant …`.

use super::Failed;
use super::credentials::OwnKey;
use super::key;
use super::options::{Store, WebhookHosts, known_merchant, one_of, run as run_with};
use super::output::{Format, Table, say};
use crate::app::App;
use crate::operations::Actor;
use crate::operations::Problem;
use crate::setup::{self, MerchantSetup, SigningKey};
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
    Create(Create),
    /// List the merchants.
    List(List),
    /// Show a merchant's settings.
    Show(Show),
    /// Switch a feature: `galata merchant feature 7 alternative-payment-methods on`.
    Feature(Feature),
    /// Set where webhooks go; an empty URL stops them.
    Webhook(Webhook),
    /// Switch one webhook event.
    WebhookEvent(WebhookEvent),
    /// Replace the key that signs callbacks; the new one is printed once.
    CallbackKey(Key),
    /// Replace the key that signs webhooks; the new one is printed once.
    WebhookKey(Key),
    /// Show the keys that sign callbacks and webhooks, the latter also as Standard Webhooks libraries
    /// take it; the look stands in the audit log.
    Keys(Show),
    /// Which 3DS results are good enough: FULL (mdStatus 1) or HALF (1 to 4).
    Threeds(Threeds),
    /// What becomes of a payment without 3DS that the bank took while the shop was told of doubt.
    Doubt(Doubt),
    /// API keys.
    #[command(subcommand)]
    Key(key::Key),
}

/// Options of `list`.
#[derive(Args)]
pub(super) struct List {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    store: Store,
}

/// Options of `show` and `keys`.
#[derive(Args)]
pub(super) struct Show {
    /// The merchant's id.
    merchant: i64,
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    store: Store,
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

/// Options of `create`.
#[derive(Args)]
pub(super) struct Create {
    #[command(flatten)]
    store: Store,
    /// Its name.
    #[arg(long)]
    name: String,
}

/// Options of `feature`.
#[derive(Args)]
pub(super) struct Feature {
    /// The merchant's id.
    merchant: i64,
    /// The feature's name.
    #[arg(value_parser = PossibleValuesParser::new([FEATURE_APMS]))]
    feature: String,
    /// On or off.
    switch: Switch,
    #[command(flatten)]
    store: Store,
}

/// Options of `webhook`.
#[derive(Args)]
pub(super) struct Webhook {
    /// The merchant's id.
    merchant: i64,
    /// An http or https address, or empty.
    url: String,
    #[command(flatten)]
    hosts: WebhookHosts,
    #[command(flatten)]
    store: Store,
}

/// Options of `webhook-event`.
#[derive(Args)]
pub(super) struct WebhookEvent {
    /// The merchant's id.
    merchant: i64,
    /// The event.
    #[arg(ignore_case = true, value_parser = one_of::<WebhookEventType>(WebhookEventType::ALL.iter().map(|event| event.as_str())))]
    event: WebhookEventType,
    /// On or off.
    switch: Switch,
    #[command(flatten)]
    store: Store,
}

/// Options of `callback-key` and `webhook-key`.
#[derive(Args)]
pub(super) struct Key {
    /// The merchant's id.
    merchant: i64,
    #[command(flatten)]
    own: OwnKey,
    #[command(flatten)]
    store: Store,
}

/// Full or half.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Policy {
    /// mdStatus 1.
    Full,
    /// mdStatus 1 to 4.
    Half,
}

/// Options of `threeds`.
#[derive(Args)]
pub(super) struct Threeds {
    /// The merchant's id.
    merchant: i64,
    /// Full or half.
    policy: Policy,
    #[command(flatten)]
    store: Store,
}

/// Reverse or complete.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum DoubtPolicy {
    /// Give the money back.
    Reverse,
    /// Keep it and announce it by webhook.
    Complete,
}

/// Options of `doubt`.
#[derive(Args)]
pub(super) struct Doubt {
    /// The merchant's id.
    merchant: i64,
    /// Reverse or complete.
    policy: DoubtPolicy,
    #[command(flatten)]
    store: Store,
}

/// Runs a command.
pub(super) async fn run(command: Merchant) -> Result<(), Failed> {
    match command {
        Merchant::Create(options) => create(options).await,
        Merchant::List(options) => list(options).await,
        Merchant::Show(options) => show(options).await,
        Merchant::Key(command) => key::run(command).await,
        Merchant::Feature(options) => set_feature(options).await,
        Merchant::Webhook(options) => set_webhook(options).await,
        Merchant::WebhookEvent(options) => set_webhook_event(options).await,
        Merchant::CallbackKey(o) => signing_key(o, SigningKey::Callback).await,
        Merchant::WebhookKey(o) => signing_key(o, SigningKey::Webhook).await,
        Merchant::Keys(options) => keys(options).await,
        Merchant::Threeds(options) => set_threeds(options).await,
        Merchant::Doubt(options) => set_doubt(options).await,
    }
}

async fn set_feature(options: Feature) -> Result<(), Failed> {
    let (by, merchant, feature) = (Actor::operator(), options.merchant, &options.feature);
    let on = options.switch == Switch::On;
    let set = async |app: &App| Ok(setup::set_feature(app, &by, merchant, feature, on).await?);
    options.store.run_for(merchant, set).await?;
    say(format_args!(
        "{feature} is {} for merchant {merchant}",
        options.switch.shown()
    ))
}

async fn set_webhook(options: Webhook) -> Result<(), Failed> {
    let (by, merchant, url) = (Actor::operator(), options.merchant, &options.url);
    let mut config = options.store.config(false)?;
    config.settings.webhook_hosts = options.hosts.list()?;
    run_with(config, async |app| {
        known_merchant(app, merchant).await?;
        Ok(setup::set_webhook(app, &by, merchant, url, &[]).await?)
    })
    .await?;
    if url.is_empty() {
        say(format_args!(
            "merchant {merchant} gets no webhooks any more"
        ))
    } else {
        say(format_args!(
            "webhooks of merchant {merchant} go to {}",
            crate::net::bare(url)
        ))
    }
}

async fn set_webhook_event(options: WebhookEvent) -> Result<(), Failed> {
    let (by, merchant, event) = (Actor::operator(), options.merchant, options.event);
    let on = options.switch == Switch::On;
    let set = async |app: &App| Ok(setup::set_webhook_event(app, &by, merchant, event, on).await?);
    options.store.run_for(merchant, set).await?;
    say(format_args!(
        "webhooks about {event} are {} for merchant {merchant}",
        options.switch.shown()
    ))
}

async fn set_threeds(options: Threeds) -> Result<(), Failed> {
    let half = matches!(options.policy, Policy::Half);
    change(&options.store, options.merchant, |merchant| {
        merchant.half_threeds = half;
    })
    .await?;
    say(if half {
        "3DS results with mdStatus 1 to 4 are taken"
    } else {
        "only 3DS results with mdStatus 1 are taken"
    })
}

async fn set_doubt(options: Doubt) -> Result<(), Failed> {
    let completes = matches!(options.policy, DoubtPolicy::Complete);
    change(&options.store, options.merchant, |merchant| {
        merchant.completes_doubt = completes;
    })
    .await?;
    say(if completes {
        "a payment in doubt that the bank took is kept and announced by webhook"
    } else {
        "a payment in doubt that the bank took is given back"
    })
}

async fn change(
    store: &Store,
    id: i64,
    change: impl FnMut(&mut merchants::Merchant),
) -> Result<(), Failed> {
    let by = Actor::operator();
    let change = async |app: &App| Ok(setup::change_merchant(app, &by, id, change).await?);
    store.run_for(id, change).await
}

async fn signing_key(options: Key, which: SigningKey) -> Result<(), Failed> {
    let own = options.own.read()?.map(Secret::new);
    let (by, merchant) = (Actor::operator(), options.merchant);
    let set = async |app: &App| {
        Ok(setup::set_signing_key(app, &by, merchant, which, own.as_ref()).await?)
    };
    let key = options.store.run_for(merchant, set).await?;
    say(format_args!("key  {}", key.expose()))?;
    if which == SigningKey::Webhook {
        let standard = standard_webhook_key(&key);
        say(format_args!("standard key  {}", standard.expose()))?;
    }
    say("the key before it signs nothing any more: give the shop this one")
}

async fn keys(options: Show) -> Result<(), Failed> {
    let (by, merchant) = (Actor::operator(), options.merchant);
    let look = async |app: &App| Ok(setup::look_at_keys(app, &by, merchant).await?);
    let (callback, webhook) = options.store.run_for(merchant, look).await?;
    if options.format.json {
        let keys = json!({
            "callbackKey": callback.expose(),
            "webhookKey": webhook.expose(),
            "standardWebhookKey": standard_webhook_key(&webhook).expose(),
        });
        return say(format_args!("{keys:#}"));
    }
    say(format_args!("callback key  {}", callback.expose()))?;
    say(format_args!("webhook key   {}", webhook.expose()))?;
    let standard = standard_webhook_key(&webhook);
    say(format_args!("standard key  {}", standard.expose()))
}

async fn create(options: Create) -> Result<(), Failed> {
    let wanted = MerchantSetup {
        name: options.name,
        ..MerchantSetup::default()
    };
    let by = Actor::operator();
    let create = async |app: &App| Ok(setup::create_merchant(app, &by, wanted).await?);
    let made = options.store.run(create).await?;
    for (name, value) in [
        ("merchant    ", made.id.to_string().as_str()),
        ("api key     ", &made.api_key),
        ("secret key  ", made.secret_key.expose()),
        ("callback key", made.callback_key.expose()),
        ("webhook key ", made.webhook_key.expose()),
        (
            "standard key",
            standard_webhook_key(&made.webhook_key).expose(),
        ),
    ] {
        say(format_args!("{name}  {value}"))?;
    }
    Ok(())
}

async fn list(options: List) -> Result<(), Failed> {
    let all = async |app: &App| Ok(merchants::all(app).await.map_err(Problem::from)?);
    let mut table = Table::new(&["id", "name", "webhook"]);
    for merchant in options.store.run(all).await? {
        let address = crate::net::bare(&merchant.webhook_url);
        table.row([json!(merchant.id), json!(merchant.name), json!(address)]);
    }
    table.print(options.format)
}

async fn show(options: Show) -> Result<(), Failed> {
    let found = async |app: &App| known_merchant(app, options.merchant).await;
    let merchant = options.store.run(found).await?;
    let switched = |on: &Json| *on == Json::Bool(true);
    let features = merchant.features.iter().filter(|(_, on)| switched(on));
    let events = merchant
        .webhook_events
        .iter()
        .filter(|(_, on)| !switched(on));
    let mut table = Table::new(&["setting", "value"]);
    for (setting, value) in [
        ("id", json!(merchant.id)),
        ("name", json!(merchant.name)),
        ("features", features.map(|(name, _)| json!(name)).collect()),
        (
            "threeds",
            json!(if merchant.half_threeds {
                "HALF"
            } else {
                "FULL"
            }),
        ),
        (
            "doubt",
            json!(if merchant.completes_doubt {
                "COMPLETE"
            } else {
                "REVERSE"
            }),
        ),
        ("webhook", json!(crate::net::bare(&merchant.webhook_url))),
        ("eventsOff", events.map(|(name, _)| json!(name)).collect()),
    ] {
        table.row([json!(setting), value]);
    }
    table.print_fields(options.format)
}
