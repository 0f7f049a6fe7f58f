//! What every part of the server is handed: database, vault, clock, ids, network, settings.

use crate::bins::BinList;
use crate::certificates::HostRoots;
use crate::clock::{Clock, Ids, istanbul};
use crate::desk::Desk;
use crate::fingerprints::Fingerprints;
use crate::journal::Journal;
use crate::legs::Legs;
use crate::listen::Bounds;
use crate::mail::Mail;
use crate::net::{HostList, Net};
use crate::rates::{RateLimits, Rates};
use crate::store::db::{Commit, Committed, Db, Unavailable};
use crate::store::memory::Memory;
use crate::tries::Tries;
use crate::turns::Turns;
use crate::vault::Vault;
use connectors::http::BANK_TIMEOUT_SECONDS;
use jiff::{SignedDuration, Timestamp, Zoned};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{RwLock, Semaphore};
use tokio::task::JoinError;
use tracing::Instrument;

/// The server's parts. Cheap to share, nothing in it changes at run time.
pub struct App {
    /// The database.
    pub db: Db,
    /// Merchants, API keys and POSes as payments read them.
    pub memory: Memory,
    /// Encryption at rest.
    pub vault: Vault,
    /// Tells equal card numbers without telling them.
    pub fingerprints: Fingerprints,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Ids,
    /// This process, in leases.
    pub owner: String,
    /// What card numbers tell.
    pub bins: BinList,
    /// The way to banks and lenders.
    pub net: Net,
    /// The way to shops' webhook addresses: refuses private ones.
    pub webhook_net: Net,
    /// The due work that this process is at.
    pub desk: Arc<Desk>,
    /// What is written behind a request.
    pub journal: Journal,
    /// The way to people's mailboxes; `None` when the operator named no mail server.
    pub mail: Option<Mail>,
    /// Sign-ins that failed.
    pub tries: Tries,
    /// How banks answer lately.
    pub legs: Legs,
    /// How often strangers and API keys may ask.
    pub rates: Rates,
    /// What the operator set.
    pub settings: Settings,
    /// Calls that wait for the outcome of another call's move.
    pub turns: Turns,
    /// Places of reports on their way out.
    pub report_streams: Arc<Semaphore>,
    /// Places of demanded reports that are being made.
    pub report_makers: Semaphore,
    /// Held for reading by every operation under way; a shutdown waits to write it.
    pub busy: Arc<RwLock<()>>,
}

/// Reports that a process sends at once. More wait at the door.
pub const REPORT_STREAMS_MAX: usize = 4;
/// Demanded reports that a process makes at once.
pub const REPORT_MAKERS_MAX: usize = 2;

/// What the operator set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Base URLs under which the server is reached, without a trailing slash. The first one is
    /// used in addresses that Galata gives out; all are tried for signatures.
    pub public_urls: Vec<String>,
    /// Hosts beyond the directory that POS and lender accounts may point at.
    pub bank_hosts: HostList,
    /// Certificates that hosts of banks and lenders may have beyond those of the public roots.
    pub bank_roots: Vec<HostRoots>,
    /// Hosts with private addresses that webhooks may go to.
    pub webhook_hosts: HostList,
    /// Waits before each webhook call: the first one, then after each failure.
    pub webhook_waits: Vec<Duration>,
    /// Waits before each inquiry about an unknown outcome.
    pub inquiry_waits: Vec<Duration>,
    /// Seconds that a bank or lender may take to answer.
    pub bank_timeout: Duration,
    /// How long a hold may be captured; then it is released.
    pub hold_time: Duration,
    /// When payments are kept away from a POS.
    pub autopilot: AutopilotRules,
    /// For how long what has been is kept.
    pub kept: Kept,
    /// A proxy stands before the server and names clients in `X-Forwarded-For`.
    pub behind_proxy: bool,
    /// Writes requests (method, path, status, time) to the log.
    pub log_requests: bool,
    /// How many connections there may be.
    pub connections: Bounds,
    /// How often somebody may ask.
    pub rates: RateLimits,
    /// What the program around the server adds to the panel.
    pub panel: PanelSettings,
    /// Host names that requests may name beside addresses and `localhost`; `None` answers for every
    /// host.
    pub hosts: Option<Vec<String>>,
}

