//! Doubt is settled by asking the bank: by a schedule (5 s, 30 s, 2 min and so on, then as long as a
//! person is told of it), at once where the bank says that it knows the order or timed out itself, and
//! when a caller wants to know, which never uses up the schedule. It does not end by time alone.

use super::answer::{self, Outcome};
use super::bank_call::{BankCall, pos_of};
use super::page_sales;
use crate::app::{App, CALLER_WAIT};
use crate::problem::Problem;
use crate::store::attempts::{self, Attempt, AttemptAnswer, AttemptState};
use crate::store::db::{Commit, Unavailable};
use crate::store::merchants::Merchant;
use crate::store::payments::{self, Payment, PaymentFailure};
use crate::store::poses::Pos;
use connectors::bank::{
    Answer, Charged, Decline, Doubt, DoubtReason, OrderStatus, Refund, Reversed, Verdict,
};
use contract::enums::PaymentPhase;
use contract::errors::ErrorGroup;
use contract::rules::Rule;
use jiff::{SignedDuration, Timestamp};

/// "Not found" settles only when the bank had this long to receive the order, and was asked more
/// than once: a request may still be on its way (pos-protocols section 4).
const NOT_FOUND_AFTER_SECONDS: i64 = 90;
/// How often it must have been asked by then.
const NOT_FOUND_INQUIRIES: i64 = 2;

/// Who wants to know what became of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// The schedule: only its questions count, and only they put off the next one.
    Schedule,
    /// A shop's call or a person: one question in [`CALLER_WAIT`] for all of them.
    Caller,
    /// A move of ours, while its caller still waits for the answer.
    Move,
    /// News from outside that prove nothing themselves: a browser's return, a notification.
    News,
}

/// Asks the bank what became of a payment in doubt, and writes what it says. Answers with the
/// payment as it then stands; one that is not in doubt, and one that a caller asked about a moment
/// ago, is answered as it is.
pub async fn settle(
    app: &App,
    merchant: &Merchant,
    payment_id: i64,
    asker: Asker,
) -> Result<Payment, Problem> {
    let (_, mut payment) = super::load_payment(app, merchant.id, payment_id).await?;
    let last = attempts::last_of_payment(app, merchant.id, payment_id).await?;
    let Some(mut attempt) = last.filter(|attempt| may_be_inquired(app, attempt)) else {
        return Ok(payment);
    };
    if asker == Asker::Caller && !claim(app, &attempt).await? {
        return Ok(payment);
    }
    let status = ask(app, &payment, &attempt).await?;
    let of = (&mut payment, &mut attempt);
    apply(app, merchant, of, asker, status).await?;
    Ok(payment)
}

fn may_be_inquired(app: &App, attempt: &Attempt) -> bool {
    let is_over = attempt.inquire_at.is_some_and(|at| at <= app.now());
    match attempt.state {
        AttemptState::Doubt | AttemptState::Review => true,
        // The bank is being asked right now, to sell or to give back, unless its time is long over.
        AttemptState::Asked => is_over,
        AttemptState::Reversing => is_over || !attempt.is_being_voided(),
        // The bank's page may have sold, or may still sell.
        AttemptState::Page => attempt.is_sold_by_page(),
        AttemptState::Declined => is_over,
        _ => false,
    }
}

/// Takes a caller's one question of this interval; false when another caller had it.
async fn claim(app: &App, attempt: &Attempt) -> Result<bool, Unavailable> {
    let mut commit = Commit::new(attempt.merchant_id, attempt.payment_id);
    attempts::claim_inquiry(attempt, app.now(), caller_asked_before(app), &mut commit);
    Ok(app.commit(commit).await?.is_yes())
}

/// A caller may ask when no other caller asked since this moment.
pub(super) fn caller_asked_before(app: &App) -> Timestamp {
    let before = app.now().checked_sub(CALLER_WAIT);
    before.unwrap_or(Timestamp::UNIX_EPOCH)
}

