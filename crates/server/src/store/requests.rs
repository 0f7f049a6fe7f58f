//! What API keys asked for, as the journal wrote it: method, path, how it ended, and for a refused
//! signature what was expected beside what came. Kept for a month.

use super::db::{Commit, Row, Unavailable, Value, params};
use crate::app::App;
use jiff::Timestamp;
use serde_json::Value as Json;

/// A request as it is logged.
#[derive(Debug, Clone)]
pub struct Logged {
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

impl Logged {
    /// About how much room `signing` takes.
    pub fn signing_bytes(&self) -> usize {
        self.signing
            .as_ref()
            .map_or(0, |json| match &json["expected"] {
                Json::Array(texts) => texts.iter().filter_map(Json::as_str).map(str::len).sum(),
                _ => 0,
            })
    }
}

/// Writes a logged request.
pub fn insert(request: &Logged, commit: &mut Commit) {
    let r = request;
    commit.one(
        "insert into request_log (merchant_id, id, at, api_key, address, method, path, status, took_ms, error_code, \
         error_text, signing, callers_id) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        params![
            r.merchant_id,
            r.id,
            r.at,
            r.api_key.as_str(),
            r.address.as_str(),
            r.method.as_str(),
            r.path.as_str(),
            r.status,
            r.took_ms,
            r.error_code.as_deref(),
            r.error_text.as_deref(),
            r.signing.clone(),
            r.callers_id.as_deref(),
        ],
    );
}

/// Which requests are looked for. Empty filters are none.
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

macro_rules! select_logged {
    ($rest:literal) => {
        concat!(
            "select merchant_id, id, at, api_key, address, method, path, status, took_ms, error_code, error_text, \
             signing, callers_id from request_log where merchant_id = $1 and ",
            $rest
        )
    };
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
            select_logged!(
                "id < $2 and status between $3 and $4 and ($5 = '' or api_key = $5) \
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
    rows.iter().map(read).collect()
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
        .row(select_logged!("id = $2"), params![merchant_id, id])
        .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<Logged, Unavailable> {
    fields(row).map_err(|error| row.of_table("request_log", error))
}

fn fields(row: &Row) -> Result<Logged, Unavailable> {
    Ok(Logged {
        merchant_id: row.int("merchant_id")?,
        id: row.int("id")?,
        at: row.time("at")?,
        api_key: row.text("api_key")?,
        address: row.text("address")?,
        method: row.text("method")?,
        path: row.text("path")?,
        status: row.int("status")?,
        took_ms: row.int("took_ms")?,
        error_code: row.opt_text("error_code")?,
        error_text: row.opt_text("error_text")?,
        signing: row.opt_json("signing")?,
        callers_id: row.opt_text("callers_id")?,
    })
}
