//! A merchant's settings beyond its features: the two keys that sign what it hears, where webhooks
//! go and which, and what counts as a proven cardholder.

use super::{KEY_LENGTH, change_merchant, may_change, merchant};
use crate::app::App;
use crate::net::{host_entry, is_private_address};
use crate::operations::{ADDRESS_MAX, Actor, Permission, Problem, TOP};
use crate::random;
use crate::store::db::Commit;
use crate::store::signatures;
use contract::card::Secret;
use contract::enums::WebhookEventType;
use contract::rules::Rule;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

/// Characters of a key that a merchant brings along: fewer would be guessed.
const OWN_KEY: std::ops::RangeInclusive<usize> = 16..=128;

/// The two keys with which a merchant checks what Galata sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningKey {
    /// Of the form that the shopper's browser brings back after 3DS or a loan.
    Callback,
    /// Of webhooks.
    Webhook,
}

/// Where webhooks go and which of them. An empty address stops them; events that are not named
/// keep their switch. An address that would never be called is refused.
pub async fn set_webhook(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    url: &str,
    events: &[(WebhookEventType, bool)],
) -> Result<(), Problem> {
    may_change(app, by, merchant_id).await?;
    let url = webhook_address(app, url).await?;
    change_merchant(app, by, merchant_id, |merchant| {
        merchant.webhook_url.clone_from(&url);
        for (event, on) in events {
            let name = event.as_str().to_owned();
            merchant.webhook_events.insert(name, Json::Bool(*on));
        }
    })
    .await
}

/// Seconds in which a merchant may have a payment refused that looks sent twice.
const DOUBLE_SUBMIT_SECONDS: std::ops::RangeInclusive<i64> = 0..=3600;

/// Refuses from now on a card payment without an idempotency key that comes within `seconds` of one
/// with the same card, amount, currency and conversation; 0 takes all.
pub async fn refuse_double_submits(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    seconds: i64,
) -> Result<(), Problem> {
    may_change(app, by, merchant_id).await?;
    let seconds = TOP.within("seconds", seconds, DOUBLE_SUBMIT_SECONDS)?;
    change_merchant(app, by, merchant_id, |merchant| {
        merchant.double_submit_seconds = seconds;
    })
    .await
}

/// An absolute http or https address that is called, or an empty text.
async fn webhook_address(app: &App, text: &str) -> Result<String, Problem> {
    if text.is_empty() {
        return Ok(String::new());
    }
    TOP.require_length("url", text.chars().count(), 0..=ADDRESS_MAX)?;
    let refused = || Problem::field(Rule::NotAUrl, "url");
    let url = url::Url::parse(text).map_err(|_| refused())?;
    // Credentials in an address would be shown to everybody who may look at webhooks.
    let bare = url.username().is_empty() && url.password().is_none();
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !bare {
        return Err(refused());
    }
    if is_private_address(&url, &app.settings.webhook_hosts).await {
        Err(Problem::with(
            Rule::AddressPrivate,
            &[("field", "url"), ("host", &host_entry(&url))],
        ))
    } else {
        Ok(text.to_owned())
    }
}

/// Switches one webhook event.
pub async fn set_webhook_event(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    event: WebhookEventType,
    on: bool,
) -> Result<(), Problem> {
    change_merchant(app, by, merchant_id, |merchant| {
        let name = event.as_str().to_owned();
        merchant.webhook_events.insert(name, Json::Bool(on));
    })
    .await
}

/// Replaces a signing key: by the merchant's own text, or by a new one. Answers the key that is
/// shown this once.
pub async fn set_signing_key(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    which: SigningKey,
    own: Option<&Secret>,
) -> Result<Secret, Problem> {
    may_change(app, by, merchant_id).await?;
    let key = match own {
        None => Secret::new(random::key(KEY_LENGTH)),
        Some(own) => own_key(own)?,
    };
    change_merchant(app, by, merchant_id, |merchant| match which {
        SigningKey::Callback => merchant.callback_key = key.clone(),
        SigningKey::Webhook => merchant.webhook_key = key.clone(),
    })
    .await?;
    Ok(key)
}

fn own_key(own: &Secret) -> Result<Secret, Problem> {
    let text = own.expose();
    TOP.require_length("key", text.len(), OWN_KEY)?;
    let is_line = text.bytes().all(|byte| byte.is_ascii_graphic());
    TOP.require("key", Rule::ControlCharacter, is_line)?;
    Ok(own.clone())
}

/// The signing keys, callback and webhook, for somebody who may change them. The look is noted.
pub async fn look_at_keys(
    app: &App,
    by: &Actor,
    merchant_id: i64,
) -> Result<(Secret, Secret), Problem> {
    const ACTION: &str = "merchant.keys_look";
    let target = merchant_id.to_string();
    by.require(
        app,
        merchant_id,
        Permission::ChangeSettings,
        ACTION,
        &target,
    )
    .await?;
    let merchant = merchant(app, merchant_id).await?;
    by.note_look(app, merchant_id, ACTION, &target).await?;
    Ok((merchant.callback_key, merchant.webhook_key))
}

/// Whether a form comes for the first time. `once` is what the page put into it; a form that is
/// sent twice must not make two things. A form without it counts as new.
pub async fn first_time(app: &App, merchant_id: i64, once: &str) -> Result<bool, Problem> {
    const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);
    const LONGEST: usize = 64;
    if once.is_empty() {
        return Ok(true);
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if once.len() > LONGEST || !once.bytes().all(plain) {
        return Err(Problem::rule(Rule::FormNotOurs));
    }
    let until = app.now().checked_add(REMEMBERED).unwrap_or(Timestamp::MAX);
    let mut commit = Commit::new(merchant_id, app.next_id());
    signatures::claim(
        merchant_id,
        &format!("form {once}"),
        None,
        Some(until),
        &mut commit,
    );
    Ok(app.commit(commit).await?.is_yes())
}
