//! Servers keep merchants, keys and POSes in memory: what another process changes counts within a
//! second, and what a server changes itself counts at once.

use crate::process::until;
use crate::shop::Shop;
use std::time::{Duration, Instant};

/// Garanti BBVA's.
const CARD: &str = "5209220000000002";
/// How long a server may go on with what another process has changed.
const STALE_MAX: Duration = Duration::from_secs(1);
/// What looking at it may take beyond that on a busy machine.
const LOOK_MAX: Duration = Duration::from_secs(2);

/// Waits until a payment is answered with this status, which is soon.
async fn until_answered(shop: &Shop, status: u16) {
    let began = Instant::now();
    until("the change counts", async || {
        (shop.pays(CARD).await.status == status).then_some(())
    })
    .await;
    assert!(began.elapsed() < STALE_MAX + LOOK_MAX);
}

async fn ids(shop: &Shop) -> Vec<String> {
    let poses = shop.poses().await;
    poses.iter().map(|pos| pos["id"].to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pos_that_a_command_closes_takes_no_payment_a_second_later() {
    let shop = Shop::open().await;
    let merchant = shop.merchant.to_string();
    shop.pays(CARD).await.succeeded();
    let ids = ids(&shop).await;
    for (verb, status) in [("deactivate", 422), ("activate", 200)] {
        for id in &ids {
            shop.run(&["pos", verb, "--merchant", &merchant, "--id", id]);
        }
        until_answered(&shop, status).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_a_command_revokes_opens_nothing_a_second_later() {
    let shop = Shop::open().await;
    let merchant = shop.merchant.to_string();
    shop.pays(CARD).await.succeeded();
    shop.run(&["merchant", "key", "rotate", &merchant, "api-key"]);
    shop.pays(CARD).await.succeeded();
    shop.run(&["merchant", "key", "revoke", &merchant, "api-key"]);
    until_answered(&shop, 401).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_itself_changes_counts_for_its_next_payment() {
    let shop = Shop::open().await;
    let ids = ids(&shop).await;
    for (status, answered) in [("PASSIVE", 422), ("AUTOPILOT", 200), ("PASSIVE", 422)] {
        shop.pays(CARD).await;
        for id in &ids {
            let path = format!("/merchant/v1/merchant-poses/{id}/status/{status}");
            shop.call("PUT", &path, "", &[]).await.ok();
        }
        assert_eq!(shop.pays(CARD).await.status, answered, "{status}");
    }
}
