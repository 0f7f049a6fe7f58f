//! A bank's answer to a refund becomes the row's state, the books and the webhooks, in one commit.

use super::{Given, load};
use crate::app::App;
use crate::engine::{announce, answer};
use crate::problem::Problem;
use crate::store::db::Commit;
use crate::store::merchants::Merchant;
use crate::store::payments::{Payment, PaymentFailure};
use crate::store::refunds::{self, Books, Refund, RefundAnswer, RefundItem, RefundState};
use crate::store::submits;
use connectors::bank::{Answer, BankDay, Decline, Reversed, Verdict};
use connectors::scrub::words;
use contract::errors::ErrorGroup;
use std::time::Duration;

/// From a refund's end as not made to the look whether it was made after all, and between looks that failed.
pub(super) const LOOK_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// What became of a refund.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// The bank gives it back.
    Approved(Reversed),
    /// The bank refused, or a person says that it did not do it.
    Declined(PaymentFailure),
    /// Its inquiries say that it did not do it; that is looked at once more.
    NotMade,
    /// Surely nothing was sent.
    NotSent(PaymentFailure),
    /// The outcome is unknown.
    Doubt(String),
}

impl Outcome {
    /// What an answer means. `whole`: everything that was taken goes back.
    pub(super) fn of(answer: Answer<Reversed>, refund: &Refund, whole: bool) -> Outcome {
        match answer {
            Ok(Verdict::Approved(reversed)) => Outcome::Approved(reversed),
            Ok(Verdict::Declined(decline)) => Outcome::Declined(why_declined(&decline, whole)),
            Err(doubt) if !doubt.may_have_been_sent => {
                tracing::warn!(payment = refund.payment_id, detail = %doubt.detail, "a bank could not be asked for a refund");
                Outcome::NotSent(ErrorGroup::CommunicationOrSystemError.into())
            }
            Err(doubt) => {
                tracing::warn!(payment = refund.payment_id, detail = %doubt.detail, "a refund is in doubt");
                Outcome::Doubt(doubt.detail)
            }
        }
    }
}

/// A bank whose day is open wants the whole undone, which a part is not.
fn why_declined(decline: &Decline, whole: bool) -> PaymentFailure {
    let failure = PaymentFailure::from(decline);
    match decline.day {
        BankDay::Open if !whole => PaymentFailure {
            group: ErrorGroup::RequiresDayEnd,
            ..failure
        },
        _ => failure,
    }
}

/// Writes an outcome. A bank's answer is never dropped: when somebody else moved the refund first, it is
/// applied to what that one left.
pub(super) async fn write(
    app: &App,
    merchant: &Merchant,
    given: &mut Given,
    outcome: &Outcome,
) -> Result<(), Problem> {
    for _ in 0..answer::MOVES_MAX {
        let (payment, state) = (given.payment.id, given.refund.state);
        if !state.is_open() && matches!(outcome, Outcome::Approved(_)) {
            tracing::error!(
                payment,
                state = state.as_str(),
                "what was settled as not given back was given back; the books follow it"
            );
        }
        let (commit, moved) = outcome_commit(app, merchant, given, outcome);
        if answer::carry_out(app, given.payment.id, &commit).await? {
            given.refund = moved;
            return Ok(());
        }
        let of = (given.refund.merchant_id, given.refund.id);
        let now = refunds::of_merchant(app, of.0, of.1).await?;
        given.refund = now.ok_or_else(|| Problem::unavailable("a refund is gone"))?;
        let (payment, state) = (given.payment.id, given.refund.state);
        match (state, outcome) {
            // Known to be in doubt already, and asked about.
            (RefundState::Doubt | RefundState::Review, Outcome::Doubt(_)) => return Ok(()),
            (state, _) if state.is_open() => {}
            (RefundState::Declined | RefundState::NotSent, Outcome::Approved(_)) => {}
            (
                RefundState::Approved,
                Outcome::Declined(_) | Outcome::NotMade | Outcome::NotSent(_),
            ) => {
                tracing::error!(
                    payment,
                    "a bank's late answer says that a refund was not made which was settled as made"
                );
                return Ok(());
            }
            _ => return Ok(()),
        }
    }
    Err(answer::unwritten())
}

