//! What was said to banks and lenders about a payment, as the journal wrote it: already without
//! card data and secrets. Evidence for people; it decides nothing.

use super::db::{Commit, TableRow, Unavailable, insert, params, select, table_row};
use crate::app::App;
use jiff::Timestamp;

table_row! {
    /// One exchange.
    #[derive(Debug, Clone)]
    pub struct Exchange: "exchanges" {
        /// Whose payment it is about.
        pub merchant_id: i64,
        /// Its id, growing with the moment at which it was begun.
        pub id: i64,
        /// The payment.
        pub payment_id: i64,
        /// The bank's protocol or the lender, as on the wire.
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
}

/// How the failure of a 3DS return begins that a wrong 3DS key would explain.
pub const UNVERIFIED: &str = "the bank's answer could not be verified";

/// The commit of an exchange, for the journal.
pub fn insert(exchange: &Exchange) -> Commit {
    let mut commit = Commit::new(exchange.merchant_id, exchange.id);
    insert!(commit, exchange => Exchange);
    commit
}

/// Exchanges of one payment that are shown: a payment inquired for years has no more use for them.
const SHOWN_MAX: i64 = 200;

/// The exchanges about a merchant's payment, oldest first.
pub async fn of_payment(
    app: &App,
    merchant_id: i64,
    payment_id: i64,
) -> Result<Vec<Exchange>, Unavailable> {
    let sql = select!(
        Exchange,
        "where merchant_id = $1 and payment_id = $2 order by id limit $3"
    );
    let rows = app
        .db
        .rows(sql, params![merchant_id, payment_id, SHOWN_MAX])
        .await?;
    rows.into_iter().map(Exchange::read).collect()
}
