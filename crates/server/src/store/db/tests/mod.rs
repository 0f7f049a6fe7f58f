//! What the rest of the server relies on, proved on SQLite always, and on PostgreSQL when
//! `GALATA_TEST_POSTGRES_URL` names one (`bin/with-postgres cargo test -p galata db::`).

mod commits;
mod running;
mod values;

use super::*;
use jiff::Timestamp;
use serde_json::json;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

const TABLES: &[Migration] = &[Migration {
    version: 1,
    name: "tables",
    sql: "create table payments (
            merchant_id bigint not null,
            id bigint not null,
            status text not null,
            version bigint not null,
            captured bigint not null,
            refunded bigint not null,
            primary key (merchant_id, id),
            constraint payments_refunded check (refunded <= captured)
        );
        create table claims (
            merchant_id bigint not null,
            name text not null,
            primary key (merchant_id, name)
        );
        create table things (
            id bigint not null primary key,
            label text,
            flag boolean,
            at timestamptz,
            body jsonb
        );",
}];
const INSERT_PAYMENT: &str =
    "insert into payments (merchant_id, id, status, version, captured, refunded)
     values ($1, $2, 'OPEN', 0, $3, 0)";
const REFUND: &str = "update payments set refunded = refunded + $1
     where merchant_id = $2 and id = $3 and refunded + $1 <= captured";
const REFUND_BLINDLY: &str =
    "update payments set refunded = refunded + $3 where merchant_id = $1 and id = $2";
const MOVE: &str = "update payments set status = $1, version = version + 1
     where merchant_id = $2 and id = $3 and version = $4";
const CLAIM: &str = "insert into claims (merchant_id, name) values ($1, $2)";
const REFUNDED: &str = "select refunded, version from payments where merchant_id = $1 and id = $2";
const INSERT_THING: &str =
    "insert into things (id, label, flag, at, body) values ($1, $2, $3, $4, $5)";
const MERCHANT: i64 = 7;

/// A database of one test: a folder, or a schema.
struct Place {
    url: String,
    folder: Option<PathBuf>,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            drop(std::fs::remove_dir_all(folder));
        }
    }
}

static PLACES: AtomicU32 = AtomicU32::new(0);

async fn places() -> Vec<Place> {
    let name = format!(
        "galata_{}_{}",
        std::process::id(),
        PLACES.fetch_add(1, Ordering::Relaxed)
    );
    let folder = std::env::temp_dir().join(&name);
    std::fs::create_dir_all(&folder).unwrap();
    let mut places = vec![Place {
        url: format!("sqlite://{}/test.db", folder.display()),
        folder: Some(folder),
    }];
    if let Ok(url) = std::env::var("GALATA_TEST_POSTGRES_URL") {
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        client
            .batch_execute(&format!("create schema {name}"))
            .await
            .unwrap();
        let and = if url.contains('?') { '&' } else { '?' };
        places.push(Place {
            url: format!("{url}{and}options=-csearch_path%3D{name}&application_name={name}"),
            folder: None,
        });
    }
    places
}

async fn open(place: &Place) -> Db {
    let db = Db::open(&place.url, Options::default()).await.unwrap();
    db.migrate(TABLES, now()).await.unwrap();
    db
}

fn now() -> Timestamp {
    "2026-03-29T00:30:00.123456Z".parse().unwrap()
}

fn payment(id: i64, captured: i64) -> Commit {
    Commit::new(MERCHANT, id).then(INSERT_PAYMENT, params![MERCHANT, id, captured])
}

fn refund(id: i64, amount: i64) -> Commit {
    Commit::new(MERCHANT, id).then(REFUND, params![amount, MERCHANT, id])
}

async fn refunded(db: &Db, id: i64) -> i64 {
    let row = db.row(REFUNDED, params![MERCHANT, id]).await.unwrap();
    row.unwrap().int("refunded").unwrap()
}

fn conflict(statement: usize) -> CommitError {
    CommitError::Conflict {
        statement,
        constraint: None,
    }
}

/// Carries out all commits at once and answers their outcomes in the same order.
async fn at_once(db: &Db, commits: Vec<Commit>) -> Vec<Result<(), CommitError>> {
    let calls = commits.into_iter().map(|commit| {
        let db = db.clone();
        tokio::spawn(async move { db.commit(commit).await })
    });
    let mut outcomes = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        outcomes.push(call.await.unwrap());
    }
    outcomes
}
