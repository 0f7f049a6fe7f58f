//! Shopping loans: apply, the browser's return, the lender's notification, approval, verification, calling off.
//!
//! Browser, notification, job and verify call may come in any order: the state is always what the
//! lender answers to an inquiry, applied by compare-and-set, so all orders end alike.

mod approve;
mod call_off;
mod given_up;
mod settle;

pub use approve::approve;
pub use call_off::{call_off_ready, end, require_called_off};
pub use given_up::carry_on;
pub use settle::settle;

use super::bank_call::LenderCall;
use super::claims::Claims;
use super::inquiry::{Asker, ManualResolution, not_open};
use super::recorder::Recorder;
use super::status::{Event, after};
use super::{CONFLICTS_MAX, announce, refund, turn};
use crate::app::App;
use crate::problem::Problem;
use crate::store::apms::{self, Apm};
use crate::store::db::Commit;
use crate::store::loans::{self, ApplicationState, CartLine, Loan};
use crate::store::merchants::Merchant;
use crate::store::page_tokens::{self, Kind};
use crate::store::payments::{self, Item, Payment};
use crate::{clock, random};
use connectors::bank::{Answer, Verdict};
use connectors::lender::{Application, Applied, Buyer, CartItem};
use connectors::lenders::of_apm;
use contract::enums::{ApmAdditionalAction as Action, PaymentStatus};
use contract::errors::ErrorGroup;
use contract::money::Money;
use contract::rules::Rule;
use settle::disburse;
use std::time::Duration;

/// Beyond an application's own time limit, this long passes before the lender is asked whether it
/// lapsed: its notification usually comes first.
const AFTER_EXPIRY: Duration = Duration::from_secs(30);
/// How long the addresses for browser and lender live beyond the application.
const ADDRESS_TIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What the operation decided.
pub struct Plan {
    /// The payment as it will stand.
    pub payment: Payment,
    /// Its items.
    pub items: Vec<Item>,
    /// The account at the lender.
    pub apm: Apm,
    /// The cart.
    pub cart: Vec<CartLine>,
    /// The bank; `None` on the lender's own page.
    pub bank_code: Option<String>,
    /// Months.
    pub term: Option<u16>,
    /// The buyer.
    pub buyer: Buyer,
}

/// The cart as a lender is told it.
pub fn cart_items(cart: &[CartLine]) -> Vec<CartItem> {
    cart.iter()
        .map(|line| CartItem {
            id: line.id.clone(),
            name: line.name.clone(),
            brand: line.brand.clone(),
            category: line.category,
            unit_price: line.unit_price,
            quantity: line.quantity,
        })
        .collect()
}

/// Applies for a loan. The payment is then WAITING with the page to which the shopper goes,
/// FAILURE, or WAITING in doubt (no redirect).
pub async fn apply(
    app: &App,
    merchant: &Merchant,
    claims: &Claims,
    plan: Plan,
) -> Result<(Payment, Loan), Problem> {
    let expires_at = app.after(Duration::from_secs(u64::from(plan.apm.time_limit_seconds)));
    let mut payment = plan.payment.clone();
    payment.status = PaymentStatus::Waiting;
    let loan = Loan {
        merchant_id: merchant.id,
        payment_id: payment.id,
        apm_id: plan.apm.id,
        order_id: random::order_id(),
        bank_code: plan.bank_code.clone(),
        term: plan.term,
        approval_mode: plan
            .bank_code
            .as_deref()
            .and_then(|bank| plan.apm.approval_mode(bank)),
        application_id: None,
        redirect_url: None,
        action: Action::VerifyRequired,
        state: ApplicationState::Asked,
        asked_at: app.now(),
        items: plan.cart.clone(),
        returned: false,
        expires_at,
        inquiries: 0,
        inquire_at: Some(app.unanswered_at()),
        review_since: None,
        acting_until: Some(app.unanswered_at()),
    };
    payment.order_id = Some(loan.order_id.clone());
    let (back, notify) = (random::token(), random::token());
    let until =
        app.after(Duration::from_secs(u64::from(plan.apm.time_limit_seconds)) + ADDRESS_TIME);
    let mut commit = claims.intent(app, Some(payment.id));
    payments::insert(&payment, &plan.items, &mut commit);
    loans::insert(&loan, &mut commit);
    for (token, kind) in [(&back, Kind::LoanReturn), (&notify, Kind::LoanNotify)] {
        page_tokens::insert(&payment, token, kind, until, &mut commit);
    }
    let otherwise = Problem::unavailable("an order id was taken");
    claims.commit(app, commit, otherwise).await?;
    payment.version = 1;
    let id = payment.id;
    let answer = ask_apply(app, &plan, &payment, &loan, &back, &notify).await;
    let applied = write_application(app, merchant, payment, loan, answer).await;
    applied.map_err(|problem| problem.or_doubt(id))
}

