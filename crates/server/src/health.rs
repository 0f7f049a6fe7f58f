//! `/livez`, `/readyz` and `/healthz`, for the balancer or supervisor that decides whether this process
//! gets requests or is restarted. The cause goes to the log; a stranger learns only which check failed.

use crate::app::App;
use crate::start;
use crate::store;
use crate::store::db::MigrateError;
use crate::store::migrations::MIGRATIONS;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// How long a finding is given out again, so that frequent requests do not make the database write
/// more often.
const FINDING_KEPT: SignedDuration = SignedDuration::from_secs(1);
/// How long all checks together may take. The probe of the database has a shorter limit of its own.
const CHECKS_TIMEOUT: Duration = Duration::from_secs(5);

/// What was found last, and when. A request that comes while checks run waits for them.
#[derive(Default)]
struct Readiness(Mutex<Option<(Timestamp, Vec<Failed>)>>);

/// A check that failed.
#[derive(Clone)]
struct Failed {
    /// `database`, `key`, `migrations` or `templates`.
    check: &'static str,
    /// For the operator's log.
    why: String,
}

/// The routes.
pub fn router() -> Router<Arc<App>> {
    let last = Arc::new(Readiness::default());
    let ready = get(async move |State(app): State<Arc<App>>| ready(&app, &last).await);
    Router::new()
        .route(
            "/livez",
            get(|| async { plain_answer(StatusCode::OK, "ok\n") }),
        )
        .route("/readyz", ready.clone())
        .route("/healthz", ready)
}

/// 200 and `ok`, or 503 and the names of the checks that failed, one a line.
async fn ready(app: &App, last: &Readiness) -> Response {
    let failed = failing(app, last).await;
    if failed.is_empty() {
        return plain_answer(StatusCode::OK, "ok\n");
    }
    let names: String = failed
        .iter()
        .map(|one| format!("{}\n", one.check))
        .collect();
    plain_answer(StatusCode::SERVICE_UNAVAILABLE, &names)
}

fn plain_answer(status: StatusCode, text: &str) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
    ];
    (status, headers, text.to_owned()).into_response()
}

/// The checks that fail now, or failed within the last second.
async fn failing(app: &App, last: &Readiness) -> Vec<Failed> {
    let mut last = last.0.lock().await;
    if let Some((at, failed)) = &*last
        && (SignedDuration::ZERO..FINDING_KEPT).contains(&app.now().duration_since(*at))
    {
        return failed.clone();
    }
    let late = |_| vec![failed("database", "the checks take too long")];
    let found = tokio::time::timeout(CHECKS_TIMEOUT, check(app))
        .await
        .unwrap_or_else(late);
    let was_ready = last.as_ref().is_none_or(|(_, failed)| failed.is_empty());
    match (was_ready, found.is_empty()) {
        (true, false) => {
            for one in &found {
                tracing::error!(check = one.check, why = one.why, "not ready");
            }
        }
        (false, true) => tracing::info!("ready again"),
        _ => {}
    }
    *last = Some((app.now(), found.clone()));
    found
}

fn failed(check: &'static str, why: impl ToString) -> Failed {
    let why = why.to_string();
    Failed { check, why }
}

async fn check(app: &App) -> Vec<Failed> {
    let mut found = Vec::new();
    if let Err(why) = start::check_templates() {
        found.push(failed("templates", why));
    }
    if let Err(why) = store::probe(&app.db, app.now()).await {
        // The other checks would only wait for the same database.
        found.push(failed("database", why));
        return found;
    }
    match app.db.check_migrated(MIGRATIONS).await {
        // A newer version has migrated, and rolls out: this one serves until it is replaced.
        Ok(()) | Err(MigrateError::Unknown(..)) => {}
        Err(why) => found.push(failed("migrations", why)),
    }
    if let Err(why) = start::check_key(&app.db, &app.vault).await {
        found.push(failed("key", why.what));
    }
    found
}
