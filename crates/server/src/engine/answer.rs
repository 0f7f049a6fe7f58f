//! The fourth beat: a bank's answer becomes the attempt's result and the payment's status, in one
//! commit with the webhook that announces it. A bank's answer is never dropped: when somebody
//! else moved first, the payment is loaded again and the answer is applied to what it is now.

use super::announce;
use super::status::{Event, after};
use crate::app::App;
use crate::backoff::wait_after;
use crate::problem::Problem;
use crate::store::attempts::{self, Attempt, AttemptAnswer, AttemptState};
use crate::store::cards;
use crate::store::db::{Commit, CommitError};
use crate::store::merchants::Merchant;
use crate::store::payments::{self, Payment, PaymentFailure};
use crate::store::submits;
use connectors::bank::{Answer, Charged, DoubtReason, Verdict};
use contract::card_loyalties::{Loyalty, Reward};
use contract::enums::{LoyaltyType, PaymentPhase, PaymentStatus, WebhookEventType};
use contract::errors::ErrorGroup;
use contract::money::Money;
use jiff::Timestamp;
use std::time::Duration;

/// What became of an attempt.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The bank took the money; of a payment that was given up, or has failed, it goes back.
    Approved(Charged),
    /// The bank refused, or surely nothing was sent.
    Declined(PaymentFailure),
    /// The outcome is unknown.
    Doubt(AttemptAnswer),
    /// The bank gave the money back.
    Reversed,
    /// The bank's page sells by itself and took nothing: the shopper was not verified, or did not pay.
    NotPaid,
    /// The bank's page took the money of a shopper who was not verified as the merchant wants, or whom the shop had
    /// given up: it goes back.
    TakenUnwanted(Charged),
}

impl Outcome {
    /// What an answer means for attempt and payment. Where surely nothing was sent there is no doubt:
    /// no money moved.
    pub fn of(answer: Answer<Charged>) -> Outcome {
        match answer {
            Ok(Verdict::Approved(charged)) => Outcome::Approved(charged),
            Ok(Verdict::Declined(decline)) => Outcome::Declined((&decline).into()),
            Err(doubt) if !doubt.may_have_been_sent => {
                tracing::warn!(detail = %doubt.detail, "a bank could not be reached");
                Outcome::Declined(ErrorGroup::CommunicationOrSystemError.into())
            }
            Err(doubt) => {
                tracing::warn!(detail = %doubt.detail, "a bank's answer is in doubt");
                let (duplicate, timed_out) = match &doubt.reason {
                    DoubtReason::Duplicate(decline) => (Some(decline.into()), None),
                    DoubtReason::TimedOut(decline) => (None, Some(PaymentFailure::from(decline))),
                    _ => (None, None),
                };
                Outcome::Doubt(AttemptAnswer {
                    code: timed_out.as_ref().and_then(|why| why.provider_code.clone()),
                    message: Some(connectors::scrub::words(&doubt.detail)),
                    duplicate,
                    timed_out,
                    ..AttemptAnswer::default()
                })
            }
        }
    }
}

/// Times that an answer is decided again because another call moved first.
pub(super) const MOVES_MAX: usize = 20;
/// Times that an answer is written while the database is away, and the waits between them: five seconds
/// in all.
const WRITES_MAX: u32 = 7;
const WRITE_WAIT: Duration = Duration::from_millis(100);
const WRITE_WAIT_MAX: Duration = Duration::from_secs(2);

