//! Due work: nobody waits for somebody else's silence, and what fails waits before it is tried again.

use crate::process::{Serving, until};
use crate::shop::{GARANTI, Shop, YKB, delay};
use server::app::App;
use server::jobs;
use server::operations::Actor;
use server::setup::{self, MerchantSetup};
use server::store::db::{Commit, params};
use server::store::webhooks::{self, WebhookState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

/// Far beyond what any of this takes when nothing goes round in circles.
const PATIENCE: Duration = Duration::from_secs(60);

/// Takes connections and says nothing, as long as it is held.
async fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    (listener, url)
}

/// A merchant with `count` webhooks that were due an hour ago.
async fn merchant_with_backlog(app: &App, webhook_url: &str, count: usize) -> i64 {
    let setup = MerchantSetup {
        name: "Backlog".to_owned(),
        webhook_url: webhook_url.to_owned(),
        ..MerchantSetup::default()
    };
    let merchant = setup::create_merchant(app, &Actor::operator(), setup).await;
    let id = merchant.unwrap().id;
    let hour_ago = app.now() - jiff::SignedDuration::from_hours(1);
    for _ in 0..count {
        let webhook = webhooks::Webhook {
            merchant_id: id,
            id: app.next_id(),
            payment_id: 1,
            event: contract::enums::WebhookEventType::ApiAuth,
            event_at: hour_ago,
            status: contract::enums::WebhookStatus::Success,
            payload_id: "1".to_owned(),
            payload: None,
            tries: 0,
        };
        let mut commit = Commit::new(id, webhook.id);
        webhooks::insert(&webhook, hour_ago, &mut commit);
        app.db.commit(commit).await.unwrap();
    }
    id
}

/// What is due after this time is done, and does not go round in circles.
async fn wait(shop: &Shop, seconds: i64) {
    timeout(PATIENCE, shop.wait(seconds)).await.unwrap();
}

/// A payment that the bank took and whose reply was lost.
async fn doubtful(shop: &Shop, bank: &str, card: &str) -> i64 {
    shop.fault(bank, "sale", "lose_reply").await;
    shop.pays(card).await.in_doubt()
}

/// How often a payment's webhook was called as far as it is written, and what it is now.
async fn noted(shop: &Shop, paid: i64) -> (i64, WebhookState) {
    let kept = shop.webhook(paid).await;
    (kept.webhook.tries, kept.state)
}

