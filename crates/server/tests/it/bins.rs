//! `/installment/v1/bins`, and the names of banks wherever they are told.

use crate::bnpl_payments::application;
use crate::world::{World, garanti, payment, with, ykb};
use serde_json::json;

async fn of(world: &World, digits: &str) -> crate::world::Reply {
    let path = format!("/installment/v1/bins/{digits}");
    world.get(&path).await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn six_digits_tell_what_eight_do_unless_their_cards_differ() {
    let world = World::open().await;
    let (six, eight) = (of(&world, "404308").await, of(&world, "40430800").await);
    for field in [
        "bankName",
        "bankCode",
        "cardType",
        "cardAssociation",
        "cardBrand",
        "commercial",
    ] {
        assert_eq!(six.data(field), eight.data(field), "{field}");
        assert!(!six.data(field).is_null(), "{field}");
    }
    // Cards of two brands, of people and of companies; one bank, one association.
    let (six, eight) = (of(&world, "979267").await, of(&world, "97926750").await);
    for field in ["bankName", "bankCode", "cardType", "cardAssociation"] {
        assert_eq!(six.data(field), eight.data(field), "{field}");
        assert!(!six.data(field).is_null(), "{field}");
    }
    for field in ["cardBrand", "commercial"] {
        assert!(six.data(field).is_null(), "{field}: {:#}", six.body);
        assert!(!eight.data(field).is_null(), "{field}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_has_one_name_wherever_it_is_told() {
    const YKB: &str = "YAPI VE KREDİ BANKASI A.Ş.";
    const GARANTI: &str = "T. GARANTİ BANKASI A.Ş.";
    let world = World::open().await;
    for (name, code, card, bins) in [
        (YKB, 67, "4048090000000007", ["404809", "40480900"]),
        (GARANTI, 62, "4043080000000003", ["404308", "40430800"]),
    ] {
        for digits in bins {
            let bin = of(&world, digits).await;
            assert_eq!(bin.data("bankName"), name);
            assert_eq!(bin.data("bankCode"), code);
        }
        let asked =
            json!({"cardNumber": card, "expireYear": "2044", "expireMonth": "07", "cvc": "000"});
        let rewards = world
            .post("/payment/v1/card-loyalties/retrieve", asked)
            .await
            .ok();
        assert_eq!(rewards.data("cardIssuerBankName"), name);
        assert_eq!(rewards.data("cardIssuerBankId"), code);
        let paid = world
            .post("/payment/v1/card-payments", payment(card))
            .await
            .ok();
        assert_eq!(paid.data("cardIssuerBankName"), name);
        assert_eq!(paid.data("cardIssuerBankId"), code);
    }
    for (name, pos) in [(YKB, ykb()), (GARANTI, garanti())] {
        let made = world
            .post("/merchant/v1/merchant-poses", with(pos, json!({})))
            .await
            .ok();
        assert_eq!(made.data("bankName"), name);
    }
    let items = &application("064")["cartItems"];
    let offers = json!({"apmType": "MASLAK", "price": 10000, "currency": "TRY", "items": items});
    let offers = world
        .post("/payment/v1/bnpl-payments/offers", offers)
        .await
        .ok();
    let offered = offers.data("bankOffers").as_array().unwrap();
    let isbank = offered.iter().find(|offer| offer["bankCode"] == "064");
    assert_eq!(isbank.unwrap()["bankName"], "T. İŞ BANKASI A.Ş.");
}