/// Writes an outcome: attempt first, payment by compare-and-set, card to be stored, webhook.
/// `attempt` and `payment` are what was last read; both are brought up to date.
///
/// When the database stays away the answer is lost from memory only: the attempt still says that
/// it was asked, and the bank will be inquired.
pub async fn write(
    app: &App,
    merchant: &Merchant,
    payment: &mut Payment,
    attempt: &mut Attempt,
    outcome: Outcome,
) -> Result<(), Problem> {
    let mut was = attempt.state;
    for _ in 0..MOVES_MAX {
        let (commit, mut moved, result) =
            outcome_commit(app, merchant, (payment, attempt), was, &outcome);
        if carry_out(app, payment.id, &commit).await? {
            if moved.status != payment.status {
                moved.version += 1;
            }
            (*payment, *attempt) = (moved, result);
            return Ok(());
        }
        // Another call moved first: an inquiry, or the bank's own late answer.
        let (_, now) = super::load_payment(app, payment.merchant_id, payment.id).await?;
        let attempts = attempts::of_payment(app, payment.merchant_id, payment.id).await?;
        let Some(same) = attempts.into_iter().find(|a| a.id == attempt.id) else {
            return Err(Problem::unavailable("an attempt is gone"));
        };
        *payment = now;
        *attempt = same;
        was = attempt.state;
        // What is being given back is given back, whatever the bank says late.
        let reversing = attempt.state == AttemptState::Reversing;
        if is_settled(attempt.state) || (reversing && !matches!(outcome, Outcome::Reversed)) {
            warn_of_contradiction(attempt, &outcome);
            return match &outcome {
                Outcome::Approved(charged) if attempt.state == AttemptState::Declined => {
                    give_back(app, attempt, charged).await
                }
                _ => Ok(()),
            };
        }
    }
    Err(unwritten())
}

/// Carries out the commit of a bank's answer, again with growing waits while the database is away. False
/// when somebody else moved first.
pub(super) async fn carry_out(
    app: &App,
    payment_id: i64,
    commit: &Commit,
) -> Result<bool, Problem> {
    for failures in 1..=WRITES_MAX {
        let why = match app.db.commit(commit.clone()).await {
            Ok(()) => return Ok(true),
            Err(CommitError::Conflict { .. }) => return Ok(false),
            Err(CommitError::Unavailable(why)) => why,
        };
        if failures == 1 {
            tracing::error!(payment = payment_id, %why, "a bank's answer could not be written; that is tried again, with growing waits");
        }
        if failures < WRITES_MAX {
            tokio::time::sleep(wait_after(failures, WRITE_WAIT, WRITE_WAIT_MAX)).await;
        }
    }
    Err(unwritten())
}

pub(super) fn unwritten() -> Problem {
    Problem::unavailable("a bank's answer could not be written; the bank will be inquired")
}

/// The commit that writes an outcome, with payment and attempt as they are after it.
pub fn outcome_commit(
    app: &App,
    merchant: &Merchant,
    (payment, attempt): (&Payment, &Attempt),
    was: AttemptState,
    outcome: &Outcome,
) -> (Commit, Payment, Attempt) {
    let (mut moved, mut result) = (payment.clone(), attempt.clone());
    apply(app, &mut moved, &mut result, outcome);
    let mut commit = Commit::new(payment.merchant_id, payment.id);
    attempts::save(app, &result, was, &mut commit);
    if moved.status != payment.status {
        payments::save(&moved, &mut commit);
        settle_holdings(app, merchant, &moved, &mut commit);
        if moved.status != PaymentStatus::Waiting {
            let event = if attempt.is_sold_by_page() {
                WebhookEventType::ApiVerifyAndAuth
            } else {
                WebhookEventType::ApiAuth
            };
            announce::payment(app, merchant, &moved, event, &mut commit);
        }
    }
    (commit, moved, result)
}

/// A bank took money late for what was settled as not taken, and told so: a process stood still before
/// it asked, the order was long on its way, or the shopper went back to the bank's page. The payment stays
/// FAILURE, and the schedule gives the money back.
pub(super) async fn give_back(
    app: &App,
    attempt: &mut Attempt,
    charged: &Charged,
) -> Result<(), Problem> {
    let was = attempt.state;
    *attempt = reversed_next(app, attempt, charged);
    let mut commit = Commit::new(attempt.merchant_id, attempt.payment_id);
    attempts::save(app, attempt, was, &mut commit);
    app.commit(commit).await?.ignore_conflict();
    Ok(())
}

