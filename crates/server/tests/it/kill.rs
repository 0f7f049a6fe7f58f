//! A server that dies in the middle: what it began is settled without anybody asking.

use crate::browser::through_threeds;
use crate::panel::Panel;
use crate::process::{Serving, Shared, ended, until};
use crate::world::{Reply, World, payment, send, with};
use contract::signature;
use serde_json::{Value, json};
use server::operations::Role;
use server::store::db::{Commit, params};
use std::sync::Arc;

/// Waits that a person can sit through.
const QUICK: [&str; 6] = [
    "--bank-timeout",
    "3",
    "--inquiry-waits",
    "1,1,1,1,1,1",
    "--webhook-waits",
    "1,1,1",
];

async fn serving(shared: &Shared, name: &str) -> Serving {
    let mut command = shared.command(&["serve", "--allow-webhook-host", "127.0.0.1"]);
    command.args(QUICK);
    let log = shared.world.files.0.join(format!("{name}.log"));
    Serving::start(&shared.world.http, command, log).await
}

/// A signed call to the process.
pub async fn call(world: &World, url: &str, path: &str, body: &Value) -> Reply {
    let body = body.to_string();
    let rnd = server::random::key(12);
    let url = format!("{url}{path}");
    let signed = signature::sign(&url, "api-key", "secret-key", &rnd, body.as_bytes());
    let headers = [
        ("x-api-key", "api-key"),
        ("x-rnd-key", rnd.as_str()),
        ("x-auth-version", "v1"),
        ("x-signature", signed.as_str()),
    ];
    send(&world.http, "POST", &url, body.as_bytes(), &headers).await
}

/// The one order that the bank has taken, once it has.
async fn order_at_the_bank(world: &World) -> Value {
    until("the bank takes the order", async || {
        let ledger = world.control("GET", "/control/ledger", Value::Null).await;
        ledger["orders"].as_array().unwrap().first().cloned()
    })
    .await
}

/// Half a minute passes: leases of the dead end, and what it left unanswered is due.
async fn time_passes(world: &World) {
    let now = world.app.now();
    let commit = Commit::new(world.merchant, 0)
        .any("update shards set until = $1", params![now])
        .any(
            "update attempts set inquire_at = $1 where inquire_at is not null",
            params![now],
        );
    world.app.db.commit(commit).await.unwrap();
}

