//! The door: signed and unsigned calls over HTTP, and what they answer.

use super::Shop;
use bytes::Bytes;
use contract::signature;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::Value;
use server::random;
use std::fmt::Debug;
use std::pin::Pin;

pub type HttpClient = Client<HttpConnector, Full<Bytes>>;

/// The shop's API key and its secret.
pub const KEYS: (&str, &str) = ("api-key", "secret-key");

/// An answer of the API.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Value,
    /// The body as it came.
    pub raw: Bytes,
}

impl Reply {
    /// The body without what differs from run to run, for snapshots.
    pub fn shown(&self) -> String {
        let mut body = self.body.clone();
        redact("", &mut body);
        format!("{body:#}")
    }

    /// `data.<path>`; dots go deeper, numbers into lists.
    pub fn data(&self, path: &str) -> &Value {
        at(&self.body["data"], path)
    }

    /// A text of `data`.
    #[track_caller]
    pub fn text(&self, path: &str) -> &str {
        let found = self.data(path).as_str();
        found.unwrap_or_else(|| panic!("no text {path}: {} {:#}", self.status, self.body))
    }

    /// A list of `data`.
    #[track_caller]
    pub fn list(&self, path: &str) -> &[Value] {
        match self.data(path) {
            Value::Array(all) => all,
            _ => panic!("no list {path}: {} {:#}", self.status, self.body),
        }
    }

    /// The payment that the answer is about, whatever became of it.
    #[track_caller]
    pub fn id(&self) -> i64 {
        let places = [
            self.data("id"),
            self.data("paymentId"),
            &self.body["errors"]["paymentId"],
        ];
        let found = places.into_iter().find_map(Value::as_i64);
        found.unwrap_or_else(|| panic!("no payment: {} {:#}", self.status, self.body))
    }

    /// What became of the payment.
    #[track_caller]
    pub fn outcome(&self) -> &str {
        self.text("paymentStatus")
    }

    pub fn error_group(&self) -> &str {
        self.body["errors"]["errorGroup"].as_str().unwrap_or("")
    }

    pub fn error_code(&self) -> i64 {
        self.body["errors"]["errorCode"]
            .as_str()
            .and_then(|c| c.parse().ok())
            .unwrap_or(0)
    }

    pub fn field(&self) -> &str {
        self.body["errors"]["field"].as_str().unwrap_or("")
    }

    pub fn header(&self, name: &str) -> &str {
        header(&self.headers, name)
    }

    #[track_caller]
    pub fn ok(self) -> Reply {
        let fine = (200..300).contains(&self.status);
        assert!(fine, "{} {:#}", self.status, self.body);
        self
    }

    /// The payment succeeded.
    #[track_caller]
    pub fn succeeded(self) -> Reply {
        let reply = self.ok();
        assert_eq!(reply.outcome(), "SUCCESS", "{:#}", reply.body);
        reply
    }

    /// Refused with this status and code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: i64) {
        let told = (self.status, self.error_code());
        assert_eq!(told, (status, code), "{:#}", self.body);
    }

    /// Declined in the words of this group; the payment.
    #[track_caller]
    pub fn declined(&self, group: &str) -> i64 {
        let told = (self.status, self.error_group());
        assert_eq!(told, (422, group), "{:#}", self.body);
        self.id()
    }

    /// Nobody knows yet; the payment.
    #[track_caller]
    pub fn in_doubt(&self) -> i64 {
        self.declined("COMMUNICATION_OR_SYSTEM_ERROR")
    }
}

/// Puts words in the place of ids, times and what a bank or random made up.
fn redact(field: &str, value: &mut Value) {
    match value {
        Value::Object(fields) => fields
            .iter_mut()
            .for_each(|(name, value)| redact(name, value)),
        Value::Array(all) => all.iter_mut().for_each(|value| redact(field, value)),
        Value::Number(number) if number.as_i64().is_some_and(|n| n > 1_000_000_000_000) => {
            *value = "[id]".into();
        }
        Value::String(text) => {
            let word = match field {
                "orderId" | "hostReference" | "authCode" | "transId" | "alias" => "[made up]",
                "htmlContent" | "redirectUrl" => "[page]",
                "paymentId" => "[id]",
                field if field.ends_with("Date") => "[time]",
                _ => return,
            };
            *text = word.to_owned();
        }
        _ => {}
    }
}

pub fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.')
        .filter(|part| !part.is_empty())
        .fold(value, |value, part| match part.parse::<usize>() {
            Ok(index) => &value[index],
            Err(_) => &value[part],
        })
}

/// A header's value; empty when it is not there.
pub fn header<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
    let found = headers.iter().find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value)
}

/// The headers as texts.
pub fn texts(headers: &http::HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("").to_owned()))
        .collect()
}

/// What makes a request signed.
pub struct Signed<'a> {
    api_key: &'a str,
    rnd: &'a str,
    pub signature: String,
}

