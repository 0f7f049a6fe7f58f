//! Idempotency keys: claimed in the intent commit, answered when the outcome is known.

use super::db::{Commit, Unavailable, params};
use crate::app::App;
use jiff::Timestamp;

/// What is known of a key.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// SHA-256 of method, path and body of the first request.
    pub fingerprint: String,
    /// The payment that it made.
    pub payment_id: Option<i64>,
    /// When it was claimed.
    pub claimed_at: Timestamp,
    /// Status and body of the answer, when there is one.
    pub answer: Option<(u16, Vec<u8>)>,
}

/// Claims a key; a conflict when it is claimed already.
pub fn claim(
    app: &App,
    merchant_id: i64,
    key: &str,
    fingerprint: &str,
    payment_id: Option<i64>,
    commit: &mut Commit,
) {
    commit.one(
        "insert into idempotency_keys (merchant_id, key, fingerprint, payment_id, created_at) \
         values ($1, $2, $3, $4, $5)",
        params![merchant_id, key, fingerprint, payment_id, app.now()],
    );
}

/// Keeps the answer to a key. The first answer stays.
pub fn answer(
    app: &App,
    merchant_id: i64,
    key: &str,
    status: u16,
    body: &[u8],
    commit: &mut Commit,
) {
    let sealed = app.vault.seal(&place(merchant_id, key), body);
    commit.maybe(
        "update idempotency_keys set status = $3, answer_sealed = $4 \
         where merchant_id = $1 and key = $2 and status is null",
        params![merchant_id, key, i64::from(status), sealed],
    );
}

/// Gives a key back whose request died before its answer was kept. One that made a payment is
/// never given back: its answer is the payment.
pub fn release(merchant_id: i64, key: &str, commit: &mut Commit) {
    commit.maybe(
        "delete from idempotency_keys where merchant_id = $1 and key = $2 and status is null and payment_id is null",
        params![merchant_id, key],
    );
}

/// What is known of a merchant's key.
pub async fn of_merchant(
    app: &App,
    merchant_id: i64,
    key: &str,
) -> Result<Option<Claimed>, Unavailable> {
    let row = app
        .db
        .row(
            "select fingerprint, payment_id, status, answer_sealed, created_at from idempotency_keys \
             where merchant_id = $1 and key = $2",
            params![merchant_id, key],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let answer = match (row.opt_int("status")?, row.opt_text("answer_sealed")?) {
        (Some(status), Some(sealed)) => {
            let body = app
                .vault
                .open(&place(merchant_id, key), &sealed)
                .map_err(|_| Unavailable::new("a kept answer does not open"))?;
            Some((u16::try_from(status).unwrap_or(500), body.to_vec()))
        }
        _ => None,
    };
    Ok(Some(Claimed {
        fingerprint: row.text("fingerprint")?,
        payment_id: row.opt_int("payment_id")?,
        claimed_at: row.time("created_at")?,
        answer,
    }))
}

fn place(merchant_id: i64, key: &str) -> String {
    format!("merchant {merchant_id} answer {key}")
}
