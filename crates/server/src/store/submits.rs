//! Card payments that look like one sent twice. For merchants that want it, a payment without an
//! idempotency key holds a row for some seconds, and another one like it is refused; pairs that were taken
//! are found for everybody.

use super::db::{Commit, Row, Unavailable, params};
use super::digest::Digest;
use super::payments::Payment;
use crate::app::App;
use contract::enums::Currency;
use jiff::Timestamp;

/// What two payments have in common that look like one: card, amount, currency and conversation. Of a hold it is
/// the amount that was held, whatever is taken of it later.
fn digest(payment: &Payment) -> Digest {
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    let asked = payment.hold.map(|hold| hold.amount);
    Digest::of(&format!(
        "{}|{}|{}|{}|{}",
        part(&payment.bin_number),
        part(&payment.last_four),
        asked.unwrap_or(payment.paid_price.minor),
        payment.currency.as_str(),
        part(&payment.conversation_id),
    ))
}

/// Holds the place of this payment until `until`: a conflict while another payment like it holds it.
pub fn hold(payment: &Payment, now: Timestamp, until: Timestamp, commit: &mut Commit) {
    let digest = digest(payment);
    commit.one(
        "insert into submits (merchant_id, high, low, payment_id, until) values ($1, $2, $3, $4, $5) \
         on conflict (merchant_id, high, low) do update \
         set payment_id = excluded.payment_id, until = excluded.until where submits.until <= $6",
        params![
            payment.merchant_id,
            digest.high,
            digest.low,
            payment.id,
            until,
            now
        ],
    );
}

/// Gives the place of a payment back that took no money: the shopper may try again at once.
pub fn release(payment: &Payment, commit: &mut Commit) {
    let digest = digest(payment);
    commit.maybe(
        "delete from submits where merchant_id = $1 and high = $2 and low = $3 and payment_id = $4",
        params![payment.merchant_id, digest.high, digest.low, payment.id],
    );
}

/// The payment that holds the place which `payment` wants.
pub async fn holder(app: &App, payment: &Payment) -> Result<Option<i64>, Unavailable> {
    let digest = digest(payment);
    let sql = "select payment_id from submits where merchant_id = $1 and high = $2 and low = $3";
    let key = params![payment.merchant_id, digest.high, digest.low];
    let row = app.db.row(sql, key).await?;
    row.map(|row| row.int("payment_id")).transpose()
}

/// Two payments of one card, amount, currency and conversation, soon after each other, that both took
/// money or may have.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The earlier payment.
    pub first: i64,
    /// When it was made.
    pub first_at: Timestamp,
    /// The later payment.
    pub second: i64,
    /// When it was made.
    pub second_at: Timestamp,
    /// Minor units.
    pub amount: i64,
    /// Of the amount.
    pub currency: Currency,
    /// The card's first digits.
    pub bin_number: Option<String>,
    /// Its last four.
    pub last_four: Option<String>,
    /// The shop's text, when it sent one.
    pub conversation_id: Option<String>,
}

/// Pairs of payments with ids from `from_id` on, the newest first. Ids tell their time: `apart_max` is how far
/// those of a pair may be apart.
pub async fn pairs(
    app: &App,
    merchant_id: i64,
    from_id: i64,
    apart_max: i64,
    limit: i64,
) -> Result<Vec<Pair>, Unavailable> {
    let rows = app
        .db
        .rows(
            "select * from (select id, created_at, asked, currency, bin_number, last_four, conversation_id, \
             lag(id) over same as first, lag(created_at) over same as first_at from \
             (select *, coalesce(hold_amount, paid_price) as asked from payments \
             where merchant_id = $1 and id >= $2 and bin_number is not null and status in ('SUCCESS', 'WAITING')) as one \
             window same as (partition by bin_number, last_four, asked, currency, conversation_id order by id)) \
             as pairs where id - first <= $3 order by id desc limit $4",
            params![merchant_id, from_id, apart_max, limit],
        )
        .await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Pair, Unavailable> {
    Ok(Pair {
        first: row.int("first")?,
        first_at: row.time("first_at")?,
        second: row.int("id")?,
        second_at: row.time("created_at")?,
        amount: row.int("asked")?,
        currency: row.parsed("currency")?,
        bin_number: row.opt_text("bin_number")?,
        last_four: row.opt_text("last_four")?,
        conversation_id: row.opt_text("conversation_id")?,
    })
}
