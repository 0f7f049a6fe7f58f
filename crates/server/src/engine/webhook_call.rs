//! A webhook is called: signed in Craftgate's way and, beside it, in Standard Webhooks' way.

use crate::app::App;
use crate::clock::local_text;
use crate::journal::storable_text;
use crate::net::{ADDRESS_NO_URL, bare, callable};
use crate::store::merchants::Merchant;
use crate::store::webhooks::{Try, Webhook};
use connectors::http::{Failure, Request};
use connectors::scrub::{scrub, words};
use contract::datetime::LocalDateTime;
use contract::signature;
use contract::webhook::WebhookData;
use tokio::time::Instant;

/// Bytes of a shop's answer that are kept.
const ANSWER_BYTES_MAX: usize = 4096;
/// Characters of a request that are kept; its body is ours and small.
const REQUEST_CHARS_MAX: usize = 16 * 1024;

/// Calls the merchant's address once, and answers how it went. Writes nothing.
pub async fn call(app: &App, merchant: &Merchant, webhook: &Webhook) -> Try {
    let mut called = Try {
        merchant_id: webhook.merchant_id,
        id: app.next_id(),
        webhook_id: webhook.id,
        at: app.now(),
        took_ms: 0,
        url: bare(&merchant.webhook_url),
        request: String::new(),
        status: None,
        response: None,
        failure: None,
    };
    let request = match request(app, merchant, webhook) {
        Ok(request) => request,
        Err(why) => {
            called.failure = Some(why);
            return called;
        }
    };
    called.request = request_text(&request);
    let begun = Instant::now();
    let outcome = app.webhook_net.tell(request, ANSWER_BYTES_MAX).await;
    called.took_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
    match outcome {
        Ok(reply) => {
            called.status = Some(i64::from(reply.status));
            called.response = Some(storable_text(&scrub(&reply.body, &[]), ANSWER_BYTES_MAX));
        }
        Err(Failure::NotSent(why) | Failure::MaybeSent(why)) => {
            called.failure = Some(words(&why));
        }
    }
    called
}

fn request(app: &App, merchant: &Merchant, webhook: &Webhook) -> Result<Request, String> {
    let url = url::Url::parse(&merchant.webhook_url).map_err(|_| ADDRESS_NO_URL.to_owned())?;
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
    Ok(Request {
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
                signature::standard_webhook(key.as_bytes(), &id, &sent_at, &body),
            ),
            ("webhook-id", id),
            ("webhook-timestamp", sent_at),
        ],
        body,
    })
}

/// Header lines, an empty line, the body.
fn request_text(request: &Request) -> String {
    let mut text = String::new();
    for (name, value) in &request.headers {
        text.push_str(name);
        text.push_str(": ");
        text.push_str(value);
        text.push('\n');
    }
    text.push('\n');
    text.push_str(&String::from_utf8_lossy(&request.body));
    storable_text(&text, REQUEST_CHARS_MAX)
}
