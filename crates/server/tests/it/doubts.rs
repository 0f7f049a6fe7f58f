//! Doubts that people handle: the list, an inquiry on demand, and a word that settles.

use crate::bnpl_payments::{application, applied, decided};
use crate::world::{World, payment};
use contract::enums::PaymentStatus;
use contract::errors::Language;
use serde_json::{Value, json};
use server::engine::inquiry::ManualResolution;
use server::operations::{By, Caller, Problem, Role, Who, doubts};
use server::setup;
use server::store::attempts::{self, Attempt, AttemptState};
use server::store::db::{Commit, CommitError};
use server::store::loans::{self, ApplicationState};
use server::store::{audit, payments};
use std::time::Duration;

const CARD: &str = "5209220000000002";

async fn caller(world: &World, role: Role) -> Caller {
    Caller {
        merchant: setup::merchant(&world.app, world.merchant).await.unwrap(),
        claims: setup::no_claims(world.merchant),
        language: Language::En,
        by: By {
            who: Who::User {
                id: 1,
                email: "f@example.com".to_owned(),
                role,
            },
            address: "127.0.0.1".to_owned(),
        },
    }
}

/// A world in which one inquiry is made before a person is told.
async fn impatient() -> World {
    World::with(|config| config.settings.inquiry_waits = vec![Duration::from_secs(5)]).await
}

/// A payment that the bank took without answering.
async fn in_doubt(world: &World) -> i64 {
    world
        .fault("garanti", "sale", json!({"kind": "lose_reply"}))
        .await;
    let reply = world.post("/payment/v1/card-payments", payment(CARD)).await;
    assert_eq!(reply.status, 422);
    reply.body["errors"]["paymentId"].as_i64().unwrap()
}

/// The same after the only inquiry was lost as well.
async fn in_review(world: &World) -> i64 {
    let id = in_doubt(world).await;
    world
        .fault("garanti", "inquire", json!({"kind": "http_500"}))
        .await;
    world.wait(5).await;
    assert_eq!(attempt(world, id).await.state, AttemptState::Review);
    id
}

/// The bank took it, was asked to give it back, and refused.
async fn reversal_refused(world: &World) -> i64 {
    let id = in_doubt(world).await;
    world
        .fault("garanti", "void", json!({"kind": "decline", "code": "12"}))
        .await;
    world.wait(5).await;
    assert_eq!(attempt(world, id).await.state, AttemptState::Review);
    id
}

async fn attempt(world: &World, id: i64) -> Attempt {
    let found = attempts::last_of_payment(&world.app, world.merchant, id).await;
    found.unwrap().unwrap()
}

async fn settle(world: &World, id: i64, found: ManualResolution) -> Result<PaymentStatus, Problem> {
    let caller = caller(world, Role::Finance).await;
    doubts::settle_by_hand(&world.app, &caller, id, found, "seen in the bank's panel").await
}

/// Status and what the books say was taken.
async fn books(world: &World, id: i64) -> (PaymentStatus, i64) {
    let payment = payments::of_merchant(&world.app, world.merchant, id).await;
    let payment = payment.unwrap().unwrap();
    (payment.status, payment.captured)
}

