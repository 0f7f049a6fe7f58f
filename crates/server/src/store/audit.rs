//! The audit log: who did what, when, from where, and what it was before and after. Append-only:
//! this file has an insert and reads, and a test holds that no other statement touches the table.

use super::db::{Commit, Row, Unavailable, params};
use crate::app::App;
use jiff::Timestamp;
use serde_json::Value as Json;

/// How something ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// The role did not allow it, or a proof was wrong.
    Refused,
}

/// What an entry says.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Whose books it concerns; 0 for nobody's.
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
pub fn insert(app: &App, entry: Entry, commit: &mut Commit) {
    write(&now(app, entry), commit);
}

/// An entry with its id and the present moment, to be written later.
pub fn now(app: &App, entry: Entry) -> Written {
    Written {
        id: app.next_id(),
        at: app.now(),
        entry,
    }
}

/// Adds an entry that has its id and moment to a commit.
pub fn write(written: &Written, commit: &mut Commit) {
    let Written { id, at, entry } = written;
    let outcome = match entry.outcome {
        Outcome::Done => "DONE",
        Outcome::Refused => "REFUSED",
    };
    commit.one(
        "insert into audit_log (merchant_id, id, at, actor_kind, actor, role, address, action, target, outcome, \
         before, after) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        params![
            entry.merchant_id,
            *id,
            *at,
            entry.actor_kind.as_str(),
            entry.actor.as_str(),
            entry.role.clone(),
            entry.address.as_str(),
            entry.action.as_str(),
            entry.target.as_str(),
            outcome,
            entry.before.clone(),
            entry.after.clone(),
        ],
    );
}

/// Entries of a merchant that are older than `before`, newest first. Empty filters are none.
pub async fn of_merchant(
    app: &App,
    merchant_id: i64,
    before: i64,
    action: &str,
    actor: &str,
    limit: i64,
) -> Result<Vec<Written>, Unavailable> {
    let rows = app
        .db
        .rows(
            "select merchant_id, id, at, actor_kind, actor, role, address, action, target, outcome, before, after \
             from audit_log where merchant_id = $1 and id < $2 and ($3 = '' or action = $3) \
             and ($4 = '' or actor = $4) order by id desc limit $5",
            params![merchant_id, before, action, actor, limit],
        )
        .await?;
    rows.iter().map(read).collect()
}

/// Most entries about one thing that are read.
const OF_TARGET_MAX: i64 = 200;

/// The first entries of a merchant about one thing, oldest first.
pub async fn of_target(
    app: &App,
    merchant_id: i64,
    target: &str,
) -> Result<Vec<Written>, Unavailable> {
    let rows = app
        .db
        .rows(
            "select merchant_id, id, at, actor_kind, actor, role, address, action, target, outcome, before, after \
             from audit_log where target = $2 and merchant_id = $1 order by id limit $3",
            params![merchant_id, target, OF_TARGET_MAX],
        )
        .await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Written, Unavailable> {
    fields(row).map_err(|error| row.of_table("audit_log", error))
}

fn fields(row: &Row) -> Result<Written, Unavailable> {
    Ok(Written {
        id: row.int("id")?,
        at: row.time("at")?,
        entry: Entry {
            merchant_id: row.int("merchant_id")?,
            actor_kind: row.text("actor_kind")?,
            actor: row.text("actor")?,
            role: row.opt_text("role")?,
            address: row.text("address")?,
            action: row.text("action")?,
            target: row.text("target")?,
            outcome: match row.text("outcome")?.as_str() {
                "DONE" => Outcome::Done,
                "REFUSED" => Outcome::Refused,
                _ => return Err(super::unknown_word("outcome")),
            },
            before: row.opt_json("before")?,
            after: row.opt_json("after")?,
        },
    })
}
