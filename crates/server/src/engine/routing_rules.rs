//! A merchant's routing rules: which of them decides about a payment, and what it makes of the POSes that can
//! take it. Pure: the same rules and the same payment always lead to the same POSes.

use super::need::Need;
use crate::clock::istanbul;
use crate::store::poses::Pos;
use crate::store::routing_rules::{
    ActionKind, Conditions, Content, Hours, Instruction, RoutingRule, Target, Weekday,
};
use contract::enums::PaymentPhase;
use contract::money::Money;
use jiff::Timestamp;
use std::cmp::Ordering;
use std::sync::Arc;

/// What rules ask of a payment beyond what a POS must know of it.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    /// The first digits of its card: eight of a whole number.
    pub digits: &'a str,
    /// The shop's own id of the buyer.
    pub buyer: Option<i64>,
    /// When it is made.
    pub at: Timestamp,
    /// A sale, or a hold.
    pub phase: PaymentPhase,
    /// Its id, which decides in which share of a split it is.
    pub payment_id: i64,
}

/// What became of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It decided: its POSes take the payment.
    Decided,
    /// It allows its own POSes alone, and none of them can take the payment, which is refused.
    Refused,
    /// It is about this payment, but none of its POSes can take it.
    PassedOver,
    /// This condition does not hold.
    Unmet(&'static str),
    /// It is switched off.
    Off,
    /// It cannot be read.
    Unreadable,
    /// One before it decided.
    NotAsked,
}

/// What the rules came to.
pub(super) struct Ruling<'a> {
    /// What became of each.
    pub fates: Vec<Fate>,
    /// The one that decided, or refused.
    pub rule: Option<(&'a RoutingRule, &'a Instruction)>,
}

/// Asks the rules in order about a payment that `able` can take. The first one that is about it and has one
/// of them decides; one that has none is passed over, unless it allows no others.
pub(super) fn ask<'a>(
    rules: &'a [RoutingRule],
    able: &[Arc<Pos>],
    need: &Need<'_>,
    occasion: &Occasion<'_>,
) -> Ruling<'a> {
    let mut deciding = None;
    let fates = rules.iter().map(|rule| {
        if deciding.is_some() {
            return Fate::NotAsked;
        }
        let instruction = match &rule.content {
            Content::Read(instruction) => instruction,
            Content::Unreadable { .. } => return Fate::Unreadable,
        };
        if !rule.active {
            return Fate::Off;
        }
        if let Some(condition) = unmet(&instruction.when, need, occasion) {
            return Fate::Unmet(condition);
        }
        let names = |pos: &Arc<Pos>| target(instruction, pos).is_some();
        let fate = match (able.iter().any(names), instruction.then.kind) {
            (true, _) => Fate::Decided,
            (false, ActionKind::Only) => Fate::Refused,
            (false, ActionKind::First | ActionKind::Split) => return Fate::PassedOver,
        };
        deciding = Some((rule, instruction));
        fate
    });
    let fates = fates.collect();
    Ruling {
        fates,
        rule: deciding,
    }
}

/// How a rule speaks of a POS.
pub(super) fn target<'a>(instruction: &'a Instruction, pos: &Pos) -> Option<&'a Target> {
    let mut poses = instruction.then.poses.iter();
    poses.find(|target| target.alias == pos.alias)
}

/// Puts the POSes of a rule before the others, in its order; those of a split behind the one in whose share
/// the payment is.
pub(super) fn put_first(instruction: &Instruction, able: &mut [Arc<Pos>], payment_id: i64) {
    let targets = &instruction.then.poses;
    let drawn = match instruction.then.kind {
        ActionKind::Split => drawn(targets, able, payment_id),
        ActionKind::First | ActionKind::Only => None,
    };
    let place = |pos: &Arc<Pos>| targets.iter().position(|target| target.alias == pos.alias);
    // Stable: the others stay as they were.
    able.sort_by(|one, other| {
        let is_drawn = |pos: &Pos| drawn.is_some_and(|drawn| drawn.alias == pos.alias);
        let by_draw = is_drawn(other).cmp(&is_drawn(one));
        by_draw.then(match (place(one), place(other)) {
            (Some(one), Some(other)) => one.cmp(&other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        })
    });
}

/// The POS in whose share a payment is. A payment whose POS cannot take it is drawn again among those that
/// can, in proportion to their shares; all others stay where they were.
fn drawn<'a>(targets: &'a [Target], able: &[Arc<Pos>], payment_id: i64) -> Option<&'a Target> {
    let is_able = |target: &Target| able.iter().any(|pos| pos.alias == target.alias);
    let all: Vec<&Target> = targets.iter().collect();
    let first = pick(&all, draw(payment_id, 0)).filter(|target| is_able(target));
    let rest: Vec<&Target> = all.into_iter().filter(|target| is_able(target)).collect();
    first.or_else(|| pick(&rest, draw(payment_id, 1)))
}

/// The target in whose share a number falls.
fn pick<'a>(targets: &[&'a Target], number: u64) -> Option<&'a Target> {
    let share = |target: &Target| u64::from(target.percent.unwrap_or(0));
    let sum: u64 = targets.iter().map(|target| share(target)).sum();
    let mut left = number.checked_rem(sum)?;
    targets.iter().copied().find(|target| {
        let is_here = left < share(target);
        left = left.saturating_sub(share(target));
        is_here
    })
}

