//! Two servers on one database: what one of them did, the other one knows.

use crate::browser::Page;
use crate::shop::{
    CALLBACK_KEY, CALLBACK_URL, GARANTI, KEYS, OTP, PAY, Reply, Shop, Signed, delay, payment, send,
    serve, with,
};
use contract::signature;
use serde_json::{Value, json};
use server::app::App;
use server::store::leases;
use server::{jobs, random};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Where both are reached, through a balancer that the tests leave out.
const PUBLIC: &str = "https://pay.example.com";

/// A shop whose server has a twin.
struct Twins {
    shop: Shop,
    second: Arc<App>,
    second_url: String,
}

impl Twins {
    async fn open() -> Twins {
        let public = vec![PUBLIC.to_owned()];
        let shop = Shop::with(|config| config.settings.public_urls = public).await;
        let second = shop.process(&shop.clock).await;
        let second_url = serve(&second).await;
        Twins {
            shop,
            second,
            second_url,
        }
    }

    /// Posts to the first server or its twin.
    async fn post(&self, at_second: bool, rnd: &str, path: &str, body: &Value) -> Reply {
        let body = body.to_string();
        self.call(at_second, rnd, "POST", path, &body, None).await
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
        let public = format!("{PUBLIC}{path}");
        let signed = Signed::with(KEYS, &public, rnd, body);
        let mut headers = signed.headers();
        headers.extend(idempotency_key.map(|key| ("x-idempotency-key", key)));
        let base = if at_second {
            &self.second_url
        } else {
            &self.shop.gateway
        };
        let url = format!("{base}{path}");
        send(&self.shop.http, method, &url, body.as_bytes(), &headers).await
    }

