//! The audit log as owners and finance see it, and on its way into a file.

use super::{Actor, Permission, Problem};
use crate::app::App;
use crate::store::audit::{self, Written};

/// Entries of a page, and of a batch of an export.
const BATCH: i64 = 100;

/// Entries older than `before`, newest first. An empty filter lets all pass.
pub async fn list(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    (action, actor): (&str, &str),
    before: Option<i64>,
) -> Result<Vec<Written>, Problem> {
    by.require(app, merchant_id, Permission::LookAtAudit, "audit.look", "")
        .await?;
    let before = before.unwrap_or(i64::MAX);
    Ok(audit::of_merchant(app, merchant_id, before, action, actor, BATCH).await?)
}

/// An export under way, newest first.
pub struct Export {
    merchant_id: i64,
    action: String,
    actor: String,
    before: i64,
}

impl Export {
    /// Begins an export, which is itself an entry. An empty action or actor lets
    /// all pass.
    pub async fn begin(
        app: &App,
        by: &Actor,
        merchant_id: i64,
        (action, actor): (&str, &str),
    ) -> Result<Export, Problem> {
        const ACTION: &str = "audit.export";
        by.require(app, merchant_id, Permission::LookAtAudit, ACTION, "")
            .await?;
        by.note_look(app, merchant_id, ACTION, "").await?;
        Ok(Export {
            merchant_id,
            action: action.to_owned(),
            actor: actor.to_owned(),
            before: i64::MAX,
        })
    }

    /// The next entries; empty at the end.
    pub async fn next(&mut self, app: &App) -> Result<Vec<Written>, Problem> {
        let found = audit::of_merchant(
            app,
            self.merchant_id,
            self.before,
            &self.action,
            &self.actor,
            BATCH,
        )
        .await?;
        if let Some(last) = found.last() {
            self.before = last.id;
        }
        Ok(found)
    }
}

/// The columns of an exported entry.
pub const COLUMNS: [&str; 10] = [
    "id",
    "at",
    "actorKind",
    "actor",
    "role",
    "address",
    "action",
    "target",
    "outcome",
    "change",
];

/// An entry as a row of a file.
pub fn row(written: &Written) -> [String; 10] {
    let entry = &written.entry;
    let change = match (&entry.before, &entry.after) {
        (None, None) => String::new(),
        (before, after) => serde_json::json!({ "before": before, "after": after }).to_string(),
    };
    [
        written.id.to_string(),
        written.at.to_string(),
        entry.actor_kind.clone(),
        entry.actor.clone(),
        entry.role.clone().unwrap_or_default(),
        entry.address.clone(),
        entry.action.clone(),
        entry.target.clone(),
        match entry.outcome {
            audit::Outcome::Done => "DONE".to_owned(),
            audit::Outcome::Refused => "REFUSED".to_owned(),
        },
        change,
    ]
}
