//! The books: sums that the database itself refuses, whatever the code above it believes.

use crate::shop::{GARANTI, NO_FUNDS, Shop};
use server::store::db::{Commit, CommitError, params};

/// Commits one update of a payment past the engine.
async fn written(shop: &Shop, id: i64, sql: &'static str, value: i64) -> Result<(), CommitError> {
    let commit = Commit::new(shop.merchant, id).then(sql, params![shop.merchant, id, value]);
    shop.app.db.commit(commit).await
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
    let shop = Shop::open().await;
    let paid = shop.pays(GARANTI).await.ok().id();
    let declined = shop.pays(NO_FUNDS).await.id();

    for (sql, value, what) in [
        (CAPTURED, 10_001, "more taken than was to be paid"),
        (CAPTURED, -1, "less than nothing taken"),
        (REFUNDED, 10_001, "more given back than was taken"),
        (REFUNDED, -1, "less than nothing given back"),
        (PENDING, 10_001, "more being given back than was taken"),
        (PENDING, -1, "less than nothing being given back"),
    ] {
        a_check_refuses(written(&shop, paid, sql, value).await, what);
    }
    for (sql, what) in [
        (CAPTURED, "money taken by a payment that failed"),
        (REFUNDED, "money given back by a payment that failed"),
        (PENDING, "money being given back by a payment that failed"),
    ] {
        a_check_refuses(written(&shop, declined, sql, 1).await, what);
    }
    let failure = "update payments set status = 'FAILURE', installment = $3 \
                   where merchant_id = $1 and id = $2";
    let outcome = written(&shop, paid, failure, 1).await;
    a_check_refuses(outcome, "a failure that keeps its money");

    // Nothing of it was written, and what can be is.
    let read = shop.reported(paid).await.succeeded();
    assert_eq!(read.data("refundablePrice").to_string(), "100");
    written(&shop, paid, PENDING, 4_000).await.unwrap();
    written(&shop, paid, REFUNDED, 6_000).await.unwrap();
    let outcome = written(&shop, paid, MORE_REFUNDED, 1).await;
    a_check_refuses(outcome, "one kuruş more than is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_refunds_at_once_never_exceed_what_was_taken() {
    let shop = std::sync::Arc::new(Shop::open().await);
    let id = shop.pays(GARANTI).await.ok().id();
    let mut refunds = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let shop = std::sync::Arc::clone(&shop);
        refunds.spawn(async move { written(&shop, id, MORE_REFUNDED, 300).await });
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
