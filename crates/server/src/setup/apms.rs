//! Alternative methods: definitions of lenders with their credentials.

use super::{merchant, no_claims, written};
use crate::app::App;
use crate::net::listed_as;
use crate::operations::{self, Actor, Audited, Change, Changed, Permission, Problem, TOP};
use crate::store::apms::{self, Apm};
use crate::store::db::Commit;
use connectors::account::{Field, LenderSlot};
use connectors::lender::LenderAccount;
use connectors::lenders;
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

impl ApmSetup {
    /// Sets a credential.
    pub fn give(&mut self, slot: LenderSlot, text: &str) {
        match slot {
            LenderSlot::ClientId => self.client_id = Some(text.to_owned()),
            LenderSlot::ClientSecret => self.client_secret = Some(Secret::new(text)),
            LenderSlot::NotificationSecret => self.notification_secret = Some(Secret::new(text)),
        }
    }

    /// A credential that is given; `None` keeps it.
    fn credential(&self, slot: LenderSlot) -> Option<&str> {
        match slot {
            LenderSlot::ClientId => self.client_id.as_deref(),
            LenderSlot::ClientSecret => self.client_secret.as_ref().map(Secret::expose),
            LenderSlot::NotificationSecret => self.notification_secret.as_ref().map(Secret::expose),
        }
    }
}

/// Characters of a credential.
const CREDENTIAL_MAX: usize = 255;

/// Seconds that an application may stay unfinished, unless told: as long as comparable lenders'
/// pages (platform-semantics 12.11 names 20 to 65 minutes).
const TIME_LIMIT_SECONDS: u32 = 3600;

/// Makes a definition of an alternative method, passive until it is activated.
pub async fn create_apm(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    apm_type: ApmType,
    setup: ApmSetup,
) -> Result<Apm, Problem> {
    const ACTION: &str = "apm.create";
    by.require(app, merchant_id, Permission::ChangeAccounts, ACTION, "")
        .await?;
    let lender = lenders::row(apm_type);
    let lender = lender.ok_or_else(|| Problem::field(Rule::ValueNotOffered, "type"))?;
    merchant(app, merchant_id).await?;
    let mut apm = Apm {
        merchant_id,
        id: app.next_id(),
        apm_type,
        name: lender.name.to_owned(),
        active: false,
        loan_type: "CONSUMER".to_owned(),
        approval_modes: Map::new(),
        time_limit_seconds: TIME_LIMIT_SECONDS,
        account: LenderAccount::default(),
        version: 1,
    };
    apply(app, &mut apm, &setup)?;
    let mut commit = Commit::new(merchant_id, apm.id);
    apms::insert(app, &apm, &mut commit);
    let (id, made) = (apm.id.to_string(), (Json::Null, apm.snapshot(None)));
    by.note(app, merchant_id, ACTION, &id, made, &mut commit);
    written(app, commit, || Problem::unavailable("an id was taken")).await?;
    Ok(apm)
}

/// Changes a definition.
pub async fn edit_apm(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    id: i64,
    setup: ApmSetup,
) -> Result<Changed<Apm>, Problem> {
    let edit = |apm: &mut Apm| apply(app, apm, &setup);
    change_apm(app, by, "apm.edit", (merchant_id, id), edit).await
}

/// Activates or deactivates a definition. An incomplete one cannot be active.
pub async fn set_apm_active(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    id: i64,
    active: bool,
) -> Result<(), Problem> {
    let edit = |apm: &mut Apm| {
        apm.active = active;
        require_complete(apm)
    };
    let changed = change_apm(app, by, "apm.status", (merchant_id, id), edit);
    changed.await.map(|_| ())
}

/// Changes a definition of a merchant (its id, the definition's).
async fn change_apm(
    app: &App,
    by: &Actor,
    action: &'static str,
    (merchant_id, id): (i64, i64),
    edit: impl Fn(&mut Apm) -> Result<(), Problem>,
) -> Result<Changed<Apm>, Problem> {
    let what = Change {
        by,
        claims: &no_claims(merchant_id),
        permission: Permission::ChangeAccounts,
        action,
        id,
    };
    operations::change(app, what, edit).await
}

impl Audited for Apm {
    async fn load(app: &App, merchant_id: i64, id: i64) -> Result<Apm, Problem> {
        apms::one_of_merchant(app, merchant_id, id)
            .await?
            .ok_or_else(|| Problem::rule(Rule::ApmNotFound))
    }

