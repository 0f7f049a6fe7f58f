//! Merchants' virtual POSes. Keys, users and passwords are one sealed text.

use super::db::{
    Commit, Row, TableRow, Unavailable, insert, json_columns, params, select, table_row, update,
};
use super::sealed::{KeyColumn, Sealed};
use crate::app::App;
use connectors::account::{Numbers, Options, Slot};
use connectors::bank::{Account, User};
use connectors::directory;
use contract::card::Secret;
use contract::enums::{
    CardAssociation, Currency, PaymentAuthenticationType, PaymentPhase, PosIntegrator,
    PosOperationType, PosStatus,
};
use contract::errors::ErrorGroup;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

table_row! {
    /// A virtual POS.
    #[derive(Debug, Clone)]
    pub struct Pos: "merchant_poses" {
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
        /// What was chosen where merchants of one bank differ.
        pub options: Options,
        /// When and how the bank last refused the account, until it works again.
        pub account_refusal: Option<AccountRefusal>,
        /// Since when the autopilot keeps payments with 3DS away.
        pub threeds_down_since: Option<Timestamp>,
        /// Since when it keeps payments without 3DS away.
        pub non_threeds_down_since: Option<Timestamp>,
        /// For compare-and-set.
        pub version: i64,
    } and {
        /// What is.
        pub credentials: PosCredentials,
    }
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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PosSettings {
    /// `https`, or `http` to a host that the operator allowed.
    pub scheme: String,
    /// The bank's host.
    pub hostname: String,
    /// Its port.
    pub port: u16,
    /// Path of the API.
    pub path: String,
    /// Path of the 3DS page, or its whole address where no row of the directory knows its host.
    pub threeds_path: String,
    /// `P` is production.
    pub mode: String,
    /// The numbers that the bank gave.
    #[serde(flatten)]
    pub numbers: Numbers,
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
    /// Whether it takes money at once, holds it, or both; empty does both.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payment_phases: Vec<PaymentPhase>,
    /// What the bank's 3DS page does.
    #[serde(default)]
    pub threeds_model: ThreedsModel,
    /// Of a POS that was taken out of use: what it was, and is again when it is activated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_before: Option<PosStatus>,
}

/// What the bank's 3DS page does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ThreedsModel {
    /// It verifies the shopper; the money is taken when the shop completes.
    #[default]
    Model,
    /// It verifies the shopper and sells by itself.
    Pay,
}

impl ThreedsModel {
    /// Every one, in the order in which they are offered.
    pub const ALL: [ThreedsModel; 2] = [ThreedsModel::Model, ThreedsModel::Pay];

    /// Its name in the audit log and in forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            ThreedsModel::Model => "MODEL",
            ThreedsModel::Pay => "PAY",
        }
    }
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

    /// Whether its bank's 3DS page sells by itself.
    pub fn sells_by_page(&self) -> bool {
        self.settings.threeds_model == ThreedsModel::Pay
    }

    /// Whether the merchant forces 3DS here: no way around it is enabled.
    pub fn forces_threeds(&self) -> bool {
        !self.authenticates(PaymentAuthenticationType::NonThreeDs)
    }

    /// One value of the account.
    pub fn value(&self, slot: Slot) -> &str {
        match slot {
            Slot::Number(number) => self.settings.numbers.get(number),
            Slot::ThreedsKey => self.credentials.threeds_key.expose(),
        }
    }

    /// Where the bank's 3DS page is: its path at the host that the bank has for it, or a whole address.
    fn page_url(&self) -> String {
        let at = &self.settings;
        if !at.threeds_path.starts_with('/') {
            return at.threeds_path.clone();
        }
        let row = directory::row(self.integrator);
        let host = row.map_or(at.hostname.as_str(), |row| row.page_host(&at.hostname));
        format!("{}://{host}:{}{}", at.scheme, at.port, at.threeds_path)
    }

    /// The account as a connector needs it.
    pub fn account(&self) -> Account {
        let at = &self.settings;
        let base = format!("{}://{}:{}", at.scheme, at.hostname, at.port);
        Account {
            integrator: Some(self.integrator),
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
            options: self.options.clone(),
            production: at.mode == "P",
            api_url: format!("{base}{}", at.path),
            threeds_url: self.page_url(),
            ..at.numbers.account()
        }
    }
}

fn seal_context(merchant_id: i64, id: i64) -> String {
    format!("merchant {merchant_id} pos {id}")
}

