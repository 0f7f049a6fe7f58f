//! `/installment/v1/bins`, and the names of banks wherever they are told.

use crate::shop::{BONUS, Shop, WORLD, cart, garanti, ykb};

async fn of(shop: &Shop, digits: &str) -> crate::shop::Reply {
    let path = format!("/installment/v1/bins/{digits}");
    shop.get(&path).await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn six_digits_tell_what_eight_do_unless_their_cards_differ() {
    let shop = Shop::open().await;
    let (six, eight) = (of(&shop, "404308").await, of(&shop, "40430800").await);
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
    let (six, eight) = (of(&shop, "979267").await, of(&shop, "97926750").await);
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
    let shop = Shop::open().await;
    for (name, code, card, bins) in [
        (YKB, 67, WORLD, ["404809", "40480900"]),
        (GARANTI, 62, BONUS, ["404308", "40430800"]),
    ] {
        for digits in bins {
            let bin = of(&shop, digits).await;
            assert_eq!(bin.data("bankName"), name);
            assert_eq!(bin.data("bankCode"), code);
        }
        let rewards = shop.rewards(card).await.ok();
        assert_eq!(rewards.data("cardIssuerBankName"), name);
        assert_eq!(rewards.data("cardIssuerBankId"), code);
        let paid = shop.pays(card).await.ok();
        assert_eq!(paid.data("cardIssuerBankName"), name);
        assert_eq!(paid.data("cardIssuerBankId"), code);
    }
    for (name, pos) in [(YKB, ykb()), (GARANTI, garanti())] {
        let made = shop.post("/merchant/v1/merchant-poses", pos).await;
        assert_eq!(made.ok().data("bankName"), name);
    }
    let offers = shop.offers(10_000, cart()).await.ok();
    let offered = offers.list("bankOffers");
    let isbank = offered.iter().find(|offer| offer["bankCode"] == "064");
    assert_eq!(isbank.unwrap()["bankName"], "T. İŞ BANKASI A.Ş.");
}
