//! A shop gives up a payment that is not at its end (decision 0033): what was not taken is not taken any more, and
//! what was, or is taken all the same, goes back. The wish is noted before bank or lender are asked, so that it
//! holds whatever they answer now and whoever hears of the payment later.

use super::inquiry::{self, Asker};
use super::{loan, three_ds};
use crate::app::App;
use crate::problem::Problem;
use crate::store::attempts::{self, Attempt, AttemptState};
use crate::store::db::Commit;
use crate::store::merchants::Merchant;
use crate::store::payments::{self, Payment};
use contract::enums::{PaymentStatus, PaymentType};
use contract::rules::Rule;
use std::time::Duration;

/// Before the schedule asks about a page that may sell what was given up.
const PAGE_WAIT: Duration = Duration::from_secs(5);

/// Ends a payment that waits. True when it took no money or gave it back; false while that is not known, or the money
/// is on its way back: then it is asked about until it is.
pub async fn end(app: &App, merchant: &Merchant, payment_id: i64) -> Result<bool, Problem> {
    for _ in 0..super::CONFLICTS_MAX {
        let payment = payments::of_merchant(app, merchant.id, payment_id).await?;
        let payment = payment.ok_or_else(|| Problem::rule(Rule::PaymentNotFound))?;
        if is_at_its_end(&payment) {
            return took_nothing(app, &payment).await;
        }
        let attempt = attempts::last_of_payment(app, merchant.id, payment_id).await?;
        let moves_no_money = matches!(
            payment.status,
            PaymentStatus::InitThreeds | PaymentStatus::CallbackThreeds
        ) && attempt.as_ref().is_some_and(|a| !a.is_sold_by_page());
        match (payment.given_up_at, attempt) {
            (_, Some(attempt)) if moves_no_money => {
                if three_ds::give_up(app, merchant, payment, attempt).await? {
                    return Ok(true);
                }
            }
            (None, attempt) => note(app, &payment, attempt).await?,
            (Some(_), _) => {
                let payment = if payment.payment_type == PaymentType::Apm {
                    match loan::end(app, merchant, payment_id).await {
                        Ok(payment) => payment,
                        // The lender refuses, or does not tell, or another call is at it: the wish stands.
                        Err(
                            Problem::Failed { .. }
                            | Problem::Doubt { .. }
                            | Problem::UnderWay { .. },
                        ) => {
                            return Ok(false);
                        }
                        Err(problem) => return Err(problem),
                    }
                } else {
                    inquiry::settle(app, merchant, payment_id, Asker::Caller).await?
                };
                return if is_at_its_end(&payment) {
                    took_nothing(app, &payment).await
                } else {
                    Ok(false)
                };
            }
        }
    }
    Err(Problem::unavailable("the payment keeps changing"))
}

/// Notes the wish. Where a page may sell by itself the bank is asked soon, though no browser comes back.
async fn note(app: &App, payment: &Payment, attempt: Option<Attempt>) -> Result<(), Problem> {
    let mut given_up = payment.clone();
    given_up.given_up_at = Some(app.now());
    let mut commit = Commit::new(payment.merchant_id, payment.id);
    payments::save(&given_up, &mut commit);
    if let Some(attempt) = attempt.filter(|attempt| attempt.state == AttemptState::Page) {
        attempts::look_later(&attempt, app.after(PAGE_WAIT), &mut commit);
    }
    app.commit(commit).await?.ignore_conflict();
    Ok(())
}

fn is_at_its_end(payment: &Payment) -> bool {
    matches!(
        payment.status,
        PaymentStatus::Success | PaymentStatus::Failure
    )
}

/// Of a payment at its end that was given up: whether nothing is left of what it took. What a lender paid all the
/// same is given back to it, and what a bank's page sold is reversed.
async fn took_nothing(app: &App, payment: &Payment) -> Result<bool, Problem> {
    if payment.given_up_at.is_none() {
        return Err(Problem::with(
            Rule::WrongPaymentState,
            &[("status", payment.status.as_str())],
        ));
    }
    let attempts = attempts::of_payment(app, payment.merchant_id, payment.id).await?;
    let is_reversing = attempts
        .iter()
        .any(|one| matches!(one.state, AttemptState::Reversing | AttemptState::Review));
    Ok(payment.refunded == payment.captured && !is_reversing)
}
