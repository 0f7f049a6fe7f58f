//! Two servers on one database: what one of them did, the other one knows.

use crate::world::{CALLBACK_KEY, Reply, World, payment};
use contract::signature;
use serde_json::Value;
use server::app::App;
use server::clock::Clock;
use server::start::{self, Config};
use server::store::leases;
use server::{jobs, random};
use std::sync::Arc;
use tokio::net::TcpListener;

/// Where both are reached, through a balancer that the tests leave out.
const PUBLIC: &str = "https://pay.example.com";

/// The world's clock, for another server.
fn clock_of(world: &World) -> Arc<dyn Clock> {
    Arc::<server::clock::MovableClock>::clone(&world.clock)
}

/// A world whose server has a twin.
struct Twins {
    world: World,
    second: Arc<App>,
    second_url: String,
}

impl Twins {
    async fn open() -> Twins {
        let mut shared = None;
        let world = World::with(|config| {
            config.settings.public_urls = vec![PUBLIC.to_owned()];
            shared = Some((config.database_url.clone(), config.keys.clone()));
        })
        .await;
        let (database_url, keys) = shared.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let second_url = format!("http://{}", listener.local_addr().unwrap());
        let second = start::open(Config {
            database_url,
            keys,
            clock: clock_of(&world),
            settings: world.app.settings.clone(),
            ..Config::default()
        })
        .await
        .unwrap();
        let serving = Arc::clone(&second);
        tokio::spawn(async move {
            start::serve(
                serving,
                listener,
                false,
                axum::Router::new(),
                std::future::pending(),
            )
            .await
        });
        Twins {
            world,
            second,
            second_url,
        }
    }

    /// A call at the first server or its twin, signed for the address that both share.
    async fn call(
        &self,
        at_second: bool,
        rnd: &str,
        method: &str,
        path: &str,
        body: &str,
        idempotency_key: Option<&str>,
    ) -> Reply {
        let url = format!("{PUBLIC}{path}");
        let signed = signature::sign(&url, "api-key", "secret-key", rnd, body.as_bytes());
        let mut headers = vec![
            ("x-api-key", "api-key"),
            ("x-rnd-key", rnd),
            ("x-auth-version", "v1"),
            ("x-signature", signed.as_str()),
        ];
        headers.extend(idempotency_key.map(|key| ("x-idempotency-key", key)));
        let base = match at_second {
            true => &self.second_url,
            false => &self.world.gateway,
        };
        let url = format!("{base}{path}");
        crate::world::send(&self.world.http, method, &url, body.as_bytes(), &headers).await
    }

