//! The one door to the database, SQLite or PostgreSQL, and the only place that names their crates.
//! Writes are values ([`Commit`]) that a committer gathers and carries out; no SQL of Galata's own
//! tables lives here.
//!
//! One SQL text serves both databases: parameters are `$1`, `$2` (each may occur twice), columns
//! are `bigint`, `text`, `boolean`, `timestamptz` or `jsonb`. Where PostgreSQL cannot infer a
//! parameter's type (`$1 is null` alone), write `cast($1 as bigint)`; where it widens a sum to
//! `numeric`, write `cast(sum(x) as bigint)`. Both casts mean the same on SQLite.

pub mod acknowledged;
mod arrays;
pub mod backup;
mod checkpointer;
mod commit;
mod committed;
mod committer;
mod migrate;
mod place;
mod postgres;
mod reads;
mod sqlite;
mod table_row;
#[cfg(test)]
mod tests;
mod value;

pub use commit::{Commit, CommitError, Expect, Statement};
pub use committed::Committed;
pub use migrate::{MigrateError, Migration};
pub use table_row::{
    Bounds, Column, Fields, Name, TableRow, insert_sql, read_json, read_word, to_json, update_sql,
};
pub use value::{Row, Value};

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How long a commit may take, its time in the queue included. Past it the outcome is unknown.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a read may take, its time in the queue included.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// The parameters of a statement, `$1` first: `params![payment.id, "APPROVED", None::<i64>]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        ::std::vec![$($crate::store::db::Value::from($value)),*]
    };
}
pub use crate::{
    insert, json_columns, params, select, stored_words, table_row, update, word_columns,
};

/// Which database answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file beside the server.
    Sqlite,
    /// A PostgreSQL server, or one that speaks its protocol.
    Postgres,
}

impl Kind {
    /// As people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Sqlite => "SQLite",
            Kind::Postgres => "PostgreSQL",
        }
    }
}

/// How many threads or connections a database gets.
#[derive(Debug, Clone)]
pub struct Options {
    /// Reader threads on SQLite, pooled read connections on PostgreSQL.
    pub readers: usize,
    /// Committers on PostgreSQL, each with a connection of its own. SQLite has one writer.
    pub committers: usize,
    /// Make a SQLite file that is missing; its folder must be there.
    pub create: bool,
}

impl Default for Options {
    /// One committer for two cores, up to four: measured on two cores, one gathers larger batches and
    /// takes a fifth more payments than two.
    fn default() -> Options {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        Options {
            readers: 8,
            committers: (cores / 2).clamp(1, 4),
            create: true,
        }
    }
}

/// An open database. Clones share it.
#[derive(Clone)]
pub struct Db {
    backend: Arc<Backend>,
    settings_changes: Arc<AtomicU64>,
}

enum Backend {
    Sqlite(sqlite::Database),
    Postgres(Box<postgres::Database>),
}

impl Db {
    /// Opens `sqlite:///absolute/path.db`, `sqlite:relative/path.db` or `postgres://…`; a SQLite
    /// file that is missing is created if `options` say so, an empty database is not migrated. On PostgreSQL
    /// `sslmode` is `disable`, `prefer` (the default) or `require`; `require` verifies the
    /// server against the public roots, or against the PEM file named by `sslrootcert`.
    pub async fn open(url: &str, options: Options) -> Result<Db, OpenError> {
        let backend = if let Some(rest) = url.strip_prefix("sqlite:") {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            Backend::Sqlite(sqlite::Database::open(path, &options).await?)
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Backend::Postgres(Box::new(postgres::Database::open(url, &options).await?))
        } else {
            return Err(OpenError::new(
                "the database URL names neither SQLite nor PostgreSQL",
                "give --database-url sqlite:///absolute/path.db or postgres://user:password@host/name",
            ));
        };
        Ok(Db {
            backend: Arc::new(backend),
            settings_changes: Arc::default(),
        })
    }

    /// Which database this is.
    pub fn kind(&self) -> Kind {
        match &*self.backend {
            Backend::Sqlite(_) => Kind::Sqlite,
            Backend::Postgres(_) => Kind::Postgres,
        }
    }

    /// The time on the database server's clock; nothing where the database is a file.
    pub async fn now(&self) -> Result<Option<jiff::Timestamp>, Unavailable> {
        match self.kind() {
            Kind::Sqlite => Ok(None),
            Kind::Postgres => match self.row("select now() as now", Vec::new()).await? {
                Some(row) => row.opt_time("now"),
                None => Ok(None),
            },
        }
    }

