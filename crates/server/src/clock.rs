//! The moment and the calendar. Tests hold a clock that they move; nothing else asks the system.

use contract::id::ID_MAX;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now, to the microsecond.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the system"
    )]
    fn now(&self) -> Timestamp {
        micros(Timestamp::now())
    }
}

/// The machine's clock plus an offset that a test moves forward.
#[derive(Default)]
pub struct MovableClock {
    ahead_micros: AtomicI64,
}

impl MovableClock {
    /// Moves the clock forward.
    pub fn advance_seconds(&self, seconds: i64) {
        self.ahead_micros
            .fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        let ahead = jiff::SignedDuration::from_micros(self.ahead_micros.load(Ordering::SeqCst));
        SystemClock
            .now()
            .checked_add(ahead)
            .unwrap_or(Timestamp::MAX)
    }
}

fn micros(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

/// A moment on Istanbul's clocks. The zone is compiled in, so this cannot fail at run time in a
/// way that matters: without it the fixed offset of +03:00 in force since 2016 is used.
pub fn istanbul(time: Timestamp) -> Zoned {
    let zone =
        TimeZone::get("Europe/Istanbul").unwrap_or_else(|_| TimeZone::fixed(jiff::tz::offset(3)));
    time.to_zoned(zone)
}

/// A date-time as the API answers it: Istanbul's local time without a zone, to the second or with
/// six digits. Java's `LocalDateTime.parse` refuses a zone.
pub fn local_text(time: Timestamp) -> String {
    istanbul(time)
        .datetime()
        .strftime("%Y-%m-%dT%H:%M:%S%.f")
        .to_string()
}

/// Milliseconds since 1970 at which ids begin: 2024-01-01.
const EPOCH_MILLIS: i64 = 1_704_067_200_000;
const SEQUENCE_BITS: u32 = 7;
const NODE_BITS: u32 = 5;
/// How many ids there can be in a millisecond: an id divided by it is milliseconds since
/// [`id_epoch`].
pub const IDS_A_MILLISECOND: i64 = 1 << (NODE_BITS + SEQUENCE_BITS);
/// Node numbers there are.
pub const NODES: i64 = 1 << NODE_BITS;

/// A node number, and the moments whose ids are reserved for its present holder. No two holders
/// of a number are given the same moment (`store/leases.rs`), whatever their clocks said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserved {
    /// The number.
    pub node: i64,
    /// The first moment.
    pub from: Timestamp,
    /// The first moment that is no longer reserved.
    pub before: Timestamp,
}

/// Seconds beyond now that are reserved at a time. Several renewals of a lease may fail before ids
/// must do without the clock.
pub const RESERVED_SECONDS: i64 = 60;
/// Milliseconds at the end of what is reserved that the clock does not reach into: room for ids that
/// borrow from the moments to come. Four million ids.
const ROOM_MILLIS: i64 = 30_000;

/// Makes ids: 41 bits of milliseconds, 5 of node, 7 of sequence. Below 2^53, ordered by time, and
/// never twice: of reserved moments alone, each in its turn. While the clock is behind the last id
/// or ahead of what is reserved, ids borrow the milliseconds that follow the last one.
pub struct Ids {
    next: Mutex<Next>,
}

struct Next {
    node: i64,
    at: i64,
    sequence: i64,
    /// Ids of this millisecond and later are not ours to make.
    before: i64,
}

impl Ids {
    /// Ids of one leased node number.
    pub fn new(reserved: Reserved) -> Ids {
        Ids {
            next: Mutex::new(Next::first(reserved)),
        }
    }

    fn locked(&self) -> MutexGuard<'_, Next> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The node number that ids carry.
    pub fn node(&self) -> i64 {
        self.locked().node
    }

    /// Goes on with another number.
    pub fn change_node(&self, reserved: Reserved) {
        *self.locked() = Next::first(reserved);
    }

    /// Up to which moment ids are wanted next: what was reserved and all that the clock may need.
    pub fn wanted(&self, now: Timestamp) -> Timestamp {
        let next = self.locked();
        let wanted = next.at.max(millis(now)) + RESERVED_SECONDS * 1000;
        moment(next.before.max(wanted))
    }

    /// More is reserved.
    pub fn extend(&self, before: Timestamp) {
        let mut next = self.locked();
        next.before = next.before.max(millis(before));
    }

    /// Keeps a second for what is still being finished, and answers where the number's next holder
    /// may begin.
    pub fn end(&self, now: Timestamp) -> Timestamp {
        let mut next = self.locked();
        next.before = next.before.min(next.at.max(millis(now)) + 1000);
        moment(next.before)
    }

