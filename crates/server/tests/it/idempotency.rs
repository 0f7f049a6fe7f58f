//! `x-idempotency-key`.

use crate::world::{World, payment};
use serde_json::{Value, json};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_requests_with_one_key_make_one_payment() {
    let world = Arc::new(World::open().await);
    let body = payment("5209220000000002").to_string();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (world, body) = (Arc::clone(&world), body.clone());
        calls.spawn(async move {
            world
                .call(
                    "POST",
                    "/payment/v1/card-payments",
                    &body,
                    &[("x-idempotency-key", "one")],
                )
                .await
        });
    }
    let mut ids = Vec::new();
    while let Some(reply) = calls.join_next().await {
        let reply = reply.unwrap();
        match reply.status {
            200 => ids.push(reply.data("id").clone()),
            409 => assert!(reply.headers.iter().any(|(name, _)| name == "retry-after")),
            other => panic!("{other} {:#}", reply.body),
        }
    }
    assert!(!ids.is_empty());
    ids.dedup();
    assert_eq!(ids.len(), 1);
    let stored = world
        .get("/payment-reporting/v1/payments?page=0&size=10")
        .await
        .ok();
    assert_eq!(stored.data("totalSize"), 1);
    let ledger = world.control("GET", "/control/ledger", Value::Null).await;
    assert_eq!(ledger["orders"].as_array().unwrap().len(), 1);
    let again = world
        .call(
            "POST",
            "/payment/v1/card-payments",
            &body,
            &[("x-idempotency-key", "one")],
        )
        .await
        .ok();
    assert_eq!(again.data("id"), &ids[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_body_is_a_mismatch_and_a_400_claims_no_key() {
    let world = World::open().await;
    let key = [("x-idempotency-key", "k-1")];
    let mut bad = payment("5209220000000002");
    bad["price"] = json!(-1);
    let reply = world
        .call("POST", "/payment/v1/card-payments", &bad.to_string(), &key)
        .await;
    assert_eq!(reply.status, 400);
    let good = payment("5209220000000002").to_string();
    world
        .call("POST", "/payment/v1/card-payments", &good, &key)
        .await
        .ok();
    let other = payment("5400630000000009").to_string();
    let reply = world
        .call("POST", "/payment/v1/card-payments", &other, &key)
        .await;
    assert_eq!(reply.status, 422);
    assert!(reply.error_code() < 10_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decline_is_answered_again_and_doubt_is_in_flight_until_it_is_settled() {
    let world = World::open().await;
    let declined = payment("5100050000006661").to_string();
    let key = [("x-idempotency-key", "declined")];
    let first = world
        .call("POST", "/payment/v1/card-payments", &declined, &key)
        .await;
    let second = world
        .call("POST", "/payment/v1/card-payments", &declined, &key)
        .await;
    assert_eq!((first.status, first.body), (second.status, second.body));

    let key = [("x-idempotency-key", "doubt")];
    let body = payment("5209220000000002").to_string();
    world
        .fault("garanti", "sale", json!({"kind": "lose_reply"}))
        .await;
    let first = world
        .call("POST", "/payment/v1/card-payments", &body, &key)
        .await;
    assert_eq!(first.status, 422);
    let second = world
        .call("POST", "/payment/v1/card-payments", &body, &key)
        .await;
    assert_eq!(second.status, 409);
    world.wait(5).await;
    let third = world
        .call("POST", "/payment/v1/card-payments", &body, &key)
        .await;
    assert_eq!(
        (third.status, third.error_group()),
        (422, "COMMUNICATION_OR_SYSTEM_ERROR")
    );
    let stored = world
        .get("/payment-reporting/v1/payments?page=0&size=10")
        .await
        .ok();
    assert_eq!(stored.data("totalSize"), 2);
}
