//! Doubts that people handle: the list, an inquiry on demand, and a word that settles.

use crate::shop::{GARANTI, MANY, Shop, declines, delay};
use contract::enums::PaymentStatus;
use serde_json::{Value, json};
use server::engine::inquiry::ManualResolution;
use server::operations::{Actor, Problem, Role, doubts};
use server::store::attempts::{Attempt, AttemptState};
use server::store::db::{Commit, CommitError};
use server::store::loans::{self, ApplicationState};
use server::store::payments;
use std::time::Duration;

/// A payment that the bank took without answering.
async fn in_doubt(shop: &Shop) -> i64 {
    shop.fault("garanti", "sale", "lose_reply").await;
    shop.pays(GARANTI).await.in_doubt()
}

/// The same after the only inquiry was lost as well.
async fn in_review(shop: &Shop) -> i64 {
    let id = in_doubt(shop).await;
    shop.fault("garanti", "inquire", "http_500").await;
    shop.wait(5).await;
    assert_eq!(shop.attempt(id).await.state, AttemptState::Review);
    id
}

/// The bank took it, was asked to give it back, and refused.
async fn reversal_refused(shop: &Shop) -> i64 {
    let id = in_doubt(shop).await;
    shop.fault("garanti", "void", declines("12")).await;
    shop.wait(5).await;
    assert_eq!(shop.attempt(id).await.state, AttemptState::Review);
    id
}

async fn settle(shop: &Shop, id: i64, found: ManualResolution) -> Result<PaymentStatus, Problem> {
    let caller = shop.caller(Role::Finance).await;
    doubts::settle_by_hand(&shop.app, &caller, id, found, "seen in the bank's panel").await
}

/// A person asks the bank or lender.
async fn inquires(shop: &Shop, role: Role, id: i64) -> Result<PaymentStatus, Problem> {
    let caller = shop.caller(role).await;
    doubts::inquire(&shop.app, &caller, id).await
}

/// Status and what the books say was taken.
async fn books(shop: &Shop, id: i64) -> (PaymentStatus, i64) {
    let payment = payments::of_merchant(&shop.app, shop.merchant, id).await;
    let payment = payment.unwrap().unwrap();
    (payment.status, payment.captured)
}

