//! The banks' side of PosNet XML and Garanti GVP, for tests and the sandbox: it checks what it is
//! sent, keeps its own ledger, and fails on demand. It is written from the banks' documents and
//! shares no code with the connectors, so that one mistake cannot agree with itself.

mod cards;
mod codes;
mod control;
mod door;
mod faults;
mod garanti;
mod ledger;
pub mod lenders;
mod pages;
mod posnet;
mod reply;
mod seal;
mod session;
mod xml;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use tokio::net::TcpListener;

pub use cards::Purse;

use cards::{Card, Cards};
use faults::Faults;
use ledger::{Ledger, store};
use lenders::{LenderOptions, Lenders};
use seal::Sealer;

/// The longest request body that a bank reads.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// How a simulator is set up.
pub struct Options {
    /// Where `simulator.db` lies; `None` keeps the ledger in memory.
    pub data_dir: Option<PathBuf>,
    /// How browsers reach this listener, e.g. `http://127.0.0.1:8081`; for links in pages.
    pub public_url: String,
    /// The clock.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Whether each request is logged (operation and order, never a card).
    pub log: bool,
}

/// The simulated banks. Cloning is not needed: a router shares the state.
pub struct Simulator {
    app: Arc<App>,
    lenders: Lenders,
}

/// What every door shares.
pub(crate) struct App {
    public_url: String,
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    log: bool,
    sealer: Sealer,
    cards: Cards,
    ledger: Ledger,
    faults: Faults,
    switches: Switches,
    held: pages::Held,
}

/// Behaviour that a tester may turn over while the simulator runs.
#[derive(Default)]
pub(crate) struct Switches {
    /// The sale of 5400630000006667 succeeds, so that its refund can fail.
    requires_day_end_sale_succeeds: AtomicBool,
}

impl Simulator {
    /// Opens the ledger and reads the card tables. The error is a sentence for the operator.
    pub fn open(options: Options) -> Result<Simulator, String> {
        pages::check().map_err(|error| format!("a bank's page cannot be shown: {error}"))?;
        if let Some(dir) = &options.data_dir {
            std::fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
        }
        let lenders = Lenders::open(LenderOptions {
            data_dir: options.data_dir.clone(),
            public_url: options.public_url.trim_end_matches('/').to_owned(),
            now: Arc::clone(&options.now),
        })?;
        let connection = store::connect(options.data_dir.as_deref())?;
        let sealer = Sealer::new(store::sealing_key(&connection)?);
        let cards = Cards::load(&sealer);
        let ledger = Ledger::open(connection, &cards)?;
        Ok(Simulator {
            app: Arc::new(App {
                public_url: options.public_url.trim_end_matches('/').to_owned(),
                now: options.now,
                log: options.log,
                sealer,
                cards,
                ledger,
                faults: Faults::default(),
                switches: Switches::default(),
                held: pages::Held::default(),
            }),
            lenders,
        })
    }

    /// All paths of the simulator.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/", get(index))
            .merge(posnet::router())
            .merge(garanti::router())
            .merge(control::router())
            .merge(pages::router())
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .with_state(self.app.clone())
            .merge(self.lenders.router())
            .layer(axum::middleware::from_fn_with_state(
                door::host_of(&self.app.public_url),
                door::guard,
            ))
    }

    /// The lenders behind the same listener.
    pub fn lenders(&self) -> &Lenders {
        &self.lenders
    }
}

/// Serves the simulator until `shutdown` ends; requests in flight are answered first.
pub async fn serve(
    listener: TcpListener,
    simulator: &Simulator,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    simulator.lenders.spawn();
    axum::serve(listener, simulator.router())
        .with_graceful_shutdown(shutdown)
        .await
}

impl App {
    pub(crate) fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// The card's number, expiry and standing, as far as every bank checks them before anything
    /// else: the card, or the code of the refusal. `expires` is (year of two digits, month).
    pub(crate) fn accept(&self, pan: &str, expires: Option<(i16, i8)>) -> Result<&Arc<Card>, &str> {
        let card = self
            .cards
            .find(pan)
            .filter(|_| cards::passes_luhn(pan))
            .ok_or("14")?;
        let Some((year, month)) = expires else {
            return Err("T15");
        };
        let today = istanbul(self.now());
        let last = (today.year() - 2000, today.month());
        if !(1..=12).contains(&month) {
            return Err("T15");
        }
        if (year, month) < last {
            return Err("54");
        }
        Ok(card)
    }
}

/// The banks' local time.
pub(crate) fn istanbul(at: Timestamp) -> jiff::Zoned {
    // The zone is compiled in; without it UTC would still be a usable clock.
    at.in_tz("Europe/Istanbul")
        .unwrap_or_else(|_| at.to_zoned(jiff::tz::TimeZone::UTC))
}

/// `YYMM` or `MMYY` digits as (year of two digits, month).
pub(crate) fn expiry(digits: &str, year_first: bool) -> Option<(i16, i8)> {
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (left, right) = digits.split_at(2);
    let (year, month) = if year_first {
        (left, right)
    } else {
        (right, left)
    };
    Some((year.parse().ok()?, month.parse().ok()?))
}

async fn index(State(app): State<Arc<App>>) -> Response {
    pages::index(&app.public_url)
}
