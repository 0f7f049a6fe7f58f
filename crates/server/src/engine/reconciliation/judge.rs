//! One order: what the bank's list of a day tells of it against what the books say. Pure.

use super::books::{MIDNIGHT_MARGIN, Ours, local};
use crate::store::attempts::{Attempt, AttemptState};
use crate::store::captures::{Capture, CaptureState};
use crate::store::reconciliations::DifferenceKind as Kind;
use crate::store::refunds::{Refund, RefundState};
use connectors::bank::{BankMove, ListGaps, MoveKind, MoveOutcome};
use contract::enums::Currency;
use jiff::Timestamp;
use jiff::civil::{Date, Time};

/// What came of an order.
#[derive(Default)]
pub(super) struct Judgement<'a> {
    pub(super) findings: Vec<Finding>,
    /// What is in doubt here and told there.
    pub(super) asked: Vec<Asked<'a>>,
}

impl Judgement<'_> {
    /// Something is missing that may be on a neighbouring day's list.
    pub(super) fn is_near(&self) -> bool {
        self.findings.iter().any(|one| one.near.is_some())
    }

    fn found(&mut self, kind: Kind, ours: Option<i64>, theirs: Option<i64>) -> &mut Finding {
        self.findings.push(Finding {
            kind,
            ours,
            theirs,
            their_currency: None,
            near: None,
            beside: 0,
        });
        let last = self.findings.len() - 1;
        &mut self.findings[last]
    }
}

