//! Webhooks: signed, on the documented schedule, and never from nowhere.

use crate::world::{WEBHOOK_KEY, World, payment};
use contract::signature;

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_comes_after_thirty_seconds_signed_in_both_ways() {
    let world = World::open().await;
    let reply = world
        .post("/payment/v1/card-payments", payment("5209220000000002"))
        .await
        .ok();
    world.wait(29).await;
    assert!(world.hooks("API_AUTH").is_empty());
    world.wait(1).await;
    let hooks = world.hooks("API_AUTH");
    assert_eq!(hooks.len(), 1);
    let hook = &hooks[0];
    let id = reply.data("id").to_string();
    assert_eq!(hook.body["payloadId"], id.as_str());
    assert_eq!(hook.body["status"], "SUCCESS");
    let timestamp = hook.body["eventTimestamp"].as_i64().unwrap();
    let expected = signature::webhook(WEBHOOK_KEY, "API_AUTH", timestamp, "SUCCESS", &id);
    assert_eq!(hook.header("x-cg-signature-v1"), expected);
    assert!(hook.header("webhook-signature").starts_with("v1,"));
    assert!(hook.header("webhook-id").starts_with("msg_"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_webhook_is_called_six_times_on_the_documented_schedule() {
    let world = World::open().await;
    *world.hook_status.lock().unwrap() = 500;
    world
        .post("/payment/v1/card-payments", payment("5209220000000002"))
        .await
        .ok();
    for (calls, wait) in [30, 10, 30, 180, 600, 1800].into_iter().enumerate() {
        world.wait(wait - 1).await;
        assert_eq!(world.hooks("API_AUTH").len(), calls, "one second too early");
        world.wait(1).await;
        assert_eq!(world.hooks("API_AUTH").len(), calls + 1);
    }
    world.wait(100_000).await;
    assert_eq!(world.hooks("API_AUTH").len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_address_is_not_called_unless_allowed() {
    let world = World::with(|config| config.webhook_hosts.clear()).await;
    world
        .post("/payment/v1/card-payments", payment("5209220000000002"))
        .await
        .ok();
    world.wait(30).await;
    assert!(world.hooks("API_AUTH").is_empty());
}
