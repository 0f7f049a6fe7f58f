//! Shopping loans: apply, the browser's return, the lender's notification, approval, verification.
//!
//! Whoever learns something first (browser, notification, job, a verify call), the state is what
//! the lender answers to an inquiry, applied by compare-and-set; so all orders of events end alike.

mod approve;

pub use approve::approve;

use super::answer::{failure, failure_of};
use super::claims::Claims;
use super::inquiry::{Asker, Found, caller_asked_before, next, not_open};
use super::recorder::Recorder;
use super::status::{Event, after};
use super::{CONFLICTS_MAX, announce, turn};
use crate::app::App;
use crate::operations::Problem;
use crate::store::apms::{self, Apm};
use crate::store::db::Commit;
use crate::store::loans::{self, ApplicationState, CartLine, Loan};
use crate::store::merchants::Merchant;
use crate::store::page_tokens::{self, Kind};
use crate::store::payments::{self, Item, Payment};
use crate::store::won;
use crate::{clock, random};
use connectors::bank::{Answer, Doubt, Verdict};
use connectors::lender::{
    Application, ApplicationRef, Applied, Buyer, CartItem, LenderLine, LoanStanding, LoanState,
};
use connectors::lenders::of_apm;
use contract::enums::{ApmAdditionalAction as Action, PaymentStatus};
use contract::errors::ErrorGroup;
use contract::money::Money;
use contract::rules::Rule;
use std::time::Duration;

/// Beyond an application's own time limit, this long passes before the lender is asked whether it
/// lapsed: its notification usually comes first.
const AFTER_EXPIRY: Duration = Duration::from_secs(30);
/// How long the addresses for browser and lender live beyond the application.
const ADDRESS_TIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Between inquiries about an application that the bank is assessing.
const ASSESSING_WAIT: Duration = Duration::from_secs(60);

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
    /// The bank; none on the lender's own page.
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
        approves_by_itself: plan
            .bank_code
            .as_deref()
            .and_then(|bank| plan.apm.approves_by_itself(bank)),
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
    let mut commit = Commit::new(merchant.id, payment.id);
    claims.write(app, Some(payment.id), &mut commit);
    payments::insert(&payment, &plan.items, &mut commit);
    loans::insert(&loan, &mut commit);
    page_tokens::insert(
        &back,
        merchant.id,
        payment.id,
        Kind::LoanReturn,
        until,
        &mut commit,
    );
    page_tokens::insert(
        &notify,
        merchant.id,
        payment.id,
        Kind::LoanNotify,
        until,
        &mut commit,
    );
    let otherwise = Problem::unavailable("an order id was taken");
    app.db
        .commit(commit)
        .await
        .map_err(|error| claims.refused(error, otherwise))?;
    payment.version = 1;
    let id = payment.id;
    let answer = ask_apply(app, &plan, &payment, &loan, &back, &notify).await;
    let applied = write_applied(app, merchant, payment, loan, answer).await;
    applied.map_err(|problem| problem.or_doubt(id))
}

/// The last beat of an application.
async fn write_applied(
    app: &App,
    merchant: &Merchant,
    mut payment: Payment,
    mut loan: Loan,
    answer: Answer<Applied>,
) -> Result<(Payment, Loan), Problem> {
    let was = loan.clone();
    loan.acting_until = None;
    let mut commit = Commit::new(merchant.id, payment.id);
    match answer {
        Ok(Verdict::Approved(applied)) => {
            loan.application_id = Some(applied.application_id);
            loan.redirect_url = Some(applied.redirect_url);
            loan.action = Action::RedirectToUrl;
            loan.state = ApplicationState::Pending;
            loan.inquire_at = Some(after_expiry(app, &loan));
        }
        Ok(Verdict::Declined(decline)) => refuse(&mut payment, &mut loan, failure_of(&decline)),
        Err(doubt) if !doubt.may_have_been_sent => {
            tracing::warn!(payment = payment.id, detail = %doubt.detail, "the lender could not be reached");
            refuse(
                &mut payment,
                &mut loan,
                failure(ErrorGroup::CommunicationOrSystemError),
            );
        }
        Err(doubt) => {
            tracing::warn!(payment = payment.id, detail = %doubt.detail, "an application is in doubt");
            loan.inquire_at = app.next_inquiry_at(0);
        }
    }
    loans::save(&loan, &was, &mut commit);
    if payment.status == PaymentStatus::Failure {
        payments::save(&payment, &mut commit);
        announce::loan(app, merchant, &payment, loan.action, &mut commit);
    }
    if !won(app.db.commit(commit).await)? {
        // The lender's notification was faster.
        return reload(app, merchant.id, payment.id).await;
    }
    Ok((payment, loan))
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
    let Some(lender) = of_apm(plan.apm.apm_type) else {
        return Err(Doubt::not_supported());
    };
    let now = app.istanbul_now();
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
        approves_by_itself: loan.approves_by_itself,
    };
    let of = (payment.merchant_id, payment.id);
    let http = Recorder::to_lender(app, of, plan.apm.apm_type, "apply");
    lender
        .apply(
            LenderLine {
                account: &plan.apm.account,
                http: &http,
                now: &now,
            },
            application,
        )
        .await
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
    settle(app, merchant, payment_id, Asker::Caller).await
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
            Ok(None) => unknown_to_the_lender(app, &mut moved, &mut result, asker),
            Err(doubt) => {
                tracing::warn!(payment = payment.id, detail = %doubt.detail, "a lender's answer is in doubt");
                unsettled(app, &mut result, asker);
            }
        }
        if write(app, merchant, (&payment, &loan), (&mut moved, &result)).await? {
            return Ok((moved, result));
        }
    }
    Err(Problem::unavailable("the application keeps changing"))
}

