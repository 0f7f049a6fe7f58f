//! API keys as people manage them. Their secrets are opened elsewhere, to check a signature.

use super::db::{Commit, TableRow, Unavailable, params, select, table_row, update};
use crate::app::App;
use jiff::Timestamp;

table_row! {
    /// An API key without its secret.
    #[derive(Debug, Clone)]
    pub struct ApiKey: "api_keys" {
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
}

impl ApiKey {
    /// Whether it is accepted at `moment`.
    pub fn usable_at(&self, moment: Timestamp) -> bool {
        self.active && self.expires_at.is_none_or(|at| moment < at)
    }
}

/// A merchant's keys, newest first.
pub async fn of_merchant(app: &App, merchant_id: i64) -> Result<Vec<ApiKey>, Unavailable> {
    let sql = select!(
        ApiKey,
        "where merchant_id = $1 order by created_at desc, api_key"
    );
    let rows = app.db.rows(sql, params![merchant_id]).await?;
    rows.into_iter().map(ApiKey::read).collect()
}

/// Sets a key's last moment; a conflict when it was revoked meanwhile.
pub fn expire(key: &ApiKey, at: Timestamp, commit: &mut Commit) {
    update!(commit, "api_keys"
        where { merchant_id: key.merchant_id, api_key: key.api_key, active: true }
        set { expires_at: at });
    commit.change_settings();
}

/// Ends a key; a conflict when it was revoked meanwhile.
pub fn revoke(key: &ApiKey, now: Timestamp, commit: &mut Commit) {
    update!(commit, "api_keys"
        where { merchant_id: key.merchant_id, api_key: key.api_key, active: true }
        set { active: false, expires_at: now });
    commit.change_settings();
}