/// What to make of a bank's answer to a move. A bank that says that it timed out itself has not
/// refused, so it is asked at once: if its own word is then "refused", that is its answer. `None` when
/// what became of the move is already written: in doubt, or settled like any doubt.
pub async fn ask_after_time_out(
    app: &App,
    merchant: &Merchant,
    (payment, attempt): (&mut Payment, &mut Attempt),
    answer: Answer<Charged>,
) -> Result<Option<Answer<Charged>>, Problem> {
    let Some(said) = time_out(&answer) else {
        return Ok(Some(answer));
    };
    let said = said.clone();
    answer::write(app, merchant, payment, attempt, Outcome::of(answer)).await?;
    if attempt.state != AttemptState::Doubt {
        return Ok(None);
    }
    match ask(app, payment, attempt).await? {
        Ok(OrderStatus::Refused(decline)) if refusal_settles(app, attempt) => {
            tracing::info!(payment = payment.id, code = %said.code, "a bank that timed out had refused");
            Ok(Some(Ok(Verdict::Declined(clearer_refusal(decline, said)))))
        }
        status => {
            apply(app, merchant, (payment, attempt), Asker::Move, status).await?;
            Ok(None)
        }
    }
}

fn time_out(answer: &Answer<Charged>) -> Option<&Decline> {
    match answer {
        Err(Doubt {
            reason: DoubtReason::TimedOut(decline),
            ..
        }) => Some(decline),
        _ => None,
    }
}

/// Of a refusal out of an inquiry and the answer that the move had, the one that says why.
fn clearer_refusal(refusal: Decline, said: Decline) -> Decline {
    match refusal.group {
        ErrorGroup::Declined => said,
        _ => refusal,
    }
}

/// Writes what the bank's inquiry says.
async fn apply(
    app: &App,
    merchant: &Merchant,
    (payment, attempt): (&mut Payment, &mut Attempt),
    asker: Asker,
    status: Result<OrderStatus, Doubt>,
) -> Result<(), Problem> {
    let (inquiries, said) = (attempt.inquiries, status_word(&status));
    tracing::info!(
        payment = payment.id,
        inquiries,
        ?asker,
        said,
        "the bank was inquired"
    );
    // What is being given back was seen to be taken: a bank that now knows nothing of it
    // contradicts itself, and that is doubt, not the end of it.
    let seen_taken = attempt.seen_taken();
    let answer = attempt.answer.clone().unwrap_or_default();
    let is_hold = payment.phase == PaymentPhase::PreAuth;
    if attempt.state == AttemptState::Declined {
        return look_back(app, attempt, status).await;
    }
    let at_page = attempt.state == AttemptState::Page;
    let outcome = match status {
        Ok(OrderStatus::Captured(charged)) if !is_hold => {
            return settle_taken(app, merchant, (payment, attempt), asker, charged).await;
        }
        Ok(OrderStatus::Held(charged)) if is_hold => {
            return settle_taken(app, merchant, (payment, attempt), asker, charged).await;
        }
        // Nothing was captured by us.
        Ok(OrderStatus::Captured(_)) => {
            let doubt = other_sale("the bank took what was only to be held");
            return Ok(defer(app, attempt, asker, Some(doubt)).await?);
        }
        Ok(OrderStatus::Voided) => Outcome::Reversed,
        // While the shopper may be at the bank's page what is not taken may still be.
        _ if at_page && payment.given_up_at.is_none() && !page_sales::is_over(app, attempt) => {
            let next = page_sales::next_look(app, attempt);
            return Ok(look_later(app, attempt, asker, next).await?);
        }
        Ok(OrderStatus::ToReverse(charged)) => {
            return reverse(app, merchant, (payment, attempt), asker, charged).await;
        }
        Ok(OrderStatus::NotFound) if at_page => Outcome::NotPaid,
        Ok(OrderStatus::Refused(decline)) if !seen_taken && refusal_settles(app, attempt) => {
            Outcome::Declined(why_refused(answer, decline))
        }
        Ok(OrderStatus::NotFound) if !seen_taken && not_found_settles(app, attempt) => {
            Outcome::Declined(why_not_found(answer))
        }
        // Of a sale: what is held is not taken.
        Ok(
            OrderStatus::Refused(_)
            | OrderStatus::NotFound
            | OrderStatus::Pending
            | OrderStatus::Held(_),
        ) if !at_page => {
            return Ok(defer(app, attempt, asker, None).await?);
        }
        Err(doubt) if !at_page => return Ok(defer(app, attempt, asker, Some(doubt)).await?),
        // The shop gave the payment up: it stays until the schedule asks.
        _ if asker != Asker::Schedule => return Ok(()),
        // Nobody is waited for any more, and the bank does not tell.
        _ => Outcome::Doubt(AttemptAnswer {
            message: Some(said.to_owned()),
            ..AttemptAnswer::default()
        }),
    };
    answer::write(app, merchant, payment, attempt, outcome).await
}

