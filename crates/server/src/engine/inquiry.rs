//! Doubt is settled by asking the bank: after 5 s, 30 s, 2 min and so on, and before any further
//! operation on the payment. It never ends by time alone; what inquiries cannot settle waits for
//! a person.

use super::answer::{self, Outcome, failure, failure_of};
use super::charge::order_of;
use super::recorder::Recorder;
use crate::app::App;
use crate::clock::istanbul;
use crate::operations::Problem;
use crate::store::attempts::{self, Attempt, AttemptAnswer, AttemptState};
use crate::store::db::Commit;
use crate::store::merchants::Merchant;
use crate::store::payments::Payment;
use crate::store::{poses, won};
use connectors::bank::{Charged, Doubt, Line, OrderRef, Standing, Verdict};
use contract::errors::ErrorGroup;
use contract::rules::Rule;
use jiff::SignedDuration;

/// "Not found" settles only when the bank had this long to receive the order, and was asked more
/// than once: a request may still be on its way (pos-protocols section 4).
const NOT_FOUND_AFTER_SECONDS: i64 = 90;
/// How often it must have been asked by then.
const NOT_FOUND_INQUIRIES: i64 = 2;

/// Asks the bank what became of a payment in doubt, and writes what it says. Answers with the
/// payment as it then stands; one that is not in doubt is answered as it is.
pub async fn settle(app: &App, merchant: &Merchant, payment_id: i64) -> Result<Payment, Problem> {
    asked(app, merchant, payment_id, false).await
}

/// [`settle`] because a person wants it: also where inquiries had led nowhere.
pub async fn settle_for_person(
    app: &App,
    merchant: &Merchant,
    payment_id: i64,
) -> Result<Payment, Problem> {
    asked(app, merchant, payment_id, true).await
}

async fn asked(
    app: &App,
    merchant: &Merchant,
    payment_id: i64,
    by_person: bool,
) -> Result<Payment, Problem> {
    let (_, mut payment) = super::loaded(app, merchant.id, payment_id).await?;
    let Some(mut attempt) = attempts::last_of_payment(app, merchant.id, payment_id).await? else {
        return Ok(payment);
    };
    match attempt.state {
        AttemptState::Doubt | AttemptState::Reversing => {}
        AttemptState::Review if by_person => {}
        // Another request is asking the bank right now, unless its time is long over.
        AttemptState::Asked if attempt.inquire_at.is_some_and(|at| at <= app.now()) => {}
        _ => return Ok(payment),
    }
    let standing = ask(app, &payment, &attempt).await?;
    // The bank's own words stay out of the log: they may hold anything.
    let said = match &standing {
        Ok(Standing::Taken(_)) => "taken",
        Ok(Standing::Voided) => "voided",
        Ok(Standing::Refused(_)) => "refused",
        Ok(Standing::NotFound) => "not found",
        Ok(Standing::Pending) => "pending",
        Err(_) => "in doubt",
    };
    tracing::info!(
        payment = payment.id,
        inquiries = attempt.inquiries,
        said,
        "the bank was inquired"
    );
    // What is being given back was seen to be taken: a bank that now knows nothing of it
    // contradicts itself, and that is doubt, not the end of it.
    let seen_taken = attempt.seen_taken();
    let duplicate = attempt.answer.as_ref().and_then(|a| a.duplicate.clone());
    match standing {
        Ok(Standing::Taken(charged)) => {
            taken(app, merchant, &mut payment, &mut attempt, charged).await?
        }
        Ok(Standing::Voided) => {
            answer::write(app, merchant, &mut payment, &mut attempt, Outcome::Reversed).await?;
        }
        Ok(Standing::Refused(decline)) if !seen_taken => {
            let why = duplicate.unwrap_or_else(|| failure_of(&decline));
            answer::write(
                app,
                merchant,
                &mut payment,
                &mut attempt,
                Outcome::Declined(why),
            )
            .await?;
        }
        Ok(Standing::NotFound)
            if !seen_taken && (duplicate.is_some() || not_found_settles(app, &attempt)) =>
        {
            let why = duplicate.unwrap_or_else(|| failure(ErrorGroup::CommunicationOrSystemError));
            answer::write(
                app,
                merchant,
                &mut payment,
                &mut attempt,
                Outcome::Declined(why),
            )
            .await?;
        }
        Ok(Standing::Refused(_) | Standing::NotFound | Standing::Pending) => {
            later(app, &mut attempt, None).await?
        }
        Err(doubt) => later(app, &mut attempt, Some(doubt)).await?,
    }
    Ok(payment)
}

fn not_found_settles(app: &App, attempt: &Attempt) -> bool {
    let waited = app.now().duration_since(attempt.asked_at);
    waited >= SignedDuration::from_secs(NOT_FOUND_AFTER_SECONDS)
        && attempt.inquiries >= NOT_FOUND_INQUIRIES
}

