//! The lender behind every door: clock, ledger, faults, and its client for notifications.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use jiff::civil::Date;

use super::faults::Faults;
use super::ledger::Ledger;
use crate::clock::istanbul;

pub(crate) type Client = hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>;

pub(crate) fn client() -> Client {
    hyper_util::client::legacy::Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .build_http()
}

/// What every door shares.
pub(crate) struct Lender {
    pub(crate) public_url: String,
    pub(crate) now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub(crate) ledger: Ledger,
    pub(crate) faults: Faults,
    pub(crate) client: Client,
}

impl Lender {
    /// Milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> i64 {
        (self.now)().as_millisecond()
    }

    /// The day in Istanbul.
    pub(crate) fn today(&self) -> Date {
        istanbul((self.now)()).date()
    }
}
