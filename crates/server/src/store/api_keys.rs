//! API keys as people manage them. Their secrets are opened elsewhere, to check a signature.

use super::db::{Commit, Unavailable, params};
use crate::app::App;
use jiff::Timestamp;

/// An API key without its secret.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// Whose it is.
    pub merchant_id: i64,
    /// The key.
    pub api_key: String,
    /// False once it was revoked.
    pub active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its last moment; none is for good.
    pub expires_at: Option<Timestamp>,
}

impl ApiKey {
    /// Whether it is accepted at `moment`.
    pub fn usable_at(&self, moment: Timestamp) -> bool {
        self.active && self.expires_at.is_none_or(|at| moment < at)
    }
}

/// A merchant's keys, newest first.
pub async fn of_merchant(app: &App, merchant_id: i64) -> Result<Vec<ApiKey>, Unavailable> {
    let rows = app
        .db
        .rows(
            "select merchant_id, api_key, active, created_at, expires_at from api_keys \
             where merchant_id = $1 order by created_at desc, api_key",
            params![merchant_id],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(ApiKey {
                merchant_id: row.int("merchant_id")?,
                api_key: row.text("api_key")?,
                active: row.boolean("active")?,
                created_at: row.time("created_at")?,
                expires_at: row.opt_time("expires_at")?,
            })
        })
        .collect()
}

/// Sets a key's last moment; a conflict when it was revoked meanwhile.
pub fn expire(key: &ApiKey, at: Timestamp, commit: &mut Commit) {
    commit.one(
        "update api_keys set expires_at = $3 where merchant_id = $1 and api_key = $2 and active",
        params![key.merchant_id, key.api_key.as_str(), at],
    );
}

/// Ends a key; a conflict when it was revoked meanwhile.
pub fn revoke(key: &ApiKey, now: Timestamp, commit: &mut Commit) {
    commit.one(
        "update api_keys set active = false, expires_at = $3 where merchant_id = $1 and api_key = $2 and active",
        params![key.merchant_id, key.api_key.as_str(), now],
    );
}