/// The last beat of an application. What the lender answered is never dropped: when its notification
/// was faster, the page that only this answer names is added to what the application is now.
async fn write_application(
    app: &App,
    merchant: &Merchant,
    mut payment: Payment,
    mut loan: Loan,
    answer: Answer<Applied>,
) -> Result<(Payment, Loan), Problem> {
    for _ in 0..CONFLICTS_MAX {
        let (mut moved, mut result) = (payment.clone(), loan.clone());
        if loan.state == ApplicationState::Asked {
            result.acting_until = None;
        }
        match &answer {
            Ok(Verdict::Approved(applied)) => open_page(app, &mut result, applied),
            _ if loan.state != ApplicationState::Asked => return Ok((payment, loan)),
            Ok(Verdict::Declined(decline)) => {
                refuse(&mut moved, &mut result, decline.into());
            }
            Err(doubt) if !doubt.may_have_been_sent => {
                tracing::warn!(payment = payment.id, detail = %doubt.detail, "the lender could not be reached");
                let why = ErrorGroup::CommunicationOrSystemError.into();
                refuse(&mut moved, &mut result, why);
            }
            Err(doubt) => {
                tracing::warn!(payment = payment.id, detail = %doubt.detail, "an application is in doubt");
                result.inquire_at = app.next_inquiry_at(0);
            }
        }
        let (before, after) = ((&payment, &loan), (&mut moved, &result));
        if settle::write(app, merchant, before, after).await? {
            return Ok((moved, result));
        }
        (payment, loan) = reload(app, merchant.id, payment.id).await?;
        if loan.state.is_final() || loan.redirect_url.is_some() {
            return Ok((payment, loan));
        }
    }
    Err(Problem::unavailable("the application keeps changing"))
}

/// The lender took the application and names the page to which the shopper goes. Whatever it said of
/// the state meanwhile is newer than this answer and stays.
fn open_page(app: &App, loan: &mut Loan, applied: &Applied) {
    let id = || applied.application_id.clone();
    loan.application_id.get_or_insert_with(id);
    loan.redirect_url = Some(applied.redirect_url.clone());
    if loan.state == ApplicationState::Asked {
        loan.state = ApplicationState::Pending;
        loan.inquire_at = Some(after_expiry(app, loan));
    }
    if loan.state == ApplicationState::Pending && !loan.returned {
        loan.action = Action::RedirectToUrl;
    }
}

fn refuse(payment: &mut Payment, loan: &mut Loan, why: payments::PaymentFailure) {
    loan.state = ApplicationState::Rejected;
    loan.action = Action::None;
    loan.inquire_at = None;
    if let Some(status) = after(payment.status, Event::Declined) {
        payment.status = status;
        payment.error = Some(why);
    }
}

async fn ask_apply(
    app: &App,
    plan: &Plan,
    payment: &Payment,
    loan: &Loan,
    back: &str,
    notify: &str,
) -> Answer<Applied> {
    let call = LenderCall::of_loan(app, &plan.apm, loan, "apply")?;
    let items = cart_items(&plan.cart);
    let application = Application {
        order_id: &loan.order_id,
        bank_code: loan.bank_code.as_deref(),
        term: loan.term,
        amount: Money::new(payment.paid_price.minor, payment.currency),
        items: &items,
        buyer: &plan.buyer,
        return_url: &app.public_url(&format!("/pages/loan-return/{back}")),
        notification_url: &app.public_url(&format!("/pages/loan-notify/{notify}")),
        time_limit_seconds: plan.apm.time_limit_seconds,
        approves_by_itself: loan.approves_by_itself(),
    };
    call.lender.apply(call.context(), application).await
}

