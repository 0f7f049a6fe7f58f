//! The audit log: who did what, when, from where, and what it was before and after. Append-only:
//! this file has an insert and reads, and a test holds that no other statement touches the table.

use super::db::{
    Commit, Row, TableRow, Unavailable, insert, params, select, stored_words, table_row,
};
use crate::app::App;
use jiff::Timestamp;
use serde_json::Value as Json;

stored_words! {
    /// How something ended.
    pub enum Outcome {
    /// It was done.
    Done = "DONE",
    /// The role did not allow it, or a proof was wrong.
    Refused = "REFUSED",
    }
}

table_row! {
    /// What an entry says.
    #[derive(Debug, Clone)]
    pub struct Entry: "audit_log" {
        /// The merchant whose books it concerns; 0 when it concerns no merchant.
        pub merchant_id: i64,
        /// `USER`, `API_KEY`, `OPERATOR` or `NOBODY`.
        pub actor_kind: String,
        /// E-mail or API key; empty when there is neither.
        pub actor: String,
        /// The user's role at that moment.
        pub role: Option<String>,
        /// Where from.
        pub address: String,
        /// What, as `pos.edit`.
        pub action: String,
        /// On what: an id or a name.
        pub target: String,
        /// How it ended.
        pub outcome: Outcome,
        /// What was, secrets masked.
        pub before: Option<Json>,
        /// What is, secrets masked.
        pub after: Option<Json>,
    }
}

/// An entry with its id and moment.
#[derive(Debug, Clone)]
pub struct Written {
    /// Its id, growing with time.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// What it says.
    pub entry: Entry,
}

/// Adds an entry to the commit of what it tells of.
pub fn insert(app: &App, entry: &Entry, commit: &mut Commit) {
    insert!(commit, entry => Entry, { id: app.next_id(), at: app.now() });
}

/// Entries of a merchant that are older than `before`, newest first. An empty
/// filter lets all pass.
pub async fn of_merchant(
    app: &App,
    merchant_id: i64,
    before: i64,
    action: &str,
    actor: &str,
    limit: i64,
) -> Result<Vec<Written>, Unavailable> {
    let sql = select!(
        Entry,
        id,
        at,
        "where merchant_id = $1 and id < $2 and ($3 = '' or action = $3) \
         and ($4 = '' or actor = $4) order by id desc limit $5"
    );
    let values = params![merchant_id, before, action, actor, limit];
    let rows = app.db.rows(sql, values).await?;
    rows.into_iter().map(read).collect()
}

/// Most entries about one thing that are read.
const OF_TARGET_MAX: i64 = 200;

/// The first entries of a merchant about one thing, oldest first.
pub async fn of_target(
    app: &App,
    merchant_id: i64,
    target: &str,
) -> Result<Vec<Written>, Unavailable> {
    let sql = select!(
        Entry,
        id,
        at,
        "where target = $2 and merchant_id = $1 order by id limit $3"
    );
    let values = params![merchant_id, target, OF_TARGET_MAX];
    let rows = app.db.rows(sql, values).await?;
    rows.into_iter().map(read).collect()
}

fn read(row: Row) -> Result<Written, Unavailable> {
    Ok(Written {
        id: row.int("id")?,
        at: row.time("at")?,
        entry: Entry::read(row)?,
    })
}