/// The status of the one payment, once it is decided.
async fn decided(world: &World) -> Reply {
    until("the payment is settled", async || {
        let list = world.get("/payment-reporting/v1/payments").await.ok();
        assert_eq!(list.data("totalSize"), 1);
        let status = list.data("items.0.paymentStatus").as_str().unwrap();
        let waits = matches!(status, "WAITING" | "CALLBACK_THREEDS");
        (!waits).then_some(list)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_whose_server_was_killed_is_given_back_by_the_next_one() {
    for (bank, card) in [
        ("garanti", "5209220000000002"),
        ("posnet", "5400630000000009"),
    ] {
        let shared = Arc::new(Shared::open().await);
        let world = &shared.world;
        let mut first = serving(&shared, "first").await;
        world
            .fault(bank, "sale", json!({"kind": "delay", "ms": 1500}))
            .await;
        let path = "/payment/v1/card-payments";
        let (kept, url) = (Arc::clone(&shared), first.url.clone());
        let asked =
            tokio::spawn(async move { call(&kept.world, &url, path, &payment(card)).await });
        let order = order_at_the_bank(world).await;
        assert_eq!(order["state"], "captured", "{bank}");
        first.kill();
        assert!(asked.await.is_err(), "nobody was told");
        let list = world.get("/payment-reporting/v1/payments").await.ok();
        assert_eq!(list.data("items.0.paymentStatus"), "WAITING");
        // Nobody is told that all is settled.
        let merchant = world.merchant.to_string();
        let doubts = shared.run(&["payment", "doubts", "--merchant", &merchant]);
        let doctor = ended(shared.command(&["doctor"])).out;
        let open = "1 without an outcome yet, inquired within ";
        assert!(
            doubts.contains(open) && doctor.contains(open),
            "{doubts}{doctor}"
        );
        let mut panel = Panel::sign_in(world, Role::ReadOnly).await;
        panel.language = "en";
        let overview = panel.get("/panel").await.ok();
        overview.has("1 without an outcome yet");
        overview.lacks("All settled");
        panel
            .get("/panel/doubts")
            .await
            .ok()
            .lacks("every payment is known");

        time_passes(world).await;
        let _second = serving(&shared, "second").await;
        let settled = decided(world).await;
        assert_eq!(settled.data("items.0.paymentStatus"), "FAILURE", "{bank}");
        let ledger = world.control("GET", "/control/ledger", Value::Null).await;
        assert_eq!(ledger["orders"].as_array().unwrap().len(), 1);
        assert_eq!(ledger["orders"][0]["state"], "voided", "{bank}");
        assert_eq!(ledger["orders"][0]["voided"], 10_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completion_whose_server_was_killed_is_completed_by_the_next_one() {
    for (bank, card) in [
        ("garanti", "5209220000000002"),
        ("posnet", "5400630000000009"),
    ] {
        let shared = Arc::new(Shared::open().await);
        let world = &shared.world;
        let mut first = serving(&shared, "first").await;
        let request = with(
            payment(card),
            json!({"callbackUrl": "https://shop.example.com/callback"}),
        );
        let path = "/payment/v1/card-payments/3ds-init";
        let init = call(world, &first.url, path, &request).await.ok();
        let html = init.data("htmlContent").as_str().unwrap();
        let callback = through_threeds(world, html, "123456", "confirm").await;
        assert_eq!(callback.field("status"), "SUCCESS");
        world
            .fault(bank, "threeds_finish", json!({"kind": "delay", "ms": 1500}))
            .await;
        let path = "/payment/v1/card-payments/3ds-complete";
        let body = json!({"paymentId": init.data("paymentId")});
        let (kept, url) = (Arc::clone(&shared), first.url.clone());
        let asked = tokio::spawn(async move { call(&kept.world, &url, path, &body).await });
        order_at_the_bank(world).await;
        first.kill();
        assert!(asked.await.is_err(), "nobody was told");

        time_passes(world).await;
        let _second = serving(&shared, "second").await;
        let settled = decided(world).await;
        assert_eq!(settled.data("items.0.paymentStatus"), "SUCCESS", "{bank}");
        let ledger = world.control("GET", "/control/ledger", Value::Null).await;
        assert_eq!(ledger["orders"].as_array().unwrap().len(), 1);
        assert_eq!(ledger["orders"][0]["captured"], 10_000, "{bank}");
        assert_eq!(ledger["orders"][0]["voided"], 0, "{bank}");
        until("the shop is told", async || {
            world.hooks("API_AUTH").first().cloned()
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_asked_to_end_finishes_its_payment_first() {
    let shared = Arc::new(Shared::open().await);
    let world = &shared.world;
    let mut first = serving(&shared, "ending").await;
    world
        .fault("garanti", "sale", json!({"kind": "delay", "ms": 1500}))
        .await;
    let path = "/payment/v1/card-payments";
    let (kept, url) = (Arc::clone(&shared), first.url.clone());
    let asked = tokio::spawn(async move {
        let body = payment("5209220000000002");
        call(&kept.world, &url, path, &body).await
    });
    order_at_the_bank(world).await;
    first.terminate();
    let reply = asked.await.unwrap().ok();
    assert_eq!(reply.data("paymentStatus"), "SUCCESS");
    let status = first.ended().await;
    assert_eq!(status.code(), Some(0), "{}", first.logged());
    // It gave its leases back: another one has them at once.
    let shards = server::store::leases::lease_shards(&world.app, &world.app.owner)
        .await
        .unwrap();
    assert_eq!(shards, server::jobs::all_shards());
    let ledger = world.control("GET", "/control/ledger", Value::Null).await;
    assert_eq!(ledger["orders"][0]["captured"], 10_000);
    assert_eq!(ledger["orders"][0]["voided"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stood_still_beyond_its_leases_charges_nothing_twice() {
    let shared = Shared::open().await;
    if shared.database_url.starts_with("sqlite:") {
        // One server alone works on SQLite: who stands still in a commit holds its only lock.
        return;
    }
    let world = &shared.world;
    let still = serving(&shared, "still").await;
    let late = json!({"kind": "delay", "ms": 1500});
    world.fault("garanti", "sale", late).await;
    let path = "/payment/v1/card-payments";
    let card = payment("5209220000000002");
    let (reply, ()) = tokio::join!(call(world, &still.url, path, &card), async {
        order_at_the_bank(world).await;
        still.stop();
        // Meanwhile another server has its work, and settles what the shop will be told.
        time_passes(world).await;
        let _other = serving(&shared, "other").await;
        until("the money is given back", async || {
            let order = order_at_the_bank(world).await;
            (order["state"] == "voided").then_some(())
        })
        .await;
        until("that is written", async || {
            let sql = "select count(*) as settled from attempts where state = 'REVERSED'";
            let row = world.app.db.row(sql, Vec::new()).await.unwrap().unwrap();
            (row.int("settled").unwrap() == 1).then_some(())
        })
        .await;
        still.go_on();
    });
    assert_eq!(reply.status, 422, "{:#}", reply.body);
    let ledger = world.control("GET", "/control/ledger", Value::Null).await;
    let orders = ledger["orders"].as_array().unwrap();
    assert_eq!(orders.len(), 1, "{ledger:#}");
    assert_eq!(orders[0]["state"], "voided");
    // It serves as before.
    let next = call(world, &still.url, path, &card).await;
    assert_eq!(
        next.body["data"]["paymentStatus"], "SUCCESS",
        "{:#}",
        next.body
    );
}
