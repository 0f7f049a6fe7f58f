//! A card is charged with 3DS: begin, the browser's return, completion. No money moves before the
//! merchant completes.

mod complete;
mod proof;

pub use complete::complete;
pub use proof::{Return, ThreedsReturn, opened, returned};

use super::answer::{failure, failure_of, settle_stored_card};
use super::charge::{Plan, insert_payment, new_attempt, order_id_used, order_of, route_to};
use super::claims::Claims;
use super::recorder::Recorder;
use super::status::{Event, after};
use super::threeds_page::{Addresses, Page, RETURN_TIME};
use super::{accounts, announce};
use crate::app::App;
use crate::operations::Problem;
use crate::store::attempts::{self, Attempt, AttemptState};
use crate::store::db::Commit;
use crate::store::merchants::Merchant;
use crate::store::payments::{self, Payment, PaymentFailure};
use crate::store::poses;
use connectors::bank::{Answer, BankContext, BankForm, Begin3ds, Doubt, Verdict};
use contract::enums::{PaymentStatus, WebhookEventType};
use contract::errors::ErrorGroup;
use contract::rules::Rule;

/// A 3DS payment that was begun.
pub struct Begun {
    /// The payment, INIT_THREEDS or FAILURE.
    pub payment: Payment,
    /// Where the shopper's browser goes next; none when the bank refused to begin.
    pub page: Option<Page>,
}

/// Intends the payment, asks the bank for its form, and seals the form.
pub async fn begin(
    app: &App,
    merchant: &Merchant,
    claims: &Claims,
    plan: Plan,
    language: &str,
) -> Result<Begun, Problem> {
    let Some(pos) = plan.poses.first() else {
        return Err(Problem::rule(Rule::NoPos));
    };
    let mut payment = plan.payment.clone();
    payment.status = PaymentStatus::InitThreeds;
    payment.threeds = true;
    let mut attempt = new_attempt(app, &payment, pos, &plan);
    attempt.threeds = true;
    attempt.state = AttemptState::Page;
    // When nobody came back until then, the payment ends.
    attempt.inquire_at = Some(app.after(RETURN_TIME));
    route_to(&mut payment, pos, &attempt);
    let addresses = Addresses::new();
    let mut commit = Commit::new(merchant.id, payment.id);
    claims.write(app, Some(payment.id), &mut commit);
    insert_payment(app, &mut payment, &plan, &mut commit);
    attempts::insert(&attempt, &mut commit);
    addresses.insert(app, &payment, &mut commit);
    app.db
        .commit(commit)
        .await
        .map_err(|error| claims.refused(error, order_id_used()))?;

    let return_url = addresses.return_url(app);
    let why = match ask_form(app, pos, &payment, &attempt, &plan, &return_url, language).await {
        Ok(Verdict::Approved(form)) => {
            let page = Some(addresses.page(app, &attempt, pos.integrator, &form).await);
            return Ok(Begun { payment, page });
        }
        Ok(Verdict::Declined(decline)) => {
            // A bank that refuses to begin refuses 3DS, whatever its reason.
            PaymentFailure {
                group: ErrorGroup::ThreedsInitError,
                ..failure_of(&decline)
            }
        }
        Err(doubt) => {
            // No money moves here: not knowing whether the page was prepared harms nobody.
            tracing::warn!(payment = payment.id, detail = %doubt.detail, "3DS could not be begun");
            failure(ErrorGroup::ThreedsInitError)
        }
    };
    let id = payment.id;
    let failed = not_verified(app, merchant, payment, attempt, None, Some(why), false).await;
    Ok(Begun {
        payment: failed.map_err(|problem| problem.or_doubt(id))?,
        page: None,
    })
}