    /// The next id. Ends the process when nothing is reserved any more: that takes minutes of full
    /// load without a database.
    pub fn next(&self, now: Timestamp) -> i64 {
        let mut next = self.locked();
        let now = millis(now).min(next.before - ROOM_MILLIS);
        if now > next.at {
            (next.at, next.sequence) = (now, 0);
        } else if next.sequence + 1 < 1 << SEQUENCE_BITS {
            next.sequence += 1;
        } else {
            (next.at, next.sequence) = (next.at + 1, 0);
        }
        if next.at >= next.before {
            tracing::error!(
                "no id is reserved any more; this process ends, so that none is made twice"
            );
            std::process::exit(70);
        }
        let node = next.node << SEQUENCE_BITS;
        let id = (next.at << (NODE_BITS + SEQUENCE_BITS)) | node | next.sequence;
        id & ID_MAX
    }
}

impl Next {
    fn first(reserved: Reserved) -> Next {
        Next {
            node: reserved.node % NODES,
            // The next id is the first one of the first moment.
            at: millis(reserved.from) - 1,
            sequence: (1 << SEQUENCE_BITS) - 1,
            before: millis(reserved.before),
        }
    }
}

/// Milliseconds since [`id_epoch`].
fn millis(moment: Timestamp) -> i64 {
    moment.as_millisecond().saturating_sub(EPOCH_MILLIS)
}

fn moment(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(EPOCH_MILLIS.saturating_add(millis)).unwrap_or(Timestamp::MAX)
}

/// The moment at which ids begin.
pub fn id_epoch() -> Timestamp {
    Timestamp::from_millisecond(EPOCH_MILLIS).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The lowest id that can be made at `moment`: ids of what came before are below it.
pub fn first_id_at(moment: Timestamp) -> i64 {
    millis(moment).max(0).saturating_mul(IDS_A_MILLISECOND)
}

/// The moment at which an id was made, to the millisecond.
pub fn moment_of_id(id: i64) -> Option<Timestamp> {
    let millis = (id / IDS_A_MILLISECOND).checked_add(EPOCH_MILLIS)?;
    Timestamp::from_millisecond(millis).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reserved(node: i64, from: Timestamp) -> Reserved {
        let before = from
            .checked_add(jiff::SignedDuration::from_secs(RESERVED_SECONDS))
            .unwrap();
        Reserved { node, from, before }
    }

    fn later(time: Timestamp, seconds: i64) -> Timestamp {
        time.checked_add(jiff::SignedDuration::from_secs(seconds))
            .unwrap()
    }

    #[test]
    fn ids_grow_and_stay_below_two_to_the_53() {
        let now = SystemClock.now();
        let ids = Ids::new(reserved(31, now));
        let mut last = 0;
        for _ in 0..10_000 {
            let id = ids.next(now);
            assert!(id > last && id < 1 << 53);
            last = id;
        }
    }

    #[test]
    fn ids_of_a_moment_are_not_below_its_first() {
        let now = SystemClock.now();
        assert!(Ids::new(reserved(0, now)).next(now) >= first_id_at(now));
        let before = later(now, -2);
        assert!(Ids::new(reserved(31, before)).next(before) < first_id_at(now));
        assert_eq!(first_id_at(Timestamp::UNIX_EPOCH), 0);
        let moment = moment_of_id(Ids::new(reserved(3, now)).next(now)).unwrap();
        assert_eq!(moment.as_millisecond(), now.as_millisecond());
    }

    #[test]
    fn ids_stay_within_what_is_reserved_wherever_the_clock_goes() {
        let now = SystemClock.now();
        let ids = Ids::new(reserved(7, now));
        let (first, end) = (first_id_at(now), first_id_at(later(now, RESERVED_SECONDS)));
        let mut last = 0;
        for clock in [0, 5, -86_400, 86_400, 0, 86_400, 3] {
            for _ in 0..1_000 {
                let id = ids.next(later(now, clock));
                assert!(id > last && id >= first && id < end, "{clock}");
                last = id;
            }
        }
        // With more reserved they follow the clock again.
        let ahead = later(now, 86_400);
        ids.extend(ids.wanted(ahead));
        assert!(ids.next(ahead) >= first_id_at(ahead));
    }

    #[test]
    fn a_numbers_next_holder_begins_behind_all_that_its_last_one_may_make() {
        let now = SystemClock.now();
        let ids = Ids::new(reserved(7, now));
        for _ in 0..5_000 {
            ids.next(now);
        }
        let next = Ids::new(reserved(7, ids.end(now)));
        let last = ids.next(later(now, 86_400));
        assert!(next.next(now) > last);
    }

    #[test]
    fn local_times_are_istanbuls_and_have_no_zone() {
        let time: Timestamp = "2023-04-13T11:15:32Z".parse().unwrap();
        assert_eq!(local_text(time), "2023-04-13T14:15:32");
        let time: Timestamp = "2023-04-13T11:15:32.120Z".parse().unwrap();
        assert_eq!(local_text(time), "2023-04-13T14:15:32.12");
    }
}
