//! The desk of this process: which pieces of due work are under way, how many more may be begun, and
//! which rest because they failed. Kept in memory: after a restart everything is tried once, at once.

use crate::backoff::wait_after;
use crate::clock::Clock;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Pieces of a kind that may be under way.
const UNDER_WAY_MAX: usize = 128;
/// From so many on, a lane that has one under way begins no second: the rest is for the others.
const CROWDED: usize = 96;
/// Pieces of a kind that may be under way in one lane.
const LANE_MAX: usize = 8;
/// Pieces of a kind that may be under way at one host.
const HOST_MAX: usize = 32;
/// Waits of a piece that fails: the first, and the longest that they grow to.
const REST_MIN: Duration = Duration::from_secs(1);
const REST_MAX: Duration = Duration::from_secs(300);
/// Failures are counted on when the piece fails again within this time of its rest.
const REMEMBERED: SignedDuration = SignedDuration::from_secs(600);
/// A piece that ended well leaves its row; one that is still due soon after has got nowhere.
const WORKED: SignedDuration = SignedDuration::from_secs(5);
/// Pieces that are remembered; beyond that those go that would soon be tried again.
const RESTS_MAX: usize = 10_000;
/// The same cause is told once in this time, however many pieces it hits.
const TOLD: SignedDuration = SignedDuration::from_secs(600);
/// Causes that are remembered.
const CAUSES_MAX: usize = 100;

/// What there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A webhook is to be delivered.
    Webhook,
    /// A bank must be asked what became of a payment.
    Payment,
    /// A lender must be asked how an application stands.
    Loan,
    /// A bank must be asked what became of a refund.
    Refund,
    /// A bank must be asked what became of a capture.
    Capture,
    /// A report that was asked for is to be made.
    Report,
    /// A day is to be compared with its bank's list.
    Reconciliation,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 7] = [
        Kind::Webhook,
        Kind::Payment,
        Kind::Loan,
        Kind::Refund,
        Kind::Capture,
        Kind::Report,
        Kind::Reconciliation,
    ];
}

/// A piece of work that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Whose it is.
    pub merchant_id: i64,
    /// The webhook's id, the payment's, the refund's, the capture's, the report's, or the comparison's.
    pub id: i64,
    /// Since when.
    pub due_at: Timestamp,
    /// Whom it calls on whose behalf: the merchant, who has one webhook address; the POS; the account
    /// at a lender.
    pub lane: i64,
    /// Host and port that it calls; empty when that cannot be told.
    pub host: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Piece {
    kind: Kind,
    merchant_id: i64,
    id: i64,
}

fn piece(kind: Kind, due: &Due) -> Piece {
    Piece {
        kind,
        merchant_id: due.merchant_id,
        id: due.id,
    }
}

/// What became of a piece when it was last worked.
#[derive(Clone, Copy)]
struct Rest {
    /// When it was due then. A row that is due at another moment is another piece of work.
    due_at: Timestamp,
    /// How often it failed in a row; `None` when it ended well.
    failures: u32,
    /// When it may be tried again; when it ended, if well.
    until: Timestamp,
    /// When it ended, by a clock that never goes back.
    ended: Instant,
}

/// What this process is at.
pub struct Desk {
    clock: Arc<dyn Clock>,
    board: Mutex<Board>,
}

#[derive(Default)]
struct Board {
    under_way: HashMap<Piece, (i64, String)>,
    kinds: HashMap<Kind, usize>,
    lanes: HashMap<(Kind, i64), usize>,
    hosts: HashMap<(Kind, String), usize>,
    rests: HashMap<Piece, Rest>,
    told: HashMap<String, Timestamp>,
}

/// Whether a piece may be begun.
pub(crate) enum Admission {
    /// It is now under way.
    Begun(UnderWay),
    /// It is under way, or rests.
    NotNow,
    /// Its lane has enough under way.
    LaneFull,
    /// Its host has.
    HostFull,
    /// All of its kind have.
    Full,
}

