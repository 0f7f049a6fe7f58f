//! Opening the server's parts and running them until they are told to stop.

use crate::app::{App, REPORT_MAKERS_MAX, REPORT_STREAMS_MAX, Settings};
use crate::bins::BinList;
use crate::clock::{Clock, Ids, NODES, Reserved, SystemClock};
use crate::desk::Desk;
use crate::fingerprints::Fingerprints;
use crate::health;
use crate::journal::Journal;
use crate::legs::Legs;
use crate::mail::Mail;
use crate::net::Net;
use crate::openapi;
use crate::rates::Rates;
use crate::store::before;
use crate::store::bin_lists;
use crate::store::db::{Db, MigrateError, Options, Unavailable, acknowledged, backup};
use crate::store::fingerprint_key;
use crate::store::leases;
use crate::store::memory::Memory;
use crate::store::migrations::MIGRATIONS;
use crate::store::vault_check::{self, KeyRefused};
use crate::tries::Tries;
use crate::turns::Turns;
use crate::vault::Vault;
use crate::{api, headers, hosts, jobs, listen, pages, panel, process};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware;
use axum::response::{Redirect, Response};
use axum::routing::get;
use jiff::Timestamp;
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Notify, RwLock, Semaphore};

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
    /// Make no SQLite file even when the schema is brought up to date.
    pub must_exist: bool,
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
            must_exist: false,
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
        if self.hint.is_empty() {
            Ok(())
        } else {
            write!(f, "\nhint: {}", self.hint)
        }
    }
}

impl std::error::Error for StartError {}

/// Reads the keys.
pub fn parse_keys(text: &str) -> Result<Vault, StartError> {
    Vault::parse(text).map_err(|error| {
        let what = format!("the key cannot be used: {}", error.what);
        StartError::new(what, error.hint)
    })
}

/// Refuses a binary whose pages cannot be shown. Templates are compiled in, so this is found once.
pub fn check_templates() -> Result<(), StartError> {
    static CHECKED: LazyLock<Result<(), String>> =
        LazyLock::new(|| pages::check_templates().and_then(|()| panel::check_templates()));
    CHECKED.as_ref().copied().map_err(|error| {
        StartError::new(
            format!("a page's template does not render: {error}"),
            "this binary is not usable; install another build",
        )
    })
}

/// Opens the database; a SQLite file that is missing is made only where `create` says so.
pub async fn open_database(url: &str, create: bool) -> Result<Db, StartError> {
    // Two crates bring a TLS provider each; one must be chosen. Chosen twice is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = Options {
        create,
        ..Options::default()
    };
    Db::open(url, options)
        .await
        .map_err(|error| StartError::new(&error.message, &error.hint))
}

/// Tells where a SQLite database may lack what was acknowledged, which is a warning alone. Once it is
/// opened it counts on, so this comes first.
pub async fn check_complete(url: &str) -> Result<(), StartError> {
    let Some(file) = backup::file_of(url) else {
        return Ok(());
    };
    let looked = tokio::task::spawn_blocking(move || acknowledged::worry(&file)).await;
    match looked {
        Ok(None) => Ok(()),
        Ok(Some(why)) => Err(StartError::new(
            why,
            "was it copied without the files beside it? Then payments may be missing: look for its -wal, \
             or bring a backup in with `galata restore`. Otherwise it is counted anew from now on",
        )),
        Err(error) => Err(StartError::new(error, "")),
    }
}

/// Brings the schema up to date, seals the value by which the key is known, and moves what SQL
/// alone cannot.
pub async fn migrate(db: &Db, vault: &Vault, now: Timestamp) -> Result<(), StartError> {
    db.migrate(MIGRATIONS, now).await.map_err(not_migrated)?;
    vault_check::seal(db, vault, now)
        .await
        .map_err(key_refused)?;
    fingerprint_key::make(db, vault).await.map_err(unreached)?;
    before::move_claims(db, vault).await.map_err(unreached)
}

/// The key of fingerprints, which `migrate` has made.
async fn fingerprints(db: &Db, vault: &Vault) -> Result<Fingerprints, StartError> {
    let read = fingerprint_key::read(db, vault).await;
    read.map_err(unreached)?.ok_or_else(|| {
        StartError::new(
            "this database has no key of fingerprints yet",
            "`galata migrate` makes it",
        )
    })
}

/// Refuses a database whose schema is older or newer than this program, or whose migration was
/// stopped on its way: a request that was claimed would be taken again.
pub async fn check_schema(db: &Db) -> Result<(), StartError> {
    db.check_migrated(MIGRATIONS).await.map_err(not_migrated)?;
    if before::are_left(db).await.map_err(unreached)? {
        Err(StartError::new(
            "the migration of this database has not come to its end",
            "`galata migrate` goes on with it",
        ))
    } else {
        Ok(())
    }
}

fn unreached(error: Unavailable) -> StartError {
    StartError::new(error, "is the database reachable?")
}

/// Refuses a key that is not this database's.
pub async fn check_key(db: &Db, vault: &Vault) -> Result<(), StartError> {
    vault_check::open(db, vault).await.map_err(key_refused)
}

