//! Places for calls that wait until another call's move has its outcome. How they wait is in
//! `engine::turn`; here is only how many may, and that one call at a time makes a move of a payment.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Calls that may wait about one payment, in one process.
pub const PLACES_MAX: usize = 4;
/// Calls that may wait in one process, about whatever payments.
const ALL_PLACES_MAX: usize = 1024;

/// Who waits, by payment, and which payments are moved.
#[derive(Debug, Default)]
pub struct Turns {
    waiting: Mutex<HashMap<i64, usize>>,
    moved: Mutex<HashSet<i64>>,
}

/// Leave to make a move of a payment, given back when it is dropped. Between processes the database alone decides
/// who moves; this spares it the calls of one process that it would refuse, of which a hundred at once take it
/// seconds.
#[derive(Debug)]
pub struct Leave<'a> {
    turns: &'a Turns,
    payment_id: i64,
}

/// A place, given back when it is dropped.
#[derive(Debug)]
pub struct Place<'a> {
    turns: &'a Turns,
    payment_id: i64,
}

impl Turns {
    /// A place to wait about a payment; `None` when too many wait already.
    pub fn place(&self, payment_id: i64) -> Option<Place<'_>> {
        let mut waiting = self.waiting();
        let all: usize = waiting.values().sum();
        let taken = waiting.get(&payment_id).copied().unwrap_or_default();
        if taken >= PLACES_MAX || all >= ALL_PLACES_MAX {
            return None;
        }
        waiting.insert(payment_id, taken + 1);
        drop(waiting);
        Some(Place {
            turns: self,
            payment_id,
        })
    }

    /// Leave to move a payment; `None` while another call of this process has it.
    pub fn leave(&self, payment_id: i64) -> Option<Leave<'_>> {
        // A leave that was not given must not be dropped either.
        let is_free = self.moved().insert(payment_id);
        is_free.then(|| Leave {
            turns: self,
            payment_id,
        })
    }

    fn moved(&self) -> MutexGuard<'_, HashSet<i64>> {
        // Plain ids, as sound.
        self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<i64, usize>> {
        // Plain counts: they are sound even if a holder panicked.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut waiting = self.turns.waiting();
        match waiting.get(&self.payment_id).copied() {
            Some(taken) if taken > 1 => waiting.insert(self.payment_id, taken - 1),
            _ => waiting.remove(&self.payment_id),
        };
    }
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.turns.moved().remove(&self.payment_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_call_has_leave_to_move_a_payment() {
        let turns = Turns::default();
        let leave = turns.leave(1);
        assert!(leave.is_some() && turns.leave(1).is_none());
        // Who was refused takes nothing with it.
        assert!(turns.leave(1).is_none());
        assert!(turns.leave(2).is_some());
        drop(leave);
        assert!(turns.leave(1).is_some());
        assert!(turns.moved().is_empty());
    }

    #[test]
    fn four_wait_about_a_payment_and_a_place_comes_back() {
        let turns = Turns::default();
        let mut places: Vec<Place<'_>> = (0..PLACES_MAX).filter_map(|_| turns.place(1)).collect();
        assert_eq!(places.len(), PLACES_MAX);
        assert!(turns.place(1).is_none());
        assert!(turns.place(2).is_some());
        places.pop();
        assert!(turns.place(1).is_some());
        drop(places);
        assert!(turns.waiting().is_empty());
    }
}
