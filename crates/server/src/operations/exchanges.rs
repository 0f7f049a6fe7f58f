//! What was said to banks and lenders about a payment, for those who may look at payments.

use super::{Actor, Permission, Problem};
use crate::app::App;
use crate::store::exchanges::{self, Exchange};

/// The exchanges about a payment, oldest first.
pub async fn of_payment(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    payment_id: i64,
) -> Result<Vec<Exchange>, Problem> {
    let target = payment_id.to_string();
    let permission = Permission::LookAtPayments;
    by.require(app, merchant_id, permission, "payment.look", &target)
        .await?;
    Ok(exchanges::of_payment(app, merchant_id, payment_id).await?)
}
