//! Holds and captures whose outcome nobody knows: the bank's own word settles them, or a person.

use crate::shop::{BANKS, GARANTI, ISBANK, MANY, OTP, Shop, delay, edit};
use serde_json::{Value, json};
use server::operations::{Role, doubts};
use server::store::captures::{Capture, CaptureState, of_payment};

async fn last(shop: &Shop, id: i64) -> Capture {
    let found = of_payment(&shop.app, shop.merchant, id).await.unwrap();
    found.into_iter().next_back().unwrap()
}

/// Answers that are lost after the bank did what it was asked, and one before.
fn losses() -> [(Value, bool); 5] {
    [
        (json!({"kind": "lose_reply"}), true),
        (json!({"kind": "cut_reply"}), true),
        (json!({"kind": "http_500", "after": true}), true),
        (delay(4_000), true),
        (json!({"kind": "http_500"}), false),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_in_doubt_is_released_or_stands_as_the_merchant_chose() {
    let shop = Shop::open().await;
    for completes in [false, true] {
        shop.merchant_with(|merchant| merchant.completes_doubt = completes)
            .await;
        for (fault, made) in losses() {
            for (bank, card) in BANKS {
                shop.fault(bank, "hold", fault.clone()).await;
                let id = shop.holds(card).await.in_doubt();
                let waits: &[i64] = if made { &[6] } else { &[5, 30, 120] };
                for wait in waits {
                    shop.wait(*wait).await;
                }
                let (outcome, state) = match (made, completes) {
                    (true, true) => ("SUCCESS", "held"),
                    (true, false) => ("FAILURE", "voided"),
                    (false, _) => ("FAILURE", ""),
                };
                let what = format!("{bank} {fault} {completes}");
                assert_eq!(shop.outcome(id).await, outcome, "{what}");
                if made {
                    assert_eq!(shop.order_state(id).await, state, "{what}");
                }
                if outcome == "SUCCESS" {
                    shop.captures(id, 100).await.succeeded();
                } else {
                    shop.captures(id, 100).await.refused(422, 9002);
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_with_3ds_in_doubt_stands_once_the_bank_says_so() {
    let shop = Shop::open().await;
    for (bank, card) in BANKS {
        let back = shop.holds(card).with_3ds(OTP).await.verified();
        shop.fault(bank, "threeds_finish", "lose_reply").await;
        back.completes().await.in_doubt();
        shop.wait(6).await;
        assert_eq!(shop.outcome(back.id).await, "SUCCESS", "{bank}");
        assert_eq!(shop.order_state(back.id).await, "held", "{bank}");
        shop.captures(back.id, 100).await.succeeded();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_in_doubt_blocks_every_other_move_until_the_bank_says_what_it_took() {
    let shop = Shop::open().await;
    for (fault, made) in losses() {
        for (bank, card) in BANKS {
            let what = format!("{bank} {fault}");
            let id = shop.holds(card).await.succeeded().id();
            shop.fault(bank, "capture", fault.clone()).await;
            assert_eq!(shop.captures(id, 110).await.in_doubt(), id, "{what}");
            // The payment is what it was, and nothing else is sent.
            let read = shop.payment(id).await.succeeded();
            assert_eq!(read.data("paymentPhase"), "PRE_AUTH", "{what}");
            shop.captures(id, 90).await.declined("TOO_MANY_REQUESTS");
            shop.refunds(id).await.declined("TOO_MANY_REQUESTS");
            let marks = "/payment/v1/refunds/mark-as-refunded";
            let marked = shop.post(marks, json!({"paymentId": id})).await;
            marked.declined("TOO_MANY_REQUESTS");
            let waits: &[i64] = if made { &[6] } else { &[5, 30, 120] };
            for wait in waits {
                assert!(last(&shop, id).await.state.is_open(), "{what}");
                shop.wait(*wait).await;
            }
            let read = shop.payment(id).await.succeeded();
            if made {
                assert_eq!(
                    last(&shop, id).await.state,
                    CaptureState::Approved,
                    "{what}"
                );
                assert_eq!(read.data("paymentPhase"), "POST_AUTH", "{what}");
                assert_eq!(read.data("paidPrice"), 110, "{what}");
                assert_eq!(shop.order(id).await["captured"], 11_000, "{what}");
                shop.refunds(id).await.ok();
            } else {
                assert_eq!(
                    last(&shop, id).await.state,
                    CaptureState::Declined,
                    "{what}"
                );
                assert_eq!(read.data("paymentPhase"), "PRE_AUTH", "{what}");
                assert_eq!(shop.order_state(id).await, "held", "{what}");
                shop.captures(id, 110).await.succeeded();
            }
        }
    }
    shop.wait(31).await;
    // The shop that was told of doubt learns of the capture.
    assert_eq!(shop.hooks("API_AUTH").len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_took_another_amount_leaves_it_to_a_person() {
    let shop = Shop::open().await;
    for (found, phase) in [
        (doubts::ManualResolution::Taken, "POST_AUTH"),
        (doubts::ManualResolution::NotTaken, "PRE_AUTH"),
    ] {
        let id = shop.holds(GARANTI).await.succeeded().id();
        shop.fault("garanti", "capture", "lose_reply").await;
        shop.captures(id, 110).await.in_doubt();
        shop.faults(MANY, "garanti", "inquire", edit("11000", "10900"))
            .await;
        shop.wait(6).await;
        assert_eq!(last(&shop, id).await.state, CaptureState::Review);
        shop.refunds(id).await.declined("TOO_MANY_REQUESTS");
        let (app, note) = (&shop.app, "seen on the bank's screen");
        let finance = shop.caller(Role::Finance).await;
        let listed = doubts::list(app, &finance.by, shop.merchant).await.unwrap();
        assert_eq!((listed.len(), listed[0].payment_id), (1, id));
        assert_eq!(listed[0].amount, 11_000);
        let support = shop.caller(Role::Support).await;
        let refused = doubts::settle_by_hand(app, &support, id, found, note).await;
        assert!(refused.is_err());
        doubts::settle_by_hand(app, &finance, id, found, note)
            .await
            .unwrap();
        let read = shop.payment(id).await.succeeded();
        assert_eq!(read.data("paymentPhase"), phase);
        let entry = shop.audit("payment.settle").await.remove(0);
        assert_eq!(entry.after.unwrap()["note"], note);
        let again = doubts::settle_by_hand(app, &finance, id, found, note).await;
        assert!(again.is_err());
        shop.banks_recover().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_review_the_banks_word_still_settles_and_a_person_may_ask() {
    let shop = Shop::impatient().await;
    let id = shop.holds(GARANTI).await.succeeded().id();
    shop.fault("garanti", "capture", "lose_reply").await;
    shop.captures(id, 90).await.in_doubt();
    shop.faults(MANY, "garanti", "inquire", "http_500").await;
    shop.wait(6).await;
    assert_eq!(last(&shop, id).await.state, CaptureState::Review);
    shop.banks_recover().await;
    let support = shop.caller(Role::Support).await;
    doubts::inquire(&shop.app, &support, id).await.unwrap();
    let read = shop.payment(id).await.succeeded();
    assert_eq!(read.data("paidPrice"), 90);
    assert_eq!(read.data("paymentPhase"), "POST_AUTH");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_in_doubt_is_settled_like_any_refund_and_blocks_the_capture() {
    let shop = Shop::open().await;
    for (bank, card) in BANKS {
        for (fault, made) in losses() {
            let what = format!("{bank} {fault}");
            let id = shop.holds(card).await.succeeded().id();
            shop.fault(bank, "void", fault.clone()).await;
            assert_eq!(shop.refunds(id).await.in_doubt(), id, "{what}");
            assert_eq!(shop.reported(id).await.data("refundablePrice"), 0);
            shop.captures(id, 100).await.declined("TOO_MANY_REQUESTS");
            for wait in [5, 30, 120] {
                shop.wait(wait).await;
            }
            let read = shop.reported(id).await.succeeded();
            if made {
                assert_eq!(read.data("refundStatus"), "FULLY_REFUNDED", "{what}");
                shop.captures(id, 100).await.refused(422, 9013);
            } else {
                assert_eq!(read.data("refundStatus"), "NOT_REFUNDED", "{what}");
                shop.captures(id, 100).await.succeeded();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_of_what_was_taken_is_made_once_the_money_is_back() {
    let shop = Shop::open().await;
    shop.noon().await;
    for (bank, card) in BANKS {
        for (fault, made) in losses() {
            let what = format!("{bank} {fault}");
            let id = shop.holds(card).await.succeeded().id();
            shop.captures(id, 110).await.succeeded();
            // One bank undoes the capture and then releases the hold; the first answer is lost.
            shop.fault(bank, "void", fault.clone()).await;
            assert_eq!(shop.refunds(id).await.in_doubt(), id, "{what}");
            for wait in [5, 30, 120] {
                shop.wait(wait).await;
            }
            let read = shop.reported(id).await.succeeded();
            let captured = shop.order_state(id).await == "captured";
            if made {
                assert_eq!(read.data("refundStatus"), "FULLY_REFUNDED", "{what}");
                assert!(!captured, "{what}");
            } else {
                assert_eq!(read.data("refundStatus"), "NOT_REFUNDED", "{what}");
                assert!(captured, "{what}");
                shop.refunds(id).await.ok();
                assert_eq!(shop.order_state(id).await, "voided", "{what}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_of_what_nestpay_took_undoes_the_capture_and_the_hold() {
    let shop = Shop::of_families().await;
    shop.noon().await;
    let captured = || async {
        let id = shop.holds(ISBANK).await.succeeded().id();
        shop.captures(id, 100).await.succeeded();
        id
    };
    let id = captured().await;
    shop.refunds(id).await.ok();
    assert_eq!(shop.order_state(id).await, "voided");
    // Answered or not, what was taken is back once the bank has undone the capture.
    let id = captured().await;
    shop.fault("nestpay", "void", "lose_reply").await;
    shop.refunds(id).await;
    assert_eq!(shop.order(id).await["captured"], 0);
    shop.wait(6).await;
    let told = shop.reported(id).await;
    assert_eq!(told.data("refundStatus"), "FULLY_REFUNDED");
}
