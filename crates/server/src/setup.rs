//! Setting up merchants, their keys, people, methods and POSes: what commands, sandbox and panel do
//! beyond the API. Each function knows who asks and leaves an entry in the audit log.

mod apms;
mod bin_lists;
mod commissions;
mod connection;
mod keys;
mod poses;
mod settings;

pub use apms::{
    ApmSetup, apm_of, apms_of, check_apm_host, create_apm, edit_apm, same_account, set_apm_active,
};
pub use bin_lists::BinListChange;
pub use commissions::{
    commission_field, commissions_file, commissions_of, commissions_of_file, delete_pos, percent,
    set_commissions,
};
pub use connection::{ConnectionResult, ConnectionTest, test_apm, test_pos};
pub use keys::{
    ListedKey, MadeKey, OVERLAP_HOURS, OVERLAP_HOURS_MAX, create_key, list_keys, revoke_key,
    rotate_key,
};
pub use poses::{
    Environment, NEW_POS_AUTHENTICATION, NEW_POS_ENVIRONMENT, add_pos, autopilot_changes, base_of,
    create_pos, edit_pos, endpoint_behind, endpoint_of, environment_of, move_pos, point_at, pos_of,
    poses_of, same_terminal, set_pos_active,
};
pub use settings::{
    SigningKey, first_time, look_at_keys, refuse_double_submits, set_signing_key, set_webhook,
    set_webhook_event,
};

use crate::app::App;
use crate::engine::claims::Claims;
use crate::net::bare;
use crate::operations::{self, Actor, Audited, Change, Permission, Problem, TOP};
use crate::random;
use crate::store::db::{Commit, CommitError};
use crate::store::merchants::{self, FEATURE_APMS, Merchant};
use contract::card::Secret;
use contract::rules::Rule;
use serde_json::{Map, Value as Json, json};

/// A new merchant. Keys that are not given are made.
#[derive(Default)]
pub struct MerchantSetup {
    /// Its name.
    pub name: String,
    /// Its keys are published ones: `serve` refuses a database that holds it.
    pub demo: bool,
    /// API key.
    pub api_key: Option<String>,
    /// API secret.
    pub secret_key: Option<String>,
    /// Signs callbacks.
    pub callback_key: Option<String>,
    /// Signs webhooks.
    pub webhook_key: Option<String>,
    /// Where webhooks go.
    pub webhook_url: String,
}

/// A merchant that was made, with the keys that are shown this once.
pub struct MadeMerchant {
    /// Its id.
    pub id: i64,
    /// API key.
    pub api_key: String,
    /// API secret.
    pub secret_key: Secret,
    /// Signs callbacks.
    pub callback_key: Secret,
    /// Signs webhooks.
    pub webhook_key: Secret,
}

/// Characters of the keys that merchants configure; the platform's callback key has 32.
const KEY_LENGTH: usize = 32;

/// Makes a merchant.
pub async fn create_merchant(
    app: &App,
    by: &Actor,
    setup: MerchantSetup,
) -> Result<MadeMerchant, Problem> {
    let or_new =
        |given: Option<String>| Secret::new(given.unwrap_or_else(|| random::key(KEY_LENGTH)));
    let made = MadeMerchant {
        id: app.next_id(),
        api_key: setup.api_key.unwrap_or_else(|| random::key(KEY_LENGTH)),
        secret_key: or_new(setup.secret_key),
        callback_key: or_new(setup.callback_key),
        webhook_key: or_new(setup.webhook_key),
    };
    let merchant = Merchant {
        id: made.id,
        name: TOP.name("name", Some(&setup.name))?,
        demo: setup.demo,
        features: Map::new(),
        half_threeds: false,
        completes_doubt: false,
        double_submit_seconds: 0,
        callback_key: made.callback_key.clone(),
        webhook_key: made.webhook_key.clone(),
        webhook_url: setup.webhook_url,
        webhook_events: Map::new(),
        version: 1,
    };
    let mut commit = Commit::new(made.id, made.id);
    merchants::insert(app, &merchant, &mut commit);
    merchants::insert_api_key(app, made.id, &made.api_key, &made.secret_key, &mut commit);
    let id = made.id.to_string();
    let change = (Json::Null, merchant.snapshot(None));
    by.note(app, made.id, "merchant.create", &id, change, &mut commit);
    written(app, commit, || {
        Problem::with(Rule::UnknownValue, &[("field", "api-key (it is taken)")])
    })
    .await?;
    Ok(made)
}

