//! Merchants' accounts at lenders and other alternative methods.

use super::db::{Commit, Row, Unavailable, params};
use crate::app::App;
use connectors::lender::LenderAccount;
use contract::card::Secret;
use contract::enums::ApmType;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// A merchant's account at an alternative method.
#[derive(Debug, Clone)]
pub struct Apm {
    /// Whose it is.
    pub merchant_id: i64,
    /// `merchantApmId`.
    pub id: i64,
    /// Which method.
    pub apm_type: ApmType,
    /// The name for people.
    pub name: String,
    /// Whether it is used.
    pub active: bool,
    /// `CONSUMER` or `COMMERCIAL`.
    pub loan_type: String,
    /// Bank code to `AUTO` or `MANUAL`; others keep their published behaviour.
    pub approval_modes: Map<String, Json>,
    /// Seconds after which an unfinished application lapses.
    pub time_limit_seconds: u32,
    /// Endpoint and credentials.
    pub account: LenderAccount,
    /// For compare-and-set.
    pub version: i64,
}

impl Apm {
    /// Whether the merchant's agreement lets this bank approve by itself; none leaves it to the bank.
    pub fn approves_by_itself(&self, bank_code: &str) -> Option<bool> {
        match self.approval_modes.get(bank_code).and_then(Json::as_str) {
            Some("AUTO") => Some(true),
            Some("MANUAL") => Some(false),
            _ => None,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct SealedCredentials {
    client_id: String,
    client_secret: String,
    notification_secret: String,
}

fn place(merchant_id: i64, id: i64) -> String {
    format!("merchant {merchant_id} apm {id}")
}

fn seal(app: &App, apm: &Apm) -> String {
    let sealed = SealedCredentials {
        client_id: apm.account.client_id.clone(),
        client_secret: apm.account.client_secret.expose().to_owned(),
        notification_secret: apm.account.notification_secret.expose().to_owned(),
    };
    let text = zeroize::Zeroizing::new(serde_json::to_vec(&sealed).unwrap_or_default());
    app.vault.seal(&place(apm.merchant_id, apm.id), &text)
}

fn read(app: &App, row: &Row) -> Result<Apm, Unavailable> {
    fields(app, row).map_err(|error| row.of_table("merchant_apms", error))
}

fn fields(app: &App, row: &Row) -> Result<Apm, Unavailable> {
    let (merchant_id, id) = (row.int("merchant_id")?, row.int("id")?);
    let text = super::opened(
        app,
        &place(merchant_id, id),
        &row.text("credentials_sealed")?,
    )?;
    let opened: SealedCredentials = serde_json::from_str(text.expose())
        .map_err(|_| Unavailable::new("an APM's credentials cannot be read"))?;
    Ok(Apm {
        merchant_id,
        id,
        apm_type: row.parsed("apm_type")?,
        name: row.text("name")?,
        active: row.boolean("active")?,
        loan_type: row.text("loan_type")?,
        approval_modes: super::object("approval_modes", row.json("approval_modes")?)?,
        time_limit_seconds: row.number("time_limit_seconds", 60..=86_400)?,
        account: LenderAccount {
            client_id: opened.client_id,
            client_secret: Secret::new(opened.client_secret),
            notification_secret: Secret::new(opened.notification_secret),
            api_url: row.text("api_url")?,
        },
        version: row.int("version")?,
    })
}

macro_rules! select_apm {
    ($rest:literal) => {
        concat!(
            "select merchant_id, id, apm_type, name, active, loan_type, approval_modes, time_limit_seconds, \
             credentials_sealed, api_url, version from merchant_apms where merchant_id = $1 ",
            $rest
        )
    };
}

/// All definitions of a merchant, oldest first.
pub async fn of_merchant(app: &App, merchant_id: i64) -> Result<Vec<Apm>, Unavailable> {
    let rows = app
        .db
        .rows(select_apm!("order by id"), params![merchant_id])
        .await?;
    rows.iter().map(|row| read(app, row)).collect()
}

/// One definition of a merchant.
pub async fn one_of_merchant(
    app: &App,
    merchant_id: i64,
    id: i64,
) -> Result<Option<Apm>, Unavailable> {
    let row = app
        .db
        .row(select_apm!("and id = $2"), params![merchant_id, id])
        .await?;
    row.map(|row| read(app, &row)).transpose()
}

/// Writes a new definition.
pub fn insert(app: &App, apm: &Apm, commit: &mut Commit) {
    commit.one(
        "insert into merchant_apms (merchant_id, id, apm_type, name, active, api_url, loan_type, approval_modes, \
         time_limit_seconds, credentials_sealed, created_at, version) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1)",
        params![
            apm.merchant_id,
            apm.id,
            apm.apm_type.as_str(),
            apm.name.as_str(),
            apm.active,
            apm.account.api_url.as_str(),
            apm.loan_type.as_str(),
            Json::Object(apm.approval_modes.clone()),
            i64::from(apm.time_limit_seconds),
            seal(app, apm),
            app.now(),
        ],
    );
}

/// Writes a definition's changes; a conflict when somebody else changed it meanwhile.
pub fn save(app: &App, apm: &Apm, commit: &mut Commit) {
    commit.one(
        "update merchant_apms set name = $4, active = $5, api_url = $6, loan_type = $7, approval_modes = $8, \
         time_limit_seconds = $9, credentials_sealed = $10, version = version + 1 \
         where merchant_id = $1 and id = $2 and version = $3",
        params![
            apm.merchant_id,
            apm.id,
            apm.version,
            apm.name.as_str(),
            apm.active,
            apm.account.api_url.as_str(),
            apm.loan_type.as_str(),
            Json::Object(apm.approval_modes.clone()),
            i64::from(apm.time_limit_seconds),
            seal(app, apm),
        ],
    );
}
