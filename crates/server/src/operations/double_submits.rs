//! Payments that look like one sent twice, as the merchant's people see them.

use super::{Actor, Permission, Problem};
use crate::app::App;
use crate::clock::first_id_at;
use crate::store::submits::{self, Pair};
use jiff::{SignedDuration, Timestamp};

/// How far the payments of a pair may be apart.
const APART_MAX: SignedDuration = SignedDuration::from_mins(10);
/// How far back pairs are looked for.
const LISTED_DAYS: i64 = 30;
/// Pairs that are listed.
const LISTED_MAX: i64 = 200;

/// A merchant's pairs of the last 30 days, the newest first.
pub async fn list(app: &App, by: &Actor, merchant_id: i64) -> Result<Vec<Pair>, Problem> {
    let permission = Permission::LookAtPayments;
    by.require(
        app,
        merchant_id,
        permission,
        "payment.look",
        "double-submits",
    )
    .await?;
    let id_of = |ago: SignedDuration| {
        let then = app.now().checked_sub(ago);
        first_id_at(then.unwrap_or(Timestamp::UNIX_EPOCH))
    };
    let from = id_of(SignedDuration::from_hours(24 * LISTED_DAYS));
    let apart = id_of(SignedDuration::ZERO) - id_of(APART_MAX);
    Ok(submits::pairs(app, merchant_id, from, apart, LISTED_MAX).await?)
}
