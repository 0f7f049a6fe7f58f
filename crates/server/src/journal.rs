//! What is written behind a request: exchanges with banks, what API keys asked for, what shops
//! found out before a payment, and refused sign-ins, whose answer must take no longer than one of
//! somebody who is not there. A bounded queue of commits that a task of its own carries to the database in
//! batches: evidence never slows a payment and never fails one, so what does not fit is dropped,
//! counted and told to the operator.

use crate::backoff::wait_after;
use crate::store::db::{Commit, CommitError, Db};
use futures_util::FutureExt;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// Entries that may wait.
const QUEUE_MAX: usize = 8192;
/// Bytes of text that may wait.
const BYTES_MAX: usize = 64 * 1024 * 1024;
/// Entries that are written together.
const BATCH_MAX: usize = 200;
/// How long an entry waits for others.
const GATHER: Duration = Duration::from_millis(50);
/// How long a shutdown waits for what is not written yet.
const LAST_WRITE: Duration = Duration::from_secs(10);
/// How often a batch is tried while the database is away, and the wait after the first try.
const WRITES_MAX: u32 = 5;
const WRITE_WAIT: Duration = Duration::from_millis(500);

enum Message {
    Entry(Commit),
    Flush(oneshot::Sender<()>),
}

/// Requests that a merchant's API keys may be refused in a minute and still be logged: an API
/// key alone, without its secret, is enough to be refused.
const REFUSALS_MAX: u32 = 100;

/// The queue's near end.
pub struct Journal {
    refusals: Mutex<HashMap<(i64, bool), (i64, u32)>>,
    queue: mpsc::Sender<Message>,
    waiting: Arc<Waiting>,
}

#[derive(Default)]
struct Waiting {
    bytes: AtomicUsize,
    dropped: AtomicU64,
    /// The operator was told that the database is away.
    told: AtomicBool,
}

impl Journal {
    /// A queue with its writer, which ends when the journal is dropped.
    pub fn start(db: Db) -> Journal {
        let (queue, entries) = mpsc::channel(QUEUE_MAX);
        let waiting = Arc::new(Waiting::default());
        tokio::spawn(write_all(db, entries, Arc::clone(&waiting)));
        Journal {
            refusals: Mutex::default(),
            queue,
            waiting,
        }
    }

    /// Takes an entry, or drops it when too many wait. Never waits itself.
    pub fn note(&self, entry: Commit) {
        let bytes = entry.bytes();
        let before = self.waiting.bytes.fetch_add(bytes, Ordering::Relaxed);
        let fits = before + bytes <= BYTES_MAX;
        if !fits || self.queue.try_send(Message::Entry(entry)).is_err() {
            self.waiting.bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.waiting.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether one more refused request of this merchant is logged in this minute. Addresses that
    /// good signatures came from have room of their own, which no stranger can take.
    pub fn admits_refusal(&self, merchant_id: i64, known_address: bool, at: Timestamp) -> bool {
        let minute = at.as_second().div_euclid(60);
        let mut refusals = self
            .refusals
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let count = refusals
            .entry((merchant_id, known_address))
            .or_insert((minute, 0));
        if count.0 != minute {
            *count = (minute, 0);
        }
        count.1 = count.1.saturating_add(1);
        count.1 <= REFUSALS_MAX
    }

    /// [`Journal::flush`], but no longer than a shutdown may take.
    pub async fn finish(&self) {
        if tokio::time::timeout(LAST_WRITE, self.flush())
            .await
            .is_err()
        {
            tracing::warn!("not all of the journal could be written");
        }
    }

    /// Waits until everything that was noted before is written, or given up.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.queue.send(Message::Flush(done)).await.is_ok() {
            let _ = written.await;
        }
    }
}

