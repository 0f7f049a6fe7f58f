//! The lender's side: a facilitator of shopping loans with five banks behind it, its pages, its
//! ledger and its notifications. Written from `docs/lender-protocol.yaml`, not from Galata's code.

mod api;
mod banks;
mod buyer;
mod choices;
mod control;
mod faults;
mod ledger;
mod loan;
mod notify;
mod pages;
mod plan;
mod reply;
mod signature;
mod terms;
#[cfg(test)]
mod tests;
mod wire;
mod words;

use axum::Router;
use jiff::civil::Date;
use jiff::{Timestamp, tz};
use ledger::Ledger;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The one merchant account: its id.
pub const CLIENT_ID: &str = "galata-demo";
/// The one merchant account: the secret of requests and replies.
pub const CLIENT_SECRET: &str = "lender-secret-demo";
/// The one merchant account: the secret of notifications.
pub const NOTIFICATION_SECRET: &str = "lender-notify-demo";

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
    inner: Arc<Inner>,
}

/// What every door shares.
struct Inner {
    public_url: String,
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    ledger: Ledger,
    faults: faults::Faults,
    client: notify::Client,
}

impl Lenders {
    /// Opens the ledger. Fails with words for the operator when it cannot be opened.
    pub fn open(options: LenderOptions) -> Result<Lenders, String> {
        let path = options.data_dir.map(|dir| dir.join("lender.db"));
        let ledger = Ledger::open(path.as_deref())
            .map_err(|error| format!("the lender's ledger does not open: {error}"))?;
        let inner = Inner {
            public_url: options.public_url,
            now: options.now,
            ledger,
            faults: faults::Faults::default(),
            client: notify::client(),
        };
        Ok(Lenders {
            inner: Arc::new(inner),
        })
    }

    /// Everything under `/lender/`, and `/control/loans` and `/control/lender-faults`.
    pub fn router(&self) -> Router {
        Router::new()
            .merge(api::router())
            .merge(pages::router())
            .merge(control::router())
            .with_state(self.inner.clone())
    }

    /// Ends assessments and time limits that are over, and sends the notifications that are due.
    pub async fn run_due(&self) {
        run_due(&self.inner).await;
    }

    /// Runs what is due every quarter of a second, as long as a clone lives. Needs a tokio runtime.
    pub fn spawn(&self) {
        let inner = Arc::downgrade(&self.inner);
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(DUE_EVERY);
            loop {
                ticks.tick().await;
                let Some(inner) = inner.upgrade() else { return };
                run_due(&inner).await;
            }
        });
    }

    /// Orders a failure, in the form of `POST /control/lender-faults`; a `bank` field is ignored.
    pub fn add_fault(&self, order: serde_json::Value) -> Result<(), String> {
        self.inner.faults.add(order)
    }

    /// Forgets the failures that were ordered.
    pub fn clear_faults(&self) {
        self.inner.faults.clear();
    }
}

async fn run_due(inner: &Arc<Inner>) {
    // A failure is logged where it happens; what was due stays due.
    if inner.ledger.settle_due(inner.now_ms()).is_ok() {
        notify::send_due(inner, None).await;
    }
}

impl Inner {
    /// Milliseconds since 1970.
    fn now_ms(&self) -> i64 {
        (self.now)().as_millisecond()
    }

    /// The day in Istanbul, three hours east all year.
    fn today(&self) -> Date {
        (self.now)()
            .to_zoned(tz::TimeZone::fixed(tz::offset(3)))
            .date()
    }
}

/// A number that nobody can guess, in 32 hexadecimal digits.
fn unguessable() -> Result<String, wire::Refusal> {
    let mut bytes = [0_u8; 16];
    #[expect(
        clippy::disallowed_methods,
        reason = "the lender's only source of randomness"
    )]
    getrandom::fill(&mut bytes).map_err(|error| wire::Refusal {
        status: 500,
        code: "NO_RANDOMNESS".to_owned(),
        message: error.to_string(),
    })?;
    Ok(hex(&bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
