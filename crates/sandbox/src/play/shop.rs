//! A shop's small client of the API: it signs, sends, and takes answers out of their envelope.

use super::http::Http;
use crate::seed::{API_KEY, SECRET_KEY};
use contract::signature;
use serde_json::Value;

/// The shop.
pub(crate) struct Shop {
    http: Http,
    base_url: String,
}

impl Shop {
    /// A shop that knows the gateway at `base_url`.
    pub(crate) fn new(http: Http, base_url: &str) -> Shop {
        Shop {
            http,
            base_url: base_url.to_owned(),
        }
    }

    /// `POST` with a body.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        self.call("POST", path, body.to_string().into_bytes()).await
    }

    /// `POST` without a body.
    pub(crate) async fn post_nothing(&self, path: &str) -> Result<Value, String> {
        self.call("POST", path, Vec::new()).await
    }

    /// `GET`.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, String> {
        self.call("GET", path, Vec::new()).await
    }

    async fn call(&self, method: &str, path: &str, body: Vec<u8>) -> Result<Value, String> {
        let url = format!("{}{path}", self.base_url);
        let rnd_key = server::random::uuid();
        let signature = signature::sign(&url, API_KEY, SECRET_KEY, &rnd_key, &body);
        let headers = [
            ("content-type", "application/json"),
            ("x-api-key", API_KEY),
            ("x-rnd-key", rnd_key.as_str()),
            ("x-auth-version", "v1"),
            ("x-client-version", "galata-sandbox"),
            ("x-signature", signature.as_str()),
            ("lang", "en"),
        ];
        let reply = self.http.send(method, &url, &headers, body).await?;
        let mut answer: Value = serde_json::from_str(&reply.body)
            .map_err(|_| format!("{method} {path}: HTTP {} without JSON", reply.status))?;
        match (reply.status, answer.get_mut("data")) {
            (200, Some(data)) => Ok(data.take()),
            (status, _) => Err(format!(
                "{method} {path}: HTTP {status}, {}",
                refusal(&answer)
            )),
        }
    }
}

fn refusal(answer: &Value) -> String {
    let errors = &answer["errors"];
    let text = |name: &str| errors[name].as_str().unwrap_or("?").to_owned();
    format!("error {}: {}", text("errorCode"), text("errorDescription"))
}
