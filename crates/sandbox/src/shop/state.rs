//! The shop's parts. Nothing here is the gateway's.

use super::browser::base_url;
use super::store::Store;
use super::templates::Templates;
use crate::client::Http;
use http::HeaderMap;
use server::clock::Clock;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Where the shop stands.
pub(crate) struct Place {
    /// Base URL of the gateway, as the shop calls it.
    pub(crate) gateway: String,
    /// Base URL of the simulator: its pages are where forms may lead, and the bench speaks to it.
    pub(crate) simulator: String,
    /// Under which URL browsers reach the gateway, when that is another one.
    pub(crate) public_url: Option<url::Url>,
    /// Wait before a webhook's first call, told to people who wait.
    pub(crate) webhook_wait: Duration,
    /// The time, for the list of calls.
    pub(crate) clock: Arc<dyn Clock>,
}

/// What every page and call of the shop is handed.
pub(super) struct Shop {
    pub(super) place: Place,
    pub(super) http: Http,
    pub(super) templates: Templates,
    store: Mutex<Store>,
}

impl Shop {
    /// Opens the shop. The error is a template that cannot be read.
    pub(super) fn open(place: Place) -> Result<Shop, String> {
        Ok(Shop {
            templates: Templates::new()?,
            http: Http::new(),
            store: Mutex::new(Store::default()),
            place,
        })
    }

    /// The shop's memory. Held for moments, never across an await.
    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where bank and lender send the browser back, by way of the gateway.
    pub(super) fn callback_url(&self, headers: &HeaderMap, id: &str) -> String {
        let public = self.place.public_url.as_ref();
        let base = base_url(headers, public, &self.place.gateway);
        format!("{base}/shop/orders/{id}/callback")
    }

    /// Hours, minutes and seconds in Istanbul.
    pub(super) fn time_of_day(&self) -> String {
        let local = server::clock::local_text(self.place.clock.now());
        local.get(11..19).unwrap_or_default().to_owned()
    }
}
