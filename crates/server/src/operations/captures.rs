//! What is held is taken, for whoever may: a shop, a person in the panel, the operator.

use super::{Caller, Permission, Problem, TOP};
use crate::app::App;
pub use crate::engine::capture::Given;
use crate::engine::capture::{self, most};
use crate::store::captures::{Capture, CaptureState};
use crate::store::db::Commit;
use crate::store::payments::{self, Payment};
use contract::money::Decimal;
use contract::rules::Rule;
use serde_json::json;

/// Takes an amount of what a payment holds. `paid_price` is in the payment's currency.
pub async fn capture(
    app: &App,
    caller: &Caller,
    payment_id: i64,
    paid_price: Option<Decimal>,
) -> Result<Given, Problem> {
    const ACTION: &str = "payment.capture";
    let (merchant, target) = (&caller.merchant, payment_id.to_string());
    let permission = Permission::Capture;
    caller
        .by
        .require(app, merchant.id, permission, ACTION, &target)
        .await?;
    let paid_price = TOP.required("paidPrice", paid_price)?;
    let payment = payments::of_merchant(app, merchant.id, payment_id).await?;
    let payment = payment.ok_or_else(|| Problem::rule(Rule::PaymentNotFound))?;
    let amount = TOP.positive("paidPrice", Some(paid_price), payment.currency)?;
    let note = |capture: &Capture, commit: &mut Commit| {
        if caller.by.is_shop() {
            return;
        }
        let after = json!({"capture": capture.id, "amount": capture.amount.minor});
        let change = (json!(null), after);
        caller
            .by
            .note(app, merchant.id, ACTION, &target, change, commit);
    };
    let wanted = (payment_id, amount);
    capture::capture(app, merchant, &caller.claims, wanted, note).await
}

/// Money that was taken goes on; a capture that the bank refused or that is in doubt is a problem.
pub fn require_success(given: &Given) -> Result<(), Problem> {
    let payment_id = given.payment.id;
    match (given.capture.state, &given.capture.error) {
        (CaptureState::Approved, _) => Ok(()),
        (CaptureState::Declined | CaptureState::NotSent, Some(failure)) => Err(Problem::Failed {
            payment_id: Some(payment_id),
            failure: failure.clone(),
        }),
        (CaptureState::Declined | CaptureState::NotSent, None) => {
            Err(Problem::unavailable("a capture failed without a word"))
        }
        (CaptureState::Asked | CaptureState::Doubt | CaptureState::Review, _) => {
            Err(Problem::Doubt { payment_id })
        }
    }
}

/// What can be captured at most of a payment, in minor units; nothing where it holds nothing.
pub fn most_of(payment: &Payment) -> Option<i64> {
    payment.open_hold().map(|hold| most(hold.amount))
}