async fn ask(
    app: &App,
    payment: &Payment,
    attempt: &Attempt,
) -> Result<Result<Standing, Doubt>, Problem> {
    let Some(pos) = poses::one_of_merchant(app, attempt.merchant_id, attempt.pos_id).await? else {
        return Err(Problem::unavailable("the POS of an attempt is gone"));
    };
    let Some(bank) = connectors::directory::bank(pos.integrator) else {
        return Ok(Err(Doubt::not_supported()));
    };
    let account = pos.account();
    let now = app.istanbul_now();
    let sent_at = istanbul(attempt.asked_at);
    let order = order_of(payment, attempt);
    let of = (payment.merchant_id, payment.id);
    let http = Recorder::to_bank(app, of, &pos, "inquire");
    let line = Line {
        account: &account,
        http: &http,
        now: &now,
    };
    let order = OrderRef {
        order: &order,
        threeds: attempt.threeds,
        sent_at: &sent_at,
        host_reference: None,
    };
    Ok(bank.inquire(line, order).await)
}

/// The bank took the money. Who was told of doubt must not be charged, unless the merchant opted
/// to complete; 3DS payments are completed, and the webhook tells the shop.
async fn taken(
    app: &App,
    merchant: &Merchant,
    payment: &mut Payment,
    attempt: &mut Attempt,
    charged: Charged,
) -> Result<(), Problem> {
    if !attempt.seen_taken()
        && (payment.threeds || merchant.completes_doubt || !shop_was_told(attempt))
    {
        return answer::write(app, merchant, payment, attempt, Outcome::Approved(charged)).await;
    }
    if !intend_reversal(app, attempt, &charged).await? {
        return Ok(());
    }
    match void(app, payment, attempt, &charged).await? {
        Ok(Verdict::Approved(())) => {
            answer::write(app, merchant, payment, attempt, Outcome::Reversed).await
        }
        Ok(Verdict::Declined(decline)) => {
            tracing::error!(payment = payment.id, code = %decline.code, "a reversal was refused: a person must look");
            attempt.inquire_at = None;
            let said = format!("{} {}", decline.code, decline.message);
            review(app, attempt, Some(&said)).await
        }
        Err(doubt) => put_off(app, attempt, Some(doubt)).await,
    }
}

/// Notes that the money is being given back: whoever carries it on, it is reversed. Each time before
/// the bank is asked, so that a person who decides meanwhile and this move cannot both win. False
/// when somebody else moved first.
async fn intend_reversal(
    app: &App,
    attempt: &mut Attempt,
    charged: &Charged,
) -> Result<bool, Problem> {
    let mut commit = Commit::new(attempt.merchant_id, attempt.payment_id);
    attempts::unless_inquired(attempt, &mut commit);
    let was = attempt.state;
    attempt.state = AttemptState::Reversing;
    attempt.inquiries += 1;
    attempt.inquire_at = Some(app.unanswered_reversal_at());
    attempt.answer = Some(AttemptAnswer {
        charged: Some(charged.clone()),
        voiding: true,
        ..attempt.answer.take().unwrap_or_default()
    });
    attempts::save(app, attempt, was, &mut commit);
    Ok(won(app.db.commit(commit).await)?)
}

/// A duplicate is asked about while the shop still waits for its answer.
fn shop_was_told(attempt: &Attempt) -> bool {
    let duplicate = attempt
        .answer
        .as_ref()
        .is_some_and(|a| a.duplicate.is_some());
    !(duplicate && attempt.inquiries == 0)
}

async fn void(
    app: &App,
    payment: &Payment,
    attempt: &Attempt,
    charged: &Charged,
) -> Result<Result<Verdict<()>, Doubt>, Problem> {
    let Some(pos) = poses::one_of_merchant(app, attempt.merchant_id, attempt.pos_id).await? else {
        return Err(Problem::unavailable("the POS of an attempt is gone"));
    };
    let Some(bank) = connectors::directory::bank(pos.integrator) else {
        return Ok(Err(Doubt::not_supported()));
    };
    let account = pos.account();
    let now = app.istanbul_now();
    let sent_at = istanbul(attempt.asked_at);
    let order = order_of(payment, attempt);
    let of = (payment.merchant_id, payment.id);
    let http = Recorder::to_bank(app, of, &pos, "void");
    let line = Line {
        account: &account,
        http: &http,
        now: &now,
    };
    let order = OrderRef {
        order: &order,
        threeds: attempt.threeds,
        sent_at: &sent_at,
        host_reference: (!charged.host_reference.is_empty())
            .then_some(charged.host_reference.as_str()),
    };
    Ok(bank.void(line, order).await)
}