async fn written(
    app: &App,
    commit: Commit,
    conflict: impl FnOnce() -> Problem,
) -> Result<(), Problem> {
    match app.db.commit(commit).await {
        Ok(()) => Ok(()),
        Err(CommitError::Conflict { .. }) => Err(conflict()),
        Err(CommitError::Unavailable(why)) => Err(Problem::unavailable(why)),
    }
}

/// A merchant that must be there.
pub async fn merchant(app: &App, id: i64) -> Result<Merchant, Problem> {
    merchants::of_id(app, id)
        .await?
        .ok_or_else(|| Problem::field(Rule::InvalidId, "merchant"))
}

/// Refuses those who may not change a merchant's settings, before anything else is looked at.
async fn may_change(app: &App, by: &Actor, id: i64) -> Result<(), Problem> {
    let (permission, target) = (Permission::ChangeSettings, id.to_string());
    by.require(app, id, permission, "merchant.edit", &target)
        .await
}

/// Changes a merchant's settings.
pub async fn change_merchant(
    app: &App,
    by: &Actor,
    id: i64,
    mut edit: impl FnMut(&mut Merchant),
) -> Result<(), Problem> {
    let what = Change {
        by,
        claims: &no_claims(id),
        permission: Permission::ChangeSettings,
        action: "merchant.edit",
        id,
    };
    let edit = |merchant: &mut Merchant| {
        edit(merchant);
        Ok(())
    };
    operations::change(app, what, edit).await.map(|_| ())
}

impl Audited for Merchant {
    async fn load(app: &App, _: i64, id: i64) -> Result<Merchant, Problem> {
        merchant(app, id).await
    }

    fn save(&self, app: &App, commit: &mut Commit) {
        merchants::save(app, self, commit);
    }

    fn snapshot(&self, before: Option<&Merchant>) -> Json {
        audit_snapshot(self, before)
    }
}

/// A merchant's settings for the audit log: of keys only whether they changed.
fn audit_snapshot(merchant: &Merchant, before: Option<&Merchant>) -> Json {
    let mut settings = json!({
        "name": merchant.name,
        "features": merchant.features,
        "threeDS": if merchant.half_threeds { "HALF" } else { "FULL" },
        "completesDoubt": merchant.completes_doubt,
        "doubleSubmitSeconds": merchant.double_submit_seconds,
        "webhookUrl": bare(&merchant.webhook_url),
        "webhookEvents": merchant.webhook_events,
    });
    if let Some(before) = before {
        // Parameters of an address may open the shop's door: like a key's, only their change is told.
        let (was, is) = (&before.webhook_url, &merchant.webhook_url);
        if bare(was) == bare(is) {
            let (was, is) = (Secret::new(was.as_str()), Secret::new(is.as_str()));
            note_secret(&mut settings, "webhookUrlParameters", &was, &is);
        }
        note_secret(
            &mut settings,
            "callbackKey",
            &before.callback_key,
            &merchant.callback_key,
        );
        note_secret(
            &mut settings,
            "webhookKey",
            &before.webhook_key,
            &merchant.webhook_key,
        );
    }
    settings
}

/// Says of a secret only that it changed.
fn note_secret(settings: &mut Json, name: &str, before: &Secret, after: &Secret) {
    if before.expose() != after.expose()
        && let Some(fields) = settings.as_object_mut()
    {
        fields.insert(name.to_owned(), Json::from("changed"));
    }
}

/// Switches a feature on or off.
pub async fn set_feature(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    feature: &str,
    on: bool,
) -> Result<(), Problem> {
    may_change(app, by, merchant_id).await?;
    TOP.require("feature", Rule::UnknownValue, feature == FEATURE_APMS)?;
    change_merchant(app, by, merchant_id, |merchant| {
        let feature = feature.to_owned();
        merchant.features.insert(feature, Json::Bool(on));
    })
    .await
}

/// Claims of what came without a signature: a command, a panel's form.
pub fn no_claims(merchant_id: i64) -> Claims {
    Claims::none(merchant_id)
}

/// The claims of a form that counts once. `text` is what its page was given; a form without it has none.
pub fn claims_once(merchant_id: i64, text: &str) -> Claims {
    Claims::of_form(merchant_id, text)
}