impl Desk {
    /// An empty desk.
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Desk> {
        Arc::new(Desk {
            clock,
            board: Mutex::default(),
        })
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lanes of a kind that may begin nothing now. Forgets what is over.
    pub(crate) fn full_lanes(&self, kind: Kind) -> Vec<i64> {
        let now = self.clock.now();
        let mut board = self.board();
        board.rests.retain(|_, rest| !rest.is_over(now));
        let room = board.lane_room(kind);
        let lanes = board.lanes.iter();
        lanes
            .filter(|((of, _), under_way)| *of == kind && **under_way >= room)
            .map(|((_, lane), _)| *lane)
            .collect()
    }

    /// Begins a piece that was due in a look begun at `looked`, if it may be begun.
    pub(crate) fn begin(self: &Arc<Desk>, kind: Kind, due: &Due, looked: Instant) -> Admission {
        let now = self.clock.now();
        let mut board = self.board();
        let piece = piece(kind, due);
        if board.under_way.contains_key(&piece) || self.rests(&mut board, piece, (due, looked), now)
        {
            return Admission::NotNow;
        }
        let count = |found: Option<&usize>| found.copied().unwrap_or(0);
        if count(board.kinds.get(&kind)) >= UNDER_WAY_MAX {
            return Admission::Full;
        }
        if count(board.lanes.get(&(kind, due.lane))) >= board.lane_room(kind) {
            return Admission::LaneFull;
        }
        if count(board.hosts.get(&(kind, due.host.clone()))) >= HOST_MAX {
            return Admission::HostFull;
        }
        let place = (due.lane, due.host.clone());
        *board.kinds.entry(kind).or_default() += 1;
        *board.lanes.entry((kind, due.lane)).or_default() += 1;
        *board.hosts.entry((kind, due.host.clone())).or_default() += 1;
        board.under_way.insert(piece, place);
        Admission::Begun(UnderWay {
            desk: Arc::clone(self),
            kind,
            due: due.clone(),
            ended: false,
        })
    }

    /// Whether a piece rests. One that ended well and is due as before has got nowhere, whatever it
    /// said: that is a failure, too. Not when the look began before its end: that one may have read the
    /// row as it was before.
    fn rests(
        &self,
        board: &mut Board,
        piece: Piece,
        (due, looked): (&Due, Instant),
        now: Timestamp,
    ) -> bool {
        let Some(rest) = board.rests.get(&piece).copied() else {
            return false;
        };
        if rest.due_at != due.due_at {
            board.rests.remove(&piece);
            return false;
        }
        if rest.failures == 0 {
            if looked <= rest.ended {
                return true;
            }
            board.failed(piece, due.due_at, now, "nothing changed by it");
            return true;
        }
        // A clock that went back must not make a rest longer.
        now < rest.until && rest.until <= later(now, REST_MAX * 2)
    }

    fn end(&self, kind: Kind, due: &Due, outcome: Result<(), String>) {
        let now = self.clock.now();
        let mut board = self.board();
        let piece = piece(kind, due);
        if let Some((lane, host)) = board.under_way.remove(&piece) {
            one_less(&mut board.kinds, kind);
            one_less(&mut board.lanes, (kind, lane));
            one_less(&mut board.hosts, (kind, host));
        }
        match outcome {
            Ok(()) => board.went_well(piece, due.due_at, now),
            Err(why) => board.failed(piece, due.due_at, now, &why),
        }
    }
}

fn one_less<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: K) {
    if let std::collections::hash_map::Entry::Occupied(mut count) = counts.entry(key) {
        match *count.get() {
            0 | 1 => drop(count.remove()),
            more => *count.get_mut() = more - 1,
        }
    }
}

