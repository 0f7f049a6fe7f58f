//! Sums over a merchant's payments of a stretch of time. Ids are time-ordered, so a stretch is a
//! range of the primary key, and the bucket that a payment falls into is a division of its id.

use super::db::{Row, Unavailable, Value, params};
use crate::app::App;
use contract::enums::{Currency, PaymentStatus};
use contract::errors::ErrorGroup;

/// Which payments: those whose id is in `from..to`.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    /// Whose.
    pub merchant_id: i64,
    /// The first id.
    pub from: i64,
    /// The first id beyond it.
    pub to: i64,
}

impl Stretch {
    fn params(&self) -> Vec<Value> {
        params![self.merchant_id, self.from, self.to]
    }
}

/// Payments of one bucket, currency and status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// `(id / id_step + shift) / length` of the payments in it.
    pub bucket: i64,
    /// Of the amount.
    pub currency: Currency,
    /// Where they stand.
    pub status: PaymentStatus,
    /// How many.
    pub payments: i64,
    /// Minor units taken.
    pub captured: i64,
}

/// Volume by bucket; see [`Volume::bucket`]. What verifies cards is no turnover.
pub async fn volume(
    app: &App,
    stretch: &Stretch,
    (id_step, shift, length): (i64, i64, i64),
) -> Result<Vec<Volume>, Unavailable> {
    let mut values = stretch.params();
    values.extend(params![id_step, shift, length]);
    let rows = app
        .db
        .rows(
            "select (id / $4 + $5) / $6 as bucket, currency, status, count(*) as payments, \
             cast(sum(captured) as bigint) as captured from payments \
             where merchant_id = $1 and id >= $2 and id < $3 and not verification \
             group by 1, 2, 3 order by 1, 2, 3",
            values,
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Volume {
                bucket: row.int("bucket")?,
                currency: row.parsed("currency")?,
                status: row.parsed("status")?,
                payments: row.int("payments")?,
                captured: row.int("captured")?,
            })
        })
        .collect()
}

/// How a POS or a card brand did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approvals {
    /// The bank's EFT code; 0 for card brands.
    pub bank_id: i64,
    /// The POS or the brand; empty for cards without one.
    pub name: String,
    /// Approved.
    pub approved: i64,
    /// Refused, by the bank or in 3DS.
    pub declined: i64,
}

fn approvals(row: &Row) -> Result<Approvals, Unavailable> {
    Ok(Approvals {
        bank_id: row.int("bank_id")?,
        name: row.text("name")?,
        approved: row.int("approved")?,
        declined: row.int("declined")?,
    })
}

/// Orders by POS, the busiest first: a payment that was tried at two POSes counts at both.
pub async fn by_pos(app: &App, stretch: &Stretch) -> Result<Vec<Approvals>, Unavailable> {
    let rows = app
        .db
        .rows(
            "select m.bank_id, m.name, a.approved, a.declined from ( \
             select pos_id, sum(case when state = 'APPROVED' then 1 else 0 end) as approved, \
             sum(case when state = 'DECLINED' then 1 else 0 end) as declined from attempts \
             where merchant_id = $1 and id >= $2 and id < $3 group by pos_id) a \
             join merchant_poses m on m.merchant_id = $1 and m.id = a.pos_id \
             order by a.approved + a.declined desc, m.id",
            stretch.params(),
        )
        .await?;
    rows.iter().map(approvals).collect()
}

/// Card payments by brand, the busiest first.
pub async fn by_brand(app: &App, stretch: &Stretch) -> Result<Vec<Approvals>, Unavailable> {
    let rows = app
        .db
        .rows(
            "select cast(0 as bigint) as bank_id, coalesce(card ->> 'brand', '') as name, \
             sum(case when status = 'SUCCESS' then 1 else 0 end) as approved, \
             sum(case when status = 'FAILURE' then 1 else 0 end) as declined from payments \
             where merchant_id = $1 and id >= $2 and id < $3 and payment_type <> 'APM' \
             group by 2 order by count(*) desc, 2",
            stretch.params(),
        )
        .await?;
    rows.iter().map(approvals).collect()
}

/// Why payments failed, the most frequent first.
pub async fn by_error(app: &App, stretch: &Stretch) -> Result<Vec<(ErrorGroup, i64)>, Unavailable> {
    let rows = app
        .db
        .rows(
            "select error ->> 'group' as name, count(*) as payments from payments \
             where merchant_id = $1 and id >= $2 and id < $3 and status = 'FAILURE' and error is not null \
             group by 1 order by 2 desc, 1",
            stretch.params(),
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.parsed("name")?, row.int("payments")?)))
        .collect()
}

/// Points that paid, in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// Of the points.
    pub currency: Currency,
    /// Payments that spent some.
    pub payments: i64,
    /// General points of cards.
    pub card: i64,
    /// Points that only this merchant takes.
    pub firm: i64,
    /// Miles.
    pub mile: i64,
}

/// Points that paid: what the bank says was spent, else what was asked for.
pub async fn rewards(app: &App, stretch: &Stretch) -> Result<Vec<Spent>, Unavailable> {
    macro_rules! purse {
        ($name:literal) => {
            concat!(
                "coalesce(cast(a.answer -> 'charged' -> 'spent' ->> '",
                $name,
                "' as bigint), cast(a.reward -> 'money' ->> '",
                $name,
                "' as bigint), 0) as ",
                $name
            )
        };
    }
    let sql = concat!(
        "select currency, count(*) as payments, cast(sum(card) as bigint) as card, \
         cast(sum(firm) as bigint) as firm, cast(sum(mile) as bigint) as mile from (select p.currency, ",
        purse!("card"),
        ", ",
        purse!("firm"),
        ", ",
        purse!("mile"),
        " from attempts a join payments p on p.merchant_id = a.merchant_id and p.id = a.payment_id \
         where a.merchant_id = $1 and a.id >= $2 and a.id < $3 and a.state = 'APPROVED' \
         and a.reward is not null) s where card + firm + mile > 0 group by currency order by currency"
    );
    let rows = app.db.rows(sql, stretch.params()).await?;
    rows.iter()
        .map(|row| {
            Ok(Spent {
                currency: row.parsed("currency")?,
                payments: row.int("payments")?,
                card: row.int("card")?,
                firm: row.int("firm")?,
                mile: row.int("mile")?,
            })
        })
        .collect()
}

/// Loans of one bank, state and currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loans {
    /// The bank's code; `None` until the shopper chose.
    pub bank_code: Option<String>,
    /// What the lender last said, as it is stored.
    pub state: String,
    /// Of the amount.
    pub currency: Currency,
    /// How many.
    pub loans: i64,
    /// Minor units.
    pub amount: i64,
}

/// Loans by bank and state.
pub async fn loans(app: &App, stretch: &Stretch) -> Result<Vec<Loans>, Unavailable> {
    let rows = app
        .db
        .rows(
            "select l.bank_code, l.state, p.currency, count(*) as loans, cast(sum(p.paid_price) as bigint) as amount \
             from loans l join payments p on p.merchant_id = l.merchant_id and p.id = l.payment_id \
             where l.merchant_id = $1 and l.payment_id >= $2 and l.payment_id < $3 \
             group by 1, 2, 3 order by 1, 2, 3",
            stretch.params(),
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Loans {
                bank_code: row.opt_text("bank_code")?,
                state: row.text("state")?,
                currency: row.parsed("currency")?,
                loans: row.int("loans")?,
                amount: row.int("amount")?,
            })
        })
        .collect()
}
