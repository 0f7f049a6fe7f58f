//! Cards that a small payment verifies: what is charged, what goes back, what is stored, and what nobody keeps
//! whatever fails between.

use crate::bad_input::{
    NOT_A_TEXT, NOT_AN_AMOUNT, Spoiled, all_refused, bad, each, long, missing, nothing_happened,
    refused,
};
use crate::page_sales::{MD_0, garanti_sells_by_page};
use crate::panel::Panel;
use crate::shop::{
    BANKS, Begun, FOREIGN, GARANTI, MANY, NO_FUNDS, OTP, Reply, Shop, YKB, called_back, declines,
    payment, with,
};
use serde_json::{Value, json};
use server::operations::Role;

pub const VERIFY: &str = "/payment/v1/cards/verify";
const CALLBACK_URL: &str = "https://shop.example.com/card";

/// A verification of a card by ten liras.
pub fn verification(number: &str, kind: &str) -> Value {
    json!({
        "card": {
            "cardHolderName": "Haluk Demir", "cardNumber": number, "expireYear": "2044",
            "expireMonth": "07", "cvc": "000", "cardAlias": "My card"
        },
        "paymentAuthenticationType": kind, "verificationPrice": 10, "currency": "TRY",
        "conversationId": "456d1297", "clientIp": "127.0.0.1", "callbackUrl": CALLBACK_URL
    })
}

impl Shop {
    async fn verifies_card(&self, number: &str, kind: &str) -> Reply {
        self.post(VERIFY, verification(number, kind)).await
    }

    /// The last payment, as reports tell it.
    async fn last_payment(&self) -> Value {
        self.search("").await.data("items.0").clone()
    }

    async fn stored(&self) -> i64 {
        let found = self.get("/payment/v1/cards").await.ok();
        found.data("totalSize").as_i64().unwrap()
    }

    /// A verification with 3DS whose shopper has not been anywhere.
    async fn begins_verification(&self, number: &str) -> Begun<'_> {
        let init = self.verifies_card(number, "THREE_DS").await.ok();
        assert_eq!(init.text("cardVerifyStatus"), "THREE_DS_PENDING");
        assert_eq!(init.text("merchantCallbackUrl"), CALLBACK_URL);
        for nothing in ["cardUserKey", "cardToken", "refundStatus"] {
            assert!(init.data(nothing).is_null(), "{nothing}");
        }
        let id = self.last_payment().await["id"].as_i64().unwrap();
        Begun::about(self, id, init)
    }

    /// What the bank keeps of the only order.
    async fn kept(&self) -> i64 {
        let orders = self.orders().await;
        let minor = |order: &Value, name: &str| order[name].as_i64().unwrap_or(0);
        let kept = |order: &Value| {
            minor(order, "captured") - minor(order, "voided") - minor(order, "refunded")
        };
        orders.iter().map(kept).sum()
    }
}

fn pays_with(keys: Value) -> Value {
    let mut request = payment(GARANTI);
    request["card"] = keys;
    request
}

