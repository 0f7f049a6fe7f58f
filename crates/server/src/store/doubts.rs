//! Payments whose outcome is not known yet: attempts, captures and refunds in doubt, and applications that the
//! lender could not be asked about.

use super::attempts::AttemptAnswer;
use super::db::{Row, Unavailable, params};
use super::from_json;
use super::payments::PosShown;
use super::refunds::RefundAnswer;
use crate::app::App;
use contract::enums::Currency;
use jiff::Timestamp;

/// A payment in doubt, with what is known.
#[derive(Debug, Clone)]
pub struct OpenDoubt {
    /// The payment.
    pub payment_id: i64,
    /// A loan; else a card payment.
    pub loan: bool,
    /// It is a capture of the payment that is in doubt.
    pub capture: bool,
    /// It is a refund of the payment that is in doubt.
    pub refund: Option<i64>,
    /// The shop gave the payment up, or it has failed: what bank or lender took goes back.
    pub goes_back: bool,
    /// Minor units.
    pub amount: i64,
    /// Of the amount.
    pub currency: Currency,
    /// The POS, or the lender's account.
    pub party: String,
    /// `DOUBT`, `REVERSING`, `REVIEW`; of loans that are applied for the application's state, or `REVIEW`.
    pub state: String,
    /// When bank or lender was asked.
    pub since: Timestamp,
    /// How often the schedule asked what became of it.
    pub inquiries: i64,
    /// When the schedule asks next; `None` when only a person is left to ask.
    pub next_inquiry: Option<Timestamp>,
    /// What was last heard.
    pub message: Option<String>,
}

/// A merchant's open doubts, the oldest first, cards and captures before loans and refunds. What is kept of a
/// bank's answer to a capture has a message as that of an attempt has.
pub async fn of_merchant(
    app: &App,
    merchant_id: i64,
    asked_before: Timestamp,
    limit: i64,
) -> Result<Vec<OpenDoubt>, Unavailable> {
    let cards = app
        .db
        .rows(
            "select a.payment_id, a.amount, p.currency, p.pos, a.state, a.asked_at as since, a.inquiries, \
             a.inquire_at, a.answer, p.given_up_at, p.status from attempts a \
             join payments p on p.merchant_id = a.merchant_id and p.id = a.payment_id \
             where a.merchant_id = $1 and a.state in ('DOUBT', 'REVERSING', 'REVIEW') order by a.id limit $2",
            params![merchant_id, limit],
        )
        .await?;
    let loans = app
        .db
        .rows(
            "select l.payment_id, p.paid_price as amount, p.currency, m.name as party, \
             case when l.review_since is null then l.state else 'REVIEW' end as state, \
             l.asked_at as since, l.inquiries, l.inquire_at, \
             (select coalesce(e.failure, 'HTTP ' || e.status) from exchanges e where e.payment_id = l.payment_id and e.merchant_id = l.merchant_id \
             order by e.id desc limit 1) as failure, p.given_up_at, p.status from loans l \
             join payments p on p.merchant_id = l.merchant_id and p.id = l.payment_id \
             join merchant_apms m on m.merchant_id = l.merchant_id and m.id = l.apm_id \
             where l.merchant_id = $1 and l.action = 'VERIFY_REQUIRED' and p.status = 'WAITING' \
             and (l.inquiries > 0 or l.asked_at < $2) order by l.payment_id limit $3",
            params![merchant_id, asked_before, limit],
        )
        .await?;
    let refunds = app
        .db
        .rows(
            "select r.payment_id, r.id as refund_id, r.amount, p.currency, p.pos, m.name as lender, r.state, \
             r.asked_at as since, r.inquiries, r.inquire_at, r.answer, p.given_up_at, p.status from refunds r \
             join payments p on p.merchant_id = r.merchant_id and p.id = r.payment_id \
             left join merchant_apms m on m.merchant_id = r.merchant_id and m.id = r.apm_id \
             where r.merchant_id = $1 and r.state in ('ASKED', 'DOUBT', 'REVIEW') and r.state <> 'ASKED' order by r.id limit $2",
            params![merchant_id, limit],
        )
        .await?;
    let captures = app
        .db
        .rows(
            "select c.payment_id, c.amount, p.currency, p.pos, c.state, c.asked_at as since, c.inquiries, \
             c.inquire_at, c.answer, p.given_up_at, p.status from captures c \
             join payments p on p.merchant_id = c.merchant_id and p.id = c.payment_id \
             where c.merchant_id = $1 and c.state in ('DOUBT', 'REVIEW') order by c.id limit $2",
            params![merchant_id, limit],
        )
        .await?;
    let mut found = Vec::with_capacity(cards.len() + loans.len() + refunds.len());
    for (place, row) in cards.iter().chain(&captures).enumerate() {
        let pos: Option<PosShown> = row.opt_json("pos")?.map(from_json).transpose()?;
        let answer: Option<AttemptAnswer> = row.opt_json("answer")?.map(from_json).transpose()?;
        let message = answer.and_then(|answer| answer.message);
        let party = pos.map(|pos| pos.name).unwrap_or_default();
        let doubt = read(row, false, party, message)?;
        let capture = place >= cards.len();
        found.push(OpenDoubt { capture, ..doubt });
    }
    for row in &loans {
        found.push(read(
            row,
            true,
            row.text("party")?,
            row.opt_text("failure")?,
        )?);
    }
    for row in &refunds {
        let pos: Option<PosShown> = row.opt_json("pos")?.map(from_json).transpose()?;
        let answer: Option<RefundAnswer> = row.opt_json("answer")?.map(from_json).transpose()?;
        let lender = row.opt_text("lender")?;
        let is_loan = lender.is_some();
        let party = lender.or(pos.map(|pos| pos.name)).unwrap_or_default();
        let message = answer.and_then(|answer| answer.message);
        found.push(OpenDoubt {
            refund: Some(row.int("refund_id")?),
            ..read(row, is_loan, party, message)?
        });
    }
    Ok(found)
}

fn read(
    row: &Row,
    loan: bool,
    party: String,
    message: Option<String>,
) -> Result<OpenDoubt, Unavailable> {
    Ok(OpenDoubt {
        payment_id: row.int("payment_id")?,
        loan,
        capture: false,
        refund: None,
        goes_back: row.opt_time("given_up_at")?.is_some() || row.text("status")? == "FAILURE",
        amount: row.int("amount")?,
        currency: row.parsed("currency")?,
        party,
        state: row.text("state")?,
        since: row.time("since")?,
        inquiries: row.int("inquiries")?,
        next_inquiry: row.opt_time("inquire_at")?,
        message,
    })
}
