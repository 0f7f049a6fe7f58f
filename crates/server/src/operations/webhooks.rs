//! Webhooks as the merchant's people see them: what was sent, how each call went, send it again,
//! try the address out.

use super::{Actor, Permission, Problem};
use crate::app::App;
use crate::engine::webhook_call;
use crate::store::db::Commit;
use crate::store::merchants::Merchant;
use crate::store::webhooks::{self, Sent, Try, Webhook, WebhookState};
use crate::store::{Committed, merchants};
use contract::enums::{WebhookEventType, WebhookStatus};
use contract::rules::Rule;
use serde_json::{Value as Json, json};

/// Most rows of a page.
const PAGE_MAX: i64 = 100;

/// Webhooks of a merchant, newest first: those before `before` (an id), in one state or all.
pub async fn list(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    state: Option<WebhookState>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Sent>, Problem> {
    look(app, by, merchant_id, "").await?;
    let before = before.unwrap_or(i64::MAX);
    let limit = limit.clamp(1, PAGE_MAX);
    Ok(webhooks::of_merchant(app, merchant_id, state, before, limit).await?)
}

/// The webhooks of one payment, oldest first.
pub async fn of_payment(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    payment_id: i64,
) -> Result<Vec<Sent>, Problem> {
    look(app, by, merchant_id, &payment_id.to_string()).await?;
    Ok(webhooks::of_payment(app, merchant_id, payment_id).await?)
}

/// A webhook and its calls, oldest first.
pub async fn retrieve(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    webhook_id: i64,
) -> Result<(Sent, Vec<Try>), Problem> {
    look(app, by, merchant_id, &webhook_id.to_string()).await?;
    let sent = webhooks::one(app, merchant_id, webhook_id).await?;
    let sent = sent.ok_or_else(not_found)?;
    let tries = webhooks::tries_of(app, merchant_id, webhook_id).await?;
    Ok((sent, tries))
}

/// Sends a webhook again: it is due now, whether it was delivered, dropped or waits.
pub async fn resend(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    webhook_id: i64,
) -> Result<(), Problem> {
    const ACTION: &str = "webhook.resend";
    let target = webhook_id.to_string();
    by.require(
        app,
        merchant_id,
        Permission::ResendWebhooks,
        ACTION,
        &target,
    )
    .await?;
    let sent = webhooks::one(app, merchant_id, webhook_id).await?;
    let sent = sent.ok_or_else(not_found)?;
    reachable(app, merchant_id).await?;
    let mut commit = Commit::new(merchant_id, webhook_id);
    webhooks::make_due(app, merchant_id, webhook_id, &mut commit);
    let was = json!({"state": sent.state.as_str(), "tries": sent.webhook.tries});
    by.note(
        app,
        merchant_id,
        ACTION,
        &target,
        (was, Json::Null),
        &mut commit,
    );
    match app.commit(commit).await? {
        Committed::Yes => Ok(()),
        Committed::Conflict => Err(not_found()),
    }
}

/// Calls the merchant's address with an event that no payment stands behind, and answers what came
/// back. It is signed like any other; its payload id is 0, which no payment has, and it says
/// FAILURE, so that no shop takes it for money.
pub async fn test(app: &App, by: &Actor, merchant_id: i64) -> Result<Try, Problem> {
    const ACTION: &str = "webhook.test";
    by.require(app, merchant_id, Permission::ResendWebhooks, ACTION, "")
        .await?;
    let merchant = reachable(app, merchant_id).await?;
    let webhook = Webhook {
        merchant_id,
        id: app.next_id(),
        payment_id: 0,
        event: WebhookEventType::ApiAuth,
        event_at: app.now(),
        status: WebhookStatus::Failure,
        payload_id: "0".to_owned(),
        payload: Some(json!({"test": true})),
        tries: 0,
    };
    let called = webhook_call::call(app, &merchant, &webhook).await;
    let mut commit = Commit::new(merchant_id, webhook.id);
    let went = json!({"result": called.result(), "tookMs": called.took_ms});
    by.note(
        app,
        merchant_id,
        ACTION,
        "",
        (Json::Null, went),
        &mut commit,
    );
    app.commit(commit).await?.no_conflict()?;
    Ok(called)
}

/// The merchant, when it has an address.
async fn reachable(app: &App, merchant_id: i64) -> Result<Merchant, Problem> {
    let merchant = merchants::of_id(app, merchant_id).await?;
    merchant
        .filter(|merchant| !merchant.webhook_url.is_empty())
        .ok_or_else(|| Problem::field(Rule::NotAUrl, "webhookUrl"))
}

async fn look(app: &App, by: &Actor, merchant_id: i64, target: &str) -> Result<(), Problem> {
    let permission = Permission::LookAtPayments;
    by.require(app, merchant_id, permission, "webhook.look", target)
        .await
}

fn not_found() -> Problem {
    Problem::field(Rule::InvalidId, "webhook")
}