/// The order took nothing, but its page could have sold it since: then the money goes back. A bank that does
/// not tell is asked again, as long as a person's case would be.
async fn look_back(
    app: &App,
    attempt: &mut Attempt,
    status: Result<OrderStatus, Doubt>,
) -> Result<(), Problem> {
    let over_since = attempt.page_sells_until.unwrap_or_else(|| app.now());
    attempt.inquire_at = match status {
        Ok(OrderStatus::Captured(charged) | OrderStatus::ToReverse(charged)) => {
            tracing::error!(
                payment = attempt.payment_id,
                "a bank's 3DS page sold what had failed: the money goes back"
            );
            return answer::give_back(app, attempt, &charged).await;
        }
        Ok(OrderStatus::NotFound | OrderStatus::Refused(_) | OrderStatus::Voided) => None,
        Ok(OrderStatus::Pending | OrderStatus::Held(_)) | Err(_) => app.next_review_at(over_since),
    };
    let mut commit = Commit::new(attempt.merchant_id, attempt.payment_id);
    attempts::save(app, attempt, AttemptState::Declined, &mut commit);
    app.commit(commit).await?.ignore_conflict();
    Ok(())
}

/// Puts the schedule's next question off; what others ask leaves the schedule as it is.
async fn look_later(
    app: &App,
    attempt: &Attempt,
    asker: Asker,
    at: Timestamp,
) -> Result<(), Unavailable> {
    if asker == Asker::Schedule {
        let mut commit = Commit::new(attempt.merchant_id, attempt.payment_id);
        attempts::look_later(attempt, at, &mut commit);
        app.commit(commit).await?.ignore_conflict();
    }
    Ok(())
}

/// The bank's own words stay out of the log: they may hold anything.
fn status_word(status: &Result<OrderStatus, Doubt>) -> &'static str {
    match status {
        Ok(OrderStatus::Captured(_)) => "taken",
        Ok(OrderStatus::Held(_)) => "held",
        Ok(OrderStatus::Voided) => "voided",
        Ok(OrderStatus::Refused(_)) => "refused",
        Ok(OrderStatus::NotFound) => "not found",
        Ok(OrderStatus::Pending) => "pending",
        Ok(OrderStatus::ToReverse(_)) => "to be reversed",
        Err(_) => "in doubt",
    }
}

fn why_refused(answer: AttemptAnswer, decline: Decline) -> PaymentFailure {
    match (answer.duplicate, answer.timed_out) {
        (Some(duplicate), _) => duplicate,
        (None, Some(said)) if decline.group == ErrorGroup::Declined => said,
        _ => (&decline).into(),
    }
}

fn why_not_found(answer: AttemptAnswer) -> PaymentFailure {
    let said = answer.duplicate.or(answer.timed_out);
    said.unwrap_or_else(|| ErrorGroup::CommunicationOrSystemError.into())
}

/// Before that the order may still be on its way, the shopper about to pay, or the bank's list behind its sales, of
/// which a bank that says that it knows this very order has one.
fn not_found_settles(app: &App, attempt: &Attempt) -> bool {
    let had_its_time = had_its_time(app, attempt.asked_at, attempt.inquiries);
    had_its_time && page_sales::awaited_until(app, attempt).is_none()
}

/// An id that the shop chose is free again after a refusal: until ours had its time, the refusal that a bank knows may
/// be of an earlier try. Behind a page of the bank's both were over before it was asked.
fn refusal_settles(app: &App, attempt: &Attempt) -> bool {
    !attempt.order_id_chosen
        || attempt.state == AttemptState::Page
        || had_its_time(app, attempt.asked_at, attempt.inquiries)
}

/// Whether what was asked at this moment has arrived by now or never will, so that its absence proves
/// something.
pub(super) fn had_its_time(app: &App, asked_at: Timestamp, inquiries: i64) -> bool {
    let waited = app.now().duration_since(asked_at);
    waited >= SignedDuration::from_secs(NOT_FOUND_AFTER_SECONDS) && inquiries >= NOT_FOUND_INQUIRIES
}

