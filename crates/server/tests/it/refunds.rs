//! Money back of whole payments: `/payment/v1/refunds`, its mark and the end of payments that wait.

use crate::panel::Panel;
use crate::refund_transactions::items;
use crate::shop::{BANKS, GARANTI, NO_FUNDS, OTP, Shop, YKB};
use serde_json::json;
use server::operations::Role;

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_of_today_is_cancelled() {
    let shop = Shop::open().await;
    for (bank, card) in BANKS {
        let id = shop.pays(card).await.succeeded().id();
        let refund = shop.refunds(id).await.ok();
        for (field, value) in [
            ("status", json!("SUCCESS")),
            ("refundType", json!("CANCEL")),
            ("refundPrice", json!(100)),
            ("refundBankPrice", json!(100)),
            ("refundWalletPrice", json!(0)),
            ("refundDestinationType", json!("PROVIDER")),
            ("currency", json!("TRY")),
            ("paymentId", json!(id)),
            ("paymentTransactionRefunds", json!([])),
        ] {
            assert_eq!(refund.data(field), &value, "{bank} {field}");
        }
        assert_eq!(shop.order_state(id).await, "voided", "{bank}");
        let path = format!("/payment/v1/refunds/{}", refund.data("id"));
        assert_eq!(shop.get(&path).await.ok().body, refund.body);

        let paid = shop.reported(id).await.succeeded();
        assert_eq!(paid.data("refundStatus"), "FULLY_REFUNDED");
        assert_eq!(paid.data("refundablePrice"), 0);
        assert_eq!(
            paid.data("paymentTransactions.0.refundStatus"),
            "FULLY_REFUNDED"
        );
        assert_eq!(paid.data("paymentTransactions.0.refundablePrice"), 0);
        assert_eq!(paid.data("refunds.0.id"), refund.data("id"));
        assert_eq!(paid.data("refunds.0.status"), "SUCCESS");
        shop.refunds(id).await.refused(422, 9007);
    }
    shop.wait(31).await;
    let told = shop.hooks("REFUND");
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].body["status"], "SUCCESS");
    assert!(shop.hooks("REFUND_TX").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_took_no_money_is_not_refunded() {
    let shop = Shop::open().await;
    let declined = shop.pays(NO_FUNDS).await.id();
    shop.refunds(declined).await.refused(422, 9002);
    let begun = shop.pays(GARANTI).begin_3ds().await;
    shop.refunds(begun.id).await.refused(422, 9002);
    shop.refunds(123).await.refused(404, 9001);
    shop.refunds_item(123, 1).await.refused(404, 9011);
    shop.get("/payment/v1/refunds/123").await.refused(404, 9009);
    assert_eq!(shop.count("select count(*) as n from refunds").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_whose_answer_is_lost_is_in_doubt_and_no_other_is_sent() {
    let shop = Shop::open().await;
    let id = shop.pays(GARANTI).await.succeeded().id();
    shop.fault("garanti", "void", "lose_reply").await;
    assert_eq!(shop.refunds(id).await.in_doubt(), id);
    let paid = shop.reported(id).await.succeeded();
    assert_eq!(paid.data("refundStatus"), "NOT_REFUNDED");
    assert_eq!(paid.data("refundablePrice"), 0);
    assert_eq!(paid.data("refunds.0.status"), "WAITING");
    shop.refunds(id).await.declined("TOO_MANY_REQUESTS");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_waits_is_ended_and_what_was_taken_goes_back() {
    let shop = Shop::open().await;
    for (bank, card) in BANKS {
        shop.fault(bank, "sale", "lose_reply").await;
        let id = shop.pays(card).await.in_doubt();
        assert_eq!(shop.ends(id).await.ok().data("status"), "SUCCESS");
        assert_eq!(shop.outcome(id).await, "FAILURE", "{bank}");
        assert_eq!(shop.order_state(id).await, "voided", "{bank}");
        assert_eq!(shop.ends(id).await.ok().data("status"), "SUCCESS");
    }
    // Verified, but not completed: no money moved.
    let paid = shop.pays(GARANTI).with_3ds(OTP).await;
    assert_eq!(shop.ends(paid.id).await.ok().data("status"), "SUCCESS");
    assert_eq!(shop.outcome(paid.id).await, "FAILURE");
    paid.completes().await.refused(422, 9003);
    // The shopper is still at the bank.
    let begun = shop.pays(GARANTI).begin_3ds().await;
    assert_eq!(shop.ends(begun.id).await.ok().data("status"), "SUCCESS");
    assert_eq!(begun.outcome().await, "FAILURE");
    // The bank does not say.
    shop.fault("garanti", "sale", "lose_reply").await;
    shop.fault("garanti", "inquire", "http_500").await;
    let id = shop.pays(GARANTI).await.in_doubt();
    assert_eq!(shop.ends(id).await.ok().data("status"), "WAITING");
    assert_eq!(shop.outcome(id).await, "WAITING");
    let paid = shop.pays(GARANTI).await.succeeded().id();
    shop.ends(paid).await.refused(422, 9002);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_back_outside_is_marked() {
    let shop = Shop::open().await;
    let paid = shop.pays(GARANTI).await.succeeded();
    let (id, first) = (paid.id(), paid.data("paymentTransactions.0.id").clone());
    let part = json!({"paymentTransactionId": first, "refundPrice": 10.5});
    let marked = shop
        .post("/payment/v1/refund-transactions/mark-as-refunded", part)
        .await
        .ok();
    assert_eq!(marked.data("refundPrice"), 10.5);
    assert_eq!(marked.data("paymentTransactionId"), &first);
    let rest = shop
        .post(
            "/payment/v1/refunds/mark-as-refunded",
            json!({"paymentId": id}),
        )
        .await
        .ok();
    let amounts: Vec<_> = rest
        .list("items")
        .iter()
        .map(|one| one["refundPrice"].to_string())
        .collect();
    assert_eq!(amounts, ["19.50", "70"]);
    let now = shop.reported(id).await.succeeded();
    assert_eq!(now.data("refundStatus"), "FULLY_REFUNDED");
    assert_eq!(shop.order_state(id).await, "captured");
    shop.wait(31).await;
    assert_eq!(shop.hooks("REFUND_TX").len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_gives_money_back_in_the_panel_if_their_role_may() {
    let shop = Shop::open().await;
    let paid = shop.pays(YKB).await.succeeded();
    let (id, item) = (paid.id(), items(&paid)[0].to_string());
    shop.day_passes().await;
    let (path, form) = (
        format!("/panel/payments/{id}"),
        format!("/panel/payments/{id}/refund"),
    );
    let mut support = Panel::sign_in(&shop, Role::Support).await;
    support.get(&path).await.ok().lacks(&form);
    let part = [
        ("item", item.as_str()),
        ("amount", "12,50"),
        ("how", "bank"),
        ("once", "a"),
    ];
    assert_eq!(support.post(&form, &part).await.status, 403);
    let mut finance = Panel::sign_in(&shop, Role::Finance).await;
    finance.language = "en";
    finance.get(&path).await.ok().has(&form);
    finance
        .post(&form, &part)
        .await
        .leads_to(&format!("{path}?done=refunded"));
    // A page that is sent twice gives back once.
    finance
        .post(&form, &part)
        .await
        .leads_to(&format!("{path}?done=sent_before"));
    let page = finance.get(&path).await.ok();
    page.has_all(&["12.50", "87.50"]);
    // What is wrong is told at its field.
    for (amount, how, text) in [
        ("17,51", "bank", "cannot be more than what is left"),
        ("0", "bank", "must be greater than zero"),
        ("x", "bank", "The amount is not clear"),
        ("1 2", "bank", "The amount is not clear"),
        ("1.250", "bank", "The amount is not clear"),
        ("1", "", "is required"),
    ] {
        let wrong = [("item", item.as_str()), ("amount", amount), ("how", how)];
        let page = finance.post(&form, &wrong).await;
        assert!((400..500).contains(&page.status), "{amount} {how}");
        page.has(text);
    }
    let outside = [("item", item.as_str()), ("amount", ""), ("how", "outside")];
    finance
        .post(&form, &outside)
        .await
        .leads_to(&format!("{path}?done=marked"));
    shop.fault("posnet", "refund", "lose_reply").await;
    let whole = [("item", ""), ("amount", ""), ("how", "bank")];
    finance
        .post(&form, &whole)
        .await
        .leads_to(&format!("{path}?done=refund_doubt"));
    finance.get("/panel/doubts").await.ok().has(&path);
    let open = server::store::refunds::open_of_payment(&shop.app, shop.merchant, id).await;
    let refund = open.unwrap().unwrap().id.to_string();
    let asked = finance
        .post(&format!("{path}/refund-inquire"), &[("refund", &refund)])
        .await;
    asked.leads_to(&format!("{path}?done=asked"));
    assert_eq!(
        shop.reported(id).await.data("refundStatus"),
        "FULLY_REFUNDED"
    );
    assert_eq!(shop.order(id).await["refunded"], 8_250);
    let told: Vec<String> = shop
        .audit("payment.refund")
        .await
        .into_iter()
        .map(|entry| entry.actor_kind)
        .collect();
    assert_eq!(told, ["USER", "USER", "USER"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_gives_money_back_by_command() {
    let shop = Shop::open().await;
    let paid = shop.pays(YKB).await.succeeded();
    let (merchant, id) = (shop.merchant.to_string(), paid.id().to_string());
    let item = items(&paid)[1].to_string();
    let refund = ["payment", "refund", "--merchant", &merchant, "--id", &id];
    let without_item = shop.fails(&[&refund[..], &["--amount", "5"]].concat());
    assert!(without_item.contains("item"), "{without_item}");
    let out = shop.run(
        &[
            &refund[..],
            &["--item", &item, "--amount", "12.5", "--made-outside"],
        ]
        .concat(),
    );
    assert!(out.contains("12.50 TRY"), "{out}");
    let shown = shop.run(&["payment", "show", "--merchant", &merchant, "--id", &id]);
    assert!(shown.contains("APPROVED"), "{shown}");
    let other = shop.pays(YKB).await.succeeded().id();
    let id = other.to_string();
    let refund = ["payment", "refund", "--merchant", &merchant, "--id", &id];
    shop.run(&refund);
    assert_eq!(shop.order_state(other).await, "voided");
    let nothing = shop.fails(&refund);
    assert!(nothing.contains("Nothing is left to refund"), "{nothing}");
}