async fn reload(app: &App, merchant_id: i64, payment_id: i64) -> Result<(Payment, Loan), Problem> {
    // The application first: one that is final then comes with a payment that is, too. The other
    // way round a change between the two reads would show a final loan of a waiting payment.
    let loan = loans::of_payment(app, merchant_id, payment_id).await?;
    let payment = payments::of_merchant(app, merchant_id, payment_id).await?;
    payment
        .zip(loan)
        .ok_or_else(|| Problem::rule(Rule::PaymentNotFound))
}

fn after_expiry(app: &App, loan: &Loan) -> jiff::Timestamp {
    let wait = jiff::SignedDuration::try_from(AFTER_EXPIRY).unwrap_or(jiff::SignedDuration::ZERO);
    loan.expires_at
        .max(app.now())
        .checked_add(wait)
        .unwrap_or(jiff::Timestamp::MAX)
}

/// A merchant's loan payment.
pub async fn of_merchant(
    app: &App,
    merchant: &Merchant,
    payment_id: i64,
) -> Result<(Payment, Loan), Problem> {
    reload(app, merchant.id, payment_id).await
}

/// A caller wants to know how the application stands: after a call that the lender is being asked to
/// act by has its outcome, [`settle`].
pub async fn verify(
    app: &App,
    merchant: &Merchant,
    payment_id: i64,
) -> Result<(Payment, Loan), Problem> {
    wait_for_outcome(app, merchant, payment_id).await?;
    let settled = settle(app, merchant, payment_id, Asker::Caller).await;
    settled.map_err(|problem| problem.or_doubt(payment_id))
}

/// Waits while another call, of this process or another, asks the lender to act. Answers with what the
/// payment then is.
async fn wait_for_outcome(
    app: &App,
    merchant: &Merchant,
    payment_id: i64,
) -> Result<(Payment, Loan), Problem> {
    let (mut payment, mut loan) = reload(app, merchant.id, payment_id).await?;
    if loan.is_being_acted_on(app.now()) {
        let mut turn = turn::take(app, payment_id)?;
        while loan.is_being_acted_on(app.now()) {
            turn.pause().await?;
            (payment, loan) = reload(app, merchant.id, payment_id).await?;
        }
    }
    Ok((payment, loan))
}

/// Ends an application in doubt by a person's word: the bank paid the merchant, or it will not.
/// `note` is handed the state that the application had, and adds to the commit what stands in the
/// audit log. Refused while the lender may still answer: its answer could
/// contradict this decision.
pub async fn settle_by_hand(
    app: &App,
    merchant: &Merchant,
    payment_id: i64,
    found: ManualResolution,
    note: impl Fn(&str, &Payment, &mut Commit),
) -> Result<Payment, Problem> {
    for _ in 0..CONFLICTS_MAX {
        let (payment, loan) = reload(app, merchant.id, payment_id).await?;
        if !loan.is_in_doubt() || app.may_be_answering(loan.asked_at) {
            return Err(not_open(loan.state.as_str()));
        }
        let (mut moved, mut result) = (payment.clone(), loan.clone());
        match found {
            ManualResolution::Taken => disburse(&mut moved, &mut result, app.now()),
            ManualResolution::NotTaken => refuse(
                &mut moved,
                &mut result,
                ErrorGroup::CommunicationOrSystemError.into(),
            ),
        }
        let mut commit = change_commit(app, merchant, (&payment, &loan), (&moved, &result));
        note(loan.state.as_str(), &moved, &mut commit);
        if app.commit(commit).await?.is_yes() {
            return Ok(moved);
        }
    }
    Err(Problem::unavailable("the application keeps changing"))
}

