//! Outcomes that nobody knows: WAITING, inquired, and settled as product.md says.

use crate::bnpl_payments::{applied, decided};
use crate::browser::through_threeds;
use crate::process::until;
use crate::world::{Reply, World, payment, with};
use serde_json::{Value, json};
use server::operations::By;
use server::store::attempts::{self, Attempt, AttemptState};
use server::store::db::Commit;
use server::store::loans::{self, Loan};
use std::sync::Arc;
use std::time::Duration;

#[track_caller]
fn in_doubt(reply: &Reply) -> String {
    assert_eq!(
        (reply.status, reply.error_group()),
        (422, "COMMUNICATION_OR_SYSTEM_ERROR"),
        "{:#}",
        reply.body
    );
    reply.body["errors"]["paymentId"].to_string()
}

async fn status(world: &World, id: &str) -> Value {
    world
        .get(&format!("/payment/v1/card-payments/{id}"))
        .await
        .ok()
        .data("paymentStatus")
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reply_leaves_the_payment_waiting_and_is_reversed() {
    let world = World::open().await;
    for (bank, card) in [
        ("garanti", "5209220000000002"),
        ("posnet", "5400630000000009"),
    ] {
        world
            .fault(bank, "sale", json!({"kind": "lose_reply"}))
            .await;
        let reply = world.post("/payment/v1/card-payments", payment(card)).await;
        let id = in_doubt(&reply);
        assert_eq!(status(&world, &id).await, "WAITING");
        world.wait(5).await;
        assert_eq!(status(&world, &id).await, "FAILURE");
        let read = world
            .get(&format!("/payment/v1/card-payments/{id}"))
            .await
            .ok();
        let ledger = world.ledger(read.data("orderId").as_str().unwrap()).await;
        assert_eq!(ledger[0]["state"], "voided", "{bank}: {ledger:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_may_opt_to_complete_what_the_bank_took() {
    let world = World::open().await;
    server::setup::change_merchant(&world.app, &By::operator(), world.merchant, |m| {
        m.completes_doubt = true
    })
    .await
    .unwrap();
    world
        .fault("garanti", "sale", json!({"kind": "lose_reply"}))
        .await;
    let id = in_doubt(
        &world
            .post("/payment/v1/card-payments", payment("5209220000000002"))
            .await,
    );
    world.wait(5).await;
    assert_eq!(status(&world, &id).await, "SUCCESS");
    world.wait(30).await;
    assert_eq!(
        world.hooks("API_AUTH").last().unwrap().body["status"],
        "SUCCESS"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_reply_hash_is_doubt_and_never_approval() {
    let world = World::open().await;
    world
        .fault("garanti", "sale", json!({"kind": "wrong_mac"}))
        .await;
    let id = in_doubt(
        &world
            .post("/payment/v1/card-payments", payment("5209220000000002"))
            .await,
    );
    assert_eq!(status(&world, &id).await, "WAITING");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_never_got_the_order_ends_in_failure_only_after_several_inquiries() {
    let world = World::open().await;
    world
        .fault("garanti", "sale", json!({"kind": "http_500"}))
        .await;
    let id = in_doubt(
        &world
            .post("/payment/v1/card-payments", payment("5209220000000002"))
            .await,
    );
    world.wait(5).await;
    assert_eq!(status(&world, &id).await, "WAITING");
    world.wait(30).await;
    assert_eq!(status(&world, &id).await, "WAITING");
    world.wait(120).await;
    assert_eq!(status(&world, &id).await, "FAILURE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_threeds_payment_in_doubt_is_completed_and_announced() {
    let world = World::open().await;
    for (bank, card) in [
        ("garanti", "5209220000000002"),
        ("posnet", "5400630000000009"),
    ] {
        let request = with(
            payment(card),
            json!({"callbackUrl": "https://shop.example.com/callback"}),
        );
        let init = world
            .post("/payment/v1/card-payments/3ds-init", request)
            .await
            .ok();
        through_threeds(
            &world,
            init.data("htmlContent").as_str().unwrap(),
            "123456",
            "confirm",
        )
        .await;
        world
            .fault(bank, "threeds_finish", json!({"kind": "cut_reply"}))
            .await;
        let request = json!({"paymentId": init.data("paymentId")});
        let id = in_doubt(
            &world
                .post("/payment/v1/card-payments/3ds-complete", request.clone())
                .await,
        );
        // Any further operation asks the bank first.
        let again = world
            .post("/payment/v1/card-payments/3ds-complete", request)
            .await
            .ok();
        assert_eq!(again.data("paymentStatus"), "SUCCESS", "{bank}");
        assert_eq!(status(&world, &id).await, "SUCCESS");
    }
    world.wait(30).await;
    assert_eq!(world.hooks("API_AUTH").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_cannot_be_reached_is_no_doubt_and_another_pos_is_tried() {
    let world = World::open().await;
    let pos = world
        .get("/merchant/v1/merchant-poses?page=0&size=10")
        .await
        .ok();
    let garanti = pos.data("items.0.id").clone();
    let path = format!("/merchant/v1/merchant-poses/{garanti}");
    world
        .call("PUT", &path, &json!({"port": 1}).to_string(), &[])
        .await
        .ok();
    let reply = world
        .post("/payment/v1/card-payments", payment("5209220000000002"))
        .await
        .ok();
    assert_eq!(reply.data("pos.bankId"), 67);
}

async fn attempt(world: &World, id: &str) -> Attempt {
    let id = id.parse().unwrap();
    let last = attempts::last_of_payment(&world.app, world.merchant, id).await;
    last.unwrap().unwrap()
}

async fn loan(world: &World, id: &Value) -> Loan {
    let id = id.as_i64().unwrap();
    let found = loans::of_payment(&world.app, world.merchant, id).await;
    found.unwrap().unwrap()
}

/// How many questions of a bank or lender were answered by a fault that was ordered 1000 times.
async fn questions(world: &World, faults: &str) -> u64 {
    let found = world.control("GET", faults, Value::Null).await;
    let all = found["faults"].as_array().or(found.as_array()).unwrap();
    let left = all.iter().find(|fault| fault["operation"] == "inquire");
    1000 - left.unwrap()["times"].as_u64().unwrap()
}

async fn bank_is_away(world: &World, bank: &str) {
    let order =
        json!({"bank": bank, "operation": "inquire", "fault": {"kind": "http_500"}, "times": 1000});
    world.control("POST", "/control/faults", order).await;
}

async fn lender_is_away(world: &World) {
    for (operation, kind) in [("inquire", "http_500"), ("notify", "no_callback")] {
        let order = json!({"operation": operation, "fault": {"kind": kind}, "times": 1000});
        world.control("POST", "/control/lender-faults", order).await;
    }
}

/// One inquiry is made before a person is told.
async fn impatient() -> World {
    World::with(|config| config.settings.inquiry_waits = vec![Duration::from_secs(5)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn completing_again_and_again_does_not_use_up_the_schedule() {
    let world = World::open().await;
    let callback = json!({"callbackUrl": "https://shop.example.com/callback"});
    let request = with(payment("5209220000000002"), callback);
    let init = world
        .post("/payment/v1/card-payments/3ds-init", request)
        .await
        .ok();
    let html = init.data("htmlContent").as_str().unwrap();
    through_threeds(&world, html, "123456", "confirm").await;
    let lost = json!({"kind": "lose_reply"});
    world.fault("garanti", "threeds_finish", lost).await;
    bank_is_away(&world, "garanti").await;
    let path = "/payment/v1/card-payments/3ds-complete";
    let request = json!({"paymentId": init.data("paymentId")});
    let id = in_doubt(&world.post(path, request.clone()).await);
    let before = attempt(&world, &id).await;
    for _ in 0..10 {
        assert_eq!(in_doubt(&world.post(path, request.clone()).await), id);
    }
    let now = attempt(&world, &id).await;
    assert_eq!(now.state, AttemptState::Doubt);
    assert_eq!((now.inquiries, now.inquire_at), (0, before.inquire_at));
    // Ten calls within the interval are one question, or two on a machine that is slow today.
    let asked = questions(&world, "/control/faults").await;
    assert!((1..=2).contains(&asked), "{asked}");
    world.wait(5).await;
    let now = attempt(&world, &id).await;
    assert_eq!((now.state, now.inquiries), (AttemptState::Doubt, 1));
    world
        .control("DELETE", "/control/faults", Value::Null)
        .await;
    world.wait(30).await;
    assert_eq!(status(&world, &id).await, "SUCCESS");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_review_the_bank_is_asked_for_a_day_and_a_week_more() {
    let world = impatient().await;
    let lost = json!({"kind": "lose_reply"});
    world.fault("garanti", "sale", lost).await;
    bank_is_away(&world, "garanti").await;
    let reply = world
        .post("/payment/v1/card-payments", payment("5209220000000002"))
        .await;
    let id = in_doubt(&reply);
    world.wait(6).await;
    let began = attempt(&world, &id).await;
    assert_eq!(began.state, AttemptState::Review);
    let mut last = began.inquire_at.unwrap();
    let mut waits = Vec::new();
    for _ in 0..200 {
        let late = last.duration_since(world.app.now()).as_secs() + 1;
        world.wait(late).await;
        let now = attempt(&world, &id).await;
        assert_eq!(now.state, AttemptState::Review);
        assert_eq!(now.review_since, began.review_since);
        let Some(next) = now.inquire_at else { break };
        waits.push(next.duration_since(last).as_secs() / 60);
        last = next;
    }
    let quarters = waits.iter().filter(|wait| **wait == 15).count();
    let late = waits.iter().filter(|wait| **wait == 360).count();
    assert_eq!(quarters + late, waits.len(), "{waits:?}");
    assert!((93..=96).contains(&quarters), "{waits:?}");
    assert!((27..=29).contains(&late), "{waits:?}");
    // Nobody asks by itself any more; a person still can.
    world
        .control("DELETE", "/control/faults", Value::Null)
        .await;
    world.wait(100_000).await;
    assert_eq!(status(&world, &id).await, "WAITING");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_bank_says_during_a_review_settles_it() {
    for (says, ends, waits) in [
        (json!({"kind": "lose_reply"}), "voided", 1),
        (json!({"kind": "decline", "code": "0302"}), "declined", 1),
        (json!({"kind": "http_500"}), "", 2),
    ] {
        let world = impatient().await;
        world.fault("posnet", "sale", says.clone()).await;
        for _ in 0..2 {
            let away = json!({"kind": "http_500"});
            world.fault("posnet", "inquire", away).await;
        }
        let request = payment("5400630000000009");
        let id = in_doubt(&world.post("/payment/v1/card-payments", request).await);
        world.wait(6).await;
        if attempt(&world, &id).await.state != AttemptState::Review {
            panic!("{says}: {:?}", attempt(&world, &id).await);
        }
        // What only the question at once would have met is met here.
        for _ in 0..waits + 1 {
            world.wait(901).await;
        }
        assert_eq!(status(&world, &id).await, "FAILURE", "{says}");
        let order = attempt(&world, &id).await.order_id;
        let ledger = world.ledger(&order).await;
        let state = ledger.first().map_or("", |o| o["state"].as_str().unwrap());
        assert_eq!(state, ends, "{says}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reversal_that_was_refused_is_tried_again_while_a_person_is_told() {
    let world = World::open().await;
    let lost = json!({"kind": "lose_reply"});
    world.fault("garanti", "sale", lost).await;
    let reply = world
        .post("/payment/v1/card-payments", payment("5209220000000002"))
        .await;
    let id = in_doubt(&reply);
    let refused = json!({"kind": "decline", "code": "12"});
    world.fault("garanti", "void", refused).await;
    world.wait(5).await;
    assert_eq!(attempt(&world, &id).await.state, AttemptState::Review);
    world.wait(901).await;
    assert_eq!(status(&world, &id).await, "FAILURE");
    let order = attempt(&world, &id).await.order_id;
    assert_eq!(world.ledger(&order).await[0]["state"], "voided");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_whose_lender_was_away_recovers_by_itself() {
    for waits in [vec![5], vec![5, 30, 120]] {
        let patience = waits.iter().copied().map(Duration::from_secs).collect();
        let world = World::with(|config| config.settings.inquiry_waits = patience).await;
        let init = applied(&world, "064").await;
        let id = init.data("paymentId").clone();
        lender_is_away(&world).await;
        let url = init.data("redirectUrl").as_str().unwrap();
        let callback = decided(&world, url, "approve").await;
        assert_eq!(callback.field("additionalAction"), "VERIFY_REQUIRED");
        let path = format!("/payment/v1/bnpl-payments/{id}/verify");
        for _ in 0..9 {
            let verified = world.post(&path, Value::Null).await.ok();
            assert_eq!(verified.data("additionalAction"), "VERIFY_REQUIRED");
        }
        let now = loan(&world, &id).await;
        assert_eq!((now.inquiries, now.review_since), (0, None));
        // The return, and the first of nine calls.
        let asked = questions(&world, "/control/lender-faults").await;
        assert!((2..=3).contains(&asked), "{asked}");
        for wait in &waits {
            world.wait(i64::try_from(*wait).unwrap() + 1).await;
        }
        let now = loan(&world, &id).await;
        assert_eq!(now.inquiries, i64::try_from(waits.len()).unwrap());
        assert!(now.review_since.is_some());
        assert!(now.inquire_at.is_some());
        let listed = server::store::doubts::of_merchant(
            &world.app,
            world.merchant,
            world.app.asked_before(),
            9,
        );
        assert_eq!(listed.await.unwrap()[0].state, "REVIEW");
        world
            .control("DELETE", "/control/lender-faults", Value::Null)
            .await;
        world.wait(901).await;
        let read = world
            .get(&format!("/payment-reporting/v1/payments/{id}"))
            .await;
        assert_eq!(read.ok().data("paymentStatus"), "SUCCESS");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callers_slow_question_undoes_nothing_that_the_schedule_counted() {
    let world = Arc::new(World::open().await);
    let init = applied(&world, "064").await;
    let id = init.data("paymentId").clone();
    lender_is_away(&world).await;
    let url = init.data("redirectUrl").as_str().unwrap();
    decided(&world, url, "approve").await;
    world
        .control("DELETE", "/control/lender-faults", Value::Null)
        .await;
    let hangs =
        json!({"operation": "inquire", "fault": {"kind": "delay", "ms": 5_000}, "times": 1});
    world.control("POST", "/control/lender-faults", hangs).await;
    lender_is_away(&world).await;
    let path = format!("/payment/v1/bnpl-payments/{id}/verify");
    let verifying = {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.post(&path, Value::Null).await })
    };
    until("the caller's question is at the lender", async || {
        let found = world
            .control("GET", "/control/lender-faults", Value::Null)
            .await;
        let all = found["faults"].as_array().or(found.as_array()).unwrap();
        let hangs = all.iter().any(|fault| fault["fault"]["kind"] == "delay");
        (!hangs).then_some(())
    })
    .await;
    world.wait(6).await;
    let counted = loan(&world, &id).await;
    assert_eq!(counted.inquiries, 1);
    let verified = verifying.await.unwrap().ok();
    assert_eq!(verified.data("additionalAction"), "VERIFY_REQUIRED");
    let now = loan(&world, &id).await;
    assert_eq!((now.inquiries, now.inquire_at), (1, counted.inquire_at));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_assesses_for_long_does_not_use_up_the_schedule() {
    let world = World::open().await;
    let init = applied(&world, "134").await;
    let id = init.data("paymentId").clone();
    let order = loan(&world, &id).await.order_id;
    let path = format!("/control/loans/{order}/decision");
    let assess = json!({"decision": "assess", "seconds": 100_000});
    world.control("POST", &path, assess).await;
    let path = format!("/payment/v1/bnpl-payments/{id}/verify");
    let verified = world.post(&path, Value::Null).await.ok();
    assert_eq!(verified.data("additionalAction"), "WAIT_FOR_WEBHOOK");
    for _ in 0..12 {
        world.wait(61).await;
    }
    lender_is_away(&world).await;
    world.wait(61).await;
    let now = loan(&world, &id).await;
    assert_eq!((now.inquiries, now.review_since), (1, None));
    world
        .control("DELETE", "/control/lender-faults", Value::Null)
        .await;
    world.wait(31).await;
    let now = loan(&world, &id).await;
    assert_eq!(
        (now.inquiries, now.action.as_str()),
        (0, "WAIT_FOR_WEBHOOK")
    );
}

async fn run_sql(world: &World, sql: &'static str) {
    let commit = Commit::new(world.merchant, 0).any(sql, Vec::new());
    world.app.db.commit(commit).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cannot_be_stored_is_doubt_about_a_payment_that_is_named() {
    let world = Arc::new(World::open().await);
    let slow = json!({"kind": "delay", "ms": 1_500});
    world.fault("garanti", "sale", slow).await;
    let paying = {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let request = payment("5209220000000002");
            world.post("/payment/v1/card-payments", request).await
        })
    };
    let order = until("the bank takes the order", async || {
        let ledger = world.control("GET", "/control/ledger", Value::Null).await;
        ledger["orders"].as_array().unwrap().first().cloned()
    })
    .await;
    run_sql(&world, "alter table attempts rename to attempts_away").await;
    let reply = paying.await.unwrap();
    run_sql(&world, "alter table attempts_away rename to attempts").await;
    let id = in_doubt(&reply);
    assert_eq!(status(&world, &id).await, "WAITING");
    world.wait(20).await;
    assert_eq!(status(&world, &id).await, "FAILURE");
    let order = order["orderId"].as_str().unwrap();
    assert_eq!(world.ledger(order).await[0]["state"], "voided");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_whose_answer_cannot_be_stored_is_doubt_about_a_payment_that_is_named() {
    let world = Arc::new(World::open().await);
    let slow = json!({"operation": "apply", "fault": {"kind": "delay", "ms": 1_500}, "times": 1});
    world.control("POST", "/control/lender-faults", slow).await;
    let applying = {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let request = crate::bnpl_payments::application("064");
            world.post("/payment/v1/bnpl-payments/init", request).await
        })
    };
    until("the application is intended", async || {
        let list = world.get("/payment-reporting/v1/payments").await.ok();
        (list.data("totalSize") == 1).then_some(())
    })
    .await;
    run_sql(&world, "alter table loans rename to loans_away").await;
    let reply = applying.await.unwrap();
    run_sql(&world, "alter table loans_away rename to loans").await;
    let id = in_doubt(&reply);
    let now = loan(&world, &json!(id.parse::<i64>().unwrap())).await;
    assert!(now.inquire_at.is_some());
    world.wait(20).await;
    let now = loan(&world, &json!(id.parse::<i64>().unwrap())).await;
    assert_eq!(now.state.as_str(), "PENDING");
}

/// A sale outside Galata: nothing here knows its order id any more.
async fn sold_elsewhere(world: &World, sale: Value, keep_payment: bool) {
    world.post("/payment/v1/card-payments", sale).await.ok();
    let mut commit = Commit::new(world.merchant, 0);
    commit.maybe("delete from bank_orders", Vec::new());
    if !keep_payment {
        commit.maybe("update payments set host_reference = null", Vec::new());
    }
    world.app.db.commit(commit).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_that_may_be_somebody_elses_is_never_approved_nor_given_back() {
    for (bank, card) in [
        ("garanti", "5209220000000002"),
        ("posnet", "5400630000000009"),
    ] {
        // What the sale outside has other than ours; seconds before ours; whether a payment here
        // stands for it.
        for (other, before, kept) in [
            (
                json!({"card": {"cardNumber": "5400010000000004"}}),
                0,
                false,
            ),
            (
                json!({"price": 90, "paidPrice": 90, "items": [{"name": "Item 1", "price": 90}]}),
                0,
                false,
            ),
            (json!({}), 600, false),
            (json!({}), 0, true),
        ] {
            let world = World::open().await;
            let poses = world.get("/merchant/v1/merchant-poses").await.ok();
            let poses = poses.data("items").as_array().unwrap();
            let of_bank = |pos: &&Value| match bank {
                "garanti" => pos["posIntegrator"] == "GARANTI",
                _ => pos["posIntegrator"] == "YKB",
            };
            let alias = &poses.iter().find(of_bank).unwrap()["alias"];
            let chosen = json!({"bankOrderId": "SHOP1", "posAlias": alias});
            let ours = with(payment(card), chosen);
            sold_elsewhere(&world, with(ours.clone(), other.clone()), kept).await;
            world.pass(before).await;

            world.fault(bank, "sale", json!({"kind": "http_500"})).await;
            let id = in_doubt(&world.post("/payment/v1/card-payments", ours).await);
            let case = format!("{bank}, {other}, {before} s before, kept {kept}");
            for wait in [5, 30, 120, 3600] {
                world.wait(wait).await;
                assert_eq!(status(&world, &id).await, "WAITING", "{case}");
                let number = id.parse().unwrap();
                let attempt = attempts::last_of_payment(&world.app, world.merchant, number);
                let attempt = attempt.await.unwrap().unwrap();
                assert_eq!(attempt.state, AttemptState::Review, "{case}");
                let ledger = world.ledger("SHOP1").await;
                assert_eq!(ledger[0]["state"], "captured", "{case}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_id_of_the_shop_is_settled_where_the_bank_tells_our_sale() {
    for (bank, card) in [
        ("garanti", "5209220000000002"),
        ("posnet", "5400630000000009"),
    ] {
        let world = World::open().await;
        let lost = json!({"kind": "lose_reply"});
        world.fault(bank, "sale", lost).await;
        let ours = with(payment(card), json!({"bankOrderId": "SHOP1"}));
        let id = in_doubt(&world.post("/payment/v1/card-payments", ours).await);
        world.wait(5).await;
        assert_eq!(status(&world, &id).await, "FAILURE");
        assert_eq!(world.ledger("SHOP1").await[0]["state"], "voided", "{bank}");
    }
}

/// The bank's answer comes when the payment was long settled, as after a process that stood still.
#[tokio::test(flavor = "multi_thread")]
async fn money_that_a_bank_took_after_the_payment_was_settled_as_failed_is_given_back() {
    for (bank, card, unknown) in [
        ("garanti", "5209220000000002", "92/0108"),
        ("posnet", "5400630000000009", "E219"),
    ] {
        let world = World::open().await;
        let late = json!({"kind": "delay", "ms": 2000});
        world.fault(bank, "sale", late).await;
        let unknown = json!({"bank": bank, "operation": "inquire", "times": 3,
            "fault": {"kind": "decline", "code": unknown}});
        world.control("POST", "/control/faults", unknown).await;
        let ours = with(payment(card), json!({"bankOrderId": "LATE1"}));
        let settled = async {
            until("the bank has it", async || {
                world.ledger("LATE1").await.pop()
            })
            .await;
            for wait in [60, 60, 200] {
                world.wait(wait).await;
            }
        };
        let (reply, ()) = tokio::join!(world.post("/payment/v1/card-payments", ours), settled);
        assert_eq!(reply.status, 422, "{bank}: {:#}", reply.body);
        let id = reply.body["errors"]["paymentId"].to_string();
        assert_eq!(status(&world, &id).await, "FAILURE", "{bank}");
        assert_eq!(world.ledger("LATE1").await[0]["state"], "captured");
        world.wait(1).await;
        assert_eq!(world.ledger("LATE1").await[0]["state"], "voided", "{bank}");
        assert_eq!(status(&world, &id).await, "FAILURE", "{bank}");
        world.wait(30).await;
        let told = world.hooks("API_AUTH");
        assert!(told.iter().all(|hook| hook.body["status"] == "FAILURE"));
    }
}

/// PosNet fills order ids up with zeros: `7H1` and `07H1` are one order there.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_id_is_used_once_however_many_zeros_stand_before_it() {
    let world = World::open().await;
    let paid = |id: &str| with(payment("5400630000000009"), json!({"bankOrderId": id}));
    world
        .post("/payment/v1/card-payments", paid("7H1"))
        .await
        .ok();
    for id in ["7H1", "07H1", "007H1"] {
        let reply = world.post("/payment/v1/card-payments", paid(id)).await;
        assert_eq!((reply.status, reply.error_code()), (422, 10318), "{id}");
    }
    assert_eq!(world.ledger("7H1").await.len(), 1);
}
