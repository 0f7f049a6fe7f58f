//! Merchants' accounts at lenders and other alternative methods.

use super::db::{Commit, Row, TableRow, Unavailable, insert, params, select, table_row, update};
use super::loans::ApprovalMode;
use super::sealed::{KeyColumn, Sealed};
use crate::app::App;
use connectors::lender::LenderAccount;
use contract::card::Secret;
use contract::enums::ApmType;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

table_row! {
    /// A merchant's account at an alternative method.
    #[derive(Debug, Clone)]
    pub struct Apm: "merchant_apms" {
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
        pub time_limit_seconds: u32 where (60..=86_400),
        /// For compare-and-set.
        pub version: i64,
    } and {
        /// Endpoint and credentials.
        pub account: LenderAccount,
    }
}

impl Apm {
    /// Who approves this bank's loans by the merchant's agreement; `None` leaves it to the bank.
    pub fn approval_mode(&self, bank_code: &str) -> Option<ApprovalMode> {
        let mode = self.approval_modes.get(bank_code).and_then(Json::as_str);
        mode.and_then(|mode| mode.parse().ok())
    }

    /// Whether this bank approves by itself; `None` leaves it to the bank.
    pub fn approves_by_itself(&self, bank_code: &str) -> Option<bool> {
        let mode = self.approval_mode(bank_code)?;
        Some(mode == ApprovalMode::Auto)
    }
}

#[derive(Serialize, Deserialize)]
struct SealedCredentials {
    client_id: String,
    client_secret: String,
    notification_secret: String,
}

fn seal_context(merchant_id: i64, id: i64) -> String {
    format!("merchant {merchant_id} apm {id}")
}

pub(super) const SEALED: Sealed = Sealed {
    table: "merchant_apms",
    key: &[KeyColumn::Int("merchant_id"), KeyColumn::Int("id")],
    columns: &[("credentials_sealed", |key| {
        seal_context(key.int(0), key.int(1))
    })],
};

fn seal(app: &App, apm: &Apm) -> String {
    let sealed = SealedCredentials {
        client_id: apm.account.client_id.clone(),
        client_secret: apm.account.client_secret.expose().to_owned(),
        notification_secret: apm.account.notification_secret.expose().to_owned(),
    };
    let text = zeroize::Zeroizing::new(serde_json::to_vec(&sealed).unwrap_or_default());
    app.vault
        .seal(&seal_context(apm.merchant_id, apm.id), &text)
}

fn read(app: &App, row: Row) -> Result<Apm, Unavailable> {
    let (sealed, api_url) = (row.text("credentials_sealed")?, row.text("api_url")?);
    let mut apm = Apm::read(row)?;
    let text = super::open_sealed(app, &seal_context(apm.merchant_id, apm.id), &sealed)?;
    let opened: SealedCredentials = serde_json::from_str(text.expose())
        .map_err(|_| Unavailable::new("an APM's credentials cannot be read"))?;
    apm.account = LenderAccount {
        client_id: opened.client_id,
        client_secret: Secret::new(opened.client_secret),
        notification_secret: Secret::new(opened.notification_secret),
        api_url,
    };
    Ok(apm)
}

/// All definitions of a merchant, oldest first.
pub async fn of_merchant(app: &App, merchant_id: i64) -> Result<Vec<Apm>, Unavailable> {
    let sql = select!(
        Apm,
        api_url,
        credentials_sealed,
        "where merchant_id = $1 order by id"
    );
    let rows = app.db.rows(sql, params![merchant_id]).await?;
    rows.into_iter().map(|row| read(app, row)).collect()
}

/// One definition of a merchant.
pub async fn one_of_merchant(
    app: &App,
    merchant_id: i64,
    id: i64,
) -> Result<Option<Apm>, Unavailable> {
    let sql = select!(
        Apm,
        api_url,
        credentials_sealed,
        "where merchant_id = $1 and id = $2"
    );
    let row = app.db.row(sql, params![merchant_id, id]).await?;
    row.map(|row| read(app, row)).transpose()
}

/// Writes a new definition.
pub fn insert(app: &App, apm: &Apm, commit: &mut Commit) {
    insert!(commit, apm => Apm, {
        api_url: apm.account.api_url,
        credentials_sealed: seal(app, apm),
        created_at: app.now(),
    });
}

/// Writes a definition's changes; a conflict when it was changed meanwhile.
pub fn save(app: &App, apm: &Apm, commit: &mut Commit) {
    update!(commit, "merchant_apms"
    where { merchant_id: apm.merchant_id, id: apm.id, version: apm.version }
    set {
        version: apm.version + 1,
        name: apm.name,
        active: apm.active,
        api_url: apm.account.api_url,
        loan_type: apm.loan_type,
        approval_modes: apm.approval_modes,
        time_limit_seconds: apm.time_limit_seconds,
        credentials_sealed: seal(app, apm),
    });
}
