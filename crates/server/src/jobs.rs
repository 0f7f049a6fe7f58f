//! Due work: webhooks to deliver, doubts of payments, refunds and captures to inquire about, holds to release, loans that may have lapsed, days to compare with banks' lists. What is due
//! is a column of the row itself; a replica works the shards that it leases. Work is begun while
//! other work runs, within the bounds of the desk; what fails rests, and leases are kept apart.

mod deliver;
mod reconcile;
mod report;

use crate::app::App;
use crate::backoff::wait_after;
use crate::desk::{Admission, Due, Kind, UnderWay};
use crate::engine::inquiry::{self, Asker};
use crate::engine::{capture, card_verification, loan, reconciliation, refund, three_ds};
use crate::problem::Problem;
use crate::store::db::{Commit, Unavailable};
use crate::store::due::{self, Look};
use crate::store::key_rotations::{self, Step};
use crate::store::{SHARDS, bin_lists, cards, leases, merchants, retention};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Between looks for due work.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Between renewals of leases: a third of their length.
const RENEW_EVERY: Duration = Duration::from_secs(10);
/// Between looks for another list of BINs.
const FOLLOW_EVERY: Duration = Duration::from_secs(2);
/// Between looks for what can be forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(600);
/// Between looks for days that are over.
const PLAN_EVERY: Duration = Duration::from_secs(60);
/// The longest wait between looks while the database is away, and between tries to renew a lease.
const AWAY_MAX: Duration = Duration::from_secs(30);
const RENEW_MAX: Duration = Duration::from_secs(5);
/// Rows of the first page of a look; of the next ones, when most of what is due cannot be begun.
const PAGE: i64 = 256;
const NEXT_PAGES: i64 = 2048;
/// Pages of a look.
const PAGES_MAX: usize = 8;

/// Told when the process stops: the word, and a bell for loops that sleep.
pub type Stopping = Arc<(AtomicBool, Notify)>;

/// Works until told to stop; what is under way is finished first.
pub async fn run(app: Arc<App>, stopping: Stopping) {
    let (held, shards) = watch::channel(Vec::new());
    let (app, stopping) = (&app, &stopping);
    tokio::join!(
        unending("leases", stopping, || keep_shards(app, stopping, &held)),
        unending("due work", stopping, || work(app, stopping, &shards)),
        unending("forgetting", stopping, || forget_at_times(
            app, stopping, &shards
        )),
        unending("reconciliation", stopping, || plan_at_times(
            app, stopping, &shards
        )),
        unending("key rotation", stopping, || rotate_at_times(
            app, stopping, &shards
        )),
    );
}

/// Runs a loop, and begins it anew when it panics: the work of a server must not end in silence.
async fn unending<F: Future<Output = ()>>(name: &str, stopping: &Stopping, begin: impl Fn() -> F) {
    let mut failures = 0;
    while AssertUnwindSafe(begin()).catch_unwind().await.is_err() {
        failures += 1;
        tracing::error!(name, "a loop panicked and is begun anew");
        let wait = wait_after(failures, Duration::from_secs(1), AWAY_MAX);
        pause(stopping, wait).await;
    }
}

fn is_stopping(stopping: &Stopping) -> bool {
    stopping.0.load(Ordering::SeqCst)
}

/// Waits, but not beyond the word to stop.
async fn pause(stopping: &Stopping, wait: Duration) {
    let bell = stopping.1.notified();
    tokio::pin!(bell);
    // The bell is heard from here on, so that one between the look and the wait is not missed.
    bell.as_mut().enable();
    if !is_stopping(stopping) {
        let _ = tokio::time::timeout(wait, bell).await;
    }
}

/// Keeps the leases of shards, apart from the work: however slow that is, its leases do not lapse.
async fn keep_shards(app: &App, stopping: &Stopping, held: &watch::Sender<Vec<i64>>) {
    let mut failures = 0;
    let mut last = app.now();
    while !is_stopping(stopping) {
        let now = app.now();
        // The process that worked them before, or our own clock until now, may have been ahead.
        let known = if now < last {
            Vec::new()
        } else {
            held.borrow().clone()
        };
        last = now;
        let wait = match take_shards(app, &known).await {
            Ok(ours) => {
                failures = 0;
                held.send_replace(ours);
                RENEW_EVERY
            }
            Err(error) => {
                failures += 1;
                if failures == 1 {
                    tracing::warn!(%error, "shards cannot be leased; that is tried again");
                }
                held.send_replace(Vec::new());
                wait_after(failures, LOOK_EVERY, RENEW_MAX)
            }
        };
        pause(stopping, wait).await;
    }
}

