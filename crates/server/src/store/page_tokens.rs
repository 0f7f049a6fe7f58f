//! Addresses given to browsers and lenders: 128 random bits that lead to one payment.

use super::db::{Commit, Unavailable, insert, params, stored_words};
use super::payments::Payment;
use crate::app::App;
use jiff::Timestamp;

stored_words! {
    /// What an address is for.
    pub enum Kind {
        /// The page that posts a sealed bank form on to the bank.
        ThreedsPage = "THREEDS_PAGE",
        /// Where the bank sends the browser back.
        ThreedsReturn = "THREEDS_RETURN",
        /// Where the lender sends the browser back.
        LoanReturn = "LOAN_RETURN",
        /// Where the lender notifies Galata.
        LoanNotify = "LOAN_NOTIFY",
    }
}

/// Writes a new address of a payment.
pub fn insert(
    payment: &Payment,
    token: &str,
    kind: Kind,
    expires_at: Timestamp,
    commit: &mut Commit,
) {
    insert!(commit, "page_tokens" {
        token: token,
        merchant_id: payment.merchant_id,
        payment_id: payment.id,
        kind: kind.as_str(),
        expires_at: expires_at,
    });
}

/// Merchant and payment that an address leads to, and whether it is still good.
pub async fn of_token(
    app: &App,
    token: &str,
    kind: Kind,
) -> Result<Option<(i64, i64, bool)>, Unavailable> {
    // Anybody can ask for any address; one that cannot be stored was never given out.
    if token.contains('\0') {
        return Ok(None);
    }
    let row = app
        .db
        .row(
            "select merchant_id, payment_id, expires_at from page_tokens where token = $1 and kind = $2",
            params![token, kind.as_str()],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some((
        row.int("merchant_id")?,
        row.int("payment_id")?,
        row.time("expires_at")? > app.now(),
    )))
}