/// What the bank is to be asked about at once.
pub(super) enum Asked<'a> {
    Attempt(&'a Attempt),
    Refund(&'a Refund),
    Capture(&'a Capture),
}

/// A difference.
pub(super) struct Finding {
    pub(super) kind: Kind,
    pub(super) ours: Option<i64>,
    pub(super) theirs: Option<i64>,
    pub(super) their_currency: Option<Currency>,
    /// Of what is missing in the list but stands close to midnight: whether at the day's beginning.
    pub(super) near: Option<bool>,
    /// Of what is missing of a refund: what else is booked as given back on the neighbouring day.
    beside: i64,
}

impl Finding {
    /// Whether the moves of the order on the neighbouring day are what is missing.
    pub(super) fn is_told_by(&self, moves: &[&BankMove]) -> bool {
        let mut there = moves
            .iter()
            .filter(|one| matches!(one.outcome, MoveOutcome::Worked | MoveOutcome::Undone));
        let is_undone =
            |one: &BankMove| one.kind == MoveKind::Void || one.outcome == MoveOutcome::Undone;
        match self.kind {
            Kind::CapturedHere => there.any(|one| one.kind == MoveKind::Capture),
            Kind::TakenFailed | Kind::Held => {
                there.any(|one| is_undone(one) || one.kind == MoveKind::Refund)
            }
            // Refunds of a day are many: those that are booked there are not the one that is missing here.
            Kind::GivenBackHere => {
                let missing = self.ours.unwrap_or(0) - self.theirs.unwrap_or(0);
                let mut listed = 0_i64;
                for one in there {
                    match one.amount.filter(|_| !is_undone(one)) {
                        Some(amount) if one.kind == MoveKind::Refund => {
                            listed = listed.saturating_add(amount);
                        }
                        Some(_) => {}
                        // The whole went back, or nobody can tell how much.
                        None => return true,
                    }
                }
                listed >= missing.saturating_add(self.beside)
            }
            _ => there.any(|one| matches!(one.kind, MoveKind::Sale | MoveKind::Hold)),
        }
    }
}

/// Of several tries under one order id the one that counts: what was taken, else what is in doubt, else the last.
pub(super) fn of_tries(tries: &[Ours]) -> Option<&Ours> {
    let of = |wanted: &[AttemptState]| {
        let mut found = tries.iter().rev();
        found.find(|one| wanted.contains(&one.attempt.state))
    };
    of(&[AttemptState::Approved])
        .or_else(|| of(&IN_DOUBT))
        .or(tries.last())
}

/// Attempts without an outcome.
const IN_DOUBT: [AttemptState; 6] = [
    AttemptState::Doubt,
    AttemptState::Review,
    AttemptState::Asked,
    AttemptState::Reversing,
    AttemptState::Page,
    AttemptState::Verified,
];

/// Moves of one kind that worked, undone ones too.
#[derive(Default, Clone, Copy)]
struct Sum {
    count: usize,
    /// `None` where the bank tells no amount of one of them.
    amount: Option<i64>,
    /// The amount of each of them; `None` where they differ, or the bank does not tell.
    each: Option<i64>,
}

/// What the list tells of an order.
#[derive(Default)]
struct Told {
    sold: Sum,
    held: Sum,
    captured: Sum,
    refunded: i64,
    /// What went back is told without a day: it is all that did until now.
    is_back_until_now: bool,
    /// Voids that are listed, and so were made on this day.
    voids: usize,
    /// Moves that are marked as undone, with or without a row of their void.
    marks: usize,
    /// What cannot be told, beside moves that no document names.
    is_unclear: bool,
    has_other: bool,
    currency: Option<Currency>,
}

impl Told {
    fn of(rows: &[&BankMove]) -> Told {
        let mut told = Told::default();
        for row in rows {
            told.currency = told.currency.or(row.currency);
            match row.outcome {
                MoveOutcome::Failed => continue,
                MoveOutcome::Unclear if row.kind == MoveKind::Other => told.has_other = true,
                MoveOutcome::Unclear => told.is_unclear = true,
                MoveOutcome::Worked | MoveOutcome::Undone => told.add(row),
            }
        }
        told
    }

    fn add(&mut self, row: &BankMove) {
        let sum = match row.kind {
            MoveKind::Sale => &mut self.sold,
            MoveKind::Hold => &mut self.held,
            MoveKind::Capture => &mut self.captured,
            MoveKind::Void => {
                self.voids += 1;
                return;
            }
            MoveKind::Refund => {
                match row.amount {
                    _ if row.outcome == MoveOutcome::Undone => {}
                    Some(amount) => {
                        self.refunded = self.refunded.saturating_add(amount);
                        self.is_back_until_now |= row.at.is_none();
                    }
                    // Money went back, and how much of it is not told.
                    None => self.is_unclear = true,
                }
                return;
            }
            MoveKind::Other => {
                self.has_other = true;
                return;
            }
        };
        let before = if sum.count == 0 { Some(0) } else { sum.amount };
        let both = before.zip(row.amount);
        sum.amount = both.and_then(|(before, amount)| before.checked_add(amount));
        sum.each = match sum.count {
            0 => row.amount,
            _ => sum.each.filter(|each| row.amount == Some(*each)),
        };
        sum.count += 1;
        self.marks += usize::from(row.outcome == MoveOutcome::Undone);
    }

    /// How many moves were undone: a bank lists the void, marks what it undid, or both.
    fn undone(&self) -> usize {
        self.voids.max(self.marks)
    }

    /// What was taken, or else held.
    fn begun(&self) -> (Kind, Sum) {
        let mut taken = [self.captured, self.sold].into_iter();
        match taken.find(|sum| sum.count > 0) {
            Some(sum) => (Kind::TakenFailed, sum),
            None => (Kind::Held, self.held),
        }
    }

    /// All that is listed of the order was undone, perhaps what was begun on another day.
    fn is_voided(&self) -> bool {
        self.undone() > 0 && self.undone() >= self.begun().1.count
    }

    /// What the bank keeps: taken, or held, with its amount where what was undone leaves one. A bank that sells twice
    /// under one id may have undone one of the sales.
    fn kept(&self) -> Option<(Kind, Option<i64>)> {
        let (kind, sum) = self.begun();
        let left = sum
            .count
            .checked_sub(self.undone())
            .filter(|left| *left > 0)?;
        let amount = match self.undone() {
            0 => sum.amount,
            _ => sum
                .each
                .zip(i64::try_from(left).ok())
                .and_then(|(each, left)| each.checked_mul(left)),
        };
        let is_back = amount.is_some_and(|amount| self.refunded >= amount);
        (!is_back).then_some((kind, amount))
    }
}

/// Compares what is listed of an order on `day` with what is ours of it.
pub(super) fn order<'a>(
    day: Date,
    gaps: ListGaps,
    rows: &[&BankMove],
    ours: Option<&'a Ours>,
) -> Judgement<'a> {
    let told = Told::of(rows);
    let mut judged = Judgement::default();
    let Some(ours) = ours else {
        unknown(&told, &mut judged);
        return judged;
    };
    let is_earlier = local(ours.attempt.asked_at).date() < day;
    if gaps.later_moves && is_earlier && rows.is_empty() {
        return judged;
    }
    if told.is_unclear || told.has_other {
        judged.found(Kind::Unclear, Some(ours.attempt.amount), None);
        judged.asked.push(Asked::Attempt(&ours.attempt));
        return judged;
    }
    match ours.attempt.state {
        AttemptState::Approved if gaps.holds && ours.is_hold => {
            given_back(day, &told, ours, &mut judged);
        }
        AttemptState::Approved => approved(day, &told, ours, &mut judged),
        AttemptState::Declined | AttemptState::NotSent | AttemptState::Reversed => {
            if let Some((kind, theirs)) = told.kept() {
                // It was undone, perhaps on the neighbouring day.
                let is_undone = ours.attempt.state == AttemptState::Reversed;
                let near = near_midnight(ours.attempt.asked_at).filter(|_| is_undone);
                judged.found(kind, None, theirs).near = near;
                judged.asked.push(Asked::Attempt(&ours.attempt));
            }
        }
        _ => {
            if told.sold.count + told.held.count > 0 {
                judged.asked.push(Asked::Attempt(&ours.attempt));
            }
            if let Some((kind, theirs)) = told.kept() {
                let kind = match kind {
                    Kind::Held if !ours.is_hold => Kind::Held,
                    _ => Kind::TakenInDoubt,
                };
                judged.found(kind, Some(ours.attempt.amount), theirs);
            }
        }
    }
    judged
}

