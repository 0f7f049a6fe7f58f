//! Webhooks are written in the commit of the change that they announce.

use crate::app::App;
use crate::store::autopilot::down_since;
use crate::store::db::Commit;
use crate::store::merchants::Merchant;
use crate::store::payments::Payment;
use crate::store::poses::Pos;
use crate::store::refunds::{Refund, RefundItem, RefundKind};
use crate::store::webhooks::{self, Webhook};
use contract::enums::{
    ApmAdditionalAction, PaymentStatus, PosStatus, WebhookEventType, WebhookStatus,
};
use serde_json::json;

/// Announces how a card payment or its verification ended.
pub fn payment(
    app: &App,
    merchant: &Merchant,
    payment: &Payment,
    event: WebhookEventType,
    commit: &mut Commit,
) {
    let status = match payment.status {
        PaymentStatus::Failure => WebhookStatus::Failure,
        _ => WebhookStatus::Success,
    };
    let payload_id = payment.id;
    write(
        app,
        merchant,
        payment,
        (event, payload_id),
        status,
        None,
        commit,
    );
}

/// Announces money back: a cancelled payment by the refund's id, else each item by its own.
pub fn refund(
    app: &App,
    merchant: &Merchant,
    (payment, refund, items): (&Payment, &Refund, &[RefundItem]),
    commit: &mut Commit,
) {
    let mut tell = |event, id| {
        let status = WebhookStatus::Success;
        write(app, merchant, payment, (event, id), status, None, commit);
    };
    if refund.kind == RefundKind::Cancel && !refund.by_item {
        tell(WebhookEventType::Refund, refund.id);
        return;
    }
    for item in items {
        tell(WebhookEventType::RefundTx, item.id);
    }
}

/// Announces that a loan application's state changed; both generations' names of the action.
pub fn loan(
    app: &App,
    merchant: &Merchant,
    payment: &Payment,
    action: ApmAdditionalAction,
    commit: &mut Commit,
) {
    let status = match payment.status {
        PaymentStatus::Failure => WebhookStatus::Failure,
        _ => WebhookStatus::Success,
    };
    let payload = json!({ "additionalAction": action, "apmAdditionalAction": action });
    write(
        app,
        merchant,
        payment,
        (WebhookEventType::BnplNotification, payment.id),
        status,
        Some(payload),
        commit,
    );
}

/// Announces that the autopilot moved a POS, as it stands now. It is about no payment.
pub fn autopilot(app: &App, merchant: &Merchant, pos: &Pos, commit: &mut Commit) {
    let status = |threeds| match down_since(pos, threeds) {
        None => PosStatus::Active,
        Some(_) => PosStatus::Passive,
    };
    let payload = json!({
        "posAlias": pos.alias,
        "posName": pos.integrator.as_str().to_lowercase(),
        "threeDsStatus": status(true),
        "nonThreeDsStatus": status(false),
    });
    let webhook = Webhook {
        merchant_id: merchant.id,
        id: app.next_id(),
        payment_id: 0,
        event: WebhookEventType::Autopilot,
        event_at: app.now(),
        status: WebhookStatus::Success,
        payload_id: pos.alias.clone(),
        payload: Some(payload),
        tries: 0,
    };
    queue(app, merchant, webhook, commit);
}

/// Announces that a report which was asked for is ready. It is about no payment.
pub fn report(app: &App, merchant: &Merchant, report_id: i64, commit: &mut Commit) {
    let event = (WebhookEventType::ReportGenerated, report_id);
    let status = WebhookStatus::Success;
    write_about(app, merchant, 0, event, status, None, commit);
}

fn write(
    app: &App,
    merchant: &Merchant,
    payment: &Payment,
    event: (WebhookEventType, i64),
    status: WebhookStatus,
    payload: Option<serde_json::Value>,
    commit: &mut Commit,
) {
    write_about(app, merchant, payment.id, event, status, payload, commit);
}

fn write_about(
    app: &App,
    merchant: &Merchant,
    payment_id: i64,
    (event, payload_id): (WebhookEventType, i64),
    status: WebhookStatus,
    payload: Option<serde_json::Value>,
    commit: &mut Commit,
) {
    let webhook = Webhook {
        merchant_id: merchant.id,
        id: app.next_id(),
        payment_id,
        event,
        event_at: app.now(),
        status,
        payload_id: payload_id.to_string(),
        payload,
        tries: 0,
    };
    queue(app, merchant, webhook, commit);
}

/// Adds a webhook that the merchant wants.
fn queue(app: &App, merchant: &Merchant, webhook: Webhook, commit: &mut Commit) {
    if let Some(first_wait) = app.settings.webhook_waits.first()
        && merchant.wants(webhook.event)
    {
        webhooks::insert(&webhook, app.after(*first_wait), commit);
    }
}
