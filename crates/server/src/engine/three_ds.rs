//! A card is charged with 3DS: begin, the browser's return, completion. No money moves before the
//! merchant completes, unless the bank's page sells by itself.

mod complete;
mod page_return;
mod proof;

pub use complete::complete;
pub use proof::{look_at_return, receive_return};

use super::answer::settle_holdings;
use super::bank_call::{BankCall, pos_of};
use super::charge::{Plan, commit_intent, insert_payment, intent, new_attempt, route_to};
use super::claims::Claims;
use super::status::{Event, after};
use super::threeds_page::{Addresses, Page, RETURN_TIME};
use super::{accounts, announce, autopilot, page_sales};
use crate::app::App;
use crate::problem::Problem;
use crate::store::attempts::{self, Attempt, AttemptState};
use crate::store::db::Commit;
use crate::store::merchants::Merchant;
use crate::store::payments::{self, Payment, PaymentFailure};
use crate::store::poses::Pos;
use connectors::bank::{Answer, Begin3ds, ThreedsLevel, Verdict};
use contract::card::Secret;
use contract::enums::{PaymentPhase, PaymentStatus, WebhookEventType};
use contract::errors::ErrorGroup;
use contract::rules::Rule;
use jiff::{SignedDuration, Timestamp};

/// After its beginning: how long a payment that was verified may wait for the shop to complete it.
const COMPLETION_TIME: SignedDuration = SignedDuration::from_hours(3 * 24);

/// A 3DS payment that was begun.
pub struct ThreeDsStart {
    /// The payment, INIT_THREEDS or FAILURE.
    pub payment: Payment,
    /// Where the shopper's browser goes next; `None` when the bank refused to begin.
    pub page: Option<Page>,
}

/// What the browser's return led to.
pub enum Return {
    /// The bank's word is known: the shop is told.
    Outcome(Box<ThreedsReturn>),
    /// The browser brought none of what the bank sends with it, and nothing happened.
    Bare(Box<Payment>),
    /// What it brought proves nothing, and nothing happened. It may be brought again.
    NoProof(Box<Payment>),
}

/// A return whose outcome the shop is told.
pub struct ThreedsReturn {
    /// The merchant, whose key signs the callback.
    pub merchant: Merchant,
    /// The payment as it stands.
    pub payment: Payment,
    /// The browser was here before: the shop has its answer already.
    pub already: bool,
    /// The bank's page sold by itself: there is nothing to complete.
    pub sold_by_page: bool,
}

/// Intends the payment, asks the bank for its form, and seals the form.
pub async fn begin(
    app: &App,
    merchant: &Merchant,
    claims: &Claims,
    plan: Plan,
    language: &str,
) -> Result<ThreeDsStart, Problem> {
    let Some(pos) = plan.poses.first() else {
        return Err(Problem::rule(Rule::NoPos));
    };
    if pos.sells_by_page() && plan.payment.phase == PaymentPhase::PreAuth {
        return Err(Problem::field(Rule::ValueNotOffered, "paymentPhase"));
    }
    let mut payment = plan.payment.clone();
    payment.status = PaymentStatus::InitThreeds;
    payment.threeds = true;
    let mut attempt = new_attempt(app, &payment, pos, &plan);
    attempt.threeds = true;
    attempt.state = AttemptState::Page;
    await_return(app, pos.sells_by_page(), &mut attempt);
    route_to(&mut payment, pos, &attempt, &plan);
    let addresses = Addresses::new();
    let mut commit = intent(app, merchant, claims, &plan);
    insert_payment(app, &mut payment, &plan, &mut commit);
    attempts::insert(&attempt, &mut commit);
    addresses.insert(app, &payment, &mut commit);
    commit_intent(app, merchant, claims, &plan, commit).await?;

    let of = (merchant, &payment, &attempt);
    let asked = ask_page(app, pos, of, &plan, &addresses, language).await;
    if !matches!(asked, Ok(Verdict::Approved(_))) {
        // A form that could be made proves nothing: not every bank is asked for it.
        autopilot::note(app, merchant, pos, true, &asked).await;
    }
    let error = match asked {
        Ok(Verdict::Approved(page)) => {
            let page = Some(page);
            return Ok(ThreeDsStart { payment, page });
        }
        // A bank that refuses to begin refuses 3DS, whatever its reason.
        Ok(Verdict::Declined(decline)) => PaymentFailure {
            group: ErrorGroup::ThreedsInitError,
            ..PaymentFailure::from(&decline)
        },
        Err(doubt) => {
            // No money moves here: not knowing whether the page was prepared harms no one.
            tracing::warn!(payment = payment.id, detail = %doubt.detail, "3DS could not be begun");
            ErrorGroup::ThreedsInitError.into()
        }
    };
    let id = payment.id;
    let refused = Verification {
        error: Some(error),
        is_answered: true,
        ..Verification::default()
    };
    let failed = write_verification(app, merchant, payment, attempt, refused).await;
    Ok(ThreeDsStart {
        payment: failed.map_err(|problem| problem.or_doubt(id))?,
        page: None,
    })
}

