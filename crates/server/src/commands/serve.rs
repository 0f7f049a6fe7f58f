//! `serve`, `work`, `migrate`, `doctor`.
#![expect(
    clippy::print_stdout,
    reason = "commands speak to a person through standard output"
)]

use super::Failed;
use super::options::{Behaviour, Store};
use crate::start::{self, StartError};
use crate::store::merchants;
use crate::{jobs, operations};
use axum::Router;
use clap::Args;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// Options of `serve`.
#[derive(Args)]
pub(super) struct Serve {
    #[command(flatten)]
    store: Store,
    #[command(flatten)]
    behaviour: Behaviour,
    /// Address to listen on. TLS ends at a proxy in front.
    #[arg(long, env = "GALATA_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Leave the due work to `galata work`.
    #[arg(long, env = "GALATA_NO_JOBS")]
    no_jobs: bool,
    /// Bring the database up to date first.
    #[arg(long, env = "GALATA_MIGRATE")]
    migrate: bool,
}

/// Options of `work`.
#[derive(Args)]
pub(super) struct Work {
    #[command(flatten)]
    store: Store,
    #[command(flatten)]
    behaviour: Behaviour,
}

/// Options of `doctor`.
#[derive(Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    store: Store,
    #[command(flatten)]
    behaviour: Behaviour,
}

/// Ends at Ctrl-C or SIGTERM. Both are heard from the call on, before the future is first polled.
#[cfg(unix)]
pub fn stopped() -> impl Future<Output = ()> + Send + 'static {
    use tokio::signal::unix::{SignalKind, signal};
    let (interrupt, terminate) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    );
    async move {
        match (interrupt, terminate) {
            (Ok(mut interrupt), Ok(mut terminate)) => {
                tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
            }
            // No handler could be installed: the signals then end the process by themselves.
            _ => std::future::pending().await,
        }
    }
}

/// Ends at Ctrl-C.
#[cfg(not(unix))]
pub async fn stopped() {
    _ = tokio::signal::ctrl_c().await;
}

/// Serves until told to stop.
pub(super) async fn serve(options: Serve) -> Result<(), Failed> {
    let mut behaviour = options.behaviour;
    let listener = TcpListener::bind(options.listen).await.map_err(|error| {
        StartError::new(
            format!("{}: {error}", options.listen),
            "is another server there? choose another --listen",
        )
    })?;
    let address = listener
        .local_addr()
        .map_err(|error| StartError::new(error, ""))?;
    if behaviour.public_urls.is_empty() {
        if !address.ip().is_loopback() {
            let hint = "set --public-url to the address that browsers and banks use";
            return Err(StartError::new("there is no public URL", hint).into());
        }
        behaviour.public_urls.push(format!("http://{address}"));
    }
    let app = start::open(behaviour.config(&options.store, options.migrate)?).await?;
    if merchants::demo_exists(&app)
        .await
        .map_err(operations::Problem::from)?
    {
        start::close(&app).await;
        let hint = "its keys are public; use a database of its own for real payments";
        return Err(
            StartError::new("this database holds the sandbox's demo merchant", hint).into(),
        );
    }
    let public_url = app.settings.public_urls.join(", ");
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        api = format!("http://{address}"),
        panel = format!("http://{address}/panel"),
        public_url,
        database = app.db.kind().name(),
        "serving"
    );
    start::serve(app, listener, !options.no_jobs, Router::new(), stopped())
        .await
        .map_err(|error| StartError::new(error, "").into())
}

/// Does due work until told to stop.
pub(super) async fn work(options: Work) -> Result<(), Failed> {
    let app = start::open(options.behaviour.config(&options.store, false)?).await?;
    let stopping = Arc::new((AtomicBool::new(false), Notify::new()));
    let work = tokio::spawn(jobs::run(Arc::clone(&app), Arc::clone(&stopping)));
    let leases = tokio::spawn(jobs::keep_node(Arc::clone(&app)));
    stopped().await;
    stopping.0.store(true, Ordering::SeqCst);
    stopping.1.notify_waiters();
    _ = work.await;
    leases.abort();
    start::close(&app).await;
    Ok(())
}

/// Brings the database up to date.
pub(super) async fn migrate(options: Store) -> Result<(), Failed> {
    let app = start::open(options.config(true)?).await?;
    start::close(&app).await;
    println!("the database is up to date");
    Ok(())
}

/// Opens everything as `serve` would and says how it went.
pub(super) async fn doctor(options: Doctor) -> Result<(), Failed> {
    println!("keys        ok, {}", key_source(&options.store));
    let app = start::open(options.behaviour.config(&options.store, false)?).await?;
    println!("database    ok, {:?}, schema up to date", app.db.kind());
    let demo = merchants::demo_exists(&app)
        .await
        .map_err(operations::Problem::from)?;
    println!(
        "merchants   {}",
        if demo {
            "the demo merchant is here: `serve` will refuse"
        } else {
            "no demo merchant"
        }
    );
    match options.behaviour.public_urls.as_slice() {
        [] => println!("public URL  none: only a loopback address can be served"),
        urls => println!("public URL  {}", urls.join(", ")),
    }
    println!(
        "bank hosts  {}",
        if options.store.bank_hosts.is_empty() {
            "only the banks' own".to_owned()
        } else {
            options.store.bank_hosts.join(", ")
        }
    );
    start::close(&app).await;
    Ok(())
}

fn key_source(store: &Store) -> String {
    match &store.key_file {
        Some(path) => path.display().to_string(),
        None => "from the environment".to_owned(),
    }
}
