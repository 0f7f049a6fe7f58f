//! Due work: nobody waits for somebody else's silence, and what fails waits before it is tried again.

use crate::process::{Serving, Shared, until};
use crate::world::{HttpClient, World, payment};
use serde_json::{Value, json};
use server::app::App;
use server::jobs;
use server::operations::By;
use server::setup::{self, MerchantSetup};
use server::store::db::{Commit, params};
use server::store::exchanges;
use server::store::webhooks::{self, Sent, WebhookState};
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
    let merchant = setup::create_merchant(app, &By::operator(), setup).await;
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

async fn execute(world: &World, sql: &'static str, params: Vec<server::store::db::Value>) {
    let commit = Commit::new(0, 0).any(sql, params);
    world.app.db.commit(commit).await.unwrap();
}

/// The first webhook of a payment.
async fn webhook_of(world: &World, payment_id: i64) -> Sent {
    let found = webhooks::of_payment(&world.app, world.merchant, payment_id).await;
    found.unwrap().remove(0)
}

async fn pays(world: &World) -> i64 {
    let request = payment("5209220000000002");
    let reply = world.post("/payment/v1/card-payments", request).await.ok();
    reply.data("id").as_i64().unwrap()
}

/// A payment that the bank took and whose reply was lost.
async fn doubtful(world: &World, bank: &str, card: &str) -> i64 {
    let fault = json!({"kind": "lose_reply"});
    world.fault(bank, "sale", fault).await;
    let reply = world.post("/payment/v1/card-payments", payment(card)).await;
    reply.body["errors"]["paymentId"].as_i64().unwrap()
}

async fn read(world: &World, id: i64) -> Value {
    let path = format!("/payment/v1/card-payments/{id}");
    world.get(&path).await.ok().data("").clone()
}

async fn inquiries_of(world: &World, payment_id: i64) -> i64 {
    let attempt = server::store::attempts::last_of_payment(&world.app, world.merchant, payment_id);
    attempt.await.unwrap().unwrap().inquiries
}