/// Takes a caller's one question of this interval; false when somebody had it.
async fn claim(app: &App, loan: &Loan) -> Result<bool, Problem> {
    let mut commit = Commit::new(loan.merchant_id, loan.payment_id);
    loans::claim_inquiry(loan, app.now(), caller_asked_before(app), &mut commit);
    Ok(won(app.db.commit(commit).await)?)
}

/// An inquiry settled nothing. The schedule counts it and asks again later, also when a person is told;
/// what others ask can only bring the next question of the schedule forward.
fn unsettled(app: &App, loan: &mut Loan, asker: Asker) {
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
    let next = next(app, loan.inquiries, loan.review_since);
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
    let Some(apm) = apms::one_of_merchant(app, loan.merchant_id, loan.apm_id).await? else {
        return Err(Problem::unavailable(
            "the account of an application is gone",
        ));
    };
    let Some(lender) = of_apm(apm.apm_type) else {
        return Ok(Err(Doubt::not_supported()));
    };
    let now = app.istanbul_now();
    let of = (payment.merchant_id, payment.id);
    let http = Recorder::to_lender(app, of, apm.apm_type, "inquire");
    let line = LenderLine {
        account: &apm.account,
        http: &http,
        now: &now,
    };
    let standing = lender.inquire(line, reference(payment, loan)).await;
    // A lender that speaks of another order or another amount proves nothing about this one.
    Ok(standing.and_then(|standing| match standing {
        Some(s)
            if s.order_id != loan.order_id
                || s.amount != Money::new(payment.paid_price.minor, payment.currency) =>
        {
            Err(Doubt {
                may_have_been_sent: true,
                reason: connectors::bank::DoubtReason::Unauthentic,
                detail: "the lender answered for another order or amount".to_owned(),
            })
        }
        other => Ok(other),
    }))
}

fn reference<'a>(payment: &Payment, loan: &'a Loan) -> ApplicationRef<'a> {
    ApplicationRef {
        order_id: &loan.order_id,
        application_id: loan.application_id.as_deref(),
        currency: payment.currency,
    }
}

