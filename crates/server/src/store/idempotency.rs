//! Idempotency keys: claimed in the intent commit, answered when the outcome is known. What is kept
//! for good of a key is its digest; its answer is kept for some days.

use super::db::{Commit, Unavailable, params};
use super::digest::Digest;
use super::sealed::{KeyColumn, Sealed};
use crate::app::App;
use crate::vault::Vault;
use flate2::Compression;
use flate2::read::{DeflateDecoder, DeflateEncoder};
use jiff::Timestamp;
use std::io::Read;

/// Bytes of an answer, unpacked. Ours are far smaller.
const ANSWER_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Days that a key which moved no payment is kept, with its answer.
pub const IDLE_DAYS: i64 = 30;

/// What is known of a key.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Of method, path and body of the first request: [`fingerprint`].
    pub fingerprint: i64,
    /// The payment that it made or moved, or the refund that it made.
    pub payment_id: Option<i64>,
    /// When it was claimed, to the second.
    pub claimed_at: Timestamp,
    /// Status and body of the answer, while it is kept.
    pub answer: Option<(u16, Vec<u8>)>,
}

/// What is kept of the SHA-256 of method, path and body.
pub fn fingerprint(hash: &str) -> i64 {
    Digest::of(hash).high
}

/// Claims a key; a conflict when it is claimed already. `hash` is of method, path and body.
pub fn claim(
    merchant_id: i64,
    key: &str,
    hash: &str,
    payment_id: Option<i64>,
    now: Timestamp,
    commit: &mut Commit,
) {
    let digest = Digest::of(key);
    commit.one(
        "insert into request_keys (merchant_id, high, low, fingerprint, payment_id, claimed_at) \
         values ($1, $2, $3, $4, $5, $6)",
        params![
            merchant_id,
            digest.high,
            digest.low,
            fingerprint(hash),
            payment_id,
            now.as_second()
        ],
    );
}

/// Keeps the answer to a key that is claimed. The first answer stays.
pub fn keep_answer(
    app: &App,
    merchant_id: i64,
    key: &str,
    status: u16,
    body: &[u8],
    commit: &mut Commit,
) {
    let (days, of) = (app.settings.kept.answers_days, (merchant_id, key));
    keep_answer_from(&app.vault, days, of, (status, body), app.now(), commit);
}

/// The same for an answer that was given at `since` and is kept for `days`.
pub(super) fn keep_answer_from(
    vault: &Vault,
    days: i64,
    (merchant_id, key): (i64, &str),
    (status, body): (u16, &[u8]),
    since: Timestamp,
    commit: &mut Commit,
) {
    let digest = Digest::of(key);
    let sealed = vault.seal(&seal_context(merchant_id, digest), &pack(body));
    let forget_after = |days: i64| since.as_second().saturating_add(days * 86_400);
    commit.maybe(
        "insert into kept_answers (merchant_id, high, low, status, body_sealed, forget_at) \
         select merchant_id, high, low, cast($4 as bigint), cast($5 as text), \
           case when payment_id is null then cast($6 as bigint) else cast($7 as bigint) end \
         from request_keys where merchant_id = $1 and high = $2 and low = $3 \
         on conflict (merchant_id, high, low) do nothing",
        params![
            merchant_id,
            digest.high,
            digest.low,
            i64::from(status),
            sealed,
            forget_after(IDLE_DAYS),
            forget_after(days)
        ],
    );
}

/// Gives a key back whose request died before its answer was kept. One that made a payment is
/// never given back: its answer is the payment. Nor is one that was claimed anew meanwhile.
pub fn release(merchant_id: i64, key: &str, claimed_at: Timestamp, commit: &mut Commit) {
    let digest = Digest::of(key);
    commit.maybe(
        "delete from request_keys where merchant_id = $1 and high = $2 and low = $3 \
           and payment_id is null and claimed_at = $4 and not exists \
           (select 1 from kept_answers a where a.merchant_id = $1 and a.high = $2 and a.low = $3)",
        params![merchant_id, digest.high, digest.low, claimed_at.as_second()],
    );
}

/// What is known of a merchant's key.
pub async fn of_merchant(
    app: &App,
    merchant_id: i64,
    key: &str,
) -> Result<Option<Claimed>, Unavailable> {
    let digest = Digest::of(key);
    let row = app
        .db
        .row(
            "select k.fingerprint, k.payment_id, k.claimed_at, a.status, a.body_sealed \
             from request_keys k left join kept_answers a \
               on a.merchant_id = k.merchant_id and a.high = k.high and a.low = k.low \
             where k.merchant_id = $1 and k.high = $2 and k.low = $3",
            params![merchant_id, digest.high, digest.low],
        )
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let answer = match (
        row.opt_number("status", 100..=599)?,
        row.opt_text("body_sealed")?,
    ) {
        (Some(status), Some(sealed)) => {
            let packed = app
                .vault
                .open(&seal_context(merchant_id, digest), &sealed)
                .map_err(|_| Unavailable::new("a kept answer does not open"))?;
            Some((status, unpack(&packed)?))
        }
        _ => None,
    };
    let claimed_at = Timestamp::from_second(row.int("claimed_at")?)
        .map_err(|error| Unavailable::new(error.to_string()))?;
    Ok(Some(Claimed {
        fingerprint: row.int("fingerprint")?,
        payment_id: row.opt_int("payment_id")?,
        claimed_at,
        answer,
    }))
}

fn seal_context(merchant_id: i64, key: Digest) -> String {
    format!("merchant {merchant_id} answer {} {}", key.high, key.low)
}

pub(super) const SEALED: Sealed = Sealed {
    table: "kept_answers",
    key: &[
        KeyColumn::Int("merchant_id"),
        KeyColumn::Int("high"),
        KeyColumn::Int("low"),
    ],
    columns: &[("body_sealed", |key| {
        let (high, low) = (key.int(1), key.int(2));
        seal_context(key.int(0), Digest { high, low })
    })],
};

/// An answer is JSON that says the same names again and again: a third is left of it.
fn pack(body: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    match DeflateEncoder::new(body, Compression::default()).read_to_end(&mut packed) {
        Ok(_) => packed,
        Err(_) => unreachable!("memory is always read"),
    }
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, Unavailable> {
    let mut body = Vec::new();
    DeflateDecoder::new(packed)
        .take(ANSWER_BYTES_MAX)
        .read_to_end(&mut body)
        .map_err(|error| Unavailable::new(format!("a kept answer cannot be unpacked: {error}")))?;
    Ok(body)
}
