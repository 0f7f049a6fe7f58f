//! The moment and the calendar. Tests hold a clock that they move; nothing else asks the system.

use contract::id::ID_MAX;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

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

/// Makes ids: 41 bits of milliseconds, 5 of node, 7 of sequence. Time-ordered, below 2^53, and
/// never twice: none is issued while the clock is behind the last one.
pub struct Ids {
    node: i64,
    last: Mutex<(i64, i64)>,
}

impl Ids {
    /// Ids of one leased node number.
    pub fn of_node(node: i64) -> Ids {
        Ids {
            node: node % NODES,
            last: Mutex::new((0, 0)),
        }
    }

    /// The next id. A clock that stands still or goes back borrows the following milliseconds.
    pub fn next(&self, now: Timestamp) -> i64 {
        let mut last = self
            .last
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let millis = now.as_millisecond() - EPOCH_MILLIS;
        *last = match *last {
            (at, sequence) if at >= millis && sequence + 1 < 1 << SEQUENCE_BITS => {
                (at, sequence + 1)
            }
            (at, _) if at >= millis => (at + 1, 0),
            _ => (millis, 0),
        };
        let id = (last.0 << (NODE_BITS + SEQUENCE_BITS)) | (self.node << SEQUENCE_BITS) | last.1;
        id & ID_MAX
    }
}

/// The moment at which ids begin.
pub fn id_epoch() -> Timestamp {
    Timestamp::from_millisecond(EPOCH_MILLIS).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The lowest id that can be made at `moment`: ids of what came before are below it.
pub fn first_id_at(moment: Timestamp) -> i64 {
    let millis = moment.as_millisecond().saturating_sub(EPOCH_MILLIS);
    millis.max(0).saturating_mul(IDS_A_MILLISECOND)
}

/// The moment at which an id was made, to the millisecond.
pub fn moment_of_id(id: i64) -> Option<Timestamp> {
    let millis = (id / IDS_A_MILLISECOND).checked_add(EPOCH_MILLIS)?;
    Timestamp::from_millisecond(millis).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_and_stay_below_two_to_the_53() {
        let ids = Ids::of_node(31);
        let now = SystemClock.now();
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
        let before = now
            .checked_sub(jiff::SignedDuration::from_millis(2))
            .unwrap();
        assert!(Ids::of_node(0).next(now) >= first_id_at(now));
        assert!(Ids::of_node(31).next(before) < first_id_at(now));
        assert_eq!(first_id_at(Timestamp::UNIX_EPOCH), 0);
        let moment = moment_of_id(Ids::of_node(3).next(now)).unwrap();
        assert_eq!(moment.as_millisecond(), now.as_millisecond());
    }

    #[test]
    fn local_times_are_istanbuls_and_have_no_zone() {
        let time: Timestamp = "2023-04-13T11:15:32Z".parse().unwrap();
        assert_eq!(local_text(time), "2023-04-13T14:15:32");
        let time: Timestamp = "2023-04-13T11:15:32.120Z".parse().unwrap();
        assert_eq!(local_text(time), "2023-04-13T14:15:32.12");
    }
}
