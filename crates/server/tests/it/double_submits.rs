//! Payments without an idempotency key that look like one sent twice.

use crate::panel::Panel;
use crate::shop::{GARANTI, NO_FUNDS, OTP, Shop, YKB};
use serde_json::json;
use server::operations::Role;
use std::sync::Arc;

async fn refusing(seconds: i64) -> Shop {
    let shop = Shop::open().await;
    shop.merchant_with(|m| m.double_submit_seconds = seconds)
        .await;
    shop
}

#[tokio::test(flavor = "multi_thread")]
async fn both_are_taken_unless_the_merchant_wants_one() {
    let shop = Shop::open().await;
    shop.pays(GARANTI).await.ok();
    shop.pays(GARANTI).await.ok();
    assert_eq!(shop.orders().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_of_one_card_amount_and_conversation_is_refused_with_the_first_ones_id() {
    let shop = refusing(30).await;
    let first = shop.pays(GARANTI).await.ok().id();
    let second = shop.pays(GARANTI).await;
    second.refused(409, 1113);
    assert_eq!(second.body["errors"]["paymentId"], first);
    let text = second.body["errors"]["errorDescription"].to_string();
    assert!(text.contains(&first.to_string()), "{text}");
    assert_eq!((shop.payments().await, shop.orders().await.len()), (1, 1));
    // What differs, or has a key, is another payment.
    shop.pays(YKB).await.ok();
    shop.pays(GARANTI)
        .with(json!({"conversationId": "another"}))
        .await
        .ok();
    shop.pays(GARANTI).keyed("one").await.ok();
    shop.wait(30).await;
    shop.pays(GARANTI).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_forty_at_once_that_are_declined_each_is_declined_or_refused() {
    let shop = Arc::new(refusing(60).await);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let shop = Arc::clone(&shop);
        calls.spawn(async move { shop.pays(NO_FUNDS).await });
    }
    for reply in calls.join_all().await {
        match reply.status {
            409 => reply.refused(409, 1113),
            _ => drop(reply.declined("NOT_SUFFICIENT_FUNDS")),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_forty_at_once_one_is_taken() {
    let shop = Arc::new(refusing(60).await);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let shop = Arc::clone(&shop);
        calls.spawn(async move { shop.pays(GARANTI).await });
    }
    let replies = calls.join_all().await;
    let taken = replies.iter().filter(|reply| reply.status == 200).count();
    let refused = replies.iter().filter(|reply| reply.status == 409).count();
    assert_eq!((taken, refused), (1, 39));
    assert_eq!(shop.orders().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_payment_that_took_no_money_the_shopper_may_try_at_once() {
    let shop = refusing(60).await;
    shop.pays(NO_FUNDS).await.declined("NOT_SUFFICIENT_FUNDS");
    shop.pays(NO_FUNDS).await.declined("NOT_SUFFICIENT_FUNDS");

    let begun = shop.pays(GARANTI).begin_3ds().await;
    shop.pays(GARANTI).await.refused(409, 1113);
    begun.cancels().await;
    let paid = shop.pays(GARANTI).with_3ds(OTP).await.completes().await;
    paid.succeeded();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_was_given_back_makes_place_for_another() {
    let shop = refusing(60).await;
    shop.noon().await;
    let id = shop.pays(GARANTI).await.succeeded().id();
    shop.pays(GARANTI).await.refused(409, 1113);
    shop.refunds(id).await.ok();
    let id = shop.pays(GARANTI).await.succeeded().id();
    let mark = json!({"paymentId": id});
    shop.post("/payment/v1/refunds/mark-as-refunded", mark)
        .await
        .ok();
    shop.pays(GARANTI).await.succeeded();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_keeps_its_place_until_it_is_released_or_what_was_taken_is_back() {
    let shop = refusing(60).await;
    shop.noon().await;
    let id = shop.holds(GARANTI).await.succeeded().id();
    for second in [shop.holds(GARANTI).await, shop.pays(GARANTI).await] {
        second.refused(409, 1113);
        assert_eq!(second.body["errors"]["paymentId"], id);
    }
    shop.refunds(id).await.ok();
    // Of the next one another amount is taken than is held.
    let id = shop.holds(GARANTI).await.succeeded().id();
    shop.captures(id, 80).await.succeeded();
    shop.holds(GARANTI).await.refused(409, 1113);
    shop.refunds(id).await.ok();
    let first = shop.holds(GARANTI).await.succeeded().id();

    // Two that were held alike are listed, whatever was taken of them.
    let second = shop.holds(GARANTI).keyed("second").await.succeeded().id();
    shop.captures(second, 110).await.succeeded();
    let mut panel = Panel::sign_in(&shop, Role::Developer).await;
    let page = panel.get("/panel/double-submits").await.ok();
    for id in [first, second] {
        page.has(&format!("/panel/payments/{id}\""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doubt_keeps_its_place() {
    let shop = refusing(60).await;
    shop.fault("garanti", "sale", "lose_reply").await;
    let id = shop.pays(GARANTI).await.in_doubt();
    let second = shop.pays(GARANTI).await;
    second.refused(409, 1113);
    assert_eq!(second.body["errors"]["paymentId"], id);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_panel_lists_pairs_and_sets_the_time() {
    let shop = Shop::open().await;
    let first = shop.pays(GARANTI).await.ok().id();
    shop.pass(4).await;
    let second = shop.pays(GARANTI).await.ok().id();
    shop.pass(3600).await;
    let alone = shop.pays(GARANTI).await.ok().id();
    shop.pays(NO_FUNDS).await.declined("NOT_SUFFICIENT_FUNDS");
    shop.pays(NO_FUNDS).await.declined("NOT_SUFFICIENT_FUNDS");

    let mut panel = Panel::sign_in(&shop, Role::Developer).await;
    let page = panel.get("/panel/double-submits").await.ok();
    page.has(&format!("/panel/payments/{first}\""));
    page.has(&format!("/panel/payments/{second}\""));
    page.has("4 sn");
    page.lacks(&alone.to_string());
    assert_eq!(page.text.matches("class=\"when first\"").count(), 1);

    let set = "/panel/double-submits/seconds";
    for (seconds, word) in [("3601", "3600"), ("-1", "3600"), ("soon", "Süre")] {
        let page = panel.post(set, &[("seconds", seconds)]).await;
        assert_eq!(page.status, 400, "{seconds}");
        page.has(word);
    }
    shop.pass(700).await;
    shop.pays(GARANTI).await.ok();
    panel
        .post(set, &[("seconds", "45")])
        .await
        .leads_to("/panel/double-submits?done=saved");
    panel
        .get("/panel/double-submits")
        .await
        .ok()
        .has("value=\"45\"");
    shop.pays(GARANTI).await.ok();
    shop.pays(GARANTI).await.refused(409, 1113);
}
