//! Request signatures that were used, so that none is accepted again on any replica.

use super::db::{Commit, params};
use jiff::Timestamp;

/// Claims a signature: a conflict when it was used before. A write's claim is for good, a read's
/// until `expires_at`.
pub fn claim(
    merchant_id: i64,
    signature: &str,
    expires_at: Option<Timestamp>,
    commit: &mut Commit,
) {
    commit.one(
        "insert into signatures (merchant_id, signature, expires_at) values ($1, $2, $3)",
        params![merchant_id, signature, expires_at],
    );
}

/// Forgets the reads' signatures that have expired.
pub fn forget_expired(now: Timestamp, commit: &mut Commit) {
    commit.maybe("delete from signatures where expires_at < $1", params![now]);
}