    async fn orders_at_the_bank(&self) -> usize {
        self.shop.orders().await.len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_one_accepted_the_other_refuses() {
    let twins = Twins::open().await;
    let body = payment(GARANTI);
    for (first, rnd) in [(false, "r1"), (true, "r2")] {
        let reply = twins.post(first, rnd, PAY, &body).await.ok();
        twins.post(!first, rnd, PAY, &body).await.refused(401, 1006);
        // What one took, the other reads.
        let path = format!("{PAY}/{}", reply.id());
        let rnd = format!("{rnd}-read");
        let read = async |at_second| twins.call(at_second, &rnd, "GET", &path, "", None).await;
        assert_eq!(read(!first).await.ok().body, reply.body);
        read(first).await.refused(401, 1006);
    }
    assert_eq!(twins.orders_at_the_bank().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_payments_that_look_alike_at_both_at_once_one_is_taken() {
    let twins = Twins::open().await;
    let shop = &twins.shop;
    shop.merchant_with(|m| m.double_submit_seconds = 60).await;
    for round in 0..5 {
        let body = with(
            payment(GARANTI),
            json!({"conversationId": format!("order {round}")}),
        );
        let (one, two) = (format!("one-{round}"), format!("two-{round}"));
        let (one, two) = tokio::join!(
            twins.post(false, &one, PAY, &body),
            twins.post(true, &two, PAY, &body)
        );
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{:#} {:#}", one.body, two.body);
    }
    assert_eq!(twins.orders_at_the_bank().await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_signature_at_both_at_once_makes_one_payment() {
    let twins = Twins::open().await;
    let body = payment(GARANTI);
    for round in 0..5 {
        let rnd = format!("round-{round}");
        let (one, two) = tokio::join!(
            twins.post(false, &rnd, PAY, &body),
            twins.post(true, &rnd, PAY, &body)
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
    let body = payment(GARANTI).to_string();
    let mut calls = JoinSet::new();
    let keyed = async |twins: &Twins, body: &str, at_second: bool| {
        let rnd = random::key(12);
        let call = twins.call(at_second, &rnd, "POST", PAY, body, Some("one"));
        call.await
    };
    for n in 0..40 {
        let (twins, body) = (Arc::clone(&twins), body.clone());
        calls.spawn(async move { keyed(&twins, &body, n % 2 == 0).await });
    }
    let mut answers = Vec::new();
    for reply in calls.join_all().await {
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
        let again = keyed(&twins, &body, at_second).await.ok();
        assert_eq!(again.body, answers[0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_begun_at_one_is_completed_at_the_other() {
    let twins = Twins::open().await;
    // The browser is not sent through the balancer here: both pages are asked of the twin.
    let request = with(payment(GARANTI), json!({"callbackUrl": CALLBACK_URL}));
    let path = format!("{PAY}/3ds-init");
    let init = twins.post(false, "init", &path, &request).await.ok();
    let to_twin = |html: &str| html.replace(PUBLIC, &twins.second_url);
    let http = &twins.shop.http;
    let mut page = Page::of_html_content(init.text("htmlContent"));
    page.html = to_twin(&page.html);
    let page = page.submit(http, &[]).await;
    assert_eq!(page.status, 200, "{}", page.html);
    // The bank's form is signed over the return address, which therefore stays as it is.
    let bank = page.submit(http, &[]).await;
    let typed = [("otp", OTP), ("action", "confirm")];
    let mut back = bank.submit(http, &typed).await;
    back.html = to_twin(&back.html);
    let form = back.submit(http, &[]).await.form();
    assert_eq!(form.field("status"), "SUCCESS");
    let signed = signature::Callback {
        status: "SUCCESS",
        complete_status: "WAITING",
        payment_id: form.field("paymentId"),
        conversation_id: "456d1297",
        ..signature::Callback::default()
    };
    let expected = signature::callback_hash_v1(CALLBACK_KEY, &signed);
    assert_eq!(form.field("hash"), expected);
    let body = json!({"paymentId": init.id()});
    let path = format!("{PAY}/3ds-complete");
    // The other one waits for the outcome of the one that is at the bank.
    let slow = delay(400);
    twins.shop.fault("garanti", "threeds_finish", slow).await;
    let (one, two) = tokio::join!(
        twins.post(false, "c1", &path, &body),
        twins.post(true, "c2", &path, &body)
    );
    assert_eq!(one.ok().body, two.ok().body);
    assert_eq!(twins.orders_at_the_bank().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn due_webhooks_are_delivered_once_though_both_work() {
    let twins = Twins::open().await;
    let (first, second) = (&twins.shop.app, &twins.second);
    let pay = async |at_second: bool, count: usize| {
        for _ in 0..count {
            let rnd = random::key(12);
            let body = payment(GARANTI);
            twins.post(at_second, &rnd, PAY, &body).await.ok();
        }
    };
    let work = async |app: &Arc<App>| {
        let ours = leases::lease_shards(app, &app.owner).await.unwrap();
        while jobs::run_due(app, &ours).await.unwrap() > 0 {}
        ours.len()
    };
    pay(false, 3).await;
    pay(true, 3).await;
    twins.shop.clock.advance_seconds(30);
    let (a, b) = tokio::join!(work(first), work(second));
    assert_eq!(a + b, jobs::all_shards().len());
    delivered_once(&twins.shop, 6);

    // The holder dies: after half a minute the other one has all shards, and its work.
    pay(false, 2).await;
    let (dead, heir) = if a > b {
        (first, second)
    } else {
        (second, first)
    };
    twins.shop.clock.advance_seconds(leases::LEASE_SECONDS + 1);
    assert_eq!(work(heir).await, jobs::all_shards().len());
    assert_eq!(work(dead).await, 0);
    delivered_once(&twins.shop, 8);
}

#[track_caller]
fn delivered_once(shop: &Shop, count: usize) {
    let mut ids: Vec<String> = shop
        .hooks("API_AUTH")
        .iter()
        .map(|hook| hook.body["payloadId"].to_string())
        .collect();
    assert_eq!(ids.len(), count);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}
