//! A shop calls an application off before the bank has disbursed: no money moves, and none goes back.

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
use connectors::bank::{Answer, Verdict};
use connectors::lender::LoanStanding;
use contract::enums::{ApmAdditionalAction as Action, PaymentStatus};
use contract::rules::Rule;

/// Calls off a loan that waits for the shop's approval: a refund before there is anything to give back. `None`,
/// and nothing was asked, when the loan is disbursed. `note` adds to the commit of the intent what stands in the
/// audit log.
pub async fn call_off_ready(
    app: &App,
    merchant: &Merchant,
    claims: &Claims,
    payment_id: i64,
    note: impl Fn(&mut Commit),
) -> Result<Option<(Payment, Loan)>, Problem> {
    let wanted = |loan: &Loan| loan.is_approvable();
    match call_off(app, merchant, claims, payment_id, wanted, note).await? {
        CalledOff::No(payment, _) if payment.status == PaymentStatus::Success => Ok(None),
        CalledOff::No(payment, loan) if loan.is_in_doubt() => Err(Problem::Doubt {
            payment_id: payment.id,
        }),
        CalledOff::No(payment, loan) => Err(wrong_state(&payment, &loan)),
        CalledOff::Asked(payment, loan) => require_called_off(payment, loan).map(Some),
    }
}

/// Calls off whatever application is not at its end, and answers with the payment as it then stands: doubt ends first,
/// by the lender's word on how the application stands.
pub async fn end(app: &App, merchant: &Merchant, payment_id: i64) -> Result<Payment, Problem> {
    let claims = Claims::none(merchant.id);
    let wanted = |loan: &Loan| !loan.is_in_doubt();
    let called_off = call_off(app, merchant, &claims, payment_id, wanted, |_| {}).await?;
    let (CalledOff::No(payment, _) | CalledOff::Asked(payment, _)) = called_off;
    Ok(payment)
}

/// A loan that was called off, as it stands: also for a call that comes again.
pub fn require_called_off(payment: Payment, loan: Loan) -> Result<(Payment, Loan), Problem> {
    if loan.state == ApplicationState::Cancelled {
        return Ok((payment, loan));
    }
    if loan.is_in_doubt() {
        return Err(Problem::Doubt {
            payment_id: payment.id,
        });
    }
    Err(wrong_state(&payment, &loan))
}

fn wrong_state(payment: &Payment, loan: &Loan) -> Problem {
    let status = match payment.status {
        PaymentStatus::Waiting => loan.action.as_str(),
        status => status.as_str(),
    };
    Problem::with(Rule::WrongPaymentState, &[("status", status)])
}

/// What became of it.
enum CalledOff {
    /// The lender was not asked to: it stands so.
    No(Payment, Loan),
    /// It was asked, and it then stands so.
    Asked(Payment, Loan),
}

/// Asks the lender to cancel, once the outcome of whatever else it is being asked is known, and it stands as
/// `wanted`.
async fn call_off(
    app: &App,
    merchant: &Merchant,
    claims: &Claims,
    payment_id: i64,
    wanted: impl Fn(&Loan) -> bool,
    note: impl Fn(&mut Commit),
) -> Result<CalledOff, Problem> {
    for _ in 0..CONFLICTS_MAX {
        let (mut payment, mut loan) = wait_for_outcome(app, merchant, payment_id).await?;
        if loan.is_in_doubt() {
            (payment, loan) = settle(app, merchant, payment_id, Asker::Caller).await?;
        }
        if loan.state.is_final() || !wanted(&loan) {
            return Ok(CalledOff::No(payment, loan));
        }
        let mut intended = loan.clone();
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
                let asked = ask(app, merchant, payment, (&loan, intended)).await;
                return asked.map_err(|problem| problem.or_doubt(payment_id));
            }
            // Another call was faster: its outcome is awaited.
            Err(Problem::Moved) => {}
            Err(problem) => return Err(problem),
        }
    }
    Err(Problem::unavailable("the application keeps changing"))
}

/// The last two beats; `before` is the application before it was asked to be cancelled.
async fn ask(
    app: &App,
    merchant: &Merchant,
    payment: Payment,
    (before, loan): (&Loan, Loan),
) -> Result<CalledOff, Problem> {
    let apm = apm_of(app, &loan).await?;
    let answer = ask_cancel(app, &apm, &payment, &loan).await;
    let mut heard = loan.clone();
    heard.acting_until = None;
    let decline = match answer {
        Ok(Verdict::Approved(_)) => None,
        Ok(Verdict::Declined(decline)) => Some(decline),
        Err(doubt) => {
            tracing::warn!(payment = payment.id, detail = %doubt.detail, "it is in doubt whether a loan was called off");
            heard.inquire_at = app.next_inquiry_at(0);
            save(app, &heard, &loan).await?;
            return Ok(CalledOff::Asked(payment, heard));
        }
    };
    if decline.is_some() {
        // It stands as before, and nothing is on its way.
        heard.action = before.action;
        save(app, &heard, &loan).await?;
    }
    // Cancelled or refused, the lender's own word on how it stands now decides.
    let (payment, loan) = settle(app, merchant, payment.id, Asker::Move).await?;
    match decline {
        Some(decline) if !loan.state.is_final() && !loan.is_in_doubt() => Err(Problem::Failed {
            payment_id: Some(payment.id),
            failure: (&decline).into(),
        }),
        _ => Ok(CalledOff::Asked(payment, loan)),
    }
}

/// Writes what was heard, unless somebody else has heard more since.
async fn save(app: &App, heard: &Loan, known: &Loan) -> Result<(), Problem> {
    let mut commit = Commit::new(known.merchant_id, known.payment_id);
    loans::save(heard, known, &mut commit);
    app.commit(commit).await?.ignore_conflict();
    Ok(())
}

async fn ask_cancel(app: &App, apm: &Apm, payment: &Payment, loan: &Loan) -> Answer<LoanStanding> {
    let call = LenderCall::of_loan(app, apm, loan, "cancel")?;
    let application = call.application(payment, loan);
    call.lender.cancel(call.context(), application).await
}
