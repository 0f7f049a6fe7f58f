//! A refund that was settled as not made may be made after all: its request was on its way for longer than anybody
//! waits. It is noticed before the next refund of the payment, and by one look a day later, and the books follow.

use super::by_lender;
use super::outcome::{LOOK_AFTER, believe, is_not_made};
use super::party::{Party, Told};
use crate::app::App;
use crate::problem::Problem;
use crate::store::db::{Commit, Unavailable};
use crate::store::merchants::Merchant;
use crate::store::payments::Payment;
use crate::store::refunds::{self, Refund, RefundKind, RefundState};
use connectors::bank::{GivenBack, Reversed};
use jiff::SignedDuration;

/// Looks that fail are given up so long after the bank was asked to give back.
const LOOKS_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Books what bank or lender tell and the books do not know. True when something was booked.
pub(super) async fn book(
    app: &App,
    merchant: &Merchant,
    payment: &Payment,
    party: &Party,
    told: &Told,
) -> Result<bool, Problem> {
    match (party, told) {
        (Party::Lender(lender), Told::List(list)) => {
            by_lender::book(app, merchant, payment, lender, list).await
        }
        (_, Told::List(_)) => Ok(false),
        (_, Told::Sum(says)) => {
            let known = refunds::of_payment(app, merchant.id, payment.id).await?;
            match made_late(&known, *says) {
                Some(refund) => believe(app, merchant, refund.id, Reversed::default()).await,
                None => Ok(false),
            }
        }
    }
}

/// The refund that explains what a bank tells beyond the books, marks included: the last one of exactly that amount
/// which was settled as not made. None where another one has no outcome: then the sum may be that one's.
fn made_late(known: &[Refund], says: GivenBack) -> Option<&Refund> {
    if known.iter().any(|refund| refund.state.is_open()) {
        return None;
    }
    let made = |refund: &&Refund| refund.state == RefundState::Approved;
    let wanted = |kind| {
        let not_made = known.iter().rev().filter(|refund| is_not_made(refund));
        not_made.filter(move |refund| refund.kind == kind)
    };
    if says.voided {
        let nothing_made = !known.iter().any(|refund| made(&refund));
        return wanted(RefundKind::Cancel).find(|_| nothing_made);
    }
    let by_refunds = |refund: &&Refund| refund.kind == RefundKind::Refund;
    let booked = known.iter().filter(made).filter(by_refunds);
    let booked: i64 = booked.map(|refund| refund.amount).sum();
    let beyond = says.refunded?.checked_sub(booked)?;
    wanted(RefundKind::Refund).find(|refund| refund.amount == beyond)
}

/// Looks whether a refund that was settled as not made was made after all.
pub(super) async fn look(
    app: &App,
    merchant: &Merchant,
    payment: &Payment,
    refund: &Refund,
) -> Result<(), Problem> {
    let open = refunds::open_of_payment(app, merchant.id, payment.id).await?;
    let told = match open {
        Some(_) => None,
        None => {
            let party = Party::of(app, payment).await?;
            match party.given_back(app, payment).await {
                Ok(told) => {
                    book(app, merchant, payment, &party, &told).await?;
                    Some(told)
                }
                Err(doubt) => {
                    tracing::warn!(payment = payment.id, detail = %doubt.detail, "a look at a refund that was not made failed");
                    None
                }
            }
        }
    };
    let again = told.is_none() && app.now().duration_since(refund.asked_at) < LOOKS_WITHIN;
    put_off(app, refund, again).await.map_err(Problem::from)
}

/// Writes when the next look is due; nothing when the refund is something else by now.
async fn put_off(app: &App, refund: &Refund, again: bool) -> Result<(), Unavailable> {
    let mut moved = refund.clone();
    moved.inquire_at = again.then(|| app.after(LOOK_AFTER));
    let mut commit = Commit::new(moved.merchant_id, moved.payment_id);
    refunds::save(app, &moved, &mut commit);
    app.commit(commit).await?.ignore_conflict();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::doubt::tests::refund as one;
    use super::*;
    use crate::store::payments::PaymentFailure;
    use contract::errors::ErrorGroup;

    fn refund(id: i64, kind: RefundKind, state: RefundState, amount: i64) -> Refund {
        let mut refund = one(kind, Some(0));
        (refund.id, refund.state, refund.amount) = (id, state, amount);
        refund.error = Some(PaymentFailure::from(ErrorGroup::CommunicationOrSystemError));
        refund
    }

    #[test]
    fn what_a_bank_tells_beyond_the_books_is_the_refund_of_exactly_that_amount() {
        use RefundKind::{Cancel, Refund as Back};
        use RefundState::{Approved, Declined, Doubt};
        let of_sum = |total| GivenBack {
            voided: false,
            refunded: Some(total),
        };
        let voided = GivenBack {
            voided: true,
            refunded: None,
        };
        let known = [
            refund(1, Back, Approved, 100),
            refund(2, Back, Declined, 50),
            refund(3, Back, Declined, 70),
            refund(4, Back, Declined, 50),
        ];
        let found = |known: &[Refund], says| made_late(known, says).map(|refund| refund.id);
        assert_eq!(found(&known, of_sum(100)), None);
        assert_eq!(found(&known, of_sum(150)), Some(4));
        assert_eq!(found(&known, of_sum(170)), Some(3));
        // Two at once, or somebody at the bank's own screen.
        assert_eq!(found(&known, of_sum(220)), None);
        assert_eq!(found(&known, of_sum(40)), None);
        assert_eq!(found(&known, of_sum(i64::MIN)), None);
        assert_eq!(found(&known, voided), None);
        // The sum may be that of the one whose outcome is not known.
        let mut open = known.to_vec();
        open.push(refund(5, Back, Doubt, 10));
        assert_eq!(found(&open, of_sum(150)), None);
        // What the bank itself refused was not made.
        let mut refused = refund(1, Back, Declined, 50);
        refused.error.as_mut().unwrap().provider_code = Some("57".to_owned());
        assert_eq!(found(&[refused], of_sum(50)), None);
        assert_eq!(found(&[refund(1, Cancel, Declined, 50)], voided), Some(1));
        assert_eq!(found(&[refund(1, Cancel, Declined, 50)], of_sum(50)), None);
        let mut marked = refund(1, Back, Approved, 50);
        marked.marked = true;
        // A person marked it before the bank told it.
        let both = [marked, refund(2, Back, Declined, 50)];
        assert_eq!(found(&both, of_sum(50)), None);
        assert_eq!(found(&both, of_sum(100)), Some(2));
    }
}
