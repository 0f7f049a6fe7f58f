//! A refund that was made outside Galata is noted in the books. No bank is asked.

use super::outcome::tell;
use super::{Given, Wanted, plan};
use crate::app::App;
use crate::engine::claims::Claims;
use crate::engine::moves::{await_turn, pause};
use crate::problem::Problem;
use crate::store::db::Commit;
use crate::store::merchants::Merchant;
use crate::store::refunds::{self, Books, Refund, RefundState};

/// Notes that money was given back outside. Takes its turn like any refund: while another one of the
/// payment has no outcome, what was given back of it is not known.
pub async fn mark(
    app: &App,
    merchant: &Merchant,
    claims: &Claims,
    wanted: &Wanted,
    note: impl Fn(&Refund, &mut Commit),
) -> Result<Given, Problem> {
    let mut turn = None;
    loop {
        let (payment, items, leave) =
            await_turn(app, merchant.id, wanted.payment_id, &mut turn).await?;
        let mut given = plan(app, payment, &items, wanted).await?;
        given.refund.marked = true;
        given.refund.state = RefundState::Approved;
        let Given {
            payment,
            refund,
            items,
        } = &given;
        let mut commit = Commit::new(merchant.id, payment.id);
        claims.write(app, Some(refund.id), &mut commit);
        refunds::insert(refund, items, &mut commit);
        let version = Some(payment.version);
        refunds::change_books(refund, items, Books::Mark, version, &mut commit);
        tell(app, merchant, (payment, refund, items), &mut commit);
        note(refund, &mut commit);
        match claims.commit(app, commit, Problem::Moved).await {
            Ok(()) => return Ok(given),
            // Another refund was faster.
            Err(Problem::Moved) => {
                drop(leave);
                pause(app, wanted.payment_id, &mut turn).await?;
            }
            Err(problem) => return Err(problem),
        }
    }
}
