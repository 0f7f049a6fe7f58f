//! What happens to money. Only the engine changes a payment's status, along the table of
//! [`status`], and every move that touches a bank has four beats: decide, intend, ask, answer.

pub mod accounts;
pub mod announce;
pub mod answer;
pub mod autopilot;
pub mod bank_call;
pub mod capture;
pub mod card_verification;
pub mod charge;
pub mod claims;
pub mod commissions;
pub mod double_submit;
pub mod inquiry;
pub mod loan;
pub mod moves;
pub mod need;
pub mod page_sales;
pub mod phases;
pub mod reconciliation;
pub mod recorder;
pub mod refund;
pub mod rewards;
pub mod routing;
pub mod routing_rules;
pub mod split;
pub mod status;
pub mod three_ds;
pub mod threeds_page;
pub mod turn;
pub mod waiting;
pub mod webhook_call;

use crate::app::App;
use crate::problem::Problem;
use crate::store::merchants::{self, Merchant};
use crate::store::payments::{self, Payment};

/// How often a move is decided again after another call moved first.
const CONFLICTS_MAX: usize = 8;

/// A payment and its merchant, for doors that know only ids.
async fn load_payment(
    app: &App,
    merchant_id: i64,
    payment_id: i64,
) -> Result<(Merchant, Payment), Problem> {
    let merchant = merchants::of_id(app, merchant_id).await?;
    let payment = payments::of_merchant(app, merchant_id, payment_id).await?;
    match (merchant, payment) {
        (Some(merchant), Some(payment)) => Ok((merchant, payment)),
        _ => Err(Problem::unavailable("a payment or its merchant is gone")),
    }
}
