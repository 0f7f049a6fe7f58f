//! Claims of the version before migration 7, which looks for signatures and keys in tables of its
//! own. While such processes may run (a rolling upgrade), both sets of tables are written and read;
//! then the rows of before are moved, in steps. A later version drops the two tables with this file.

use super::db::{Commit, Db, Unavailable, params};
use super::digest::Digest;
use super::idempotency::{self, Claimed};
use super::won;
use crate::app::App;
use jiff::{SignedDuration, Timestamp};
use std::sync::atomic::{AtomicBool, Ordering};

/// How long processes of the version before may run on after the migration.
const UPGRADE: SignedDuration = SignedDuration::from_hours(24);
/// Rows of one table that are moved in one commit.
const STEP_ROWS: i64 = 200;

/// Whether claims are in the tables of before, too.
#[derive(Debug)]
pub struct Older(AtomicBool);

impl Older {
    /// Looks at the database.
    pub async fn look(db: &Db, now: Timestamp) -> Result<Older, Unavailable> {
        Ok(Older(AtomicBool::new(in_use(db, now).await?)))
    }

    /// Whether claims go into the tables of before, too.
    pub fn may_run(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Looks again, until the answer is no: it stays so.
    pub async fn look_again(&self, db: &Db, now: Timestamp) -> Result<(), Unavailable> {
        if self.may_run() && !in_use(db, now).await? {
            self.0.store(false, Ordering::SeqCst);
        }
        Ok(())
    }
}

/// Where the schema was made by migrations 1 and 7 at once, no older process ever ran.
async fn in_use(db: &Db, now: Timestamp) -> Result<bool, Unavailable> {
    let rows = db
        .rows(
            "select applied_at from migrations where version = 1 or version = 7 order by version",
            params![],
        )
        .await?;
    let [first, seventh] = rows.as_slice() else {
        return Ok(false);
    };
    let migrated_at = seventh.time("applied_at")?;
    if first.time("applied_at")? == migrated_at {
        return Ok(false);
    }
    if now.duration_since(migrated_at) < UPGRADE {
        return Ok(true);
    }
    let left = db
        .row(
            "select 1 as one where exists (select 1 from signatures) or exists (select 1 from idempotency_keys)",
            params![],
        )
        .await?;
    Ok(left.is_some())
}

/// What is known of a key that only an older process has claimed.
pub(super) async fn key_of_merchant(
    app: &App,
    merchant_id: i64,
    key: &str,
) -> Result<Option<Claimed>, Unavailable> {
    if !app.older.may_run() {
        return Ok(None);
    }
    let row = app
        .db
        .row(
            "select fingerprint, payment_id, status, answer_sealed, created_at from idempotency_keys \
             where merchant_id = $1 and key = $2",
            params![merchant_id, key],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let answer = match (
        row.opt_number("status", 100..=599)?,
        row.opt_text("answer_sealed")?,
    ) {
        (Some(status), Some(sealed)) => {
            let body = app
                .vault
                .open(&place(merchant_id, key), &sealed)
                .map_err(|_| Unavailable::new("a kept answer does not open"))?;
            Some((status, body.to_vec()))
        }
        _ => None,
    };
    Ok(Some(Claimed {
        fingerprint: idempotency::fingerprint(&row.text("fingerprint")?),
        payment_id: row.opt_int("payment_id")?,
        claimed_at: row.time("created_at")?,
        answer,
    }))
}

/// Gives back a key that an older process claimed, as [`idempotency::release`] does.
pub fn release(merchant_id: i64, key: &str, commit: &mut Commit) {
    commit.maybe(
        "delete from idempotency_keys where merchant_id = $1 and key = $2 and status is null and payment_id is null",
        params![merchant_id, key],
    );
}

/// Moves some rows of before, once no older process runs. False when nothing was left to move.
pub async fn move_some(app: &App) -> Result<bool, Unavailable> {
    if !app.older.may_run() {
        return Ok(false);
    }
    let migrated = app
        .db
        .row(
            "select applied_at from migrations where version = 7",
            params![],
        )
        .await?;
    if let Some(row) = migrated
        && app.now().duration_since(row.time("applied_at")?) < UPGRADE
    {
        return Ok(false);
    }
    let signatures = move_signatures(app).await?;
    let keys = move_keys(app).await?;
    Ok(signatures || keys)
}

async fn move_signatures(app: &App) -> Result<bool, Unavailable> {
    let rows = app
        .db
        .rows(
            "select merchant_id, signature, expires_at from signatures limit $1",
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
            "delete from signatures where merchant_id = $1 and signature = $2",
            params![merchant_id, signature],
        );
    }
    won(app.db.commit(commit).await)?;
    Ok(!rows.is_empty())
}

async fn move_keys(app: &App) -> Result<bool, Unavailable> {
    let rows = app
        .db
        .rows(
            "select merchant_id, key from idempotency_keys limit $1",
            params![STEP_ROWS],
        )
        .await?;
    let mut commit = Commit::new(0, 0);
    for row in &rows {
        let (merchant_id, key) = (row.int("merchant_id")?, row.text("key")?);
        let Some(claimed) = key_of_merchant(app, merchant_id, &key).await? else {
            continue;
        };
        let digest = Digest::of(&key);
        commit.maybe(
            "insert into request_keys (merchant_id, high, low, fingerprint, payment_id, claimed_at) \
             values ($1, $2, $3, $4, $5, $6) on conflict (merchant_id, high, low) do nothing",
            params![
                merchant_id,
                digest.high,
                digest.low,
                claimed.fingerprint,
                claimed.payment_id,
                claimed.claimed_at.as_second()
            ],
        );
        if let Some((status, body)) = &claimed.answer {
            let (answer, since) = ((*status, body.as_slice()), claimed.claimed_at);
            idempotency::keep_answer_from(app, merchant_id, &key, answer, since, &mut commit);
        }
        commit.maybe(
            "delete from idempotency_keys where merchant_id = $1 and key = $2",
            params![merchant_id, key],
        );
    }
    won(app.db.commit(commit).await)?;
    Ok(!rows.is_empty())
}

fn place(merchant_id: i64, key: &str) -> String {
    format!("merchant {merchant_id} answer {key}")
}