fn is_duplicate(attempt: &Attempt) -> bool {
    let answer = attempt.answer.as_ref();
    answer.is_some_and(|answer| answer.duplicate.is_some())
}

async fn ask(
    app: &App,
    payment: &Payment,
    attempt: &Attempt,
) -> Result<Result<OrderStatus, Doubt>, Problem> {
    let pos = pos_of(app, attempt).await?;
    let status = inquire(app, &pos, payment, attempt).await;
    match &status {
        Ok(OrderStatus::Captured(charged) | OrderStatus::Held(charged))
            if attempt.order_id_chosen =>
        {
            let known = payments::is_reference_known(app, payment, &charged.host_reference).await?;
            Ok(if known {
                Err(other_sale(ANOTHER_PAYMENTS))
            } else {
                status
            })
        }
        _ => Ok(status),
    }
}

async fn inquire(
    app: &App,
    pos: &Pos,
    payment: &Payment,
    attempt: &Attempt,
) -> Result<OrderStatus, Doubt> {
    let call = BankCall::of_attempt(app, pos, payment, attempt, "inquire")?;
    let order = call.order_ref(payment, attempt, None);
    call.bank.inquire(call.context(), order).await
}

const ANOTHER_PAYMENTS: &str = "the inquiry answers the sale of another payment";

/// What the bank has contradicts our sale: a person must look.
fn other_sale(detail: &str) -> Doubt {
    Doubt {
        may_have_been_sent: true,
        reason: DoubtReason::OtherSale,
        detail: detail.to_owned(),
    }
}

/// The bank took the money. Who was told of doubt must not be charged, unless the merchant opted
/// to complete; 3DS payments are completed, and the webhook tells the shop. Where the bank's page sold by
/// itself nobody proved how well the shopper was verified: that is enough for who takes half of it, or opted
/// to complete. Else the browser is waited for that can prove it, and then the money goes back.
async fn settle_taken(
    app: &App,
    merchant: &Merchant,
    (payment, attempt): (&mut Payment, &mut Attempt),
    asker: Asker,
    charged: Charged,
) -> Result<(), Problem> {
    // A duplicate that is asked about at once: the shop still waits and was told nothing.
    let untold = asker == Asker::Move && is_duplicate(attempt);
    let wanted = payment.given_up_at.is_none() && !attempt.seen_taken();
    // Nor does a card become usable that a verification in doubt would have stored.
    let enough = if attempt.is_sold_by_page() {
        merchant.half_threeds
    } else {
        payment.threeds || untold
    };
    let completes = !payment.verification && (enough || merchant.completes_doubt);
    if wanted && (completes || untold && !attempt.is_sold_by_page()) {
        return answer::write(app, merchant, payment, attempt, Outcome::Approved(charged)).await;
    }
    if wanted && let Some(awaited) = page_sales::awaited_until(app, attempt) {
        return Ok(look_later(app, attempt, asker, awaited).await?);
    }
    reverse(app, merchant, (payment, attempt), asker, charged).await
}

/// Gives back what the bank took.
async fn reverse(
    app: &App,
    merchant: &Merchant,
    (payment, attempt): (&mut Payment, &mut Attempt),
    asker: Asker,
    charged: Charged,
) -> Result<(), Problem> {
    if !intend_reversal(app, attempt, asker, &charged).await? {
        return Ok(());
    }
    let pos = pos_of(app, attempt).await?;
    match give_back(app, &pos, payment, attempt, &charged).await {
        Ok(Verdict::Approved(_)) => {
            answer::write(app, merchant, payment, attempt, Outcome::Reversed).await
        }
        Ok(Verdict::Declined(decline)) => {
            tracing::error!(payment = payment.id, code = %decline.code, "a reversal was refused: a person must look");
            attempt.review_since.get_or_insert(app.now());
            let said = format!("{} {}", decline.code, decline.message);
            Ok(schedule_next(app, attempt, Some(&said)).await?)
        }
        Err(doubt) => {
            tracing::warn!(payment = payment.id, detail = %doubt.detail, "a reversal is in doubt");
            Ok(schedule_next(app, attempt, Some(&doubt.detail)).await?)
        }
    }
}

