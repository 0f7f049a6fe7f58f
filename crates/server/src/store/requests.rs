//! What API keys asked for, as the journal wrote it: method, path, how it ended, and for a refused
//! signature what was expected beside what came. Kept for a month.

use super::db::{Commit, TableRow, Unavailable, Value, insert, params, select, table_row};
use crate::app::App;
use jiff::Timestamp;
use serde_json::Value as Json;

table_row! {
    /// A request as it is logged.
    #[derive(Debug, Clone)]
    pub struct Logged: "request_log" {
        /// Whose API key it was.
        pub merchant_id: i64,
        /// Its id, growing with time.
        pub id: i64,
        /// The `x-request-id` that it came with and was answered with.
        pub callers_id: Option<String>,
        /// When it came.
        pub at: Timestamp,
        /// The API key.
        pub api_key: String,
        /// Where from.
        pub address: String,
        /// HTTP method.
        pub method: String,
        /// Path and query, without card-like digit runs.
        pub path: String,
        /// HTTP status of the answer.
        pub status: i64,
        /// How long it took.
        pub took_ms: i64,
        /// `errorCode` of the answer.
        pub error_code: Option<String>,
        /// `errorDescription` of the answer.
        pub error_text: Option<String>,
        /// For a refused signature: `expected`, `received`, `hints`.
        pub signing: Option<Json>,
    }
}

/// The commit of a logged request, for the journal.
pub fn insert(request: &Logged) -> Commit {
    let mut commit = Commit::new(request.merchant_id, request.id);
    insert!(commit, request => Logged);
    commit
}

/// Which requests are looked for. An empty filter lets all pass.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// This API key.
    pub api_key: Option<String>,
    /// 2 for 200 to 299, and so on.
    pub status_class: Option<i64>,
    /// What was answered as `x-request-id`: the caller's id or ours.
    pub answered_id: Option<String>,
    /// Paths that begin so.
    pub path: Option<String>,
    /// Only what was refused.
    pub errors_only: bool,
    /// Older than this one.
    pub before: Option<i64>,
}

/// Requests of a merchant, newest first.
pub async fn of_merchant(
    app: &App,
    merchant_id: i64,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Logged>, Unavailable> {
    let (least, most) = match filter.status_class {
        Some(class) => (class * 100, class * 100 + 99),
        None if filter.errors_only => (400, 999),
        None => (0, 999),
    };
    let text = |value: &Option<String>| Value::from(value.as_deref().unwrap_or(""));
    let rows = app
        .db
        .rows(
            select!(
                Logged,
                "where merchant_id = $1 and id < $2 and status between $3 and $4 and ($5 = '' or api_key = $5) \
                 and ($6 = '' or substr(path, 1, length($6)) = $6) \
                 and ($7 = '' or callers_id = $7 or cast(id as text) = $7) order by id desc limit $8"
            ),
            vec![
                Value::Int(merchant_id),
                Value::Int(filter.before.unwrap_or(i64::MAX)),
                Value::Int(least),
                Value::Int(most),
                text(&filter.api_key),
                text(&filter.path),
                text(&filter.answered_id),
                Value::Int(limit),
            ],
        )
        .await?;
    rows.into_iter().map(Logged::read).collect()
}

/// When a key of the merchant last asked for something and was admitted, as far as the log reaches.
pub async fn last_of_key(
    app: &App,
    merchant_id: i64,
    api_key: &str,
) -> Result<Option<Timestamp>, Unavailable> {
    let row = app
        .db
        .row(
            "select at from request_log where merchant_id = $1 and api_key = $2 and status <> 401 \
             order by id desc limit 1",
            params![merchant_id, api_key],
        )
        .await?;
    row.map(|row| row.time("at")).transpose()
}

/// One request of a merchant.
pub async fn one(app: &App, merchant_id: i64, id: i64) -> Result<Option<Logged>, Unavailable> {
    let row = app
        .db
        .row(
            select!(Logged, "where merchant_id = $1 and id = $2"),
            params![merchant_id, id],
        )
        .await?;
    row.map(Logged::read).transpose()
}