/// Makes the page of a payment that was begun before: new addresses, the same order at the bank.
pub async fn restart(
    app: &App,
    merchant: &Merchant,
    payment: Payment,
    plan: Plan,
    language: &str,
) -> Result<Begun, Problem> {
    let attempt = attempts::last_of_payment(app, merchant.id, payment.id).await?;
    let Some(attempt) = attempt.filter(|a| a.state == AttemptState::Page) else {
        return Err(Problem::with(
            Rule::WrongPaymentState,
            &[("status", payment.status.as_str())],
        ));
    };
    let Some(pos) = poses::one_of_merchant(app, merchant.id, attempt.pos_id).await? else {
        return Err(Problem::unavailable("the POS of an attempt is gone"));
    };
    let addresses = Addresses::new();
    let mut commit = Commit::new(merchant.id, payment.id);
    addresses.insert(app, &payment, &mut commit);
    attempts::await_return(&attempt, app.after(RETURN_TIME), &mut commit);
    app.commit(commit).await?.no_conflict()?;
    let return_url = addresses.return_url(app);
    match ask_form(app, &pos, &payment, &attempt, &plan, &return_url, language).await {
        Ok(Verdict::Approved(form)) => {
            let page = Some(addresses.page(app, &attempt, pos.integrator, &form).await);
            Ok(Begun { payment, page })
        }
        // The first page may still lead somewhere: nothing is decided by this one.
        _ => Err(Problem::Failed {
            payment_id: Some(payment.id),
            failure: failure(ErrorGroup::ThreedsInitError),
        }),
    }
}

async fn ask_form(
    app: &App,
    pos: &poses::Pos,
    payment: &Payment,
    attempt: &Attempt,
    plan: &Plan,
    return_url: &str,
    language: &str,
) -> Answer<BankForm> {
    let Some(bank) = connectors::directory::protocol(pos.integrator) else {
        return Err(Doubt::not_supported());
    };
    let account = pos.account();
    let now = app.istanbul_now();
    let of = (payment.merchant_id, payment.id);
    let http = Recorder::to_bank(app, of, pos, "threeds_begin");
    let line = BankContext {
        account: &account,
        http: &http,
        now: &now,
    };
    let order = order_of(payment, attempt);
    let begin = Begin3ds {
        order: &order,
        card: &plan.card,
        reward: plan.reward,
        return_url,
        client_ip: payment.client_ip.as_deref(),
        language,
    };
    let answer = bank.begin_3ds(line, begin).await;
    // A form that could be made proves nothing: not every bank is asked for it.
    if matches!(answer, Ok(Verdict::Declined(_))) {
        accounts::note(app, pos, &answer).await;
    }
    answer
}

async fn not_verified(
    app: &App,
    merchant: &Merchant,
    payment: Payment,
    attempt: Attempt,
    md_status: Option<u8>,
    why: Option<PaymentFailure>,
    announced: bool,
) -> Result<Payment, Problem> {
    let (mut moved, mut result) = (payment.clone(), attempt.clone());
    let Some(status) = after(payment.status, Event::NotVerified) else {
        return Ok(payment);
    };
    moved.status = status;
    moved.md_status = md_status;
    moved.error = why;
    result.state = AttemptState::Declined;
    (result.inquire_at, result.inquiries, result.answer) = (None, 0, None);
    // The form that was kept for an address is of no more use.
    result.proof = None;
    let mut commit = Commit::new(payment.merchant_id, payment.id);
    attempts::save(app, &result, attempt.state, &mut commit);
    payments::save(&moved, &mut commit);
    settle_stored_card(&moved, &mut commit);
    if announced {
        announce::payment(
            app,
            merchant,
            &moved,
            WebhookEventType::ThreedsVerify,
            &mut commit,
        );
    }
    if app.commit(commit).await?.is_conflict() {
        return Ok(payment);
    }
    moved.version += 1;
    Ok(moved)
}

/// Ends a payment whose shopper did not come back from the bank while the address for that lived: by
/// now nothing can verify it, and no money moved. The shop is told. False when the payment does not
/// stand there.
pub async fn expire(app: &App, merchant: &Merchant, payment_id: i64) -> Result<bool, Problem> {
    let (_, payment) = super::loaded(app, merchant.id, payment_id).await?;
    let attempt = attempts::last_of_payment(app, merchant.id, payment_id).await?;
    let is_over = |a: &Attempt| a.inquire_at.is_some_and(|until| until <= app.now());
    match attempt {
        Some(attempt) if attempt.state == AttemptState::Page && is_over(&attempt) => {
            tracing::info!(payment = payment.id, "nobody came back from 3DS");
            not_verified(app, merchant, payment, attempt, None, None, true).await?;
            Ok(true)
        }
        _ => Ok(false),
    }
}
