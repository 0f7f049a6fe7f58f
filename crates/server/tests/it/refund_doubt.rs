//! Refunds whose outcome nobody knows: what is reserved, how the bank's own word settles them, what a person
//! does, and refunds that come at once.

use crate::process::{Serving, until};
use crate::refund_transactions::items;
use crate::shop::{BANKS, GARANTI, MANY, Reply, Shop, YKB, declines_after, delay, serve};
use serde_json::json;
use server::jobs;
use server::operations::{Role, refunds};
use server::store::db::{Commit, params};
use server::store::refunds::{Refund, RefundState, of_payment};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

async fn last(shop: &Shop, id: i64) -> Refund {
    let found = of_payment(&shop.app, shop.merchant, id).await.unwrap();
    found.into_iter().next_back().unwrap()
}

/// Paid, and the bank's day is over.
async fn settled(shop: &Shop, card: &str) -> (i64, Vec<i64>) {
    let paid = shop.pays(card).await.succeeded();
    shop.day_passes().await;
    (paid.id(), items(&paid))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_lost_answer_is_settled_by_what_the_bank_gave_back() {
    let shop = Shop::open().await;
    shop.noon().await;
    let after = json!({"kind": "http_500", "after": true});
    for (fault, made) in [
        (json!({"kind": "lose_reply"}), true),
        (json!({"kind": "cut_reply"}), true),
        (json!({"kind": "garbage"}), true),
        (after, true),
        (delay(4_000), true),
        (json!({"kind": "http_500"}), false),
    ] {
        for (bank, card) in BANKS {
            for whole_today in [false, true] {
                let paid = shop.pays(card).await.succeeded();
                let (id, items) = (paid.id(), items(&paid));
                let (verb, amount) = if whole_today {
                    ("void", 10_000)
                } else {
                    ("refund", 1_000)
                };
                if !whole_today {
                    shop.day_passes().await;
                }
                let what = format!("{bank} {verb} {fault}");
                shop.fault(bank, verb, fault.clone()).await;
                let reply = if whole_today {
                    shop.refunds(id).await
                } else {
                    shop.refunds_item(items[0], 10).await
                };
                assert_eq!(reply.in_doubt(), id, "{what}");
                // Reserved, and nothing else is sent.
                let left = |reply: Reply| reply.data("refundablePrice").to_string();
                let reserved = ((10_000 - amount) / 100).to_string();
                assert_eq!(left(shop.reported(id).await), reserved, "{what}");
                shop.refunds(id).await.declined("TOO_MANY_REQUESTS");
                let waits: &[i64] = if made { &[5] } else { &[5, 30, 120] };
                for wait in waits {
                    assert!(last(&shop, id).await.state.is_open(), "{what}");
                    shop.wait(*wait).await;
                }
                let refund = last(&shop, id).await;
                let order = shop.order(id).await;
                let back =
                    order["refunded"].as_i64().unwrap() + order["voided"].as_i64().unwrap_or(0);
                let (state, given) = if made {
                    (RefundState::Approved, amount)
                } else {
                    (RefundState::Declined, 0)
                };
                assert_eq!((refund.state, back), (state, given), "{what} {order}");
                let read = shop.reported(id).await.ok();
                let now = ((10_000 - given) / 100).to_string();
                assert_eq!(read.data("refundablePrice").to_string(), now, "{what}");
                // What is left goes back as ever.
                if given < 10_000 {
                    shop.refunds(id).await.ok();
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_does_not_say_what_it_gave_back_is_asked_nothing_more() {
    let shop = Shop::open().await;
    for (bank, card) in BANKS {
        let (id, items) = settled(&shop, card).await;
        shop.fault(bank, "inquire", "http_500").await;
        shop.refunds_item(items[0], 10)
            .await
            .declined("NO_RESPONSE");
        assert!(
            of_payment(&shop.app, shop.merchant, id)
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(shop.reported(id).await.data("refundablePrice"), 100);
        assert_eq!(shop.order(id).await["refunded"], 0);
        shop.refunds_item(items[0], 10).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_bank_gave_back_and_the_books_do_not_know_stops_refunds_until_it_is_noted() {
    let shop = Shop::open().await;
    for (bank, card) in BANKS {
        let (id, items) = settled(&shop, card).await;
        shop.fault(bank, "refund", declines_after("05")).await;
        assert_eq!(shop.refunds_item(items[0], 10).await.status, 422, "{bank}");
        assert_eq!(shop.order(id).await["refunded"], 1_000);
        for _ in 0..2 {
            let again = shop.refunds_item(items[0], 10).await;
            again.declined("MAY_HAVE_ALREADY_REFUNDED");
        }
        shop.refunds(id).await.declined("MAY_HAVE_ALREADY_REFUNDED");
        assert_eq!(shop.order(id).await["refunded"], 1_000, "{bank}");
        let note = json!({"paymentTransactionId": items[0], "refundPrice": 10});
        shop.post("/payment/v1/refund-transactions/mark-as-refunded", note)
            .await
            .ok();
        shop.refunds(id).await.ok();
        assert_eq!(shop.order(id).await["refunded"], 10_000, "{bank}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_with_the_fields_of_an_approval_is_doubt() {
    let shop = Shop::open().await;
    let edit = || {
        json!({"kind": "edit", "find": "<approved>1</approved>",
            "replace": "<approved>0</approved>"})
    };
    let (id, items) = settled(&shop, YKB).await;
    shop.fault("posnet", "refund", edit()).await;
    assert_eq!(shop.refunds_item(items[0], 10).await.in_doubt(), id);
    assert_eq!(last(&shop, id).await.state, RefundState::Doubt);
    shop.wait(5).await;
    assert_eq!(last(&shop, id).await.state, RefundState::Approved);
    shop.fault("posnet", "sale", edit()).await;
    let doubtful = shop.pays(YKB).await.in_doubt();
    assert_eq!(
        shop.payment(doubtful).await.data("paymentStatus"),
        "WAITING"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_cannot_be_reached_is_no_doubt() {
    let shop = Shop::open().await;
    let id = shop.pays(YKB).await.succeeded().id();
    let pos = shop.payment(id).await.data("pos.id").clone();
    let path = format!("/merchant/v1/merchant-poses/{pos}");
    let was = shop.get(&path).await.ok().data("port").clone();
    shop.put(&path, json!({"port": 1})).await.ok();
    shop.refunds(id).await.declined("NO_RESPONSE");
    shop.put(&path, json!({"port": was})).await.ok();
    shop.refunds(id).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_inquiry_settles_waits_for_a_person_and_stays_reserved() {
    let shop = Shop::impatient().await;
    for (found, state, left) in [
        (refunds::FoundRefund::Made, RefundState::Approved, "90"),
        (refunds::FoundRefund::NotMade, RefundState::Declined, "100"),
    ] {
        let (id, items) = settled(&shop, GARANTI).await;
        shop.fault("garanti", "refund", "lose_reply").await;
        shop.refunds_item(items[0], 10).await.in_doubt();
        shop.faults(MANY, "garanti", "inquire", "http_500").await;
        shop.wait(6).await;
        let refund = last(&shop, id).await;
        assert_eq!(refund.state, RefundState::Review);
        assert_eq!(shop.reported(id).await.data("refundablePrice"), 90);
        shop.refunds(id).await.declined("TOO_MANY_REQUESTS");

        let (app, note) = (&shop.app, "seen on the bank's screen");
        let support = shop.caller(Role::Support).await;
        let refused = refunds::settle_by_hand(app, &support, refund.id, found, note).await;
        assert!(refused.is_err());
        let finance = shop.caller(Role::Finance).await;
        refunds::settle_by_hand(app, &finance, refund.id, found, note)
            .await
            .unwrap();
        assert_eq!(last(&shop, id).await.state, state);
        assert_eq!(
            shop.reported(id).await.data("refundablePrice").to_string(),
            left
        );
        let entry = shop.audit("refund.settle").await.remove(0);
        assert_eq!(entry.after.unwrap()["note"], note);
        // Once.
        let again = refunds::settle_by_hand(app, &finance, refund.id, found, note).await;
        assert!(again.is_err());
        shop.banks_recover().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_review_the_banks_word_still_settles() {
    let shop = Shop::impatient().await;
    let (id, items) = settled(&shop, YKB).await;
    shop.fault("posnet", "refund", "lose_reply").await;
    shop.refunds_item(items[1], 20).await.in_doubt();
    shop.faults(MANY, "posnet", "inquire", "http_500").await;
    shop.wait(6).await;
    assert_eq!(last(&shop, id).await.state, RefundState::Review);
    shop.banks_recover().await;
    shop.wait(15 * 60 + 1).await;
    assert_eq!(last(&shop, id).await.state, RefundState::Approved);
    shop.wait(31).await;
    assert_eq!(shop.hooks("REFUND_TX").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_whose_server_was_killed_is_settled_by_the_next_one() {
    for (bank, card) in BANKS {
        let shop = &Shop::open().await;
        let (id, items) = settled(shop, card).await;
        let mut command = shop.command(&[
            "serve",
            "--bank-timeout",
            "3",
            "--inquiry-waits",
            "1,1,1,1,1,1",
        ]);
        command.env("RUST_BACKTRACE", "0");
        let mut first = Serving::start(&shop.http, command, shop.files.0.join("first.log")).await;
        shop.fault(bank, "refund", delay(1500)).await;
        let url = first.url.clone();
        let body = json!({"paymentTransactionId": items[0], "refundPrice": 10});
        let (told, ()) = tokio::join!(
            shop.post_at(&url, "/payment/v1/refund-transactions", &body),
            async {
                until("the bank makes the refund", async || {
                    (shop.order(id).await["refunded"] == 1_000).then_some(())
                })
                .await;
                first.kill();
            }
        );
        assert!(told.is_none(), "{told:?}");
        let refund = last(shop, id).await;
        assert_eq!(refund.state, RefundState::Asked, "{bank}");
        assert_eq!(shop.reported(id).await.data("refundablePrice"), 90);
        let now = shop.app.now();
        let due = Commit::new(shop.merchant, 0)
            .any("update shards set until = $1", params![now])
            .any("update refunds set inquire_at = $1", params![now]);
        shop.app.db.commit(due).await.unwrap();
        shop.work().await;
        assert_eq!(last(shop, id).await.state, RefundState::Approved, "{bank}");
    }
}

/// Two hundred refunds of one payment, four times what it has, at two servers.
async fn two_hundred_at_once(shop: Arc<Shop>, bank: &str, card: &str, faults: bool) {
    let (id, items) = settled(&shop, card).await;
    let second = shop.process(&shop.clock).await;
    let servers = [shop.gateway.clone(), serve(&second).await];
    if faults {
        for (kind, times) in [("lose_reply", 3), ("cut_reply", 3), ("http_500", 1)] {
            shop.faults(times, bank, "refund", kind).await;
            shop.faults(times, bank, "inquire", kind).await;
        }
    }
    let over = Arc::new(AtomicBool::new(false));
    let time = tokio::spawn({
        let (shop, over) = (Arc::clone(&shop), Arc::clone(&over));
        async move {
            while faults && !over.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(100)).await;
                shop.clock.advance_seconds(3);
                jobs::run_due(&shop.app, &jobs::all_shards()).await.unwrap();
            }
        }
    });
    let mut refunds = JoinSet::new();
    for n in 0..200usize {
        let (shop, server) = (Arc::clone(&shop), servers[n % 2].clone());
        let body = json!({"paymentTransactionId": items[usize::from(n % 3 > 0)], "refundPrice": 2});
        refunds.spawn(async move {
            loop {
                let path = "/payment/v1/refund-transactions";
                let reply = shop.post_at(&server, path, &body).await.unwrap();
                match (reply.status, reply.error_group()) {
                    (200, _) => return "made",
                    (422, "TOO_MANY_REQUESTS" | "NO_RESPONSE") => {
                        let wait = 1000 + u64::try_from(n * 37 % 2000).unwrap();
                        tokio::time::sleep(Duration::from_millis(wait)).await;
                    }
                    (422, "COMMUNICATION_OR_SYSTEM_ERROR") => return "in doubt",
                    (422, _) if matches!(reply.error_code(), 3018 | 9007) => return "nothing left",
                    _ => panic!("{} {:#}", reply.status, reply.body),
                }
            }
        });
    }
    let mut told = std::collections::BTreeMap::new();
    while let Some(outcome) = refunds.join_next().await {
        *told.entry(outcome.unwrap()).or_insert(0) += 1;
    }
    over.store(true, Ordering::SeqCst);
    time.await.unwrap();
    for wait in [5, 30, 120, 600] {
        shop.wait(wait).await;
    }
    let read = shop.reported(id).await.ok();
    let left = read.data("refundablePrice").clone();
    let order = shop.order(id).await;
    let pending = "select cast(sum(refund_pending) as bigint) as n from payments";
    assert_eq!(shop.count(pending).await, 0, "{told:?}");
    let books = shop
        .count("select cast(sum(refunded) as bigint) as n from payments")
        .await;
    assert_eq!(order["refunded"], json!(books), "{told:?} {left}");
    let by_item = shop
        .count("select cast(sum(refunded) as bigint) as n from payment_items")
        .await;
    assert_eq!(by_item, books);
    // Everything that can go back does.
    if left != json!(0) && left != json!(0.0) {
        shop.refunds(id).await.ok();
    }
    assert_eq!(shop.order(id).await["refunded"], 10_000, "{told:?}");
    assert_eq!(
        shop.reported(id).await.data("refundStatus"),
        "FULLY_REFUNDED"
    );
    shop.refunds(id).await.refused(422, 9007);
    if !faults {
        assert_eq!(told.get("in doubt"), None, "{told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_refunds_at_two_servers_take_turns_and_never_exceed_the_payment() {
    two_hundred_at_once(Arc::new(Shop::open().await), "garanti", GARANTI, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_do_they_while_answers_are_lost() {
    two_hundred_at_once(Arc::new(Shop::open().await), "posnet", YKB, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_refund_waits_for_the_first_and_is_made_then() {
    let shop = Shop::open().await;
    let (id, items) = settled(&shop, GARANTI).await;
    shop.fault("garanti", "refund", delay(600)).await;
    let (first, second) = tokio::join!(shop.refunds_item(items[0], 10), async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        shop.refunds_item(items[1], 20).await
    });
    first.ok();
    second.ok();
    assert_eq!(shop.order(id).await["refunded"], 3_000);
}

/// The books as if a refund that the bank made had been settled as not made.
async fn forgets(shop: &Shop, id: i64) {
    let refund = last(shop, id).await;
    let error = json!({"group": "COMMUNICATION_OR_SYSTEM_ERROR"});
    let due = shop.app.now();
    shop.execute(
        "update refunds set state = 'DECLINED', error = $1, answer = null, inquire_at = $2 where id = $3",
        params![error, due, refund.id],
    )
    .await;
    for sql in [
        "update payments set refunded = 0 where id = $1",
        "update payment_items set refunded = 0 where payment_id = $1",
    ] {
        shop.execute(sql, params![id]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_arrived_after_it_was_settled_as_not_made_is_booked() {
    let shop = Shop::open().await;
    shop.noon().await;
    for (bank, card) in BANKS {
        // Before the next refund.
        let (id, items) = settled(&shop, card).await;
        shop.refunds_item(items[0], 10).await.ok();
        forgets(&shop, id).await;
        assert_eq!(shop.reported(id).await.data("refundablePrice"), 100);
        shop.refunds_item(items[0], 20.01).await.refused(422, 3018);
        assert_eq!(last(&shop, id).await.state, RefundState::Approved, "{bank}");
        assert_eq!(shop.refunds(id).await.ok().data("refundPrice"), 90);
        assert_eq!(shop.order(id).await["refunded"], 10_000);
        // By the look of the schedule.
        let (id, items) = settled(&shop, card).await;
        shop.refunds_item(items[0], 10).await.ok();
        forgets(&shop, id).await;
        shop.work().await;
        let refund = last(&shop, id).await;
        assert_eq!(
            (refund.state, refund.inquire_at),
            (RefundState::Approved, None),
            "{bank}"
        );
        assert_eq!(shop.reported(id).await.data("refundablePrice"), 90);
        // What was voided.
        let id = shop.pays(card).await.succeeded().id();
        shop.refunds(id).await.ok();
        forgets(&shop, id).await;
        shop.refunds(id).await.refused(422, 9007);
        assert_eq!(
            shop.reported(id).await.data("refundStatus"),
            "FULLY_REFUNDED",
            "{bank}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_arrived_late_and_was_marked_before_is_booked_once() {
    let shop = Shop::open().await;
    for (bank, card) in BANKS {
        let (id, items) = settled(&shop, card).await;
        shop.refunds_item(items[0], 10).await.ok();
        forgets(&shop, id).await;
        let note = json!({"paymentTransactionId": items[0], "refundPrice": 10});
        let path = "/payment/v1/refund-transactions/mark-as-refunded";
        shop.post(path, note).await.ok();
        // By the look of the schedule, and before the next refund.
        shop.work().await;
        assert_eq!(
            shop.reported(id).await.data("refundablePrice"),
            90,
            "{bank}"
        );
        assert_eq!(shop.refunds(id).await.ok().data("refundPrice"), 90);
        assert_eq!(shop.order(id).await["refunded"], 10_000, "{bank}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_was_not_made_is_looked_at_once_more() {
    let shop = Shop::open().await;
    let (id, items) = settled(&shop, GARANTI).await;
    shop.fault("garanti", "refund", "http_500").await;
    shop.refunds_item(items[0], 10).await.in_doubt();
    for wait in [5, 30, 120] {
        shop.wait(wait).await;
    }
    let refund = last(&shop, id).await;
    assert_eq!(refund.state, RefundState::Declined);
    let day = shop.app.now().duration_until(refund.inquire_at.unwrap());
    assert!((86_300..=86_400).contains(&day.as_secs()), "{day}");
    // The bank does not say: it is asked a day later.
    shop.faults(MANY, "garanti", "inquire", "http_500").await;
    shop.wait(24 * 60 * 60 + 1).await;
    assert!(last(&shop, id).await.inquire_at.is_some());
    assert_eq!(shop.met("inquire").await, 1);
    shop.banks_recover().await;
    shop.wait(24 * 60 * 60 + 1).await;
    let refund = last(&shop, id).await;
    assert_eq!(
        (refund.state, refund.inquire_at),
        (RefundState::Declined, None)
    );
    // And then no more.
    shop.faults(MANY, "garanti", "inquire", "http_500").await;
    shop.wait(7 * 24 * 60 * 60).await;
    assert_eq!(shop.met("inquire").await, 0);
}