/// A refund that was settled as not made, without a word of the bank's.
pub(super) fn is_not_made(refund: &Refund) -> bool {
    let unsaid = |why: &PaymentFailure| why.provider_code.is_none();
    refund.state == RefundState::Declined && refund.error.as_ref().is_some_and(unsaid)
}

/// Books a refund as made that was settled as not made. False where the books have no room for it: a person
/// marked it before.
pub(super) async fn believe(
    app: &App,
    merchant: &Merchant,
    refund_id: i64,
    reversed: Reversed,
) -> Result<bool, Problem> {
    let mut given = load(app, merchant.id, refund_id).await?;
    let (payment, amount) = (&given.payment, given.refund.amount);
    if amount > payment.captured - payment.refunded - payment.refund_pending {
        tracing::warn!(
            payment = payment.id,
            refund = refund_id,
            "a refund was made late, and the books have no room for it"
        );
        return Ok(false);
    }
    write(app, merchant, &mut given, &Outcome::Approved(reversed)).await?;
    Ok(true)
}

/// The commit that writes an outcome, with the refund as it is after it.
pub(super) fn outcome_commit(
    app: &App,
    merchant: &Merchant,
    given: &Given,
    outcome: &Outcome,
) -> (Commit, Refund) {
    let mut moved = given.refund.clone();
    let message = moved.answer.take().and_then(|answer| answer.message);
    let mut answer = RefundAnswer {
        reversed: None,
        message,
    };
    let reserved = given.refund.state.is_open();
    let (state, books) = match outcome {
        Outcome::Approved(reversed) => {
            answer = RefundAnswer {
                reversed: Some(reversed.clone()),
                message: None,
            };
            moved.error = None;
            let books = if reserved {
                Books::GiveBack
            } else {
                Books::Mark
            };
            (RefundState::Approved, Some(books))
        }
        Outcome::Declined(why) => {
            moved.error = Some(why.clone());
            (RefundState::Declined, Some(Books::Release))
        }
        Outcome::NotMade => {
            moved.error = Some(ErrorGroup::CommunicationOrSystemError.into());
            (RefundState::Declined, Some(Books::Release))
        }
        Outcome::NotSent(why) => {
            moved.error = Some(why.clone());
            (RefundState::NotSent, Some(Books::Release))
        }
        Outcome::Doubt(why) => {
            answer.message = Some(words(why));
            (RefundState::Doubt, None)
        }
    };
    moved.state = state;
    moved.answer = Some(answer);
    moved.inquire_at = match outcome {
        Outcome::Doubt(_) => app.next_inquiry_at(moved.inquiries),
        Outcome::NotMade => Some(app.after(LOOK_AFTER)),
        _ => None,
    };
    let mut commit = Commit::new(moved.merchant_id, moved.payment_id);
    refunds::save(app, &moved, &mut commit);
    if let Some(books) = books {
        refunds::change_books(&moved, &given.items, books, None, &mut commit);
    }
    moved.version += 1;
    if state == RefundState::Approved {
        tell(
            app,
            merchant,
            (&given.payment, &moved, &given.items),
            &mut commit,
        );
    }
    (commit, moved)
}

/// What follows money that went back: its webhooks; and a payment of which nothing is left makes place for
/// another one like it.
pub(super) fn tell(
    app: &App,
    merchant: &Merchant,
    (payment, refund, items): (&Payment, &Refund, &[RefundItem]),
    commit: &mut Commit,
) {
    announce::refund(app, merchant, (payment, refund, items), commit);
    let back = payment.refunded.saturating_add(refund.amount);
    if back >= payment.captured && merchant.double_submit_seconds > 0 {
        submits::release(payment, commit);
    }
}
