//! Merchants and their API keys. Secrets leave the database sealed and are opened here.

use super::db::{Commit, Db, Row, Unavailable, params};
use crate::app::App;
use crate::vault::Vault;
use contract::card::Secret;
use contract::enums::WebhookEventType;
use serde_json::{Map, Value as Json};

/// A merchant with its settings.
#[derive(Debug, Clone)]
pub struct Merchant {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The sandbox's own merchant, whose keys everybody knows.
    pub demo: bool,
    /// Switches by name; absent is off.
    pub features: Map<String, Json>,
    /// mdStatus 2, 3 and 4 are good enough, not only 1.
    pub half_threeds: bool,
    /// A payment without 3DS that the bank took in doubt is completed instead of reversed.
    pub completes_doubt: bool,
    /// Signs callbacks.
    pub callback_key: Secret,
    /// Signs webhooks.
    pub webhook_key: Secret,
    /// Where webhooks go; empty is nowhere.
    pub webhook_url: String,
    /// Event switches by name; absent is on.
    pub webhook_events: Map<String, Json>,
    /// For compare-and-set.
    pub version: i64,
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

fn place(merchant_id: i64, what: &str) -> String {
    format!("merchant {merchant_id} {what}")
}

macro_rules! select_merchant {
    ($rest:literal) => {
        concat!(
            "select m.id, m.name, m.demo, m.features, m.threeds_policy, m.completes_doubt, \
             m.callback_key_sealed, m.webhook_key_sealed, m.webhook_url, m.webhook_events, m.version ",
            $rest
        )
    };
}

fn read(app: &App, row: &Row) -> Result<Merchant, Unavailable> {
    fields(app, row).map_err(|error| row.of_table("merchants", error))
}

fn fields(app: &App, row: &Row) -> Result<Merchant, Unavailable> {
    let id = row.int("id")?;
    let open = |what: &str, column: &str| {
        let sealed = row.text(column)?;
        super::opened(app, &place(id, what), &sealed)
    };
    Ok(Merchant {
        id,
        name: row.text("name")?,
        demo: row.boolean("demo")?,
        features: super::object("features", row.json("features")?)?,
        half_threeds: match row.text("threeds_policy")?.as_str() {
            "HALF_THREEDS" => true,
            "FULL_THREEDS" => false,
            _ => return Err(super::unknown_word("threeds_policy")),
        },
        completes_doubt: row.boolean("completes_doubt")?,
        callback_key: open("callback key", "callback_key_sealed")?,
        webhook_key: open("webhook key", "webhook_key_sealed")?,
        webhook_url: row.text("webhook_url")?,
        webhook_events: super::object("webhook_events", row.json("webhook_events")?)?,
        version: row.int("version")?,
    })
}

/// The merchant of an API key that is active and has not ended, and the key's secret.
pub async fn by_api_key(
    app: &App,
    api_key: &str,
) -> Result<Option<(Merchant, Secret)>, Unavailable> {
    let sql = select_merchant!(
        ", k.secret_sealed from api_keys k join merchants m on m.id = k.merchant_id \
         where k.api_key = $1 and k.active and (k.expires_at is null or k.expires_at > $2)"
    );
    let Some(row) = app.db.row(sql, params![api_key, app.now()]).await? else {
        return Ok(None);
    };
    let secret = super::opened(
        app,
        &format!("api key {api_key}"),
        &row.text("secret_sealed")?,
    )?;
    Ok(Some((read(app, &row)?, secret)))
}

/// A merchant by its id, for jobs, pages and commands that already know whose it is.
pub async fn of_id(app: &App, id: i64) -> Result<Option<Merchant>, Unavailable> {
    let row = app
        .db
        .row(
            select_merchant!("from merchants m where m.id = $1"),
            params![id],
        )
        .await?;
    row.map(|row| read(app, &row)).transpose()
}

/// Whether a merchant is there whose keys everybody knows.
pub async fn demo_exists(db: &Db) -> Result<bool, Unavailable> {
    let row = db
        .row("select id from merchants where demo limit 1", params![])
        .await?;
    Ok(row.is_some())
}

/// Whether these keys open what any merchant has sealed; nothing when there is no merchant. One is
/// enough: no other key opens even one.
pub async fn any_opens(db: &Db, vault: &Vault) -> Result<Option<bool>, Unavailable> {
    let rows = db
        .rows("select id, callback_key_sealed from merchants", params![])
        .await?;
    for row in &rows {
        let (place, sealed) = (
            place(row.int("id")?, "callback key"),
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
    let seal = |what: &str, secret: &Secret| {
        app.vault
            .seal(&place(merchant.id, what), secret.expose().as_bytes())
    };
    commit.one(
        "insert into merchants (id, name, demo, features, threeds_policy, completes_doubt, \
         callback_key_sealed, webhook_key_sealed, webhook_url, webhook_events, created_at, version) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1)",
        params![
            merchant.id,
            merchant.name.as_str(),
            merchant.demo,
            Json::Object(merchant.features.clone()),
            threeds_policy(merchant),
            merchant.completes_doubt,
            seal("callback key", &merchant.callback_key),
            seal("webhook key", &merchant.webhook_key),
            merchant.webhook_url.as_str(),
            Json::Object(merchant.webhook_events.clone()),
            app.now(),
        ],
    );
}

/// Writes a merchant's settings; a conflict when somebody else wrote them meanwhile.
pub fn save(app: &App, merchant: &Merchant, commit: &mut Commit) {
    let seal = |what: &str, secret: &Secret| {
        app.vault
            .seal(&place(merchant.id, what), secret.expose().as_bytes())
    };
    commit.one(
        "update merchants set name = $3, features = $4, threeds_policy = $5, completes_doubt = $6, \
         callback_key_sealed = $7, webhook_key_sealed = $8, webhook_url = $9, webhook_events = $10, \
         version = version + 1 where id = $1 and version = $2",
        params![
            merchant.id,
            merchant.version,
            merchant.name.as_str(),
            Json::Object(merchant.features.clone()),
            threeds_policy(merchant),
            merchant.completes_doubt,
            seal("callback key", &merchant.callback_key),
            seal("webhook key", &merchant.webhook_key),
            merchant.webhook_url.as_str(),
            Json::Object(merchant.webhook_events.clone()),
        ],
    );
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
        .seal(&format!("api key {api_key}"), secret.expose().as_bytes());
    commit.one(
        "insert into api_keys (api_key, merchant_id, secret_sealed, active, created_at) \
         values ($1, $2, $3, true, $4)",
        params![api_key, merchant_id, sealed, app.now()],
    );
}

fn threeds_policy(merchant: &Merchant) -> &'static str {
    match merchant.half_threeds {
        true => "HALF_THREEDS",
        false => "FULL_THREEDS",
    }
}

/// Every merchant, oldest first: for the operator's commands alone.
pub async fn all(app: &App) -> Result<Vec<Merchant>, Unavailable> {
    let rows = app
        .db
        .rows(
            select_merchant!("from merchants m order by m.id"),
            params![],
        )
        .await?;
    rows.iter().map(|row| read(app, row)).collect()
}
