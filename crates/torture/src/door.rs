//! The wire: signed calls to the gateway's processes, calls of the banks' control API, and the shopper's browser.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contract::enums::Currency;
use contract::money::Decimal;
use contract::signature;
use form_urlencoded::Serializer;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use simulator::forms;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use url::Url;

/// Seconds that a reply may take: longer than a payment waits for two banks.
const REPLY_SECONDS_MAX: u64 = 60;
/// Bytes that a reply may have.
const REPLY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Between tries to reach a process that is being started again.
const AWAY_WAIT: Duration = Duration::from_millis(200);
/// Such tries: a minute.
const AWAY_TRIES: u32 = 300;
/// Pages and redirects on the way to a bank and back.
const STEPS_MAX: usize = 20;
/// Where browsers are sent in the end.
pub(crate) const CALLBACK_URL: &str = "https://shop.example.com/callback";

/// An answer of the API.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// JSON, or a file as a text.
    pub(crate) body: Value,
}

impl Reply {
    /// `data.<path>`; dots go deeper, numbers into lists.
    pub(crate) fn data(&self, path: &str) -> &Value {
        at(&self.body["data"], path)
    }

    /// The payment that the answer is about.
    pub(crate) fn payment(&self) -> Option<i64> {
        let places = [
            self.data("id"),
            self.data("paymentId"),
            &self.body["errors"]["paymentId"],
        ];
        places.into_iter().find_map(Value::as_i64)
    }

    pub(crate) fn group(&self) -> &str {
        self.body["errors"]["errorGroup"].as_str().unwrap_or("")
    }
}

fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.')
        .fold(value, |value, part| match part.parse::<usize>() {
            Ok(index) => &value[index],
            Err(_) => &value[part],
        })
}

/// Kuruş as the API spells lira.
pub(crate) fn lira(kurus: i64) -> Value {
    serde_json::to_value(Decimal::of_minor(kurus, Currency::Try, 2)).unwrap_or_default()
}

/// A number of lira in kuruş; -1 for what is none, which no amount of a shop is.
pub(crate) fn kurus(lira: &Value) -> i64 {
    let number = lira.as_number().map(ToString::to_string);
    let number: Option<Decimal> = number.and_then(|text| text.parse().ok());
    number.map_or(-1, |number| number.to_minor(Currency::Try).unwrap_or(-1))
}

type Http = Client<HttpConnector, Full<Bytes>>;

/// The keys of a merchant.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    pub(crate) api: String,
    pub(crate) secret: String,
}

/// The way to all that is asked.
pub(crate) struct Door {
    http: Http,
    keys: Keys,
    /// Base URL of each process.
    pub(crate) gateways: Vec<String>,
    /// Base URL of the banks.
    pub(crate) banks: String,
    signed: AtomicU64,
    /// How often each process was killed.
    kills: Vec<AtomicU64>,
    /// Answers that no caller may ever have.
    pub(crate) broken: Mutex<Vec<String>>,
}

impl Door {
    pub(crate) fn new(keys: Keys, gateways: Vec<String>, banks: String) -> Door {
        Door {
            // A signature is accepted once: what may have arrived at a process that was killed is not sent again.
            http: Client::builder(TokioExecutor::new())
                .retry_canceled_requests(false)
                .build_http(),
            keys,
            kills: gateways.iter().map(|_| AtomicU64::new(0)).collect(),
            gateways,
            banks,
            signed: AtomicU64::new(0),
            broken: Mutex::new(Vec::new()),
        }
    }

    /// A signed call of a process. The error says why there was no answer: the process was killed.
    pub(crate) async fn call(
        &self,
        process: usize,
        method: &str,
        path: &str,
        body: &Value,
        key: Option<&str>,
    ) -> Result<Reply, String> {
        let base = &self.gateways[process % self.gateways.len()];
        let url = format!("{base}{path}");
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let mut tries = 0;
        let (status, text) = loop {
            let rnd = format!("torture-{}", self.signed.fetch_add(1, Ordering::Relaxed));
            let Keys { api, secret } = &self.keys;
            let signature = signature::sign(&url, api, secret, &rnd, body.as_bytes());
            let mut headers = vec![
                ("content-type", "application/json"),
                ("x-api-key", api.as_str()),
                ("x-rnd-key", rnd.as_str()),
                ("x-auth-version", "v1"),
                ("x-signature", signature.as_str()),
                ("lang", "en"),
            ];
            headers.extend(key.map(|key| ("x-idempotency-key", key)));
            match self.send(method, &url, &headers, body.clone()).await {
                Ok((status, _, text)) => break (status, text),
                Err(NoReply::Away) if tries < AWAY_TRIES => tries += 1,
                Err(NoReply::Away) => return Err("is away".to_owned()),
                Err(NoReply::Broken(why)) => return Err(why),
            }
            tokio::time::sleep(AWAY_WAIT).await;
        };
        if status >= 500 || matches!(status, 400 | 401 | 403 | 405 | 415 | 429) {
            self.is_broken(format!("{method} {path} {body}: HTTP {status} {text}"));
        }
        Ok(Reply {
            status,
            body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
        })
    }

    /// Notes an answer that no caller may ever have.
    pub(crate) fn is_broken(&self, why: String) {
        if let Ok(mut broken) = self.broken.lock() {
            broken.push(why);
        }
    }

