//! Webhooks: an outbox. A row is written in the commit of the change that it announces, and is
//! the work that is due until the shop took it or the tries are used up. Each call is kept beside it.

use super::db::{
    Commit, Row, TableRow, Unavailable, insert, params, select, stored_words, table_row,
};
use super::shard_of;
use crate::app::App;
use contract::enums::{WebhookEventType, WebhookStatus};
use jiff::Timestamp;
use serde_json::Value as Json;

table_row! {
    /// A webhook to be delivered.
    #[derive(Debug, Clone)]
    pub struct Webhook: "webhooks" {
        /// Whose it is.
        pub merchant_id: i64,
        /// Its id; also its Standard Webhooks id.
        pub id: i64,
        /// The payment it is about; 0 where it is about none.
        pub payment_id: i64,
        /// What happened.
        pub event: WebhookEventType = "event_type",
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
}

stored_words! {
    /// Where a webhook stands.
    pub enum WebhookState {
        /// A call is due, now or later.
        Pending = "PENDING",
        /// The shop took it.
        Delivered = "DELIVERED",
        /// The tries are used up.
        Dropped = "DROPPED",
    }
}

/// A webhook and how it stands.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The webhook.
    pub webhook: Webhook,
    /// Where it stands.
    pub state: WebhookState,
    /// How the last call went: a status, or why there was none.
    pub last_result: Option<String>,
    /// When the next call is due.
    pub due_at: Option<Timestamp>,
}

table_row! {
    /// One call of a webhook.
    #[derive(Debug, Clone)]
    pub struct Try: "webhook_tries" {
        /// Whose webhook it is.
        pub merchant_id: i64,
        /// Its id, growing with time.
        pub id: i64,
        /// The webhook.
        pub webhook_id: i64,
        /// When it was called.
        pub at: Timestamp,
        /// How long it took.
        pub took_ms: i64,
        /// The address as it was then.
        pub url: String,
        /// Header lines, an empty line, the body; empty when nothing was sent.
        pub request: String,
        /// HTTP status, when there was an answer.
        pub status: Option<i64>,
        /// The beginning of the answer.
        pub response: Option<String>,
        /// Why there was none.
        pub failure: Option<String>,
    }
}

impl Try {
    /// Whether the shop took it.
    pub fn is_delivered(&self) -> bool {
        self.status.is_some_and(|s| (200..300).contains(&s))
    }

    /// In a few words.
    pub fn result(&self) -> String {
        match (self.status, &self.failure) {
            (Some(status), _) if self.is_delivered() => status.to_string(),
            (Some(status), _) => format!("HTTP {status}"),
            (None, Some(why)) => why.clone(),
            (None, None) => String::new(),
        }
    }
}

fn read_sent(row: Row) -> Result<Sent, Unavailable> {
    Ok(Sent {
        state: row.parsed("state")?,
        last_result: row.opt_text("last_result")?,
        due_at: row.opt_time("due_at")?,
        webhook: Webhook::read(row)?,
    })
}

/// The webhooks of a merchant's payment, oldest first.
pub async fn of_payment(
    app: &App,
    merchant_id: i64,
    payment_id: i64,
) -> Result<Vec<Sent>, Unavailable> {
    let sql = select!(
        Webhook,
        state,
        last_result,
        due_at,
        "where merchant_id = $1 and payment_id = $2 order by id"
    );
    let rows = app.db.rows(sql, params![merchant_id, payment_id]).await?;
    rows.into_iter().map(read_sent).collect()
}

/// One webhook of a merchant.
pub async fn one(app: &App, merchant_id: i64, id: i64) -> Result<Option<Sent>, Unavailable> {
    let sql = select!(
        Webhook,
        state,
        last_result,
        due_at,
        "where merchant_id = $1 and id = $2"
    );
    let row = app.db.row(sql, params![merchant_id, id]).await?;
    row.map(read_sent).transpose()
}

/// Webhooks of a merchant whose id is below `before`, newest first.
pub async fn of_merchant(
    app: &App,
    merchant_id: i64,
    state: Option<WebhookState>,
    before: i64,
    limit: i64,
) -> Result<Vec<Sent>, Unavailable> {
    let sql = select!(
        Webhook,
        state,
        last_result,
        due_at,
        "where merchant_id = $1 and id < $2 and ($3 = '' or state = $3) order by id desc limit $4"
    );
    let state = state.map_or("", WebhookState::as_str);
    let rows = app
        .db
        .rows(sql, params![merchant_id, before, state, limit])
        .await?;
    rows.into_iter().map(read_sent).collect()
}

/// Makes a webhook due now, whatever became of it before. One that was delivered stays so.
pub fn make_due(app: &App, merchant_id: i64, id: i64, commit: &mut Commit) {
    commit.one(
        "update webhooks set state = case when state = 'DELIVERED' then state else 'PENDING' end, due_at = $3 \
         where merchant_id = $1 and id = $2",
        params![merchant_id, id, app.now()],
    );
}

/// Writes a call.
pub fn insert_try(called: &Try, commit: &mut Commit) {
    insert!(commit, called => Try);
}

/// The calls of a merchant's webhook, oldest first.
pub async fn tries_of(
    app: &App,
    merchant_id: i64,
    webhook_id: i64,
) -> Result<Vec<Try>, Unavailable> {
    let sql = select!(
        Try,
        "where merchant_id = $1 and webhook_id = $2 order by id"
    );
    let rows = app.db.rows(sql, params![merchant_id, webhook_id]).await?;
    rows.into_iter().map(Try::read).collect()
}

/// Writes a webhook that is due at `due_at`.
pub fn insert(webhook: &Webhook, due_at: Timestamp, commit: &mut Commit) {
    insert!(commit, webhook => Webhook, {
        shard: shard_of(webhook.merchant_id),
        state: WebhookState::Pending,
        due_at: due_at,
    });
}

/// Notes how a call went that was due at `was_due`. `again_at` none: delivered, or dropped when it was
/// not. One that was delivered before stays so, however a further call goes, and a webhook that somebody
/// wanted sent again meanwhile stays due for that.
pub fn save_try(
    (webhook, was_due): (&Webhook, Timestamp),
    delivered: bool,
    result: &str,
    again_at: Option<Timestamp>,
    commit: &mut Commit,
) {
    let state = match (delivered, again_at) {
        (true, _) => WebhookState::Delivered,
        (false, Some(_)) => WebhookState::Pending,
        (false, None) => WebhookState::Dropped,
    };
    commit.one(
        "update webhooks set state = case when due_at = $7 and state <> 'DELIVERED' then $4 else state end, tries = tries + 1, \
         last_result = $5, due_at = case when due_at = $7 then $6 else due_at end \
         where merchant_id = $1 and id = $2 and tries = $3",
        params![
            webhook.merchant_id,
            webhook.id,
            webhook.tries,
            state.as_str(),
            result,
            again_at,
            was_due,
        ],
    );
}
