//! The simulator's control API, as the player uses it: the banks' own view of what happened.

use super::http::Http;
use serde_json::{Value, json};

/// The banks' and lenders' books.
pub(crate) struct Banks {
    http: Http,
    base_url: String,
}

impl Banks {
    /// The books of the simulator at `base_url`.
    pub(crate) fn new(http: Http, base_url: &str) -> Banks {
        Banks {
            http,
            base_url: base_url.to_owned(),
        }
    }

    /// The one order with this id. An error when there is none, or more than one.
    pub(crate) async fn order(&self, order_id: &str) -> Result<Value, String> {
        let mut found = self
            .get(&format!("/control/ledger?orderId={order_id}"))
            .await?;
        match found["orders"].as_array_mut().map(std::mem::take) {
            Some(mut orders) if orders.len() == 1 => Ok(orders.remove(0)),
            Some(orders) => Err(format!("the bank knows {} orders {order_id}", orders.len())),
            None => Err("the bank's ledger cannot be read".to_owned()),
        }
    }

    /// The application whose page has this address.
    pub(crate) async fn loan(&self, page_url: &str) -> Result<Value, String> {
        let mut found = self.get("/control/loans").await?;
        let loans = found["loans"]
            .as_array_mut()
            .map(std::mem::take)
            .unwrap_or_default();
        let mut of_page = loans.into_iter().filter(|loan| loan["pageUrl"] == page_url);
        of_page
            .next()
            .ok_or_else(|| "the lender does not know the application".to_owned())
    }

    /// Decides an application as its bank would.
    pub(crate) async fn decide(&self, order_id: &str, decision: &str) -> Result<(), String> {
        let path = format!("/control/loans/{order_id}/decision");
        self.post(&path, &json!({ "decision": decision }))
            .await
            .map(|_| ())
    }

    async fn get(&self, path: &str) -> Result<Value, String> {
        self.call("GET", path, Vec::new()).await
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        self.call("POST", path, body.to_string().into_bytes()).await
    }

    async fn call(&self, method: &str, path: &str, body: Vec<u8>) -> Result<Value, String> {
        let url = format!("{}{path}", self.base_url);
        let headers = [("content-type", "application/json")];
        let reply = self.http.send(method, &url, &headers, body).await?;
        match reply.status {
            200 => serde_json::from_str(&reply.body).map_err(|error| format!("{path}: {error}")),
            status => Err(format!("{method} {path}: HTTP {status}, {}", reply.body)),
        }
    }
}
