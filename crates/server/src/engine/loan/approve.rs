//! The merchant approves a loan, and the bank disburses: the one move of a loan that can happen once.

use super::settle::settle;
use super::wait_for_outcome;
use crate::app::App;
use crate::engine::CONFLICTS_MAX;
use crate::engine::bank_call::{LenderCall, apm_of};
use crate::engine::claims::Claims;
use crate::engine::inquiry::Asker;
use crate::problem::Problem;
use crate::store::apms::Apm;
use crate::store::db::Commit;
use crate::store::loans::{self, ApplicationState, Loan};
use crate::store::merchants::Merchant;
use crate::store::payments::Payment;
use connectors::bank::Answer;
use connectors::lender::LoanStanding;
use contract::enums::{ApmAdditionalAction as Action, PaymentStatus};
use contract::rules::Rule;

/// The merchant approves a loan that is ready: the bank disburses. A second approval waits for the
/// outcome of the first, answers like it and changes nothing. `note` adds to the commit of the intent
/// what stands in the audit log.
pub async fn approve(
    app: &App,
    merchant: &Merchant,
    claims: &Claims,
    payment_id: i64,
    note: impl Fn(&mut Commit),
) -> Result<Payment, Problem> {
    for _ in 0..CONFLICTS_MAX {
        let (mut payment, mut loan) = wait_for_outcome(app, merchant, payment_id).await?;
        if !loan.state.is_final() && !loan.is_approvable() {
            // In doubt, or not known to be ready: the lender is asked first.
            (payment, loan) = settle(app, merchant, payment_id, Asker::Caller).await?;
        }
        if payment.given_up_at.is_some() && !loan.state.is_final() {
            return Err(Problem::rule(Rule::GivenUp));
        }
        if loan.state.is_final() || !loan.is_approvable() {
            return not_approvable(payment, &loan);
        }
        let mut intended = loan.clone();
        intended.state = ApplicationState::Confirming;
        intended.asked_at = app.now();
        intended.action = Action::VerifyRequired;
        (intended.inquiries, intended.review_since) = (0, None);
        intended.inquire_at = Some(app.unanswered_at());
        intended.acting_until = Some(app.unanswered_at());
        let mut commit = claims.intent(app, Some(payment_id));
        loans::save(&intended, &loan, &mut commit);
        note(&mut commit);
        match claims.commit(app, commit, Problem::Moved).await {
            Ok(()) => {
                let confirmed = confirm(app, merchant, payment, intended).await;
                return confirmed.map_err(|problem| problem.or_doubt(payment_id));
            }
            // Another call was faster: their outcome is awaited.
            Err(Problem::Moved) => {}
            Err(problem) => return Err(problem),
        }
    }
    Err(Problem::unavailable("the application keeps changing"))
}

/// A loan at its end, or approved already, is answered as it stands.
fn not_approvable(payment: Payment, loan: &Loan) -> Result<Payment, Problem> {
    let ended = matches!(
        payment.status,
        PaymentStatus::Success | PaymentStatus::Failure
    );
    if ended || loan.state == ApplicationState::Confirming {
        Ok(payment)
    } else {
        Err(Problem::with(
            Rule::WrongPaymentState,
            &[("status", loan.action.as_str())],
        ))
    }
}

async fn confirm(
    app: &App,
    merchant: &Merchant,
    payment: Payment,
    loan: Loan,
) -> Result<Payment, Problem> {
    let apm = apm_of(app, &loan).await?;
    match ask_confirm(app, &apm, &payment, &loan).await {
        Ok(_) => {}
        Err(doubt) => {
            tracing::warn!(payment = payment.id, detail = %doubt.detail, "an approval is in doubt");
            let mut doubtful = loan.clone();
            doubtful.inquire_at = app.next_inquiry_at(0);
            doubtful.acting_until = None;
            let mut commit = Commit::new(loan.merchant_id, loan.payment_id);
            loans::save(&doubtful, &loan, &mut commit);
            app.commit(commit).await?.ignore_conflict();
            return Ok(payment);
        }
    }
    // Approved or refused, the lender's own word on how it stands now decides.
    let (payment, _) = settle(app, merchant, payment.id, Asker::Move).await?;
    Ok(payment)
}

async fn ask_confirm(app: &App, apm: &Apm, payment: &Payment, loan: &Loan) -> Answer<LoanStanding> {
    let call = LenderCall::of_loan(app, apm, loan, "confirm")?;
    let application = call.application(payment, loan);
    call.lender.confirm(call.context(), application).await
}