#[tokio::test(flavor = "multi_thread")]
async fn doubts_are_listed_oldest_first_until_they_are_settled() {
    let shop = Shop::impatient().await;
    let by = Actor::operator();
    let first = in_review(&shop).await;
    shop.clock.advance_seconds(60);
    shop.lender_faults(1, "apply", "lose_reply").await;
    let loan = shop.applies("064").await.id();
    shop.clock.advance_seconds(60);
    let second = in_doubt(&shop).await;
    let listed = doubts::list(&shop.app, &by, shop.merchant).await.unwrap();
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
    inquires(&shop, Role::Support, loan).await.unwrap();
    let status = inquires(&shop, Role::Support, second).await.unwrap();
    assert_eq!(status, PaymentStatus::Failure);
    assert_eq!(shop.order_state(second).await, "voided");
    settle(&shop, first, ManualResolution::Taken).await.unwrap();
    let left = doubts::list(&shop.app, &by, shop.merchant).await.unwrap();
    assert!(left.is_empty(), "{left:?}");
    let other = doubts::list(&shop.app, &by, shop.merchant + 1).await;
    assert!(other.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_asks_the_bank_again_where_inquiries_had_led_nowhere() {
    let shop = Shop::impatient().await;
    let id = in_review(&shop).await;
    let before = shop.attempt(id).await;
    // The bank cannot say: it stays with the person, and the schedule as it was.
    shop.fault("garanti", "inquire", "garbage").await;
    // The second question comes too early to be asked.
    for _ in 0..2 {
        let status = inquires(&shop, Role::Support, id).await.unwrap();
        assert_eq!(status, PaymentStatus::Waiting);
    }
    let now = shop.attempt(id).await;
    assert_eq!(now.state, AttemptState::Review);
    let schedule = |of: &Attempt| (of.inquiries, of.inquire_at, of.review_since);
    assert_eq!(schedule(&now), schedule(&before));
    shop.wait(5).await;
    let status = inquires(&shop, Role::Support, id).await.unwrap();
    assert_eq!(status, PaymentStatus::Failure);
    assert_eq!(shop.order_state(id).await, "voided");
    assert!(inquires(&shop, Role::Developer, id).await.is_err());
    let log = shop.audit("payment.inquire").await;
    assert_eq!(log.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_word_settles_either_way_and_is_announced() {
    let shop = Shop::impatient().await;
    let id = in_review(&shop).await;
    assert_eq!(
        settle(&shop, id, ManualResolution::Taken).await.unwrap(),
        PaymentStatus::Success
    );
    assert_eq!(books(&shop, id).await, (PaymentStatus::Success, 10_000));
    let id = in_review(&shop).await;
    settle(&shop, id, ManualResolution::NotTaken).await.unwrap();
    assert_eq!(books(&shop, id).await, (PaymentStatus::Failure, 0));
    assert_eq!(shop.attempt(id).await.state, AttemptState::Declined);
    // Settled is settled.
    assert!(settle(&shop, id, ManualResolution::Taken).await.is_err());

    // What the bank was seen to take keeps its references, or was given back.
    let id = reversal_refused(&shop).await;
    settle(&shop, id, ManualResolution::Taken).await.unwrap();
    assert_eq!(books(&shop, id).await, (PaymentStatus::Success, 10_000));
    let read = shop.payment(id).await;
    assert!(read.data("authCode").is_string());
    let id = reversal_refused(&shop).await;
    settle(&shop, id, ManualResolution::NotTaken).await.unwrap();
    assert_eq!(shop.attempt(id).await.state, AttemptState::Reversed);
    assert_eq!(books(&shop, id).await, (PaymentStatus::Failure, 0));

    shop.wait(30).await;
    let told = shop.hooks("API_AUTH");
    let count = |status: &str| told.iter().filter(|h| h.body["status"] == status).count();
    assert_eq!((count("SUCCESS"), count("FAILURE")), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_needs_a_role_and_a_reason_and_stands_in_the_audit_log() {
    let shop = Shop::impatient().await;
    let id = in_review(&shop).await;
    let (app, finance) = (&shop.app, shop.caller(Role::Finance).await);
    for role in [Role::Support, Role::Developer, Role::ReadOnly] {
        let caller = shop.caller(role).await;
        let refused =
            doubts::settle_by_hand(app, &caller, id, ManualResolution::Taken, "because").await;
        assert!(refused.is_err(), "{role}");
    }
    for note in ["", "  x ", &"n".repeat(501)] {
        let refused =
            doubts::settle_by_hand(app, &finance, id, ManualResolution::Taken, note).await;
        assert!(refused.is_err(), "{note}");
    }
    let paid = shop.pays(GARANTI).await.ok().id();
    assert!(
        settle(&shop, paid, ManualResolution::NotTaken)
            .await
            .is_err()
    );
    assert_eq!(books(&shop, paid).await, (PaymentStatus::Success, 10_000));

    let note = "the bank says so, card 5209 2200 0000 0002";
    doubts::settle_by_hand(app, &finance, id, ManualResolution::NotTaken, note)
        .await
        .unwrap();
    let log = shop.audit("payment.settle").await;
    assert_eq!(log.len(), 4);
    let entry = &log[0];
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
    let shop = Shop::open().await;
    for milliseconds in [0, 5, 10, 20, 40, 80] {
        let id = in_doubt(&shop).await;
        shop.fault("garanti", "void", delay(30)).await;
        shop.clock.advance_seconds(5);
        let word = async {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            settle(&shop, id, ManualResolution::Taken).await
        };
        let (_, said) = tokio::join!(shop.work(), word);
        shop.wait(600).await;
        let (status, captured) = books(&shop, id).await;
        let bank = shop.order_state(id).await;
        let expected = match said {
            Ok(_) => (PaymentStatus::Success, 10_000, "captured"),
            Err(_) => (PaymentStatus::Failure, 0, "voided"),
        };
        let told = (status, captured, bank.as_str());
        assert_eq!(told, expected, "after {milliseconds} ms");
        shop.banks_recover().await;
        shop.wait(40).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_settle_once() {
    let shop = Shop::impatient().await;
    for _ in 0..5 {
        let id = in_review(&shop).await;
        let (one, two) = tokio::join!(
            settle(&shop, id, ManualResolution::Taken),
            settle(&shop, id, ManualResolution::NotTaken)
        );
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        let (status, captured) = books(&shop, id).await;
        let expected = if one.is_ok() {
            (PaymentStatus::Success, 10_000)
        } else {
            (PaymentStatus::Failure, 0)
        };
        assert_eq!((status, captured), expected);
    }
}

/// A loan whose approval the lender took without answering, and which nobody may ask about since.
pub async fn loan_in_doubt(shop: &Shop) -> i64 {
    // A notification that comes late would be a reason to ask.
    shop.lender_faults(9, "notify", "no_callback").await;
    let loan = shop.applied("103").await;
    loan.decides("approve").await;
    for operation in ["confirm", "inquire"] {
        shop.lender_faults(MANY, operation, "lose_reply").await;
    }
    assert_eq!(loan.approves().await.status, 422);
    loan.id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_word_settles_a_loan_once_the_lender_had_its_time() {
    let shop = Shop::open().await;
    for (found, status, captured) in [
        (ManualResolution::Taken, PaymentStatus::Success, 1_000_000),
        (ManualResolution::NotTaken, PaymentStatus::Failure, 0),
    ] {
        let id = loan_in_doubt(&shop).await;
        // The lender may still be answering, whether it was inquired meanwhile or not.
        for _ in 0..2 {
            let early = settle(&shop, id, found).await;
            assert!(matches!(early, Err(Problem::Rule { .. })), "{early:?}");
            inquires(&shop, Role::Support, id).await.unwrap();
        }
        assert_eq!(books(&shop, id).await, (PaymentStatus::Waiting, 0));

        shop.clock.advance_seconds(14);
        assert_eq!(settle(&shop, id, found).await.unwrap(), status);
        assert_eq!(books(&shop, id).await, (status, captured));
        assert!(settle(&shop, id, ManualResolution::Taken).await.is_err());
        // What the lender says later changes nothing.
        shop.lender_recovers().await;
        let verified = shop.verifies(id).await.ok();
        assert_eq!(verified.outcome(), status.as_str());
        shop.wait(4000).await;
        assert_eq!(books(&shop, id).await, (status, captured));
        let told = shop.hooks("BNPL_NOTIFICATION");
        let of_it = |body: &Value| body["payloadId"] == id.to_string().as_str();
        let mut of_it = told.iter().filter(|hook| of_it(&hook.body));
        assert!(of_it.any(|hook| hook.body["status"] == status.as_str()));
        let entry = shop.audit("payment.settle").await.remove(0);
        assert_eq!(
            entry.before,
            Some(json!({"status": "WAITING", "state": "CONFIRMING"}))
        );
    }
    // A loan that only waits for its shopper is nobody's to settle.
    let loan = shop.applied("103").await;
    shop.clock.advance_seconds(60);
    assert!(
        settle(&shop, loan.id, ManualResolution::Taken)
            .await
            .is_err()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_before_a_second_approval_never_crosses_it() {
    let shop = Shop::open().await;
    let id = loan_in_doubt(&shop).await;
    // Read by somebody who takes their time.
    let before = shop.loan(id).await;
    let mut decided = before.clone();
    decided.state = ApplicationState::Disbursed;
    // Meanwhile it turned out to be ready and was approved again: the same state, another question.
    shop.clock.advance_seconds(60);
    let mut again = before.clone();
    again.asked_at = shop.app.now();
    let mut commit = Commit::new(shop.merchant, id);
    loans::save(&again, &before, &mut commit);
    shop.app.db.commit(commit).await.unwrap();
    assert_eq!(shop.loan(id).await.state, before.state);

    let mut late = Commit::new(shop.merchant, id);
    loans::save(&decided, &before, &mut late);
    let refused = shop.app.db.commit(late).await;
    assert!(matches!(refused, Err(CommitError::Conflict { .. })));
    assert_eq!(shop.loan(id).await.asked_at, again.asked_at);
    // And the person is told to wait again.
    assert!(settle(&shop, id, ManualResolution::NotTaken).await.is_err());
}
