//! Request signatures that were used, so that none is accepted again on any replica. Sixteen bytes
//! of each are kept, so a write's can be kept for good.

use super::db::{Commit, Unavailable, params};
use super::digest::Digest;
use crate::app::App;
use jiff::Timestamp;

/// Claims a signature together with the idempotency key that came with it: a conflict when it was
/// used before. A write's claim is for good (`expires_at` none).
pub fn claim(
    merchant_id: i64,
    signature: &str,
    key: Option<&str>,
    expires_at: Option<Timestamp>,
    commit: &mut Commit,
) {
    let digest = Digest::of(signature);
    commit.one(
        "insert into request_signatures (merchant_id, high, low, key_digest, expires_at) \
         values ($1, $2, $3, $4, $5)",
        params![
            merchant_id,
            digest.high,
            digest.low,
            key.map(key_digest),
            expires_at
        ],
    );
}

/// Whether a signature was claimed together with this key.
pub async fn came_with(
    app: &App,
    merchant_id: i64,
    signature: &str,
    key: &str,
) -> Result<bool, Unavailable> {
    let digest = Digest::of(signature);
    let row = app
        .db
        .row(
            "select key_digest from request_signatures where merchant_id = $1 and high = $2 and low = $3",
            params![merchant_id, digest.high, digest.low],
        )
        .await?;
    match row {
        Some(row) => Ok(row.opt_int("key_digest")? == Some(key_digest(key))),
        None => Ok(false),
    }
}

/// Half a digest is enough: finding another key with it gains nothing, for a key that is not
/// known is answered with nothing.
fn key_digest(key: &str) -> i64 {
    Digest::of(key).high
}
