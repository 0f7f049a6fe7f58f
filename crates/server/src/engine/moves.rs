//! Moves of a payment's money after it succeeded (refunds, releases, captures) take turns: while one has no outcome
//! no other is begun. The database holds that; here a call waits for it, and the calls of one process do not meet
//! there: of a hundred that saw a payment free, ninety-nine would be refused one after the other.

use super::turn::{self, Turn};
use crate::app::App;
use crate::problem::Problem;
use crate::store::captures::{self, CaptureState};
use crate::store::payments::{self, Item, Payment};
use crate::store::refunds::{self, RefundState};
use crate::turns::Leave;
use contract::errors::ErrorGroup;
use contract::rules::Rule;
use jiff::Timestamp;

/// Waits until no move of the payment is under way. The payment and its items as they are then, with leave to move it,
/// which is kept until the move has its outcome. Refused with TOO_MANY_REQUESTS while one is in doubt, or when the
/// turn does not come in time.
pub async fn await_turn<'a>(
    app: &'a App,
    merchant_id: i64,
    payment_id: i64,
    turn: &mut Option<Turn<'a>>,
) -> Result<(Payment, Vec<Item>, Leave<'a>), Problem> {
    let mut seen = None;
    loop {
        let payment = payments::of_merchant(app, merchant_id, payment_id).await?;
        let payment = payment.ok_or_else(|| Problem::rule(Rule::PaymentNotFound))?;
        let Some((id, under_way)) = open_move(app, &payment).await? else {
            let Some(leave) = app.turns.leave(payment_id) else {
                pause(app, payment_id, turn).await?;
                continue;
            };
            let items = payments::items_of_merchant(app, merchant_id, payment_id).await?;
            return Ok((payment, items, leave));
        };
        if !under_way {
            return Err(too_many(payment_id));
        }
        let another = seen.replace(id) != Some(id);
        if let Some(turn) = turn.as_mut().filter(|_| another) {
            turn.begin_anew();
        }
        pause(app, payment_id, turn).await?;
    }
}

/// The move that has no outcome yet, and whether a call is at the bank with it.
async fn open_move(app: &App, payment: &Payment) -> Result<Option<(i64, bool)>, Problem> {
    let of = (payment.merchant_id, payment.id);
    if let Some(refund) = refunds::open_of_payment(app, of.0, of.1).await? {
        let is_asked = refund.state == RefundState::Asked;
        return Ok(Some((
            refund.id,
            is_under_way(app, is_asked, refund.inquire_at),
        )));
    }
    if payment.hold.is_none_or(|hold| hold.capturing == 0) {
        return Ok(None);
    }
    let captures = captures::of_payment(app, of.0, of.1).await?;
    let open = captures.into_iter().find(|one| one.state.is_open());
    // One that ended since the payment was read is over in a moment's look.
    Ok(Some(open.map_or((0, true), |one| {
        let is_asked = one.state == CaptureState::Asked;
        (one.id, is_under_way(app, is_asked, one.inquire_at))
    })))
}

/// A call, of this process or another, is at the bank and has no outcome yet.
pub fn is_under_way(app: &App, is_asked: bool, inquire_at: Option<Timestamp>) -> bool {
    is_asked && inquire_at.is_some_and(|at| at > app.now())
}

/// Waits before the next look.
pub async fn pause<'a>(
    app: &'a App,
    payment_id: i64,
    turn: &mut Option<Turn<'a>>,
) -> Result<(), Problem> {
    let refused = |_| too_many(payment_id);
    if turn.is_none() {
        *turn = Some(turn::take(app, payment_id).map_err(refused)?);
    }
    match turn {
        Some(turn) => turn.pause().await.map_err(refused),
        None => Ok(()),
    }
}

/// Another move of the payment has no outcome yet.
fn too_many(payment_id: i64) -> Problem {
    Problem::Failed {
        payment_id: Some(payment_id),
        failure: ErrorGroup::TooManyRequests.into(),
    }
}
