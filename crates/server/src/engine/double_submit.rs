//! A payment that was sent twice, as a merchant may have it refused: without an idempotency key, the same
//! card, amount, currency and conversation within some seconds. The place is held in the intent commit, so
//! of two at once one is refused; a payment that took no money gives it back.

use super::claims::Claims;
use crate::app::App;
use crate::problem::Problem;
use crate::store::db::{Commit, CommitError};
use crate::store::merchants::Merchant;
use crate::store::payments::Payment;
use crate::store::submits;
use contract::errors::ErrorGroup;
use contract::rules::Rule;
use std::time::Duration;

/// Holds the payment's place where the merchant wants it; the statement's number in the commit.
pub fn hold_place(
    app: &App,
    merchant: &Merchant,
    claims: &Claims,
    payment: &Payment,
    commit: &mut Commit,
) -> Option<usize> {
    let wanted = merchant.double_submit_seconds > 0 && claims.key.is_none();
    let seconds = u64::try_from(merchant.double_submit_seconds).unwrap_or(0);
    let until = app.after(Duration::from_secs(seconds));
    wanted.then(|| submits::hold(payment, app.now(), until, commit))
}

/// Carries out the intent commit of a card payment, whose place is held by the statement `place`.
pub async fn intend(
    app: &App,
    claims: &Claims,
    payment: &Payment,
    place: Option<usize>,
    commit: Commit,
) -> Result<(), Problem> {
    let Err(error) = app.db.commit(commit).await else {
        return Ok(());
    };
    let is_taken =
        matches!(&error, CommitError::Conflict { statement, .. } if Some(*statement) == place);
    // The only other thing that it can refuse: the shop's own order id was used.
    let used_order_id = Problem::failed(ErrorGroup::OrderIdAlreadyUsed);
    let problem = claims.refused(error, used_order_id);
    if !is_taken {
        return Err(problem);
    }
    match submits::holder(app, payment).await? {
        Some(earlier) => {
            let earlier = earlier.to_string();
            Err(Problem::with(Rule::DoubleSubmit, &[("payment", &earlier)]))
        }
        None => Err(Problem::unavailable("the other payment has just ended")),
    }
}