/// An order that no payment has: somebody may use the account outside.
fn unknown(told: &Told, judged: &mut Judgement<'_>) {
    if told.is_unclear {
        judged.found(Kind::Unclear, None, told.sold.amount);
    } else if let Some((kind, theirs)) = told.kept() {
        let kind = match kind {
            Kind::Held => Kind::Held,
            _ => Kind::TakenUnknown,
        };
        judged.found(kind, None, theirs);
    } else if told.refunded > 0 && told.sold.count + told.captured.count == 0 {
        judged.found(Kind::GivenBackAtBank, None, Some(told.refunded));
    }
}

fn approved<'a>(day: Date, told: &Told, ours: &'a Ours, judged: &mut Judgement<'a>) {
    let attempt = &ours.attempt;
    let began = if ours.is_hold { told.held } else { told.sold };
    if began.count > 0 {
        let points = attempt
            .spent()
            .map_or(0, |spent| spent.card + spent.firm + spent.mile);
        let fits = [attempt.amount, attempt.amount - points];
        let is_other = told
            .currency
            .is_some_and(|currency| currency != ours.currency);
        if is_other || began.amount.is_some_and(|amount| !fits.contains(&amount)) {
            let finding = judged.found(Kind::Amount, Some(attempt.amount), began.amount);
            finding.their_currency = told.currency.filter(|_| is_other);
        }
    } else if !ours.is_hold && told.held.count > 0 {
        judged.found(Kind::Held, Some(attempt.amount), told.held.amount);
    } else if ours.is_hold && told.sold.count > 0 {
        // Taken of a hold that is not told of: some banks call that a sale.
    } else if local(attempt.asked_at).date() == day {
        let near = near_midnight(attempt.asked_at);
        judged
            .found(Kind::NotAtBank, Some(attempt.amount), None)
            .near = near;
        // What never was there is neither captured nor given back there.
        return;
    }
    if ours.is_hold {
        captured(day, told, ours, judged);
    }
    given_back(day, told, ours, judged);
}

fn captured<'a>(day: Date, told: &Told, ours: &'a Ours, judged: &mut Judgement<'a>) {
    let told = if told.captured.count > 0 {
        told.captured
    } else {
        told.sold
    };
    let made = made_capture(ours);
    let open = ours.captures.iter().find(|one| one.state.is_open());
    match (told.count > 0, made, open) {
        (true, Some(made), _) => {
            let theirs = told.amount;
            if theirs.is_some_and(|theirs| theirs != made.amount.minor) {
                judged.found(Kind::Amount, Some(made.amount.minor), theirs);
            }
        }
        (true, None, Some(open)) => judged.asked.push(Asked::Capture(open)),
        (true, None, None) => {
            judged.found(Kind::CapturedAtBank, None, told.amount);
        }
        (false, Some(made), _) if local(made.asked_at).date() == day => {
            let near = near_midnight(made.asked_at);
            judged
                .found(Kind::CapturedHere, Some(made.amount.minor), None)
                .near = near;
        }
        (false, _, _) => {}
    }
}

