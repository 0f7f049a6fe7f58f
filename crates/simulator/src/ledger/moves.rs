//! What was done with an order after it was made: each move has a reference of its own, made of its
//! number as the order's is.

use jiff::Timestamp;

use super::order::{Kind, Order, State};
use crate::cards::Purse;
use crate::clock::istanbul;
use crate::named::named;

named! {
    /// What a move did. After `Uncapture` the hold stays.
    MoveKind {
        Capture = "capture",
        Uncapture = "uncapture",
        Void = "void",
        Refund = "refund",
        PointRefund = "point_refund",
    }
}

/// One move of an order.
#[derive(Debug, Clone)]
pub(crate) struct Move {
    /// Numbered with the orders.
    pub(crate) seq: i64,
    /// The shop's id of it, where each message has one; else empty.
    pub(crate) name: String,
    pub(crate) kind: MoveKind,
    /// In minor units of the order's currency, points included.
    pub(crate) amount: i64,
    /// The points among it.
    pub(crate) points: Purse,
    pub(crate) at: Timestamp,
}

impl Order {
    /// Whether it was made, or something was done with it, between two moments; both count.
    pub(crate) fn moved_between(&self, from: Timestamp, until: Timestamp) -> bool {
        let moved = self.moves.iter().map(|made| made.at);
        moved
            .chain([self.created_at])
            .any(|at| (from..=until).contains(&at))
    }

    /// The capture that stands, of a hold.
    pub(crate) fn capture(&self) -> Option<&Move> {
        let about = |one: &&Move| matches!(one.kind, MoveKind::Capture | MoveKind::Uncapture);
        self.moves
            .iter()
            .rev()
            .find(about)
            .filter(|last| last.kind == MoveKind::Capture)
    }

    /// The number by which the money that was taken goes.
    pub(crate) fn taking(&self) -> i64 {
        self.capture().map_or(self.seq, |capture| capture.seq)
    }

    /// What was taken, points included.
    pub(crate) fn captured(&self) -> i64 {
        let taken =
            self.state != State::Declined && (self.kind != Kind::Hold || self.capture().is_some());
        if taken { self.amount } else { 0 }
    }

    /// Closes the day of what was taken, when that is over by the bank's clock: it ends at midnight in
    /// Istanbul (no bank publishes its hour).
    pub(super) fn close_day(&mut self, now: Timestamp) {
        let taken_at = self.capture().map_or(self.created_at, |capture| capture.at);
        if self.state == State::Captured && istanbul(taken_at).date() < istanbul(now).date() {
            self.state = State::Settled;
        }
    }
}
