//! The journal: what was said to banks and lenders is kept, and nothing secret of it.

use crate::shop::{BONUS, DAY, FAMILIES, Family, GARANTI, OTP, Shop, YKB, points};
use serde_json::json;
use server::jobs;
use server::store::exchanges::{self, Exchange};

const CVC: &str = "917";

/// What must never be kept: cards, and what the merchant and its banks share.
const SECRETS: [&str; 12] = [
    BONUS,
    GARANTI,
    YKB,
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

/// What was kept of a payment, with nothing secret in it.
async fn of(shop: &Shop, id: i64) -> Vec<Exchange> {
    let found = shop.exchanges(id).await;
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

fn operations(found: &[Exchange]) -> Vec<&str> {
    found.iter().map(|e| e.operation.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_with_points_is_kept_without_the_card() {
    let shop = Shop::open().await;
    let pays = shop.pays(BONUS).with(points(1.36, 3.88));
    let paid = pays.with(json!({"card": {"cvc": CVC}})).await.ok();
    let found = of(&shop, paid.id()).await;
    assert_eq!(operations(&found), ["charge"]);
    let charge = &found[0];
    assert_eq!(charge.party, "GARANTI");
    assert_eq!(charge.status, Some(200));
    assert!(charge.url.starts_with(&shop.bank), "{}", charge.url);
    let order = paid.text("orderId");
    assert!(charge.request.contains(order), "{}", charge.request);
    assert!(charge.request.contains("<CVV2>***</CVV2>"));
    assert!(charge.response.as_ref().unwrap().contains("Approved"));
    let other = exchanges::of_payment(&shop.app, shop.merchant + 1, found[0].payment_id);
    assert!(other.await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_forms_of_3ds_are_kept_beside_the_calls() {
    let shop = Shop::open().await;
    let garanti = &["threeds_page", "threeds_return", "threeds_finish"][..];
    let posnet = &[
        "threeds_begin",
        "threeds_page",
        "threeds_return",
        "threeds_verify",
        "threeds_finish",
    ];
    for (card, expected) in [(GARANTI, garanti), (YKB, posnet)] {
        let pays = shop.pays(card).with(json!({"card": {"cvc": CVC}}));
        let paid = pays.with_3ds(OTP).await;
        paid.completes().await.ok();
        let found = of(&shop, paid.id).await;
        assert_eq!(operations(&found), expected);
        let page = found.iter().find(|e| e.operation == "threeds_page");
        assert!(page.unwrap().url.starts_with(&shop.bank));
        let back = found.iter().find(|e| e.operation == "threeds_return");
        assert_eq!(back.unwrap().url, "");
        assert!(!back.unwrap().response.as_ref().unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_page_that_a_bank_hands_out_names_are_kept_alone() {
    let shop = Shop::of_families().await;
    let handed_on = |family: &&Family| family.protocol.hands_on_pages();
    for family in FAMILIES.iter().filter(handed_on) {
        let pays = shop.pays(family.card).with(json!({"card": {"cvc": CVC}}));
        let paid = pays.with_3ds(OTP).await;
        let found = of(&shop, paid.id).await;
        let kept = |operation: &str| found.iter().find(|e| e.operation == operation).unwrap();
        let form = &kept("threeds_page").request;
        let hidden = |field: &str| field.ends_with("=***") && !field.starts_with('=');
        assert!(form.split('&').all(hidden), "{form}");
        let page = kept("threeds_begin").response.as_ref().unwrap();
        assert!(!page.to_ascii_lowercase().contains("<input"), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reply_and_its_inquiries_are_kept() {
    let shop = Shop::open().await;
    shop.fault("garanti", "sale", "lose_reply").await;
    let id = shop.pays(GARANTI).await.in_doubt();
    shop.wait(5).await;
    let found = of(&shop, id).await;
    assert_eq!(operations(&found), ["charge", "inquire", "void"]);
    assert!(found[0].status.is_none() && found[0].failure.is_some());
    assert!(found[1].failure.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_is_kept_without_the_buyers_identity_and_forgotten_after_its_time() {
    let shop = Shop::open().await;
    let loan = shop.applied("064").await;
    loan.decides("approve").await;
    let found = of(&shop, loan.id).await;
    assert_eq!(found[0].operation, "apply");
    assert!(found.iter().all(|e| e.party == "MASLAK"));
    assert!(found.iter().any(|e| e.operation == "inquire"));
    assert!(found[0].request.contains(r#""identityNumber":"***""#));

    shop.clock.advance_seconds(399 * DAY);
    jobs::forget(&shop.app).await;
    assert_eq!(of(&shop, loan.id).await.len(), found.len());
    shop.clock.advance_seconds(2 * DAY);
    jobs::forget(&shop.app).await;
    assert!(of(&shop, loan.id).await.is_empty());
}