fn made_capture(ours: &Ours) -> Option<&Capture> {
    let mut captures = ours.captures.iter();
    captures.find(|one| one.state == CaptureState::Approved)
}

/// What went back on the day, by sums: banks list a void, a refund of the whole, or neither but a sale that is undone.
fn given_back<'a>(day: Date, told: &Told, ours: &'a Ours, judged: &mut Judgement<'a>) {
    let whole = made_capture(ours).map_or(ours.attempt.amount, |made| made.amount.minor);
    let theirs = if told.is_voided() {
        whole
    } else {
        told.refunded
    };
    // A mark does not say on which day it was undone.
    let mut made = ours.refunds.iter();
    if told.is_voided() && told.voids == 0 && made.any(|one| one.state == RefundState::Approved) {
        return;
    }
    let (mut booked, mut near, mut least, mut most) = (0_i64, None, 0_i64, 0_i64);
    for refund in &ours.refunds {
        let on_day = local(refund.asked_at).date() == day;
        let close = near_midnight(refund.asked_at);
        match refund.state {
            // A person gave it back outside, on whichever day.
            RefundState::Approved if refund.marked => most = most.saturating_add(refund.amount),
            RefundState::Approved if on_day => {
                booked = booked.saturating_add(refund.amount);
                most = most.saturating_add(refund.amount);
                match close {
                    Some(early) => near = Some(early),
                    None => least = least.saturating_add(refund.amount),
                }
            }
            RefundState::Approved if told.is_back_until_now || is_beside(day, refund.asked_at) => {
                most = most.saturating_add(refund.amount);
            }
            state if state.is_open() => {
                most = most.saturating_add(refund.amount);
                if theirs > booked {
                    judged.asked.push(Asked::Refund(refund));
                }
            }
            _ => {}
        }
    }
    // Whether the points among a refund are in the bank's amount is not told by every bank.
    if theirs > 0 && booked > 0 && ours.attempt.spent().is_some() {
        return;
    }
    if theirs > most {
        judged.found(Kind::GivenBackAtBank, Some(booked), Some(theirs));
    } else if theirs < least {
        judged.found(Kind::GivenBackHere, Some(booked), Some(theirs));
    } else if let (true, Some(early)) = (theirs < booked, near) {
        let finding = judged.found(Kind::GivenBackHere, Some(booked), Some(theirs));
        finding.near = near;
        finding.beside = booked_beside(day, early, &ours.refunds);
    }
}

/// What is booked as given back on the neighbouring day, but for what the bank may list on the day beyond it.
fn booked_beside(day: Date, early: bool, refunds: &[Refund]) -> i64 {
    let neighbour = if early {
        day.yesterday()
    } else {
        day.tomorrow()
    };
    let is_there = |one: &&Refund| {
        let sure = near_midnight(one.asked_at) != Some(early);
        let is_made = one.state == RefundState::Approved && !one.marked;
        is_made
            && sure
            && neighbour
                .as_ref()
                .is_ok_and(|day| *day == local(one.asked_at).date())
    };
    let there = refunds.iter().filter(is_there);
    there.fold(0, |sum, one| sum.saturating_add(one.amount))
}

/// Whether a moment is of a neighbouring day, and so close to `day` that the bank may list it there.
fn is_beside(day: Date, at: Timestamp) -> bool {
    let of = local(at).date();
    match near_midnight(at) {
        Some(true) => day.tomorrow().is_ok_and(|next| next == of),
        Some(false) => day.yesterday().is_ok_and(|last| last == of),
        None => false,
    }
}

/// Whether a moment is so close to midnight that the bank may list it on the neighbouring day; and if, whether at a
/// day's beginning.
fn near_midnight(at: Timestamp) -> Option<bool> {
    let since = local(at).time().duration_since(Time::midnight());
    let day = jiff::SignedDuration::from_hours(24);
    if since < MIDNIGHT_MARGIN {
        Some(true)
    } else {
        (day - since <= MIDNIGHT_MARGIN).then_some(false)
    }
}
