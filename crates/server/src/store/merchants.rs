//! Merchants and their API keys. Secrets leave the database sealed and are opened here.

use super::db::{
    Commit, Db, Row, TableRow, Unavailable, insert, params, select, table_row, update,
};
use super::sealed::{KeyColumn, Sealed};
use crate::app::App;
use crate::vault::Vault;
use contract::card::Secret;
use contract::enums::WebhookEventType;
use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use std::sync::Arc;

table_row! {
    /// A merchant with its settings.
    #[derive(Debug, Clone)]
    pub struct Merchant: "merchants" {
        /// Its id.
        pub id: i64,
        /// Its name.
        pub name: String,
        /// The sandbox's own merchant, whose keys everybody knows.
        pub demo: bool,
        /// Switches by name; absent is off.
        pub features: Map<String, Json>,
        /// A payment without 3DS that the bank took in doubt is completed instead of reversed.
        pub completes_doubt: bool,
        /// Seconds in which a card payment without an idempotency key is taken once; 0 is off.
        pub double_submit_seconds: i64,
        /// Where webhooks go; empty is nowhere.
        pub webhook_url: String,
        /// Event switches by name; absent is on.
        pub webhook_events: Map<String, Json>,
        /// For compare-and-set.
        pub version: i64,
    } and {
        /// mdStatus 2, 3 and 4 are good enough, not only 1.
        pub half_threeds: bool,
        /// Signs callbacks.
        pub callback_key: Secret,
        /// Signs webhooks.
        pub webhook_key: Secret,
    }
}

/// The feature switch of alternative payment methods, as commands and panel spell it.
pub const FEATURE_APMS: &str = "alternative-payment-methods";

impl Merchant {
    /// Whether a feature is switched on.
    pub fn has(&self, feature: &str) -> bool {
        self.features.get(feature) == Some(&Json::Bool(true))
    }

    /// Whether the merchant wants to hear of this event.
    pub fn wants(&self, event: WebhookEventType) -> bool {
        !self.webhook_url.is_empty()
            && self.webhook_events.get(event.as_str()) != Some(&Json::Bool(false))
    }
}

fn seal_context(merchant_id: i64, what: &str) -> String {
    format!("merchant {merchant_id} {what}")
}

fn seal_context_of_key(api_key: &str) -> String {
    format!("api key {api_key}")
}

pub(super) const SEALED: Sealed = Sealed {
    table: "merchants",
    key: &[KeyColumn::Int("id")],
    columns: &[
        ("callback_key_sealed", |key| {
            seal_context(key.int(0), "callback key")
        }),
        ("webhook_key_sealed", |key| {
            seal_context(key.int(0), "webhook key")
        }),
    ],
};

pub(super) const API_KEYS_SEALED: Sealed = Sealed {
    table: "api_keys",
    key: &[KeyColumn::Text("api_key")],
    columns: &[("secret_sealed", |key| seal_context_of_key(key.text(0)))],
};

macro_rules! select_merchant {
    ($($more:ident,)* $rest:literal) => {
        select!(
            Merchant, threeds_policy, callback_key_sealed, webhook_key_sealed, $($more,)* $rest
        )
    };
}

fn read(app: &App, row: Row) -> Result<Merchant, Unavailable> {
    let half_threeds = match row.text("threeds_policy")?.as_str() {
        "HALF_THREEDS" => true,
        "FULL_THREEDS" => false,
        _ => return Err(row.of_table("merchants", super::unknown_word("threeds_policy"))),
    };
    let (callback, webhook) = (
        row.text("callback_key_sealed")?,
        row.text("webhook_key_sealed")?,
    );
    let mut merchant = Merchant::read(row)?;
    let open = |what: &str, sealed: &str| {
        super::open_sealed(app, &seal_context(merchant.id, what), sealed)
    };
    let (callback, webhook) = (
        open("callback key", &callback)?,
        open("webhook key", &webhook)?,
    );
    merchant.half_threeds = half_threeds;
    merchant.callback_key = callback;
    merchant.webhook_key = webhook;
    Ok(merchant)
}

/// An API key that was not revoked, its secret and its merchant.
#[derive(Debug, Clone)]
pub struct KeyOwner {
    /// Whose key it is.
    pub merchant: Arc<Merchant>,
    /// Signs requests.
    pub secret: Secret,
    /// The key's last moment; `None` is for good.
    pub expires_at: Option<Timestamp>,
}

/// Who owns an API key that is active and has not ended. May be up to
/// [`memory::STALE_MAX`](super::memory::STALE_MAX) behind what another process changed.
pub async fn by_api_key(app: &App, api_key: &str) -> Result<Option<KeyOwner>, Unavailable> {
    let owner = app.memory.key_owner(app, api_key).await?;
    let now = app.now();
    Ok(owner.filter(|owner| owner.expires_at.is_none_or(|end| now < end)))
}