pub(super) const SEALED: Sealed = Sealed {
    table: "merchant_poses",
    key: &[KeyColumn::Int("merchant_id"), KeyColumn::Int("id")],
    columns: &[("credentials_sealed", |key| {
        seal_context(key.int(0), key.int(1))
    })],
};

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
    app.vault
        .seal(&seal_context(pos.merchant_id, pos.id), &text)
}

fn read(app: &App, row: Row) -> Result<Pos, Unavailable> {
    let sealed = row.text("credentials_sealed")?;
    let mut pos = Pos::read(row)?;
    let text = super::open_sealed(app, &seal_context(pos.merchant_id, pos.id), &sealed)?;
    let opened: SealedCredentials = serde_json::from_str(text.expose())
        .map_err(|_| Unavailable::new("a POS's credentials cannot be read"))?;
    let users = opened.users.into_iter().map(|user| PosUser {
        id: user.id,
        operation: user.operation,
        name: user.name,
        password: Secret::new(user.password),
    });
    pos.credentials = PosCredentials {
        threeds_key: Secret::new(opened.threeds_key),
        users: users.collect(),
    };
    Ok(pos)
}

json_columns! { PosSettings, Options, AccountRefusal }

/// All POSes of a merchant that are not deleted, in routing order.
pub async fn of_merchant(app: &App, merchant_id: i64) -> Result<Vec<Pos>, Unavailable> {
    let sql = select!(
        Pos,
        credentials_sealed,
        "where merchant_id = $1 and status <> 'DELETED' order by order_number, id"
    );
    let rows = app.db.rows(sql, params![merchant_id]).await?;
    rows.into_iter().map(|row| read(app, row)).collect()
}

/// [`of_merchant`] for a payment: may be up to [`memory::STALE_MAX`](super::memory::STALE_MAX) behind
/// what another process changed.
pub async fn for_payment(app: &App, merchant_id: i64) -> Result<Arc<[Arc<Pos>]>, Unavailable> {
    app.memory.poses(app, merchant_id).await
}

/// One POS of a merchant, also a deleted one: its payments still need it.
pub async fn one_of_merchant(
    app: &App,
    merchant_id: i64,
    id: i64,
) -> Result<Option<Pos>, Unavailable> {
    let sql = select!(
        Pos,
        credentials_sealed,
        "where merchant_id = $1 and id = $2"
    );
    let row = app.db.row(sql, params![merchant_id, id]).await?;
    row.map(|row| read(app, row)).transpose()
}

/// Whose POS it is, also of a deleted one: for the operator, who names it alone.
pub async fn owner_of(app: &App, id: i64) -> Result<Option<i64>, Unavailable> {
    let sql = "select merchant_id from merchant_poses where id = $1";
    let row = app.db.row(sql, params![id]).await?;
    row.map(|row| row.int("merchant_id")).transpose()
}

/// Writes a new POS; a conflict when the alias is taken.
pub fn insert(app: &App, pos: &Pos, commit: &mut Commit) {
    insert!(commit, pos => Pos, {
        credentials_sealed: seal(app, pos),
        created_at: app.now(),
    });
    commit.change_settings();
}

/// Writes a POS's changes; a conflict when somebody else changed it meanwhile.
pub fn save(app: &App, pos: &Pos, commit: &mut Commit) {
    update!(commit, "merchant_poses"
    where { merchant_id: pos.merchant_id, id: pos.id, version: pos.version }
    set {
        version: pos.version + 1,
        name: pos.name,
        status: pos.status,
        order_number: pos.order_number,
        settings: pos.settings,
        options: pos.options,
        credentials_sealed: seal(app, pos),
    });
    commit.change_settings();
}

/// Counts a change of what belongs to a POS; a conflict when somebody else changed it meanwhile.
pub fn touch(pos: &Pos, commit: &mut Commit) {
    update!(commit, "merchant_poses"
    where { merchant_id: pos.merchant_id, id: pos.id, version: pos.version }
    set { version: pos.version + 1 });
    commit.change_settings();
}

/// Writes how the bank last refused the account, or that it did not. Not a change of the POS: it does
/// not conflict with an edit at the same time.
pub fn note_refusal(pos: &Pos, refusal: Option<&AccountRefusal>, commit: &mut Commit) {
    update!(commit, "merchant_poses"
        where { merchant_id: pos.merchant_id, id: pos.id }
        set { account_refusal: refusal.cloned() });
    commit.change_settings();
}
