//! Money that must go back whole, without anybody asking for it: what verified a card, what was taken of a payment
//! that was given up. It is due again, with growing waits, until it is back.

use super::{Wanted, give_back};
use crate::app::App;
use crate::engine::claims::Claims;
use crate::problem::Problem;
use crate::store::merchants::Merchant;
use crate::store::payments::{self, Payment};
use crate::store::refunds::{self, RefundState};
use contract::enums::RefundStatus;
use contract::rules::Rule;

/// Gives back what is left of a payment, and answers how far that is. Why it did not go back is logged.
pub async fn give_back_whole(
    app: &App,
    merchant: &Merchant,
    payment_id: i64,
) -> Result<RefundStatus, Problem> {
    let wanted = Wanted {
        payment_id,
        part: None,
        conversation_id: None,
        charge_from_me: false,
    };
    let claims = Claims::none(merchant.id);
    match give_back(app, merchant, &claims, &wanted, |_, _| {}).await {
        Ok(_) => {}
        Err(Problem::Rule {
            rule: Rule::NothingToRefund,
            ..
        }) => {}
        Err(problem) => {
            tracing::warn!(
                payment = payment_id,
                ?problem,
                "what must go back did not go back yet"
            );
        }
    }
    let payment = payments::of_merchant(app, merchant.id, payment_id).await?;
    let payment = payment.ok_or_else(|| Problem::rule(Rule::PaymentNotFound))?;
    standing(app, &payment).await
}

/// How far the money of a payment is on its way back.
pub async fn standing(app: &App, payment: &Payment) -> Result<RefundStatus, Problem> {
    if payment.refunded == payment.captured {
        return Ok(RefundStatus::Success);
    }
    let made = refunds::of_payment(app, payment.merchant_id, payment.id).await?;
    Ok(match made.last().map(|refund| refund.state) {
        Some(RefundState::Declined) => RefundStatus::Failure,
        _ => RefundStatus::Waiting,
    })
}
