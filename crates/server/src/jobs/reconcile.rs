//! A day of a POS whose bank is to be asked for its list.

use crate::app::App;
use crate::desk::Due;
use crate::engine::reconciliation;
use crate::problem::Problem;
use crate::store::{poses, reconciliations};

/// Compares the day, from the list that the bank gives.
pub(super) async fn compare(app: &App, due: &Due) -> Result<(), Problem> {
    let run = reconciliations::of_merchant(app, due.merchant_id, due.id).await?;
    let Some(run) = run.filter(|run| run.due_at.is_some()) else {
        return Ok(());
    };
    let pos = poses::one_of_merchant(app, run.merchant_id, run.pos_id).await?;
    let pos = pos.ok_or_else(|| Problem::unavailable("a compared POS is gone"))?;
    reconciliation::carry_out(app, &pos, &run).await
}
