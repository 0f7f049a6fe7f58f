//! Who plays: the shop, the shopper's browser, and those who look into the banks' books.

use super::browser::Browser;
use super::inbox::Inbox;
use super::shop::Shop;
use crate::banks::Banks;
use serde_json::Value;
use std::time::Duration;

/// Who plays.
pub(crate) struct Players {
    pub(crate) shop: Shop,
    pub(crate) browser: Browser,
    pub(crate) banks: Banks,
    pub(crate) inbox: Inbox,
    /// How long a webhook may take.
    pub(crate) webhook_wait: Duration,
}

impl Players {
    /// The shop calls the API with a body.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        self.shop.post(path, body).await
    }
}