/// A number of a payment that is as good as random, and the same whoever works it out, whenever: the
/// finalizer of SplitMix64 (Steele, Lea, Flood 2014).
fn draw(payment_id: i64, round: u64) -> u64 {
    const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
    let seed = payment_id.cast_unsigned();
    let mut bits = seed.wrapping_add(GAMMA.wrapping_mul(round + 1));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The first condition that does not hold, as [`Conditions`] are spelled.
fn unmet(when: &Conditions, need: &Need<'_>, occasion: &Occasion<'_>) -> Option<&'static str> {
    let card = need.bin;
    let amount = Money::new(need.amount, need.currency).decimal();
    let now = istanbul(occasion.at);
    let hour = u8::try_from(now.hour()).unwrap_or(0);
    let day = usize::try_from(now.weekday().to_monday_zero_offset()).unwrap_or(0);
    let is = |wanted: Option<bool>, holds: Option<bool>| wanted.is_none() || wanted == holds;
    let begins = |bin: &String| occasion.digits.starts_with(bin);
    let conditions = [
        ("bins", when.bins.is_empty() || when.bins.iter().any(begins)),
        (
            "families",
            one_of(&when.families, card.map(|card| &card.family)),
        ),
        (
            "issuers",
            one_of(&when.issuers, card.map(|card| &card.bank_code)),
        ),
        (
            "cardTypes",
            one_of(
                &when.card_types,
                card.and_then(|card| card.card_type.as_ref()),
            ),
        ),
        (
            "commercial",
            is(when.commercial, card.and_then(|card| card.commercial)),
        ),
        ("foreign", is(when.foreign, Some(card.is_none()))),
        (
            "currency",
            when.currency
                .is_none_or(|currency| currency == need.currency),
        ),
        (
            "amount",
            when.amount_from.is_none_or(|from| amount >= from)
                && when.amount_to.is_none_or(|to| amount <= to),
        ),
        (
            "installment",
            when.installment_from
                .is_none_or(|from| need.installment >= from)
                && when.installment_to.is_none_or(|to| need.installment <= to),
        ),
        (
            "hours",
            when.hours.is_none_or(|hours| is_within(hours, hour)),
        ),
        ("weekdays", one_of(&when.weekdays, Weekday::ALL.get(day))),
        ("buyers", one_of(&when.buyers, occasion.buyer.as_ref())),
        ("threeDS", is(when.threeds, Some(need.threeds))),
        (
            "phase",
            when.phase.is_none_or(|phase| phase == occasion.phase),
        ),
    ];
    let mut conditions = conditions.into_iter();
    conditions.find(|(_, holds)| !holds).map(|(name, _)| name)
}

/// Whether a value is one of those that are wanted; without any, every one is.
fn one_of<T: PartialEq>(wanted: &[T], value: Option<&T>) -> bool {
    wanted.is_empty() || value.is_some_and(|value| wanted.contains(value))
}

fn is_within(hours: Hours, hour: u8) -> bool {
    if hours.from < hours.to {
        (hours.from..hours.to).contains(&hour)
    } else {
        hour >= hours.from || hour < hours.to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(alias: &str, percent: u8) -> Target {
        Target {
            alias: alias.to_owned(),
            percent: Some(percent),
        }
    }

    #[test]
    fn hours_may_go_over_midnight() {
        let within = |from, to| -> Vec<u8> {
            let hours = Hours { from, to };
            (0..24).filter(|hour| is_within(hours, *hour)).collect()
        };
        assert_eq!(within(9, 12), [9, 10, 11]);
        assert_eq!(within(22, 2), [0, 1, 22, 23]);
        assert_eq!(within(0, 24).len(), 24);
        assert_eq!(within(23, 24), [23]);
    }

    #[test]
    fn shares_come_out_as_they_are_written() {
        let targets = [target("a", 70), target("b", 25), target("c", 5)];
        let targets: Vec<&Target> = targets.iter().collect();
        // Ids as they are made: a few in a millisecond, then some milliseconds nothing.
        let ids = (0..100_000_i64).map(|n| (n / 3) * 4096 * 7 + n % 3);
        let mut counts = [0; 3];
        for id in ids {
            let alias = &pick(&targets, draw(id, 0)).unwrap().alias;
            counts[["a", "b", "c"].iter().position(|one| one == alias).unwrap()] += 1;
        }
        for (count, expected) in counts.into_iter().zip([70_000, 25_000, 5_000]) {
            assert!(
                (expected - 600..expected + 600).contains(&count),
                "{counts:?}"
            );
        }
        assert!(pick(&[], 7).is_none());
    }

    #[test]
    fn what_a_payment_draws_never_changes() {
        let numbers = [draw(1, 0), draw(375_617_763_536_896, 0), draw(1, 1)];
        assert_eq!(numbers[0], 0x910a_2dec_8902_5cc1);
        assert_ne!(numbers[0], numbers[2]);
        assert_eq!(numbers[1], draw(375_617_763_536_896, 0));
    }
}
