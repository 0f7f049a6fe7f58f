//! A payment that was sent twice, as a merchant may have it refused: without an idempotency key, the same
//! card, amount, currency and conversation within some seconds. The place is held in the intent commit, so
//! of two at once one is refused; a payment that took no money gives it back.

use super::claims::Claims;
use crate::app::App;
use crate::problem::Problem;
use crate::store::db::Commit;
use crate::store::merchants::Merchant;
use crate::store::payments::Payment;
use crate::store::submits;
use contract::rules::Rule;
use std::time::Duration;

/// Whether the second of two requests like this is refused.
pub fn is_refused(merchant: &Merchant, claims: &Claims) -> bool {
    merchant.double_submit_seconds > 0 && claims.key.is_none()
}

/// Holds the payment's place, in one statement: a conflict while another payment holds it.
pub fn hold_place(app: &App, merchant: &Merchant, payment: &Payment, commit: &mut Commit) {
    let seconds = u64::try_from(merchant.double_submit_seconds).unwrap_or(0);
    let until = app.after(Duration::from_secs(seconds));
    submits::hold(payment, app.now(), until, commit);
}

/// Why a payment has no place: it names the one that has it. `None` when that one has just given it back.
pub async fn refusal(app: &App, payment: &Payment) -> Result<Option<Problem>, Problem> {
    let holder = submits::holder(app, payment).await?;
    Ok(holder.map(|earlier| {
        let earlier = earlier.to_string();
        Problem::with(Rule::DoubleSubmit, &[("payment", &earlier)])
    }))
}
