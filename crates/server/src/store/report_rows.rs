//! What a report is made of: payments and refunds of a range of time, a page at a time, each page behind the
//! last row of the one before it.

use super::db::{TableRow, Unavailable, Value, params};
use super::payments::Payment;
use super::refunds::Refund;
use crate::app::App;
use crate::clock::first_id_at;
use jiff::{SignedDuration, Timestamp};

/// Ids tell a moment, but not to the second: what was made within a range is looked for among ids of so much
/// more on both sides. A machine's clock that was set wrong is wrong by a time zone's offset.
const IDS_STRAY: SignedDuration = SignedDuration::from_hours(6);

/// A range of time, and where in it a page begins.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Whose rows.
    pub merchant_id: i64,
    /// The first moment.
    pub from: Timestamp,
    /// The first moment that is not in it any more.
    pub before: Timestamp,
    /// The row behind which the page begins.
    pub behind_id: i64,
    /// Rows of a page.
    pub limit: i64,
}

impl Page {
    /// Merchant, range, id and number of rows: `$1` to `$5`.
    fn parameters(&self) -> Vec<Value> {
        params![
            self.merchant_id,
            self.from,
            self.before,
            self.behind_id,
            self.limit
        ]
    }
}

/// Payments that were made in the range.
pub async fn payments(app: &App, page: &Page) -> Result<Vec<Payment>, Unavailable> {
    made(app, page, "").await
}

/// Payments of the range whose money was taken when they were made, or soon after.
pub async fn taken_on_time(app: &App, page: &Page) -> Result<Vec<Payment>, Unavailable> {
    made(app, page, "and captured > 0 and taken_late_at is null").await
}

async fn made(app: &App, page: &Page, condition: &str) -> Result<Vec<Payment>, Unavailable> {
    let first = page.from.checked_sub(IDS_STRAY);
    let first = first_id_at(first.unwrap_or(Timestamp::MIN));
    let last = page.before.checked_add(IDS_STRAY);
    let last = first_id_at(last.unwrap_or(Timestamp::MAX));
    let sql = Payment::select(&format!(
        "where merchant_id = $1 and id > $4 and id < $6 and created_at >= $2 and created_at < $3 {condition} \
         order by id limit $5"
    ));
    let behind_id = page.behind_id.max(first - 1);
    let mut parameters = Page { behind_id, ..*page }.parameters();
    parameters.push(last.into());
    let rows = app.db.rows_owned(sql, parameters).await?;
    rows.into_iter().map(Payment::read).collect()
}

/// Payments whose money was taken in the range, well after they were made.
pub async fn taken_late(app: &App, page: &Page) -> Result<Vec<Payment>, Unavailable> {
    let sql = Payment::select(
        "where merchant_id = $1 and taken_late_at >= $2 and taken_late_at < $3 and id > $4 and captured > 0 \
         order by id limit $5",
    );
    let rows = app.db.rows_owned(sql, page.parameters()).await?;
    rows.into_iter().map(Payment::read).collect()
}

/// Refunds that were made in the range, with the moment. A hold that was released took no money, and gave none back.
pub async fn refunds(app: &App, page: &Page) -> Result<Vec<(Refund, Timestamp)>, Unavailable> {
    let moment = "coalesce(answered_at, created_at)";
    let sql = Refund::select_with(
        &[&format!("{moment} as made_at")],
        &format!(
            "where merchant_id = $1 and state = 'APPROVED' and not release and {moment} >= $2 and {moment} < $3 and id > $4 \
             order by id limit $5"
        ),
    );
    let rows = app.db.rows_owned(sql, page.parameters()).await?;
    rows.into_iter()
        .map(|row| {
            let made_at = row.time("made_at")?;
            Ok((Refund::read(row)?, made_at))
        })
        .collect()
}
