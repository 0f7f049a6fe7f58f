//! Migrations: numbered SQL texts in the common dialect, each carried out once per database.
//! What they say is in the migrations folder; how a database locks the others out is its own.

use super::{Row, Unavailable};
use std::fmt;

/// One file of the migrations folder, `NNNN_name.sql`.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// `NNNN`
    pub version: i64,
    /// `name`
    pub name: &'static str,
    /// Its statements, the same for both databases.
    pub sql: &'static str,
}

/// Why a database is not, or cannot be, at the program's version.
#[derive(Debug)]
pub enum MigrateError {
    /// The list itself is out of order at this version.
    Disordered(i64),
    /// The database lacks this version.
    Missing(i64),
    /// The database has this version, and the program does not know it under that name.
    Unknown(i64, String),
    /// This migration failed and left no trace.
    Failed(i64, String),
    /// The database did not answer.
    Unavailable(Unavailable),
}

impl fmt::Display for MigrateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MigrateError::Disordered(version) => {
                write!(f, "migration {version} is not after the one before it")
            }
            MigrateError::Missing(version) => write!(
                f,
                "the database is not up to date: migration {version} is missing"
            ),
            MigrateError::Unknown(version, name) => write!(
                f,
                "the database has migration {version} ({name}), which this program does not know"
            ),
            MigrateError::Failed(version, why) => write!(f, "migration {version} failed: {why}"),
            MigrateError::Unavailable(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for MigrateError {}

impl MigrateError {
    /// What the operator does about it.
    pub fn hint(&self) -> &'static str {
        match self {
            MigrateError::Missing(_) => "`galata migrate` brings the database up to date",
            MigrateError::Unknown(..) => {
                "a newer program has migrated it; run that one, or restore a backup"
            }
            MigrateError::Unavailable(_) => "is the database reachable?",
            MigrateError::Disordered(_) | MigrateError::Failed(..) => "",
        }
    }
}

impl From<Unavailable> for MigrateError {
    fn from(error: Unavailable) -> MigrateError {
        MigrateError::Unavailable(error)
    }
}

pub(super) const CREATE: &str = "create table if not exists migrations (
    version bigint not null primary key,
    name text not null,
    applied_at timestamptz not null
)";
pub(super) const APPLIED: &str = "select version, name from migrations order by version";
pub(super) const APPLY: &str =
    "insert into migrations (version, name, applied_at) values ($1, $2, $3)";

/// Answers a row when the table of migrations exists; the catalogues have no common dialect.
pub(super) const TABLES_SQLITE: &str =
    "select name from sqlite_master where type = 'table' and name = 'migrations'";
pub(super) const TABLES_POSTGRES: &str =
    "select 'migrations' as name where to_regclass('migrations') is not null";

/// The versions and names that [`APPLIED`] answered.
pub(super) fn applied(rows: &[Row]) -> Result<Vec<(i64, String)>, Unavailable> {
    rows.iter()
        .map(|row| Ok((row.int("version")?, row.text("name")?)))
        .collect()
}

/// Refuses a list whose versions do not rise.
pub(super) fn in_order(migrations: &[Migration]) -> Result<(), MigrateError> {
    match migrations
        .windows(2)
        .find(|pair| pair[0].version >= pair[1].version)
    {
        None => Ok(()),
        Some(pair) => Err(MigrateError::Disordered(pair[1].version)),
    }
}

/// Those of `migrations` that are not among `applied`, unless `applied` has one that we lack.
pub(super) fn missing<'a>(
    migrations: &'a [Migration],
    applied: &[(i64, String)],
) -> Result<Vec<&'a Migration>, MigrateError> {
    for (version, name) in applied {
        if !migrations
            .iter()
            .any(|known| known.version == *version && known.name == name)
        {
            return Err(MigrateError::Unknown(*version, name.clone()));
        }
    }
    Ok(migrations
        .iter()
        .filter(|known| !applied.iter().any(|(version, _)| *version == known.version))
        .collect())
}
