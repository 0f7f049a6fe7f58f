//! A shop's small client of the API: it signs, sends, and takes answers out of their envelope.

use crate::client::{Http, SignedHeaders};
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
        let headers = SignedHeaders::sign(&url, &body, "galata-sandbox", "en");
        let reply = self.http.send(method, &url, &headers.pairs(), body).await?;
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
