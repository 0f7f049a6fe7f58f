//! Figures for the overview: what was taken when, who approved how much, why payments failed, what
//! points and loans paid, and how many doubts are open.

use super::{Actor, Permission, Problem, doubts};
use crate::app::App;
use crate::clock::{IDS_A_MILLISECOND, first_id_at, id_epoch, istanbul};
use crate::store::figures::{self, Approvals, Loans, Spent, Stretch};
use contract::enums::{Currency, PaymentStatus};
use contract::errors::ErrorGroup;
use contract::rules::Rule;
use jiff::{SignedDuration, Timestamp};

const HOUR_MILLIS: i64 = 60 * 60 * 1000;
/// Buckets that one answer may have: a year of days, a month of hours.
const BUCKETS_MAX: i64 = 800;

/// How long a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// An hour.
    Hour,
    /// A day on Istanbul's calendar.
    Day,
}

impl Step {
    const fn millis(self) -> i64 {
        match self {
            Step::Hour => HOUR_MILLIS,
            Step::Day => 24 * HOUR_MILLIS,
        }
    }
}

/// Payments of one currency and status that were asked for in one bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// When the bucket begins.
    pub starts_at: Timestamp,
    /// Of the amount.
    pub currency: Currency,
    /// Where the payments stand.
    pub status: PaymentStatus,
    /// How many.
    pub payments: i64,
    /// Minor units taken.
    pub captured: i64,
}

/// A merchant's figures of a stretch of time.
#[derive(Debug, Clone)]
pub struct Figures {
    /// When each bucket begins, also the empty ones.
    pub starts: Vec<Timestamp>,
    /// What is in them.
    pub buckets: Vec<Bucket>,
    /// Approvals by POS, the busiest first.
    pub by_pos: Vec<Approvals>,
    /// Approvals by card brand, the busiest first.
    pub by_brand: Vec<Approvals>,
    /// Failures by group, the most frequent first.
    pub errors: Vec<(ErrorGroup, i64)>,
    /// Points that paid.
    pub rewards: Vec<Spent>,
    /// Loans by bank and state.
    pub loans: Vec<Loans>,
    /// Doubts that are open now, whenever they arose.
    pub doubts: usize,
    /// Payments that were asked for and have no outcome at this moment.
    pub asked: i64,
}

/// A merchant's figures of the payments that were asked for from `from` until before `to`.
pub async fn retrieve(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    (from, to): (Timestamp, Timestamp),
    step: Step,
) -> Result<Figures, Problem> {
    let permission = Permission::LookAtPayments;
    by.require(app, merchant_id, permission, "figures.look", "")
        .await?;
    let cut = Cut::of(from, step);
    let (first, last) = (cut.bucket_of(from), cut.bucket_of(to));
    if from >= to || last - first >= BUCKETS_MAX {
        return Err(Problem::range(Rule::OutOfRange, "to", 1, BUCKETS_MAX));
    }
    let stretch = Stretch {
        merchant_id,
        from: first_id_at(from),
        to: first_id_at(to),
    };
    let cutting = (IDS_A_MILLISECOND, cut.shift, cut.length);
    let (volume, by_pos, by_brand, errors, rewards, loans) = tokio::try_join!(
        figures::volume(app, &stretch, cutting),
        figures::by_pos(app, &stretch),
        figures::by_brand(app, &stretch),
        figures::by_error(app, &stretch),
        figures::rewards(app, &stretch),
        figures::loans(app, &stretch),
    )?;
    let ends_inside = cut.start_of(last) < to;
    let buckets = volume.into_iter().map(|v| Bucket {
        starts_at: cut.start_of(v.bucket),
        currency: v.currency,
        status: v.status,
        payments: v.payments,
        captured: v.captured,
    });
    Ok(Figures {
        starts: (first..last + i64::from(ends_inside))
            .map(|bucket| cut.start_of(bucket))
            .collect(),
        buckets: buckets.collect(),
        by_pos,
        by_brand,
        errors,
        rewards,
        loans,
        doubts: doubts::list(app, by, merchant_id).await?.len(),
        asked: doubts::count_asked(app, by, merchant_id).await?.payments,
    })
}

/// How time is cut into buckets, counted in milliseconds from the ids' beginning. Istanbul's offset
/// at the stretch's beginning holds for all of it; it has not changed since 2016.
struct Cut {
    shift: i64,
    length: i64,
}

impl Cut {
    fn of(from: Timestamp, step: Step) -> Cut {
        Cut {
            shift: i64::from(istanbul(from).offset().seconds()) * 1000,
            length: step.millis(),
        }
    }

    fn bucket_of(&self, moment: Timestamp) -> i64 {
        let millis = moment.duration_since(id_epoch()).as_millis().max(0);
        let millis = i64::try_from(millis).unwrap_or(i64::MAX / 2);
        (millis + self.shift) / self.length
    }

    fn start_of(&self, bucket: i64) -> Timestamp {
        let millis = bucket
            .saturating_mul(self.length)
            .saturating_sub(self.shift);
        id_epoch()
            .checked_add(SignedDuration::from_millis(millis))
            .unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_midnight_in_istanbul_and_hours_on_the_hour() {
        let moment: Timestamp = "2026-03-01T21:30:00Z".parse().unwrap();
        let days = Cut::of(moment, Step::Day);
        let start = days.start_of(days.bucket_of(moment));
        assert_eq!(start.to_string(), "2026-03-01T21:00:00Z");
        let before: Timestamp = "2026-03-01T20:59:59.999Z".parse().unwrap();
        assert_eq!(days.bucket_of(before) + 1, days.bucket_of(moment));
        let hours = Cut::of(moment, Step::Hour);
        let start = hours.start_of(hours.bucket_of(moment));
        assert_eq!(start.to_string(), "2026-03-01T21:00:00Z");
    }
}
