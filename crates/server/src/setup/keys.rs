//! API keys: listed, made, replaced with an overlap, revoked. A secret is shown once.

use super::{KEY_LENGTH, merchant, written};
use crate::app::App;
use crate::operations::{Actor, Permission, Problem, TOP, changed_meanwhile};
use crate::random;
use crate::store::api_keys::{self, ApiKey};
use crate::store::db::Commit;
use crate::store::merchants;
use crate::store::requests;
use contract::card::Secret;
use contract::rules::Rule;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

/// Hours that an old key works beside the new one, where nothing else is said.
pub const OVERLAP_HOURS: i64 = 24;
/// Longest overlap: thirty days.
pub const OVERLAP_HOURS_MAX: i64 = 30 * 24;

/// A key as it is listed.
#[derive(Debug, Clone)]
pub struct ListedKey {
    /// The key.
    pub key: ApiKey,
    /// Whether it is accepted now.
    pub usable: bool,
    /// When it last asked for something, as far as the request log reaches.
    pub last_used: Option<Timestamp>,
}

/// A key that was made, with the secret that is shown this once.
pub struct MadeKey {
    /// The API key.
    pub api_key: String,
    /// Its secret.
    pub secret_key: Secret,
}

/// A merchant's API keys, newest first.
pub async fn list_keys(app: &App, by: &Actor, merchant_id: i64) -> Result<Vec<ListedKey>, Problem> {
    by.require(app, merchant_id, Permission::ManageKeys, "key.look", "")
        .await?;
    let mut listed = Vec::new();
    for key in api_keys::of_merchant(app, merchant_id).await? {
        listed.push(ListedKey {
            usable: key.usable_at(app.now()),
            last_used: requests::last_of_key(app, merchant_id, &key.api_key).await?,
            key,
        });
    }
    Ok(listed)
}

/// Makes one more key.
pub async fn create_key(app: &App, by: &Actor, merchant_id: i64) -> Result<MadeKey, Problem> {
    const ACTION: &str = "key.create";
    by.require(app, merchant_id, Permission::ManageKeys, ACTION, "")
        .await?;
    merchant(app, merchant_id).await?;
    let made = new_key();
    let mut commit = Commit::new(merchant_id, merchant_id);
    merchants::insert_api_key(
        app,
        merchant_id,
        &made.api_key,
        &made.secret_key,
        &mut commit,
    );
    let change = (Json::Null, json!({"apiKey": made.api_key}));
    by.note(app, merchant_id, ACTION, &made.api_key, change, &mut commit);
    written(app, commit, || {
        Problem::unavailable("a random key was taken")
    })
    .await?;
    Ok(made)
}

/// Makes a key that follows `old`, which works `overlap_hours` longer.
pub async fn rotate_key(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    old: &str,
    overlap_hours: i64,
) -> Result<MadeKey, Problem> {
    const ACTION: &str = "key.rotate";
    by.require(app, merchant_id, Permission::ManageKeys, ACTION, old)
        .await?;
    let overlap_hours = TOP.within("overlapHours", overlap_hours, 0..=OVERLAP_HOURS_MAX)?;
    let key = usable_key(app, merchant_id, old).await?;
    let overlap = app
        .now()
        .checked_add(SignedDuration::from_hours(overlap_hours))
        .unwrap_or(Timestamp::MAX);
    // A key that ends earlier anyway does not live longer for being replaced.
    let ends = key.expires_at.map_or(overlap, |at| at.min(overlap));
    let made = new_key();
    let mut commit = Commit::new(merchant_id, merchant_id);
    merchants::insert_api_key(
        app,
        merchant_id,
        &made.api_key,
        &made.secret_key,
        &mut commit,
    );
    api_keys::expire(&key, ends, &mut commit);
    let before = json!({"apiKey": old, "expiresAt": key.expires_at.map(|at| at.to_string())});
    let after = json!({"apiKey": made.api_key, "oldExpiresAt": ends.to_string()});
    by.note(app, merchant_id, ACTION, old, (before, after), &mut commit);
    written(app, commit, changed_meanwhile).await?;
    Ok(made)
}

/// Revokes a key now. Also the last one: then the shop is locked out until another is made.
pub async fn revoke_key(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    api_key: &str,
) -> Result<(), Problem> {
    const ACTION: &str = "key.revoke";
    by.require(app, merchant_id, Permission::ManageKeys, ACTION, api_key)
        .await?;
    let key = usable_key(app, merchant_id, api_key).await?;
    let mut commit = Commit::new(merchant_id, merchant_id);
    api_keys::revoke(&key, app.now(), &mut commit);
    let before = json!({"expiresAt": key.expires_at.map(|at| at.to_string())});
    let change = (before, json!({"active": false}));
    by.note(app, merchant_id, ACTION, api_key, change, &mut commit);
    written(app, commit, changed_meanwhile).await
}

fn new_key() -> MadeKey {
    MadeKey {
        api_key: random::key(KEY_LENGTH),
        secret_key: Secret::new(random::key(KEY_LENGTH)),
    }
}

/// One of the merchant's keys that still works.
async fn usable_key(app: &App, merchant_id: i64, api_key: &str) -> Result<ApiKey, Problem> {
    let keys = api_keys::of_merchant(app, merchant_id).await?;
    let now = app.now();
    keys.into_iter()
        .find(|key| key.api_key == api_key && key.usable_at(now))
        .ok_or_else(|| Problem::field(Rule::UnknownValue, "apiKey"))
}
