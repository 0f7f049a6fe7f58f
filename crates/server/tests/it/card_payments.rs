//! `/payment/v1/card-payments`.

use crate::browser::through_threeds;
use crate::world::{CALLBACK_KEY, World, garanti, payment, with, ykb};
use contract::signature::{Callback, callback_hash_v1};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_takes_the_money_once_and_spells_amounts_as_they_came() {
    let world = World::open().await;
    let reply = world
        .post("/payment/v1/card-payments", payment("5209220000000002"))
        .await
        .ok();
    assert_eq!(reply.data("paymentStatus"), "SUCCESS");
    assert_eq!(reply.data("price").to_string(), "100");
    assert_eq!(reply.data("pos.bankId"), 62);
    assert_eq!(reply.data("binNumber"), "52092200");
    assert_eq!(reply.data("cardBrand"), "Bonus");
    assert_eq!(
        reply.data("paymentTransactions.0.paidPrice").to_string(),
        "30"
    );
    let ledger = world.ledger(reply.data("orderId").as_str().unwrap()).await;
    assert_eq!(ledger.len(), 1);
    assert_eq!(ledger[0]["captured"], 10_000);
    let id = reply.data("id");
    let read = world
        .get(&format!("/payment/v1/card-payments/{id}"))
        .await
        .ok();
    assert_eq!(read.body, reply.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_on_us_card_goes_to_its_own_bank() {
    let world = World::open().await;
    let reply = world
        .post("/payment/v1/card-payments", payment("5400630000000009"))
        .await
        .ok();
    assert_eq!(reply.data("pos.bankId"), 67);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_payment_is_422_with_its_group_and_can_be_read() {
    let world = World::open().await;
    let reply = world
        .post("/payment/v1/card-payments", payment("5100050000006661"))
        .await;
    assert_eq!(
        (reply.status, reply.error_group()),
        (422, "NOT_SUFFICIENT_FUNDS")
    );
    assert_eq!(reply.body["errors"]["errorCode"], "10051");
    assert_eq!(reply.body["errors"]["providerError"]["errorCode"], "51");
    let id = reply.body["errors"]["paymentId"].to_string();
    let read = world
        .get(&format!("/payment/v1/card-payments/{id}"))
        .await
        .ok();
    assert_eq!(read.data("paymentStatus"), "FAILURE");
    assert_eq!(read.data("paymentError.errorGroup"), "NOT_SUFFICIENT_FUNDS");
}

#[tokio::test(flavor = "multi_thread")]
async fn threeds_through_both_banks_ends_in_a_payment() {
    let world = World::open().await;
    for (card, bank_id) in [("5209220000000002", 62), ("5400630000000009", 67)] {
        let request = with(
            payment(card),
            json!({"callbackUrl": "https://shop.example.com/callback"}),
        );
        let init = world
            .post("/payment/v1/card-payments/3ds-init", request)
            .await
            .ok();
        let html = init.data("htmlContent").as_str().unwrap();
        let callback = through_threeds(&world, html, "123456", "confirm").await;
        assert_eq!(callback.action, "https://shop.example.com/callback");
        assert_eq!(callback.field("status"), "SUCCESS");
        assert_eq!(callback.field("completeStatus"), "WAITING");
        let expected = callback_hash_v1(
            CALLBACK_KEY,
            &Callback {
                status: "SUCCESS",
                complete_status: "WAITING",
                payment_id: callback.field("paymentId"),
                conversation_id: "456d1297",
                ..Callback::default()
            },
        );
        assert_eq!(callback.field("hash"), expected);
        let id = init.data("paymentId").clone();
        assert_eq!(callback.field("paymentId"), id.to_string());
        let done = world
            .post(
                "/payment/v1/card-payments/3ds-complete",
                json!({"paymentId": id}),
            )
            .await
            .ok();
        assert_eq!(done.data("paymentStatus"), "SUCCESS");
        assert_eq!(done.data("mdStatus"), 1);
        assert_eq!(done.data("pos.bankId"), bank_id);
        // Again: the same payment, and the bank is not asked again.
        let again = world
            .post(
                "/payment/v1/card-payments/3ds-complete",
                json!({"paymentId": id}),
            )
            .await
            .ok();
        assert_eq!(again.body, done.body);
        assert_eq!(
            world
                .ledger(done.data("orderId").as_str().unwrap())
                .await
                .len(),
            1
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_card_pays_and_its_number_never_reaches_the_shop() {
    let world = World::open().await;
    let request = with(
        payment("5209220000000002"),
        json!({"card": {"storeCardAfterSuccessPayment": true}}),
    );
    let first = world.post("/payment/v1/card-payments", request).await.ok();
    let (user, token) = (
        first.data("cardUserKey").clone(),
        first.data("cardToken").clone(),
    );
    assert!(user.is_string() && token.is_string());
    let mut stored = payment("5209220000000002");
    stored["card"] = json!({"cardUserKey": user, "cardToken": token});
    let second = world
        .post("/payment/v1/card-payments", stored.clone())
        .await
        .ok();
    assert_eq!(second.data("paidWithStoredCard"), true);
    stored["callbackUrl"] = json!("https://shop.example.com/callback");
    let init = world
        .post("/payment/v1/card-payments/3ds-init", stored)
        .await
        .ok();
    let html =
        crate::browser::Page::of_html_content(init.data("htmlContent").as_str().unwrap()).html;
    assert!(!html.contains("5209220000000002"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_published_card_that_buys_does_so_and_a_foreign_one_in_its_currency() {
    const CARDS: &str = include_str!("../../../simulator/data/test-cards-success.csv");
    let world = World::open().await;
    for (pos, currency) in [(garanti(), "USD"), (ykb(), "EUR")] {
        world
            .pos(with(pos, json!({"name": currency, "currency": currency})))
            .await;
    }
    let path = "/payment/v1/card-payments";
    for currency in ["TRY", "USD", "EUR"] {
        let request = with(payment("5400010000000004"), json!({"currency": currency}));
        let paid = world.post(path, request).await.ok();
        assert_eq!(paid.data("paymentStatus"), "SUCCESS");
        let ledger = world.ledger(paid.data("orderId").as_str().unwrap()).await;
        let at_bank = match currency {
            "TRY" => ["949", "TL"],
            "USD" => ["840", "US"],
            _ => ["978", "EU"],
        };
        let charged = ledger[0]["currency"].as_str().unwrap();
        assert!(at_bank.contains(&charged), "{currency} is {charged}");
    }
    for line in CARDS.lines().skip(1) {
        let number = line.split(',').next().unwrap();
        let paid = world.post(path, payment(number)).await.ok();
        assert_eq!(paid.data("paymentStatus"), "SUCCESS", "{number}");
    }
}
