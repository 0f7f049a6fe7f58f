//! Merchants' virtual POSes. Keys, users and passwords are one sealed text.

use super::db::{Commit, Row, Unavailable, params};
use super::{from_json, to_json};
use crate::app::App;
use connectors::bank::{Account, User};
use contract::card::Secret;
use contract::enums::{
    CardAssociation, Currency, PaymentAuthenticationType, PosIntegrator, PosOperationType,
    PosStatus,
};
use contract::errors::ErrorGroup;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A virtual POS.
#[derive(Debug, Clone)]
pub struct Pos {
    /// Whose it is.
    pub merchant_id: i64,
    /// Its id.
    pub id: i64,
    /// The name by which requests pin it.
    pub alias: String,
    /// The name for people.
    pub name: String,
    /// Which bank's integration it speaks.
    pub integrator: PosIntegrator,
    /// The bank's EFT code.
    pub bank_id: i64,
    /// Whether it is used.
    pub status: PosStatus,
    /// The one currency it takes.
    pub currency: Currency,
    /// Lower comes first.
    pub order_number: i64,
    /// What is not secret.
    pub settings: PosSettings,
    /// What is.
    pub credentials: PosCredentials,
    /// When and how the bank last refused the account, until it works again.
    pub account_refusal: Option<AccountRefusal>,
    /// For compare-and-set.
    pub version: i64,
}

/// A bank's refusal of the account itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRefusal {
    /// When.
    pub at: Timestamp,
    /// What is wrong, as far as the bank's code tells.
    pub group: ErrorGroup,
    /// The bank's own code.
    pub code: String,
}

/// A POS's endpoints, numbers and switches.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PosSettings {
    /// `https`, or `http` to a host that the operator allowed.
    pub scheme: String,
    /// The bank's host.
    pub hostname: String,
    /// Its port.
    pub port: u16,
    /// Path of the API.
    pub path: String,
    /// Path of the 3DS page.
    pub threeds_path: String,
    /// `P` is production.
    pub mode: String,
    /// Merchant number at the bank.
    pub client_id: String,
    /// Terminal.
    pub terminal_id: String,
    /// PosNet id.
    pub posnet_id: String,
    /// PosNet id for 3DS.
    pub threeds_posnet_id: String,
    /// Terminal for 3DS.
    pub threeds_terminal_id: String,
    /// Takes cards of foreign issuers.
    pub enable_foreign_card: bool,
    /// Takes instalments.
    pub enable_installment: bool,
    /// Takes payments without CVC, and so stored cards.
    pub enable_payment_without_cvc: bool,
    /// May ask and spend points and campaigns.
    pub enable_loyalty: bool,
    /// Carried for the API; no protocol of ours reads it.
    pub new_integration: bool,
    /// Associations it takes; empty takes all.
    pub associations: Vec<CardAssociation>,
    /// How payments may be authenticated on it.
    pub authentication_types: Vec<PaymentAuthenticationType>,
    /// Of a POS that was taken out of use: what it was, and is again when it is activated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_before: Option<PosStatus>,
}

/// A POS's keys and users.
#[derive(Debug, Clone, Default)]
pub struct PosCredentials {
    /// Key of 3DS forms and MACs.
    pub threeds_key: Secret,
    /// API users at the bank.
    pub users: Vec<PosUser>,
}

/// An API user at the bank.
#[derive(Debug, Clone)]
pub struct PosUser {
    /// Its id in Galata.
    pub id: i64,
    /// What it may do.
    pub operation: PosOperationType,
    /// Its name.
    pub name: String,
    /// Its password.
    pub password: Secret,
}

/// The sealed text's shape.
#[derive(Serialize, Deserialize)]
struct SealedCredentials {
    threeds_key: String,
    users: Vec<SealedUser>,
}

#[derive(Serialize, Deserialize)]
struct SealedUser {
    id: i64,
    operation: PosOperationType,
    name: String,
    password: String,
}

impl Pos {
    /// Whether the POS takes part in routing new payments.
    pub fn is_usable(&self) -> bool {
        matches!(self.status, PosStatus::Active | PosStatus::Autopilot)
    }

    /// Whether a payment may be authenticated this way here.
    pub fn authenticates(&self, kind: PaymentAuthenticationType) -> bool {
        self.settings.authentication_types.contains(&kind)
    }

    /// Whether the merchant forces 3DS here: no way around it is enabled.
    pub fn forces_threeds(&self) -> bool {
        !self.authenticates(PaymentAuthenticationType::NonThreeDs)
    }

    /// The account as a connector needs it.
    pub fn account(&self) -> Account {
        let at = &self.settings;
        let base = format!("{}://{}:{}", at.scheme, at.hostname, at.port);
        Account {
            client_id: at.client_id.clone(),
            terminal_id: at.terminal_id.clone(),
            posnet_id: at.posnet_id.clone(),
            threeds_posnet_id: at.threeds_posnet_id.clone(),
            threeds_terminal_id: at.threeds_terminal_id.clone(),
            threeds_key: self.credentials.threeds_key.clone(),
            users: self
                .credentials
                .users
                .iter()
                .map(|u| User {
                    operation: u.operation,
                    name: u.name.clone(),
                    password: u.password.clone(),
                })
                .collect(),
            production: at.mode == "P",
            api_url: format!("{base}{}", at.path),
            threeds_url: format!("{base}{}", at.threeds_path),
        }
    }
}

