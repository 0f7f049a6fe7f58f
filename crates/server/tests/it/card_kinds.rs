//! What kind of card, seller or order a payment may have, and what each kind is told that may not.

use crate::bad_input::{Spoiled, all_refused, bad, missing, named, nothing_happened};
use crate::shop::{BANKS, FOREIGN, GARANTI, PAY, Shop, garanti, payment, with, ykb};
use serde_json::{Value, json};

/// A payment with a card as insurers have it.
fn insured() -> Value {
    let mut request = payment(GARANTI);
    request["card"] = json!({
        "binNumber": "52092200", "lastFourDigits": "0002", "cardHolderIdentityNumber": "12345678950"
    });
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn an_insurers_card_is_checked_and_no_pos_takes_it() {
    let shop = Shop::open().await;
    for path in [PAY.to_owned(), format!("{PAY}/3ds-init")] {
        let request = with(
            insured(),
            json!({"callbackUrl": "https://shop.example.com"}),
        );
        for identity in ["12345678950", "4810058590"] {
            let card = json!({"card": {"cardHolderIdentityNumber": identity}});
            let reply = shop.post(&path, with(request.clone(), card)).await;
            reply.refused(422, 5023);
            assert!(
                !reply.body.to_string().contains(identity),
                "{:#}",
                reply.body
            );
        }
        // The last four digits may be left out.
        let without = json!({"card": {"lastFourDigits": null}});
        shop.post(&path, with(request, without))
            .await
            .refused(422, 5023);
    }
    nothing_happened(&shop).await;
    // Beside a number they mean nothing.
    let both = json!({"card": {"binNumber": "x", "cardHolderIdentityNumber": "1"}});
    shop.pays(GARANTI).with(both).await.succeeded();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_of_an_insurers_card_is_named() {
    let table: Vec<Spoiled> = vec![
        missing("card.binNumber"),
        missing("card.cardHolderIdentityNumber"),
        bad("card.binNumber", "\"520922\""),
        bad("card.binNumber", "\"5209220000\""),
        bad("card.binNumber", "\"5209220x\""),
        bad("card.binNumber", "\"٥٢٠٩٢٢٠٠\""),
        bad("card.binNumber", "[1]"),
        bad("card.lastFourDigits", "\"002\""),
        bad("card.lastFourDigits", "\"00002\""),
        bad("card.lastFourDigits", "\"000x\""),
        bad("card.cardHolderIdentityNumber", "\"\""),
        bad("card.cardHolderIdentityNumber", "\"12345678951\""),
        bad("card.cardHolderIdentityNumber", "\"02345678950\""),
        bad("card.cardHolderIdentityNumber", "\"1234567891\""),
        bad("card.cardHolderIdentityNumber", "\"123456789\""),
        bad("card.cardHolderIdentityNumber", "\"123456789500\""),
        bad("card.cardHolderIdentityNumber", "true"),
        // What is wrong with the payment itself is told before.
        bad("paidPrice", "0"),
        named("price", "100.01", "items"),
    ];
    all_refused("POST", PAY, &insured(), table).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_of_a_bank_in_turkey_pays_in_lira_alone_and_one_from_abroad_at_once() {
    let shop = Shop::open().await;
    shop.pos(with(
        garanti(),
        json!({"name": "Dollars", "currency": "USD"}),
    ))
    .await;
    let dollars = json!({"currency": "USD"});
    for (_, card) in BANKS {
        for reply in [
            shop.pays(card).with(dollars.clone()).await,
            shop.pays(card).with(dollars.clone()).init_3ds().await,
        ] {
            reply.refused(422, 3043);
            assert_eq!(reply.field(), "currency");
        }
    }
    // A stored one neither.
    let card = json!({"cardHolderName": "Haluk Demir", "cardNumber": GARANTI, "expireYear": "2044", "expireMonth": "07"});
    let stored = shop.post("/payment/v1/cards", card).await.ok();
    let mut with_token = payment(GARANTI);
    with_token["card"] =
        json!({"cardUserKey": stored.text("cardUserKey"), "cardToken": stored.text("cardToken")});
    shop.pays_as(with_token)
        .with(dollars.clone())
        .await
        .refused(422, 3043);
    for currency in ["TRY", "USD"] {
        let call = || shop.pays(FOREIGN).with(json!({"currency": currency}));
        let instalments = call().with(json!({"installment": 2})).await;
        let told = (instalments.status, instalments.error_group());
        assert_eq!(told, (422, "NOT_PERMITTED_TO_INSTALLMENT"), "{currency}");
        call().await.succeeded();
    }
    assert_eq!(shop.payments().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn items_are_a_sellers_in_payments_of_products_in_lira() {
    let shop = Shop::open().await;
    shop.pos(with(ykb(), json!({"name": "Dollars", "currency": "USD"})))
        .await;
    let item =
        json!({"name": "x", "price": 100, "subMerchantMemberId": 7, "subMerchantMemberPrice": 90});
    let sells = |over: Value| {
        shop.pays(FOREIGN)
            .with(json!({"items": [item.clone()]}))
            .with(over)
    };
    let refused = sells(json!({"paymentGroup": "LISTING_OR_SUBSCRIPTION"})).await;
    refused.refused(400, 3041);
    assert_eq!(refused.field(), "items[0].subMerchantMemberId");
    let refused = sells(json!({"paymentGroup": "PRODUCT", "currency": "USD"})).await;
    refused.refused(422, 3042);
    assert_eq!(refused.field(), "items[0].subMerchantMemberId");
    nothing_happened_but_a_pos(&shop).await;
    sells(json!({"paymentGroup": "PRODUCT"})).await.succeeded();
    sells(json!({"paymentGroup": null})).await.succeeded();
    // Without sellers each group pays, in each currency.
    for group in ["PRODUCT", "LISTING_OR_SUBSCRIPTION"] {
        let over = json!({"paymentGroup": group, "currency": "USD"});
        let paid = shop.pays(FOREIGN).with(over).await.succeeded();
        assert_eq!(paid.text("paymentGroup"), group);
    }
}

async fn nothing_happened_but_a_pos(shop: &Shop) {
    assert_eq!(shop.payments().await, 0);
    assert!(shop.orders().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn additional_params_that_are_not_known_are_ignored_and_known_ones_hold() {
    let shop = Shop::open().await;
    for params in [
        json!({"threeDSCallbackVersion": 2}),
        json!({"threeDSCallbackVersion": "1"}),
        json!({"threeDSCallbackVersion": null, "msisdn": null, "paymentProvider": null}),
        json!({"paymentProvider": {}}),
        json!({"msisdn": "5551112233"}),
        json!({"msisdn": "+905551112233"}),
        json!({"msisdn": 905551112233_i64}),
        json!({"somethingNew": {"deep": [1, 2, {"x": null}]}, "another": true}),
        json!({}),
        json!([]),
    ] {
        let paid = shop
            .pays(GARANTI)
            .with(json!({"additionalParams": params}))
            .await;
        let paid = paid.succeeded();
        assert!(!paid.body.to_string().contains("somethingNew"), "{params}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_order_id_is_used_once_is_not_tried_elsewhere_and_is_free_after_a_decline() {
    let shop = Shop::open().await;
    let order = |id: &str| json!({"bankOrderId": id});
    let paid = shop.pays(GARANTI).with(order("ORDER1")).await.succeeded();
    assert_eq!(paid.text("orderId"), "ORDER1");
    let again = shop.pays(GARANTI).with(order("ORDER1")).await;
    assert_eq!(
        (again.status, again.error_group()),
        (422, "ORDER_ID_ALREADY_USED")
    );
    // Declined with a group after which another POS would be tried: it is not, and the id is free.
    shop.fault("garanti", "sale", crate::shop::declines("05"))
        .await;
    shop.pays(GARANTI)
        .with(order("ORDER2"))
        .await
        .declined("DO_NOT_HONOUR");
    assert_eq!(
        shop.ledger("ORDER2")
            .await
            .iter()
            .filter(|one| one["state"] == "captured")
            .count(),
        0
    );
    shop.pays(GARANTI).with(order("ORDER2")).await.succeeded();
}
