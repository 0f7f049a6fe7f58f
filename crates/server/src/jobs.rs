//! Due work: webhooks to deliver, doubts to inquire about, loans that may have lapsed. What is due
//! is a column of the row itself; a replica works the shards that it leases.

mod deliver;

use crate::app::App;
use crate::engine::inquiry::{self, Asker};
use crate::engine::loan;
use crate::operations::Problem;
use crate::store::db::Unavailable;
use crate::store::{SHARDS, attempts, leases, loans, merchants, retention, webhooks};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

/// Between looks for due work.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Between renewals of leases: a third of their length.
const RENEW_EVERY: Duration = Duration::from_secs(10);
/// Between looks for what can be forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(600);
/// Pieces of work of one kind that are taken at a time.
const BATCH: i64 = 64;

/// Works until told to stop; what is under way is finished first.
pub async fn run(app: Arc<App>, stopping: Arc<(AtomicBool, Notify)>) {
    let mut shards = Vec::new();
    let (mut renewed, mut forgot) = (None, None);
    let mut forgetting: Option<JoinHandle<()>> = None;
    while !stopping.0.load(Ordering::SeqCst) {
        if is_over(renewed, RENEW_EVERY) {
            match leases::lease_shards(&app, &app.owner).await {
                Ok(ours) => {
                    shards = ours;
                    renewed = Some(tokio::time::Instant::now());
                }
                Err(error) => {
                    tracing::warn!(%error, "shards cannot be leased");
                    shards.clear();
                }
            }
        }
        if is_over(forgot, FORGET_EVERY)
            && shards.contains(&0)
            && forgetting.as_ref().is_none_or(JoinHandle::is_finished)
        {
            // Beside the due work: the first time after a change of the days may take long.
            let app = Arc::clone(&app);
            forgetting = Some(tokio::spawn(async move { forget(&app).await }));
            forgot = Some(tokio::time::Instant::now());
        }
        let done = match run_due(&app, &shards).await {
            Ok(done) => done,
            Err(error) => {
                tracing::warn!(%error, "due work cannot be looked for");
                0
            }
        };
        if done == 0 {
            // Whoever is told to stop while asleep wakes up.
            let _ = tokio::time::timeout(LOOK_EVERY, stopping.1.notified()).await;
        }
    }
    if let Some(forgetting) = forgetting {
        // Between two steps, or in one that is carried out all the same.
        forgetting.abort();
    }
}

/// Forgets what has no use any more.
pub async fn forget(app: &App) {
    if let Err(error) = retention::forget(app).await {
        tracing::warn!(%error, "what has expired is kept for now");
    }
}

/// Keeps the process's node number. Losing it means that another process may make the same ids, so
/// this one ends.
pub async fn keep_node(app: Arc<App>) {
    loop {
        tokio::time::sleep(RENEW_EVERY).await;
        if let Err(error) = app.older.look_again(&app.db, app.now()).await {
            tracing::debug!(%error, "whether older processes run is looked at later");
        }
        match leases::renew_node(&app, app.node, &app.owner).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::error!(
                    "this process lost its node number and ends, so that no id is made twice"
                );
                std::process::exit(70);
            }
            Err(error) => tracing::warn!(%error, "the node number could not be renewed yet"),
        }
    }
}

fn is_over(since: Option<tokio::time::Instant>, wait: Duration) -> bool {
    since.is_none_or(|at| at.elapsed() >= wait)
}

/// All shards, for a caller that works alone.
pub fn all_shards() -> Vec<i64> {
    (0..SHARDS).collect()
}

/// Does the work of `shards` that is due now, and answers how many pieces there were.
pub async fn run_due(app: &Arc<App>, shards: &[i64]) -> Result<usize, Unavailable> {
    if shards.is_empty() {
        return Ok(0);
    }
    let now = app.now();
    let mut work = JoinSet::new();
    for (webhook, due_at) in webhooks::due(app, shards, now, BATCH).await? {
        let app = Arc::clone(app);
        work.spawn(async move { deliver::deliver(&app, &webhook, due_at).await });
    }
    for (merchant_id, payment_id) in attempts::due(app, shards, now, BATCH).await? {
        let app = Arc::clone(app);
        work.spawn(async move { settle_payment(&app, merchant_id, payment_id).await });
    }
    for (merchant_id, payment_id) in loans::due(app, shards, now, BATCH).await? {
        let app = Arc::clone(app);
        work.spawn(async move { settle_loan(&app, merchant_id, payment_id).await });
    }
    let count = work.len();
    while let Some(outcome) = work.join_next().await {
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(problem)) => {
                tracing::warn!(?problem, "a piece of due work failed and stays due")
            }
            Err(error) => tracing::error!(%error, "a piece of due work panicked and stays due"),
        }
    }
    Ok(count)
}

async fn settle_payment(app: &App, merchant_id: i64, payment_id: i64) -> Result<(), Problem> {
    let Some(merchant) = merchants::of_id(app, merchant_id).await? else {
        return Ok(());
    };
    inquiry::settle(app, &merchant, payment_id, Asker::Schedule)
        .await
        .map(|_| ())
}

async fn settle_loan(app: &App, merchant_id: i64, payment_id: i64) -> Result<(), Problem> {
    let Some(merchant) = merchants::of_id(app, merchant_id).await? else {
        return Ok(());
    };
    let settled = loan::settle(app, &merchant, payment_id, Asker::Schedule).await;
    settled.map(|_| ())
}