/// The commit that changes payment and application, and tells the shop of it.
fn change_commit(
    app: &App,
    merchant: &Merchant,
    (payment, loan): (&Payment, &Loan),
    (moved, result): (&Payment, &Loan),
) -> Commit {
    let mut commit = Commit::new(payment.merchant_id, payment.id);
    loans::save(result, loan, &mut commit);
    if moved.status != payment.status {
        payments::save(moved, &mut commit);
    }
    // The shop hears of each state that asks something of it or ends the matter; of what it gave up, that it is over.
    let wanted = moved.given_up_at.is_none() || moved.status == PaymentStatus::Failure;
    let speaks = wanted && (result.state.is_final() || result.is_approvable());
    if speaks && (result.state, result.action) != (loan.state, loan.action) {
        announce::loan(app, merchant, moved, result.action, &mut commit);
    }
    commit
}

/// What the browser's return led to.
pub struct LoanReturn {
    /// The merchant, whose key signs the callback.
    pub merchant: Merchant,
    /// The payment as it stands.
    pub payment: Payment,
    /// The application as it stands.
    pub loan: Loan,
    /// The browser was here before.
    pub already: bool,
}

/// Whether an address is one to which a lender sends the browser back, and still good.
pub async fn is_return(app: &App, token: &str) -> Result<bool, Problem> {
    let known = page_tokens::of_token(app, token, Kind::LoanReturn).await?;
    Ok(matches!(known, Some((_, _, true))))
}

/// The browser came back. That proves nothing: the lender is asked. A return counts once the lender
/// knows what the shopper decided; before that it uses nothing up, and a later one is the first.
/// `None` when the address is unknown or too old.
pub async fn receive_return(app: &App, token: &str) -> Result<Option<LoanReturn>, Problem> {
    let Some((merchant_id, payment_id, true)) =
        page_tokens::of_token(app, token, Kind::LoanReturn).await?
    else {
        return Ok(None);
    };
    let (merchant, _) = super::load_payment(app, merchant_id, payment_id).await?;
    let (mut payment, mut loan) = reload(app, merchant_id, payment_id).await?;
    if !loan.returned && app.rates.hears_return(payment_id, app.now()) {
        (payment, loan) = settle(app, &merchant, payment_id, Asker::News).await?;
    }
    let mut already = loan.returned;
    if !already && loan.is_decided() {
        let mut commit = Commit::new(merchant_id, payment_id);
        loans::mark_returned(merchant_id, payment_id, &mut commit);
        already = app.commit(commit).await?.is_conflict();
    }
    Ok(Some(LoanReturn {
        merchant,
        payment,
        loan,
        already,
    }))
}

/// The lender notified Galata. Its word is only a reason to ask it; false when the sender is not
/// proven or the address is unknown.
pub async fn receive_notification(
    app: &App,
    token: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> Result<bool, Problem> {
    let Some((merchant_id, payment_id, true)) =
        page_tokens::of_token(app, token, Kind::LoanNotify).await?
    else {
        return Ok(false);
    };
    let (merchant, _) = super::load_payment(app, merchant_id, payment_id).await?;
    let (_, loan) = reload(app, merchant_id, payment_id).await?;
    let Some(apm) = apms::one_of_merchant(app, merchant_id, loan.apm_id).await? else {
        return Ok(false);
    };
    let Some(lender) = of_apm(apm.apm_type) else {
        return Ok(false);
    };
    let now = clock::istanbul(app.now());
    match lender.read_notification(&apm.account, headers, body, &now) {
        Ok(order_id) if order_id == loan.order_id => {
            let of = (merchant_id, payment_id);
            Recorder::to_lender(app, of, apm.apm_type, "notification").record_notification(body);
            let (_, loan) = settle(app, &merchant, payment_id, Asker::News).await?;
            if loan.state == ApplicationState::Disbursed {
                // What changes a loan that is disbursed is money back; so may be what told that it is.
                refund::by_lender::hear(app, &merchant, payment_id).await?;
            }
            Ok(true)
        }
        _ => Ok(false),
    }
}