/// The shopper goes to the bank now. Where its page only verifies, the payment ends when they have not come
/// back in time; where it sells by itself, the bank is asked whether it did.
fn await_return(app: &App, sells: bool, attempt: &mut Attempt) {
    attempt.page_sells_until = sells.then(|| page_sales::until(app));
    attempt.inquire_at = Some(if sells {
        page_sales::first_look(app)
    } else {
        app.after(RETURN_TIME)
    });
}

/// Makes the page of a payment that was begun before: new addresses, the same order at the bank.
pub async fn restart(
    app: &App,
    merchant: &Merchant,
    payment: Payment,
    plan: Plan,
    language: &str,
) -> Result<ThreeDsStart, Problem> {
    let attempt = attempts::last_of_payment(app, merchant.id, payment.id).await?;
    if payment.given_up_at.is_some() {
        return Err(Problem::rule(Rule::GivenUp));
    }
    let Some(mut attempt) = attempt.filter(|a| a.state == AttemptState::Page) else {
        return Err(Problem::with(
            Rule::WrongPaymentState,
            &[("status", payment.status.as_str())],
        ));
    };
    let pos = pos_of(app, &attempt).await?;
    let addresses = Addresses::new();
    let mut commit = Commit::new(merchant.id, payment.id);
    addresses.insert(app, &payment, &mut commit);
    // What was begun as one goes on as it, whatever the POS says by now.
    await_return(app, attempt.is_sold_by_page(), &mut attempt);
    attempts::await_return(&attempt, &mut commit);
    app.commit(commit).await?.no_conflict()?;
    let of = (merchant, &payment, &attempt);
    match ask_page(app, &pos, of, &plan, &addresses, language).await {
        Ok(Verdict::Approved(page)) => {
            let page = Some(page);
            Ok(ThreeDsStart { payment, page })
        }
        // The first page may still lead somewhere: nothing is decided by this one.
        _ => Err(Problem::Failed {
            payment_id: Some(payment.id),
            failure: ErrorGroup::ThreedsInitError.into(),
        }),
    }
}

/// Asks the bank for its form, and answers with the page behind which it is sealed.
async fn ask_page(
    app: &App,
    pos: &Pos,
    (merchant, payment, attempt): (&Merchant, &Payment, &Attempt),
    plan: &Plan,
    addresses: &Addresses,
    language: &str,
) -> Answer<Page> {
    let call = BankCall::of_attempt(app, pos, payment, attempt, "threeds_begin")?;
    let begin = Begin3ds {
        order: &call.order,
        card: &plan.card,
        reward: plan.reward,
        return_url: &addresses.return_url(app),
        client_ip: payment.client_ip.as_deref(),
        language,
        sells_at: attempt.is_sold_by_page().then(|| level(merchant)),
    };
    match call.bank.begin_3ds(call.context(), begin).await? {
        Verdict::Approved(form) => {
            let page = addresses.page(app, attempt, pos.integrator, &form).await;
            Ok(Verdict::Approved(page))
        }
        // A form that could be made proves nothing: not every bank is asked for it.
        Verdict::Declined(decline) => {
            let answer = Ok(Verdict::Declined(decline));
            accounts::note(app, pos, &answer).await;
            answer
        }
    }
}

/// How well a shopper must be verified.
fn level(merchant: &Merchant) -> ThreedsLevel {
    if merchant.half_threeds {
        ThreedsLevel::Half
    } else {
        ThreedsLevel::Full
    }
}

/// What the verification of a 3DS payment came to.
#[derive(Default)]
struct Verification {
    /// The bank's word on it.
    md_status: Option<u8>,
    /// What completing needs; `None` ends the payment.
    proof: Option<Secret>,
    /// Why the payment ends, where the bank said so.
    error: Option<PaymentFailure>,
    /// The shop learns of it by the answer to its call, and no webhook tells it.
    is_answered: bool,
}

