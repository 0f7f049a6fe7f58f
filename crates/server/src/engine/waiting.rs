//! A shop ends a payment that hangs: what was taken goes back, and what was not taken is not taken any more.

use super::inquiry::{self, Asker};
use super::{loan, three_ds};
use crate::app::App;
use crate::problem::Problem;
use crate::store::attempts;
use crate::store::merchants::Merchant;
use crate::store::payments;
use contract::enums::{PaymentStatus, PaymentType};
use contract::rules::Rule;

/// Ends a payment that waits. True when it took no money or gave it back, and is FAILURE; false while
/// that is not known: then it stays as it is, and is settled like any doubt.
pub async fn end(app: &App, merchant: &Merchant, payment_id: i64) -> Result<bool, Problem> {
    for _ in 0..super::CONFLICTS_MAX {
        let payment = payments::of_merchant(app, merchant.id, payment_id).await?;
        let payment = payment.ok_or_else(|| Problem::rule(Rule::PaymentNotFound))?;
        match payment.status {
            PaymentStatus::InitThreeds | PaymentStatus::CallbackThreeds => {
                let attempt = attempts::last_of_payment(app, merchant.id, payment_id).await?;
                let attempt = attempt.ok_or_else(|| Problem::unavailable("an attempt is gone"))?;
                if attempt.is_sold_by_page() {
                    return ask(app, merchant, payment_id).await;
                }
                if three_ds::give_up(app, merchant, payment, attempt).await? {
                    return Ok(true);
                }
            }
            PaymentStatus::Waiting if payment.payment_type == PaymentType::Apm => {
                return loan::end(app, merchant, payment_id).await;
            }
            PaymentStatus::Waiting => return ask(app, merchant, payment_id).await,
            status => return Err(wrong_state(status)),
        }
    }
    Err(Problem::unavailable("the payment keeps changing"))
}

/// The bank is asked: what it took is given back.
async fn ask(app: &App, merchant: &Merchant, payment_id: i64) -> Result<bool, Problem> {
    let settled = inquiry::settle(app, merchant, payment_id, Asker::GivesUp).await?;
    match settled.status {
        PaymentStatus::Success => Err(wrong_state(settled.status)),
        status => Ok(status == PaymentStatus::Failure),
    }
}

fn wrong_state(status: PaymentStatus) -> Problem {
    Problem::with(Rule::WrongPaymentState, &[("status", status.as_str())])
}
