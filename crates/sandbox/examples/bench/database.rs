//! A throw-away database of a measurement, SQLite file or PostgreSQL database, and SQL on it beside
//! the gateway.

use super::options::Kind;
use rusqlite::Connection;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use url::Url;

/// Between columns and between rows of what psql answers.
const COLUMN: &str = "\x1f";
const ROW: &str = "\x1e";

/// Rows of a table, each value as it is written in SQL.
pub(crate) struct Rows {
    pub(crate) table: &'static str,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// Removed when it is dropped.
pub(crate) struct Database {
    pub(crate) kind: Kind,
    /// Files of this measurement, the simulator's among them.
    pub(crate) folder: PathBuf,
    pub(crate) url: String,
}

impl Database {
    pub(crate) fn create(kind: Kind) -> Database {
        let name = format!("galata_bench_{}", server::random::key(8).to_lowercase());
        let folder = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&folder).unwrap();
        let url = match kind {
            Kind::Sqlite => format!("sqlite://{}", folder.join("bench.db").display()),
            Kind::Postgres => {
                psql(&server_url(), &format!("create database {name}"));
                let mut url = Url::parse(&server_url()).unwrap();
                url.set_path(&name);
                url.to_string()
            }
        };
        Database { kind, folder, url }
    }

    /// The file, opened as the gateway opens it.
    pub(crate) fn connect(&self) -> Connection {
        let connection = Connection::open(self.folder.join("bench.db")).unwrap();
        connection
            .execute_batch(
                "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = true; \
                 pragma cache_size = -6000; pragma temp_store = memory; \
                 pragma wal_autocheckpoint = 4096",
            )
            .unwrap();
        connection
    }

    /// Carries out statements that store much, and leaves nothing of it to be done later.
    pub(crate) fn fill(&self, statements: &[String]) {
        let all = statements.join(";\n");
        match self.kind {
            Kind::Sqlite => self
                .connect()
                .execute_batch(&format!(
                    "pragma journal_mode = off; begin; {all}; commit; pragma journal_mode = wal"
                ))
                .unwrap(),
            Kind::Postgres => {
                psql(&self.url, &format!("{all};\nvacuum analyze;\ncheckpoint"));
            }
        }
        let _ = Command::new("sync").status();
    }

    /// The rows of a table.
    pub(crate) fn rows(&self, table: &'static str) -> Rows {
        let columns = match self.kind {
            Kind::Sqlite => self.column(&format!("select name from pragma_table_info('{table}')")),
            Kind::Postgres => self.column(&format!(
                "select attname from pg_attribute where attrelid = '{table}'::regclass \
                 and attnum > 0 and not attisdropped order by attnum"
            )),
        };
        let quote = |column: &String| match self.kind {
            Kind::Sqlite => format!("quote({column})"),
            Kind::Postgres => format!("quote_nullable({column}::text)"),
        };
        let quoted: Vec<String> = columns.iter().map(quote).collect();
        let joined = quoted.join(&format!(" || '{COLUMN}' || "));
        let rows = self.column(&format!("select {joined} from {table}"));
        Rows {
            table,
            columns,
            rows: rows.iter().map(|row| split(row, COLUMN)).collect(),
        }
    }

    /// What a select of one column answers.
    fn column(&self, sql: &str) -> Vec<String> {
        if self.kind == Kind::Postgres {
            return split(&psql(&self.url, sql), ROW);
        }
        let connection = self.connect();
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.kind == Kind::Postgres {
            let name = self.folder.file_name().unwrap().display();
            psql(&server_url(), &format!("drop database {name} with (force)"));
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn split(text: &str, at: &str) -> Vec<String> {
    text.split_terminator(at).map(str::to_owned).collect()
}

/// The throw-away server of `bin/with-postgres`.
pub(crate) fn server_url() -> String {
    std::env::var("GALATA_TEST_POSTGRES_URL").expect("run it under bin/with-postgres")
}

/// The process that all processes of the server are children of.
pub(crate) fn postmaster() -> u32 {
    let file = psql(&server_url(), "select pg_read_file('postmaster.pid')");
    file.lines().next().unwrap().parse().unwrap()
}

/// Runs SQL and answers its rows.
pub(crate) fn psql(url: &str, sql: &str) -> String {
    let mut psql = Command::new("psql")
        .args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-R", ROW])
        .args(["-d", url])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("psql is needed");
    let mut typed = psql.stdin.take().unwrap();
    let written = typed.write_all(sql.as_bytes());
    drop(typed);
    let output = psql.wait_with_output().unwrap();
    let refused = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && written.is_ok(), "{refused}");
    let rows = String::from_utf8(output.stdout).unwrap();
    rows.trim_end_matches('\n').to_owned()
}
