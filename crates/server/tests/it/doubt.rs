//! Outcomes that nobody knows: WAITING, inquired, and settled as product.md says.

use crate::process::until;
use crate::shop::{
    BANKS, BONUS, FAMILIES, Family, GARANTI, MANY, OTP, Shop, WORLD, YKB, declines, declines_after,
    delay, payment, points, with,
};
use serde_json::{Value, json};
use server::store::attempts::AttemptState;
use server::store::db::Commit;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reply_leaves_the_payment_waiting_and_is_reversed() {
    let shop = Shop::open().await;
    for (bank, card) in BANKS {
        shop.fault(bank, "sale", "lose_reply").await;
        let id = shop.pays(card).await.in_doubt();
        assert_eq!(shop.outcome(id).await, "WAITING");
        shop.wait(5).await;
        assert_eq!(shop.outcome(id).await, "FAILURE");
        assert_eq!(shop.order_state(id).await, "voided", "{bank}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_only_after_the_banks_day_is_refunded_once() {
    for (bank, card) in BANKS {
        let shop = Shop::open().await;
        shop.fault(bank, "sale", "lose_reply").await;
        let id = shop.pays(card).await.in_doubt();
        shop.control("POST", "/control/settle-day", Value::Null)
            .await;
        // The answer of the first refund is lost: the second time the bank is asked what it gave back.
        shop.fault(bank, "refund", "lose_reply").await;
        shop.wait(5).await;
        assert_eq!(shop.outcome(id).await, "WAITING", "{bank}");
        shop.wait(120).await;
        assert_eq!(shop.outcome(id).await, "FAILURE", "{bank}");
        let order = shop.order(id).await;
        assert_eq!(order["refunded"], order["captured"], "{order:#}");
        assert_ne!(order["refunded"], 0, "{order:#}");
        assert_eq!(shop.attempt(id).await.state, AttemptState::Reversed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn points_of_a_doubtful_sale_go_back_after_the_banks_day_too() {
    let shop = Shop::open().await;
    for (bank, card) in [("garanti", BONUS), ("posnet", WORLD)] {
        shop.fault(bank, "sale", "lose_reply").await;
        let id = shop.pays(card).with(points(10.01, 0.0)).await.in_doubt();
        shop.control("POST", "/control/settle-day", Value::Null)
            .await;
        shop.wait(5).await;
        assert_eq!(shop.outcome(id).await, "FAILURE", "{bank}");
        let order = shop.order(id).await;
        assert_eq!(order["pointsReturned"], order["pointsSpent"], "{order:#}");
        assert_ne!(order["pointsSpent"], 0, "{order:#}");
        assert_eq!(shop.attempt(id).await.state, AttemptState::Reversed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_may_opt_to_complete_what_the_bank_took() {
    let shop = Shop::open().await;
    shop.merchant_with(|m| m.completes_doubt = true).await;
    shop.fault("garanti", "sale", "lose_reply").await;
    let id = shop.pays(GARANTI).await.in_doubt();
    shop.wait(5).await;
    assert_eq!(shop.outcome(id).await, "SUCCESS");
    shop.wait(30).await;
    let told = shop.hooks("API_AUTH");
    assert_eq!(told.last().unwrap().body["status"], "SUCCESS");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_reply_hash_is_doubt_and_never_approval() {
    let shop = Shop::open().await;
    shop.fault("garanti", "sale", "wrong_mac").await;
    let id = shop.pays(GARANTI).await.in_doubt();
    assert_eq!(shop.outcome(id).await, "WAITING");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_never_got_the_order_ends_in_failure_only_after_several_inquiries() {
    let shop = Shop::open().await;
    shop.fault("garanti", "sale", "http_500").await;
    let id = shop.pays(GARANTI).await.in_doubt();
    for (wait, outcome) in [(5, "WAITING"), (30, "WAITING"), (120, "FAILURE")] {
        shop.wait(wait).await;
        assert_eq!(shop.outcome(id).await, outcome);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_threeds_payment_in_doubt_is_completed_and_announced() {
    let shop = Shop::open().await;
    for (bank, card) in BANKS {
        let paid = shop.pays(card).with_3ds(OTP).await;
        shop.fault(bank, "threeds_finish", "cut_reply").await;
        let id = paid.completes().await.in_doubt();
        // Any further operation asks the bank first.
        paid.completes().await.succeeded();
        assert_eq!(shop.outcome(id).await, "SUCCESS", "{bank}");
    }
    shop.wait(30).await;
    assert_eq!(shop.hooks("API_AUTH").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_cannot_be_reached_is_no_doubt_and_another_pos_is_tried() {
    let shop = Shop::open().await;
    let poses = shop.poses().await;
    let path = format!("/merchant/v1/merchant-poses/{}", poses[0]["id"]);
    shop.put(&path, json!({"port": 1})).await.ok();
    let paid = shop.pays(GARANTI).await.ok();
    assert_eq!(paid.data("pos.bankId"), 67);
}

#[tokio::test(flavor = "multi_thread")]
async fn completing_again_and_again_does_not_use_up_the_schedule() {
    let shop = Shop::open().await;
    let paid = shop.pays(GARANTI).with_3ds(OTP).await;
    shop.fault("garanti", "threeds_finish", "lose_reply").await;
    shop.faults(MANY, "garanti", "inquire", "http_500").await;
    let id = paid.completes().await.in_doubt();
    let before = shop.attempt(id).await;
    for _ in 0..10 {
        assert_eq!(paid.completes().await.in_doubt(), id);
    }
    let now = shop.attempt(id).await;
    assert_eq!(now.state, AttemptState::Doubt);
    assert_eq!((now.inquiries, now.inquire_at), (0, before.inquire_at));
    // Ten calls within the interval are one question, or two on a machine that is slow today.
    let asked = shop.met("inquire").await;
    assert!((1..=2).contains(&asked), "{asked}");
    shop.wait(5).await;
    let now = shop.attempt(id).await;
    assert_eq!((now.state, now.inquiries), (AttemptState::Doubt, 1));
    shop.banks_recover().await;
    shop.wait(30).await;
    assert_eq!(shop.outcome(id).await, "SUCCESS");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_review_the_bank_is_asked_for_a_day_and_a_week_more() {
    let shop = Shop::impatient().await;
    shop.fault("garanti", "sale", "lose_reply").await;
    shop.faults(MANY, "garanti", "inquire", "http_500").await;
    let id = shop.pays(GARANTI).await.in_doubt();
    shop.wait(6).await;
    let began = shop.attempt(id).await;
    assert_eq!(began.state, AttemptState::Review);
    let mut last = began.inquire_at.unwrap();
    let mut waits = Vec::new();
    for _ in 0..200 {
        let late = last.duration_since(shop.app.now()).as_secs() + 1;
        shop.wait(late).await;
        let now = shop.attempt(id).await;
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
    // No inquiry is made by itself any more; a person still can.
    shop.banks_recover().await;
    shop.wait(100_000).await;
    assert_eq!(shop.outcome(id).await, "WAITING");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_bank_says_during_a_review_settles_it() {
    for (says, ends, waits) in [
        (json!({"kind": "lose_reply"}), "voided", 1),
        (declines("0302"), "declined", 1),
        (json!({"kind": "http_500"}), "", 2),
    ] {
        let shop = Shop::impatient().await;
        shop.fault("posnet", "sale", says.clone()).await;
        shop.faults(2, "posnet", "inquire", "http_500").await;
        let id = shop.pays(YKB).await.in_doubt();
        shop.wait(6).await;
        let attempt = shop.attempt(id).await;
        assert_eq!(attempt.state, AttemptState::Review, "{says}: {attempt:?}");
        // What only the question at once would have met is met here.
        for _ in 0..waits + 1 {
            shop.wait(901).await;
        }
        assert_eq!(shop.outcome(id).await, "FAILURE", "{says}");
        let ledger = shop.ledger(&attempt.order_id).await;
        let state = ledger.first().map_or("", |o| o["state"].as_str().unwrap());
        assert_eq!(state, ends, "{says}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reversal_that_was_refused_is_tried_again_while_a_person_is_told() {
    let shop = Shop::open().await;
    shop.fault("garanti", "sale", "lose_reply").await;
    let id = shop.pays(GARANTI).await.in_doubt();
    shop.fault("garanti", "void", declines("12")).await;
    shop.wait(5).await;
    assert_eq!(shop.attempt(id).await.state, AttemptState::Review);
    shop.wait(901).await;
    assert_eq!(shop.outcome(id).await, "FAILURE");
    assert_eq!(shop.order_state(id).await, "voided");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_whose_lender_was_away_recovers_by_itself() {
    for waits in [vec![5], vec![5, 30, 120]] {
        let patience = waits.iter().copied().map(Duration::from_secs).collect();
        let shop = Shop::with(|config| config.settings.inquiry_waits = patience).await;
        let loan = shop.applied("064").await;
        shop.lender_is_away().await;
        let callback = loan.decides("approve").await;
        assert_eq!(callback.field("additionalAction"), "VERIFY_REQUIRED");
        for _ in 0..9 {
            let verified = loan.verifies().await.ok();
            assert_eq!(verified.data("additionalAction"), "VERIFY_REQUIRED");
        }
        let now = shop.loan(loan.id).await;
        assert_eq!((now.inquiries, now.review_since), (0, None));
        // The return, and the first of nine calls.
        let asked = shop.met_by_lender("inquire").await;
        assert!((2..=3).contains(&asked), "{asked}");
        for wait in &waits {
            shop.wait(i64::try_from(*wait).unwrap() + 1).await;
        }
        let now = shop.loan(loan.id).await;
        assert_eq!(now.inquiries, i64::try_from(waits.len()).unwrap());
        assert!(now.review_since.is_some());
        assert!(now.inquire_at.is_some());
        let (app, merchant) = (&shop.app, shop.merchant);
        let listed = server::store::doubts::of_merchant(app, merchant, app.asked_before(), 9);
        assert_eq!(listed.await.unwrap()[0].state, "REVIEW");
        shop.lender_recovers().await;
        shop.wait(901).await;
        assert_eq!(shop.reported(loan.id).await.outcome(), "SUCCESS");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callers_slow_question_undoes_nothing_that_the_schedule_counted() {
    let shop = Shop::open().await;
    let loan = shop.applied("064").await;
    shop.lender_is_away().await;
    loan.decides("approve").await;
    shop.lender_recovers().await;
    shop.lender_faults(1, "inquire", delay(5_000)).await;
    shop.lender_is_away().await;
    let (verified, counted) = tokio::join!(loan.verifies(), async {
        until("the caller's question is at the lender", async || {
            let path = "/control/lender-faults";
            let found = shop.control("GET", path, Value::Null).await;
            let all = found["faults"].as_array().or(found.as_array()).unwrap();
            let hangs = all.iter().any(|fault| fault["fault"]["kind"] == "delay");
            (!hangs).then_some(())
        })
        .await;
        shop.wait(6).await;
        shop.loan(loan.id).await
    });
    assert_eq!(counted.inquiries, 1);
    assert_eq!(verified.ok().data("additionalAction"), "VERIFY_REQUIRED");
    let now = shop.loan(loan.id).await;
    assert_eq!((now.inquiries, now.inquire_at), (1, counted.inquire_at));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_assesses_for_long_does_not_use_up_the_schedule() {
    let shop = Shop::open().await;
    let loan = shop.applied("134").await;
    let assess = json!({"decision": "assess", "seconds": 100_000});
    let order = shop.loan(loan.id).await.order_id;
    shop.lender_decides(&order, assess).await;
    let verified = loan.verifies().await.ok();
    assert_eq!(verified.data("additionalAction"), "WAIT_FOR_WEBHOOK");
    for _ in 0..12 {
        shop.wait(61).await;
    }
    shop.lender_is_away().await;
    shop.wait(61).await;
    let now = shop.loan(loan.id).await;
    assert_eq!((now.inquiries, now.review_since), (1, None));
    shop.lender_recovers().await;
    shop.wait(31).await;
    let now = shop.loan(loan.id).await;
    let told = (now.inquiries, now.action.as_str());
    assert_eq!(told, (0, "WAIT_FOR_WEBHOOK"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cannot_be_stored_is_doubt_about_a_payment_that_is_named() {
    let shop = Shop::open().await;
    shop.fault("garanti", "sale", delay(1_500)).await;
    let (reply, ()) = tokio::join!(shop.pays(GARANTI), async {
        shop.order_arrives().await;
        shop.take_table("attempts").await;
    });
    shop.give_table_back("attempts").await;
    let id = reply.in_doubt();
    assert_eq!(shop.outcome(id).await, "WAITING");
    shop.wait(20).await;
    assert_eq!(shop.outcome(id).await, "FAILURE");
    assert_eq!(shop.order_state(id).await, "voided");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_whose_answer_cannot_be_stored_is_doubt_about_a_payment_that_is_named() {
    let shop = Shop::open().await;
    shop.lender_faults(1, "apply", delay(1_500)).await;
    let (reply, ()) = tokio::join!(shop.applies("064"), async {
        until("the application is intended", async || {
            (shop.payments().await == 1).then_some(())
        })
        .await;
        shop.take_table("loans").await;
    });
    shop.give_table_back("loans").await;
    let id = reply.in_doubt();
    assert!(shop.loan(id).await.inquire_at.is_some());
    shop.wait(20).await;
    assert_eq!(shop.loan(id).await.state.as_str(), "PENDING");
}

/// A sale outside Galata: nothing here knows its order id any more.
async fn sold_elsewhere(shop: &Shop, sale: Value, keep_payment: bool) {
    shop.pays_as(sale).await.ok();
    let mut commit = Commit::new(shop.merchant, 0);
    commit.maybe("delete from bank_orders", Vec::new());
    if !keep_payment {
        commit.maybe("update payments set host_reference = null", Vec::new());
    }
    shop.app.db.commit(commit).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_that_may_be_somebody_elses_is_never_approved_nor_given_back() {
    let another_card = json!({"card": {"cardNumber": "5400010000000004"}});
    let another_amount =
        json!({"price": 90, "paidPrice": 90, "items": [{"name": "Item 1", "price": 90}]});
    for (bank, card) in BANKS {
        // What the sale outside has other than ours; seconds before ours; whether a payment here
        // stands for it.
        for (other, before, kept) in [
            (&another_card, 0, false),
            (&another_amount, 0, false),
            (&json!({}), 600, false),
            (&json!({}), 0, true),
        ] {
            let shop = Shop::open().await;
            let poses = shop.poses().await;
            let of_bank = |pos: &&Value| match bank {
                "garanti" => pos["posIntegrator"] == "GARANTI",
                _ => pos["posIntegrator"] == "YKB",
            };
            let alias = &poses.iter().find(of_bank).unwrap()["alias"];
            let chosen = json!({"bankOrderId": "SHOP1", "posAlias": alias});
            let ours = with(payment(card), chosen);
            sold_elsewhere(&shop, with(ours.clone(), other.clone()), kept).await;
            shop.pass(before).await;

            shop.fault(bank, "sale", "http_500").await;
            let id = shop.pays_as(ours).await.in_doubt();
            let case = format!("{bank}, {other}, {before} s before, kept {kept}");
            for wait in [5, 30, 120, 3600] {
                shop.wait(wait).await;
                assert_eq!(shop.outcome(id).await, "WAITING", "{case}");
                let state = shop.attempt(id).await.state;
                assert_eq!(state, AttemptState::Review, "{case}");
                let ledger = shop.ledger("SHOP1").await;
                assert_eq!(ledger[0]["state"], "captured", "{case}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_id_of_the_shop_is_settled_where_the_bank_tells_our_sale() {
    for (bank, card) in BANKS {
        let shop = Shop::open().await;
        shop.fault(bank, "sale", "lose_reply").await;
        let ours = shop.pays(card).with(json!({"bankOrderId": "SHOP1"}));
        let id = ours.await.in_doubt();
        shop.wait(5).await;
        assert_eq!(shop.outcome(id).await, "FAILURE");
        assert_eq!(shop.ledger("SHOP1").await[0]["state"], "voided", "{bank}");
    }
}

/// What was refused leaves the shop's order id free: a try that the bank knows as refused stands beside the newer one,
/// and before the newer one where the bank's record is late.
#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_refusal_of_the_shops_order_id_says_nothing_of_the_newer_try() {
    let late = |family: &&Family| {
        use connectors::protocol::Protocol::{Kuveyt, VakifKatilim};
        matches!(family.protocol, Kuveyt | VakifKatilim)
    };
    for family in FAMILIES.iter().filter(late) {
        let bank = family.protocol.name();
        let shop = Shop::of_families().await;
        // Seconds by which the record is late, and from the one try to the next: a bank's clock may differ by a minute.
        for (seconds, between) in [(10, 20), (60, 600)] {
            let switches = json!({"boaStatusEmptySeconds": seconds});
            shop.control("POST", "/control/switches", switches).await;
            for lost in [
                json!({"kind": "lose_reply"}),
                declines_after("TimeoutException"),
            ] {
                let order_id = format!("TRY{seconds}{}", lost["kind"].as_str().unwrap().len());
                let pays = || {
                    shop.pays(family.card)
                        .with(json!({"bankOrderId": order_id}))
                };
                shop.fault(bank, "sale", declines("51")).await;
                pays().await.declined("NOT_SUFFICIENT_FUNDS");
                shop.pass(between).await;
                shop.fault(bank, "sale", lost).await;
                let id = pays().await.in_doubt();
                shop.wait(5).await;
                assert_eq!(shop.outcome(id).await, "WAITING", "{bank} {order_id}");
                for wait in [30, 120] {
                    shop.wait(wait).await;
                }
                assert_eq!(shop.outcome(id).await, "FAILURE", "{bank} {order_id}");
                let mut states = Vec::new();
                for order in shop.ledger(&order_id).await {
                    states.push(order["state"].as_str().unwrap().to_owned());
                }
                assert_eq!(states, ["declined", "voided"], "{bank} {order_id}");
            }
        }
        let switches = json!({"boaStatusEmptySeconds": 0});
        shop.control("POST", "/control/switches", switches).await;
        // A refusal of the newer try itself ends it, once it had its time.
        shop.fault(bank, "sale", declines("TimeoutException")).await;
        let pays = shop.pays(family.card).with(json!({"bankOrderId": "TRY9"}));
        let id = pays.await.in_doubt();
        for wait in [5, 30] {
            shop.wait(wait).await;
            assert_eq!(shop.outcome(id).await, "WAITING", "{bank}");
        }
        shop.wait(120).await;
        assert_eq!(shop.outcome(id).await, "FAILURE", "{bank}");
    }
}

/// The bank's answer comes when the payment was long settled, as after a process that stood still.
#[tokio::test(flavor = "multi_thread")]
async fn money_that_a_bank_took_after_the_payment_was_settled_as_failed_is_given_back() {
    for (bank, card, unknown) in [("garanti", GARANTI, "92/0108"), ("posnet", YKB, "E219")] {
        let shop = Shop::open().await;
        shop.fault(bank, "sale", delay(2_000)).await;
        shop.faults(3, bank, "inquire", declines(unknown)).await;
        let ours = shop.pays(card).with(json!({"bankOrderId": "LATE1"}));
        let state = async || shop.ledger("LATE1").await[0]["state"].clone();
        let (reply, ()) = tokio::join!(ours, async {
            shop.order_arrives().await;
            for wait in [60, 60, 200] {
                shop.wait(wait).await;
            }
        });
        assert_eq!(reply.status, 422, "{bank}: {:#}", reply.body);
        assert_eq!(shop.outcome(reply.id()).await, "FAILURE", "{bank}");
        assert_eq!(state().await, "captured");
        shop.wait(1).await;
        assert_eq!(state().await, "voided", "{bank}");
        assert_eq!(shop.outcome(reply.id()).await, "FAILURE", "{bank}");
        shop.wait(30).await;
        let told = shop.hooks("API_AUTH");
        assert!(told.iter().all(|hook| hook.body["status"] == "FAILURE"));
    }
}

/// PosNet fills order ids up with zeros: `7H1` and `07H1` are one order there.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_id_is_used_once_however_many_zeros_stand_before_it() {
    let shop = Shop::open().await;
    let pays = |id: &str| shop.pays(YKB).with(json!({"bankOrderId": id}));
    pays("7H1").await.ok();
    for id in ["7H1", "07H1", "007H1"] {
        pays(id).await.refused(422, 10318);
    }
    assert_eq!(shop.ledger("7H1").await.len(), 1);
}