async fn take_shards(app: &App, known: &[i64]) -> Result<Vec<i64>, Unavailable> {
    let ours = leases::lease_shards(app, &app.owner).await?;
    let new: Vec<i64> = ours
        .iter()
        .copied()
        .filter(|shard| !known.contains(shard))
        .collect();
    if !new.is_empty() {
        let mut commit = Commit::new(0, 0);
        due::call_back(app, &new, &mut commit);
        app.commit(commit).await?.ignore_conflict();
    }
    Ok(ours)
}

/// Begins what is due, while what was begun before runs.
async fn work(app: &Arc<App>, stopping: &Stopping, shards: &watch::Receiver<Vec<i64>>) {
    let mut under_way = JoinSet::new();
    let mut failures = 0;
    while !is_stopping(stopping) {
        let ours = shards.borrow().clone();
        let (more, wait) = match begin_due(app, &ours, &mut under_way).await {
            Ok(more) => {
                if failures > 0 {
                    tracing::info!("due work is looked for again");
                }
                failures = 0;
                (more, LOOK_EVERY)
            }
            Err(error) => {
                failures += 1;
                if failures == 1 {
                    tracing::warn!(%error, "due work cannot be looked for; that is tried again, with growing waits");
                }
                (false, wait_after(failures, LOOK_EVERY, AWAY_MAX))
            }
        };
        until_next_look(stopping, &mut under_way, more, wait).await;
    }
    while under_way.join_next().await.is_some() {}
}

/// Waits for the next look: at once when work that went well makes room for more. Work that failed
/// does not bring the next look forward.
async fn until_next_look(
    stopping: &Stopping,
    under_way: &mut JoinSet<bool>,
    more: bool,
    wait: Duration,
) {
    let at = Instant::now() + wait;
    loop {
        let left = at.saturating_duration_since(Instant::now());
        tokio::select! {
            () = pause(stopping, left) => return,
            Some(ended) = under_way.join_next() => {
                if more && matches!(ended, Ok(true)) {
                    return;
                }
            }
        }
    }
}

/// Begins what is due of `shards` as far as the desk has room. True when there is more.
async fn begin_due(
    app: &Arc<App>,
    shards: &[i64],
    under_way: &mut JoinSet<bool>,
) -> Result<bool, Unavailable> {
    let mut more = false;
    if !shards.is_empty() {
        for kind in Kind::ALL {
            more |= begin_kind(app, kind, shards, under_way).await?;
        }
    }
    Ok(more)
}

async fn begin_kind(
    app: &Arc<App>,
    kind: Kind,
    shards: &[i64],
    under_way: &mut JoinSet<bool>,
) -> Result<bool, Unavailable> {
    let now = app.now();
    let mut full = app.desk.full_lanes(kind);
    let mut more = !full.is_empty();
    let mut last: Option<Due> = None;
    for page in 0..PAGES_MAX {
        let limit = match page {
            0 => PAGE,
            _ => NEXT_PAGES,
        };
        let look = Look {
            shards,
            now,
            after: last.as_ref(),
            without: &full,
            limit,
        };
        let looked = std::time::Instant::now();
        let found = due::look(app, kind, &look).await?;
        for due in &found {
            match app.desk.begin(kind, due, looked) {
                Admission::Begun(piece) => {
                    let app = Arc::clone(app);
                    under_way.spawn(async move { carry_out(&app, piece).await });
                }
                Admission::NotNow => {}
                Admission::HostFull => more = true,
                Admission::LaneFull => {
                    more = true;
                    if !full.contains(&due.lane) {
                        full.push(due.lane);
                    }
                }
                Admission::Full => return Ok(true),
            }
        }
        let whole = i64::try_from(found.len()).is_ok_and(|count| count < limit);
        last = found.into_iter().next_back();
        if whole {
            break;
        }
    }
    Ok(more)
}