async fn bank_state(world: &World, id: i64) -> Value {
    let order = attempt(world, id).await.order_id;
    world.ledger(&order).await[0]["state"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn doubts_are_listed_oldest_first_until_they_are_settled() {
    let world = impatient().await;
    let by = By::operator();
    let first = in_review(&world).await;
    world.clock.advance_seconds(60);
    let lost = json!({"operation": "apply", "fault": {"kind": "lose_reply"}, "times": 1});
    world.control("POST", "/control/lender-faults", lost).await;
    let loan = world
        .post("/payment/v1/bnpl-payments/init", application("064"))
        .await;
    world.clock.advance_seconds(60);
    let second = in_doubt(&world).await;
    let listed = doubts::list(&world.app, &by, world.merchant).await.unwrap();
    let loan = loan.body["errors"]["paymentId"].as_i64().unwrap();
    let shown: Vec<(i64, &str, bool, i64)> = listed
        .iter()
        .map(|d| (d.payment_id, d.state.as_str(), d.loan, d.amount))
        .collect();
    assert_eq!(
        shown,
        [
            (first, "REVIEW", false, 10_000),
            (loan, "ASKED", true, 1_000_000),
            (second, "DOUBT", false, 10_000)
        ]
    );
    assert_eq!(listed[0].inquiries, 1);
    assert!(listed[0].next_inquiry.is_some());
    assert!(listed[0].message.is_some());
    assert_eq!(listed[0].party, "Garanti");
    assert!(listed[2].next_inquiry.is_some());

    let support = caller(&world, Role::Support).await;
    doubts::inquire(&world.app, &support, loan).await.unwrap();
    let status = doubts::inquire(&world.app, &support, second).await.unwrap();
    assert_eq!(status, PaymentStatus::Failure);
    assert_eq!(bank_state(&world, second).await, "voided");
    settle(&world, first, ManualResolution::Taken)
        .await
        .unwrap();
    let left = doubts::list(&world.app, &by, world.merchant).await.unwrap();
    assert!(left.is_empty(), "{left:?}");
    let other = doubts::list(&world.app, &by, world.merchant + 1).await;
    assert!(other.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_asks_the_bank_again_where_inquiries_had_led_nowhere() {
    let world = impatient().await;
    let id = in_review(&world).await;
    let support = caller(&world, Role::Support).await;
    let before = attempt(&world, id).await;
    // The bank cannot say: it stays with the person, and the schedule as it was.
    world
        .fault("garanti", "inquire", json!({"kind": "garbage"}))
        .await;
    // The second question comes too early to be asked.
    for _ in 0..2 {
        let status = doubts::inquire(&world.app, &support, id).await.unwrap();
        assert_eq!(status, PaymentStatus::Waiting);
    }
    let now = attempt(&world, id).await;
    assert_eq!(now.state, AttemptState::Review);
    let schedule = |of: &Attempt| (of.inquiries, of.inquire_at, of.review_since);
    assert_eq!(schedule(&now), schedule(&before));
    world.wait(5).await;
    let status = doubts::inquire(&world.app, &support, id).await.unwrap();
    assert_eq!(status, PaymentStatus::Failure);
    assert_eq!(bank_state(&world, id).await, "voided");
    let developer = caller(&world, Role::Developer).await;
    assert!(doubts::inquire(&world.app, &developer, id).await.is_err());
    let log = audit::of_merchant(
        &world.app,
        world.merchant,
        i64::MAX,
        "payment.inquire",
        "",
        9,
    )
    .await
    .unwrap();
    assert_eq!(log.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_word_settles_either_way_and_is_announced() {
    let world = impatient().await;
    let id = in_review(&world).await;
    assert_eq!(
        settle(&world, id, ManualResolution::Taken).await.unwrap(),
        PaymentStatus::Success
    );
    assert_eq!(books(&world, id).await, (PaymentStatus::Success, 10_000));
    let id = in_review(&world).await;
    settle(&world, id, ManualResolution::NotTaken)
        .await
        .unwrap();
    assert_eq!(books(&world, id).await, (PaymentStatus::Failure, 0));
    assert_eq!(attempt(&world, id).await.state, AttemptState::Declined);
    // Settled is settled.
    assert!(settle(&world, id, ManualResolution::Taken).await.is_err());

    // What the bank was seen to take keeps its references, or was given back.
    let id = reversal_refused(&world).await;
    settle(&world, id, ManualResolution::Taken).await.unwrap();
    assert_eq!(books(&world, id).await, (PaymentStatus::Success, 10_000));
    let read = world
        .get(&format!("/payment/v1/card-payments/{id}"))
        .await
        .ok();
    assert!(read.data("authCode").is_string());
    let id = reversal_refused(&world).await;
    settle(&world, id, ManualResolution::NotTaken)
        .await
        .unwrap();
    assert_eq!(attempt(&world, id).await.state, AttemptState::Reversed);
    assert_eq!(books(&world, id).await, (PaymentStatus::Failure, 0));

    world.wait(30).await;
    let told: Vec<Value> = world
        .hooks("API_AUTH")
        .iter()
        .map(|hook| hook.body["status"].clone())
        .collect();
    assert_eq!(told.iter().filter(|s| *s == "SUCCESS").count(), 2);
    assert_eq!(told.iter().filter(|s| *s == "FAILURE").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_needs_a_role_and_a_reason_and_stands_in_the_audit_log() {
    let world = impatient().await;
    let id = in_review(&world).await;
    let (app, finance) = (&world.app, caller(&world, Role::Finance).await);
    for role in [Role::Support, Role::Developer, Role::ReadOnly] {
        let caller = caller(&world, role).await;
        let refused =
            doubts::settle_by_hand(app, &caller, id, ManualResolution::Taken, "because").await;
        assert!(refused.is_err(), "{role}");
    }
    for note in ["", "  x ", &"n".repeat(501)] {
        let refused =
            doubts::settle_by_hand(app, &finance, id, ManualResolution::Taken, note).await;
        assert!(refused.is_err(), "{note}");
    }
    let paid = world
        .post("/payment/v1/card-payments", payment(CARD))
        .await
        .ok();
    let paid = paid.data("id").as_i64().unwrap();
    assert!(
        settle(&world, paid, ManualResolution::NotTaken)
            .await
            .is_err()
    );
    assert_eq!(books(&world, paid).await, (PaymentStatus::Success, 10_000));

    let note = "the bank says so, card 5209 2200 0000 0002";
    doubts::settle_by_hand(app, &finance, id, ManualResolution::NotTaken, note)
        .await
        .unwrap();
    let log = audit::of_merchant(app, world.merchant, i64::MAX, "payment.settle", "", 9)
        .await
        .unwrap();
    assert_eq!(log.len(), 4);
    let entry = &log[0].entry;
    assert_eq!(entry.target, id.to_string());
    assert_eq!(
        entry.before,
        Some(json!({"status": "WAITING", "state": "REVIEW"}))
    );
    let after =
        json!({"status": "FAILURE", "found": "NOT_TAKEN", "note": "the bank says so, card ***"});
    assert_eq!(entry.after, Some(after));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_never_crosses_a_reversal_under_way() {
    let world = World::open().await;
    for delay in [0, 5, 10, 20, 40, 80] {
        let id = in_doubt(&world).await;
        world
            .fault("garanti", "void", json!({"kind": "delay", "ms": 30}))
            .await;
        world.clock.advance_seconds(5);
        let word = async {
            tokio::time::sleep(Duration::from_millis(delay)).await;
            settle(&world, id, ManualResolution::Taken).await
        };
        let (_, said) = tokio::join!(world.work(), word);
        world.wait(600).await;
        let (status, captured) = books(&world, id).await;
        let bank = bank_state(&world, id).await;
        match said {
            Ok(_) => assert_eq!(
                (status, captured, bank.as_str()),
                (PaymentStatus::Success, 10_000, Some("captured")),
                "after {delay} ms"
            ),
            Err(_) => assert_eq!(
                (status, captured, bank.as_str()),
                (PaymentStatus::Failure, 0, Some("voided")),
                "after {delay} ms"
            ),
        }
        world
            .control("DELETE", "/control/faults", Value::Null)
            .await;
        world.wait(40).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_settle_once() {
    let world = impatient().await;
    for _ in 0..5 {
        let id = in_review(&world).await;
        let (one, two) = tokio::join!(
            settle(&world, id, ManualResolution::Taken),
            settle(&world, id, ManualResolution::NotTaken)
        );
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        let (status, captured) = books(&world, id).await;
        let expected = match one.is_ok() {
            true => (PaymentStatus::Success, 10_000),
            false => (PaymentStatus::Failure, 0),
        };
        assert_eq!((status, captured), expected);
    }
}

/// A loan whose approval the lender took without answering, and which nobody may ask about since.
pub async fn loan_in_doubt(world: &World) -> i64 {
    // A notification that comes late would be a reason to ask.
    let silent = json!({"operation": "notify", "fault": {"kind": "no_callback"}, "times": 9});
    world
        .control("POST", "/control/lender-faults", silent)
        .await;
    let init = applied(world, "103").await;
    let url = init.data("redirectUrl").as_str().unwrap();
    decided(world, url, "approve").await;
    for operation in ["confirm", "inquire"] {
        let lost = json!({"operation": operation, "fault": {"kind": "lose_reply"}, "times": 1000});
        world.control("POST", "/control/lender-faults", lost).await;
    }
    let id = init.data("paymentId").as_i64().unwrap();
    let path = format!("/payment/v1/bnpl-payments/{id}/approve");
    assert_eq!(world.post(&path, Value::Null).await.status, 422);
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_word_settles_a_loan_once_the_lender_had_its_time() {
    let world = World::open().await;
    for (found, status, captured) in [
        (ManualResolution::Taken, PaymentStatus::Success, 1_000_000),
        (ManualResolution::NotTaken, PaymentStatus::Failure, 0),
    ] {
        let id = loan_in_doubt(&world).await;
        // The lender may still be answering, whether it was inquired meanwhile or not.
        for _ in 0..2 {
            let early = settle(&world, id, found).await;
            assert!(matches!(early, Err(Problem::Rule { .. })), "{early:?}");
            let support = caller(&world, Role::Support).await;
            doubts::inquire(&world.app, &support, id).await.unwrap();
        }
        assert_eq!(books(&world, id).await, (PaymentStatus::Waiting, 0));

        world.clock.advance_seconds(14);
        assert_eq!(settle(&world, id, found).await.unwrap(), status);
        assert_eq!(books(&world, id).await, (status, captured));
        assert!(settle(&world, id, ManualResolution::Taken).await.is_err());
        // What the lender says later changes nothing.
        world
            .control("DELETE", "/control/lender-faults", Value::Null)
            .await;
        let path = format!("/payment/v1/bnpl-payments/{id}/verify");
        let verified = world.post(&path, Value::Null).await.ok();
        assert_eq!(verified.data("paymentStatus"), status.as_str());
        world.wait(4000).await;
        assert_eq!(books(&world, id).await, (status, captured));
        let told = world.hooks("BNPL_NOTIFICATION");
        let of_it = |body: &Value| body["payloadId"] == id.to_string().as_str();
        let mut of_it = told.iter().filter(|hook| of_it(&hook.body));
        assert!(of_it.any(|hook| hook.body["status"] == status.as_str()));
        let log = audit::of_merchant(
            &world.app,
            world.merchant,
            i64::MAX,
            "payment.settle",
            "",
            1,
        );
        let entry = &log.await.unwrap()[0].entry;
        assert_eq!(
            entry.before,
            Some(json!({"status": "WAITING", "state": "CONFIRMING"}))
        );
    }
    // A loan that only waits for its shopper is nobody's to settle.
    let init = applied(&world, "103").await;
    let id = init.data("paymentId").as_i64().unwrap();
    world.clock.advance_seconds(60);
    assert!(settle(&world, id, ManualResolution::Taken).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_before_a_second_approval_never_crosses_it() {
    let world = World::open().await;
    let id = loan_in_doubt(&world).await;
    let read = async || {
        let found = loans::of_payment(&world.app, world.merchant, id).await;
        found.unwrap().unwrap()
    };
    // Read by somebody who takes their time.
    let before = read().await;
    let mut decided = before.clone();
    decided.state = ApplicationState::Disbursed;
    // Meanwhile it turned out to be ready and was approved again: the same state, another question.
    world.clock.advance_seconds(60);
    let mut again = before.clone();
    again.asked_at = world.app.now();
    let mut commit = Commit::new(world.merchant, id);
    loans::save(&again, &before, &mut commit);
    world.app.db.commit(commit).await.unwrap();
    assert_eq!(read().await.state, before.state);

    let mut late = Commit::new(world.merchant, id);
    loans::save(&decided, &before, &mut late);
    let refused = world.app.db.commit(late).await;
    assert!(matches!(refused, Err(CommitError::Conflict { .. })));
    assert_eq!(read().await.asked_at, again.asked_at);
    // And the person is told to wait again.
    assert!(
        settle(&world, id, ManualResolution::NotTaken)
            .await
            .is_err()
    );
}
