//! A lender that listens on loopback, a shop that calls it, and a shop's notification receiver.

use crate::lenders::{
    CLIENT_ID, CLIENT_SECRET, LenderOptions, Lenders, NOTIFICATION_SECRET, signature,
};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

/// 2026-03-01 12:00 UTC.
const START_SECOND: i64 = 1_772_366_400;

/// What a receiver of notifications saw.
#[derive(Default)]
pub(super) struct Inbox {
    pub(super) states: Mutex<Vec<String>>,
    pub(super) forged: Mutex<u32>,
    pub(super) answer: AtomicU16,
}

pub(super) struct Bench {
    pub(super) lenders: Lenders,
    pub(super) base: String,
    pub(super) inbox: Arc<Inbox>,
    pub(super) inbox_url: String,
    second: Arc<AtomicI64>,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// A reply, whole.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

async fn listen(router: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}

async fn receive(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers.get(name).unwrap().to_str().unwrap().to_owned();
    let (timestamp, client) = (header("x-lender-timestamp"), header("x-lender-client"));
    let expected = signature::of_notification(NOTIFICATION_SECRET, &timestamp, &client, &body);
    if expected != header("x-lender-signature") {
        *inbox.forged.lock().unwrap() += 1;
        return StatusCode::UNAUTHORIZED;
    }
    let status = StatusCode::from_u16(inbox.answer.load(Ordering::Relaxed)).unwrap();
    if status.is_success() {
        let body: Value = serde_json::from_slice(&body).unwrap();
        inbox
            .states
            .lock()
            .unwrap()
            .push(body["state"].as_str().unwrap().to_owned());
    }
    status
}

impl Bench {
    pub(super) async fn open() -> Bench {
        Bench::open_in(None).await
    }

    pub(super) async fn open_in(data_dir: Option<PathBuf>) -> Bench {
        let second = Arc::new(AtomicI64::new(START_SECOND));
        let clock = second.clone();
        let lenders = Lenders::open(LenderOptions {
            data_dir,
            public_url: "http://bench".to_owned(),
            now: Arc::new(move || Timestamp::from_second(clock.load(Ordering::Relaxed)).unwrap()),
        })
        .unwrap();
        let inbox = Arc::new(Inbox {
            answer: AtomicU16::new(204),
            ..Inbox::default()
        });
        let router = axum::Router::new()
            .route("/hook", post(receive))
            .with_state(inbox.clone());
        Bench {
            base: listen(lenders.router()).await,
            inbox_url: format!("{}/hook", listen(router).await),
            lenders,
            inbox,
            second,
            client: Client::builder(TokioExecutor::new())
                .pool_max_idle_per_host(0)
                .build_http(),
        }
    }

    /// Moves the clock and does what is due.
    pub(super) async fn pass(&self, seconds: i64) {
        self.second.fetch_add(seconds, Ordering::Relaxed);
        self.lenders.run_due().await;
    }

    pub(super) fn timestamp(&self) -> String {
        self.second.load(Ordering::Relaxed).to_string()
    }

    /// States that the shop was notified of, in order.
    pub(super) fn notified(&self) -> Vec<String> {
        self.inbox.states.lock().unwrap().clone()
    }

    /// Sends anything; None when the connection broke before a whole reply.
    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<Reply> {
        let mut request = hyper::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(body.to_vec())).unwrap();
        let response = self.client.request(request).await.ok()?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.ok()?.to_bytes().to_vec();
        Some(Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        })
    }

    /// Calls the API as the shop does, and checks the reply's signature.
    pub(super) async fn call(&self, method: &str, path: &str, body: &Value) -> Reply {
        let reply = self.try_call(method, path, body).await.unwrap();
        assert!(self.genuine(method, path, body, &reply));
        reply
    }

    /// Calls the API as the shop does.
    pub(super) async fn try_call(&self, method: &str, path: &str, body: &Value) -> Option<Reply> {
        let path = format!("/lender{path}");
        let body = spelled(body);
        let timestamp = self.timestamp();
        let signature =
            signature::of_request(CLIENT_SECRET, &timestamp, method, &path, body.as_bytes());
        let headers = [
            ("x-lender-client", CLIENT_ID),
            ("x-lender-timestamp", &timestamp),
            ("x-lender-signature", &signature),
        ];
        self.send(method, &path, &headers, body.as_bytes()).await
    }

    /// Whether a reply is signed for the call.
    pub(super) fn genuine(&self, method: &str, path: &str, body: &Value, reply: &Reply) -> bool {
        let path = format!("/lender{path}");
        let asked = self.timestamp();
        let body = spelled(body);
        let request = signature::of_request(CLIENT_SECRET, &asked, method, &path, body.as_bytes());
        let timestamp = reply.header("x-lender-timestamp");
        let expected = signature::of_reply(
            CLIENT_SECRET,
            timestamp,
            reply.status,
            &request,
            &reply.body,
        );
        expected == reply.header("x-lender-signature")
    }

    pub(super) async fn control(&self, path: &str, body: Value) -> Reply {
        let headers = [("content-type", "application/json")];
        self.send("POST", path, &headers, body.to_string().as_bytes())
            .await
            .unwrap()
    }

    pub(super) async fn decide(&self, order_id: &str, decision: &str) -> Reply {
        let path = format!("/control/loans/{order_id}/decision");
        self.control(&path, json!({ "decision": decision })).await
    }

    /// A browser's form, posted to a page.
    pub(super) async fn answers(&self, page: &str, form: &str) -> Reply {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send("POST", page, &headers, form.as_bytes())
            .await
            .unwrap()
    }

    /// An application with everything settled but the decision.
    pub(super) fn application(&self, order_id: &str, bank_code: &str) -> Value {
        json!({
            "orderId": order_id,
            "bankCode": bank_code,
            "term": 6,
            "amount": 1_000_000,
            "currency": "TRY",
            "items": [item("CLOTHING", 1_000_000)],
            "buyer": {
                "identityNumber": "10000000146",
                "phoneNumber": "5551112233",
                "birthDate": "1990-05-17",
            },
            "returnUrl": "http://shop.example/back?x=1",
            "notificationUrl": self.inbox_url,
            "timeLimitSeconds": 1800,
            "approvalMode": null,
        })
    }

    /// Applies, and answers the path of the page.
    pub(super) async fn applies(&self, application: &Value) -> String {
        let reply = self.call("POST", "/v1/applications", application).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        let page = reply.json()["redirectUrl"].as_str().unwrap().to_owned();
        page.strip_prefix("http://bench").unwrap().to_owned()
    }

    /// How an application stands.
    pub(super) async fn state(&self, order_id: &str) -> String {
        let path = format!("/v1/applications/{order_id}");
        let reply = self.call("GET", &path, &Value::Null).await;
        reply.json()["state"].as_str().unwrap().to_owned()
    }
}

pub(super) fn item(category: &str, unit_price: i64) -> Value {
    json!({
        "id": "1", "name": "a <thing>", "brand": "", "category": category,
        "unitPrice": unit_price, "quantity": 1,
    })
}

fn spelled(body: &Value) -> String {
    if body.is_null() {
        String::new()
    } else {
        body.to_string()
    }
}
