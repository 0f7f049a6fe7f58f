//! Commits: whole or nothing, conflicts told to their own callers, turns taken on one row.

use super::*;

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

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_of_a_commit_is_compiled() {
    const NOTE_SETTING: &str = "update things set label = current_setting('jit') where id = $1";
    for place in places().await {
        if place.folder.is_some() {
            continue;
        }
        let db = open(&place).await;
        let thing = params![1, "", true, now(), json!({})];
        let commit = Commit::new(0, 1).then(INSERT_THING, thing);
        db.commit(commit.then(NOTE_SETTING, params![1]))
            .await
            .unwrap();
        let row = db.row("select label from things where id = 1", params![]);
        assert_eq!(row.await.unwrap().unwrap().text("label").unwrap(), "off");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_that_share_a_row_are_each_carried_out_once() {
    for place in places().await {
        let db = open(&place).await;
        db.commit(payment(1, 1_000_000)).await.unwrap();
        // Other keys hide that it is one row, so they come into one batch.
        let adds = (0..100).map(|key| {
            Commit::new(MERCHANT, 1_000 + key).then(REFUND_BLINDLY, params![MERCHANT, 1, 3])
        });
        let outcomes = at_once(&db, adds.collect()).await;
        assert!(outcomes.iter().all(Result::is_ok));
        assert_eq!(refunded(&db, 1).await, 300);
        // One commit that adds twice to it.
        let twice = Commit::new(MERCHANT, 1)
            .then(REFUND_BLINDLY, params![MERCHANT, 1, 5])
            .then(REFUND_BLINDLY, params![MERCHANT, 1, 5]);
        assert_eq!(db.commit(twice).await, Ok(()));
        assert_eq!(refunded(&db, 1).await, 310);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_written_together_keep_their_own_values() {
    const THING: &str = "select label, flag, at, body from things where id = $1";
    for place in places().await {
        let db = open(&place).await;
        let of = |id: i64| -> Vec<Value> {
            match id % 4 {
                0 => params![
                    id,
                    None::<&str>,
                    None::<bool>,
                    None::<Timestamp>,
                    None::<serde_json::Value>
                ],
                1 => params![id, "", false, Timestamp::UNIX_EPOCH, json!(null)],
                2 => params![
                    id,
                    "{\"NULL\",\\}",
                    true,
                    now(),
                    json!({"a": ["\\u0000", "'"]})
                ],
                _ => params![id, "ş".repeat(100_000), true, now(), json!([id])],
            }
        };
        let things = (0..200).map(|id| Commit::new(MERCHANT, id).then(INSERT_THING, of(id)));
        let outcomes = at_once(&db, things.collect()).await;
        assert!(outcomes.iter().all(Result::is_ok));
        for id in 0..200 {
            let row = db.row(THING, params![id]).await.unwrap().unwrap();
            let found: Vec<Value> = vec![
                id.into(),
                row.opt_text("label").unwrap().into(),
                row.opt_boolean("flag").unwrap().into(),
                row.opt_time("at").unwrap().into(),
                row.opt_json("body").unwrap().into(),
            ];
            assert!(found == of(id), "{id}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_that_move_the_same_payments_one_wins_each() {
    for place in places().await {
        let here = open(&place).await;
        let there = open(&place).await;
        let payments = (1..=200).map(|id| payment(id, 100)).collect();
        assert!(at_once(&here, payments).await.iter().all(Result::is_ok));
        for version in 0..5 {
            let moves = |ids: Vec<i64>| {
                let one = |id| {
                    let moved = params!["PAID", MERCHANT, id, version];
                    Commit::new(MERCHANT, id).then(MOVE, moved)
                };
                ids.into_iter().map(one).collect::<Vec<_>>()
            };
            let (mut a, mut b) = tokio::join!(
                at_once(&here, moves((1..=200).collect())),
                at_once(&there, moves((1..=200).rev().collect()))
            );
            b.reverse();
            for (a, b) in a.drain(..).zip(b) {
                assert_eq!(
                    [&a, &b].iter().filter(|one| one.is_ok()).count(),
                    1,
                    "{a:?} {b:?}"
                );
                assert!([a, b].contains(&Err(conflict(0))));
            }
        }
    }
}
