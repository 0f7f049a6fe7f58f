//! The journal: what was said to banks and lenders is kept, and nothing secret of it.

use crate::bnpl_payments::{applied, decided};
use crate::browser::through_threeds;
use crate::world::{World, payment, with};
use serde_json::{Value, json};
use server::jobs;
use server::store::exchanges::{self, Exchange};

const CVC: &str = "917";

/// What must never be kept: cards, and what the merchant and its banks share.
const SECRETS: [&str; 12] = [
    "4043080000000003",
    "5209220000000002",
    "5400630000000009",
    "123qweASD/",
    "12345678950",
    "5551112233",
    "10,10,10,10,10,10,10,10",
    simulator::lenders::CLIENT_SECRET,
    simulator::lenders::NOTIFICATION_SECRET,
    "secret-key",
    ">917<",
    "=917",
];

async fn of(world: &World, payment_id: &Value) -> Vec<Exchange> {
    world.app.journal.flush().await;
    let id = payment_id.as_i64().unwrap();
    let found = exchanges::of_payment(&world.app, world.merchant, id)
        .await
        .unwrap();
    for e in &found {
        let text = format!("{} {} {:?}", e.url, e.request, e.response);
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} is kept: {text}");
        }
        assert!(!e.url.contains('?'), "{}", e.url);
        for ours in ["3ds-return/", "loan-return/", "loan-notify/"] {
            for token in text.split(ours).skip(1) {
                assert!(token.starts_with("***"), "a token is kept: {token}");
            }
        }
    }
    found
}

fn said(found: &[Exchange]) -> Vec<(&str, &str)> {
    found
        .iter()
        .map(|e| (e.party.as_str(), e.operation.as_str()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_with_points_is_kept_without_the_card() {
    let world = World::open().await;
    let loyalty = json!({"type": "REWARD_MONEY", "reward": {"cardRewardMoney": 1.36, "firmRewardMoney": 3.88}});
    let card = json!({"loyalty": loyalty, "cvc": CVC});
    let request = with(payment("4043080000000003"), json!({"card": card}));
    let paid = world.post("/payment/v1/card-payments", request).await.ok();
    let found = of(&world, paid.data("id")).await;
    assert_eq!(said(&found), [("GARANTI", "charge")]);
    let charge = &found[0];
    assert_eq!(charge.status, Some(200));
    assert!(charge.url.starts_with(&world.bank), "{}", charge.url);
    let order = paid.data("orderId").as_str().unwrap();
    assert!(charge.request.contains(order), "{}", charge.request);
    assert!(charge.request.contains("<CVV2>***</CVV2>"));
    assert!(charge.response.as_ref().unwrap().contains("Approved"));
    let other = exchanges::of_payment(&world.app, world.merchant + 1, found[0].payment_id);
    assert!(other.await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_forms_of_3ds_are_kept_beside_the_calls() {
    let world = World::open().await;
    for (card, expected) in [
        (
            "5209220000000002",
            &["threeds_page", "threeds_return", "threeds_finish"][..],
        ),
        (
            "5400630000000009",
            &[
                "threeds_begin",
                "threeds_page",
                "threeds_return",
                "threeds_verify",
                "threeds_finish",
            ],
        ),
    ] {
        let callback = json!({"callbackUrl": "https://shop.example.com/callback"});
        let request = with(payment(card), with(callback, json!({"card": {"cvc": CVC}})));
        let init = world
            .post("/payment/v1/card-payments/3ds-init", request)
            .await
            .ok();
        let html = init.data("htmlContent").as_str().unwrap();
        through_threeds(&world, html, "123456", "confirm").await;
        let id = init.data("paymentId");
        let complete = json!({"paymentId": id});
        world
            .post("/payment/v1/card-payments/3ds-complete", complete)
            .await
            .ok();
        let found = of(&world, id).await;
        let operations: Vec<&str> = found.iter().map(|e| e.operation.as_str()).collect();
        assert_eq!(operations, expected);
        let page = found.iter().find(|e| e.operation == "threeds_page");
        assert!(page.unwrap().url.starts_with(&world.bank));
        let back = found.iter().find(|e| e.operation == "threeds_return");
        assert_eq!(back.unwrap().url, "");
        assert!(!back.unwrap().response.as_ref().unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reply_and_its_inquiries_are_kept() {
    let world = World::open().await;
    world
        .fault("garanti", "sale", json!({"kind": "lose_reply"}))
        .await;
    let doubt = world
        .post("/payment/v1/card-payments", payment("5209220000000002"))
        .await;
    world.wait(5).await;
    let found = of(&world, &doubt.body["errors"]["paymentId"]).await;
    let operations: Vec<&str> = found.iter().map(|e| e.operation.as_str()).collect();
    assert_eq!(operations, ["charge", "inquire", "void"]);
    assert!(found[0].status.is_none() && found[0].failure.is_some());
    assert!(found[1].failure.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_is_kept_without_the_buyers_identity_and_forgotten_after_its_time() {
    let world = World::open().await;
    let init = applied(&world, "064").await;
    let url = init.data("redirectUrl").as_str().unwrap();
    decided(&world, url, "approve").await;
    let id = init.data("paymentId");
    let found = of(&world, id).await;
    assert_eq!(found[0].operation, "apply");
    assert!(found.iter().all(|e| e.party == "MASLAK"));
    assert!(found.iter().any(|e| e.operation == "inquire"));
    assert!(found[0].request.contains(r#""identityNumber":"***""#));

    let days = |n: i64| n * 24 * 60 * 60;
    world.clock.advance_seconds(days(399));
    jobs::forget(&world.app).await;
    assert_eq!(of(&world, id).await.len(), found.len());
    world.clock.advance_seconds(days(2));
    jobs::forget(&world.app).await;
    assert!(of(&world, id).await.is_empty());
}
