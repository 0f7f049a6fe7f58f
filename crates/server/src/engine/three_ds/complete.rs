//! The merchant completes a verified payment: the one move of 3DS that takes money, and happens once.

use crate::app::App;
use crate::engine::answer::{self, Outcome};
use crate::engine::bank_call::{BankCall, pos_of};
use crate::engine::charge;
use crate::engine::claims::Claims;
use crate::engine::inquiry::{self, Asker};
use crate::engine::status::{Event, after};
use crate::engine::{CONFLICTS_MAX, accounts, autopilot, turn};
use crate::problem::Problem;
use crate::store::attempts::{self, Attempt, AttemptState};
use crate::store::merchants::Merchant;
use crate::store::payments::{self, Payment};
use crate::store::poses::Pos;
use connectors::bank::{Answer, Charged, Doubt, Finish3ds};
use contract::enums::PaymentStatus;
use contract::rules::Rule;

/// The merchant completes a verified payment: the bank takes the money. A payment that is complete
/// already is answered as it stands, one that another call completes right now with its outcome, and
/// one in doubt is inquired first.
pub async fn complete(
    app: &App,
    merchant: &Merchant,
    claims: &Claims,
    payment_id: i64,
) -> Result<Payment, Problem> {
    for _ in 0..CONFLICTS_MAX {
        let Some(payment) = payments::of_merchant(app, merchant.id, payment_id).await? else {
            return Err(Problem::rule(Rule::PaymentNotFound));
        };
        if !payment.threeds {
            return Err(Problem::rule(Rule::ThreeDsNotCompletable));
        }
        match payment.status {
            PaymentStatus::CallbackThreeds => {}
            PaymentStatus::Waiting if is_being_asked(app, merchant, payment_id).await? => {
                let mut turn = turn::take(app, payment_id)?;
                while is_being_asked(app, merchant, payment_id).await? {
                    turn.pause().await?;
                }
                continue;
            }
            PaymentStatus::Waiting => {
                let settled = inquiry::settle(app, merchant, payment_id, Asker::Caller).await;
                return settled.map_err(|problem| problem.or_doubt(payment_id));
            }
            PaymentStatus::Success => return Ok(payment),
            // A refusal by the bank is told again; a verification that was not enough is not
            // completable.
            PaymentStatus::Failure if payment.error.is_some() => return Ok(payment),
            PaymentStatus::Failure | PaymentStatus::InitThreeds => {
                return Err(Problem::rule(Rule::ThreeDsNotCompletable));
            }
        }
        let attempt = attempts::last_of_payment(app, merchant.id, payment_id).await?;
        let Some(attempt) = attempt.filter(|a| a.state == AttemptState::Verified) else {
            continue;
        };
        if let Some(payment) = finish(app, merchant, claims, payment, attempt).await? {
            return Ok(payment);
        }
    }
    Err(Problem::unavailable("the payment keeps changing"))
}

/// A call, of this process or another, is at the bank and has no outcome yet.
async fn is_being_asked(app: &App, merchant: &Merchant, payment_id: i64) -> Result<bool, Problem> {
    let attempt = attempts::last_of_payment(app, merchant.id, payment_id).await?;
    Ok(attempt.is_some_and(|attempt| {
        attempt.state == AttemptState::Asked && attempt.inquire_at.is_some_and(|at| at > app.now())
    }))
}

/// Intends, asks, answers. `None` when another call completed it first.
async fn finish(
    app: &App,
    merchant: &Merchant,
    claims: &Claims,
    mut payment: Payment,
    mut attempt: Attempt,
) -> Result<Option<Payment>, Problem> {
    let (was, Some(status)) = (attempt.state, after(payment.status, Event::Completing)) else {
        return Ok(None);
    };
    payment.status = status;
    attempt.state = AttemptState::Asked;
    attempt.asked_at = app.now();
    attempt.inquire_at = Some(app.unanswered_at());
    let mut commit = claims.intent(app, Some(payment.id));
    attempts::save(app, &attempt, was, &mut commit);
    payments::save(&payment, &mut commit);
    match claims.commit(app, commit, Problem::Moved).await {
        Err(Problem::Moved) => return Ok(None),
        outcome => outcome?,
    }
    payment.version += 1;
    let id = payment.id;
    let finished = ask_and_answer(app, merchant, payment, attempt).await;
    finished.map(Some).map_err(|problem| problem.or_doubt(id))
}

/// The last two beats of a completion.
async fn ask_and_answer(
    app: &App,
    merchant: &Merchant,
    mut payment: Payment,
    mut attempt: Attempt,
) -> Result<Payment, Problem> {
    let pos = pos_of(app, &attempt).await?;
    let answer = ask_finish(app, &pos, &payment, &attempt).await;
    let said = answer.clone();
    let of = (&mut payment, &mut attempt);
    let Some(answer) = inquiry::ask_after_time_out(app, merchant, of, answer).await? else {
        autopilot::note(app, merchant, &pos, true, &said).await;
        return Ok(payment);
    };
    let answer = charge::decline_foreign_duplicate(answer, &attempt);
    let duplicate = charge::is_duplicate(&answer);
    let outcome = Outcome::of(answer);
    answer::write(app, merchant, &mut payment, &mut attempt, outcome).await?;
    // After the answer, which nothing may hold up.
    accounts::note(app, &pos, &said).await;
    autopilot::note(app, merchant, &pos, true, &said).await;
    if duplicate {
        payment = inquiry::settle(app, merchant, payment.id, Asker::Move).await?;
    }
    Ok(payment)
}

async fn ask_finish(app: &App, pos: &Pos, payment: &Payment, attempt: &Attempt) -> Answer<Charged> {
    let call = BankCall::of_attempt(app, pos, payment, attempt, "threeds_finish")?;
    let proof = attempt.proof.as_ref().ok_or_else(Doubt::not_supported)?;
    charge::require_in_time(app, attempt)?;
    let finish = Finish3ds {
        sale: call.order_ref(payment, attempt, None),
        reward: attempt.reward,
        proof,
        client_ip: payment.client_ip.as_deref(),
    };
    call.bank.finish_3ds(call.context(), finish).await
}
