//! A webhook is called: signed in Craftgate's way and, beside it, in Standard Webhooks' way.

use crate::app::App;
use crate::clock::local_text;
use crate::net::callable;
use crate::operations::Problem;
use crate::store::db::Commit;
use crate::store::webhooks::{self, Webhook};
use crate::store::{merchants, won};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use connectors::http::{Failure, Http, Request};
use contract::datetime::LocalDateTime;
use contract::signature;
use contract::webhook::WebhookData;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Calls the merchant's address once and notes how it went.
pub(super) async fn deliver(app: &App, webhook: &Webhook) -> Result<(), Problem> {
    let Some(merchant) = merchants::of_id(app, webhook.merchant_id).await? else {
        return Ok(());
    };
    let result = call(app, &merchant, webhook).await;
    let delivered = result.is_ok();
    let next = usize::try_from(webhook.tries + 1).unwrap_or(usize::MAX);
    let again_at = match delivered {
        true => None,
        false => app
            .settings
            .webhook_waits
            .get(next)
            .map(|wait| app.after(*wait)),
    };
    let said = match &result {
        Ok(status) => status.to_string(),
        Err(why) => why.clone(),
    };
    tracing::info!(webhook = webhook.id, event = %webhook.event, delivered, said, "a webhook was called");
    let mut commit = Commit::new(webhook.merchant_id, webhook.id);
    webhooks::save_try(webhook, delivered, &said, again_at, &mut commit);
    won(app.db.commit(commit).await)?;
    Ok(())
}

async fn call(app: &App, merchant: &merchants::Merchant, webhook: &Webhook) -> Result<u16, String> {
    let url = url::Url::parse(&merchant.webhook_url)
        .map_err(|_| "the address is not a URL".to_owned())?;
    callable(&url, &app.settings.webhook_hosts).map_err(str::to_owned)?;
    let timestamp = webhook.event_at.as_second();
    let data = WebhookData {
        event_type: Some(webhook.event),
        event_time: Some(LocalDateTime(local_text(webhook.event_at))),
        event_timestamp: Some(timestamp),
        status: Some(webhook.status),
        payload_id: Some(webhook.payload_id.clone()),
        payload: webhook
            .payload
            .clone()
            .and_then(|payload| payload.as_object().cloned()),
    };
    let body = serde_json::to_vec(&data).map_err(|error| error.to_string())?;
    let key = merchant.webhook_key.expose();
    let signed = signature::webhook(
        key,
        webhook.event.as_str(),
        timestamp,
        webhook.status.as_str(),
        &webhook.payload_id,
    );
    let id = format!("msg_{}", webhook.id);
    let sent_at = app.now().as_second().to_string();
    let request = Request {
        method: "POST",
        url: url.to_string(),
        headers: vec![
            ("content-type", "application/json; charset=utf-8".to_owned()),
            (
                "user-agent",
                concat!("galata/", env!("CARGO_PKG_VERSION")).to_owned(),
            ),
            ("x-cg-signature-v1", signed),
            (
                "webhook-signature",
                standard_signature(key, &id, &sent_at, &body),
            ),
            ("webhook-id", id),
            ("webhook-timestamp", sent_at),
        ],
        body,
    };
    match app.webhook_net.send(request).await {
        Ok(reply) if (200..300).contains(&reply.status) => Ok(reply.status),
        Ok(reply) => Err(format!("HTTP {}", reply.status)),
        Err(Failure::NotSent(why) | Failure::MaybeSent(why)) => Err(why),
    }
}

/// Standard Webhooks: `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`. Unlike Craftgate's
/// own signature it covers the body. The key is the webhook key's text.
fn standard_signature(key: &str, id: &str, timestamp: &str, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
}