/// What the program around the server adds to the panel: nothing in production, the workbench in
/// the sandbox.
#[derive(Debug, Clone, Default)]
pub struct PanelSettings {
    /// More entries of the developer's menu: path, Turkish and English name.
    pub links: Vec<(String, String, String)>,
    /// Where the sign-in page may post (`role` as a field) to come in without a password.
    pub one_click: Option<String>,
}

/// For how long is kept what the operator may want for a longer or shorter time. In days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Answers to idempotency keys; after that the answer is worded from the payment.
    pub answers_days: i64,
    /// The request log, and what shops asked before a payment.
    pub requests_days: i64,
    /// What was said to banks and lenders, counted from the payment.
    pub exchanges_days: i64,
    /// Webhooks that were delivered or given up, with their calls.
    pub webhooks_days: i64,
}

impl Default for Kept {
    /// The documented days. Exchanges outlast the year in which cardholders may dispute.
    fn default() -> Kept {
        Kept {
            answers_days: 7,
            requests_days: 30,
            exchanges_days: 400,
            webhooks_days: 90,
        }
    }
}

/// When a POS is left out, and how it comes back. What the platform does is not public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AutopilotRules {
    /// The answers that count are of so long.
    pub window: Duration,
    /// Fewer answers prove nothing.
    pub answers_min: u32,
    /// Per cent of them that must be technical failures.
    pub failures_percent: u32,
    /// How long a POS takes nothing at all after it was left out.
    pub cool_down: Duration,
    /// One payment in so long, of each process, tries then whether it works again.
    pub probe_every: Duration,
}

impl Default for AutopilotRules {
    fn default() -> AutopilotRules {
        AutopilotRules {
            window: Duration::from_secs(120),
            answers_min: 10,
            failures_percent: 50,
            cool_down: Duration::from_secs(60),
            probe_every: Duration::from_secs(15),
        }
    }
}

impl Default for Settings {
    /// What the command line sets without options: no address, no allowed host, documented
    /// waits.
    fn default() -> Settings {
        Settings {
            public_urls: Vec::new(),
            bank_hosts: HostList::default(),
            bank_roots: Vec::new(),
            webhook_hosts: HostList::default(),
            webhook_waits: WEBHOOK_WAITS.to_vec(),
            inquiry_waits: INQUIRY_WAITS.to_vec(),
            bank_timeout: Duration::from_secs(BANK_TIMEOUT_SECONDS),
            hold_time: Duration::from_secs(HOLD_DAYS * 24 * 60 * 60),
            autopilot: AutopilotRules::default(),
            kept: Kept::default(),
            behind_proxy: false,
            log_requests: false,
            connections: Bounds::default(),
            rates: RateLimits::default(),
            panel: PanelSettings::default(),
            hosts: None,
        }
    }
}

/// Days for which a hold may be captured. One protocol's document releases it for seven days, the others do not
/// say; a day is left for a bank that does not answer at first.
pub const HOLD_DAYS: u64 = 6;

/// The documented schedule: first after 30 s, then 10 s, 30 s, 3 min, 10 min, 30 min.
pub const WEBHOOK_WAITS: [Duration; 6] = [
    Duration::from_secs(30),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(180),
    Duration::from_secs(600),
    Duration::from_secs(1800),
];

/// Between inquiries during the first day of a REVIEW, when a person is told.
pub const REVIEW_WAIT: Duration = Duration::from_secs(15 * 60);
/// Between inquiries during the week after it. Then only callers ask.
pub const LATE_REVIEW_WAIT: Duration = Duration::from_secs(6 * 60 * 60);
const REVIEW_TIME: SignedDuration = SignedDuration::from_hours(24);
const LATE_REVIEW_TIME: SignedDuration = SignedDuration::from_hours(8 * 24);