    fn save(&self, app: &App, commit: &mut Commit) {
        apms::save(app, self, commit);
    }

    fn snapshot(&self, before: Option<&Apm>) -> Json {
        audit_snapshot(self, before)
    }
}

/// What an account of this method needs beside its address.
fn fields(apm: &Apm) -> &'static [Field<LenderSlot>] {
    lenders::row(apm.apm_type).map_or(&[], |row| row.fields)
}

/// What is active has all its credentials.
fn require_complete(apm: &Apm) -> Result<(), Problem> {
    let needed = fields(apm).iter().map(|field| field.slot);
    let missing = needed
        .filter(|slot| slot.get(&apm.account).is_empty())
        .map(LenderSlot::name)
        .chain(Some("endpoint").filter(|_| apm.account.api_url.is_empty()));
    let missing: Vec<&str> = missing.filter(|_| apm.active).collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Problem::missing(Rule::Required, &missing))
    }
}

/// A definition for the audit log: of secrets only whether they changed.
fn audit_snapshot(apm: &Apm, before: Option<&Apm>) -> Json {
    let mut settings = json!({
        "type": apm.apm_type.as_str(),
        "name": apm.name,
        "active": apm.active,
        "loanType": apm.loan_type,
        "approvalModes": apm.approval_modes,
        "timeLimitSeconds": apm.time_limit_seconds,
        "endpoint": apm.account.api_url,
    });
    for Field {
        slot, is_secret, ..
    } in fields(apm)
    {
        let is = slot.get(&apm.account);
        match before.map(|before| slot.get(&before.account)) {
            _ if !is_secret => settings[slot.noted()] = Json::from(is),
            Some(was) if was != is => settings[slot.noted()] = Json::from("changed"),
            _ => {}
        }
    }
    settings
}

/// A merchant's definitions, oldest first.
pub async fn apms_of(app: &App, by: &Actor, merchant_id: i64) -> Result<Vec<Apm>, Problem> {
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

/// One of a merchant's definitions.
pub async fn apm_of(app: &App, by: &Actor, merchant_id: i64, id: i64) -> Result<Apm, Problem> {
    let permission = Permission::LookAtSettings;
    by.require(app, merchant_id, permission, "apm.look", &id.to_string())
        .await?;
    Apm::load(app, merchant_id, id).await
}

/// Writes what is given into a definition, which must be complete afterwards if it is active.
fn apply(app: &App, apm: &mut Apm, setup: &ApmSetup) -> Result<(), Problem> {
    if let Some(url) = &setup.api_url {
        apm.account.api_url = lender_url(app, url)?;
    }
    if let Some(loan_type) = &setup.loan_type {
        let is_offered = loan_type == "CONSUMER";
        TOP.require("loan-type", Rule::ValueNotOffered, is_offered)?;
        apm.loan_type.clone_from(loan_type);
    }
    for (bank, mode) in &setup.approval_modes {
        let is_code = bank.len() == 3 && bank.bytes().all(|b| b.is_ascii_digit());
        TOP.require("approval", Rule::WrongType, is_code)?;
        match mode.as_str() {
            "AUTO" | "MANUAL" => {
                let mode = Json::from(mode.as_str());
                apm.approval_modes.insert(bank.clone(), mode);
            }
            "DEFAULT" => _ = apm.approval_modes.remove(bank),
            _ => return Err(Problem::field(Rule::UnknownValue, "approval")),
        }
    }
    if let Some(seconds) = setup.time_limit_seconds {
        apm.time_limit_seconds = TOP.within("time-limit-seconds", seconds, 60..=86_400)?;
    }
    if let Some(name) = setup.name.as_deref() {
        apm.name = TOP.name("name", Some(name))?;
    }
    for field in fields(apm) {
        if let Some(text) = setup.credential(field.slot) {
            TOP.require_line(field.slot.name(), text, CREDENTIAL_MAX)?;
            field.slot.set(text, &mut apm.account);
        }
    }
    apm.active = setup.active.unwrap_or(apm.active);
    require_complete(apm)
}

/// No lender is in the directory, so every address needs the operator's leave, and TLS unless it
/// is on this machine.
pub(super) fn lender_url(app: &App, text: &str) -> Result<String, Problem> {
    let url = TOP.base("endpoint", text)?;
    let loopback = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    let scheme_fits = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    TOP.require("endpoint", Rule::NotAUrl, scheme_fits)?;
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
