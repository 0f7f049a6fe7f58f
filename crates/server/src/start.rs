//! Opening the server's parts and running them until they are told to stop.

use crate::app::{App, Settings};
use crate::bins::Bins;
use crate::clock::{Clock, Ids, SystemClock};
use crate::journal::Journal;
use crate::mail::Mail;
use crate::net::Net;
use crate::rates::Rates;
use crate::store::db::{Db, Options};
use crate::store::leases;
use crate::store::migrations::MIGRATIONS;
use crate::tries::Tries;
use crate::vault::Vault;
use crate::{api, jobs, listen, pages, panel, random};
use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Notify, RwLock};

/// Seconds that a shop's webhook address may take.
const WEBHOOK_TIMEOUT_SECONDS: u64 = 10;
/// Longest wait at a shutdown for what is in flight: a bank call and its answer's write.
const DRAIN_SECONDS: u64 = 90;

/// What the server is started with.
pub struct Config {
    /// `sqlite:///path.db` or `postgres://…`.
    pub database_url: String,
    /// The vault's keys, as [`Vault::parse`] reads them.
    pub keys: String,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Bring the schema up to date first; otherwise refuse one that is not.
    pub migrate: bool,
    /// The mail server, `smtps://user:password@host`, and whom mail comes from.
    pub smtp: Option<(String, String)>,
    /// What the operator set.
    pub settings: Settings,
}

impl Default for Config {
    /// The machine's clock and no database yet.
    fn default() -> Config {
        Config {
            database_url: String::new(),
            keys: String::new(),
            clock: Arc::new(SystemClock),
            migrate: false,
            smtp: None,
            settings: Settings::default(),
        }
    }
}

/// Why the server does not start, for the operator.
#[derive(Debug)]
pub struct StartError {
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub hint: String,
}

impl StartError {
    /// A reason and a hint.
    pub fn new(what: impl fmt::Display, hint: &str) -> StartError {
        StartError {
            what: what.to_string(),
            hint: hint.to_owned(),
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match self.hint.is_empty() {
            true => Ok(()),
            false => write!(f, "\nhint: {}", self.hint),
        }
    }
}

impl std::error::Error for StartError {}

/// Opens the database and everything else that an [`App`] holds.
pub async fn open(config: Config) -> Result<Arc<App>, StartError> {
    let vault = Vault::parse(&config.keys).map_err(|error| {
        StartError::new(
            format!("the key file cannot be used: {}", error.0),
            "`galata key` prints a new key",
        )
    })?;
    let mail = config
        .smtp
        .map(|(url, from)| Mail::open(&url, &from))
        .transpose()
        .map_err(|error| {
            StartError::new(
                error,
                "--smtp-url smtps://user:password@host:465 and --mail-from",
            )
        })?;
    // Two crates bring a TLS provider each; one must be chosen. Chosen twice is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let db = Db::open(&config.database_url, Options::default())
        .await
        .map_err(|error| StartError::new(error, ""))?;
    if config.migrate {
        db.migrate(MIGRATIONS, config.clock.now())
            .await
            .map_err(|error| StartError::new(error, ""))?;
    }
    db.check_migrated(MIGRATIONS).await.map_err(|error| {
        StartError::new(error, "`galata migrate` brings the database up to date")
    })?;
    let owner = random::token();
    let node = leases::lease_node(&db, &owner, config.clock.now())
        .await
        .map_err(|error| StartError::new(error, "is the database reachable?"))?
        .ok_or_else(|| {
            StartError::new(
                "all node numbers are leased",
                "stop one of the other processes, or wait half a minute",
            )
        })?;
    let mut settings = config.settings;
    for url in &mut settings.public_urls {
        url.truncate(url.trim_end_matches('/').len());
    }
    Ok(Arc::new(App {
        journal: Journal::start(db.clone()),
        db,
        vault,
        clock: config.clock,
        ids: Ids::of_node(node),
        owner,
        node,
        bins: Bins::load(),
        net: Net::new(settings.bank_timeout),
        webhook_net: Net::guarded(
            Duration::from_secs(WEBHOOK_TIMEOUT_SECONDS),
            settings.webhook_hosts.clone(),
        ),
        mail,
        rates: Rates::new(settings.rates),
        tries: Tries::default(),
        settings,
        busy: Arc::new(RwLock::new(())),
    }))
}

/// The API and the pages, and `extra` beside them: routes of whoever runs the server that no API
/// path takes.
pub fn router(app: Arc<App>, extra: Router) -> Router {
    Router::new()
        .merge(pages::router())
        .merge(panel::router())
        // Whoever opens the bare address in a browser means the panel; no API call has this path.
        .route(
            "/",
            get(|| async { Redirect::to("/panel") }).fallback(api::handle),
        )
        .fallback(api::handle)
        .with_state(app)
        .merge(extra)
}

/// Serves until `shutdown` ends, then finishes what is in flight: no new connection, no new job,
/// every payment that was begun carried to its answer, the database's queue drained. `extra` is
/// served beside the API.
pub async fn serve(
    app: Arc<App>,
    listener: TcpListener,
    with_jobs: bool,
    extra: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let stopping = Arc::new((AtomicBool::new(false), Notify::new()));
    let jobs = with_jobs.then(|| tokio::spawn(jobs::run(Arc::clone(&app), Arc::clone(&stopping))));
    let leases = tokio::spawn(jobs::keep_node(Arc::clone(&app)));
    let told = Arc::clone(&stopping);
    let bounds = app.settings.connections;
    let drain = Duration::from_secs(DRAIN_SECONDS);
    listen::serve(
        listener,
        router(Arc::clone(&app), extra),
        bounds,
        drain,
        async move {
            shutdown.await;
            told.0.store(true, Ordering::SeqCst);
            told.1.notify_waiters();
        },
    )
    .await;
    stopping.0.store(true, Ordering::SeqCst);
    stopping.1.notify_waiters();
    if let Some(jobs) = jobs {
        let _ = tokio::time::timeout(Duration::from_secs(DRAIN_SECONDS), jobs).await;
    }
    if tokio::time::timeout(Duration::from_secs(DRAIN_SECONDS), app.busy.write())
        .await
        .is_err()
    {
        tracing::error!(
            "some payments were still in flight; their banks will be inquired at the next start"
        );
    }
    leases.abort();
    close(&app).await;
}

/// Writes what waits in the journal, gives the leases back and closes the database.
pub async fn close(app: &App) {
    app.journal.finish().await;
    if let Err(error) = leases::release_shards(app, &app.owner).await {
        tracing::warn!(%error, "the shards were not given back");
    }
    if let Err(error) = leases::release_node(&app.db, app.node, &app.owner).await {
        tracing::warn!(%error, "the node number was not given back");
    }
    app.db.close().await;
}