#[tokio::test(flavor = "multi_thread")]
async fn others_are_served_within_a_second_while_an_address_and_a_bank_are_silent() {
    let world = World::with(|config| config.settings.bank_timeout = Duration::from_secs(20)).await;
    let (_held, url) = silent().await;
    merchant_with_backlog(&world.app, &url, 400).await;
    // One bank does not answer its inquiries; another payment's money is to be given back.
    let silence = json!({"bank": "garanti", "operation": "inquire", "times": 50,
        "fault": {"kind": "delay", "ms": 20_000}});
    world.control("POST", "/control/faults", silence).await;
    for _ in 0..10 {
        doubtful(&world, "garanti", "5209220000000002").await;
    }
    let reversed = doubtful(&world, "posnet", "5400630000000009").await;
    let order = read(&world, reversed).await["orderId"].clone();
    let paid = pays(&world).await;
    world.clock.advance_seconds(40);

    let stopping = Arc::new((AtomicBool::new(false), Notify::new()));
    let begun = Instant::now();
    let work = tokio::spawn(jobs::run(Arc::clone(&world.app), Arc::clone(&stopping)));
    let hook = until("the other merchant's webhook", async || {
        let hooks = world.hooks("API_AUTH");
        let id = paid.to_string();
        hooks
            .into_iter()
            .find(|hook| hook.body["payloadId"] == id.as_str())
    });
    let void = until("the reversal", async || {
        let ledger = world.ledger(order.as_str().unwrap()).await;
        (ledger[0]["state"] == "voided").then_some(())
    });
    tokio::join!(hook, void);
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");

    // Work that comes later need not wait either, though all of that still hangs.
    let later = pays(&world).await.to_string();
    world.clock.advance_seconds(30);
    let begun = Instant::now();
    until("a later webhook", async || {
        let hooks = world.hooks("API_AUTH");
        hooks
            .into_iter()
            .find(|hook| hook.body["payloadId"] == later.as_str())
    })
    .await;
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    stopping.0.store(true, Ordering::SeqCst);
    stopping.1.notify_waiters();
    work.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_cannot_be_noted_is_repeated_with_growing_waits_and_counts_no_try() {
    let world = World::open().await;
    let paid = pays(&world).await;
    execute(
        &world,
        "alter table webhook_tries rename to tries_away",
        params![],
    )
    .await;
    timeout(PATIENCE, world.wait(30)).await.unwrap();
    assert_eq!(world.hooks("API_AUTH").len(), 1);
    let mut calls = Vec::new();
    for _ in 0..120 {
        timeout(PATIENCE, world.wait(1)).await.unwrap();
        calls.push(world.hooks("API_AUTH").len());
    }
    // After about 1, 2, 4, 8, 16, 32 and 64 seconds.
    assert!((6..=8).contains(&calls[119]), "{calls:?}");
    assert!(calls[1] == 2 && calls[59] <= 7, "{calls:?}");
    let kept = webhook_of(&world, paid).await;
    assert_eq!((kept.webhook.tries, kept.state), (0, WebhookState::Pending));

    execute(
        &world,
        "alter table tries_away rename to webhook_tries",
        params![],
    )
    .await;
    world.wait(400).await;
    let kept = webhook_of(&world, paid).await;
    assert_eq!(
        (kept.webhook.tries, kept.state),
        (1, WebhookState::Delivered)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_opens_nothing_holds_nobody_up_and_loses_nothing() {
    let world = World::open().await;
    let (held, url) = silent().await;
    let other = merchant_with_backlog(&world.app, &url, 700).await;
    drop(held);
    execute(
        &world,
        "update merchants set webhook_key_sealed = 'x' || webhook_key_sealed where id = $1",
        params![other],
    )
    .await;
    let paid = pays(&world).await;
    timeout(PATIENCE, world.wait(30)).await.unwrap();
    assert_eq!(
        webhook_of(&world, paid).await.state,
        WebhookState::Delivered
    );
    let untouched = async || {
        let sent = webhooks::of_merchant(&world.app, other, None, i64::MAX, 1000).await;
        let sent = sent.unwrap();
        assert_eq!(sent.len(), 700);
        sent.iter()
            .all(|one| one.webhook.tries == 0 && one.state == WebhookState::Pending)
    };
    assert!(untouched().await);
    for _ in 0..3 {
        timeout(PATIENCE, world.wait(100)).await.unwrap();
        assert!(untouched().await);
    }
    // Once the key opens again the schedule begins, and ends as it would have.
    execute(
        &world,
        "update merchants set webhook_key_sealed = substr(webhook_key_sealed, 2) where id = $1",
        params![other],
    )
    .await;
    timeout(PATIENCE, world.wait(400)).await.unwrap();
    assert!(!untouched().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_whose_pos_is_gone_waits_and_is_settled_once_it_is_back() {
    let world = World::open().await;
    let id = doubtful(&world, "garanti", "5209220000000002").await;
    execute(
        &world,
        "update attempts set pos_id = -pos_id where payment_id = $1",
        params![id],
    )
    .await;
    for _ in 0..10 {
        timeout(PATIENCE, world.wait(60)).await.unwrap();
    }
    assert_eq!(inquiries_of(&world, id).await, 0);
    assert_eq!(read(&world, id).await["paymentStatus"], "WAITING");
    execute(
        &world,
        "update attempts set pos_id = -pos_id where payment_id = $1",
        params![id],
    )
    .await;
    world.wait(400).await;
    assert_eq!(read(&world, id).await["paymentStatus"], "FAILURE");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cannot_be_stored_is_asked_for_again_with_growing_waits() {
    let world = World::open().await;
    // The bank never got it, and is believed the third time.
    let fault = json!({"kind": "http_500"});
    world.fault("garanti", "sale", fault).await;
    let path = "/payment/v1/card-payments";
    let reply = world.post(path, payment("5209220000000002")).await;
    let id = reply.body["errors"]["paymentId"].as_i64().unwrap();
    world.wait(5).await;
    world.wait(30).await;
    assert_eq!(inquiries_of(&world, id).await, 2);
    let asked = async || {
        world.app.journal.flush().await;
        let kept = exchanges::of_payment(&world.app, world.merchant, id)
            .await
            .unwrap();
        kept.iter().filter(|one| one.operation == "inquire").count()
    };
    assert_eq!(asked().await, 2);
    execute(
        &world,
        "alter table bank_orders rename to orders_away",
        params![],
    )
    .await;
    timeout(PATIENCE, world.wait(120)).await.unwrap();
    for _ in 0..8 {
        timeout(PATIENCE, world.wait(1)).await.unwrap();
    }
    // After 120 seconds, and about 1 and 2 more; the one after 4 more may be due.
    let times = asked().await;
    assert!((5..=6).contains(&times), "{times}");
    assert_eq!(inquiries_of(&world, id).await, 2);
    execute(
        &world,
        "alter table orders_away rename to bank_orders",
        params![],
    )
    .await;
    world.wait(400).await;
    assert_eq!(read(&world, id).await["paymentStatus"], "FAILURE");
}

#[tokio::test(flavor = "multi_thread")]
async fn work_of_a_merchant_or_a_lender_that_is_gone_waits() {
    let world = World::open().await;
    let offer = crate::bnpl_payments::applied(&world, "064").await;
    let id = offer.data("paymentId").as_i64().unwrap();
    execute(
        &world,
        "update loans set apm_id = -apm_id, inquire_at = $2 where payment_id = $1",
        params![id, world.app.now()],
    )
    .await;
    let paid = pays(&world).await;
    execute(
        &world,
        "update webhooks set merchant_id = -7 where payment_id = $1",
        params![paid],
    )
    .await;
    timeout(PATIENCE, world.wait(30)).await.unwrap();
    timeout(PATIENCE, world.wait(600)).await.unwrap();
    let left = webhooks::of_payment(&world.app, -7, paid).await.unwrap();
    assert_eq!(
        (left[0].webhook.tries, left[0].state),
        (0, WebhookState::Pending)
    );
    assert!(world.hooks("API_AUTH").is_empty());
    execute(
        &world,
        "update loans set apm_id = -apm_id where payment_id = $1",
        params![id],
    )
    .await;
    world.wait(400).await;
    let loan = server::store::loans::of_payment(&world.app, world.merchant, id);
    let loan = loan.await.unwrap().unwrap();
    assert!(loan.inquire_at.is_some_and(|at| at > world.app.now()));
}

/// A server's log tells once that its database is away, and the work goes on when it is back.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_told_once_and_the_work_goes_on() {
    let shared = Shared::open().await;
    let world = &shared.world;
    let log = world.files.0.join("away.log");
    let mut command = shared.command(&["serve", "--allow-webhook-host", "127.0.0.1"]);
    command.args(["--webhook-waits", "1,1,1"]);
    let http: &HttpClient = &world.http;
    let server = Serving::start(http, command, log).await;
    execute(
        world,
        "alter table webhooks rename to webhooks_away",
        params![],
    )
    .await;
    let told = || server.logged().matches("tried again").count();
    until("the log tells it", async || (told() > 0).then_some(())).await;
    let begun = Instant::now();
    until("two seconds", async || {
        (begun.elapsed() > Duration::from_secs(2)).then_some(())
    })
    .await;
    assert_eq!(told(), 1, "{}", server.logged());
    execute(
        world,
        "alter table webhooks_away rename to webhooks",
        params![],
    )
    .await;
    let paid = pays(world).await;
    execute(
        world,
        "update webhooks set due_at = $2 where payment_id = $1",
        params![paid, world.app.now()],
    )
    .await;
    until("the webhook", async || {
        world.hooks("API_AUTH").first().cloned()
    })
    .await;
    assert_eq!(told(), 1, "{}", server.logged());
}