fn later(now: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

impl Rest {
    fn is_over(&self, now: Timestamp) -> bool {
        let kept = match self.failures {
            0 => WORKED,
            _ => REMEMBERED,
        };
        now.duration_since(self.until) > kept
    }
}

impl Board {
    /// How many of a kind a lane may have under way.
    fn lane_room(&self, kind: Kind) -> usize {
        match self.kinds.get(&kind) {
            Some(under_way) if *under_way >= CROWDED => 1,
            _ => LANE_MAX,
        }
    }

    fn went_well(&mut self, piece: Piece, due_at: Timestamp, now: Timestamp) {
        let before = self.rests.remove(&piece);
        if before.is_some_and(|rest| rest.failures > 0) {
            let Piece {
                merchant_id, id, ..
            } = piece;
            tracing::info!(kind = ?piece.kind, merchant_id, id, "a piece of due work that had failed went well");
        }
        let until = now;
        self.remember(
            piece,
            Rest {
                due_at,
                failures: 0,
                until,
                ended: Instant::now(),
            },
        );
    }

    fn failed(&mut self, piece: Piece, due_at: Timestamp, now: Timestamp, why: &str) {
        let before = self.rests.remove(&piece);
        let failures = before.map_or(0, |rest| rest.failures) + 1;
        let until = later(now, wait_after(failures, REST_MIN, REST_MAX));
        self.remember(
            piece,
            Rest {
                due_at,
                failures,
                until,
                ended: Instant::now(),
            },
        );
        let Piece {
            merchant_id, id, ..
        } = piece;
        if failures == 1 && self.is_news(why, now) {
            tracing::warn!(kind = ?piece.kind, merchant_id, id, why, "a piece of due work failed; it is tried again, with growing waits");
        } else {
            tracing::debug!(kind = ?piece.kind, merchant_id, id, why, failures, "a piece of due work failed again");
        }
    }

    fn remember(&mut self, piece: Piece, rest: Rest) {
        if self.rests.len() >= RESTS_MAX {
            let soonest = self.rests.iter().min_by_key(|(_, rest)| rest.until);
            if let Some(soonest) = soonest.map(|(piece, _)| *piece) {
                self.rests.remove(&soonest);
            }
        }
        self.rests.insert(piece, rest);
    }

    /// Whether this cause was not told for a while.
    fn is_news(&mut self, why: &str, now: Timestamp) -> bool {
        self.told.retain(|_, at| now.duration_since(*at) < TOLD);
        if self.told.contains_key(why) {
            return false;
        }
        if self.told.len() < CAUSES_MAX {
            self.told.insert(why.to_owned(), now);
        }
        true
    }
}

/// A piece that is under way. One that is dropped before its end has panicked, or was cut short.
pub(crate) struct UnderWay {
    desk: Arc<Desk>,
    pub(crate) kind: Kind,
    pub(crate) due: Due,
    ended: bool,
}

impl UnderWay {
    /// Ends it; true when it went well.
    pub(crate) fn end(mut self, outcome: Result<(), String>) -> bool {
        let well = outcome.is_ok();
        self.desk.end(self.kind, &self.due, outcome);
        self.ended = true;
        well
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if !self.ended {
            let why = "it panicked or was cut short".to_owned();
            self.desk.end(self.kind, &self.due, Err(why));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::MovableClock;

    fn desk() -> (Arc<MovableClock>, Arc<Desk>) {
        let clock = Arc::new(MovableClock::default());
        (Arc::clone(&clock), Desk::new(clock))
    }

    fn due(id: i64, lane: i64, host: &str) -> Due {
        Due {
            merchant_id: lane,
            id,
            due_at: Timestamp::UNIX_EPOCH,
            lane,
            host: host.to_owned(),
        }
    }

    fn begun(desk: &Arc<Desk>, due: &Due) -> Option<UnderWay> {
        match desk.begin(Kind::Webhook, due, Instant::now()) {
            Admission::Begun(turn) => Some(turn),
            _ => None,
        }
    }

    #[test]
    fn a_piece_under_way_is_not_begun_again() {
        let (_, desk) = desk();
        let piece = due(1, 1, "a");
        let turn = begun(&desk, &piece).unwrap();
        assert!(matches!(
            desk.begin(Kind::Webhook, &piece, Instant::now()),
            Admission::NotNow
        ));
        assert!(matches!(
            desk.begin(Kind::Payment, &piece, Instant::now()),
            Admission::Begun(_)
        ));
        assert!(turn.end(Ok(())));
    }

    #[test]
    fn one_lane_takes_some_and_many_lanes_leave_room_for_one_of_each_other() {
        let (_, desk) = desk();
        let mut turns = Vec::new();
        let mut id = 0;
        for lane in 0..100 {
            for _ in 0..20 {
                id += 1;
                turns.extend(begun(&desk, &due(id, lane, &format!("host {lane}"))));
            }
            let of_lane = turns.iter().filter(|turn| turn.due.lane == lane).count();
            let expected = match lane {
                0..12 => LANE_MAX,
                12..44 => 1,
                _ => 0,
            };
            assert_eq!(of_lane, expected, "lane {lane}");
        }
        assert_eq!(turns.len(), UNDER_WAY_MAX);
        assert_eq!(desk.full_lanes(Kind::Webhook).len(), 44);
        drop(turns);
        assert!(begun(&desk, &due(0, 99, "h")).is_some());
        assert!(desk.full_lanes(Kind::Webhook).is_empty());
    }

    #[test]
    fn one_host_takes_some() {
        let (_, desk) = desk();
        let turns: Vec<UnderWay> = (0..60)
            .filter_map(|id| begun(&desk, &due(id, id, "one host")))
            .collect();
        assert_eq!(turns.len(), HOST_MAX);
        assert!(begun(&desk, &due(100, 100, "another")).is_some());
    }

    #[test]
    fn what_fails_rests_longer_each_time_up_to_a_bound() {
        let (clock, desk) = desk();
        let piece = due(1, 1, "a");
        let mut waits = Vec::new();
        for _ in 0..14 {
            let turn = begun(&desk, &piece).unwrap();
            assert!(!turn.end(Err("the disk is full".to_owned())));
            let mut waited = 0;
            while begun(&desk, &piece).map(|turn| turn.forgotten()).is_none() {
                clock.advance_seconds(1);
                waited += 1;
            }
            waits.push(waited);
        }
        assert!(waits[0] <= 2 && waits[4] >= 12, "{waits:?}");
        assert!(waits.iter().all(|wait| *wait <= 361), "{waits:?}");
        assert!(waits[13] >= 239, "{waits:?}");
    }

    #[test]
    fn a_panic_and_work_that_changes_nothing_are_failures() {
        let (clock, desk) = desk();
        let piece = due(1, 1, "a");
        drop(begun(&desk, &piece).unwrap());
        assert!(begun(&desk, &piece).is_none());
        clock.advance_seconds(2);
        assert!(begun(&desk, &piece).unwrap().end(Ok(())));
        assert!(begun(&desk, &piece).is_none());
        // Due at another moment it is another matter.
        let moved = Due {
            due_at: clock.now(),
            ..piece
        };
        assert!(begun(&desk, &moved).is_some());
    }

    #[test]
    fn work_that_ended_while_a_look_read_its_row_has_not_failed() {
        let (clock, desk) = desk();
        let piece = due(1, 1, "a");
        let turn = begun(&desk, &piece).unwrap();
        let looked = Instant::now();
        assert!(turn.end(Ok(())));
        let failures = || {
            let board = desk.board();
            board.rests.values().map(|rest| rest.failures).sum::<u32>()
        };
        // Not even when the clock was set meanwhile.
        for seconds in [0, 2, -86_400] {
            clock.advance_seconds(seconds);
            let admission = desk.begin(Kind::Webhook, &piece, looked);
            assert!(matches!(admission, Admission::NotNow));
            assert_eq!(failures(), 0);
        }
        // A later look that still finds it due found work that changed nothing.
        assert!(begun(&desk, &piece).is_none());
        assert_eq!(failures(), 1);
    }

    #[test]
    fn a_clock_that_goes_back_does_not_keep_work_waiting() {
        let (clock, desk) = desk();
        clock.advance_seconds(86_400);
        let piece = due(1, 1, "a");
        begun(&desk, &piece)
            .unwrap()
            .end(Err("somebody moved first".to_owned()));
        clock.advance_seconds(-86_400);
        assert!(begun(&desk, &piece).is_some());
    }

    #[test]
    fn the_same_cause_is_told_once() {
        let mut board = Board::default();
        let now = Timestamp::UNIX_EPOCH;
        assert!(board.is_news("disk", now) && !board.is_news("disk", now));
        assert!(board.is_news("key", now));
        assert!(board.is_news("disk", later(now, Duration::from_secs(601))));
    }

    impl UnderWay {
        /// Leaves the desk as if it had never begun.
        fn forgotten(mut self) {
            let mut board = self.desk.board();
            board.under_way.clear();
            board.kinds.clear();
            board.lanes.clear();
            board.hosts.clear();
            drop(board);
            self.ended = true;
        }
    }
}
