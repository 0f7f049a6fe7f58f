//! A commit as a value: statements in order, each with its parameters and the rows it must touch.
//! How it is carried out is the business of the SQLite writer and the PostgreSQL committers.

use super::{Unavailable, Value};
use std::fmt;
use std::time::Duration;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// How long a commit may wait for its turn. One that waited longer is refused, not carried out: its
/// caller has given up or soon will, and must not find later what it was told is not there.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);

/// The rows that a statement must touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Exactly so many, or the commit is a conflict.
    Rows(u64),
    /// However many.
    Any,
}

impl Expect {
    pub(super) fn met_by(self, rows: u64) -> bool {
        match self {
            Expect::Rows(expected) => expected == rows,
            Expect::Any => true,
        }
    }
}

/// One `insert`, `update` or `delete` of a commit, without `returning`.
#[derive(Debug, Clone)]
pub struct Statement {
    pub(super) sql: &'static str,
    pub(super) params: Vec<Value>,
    pub(super) expect: Expect,
}

impl Statement {
    /// A statement with its parameters and what is expected of it.
    pub fn new(sql: &'static str, params: Vec<Value>, expect: Expect) -> Statement {
        Statement {
            sql,
            params,
            expect,
        }
    }
}

/// Writes that happen together or not at all.
#[derive(Debug, Clone)]
pub struct Commit {
    pub(super) merchant: i64,
    pub(super) key: i64,
    pub(super) statements: Vec<Statement>,
    pub(super) changes_settings: bool,
}

impl Commit {
    /// An empty commit about the row `key` of `merchant`: a payment's id when it changes a
    /// payment. Commits about one row are carried out one after the other, by one committer of
    /// this process; what keeps them correct between processes is the statements' own conditions.
    pub fn new(merchant: i64, key: i64) -> Commit {
        Commit {
            merchant,
            key,
            statements: Vec::new(),
            changes_settings: false,
        }
    }

    /// Counts this commit as a change of what servers keep in memory (`store::memory`): they read it
    /// anew. Whoever writes a merchant, an API key or a POS says so.
    pub fn change_settings(&mut self) {
        if !std::mem::replace(&mut self.changes_settings, true) {
            self.maybe(
                "update settings_version set version = version + 1 where id = 1",
                Vec::new(),
            );
        }
    }

    /// Adds a statement that must touch exactly one row.
    #[must_use]
    pub fn then(self, sql: &'static str, params: Vec<Value>) -> Commit {
        self.expecting(1, sql, params)
    }

    /// Adds a statement that must touch exactly `rows` rows.
    #[must_use]
    pub fn expecting(self, rows: u64, sql: &'static str, params: Vec<Value>) -> Commit {
        self.with(Statement::new(sql, params, Expect::Rows(rows)))
    }

    /// Adds a statement that may touch any number of rows.
    #[must_use]
    pub fn any(self, sql: &'static str, params: Vec<Value>) -> Commit {
        self.with(Statement::new(sql, params, Expect::Any))
    }

    /// Adds a statement made elsewhere.
    #[must_use]
    pub fn with(mut self, statement: Statement) -> Commit {
        self.statements.push(statement);
        self
    }

    /// Adds in place a statement that must touch exactly one row.
    pub fn one(&mut self, sql: &'static str, params: Vec<Value>) {
        self.push(Statement::new(sql, params, Expect::Rows(1)));
    }

    /// Adds in place a statement that may touch any number of rows.
    pub fn maybe(&mut self, sql: &'static str, params: Vec<Value>) {
        self.push(Statement::new(sql, params, Expect::Any));
    }

    /// Adds a statement in place, for loops; the index by which a conflict would name it.
    pub fn push(&mut self, statement: Statement) -> usize {
        self.statements.push(statement);
        self.statements.len() - 1
    }

    pub(super) fn row(&self) -> (i64, i64) {
        (self.merchant, self.key)
    }
}

/// Why a commit did not happen, or may not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitError {
    /// Somebody moved first, or the database refused a value. Nothing was written.
    Conflict {
        /// Index of the statement, in the order of adding.
        statement: usize,
        /// What was violated, or nothing when the number of rows was another one: the name of a
        /// check constraint on both databases, of a unique constraint on PostgreSQL, and on
        /// SQLite the columns of the unique index (`claims.merchant_id, claims.name`).
        constraint: Option<String>,
    },
    /// The database did not answer, or not in time: the writes may have happened.
    Unavailable(String),
}

impl fmt::Display for CommitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CommitError::Conflict {
                statement,
                constraint: Some(constraint),
            } => write!(f, "conflict: statement {statement} violates {constraint}"),
            CommitError::Conflict { statement, .. } => {
                write!(f, "conflict: statement {statement} found other rows")
            }
            CommitError::Unavailable(why) => write!(f, "database unavailable: {why}"),
        }
    }
}

impl std::error::Error for CommitError {}

impl From<Unavailable> for CommitError {
    fn from(error: Unavailable) -> CommitError {
        CommitError::Unavailable(error.0)
    }
}

/// What a commit came to.
pub(super) type Outcome = Result<(), CommitError>;

/// A commit that waits, and where its caller hears of it.
pub(super) struct Member {
    pub(super) commit: Commit,
    handed_over: Instant,
    reply: oneshot::Sender<Outcome>,
}

impl Member {
    /// Itself, or nothing when it has waited too long; then its caller is told.
    pub(super) fn in_time(self) -> Option<Member> {
        if self.handed_over.elapsed() <= TURN_TIMEOUT {
            return Some(self);
        }
        self.answer(Err(CommitError::Unavailable(
            "it waited too long for its turn".to_owned(),
        )));
        None
    }

    /// Tells the caller, who may have stopped listening.
    pub(super) fn answer(self, outcome: Outcome) {
        drop(self.reply.send(outcome));
    }
}

/// What a caller hears whose database was closed.
pub(super) const GONE: &str = "it is closed";

/// Hands a commit to a committer and waits for the outcome. Where the queue has room this is done
/// at the first poll: an awaited `send` may take its place in the queue and then yield, and the
/// committer would wait at closing for a caller that nobody polls.
pub(super) async fn hand_over<W>(
    committer: &mpsc::Sender<W>,
    commit: Commit,
    wrapped: fn(Member) -> W,
) -> Outcome {
    let gone = || CommitError::Unavailable(GONE.to_owned());
    let (reply, outcome) = oneshot::channel();
    let member = Member {
        commit,
        handed_over: Instant::now(),
        reply,
    };
    match committer.try_send(wrapped(member)) {
        Ok(()) => {}
        Err(TrySendError::Full(write)) => committer.send(write).await.map_err(|_| gone())?,
        Err(TrySendError::Closed(_)) => return Err(gone()),
    }
    outcome.await.map_err(|_| gone())?
}
