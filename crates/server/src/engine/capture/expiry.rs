//! A hold that was not taken in its time is released at the bank, by the same move that cancels it.

use crate::app::App;
use crate::engine::refund;
use crate::problem::Problem;
use crate::store::attempts;
use crate::store::db::Commit;
use crate::store::merchants::Merchant;
use crate::store::payments::{self, Hold};
use crate::store::refunds::{self, RefundState};
use contract::rules::Rule;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// Between tries to release a hold whose bank refuses, does not answer, or is asked something else.
const TRY_EVERY: Duration = Duration::from_secs(6 * 60 * 60);
/// After the end of its time a hold is tried for so long; then only people release it.
const TRIED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Releases a hold whose time is over. False when the payment has none that is due.
pub async fn expire(app: &App, merchant: &Merchant, payment_id: i64) -> Result<bool, Problem> {
    let of = (merchant.id, payment_id);
    let sale = refunds::sale(attempts::of_payment(app, of.0, of.1).await?);
    let is_due = sale.is_some_and(|sale| sale.inquire_at.is_some_and(|at| at <= app.now()));
    let payment = payments::of_merchant(app, of.0, of.1).await?;
    let Some(payment) = payment.filter(|_| is_due) else {
        return Ok(false);
    };
    let hold = payment.open_hold();
    // Before the bank is asked: what fails is tried again later, and not at once.
    let next = hold.and_then(|hold| next_try(app, hold));
    let mut commit = Commit::new(of.0, of.1);
    attempts::release_at(of, next, &mut commit);
    app.commit(commit).await?.ignore_conflict();
    if hold.is_none() {
        return Ok(true);
    }
    let why = match refund::release(app, merchant, payment_id).await {
        Ok(given) if given.refund.state == RefundState::Approved => return Ok(true),
        Ok(given) => format!("the release is {}", given.refund.state.as_str()),
        // Taken or released while this waited for its turn.
        Err(Problem::Rule {
            rule: Rule::NoOpenHold,
            ..
        }) => return Ok(true),
        Err(Problem::Unavailable(why)) => return Err(Problem::Unavailable(why)),
        Err(problem) => format!("{problem:?}"),
    };
    tracing::error!(
        payment = payment_id,
        ?next,
        why,
        "a hold whose time is over was not released"
    );
    Ok(true)
}

fn next_try(app: &App, hold: Hold) -> Option<Timestamp> {
    let tried = app.now().duration_since(hold.expires_at);
    (tried < TRIED_FOR).then(|| app.after(TRY_EVERY))
}
