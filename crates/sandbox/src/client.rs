//! The player's way over the network: one request, one capped reply, no redirect followed.

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

/// The client that shop and browser share.
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
    /// A client.
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
