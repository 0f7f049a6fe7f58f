//! An application is settled: the lender's answer decides, whatever the reason to ask it, and is
//! applied by compare-and-set.

use super::{after_expiry, change_commit, refuse, reload};
use crate::app::App;
use crate::engine::CONFLICTS_MAX;
use crate::engine::bank_call::{LenderCall, apm_of};
use crate::engine::inquiry::{Asker, caller_asked_before, next_inquiry};
use crate::engine::status::{Event, after};
use crate::problem::Problem;
use crate::store::db::Commit;
use crate::store::loans::{self, ApplicationState, Loan};
use crate::store::merchants::Merchant;
use crate::store::payments::Payment;
use connectors::bank::{Doubt, DoubtReason};
use connectors::lender::{LoanStanding, LoanState};
use contract::enums::ApmAdditionalAction as Action;
use contract::errors::ErrorGroup;
use contract::money::Money;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// Between inquiries about an application that the bank is assessing.
const ASSESSING_WAIT: Duration = Duration::from_secs(60);
/// Between tries to end what the shop gave up.
const TRY_WAIT: SignedDuration = SignedDuration::from_secs(5);
const TRY_WAIT_MAX: SignedDuration = SignedDuration::from_hours(6);

/// Asks the lender how the application stands and applies what it says; a caller's question only when
/// no other caller asked a moment ago. When the lender cannot be asked, a payment that waits is told
/// VERIFY_REQUIRED, unless its loan is known to be ready.
pub async fn settle(
    app: &App,
    merchant: &Merchant,
    payment_id: i64,
    asker: Asker,
) -> Result<(Payment, Loan), Problem> {
    let (payment, loan) = reload(app, merchant.id, payment_id).await?;
    if loan.state.is_final() || asker == Asker::Caller && !claim(app, &loan).await? {
        return Ok((payment, loan));
    }
    for _ in 0..CONFLICTS_MAX {
        let (payment, loan) = reload(app, merchant.id, payment_id).await?;
        if loan.state.is_final() {
            return Ok((payment, loan));
        }
        let (mut moved, mut result) = (payment.clone(), loan.clone());
        if asker == Asker::Move {
            result.acting_until = None;
        }
        match inquire(app, &payment, &loan).await? {
            Ok(Some(standing)) => apply_standing(app, &mut moved, &mut result, standing),
            Ok(None) => apply_unknown(app, &mut moved, &mut result, asker),
            Err(doubt) => {
                tracing::warn!(payment = payment.id, detail = %doubt.detail, "a lender's answer is in doubt");
                put_off(app, &mut result, asker);
            }
        }
        if write(app, merchant, (&payment, &loan), (&mut moved, &result)).await? {
            return Ok((moved, result));
        }
        if asker == Asker::Caller {
            // The application changed meanwhile, and a caller asks once.
            return reload(app, merchant.id, payment_id).await;
        }
    }
    Err(Problem::unavailable("the application keeps changing"))
}

/// Takes a caller's one question of this interval; false when another caller had it.
async fn claim(app: &App, loan: &Loan) -> Result<bool, Problem> {
    let mut commit = Commit::new(loan.merchant_id, loan.payment_id);
    loans::claim_inquiry(loan, app.now(), caller_asked_before(app), &mut commit);
    Ok(app.commit(commit).await?.is_yes())
}

/// An inquiry settled nothing. The schedule counts it and asks again later, also when a person is told;
/// what others ask can only bring the next question of the schedule forward.
fn put_off(app: &App, loan: &mut Loan, asker: Asker) {
    // A loan that was ready is so until the lender says otherwise.
    if !loan.is_approvable() {
        loan.action = Action::VerifyRequired;
    }
    if asker != Asker::Schedule {
        let soon = app.next_inquiry_at(loan.inquiries);
        loan.inquire_at = match (loan.inquire_at, soon) {
            (Some(known), Some(soon)) => Some(known.min(soon)),
            (known, _) => known,
        };
        return;
    }
    loan.inquiries += 1;
    let next = next_inquiry(app, loan.inquiries, loan.review_since);
    if next.review_since.is_some() && loan.review_since.is_none() {
        tracing::error!(
            payment = loan.payment_id,
            "a person must look at an application in doubt"
        );
    }
    (loan.inquire_at, loan.review_since) = (next.at, next.review_since);
}

async fn inquire(
    app: &App,
    payment: &Payment,
    loan: &Loan,
) -> Result<Result<Option<LoanStanding>, Doubt>, Problem> {
    let apm = apm_of(app, loan).await?;
    let standing = match LenderCall::of_loan(app, &apm, loan, "inquire") {
        Ok(call) => {
            let application = call.application(payment, loan);
            call.lender.inquire(call.context(), application).await
        }
        Err(doubt) => Err(doubt),
    };
    // A lender that speaks of another order or another amount proves nothing about this one.
    Ok(standing.and_then(|standing| match standing {
        Some(s)
            if s.order_id != loan.order_id
                || s.amount != Money::new(payment.paid_price.minor, payment.currency) =>
        {
            Err(Doubt {
                may_have_been_sent: true,
                reason: DoubtReason::Unauthentic,
                detail: "the lender answered for another order or amount".to_owned(),
            })
        }
        other => Ok(other),
    }))
}