/// The attempt whose money the schedule gives back at once.
pub(super) fn reversed_next(app: &App, attempt: &Attempt, charged: &Charged) -> Attempt {
    Attempt {
        state: AttemptState::Reversing,
        inquire_at: Some(app.now()),
        proof: None,
        answer: Some(AttemptAnswer {
            charged: Some(charged.clone()),
            ..AttemptAnswer::default()
        }),
        ..attempt.clone()
    }
}

/// Warns the operator of a late answer that contradicts the settled outcome.
fn warn_of_contradiction(attempt: &Attempt, outcome: &Outcome) {
    let taken = match outcome {
        Outcome::Approved(_) | Outcome::TakenUnwanted(_) => true,
        Outcome::Declined(_) | Outcome::NotPaid | Outcome::Reversed => false,
        Outcome::Doubt(_) => return,
    };
    if is_settled(attempt.state) && taken != (attempt.state == AttemptState::Approved) {
        let (payment, state) = (attempt.payment_id, attempt.state.as_str());
        tracing::error!(
            payment,
            state,
            taken,
            "the bank's late answer contradicts what was settled"
        );
    }
}

fn is_settled(state: AttemptState) -> bool {
    use AttemptState::{Approved, Declined, NotSent, Reversed};
    matches!(state, Approved | Declined | NotSent | Reversed)
}

fn apply(app: &App, payment: &mut Payment, attempt: &mut Attempt, outcome: &Outcome) {
    if attempt.state == AttemptState::Page {
        leave_page(attempt);
    }
    match outcome {
        Outcome::Approved(charged) if payment.goes_back() => {
            *attempt = reversed_next(app, attempt, charged);
            if let Some(status) = after(payment.status, Event::Doubted) {
                payment.status = status;
            }
        }
        Outcome::Approved(charged) => {
            attempt.state = AttemptState::Approved;
            // What verified a card is given back by who took it, or by who finds it then.
            let gives_back = payment.verification;
            attempt.inquire_at = gives_back.then(|| app.unanswered_reversal_at());
            attempt.inquiries = if gives_back { 0 } else { attempt.inquiries };
            attempt.proof = None;
            attempt.answer = Some(AttemptAnswer {
                charged: Some(charged.clone()),
                ..AttemptAnswer::default()
            });
            if let Some(status) = after(payment.status, Event::Approved) {
                payment.status = status;
                match payment.phase {
                    PaymentPhase::PreAuth => {
                        let until = app.after(app.settings.hold_time);
                        payment.hold(until);
                        attempt.inquire_at = Some(until);
                    }
                    PaymentPhase::Auth | PaymentPhase::PostAuth => payment.take(app.now()),
                }
                payment.error = None;
                fill_references(payment, charged);
            }
        }
        Outcome::Declined(why) => {
            attempt.state = AttemptState::Declined;
            attempt.inquire_at = sold_later(app, attempt);
            attempt.proof = None;
            attempt.answer = Some(AttemptAnswer {
                code: why.provider_code.clone(),
                message: why.provider_message.clone(),
                ..AttemptAnswer::default()
            });
            if let Some(status) = after(payment.status, Event::Declined) {
                payment.status = status;
                payment.error = Some(why.clone());
            }
        }
        Outcome::Doubt(why) => {
            attempt.state = AttemptState::Doubt;
            attempt.answer = Some(why.clone());
            attempt.inquire_at = app.next_inquiry_at(attempt.inquiries);
            if let Some(status) = after(payment.status, Event::Doubted) {
                payment.status = status;
            }
        }
        Outcome::NotPaid => {
            attempt.state = AttemptState::Declined;
            attempt.inquire_at = sold_later(app, attempt);
            (attempt.proof, attempt.answer) = (None, None);
            fail_unverified(payment);
        }
        Outcome::TakenUnwanted(charged) => {
            *attempt = reversed_next(app, attempt, charged);
            fail_unverified(payment);
        }
        Outcome::Reversed => {
            attempt.state = AttemptState::Reversed;
            attempt.inquire_at = None;
            attempt.proof = None;
            if let Some(status) = after(payment.status, Event::Reversed) {
                payment.status = status;
                payment.error = Some(ErrorGroup::CommunicationOrSystemError.into());
            }
        }
    }
}