    async fn orders_at_the_bank(&self) -> usize {
        let ledger = self.world.control("GET", "/control/ledger", Value::Null);
        ledger.await["orders"].as_array().unwrap().len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_one_accepted_the_other_refuses() {
    let twins = Twins::open().await;
    let path = "/payment/v1/card-payments";
    let body = payment("5209220000000002").to_string();
    for (first, rnd) in [(false, "r1"), (true, "r2")] {
        let reply = twins.call(first, rnd, "POST", path, &body, None).await.ok();
        let again = twins.call(!first, rnd, "POST", path, &body, None).await;
        assert_eq!((again.status, again.error_code()), (401, 1006));
        // What one took, the other reads.
        let read = format!("{path}/{}", reply.data("id"));
        let rnd = format!("{rnd}-read");
        let found = twins.call(!first, &rnd, "GET", &read, "", None).await.ok();
        assert_eq!(found.body, reply.body);
        let again = twins.call(first, &rnd, "GET", &read, "", None).await;
        assert_eq!((again.status, again.error_code()), (401, 1006));
    }
    assert_eq!(twins.orders_at_the_bank().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_signature_at_both_at_once_makes_one_payment() {
    let twins = Twins::open().await;
    let path = "/payment/v1/card-payments";
    let body = payment("5209220000000002").to_string();
    for round in 0..5 {
        let rnd = format!("round-{round}");
        let (one, two) = tokio::join!(
            twins.call(false, &rnd, "POST", path, &body, None),
            twins.call(true, &rnd, "POST", path, &body, None)
        );
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401], "{:#} {:#}", one.body, two.body);
    }
    assert_eq!(twins.orders_at_the_bank().await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_idempotency_key_at_both_makes_one_payment() {
    let twins = Arc::new(Twins::open().await);
    let body = payment("5209220000000002").to_string();
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..40 {
        let (twins, body) = (Arc::clone(&twins), body.clone());
        calls.spawn(async move {
            let path = "/payment/v1/card-payments";
            let rnd = random::key(12);
            twins
                .call(n % 2 == 0, &rnd, "POST", path, &body, Some("one"))
                .await
        });
    }
    let mut answers = Vec::new();
    while let Some(reply) = calls.join_next().await {
        let reply = reply.unwrap();
        match reply.status {
            200 => answers.push(reply.body),
            other => assert_eq!(other, 409, "{:#}", reply.body),
        }
    }
    assert!(!answers.is_empty());
    answers.dedup();
    assert_eq!(answers.len(), 1);
    assert_eq!(twins.orders_at_the_bank().await, 1);
    for at_second in [false, true] {
        let path = "/payment/v1/card-payments";
        let rnd = random::key(12);
        let again = twins
            .call(at_second, &rnd, "POST", path, &body, Some("one"))
            .await
            .ok();
        assert_eq!(again.body, answers[0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_begun_at_one_is_completed_at_the_other() {
    let twins = Twins::open().await;
    // The browser is not sent through the balancer here: both pages are asked of the twin.
    let mut request = payment("5209220000000002");
    request["callbackUrl"] = "https://shop.example.com/callback".into();
    let path = "/payment/v1/card-payments/3ds-init";
    let init = twins
        .call(false, "init", "POST", path, &request.to_string(), None)
        .await
        .ok();
    let html = init.data("htmlContent").as_str().unwrap();
    let to_twin = |html: &str| html.replace(PUBLIC, &twins.second_url);
    let mut page = crate::browser::Page::of_html_content(html);
    page.html = to_twin(&page.html);
    let mut page = page.submit(&twins.world.http, &[]).await;
    assert_eq!(page.status, 200, "{}", page.html);
    // The bank's form is signed over the return address, which therefore stays as it is.
    page = page.submit(&twins.world.http, &[]).await;
    let mut back = page
        .submit(
            &twins.world.http,
            &[("otp", "123456"), ("action", "confirm")],
        )
        .await;
    back.html = to_twin(&back.html);
    let form = back.submit(&twins.world.http, &[]).await.form();
    assert_eq!(form.field("status"), "SUCCESS");
    let expected = signature::callback_hash_v1(
        CALLBACK_KEY,
        &signature::Callback {
            status: "SUCCESS",
            complete_status: "WAITING",
            payment_id: form.field("paymentId"),
            conversation_id: "456d1297",
            ..signature::Callback::default()
        },
    );
    assert_eq!(form.field("hash"), expected);
    let body = serde_json::json!({"paymentId": init.data("paymentId")}).to_string();
    let path = "/payment/v1/card-payments/3ds-complete";
    // The other one waits for the outcome of the one that is at the bank.
    let slow = serde_json::json!({"kind": "delay", "ms": 400});
    twins.world.fault("garanti", "threeds_finish", slow).await;
    let (one, two) = tokio::join!(
        twins.call(false, "c1", "POST", path, &body, None),
        twins.call(true, "c2", "POST", path, &body, None)
    );
    assert_eq!(one.ok().body, two.ok().body);
    assert_eq!(twins.orders_at_the_bank().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn due_webhooks_are_delivered_once_though_both_work() {
    let twins = Twins::open().await;
    let (first, second) = (&twins.world.app, &twins.second);
    let pay = async |at_second: bool, count: usize| {
        for _ in 0..count {
            let body = payment("5209220000000002").to_string();
            let path = "/payment/v1/card-payments";
            let rnd = random::key(12);
            twins
                .call(at_second, &rnd, "POST", path, &body, None)
                .await
                .ok();
        }
    };
    let work = async |app: &Arc<App>| {
        let ours = leases::lease_shards(app, &app.owner).await.unwrap();
        while jobs::run_due(app, &ours).await.unwrap() > 0 {}
        ours.len()
    };
    pay(false, 3).await;
    pay(true, 3).await;
    twins.world.clock.advance_seconds(30);
    let (a, b) = tokio::join!(work(first), work(second));
    assert_eq!(a + b, jobs::all_shards().len());
    delivered_once(&twins.world, 6);

    // The holder dies: after half a minute the other one has all shards, and its work.
    pay(false, 2).await;
    let (dead, heir) = match a > b {
        true => (first, second),
        false => (second, first),
    };
    twins.world.clock.advance_seconds(leases::LEASE_SECONDS + 1);
    assert_eq!(work(heir).await, jobs::all_shards().len());
    assert_eq!(work(dead).await, 0);
    delivered_once(&twins.world, 8);
}

#[track_caller]
fn delivered_once(world: &World, count: usize) {
    let mut ids: Vec<String> = world
        .hooks("API_AUTH")
        .iter()
        .map(|hook| hook.body["payloadId"].to_string())
        .collect();
    assert_eq!(ids.len(), count);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}
