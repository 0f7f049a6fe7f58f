//! The lender's side: a facilitator of shopping loans with five banks behind it, its pages, its
//! ledger and its notifications. Written from `docs/lender-protocol.yaml`, not from Galata's code.

mod account;
mod api;
mod banks;
mod buyer;
mod choices;
mod control;
mod faults;
mod ledger;
mod lender;
mod loan;
mod money_back;
mod notify;
mod pages;
mod plan;
mod signature;
mod terms;
#[cfg(test)]
mod tests;
mod wire;
mod words;

pub use account::{CLIENT_ID, CLIENT_SECRET, NOTIFICATION_SECRET};

use axum::Router;
use jiff::Timestamp;
use ledger::Ledger;
use lender::Lender;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Between two looks for what is due.
const DUE_EVERY: Duration = Duration::from_millis(250);

/// How to open the lender.
pub struct LenderOptions {
    /// Where `lender.db` lies; in memory when none.
    pub data_dir: Option<PathBuf>,
    /// Scheme, host and port at which browsers reach the simulator, without a trailing slash.
    pub public_url: String,
    /// The clock. Timestamps, time limits, assessments and retries follow it.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

/// The lender. Clones share everything.
#[derive(Clone)]
pub struct Lenders {
    lender: Arc<Lender>,
}

impl Lenders {
    /// Opens the ledger. Fails with words for the operator when it cannot be opened.
    pub fn open(options: LenderOptions) -> Result<Lenders, String> {
        let path = options.data_dir.map(|dir| dir.join("lender.db"));
        let ledger = Ledger::open(path.as_deref())
            .map_err(|error| format!("the lender's ledger does not open: {error}"))?;
        let lender = Lender {
            public_url: options.public_url,
            now: options.now,
            ledger,
            faults: faults::Faults::default(),
            client: lender::client(),
        };
        Ok(Lenders {
            lender: Arc::new(lender),
        })
    }

    /// Everything under `/lender/`, and `/control/loans` and `/control/lender-faults`.
    pub fn router(&self) -> Router {
        Router::new()
            .merge(api::router())
            .merge(pages::router())
            .merge(control::router())
            .with_state(self.lender.clone())
    }

    /// Ends assessments and time limits that are over, and sends the notifications that are due.
    pub async fn run_due(&self) {
        run_due(&self.lender).await;
    }

    /// Runs what is due every quarter of a second, as long as a clone lives. Needs a tokio runtime.
    pub fn spawn(&self) {
        let lender = Arc::downgrade(&self.lender);
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(DUE_EVERY);
            loop {
                ticks.tick().await;
                let Some(lender) = lender.upgrade() else {
                    return;
                };
                run_due(&lender).await;
            }
        });
    }

    /// Orders a failure, in the form of `POST /control/lender-faults`; a `bank` field is ignored.
    pub fn add_fault(&self, order: serde_json::Value) -> Result<(), String> {
        self.lender.faults.add(order)
    }

    /// Forgets the failures that were ordered.
    pub fn clear_faults(&self) {
        self.lender.faults.clear();
    }
}

async fn run_due(lender: &Arc<Lender>) {
    // A failure is logged where it happens; what was due stays due.
    if lender.ledger.settle_due(lender.now_ms()).is_ok() {
        notify::send_due(lender, None).await;
    }
}
