//! Two hundred refunds of one payment at two processes, while the bank fails in every way it can and one of the
//! processes is killed again and again.

use crate::process::Serving;
use crate::refund_transactions::items;
use crate::shop::{BANKS, Shop, delay};
use serde_json::json;
use server::store::db::{Commit, params};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinSet;

/// Seconds that a bank may take here.
const BANK_TIMEOUT_SECONDS: i64 = 1;
/// Kills of the first process.
const KILLS: usize = 4;

async fn serving(shop: &Shop, name: &str) -> Serving {
    let timeout = BANK_TIMEOUT_SECONDS.to_string();
    let waits = ["1"; 30].join(",");
    let command = shop.command(&[
        "serve",
        "--bank-timeout",
        &timeout,
        "--inquiry-waits",
        &waits,
    ]);
    Serving::start(
        &shop.http,
        command,
        shop.files.0.join(format!("{name}.log")),
    )
    .await
}

/// A minute and a half passes for leases, and for refunds whose call is surely over.
async fn time_passes(shop: &Shop) {
    let now = shop.app.now();
    let over = now - Duration::from_secs(3);
    let long_ago = now - Duration::from_secs(100);
    let commit = Commit::new(shop.merchant, 0)
        .any("update shards set until = $1", params![now])
        .any(
            "update refunds set inquire_at = $1, asked_at = $2 \
             where state in ('ASKED', 'DOUBT', 'REVIEW') and asked_at < $3",
            params![now, long_ago, over],
        );
    shop.app.db.commit(commit).await.unwrap();
}

/// Refunds two lira of an item until it is told how that ended; broken lines are those of a killed process.
async fn refund_two(shop: &Shop, urls: &Mutex<[String; 2]>, n: usize, item: i64) -> &'static str {
    let body = json!({"paymentTransactionId": item, "refundPrice": 2});
    loop {
        let url = urls.lock().unwrap()[n % 2].clone();
        let path = "/payment/v1/refund-transactions";
        let Some(reply) = shop.post_at(&url, path, &body).await else {
            pause(n).await;
            continue;
        };
        match (reply.status, reply.error_group()) {
            (200, _) => return "made",
            (422, "COMMUNICATION_OR_SYSTEM_ERROR") => return "in doubt",
            (422, "TOO_MANY_REQUESTS" | "NO_RESPONSE" | "DO_NOT_HONOUR") => pause(n).await,
            (422, _) if matches!(reply.error_code(), 3018 | 9007) => return "nothing left",
            _ => panic!("{} {:#}", reply.status, reply.body),
        }
    }
}

/// Another moment for each who asks.
async fn pause(n: usize) {
    let wait = 300 + u64::try_from(n * 37 % 1000).unwrap();
    tokio::time::sleep(Duration::from_millis(wait)).await;
}

async fn two_hundred(bank: &str, card: &str) {
    let shop = Arc::new(Shop::open().await);
    let paid = shop.pays(card).await.succeeded();
    let (id, items) = (paid.id(), items(&paid));
    shop.closes_day().await;
    let mut first = serving(&shop, "first").await;
    let second = serving(&shop, "second").await;
    let urls = Arc::new(Mutex::new([first.url.clone(), second.url.clone()]));
    let after = json!({"kind": "http_500", "after": true});
    for verb in ["refund", "inquire"] {
        for kind in ["lose_reply", "cut_reply", "garbage", "http_500", "decline"] {
            shop.fault(bank, verb, kind).await;
        }
        shop.fault(bank, verb, after.clone()).await;
        shop.fault(bank, verb, delay(1500)).await;
        shop.fault(bank, verb, delay(300)).await;
    }
    let over = Arc::new(AtomicBool::new(false));
    let time = tokio::spawn({
        let (shop, over) = (Arc::clone(&shop), Arc::clone(&over));
        async move {
            while !over.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(250)).await;
                time_passes(&shop).await;
            }
        }
    });
    let mut refunds = JoinSet::new();
    for n in 0..200usize {
        let (shop, urls) = (Arc::clone(&shop), Arc::clone(&urls));
        let item = items[usize::from(n % 3 > 0)];
        refunds.spawn(async move { refund_two(&shop, &urls, n, item).await });
    }
    for kill in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(700)).await;
        first.kill();
        first = serving(&shop, &format!("first-{kill}")).await;
        urls.lock().unwrap()[0] = first.url.clone();
    }
    let told = refunds.join_all().await;
    over.store(true, Ordering::SeqCst);
    time.await.unwrap();
    // What is in doubt still is settled by whoever has the work, here the test's own server.
    drop((first, second));
    for wait in [10, 30, 120, 600] {
        time_passes(&shop).await;
        shop.wait(wait).await;
    }
    let made = told.iter().filter(|outcome| **outcome == "made").count();
    let order = shop.order(id).await;
    let count = async |sql| shop.count(sql).await;
    let pending = count("select cast(sum(refund_pending) as bigint) as n from payments").await;
    let books = count("select cast(sum(refunded) as bigint) as n from payments").await;
    let by_item = count("select cast(sum(refunded) as bigint) as n from payment_items").await;
    assert_eq!((pending, by_item), (0, books), "{bank} {order}");
    assert_eq!(order["refunded"], json!(books), "{bank}");
    assert!(
        i64::try_from(made).unwrap() * 200 <= books && books <= 10_000,
        "{made} {books}"
    );
    // Everything that can go back does.
    if books < 10_000 {
        shop.banks_recover().await;
        shop.refunds(id).await.ok();
    }
    assert_eq!(shop.order(id).await["refunded"], 10_000, "{bank}");
    let read = shop.reported(id).await.ok();
    assert_eq!(read.data("refundStatus"), "FULLY_REFUNDED");
    shop.refunds(id).await.refused(422, 9007);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_refunds_while_one_bank_fails_and_a_process_is_killed() {
    let (bank, card) = BANKS[0];
    two_hundred(bank, card).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_refunds_while_the_other_bank_fails_and_a_process_is_killed() {
    let (bank, card) = BANKS[1];
    two_hundred(bank, card).await;
}