/// True when it went well.
async fn carry_out(app: &App, piece: UnderWay) -> bool {
    let due = &piece.due;
    let outcome = match piece.kind {
        Kind::Webhook => deliver::deliver(app, due).await,
        Kind::Payment => settle_payment(app, due).await,
        Kind::Loan => settle_loan(app, due).await,
        Kind::Report => report::make(app, due).await,
        Kind::Reconciliation => reconcile::compare(app, due).await,
        Kind::Refund => settle_refund(app, due).await,
        Kind::Capture => settle_capture(app, due).await,
    };
    piece.end(outcome.map_err(|problem| match problem {
        Problem::Unavailable(why) => why,
        other => format!("{other:?}"),
    }))
}

/// Does the work of `shards` that is due now and may be begun, and answers how many pieces went well.
/// For a caller that works alone.
pub async fn run_due(app: &Arc<App>, shards: &[i64]) -> Result<usize, Unavailable> {
    let mut under_way = JoinSet::new();
    begin_due(app, shards, &mut under_way).await?;
    let mut done = 0;
    while let Some(ended) = under_way.join_next().await {
        done += usize::from(matches!(ended, Ok(true)));
    }
    Ok(done)
}

/// All shards, for a caller that works alone.
pub fn all_shards() -> Vec<i64> {
    (0..SHARDS).collect()
}

async fn settle_payment(app: &App, due: &Due) -> Result<(), Problem> {
    let merchant = merchants::of_id(app, due.merchant_id).await?;
    let merchant = merchant.ok_or_else(|| Problem::unavailable("a payment's merchant is gone"))?;
    // A verification first: no shop completes it, so its time is not over when its 3DS is.
    let is_over = card_verification::settle(app, &merchant, due.id).await?
        || three_ds::expire(app, &merchant, due.id).await?
        || capture::expiry::expire(app, &merchant, due.id).await?;
    if is_over {
        return Ok(());
    }
    inquiry::settle(app, &merchant, due.id, Asker::Schedule)
        .await
        .map(|_| ())
}

async fn settle_loan(app: &App, due: &Due) -> Result<(), Problem> {
    let merchant = merchants::of_id(app, due.merchant_id).await?;
    let merchant = merchant.ok_or_else(|| Problem::unavailable("a loan's merchant is gone"))?;
    let settled = loan::settle(app, &merchant, due.id, Asker::Schedule).await?;
    loan::carry_on(app, &merchant, settled).await
}

async fn settle_refund(app: &App, due: &Due) -> Result<(), Problem> {
    let merchant = merchants::of_id(app, due.merchant_id).await?;
    let merchant = merchant.ok_or_else(|| Problem::unavailable("a refund's merchant is gone"))?;
    refund::doubt::settle(app, &merchant, due.id, Asker::Schedule)
        .await
        .map(|_| ())
}

async fn settle_capture(app: &App, due: &Due) -> Result<(), Problem> {
    let merchant = merchants::of_id(app, due.merchant_id).await?;
    let merchant = merchant.ok_or_else(|| Problem::unavailable("a capture's merchant is gone"))?;
    capture::doubt::settle(app, &merchant, due.id, Asker::Schedule)
        .await
        .map(|_| ())
}

/// Forgets now and then; one process does it for all, the one that has the first shard.
async fn forget_at_times(app: &App, stopping: &Stopping, shards: &watch::Receiver<Vec<i64>>) {
    while !is_stopping(stopping) {
        let ours = shards.borrow().contains(&0);
        let wait = if ours {
            forget(app).await;
            learn_cards(app).await;
            FORGET_EVERY
        } else {
            RENEW_EVERY
        };
        pause(stopping, wait).await;
    }
}

