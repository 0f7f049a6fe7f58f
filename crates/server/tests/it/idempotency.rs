//! `x-idempotency-key`.

use crate::shop::{GARANTI, NO_FUNDS, Shop, YKB};
use serde_json::json;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_requests_with_one_key_make_one_payment() {
    let shop = Arc::new(Shop::open().await);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let shop = Arc::clone(&shop);
        calls.spawn(async move { shop.pays(GARANTI).keyed("one").await });
    }
    let mut ids = Vec::new();
    for reply in calls.join_all().await {
        match reply.status {
            200 => ids.push(reply.id()),
            409 => assert!(!reply.header("retry-after").is_empty()),
            other => panic!("{other} {:#}", reply.body),
        }
    }
    assert!(!ids.is_empty());
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_eq!(shop.payments().await, 1);
    assert_eq!(shop.orders().await.len(), 1);
    let again = shop.pays(GARANTI).keyed("one").await.ok();
    assert_eq!(again.id(), ids[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_body_is_a_mismatch_and_a_400_claims_no_key() {
    let shop = Shop::open().await;
    let pays = |card| shop.pays(card).keyed("k-1");
    let bad = pays(GARANTI).with(json!({"price": -1})).await;
    assert_eq!(bad.status, 400);
    pays(GARANTI).await.ok();
    let other = pays(YKB).await;
    assert_eq!(other.status, 422);
    assert!(other.error_code() < 10_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decline_is_answered_again_and_doubt_is_in_flight_until_it_is_settled() {
    let shop = Shop::open().await;
    let declined = async || shop.pays(NO_FUNDS).keyed("declined").await;
    let (first, second) = (declined().await, declined().await);
    assert_eq!((first.status, first.body), (second.status, second.body));

    let doubtful = async || shop.pays(GARANTI).keyed("doubt").await;
    shop.fault("garanti", "sale", "lose_reply").await;
    assert_eq!(doubtful().await.status, 422);
    assert_eq!(doubtful().await.status, 409);
    shop.wait(5).await;
    doubtful().await.in_doubt();
    assert_eq!(shop.payments().await, 2);
}
