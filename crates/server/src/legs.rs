//! How banks answer lately, by POS, with and without 3DS apart: counts over a sliding window, of this process
//! alone. What follows from them is decided in `engine/autopilot.rs`.

use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Parts of the window: it slides by one of them.
const PARTS: i64 = 12;
/// Legs that are counted; when there are more, counting begins anew.
const LEGS_MAX: usize = 10_000;

/// A POS, with 3DS or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Leg {
    /// The POS.
    pub pos_id: i64,
    /// With 3DS.
    pub threeds: bool,
}

/// Answers of a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answers {
    /// All of them.
    pub all: u32,
    /// Those that were technical failures.
    pub failures: u32,
}

/// The counts.
#[derive(Default)]
pub struct Legs(Mutex<HashMap<Leg, Counted>>);

#[derive(Default)]
struct Counted {
    /// Answers by the number of their part of time, at most [`PARTS`] of them.
    parts: HashMap<i64, Answers>,
    probed_at: Option<Timestamp>,
}

impl Legs {
    /// Counts an answer; those of the window until `now`, this one included.
    pub fn count(&self, leg: Leg, is_failure: bool, now: Timestamp, window: Duration) -> Answers {
        let milliseconds = i64::try_from(window.as_millis()).unwrap_or(i64::MAX);
        let part = now.as_millisecond() / (milliseconds / PARTS).max(1);
        let mut legs = self.lock();
        if legs.len() >= LEGS_MAX && !legs.contains_key(&leg) {
            legs.clear();
        }
        let parts = &mut legs.entry(leg).or_default().parts;
        parts.retain(|of, _| (part - PARTS < *of) && *of <= part);
        let counted = parts.entry(part).or_default();
        counted.all = counted.all.saturating_add(1);
        counted.failures = counted.failures.saturating_add(u32::from(is_failure));
        parts.values().fold(Answers::default(), |sum, of| Answers {
            all: sum.all.saturating_add(of.all),
            failures: sum.failures.saturating_add(of.failures),
        })
    }

    /// Counts from nothing: what was counted has had its effect.
    pub fn forget(&self, leg: Leg) {
        self.lock().remove(&leg);
    }

    /// Takes the leg's one probe of this interval; false when it was taken.
    pub fn take_probe(&self, leg: Leg, now: Timestamp, every: Duration) -> bool {
        let mut legs = self.lock();
        let counted = legs.entry(leg).or_default();
        let is_due = counted.probed_at.is_none_or(|at| {
            let since = now.duration_since(at);
            Duration::try_from(since).is_ok_and(|since| since >= every)
        });
        if is_due {
            counted.probed_at = Some(now);
        }
        is_due
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Leg, Counted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEG: Leg = Leg {
        pos_id: 1,
        threeds: false,
    };
    const WINDOW: Duration = Duration::from_secs(120);

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn answers_leave_the_window() {
        let legs = Legs::default();
        for at in 0..10 {
            legs.count(LEG, at < 4, second(at), WINDOW);
        }
        let still = legs.count(LEG, false, second(100), WINDOW);
        assert_eq!((still.all, still.failures), (11, 4));
        let later = legs.count(LEG, true, second(125), WINDOW);
        assert_eq!((later.all, later.failures), (2, 1));
        let other = Leg {
            threeds: true,
            ..LEG
        };
        assert_eq!(legs.count(other, true, second(125), WINDOW).all, 1);
    }

    #[test]
    fn there_is_one_probe_an_interval() {
        let legs = Legs::default();
        let taken = |at| legs.take_probe(LEG, second(at), Duration::from_secs(15));
        assert_eq!(
            [0, 1, 14, 15, 16].map(taken),
            [true, false, false, true, false]
        );
    }
}
