//! The shopper is back from a page that sells by itself: the bank's word, and what is made of a return that
//! proves nothing. Looking at what the browser brought is not here.

use super::{Return, ThreedsReturn, level};
use crate::app::App;
use crate::engine::answer::{self, Outcome};
use crate::engine::inquiry::{self, Asker};
use crate::engine::{accounts, autopilot, load_payment};
use crate::problem::Problem;
use crate::store::attempts::{self, Attempt, AttemptState};
use crate::store::db::Commit;
use crate::store::merchants::Merchant;
use crate::store::payments::{self, Payment};
use crate::store::poses::Pos;
use connectors::bank::{Doubt, DoubtReason, PageOutcome, Verdict};
use contract::enums::PaymentStatus;

/// The bank's word. The first one that is brought counts for what the shop is told, however the payment
/// ended meanwhile; money that is taken behind its end goes back.
pub(super) async fn apply(
    app: &App,
    merchant: Merchant,
    (payment, attempt, pos): (Payment, Attempt, Option<Pos>),
    said: PageOutcome,
) -> Result<Return, Problem> {
    let md_status = said.md_status;
    if said.sale.is_none() && level(&merchant).takes(md_status) {
        let silent = Doubt {
            may_have_been_sent: true,
            reason: DoubtReason::Unreadable,
            detail: "the bank verified the shopper and does not say whether it sold".to_owned(),
        };
        return doubt(app, merchant, (payment, attempt), silent).await;
    }
    let (payment, already) = write(app, &merchant, (payment, attempt), &said).await?;
    if let (Some(pos), Some(sale)) = (pos, said.sale) {
        let answer = Ok(sale);
        accounts::note(app, &pos, &answer).await;
        autopilot::note(app, &merchant, &pos, true, &answer).await;
    }
    Ok(outcome(merchant, payment, already))
}

fn outcome(merchant: Merchant, payment: Payment, already: bool) -> Return {
    Return::Outcome(Box::new(ThreedsReturn {
        merchant,
        payment,
        already,
        sold_by_page: true,
    }))
}

/// Writes the bank's word; true when it was brought before.
async fn write(
    app: &App,
    merchant: &Merchant,
    (mut payment, mut attempt): (Payment, Attempt),
    said: &PageOutcome,
) -> Result<(Payment, bool), Problem> {
    for _ in 0..answer::MOVES_MAX {
        let already = payment.md_status.is_some();
        let Some((commit, moved)) = decide(app, merchant, (&payment, &attempt), said) else {
            return Ok((payment, already));
        };
        if answer::carry_out(app, payment.id, &commit).await? {
            return Ok((moved, already));
        }
        // Another return, or an inquiry, moved first.
        let (_, now) = load_payment(app, payment.merchant_id, payment.id).await?;
        let last = attempts::last_of_payment(app, payment.merchant_id, payment.id).await?;
        attempt = last.ok_or_else(|| Problem::unavailable("an attempt is gone"))?;
        payment = now;
    }
    Err(answer::unwritten())
}

/// What the bank's word changes; `None` where it changes nothing.
fn decide(
    app: &App,
    merchant: &Merchant,
    (payment, attempt): (&Payment, &Attempt),
    said: &PageOutcome,
) -> Option<(Commit, Payment)> {
    use AttemptState::{Declined, Doubt, Page, Review};
    let mut known = payment.clone();
    known.md_status.get_or_insert(said.md_status);
    let is_open = matches!(attempt.state, Page | Doubt | Review) && !attempt.seen_taken();
    if is_open {
        let outcome = match &said.sale {
            Some(Verdict::Approved(charged))
                if level(merchant).takes(said.md_status) && !payment.goes_back() =>
            {
                Outcome::Approved(charged.clone())
            }
            Some(Verdict::Approved(charged)) => Outcome::TakenUnwanted(charged.clone()),
            Some(Verdict::Declined(decline)) => Outcome::Declined(decline.into()),
            None => Outcome::NotPaid,
        };
        let of = (&known, attempt);
        let (commit, moved, _) = answer::outcome_commit(app, merchant, of, attempt.state, &outcome);
        return Some((commit, moved));
    }
    let mut commit = Commit::new(payment.merchant_id, payment.id);
    let sold = match &said.sale {
        Some(Verdict::Approved(charged)) if attempt.state == Declined => Some(charged),
        _ => None,
    };
    if let Some(charged) = sold {
        tracing::error!(
            payment = payment.id,
            "a bank's 3DS page sold what had failed: the money goes back"
        );
        let reversed = answer::reversed_next(app, attempt, charged);
        attempts::save(app, &reversed, Declined, &mut commit);
    }
    let is_first = payment.md_status.is_none();
    if is_first {
        payments::save(&known, &mut commit);
        known.version += 1;
    }
    (is_first || sold.is_some()).then_some((commit, known))
}

/// A return that proves nothing. The bank may have sold all the same, so it is asked, at most once in a
/// while; until it tells, the payment is in doubt.
pub(super) async fn doubt(
    app: &App,
    merchant: Merchant,
    (mut payment, mut attempt): (Payment, Attempt),
    why: Doubt,
) -> Result<Return, Problem> {
    if attempt.state == AttemptState::Page {
        let outcome = Outcome::of(Err(Doubt {
            may_have_been_sent: true,
            ..why
        }));
        answer::write(app, &merchant, &mut payment, &mut attempt, outcome).await?;
    }
    let is_final = |payment: &Payment| {
        matches!(
            payment.status,
            PaymentStatus::Success | PaymentStatus::Failure
        )
    };
    if !is_final(&payment) {
        payment = inquiry::settle(app, &merchant, payment.id, Asker::Caller).await?;
    }
    if is_final(&payment) {
        let already = payment.md_status.is_some();
        Ok(outcome(merchant, payment, already))
    } else {
        Ok(Return::Bare(Box::new(payment)))
    }
}