/// A verification that was not enough has no failure of the bank's to tell.
fn fail_unverified(payment: &mut Payment) {
    if let Some(status) = after(payment.status, Event::NotVerified) {
        (payment.status, payment.error) = (status, None);
    }
}

/// The shopper is not awaited any more: the form goes that was kept for them, and the bank's questions are
/// counted from here.
pub(super) fn leave_page(attempt: &mut Attempt) {
    (attempt.proof, attempt.answer, attempt.inquiries) = (None, None, 0);
}

/// When the bank is asked about an order that took nothing, whose page may still sell it: a shopper can
/// go back there.
fn sold_later(app: &App, attempt: &Attempt) -> Option<Timestamp> {
    attempt.page_sells_until.filter(|until| *until > app.now())
}

/// The bank's references of what it took, and what it used of a reward.
pub(super) fn fill_references(payment: &mut Payment, charged: &Charged) {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    payment.auth_code = given(&charged.auth_code);
    payment.host_reference = given(&charged.host_reference);
    payment.trans_id = given(&charged.transaction_id);
    payment.card.bank_holder = given(&connectors::scrub::words(&charged.holder_name));
    if let Some(spent) = charged.spent {
        let text = |minor: i64| Some(Money::new(minor, payment.currency).decimal());
        let asked = payment.loyalty.take();
        let differs = asked
            .as_ref()
            .and_then(|l| l.reward.as_ref())
            .is_none_or(|reward| {
                // What the shop asked for keeps its spelling; what the bank did instead is shown.
                !same_reward(reward, spent, payment)
            });
        payment.loyalty = match differs {
            false => asked,
            true if spent.card + spent.firm + spent.mile == 0 => None,
            true => Some(Loyalty {
                r#type: Some(LoyaltyType::RewardMoney),
                reward: Some(Reward {
                    card_reward_money: text(spent.card),
                    firm_reward_money: text(spent.firm),
                    mile_reward_money: (spent.mile > 0).then(|| text(spent.mile)).flatten(),
                    total_reward_money: text(spent.card + spent.firm + spent.mile),
                }),
                message: asked.and_then(|l| l.message),
                ..Loyalty::default()
            }),
        };
    }
    if let Some(campaign) = &charged.campaign {
        let message = connectors::scrub::words(&campaign.message);
        match &mut payment.loyalty {
            Some(loyalty)
                if loyalty.r#type == Some(campaign.loyalty_type) && loyalty.message.is_none() =>
            {
                loyalty.message = Some(message);
            }
            Some(_) => {}
            none => {
                *none = Some(Loyalty {
                    r#type: Some(campaign.loyalty_type),
                    message: Some(message),
                    ..Loyalty::default()
                });
            }
        }
    }
}

fn same_reward(reward: &Reward, spent: connectors::bank::RewardMoney, payment: &Payment) -> bool {
    let minor = |amount: Option<contract::money::Decimal>| {
        amount.map_or(Some(0), |a| a.to_minor(payment.currency).ok())
    };
    minor(reward.card_reward_money) == Some(spent.card)
        && minor(reward.firm_reward_money) == Some(spent.firm)
        && minor(reward.mile_reward_money) == Some(spent.mile)
}

/// Settles what a payment held while it was open. A card that it stores becomes usable with its success,
/// and is forgotten with its failure; its place among those that look alike is free once it has failed.
pub fn settle_holdings(app: &App, merchant: &Merchant, payment: &Payment, commit: &mut Commit) {
    if payment.status == PaymentStatus::Failure && merchant.double_submit_seconds > 0 {
        submits::release(payment, commit);
    }
    let (true, Some(user), Some(token)) = (
        payment.store_card,
        &payment.card_user_key,
        &payment.card_token,
    ) else {
        return;
    };
    match payment.status {
        PaymentStatus::Success => {
            let (of, verified) = (payment.merchant_id, payment.verification);
            cards::activate(app, of, user, token, verified, commit);
        }
        PaymentStatus::Failure => cards::forget_inactive(payment.merchant_id, user, token, commit),
        _ => {}
    }
}
