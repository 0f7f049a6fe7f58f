//! The way over the network for player and shop: one request, one capped reply, no redirect followed;
//! and the headers with which a merchant signs a call of the API.

use crate::seed::{API_KEY, SECRET_KEY};
use contract::signature;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::time::Duration;

/// Seconds that a reply may take.
const REPLY_SECONDS_MAX: u64 = 60;
/// Bytes that a reply may have.
const REPLY_BYTES_MAX: usize = 1024 * 1024;

/// A client. Clones share its connections.
#[derive(Clone)]
pub(crate) struct Http(Client<HttpConnector, Full<Bytes>>);

/// What came back.
pub(crate) struct Reply {
    /// HTTP status.
    pub(crate) status: u16,
    /// Where a redirect leads.
    pub(crate) location: Option<String>,
    /// The body as text.
    pub(crate) body: String,
}

impl Http {
    /// A client of its own connections.
    pub(crate) fn new() -> Http {
        Http(Client::builder(TokioExecutor::new()).build_http())
    }

    /// Sends a request and reads the whole reply. The error is a sentence.
    pub(crate) async fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Reply, String> {
        let limit = Duration::from_secs(REPLY_SECONDS_MAX);
        match tokio::time::timeout(limit, self.exchange(method, url, headers, body)).await {
            Ok(outcome) => outcome.map_err(|why| format!("{method} {url}: {why}")),
            Err(_) => Err(format!("{method} {url}: no reply in {REPLY_SECONDS_MAX} s")),
        }
    }

    async fn exchange(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Reply, String> {
        let mut request = http::Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| error.to_string())?;
        let reply = self
            .0
            .request(request)
            .await
            .map_err(|error| error.to_string())?;
        let (head, body) = reply.into_parts();
        let body = Limited::new(body, REPLY_BYTES_MAX)
            .collect()
            .await
            .map_err(|error| error.to_string())?;
        let location = head.headers.get(http::header::LOCATION);
        Ok(Reply {
            status: head.status.as_u16(),
            location: location
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
            body: String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        })
    }
}

/// The headers of a call of the API, signed by the demo merchant.
pub(crate) struct SignedHeaders {
    /// Makes each signature another one.
    pub(crate) rnd_key: String,
    signature: String,
    client: &'static str,
    lang: &'static str,
}

impl SignedHeaders {
    /// Signs a call of `url` with this body.
    pub(crate) fn sign(
        url: &str,
        body: &[u8],
        client: &'static str,
        lang: &'static str,
    ) -> SignedHeaders {
        let rnd_key = server::random::uuid();
        SignedHeaders {
            signature: signature::sign(url, API_KEY, SECRET_KEY, &rnd_key, body),
            rnd_key,
            client,
            lang,
        }
    }

    /// Names and values.
    pub(crate) fn pairs(&self) -> [(&str, &str); 7] {
        [
            ("content-type", "application/json"),
            ("x-api-key", API_KEY),
            ("x-rnd-key", &self.rnd_key),
            ("x-auth-version", "v1"),
            ("x-client-version", self.client),
            ("x-signature", &self.signature),
            ("lang", self.lang),
        ]
    }
}