/// Reads who owns an API key that was not revoked.
pub(super) async fn read_key_owner(
    app: &App,
    api_key: &str,
) -> Result<Option<KeyOwner>, Unavailable> {
    let sql = select_merchant!(
        secret_sealed,
        expires_at,
        "join api_keys k on k.merchant_id = merchants.id where k.api_key = $1 and k.active"
    );
    let Some(row) = app.db.row(sql, params![api_key]).await? else {
        return Ok(None);
    };
    let (context, sealed) = (seal_context_of_key(api_key), row.text("secret_sealed")?);
    Ok(Some(KeyOwner {
        secret: super::open_sealed(app, &context, &sealed)?,
        expires_at: row.opt_time("expires_at")?,
        merchant: Arc::new(read(app, row)?),
    }))
}

/// A merchant by its id, for jobs, pages and commands that already know whose it is.
pub async fn of_id(app: &App, id: i64) -> Result<Option<Merchant>, Unavailable> {
    let row = app
        .db
        .row(select_merchant!("where id = $1"), params![id])
        .await?;
    row.map(|row| read(app, row)).transpose()
}

/// Whether a merchant is there whose keys everybody knows.
pub async fn demo_exists(db: &Db) -> Result<bool, Unavailable> {
    let row = db
        .row("select id from merchants where demo limit 1", params![])
        .await?;
    Ok(row.is_some())
}

/// Whether these keys open what any merchant has sealed; `None` when there is no merchant. One is
/// enough: no other key opens even one.
pub async fn any_opens(db: &Db, vault: &Vault) -> Result<Option<bool>, Unavailable> {
    let rows = db
        .rows("select id, callback_key_sealed from merchants", params![])
        .await?;
    for row in &rows {
        let (place, sealed) = (
            seal_context(row.int("id")?, "callback key"),
            row.text("callback_key_sealed")?,
        );
        if vault.open(&place, &sealed).is_ok() {
            return Ok(Some(true));
        }
    }
    Ok((!rows.is_empty()).then_some(false))
}

/// Writes a new merchant.
pub fn insert(app: &App, merchant: &Merchant, commit: &mut Commit) {
    insert!(commit, merchant => Merchant, {
        threeds_policy: threeds_policy(merchant),
        callback_key_sealed: seal(app, merchant.id, "callback key", &merchant.callback_key),
        webhook_key_sealed: seal(app, merchant.id, "webhook key", &merchant.webhook_key),
        created_at: app.now(),
    });
}

/// Writes a merchant's settings; a conflict when somebody else wrote them meanwhile.
pub fn save(app: &App, merchant: &Merchant, commit: &mut Commit) {
    update!(commit, "merchants"
    where { id: merchant.id, version: merchant.version }
    set {
        version: merchant.version + 1,
        name: merchant.name,
        features: merchant.features,
        threeds_policy: threeds_policy(merchant),
        completes_doubt: merchant.completes_doubt,
        double_submit_seconds: merchant.double_submit_seconds,
        callback_key_sealed: seal(app, merchant.id, "callback key", &merchant.callback_key),
        webhook_key_sealed: seal(app, merchant.id, "webhook key", &merchant.webhook_key),
        webhook_url: merchant.webhook_url,
        webhook_events: merchant.webhook_events,
    });
    commit.change_settings();
}

/// Writes a new API key.
pub fn insert_api_key(
    app: &App,
    merchant_id: i64,
    api_key: &str,
    secret: &Secret,
    commit: &mut Commit,
) {
    let sealed = app
        .vault
        .seal(&seal_context_of_key(api_key), secret.expose().as_bytes());
    insert!(commit, "api_keys" {
        api_key: api_key,
        merchant_id: merchant_id,
        secret_sealed: sealed,
        active: true,
        created_at: app.now(),
    });
}

fn threeds_policy(merchant: &Merchant) -> String {
    let policy = if merchant.half_threeds {
        "HALF_THREEDS"
    } else {
        "FULL_THREEDS"
    };
    policy.to_owned()
}

fn seal(app: &App, id: i64, what: &str, secret: &Secret) -> String {
    app.vault
        .seal(&seal_context(id, what), secret.expose().as_bytes())
}

/// Every merchant, oldest first: for the operator's commands alone.
pub async fn all(app: &App) -> Result<Vec<Merchant>, Unavailable> {
    let rows = app
        .db
        .rows(select_merchant!("order by id"), params![])
        .await?;
    rows.into_iter().map(|row| read(app, row)).collect()
}
