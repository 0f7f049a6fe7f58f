//! A card is verified by a payment that is given back (decision 0029). It is charged like any other; here is
//! what follows it: the completion after 3DS, which no shop asks for, and the money back, which is due until
//! it is done.

use super::claims::Claims;
use super::refund::whole::give_back_whole;
use super::three_ds::{self, ThreedsReturn};
use crate::app::App;
use crate::backoff::wait_after;
use crate::problem::Problem;
use crate::store::attempts::{self, Attempt, AttemptState};
use crate::store::db::Commit;
use crate::store::merchants::Merchant;
use crate::store::payments::{self, Payment};
use crate::store::refunds;
use contract::enums::{PaymentStatus, RefundStatus};
use std::time::Duration;

/// The waits before money that did not go back is given back again: a bank that closes its day first is
/// asked the next day too.
const WAIT: Duration = Duration::from_secs(60);
const WAIT_MAX: Duration = Duration::from_secs(6 * 60 * 60);
/// How often that is tried: for about four weeks. Then a person must.
const TRIES_MAX: i64 = 120;

/// The shopper is back from the bank: what is verified is completed, and what is taken goes back. How far
/// that is; `None` when nothing was taken, or the shop has its answer already. A browser that comes again
/// finds what an ended process left behind.
pub async fn finish_return(
    app: &App,
    back: &mut ThreedsReturn,
) -> Result<Option<RefundStatus>, Problem> {
    if back.payment.status == PaymentStatus::CallbackThreeds {
        back.payment = complete(app, &back.merchant, back.payment.id).await?;
        back.already = false;
    }
    if back.already || back.payment.status != PaymentStatus::Success {
        return Ok(None);
    }
    let status = give_back(app, &back.merchant, back.payment.id).await?;
    Ok(Some(status))
}

async fn complete(app: &App, merchant: &Merchant, payment_id: i64) -> Result<Payment, Problem> {
    let claims = Claims::none(merchant.id);
    three_ds::complete(app, merchant, &claims, payment_id).await
}

/// Gives back what a verification took, and answers how far that is. What does not go back now is due again.
pub async fn give_back(
    app: &App,
    merchant: &Merchant,
    payment_id: i64,
) -> Result<RefundStatus, Problem> {
    let status = give_back_whole(app, merchant, payment_id).await?;
    let attempts = attempts::of_payment(app, merchant.id, payment_id).await?;
    if let Some(sale) = refunds::sale(attempts) {
        plan_next(app, &sale, status).await?;
    }
    Ok(status)
}

/// Plans when the money is looked at again.
async fn plan_next(app: &App, sale: &Attempt, status: RefundStatus) -> Result<(), Problem> {
    let tries = u32::try_from(sale.inquiries).unwrap_or(u32::MAX);
    let at = match status {
        RefundStatus::Success => None,
        _ if sale.inquiries < TRIES_MAX => {
            Some(app.after(wait_after(tries.saturating_add(1), WAIT, WAIT_MAX)))
        }
        _ => {
            let payment = sale.payment_id;
            tracing::error!(payment, "a person must give back what verified a card");
            None
        }
    };
    let mut commit = Commit::new(sale.merchant_id, sale.payment_id);
    attempts::plan_give_back(sale, at, &mut commit);
    app.commit(commit).await?.ignore_conflict();
    Ok(())
}

/// Carries on a verification that is due, because its process ended or money did not go back: what is verified
/// is completed, and what is taken goes back. False when it does not stand there, or is none.
pub async fn settle(app: &App, merchant: &Merchant, payment_id: i64) -> Result<bool, Problem> {
    let payment = payments::of_merchant(app, merchant.id, payment_id).await?;
    if !payment.is_some_and(|payment| payment.verification) {
        return Ok(false);
    }
    let attempt = attempts::last_of_payment(app, merchant.id, payment_id).await?;
    let is_over = |a: &Attempt| a.inquire_at.is_some_and(|at| at <= app.now());
    match attempt.filter(is_over) {
        Some(attempt) if attempt.state == AttemptState::Verified => {
            if complete(app, merchant, payment_id).await?.status == PaymentStatus::Success {
                give_back(app, merchant, payment_id).await?;
            }
            Ok(true)
        }
        Some(attempt) if attempt.state == AttemptState::Approved => {
            give_back(app, merchant, payment_id).await?;
            Ok(true)
        }
        _ => Ok(false),
    }
}
