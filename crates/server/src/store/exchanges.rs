//! What was said to banks and lenders about a payment, as the journal wrote it: already without
//! card data and secrets. Evidence for people; nothing is decided by it.

use super::db::{Commit, Row, Unavailable, params};
use crate::app::App;
use jiff::Timestamp;

/// One exchange.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Whose payment it is about.
    pub merchant_id: i64,
    /// Its id, growing with the moment at which it was begun.
    pub id: i64,
    /// The payment.
    pub payment_id: i64,
    /// The bank's protocol or the lender, as on the wire: `GARANTI`, `MASLAK`.
    pub party: String,
    /// `charge`, `threeds_begin`, `threeds_page` (the form that the browser took to the bank),
    /// `threeds_return` (what it brought back), `threeds_verify`, `threeds_finish`, `inquire`,
    /// `void`, `apply`, `confirm`, `notification`.
    pub operation: String,
    /// Where it went, without query; empty for what came to us.
    pub url: String,
    /// When it was begun.
    pub sent_at: Timestamp,
    /// How long it took; 0 for the browser's forms.
    pub took_ms: i64,
    /// What was said; empty for what came to us.
    pub request: String,
    /// HTTP status, when there was a reply.
    pub status: Option<i64>,
    /// What was answered, or brought.
    pub response: Option<String>,
    /// Why there was no reply, or why what was brought proves nothing.
    pub failure: Option<String>,
}

/// How the failure of a 3DS return begins that a wrong 3DS key would explain.
pub const UNVERIFIED: &str = "the bank's answer could not be verified";

/// Writes an exchange.
pub fn insert(exchange: &Exchange, commit: &mut Commit) {
    let e = exchange;
    commit.one(
        "insert into exchanges (merchant_id, id, payment_id, party, operation, url, sent_at, took_ms, request, \
         status, response, failure) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        params![
            e.merchant_id,
            e.id,
            e.payment_id,
            e.party.as_str(),
            e.operation.as_str(),
            e.url.as_str(),
            e.sent_at,
            e.took_ms,
            e.request.as_str(),
            e.status,
            e.response.as_deref(),
            e.failure.as_deref(),
        ],
    );
}

/// Exchanges of one payment that are shown: a payment inquired for years has no more use for them.
const SHOWN_MAX: i64 = 200;

/// The exchanges about a merchant's payment, oldest first.
pub async fn of_payment(
    app: &App,
    merchant_id: i64,
    payment_id: i64,
) -> Result<Vec<Exchange>, Unavailable> {
    let rows = app
        .db
        .rows(
            "select merchant_id, id, payment_id, party, operation, url, sent_at, took_ms, request, status, response, \
             failure from exchanges where merchant_id = $1 and payment_id = $2 order by id limit $3",
            params![merchant_id, payment_id, SHOWN_MAX],
        )
        .await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Exchange, Unavailable> {
    fields(row).map_err(|error| row.of_table("exchanges", error))
}

fn fields(row: &Row) -> Result<Exchange, Unavailable> {
    Ok(Exchange {
        merchant_id: row.int("merchant_id")?,
        id: row.int("id")?,
        payment_id: row.int("payment_id")?,
        party: row.text("party")?,
        operation: row.text("operation")?,
        url: row.text("url")?,
        sent_at: row.time("sent_at")?,
        took_ms: row.int("took_ms")?,
        request: row.text("request")?,
        status: row.opt_int("status")?,
        response: row.opt_text("response")?,
        failure: row.opt_text("failure")?,
    })
}
