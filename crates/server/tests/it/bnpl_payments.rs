//! `/payment/v1/bnpl-payments`.

use crate::browser::{Form, Page, fetch};
use crate::world::{CALLBACK_KEY, Reply, World};
use contract::signature::callback_hash_v2;
use serde_json::{Value, json};
use server::operations::By;
use server::store::db::{Commit, CommitError};
use server::store::loans;
use std::time::Duration;

pub fn cart() -> Value {
    json!([
        {"id": "200", "name": "Oyun konsolu", "brandName": "Marka", "type": "GAMES_CONSOLES", "unitPrice": 3000, "quantity": 2},
        {"id": "100", "name": "Mobilya", "brandName": "Marka", "type": "FURNITURE", "unitPrice": 4000, "quantity": 1}
    ])
}

pub fn application(bank_code: &str) -> Value {
    json!({
        "apmType": "MASLAK", "price": 10000, "paidPrice": 10000, "currency": "TRY", "paymentGroup": "PRODUCT",
        "conversationId": "loan-1", "callbackUrl": "https://shop.example.com/loan", "bankCode": bank_code,
        "items": [{"name": "Sepet", "price": 10000}],
        "cartItems": cart(),
        "additionalParams": {
            "buyerIdentityNumber": "12345678950", "buyerPhoneNumber": "5551112233", "buyerBirthdate": "1990-01-01",
            "fingate": {"totalTerm": 6}
        }
    })
}

pub async fn applied(world: &World, bank_code: &str) -> Reply {
    let reply = world
        .post("/payment/v1/bnpl-payments/init", application(bank_code))
        .await
        .ok();
    assert_eq!(reply.data("paymentStatus"), "WAITING");
    assert_eq!(reply.data("additionalAction"), "REDIRECT_TO_URL");
    assert_eq!(reply.data("apmAdditionalAction"), "REDIRECT_TO_URL");
    reply
}

/// The shopper decides on the bank's page and comes back; the shop's callback form, its hash checked.
pub async fn decided(world: &World, redirect_url: &str, action: &str) -> Form {
    called_back(returned(world, redirect_url, action).await)
}

/// Galata's page after the shopper decided.
async fn returned(world: &World, redirect_url: &str, action: &str) -> Page {
    let page = fetch(&world.http, "GET", redirect_url, String::new()).await;
    assert_eq!(page.status, 200, "{}", page.html);
    let opened = page.submit(&world.http, &[("action", action)]).await;
    opened.submit(&world.http, &[]).await
}

#[track_caller]
fn called_back(returned: Page) -> Form {
    assert_eq!(returned.status, 200, "{}", returned.html);
    let form = returned.form();
    let names: Vec<&str> = form.field("hashParams").split(':').collect();
    let fields: Vec<(&str, &str)> = names.iter().map(|name| (*name, form.field(name))).collect();
    assert_eq!(
        callback_hash_v2(CALLBACK_KEY, &fields).1,
        form.field("hash")
    );
    form
}

