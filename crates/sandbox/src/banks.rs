//! The simulator's control API, as player and shop use it: the banks' own view of what happened.

use crate::client::Http;
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
        let body = json!({ "decision": decision }).to_string();
        let decided = self.call("POST", &path, body).await;
        decided
            .map(|_| ())
            .map_err(|why| format!("POST {path}: {why}"))
    }

    async fn get(&self, path: &str) -> Result<Value, String> {
        self.call("GET", path, String::new())
            .await
            .map_err(|why| format!("GET {path}: {why}"))
    }

    /// Calls the control API and answers what it says; the error is its own sentence.
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        body: String,
    ) -> Result<Value, String> {
        let url = format!("{}{path}", self.base_url);
        let headers = [("content-type", "application/json")];
        let reply = self
            .http
            .send(method, &url, &headers, body.into_bytes())
            .await?;
        let said: Value = serde_json::from_str(&reply.body).unwrap_or_default();
        if (200..300).contains(&reply.status) {
            return Ok(said);
        }
        let why = said["error"].as_str().or(said["message"].as_str());
        Err(why.unwrap_or("HTTP error").to_owned())
    }
}
