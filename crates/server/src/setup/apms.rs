//! Alternative methods: definitions of lenders with their credentials.

use super::{changed_meanwhile, merchant, note_secret, written};
use crate::app::App;
use crate::net::listed_as;
use crate::operations::merchant_poses::MASK;
use crate::operations::{self, By, CHANGES_MAX, Permission, Problem};
use crate::store::apms::{self, Apm};
use crate::store::db::Commit;
use contract::card::Secret;
use contract::enums::ApmType;
use contract::rules::Rule;
use serde_json::{Map, Value as Json, json};

/// What is set of an alternative method; what is not given is kept.
#[derive(Default, Clone)]
pub struct ApmSetup {
    /// The name for people.
    pub name: Option<String>,
    /// Base URL of the lender.
    pub api_url: Option<String>,
    /// Merchant id at the lender.
    pub client_id: Option<String>,
    /// Authenticates Galata to the lender.
    pub client_secret: Option<Secret>,
    /// Authenticates the lender to Galata.
    pub notification_secret: Option<Secret>,
    /// `CONSUMER`; commercial loans come later.
    pub loan_type: Option<String>,
    /// Bank code and `AUTO`, `MANUAL` or `DEFAULT`.
    pub approval_modes: Vec<(String, String)>,
    /// Seconds after which an unfinished application lapses.
    pub time_limit_seconds: Option<u32>,
    /// Whether shops use it.
    pub active: Option<bool>,
}

/// A bank that lends through the facilitator, and how it approves unless told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LendingBank {
    /// Three-digit EFT code.
    pub code: &'static str,
    /// Disburses on approval; otherwise the loan waits for the merchant.
    pub approves_by_itself: bool,
}

impl LendingBank {
    /// Its one name.
    pub fn name(&self) -> &'static str {
        let code = self.code.parse().ok();
        code.and_then(connectors::directory::bank_name)
            .unwrap_or(self.code)
    }
}

/// The banks behind Maslak, and their published behaviour.
pub const LENDING_BANKS: [LendingBank; 5] = [
    lending("064", true),
    lending("046", true),
    lending("032", true),
    lending("103", false),
    lending("134", false),
];

const fn lending(code: &'static str, approves_by_itself: bool) -> LendingBank {
    LendingBank {
        code,
        approves_by_itself,
    }
}

/// Characters of a name, and of a credential.
const TEXT_MAX: usize = 255;
/// Characters of an address.
const ADDRESS_MAX: usize = 2048;

/// Seconds that an application may stay unfinished, unless told: as long as comparable lenders'
/// pages (platform-semantics 12.11 names 20 to 65 minutes).
const TIME_LIMIT_SECONDS: u32 = 3600;

/// Makes a definition of an alternative method, passive until it is activated.
pub async fn create_apm(
    app: &App,
    by: &By,
    merchant_id: i64,
    apm_type: ApmType,
    setup: ApmSetup,
) -> Result<Apm, Problem> {
    by.require(
        app,
        merchant_id,
        Permission::ChangeAccounts,
        "apm.create",
        "",
    )
    .await?;
    if connectors::lenders::of_apm(apm_type).is_none() {
        return Err(Problem::field(Rule::ValueNotOffered, "type"));
    }
    merchant(app, merchant_id).await?;
    let mut apm = Apm {
        merchant_id,
        id: app.next_id(),
        apm_type,
        name: "Maslak".to_owned(),
        active: false,
        loan_type: "CONSUMER".to_owned(),
        approval_modes: Map::new(),
        time_limit_seconds: TIME_LIMIT_SECONDS,
        account: connectors::lender::LenderAccount {
            client_id: String::new(),
            client_secret: Secret::default(),
            notification_secret: Secret::default(),
            api_url: String::new(),
        },
        version: 1,
    };
    apply(app, &mut apm, setup)?;
    require_complete(&apm)?;
    let mut commit = Commit::new(merchant_id, apm.id);
    apms::insert(app, &apm, &mut commit);
    let id = apm.id.to_string();
    let change = (Json::Null, audit_snapshot(&apm, None));
    by.note(app, merchant_id, "apm.create", &id, change, &mut commit);
    written(app, commit, || Problem::unavailable("an id was taken")).await?;
    Ok(apm)
}

