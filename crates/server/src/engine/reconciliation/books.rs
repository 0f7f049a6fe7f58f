//! What the books say of a POS's day: the orders that were asked on it or close to it, and those that its bank's list
//! names.

use super::{begin_of, end_of};
use crate::app::App;
use crate::clock::{first_id_at, istanbul};
use crate::problem::Problem;
use crate::store::attempts::{self, Attempt};
use crate::store::captures::{self, Capture};
use crate::store::payments;
use crate::store::poses::Pos;
use crate::store::refunds::{self, Refund};
use connectors::bank::BankMove;
use contract::enums::{Currency, PaymentPhase};
use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeSet, HashMap};

/// How far a bank's midnight may be from ours: what is closer to it may be on the neighbouring day's list.
pub(super) const MIDNIGHT_MARGIN: SignedDuration = SignedDuration::from_mins(30);
/// How long before it is asked an attempt may have been made: a shop completes 3DS within three days.
const MADE_BEFORE: SignedDuration = SignedDuration::from_hours(4 * 24);
/// Rows that are read at a time.
const PAGE: usize = 500;
/// Attempts of a day that are compared.
const ATTEMPTS_MAX: usize = 200_000;

/// An order as the books have it.
pub(super) struct Ours {
    pub(super) payment_id: i64,
    pub(super) order_id: String,
    pub(super) currency: Currency,
    pub(super) is_hold: bool,
    pub(super) attempt: Attempt,
    /// Of the payment, where this order took its money.
    pub(super) captures: Vec<Capture>,
    /// Of the payment, where this order took its money.
    pub(super) refunds: Vec<Refund>,
}

/// The orders of a day, by their plain ids; tries under one id oldest first.
pub(super) struct Books {
    pub(super) orders: HashMap<String, Vec<Ours>>,
    /// Plain ids of the merchant's orders at other POSes, which may have the same account: they are compared there.
    pub(super) elsewhere: BTreeSet<String>,
}

/// An order id without what a bank may put in front of it: `TDS_` for 3DS, and zeros that fill it up.
pub(super) fn plain_id(order_id: &str) -> &str {
    let id = order_id.trim();
    id.strip_prefix("TDS_")
        .unwrap_or(id)
        .trim_start_matches('0')
}

impl Books {
    /// Reads them for what is `told` of the day.
    pub(super) async fn read(
        app: &App,
        pos: &Pos,
        day: Date,
        told: &[BankMove],
    ) -> Result<Books, Problem> {
        let mut attempts = asked_on(app, pos, day).await?;
        let known: BTreeSet<&str> = attempts.iter().map(|one| plain_id(&one.order_id)).collect();
        let named: BTreeSet<&str> = told.iter().map(|one| plain_id(&one.order_id)).collect();
        let missing: Vec<&str> = named.difference(&known).copied().collect();
        let mut payments: BTreeSet<i64> = moved_on(app, pos, day).await?;
        for ids in missing.chunks(PAGE) {
            payments.extend(attempts::payments_of_orders(app, pos.merchant_id, ids).await?);
        }
        let mut elsewhere = BTreeSet::new();
        let there: BTreeSet<i64> = attempts.iter().map(|one| one.id).collect();
        let payments: Vec<i64> = payments.into_iter().collect();
        for ids in payments.chunks(PAGE) {
            let found = attempts::of_payments(app, pos.merchant_id, ids).await?;
            for one in found {
                if one.pos_id != pos.id {
                    elsewhere.insert(plain_id(&one.order_id).to_owned());
                } else if !there.contains(&one.id) {
                    attempts.push(one);
                }
            }
        }
        let mut books = Books {
            orders: HashMap::new(),
            elsewhere,
        };
        for some in attempts.chunks(PAGE) {
            books.add(app, pos.merchant_id, some).await?;
        }
        Ok(books)
    }

    async fn add(
        &mut self,
        app: &App,
        merchant_id: i64,
        attempts: &[Attempt],
    ) -> Result<(), Problem> {
        let ids: BTreeSet<i64> = attempts.iter().map(|one| one.payment_id).collect();
        let ids: Vec<i64> = ids.into_iter().collect();
        let payments = payments::of_ids(app, merchant_id, &ids).await?;
        let refunds = refunds::of_payments(app, merchant_id, &ids).await?;
        let captures = captures::of_payments(app, merchant_id, &ids).await?;
        for attempt in attempts {
            let Some(payment) = payments.get(&attempt.payment_id) else {
                continue;
            };
            let took = matches!(attempt.state, attempts::AttemptState::Approved);
            let of = |payment_id: i64| took && payment_id == attempt.payment_id;
            let order = Ours {
                payment_id: attempt.payment_id,
                order_id: attempt.order_id.clone(),
                currency: payment.currency,
                is_hold: payment.phase != PaymentPhase::Auth,
                attempt: attempt.clone(),
                captures: captures
                    .iter()
                    .filter(|one| of(one.payment_id))
                    .cloned()
                    .collect(),
                refunds: refunds
                    .iter()
                    .filter(|one| of(one.payment_id))
                    .cloned()
                    .collect(),
            };
            let id = plain_id(&attempt.order_id).to_owned();
            self.orders.entry(id).or_default().push(order);
        }
        Ok(())
    }
}

/// The day with what is close to it.
fn around(day: Date) -> std::ops::Range<Timestamp> {
    let earlier = begin_of(day).checked_sub(MIDNIGHT_MARGIN);
    let later = end_of(day).checked_add(MIDNIGHT_MARGIN);
    earlier.unwrap_or(Timestamp::MIN)..later.unwrap_or(Timestamp::MAX)
}

async fn asked_on(app: &App, pos: &Pos, day: Date) -> Result<Vec<Attempt>, Problem> {
    let asked = around(day);
    let made = asked.start.checked_sub(MADE_BEFORE);
    let first = first_id_at(made.unwrap_or(Timestamp::UNIX_EPOCH));
    let before = first_id_at(asked.end);
    let of = (pos.merchant_id, pos.id);
    let mut all = Vec::new();
    let mut behind = first - 1;
    loop {
        let limit = i64::try_from(PAGE).unwrap_or(i64::MAX);
        let page = attempts::of_pos(app, of, &asked, (behind, before), limit).await?;
        let is_last = page.len() < PAGE;
        behind = page.last().map_or(before, |last| last.id);
        all.extend(page);
        if all.len() > ATTEMPTS_MAX {
            return Err(Problem::unavailable("a day with too many attempts"));
        }
        if is_last {
            return Ok(all);
        }
    }
}

/// Payments of which something was taken or given back on the day, or close to it.
async fn moved_on(app: &App, pos: &Pos, day: Date) -> Result<BTreeSet<i64>, Problem> {
    let range = around(day);
    let ids = first_id_at(range.start)..first_id_at(range.end);
    let of = (pos.merchant_id, pos.id);
    let mut payments = BTreeSet::new();
    payments.extend(refunds::payments_of_pos(app, of, ids.clone()).await?);
    payments.extend(captures::payments_of_pos(app, of, ids).await?);
    Ok(payments)
}

/// A moment in Istanbul.
pub(super) fn local(at: Timestamp) -> DateTime {
    istanbul(at).datetime()
}
