//! Moves that can happen once: whoever comes second waits for the outcome of the first.

use crate::shop::{GARANTI, MANY, OTP, Reply, Shop, declines, delay};
use std::sync::Arc;
use tokio::task::JoinSet;

/// A payment that waits for its completion.
async fn verified(shop: &Shop) -> i64 {
    shop.pays(GARANTI).with_3ds(OTP).await.id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_completion_has_the_outcome_of_the_first() {
    let shop = Shop::open().await;
    for round in 0..20 {
        let id = verified(&shop).await;
        let slow = delay(round * 15);
        shop.fault("garanti", "threeds_finish", slow).await;
        let (one, two) = tokio::join!(shop.completes(id), shop.completes(id));
        assert_eq!(one.succeeded().body, two.ok().body, "round {round}");
    }
    // Declined is told to both as well.
    let id = verified(&shop).await;
    let declined = declines("51");
    shop.fault("garanti", "threeds_finish", declined).await;
    let (one, two) = tokio::join!(shop.completes(id), shop.completes(id));
    one.declined("NOT_SUFFICIENT_FUNDS");
    two.declined("NOT_SUFFICIENT_FUNDS");
}

#[tokio::test(flavor = "multi_thread")]
async fn four_wait_and_the_next_is_told_to_come_again() {
    let shop = Arc::new(Shop::open().await);
    let id = verified(&shop).await;
    shop.fault("garanti", "threeds_finish", delay(2_000)).await;
    let mut calls = JoinSet::new();
    for _ in 0..9 {
        let shop = Arc::clone(&shop);
        calls.spawn(async move { shop.completes(id).await });
    }
    let replies = calls.join_all().await;
    let (done, later): (Vec<Reply>, Vec<Reply>) =
        replies.into_iter().partition(|reply| reply.status == 200);
    // The first, and four that waited.
    assert_eq!((done.len(), later.len()), (5, 4));
    for reply in later {
        reply.refused(409, 9006);
        assert_eq!(reply.id(), id);
        assert_eq!(reply.header("retry-after"), "1");
    }
    assert_eq!(shop.completes(id).await.ok().body, done[0].body);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_in_flight_does_not_wait() {
    let shop = Shop::open().await;
    let id = verified(&shop).await;
    shop.fault("garanti", "threeds_finish", delay(1_500)).await;
    let (first, ()) = tokio::join!(shop.completes(id).keyed("one"), async {
        shop.order_arrives().await;
        let began = std::time::Instant::now();
        shop.completes(id).keyed("one").await.refused(409, 1106);
        assert!(began.elapsed().as_millis() < 1_000);
    });
    first.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_and_approve_at_once_confirm_once() {
    let shop = Shop::open().await;
    shop.lender_is_silent().await;
    shop.lender_faults(MANY, "confirm", delay(40)).await;
    for round in 1..=30 {
        let loan = shop.applied("103").await;
        loan.decides("approve").await;
        let (one, two, asked) = tokio::join!(loan.approves(), loan.approves(), loan.verifies());
        one.succeeded();
        two.succeeded();
        asked.ok();
        assert_eq!(shop.met_by_lender("confirm").await, round);
        shop.clock.advance_seconds(5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_never_reached_the_lender_may_be_given_again_once_it_had_its_time() {
    let shop = Shop::open().await;
    shop.lender_is_silent().await;
    let loan = shop.applied("103").await;
    loan.decides("approve").await;
    shop.lender_faults(1, "confirm", "http_500").await;
    assert_eq!(loan.approves().await.status, 422);
    // The lender says ready, but the approval may still be on its way.
    let verified = loan.verifies().await.ok();
    assert_eq!(verified.data("additionalAction"), "VERIFY_REQUIRED");
    assert_eq!(loan.approves().await.status, 422);
    shop.wait(15).await;
    let told = shop.hooks("BNPL_NOTIFICATION").len();
    shop.wait(40).await;
    let hooks = shop.hooks("BNPL_NOTIFICATION");
    assert!(hooks.len() > told || told > 0);
    let action = &hooks.last().unwrap().body["payload"]["additionalAction"];
    assert_eq!(action, "APPROVAL_REQUIRED");
    loan.approves().await.succeeded();
}
