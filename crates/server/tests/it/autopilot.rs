//! A bank that does not work takes no payments while another one does.

use crate::panel::Panel;
use crate::shop::{GARANTI, MANY, NO_FUNDS, OTP, Shop};
use serde_json::{Value, json};
use server::operations::Role;

/// Answers that the autopilot wants to have seen, and how long it waits before it tries again.
const ANSWERS: usize = 10;
const COOL_DOWN: i64 = 60;
const PROBE: i64 = 15;

async fn bank_is_away(shop: &Shop, operation: &str) {
    shop.faults(MANY, "garanti", operation, "http_500").await;
}

/// The bank of a payment's POS.
async fn bank_of(shop: &Shop, id: i64) -> String {
    let payment = shop.payment(id).await.ok();
    payment.data("pos.name").as_str().unwrap().to_owned()
}

async fn pos(shop: &Shop, name: &str) -> Value {
    let poses = shop.poses().await;
    poses.into_iter().find(|pos| pos["name"] == name).unwrap()
}

fn state(pos: &Value) -> (bool, bool) {
    let of = |leg| pos["autopilotState"][leg].as_bool().unwrap();
    (of("isThreeDsUp"), of("isNonThreeDsUp"))
}

/// Garanti's own cards, which go there first, until the autopilot has seen enough.
async fn meets_failures(shop: &Shop) {
    for _ in 0..ANSWERS {
        let reply = shop.pays(GARANTI).await;
        assert!(matches!(reply.status, 200 | 422), "{:#}", reply.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_fails_is_left_out_tried_and_taken_back() {
    let shop = Shop::open().await;
    bank_is_away(&shop, "sale").await;
    meets_failures(&shop).await;
    assert_eq!(state(&pos(&shop, "Garanti").await), (true, false));
    assert_eq!(state(&pos(&shop, "Yapı Kredi").await), (true, true));
    let alias = pos(&shop, "Garanti").await["alias"].clone();

    // Without 3DS the other bank is asked, with 3DS this one.
    let met = shop.met("sale").await;
    let id = shop.pays(GARANTI).await.ok().id();
    assert_eq!(bank_of(&shop, id).await, "Yapı Kredi");
    assert_eq!(shop.met("sale").await, met);
    let verified = shop.pays(GARANTI).with_3ds(OTP).await;
    let id = verified.completes().await.ok().id();
    assert_eq!(bank_of(&shop, id).await, "Garanti");

    // One payment tries it after the cool-down, and no second one at once.
    shop.pass(COOL_DOWN).await;
    assert_ne!(shop.pays(GARANTI).await.status, 200);
    let id = shop.pays(GARANTI).await.ok().id();
    assert_eq!(bank_of(&shop, id).await, "Yapı Kredi");

    shop.banks_recover().await;
    shop.pass(PROBE).await;
    let id = shop.pays(GARANTI).await.ok().id();
    assert_eq!(bank_of(&shop, id).await, "Garanti");
    assert_eq!(state(&pos(&shop, "Garanti").await), (true, true));
    let id = shop.pays(GARANTI).await.ok().id();
    assert_eq!(bank_of(&shop, id).await, "Garanti");

    shop.wait(30).await;
    let hooks = shop.hooks("AUTOPILOT");
    let mut told = Vec::new();
    for hook in &hooks {
        let payload = &hook.body["payload"];
        assert_eq!(hook.body["payloadId"], alias);
        assert_eq!(payload["posAlias"], alias);
        assert_eq!(payload["posName"], "garanti");
        assert_eq!(payload["threeDsStatus"], "ACTIVE");
        told.push(payload["nonThreeDsStatus"].as_str().unwrap());
    }
    // Both are due by now, and are called at once.
    told.sort_unstable();
    assert_eq!(told, ["ACTIVE", "PASSIVE"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_does_not_hold_is_left_out_and_still_takes_what_it_holds() {
    let shop = Shop::open().await;
    let held = shop.holds(GARANTI).await.succeeded().id();
    let released = shop.holds(GARANTI).await.succeeded().id();
    bank_is_away(&shop, "hold").await;
    // As many failures as outweigh the two holds.
    for _ in 0..2 * ANSWERS {
        let reply = shop.holds(GARANTI).await;
        assert!(matches!(reply.status, 200 | 422), "{:#}", reply.body);
    }
    assert_eq!(state(&pos(&shop, "Garanti").await), (true, false));
    let met = shop.met("hold").await;
    let id = shop.holds(GARANTI).await.succeeded().id();
    assert_eq!(bank_of(&shop, id).await, "Yapı Kredi");
    let id = shop.pays(GARANTI).await.succeeded().id();
    assert_eq!(bank_of(&shop, id).await, "Yapı Kredi");
    assert_eq!(shop.met("hold").await, met);
    shop.captures(held, 90).await.succeeded();
    assert_eq!(bank_of(&shop, held).await, "Garanti");
    shop.refunds(released).await.ok();
    // Neither says that the bank holds again.
    assert_eq!(state(&pos(&shop, "Garanti").await), (true, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_issuers_decline_closes_no_bank() {
    let shop = Shop::open().await;
    for _ in 0..3 * ANSWERS {
        shop.pays(NO_FUNDS).await.declined("NOT_SUFFICIENT_FUNDS");
    }
    assert_eq!(state(&pos(&shop, "Garanti").await), (true, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_pos_is_never_left_out() {
    let shop = Shop::open().await;
    let other = pos(&shop, "Yapı Kredi").await["id"].to_string();
    let merchant = shop.merchant.to_string();
    shop.run(&["pos", "deactivate", "--merchant", &merchant, "--id", &other]);
    bank_is_away(&shop, "sale").await;
    meets_failures(&shop).await;
    assert_eq!(state(&pos(&shop, "Garanti").await), (true, false));
    let met = shop.met("sale").await;
    assert_ne!(shop.pays(GARANTI).await.status, 200);
    assert_eq!(shop.met("sale").await, met + 1);
    // Nor one that the shop pins, or the only one for the card.
    shop.run(&["pos", "activate", "--merchant", &merchant, "--id", &other]);
    let alias = pos(&shop, "Garanti").await["alias"].clone();
    let pinned = shop.pays(GARANTI).with(json!({"posAlias": alias})).await;
    assert_ne!(pinned.status, 200);
    assert_eq!(shop.met("sale").await, met + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pos_that_is_always_used_is_not_watched() {
    let shop = Shop::open().await;
    let id = pos(&shop, "Garanti").await["id"].to_string();
    let active = format!("/merchant/v1/merchant-poses/{id}/status/ACTIVE");
    shop.call("PUT", &active, "", &[]).await;
    bank_is_away(&shop, "sale").await;
    meets_failures(&shop).await;
    let met = shop.met("sale").await;
    shop.pays(GARANTI).await;
    assert_eq!(shop.met("sale").await, met + 1);
    assert_eq!(state(&pos(&shop, "Garanti").await), (true, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_failures_at_once_are_one_change() {
    let shop = std::sync::Arc::new(Shop::open().await);
    bank_is_away(&shop, "sale").await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..5 * ANSWERS {
        let shop = std::sync::Arc::clone(&shop);
        calls.spawn(async move { shop.pays(GARANTI).await.status });
    }
    drop(calls.join_all().await);
    let changes = "select count(*) as n from autopilot_changes";
    assert_eq!(shop.count(changes).await, 1);
    let hooks = "select count(*) as n from webhooks where event_type = 'AUTOPILOT'";
    assert_eq!(shop.count(hooks).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_panel_shows_what_the_autopilot_did() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Developer).await;
    panel
        .get("/panel/poses")
        .await
        .ok()
        .lacks("Otopilot devre dışı bıraktı");
    bank_is_away(&shop, "sale").await;
    meets_failures(&shop).await;
    let page = panel.get("/panel/poses").await.ok();
    page.has("Otopilot devre dışı bıraktı");
    let history = panel.get("/panel/autopilot").await.ok();
    history.has_all(&["Garanti", "3DS’siz", "Devre dışı kaldı", "10 yanıtta 10"]);
}
