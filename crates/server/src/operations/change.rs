//! A change of one thing that a merchant set up, with its entry in the audit log: who may, what it was,
//! what it is. What is changed is the caller's business.

use super::{Actor, Permission, Problem};
use crate::app::App;
use crate::engine::claims::Claims;
use crate::store::db::Commit;
use contract::rules::Rule;
use serde_json::Value as Json;

/// How often a change is made again on what another change left, before it is refused as
/// [`Rule::ChangedMeanwhile`]. Of those that cross each other one always goes through, so this is more
/// than a merchant's staff and shop can send at once.
const CHANGES_MAX: usize = 32;

/// What is changed under compare-and-set and noted in the audit log.
pub(crate) trait Audited: Clone + Send + Sync {
    /// Reads it; a problem when it is not there.
    fn load(
        app: &App,
        merchant_id: i64,
        id: i64,
    ) -> impl Future<Output = Result<Self, Problem>> + Send;

    /// Writes it; a conflict when it was changed since it was read.
    fn save(&self, app: &App, commit: &mut Commit);

    /// How it stands in the audit log: masked, and of secrets only whether they differ from `before`.
    fn snapshot(&self, before: Option<&Self>) -> Json;

    /// What the audit log says that it was and is; the same when nothing is to change.
    fn noted(before: &Self, now: &Self) -> (Json, Json) {
        (before.snapshot(None), now.snapshot(Some(before)))
    }
}

/// Who changes what.
pub(crate) struct Change<'a> {
    /// Who.
    pub by: &'a Actor,
    /// What the request claims, for a merchant's thing.
    pub claims: &'a Claims,
    /// What it takes.
    pub permission: Permission,
    /// The entry's name for it.
    pub action: &'static str,
    /// Which one.
    pub id: i64,
}

/// What a change led to.
pub struct Changed<T> {
    /// How it is now.
    pub now: T,
    /// Nothing was to change: nothing was written.
    pub is_same: bool,
}

/// Changes a thing of a merchant and notes in the same commit who did it and what it was; what changes
/// nothing leaves no entry. A change that was crossed by another is made again on what that one left.
pub(crate) async fn change<T: Audited>(
    app: &App,
    what: Change<'_>,
    mut edit: impl FnMut(&mut T) -> Result<(), Problem>,
) -> Result<Changed<T>, Problem> {
    let (by, claims, action) = (what.by, what.claims, what.action);
    let (merchant_id, target) = (claims.merchant_id, what.id.to_string());
    by.require(app, merchant_id, what.permission, action, &target)
        .await?;
    for _ in 0..CHANGES_MAX {
        let before = T::load(app, merchant_id, what.id).await?;
        let mut now = before.clone();
        edit(&mut now)?;
        let noted = T::noted(&before, &now);
        let is_same = noted.0 == noted.1;
        if is_same && claims.signature.is_none() {
            return Ok(Changed { now, is_same });
        }
        let mut commit = Commit::new(merchant_id, what.id);
        claims.write(app, None, &mut commit);
        if !is_same {
            now.save(app, &mut commit);
            by.note(app, merchant_id, action, &target, noted, &mut commit);
        }
        let written = app.db.commit(commit).await;
        match written.map_err(|error| claims.refused(error, Problem::Moved)) {
            Ok(()) => return Ok(Changed { now, is_same }),
            Err(Problem::Moved) => {}
            Err(problem) => return Err(problem),
        }
    }
    Err(changed_meanwhile())
}

/// Another change of the same thing was first.
pub(crate) fn changed_meanwhile() -> Problem {
    Problem::rule(Rule::ChangedMeanwhile)
}
