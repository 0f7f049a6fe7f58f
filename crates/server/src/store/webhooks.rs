//! Webhooks: an outbox. A row is written in the commit of the change that it announces, and is
//! the work that is due until the shop took it or the tries are used up.

use super::db::{Commit, Unavailable, params};
use super::{enumerated, shard_of};
use crate::app::App;
use contract::enums::{WebhookEventType, WebhookStatus};
use jiff::Timestamp;
use serde_json::Value as Json;

/// A webhook to be delivered.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Whose it is.
    pub merchant_id: i64,
    /// Its id; also its Standard Webhooks id.
    pub id: i64,
    /// The payment it is about.
    pub payment_id: i64,
    /// What happened.
    pub event: WebhookEventType,
    /// When.
    pub event_at: Timestamp,
    /// How it ended.
    pub status: WebhookStatus,
    /// The id that the shop knows.
    pub payload_id: String,
    /// More, for some events.
    pub payload: Option<Json>,
    /// Calls made so far.
    pub tries: i64,
}

/// Writes a webhook that is due at `due_at`.
pub fn insert(webhook: &Webhook, due_at: Timestamp, commit: &mut Commit) {
    let w = webhook;
    commit.one(
        "insert into webhooks (merchant_id, id, shard, payment_id, event_type, event_at, status, payload_id, payload, \
         state, tries, due_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'PENDING', 0, $10)",
        params![
            w.merchant_id,
            w.id,
            shard_of(w.merchant_id),
            w.payment_id,
            w.event.as_str(),
            w.event_at,
            w.status.as_str(),
            w.payload_id.as_str(),
            w.payload.clone(),
            due_at,
        ],
    );
}

/// The webhooks of some shards that are due, the longest due first.
pub async fn due(
    app: &App,
    shards: &[i64],
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Webhook>, Unavailable> {
    let sql = format!(
        "select merchant_id, id, payment_id, event_type, event_at, status, payload_id, payload, tries \
         from webhooks where shard in ({}) and due_at <= $1 order by due_at limit $2",
        super::listed(shards),
    );
    let rows = app.db.rows_owned(sql, params![now, limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(Webhook {
                merchant_id: row.int("merchant_id")?,
                id: row.int("id")?,
                payment_id: row.int("payment_id")?,
                event: enumerated(&row.text("event_type")?)?,
                event_at: row.time("event_at")?,
                status: enumerated(&row.text("status")?)?,
                payload_id: row.text("payload_id")?,
                payload: row.opt_json("payload")?,
                tries: row.int("tries")?,
            })
        })
        .collect()
}

/// Forgets the calls of webhooks whose id is below `first_kept`.
pub fn forget_tries_before(first_kept: i64, commit: &mut Commit) {
    commit.maybe(
        "delete from webhook_tries where webhook_id < $1",
        params![first_kept],
    );
}

/// Notes how a call went. `again_at` none: delivered, or dropped when it was not.
pub fn save_try(
    webhook: &Webhook,
    delivered: bool,
    result: &str,
    again_at: Option<Timestamp>,
    commit: &mut Commit,
) {
    let state = match (delivered, again_at) {
        (true, _) => "DELIVERED",
        (false, Some(_)) => "PENDING",
        (false, None) => "DROPPED",
    };
    commit.one(
        "update webhooks set state = $4, tries = tries + 1, last_result = $5, due_at = $6 \
         where merchant_id = $1 and id = $2 and tries = $3",
        params![
            webhook.merchant_id,
            webhook.id,
            webhook.tries,
            state,
            result,
            again_at
        ],
    );
}