#[tokio::test(flavor = "multi_thread")]
async fn others_are_served_within_a_second_while_an_address_and_a_bank_are_silent() {
    let shop = Shop::with(|config| config.settings.bank_timeout = Duration::from_secs(20)).await;
    let (_held, url) = silent().await;
    merchant_with_backlog(&shop.app, &url, 400).await;
    // One bank does not answer its inquiries; another payment's money is to be given back.
    shop.faults(50, "garanti", "inquire", delay(20_000)).await;
    for _ in 0..10 {
        doubtful(&shop, "garanti", GARANTI).await;
    }
    let reversed = doubtful(&shop, "posnet", YKB).await;
    let paid = shop.pays(GARANTI).await.ok().id();
    shop.clock.advance_seconds(40);

    let stopping = Arc::new((AtomicBool::new(false), Notify::new()));
    let begun = Instant::now();
    let work = tokio::spawn(jobs::run(Arc::clone(&shop.app), Arc::clone(&stopping)));
    let hook = until("the other merchant's webhook", async || {
        shop.hook_about(paid)
    });
    let void = until("the reversal", async || {
        (shop.order_state(reversed).await == "voided").then_some(())
    });
    tokio::join!(hook, void);
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");

    // Work that comes later need not wait either, though all of that still hangs.
    let later = shop.pays(GARANTI).await.ok().id();
    shop.clock.advance_seconds(30);
    let begun = Instant::now();
    until("a later webhook", async || shop.hook_about(later)).await;
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    stopping.0.store(true, Ordering::SeqCst);
    stopping.1.notify_waiters();
    work.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_cannot_be_noted_is_repeated_with_growing_waits_and_counts_no_try() {
    let shop = Shop::open().await;
    let paid = shop.pays(GARANTI).await.ok().id();
    shop.take_table("webhook_tries").await;
    wait(&shop, 30).await;
    assert_eq!(shop.hooks("API_AUTH").len(), 1);
    let mut calls = Vec::new();
    for _ in 0..120 {
        wait(&shop, 1).await;
        calls.push(shop.hooks("API_AUTH").len());
    }
    // After about 1, 2, 4, 8, 16, 32 and 64 seconds.
    assert!((6..=8).contains(&calls[119]), "{calls:?}");
    assert!(calls[1] == 2 && calls[59] <= 7, "{calls:?}");
    assert_eq!(noted(&shop, paid).await, (0, WebhookState::Pending));

    shop.give_table_back("webhook_tries").await;
    shop.wait(400).await;
    assert_eq!(noted(&shop, paid).await, (1, WebhookState::Delivered));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_opens_nothing_holds_nobody_up_and_loses_nothing() {
    let shop = Shop::open().await;
    let (held, url) = silent().await;
    let other = merchant_with_backlog(&shop.app, &url, 700).await;
    drop(held);
    shop.execute(
        "update merchants set webhook_key_sealed = 'x' || webhook_key_sealed where id = $1",
        params![other],
    )
    .await;
    let paid = shop.pays(GARANTI).await.ok().id();
    wait(&shop, 30).await;
    assert_eq!(shop.webhook(paid).await.state, WebhookState::Delivered);
    let untouched = async || {
        let sent = webhooks::of_merchant(&shop.app, other, None, i64::MAX, 1000).await;
        let sent = sent.unwrap();
        assert_eq!(sent.len(), 700);
        sent.iter()
            .all(|one| one.webhook.tries == 0 && one.state == WebhookState::Pending)
    };
    assert!(untouched().await);
    for _ in 0..3 {
        wait(&shop, 100).await;
        assert!(untouched().await);
    }
    // Once the key opens again the schedule begins, and ends as it would have.
    shop.execute(
        "update merchants set webhook_key_sealed = substr(webhook_key_sealed, 2) where id = $1",
        params![other],
    )
    .await;
    wait(&shop, 400).await;
    assert!(!untouched().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_whose_pos_is_gone_waits_and_is_settled_once_it_is_back() {
    let shop = Shop::open().await;
    let id = doubtful(&shop, "garanti", GARANTI).await;
    let gone_or_back = "update attempts set pos_id = -pos_id where payment_id = $1";
    shop.execute(gone_or_back, params![id]).await;
    for _ in 0..10 {
        wait(&shop, 60).await;
    }
    assert_eq!(shop.attempt(id).await.inquiries, 0);
    assert_eq!(shop.outcome(id).await, "WAITING");
    shop.execute(gone_or_back, params![id]).await;
    shop.wait(400).await;
    assert_eq!(shop.outcome(id).await, "FAILURE");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cannot_be_stored_is_asked_for_again_with_growing_waits() {
    let shop = Shop::open().await;
    // The bank never got it, and is believed the third time.
    shop.fault("garanti", "sale", "http_500").await;
    let id = shop.pays(GARANTI).await.in_doubt();
    shop.wait(5).await;
    shop.wait(30).await;
    assert_eq!(shop.attempt(id).await.inquiries, 2);
    let asked = async || {
        let kept = shop.exchanges(id).await;
        kept.iter().filter(|one| one.operation == "inquire").count()
    };
    assert_eq!(asked().await, 2);
    shop.take_table("bank_orders").await;
    wait(&shop, 120).await;
    for _ in 0..8 {
        wait(&shop, 1).await;
    }
    // After 120 seconds, and about 1 and 2 more; the one after 4 more may be due.
    let times = asked().await;
    assert!((5..=6).contains(&times), "{times}");
    assert_eq!(shop.attempt(id).await.inquiries, 2);
    shop.give_table_back("bank_orders").await;
    shop.wait(400).await;
    assert_eq!(shop.outcome(id).await, "FAILURE");
}

#[tokio::test(flavor = "multi_thread")]
async fn work_of_a_merchant_or_a_lender_that_is_gone_waits() {
    let shop = Shop::open().await;
    let id = shop.applied("064").await.id;
    let lender_gone = "update loans set apm_id = -apm_id, inquire_at = $2 where payment_id = $1";
    shop.execute(lender_gone, params![id, shop.app.now()]).await;
    let paid = shop.pays(GARANTI).await.ok().id();
    let merchant_gone = "update webhooks set merchant_id = -7 where payment_id = $1";
    shop.execute(merchant_gone, params![paid]).await;
    wait(&shop, 30).await;
    wait(&shop, 600).await;
    let left = webhooks::of_payment(&shop.app, -7, paid).await.unwrap();
    assert_eq!(left[0].state, WebhookState::Pending);
    assert_eq!(left[0].webhook.tries, 0);
    assert!(shop.hooks("API_AUTH").is_empty());
    let lender_back = "update loans set apm_id = -apm_id where payment_id = $1";
    shop.execute(lender_back, params![id]).await;
    shop.wait(400).await;
    let next = shop.loan(id).await.inquire_at;
    assert!(next.is_some_and(|at| at > shop.app.now()));
}

/// A server's log tells once that its database is away, and the work goes on when it is back.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_told_once_and_the_work_goes_on() {
    let shop = &Shop::open().await;
    let log = shop.files.0.join("away.log");
    let mut command = shop.command(&["serve", "--allow-webhook-host", "127.0.0.1"]);
    command.args(["--webhook-waits", "1,1,1"]);
    let server = Serving::start(&shop.http, command, log).await;
    shop.take_table("webhooks").await;
    let told = || server.logged().matches("tried again").count();
    until("the log tells it", async || (told() > 0).then_some(())).await;
    let begun = Instant::now();
    until("two seconds", async || {
        (begun.elapsed() > Duration::from_secs(2)).then_some(())
    })
    .await;
    assert_eq!(told(), 1, "{}", server.logged());
    shop.give_table_back("webhooks").await;
    let paid = shop.pays(GARANTI).await.ok().id();
    let due = "update webhooks set due_at = $2 where payment_id = $1";
    shop.execute(due, params![paid, shop.app.now()]).await;
    until("the webhook", async || {
        shop.hooks("API_AUTH").first().cloned()
    })
    .await;
    assert_eq!(told(), 1, "{}", server.logged());
}
