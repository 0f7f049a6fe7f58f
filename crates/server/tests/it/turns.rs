//! Moves that can happen once: whoever comes second waits for the outcome of the first.

use crate::bnpl_payments::{applied, decided};
use crate::browser::through_threeds;
use crate::process::until;
use crate::world::{Reply, World, payment, with};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;

const COMPLETE: &str = "/payment/v1/card-payments/3ds-complete";

async fn verified(world: &World) -> Value {
    let callback = json!({"callbackUrl": "https://shop.example.com/callback"});
    let request = with(payment("5209220000000002"), callback);
    let init = world
        .post("/payment/v1/card-payments/3ds-init", request)
        .await
        .ok();
    let html = init.data("htmlContent").as_str().unwrap();
    through_threeds(world, html, "123456", "confirm").await;
    json!({"paymentId": init.data("paymentId")})
}

fn slow(ms: u64) -> Value {
    json!({"kind": "delay", "ms": ms})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_completion_has_the_outcome_of_the_first() {
    let world = World::open().await;
    for round in 0..20 {
        let request = verified(&world).await;
        world
            .fault("garanti", "threeds_finish", slow(round * 15))
            .await;
        let (one, two) = tokio::join!(
            world.post(COMPLETE, request.clone()),
            world.post(COMPLETE, request.clone())
        );
        let (one, two) = (one.ok(), two.ok());
        assert_eq!(one.data("paymentStatus"), "SUCCESS", "round {round}");
        assert_eq!(one.body, two.body, "round {round}");
    }
    // Declined is told to both as well.
    let request = verified(&world).await;
    let declined = json!({"kind": "decline", "code": "51"});
    world.fault("garanti", "threeds_finish", declined).await;
    let (one, two) = tokio::join!(
        world.post(COMPLETE, request.clone()),
        world.post(COMPLETE, request.clone())
    );
    for reply in [one, two] {
        assert_eq!(reply.error_group(), "NOT_SUFFICIENT_FUNDS");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn four_wait_and_the_next_is_told_to_come_again() {
    let world = Arc::new(World::open().await);
    let request = verified(&world).await;
    world.fault("garanti", "threeds_finish", slow(2_000)).await;
    let mut calls = JoinSet::new();
    for _ in 0..9 {
        let (world, request) = (Arc::clone(&world), request.clone());
        calls.spawn(async move { world.post(COMPLETE, request).await });
    }
    let replies = calls.join_all().await;
    let (done, later): (Vec<Reply>, Vec<Reply>) =
        replies.into_iter().partition(|reply| reply.status == 200);
    // The first, and four that waited.
    assert_eq!((done.len(), later.len()), (5, 4));
    for reply in later {
        assert_eq!((reply.status, reply.error_code()), (409, 9006));
        let errors = &reply.body["errors"];
        assert_eq!(errors["paymentId"], request["paymentId"]);
        let again = reply.headers.iter().find(|(name, _)| name == "retry-after");
        assert_eq!(again.map(|(_, seconds)| seconds.as_str()), Some("1"));
    }
    let late = world.post(COMPLETE, request).await.ok();
    assert_eq!(late.body, done[0].body);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_in_flight_does_not_wait() {
    let world = Arc::new(World::open().await);
    let request = verified(&world).await;
    world.fault("garanti", "threeds_finish", slow(1_500)).await;
    let body = request.to_string();
    let key = [("x-idempotency-key", "one")];
    let first = {
        let (world, body) = (Arc::clone(&world), body.clone());
        tokio::spawn(async move { world.call("POST", COMPLETE, &body, &key).await })
    };
    until("the bank takes the order", async || {
        let ledger = world.control("GET", "/control/ledger", Value::Null).await;
        ledger["orders"].as_array().unwrap().first().cloned()
    })
    .await;
    let began = std::time::Instant::now();
    let second = world.call("POST", COMPLETE, &body, &key).await;
    assert_eq!((second.status, second.error_code()), (409, 1106));
    assert!(began.elapsed().as_millis() < 1_000);
    first.await.unwrap().ok();
}

/// How often the lender was asked to confirm, of a fault that was ordered 1000 times.
async fn confirmed(world: &World) -> u64 {
    let faults = world
        .control("GET", "/control/lender-faults", Value::Null)
        .await;
    let all = faults["faults"].as_array().or(faults.as_array()).unwrap();
    let left = all.iter().find(|fault| fault["operation"] == "confirm");
    1000 - left.unwrap()["times"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_and_approve_at_once_confirm_once() {
    let world = World::open().await;
    let lost = json!({"operation": "notify", "fault": {"kind": "no_callback"}, "times": 1000});
    world.control("POST", "/control/lender-faults", lost).await;
    let slow = json!({"operation": "confirm", "fault": {"kind": "delay", "ms": 40}, "times": 1000});
    world.control("POST", "/control/lender-faults", slow).await;
    for round in 1..=30 {
        let init = applied(&world, "103").await;
        let url = init.data("redirectUrl").as_str().unwrap();
        decided(&world, url, "approve").await;
        let path = format!("/payment/v1/bnpl-payments/{}", init.data("paymentId"));
        let approve = format!("{path}/approve");
        let verify = format!("{path}/verify");
        let (one, two, asked) = tokio::join!(
            world.post(&approve, Value::Null),
            world.post(&approve, Value::Null),
            world.post(&verify, Value::Null)
        );
        for reply in [one, two] {
            assert_eq!(reply.ok().data("paymentStatus"), "SUCCESS", "round {round}");
        }
        asked.ok();
        assert_eq!(confirmed(&world).await, round);
        world.clock.advance_seconds(5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_never_reached_the_lender_may_be_given_again_once_it_had_its_time() {
    let world = World::open().await;
    let lost = json!({"operation": "notify", "fault": {"kind": "no_callback"}, "times": 9});
    world.control("POST", "/control/lender-faults", lost).await;
    let init = applied(&world, "103").await;
    let url = init.data("redirectUrl").as_str().unwrap();
    decided(&world, url, "approve").await;
    let path = format!("/payment/v1/bnpl-payments/{}", init.data("paymentId"));
    let away = json!({"operation": "confirm", "fault": {"kind": "http_500"}, "times": 1});
    world.control("POST", "/control/lender-faults", away).await;
    let approve = format!("{path}/approve");
    assert_eq!(world.post(&approve, Value::Null).await.status, 422);
    // The lender says ready, but the approval may still be on its way.
    let verified = world
        .post(&format!("{path}/verify"), Value::Null)
        .await
        .ok();
    assert_eq!(verified.data("additionalAction"), "VERIFY_REQUIRED");
    assert_eq!(world.post(&approve, Value::Null).await.status, 422);
    world.wait(15).await;
    let told = world.hooks("BNPL_NOTIFICATION").len();
    world.wait(40).await;
    let hooks = world.hooks("BNPL_NOTIFICATION");
    assert!(hooks.len() > told || told > 0);
    let action = &hooks.last().unwrap().body["payload"]["additionalAction"];
    assert_eq!(action, "APPROVAL_REQUIRED");
    let done = world.post(&approve, Value::Null).await.ok();
    assert_eq!(done.data("paymentStatus"), "SUCCESS");
}