/// Writes what a verification came to. A payment that another call moved first is answered as it was
/// read.
async fn write_verification(
    app: &App,
    merchant: &Merchant,
    payment: Payment,
    attempt: Attempt,
    verification: Verification,
) -> Result<Payment, Problem> {
    let (event, state) = match verification.proof {
        Some(_) => (Event::Verified, AttemptState::Verified),
        None => (Event::NotVerified, AttemptState::Declined),
    };
    let Some(status) = after(payment.status, event) else {
        return Ok(payment);
    };
    let (mut moved, mut result) = (payment.clone(), attempt.clone());
    moved.status = status;
    moved.md_status = verification.md_status;
    moved.error = verification.error;
    result.state = state;
    (result.inquiries, result.answer) = (0, None);
    // Also one whose shopper was sent to the bank again and again has a day.
    let until = completed_until(&result).max(app.after(RETURN_TIME));
    result.inquire_at = verification.proof.as_ref().map(|_| until);
    if moved.verification && state == AttemptState::Verified {
        // No shop completes it: should this process end before it does, another one carries it on.
        result.inquire_at = Some(app.unanswered_at());
    }
    // It replaces the form that was kept for an address, which is of no more use.
    result.proof = verification.proof;
    let mut commit = Commit::new(payment.merchant_id, payment.id);
    attempts::save(app, &result, attempt.state, &mut commit);
    payments::save(&moved, &mut commit);
    settle_holdings(app, merchant, &moved, &mut commit);
    if !verification.is_answered {
        let event = WebhookEventType::ThreedsVerify;
        announce::payment(app, merchant, &moved, event, &mut commit);
    }
    if app.commit(commit).await?.is_conflict() {
        return Ok(payment);
    }
    moved.version += 1;
    Ok(moved)
}

/// Ends a payment that was begun, or verified and not completed: no money has moved, and now none can. False
/// when another call moved it first.
pub async fn give_up(
    app: &App,
    merchant: &Merchant,
    payment: Payment,
    attempt: Attempt,
) -> Result<bool, Problem> {
    end(app, merchant, payment, attempt, false).await
}

async fn end(
    app: &App,
    merchant: &Merchant,
    payment: Payment,
    attempt: Attempt,
    by_time: bool,
) -> Result<bool, Problem> {
    use AttemptState::{Page, Verified};
    let status = after(payment.status, Event::GivenUp);
    let ends = matches!(attempt.state, Page | Verified) && !attempt.is_sold_by_page();
    let Some(status) = status.filter(|_| ends) else {
        return Ok(false);
    };
    let (mut moved, mut ended) = (payment, attempt.clone());
    moved.status = status;
    moved.given_up_at = (!by_time).then(|| app.now());
    ended.state = AttemptState::Declined;
    (ended.inquire_at, ended.proof, ended.answer) = (None, None, None);
    let mut commit = Commit::new(moved.merchant_id, moved.id);
    attempts::save(app, &ended, attempt.state, &mut commit);
    payments::save(&moved, &mut commit);
    settle_holdings(app, merchant, &moved, &mut commit);
    if by_time {
        announce::payment(
            app,
            merchant,
            &moved,
            WebhookEventType::ApiAuth,
            &mut commit,
        );
    }
    Ok(app.commit(commit).await?.is_yes())
}

/// Until when the shop may complete what was verified.
fn completed_until(attempt: &Attempt) -> Timestamp {
    let until = attempt.asked_at.checked_add(COMPLETION_TIME);
    until.unwrap_or(Timestamp::MAX)
}

/// Ends a payment whose shopper did not come back from the bank while the address for that lived: by
/// now nothing can verify it, and no money moved. So does one that was verified and not completed in its
/// time. The shop is told. False when the payment does not stand there.
pub async fn expire(app: &App, merchant: &Merchant, payment_id: i64) -> Result<bool, Problem> {
    let (_, payment) = super::load_payment(app, merchant.id, payment_id).await?;
    let attempt = attempts::last_of_payment(app, merchant.id, payment_id).await?;
    let is_over = |a: &Attempt| a.inquire_at.is_some_and(|until| until <= app.now());
    let Some(attempt) = attempt.filter(|a| is_over(a) && !a.is_sold_by_page()) else {
        return Ok(false);
    };
    match attempt.state {
        AttemptState::Page => {
            tracing::info!(payment = payment.id, "nobody came back from 3DS");
            write_verification(app, merchant, payment, attempt, Verification::default()).await?;
            Ok(true)
        }
        AttemptState::Verified => {
            let until = completed_until(&attempt);
            if until > app.now() {
                let mut commit = Commit::new(attempt.merchant_id, attempt.payment_id);
                attempts::look_later(&attempt, until, &mut commit);
                app.commit(commit).await?.ignore_conflict();
            } else {
                tracing::info!(payment = payment.id, "3DS was verified and never completed");
                end(app, merchant, payment, attempt, true).await?;
            }
            Ok(true)
        }
        _ => Ok(false),
    }
}