    /// Carries out all statements of `commit` or none, and answers when they are durable, within
    /// `COMMIT_TIMEOUT`. A commit that was handed over is carried out even if the caller stops
    /// waiting, unless it waited so long for its turn that nobody can be waiting any more.
    pub async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        if commit.statements.is_empty() {
            return Ok(());
        }
        for statement in &commit.statements {
            value::storable(&statement.params)?;
        }
        let changes_settings = commit.changes_settings;
        let carried_out = async {
            match &*self.backend {
                Backend::Sqlite(database) => database.commit(commit).await,
                Backend::Postgres(database) => database.commit(commit).await,
            }
        };
        let outcome = tokio::time::timeout(COMMIT_TIMEOUT, carried_out)
            .await
            .unwrap_or_else(|_| Err(Unavailable(too_late(COMMIT_TIMEOUT)).into()));
        // A commit whose outcome is unknown may have changed them.
        if changes_settings {
            self.settings_changes.fetch_add(1, Ordering::SeqCst);
        }
        outcome
    }

    /// How often this process has changed what servers keep in memory.
    pub fn settings_changes(&self) -> u64 {
        self.settings_changes.load(Ordering::SeqCst)
    }

    /// The rows that a query answers within `READ_TIMEOUT`. It runs where nothing can be written.
    pub async fn rows(
        &self,
        sql: &'static str,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, Unavailable> {
        self.query(Cow::Borrowed(sql), params).await
    }

    /// The first row that a query answers, if any.
    pub async fn row(
        &self,
        sql: &'static str,
        params: Vec<Value>,
    ) -> Result<Option<Row>, Unavailable> {
        Ok(self.rows(sql, params).await?.into_iter().next())
    }

    /// [`Db::rows`] for SQL put together at run time from literals (the filters of reports);
    /// values still travel as parameters.
    pub async fn rows_owned(
        &self,
        sql: String,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, Unavailable> {
        self.query(Cow::Owned(sql), params).await
    }

    async fn query(
        &self,
        sql: Cow<'static, str>,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, Unavailable> {
        value::storable(&params)?;
        match &*self.backend {
            Backend::Sqlite(database) => database.rows(sql, params).await,
            Backend::Postgres(database) => database.rows(sql, params).await,
        }
    }

    /// Carries out the migrations that the database lacks, in order, each in a transaction of
    /// its own, and answers their versions. Processes that migrate at once wait for each other.
    pub async fn migrate(
        &self,
        migrations: &[Migration],
        now: jiff::Timestamp,
    ) -> Result<Vec<i64>, MigrateError> {
        migrate::in_order(migrations)?;
        match &*self.backend {
            Backend::Sqlite(database) => database.migrate(migrations, now).await,
            Backend::Postgres(database) => database.migrate(migrations, now).await,
        }
    }

    /// Refuses a database that lacks one of `migrations` or has one that is not among them.
    pub async fn check_migrated(&self, migrations: &[Migration]) -> Result<(), MigrateError> {
        let tables = match self.kind() {
            Kind::Sqlite => migrate::TABLES_SQLITE,
            Kind::Postgres => migrate::TABLES_POSTGRES,
        };
        let applied = if self.row(tables, Vec::new()).await?.is_some() {
            migrate::applied(&self.rows(migrate::APPLIED, Vec::new()).await?)?
        } else {
            Vec::new()
        };
        match migrate::missing(migrations, &applied)?.first() {
            None => Ok(()),
            Some(migration) => Err(MigrateError::Missing(migration.version)),
        }
    }

    /// Carries out what was handed over, then lets go of the database. Later calls answer
    /// [`Unavailable`]. For all clones.
    pub async fn close(&self) {
        match &*self.backend {
            Backend::Sqlite(database) => database.close().await,
            Backend::Postgres(database) => database.close().await,
        }
    }
}

fn too_late(limit: Duration) -> String {
    format!("no answer within {} s", limit.as_secs())
}

/// The database did not answer, or answered something that the code cannot read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailable(pub String);

impl Unavailable {
    /// With the reason, for the operator's log.
    pub fn new(why: impl Into<String>) -> Unavailable {
        Unavailable(why.into())
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "database unavailable: {}", self.0)
    }
}

impl std::error::Error for Unavailable {}

/// Why a database cannot be opened, for the operator.
#[derive(Debug)]
pub struct OpenError {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl OpenError {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> OpenError {
        OpenError {
            message: message.into(),
            hint: hint.into(),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nhint: {}", self.message, self.hint)
    }
}

impl std::error::Error for OpenError {}