fn keys(of: &Reply) -> Value {
    json!({"cardUserKey": of.text("cardUserKey"), "cardToken": of.text("cardToken")})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_stored_without_asking_a_bank() {
    let shop = Shop::open().await;
    let stored = shop.verifies_card(GARANTI, "NONE").await.ok();
    assert_eq!(stored.text("cardVerifyStatus"), "SUCCESS");
    assert!(stored.data("refundStatus").is_null());
    assert!(shop.orders().await.is_empty());
    assert_eq!(shop.payments().await, 0);
    assert!(!stored.body.to_string().contains(GARANTI));
    shop.pays_as(pays_with(keys(&stored))).await.succeeded();
    // To a person who is known; without an amount, which nothing is charged of.
    let person = stored.text("cardUserKey");
    let alone = json!({
        "card": {"cardHolderName": "Haluk Demir", "cardNumber": YKB, "expireYear": "2044",
            "expireMonth": "07", "cardUserKey": person},
        "paymentAuthenticationType": "NONE"
    });
    let second = shop.post(VERIFY, alone.clone()).await.ok();
    assert_eq!(second.text("cardUserKey"), person);
    let stranger = with(alone, json!({"card": {"cardUserKey": "nobody"}}));
    let stranger = shop.post(VERIFY, stranger).await;
    stranger.refused(422, 4156);
    assert_eq!(stranger.field(), "card.cardUserKey");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_payment_verifies_a_card_and_is_given_back() {
    for (bank, card) in BANKS {
        let shop = Shop::open().await;
        shop.noon().await;
        let verified = shop.verifies_card(card, "NON_THREE_DS").await.ok();
        assert_eq!(verified.text("cardVerifyStatus"), "SUCCESS", "{bank}");
        assert_eq!(verified.text("refundStatus"), "SUCCESS", "{bank}");
        for nothing in ["htmlContent", "redirectUrl", "merchantCallbackUrl"] {
            assert!(verified.data(nothing).is_null(), "{bank} {nothing}");
        }
        let order = shop.orders().await.remove(0);
        assert_eq!(
            (&order["state"], &order["voided"]),
            (&json!("voided"), &json!(1000))
        );
        let paid = shop.last_payment().await;
        for (name, value) in [
            ("paymentStatus", json!("SUCCESS")),
            ("paidPrice", json!(10)),
            ("refundStatus", json!("FULLY_REFUNDED")),
            ("refundablePrice", json!(0)),
            ("additionalData", json!({"cardVerification": true})),
            ("conversationId", json!("456d1297")),
        ] {
            assert_eq!(paid[name], value, "{bank} {name}");
        }
        // The card pays, and is told as what it is.
        let listed = shop.get("/payment/v1/cards").await.ok();
        assert_eq!(listed.text("items.0.cardAlias"), "My card");
        shop.pays_as(pays_with(keys(&verified))).await.succeeded();
        shop.wait(60).await;
        for event in ["API_AUTH", "REFUND"] {
            assert!(!shop.hooks(event).is_empty(), "{bank} {event}");
        }
        // Nothing is due any more, and nothing is given back twice.
        shop.wait(3 * 24 * 60 * 60).await;
        assert_eq!(shop.kept().await, 10_000, "{bank}");
        let id = paid["id"].as_i64().unwrap();
        shop.refunds(id).await.refused(422, 9007);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_the_bank_refuses_is_not_stored() {
    let shop = Shop::open().await;
    for kind in ["NON_THREE_DS", "THREE_DS"] {
        if kind == "NON_THREE_DS" {
            shop.verifies_card(NO_FUNDS, kind)
                .await
                .declined("NOT_SUFFICIENT_FUNDS");
        } else {
            let begun = shop.begins_verification(NO_FUNDS).await;
            let callback = begun.returns(OTP).await.callback;
            assert_eq!(callback.field("status"), "FAILURE");
        }
        let all = "select count(*) as n from stored_cards";
        assert_eq!(shop.count(all).await, 0, "{kind}");
        assert_eq!(shop.kept().await, 0, "{kind}");
        assert_eq!(
            shop.last_payment().await["paymentStatus"],
            "FAILURE",
            "{kind}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_in_doubt_stores_nothing_that_is_usable_and_keeps_no_money() {
    for (bank, card) in BANKS {
        for (fault, completes) in [
            ("lose_reply", false),
            ("lose_reply", true),
            ("http_500", true),
        ] {
            let shop = Shop::open().await;
            // Also where a merchant takes what turns out to be taken.
            shop.merchant_with(|merchant| merchant.completes_doubt = completes)
                .await;
            shop.fault(bank, "sale", fault).await;
            let id = shop.verifies_card(card, "NON_THREE_DS").await.in_doubt();
            assert_eq!(shop.stored().await, 0, "{bank} {fault}");
            for wait in [5, 30, 120] {
                shop.wait(wait).await;
            }
            assert_eq!(shop.outcome(id).await, "FAILURE", "{bank} {fault}");
            assert_eq!(shop.kept().await, 0, "{bank} {fault}");
            let all = "select count(*) as n from stored_cards";
            assert_eq!(shop.count(all).await, 0, "{bank} {fault}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_does_not_go_back_at_once_goes_back_later() {
    for (bank, card) in BANKS {
        for (operation, fault, told) in [
            // Refused, with a code that says nothing of the day.
            ("void", declines("05"), "FAILURE"),
            // In doubt: made, and not made.
            ("void", json!({"kind": "lose_reply"}), "WAITING"),
            ("void", json!({"kind": "http_500"}), "WAITING"),
            // The bank does not say what it gave back so far.
            ("inquire", json!({"kind": "http_500"}), "WAITING"),
        ] {
            let what = format!("{bank} {operation} {fault}");
            let shop = Shop::open().await;
            shop.noon().await;
            shop.fault(bank, operation, fault.clone()).await;
            let verified = shop.verifies_card(card, "NON_THREE_DS").await.ok();
            assert_eq!(verified.text("cardVerifyStatus"), "SUCCESS", "{what}");
            assert_eq!(verified.text("refundStatus"), told, "{what}");
            assert_eq!(shop.stored().await, 1, "{what}");
            for wait in [5, 30, 60, 60, 120, 600] {
                shop.wait(wait).await;
            }
            assert_eq!(shop.kept().await, 0, "{what}");
            assert_eq!(
                shop.last_payment().await["refundStatus"],
                "FULLY_REFUNDED",
                "{what}"
            );
            let due = "select count(*) as n from attempts where inquire_at is not null";
            assert_eq!(shop.count(due).await, 0, "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bank_keeps_refusing_is_asked_for_with_growing_waits_and_not_for_ever() {
    let shop = Shop::open().await;
    shop.noon().await;
    shop.faults(MANY, "garanti", "void", declines("05")).await;
    shop.faults(MANY, "garanti", "refund", declines("05")).await;
    let verified = shop.verifies_card(GARANTI, "NON_THREE_DS").await.ok();
    assert_eq!(verified.text("refundStatus"), "FAILURE");
    let asked = async || shop.met("void").await + shop.met("refund").await;
    // Not again before a wait, and then less and less.
    shop.work().await;
    assert_eq!(asked().await, 1);
    for _ in 0..60 {
        shop.wait(60).await;
    }
    let in_an_hour = asked().await;
    assert!((4..=8).contains(&in_an_hour), "{in_an_hour}");
    // A person gives it back outside, and nothing is due any more.
    let id = shop.last_payment().await["id"].as_i64().unwrap();
    let mark = json!({"paymentId": id});
    shop.post("/payment/v1/refunds/mark-as-refunded", mark)
        .await
        .ok();
    shop.wait(24 * 60 * 60).await;
    let due = "select count(*) as n from attempts where inquire_at is not null";
    assert_eq!(shop.count(due).await, 0);
    assert_eq!(asked().await, in_an_hour);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_3ds_the_gateway_completes_gives_back_and_tells_the_shop_by_the_browser() {
    for (bank, card) in BANKS {
        let shop = Shop::open().await;
        shop.noon().await;
        let begun = shop.begins_verification(card).await;
        assert_eq!(shop.stored().await, 0);
        let back = begun.way_back().await;
        let callback = called_back(back.submit(&shop.http, &[]).await);
        assert_eq!(callback.action, CALLBACK_URL);
        for (name, value) in [
            ("status", "SUCCESS"),
            ("completeStatus", "COMPLETED"),
            ("cardVerifyStatus", "SUCCESS"),
            ("refundStatus", "SUCCESS"),
            ("conversationId", "456d1297"),
            ("mdStatus", "1"),
            ("paymentId", &begun.id.to_string()),
        ] {
            assert_eq!(callback.field(name), value, "{bank} {name}");
        }
        let keys = json!({
            "cardUserKey": callback.field("cardUserKey"), "cardToken": callback.field("cardToken")
        });
        let paid = shop.payment(begun.id).await;
        assert_eq!(
            (paid.outcome(), paid.data("isThreeDS")),
            ("SUCCESS", &json!(true))
        );
        assert_eq!(shop.kept().await, 0, "{bank}");
        shop.pays_as(pays_with(keys)).await.succeeded();
        // The same way again tells nothing new, and no keys.
        let again = called_back(back.submit(&shop.http, &[]).await);
        assert_eq!(again.field("callbackStatus"), "ALREADY_RETURNED", "{bank}");
        assert_eq!(again.field("status"), "FAILURE", "{bank}");
        assert_eq!(
            (again.field("cardToken"), again.field("refundStatus")),
            ("", "")
        );
        shop.wait(60).await;
        for event in ["THREEDS_VERIFY", "API_AUTH", "REFUND"] {
            assert!(!shop.hooks(event).is_empty(), "{bank} {event}");
        }
        // A shop that completes it too is told how it stands.
        shop.completes(begun.id).await.succeeded();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_3ds_verification_that_fails_stores_nothing() {
    for (bank, card) in BANKS {
        let shop = Shop::open().await;
        let wrong = shop
            .begins_verification(card)
            .await
            .cancels()
            .await
            .callback;
        for (name, value) in [
            ("status", "FAILURE"),
            ("cardVerifyStatus", "FAILURE"),
            ("completeStatus", "COMPLETED"),
            ("cardUserKey", ""),
            ("cardToken", ""),
            ("refundStatus", ""),
        ] {
            assert_eq!(wrong.field(name), value, "{bank} {name}");
        }
        // In doubt behind the return: the shop is told that it failed, and so it ends.
        shop.fault(bank, "threeds_finish", "lose_reply").await;
        let doubt = shop.begins_verification(card).await.returns(OTP).await;
        assert_eq!(doubt.callback.field("status"), "FAILURE", "{bank}");
        for wait in [5, 30, 120] {
            shop.wait(wait).await;
        }
        assert_eq!(shop.outcome(doubt.id).await, "FAILURE", "{bank}");
        // Nobody comes back.
        let lost = shop.begins_verification(card).await.id;
        shop.wait(24 * 60 * 60).await;
        assert_eq!(shop.outcome(lost).await, "FAILURE", "{bank}");
        let all = "select count(*) as n from stored_cards";
        assert_eq!(shop.count(all).await, 0, "{bank}");
        assert_eq!(shop.kept().await, 0, "{bank}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_a_page_that_sells_every_verification_is_complete() {
    let shop = Shop::open().await;
    shop.noon().await;
    garanti_sells_by_page(&shop).await;
    for (card, status) in [
        (GARANTI, "SUCCESS"),
        (MD_0, "FAILURE"),
        (NO_FUNDS, "FAILURE"),
    ] {
        let back = shop.begins_verification(card).await.way_back().await;
        for (told, complete) in [("", "COMPLETED"), ("ALREADY_RETURNED", "")] {
            let form = back.submit(&shop.http, &[]).await.form();
            let status = if told.is_empty() { status } else { "FAILURE" };
            let said = ["callbackStatus", "status", "completeStatus"];
            assert_eq!(
                said.map(|name| form.field(name)),
                [told, status, complete],
                "{card}"
            );
            let verified = if told.is_empty() { status } else { "" };
            assert_eq!(form.field("cardVerifyStatus"), verified, "{card}");
        }
    }
    assert_eq!(shop.kept().await, 0);
    assert_eq!(shop.stored().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_charges_a_small_amount_of_its_currency() {
    let shop = Shop::open().await;
    for (currency, price, most) in [("TRY", 100.01, "100.00"), ("USD", 10.01, "10.00")] {
        for kind in ["NONE", "NON_THREE_DS", "THREE_DS"] {
            let over = json!({"verificationPrice": price, "currency": currency});
            let reply = shop
                .post(VERIFY, with(verification(FOREIGN, kind), over))
                .await;
            reply.refused(400, 2011);
            assert_eq!(reply.field(), "verificationPrice", "{kind}");
            let told = reply.body["errors"]["errorDescription"].as_str().unwrap();
            assert!(told.contains("0.01") && told.contains(most), "{told}");
        }
    }
    nothing_happened(&shop).await;
    let most = json!({"verificationPrice": 100});
    let body = with(verification(FOREIGN, "NON_THREE_DS"), most);
    let verified = shop.post(VERIFY, body).await.ok();
    assert_eq!(verified.text("refundStatus"), "SUCCESS");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_verified_when_the_server_ended_is_completed_by_the_next_look() {
    for comes_again in [true, false] {
        let shop = Shop::open().await;
        shop.noon().await;
        let begun = shop.begins_verification(GARANTI).await;
        let back = begun.way_back().await;
        let form = back.form();
        let token = form.action.rsplit('/').next().unwrap();
        let token = token.split('?').next().unwrap();
        // The bank's word is written, and then the process ends.
        let returned = server::engine::three_ds::receive_return(&shop.app, token, &form.fields);
        assert!(returned.await.unwrap().is_some());
        assert_eq!(shop.outcome(begun.id).await, "CALLBACK_THREEDS");
        if comes_again {
            let callback = called_back(back.submit(&shop.http, &[]).await);
            assert_eq!(callback.field("status"), "SUCCESS");
            assert_ne!(callback.field("cardToken"), "");
        } else {
            shop.wait(5).await;
            assert_eq!(shop.outcome(begun.id).await, "CALLBACK_THREEDS");
            shop.wait(60).await;
        }
        assert_eq!(shop.outcome(begun.id).await, "SUCCESS", "{comes_again}");
        assert_eq!(shop.kept().await, 0, "{comes_again}");
        assert_eq!(shop.stored().await, 1, "{comes_again}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_with_the_same_key_verifies_once() {
    let shop = Shop::open().await;
    shop.noon().await;
    for kind in ["NONE", "NON_THREE_DS"] {
        let call = async || {
            shop.posts(VERIFY, verification(GARANTI, kind))
                .keyed(kind)
                .await
        };
        let (first, second) = (call().await.ok(), call().await.ok());
        assert_eq!(first.body, second.body, "{kind}");
    }
    assert_eq!(shop.orders().await.len(), 1);
    assert_eq!(shop.stored().await, 2);
    // With 3DS the page is made anew while the shopper is away, and behind it the answer is how it stands.
    let call = async || {
        shop.posts(VERIFY, verification(YKB, "THREE_DS"))
            .keyed("3ds")
            .await
    };
    let first = call().await.ok();
    let second = call().await.ok();
    assert_ne!(first.text("htmlContent"), second.text("htmlContent"));
    let id = shop.last_payment().await["id"].as_i64().unwrap();
    let callback = Begun::about(&shop, id, second)
        .returns(OTP)
        .await
        .verified()
        .callback;
    let third = call().await.ok();
    assert_eq!(third.text("cardVerifyStatus"), "SUCCESS");
    assert_eq!(third.text("refundStatus"), "SUCCESS");
    for key in ["cardUserKey", "cardToken"] {
        assert_eq!(third.text(key), callback.field(key));
    }
    assert_eq!(shop.orders().await.len(), 2);
    // A refusal is told again.
    let call = async || {
        shop.posts(VERIFY, verification(NO_FUNDS, "NON_THREE_DS"))
            .keyed("no")
            .await
    };
    let first = call().await.declined("NOT_SUFFICIENT_FUNDS");
    assert_eq!(call().await.declined("NOT_SUFFICIENT_FUNDS"), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_is_marked_where_people_look_and_is_no_turnover() {
    let shop = Shop::open().await;
    shop.noon().await;
    shop.pays(GARANTI).await.succeeded();
    let verified = shop.verifies_card(YKB, "NON_THREE_DS").await.ok();
    shop.verifies_card(GARANTI, "NONE").await.ok();
    let id = shop.last_payment().await["id"].as_i64().unwrap();
    let mut panel = Panel::sign_in(&shop, Role::ReadOnly).await;
    panel.language = "en";
    panel
        .get("/panel/payments")
        .await
        .ok()
        .has("Card verification");
    panel
        .get(&format!("/panel/payments/{id}"))
        .await
        .ok()
        .has("What is taken is given back");
    let overview = panel.get("/panel").await.ok();
    overview.has("100.00");
    overview.lacks("110.00");
    // Of the two cards one is verified.
    let user = format!("/panel/cards?user={}", verified.text("cardUserKey"));
    panel.get(&user).await.ok().lacks("Verification: none");
    let all = panel.get("/panel/cards").await.ok();
    assert_eq!(all.text.matches("Verification: none").count(), 1);
    let listed = [
        "card",
        "list",
        "--merchant",
        &shop.merchant.to_string(),
        "--json",
    ]
    .map(str::to_owned);
    let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
    let listed: Value = serde_json::from_str(&shop.run(&listed)).unwrap();
    let cards = listed.as_array().unwrap();
    assert_eq!(
        cards
            .iter()
            .filter(|card| !card["verifiedAt"].is_null())
            .count(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_goes_to_a_pos_that_can_take_it() {
    let shop = Shop::open().await;
    for pos in shop.poses().await {
        let path = format!("/merchant/v1/merchant-poses/{}", pos["id"]);
        let only = json!({"enabledPaymentAuthenticationTypes": ["THREE_DS"], "enablePaymentWithoutCvc": false});
        shop.put(&path, only).await.ok();
    }
    let refused = shop.verifies_card(GARANTI, "NON_THREE_DS").await;
    assert_eq!(
        (refused.status, refused.error_group()),
        (422, "REQUIRES_3DS")
    );
    let mut without = verification(GARANTI, "THREE_DS");
    without["card"].as_object_mut().unwrap().remove("cvc");
    let refused = shop.post(VERIFY, without).await;
    assert_eq!(
        (refused.status, refused.error_group()),
        (422, "CVC_REQUIRED")
    );
    for (card, code) in [(GARANTI, 3043), (FOREIGN, 5002)] {
        let euro = with(verification(card, "THREE_DS"), json!({"currency": "EUR"}));
        shop.post(VERIFY, euro).await.refused(422, code);
    }
    nothing_happened(&shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_is_named_and_nothing_is_stored() {
    for kind in ["NON_THREE_DS", "THREE_DS", "NONE"] {
        let mut table: Vec<Spoiled> = vec![
            missing("card"),
            missing("paymentAuthenticationType"),
            missing("card.cardNumber"),
            missing("card.expireYear"),
            missing("card.expireMonth"),
            missing("card.cardHolderName"),
            bad("card.cardNumber", "\"5209220000000003\""),
            bad("card.cardNumber", "\"\""),
            bad("card.expireYear", "\"2020\""),
            bad("card.expireYear", "\"1\""),
            bad("card.expireMonth", "\"13\""),
            bad("card.cvc", "\"00\""),
            bad("card.cvc", "\"0000\""),
            bad("card.cardHolderName", "\"a<b\""),
            long("card.cardAlias"),
            long("card.cardUserKey"),
            bad("conversationId", "\"=1\"".replace('=', "+").as_str()),
            long("conversationId"),
            long("callbackUrl"),
            bad("callbackUrl", "\"shop\""),
            bad("callbackUrl", "\"javascript:1\""),
            bad("currency", "\"XXX\""),
            bad("clientPort", "\"x\""),
        ];
        table.extend(each(
            "paymentAuthenticationType",
            &["\"BKM_EXPRESS\"", "1", "\"\""],
        ));
        table.extend(each("verificationPrice", NOT_AN_AMOUNT));
        table.extend(each(
            "verificationPrice",
            &["0", "\"0.00\"", "100.01", "10000000"],
        ));
        table.extend(each("conversationId", NOT_A_TEXT));
        table.extend(each("card", &["[1]", "7", "\"x\""]));
        if kind != "NONE" {
            table.extend([missing("verificationPrice"), missing("currency")]);
        }
        if kind == "THREE_DS" {
            table.extend([missing("callbackUrl"), bad("callbackUrl", "\"\"")]);
        }
        all_refused("POST", VERIFY, &verification(GARANTI, kind), table).await;
    }
    let shop = Shop::open().await;
    for (kind, field, over) in [
        ("NONE", "conversationId", json!({"conversationId": GARANTI})),
        (
            "NON_THREE_DS",
            "conversationId",
            json!({"conversationId": GARANTI}),
        ),
        (
            "NONE",
            "card.cardAlias",
            json!({"card": {"cardAlias": GARANTI}}),
        ),
        (
            "THREE_DS",
            "card.cardAlias",
            json!({"card": {"cardAlias": GARANTI}}),
        ),
        (
            "THREE_DS",
            "callbackUrl",
            json!({"callbackUrl": format!("https://a.example/{GARANTI}")}),
        ),
    ] {
        let body = with(verification(GARANTI, kind), over);
        let reply = shop.post(VERIFY, body).await;
        refused(&reply, 400, field, &format!("{kind} {field}"));
    }
    nothing_happened(&shop).await;
}
