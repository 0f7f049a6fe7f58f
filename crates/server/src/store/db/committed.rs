//! What callers do with commits beside making them: learn what became of one, and queue several.

use super::{Commit, CommitError, Unavailable, Value};

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a conflict wrote nothing"]
pub enum Committed {
    /// All of it is written.
    Yes,
    /// Somebody else moved first; nothing is written.
    Conflict,
}

impl Committed {
    /// Splits a commit's outcome into what its caller decides about and a database that is away.
    pub fn of(outcome: Result<(), CommitError>) -> Result<Committed, Unavailable> {
        match outcome {
            Ok(()) => Ok(Committed::Yes),
            Err(CommitError::Conflict { .. }) => Ok(Committed::Conflict),
            Err(CommitError::Unavailable(why)) => Err(Unavailable::new(why)),
        }
    }

    /// All of it is written.
    pub fn is_yes(self) -> bool {
        self == Committed::Yes
    }

    /// Somebody else moved first.
    pub fn is_conflict(self) -> bool {
        self == Committed::Conflict
    }

    /// For what need not be written once somebody else moved first.
    pub fn ignore_conflict(self) {}

    /// For new rows alone, which nothing can be in the way of.
    pub fn no_conflict(self) -> Result<(), Unavailable> {
        match self {
            Committed::Yes => Ok(()),
            Committed::Conflict => Err(Unavailable::new("a new row is there already")),
        }
    }
}

impl Commit {
    /// Whose rows it writes.
    pub fn merchant_id(&self) -> i64 {
        self.merchant
    }

    /// About how much room its texts take.
    pub fn bytes(&self) -> usize {
        let params = self.statements.iter().flat_map(|one| &one.params);
        params.map(value_bytes).sum()
    }

    /// This one and what `others` write, in one. What they write must not depend on each other: equal
    /// statements come together, which a database takes as one.
    #[must_use]
    pub fn together(&self, others: &[Commit]) -> Commit {
        let mut all = self.clone();
        let statements = others.iter().flat_map(|other| other.statements.clone());
        all.statements.extend(statements);
        all.changes_settings |= others.iter().any(|other| other.changes_settings);
        all.statements.sort_by_key(|statement| statement.sql);
        all
    }
}

fn value_bytes(value: &Value) -> usize {
    match value {
        Value::Text(text) | Value::Json(text) => text.len(),
        Value::Null | Value::Int(_) | Value::Bool(_) | Value::Time(_) => 0,
    }
}