fn apply_standing(app: &App, payment: &mut Payment, loan: &mut Loan, standing: LoanStanding) {
    loan.application_id = Some(standing.application_id);
    loan.bank_code = standing.bank_code.or_else(|| loan.bank_code.take());
    loan.term = standing.term.or(loan.term);
    // The lender answers: whatever doubt comes later begins with short waits.
    (loan.inquiries, loan.review_since) = (0, None);
    match standing.state {
        LoanState::Pending => {
            // An application whose page nobody was told of can only lapse.
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
        LoanState::Ready if loan.state == ApplicationState::Confirming => {
            still_ready(app, loan);
        }
        LoanState::Ready => {
            loan.state = ApplicationState::Ready;
            loan.action = Action::ApprovalRequired;
            loan.inquire_at = Some(after_expiry(app, loan));
        }
        LoanState::Disbursed => disburse(payment, loan),
        LoanState::Rejected(decline) => refuse(payment, loan, failure_of(&decline)),
        LoanState::Expired => {
            refuse(payment, loan, failure(ErrorGroup::BnplCancelled));
            loan.state = ApplicationState::Expired;
        }
        LoanState::Cancelled => {
            refuse(payment, loan, failure(ErrorGroup::BnplCancelled));
            loan.state = ApplicationState::Cancelled;
        }
    }
}

/// The merchant approved, and the lender knows nothing of it. While it had not its time the approval may
/// still be on its way, so a loan never goes back from CONFIRMING; after that the merchant may approve
/// once more.
fn still_ready(app: &App, loan: &mut Loan) {
    if app.may_be_answering(loan.asked_at) {
        loan.action = Action::VerifyRequired;
        loan.inquire_at = Some(app.answered_by(loan.asked_at));
        return;
    }
    loan.action = Action::ApprovalRequired;
    loan.inquire_at = Some(after_expiry(app, loan));
}

/// The bank paid the merchant.
fn disburse(payment: &mut Payment, loan: &mut Loan) {
    loan.state = ApplicationState::Disbursed;
    loan.action = Action::None;
    loan.inquire_at = None;
    if let Some(status) = after(payment.status, Event::Approved) {
        payment.status = status;
        payment.captured = payment.paid_price.minor;
    }
}

/// Ends an application in doubt by a person's word: the bank paid the merchant, or it will not.
/// `note` is handed the state that the application had, and adds to the commit what stands in the
/// audit log. Refused while the lender may still be answering: that would cross.
pub async fn settled_by_hand(
    app: &App,
    merchant: &Merchant,
    payment_id: i64,
    found: Found,
    note: impl Fn(&str, &Payment, &mut Commit),
) -> Result<Payment, Problem> {
    for _ in 0..CONFLICTS_MAX {
        let (payment, loan) = reload(app, merchant.id, payment_id).await?;
        if !loan.is_in_doubt() || app.may_be_answering(loan.asked_at) {
            return Err(not_open(loan.state.as_str()));
        }
        let (mut moved, mut result) = (payment.clone(), loan.clone());
        match found {
            Found::Taken => disburse(&mut moved, &mut result),
            Found::NotTaken => refuse(
                &mut moved,
                &mut result,
                failure(ErrorGroup::CommunicationOrSystemError),
            ),
        }
        let mut commit = changed(app, merchant, (&payment, &loan), (&moved, &result));
        note(loan.state.as_str(), &moved, &mut commit);
        if won(app.db.commit(commit).await)? {
            return Ok(moved);
        }
    }
    Err(Problem::unavailable("the application keeps changing"))
}

/// The lender knows no such application. One in doubt may still be on its way, so that is believed
/// only the third time and after a while; one that it had confirmed is a contradiction, and stays in doubt.
fn unknown_to_the_lender(app: &App, payment: &mut Payment, loan: &mut Loan, asker: Asker) {
    const BELIEVED_AFTER: i64 = 2;
    const BELIEVED_AFTER_SECONDS: i64 = 90;
    let waited = app.now().duration_since(payment.created_at);
    if loan.application_id.is_none()
        && loan.inquiries >= BELIEVED_AFTER
        && waited >= jiff::SignedDuration::from_secs(BELIEVED_AFTER_SECONDS)
    {
        refuse(
            payment,
            loan,
            failure(ErrorGroup::CommunicationOrSystemError),
        );
        return;
    }
    unsettled(app, loan, asker);
    loan.action = Action::VerifyRequired;
}

/// Writes a change of state; false when somebody moved first.
async fn write(
    app: &App,
    merchant: &Merchant,
    (payment, loan): (&Payment, &Loan),
    (moved, result): (&mut Payment, &Loan),
) -> Result<bool, Problem> {
    let commit = changed(app, merchant, (payment, loan), (moved, result));
    if !won(app.db.commit(commit).await)? {
        return Ok(false);
    }
    moved.version += i64::from(moved.status != payment.status);
    Ok(true)
}

/// The commit that changes payment and application, and tells the shop of it.
fn changed(
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
    // The shop hears of each state that asks something of it or ends the matter.
    let speaks = result.state.is_final() || result.is_approvable();
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

/// The browser came back. That proves nothing: the lender is asked. Nothing when the address is
/// unknown or too old.
pub async fn returned(app: &App, token: &str) -> Result<Option<LoanReturn>, Problem> {
    let Some((merchant_id, payment_id, true)) =
        page_tokens::of_token(app, token, Kind::LoanReturn).await?
    else {
        return Ok(None);
    };
    let (merchant, _) = super::loaded(app, merchant_id, payment_id).await?;
    let mut commit = Commit::new(merchant_id, payment_id);
    loans::mark_returned(merchant_id, payment_id, &mut commit);
    let first = won(app.db.commit(commit).await)?;
    let (payment, loan) = match first {
        true => settle(app, &merchant, payment_id, Asker::News).await?,
        false => reload(app, merchant_id, payment_id).await?,
    };
    Ok(Some(LoanReturn {
        merchant,
        payment,
        loan,
        already: !first,
    }))
}

/// The lender notified Galata. Its word is only a reason to ask it; false when the sender is not
/// proven or the address is unknown.
pub async fn notified(
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
    let (merchant, _) = super::loaded(app, merchant_id, payment_id).await?;
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
            Recorder::to_lender(app, of, apm.apm_type, "notification").told(body);
            settle(app, &merchant, payment_id, Asker::News).await?;
            Ok(true)
        }
        _ => Ok(false),
    }
}
