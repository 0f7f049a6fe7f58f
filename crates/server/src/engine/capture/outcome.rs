//! A bank's answer to a capture becomes the row's state, the payment with its items and the webhook, in one commit.

use super::Given;
use crate::app::App;
use crate::engine::split::proportionally;
use crate::engine::{announce, answer};
use crate::problem::Problem;
use crate::store::attempts;
use crate::store::captures::{self, Capture, CaptureAnswer, CaptureState};
use crate::store::db::Commit;
use crate::store::merchants::Merchant;
use crate::store::payments::{self, PaymentFailure};
use connectors::bank::{Answer, Charged, Verdict};
use connectors::scrub::words;
use contract::enums::{PaymentPhase, WebhookEventType};
use contract::errors::ErrorGroup;

/// What became of a capture.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// The bank took the money.
    Approved(Charged),
    /// The bank refused, or turned out not to have done it: the hold stands.
    Declined(PaymentFailure),
    /// Surely nothing was sent.
    NotSent(PaymentFailure),
    /// The outcome is unknown.
    Doubt(String),
}

impl Outcome {
    /// What an answer means.
    pub(super) fn of(answer: Answer<Charged>, capture: &Capture) -> Outcome {
        let payment = capture.payment_id;
        match answer {
            Ok(Verdict::Approved(charged)) => Outcome::Approved(charged),
            Ok(Verdict::Declined(decline)) => Outcome::Declined((&decline).into()),
            Err(doubt) if !doubt.may_have_been_sent => {
                tracing::warn!(payment, detail = %doubt.detail, "a bank could not be asked to capture");
                Outcome::NotSent(ErrorGroup::CommunicationOrSystemError.into())
            }
            Err(doubt) => {
                tracing::warn!(payment, detail = %doubt.detail, "a capture is in doubt");
                Outcome::Doubt(doubt.detail)
            }
        }
    }
}

/// Writes an outcome. A bank's answer is never dropped: when somebody else moved the capture first, it is applied
/// to what that one left.
pub(super) async fn write(
    app: &App,
    merchant: &Merchant,
    given: &mut Given,
    outcome: &Outcome,
) -> Result<(), Problem> {
    for _ in 0..answer::MOVES_MAX {
        let (commit, moved) = outcome_commit(app, merchant, given, outcome);
        if answer::carry_out(app, given.payment.id, &commit).await? {
            *given = moved;
            return Ok(());
        }
        *given = super::load(app, merchant.id, given.capture.id).await?;
        let (payment, state) = (given.payment.id, given.capture.state);
        match (state, outcome) {
            // Known to be in doubt already, and asked about.
            (CaptureState::Doubt | CaptureState::Review, Outcome::Doubt(_)) => return Ok(()),
            (state, _) if state.is_open() => {}
            (CaptureState::Declined | CaptureState::NotSent, Outcome::Approved(_)) => {
                tracing::error!(
                    payment,
                    state = state.as_str(),
                    "a bank took what was settled as not taken; the books follow it"
                );
            }
            (CaptureState::Approved, Outcome::Declined(_) | Outcome::NotSent(_)) => {
                tracing::error!(
                    payment,
                    "a bank's late answer says that it did not take what was settled as taken"
                );
                return Ok(());
            }
            _ => return Ok(()),
        }
    }
    Err(answer::unwritten())
}

/// The commit that writes an outcome, with everything as it is after it.
pub(super) fn outcome_commit(
    app: &App,
    merchant: &Merchant,
    given: &Given,
    outcome: &Outcome,
) -> (Commit, Given) {
    let mut moved = given.clone();
    let mut commit = Commit::new(given.payment.merchant_id, given.payment.id);
    let capture = &mut moved.capture;
    capture.inquire_at = None;
    let heard = capture.answer.take().and_then(|answer| answer.message);
    let mut answer = CaptureAnswer {
        charged: None,
        message: heard,
    };
    match outcome {
        Outcome::Approved(charged) => {
            capture.state = CaptureState::Approved;
            capture.error = None;
            answer = CaptureAnswer {
                charged: Some(charged.clone()),
                message: None,
            };
        }
        Outcome::Declined(why) | Outcome::NotSent(why) => {
            capture.state = match outcome {
                Outcome::NotSent(_) => CaptureState::NotSent,
                _ => CaptureState::Declined,
            };
            capture.error = Some(why.clone());
        }
        Outcome::Doubt(why) => {
            capture.state = CaptureState::Doubt;
            capture.inquire_at = app.next_inquiry_at(capture.inquiries);
            answer.message = Some(words(why));
        }
    }
    capture.answer = Some(answer);
    captures::save(app, capture, &mut commit);
    capture.version += 1;
    if !matches!(outcome, Outcome::Doubt(_)) {
        if let Some(hold) = &mut moved.payment.hold {
            hold.capturing = 0;
        }
        if let Outcome::Approved(charged) = outcome {
            take(app, &mut moved, charged);
            payments::save_shares(&moved.payment, &moved.items, &mut commit);
            let of = (moved.payment.merchant_id, moved.payment.id);
            attempts::release_at(of, None, &mut commit);
            let event = WebhookEventType::ApiAuth;
            announce::payment(app, merchant, &moved.payment, event, &mut commit);
        }
        payments::save(&moved.payment, &mut commit);
        moved.payment.version += 1;
    }
    (commit, moved)
}

/// The payment is what was taken of it: the whole, each item by its part of the price, and the bank's references.
fn take(app: &App, given: &mut Given, charged: &Charged) {
    let Given {
        payment,
        items,
        capture,
    } = given;
    payment.phase = PaymentPhase::PostAuth;
    payment.paid_price = capture.amount;
    payment.take(app.now());
    let held = (payment.card.bank_holder.take(), payment.auth_code.take());
    answer::fill_references(payment, charged);
    payment.card.bank_holder = payment.card.bank_holder.take().or(held.0);
    payment.auth_code = payment.auth_code.take().or(held.1);
    let prices: Vec<i64> = items.iter().map(|item| item.price.minor).collect();
    let shares = proportionally(payment.paid_price.minor, &prices);
    for (item, share) in items.iter_mut().zip(shares) {
        item.paid_price = share;
    }
}
