//! What the rest of the server relies on, proved on SQLite always, and on PostgreSQL when
//! `GALATA_TEST_POSTGRES_URL` names one (`bin/with-postgres cargo test -p galata db::`).

use super::*;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::future::{Future, poll_fn};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;

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

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_happens_as_a_whole_or_not_at_all() {
    for place in places().await {
        let db = open(&place).await;
        let commit = payment(1, 100)
            .then(CLAIM, params![MERCHANT, "order-1"])
            .then(MOVE, params!["PAID", MERCHANT, 1, 5]);
        assert_eq!(db.commit(commit).await, Err(conflict(2)));
        let row = db.row(REFUNDED, params![MERCHANT, 1]).await.unwrap();
        assert!(row.is_none());

        let commit = payment(1, 100)
            .then(CLAIM, params![MERCHANT, "order-1"])
            .any(MOVE, params!["PAID", MERCHANT, 1, 5]);
        assert_eq!(db.commit(commit).await, Ok(()));
        assert_eq!(refunded(&db, 1).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_is_told_to_its_own_caller_alone() {
    for place in places().await {
        let db = open(&place).await;
        let first = Commit::new(MERCHANT, 0).then(CLAIM, params![MERCHANT, "name-0"]);
        db.commit(first).await.unwrap();
        let commits = (1..=300)
            .map(|id| {
                let name = if id % 3 == 0 { 0 } else { id };
                payment(id, 100).then(CLAIM, params![MERCHANT, format!("name-{name}")])
            })
            .collect();
        let outcomes = at_once(&db, commits).await;
        for (id, outcome) in (1..).zip(outcomes) {
            if id % 3 == 0 {
                let Err(CommitError::Conflict {
                    statement: 1,
                    constraint: Some(constraint),
                }) = outcome
                else {
                    panic!("{id}: {outcome:?}");
                };
                assert!(constraint.starts_with("claims"), "{constraint}");
            } else {
                assert_eq!(outcome, Ok(()), "{id}");
            }
        }
        let rows = db
            .rows("select count(*) as n from payments", params![])
            .await
            .unwrap();
        assert_eq!(rows[0].int("n"), Ok(200));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_compare_and_set_one_wins() {
    for place in places().await {
        let db = open(&place).await;
        db.commit(payment(1, 100)).await.unwrap();
        let moves =
            (0..50).map(|_| Commit::new(MERCHANT, 1).then(MOVE, params!["PAID", MERCHANT, 1, 0]));
        let outcomes = at_once(&db, moves.collect()).await;
        let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(won, 1);
        assert!(
            outcomes
                .iter()
                .all(|outcome| outcome.is_ok() || *outcome == Err(conflict(0)))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_refunds_from_two_processes_never_exceed_the_payment() {
    for place in places().await {
        let here = open(&place).await;
        let there = open(&place).await;
        here.commit(payment(1, 1_000)).await.unwrap();
        let others = (100..300).map(|id| payment(id, 5)).collect();
        let refunds = || (0..100).map(|_| refund(1, 7)).collect::<Vec<_>>();
        let (a, b, unrelated) = tokio::join!(
            at_once(&here, refunds()),
            at_once(&there, refunds()),
            at_once(&here, others)
        );
        let done = a.iter().chain(&b).filter(|outcome| outcome.is_ok()).count();
        assert_eq!(done, 142);
        assert!(
            a.iter()
                .chain(&b)
                .all(|outcome| outcome.is_ok() || *outcome == Err(conflict(0)))
        );
        assert!(unrelated.iter().all(Result::is_ok));
        assert_eq!(refunded(&there, 1).await, 994);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_that_meet_on_rows_of_others_all_find_their_turn() {
    for place in places().await {
        let db = open(&place).await;
        db.commit(payment(1, 1_000_000)).await.unwrap();
        db.commit(payment(2, 1_000_000)).await.unwrap();
        // Two rows in both orders, under keys that hide it: on PostgreSQL a deadlock.
        let commits = (0..100).map(|key| {
            let (first, second) = if key % 2 == 0 { (1, 2) } else { (2, 1) };
            Commit::new(MERCHANT, 1_000 + key)
                .then(REFUND, params![1, MERCHANT, first])
                .then(REFUND, params![1, MERCHANT, second])
        });
        let outcomes = at_once(&db, commits.collect()).await;
        let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(i64::try_from(done).unwrap(), refunded(&db, 1).await);
        assert_eq!(i64::try_from(done).unwrap(), refunded(&db, 2).await);
        assert_eq!(done, 100);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_is_a_conflict_with_its_name() {
    for place in places().await {
        let db = open(&place).await;
        db.commit(payment(1, 100)).await.unwrap();
        let commit = Commit::new(MERCHANT, 1).then(REFUND_BLINDLY, params![MERCHANT, 1, 101]);
        let expected = CommitError::Conflict {
            statement: 0,
            constraint: Some("payments_refunded".to_owned()),
        };
        assert_eq!(db.commit(commit).await, Err(expected));
        assert_eq!(refunded(&db, 1).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_cannot_be_understood_harms_nobody_else() {
    for place in places().await {
        let db = open(&place).await;
        let commits = (1..=40)
            .map(|id| match id % 4 {
                0 => Commit::new(MERCHANT, id).then("update nothing set x = 1", params![]),
                1 => Commit::new(MERCHANT, id).then(INSERT_PAYMENT, params![MERCHANT]),
                _ => payment(id, 1),
            })
            .collect();
        for (id, outcome) in (1..).zip(at_once(&db, commits).await) {
            match id % 4 {
                0 | 1 => assert!(matches!(outcome, Err(CommitError::Unavailable(_))), "{id}"),
                _ => assert_eq!(outcome, Ok(()), "{id}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_is_there_after_closing_and_opening() {
    for place in places().await {
        let db = open(&place).await;
        let commits = (1..=500).map(|id| payment(id, 1)).collect();
        let waiting = {
            let db = db.clone();
            tokio::spawn(async move { at_once(&db, commits).await })
        };
        let outcomes = waiting.await.unwrap();
        assert!(outcomes.iter().all(Result::is_ok));
        db.close().await;
        let refused = db.commit(payment(501, 1)).await;
        assert!(matches!(refused, Err(CommitError::Unavailable(_))));
        assert!(db.rows("select 1 as one", params![]).await.is_err());
        drop(db);

        let db = Db::open(&place.url, Options::default()).await.unwrap();
        db.check_migrated(TABLES).await.unwrap();
        let row = db
            .row(
                "select cast(sum(captured) as bigint) as n from payments",
                params![],
            )
            .await
            .unwrap();
        assert_eq!(row.unwrap().int("n"), Ok(500));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_carries_out_what_was_handed_over() {
    for place in places().await {
        let db = open(&place).await;
        let mut calls = (1..=200)
            .map(|id| Box::pin(db.commit(payment(id, 1))))
            .collect::<Vec<_>>();
        for call in &mut calls {
            let first = poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
            assert!(first.is_pending());
        }
        db.close().await;
        for call in calls {
            assert_eq!(call.await, Ok(()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_come_back_as_they_went() {
    for place in places().await {
        let db = open(&place).await;
        let body = json!({"a": 12.30, "ğ": [null, true, "\u{1f4b3}"]});
        let full = params![1, "İstanbul 'x' $1", true, now(), body.clone()];
        let empty = params![
            2,
            None::<String>,
            None::<bool>,
            None::<Timestamp>,
            Value::Null
        ];
        let commit = Commit::new(0, 1)
            .then(INSERT_THING, full)
            .then(INSERT_THING, empty);
        db.commit(commit).await.unwrap();
        let rows = db
            .rows("select * from things order by id", params![])
            .await
            .unwrap();
        assert_eq!(rows[0].text("label").unwrap(), "İstanbul 'x' $1");
        assert_eq!(rows[0].boolean("flag"), Ok(true));
        assert_eq!(rows[0].time("at"), Ok(now()));
        assert_eq!(rows[0].json("body"), Ok(body));
        assert_eq!(rows[1].opt_text("label"), Ok(None));
        assert_eq!(rows[1].opt_boolean("flag"), Ok(None));
        assert_eq!(rows[1].opt_time("at"), Ok(None));
        assert_eq!(rows[1].opt_json("body"), Ok(None));
        assert_eq!(rows[1].opt_int("id"), Ok(Some(2)));
        assert!(rows[1].text("label").is_err());
        assert!(rows[0].int("label").is_err());
        assert!(rows[0].int("nowhere").is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_parameter_may_occur_twice_and_be_null() {
    for place in places().await {
        let db = open(&place).await;
        db.commit(payment(1, 100)).await.unwrap();
        let filter = "select id from payments
             where merchant_id = $2 and (cast($1 as text) is null or status = $1)
               and (cast($3 as bigint) is null or captured >= $3)";
        for (status, least, found) in [
            (None, None, 1),
            (Some("OPEN"), Some(100), 1),
            (Some("PAID"), None, 0),
            (None, Some(101), 0),
        ] {
            let rows = db
                .rows_owned(filter.to_owned(), params![status, MERCHANT, least])
                .await
                .unwrap();
            assert_eq!(rows.len(), found, "{status:?} {least:?}");
        }
        let sum = "select count(*) as n, cast(coalesce(sum(captured), 0) as bigint) as total
             from payments having sum(captured) >= $1";
        let row = db.row(sum, params![100]).await.unwrap().unwrap();
        assert_eq!((row.int("n"), row.int("total")), (Ok(1), Ok(100)));
        assert_eq!(db.row(sum, params![101]).await.unwrap().map(|_| ()), None);
        assert!(db.rows(filter, params![1]).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn times_have_their_order() {
    for place in places().await {
        let db = open(&place).await;
        let times = [
            "0000-01-01T00:00:00Z",
            "1969-12-31T23:59:59.999999Z",
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00.000001Z",
            "2026-01-01T00:00:00.1Z",
            "2026-01-01T00:00:01Z",
            "9999-12-30T22:00:00.999999Z",
        ]
        .map(|text| text.parse::<Timestamp>().unwrap());
        for (id, at) in (1..).zip(times.iter().rev()) {
            let thing = params![id, Value::Null, Value::Null, *at, Value::Null];
            db.commit(Commit::new(0, id).then(INSERT_THING, thing))
                .await
                .unwrap();
        }
        let rows = db
            .rows("select at from things order by at", params![])
            .await
            .unwrap();
        let read = rows.iter().map(|row| row.time("at").unwrap());
        assert_eq!(read.collect::<Vec<_>>(), times);
        let later = "select id from things where at > $1 and at <= $2";
        let within = params![times[2], times[4]];
        assert_eq!(db.rows(later, within).await.unwrap().len(), 2);
        let early = times[0] - SignedDuration::from_secs(1);
        assert!(db.rows(later, params![early, early]).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_text_is_refused_before_it_reaches_the_database() {
    for place in places().await {
        let db = open(&place).await;
        for (label, body) in [("a\0b", json!({})), ("a", json!({"x": ["\u{0}"]}))] {
            let thing = params![1, label, true, now(), body];
            let outcome = db.commit(Commit::new(0, 1).then(INSERT_THING, thing)).await;
            assert!(matches!(outcome, Err(CommitError::Unavailable(_))));
        }
        let shown = format!("{:?}", payment(1, 5).then(CLAIM, params![1, "5188"]));
        assert!(!shown.contains("5188"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_cannot_write() {
    for place in places().await {
        let db = open(&place).await;
        let read = db.rows(CLAIM, params![MERCHANT, "x"]).await;
        assert!(read.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_migrate_at_once_migrate_once() {
    for place in places().await {
        let mut calls = Vec::new();
        for _ in 0..4 {
            let db = Db::open(&place.url, Options::default()).await.unwrap();
            calls.push(tokio::spawn(async move { db.migrate(TABLES, now()).await }));
        }
        let mut applied = Vec::new();
        for call in calls {
            applied.extend(call.await.unwrap().unwrap());
        }
        assert_eq!(applied, [1]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_another_version_is_refused() {
    for place in places().await {
        let db = Db::open(&place.url, Options::default()).await.unwrap();
        let before = db.check_migrated(TABLES).await;
        assert!(matches!(before, Err(MigrateError::Missing(1))));
        let broken = Migration {
            version: 2,
            name: "broken",
            sql: "create table left_over (id bigint); create table left_over (id bigint);",
        };
        let failed = db.migrate(&[TABLES[0], broken], now()).await;
        assert!(matches!(failed, Err(MigrateError::Failed(2, _))));
        assert!(
            db.rows("select id from left_over", params![])
                .await
                .is_err()
        );
        db.check_migrated(TABLES).await.unwrap();
        let older = db.check_migrated(&[]).await;
        assert!(matches!(older, Err(MigrateError::Unknown(1, _))));
        let disordered = db.migrate(&[broken, TABLES[0]], now()).await;
        assert!(matches!(disordered, Err(MigrateError::Disordered(1))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_sqlite_stays_bounded_under_load() {
    let place = places().await.remove(0);
    let db = open(&place).await;
    let log = format!("{}-wal", place.url.trim_start_matches("sqlite://"));
    let text = "x".repeat(64 * 1024);
    let mut largest = 0;
    for round in 0..20 {
        let things = (0..64).map(|at| {
            let id = round * 64 + at;
            let thing = params![id, text.as_str(), true, now(), json!({})];
            Commit::new(0, id).then(INSERT_THING, thing)
        });
        assert!(
            at_once(&db, things.collect())
                .await
                .iter()
                .all(Result::is_ok)
        );
        largest = largest.max(std::fs::metadata(&log).unwrap().len());
    }
    assert!(largest < 48 * 1024 * 1024, "{largest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_the_server_ends_are_replaced() {
    for place in places().await {
        if place.folder.is_some() {
            continue;
        }
        let db = open(&place).await;
        db.commit(payment(1, 100)).await.unwrap();
        let (client, connection) = tokio_postgres::connect(&place.url, tokio_postgres::NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        for id in 2..20 {
            assert_eq!(refunded(&db, 1).await, 0);
            client
                .execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity
                     where application_name = current_setting('application_name')
                       and pid <> pg_backend_pid()",
                    &[],
                )
                .await
                .unwrap();
            assert_eq!(db.commit(payment(id, 100)).await, Ok(()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_somebody_holds_delays_only_its_own_commits() {
    for place in places().await {
        if place.folder.is_some() {
            continue;
        }
        let db = open(&place).await;
        db.commit(payment(1, 100)).await.unwrap();
        let (client, connection) = tokio_postgres::connect(&place.url, tokio_postgres::NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        client
            .batch_execute("begin; update payments set status = 'HELD' where id = 1")
            .await
            .unwrap();
        let held = {
            let db = db.clone();
            tokio::spawn(async move { db.commit(refund(1, 10)).await })
        };
        let others = (100..200).map(|id| payment(id, 5)).collect();
        assert!(at_once(&db, others).await.iter().all(Result::is_ok));
        assert!(!held.is_finished());
        client.batch_execute("commit").await.unwrap();
        assert_eq!(held.await.unwrap(), Ok(()));
        assert_eq!(refunded(&db, 1).await, 10);
    }
}
