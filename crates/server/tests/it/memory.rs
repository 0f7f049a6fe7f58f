//! Servers keep merchants, keys and POSes in memory: what another process changes counts within a
//! second, and what a server changes itself counts at once.

use crate::process::{Shared, until};
use crate::world::{Reply, payment};
use std::time::{Duration, Instant};

/// How long a server may go on with what another process has changed.
const STALE_MAX: Duration = Duration::from_secs(1);
/// What a look at it may take beyond that on a busy machine.
const LOOK_MAX: Duration = Duration::from_secs(2);

/// A card whose payments the POS of Garanti BBVA takes.
async fn pay(shared: &Shared) -> Reply {
    let world = &shared.world;
    world
        .post("/payment/v1/card-payments", payment("5209220000000002"))
        .await
}

/// Waits until a payment is answered with this status, which is soon.
async fn until_answered(shared: &Shared, status: u16) {
    let began = Instant::now();
    until("the change counts", async || {
        (pay(shared).await.status == status).then_some(())
    })
    .await;
    assert!(began.elapsed() < STALE_MAX + LOOK_MAX);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pos_that_a_command_closes_takes_no_payment_a_second_later() {
    let shared = Shared::open().await;
    let merchant = shared.world.merchant.to_string();
    pay(&shared).await.ok();
    let poses = shared.run(&["pos", "list", "--merchant", &merchant, "--json"]);
    let poses: serde_json::Value = serde_json::from_str(&poses).unwrap();
    for (verb, status) in [("deactivate", 422), ("activate", 200)] {
        for pos in poses.as_array().unwrap() {
            let id = pos["id"].to_string();
            shared.run(&["pos", verb, "--merchant", &merchant, "--id", &id]);
        }
        until_answered(&shared, status).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_a_command_revokes_opens_nothing_a_second_later() {
    let shared = Shared::open().await;
    let merchant = shared.world.merchant.to_string();
    pay(&shared).await.ok();
    shared.run(&["merchant", "key", "rotate", &merchant, "api-key"]);
    pay(&shared).await.ok();
    shared.run(&["merchant", "key", "revoke", &merchant, "api-key"]);
    until_answered(&shared, 401).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_itself_changes_counts_for_its_next_payment() {
    let shared = Shared::open().await;
    let world = &shared.world;
    let poses = world.get("/merchant/v1/merchant-poses").await.ok();
    let ids: Vec<String> = poses
        .data("items")
        .as_array()
        .unwrap()
        .iter()
        .map(|pos| pos["id"].to_string())
        .collect();
    for (status, answered) in [("PASSIVE", 422), ("ACTIVE", 200), ("PASSIVE", 422)] {
        pay(&shared).await;
        for id in &ids {
            let path = format!("/merchant/v1/merchant-poses/{id}/status/{status}");
            assert_eq!(world.call("PUT", &path, "", &[]).await.status, 204);
        }
        assert_eq!(pay(&shared).await.status, answered, "{status}");
    }
}
