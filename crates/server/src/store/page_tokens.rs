//! Addresses given to browsers and lenders: 128 random bits that lead to one payment.

use super::db::{Commit, Unavailable, params};
use crate::app::App;
use jiff::Timestamp;

/// What an address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The page that posts a sealed bank form on to the bank.
    ThreedsPage,
    /// Where the bank sends the browser back.
    ThreedsReturn,
    /// Where the lender sends the browser back.
    LoanReturn,
    /// Where the lender notifies Galata.
    LoanNotify,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Kind::ThreedsPage => "THREEDS_PAGE",
            Kind::ThreedsReturn => "THREEDS_RETURN",
            Kind::LoanReturn => "LOAN_RETURN",
            Kind::LoanNotify => "LOAN_NOTIFY",
        }
    }
}

/// Writes a new address.
pub fn insert(
    token: &str,
    merchant_id: i64,
    payment_id: i64,
    kind: Kind,
    expires_at: Timestamp,
    commit: &mut Commit,
) {
    commit.one(
        "insert into page_tokens (token, merchant_id, payment_id, kind, expires_at) values ($1, $2, $3, $4, $5)",
        params![token, merchant_id, payment_id, kind.as_str(), expires_at],
    );
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