fn apply_standing(app: &App, payment: &mut Payment, loan: &mut Loan, standing: LoanStanding) {
    loan.application_id = Some(standing.application_id);
    loan.bank_code = standing.bank_code.or_else(|| loan.bank_code.take());
    loan.term = standing.term.or(loan.term);
    // The lender answers: whatever doubt comes later begins with short waits.
    (loan.inquiries, loan.review_since) = (0, None);
    match standing.state {
        LoanState::Pending => {
            // Without its page the shopper cannot go on: it can only lapse.
            loan.state = ApplicationState::Pending;
            loan.action = match (loan.returned, &loan.redirect_url) {
                (false, Some(_)) => Action::RedirectToUrl,
                _ => Action::WaitForWebhook,
            };
            loan.inquire_at = Some(after_expiry(app, loan));
        }
        LoanState::Assessing => {
            loan.state = ApplicationState::Assessing;
            loan.action = Action::WaitForWebhook;
            loan.inquire_at = Some(app.after(ASSESSING_WAIT));
        }
        LoanState::Ready if loan.is_ready_and_acted_on() => apply_still_ready(app, loan),
        LoanState::Ready => {
            loan.state = ApplicationState::Ready;
            loan.action = Action::ApprovalRequired;
            loan.inquire_at = Some(after_expiry(app, loan));
        }
        LoanState::Disbursed => disburse(payment, loan, app.now()),
        LoanState::Rejected(decline) => refuse(payment, loan, (&decline).into()),
        LoanState::Expired => {
            refuse(payment, loan, ErrorGroup::BnplCancelled.into());
            loan.state = ApplicationState::Expired;
        }
        LoanState::Cancelled => {
            refuse(payment, loan, ErrorGroup::BnplCancelled.into());
            loan.state = ApplicationState::Cancelled;
        }
    }
    if let Some(since) = payment.given_up_at
        && !loan.state.is_final()
    {
        let next = next_call_off(loan, since);
        loan.inquire_at = loan.inquire_at.map(|at| at.min(next));
    }
}

/// When the lender is asked again to call a loan off that was given up at `since`.
pub(super) fn next_call_off(loan: &Loan, since: Timestamp) -> Timestamp {
    if loan.asked_at <= since {
        return since;
    }
    wait_after(since, loan.asked_at)
}

/// A try at `tried` is followed by a wait as long as the wish was old by then.
pub(super) fn wait_after(since: Timestamp, tried: Timestamp) -> Timestamp {
    let wait = tried.duration_since(since).clamp(TRY_WAIT, TRY_WAIT_MAX);
    tried.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// The merchant approved or called off, and the lender has not seen it. That may still be on its way until its
/// time is over, so the doubt never ends before; then the merchant may approve or call off again.
fn apply_still_ready(app: &App, loan: &mut Loan) {
    if app.may_be_answering(loan.asked_at) {
        loan.action = Action::VerifyRequired;
        loan.inquire_at = Some(app.answered_by(loan.asked_at));
        return;
    }
    loan.action = Action::ApprovalRequired;
    loan.inquire_at = Some(after_expiry(app, loan));
}

/// The bank paid the merchant.
pub(super) fn disburse(payment: &mut Payment, loan: &mut Loan, now: Timestamp) {
    loan.state = ApplicationState::Disbursed;
    loan.action = Action::None;
    // What the shop gave up goes back at once.
    loan.inquire_at = payment.given_up_at.map(|_| now);
    if let Some(status) = after(payment.status, Event::Approved) {
        payment.status = status;
        payment.take(now);
    }
}

/// The lender knows no such application. One in doubt may still be on its way, so that is believed
/// only the third time and after a while; one that it had confirmed is a contradiction, and stays in doubt.
fn apply_unknown(app: &App, payment: &mut Payment, loan: &mut Loan, asker: Asker) {
    const BELIEVED_AFTER: i64 = 2;
    const BELIEVED_AFTER_SECONDS: i64 = 90;
    let waited = app.now().duration_since(payment.created_at);
    if loan.application_id.is_none()
        && loan.inquiries >= BELIEVED_AFTER
        && waited >= SignedDuration::from_secs(BELIEVED_AFTER_SECONDS)
    {
        refuse(payment, loan, ErrorGroup::CommunicationOrSystemError.into());
        return;
    }
    put_off(app, loan, asker);
    loan.action = Action::VerifyRequired;
}

/// Writes a change of state; false when another call moved first.
pub(super) async fn write(
    app: &App,
    merchant: &Merchant,
    (payment, loan): (&Payment, &Loan),
    (moved, result): (&mut Payment, &Loan),
) -> Result<bool, Problem> {
    let commit = change_commit(app, merchant, (payment, loan), (moved, result));
    if app.commit(commit).await?.is_conflict() {
        return Ok(false);
    }
    moved.version += i64::from(moved.status != payment.status);
    Ok(true)
}