fn not_migrated(error: MigrateError) -> StartError {
    StartError::new(&error, error.hint())
}

/// Why a key is not taken, for the operator.
pub fn key_refused(refused: KeyRefused) -> StartError {
    match refused {
        KeyRefused::Wrong => StartError::new(
            "this is not the key of this database: it does not open what is sealed there",
            "give the key file that belongs to the database; without it its secrets are lost",
        ),
        KeyRefused::Missing(version) => StartError::new(
            format!("key {version} is missing from --key-file: it was in use with this database"),
            "give the newest key file, with all its lines; what a missing key sealed nobody can read",
        ),
        KeyRefused::NotSealed => StartError::new(
            "no key has been used with this database yet",
            "`galata migrate` makes it ready for this key",
        ),
        KeyRefused::Unavailable(error) => unreached(error),
    }
}

/// Opens the database and everything else that an [`App`] holds.
pub async fn open(config: Config) -> Result<Arc<App>, StartError> {
    check_templates()?;
    let vault = parse_keys(&config.keys)?;
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
    let create = config.migrate && !config.must_exist;
    let db = open_database(&config.database_url, create).await?;
    if config.migrate {
        migrate(&db, &vault, config.clock.now()).await?;
    }
    check_schema(&db).await?;
    check_key(&db, &vault).await?;
    let owner = process::owner();
    let reserved = lease_node(&db, &vault, &owner, &*config.clock).await?;
    // A key that came into use meanwhile: from the lease on its rotation knows of this process.
    check_key(&db, &vault).await?;
    let fingerprints = fingerprints(&db, &vault).await?;
    let bins = BinList::built_in();
    bin_lists::follow(&db, &bins).await.map_err(unreached)?;
    let mut settings = config.settings;
    for url in &mut settings.public_urls {
        url.truncate(url.trim_end_matches('/').len());
    }
    Ok(Arc::new(App {
        journal: Journal::start(db.clone()),
        db,
        memory: Memory::default(),
        vault,
        fingerprints,
        desk: Desk::new(Arc::clone(&config.clock)),
        clock: config.clock,
        ids: Ids::new(reserved),
        owner,
        bins,
        net: Net::new(settings.bank_timeout).believing(&settings.bank_roots),
        webhook_net: Net::guarded(
            Duration::from_secs(WEBHOOK_TIMEOUT_SECONDS),
            settings.webhook_hosts.clone(),
        ),
        mail,
        legs: Legs::default(),
        rates: Rates::new(settings.rates),
        tries: Tries::default(),
        settings,
        turns: Turns::default(),
        report_streams: Arc::new(Semaphore::new(REPORT_STREAMS_MAX)),
        report_makers: Semaphore::new(REPORT_MAKERS_MAX),
        busy: Arc::new(RwLock::new(())),
    }))
}

/// A node number for ids. When all are taken, those of the dead lapse while we wait.
async fn lease_node(
    db: &Db,
    vault: &Vault,
    owner: &str,
    clock: &dyn Clock,
) -> Result<Reserved, StartError> {
    for _ in 0..=leases::LEASE_SECONDS {
        let leased = leases::lease_node(db, vault, owner, clock.now())
            .await
            .map_err(unreached)?;
        if let Some(reserved) = leased {
            return Ok(reserved);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Err(StartError::new(
        format!("all {NODES} node numbers are leased to processes that run"),
        "stop one of the other processes",
    ))
}

/// The API and the pages, and `extra` beside them: routes that the embedding program adds on paths
/// that the API does not use.
pub fn router(app: Arc<App>, extra: Router) -> Router {
    let carry = axum::middleware::from_fn_with_state(Arc::clone(&app), headers::carry);
    Router::new()
        .merge(health::router())
        .merge(openapi::router())
        .merge(pages::router())
        .merge(panel::router())
        // A browser that opens the bare address means the panel; no API call has this path.
        .route(
            "/",
            get(|| async { Redirect::to("/panel") }).fallback(api::handle),
        )
        .fallback(unmatched)
        .with_state(Arc::clone(&app))
        .merge(extra)
        .layer(middleware::from_fn_with_state(app, hosts::own_only))
        .layer(carry)
}

/// What no page takes is the API's; a person who mistyped an address reads so in their language.
async fn unmatched(State(app): State<Arc<App>>, request: Request) -> Response {
    let (method, path) = (request.method().as_str(), request.uri().path());
    if pages::is_looked_at(&request) && !api::is_known(&app, method, path) {
        pages::nowhere(request.headers())
    } else {
        api::handle(State(app), request).await
    }
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
    let kept = tokio::spawn(jobs::keep_up(Arc::clone(&app)));
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
    kept.abort();
    close(&app).await;
}

/// Writes what waits in the journal, gives the leases back and closes the database.
pub async fn close(app: &App) {
    app.journal.finish().await;
    if let Err(error) = leases::release_shards(app, &app.owner).await {
        tracing::warn!(%error, "the shards were not given back");
    }
    if let Err(error) = leases::release_node(app).await {
        tracing::warn!(%error, "the node number was not given back");
    }
    app.db.close().await;
}
