//! Another list of BINs in place of the one in use: what would change, and the change. Lists are of no merchant,
//! but each merchant's audit log tells of a new one, for their payments may be routed otherwise.

use crate::app::App;
use crate::bins::Bins;
use crate::operations::{Actor, Problem};
use crate::store::bin_lists::{self, Edition};
use crate::store::db::Commit;
use crate::store::merchants;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A list that is to be used, against the one in use.
pub struct BinListChange {
    /// The name of its file; `None` for the compiled-in list.
    pub file_name: Option<String>,
    /// How many BINs it has.
    pub bins: usize,
    /// How many BINs the list in use has.
    pub present: usize,
    /// BINs of which the list in use knows nothing.
    pub new: BTreeSet<String>,
    /// BINs of the list in use of which it knows nothing.
    pub gone: BTreeSet<String>,
    /// BINs of either of which they say different things.
    pub changed: BTreeSet<String>,
    /// It is in use already.
    pub is_same: bool,
    list: Arc<Bins>,
    /// The edition in use, and the one behind which it is written.
    editions: (i64, i64),
}

impl BinListChange {
    /// What a list would change, or the way back to the compiled-in one. Nothing is written.
    pub async fn plan(app: &App, given: Option<(String, Bins)>) -> Result<BinListChange, Problem> {
        bin_lists::follow(&app.db, &app.bins).await?;
        let (file_name, list) = match given {
            Some((name, list)) => (Some(name), Arc::new(list)),
            None => (None, Arc::clone(app.bins.compiled_in())),
        };
        let (now, editions) = (app.bins.now(), app.bins.editions());
        let is_same = editions.0 == editions.1
            && app.bins.is_compiled_in() == file_name.is_none()
            && now.rows() == list.rows();
        let mut change = BinListChange {
            file_name,
            bins: list.len(),
            present: now.len(),
            new: BTreeSet::new(),
            gone: BTreeSet::new(),
            changed: BTreeSet::new(),
            is_same,
            list: Arc::clone(&list),
            editions,
        };
        for digits in now.rows().into_keys().chain(list.rows().into_keys()) {
            match (now.of(&digits), list.of(&digits)) {
                (None, _) => change.new.insert(digits),
                (_, None) => change.gone.insert(digits),
                (was, is) if was != is => change.changed.insert(digits),
                _ => continue,
            };
        }
        Ok(change)
    }

    /// More than half of the cards that are known would be foreign: likely the wrong file.
    pub fn loses_most(&self) -> bool {
        self.gone.len() > self.present / 2
    }

    /// Brings the list into use, and answers its edition. [`Problem::Moved`] when another one came since it was
    /// compared.
    pub async fn make(&self, app: &App, by: &Actor) -> Result<i64, Problem> {
        let (used, newest) = self.editions;
        let content = self.file_name.is_some().then(|| self.list.file());
        let edition = Edition {
            edition: newest.saturating_add(1),
            imported_at: app.now(),
            file_name: self.file_name.clone(),
            bins: content.as_ref().map(|_| count(self.bins)),
            sha256: content.as_deref().map(bin_lists::digest),
        };
        let mut commit = Commit::new(0, edition.edition);
        bin_lists::insert(&edition, content.as_deref(), &mut commit);
        let (action, target) = match &self.file_name {
            Some(name) => ("bins.import", name.as_str()),
            None => ("bins.reset", ""),
        };
        let before = json!({ "edition": used, "bins": self.present });
        let after = json!({
            "edition": edition.edition,
            "bins": self.bins,
            "new": self.new.len(),
            "gone": self.gone.len(),
            "changed": self.changed.len(),
        });
        for merchant in merchants::all(app).await? {
            let change = (before.clone(), after.clone());
            by.note(app, merchant.id, action, target, change, &mut commit);
        }
        if app.commit(commit).await?.is_conflict() {
            return Err(Problem::Moved);
        }
        bin_lists::follow(&app.db, &app.bins).await?;
        Ok(edition.edition)
    }
}

fn count(bins: usize) -> i64 {
    i64::try_from(bins).unwrap_or(i64::MAX)
}
