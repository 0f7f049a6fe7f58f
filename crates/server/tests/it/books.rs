//! The books: sums that the database itself refuses, whatever the code above it believes.

use crate::world::{World, payment};
use server::store::db::{Commit, CommitError, params};

/// Commits one update of a payment past the engine.
async fn written(world: &World, id: i64, sql: &'static str, value: i64) -> Result<(), CommitError> {
    let commit = Commit::new(world.merchant, id).then(sql, params![world.merchant, id, value]);
    world.app.db.commit(commit).await
}

#[track_caller]
fn a_check_refuses(outcome: Result<(), CommitError>, what: &str) {
    match outcome {
        Err(CommitError::Conflict {
            statement: 0,
            constraint: Some(name),
        }) => assert!(!name.is_empty(), "{what}"),
        other => panic!("{what}: {other:?}"),
    }
}

const CAPTURED: &str = "update payments set captured = $3 where merchant_id = $1 and id = $2";
const REFUNDED: &str = "update payments set refunded = $3 where merchant_id = $1 and id = $2";
const PENDING: &str = "update payments set refund_pending = $3 where merchant_id = $1 and id = $2";
const MORE_REFUNDED: &str =
    "update payments set refunded = refunded + $3 where merchant_id = $1 and id = $2";

#[tokio::test(flavor = "multi_thread")]
async fn the_database_refuses_books_that_cannot_be() {
    let world = World::open().await;
    let paid = world
        .post("/payment/v1/card-payments", payment("5209220000000002"))
        .await
        .ok();
    let paid = paid.data("id").as_i64().unwrap();
    let declined = world
        .post("/payment/v1/card-payments", payment("5100050000006661"))
        .await;
    let declined = declined.body["errors"]["paymentId"].as_i64().unwrap();

    for (sql, value, what) in [
        (CAPTURED, 10_001, "more taken than was to be paid"),
        (CAPTURED, -1, "less than nothing taken"),
        (REFUNDED, 10_001, "more given back than was taken"),
        (REFUNDED, -1, "less than nothing given back"),
        (PENDING, 10_001, "more being given back than was taken"),
        (PENDING, -1, "less than nothing being given back"),
    ] {
        a_check_refuses(written(&world, paid, sql, value).await, what);
    }
    for (sql, what) in [
        (CAPTURED, "money taken by a payment that failed"),
        (REFUNDED, "money given back by a payment that failed"),
        (PENDING, "money being given back by a payment that failed"),
    ] {
        a_check_refuses(written(&world, declined, sql, 1).await, what);
    }
    let failure = "update payments set status = 'FAILURE', installment = $3 \
                   where merchant_id = $1 and id = $2";
    let outcome = written(&world, paid, failure, 1).await;
    a_check_refuses(outcome, "a failure that keeps its money");

    // Nothing of it was written, and what can be is.
    let read = world
        .get(&format!("/payment-reporting/v1/payments/{paid}"))
        .await
        .ok();
    assert_eq!(read.data("paymentStatus"), "SUCCESS");
    assert_eq!(read.data("refundablePrice").to_string(), "100");
    written(&world, paid, PENDING, 4_000).await.unwrap();
    written(&world, paid, REFUNDED, 6_000).await.unwrap();
    let outcome = written(&world, paid, MORE_REFUNDED, 1).await;
    a_check_refuses(outcome, "one kuruş more than is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_refunds_at_once_never_exceed_what_was_taken() {
    let world = std::sync::Arc::new(World::open().await);
    let paid = world
        .post("/payment/v1/card-payments", payment("5209220000000002"))
        .await
        .ok();
    let id = paid.data("id").as_i64().unwrap();
    let mut refunds = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let world = std::sync::Arc::clone(&world);
        refunds.spawn(async move { written(&world, id, MORE_REFUNDED, 300).await });
    }
    let mut done = 0;
    while let Some(outcome) = refunds.join_next().await {
        match outcome.unwrap() {
            Ok(()) => done += 1,
            refused => a_check_refuses(refused, "a refund too many"),
        }
    }
    assert_eq!(done, 33);
}
