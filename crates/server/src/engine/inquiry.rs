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
use jiff::SignedDuration;

/// "Not found" settles only when the bank had this long to receive the order, and was asked more
/// than once: a request may still be on its way (pos-protocols section 4).
const NOT_FOUND_AFTER_SECONDS: i64 = 90;
/// How often it must have been asked by then.
const NOT_FOUND_INQUIRIES: i64 = 2;

/// Asks the bank what became of a payment in doubt, and writes what it says. Answers with the
/// payment as it then stands; one that is not in doubt is answered as it is.
pub async fn settle(app: &App, merchant: &Merchant, payment_id: i64) -> Result<Payment, Problem> {
    let (_, mut payment) = super::loaded(app, merchant.id, payment_id).await?;
    let Some(mut attempt) = attempts::last_of_payment(app, merchant.id, payment_id).await? else {
        return Ok(payment);
    };
    match attempt.state {
        AttemptState::Doubt | AttemptState::Reversing => {}
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
    let seen_taken = attempt.state == AttemptState::Reversing;
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
    let reversing = attempt.state == AttemptState::Reversing;
    if !reversing && (payment.threeds || merchant.completes_doubt || !shop_was_told(attempt)) {
        return answer::write(app, merchant, payment, attempt, Outcome::Approved(charged)).await;
    }
    if !reversing {
        // Intend the reversal: from here on it is reversed, whoever carries it on.
        let was = attempt.state;
        attempt.state = AttemptState::Reversing;
        attempt.inquire_at = Some(app.unanswered_at());
        let mut commit = Commit::new(attempt.merchant_id, attempt.payment_id);
        attempts::save(app, attempt, was, &mut commit);
        if !won(app.db.commit(commit).await)? {
            return Ok(());
        }
    }
    match void(app, payment, attempt, &charged).await? {
        Ok(Verdict::Approved(())) => {
            answer::write(app, merchant, payment, attempt, Outcome::Reversed).await
        }
        Ok(Verdict::Declined(decline)) => {
            tracing::error!(payment = payment.id, code = %decline.code, "a reversal was refused: a person must look");
            attempt.inquire_at = None;
            review(app, attempt).await
        }
        Err(doubt) => later(app, attempt, Some(doubt)).await,
    }
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

/// Asks again later; when the waits are used up, a person must look.
async fn later(app: &App, attempt: &mut Attempt, doubt: Option<Doubt>) -> Result<(), Problem> {
    attempt.inquiries += 1;
    attempt.inquire_at = app.next_inquiry_at(attempt.inquiries);
    if let Some(doubt) = doubt {
        tracing::warn!(payment = attempt.payment_id, detail = %doubt.detail, "an inquiry is in doubt itself");
    }
    if attempt.inquire_at.is_none() {
        return review(app, attempt).await;
    }
    let was = attempt.state;
    if attempt.state == AttemptState::Asked {
        attempt.state = AttemptState::Doubt;
        attempt.answer = Some(AttemptAnswer {
            message: Some("no answer was kept".to_owned()),
            ..AttemptAnswer::default()
        });
    }
    let mut commit = Commit::new(attempt.merchant_id, attempt.payment_id);
    attempts::save(app, attempt, was, &mut commit);
    won(app.db.commit(commit).await)?;
    Ok(())
}

async fn review(app: &App, attempt: &mut Attempt) -> Result<(), Problem> {
    let was = attempt.state;
    attempt.state = AttemptState::Review;
    let mut commit = Commit::new(attempt.merchant_id, attempt.payment_id);
    attempts::save(app, attempt, was, &mut commit);
    won(app.db.commit(commit).await)?;
    Ok(())
}
