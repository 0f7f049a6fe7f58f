//! A loan that the shop gave up (decision 0033) is called off until it is at its end; where the bank paid all the
//! same, the money goes back. Each try waits as long as the wish is old, at most six hours.

use super::call_off::end;
use super::settle::{next_call_off, wait_after};
use crate::app::App;
use crate::engine::refund::whole::give_back_whole;
use crate::problem::Problem;
use crate::store::db::Commit;
use crate::store::loans::{self, ApplicationState, Loan};
use crate::store::merchants::Merchant;
use crate::store::payments::Payment;
use contract::enums::RefundStatus;
use jiff::{SignedDuration, Timestamp};

/// How long money that does not go back is given back again; then a person must.
const TRIED_FOR: SignedDuration = SignedDuration::from_hours(28 * 24);

/// Does what is due of the wish, once how the application stands is settled.
pub async fn carry_on(
    app: &App,
    merchant: &Merchant,
    (payment, loan): (Payment, Loan),
) -> Result<(), Problem> {
    let Some(since) = payment.given_up_at else {
        return Ok(());
    };
    if loan.state == ApplicationState::Disbursed {
        return give_back(app, merchant, &loan, since).await;
    }
    let is_due = next_call_off(&loan, since) <= app.now();
    if is_due
        && !loan.state.is_final()
        && !loan.is_in_doubt()
        && let Err(problem) = end(app, merchant, payment.id).await
    {
        tracing::warn!(
            payment = payment.id,
            ?problem,
            "a loan that was given up could not be called off yet"
        );
    }
    Ok(())
}

async fn give_back(
    app: &App,
    merchant: &Merchant,
    loan: &Loan,
    since: Timestamp,
) -> Result<(), Problem> {
    let status = give_back_whole(app, merchant, loan.payment_id).await?;
    let now = app.now();
    let next = match status {
        RefundStatus::Success => None,
        _ if now.duration_since(since) < TRIED_FOR => Some(wait_after(since, now)),
        _ => {
            let payment = loan.payment_id;
            tracing::error!(payment, "a person must give back a loan that was given up");
            None
        }
    };
    let mut commit = Commit::new(loan.merchant_id, loan.payment_id);
    loans::plan_look(loan, next, &mut commit);
    app.commit(commit).await?.ignore_conflict();
    Ok(())
}