/// Changes a definition.
pub async fn edit_apm(
    app: &App,
    by: &By,
    merchant_id: i64,
    id: i64,
    setup: ApmSetup,
) -> Result<Apm, Problem> {
    let target = id.to_string();
    by.require(
        app,
        merchant_id,
        Permission::ChangeAccounts,
        "apm.edit",
        &target,
    )
    .await?;
    change_apm(app, by, "apm.edit", (merchant_id, id), |apm| {
        apply(app, apm, setup.clone())
    })
    .await
}

/// Activates or deactivates a definition. An incomplete one cannot be active.
pub async fn set_apm_active(
    app: &App,
    by: &By,
    merchant_id: i64,
    id: i64,
    active: bool,
) -> Result<(), Problem> {
    let target = id.to_string();
    by.require(
        app,
        merchant_id,
        Permission::ChangeAccounts,
        "apm.status",
        &target,
    )
    .await?;
    change_apm(app, by, "apm.status", (merchant_id, id), |apm| {
        apm.active = active;
        Ok(())
    })
    .await
    .map(|_| ())
}

/// What is active has all its credentials.
fn require_complete(apm: &Apm) -> Result<(), Problem> {
    let account = &apm.account;
    let needed = [
        ("client-id", account.client_id.is_empty()),
        ("client-secret", account.client_secret.expose().is_empty()),
        (
            "notification-secret",
            account.notification_secret.expose().is_empty(),
        ),
        ("endpoint", account.api_url.is_empty()),
    ];
    let missing = needed.iter().filter(|(_, missing)| apm.active && *missing);
    let missing: Vec<&str> = missing.map(|(field, _)| *field).collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(Problem::missing(Rule::Required, &missing)),
    }
}

/// A definition for the audit log: of secrets only whether they changed.
fn audit_snapshot(apm: &Apm, before: Option<&Apm>) -> Json {
    let account = &apm.account;
    let mut settings = json!({
        "type": apm.apm_type.as_str(),
        "name": apm.name,
        "active": apm.active,
        "loanType": apm.loan_type,
        "approvalModes": apm.approval_modes,
        "timeLimitSeconds": apm.time_limit_seconds,
        "clientId": account.client_id,
        "endpoint": account.api_url,
    });
    if let Some(before) = before.map(|apm| &apm.account) {
        note_secret(
            &mut settings,
            "clientSecret",
            &before.client_secret,
            &account.client_secret,
        );
        note_secret(
            &mut settings,
            "notificationSecret",
            &before.notification_secret,
            &account.notification_secret,
        );
    }
    settings
}

/// A merchant's definitions, oldest first.
pub async fn apms_of(app: &App, by: &By, merchant_id: i64) -> Result<Vec<Apm>, Problem> {
    let permission = Permission::LookAtSettings;
    by.require(app, merchant_id, permission, "apm.look", "")
        .await?;
    Ok(apms::of_merchant(app, merchant_id).await?)
}

/// Another definition of the same account: what shops must choose between although nothing differs.
pub async fn same_account(app: &App, apm: &Apm) -> Result<Option<Apm>, Problem> {
    let of = |apm: &Apm| {
        let account = &apm.account;
        (
            apm.apm_type,
            account.client_id.clone(),
            account.api_url.clone(),
        )
    };
    let is_known = !apm.account.client_id.is_empty();
    let mut all = apms::of_merchant(app, apm.merchant_id).await?.into_iter();
    Ok(all.find(|other| is_known && other.id != apm.id && of(other) == of(apm)))
}

/// Whether an edit left a definition as it was.
pub fn is_same_apm(before: &Apm, after: &Apm) -> bool {
    audit_snapshot(after, Some(before)) == audit_snapshot(before, None)
}

/// One of a merchant's definitions.
pub async fn apm_of(app: &App, by: &By, merchant_id: i64, id: i64) -> Result<Apm, Problem> {
    let permission = Permission::LookAtSettings;
    by.require(app, merchant_id, permission, "apm.look", &id.to_string())
        .await?;
    apm(app, merchant_id, id).await
}

async fn apm(app: &App, merchant_id: i64, id: i64) -> Result<Apm, Problem> {
    apms::one_of_merchant(app, merchant_id, id)
        .await?
        .ok_or_else(|| Problem::rule(Rule::ApmNotFound))
}