/// Counts an inquiry that settled nothing, and asks again later.
async fn later(app: &App, attempt: &mut Attempt, doubt: Option<Doubt>) -> Result<(), Problem> {
    attempt.inquiries += 1;
    put_off(app, attempt, doubt).await
}

/// Asks again later; when the waits are used up, a person must look.
async fn put_off(app: &App, attempt: &mut Attempt, doubt: Option<Doubt>) -> Result<(), Problem> {
    let said = doubt.map(|doubt| doubt.detail);
    if let Some(detail) = &said {
        tracing::warn!(payment = attempt.payment_id, %detail, "an inquiry is in doubt itself");
    }
    attempt.inquire_at = match attempt.state {
        // A person asked; nobody asks by itself any more.
        AttemptState::Review => None,
        _ => app.next_inquiry_at(attempt.inquiries),
    };
    if attempt.inquire_at.is_none() {
        return review(app, attempt, said.as_deref()).await;
    }
    let was = attempt.state;
    if attempt.state == AttemptState::Asked {
        attempt.state = AttemptState::Doubt;
        attempt.answer = Some(AttemptAnswer {
            message: Some("no answer was kept".to_owned()),
            ..AttemptAnswer::default()
        });
    }
    remember(attempt, said.as_deref());
    let mut commit = Commit::new(attempt.merchant_id, attempt.payment_id);
    attempts::save(app, attempt, was, &mut commit);
    won(app.db.commit(commit).await)?;
    Ok(())
}

async fn review(app: &App, attempt: &mut Attempt, said: Option<&str>) -> Result<(), Problem> {
    let was = attempt.state;
    attempt.state = AttemptState::Review;
    remember(attempt, said);
    let mut commit = Commit::new(attempt.merchant_id, attempt.payment_id);
    attempts::save(app, attempt, was, &mut commit);
    won(app.db.commit(commit).await)?;
    Ok(())
}

/// Keeps what was last heard, for the person who must look; no reversal is under way any more.
fn remember(attempt: &mut Attempt, said: Option<&str>) {
    let answer = attempt.answer.get_or_insert_default();
    answer.voiding = false;
    if let Some(said) = said {
        answer.message = Some(connectors::scrub::words(said));
    }
}

/// What a person found out about a payment that no inquiry could settle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// The bank took the money and keeps it.
    Taken,
    /// The bank did not take it, or gave it back.
    NotTaken,
}

/// Ends a doubt by a person's word: SUCCESS when the money was taken, whatever the shop was told
/// before (its webhook tells it now), else FAILURE. `note` is handed the state that the attempt had,
/// and adds to the commit what stands in the audit log. Refused while the bank is being asked to give
/// the money back: that would cross.
pub async fn settled_by_hand(
    app: &App,
    merchant: &Merchant,
    payment_id: i64,
    found: Found,
    note: impl Fn(&str, &Payment, &mut Commit),
) -> Result<Payment, Problem> {
    use AttemptState::{Doubt, Reversing, Review};
    for _ in 0..super::CONFLICTS_MAX {
        let (_, payment) = super::loaded(app, merchant.id, payment_id).await?;
        let attempt = attempts::last_of_payment(app, merchant.id, payment_id).await?;
        let Some(attempt) = attempt.filter(|a| matches!(a.state, Doubt | Reversing | Review))
        else {
            return Err(not_open(payment.status.as_str()));
        };
        let voiding = attempt.answer.as_ref().is_some_and(|a| a.voiding);
        if voiding && attempt.inquire_at.is_some_and(|until| until > app.now()) {
            return Err(not_open(attempt.state.as_str()));
        }
        let outcome = by_hand(&attempt, found);
        let known = (&payment, &attempt);
        let (mut commit, moved, _) = answer::decided(app, merchant, known, attempt.state, &outcome);
        attempts::unless_inquired(&attempt, &mut commit);
        note(attempt.state.as_str(), &moved, &mut commit);
        if won(app.db.commit(commit).await)? {
            return Ok(moved);
        }
    }
    Err(Problem::unavailable("the payment keeps changing"))
}

fn by_hand(attempt: &Attempt, found: Found) -> Outcome {
    let answer = attempt.answer.clone().unwrap_or_default();
    match found {
        Found::Taken => Outcome::Approved(answer.charged.unwrap_or_default()),
        Found::NotTaken if attempt.seen_taken() => Outcome::Reversed,
        Found::NotTaken => Outcome::Declined(
            answer
                .duplicate
                .unwrap_or_else(|| failure(ErrorGroup::CommunicationOrSystemError)),
        ),
    }
}

/// What is not in doubt, or is being changed right now, is nobody's to settle.
pub(super) fn not_open(state: &str) -> Problem {
    Problem::with(Rule::WrongPaymentState, &[("status", state)])
}
