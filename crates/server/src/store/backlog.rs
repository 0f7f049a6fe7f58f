//! What waits over all merchants, for the operator: calls that should have been made, outcomes that
//! nobody knows. Counts alone; whose they are is asked merchant by merchant.

use super::db::{Db, Unavailable, params};
use jiff::Timestamp;

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

/// How many card payments are in doubt, and how many of them wait for a person.
pub async fn open_doubts(db: &Db) -> Result<(i64, i64), Unavailable> {
    let sql = "select count(*) as open, count(*) - count(inquire_at) as for_people from attempts \
               where state in ('DOUBT', 'REVERSING', 'REVIEW')";
    match db.row(sql, params![]).await? {
        Some(row) => Ok((row.int("open")?, row.int("for_people")?)),
        None => Ok((0, 0)),
    }
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