/// Callers (a shop's call, a person) make Galata ask about one payment at most once in this time;
/// others are answered with the state as it stands.
pub const CALLER_WAIT: SignedDuration = SignedDuration::from_secs(5);

/// When the bank is asked what became of an order: pos-protocols section 4, rule 2; then with
/// growing distance for two days.
pub const INQUIRY_WAITS: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(120),
    Duration::from_secs(600),
    Duration::from_secs(1800),
    Duration::from_secs(7200),
    Duration::from_secs(21_600),
    Duration::from_secs(43_200),
    Duration::from_secs(86_400),
];

impl App {
    /// Carries a commit out.
    pub async fn commit(&self, commit: Commit) -> Result<Committed, Unavailable> {
        Committed::of(self.db.commit(commit).await)
    }

    /// Does `work` to its end, also when its caller goes away; a shutdown waits for it. Fails
    /// only when it panics.
    pub async fn do_to_the_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, JoinError> {
        let busy = Arc::clone(&self.busy);
        let work = async move {
            let _busy = busy.read_owned().await;
            work.await
        };
        tokio::spawn(work.in_current_span()).await
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Now, on Istanbul's clocks.
    pub fn istanbul_now(&self) -> Zoned {
        istanbul(self.now())
    }

    /// `wait` from now.
    pub fn after(&self, wait: Duration) -> Timestamp {
        let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
        self.now().checked_add(wait).unwrap_or(Timestamp::MAX)
    }

    /// A new id.
    pub fn next_id(&self) -> i64 {
        self.ids.next(self.now())
    }

    /// An address of this server that others are given.
    pub fn public_url(&self, path: &str) -> String {
        let base = self.settings.public_urls.first().map_or("", String::as_str);
        format!("{base}{path}")
    }

    /// When an attempt that has no answer must be inquired about: once the bank had its time.
    pub fn unanswered_at(&self) -> Timestamp {
        self.after(self.settings.bank_timeout + Duration::from_secs(10))
    }

    /// Whether a bank or lender that was asked at this moment may still be answering.
    pub fn may_be_answering(&self, asked_at: Timestamp) -> bool {
        asked_at > self.asked_before()
    }

    /// When a bank or lender that was asked at this moment has answered, or never will.
    pub fn answered_by(&self, asked_at: Timestamp) -> Timestamp {
        let under_way =
            SignedDuration::try_from(self.settings.bank_timeout + Duration::from_secs(10));
        asked_at
            .checked_add(under_way.unwrap_or(SignedDuration::MAX))
            .unwrap_or(Timestamp::MAX)
    }

    /// Whatever was asked before this moment and has no answer is in doubt.
    pub fn asked_before(&self) -> Timestamp {
        let under_way =
            SignedDuration::try_from(self.settings.bank_timeout + Duration::from_secs(10));
        self.now()
            .checked_sub(under_way.unwrap_or(SignedDuration::MAX))
            .unwrap_or(Timestamp::UNIX_EPOCH)
            .max(Timestamp::UNIX_EPOCH)
    }

    /// When a reversal that has no answer may be looked at again: a void asks the bank up to three
    /// things, each with its own time.
    pub fn unanswered_reversal_at(&self) -> Timestamp {
        self.after(self.settings.bank_timeout * 3 + Duration::from_secs(10))
    }

    /// When the next inquiry is due during a review; `None` when it lasted for more than a week.
    pub fn next_review_at(&self, since: Timestamp) -> Option<Timestamp> {
        let lasted = self.now().duration_since(since);
        if lasted < REVIEW_TIME {
            return Some(self.after(REVIEW_WAIT));
        }
        (lasted < LATE_REVIEW_TIME).then(|| self.after(LATE_REVIEW_WAIT))
    }

    /// When the next inquiry is due after `made` of them; `None` when a person must be told.
    pub fn next_inquiry_at(&self, made: i64) -> Option<Timestamp> {
        let wait = self
            .settings
            .inquiry_waits
            .get(usize::try_from(made).unwrap_or(usize::MAX))?;
        Some(self.after(*wait))
    }
}