async fn write_all(db: Db, mut entries: mpsc::Receiver<Message>, waiting: Arc<Waiting>) {
    while let Some(first) = entries.recv().await {
        let (batch, flushed) = gather(first, &mut entries).await;
        let bytes: usize = batch.iter().map(Commit::bytes).sum();
        let entries = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let written = AssertUnwindSafe(write(&db, batch, &waiting)).catch_unwind();
        if written.await.is_err() {
            // The next ones are still to be written.
            waiting.dropped.fetch_add(entries, Ordering::Relaxed);
        }
        waiting.bytes.fetch_sub(bytes, Ordering::Relaxed);
        let dropped = waiting.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            tracing::warn!(dropped, "entries of the journal were dropped");
        }
        for done in flushed {
            let _ = done.send(());
        }
    }
}

/// What comes within a moment after `first`; a flush ends the wait.
async fn gather(
    first: Message,
    entries: &mut mpsc::Receiver<Message>,
) -> (Vec<Commit>, Vec<oneshot::Sender<()>>) {
    let (mut batch, mut flushed) = (Vec::new(), Vec::new());
    let until = Instant::now() + GATHER;
    let mut next = Some(first);
    while let Some(message) = next {
        match message {
            Message::Entry(entry) => batch.push(entry),
            Message::Flush(done) => flushed.push(done),
        }
        if batch.len() >= BATCH_MAX {
            break;
        }
        next = if flushed.is_empty() {
            tokio::time::timeout_at(until, entries.recv())
                .await
                .unwrap_or_default()
        } else {
            None
        };
    }
    (batch, flushed)
}

/// One commit a merchant: a merchant's rows may live on another shard.
async fn write(db: &Db, batch: Vec<Commit>, waiting: &Waiting) {
    let mut by_merchant: BTreeMap<i64, Vec<Commit>> = BTreeMap::new();
    for entry in batch {
        by_merchant
            .entry(entry.merchant_id())
            .or_default()
            .push(entry);
    }
    for entries in by_merchant.into_values() {
        let lost = match write_together(db, &entries, waiting).await {
            Written::Yes => 0,
            Written::Away => entries.len(),
            // Something in it cannot be stored, or was before the connection broke.
            Written::Refused => one_by_one(db, &entries, waiting).await,
        };
        let lost = u64::try_from(lost).unwrap_or(u64::MAX);
        waiting.dropped.fetch_add(lost, Ordering::Relaxed);
    }
}

/// How many of the entries could not be written.
async fn one_by_one(db: &Db, entries: &[Commit], waiting: &Waiting) -> usize {
    let mut lost = 0;
    for (before, entry) in entries.iter().enumerate() {
        let entry = std::slice::from_ref(entry);
        match write_together(db, entry, waiting).await {
            Written::Yes => {}
            Written::Refused => lost += 1,
            // Each would wait in vain for itself.
            Written::Away => return lost + entries.len() - before,
        }
    }
    lost
}

enum Written {
    Yes,
    Refused,
    Away,
}

async fn write_together(db: &Db, entries: &[Commit], waiting: &Waiting) -> Written {
    let [first, others @ ..] = entries else {
        return Written::Yes;
    };
    for failures in 1..=WRITES_MAX {
        match db.commit(first.together(others)).await {
            Ok(()) => {
                waiting.told.store(false, Ordering::Relaxed);
                return Written::Yes;
            }
            Err(CommitError::Conflict { .. }) => return Written::Refused,
            Err(CommitError::Unavailable(why)) => {
                if !waiting.told.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%why, "the journal could not be written; that is tried again, with growing waits");
                }
                if failures < WRITES_MAX {
                    tokio::time::sleep(wait_after(failures, WRITE_WAIT, LAST_WRITE)).await;
                }
            }
        }
    }
    Written::Away
}

/// A text as the journal keeps it: at most `max` characters, without control characters other than
/// line breaks and tabs. The database refuses NUL, and a terminal would obey the rest.
pub fn storable_text(text: &str, max: usize) -> String {
    let plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    if text.len() <= max && text.bytes().all(plain) {
        return text.to_owned();
    }
    let plain = |c: char| match c {
        '\n' | '\t' => c,
        '\r' => '\n',
        c if c.is_control() => ' ',
        c => c,
    };
    text.replace("\r\n", "\n")
        .chars()
        .take(max)
        .map(plain)
        .collect()
}