/// Notes that the money is being given back, so that any process can carry it on. Each time before the
/// bank is asked, so that a person who decides meanwhile and this move cannot both win. False
/// when another call moved first.
async fn intend_reversal(
    app: &App,
    attempt: &mut Attempt,
    asker: Asker,
    charged: &Charged,
) -> Result<bool, Problem> {
    let mut commit = Commit::new(attempt.merchant_id, attempt.payment_id);
    attempts::begin_reversal(attempt, &mut commit);
    let was = attempt.state;
    if was == AttemptState::Page {
        answer::leave_page(attempt);
    }
    attempt.state = AttemptState::Reversing;
    attempt.inquiries += i64::from(asker == Asker::Schedule);
    attempt.inquire_at = Some(app.unanswered_reversal_at());
    attempt.answer = Some(AttemptAnswer {
        charged: Some(charged.clone()),
        voiding: true,
        ..attempt.answer.take().unwrap_or_default()
    });
    attempts::save(app, attempt, was, &mut commit);
    attempt.reversals += 1;
    Ok(app.commit(commit).await?.is_yes())
}

/// Gives the money of a sale back, or releases a hold: it is voided, or refunded where the bank refuses that, for
/// its day may be over, which not every bank says. What was given back already is asked first, so that an answer
/// that was lost refunds nothing twice.
async fn give_back(
    app: &App,
    pos: &Pos,
    payment: &Payment,
    attempt: &Attempt,
    charged: &Charged,
) -> Answer<Reversed> {
    let call = BankCall::of_attempt(app, pos, payment, attempt, "void")?;
    let known = Some(charged.host_reference.as_str()).filter(|known| !known.is_empty());
    let order = call.order_ref(payment, attempt, known);
    let voided = call.bank.void(call.context(), order).await;
    let is_hold = payment.phase == PaymentPhase::PreAuth;
    if is_hold || !matches!(voided, Ok(Verdict::Declined(_))) {
        return voided;
    }
    let call = BankCall::of_attempt(app, pos, payment, attempt, "refund")?;
    let order = call.order_ref(payment, attempt, known);
    match call.bank.given_back(call.context(), order).await {
        Ok(back) if back.refunded == Some(0) && !back.voided => {}
        Ok(back) if back.refunded == Some(attempt.amount) || back.voided => {
            return Ok(Verdict::Approved(Reversed::default()));
        }
        // It does not tell now: it is asked again, as after any doubt.
        Err(doubt) if doubt.reason != DoubtReason::NotSupported => return Err(doubt),
        // A part, or it never tells: a person must look.
        Ok(_) | Err(_) => return voided,
    }
    let refund = Refund {
        sale: call.order_ref(payment, attempt, known),
        amount: call.order.amount,
        points: attempt.spent(),
        client_ip: payment.client_ip.as_deref(),
    };
    call.bank.refund(call.context(), refund).await
}

/// An inquiry settled nothing. The schedule counts it and asks again later; what others ask leaves the
/// schedule as it is.
async fn defer(
    app: &App,
    attempt: &mut Attempt,
    asker: Asker,
    doubt: Option<Doubt>,
) -> Result<(), Unavailable> {
    if let Some(doubt) = &doubt {
        tracing::warn!(payment = attempt.payment_id, detail = %doubt.detail, "an inquiry is in doubt itself");
    }
    // More inquiries would find the same sale: a person is told at once.
    let other_sale = doubt
        .as_ref()
        .is_some_and(|doubt| doubt.reason == DoubtReason::OtherSale);
    if other_sale {
        attempt.review_since.get_or_insert(app.now());
    }
    if asker != Asker::Schedule && !other_sale {
        return Ok(());
    }
    attempt.inquiries += i64::from(asker == Asker::Schedule);
    let said = doubt.map(|doubt| doubt.detail);
    schedule_next(app, attempt, said.as_deref()).await
}

