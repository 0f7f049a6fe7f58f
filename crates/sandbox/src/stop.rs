//! The moment to stop: Ctrl-C, SIGTERM, or the end of a play that was to be the end.

use std::process::exit;
use std::time::Duration;
use tokio::sync::watch;

/// Exit code of a process that a second Ctrl-C ended.
const INTERRUPTED: i32 = 130;
/// Signals that come together are one: `timeout` sends two, and a shell may pass on another.
const ONE_SIGNAL: Duration = Duration::from_millis(500);

/// Tells every part when to stop. Clones share the moment.
#[derive(Clone)]
pub(crate) struct Stop(watch::Sender<bool>);

impl Stop {
    /// A moment that has not come.
    pub(crate) fn new() -> Stop {
        Stop(watch::Sender::new(false))
    }

    /// Stops at the first signal; a second one does not wait for what is in flight. Signals are
    /// heard from the return of this call on, not from some later moment.
    pub(crate) fn at_signals(&self) {
        let stop = self.clone();
        let first = server::commands::stopped();
        tokio::spawn(async move {
            first.await;
            stop.now();
            tokio::time::sleep(ONE_SIGNAL).await;
            server::commands::stopped().await;
            exit(INTERRUPTED);
        });
    }

    /// The moment is now.
    pub(crate) fn now(&self) {
        self.0.send_replace(true);
    }

    /// Waits for the moment.
    pub(crate) fn wait(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut told = self.0.subscribe();
        async move {
            // A sender that is gone is a sandbox that is gone.
            let _ = told.wait_for(|stopped| *stopped).await;
        }
    }
}
