//! `/payment/v1/bnpl-payments`.

use crate::browser::fetch;
use crate::shop::{Applied, Reply, Shop, called_back, cart};
use insta::assert_snapshot;
use serde_json::{Value, json};
use server::operations::Actor;
use server::setup::{self, ApmSetup};
use server::store::db::{Commit, CommitError};
use server::store::loans;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn offers_depend_on_the_cart_and_one_bank_gives_no_plan() {
    let shop = Shop::open().await;
    let one = |name: &str, kind: &str, price: i64| json!([{"id": "1", "name": name, "brandName": "M", "type": kind, "unitPrice": price, "quantity": 1}]);
    let terms = |reply: &Reply, bank: &str| -> Vec<i64> {
        let mut offers = reply.list("bankOffers").iter();
        let offer = offers.find(|o| o["bankCode"] == bank).unwrap();
        let terms = offer["bankOfferTerms"].as_array().unwrap().iter();
        terms.map(|t| t["term"].as_i64().unwrap()).collect()
    };
    let furniture = shop.offers(10_000, cart()).await.ok();
    assert!(terms(&furniture, "064").iter().any(|term| *term > 3));
    assert!(terms(&furniture, "134").is_empty());
    let phone = one(
        "Telefon",
        "MOBILE_PHONE_PRICE_ABOVE_REGULATION_LIMIT",
        30_000,
    );
    let phone = shop.offers(30_000, phone).await.ok();
    assert!(terms(&phone, "064").iter().all(|term| *term <= 3));
    assert!(!terms(&phone, "064").is_empty());
    let gold = shop.offers(5_000, one("Altın", "GOLD", 5_000)).await.ok();
    assert!(gold.list("bankOffers").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn three_banks_approve_by_themselves() {
    let shop = Shop::open().await;
    for bank in ["064", "046", "032"] {
        let callback = shop.applied(bank).await.decides("approve").await;
        assert_eq!(callback.action, "https://shop.example.com/loan");
        assert_eq!(callback.field("paymentStatus"), "SUCCESS");
        assert_eq!(callback.field("apmAdditionalAction"), "NONE");
        assert_eq!(callback.field("additionalAction"), "NONE");
    }
    shop.wait(30).await;
    let hooks = shop.hooks("BNPL_NOTIFICATION");
    assert_eq!(hooks.len(), 3);
    assert_eq!(hooks[0].body["payload"]["additionalAction"], "NONE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manual_bank_waits_for_the_approval_which_happens_once() {
    let shop = Shop::open().await;
    let loan = shop.applied("103").await;
    assert_snapshot!(loan.init.shown(), @r#"
    {
      "data": {
        "paymentId": "[id]",
        "redirectUrl": "[page]",
        "paymentStatus": "WAITING",
        "additionalAction": "REDIRECT_TO_URL",
        "apmAdditionalAction": "REDIRECT_TO_URL"
      }
    }
    "#);
    let callback = loan.decides("approve").await;
    assert_eq!(callback.field("paymentStatus"), "WAITING");
    assert_eq!(callback.field("additionalAction"), "APPROVAL_REQUIRED");
    let first = loan.approves().await.succeeded();
    assert_eq!(loan.approves().await.ok().body, first.body);
    assert_eq!(shop.applications().await[0]["state"], "disbursed");
}

#[tokio::test(flavor = "multi_thread")]
async fn denizbank_assesses_for_long_and_the_webhook_brings_the_approval() {
    let shop = Shop::open().await;
    let loan = shop.applied("134").await;
    let callback = loan.decides("approve").await;
    assert_eq!(callback.field("paymentStatus"), "WAITING");
    assert_eq!(callback.field("additionalAction"), "WAIT_FOR_WEBHOOK");
    assert_eq!(loan.approves().await.status, 422);
    let order = shop.loan(loan.id).await.order_id;
    shop.lender_decides(&order, json!({"decision": "ready"}))
        .await;
    shop.wait(120).await;
    let told = shop.hooks("BNPL_NOTIFICATION").pop().unwrap();
    let action = &told.body["payload"]["additionalAction"];
    assert_eq!(action, "APPROVAL_REQUIRED");
    loan.approves().await.succeeded();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_and_a_replayed_return() {
    let shop = Shop::open().await;
    let loan = shop.applied("064").await;
    let page = loan.returns("decline").await;
    let callback = called_back(page.clone());
    assert_eq!(callback.field("paymentStatus"), "FAILURE");
    let again = fetch(&shop.http, "GET", &page.url, String::new()).await;
    let again = called_back(again.submit(&shop.http, &[]).await);
    assert_eq!(again.field("callbackStatus"), "ALREADY_RETURNED");
    assert_eq!(again.field("paymentStatus"), "FAILURE");
    let verified = loan.verifies().await.ok();
    assert_eq!(verified.outcome(), "FAILURE");
    assert_eq!(verified.data("responseStatus"), "DECLINED");
}

/// The lender's notification may be at work while the browser comes back: what it writes then must not
/// undo that the return was noted, or a replay would be taken for the first one.
#[tokio::test]
async fn a_return_stays_noted_whatever_else_is_written_meanwhile() {
    let shop = Shop::open().await;
    let loan = shop.applied("046").await;
    let read_before = shop.loan(loan.id).await;
    let mut returns = Commit::new(shop.merchant, loan.id);
    loans::mark_returned(shop.merchant, loan.id, &mut returns);
    shop.app.db.commit(returns).await.unwrap();

    let mut late = Commit::new(shop.merchant, loan.id);
    loans::save(&read_before, &read_before, &mut late);
    let refused = shop.app.db.commit(late).await;
    assert!(matches!(refused, Err(CommitError::Conflict { .. })));
    assert!(shop.loan(loan.id).await.returned);
    // And the whole way: the notification and every replay afterwards.
    let callback = loan.decides("approve").await;
    assert_eq!(callback.field("callbackStatus"), "ALREADY_RETURNED");
    assert_eq!(shop.reported(loan.id).await.outcome(), "SUCCESS");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lender_that_cannot_be_asked_asks_for_verification() {
    let shop = Shop::open().await;
    let loan = shop.applied("064").await;
    // The notification is lost too, so that only the browser's return asks.
    shop.lender_is_silent().await;
    shop.lender_faults(1, "inquire", "lose_reply").await;
    let callback = loan.decides("approve").await;
    assert_eq!(callback.field("paymentStatus"), "WAITING");
    assert_eq!(callback.field("additionalAction"), "VERIFY_REQUIRED");
    let body = json!({"paymentId": loan.id});
    let verified = shop.post("/payment/v1/bnpl-payments/verify", body).await;
    let verified = verified.succeeded();
    assert_eq!(verified.data("responseStatus"), "APPROVED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_that_is_ready_stays_so_while_the_lender_is_away() {
    let shop = Shop::open().await;
    let loan = shop.applied("103").await;
    let callback = loan.decides("approve").await;
    assert_eq!(callback.field("additionalAction"), "APPROVAL_REQUIRED");
    shop.lender_faults(1, "inquire", "http_500").await;
    let verified = loan.verifies().await.ok();
    assert_eq!(verified.data("additionalAction"), "APPROVAL_REQUIRED");
    loan.approves().await.succeeded();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_nobody_finishes_expires() {
    let shop = Shop::open().await;
    let loan = shop.applied("064").await;
    shop.wait(3700).await;
    shop.wait(60).await;
    let read = shop.reported(loan.id).await;
    assert_eq!(read.outcome(), "FAILURE");
    assert_eq!(read.data("paymentError.errorGroup"), "BNPL_CANCELLED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_approval_mode_makes_an_automatic_bank_wait() {
    let shop = Shop::open().await;
    let modes = [("064", "MANUAL"), ("103", "AUTO")];
    let flipped = ApmSetup {
        approval_modes: modes
            .map(|(bank, mode)| (bank.to_owned(), mode.to_owned()))
            .to_vec(),
        ..ApmSetup::default()
    };
    let by = Actor::operator();
    let edited = setup::edit_apm(&shop.app, &by, shop.merchant, shop.apm, flipped);
    edited.await.unwrap();
    for (bank, action) in [("064", "APPROVAL_REQUIRED"), ("103", "NONE")] {
        let callback = shop.applied(bank).await.decides("approve").await;
        assert_eq!(callback.field("additionalAction"), action, "{bank}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_feature_or_the_method_off_nothing_is_stored() {
    let shop = Shop::open().await;
    let refused = |reply: Reply| {
        assert_eq!(reply.status, 422, "{:#}", reply.body);
        assert!(reply.error_code() < 10_000);
    };
    shop.lender_is_active(shop.apm, false).await;
    refused(shop.applies("064").await);
    shop.may_lend(false).await;
    refused(shop.applies("064").await);
    refused(shop.offers(10_000, cart()).await);
    assert_eq!(shop.payments().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn notification_first_browser_first_or_only_one_of_them_end_alike() {
    for (notified, returns) in [(true, true), (false, true), (true, false)] {
        let shop = Shop::open().await;
        let loan = shop.applied("064").await;
        if !notified {
            shop.lender_is_silent().await;
        }
        if returns {
            let callback = loan.decides("approve").await;
            assert_eq!(callback.field("paymentStatus"), "SUCCESS");
        } else {
            let order = shop.loan(loan.id).await.order_id;
            let approve = json!({"decision": "approve"});
            shop.lender_decides(&order, approve).await;
        }
        shop.wait(30).await;
        let case = format!("notified {notified}, returned {returns}");
        assert_eq!(shop.reported(loan.id).await.outcome(), "SUCCESS", "{case}");
        assert_eq!(shop.hooks("BNPL_NOTIFICATION").len(), 1, "{case}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_approvals_at_once_disburse_once() {
    let shop = Shop::open().await;
    let loan = shop.applied("103").await;
    loan.decides("approve").await;
    let (one, two) = tokio::join!(loan.approves(), loan.approves());
    // Who comes while the lender is being asked may be told of doubt, and never of failure.
    for reply in [&one, &two] {
        let told = reply.status == 200 || reply.error_group() == "COMMUNICATION_OR_SYSTEM_ERROR";
        assert!(told, "{} {:#}", reply.status, reply.body);
    }
    assert!(one.status == 200 || two.status == 200);
    loan.approves().await.succeeded();
    shop.wait(30).await;
    let told = shop.hooks("BNPL_NOTIFICATION").into_iter();
    let disbursed = told.filter(|h| h.body["payload"]["additionalAction"] == "NONE");
    assert_eq!(disbursed.count(), 1);
}

/// Decides about the application that is taken and notified of, and not yet answered.
async fn decide_before_the_answer(shop: &Shop, decision: &str) {
    let notified = |loan: &Value| loan["notifications"][0]["outcome"] == "delivered";
    let order = loop {
        match shop.applications().await.into_iter().find(notified) {
            Some(loan) => break loan["orderId"].as_str().unwrap().to_owned(),
            None => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    let decision = json!({"decision": decision, "seconds": 600});
    shop.lender_decides(&order, decision).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_faster_than_the_answer_leaves_the_shopper_a_page_to_go_to() {
    // As it was taken, and with a decision of the bank before the answer arrives.
    for (decision, action) in [
        (None, "REDIRECT_TO_URL"),
        (Some("assess"), "WAIT_FOR_WEBHOOK"),
        (Some("ready"), "APPROVAL_REQUIRED"),
    ] {
        let shop = Shop::open().await;
        let early = json!({"kind": "notify_first", "ms": 500});
        shop.lender_faults(1, "apply", early).await;
        let (init, ()) = tokio::join!(shop.applies("103"), async {
            if let Some(decision) = decision {
                decide_before_the_answer(&shop, decision).await;
            }
        });
        let loan = Applied::of(&shop, init);
        assert_eq!(loan.init.outcome(), "WAITING", "{decision:?}");
        assert_eq!(loan.init.data("additionalAction"), action, "{decision:?}");
        // Who was sent on goes through like anybody.
        assert!(loan.address().starts_with(&shop.bank));
        if decision.is_none() {
            let callback = loan.decides("approve").await;
            assert_eq!(callback.field("additionalAction"), "APPROVAL_REQUIRED");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_that_is_only_opened_or_comes_too_early_uses_nothing_up() {
    let shop = Shop::open().await;
    let loan = shop.applied("064").await;
    let shopper = fetch(&shop.http, "GET", loan.address(), String::new()).await;
    // The shopper goes back undecided, or a scanner with scripts was there first: nothing is decided.
    let undecided = loan.returns("close").await;
    for _ in 0..2 {
        let early = fetch(&shop.http, "POST", &undecided.url, String::new()).await;
        let early = called_back(early);
        assert_eq!(early.field("paymentStatus"), "WAITING");
        assert_eq!(early.field("additionalAction"), "WAIT_FOR_WEBHOOK");
        assert_eq!(early.field("callbackStatus"), "");
    }
    // The bank's page is still the shopper's; a link scanner is faster than they are.
    let opened = shopper.submit(&shop.http, &[("action", "approve")]).await;
    for _ in 0..3 {
        for method in ["GET", "HEAD"] {
            let looked = fetch(&shop.http, method, &undecided.url, String::new()).await;
            assert_eq!(looked.status, 200);
            assert!(!looked.html.contains("hashParams"), "{}", looked.html);
        }
    }
    let callback = called_back(opened.submit(&shop.http, &[]).await);
    assert_eq!(callback.field("paymentStatus"), "SUCCESS");
    assert_eq!(callback.field("callbackStatus"), "");
    let unknown = format!("{}/pages/loan-return/AAAAAAAAAAAAAAAAAAAAAA", shop.gateway);
    let unknown = fetch(&shop.http, "GET", &unknown, String::new()).await;
    assert_eq!(unknown.status, 404);
}