/// Goes on with a key rotation whose command has ended before it; one process does it, the one that has
/// the first shard.
async fn rotate_at_times(app: &App, stopping: &Stopping, shards: &watch::Receiver<Vec<i64>>) {
    let mut failures = 0;
    while !is_stopping(stopping) {
        let ours = shards.borrow().contains(&0);
        let step = if ours {
            key_rotations::step(app).await
        } else {
            Ok(Step::Elsewhere)
        };
        let wait = match step {
            Ok(step) => {
                failures = 0;
                match step {
                    Step::Moved => key_rotations::PAUSE,
                    Step::Waits => LOOK_EVERY,
                    Step::Elsewhere | Step::Ended => RENEW_EVERY,
                }
            }
            Err(error) => {
                failures += 1;
                if failures == 1 {
                    tracing::warn!(%error, "the key rotation stands still; that is tried again");
                }
                wait_after(failures, LOOK_EVERY, AWAY_MAX)
            }
        };
        pause(stopping, wait).await;
    }
}

/// Plans the comparisons of the days that are over, once a day; one process does it, the one that has the first shard.
/// Two that do it at once plan each day once all the same.
async fn plan_at_times(app: &App, stopping: &Stopping, shards: &watch::Receiver<Vec<i64>>) {
    let mut planned = None;
    while !is_stopping(stopping) {
        let ours = shards.borrow().contains(&0);
        let last = reconciliation::last_listed(app);
        if ours && planned != last {
            match plan_reconciliations(app).await {
                Ok(()) => planned = last,
                Err(error) => {
                    tracing::warn!(%error, "comparisons with banks' lists are planned later");
                }
            }
        }
        pause(stopping, PLAN_EVERY).await;
    }
}

/// Plans the comparisons of the days that are over and have none.
pub async fn plan_reconciliations(app: &App) -> Result<(), Unavailable> {
    reconciliation::plan(app).await
}

/// Forgets what has no use any more.
pub async fn forget(app: &App) {
    if let Err(error) = retention::forget(app).await {
        tracing::warn!(%error, "what has expired is kept for now");
    }
}

/// Learns what is missing of stored cards, in steps.
pub async fn learn_cards(app: &App) {
    loop {
        match cards::fill(app).await {
            Ok(true) => tokio::time::sleep(key_rotations::PAUSE).await,
            Ok(false) => break,
            Err(error) => {
                tracing::warn!(%error, "what searches need of stored cards is learned later");
                break;
            }
        }
    }
}

/// What every process keeps up beside its work: its node number, and ids reserved for it; and the newest list
/// of BINs. When somebody else has the number, another one is taken: what was reserved before stays ours, so
/// no id is made twice.
pub async fn keep_up(app: Arc<App>) {
    let node = "the node number could not be renewed";
    let bins = "the newest list of BINs could not be looked at";
    tokio::join!(
        repeat(node, RENEW_EVERY, || renew_node(&app)),
        repeat(bins, FOLLOW_EVERY, || follow_bins(&app)),
    );
}

/// Acts again and again. What fails is told once, and tried again with growing waits.
async fn repeat<F: Future<Output = Result<(), Unavailable>>>(
    failing: &str,
    every: Duration,
    act: impl Fn() -> F,
) {
    let mut failures = 0;
    loop {
        let wait = match failures {
            0 => every,
            _ => wait_after(failures, LOOK_EVERY, RENEW_MAX),
        };
        tokio::time::sleep(wait).await;
        match AssertUnwindSafe(act()).catch_unwind().await {
            Ok(Ok(())) => failures = 0,
            Ok(Err(error)) => {
                failures += 1;
                if failures == 1 {
                    tracing::warn!(%error, "{failing}; that is tried again");
                }
            }
            Err(_) => {
                failures += 1;
                tracing::error!("{failing}: it panicked; it is tried again");
            }
        }
    }
}

/// Takes up the newest list of BINs, if it is not in use yet.
pub async fn follow_bins(app: &App) -> Result<(), Unavailable> {
    bin_lists::follow(&app.db, &app.bins).await
}

/// Renews the lease of the process's node number once, or takes another number.
pub async fn renew_node(app: &App) -> Result<(), Unavailable> {
    if leases::renew_node(app).await? {
        return Ok(());
    }
    let another = leases::lease_node(&app.db, &app.vault, &app.owner, app.now()).await?;
    let another = another.ok_or_else(|| Unavailable::new("all node numbers are leased"))?;
    tracing::warn!(
        node = another.node,
        "the node number went to another process; this one has another now"
    );
    app.ids.change_node(another);
    Ok(())
}
