//! `serve`, `work`, `migrate`.

use super::Failed;
use super::checks::{self, Subject};
use super::options::{Behaviour, Listening, Store};
use super::output::say;
use super::with_store;
use crate::jobs;
use crate::start::{self, StartError};
use crate::store::db::backup;
use axum::Router;
use clap::Args;
use std::path::PathBuf;
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
    #[command(flatten)]
    listening: Listening,
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
    let wanted = options.listening.listen;
    let listener = TcpListener::bind(wanted).await.map_err(|error| {
        StartError::new(
            format!("{wanted}: {error}"),
            "is another server there? choose another --listen",
        )
    })?;
    let address = listener
        .local_addr()
        .map_err(|error| StartError::new(error, ""))?;
    if behaviour.public_urls.is_empty() && address.ip().is_loopback() {
        behaviour.public_urls.push(format!("http://{address}"));
    }
    let url = options
        .migrate
        .then(|| options.store.database())
        .transpose();
    let new = url.ok().flatten().and_then(|url| missing_file(&url));
    let app = checks::pass(&Subject {
        store: &options.store,
        behaviour: &behaviour,
        listen: Some(address),
        migrate: options.migrate,
    })
    .await?;
    if let Some(made) = new {
        tracing::warn!("made {}, an empty database", made.display());
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
    start::serve(app, listener, !options.no_jobs, Router::new(), stopped()).await;
    Ok(())
}

/// Does due work until told to stop.
pub(super) async fn work(options: Work) -> Result<(), Failed> {
    let app = checks::pass(&Subject {
        store: &options.store,
        behaviour: &options.behaviour,
        listen: None,
        migrate: false,
    })
    .await?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        database = app.db.kind().name(),
        "working"
    );
    let stopping = Arc::new((AtomicBool::new(false), Notify::new()));
    let work = tokio::spawn(jobs::run(Arc::clone(&app), Arc::clone(&stopping)));
    let kept = tokio::spawn(jobs::keep_up(Arc::clone(&app)));
    stopped().await;
    stopping.0.store(true, Ordering::SeqCst);
    stopping.1.notify_waiters();
    _ = work.await;
    kept.abort();
    start::close(&app).await;
    Ok(())
}

/// The SQLite file that a URL names and that is not there yet.
fn missing_file(url: &str) -> Option<PathBuf> {
    backup::file_of(url).filter(|file| matches!(file.try_exists(), Ok(false)))
}

/// Brings the database up to date.
pub(super) async fn migrate(options: Store) -> Result<(), Failed> {
    let config = options.config(true)?;
    let new = missing_file(&config.database_url);
    with_store(config, async |_| Ok(())).await?;
    if let Some(made) = new {
        say(format_args!("made {}", made.display()))?;
    }
    say("the database is up to date")
}
