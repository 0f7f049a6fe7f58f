//! Opening, migrating, closing, and what happens when the server goes away.

use super::*;
use std::future::{Future, poll_fn};
use std::task::Poll;

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
async fn a_commit_whose_connection_ends_happens_once_or_is_not_acknowledged() {
    for place in places().await {
        if place.folder.is_some() {
            continue;
        }
        let db = open(&place).await;
        let (client, connection) = tokio_postgres::connect(&place.url, tokio_postgres::NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        let mut acknowledged = 0;
        for round in 0..30 {
            let commits = (1..=60).map(|id| payment(round * 100 + id, 1)).collect();
            let writing = {
                let db = db.clone();
                tokio::spawn(async move { at_once(&db, commits).await })
            };
            tokio::time::sleep(Duration::from_micros(400 * round.unsigned_abs())).await;
            client
                .batch_execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity
                     where application_name = current_setting('application_name')
                       and pid <> pg_backend_pid()",
                )
                .await
                .unwrap();
            for (id, outcome) in (1..).zip(writing.await.unwrap()) {
                match outcome {
                    Ok(()) => {
                        acknowledged += 1;
                        assert_eq!(refunded(&db, round * 100 + id).await, 0);
                    }
                    // A conflict would be with its own row of another try.
                    Err(error) => assert!(matches!(error, CommitError::Unavailable(_)), "{error}"),
                }
            }
        }
        assert!(acknowledged > 600, "{acknowledged}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_sqlite_is_short_again_when_a_long_reader_has_left() {
    let place = places().await.remove(0);
    let (db, other) = (open(&place).await, open(&place).await);
    let file = place.url.trim_start_matches("sqlite://");
    let reader = rusqlite::Connection::open(file).unwrap();
    reader
        .execute_batch("begin; select count(*) from things")
        .unwrap();
    let text = "x".repeat(64 * 1024);
    let write = async |db: &Db, ids: std::ops::Range<i64>| {
        let thing = |id| {
            let thing = params![id, text.as_str(), true, now(), json!({})];
            Commit::new(0, id).then(INSERT_THING, thing)
        };
        let outcomes = at_once(db, ids.map(thing).collect()).await;
        assert!(outcomes.iter().all(Result::is_ok));
    };
    for round in 0..8 {
        write(&db, round * 200..round * 200 + 100).await;
        write(&other, round * 200 + 100..round * 200 + 200).await;
    }
    let length = || std::fs::metadata(format!("{file}-wal")).unwrap().len();
    assert!(length() > 64 * 1024 * 1024, "{}", length());
    drop(reader);
    write(&other, 2_000..2_100).await;
    for round in 0..9 {
        write(&db, 2_100 + round * 100..2_200 + round * 100).await;
    }
    assert!(length() < 48 * 1024 * 1024, "{}", length());
}