#[tokio::test(flavor = "multi_thread")]
async fn offers_depend_on_the_cart_and_one_bank_gives_no_plan() {
    let world = World::open().await;
    let offers = |price: i64, items: Value| {
        world.post(
            "/payment/v1/bnpl-payments/offers",
            json!({"apmType": "MASLAK", "price": price, "currency": "TRY", "items": items}),
        )
    };
    let furniture = offers(10000, cart()).await.ok();
    let phone = json!([{"id": "1", "name": "Telefon", "brandName": "M", "type": "MOBILE_PHONE_PRICE_ABOVE_REGULATION_LIMIT", "unitPrice": 30000, "quantity": 1}]);
    let phone = offers(30000, phone).await.ok();
    let terms = |reply: &Reply, bank: &str| -> Vec<i64> {
        let offers = reply.data("bankOffers").as_array().unwrap();
        let offer = offers.iter().find(|o| o["bankCode"] == bank).unwrap();
        offer["bankOfferTerms"]
            .as_array()
            .unwrap()
            .iter()
            .map(|t| t["term"].as_i64().unwrap())
            .collect()
    };
    assert!(terms(&furniture, "064").iter().any(|term| *term > 3));
    assert!(terms(&phone, "064").iter().all(|term| *term <= 3));
    assert!(!terms(&phone, "064").is_empty());
    assert!(terms(&furniture, "134").is_empty());
    let gold = json!([{"id": "1", "name": "Altın", "brandName": "M", "type": "GOLD", "unitPrice": 5000, "quantity": 1}]);
    let gold = offers(5000, gold).await.ok();
    assert_eq!(gold.data("bankOffers").as_array().unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn three_banks_approve_by_themselves() {
    let world = World::open().await;
    for bank in ["064", "046", "032"] {
        let init = applied(&world, bank).await;
        let callback = decided(
            &world,
            init.data("redirectUrl").as_str().unwrap(),
            "approve",
        )
        .await;
        assert_eq!(callback.action, "https://shop.example.com/loan");
        assert_eq!(callback.field("paymentStatus"), "SUCCESS");
        assert_eq!(callback.field("apmAdditionalAction"), "NONE");
        assert_eq!(callback.field("additionalAction"), "NONE");
    }
    world.wait(30).await;
    let hooks = world.hooks("BNPL_NOTIFICATION");
    assert_eq!(hooks.len(), 3);
    assert_eq!(hooks[0].body["payload"]["additionalAction"], "NONE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manual_bank_waits_for_the_approval_which_happens_once() {
    let world = World::open().await;
    let init = applied(&world, "103").await;
    let id = init.data("paymentId").clone();
    let callback = decided(
        &world,
        init.data("redirectUrl").as_str().unwrap(),
        "approve",
    )
    .await;
    assert_eq!(callback.field("paymentStatus"), "WAITING");
    assert_eq!(callback.field("additionalAction"), "APPROVAL_REQUIRED");
    let approved = world
        .post(
            &format!("/payment/v1/bnpl-payments/{id}/approve"),
            Value::Null,
        )
        .await;
    let first = approved.ok();
    assert_eq!(first.data("paymentStatus"), "SUCCESS");
    let second = world
        .post(
            &format!("/payment/v1/bnpl-payments/{id}/approve"),
            Value::Null,
        )
        .await
        .ok();
    assert_eq!(second.body, first.body);
    let loans = world.control("GET", "/control/loans", Value::Null).await;
    assert_eq!(loans["loans"][0]["state"], "disbursed", "{loans:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn denizbank_assesses_for_long_and_the_webhook_brings_the_approval() {
    let world = World::open().await;
    let init = applied(&world, "134").await;
    let id = init.data("paymentId").clone();
    let callback = decided(
        &world,
        init.data("redirectUrl").as_str().unwrap(),
        "approve",
    )
    .await;
    assert_eq!(callback.field("paymentStatus"), "WAITING");
    assert_eq!(callback.field("additionalAction"), "WAIT_FOR_WEBHOOK");
    let early = world
        .post(
            &format!("/payment/v1/bnpl-payments/{id}/approve"),
            Value::Null,
        )
        .await;
    assert_eq!(early.status, 422);
    let loans = world.control("GET", "/control/loans", Value::Null).await;
    let order = loans["loans"][0]["orderId"].as_str().unwrap().to_owned();
    world
        .control(
            "POST",
            &format!("/control/loans/{order}/decision"),
            json!({"decision": "ready"}),
        )
        .await;
    world.wait(120).await;
    let hooks = world.hooks("BNPL_NOTIFICATION");
    assert_eq!(
        hooks.last().unwrap().body["payload"]["additionalAction"],
        "APPROVAL_REQUIRED"
    );
    let done = world
        .post(
            &format!("/payment/v1/bnpl-payments/{id}/approve"),
            Value::Null,
        )
        .await
        .ok();
    assert_eq!(done.data("paymentStatus"), "SUCCESS");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_and_a_replayed_return() {
    let world = World::open().await;
    let init = applied(&world, "064").await;
    let url = init.data("redirectUrl").as_str().unwrap().to_owned();
    let page = returned(&world, &url, "decline").await;
    let callback = called_back(page.clone());
    assert_eq!(callback.field("paymentStatus"), "FAILURE");
    let again = fetch(&world.http, "GET", &page.url, String::new()).await;
    let again = called_back(again.submit(&world.http, &[]).await);
    assert_eq!(again.field("callbackStatus"), "ALREADY_RETURNED");
    assert_eq!(again.field("paymentStatus"), "FAILURE");
    let id = init.data("paymentId");
    let verified = world
        .post(
            &format!("/payment/v1/bnpl-payments/{id}/verify"),
            Value::Null,
        )
        .await
        .ok();
    assert_eq!(verified.data("paymentStatus"), "FAILURE");
    assert_eq!(verified.data("responseStatus"), "DECLINED");
}

/// The lender's notification may be at work while the browser comes back: what it writes then must not
/// undo that the return was noted, or a replay would be taken for the first one.
#[tokio::test]
async fn a_return_stays_noted_whatever_else_is_written_meanwhile() {
    let world = World::open().await;
    let init = applied(&world, "046").await;
    let id = init.data("paymentId").as_i64().unwrap();
    let read = || async {
        let loan = loans::of_payment(&world.app, world.merchant, id).await;
        loan.unwrap().unwrap()
    };
    let read_before = read().await;
    let mut returns = Commit::new(world.merchant, id);
    loans::mark_returned(world.merchant, id, &mut returns);
    world.app.db.commit(returns).await.unwrap();

    let mut late = Commit::new(world.merchant, id);
    loans::save(&read_before, &read_before, &mut late);
    let refused = world.app.db.commit(late).await;
    assert!(matches!(refused, Err(CommitError::Conflict { .. })));
    assert!(read().await.returned);
    // And the whole way: the notification and every replay afterwards.
    let url = init.data("redirectUrl").as_str().unwrap();
    let callback = decided(&world, url, "approve").await;
    assert_eq!(callback.field("callbackStatus"), "ALREADY_RETURNED");
    let reply = world
        .get(&format!("/payment-reporting/v1/payments/{id}"))
        .await;
    assert_eq!(reply.ok().data("paymentStatus"), "SUCCESS");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lender_that_cannot_be_asked_asks_for_verification() {
    let world = World::open().await;
    let init = applied(&world, "064").await;
    let id = init.data("paymentId").clone();
    // The notification is lost too, so that only the browser's return asks.
    let order = json!({"operation": "notify", "fault": {"kind": "no_callback"}, "times": 5});
    world.control("POST", "/control/lender-faults", order).await;
    let order = json!({"operation": "inquire", "fault": {"kind": "lose_reply"}, "times": 1});
    world.control("POST", "/control/lender-faults", order).await;
    let callback = decided(
        &world,
        init.data("redirectUrl").as_str().unwrap(),
        "approve",
    )
    .await;
    assert_eq!(callback.field("paymentStatus"), "WAITING");
    assert_eq!(callback.field("additionalAction"), "VERIFY_REQUIRED");
    let verified = world
        .post("/payment/v1/bnpl-payments/verify", json!({"paymentId": id}))
        .await
        .ok();
    assert_eq!(verified.data("paymentStatus"), "SUCCESS");
    assert_eq!(verified.data("responseStatus"), "APPROVED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_that_is_ready_stays_so_while_the_lender_is_away() {
    let world = World::open().await;
    let init = applied(&world, "103").await;
    let url = init.data("redirectUrl").as_str().unwrap();
    let callback = decided(&world, url, "approve").await;
    assert_eq!(callback.field("additionalAction"), "APPROVAL_REQUIRED");
    let away = json!({"operation": "inquire", "fault": {"kind": "http_500"}, "times": 1});
    world.control("POST", "/control/lender-faults", away).await;
    let path = format!("/payment/v1/bnpl-payments/{}", init.data("paymentId"));
    let verified = world
        .post(&format!("{path}/verify"), Value::Null)
        .await
        .ok();
    assert_eq!(verified.data("additionalAction"), "APPROVAL_REQUIRED");
    let approved = world
        .post(&format!("{path}/approve"), Value::Null)
        .await
        .ok();
    assert_eq!(approved.data("paymentStatus"), "SUCCESS");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_nobody_finishes_expires() {
    let world = World::open().await;
    let init = applied(&world, "064").await;
    world.wait(3700).await;
    world.wait(60).await;
    let id = init.data("paymentId");
    let read = world
        .get(&format!("/payment-reporting/v1/payments/{id}"))
        .await
        .ok();
    assert_eq!(read.data("paymentStatus"), "FAILURE");
    assert_eq!(read.data("paymentError.errorGroup"), "BNPL_CANCELLED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_approval_mode_makes_an_automatic_bank_wait() {
    let world = World::open().await;
    let setup = server::setup::ApmSetup {
        approval_modes: vec![
            ("064".to_owned(), "MANUAL".to_owned()),
            ("103".to_owned(), "AUTO".to_owned()),
        ],
        ..server::setup::ApmSetup::default()
    };
    server::setup::edit_apm(
        &world.app,
        &By::operator(),
        world.merchant,
        world.apm,
        setup,
    )
    .await
    .unwrap();
    for (bank, action) in [("064", "APPROVAL_REQUIRED"), ("103", "NONE")] {
        let init = applied(&world, bank).await;
        let callback = decided(
            &world,
            init.data("redirectUrl").as_str().unwrap(),
            "approve",
        )
        .await;
        assert_eq!(callback.field("additionalAction"), action, "{bank}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_feature_or_the_method_off_nothing_is_stored() {
    let world = World::open().await;
    let refused = |reply: Reply| {
        assert_eq!(reply.status, 422, "{:#}", reply.body);
        assert!(reply.error_code() < 10_000);
    };
    server::setup::set_apm_active(
        &world.app,
        &By::operator(),
        world.merchant,
        world.apm,
        false,
    )
    .await
    .unwrap();
    refused(
        world
            .post("/payment/v1/bnpl-payments/init", application("064"))
            .await,
    );
    server::setup::set_feature(
        &world.app,
        &By::operator(),
        world.merchant,
        "alternative-payment-methods",
        false,
    )
    .await
    .unwrap();
    refused(
        world
            .post("/payment/v1/bnpl-payments/init", application("064"))
            .await,
    );
    let offers = json!({"apmType": "MASLAK", "price": 10000, "currency": "TRY", "items": cart()});
    refused(world.post("/payment/v1/bnpl-payments/offers", offers).await);
    let stored = world
        .get("/payment-reporting/v1/payments?page=0&size=10")
        .await
        .ok();
    assert_eq!(stored.data("totalSize"), 0);
}

/// The order id of the only application at the lender.
async fn order_of_last(world: &World) -> String {
    let loans = world.control("GET", "/control/loans", Value::Null).await;
    let loans = loans["loans"].as_array().unwrap();
    loans.last().unwrap()["orderId"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn notification_first_browser_first_or_only_one_of_them_end_alike() {
    for (notified, returns) in [(true, true), (false, true), (true, false)] {
        let world = World::open().await;
        let init = applied(&world, "064").await;
        let id = init.data("paymentId").clone();
        if !notified {
            let lost = json!({"operation": "notify", "fault": {"kind": "no_callback"}, "times": 9});
            world.control("POST", "/control/lender-faults", lost).await;
        }
        if returns {
            let url = init.data("redirectUrl").as_str().unwrap();
            let callback = decided(&world, url, "approve").await;
            assert_eq!(callback.field("paymentStatus"), "SUCCESS");
        } else {
            let order = order_of_last(&world).await;
            let decision = json!({"decision": "approve"});
            let path = format!("/control/loans/{order}/decision");
            world.control("POST", &path, decision).await;
        }
        world.wait(30).await;
        let path = format!("/payment-reporting/v1/payments/{id}");
        let read = world.get(&path).await.ok();
        let case = format!("notified {notified}, returned {returns}");
        assert_eq!(read.data("paymentStatus"), "SUCCESS", "{case}");
        assert_eq!(world.hooks("BNPL_NOTIFICATION").len(), 1, "{case}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_approvals_at_once_disburse_once() {
    let world = World::open().await;
    let init = applied(&world, "103").await;
    let path = format!(
        "/payment/v1/bnpl-payments/{}/approve",
        init.data("paymentId")
    );
    decided(
        &world,
        init.data("redirectUrl").as_str().unwrap(),
        "approve",
    )
    .await;
    let (one, two) = tokio::join!(
        world.post(&path, Value::Null),
        world.post(&path, Value::Null)
    );
    // Whoever comes while the lender is being asked may be told of doubt; nobody is told of failure.
    for reply in [&one, &two] {
        let told = reply.status == 200 || reply.error_group() == "COMMUNICATION_OR_SYSTEM_ERROR";
        assert!(told, "{} {:#}", reply.status, reply.body);
    }
    assert!(one.status == 200 || two.status == 200);
    let done = world.post(&path, Value::Null).await.ok();
    assert_eq!(done.data("paymentStatus"), "SUCCESS");
    world.wait(30).await;
    let final_hooks = world.hooks("BNPL_NOTIFICATION");
    let disbursed = final_hooks
        .iter()
        .filter(|h| h.body["payload"]["additionalAction"] == "NONE")
        .count();
    assert_eq!(disbursed, 1);
}

/// Decides about the application that is taken and notified of, and not yet answered.
async fn decide_before_the_answer(world: &World, decision: &str) {
    let order = loop {
        let all = world.control("GET", "/control/loans", Value::Null).await;
        let loans = all["loans"].as_array().unwrap().iter();
        let mut pending = loans.filter(|loan| loan["notifications"][0]["outcome"] == "delivered");
        match pending.next() {
            Some(loan) => break loan["orderId"].as_str().unwrap().to_owned(),
            None => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    let path = format!("/control/loans/{order}/decision");
    let decision = json!({"decision": decision, "seconds": 600});
    world.control("POST", &path, decision).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_faster_than_the_answer_leaves_the_shopper_a_page_to_go_to() {
    // As it was taken, and with a decision of the bank before the answer arrives.
    for (decision, action) in [
        (None, "REDIRECT_TO_URL"),
        (Some("assess"), "WAIT_FOR_WEBHOOK"),
        (Some("ready"), "APPROVAL_REQUIRED"),
    ] {
        let world = World::open().await;
        let first = json!({"operation": "apply", "fault": {"kind": "notify_first", "ms": 500}});
        world.control("POST", "/control/lender-faults", first).await;
        let path = "/payment/v1/bnpl-payments/init";
        let meanwhile = async {
            if let Some(decision) = decision {
                decide_before_the_answer(&world, decision).await;
            }
        };
        let (init, ()) = tokio::join!(world.post(path, application("103")), meanwhile);
        let init = init.ok();
        assert_eq!(init.data("paymentStatus"), "WAITING", "{decision:?}");
        assert_eq!(init.data("additionalAction"), action, "{decision:?}");
        // Who was sent on goes through like anybody.
        let url = init.data("redirectUrl").as_str().unwrap();
        assert!(url.starts_with(&world.bank), "{url}");
        if decision.is_none() {
            let callback = decided(&world, url, "approve").await;
            assert_eq!(callback.field("additionalAction"), "APPROVAL_REQUIRED");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_that_is_only_opened_or_comes_too_early_uses_nothing_up() {
    let world = World::open().await;
    let init = applied(&world, "064").await;
    let url = init.data("redirectUrl").as_str().unwrap();
    let shopper = fetch(&world.http, "GET", url, String::new()).await;
    // The shopper goes back undecided, or a scanner with scripts was there first: nothing is decided.
    let undecided = returned(&world, url, "close").await;
    for _ in 0..2 {
        let early = fetch(&world.http, "POST", &undecided.url, String::new()).await;
        let early = called_back(early);
        assert_eq!(early.field("paymentStatus"), "WAITING");
        assert_eq!(early.field("additionalAction"), "WAIT_FOR_WEBHOOK");
        assert_eq!(early.field("callbackStatus"), "");
    }
    // The bank's page is still the shopper's; a link scanner is faster than they are.
    let opened = shopper.submit(&world.http, &[("action", "approve")]).await;
    for _ in 0..3 {
        for method in ["GET", "HEAD"] {
            let looked = fetch(&world.http, method, &undecided.url, String::new()).await;
            assert_eq!(looked.status, 200);
            assert!(!looked.html.contains("hashParams"), "{}", looked.html);
        }
    }
    let callback = called_back(opened.submit(&world.http, &[]).await);
    assert_eq!(callback.field("paymentStatus"), "SUCCESS");
    assert_eq!(callback.field("callbackStatus"), "");
    let unknown = format!("{}/pages/loan-return/AAAAAAAAAAAAAAAAAAAAAA", world.gateway);
    let unknown = fetch(&world.http, "GET", &unknown, String::new()).await;
    assert_eq!(unknown.status, 404);
}
