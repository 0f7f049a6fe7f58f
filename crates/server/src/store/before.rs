//! What versions before migration 7 claimed, moved to where claims are looked for now. A digest
//! cannot be made in SQL, so this is the part of the migration that is code; a later version drops
//! the two tables with this file.

use super::db::{Commit, Db, Row, Unavailable, params};
use super::digest::Digest;
use super::{Committed, idempotency};
use crate::app::Kept;
use crate::vault::Vault;

/// Rows that one commit moves.
const STEP_ROWS: i64 = 500;

/// Whether claims are left in the old place, where they are no longer looked for.
pub async fn are_left(db: &Db) -> Result<bool, Unavailable> {
    let left = db
        .row(
            "select 1 as one where exists (select 1 from signatures_before) \
             or exists (select 1 from idempotency_keys_before)",
            params![],
        )
        .await?;
    Ok(left.is_some())
}

/// Moves all of them, in steps that each hold by themselves: what was stopped is begun again.
pub async fn move_claims(db: &Db, vault: &Vault) -> Result<(), Unavailable> {
    let mut moved = 0;
    loop {
        let rows = move_signatures(db).await? + move_keys(db, vault).await?;
        if rows == 0 {
            break;
        }
        moved += rows;
    }
    if moved > 0 {
        tracing::info!(rows = moved, "claims of an older version were moved");
    }
    Ok(())
}

/// One step; how many there were. In the order of the key, so that two processes never wait for
/// each other.
async fn move_signatures(db: &Db) -> Result<usize, Unavailable> {
    let rows = db
        .rows(
            "select merchant_id, signature, expires_at from signatures_before \
             order by merchant_id, signature limit $1",
            params![STEP_ROWS],
        )
        .await?;
    let mut commit = Commit::new(0, 0);
    for row in &rows {
        let (merchant_id, signature) = (row.int("merchant_id")?, row.text("signature")?);
        let digest = Digest::of(&signature);
        commit.maybe(
            "insert into request_signatures (merchant_id, high, low, expires_at) values ($1, $2, $3, $4) \
             on conflict (merchant_id, high, low) do nothing",
            params![merchant_id, digest.high, digest.low, row.opt_time("expires_at")?],
        );
        commit.maybe(
            "delete from signatures_before where merchant_id = $1 and signature = $2",
            params![merchant_id, signature],
        );
    }
    carry_out(db, commit).await?;
    Ok(rows.len())
}

/// One step; how many there were.
async fn move_keys(db: &Db, vault: &Vault) -> Result<usize, Unavailable> {
    let rows = db
        .rows(
            "select merchant_id, key, fingerprint, payment_id, status, answer_sealed, created_at \
             from idempotency_keys_before order by merchant_id, key limit $1",
            params![STEP_ROWS],
        )
        .await?;
    let mut commit = Commit::new(0, 0);
    for row in &rows {
        move_key(row, vault, &mut commit)?;
    }
    carry_out(db, commit).await?;
    Ok(rows.len())
}

fn move_key(row: &Row, vault: &Vault, commit: &mut Commit) -> Result<(), Unavailable> {
    let (merchant_id, key) = (row.int("merchant_id")?, row.text("key")?);
    let (payment_id, since) = (row.opt_int("payment_id")?, row.time("created_at")?);
    let digest = Digest::of(&key);
    commit.maybe(
        "insert into request_keys (merchant_id, high, low, fingerprint, payment_id, claimed_at) \
         values ($1, $2, $3, $4, $5, $6) on conflict (merchant_id, high, low) do nothing",
        params![
            merchant_id,
            digest.high,
            digest.low,
            idempotency::fingerprint(&row.text("fingerprint")?),
            payment_id,
            since.as_second()
        ],
    );
    let answer = row
        .opt_number("status", 100..=599)?
        .zip(row.opt_text("answer_sealed")?);
    if let Some((status, sealed)) = answer {
        match vault.open(&format!("merchant {merchant_id} answer {key}"), &sealed) {
            Ok(body) => {
                let days = Kept::default().answers_days;
                let answer = (status, body.as_slice());
                let of = (merchant_id, key.as_str());
                idempotency::keep_answer_from(vault, days, of, answer, since, commit);
            }
            // The payment tells it anew, where there is one.
            Err(_) => tracing::warn!(
                merchant_id,
                "a kept answer does not open and is left behind"
            ),
        }
    }
    commit.maybe(
        "delete from idempotency_keys_before where merchant_id = $1 and key = $2",
        params![merchant_id, key],
    );
    Ok(())
}

/// What is refused would be met again and again.
async fn carry_out(db: &Db, commit: Commit) -> Result<(), Unavailable> {
    match Committed::of(db.commit(commit).await)? {
        Committed::Yes => Ok(()),
        Committed::Conflict => Err(Unavailable::new("claims of an older version are refused")),
    }
}
