//! Outcomes that nobody knows: WAITING, inquired, and settled as product.md says.

use crate::browser::through_threeds;
use crate::world::{Reply, World, payment, with};
use serde_json::{Value, json};
use server::operations::By;

#[track_caller]
fn in_doubt(reply: &Reply) -> String {
    assert_eq!(
        (reply.status, reply.error_group()),
        (422, "COMMUNICATION_OR_SYSTEM_ERROR"),
        "{:#}",
        reply.body
    );
    reply.body["errors"]["paymentId"].to_string()
}

async fn status(world: &World, id: &str) -> Value {
    world
        .get(&format!("/payment/v1/card-payments/{id}"))
        .await
        .ok()
        .data("paymentStatus")
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reply_leaves_the_payment_waiting_and_is_reversed() {
    let world = World::open().await;
    for (bank, card) in [
        ("garanti", "5209220000000002"),
        ("posnet", "5400630000000009"),
    ] {
        world
            .fault(bank, "sale", json!({"kind": "lose_reply"}))
            .await;
        let reply = world.post("/payment/v1/card-payments", payment(card)).await;
        let id = in_doubt(&reply);
        assert_eq!(status(&world, &id).await, "WAITING");
        world.wait(5).await;
        assert_eq!(status(&world, &id).await, "FAILURE");
        let read = world
            .get(&format!("/payment/v1/card-payments/{id}"))
            .await
            .ok();
        let ledger = world.ledger(read.data("orderId").as_str().unwrap()).await;
        assert_eq!(ledger[0]["state"], "voided", "{bank}: {ledger:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_may_opt_to_complete_what_the_bank_took() {
    let world = World::open().await;
    server::setup::change_merchant(&world.app, &By::operator(), world.merchant, |m| {
        m.completes_doubt = true
    })
    .await
    .unwrap();
    world
        .fault("garanti", "sale", json!({"kind": "lose_reply"}))
        .await;
    let id = in_doubt(
        &world
            .post("/payment/v1/card-payments", payment("5209220000000002"))
            .await,
    );
    world.wait(5).await;
    assert_eq!(status(&world, &id).await, "SUCCESS");
    world.wait(30).await;
    assert_eq!(
        world.hooks("API_AUTH").last().unwrap().body["status"],
        "SUCCESS"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_reply_hash_is_doubt_and_never_approval() {
    let world = World::open().await;
    world
        .fault("garanti", "sale", json!({"kind": "wrong_mac"}))
        .await;
    let id = in_doubt(
        &world
            .post("/payment/v1/card-payments", payment("5209220000000002"))
            .await,
    );
    assert_eq!(status(&world, &id).await, "WAITING");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_never_got_the_order_ends_in_failure_only_after_several_inquiries() {
    let world = World::open().await;
    world
        .fault("garanti", "sale", json!({"kind": "http_500"}))
        .await;
    let id = in_doubt(
        &world
            .post("/payment/v1/card-payments", payment("5209220000000002"))
            .await,
    );
    world.wait(5).await;
    assert_eq!(status(&world, &id).await, "WAITING");
    world.wait(30).await;
    assert_eq!(status(&world, &id).await, "WAITING");
    world.wait(120).await;
    assert_eq!(status(&world, &id).await, "FAILURE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_threeds_payment_in_doubt_is_completed_and_announced() {
    let world = World::open().await;
    for (bank, card) in [
        ("garanti", "5209220000000002"),
        ("posnet", "5400630000000009"),
    ] {
        let request = with(
            payment(card),
            json!({"callbackUrl": "https://shop.example.com/callback"}),
        );
        let init = world
            .post("/payment/v1/card-payments/3ds-init", request)
            .await
            .ok();
        through_threeds(
            &world,
            init.data("htmlContent").as_str().unwrap(),
            "123456",
            "confirm",
        )
        .await;
        world
            .fault(bank, "threeds_finish", json!({"kind": "cut_reply"}))
            .await;
        let request = json!({"paymentId": init.data("paymentId")});
        let id = in_doubt(
            &world
                .post("/payment/v1/card-payments/3ds-complete", request.clone())
                .await,
        );
        // Any further operation asks the bank first.
        let again = world
            .post("/payment/v1/card-payments/3ds-complete", request)
            .await
            .ok();
        assert_eq!(again.data("paymentStatus"), "SUCCESS", "{bank}");
        assert_eq!(status(&world, &id).await, "SUCCESS");
    }
    world.wait(30).await;
    assert_eq!(world.hooks("API_AUTH").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_cannot_be_reached_is_no_doubt_and_another_pos_is_tried() {
    let world = World::open().await;
    let pos = world
        .get("/merchant/v1/merchant-poses?page=0&size=10")
        .await
        .ok();
    let garanti = pos.data("items.0.id").clone();
    let path = format!("/merchant/v1/merchant-poses/{garanti}");
    world
        .call("PUT", &path, &json!({"port": 1}).to_string(), &[])
        .await
        .ok();
    let reply = world
        .post("/payment/v1/card-payments", payment("5209220000000002"))
        .await
        .ok();
    assert_eq!(reply.data("pos.bankId"), 67);
}
