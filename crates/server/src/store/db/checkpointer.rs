//! Moves SQLite's log into the file beside the writer, which then has only the last pages to move: the
//! writer stands still for a moment instead of some tens of milliseconds.

use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};

/// Moves what it can without waiting for anybody, and without anybody waiting for it.
const PASSIVE: &str = "pragma wal_checkpoint(passive)";

/// The thread that moves the log, as the writer sees it. It ends with the writer.
pub(super) struct Checkpointer {
    calls: SyncSender<()>,
    called: bool,
    /// It has come to the end of what it was called for.
    done: Arc<AtomicBool>,
}

impl Checkpointer {
    /// Its end for the writer, and the work for a thread of its own, over a connection of its own.
    pub(super) fn over(connection: Connection) -> (Checkpointer, impl FnOnce() + Send) {
        let (calls, called) = sync_channel(1);
        let done = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&done);
        let work = move || {
            while let Ok(()) = called.recv() {
                let moved = connection.query_row(PASSIVE, [], |row| row.get::<_, i64>(0));
                if let Err(error) = moved {
                    tracing::warn!(%error, "the log could not be moved beside the writer");
                }
                told.store(true, Ordering::Release);
            }
        };
        let checkpointer = Checkpointer {
            calls,
            called: false,
            done,
        };
        (checkpointer, work)
    }

    /// Whether the log was moved since this was first asked; until then it is being moved. True also
    /// when the thread is gone: then the writer moves everything itself.
    pub(super) fn has_moved(&mut self) -> bool {
        if self.done.swap(false, Ordering::Acquire) {
            self.called = false;
            return true;
        }
        if std::mem::replace(&mut self.called, true) {
            return false;
        }
        matches!(self.calls.try_send(()), Err(TrySendError::Disconnected(())))
    }
}