/// Changes a definition of a merchant (its id, the definition's). A change that was crossed by
/// another is made again on what that one left.
async fn change_apm(
    app: &App,
    by: &By,
    action: &'static str,
    (merchant_id, id): (i64, i64),
    change: impl Fn(&mut Apm) -> Result<(), Problem>,
) -> Result<Apm, Problem> {
    for _ in 0..CHANGES_MAX {
        let before = apm(app, merchant_id, id).await?;
        let mut apm = before.clone();
        change(&mut apm)?;
        require_complete(&apm)?;
        let mut commit = Commit::new(merchant_id, id);
        apms::save(app, &apm, &mut commit);
        let noted = (
            audit_snapshot(&before, None),
            audit_snapshot(&apm, Some(&before)),
        );
        by.note(
            app,
            merchant_id,
            action,
            &id.to_string(),
            noted,
            &mut commit,
        );
        if app.commit(commit).await?.is_yes() {
            return Ok(apm);
        }
    }
    Err(changed_meanwhile())
}

fn apply(app: &App, apm: &mut Apm, setup: ApmSetup) -> Result<(), Problem> {
    if let Some(url) = setup.api_url {
        apm.account.api_url = lender_url(app, &url)?;
    }
    if let Some(loan_type) = setup.loan_type {
        match loan_type.as_str() {
            "CONSUMER" => apm.loan_type = loan_type,
            _ => return Err(Problem::field(Rule::ValueNotOffered, "loan-type")),
        }
    }
    for (bank, mode) in setup.approval_modes {
        if bank.len() != 3 || !bank.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Problem::field(Rule::WrongType, "approval"));
        }
        match mode.as_str() {
            "AUTO" | "MANUAL" => _ = apm.approval_modes.insert(bank, Json::String(mode)),
            "DEFAULT" => _ = apm.approval_modes.remove(&bank),
            _ => return Err(Problem::field(Rule::UnknownValue, "approval")),
        }
    }
    if let Some(seconds) = setup.time_limit_seconds {
        if !(60..=86_400).contains(&seconds) {
            return Err(Problem::range(
                Rule::OutOfRange,
                "time-limit-seconds",
                60,
                86_400,
            ));
        }
        apm.time_limit_seconds = seconds;
    }
    if let Some(name) = setup.name.as_deref() {
        let name = operations::name("name", Some(name))?;
        apm.name = name;
    }
    if let Some(client_id) = short("client-id", setup.client_id.as_deref())? {
        apm.account.client_id = client_id;
    }
    for (field, sent) in [
        ("client-secret", &setup.client_secret),
        ("notification-secret", &setup.notification_secret),
    ] {
        short(field, sent.as_ref().map(Secret::expose))?;
    }
    apm.active = setup.active.unwrap_or(apm.active);
    apm.account.client_secret = setup
        .client_secret
        .unwrap_or_else(|| apm.account.client_secret.clone());
    apm.account.notification_secret = setup
        .notification_secret
        .unwrap_or_else(|| apm.account.notification_secret.clone());
    Ok(())
}

/// A text that fits a database and a header.
fn short(field: &str, text: Option<&str>) -> Result<Option<String>, Problem> {
    match text {
        Some(text) if text.chars().count() > TEXT_MAX => {
            Err(Problem::limit(Rule::TooLong, field, "max", TEXT_MAX))
        }
        Some(text) if text.chars().any(char::is_control) => {
            Err(Problem::field(Rule::ControlCharacter, field))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

/// No lender is in the directory, so every address needs the operator's leave, and TLS unless it
/// is on this machine.
pub(super) fn lender_url(app: &App, text: &str) -> Result<String, Problem> {
    if text.chars().count() > ADDRESS_MAX {
        return Err(Problem::limit(
            Rule::TooLong,
            "endpoint",
            "max",
            ADDRESS_MAX,
        ));
    }
    let url = url::Url::parse(text).map_err(|_| Problem::field(Rule::NotAUrl, "endpoint"))?;
    let loopback = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    let scheme_fits = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    if !scheme_fits || !operations::is_base(&url, text) {
        return Err(Problem::field(Rule::NotAUrl, "endpoint"));
    }
    if !app.settings.bank_hosts.allows(&url) {
        return Err(Problem::with(
            Rule::HostNotAllowed,
            &[("field", "endpoint"), ("host", &listed_as(&url))],
        ));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Refuses an account whose host the operator does not allow (any more).
pub fn check_apm_host(app: &App, apm: &Apm) -> Result<(), Problem> {
    lender_url(app, &apm.account.api_url).map(|_| ())
}

/// A secret out of a form: nothing when it is empty or still masked, and stays as it is.
pub fn sent_secret(text: &str) -> Option<Secret> {
    (!text.is_empty() && text != MASK).then(|| Secret::new(text))
}