impl<'a> Signed<'a> {
    /// Signs a body for an address.
    pub fn with(
        keys: (&'a str, &str),
        url: &str,
        rnd: &'a str,
        body: impl AsRef<[u8]>,
    ) -> Signed<'a> {
        Signed {
            api_key: keys.0,
            rnd,
            signature: signature::sign(url, keys.0, keys.1, rnd, body.as_ref()),
        }
    }

    pub fn headers(&self) -> Vec<(&str, &str)> {
        vec![
            ("x-api-key", self.api_key),
            ("x-rnd-key", self.rnd),
            ("x-auth-version", "v1"),
            ("x-signature", &self.signature),
        ]
    }
}

/// A request of the shop's that is still being worded; awaited it is sent, signed, and answers.
#[must_use = "it is sent when it is awaited"]
pub struct Call<'a> {
    pub(super) shop: &'a Shop,
    pub(super) path: String,
    pub(super) body: Value,
    key: Option<String>,
}

impl Call<'_> {
    /// Says more, or something else.
    pub fn with(mut self, over: Value) -> Self {
        super::merge(&mut self.body, over);
        self
    }

    /// Has an idempotency key.
    pub fn keyed(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }
}

impl<'a> IntoFuture for Call<'a> {
    type Output = Reply;
    type IntoFuture = Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let key = self.key.as_deref().map(|key| ("x-idempotency-key", key));
            let headers: Vec<(&str, &str)> = key.into_iter().collect();
            let body = text_of(&self.body);
            self.shop.call("POST", &self.path, &body, &headers).await
        })
    }
}

fn text_of(body: &Value) -> String {
    match body {
        Value::Null => String::new(),
        body => body.to_string(),
    }
}

impl Shop {
    /// A call that is still being worded.
    pub fn posts(&self, path: impl Into<String>, body: Value) -> Call<'_> {
        Call {
            shop: self,
            path: path.into(),
            body,
            key: None,
        }
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.call("POST", path, &text_of(&body), &[]).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.call("PUT", path, &text_of(&body), &[]).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, "", &[]).await
    }

    /// A signed call, with further headers.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Reply {
        let rnd = random::key(12);
        let decoded: String = form_urlencoded::parse(
            path.replace('&', "%26")
                .replace('=', "%3D")
                .replace('+', "%2B")
                .as_bytes(),
        )
        .next()
        .map(|(text, _)| text.into_owned())
        .unwrap_or_default();
        let signed = Signed::with(KEYS, &format!("{}{decoded}", self.gateway), &rnd, body);
        let mut all = signed.headers();
        all.push(("lang", "en"));
        all.extend_from_slice(headers);
        self.raw(method, path, body.as_bytes(), &all).await
    }

    /// A call signed with other keys.
    pub async fn call_as(&self, keys: (&str, &str), method: &str, path: &str, body: &str) -> Reply {
        let (url, rnd) = (format!("{}{path}", self.gateway), random::key(12));
        let signed = Signed::with(keys, &url, &rnd, body);
        self.raw(method, path, body.as_bytes(), &signed.headers())
            .await
    }

    /// A signed call to another server; nothing when it did not answer.
    pub async fn post_at(&self, server: &str, path: &str, body: &Value) -> Option<Reply> {
        let (url, rnd, body) = (format!("{server}{path}"), random::key(12), text_of(body));
        let signed = Signed::with(KEYS, &url, &rnd, &body);
        let headers = signed.headers();
        try_send(&self.http, "POST", &url, body.as_bytes(), &headers).await
    }

    /// An unsigned call: whatever headers and bytes the test wants.
    pub async fn raw(
        &self,
        method: &str,
        path: &str,
        body: &[u8],
        headers: &[(&str, &str)],
    ) -> Reply {
        let url = format!("{}{path}", self.gateway);
        send(&self.http, method, &url, body, headers).await
    }

    /// A call to the simulator's control API.
    pub async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.bank);
        let headers = [("content-type", "application/json")];
        let body = text_of(&body);
        let reply = send(&self.http, method, &url, body.as_bytes(), &headers).await;
        assert!(
            reply.status < 300,
            "{path}: {} {}",
            reply.status,
            reply.body
        );
        reply.body
    }
}

pub async fn send(
    http: &HttpClient,
    method: &str,
    url: &str,
    body: &[u8],
    headers: &[(&str, &str)],
) -> Reply {
    let reply = try_send(http, method, url, body, headers).await;
    reply.unwrap_or_else(|| panic!("no answer: {method} {url}"))
}

/// The answer, unless the line broke before it.
async fn try_send(
    http: &HttpClient,
    method: &str,
    url: &str,
    body: &[u8],
    headers: &[(&str, &str)],
) -> Option<Reply> {
    let mut request = http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = Full::new(Bytes::copy_from_slice(body));
    let reply = http.request(request.body(body).unwrap()).await.ok()?;
    let (status, headers) = (reply.status().as_u16(), texts(reply.headers()));
    let bytes = reply.into_body().collect().await.ok()?.to_bytes();
    let raw = bytes.clone();
    let body = serde_json::from_slice(&bytes)
        .unwrap_or(Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    Some(Reply {
        status,
        headers,
        body,
        raw,
    })
}
