//! The banks' side of the protocols that Galata speaks, for tests and the sandbox: it checks what it is sent,
//! keeps its own ledger, and fails on demand. It is written from the banks' documents and
//! shares no code with the connectors, so that one mistake cannot agree with itself.

mod akbank;
mod app;
mod boa;
mod cards;
mod clock;
mod codes;
mod control;
mod desk;
mod door;
mod faults;
mod fields;
pub mod forms;
mod garanti;
mod intervpos;
mod latin5;
mod ledger;
pub mod lenders;
mod named;
mod nestpay;
mod pages;
mod param;
mod payflex;
mod payfor;
mod posnet;
mod reply;
mod seal;
mod session;
mod threeds;
mod wording;
mod xml;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use jiff::Timestamp;
use tokio::net::TcpListener;

pub use cards::Purse;

use app::{App, Switches};
use cards::Cards;
use faults::Faults;
use garanti::Garanti;
use ledger::{Ledger, store};
use lenders::{LenderOptions, Lenders};
use posnet::Posnet;
use seal::Sealer;
use session::Numbered;

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
    /// Whether a bank's day ends at midnight in Istanbul by itself; else only when the control API closes
    /// it. The control API changes it.
    pub day_ends_by_clock: bool,
    /// Whether each request is logged (operation and order, never a card).
    pub log: bool,
}

/// The simulated banks. Cloning is not needed: a router shares the state.
pub struct Simulator {
    app: Arc<App>,
    lenders: Lenders,
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
        ledger.set_day_ends_by_clock(options.day_ends_by_clock);
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
                held: Arc::default(),
                numbered: Numbered::default(),
                enrolments: payflex::Enrolments::default(),
            }),
            lenders,
        })
    }

    /// All paths of the simulator.
    pub fn router(&self) -> Router {
        Router::new()
            .merge(desk::router::<Posnet>())
            .merge(desk::router::<Garanti>())
            .merge(nestpay::router())
            .merge(akbank::router())
            .merge(param::router())
            .merge(payfor::router())
            .merge(boa::router())
            .merge(payflex::router())
            .merge(intervpos::router())
            .merge(control::router())
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .with_state(self.app.clone())
            .merge(pages::router(&self.app.public_url, &self.app.held))
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
