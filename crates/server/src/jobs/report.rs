//! A report that was asked for is made. Its rows are in the words of the API, so this work is an operation's.

use crate::app::App;
use crate::desk::Due;
use crate::operations::report_demands;
use crate::problem::Problem;
use crate::store::merchants;

/// Makes the report, from where it stands.
pub(super) async fn make(app: &App, due: &Due) -> Result<(), Problem> {
    let merchant = merchants::of_id(app, due.merchant_id).await?;
    let merchant = merchant.ok_or_else(|| Problem::unavailable("a report's merchant is gone"))?;
    report_demands::make(app, &merchant, due.id).await
}
