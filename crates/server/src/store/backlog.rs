//! What waits over all merchants, for the operator: calls that should have been made, unknown
//! outcomes. Counts alone; whose they are is asked merchant by merchant.

use super::db::{Db, Unavailable, params};
use super::{SHARDS, id_list, shard_of};
use crate::app::App;
use jiff::{SignedDuration, Timestamp};
use std::fmt;

/// How many webhooks were due before `moment`, and since when the first.
pub async fn overdue_webhooks(
    db: &Db,
    moment: Timestamp,
) -> Result<(i64, Option<Timestamp>), Unavailable> {
    let sql = "select count(*) as waiting, min(due_at) as since from webhooks \
               where due_at is not null and due_at < $1";
    match db.row(sql, params![moment]).await? {
        Some(row) => Ok((row.int("waiting")?, row.opt_time("since")?)),
        None => Ok((0, None)),
    }
}

/// How many card payments, refunds and captures are in doubt, and how many of them wait for a person.
pub async fn open_doubts(db: &Db) -> Result<(i64, i64), Unavailable> {
    let sql = "select count(*) as open, count(*) - count(inquire_at) as for_people from ( \
               select inquire_at from attempts where state in ('DOUBT', 'REVERSING', 'REVIEW') \
               union all select inquire_at from refunds where state in ('ASKED', 'DOUBT', 'REVIEW') and state <> 'ASKED' \
               union all select inquire_at from captures where state in ('DOUBT', 'REVIEW')) doubts";
    match db.row(sql, params![]).await? {
        Some(row) => Ok((row.int("open")?, row.int("for_people")?)),
        None => Ok((0, 0)),
    }
}

/// Payments that somebody is being asked about at this moment, or that a process which died was asking.
/// The two look alike until the time to answer is over; then they are inquired.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// How many.
    pub payments: i64,
    /// When the first of them is inquired, should no answer come.
    pub first_inquiry: Option<Timestamp>,
    /// Seconds until the last of them is.
    seconds: i64,
}

/// After the time to answer: until the work of a process that died has passed to another one, which
/// looks for what is due.
const TAKE_OVER_SECONDS: i64 = 20;

impl Asked {
    /// Whether their inquiries are late: no process does the due work.
    pub fn is_late(&self, now: Timestamp) -> bool {
        let late = SignedDuration::from_secs(3 * TAKE_OVER_SECONDS);
        let due = self.first_inquiry;
        due.is_some_and(|due| now.duration_since(due) > late)
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (payments, seconds) = (self.payments, self.seconds);
        write!(
            f,
            "{payments} without an outcome yet, inquired within {seconds} s"
        )
    }
}

/// Payments without an answer that are not yet in doubt: of one merchant, or of all.
pub async fn count_asked(app: &App, merchant_id: Option<i64>) -> Result<Asked, Unavailable> {
    // Due work has a small index of its own by shard; the plus keeps the merchant's whole table out.
    let (shards, of_merchant) = match merchant_id {
        Some(id) => (vec![shard_of(id)], "and +merchant_id = $1"),
        None => ((0..SHARDS).collect(), "and $1 < shard"),
    };
    let shards = id_list(&shards);
    let sql = format!(
        "select count(*) as payments, min(inquire_at) as first, max(inquire_at) as last from ( \
         select inquire_at from attempts where shard in ({shards}) and inquire_at is not null \
         and state = 'ASKED' {of_merchant} \
         union all select inquire_at from loans where shard in ({shards}) and inquire_at is not null \
         and action = 'VERIFY_REQUIRED' and inquiries = 0 and asked_at >= $2 {of_merchant}) open"
    );
    let values = params![merchant_id.unwrap_or(-1), app.asked_before()];
    let rows = app.db.rows_owned(sql, values).await?;
    let Some(row) = rows.first() else {
        return Ok(Asked::default());
    };
    let left = |last: Timestamp| last.duration_since(app.now()).as_secs().max(0);
    Ok(Asked {
        payments: row.int("payments")?,
        first_inquiry: row.opt_time("first")?,
        seconds: row.opt_time("last")?.map_or(0, left) + TAKE_OVER_SECONDS,
    })
}

/// The newest payment's id, which tells when it was made.
pub async fn newest_payment(db: &Db) -> Result<Option<i64>, Unavailable> {
    // Merchant by merchant: the primary key leads there at once.
    let sql = "select max(newest) as newest from (select (select max(p.id) from payments p \
               where p.merchant_id = m.id) as newest from merchants m) each_merchant";
    match db.row(sql, params![]).await? {
        Some(row) => row.opt_int("newest"),
        None => Ok(None),
    }
}
