//! `galata merchant …`.
#![expect(
    clippy::print_stdout,
    reason = "commands speak to a person through standard output"
)]

use super::Failed;
use super::key;
use super::options::Store;
use crate::operations::By;
use crate::operations::Problem;
use crate::setup::{self, MerchantSetup, SigningKey};
use crate::start;
use crate::store::merchants;
use clap::{Args, Subcommand, ValueEnum};
use contract::card::Secret;
use contract::enums::WebhookEventType;
use contract::rules::Rule;

/// Merchants and their settings.
#[derive(Subcommand)]
pub(super) enum Merchant {
    /// Make a merchant; its keys are printed once.
    Create(Create),
    /// List the merchants.
    List(Store),
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
    /// Show the keys that sign callbacks and webhooks; the look stands in the audit log.
    Keys(Keys),
    /// Which 3DS results are good enough: FULL (mdStatus 1) or HALF (1 to 4).
    Threeds(Threeds),
    /// What becomes of a payment without 3DS that the bank took while the shop was told of doubt.
    Doubt(Doubt),
    /// API keys.
    #[command(subcommand)]
    Key(key::Key),
}

/// Options of `keys`.
#[derive(Args)]
pub(super) struct Keys {
    /// The merchant's id.
    merchant: i64,
    #[command(flatten)]
    store: Store,
}

/// On or off.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Switch {
    /// On.
    On,
    /// Off.
    Off,
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
    store: Store,
}

/// Options of `webhook-event`.
#[derive(Args)]
pub(super) struct WebhookEvent {
    /// The merchant's id.
    merchant: i64,
    /// `API_AUTH`, `THREEDS_VERIFY`, `BNPL_NOTIFICATION` …
    event: String,
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
    /// A key of one's own instead of a new one.
    #[arg(long, env = "GALATA_SIGNING_KEY", hide_env_values = true)]
    own: Option<String>,
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
        Merchant::List(store) => list(store).await,
        Merchant::Key(command) => key::run(command).await,
        Merchant::Feature(o) => {
            let on = matches!(o.switch, Switch::On);
            let app = o.store.open().await?;
            let outcome =
                setup::set_feature(&app, &By::operator(), o.merchant, &o.feature, on).await;
            start::close(&app).await;
            Ok(outcome?)
        }
        Merchant::Webhook(o) => {
            let app = o.store.open().await?;
            let outcome = setup::set_webhook(&app, &By::operator(), o.merchant, &o.url, &[]).await;
            start::close(&app).await;
            Ok(outcome?)
        }
        Merchant::WebhookEvent(o) => {
            let event: WebhookEventType = o
                .event
                .parse()
                .map_err(|()| Problem::field(Rule::UnknownValue, "event"))?;
            let on = matches!(o.switch, Switch::On);
            let app = o.store.open().await?;
            let by = By::operator();
            let outcome = setup::set_webhook_event(&app, &by, o.merchant, event, on).await;
            start::close(&app).await;
            Ok(outcome?)
        }
        Merchant::CallbackKey(o) => signing_key(o, SigningKey::Callback).await,
        Merchant::WebhookKey(o) => signing_key(o, SigningKey::Webhook).await,
        Merchant::Keys(o) => keys(o).await,
        Merchant::Threeds(o) => {
            change(o.store, o.merchant, |merchant| {
                merchant.half_threeds = matches!(o.policy, Policy::Half)
            })
            .await
        }
        Merchant::Doubt(o) => {
            let completes = matches!(o.policy, DoubtPolicy::Complete);
            change(o.store, o.merchant, |merchant| {
                merchant.completes_doubt = completes
            })
            .await
        }
    }
}

async fn change(
    store: Store,
    id: i64,
    change: impl FnMut(&mut merchants::Merchant),
) -> Result<(), Failed> {
    let app = store.open().await?;
    let outcome = setup::change_merchant(&app, &By::operator(), id, change).await;
    start::close(&app).await;
    Ok(outcome?)
}

async fn signing_key(options: Key, which: SigningKey) -> Result<(), Failed> {
    let app = options.store.open().await?;
    let own = options.own.map(Secret::new);
    let by = By::operator();
    let outcome = setup::set_signing_key(&app, &by, options.merchant, which, own.as_ref()).await;
    start::close(&app).await;
    println!("key  {}", outcome?.expose());
    Ok(())
}

async fn keys(options: Keys) -> Result<(), Failed> {
    let app = options.store.open().await?;
    let outcome = setup::look_at_keys(&app, &By::operator(), options.merchant).await;
    start::close(&app).await;
    let (callback, webhook) = outcome?;
    println!("callback key  {}", callback.expose());
    println!("webhook key   {}", webhook.expose());
    Ok(())
}

async fn create(options: Create) -> Result<(), Failed> {
    let app = options.store.open().await?;
    let outcome = setup::create_merchant(
        &app,
        &By::operator(),
        MerchantSetup {
            name: options.name,
            ..MerchantSetup::default()
        },
    )
    .await;
    start::close(&app).await;
    let made = outcome?;
    println!("merchant      {}", made.id);
    println!("api key       {}", made.api_key);
    println!("secret key    {}", made.secret_key.expose());
    println!("callback key  {}", made.callback_key.expose());
    println!("webhook key   {}", made.webhook_key.expose());
    Ok(())
}

async fn list(store: Store) -> Result<(), Failed> {
    let app = store.open().await?;
    let outcome = merchants::all(&app).await;
    start::close(&app).await;
    for merchant in outcome.map_err(Problem::from)? {
        println!("{}\t{}", merchant.id, merchant.name);
    }
    Ok(())
}