fn place(merchant_id: i64, id: i64) -> String {
    format!("merchant {merchant_id} pos {id}")
}

fn seal(app: &App, pos: &Pos) -> String {
    let sealed = SealedCredentials {
        threeds_key: pos.credentials.threeds_key.expose().to_owned(),
        users: pos
            .credentials
            .users
            .iter()
            .map(|u| SealedUser {
                id: u.id,
                operation: u.operation,
                name: u.name.clone(),
                password: u.password.expose().to_owned(),
            })
            .collect(),
    };
    let text = zeroize::Zeroizing::new(serde_json::to_vec(&sealed).unwrap_or_default());
    app.vault.seal(&place(pos.merchant_id, pos.id), &text)
}

fn read(app: &App, row: &Row) -> Result<Pos, Unavailable> {
    fields(app, row).map_err(|error| row.of_table("merchant_poses", error))
}

fn fields(app: &App, row: &Row) -> Result<Pos, Unavailable> {
    let (merchant_id, id) = (row.int("merchant_id")?, row.int("id")?);
    let text = super::opened(
        app,
        &place(merchant_id, id),
        &row.text("credentials_sealed")?,
    )?;
    let opened: SealedCredentials = serde_json::from_str(text.expose())
        .map_err(|_| Unavailable::new("a POS's credentials cannot be read"))?;
    Ok(Pos {
        merchant_id,
        id,
        alias: row.text("alias")?,
        name: row.text("name")?,
        integrator: row.parsed("integrator")?,
        bank_id: row.int("bank_id")?,
        status: row.parsed("status")?,
        currency: row.parsed("currency")?,
        order_number: row.int("order_number")?,
        settings: from_json(row.json("settings")?)?,
        credentials: PosCredentials {
            threeds_key: Secret::new(opened.threeds_key),
            users: opened
                .users
                .into_iter()
                .map(|u| PosUser {
                    id: u.id,
                    operation: u.operation,
                    name: u.name,
                    password: Secret::new(u.password),
                })
                .collect(),
        },
        account_refusal: match row.opt_json("account_refusal")? {
            Some(refusal) => from_json(refusal)?,
            None => None,
        },
        version: row.int("version")?,
    })
}

macro_rules! select_pos {
    ($rest:literal) => {
        concat!(
            "select merchant_id, id, alias, name, integrator, bank_id, status, currency, order_number, \
             settings, credentials_sealed, account_refusal, version from merchant_poses where merchant_id = $1 ",
            $rest
        )
    };
}

/// All POSes of a merchant that are not deleted, in routing order.
pub async fn of_merchant(app: &App, merchant_id: i64) -> Result<Vec<Pos>, Unavailable> {
    let sql = select_pos!("and status <> 'DELETED' order by order_number, id");
    let rows = app.db.rows(sql, params![merchant_id]).await?;
    rows.iter().map(|row| read(app, row)).collect()
}

/// One POS of a merchant, also a deleted one: its payments still need it.
pub async fn one_of_merchant(
    app: &App,
    merchant_id: i64,
    id: i64,
) -> Result<Option<Pos>, Unavailable> {
    let row = app
        .db
        .row(select_pos!("and id = $2"), params![merchant_id, id])
        .await?;
    row.map(|row| read(app, &row)).transpose()
}

/// Writes a new POS; a conflict when the alias is taken.
pub fn insert(app: &App, pos: &Pos, commit: &mut Commit) {
    commit.one(
        "insert into merchant_poses (merchant_id, id, alias, name, integrator, bank_id, status, currency, \
         order_number, settings, credentials_sealed, created_at, version) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1)",
        params![
            pos.merchant_id,
            pos.id,
            pos.alias.as_str(),
            pos.name.as_str(),
            pos.integrator.as_str(),
            pos.bank_id,
            pos.status.as_str(),
            pos.currency.as_str(),
            pos.order_number,
            to_json(&pos.settings),
            seal(app, pos),
            app.now(),
        ],
    );
}

/// Writes a POS's changes; a conflict when somebody else changed it meanwhile.
pub fn save(app: &App, pos: &Pos, commit: &mut Commit) {
    commit.one(
        "update merchant_poses set name = $4, status = $5, order_number = $6, settings = $7, \
         credentials_sealed = $8, version = version + 1 where merchant_id = $1 and id = $2 and version = $3",
        params![
            pos.merchant_id,
            pos.id,
            pos.version,
            pos.name.as_str(),
            pos.status.as_str(),
            pos.order_number,
            to_json(&pos.settings),
            seal(app, pos),
        ],
    );
}

/// Writes how the bank last refused the account, or that it did not. Not one of the POS's changes:
/// nobody who edits it meanwhile is in its way.
pub fn note_refusal(pos: &Pos, refusal: Option<&AccountRefusal>, commit: &mut Commit) {
    commit.one(
        "update merchant_poses set account_refusal = $3 where merchant_id = $1 and id = $2",
        params![pos.merchant_id, pos.id, refusal.map(to_json)],
    );
}