/// Asks again later; when the waits are used up a person is told, and inquiries go on.
async fn schedule_next(
    app: &App,
    attempt: &mut Attempt,
    said: Option<&str>,
) -> Result<(), Unavailable> {
    let was = attempt.state;
    let next = next_inquiry(app, attempt.inquiries, attempt.review_since);
    (attempt.inquire_at, attempt.review_since) = (next.at, next.review_since);
    if next.review_since.is_some() && was != AttemptState::Review {
        tracing::error!(
            payment = attempt.payment_id,
            "a person must look at a payment in doubt"
        );
    }
    attempt.state = match was {
        _ if next.review_since.is_some() => AttemptState::Review,
        AttemptState::Asked => {
            attempt.answer = Some(AttemptAnswer {
                message: Some("no answer was kept".to_owned()),
                ..AttemptAnswer::default()
            });
            AttemptState::Doubt
        }
        state => state,
    };
    remember(attempt, said);
    let mut commit = Commit::new(attempt.merchant_id, attempt.payment_id);
    // Another asker's reversal may be under way since: its mark stays.
    attempts::expect_reversals(attempt, &mut commit);
    attempts::save(app, attempt, was, &mut commit);
    app.commit(commit).await?.ignore_conflict();
    Ok(())
}

/// What comes after an inquiry that settled nothing.
pub(super) struct Next {
    /// The schedule's next question; `None` when only callers ask any more.
    pub(super) at: Option<Timestamp>,
    /// Since when a person is told.
    pub(super) review_since: Option<Timestamp>,
}

/// After `made` questions of the schedule, of which a person is told since `review_since`.
pub(super) fn next_inquiry(app: &App, made: i64, review_since: Option<Timestamp>) -> Next {
    let usual = app.next_inquiry_at(made);
    if usual.is_some() && review_since.is_none() {
        return Next {
            at: usual,
            review_since,
        };
    }
    let since = review_since.unwrap_or_else(|| app.now());
    Next {
        at: app.next_review_at(since),
        review_since: Some(since),
    }
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ManualResolution {
    /// The bank took the money and keeps it.
    Taken,
    /// The bank did not take it, or gave it back.
    NotTaken,
}

/// Ends a doubt by a person's word: SUCCESS when the money was taken, whatever the shop was told
/// before (its webhook tells it now), else FAILURE. `note` is handed the state that the attempt had,
/// and adds to the commit what stands in the audit log. Refused while the bank is being asked to give
/// the money back: its answer could contradict this decision.
pub async fn settle_by_hand(
    app: &App,
    merchant: &Merchant,
    payment_id: i64,
    found: ManualResolution,
    note: impl Fn(&str, &Payment, &mut Commit),
) -> Result<Payment, Problem> {
    use AttemptState::{Doubt, Reversing, Review};
    for _ in 0..super::CONFLICTS_MAX {
        let (_, payment) = super::load_payment(app, merchant.id, payment_id).await?;
        let attempt = attempts::last_of_payment(app, merchant.id, payment_id).await?;
        let Some(attempt) = attempt.filter(|a| matches!(a.state, Doubt | Reversing | Review))
        else {
            return Err(not_open(payment.status.as_str()));
        };
        if attempt.is_being_voided() && attempt.inquire_at.is_some_and(|until| until > app.now()) {
            return Err(not_open(attempt.state.as_str()));
        }
        let outcome = manual_outcome(&attempt, found);
        let known = (&payment, &attempt);
        let (mut commit, moved, _) =
            answer::outcome_commit(app, merchant, known, attempt.state, &outcome);
        attempts::expect_reversals(&attempt, &mut commit);
        note(attempt.state.as_str(), &moved, &mut commit);
        if app.commit(commit).await?.is_yes() {
            return Ok(moved);
        }
    }
    Err(Problem::unavailable("the payment keeps changing"))
}

fn manual_outcome(attempt: &Attempt, found: ManualResolution) -> Outcome {
    let answer = attempt.answer.clone().unwrap_or_default();
    match found {
        ManualResolution::Taken => Outcome::Approved(answer.charged.unwrap_or_default()),
        ManualResolution::NotTaken if attempt.seen_taken() => Outcome::Reversed,
        ManualResolution::NotTaken => Outcome::Declined(why_not_found(answer)),
    }
}

/// Refuses to settle by hand what is not in doubt, or is being changed right now.
pub(super) fn not_open(state: &str) -> Problem {
    Problem::with(Rule::WrongPaymentState, &[("status", state)])
}