    /// Notes that a process was killed: who waits for it may wait in vain.
    pub(crate) fn note_kill(&self, process: usize) {
        self.kills[process].fetch_add(1, Ordering::Relaxed);
    }

    /// How often the process behind an address was killed so far; nobody kills the banks.
    fn kills_of(&self, url: &str) -> u64 {
        let process = self.gateways.iter().position(|base| url.starts_with(base));
        process.map_or(0, |process| self.kills[process].load(Ordering::Relaxed))
    }

    /// Calls the banks' control API.
    pub(crate) async fn control(
        &self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Result<Value, String> {
        let url = format!("{}{path}", self.banks);
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let headers = [("content-type", "application/json")];
        match self.send(method, &url, &headers, body).await {
            Ok((200..300, _, text)) => Ok(serde_json::from_str(&text).unwrap_or_default()),
            Ok((status, _, text)) => Err(format!("{method} {path}: HTTP {status} {text}")),
            Err(_) => Err(format!("{method} {path}: no answer")),
        }
    }

    /// Whether a process answers that it is well.
    pub(crate) async fn is_well(&self, base: &str) -> bool {
        let url = format!("{base}/healthz");
        let reply = self.send("GET", &url, &[], String::new()).await;
        matches!(reply, Ok((200, _, _)))
    }

    async fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<(u16, Option<String>, String), NoReply> {
        let broken = |why: &dyn std::fmt::Display| NoReply::Broken(why.to_string());
        let mut request = http::Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body)));
        let request = request.map_err(|error| broken(&error))?;
        let exchange = async {
            let reply = self.http.request(request).await.map_err(|error| {
                if error.is_connect() {
                    NoReply::Away
                } else {
                    broken(&error)
                }
            })?;
            let (head, body) = reply.into_parts();
            let body = Limited::new(body, REPLY_BYTES_MAX).collect().await;
            let body = body.map_err(|error| broken(&error))?.to_bytes();
            let location = head.headers.get(http::header::LOCATION);
            let location = location.and_then(|value| value.to_str().ok());
            let text = String::from_utf8_lossy(&body).into_owned();
            Ok((head.status.as_u16(), location.map(str::to_owned), text))
        };
        let limit = Duration::from_secs(REPLY_SECONDS_MAX);
        let kills = self.kills_of(url);
        match tokio::time::timeout(limit, exchange).await {
            Ok(outcome) => outcome,
            Err(_) => {
                // A connection to a process that is just ending may stay open with nobody behind it.
                if self.kills_of(url) == kills {
                    self.is_broken(format!(
                        "{method} {url}: no answer in {REPLY_SECONDS_MAX} s"
                    ));
                }
                Err(NoReply::Broken("no answer in time".to_owned()))
            }
        }
    }

    /// Goes from the page that the shop shows to the bank and back, typing `answers` into forms. The way ends where
    /// a form leads to the shop: its `status`.
    pub(crate) async fn browse(
        &self,
        html_content: &str,
        answers: &[(&str, &str)],
    ) -> Result<String, String> {
        let html = STANDARD.decode(html_content).map_err(|e| e.to_string())?;
        let mut html = String::from_utf8(html).map_err(|e| e.to_string())?;
        let mut url = Url::parse(CALLBACK_URL).map_err(|e| e.to_string())?;
        for _ in 0..STEPS_MAX {
            let Some(form) = forms::forms(&html).into_iter().next() else {
                return Err(format!("{url} has no way on"));
            };
            let sent = form.filled(answers);
            if form.action == CALLBACK_URL {
                let status = sent.into_iter().find(|(name, _)| name == "status");
                return status
                    .map(|(_, value)| value)
                    .ok_or_else(|| "a callback without a status".to_owned());
            }
            if !form.action.is_empty() {
                url = url.join(&form.action).map_err(|e| e.to_string())?;
            }
            let fields = Serializer::new(String::new()).extend_pairs(sent).finish();
            html = self.follow(&mut url, fields).await?;
        }
        Err("the pages lead nowhere".to_owned())
    }

    /// Posts a form and follows redirects.
    async fn follow(&self, url: &mut Url, fields: String) -> Result<String, String> {
        let (mut method, mut fields) = ("POST", fields);
        for _ in 0..STEPS_MAX {
            let headers = [
                ("content-type", "application/x-www-form-urlencoded"),
                ("accept-language", "tr"),
            ];
            let sent = std::mem::take(&mut fields);
            match self.send(method, url.as_str(), &headers, sent).await {
                Ok((301..=303, Some(location), _)) => {
                    *url = url.join(&location).map_err(|e| e.to_string())?;
                    method = "GET";
                }
                Ok((200, _, html)) => return Ok(html),
                Ok((status, _, html)) => {
                    if status >= 500 && !url.as_str().starts_with(&self.banks) {
                        self.is_broken(format!("page {url}: HTTP {status} {html}"));
                    }
                    return Err(format!("{url}: HTTP {status}"));
                }
                Err(NoReply::Away) => return Err(format!("{url} is away")),
                Err(NoReply::Broken(why)) => return Err(format!("{url}: {why}")),
            }
        }
        Err("the redirects lead nowhere".to_owned())
    }
}

/// Why there is no reply.
enum NoReply {
    /// Nothing listens: surely nothing was sent.
    Away,
    /// The line broke, perhaps after the request had arrived.
    Broken(String),
}
