//! Setting up merchants, their methods and POSes: what the commands, the sandbox and later the panel
//! do beyond the API.

use crate::app::App;
use crate::engine::claims::Claims;
use crate::operations::Problem;
use crate::operations::merchant_poses::{self, Endpoint};
use crate::random;
use crate::store::apms::{self, Apm};
use crate::store::db::{Commit, CommitError};
use crate::store::merchants::{self, FEATURE_APMS, Merchant};
use crate::store::poses::{self, Pos};
use contract::card::Secret;
use contract::enums::{ApmType, PosIntegrator};
use contract::merchant_poses::{CreateMerchantPosRequest, UpdateMerchantPosRequest};
use contract::rules::Rule;
use serde_json::{Map, Value as Json};

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
pub async fn create_merchant(app: &App, setup: MerchantSetup) -> Result<MadeMerchant, Problem> {
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
        name: setup.name,
        demo: setup.demo,
        features: Map::new(),
        half_threeds: false,
        completes_doubt: false,
        callback_key: made.callback_key.clone(),
        webhook_key: made.webhook_key.clone(),
        webhook_url: setup.webhook_url,
        webhook_events: Map::new(),
        version: 1,
    };
    let mut commit = Commit::new(made.id, made.id);
    merchants::insert(app, &merchant, &mut commit);
    merchants::insert_api_key(app, made.id, &made.api_key, &made.secret_key, &mut commit);
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

/// Changes a merchant's settings.
pub async fn change_merchant(
    app: &App,
    id: i64,
    change: impl FnOnce(&mut Merchant),
) -> Result<(), Problem> {
    let mut merchant = merchant(app, id).await?;
    change(&mut merchant);
    let mut commit = Commit::new(id, id);
    merchants::save(app, &merchant, &mut commit);
    written(app, commit, || {
        Problem::unavailable("somebody else changed the merchant at the same moment")
    })
    .await
}

/// Switches a feature on or off.
pub async fn set_feature(
    app: &App,
    merchant_id: i64,
    feature: &str,
    on: bool,
) -> Result<(), Problem> {
    if feature != FEATURE_APMS {
        return Err(Problem::field(Rule::UnknownValue, "feature"));
    }
    let feature = feature.to_owned();
    change_merchant(app, merchant_id, |merchant| {
        merchant.features.insert(feature, Json::Bool(on));
    })
    .await
}

/// What is set of an alternative method; what is not given is kept.
#[derive(Default)]
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
}

/// Seconds that an application may stay unfinished, unless told: as long as comparable lenders'
/// pages (platform-semantics 12.11 names 20 to 65 minutes).
const TIME_LIMIT_SECONDS: u32 = 3600;

/// Makes a definition of an alternative method, passive until it is activated.
pub async fn create_apm(
    app: &App,
    merchant_id: i64,
    apm_type: ApmType,
    setup: ApmSetup,
) -> Result<Apm, Problem> {
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
    let mut commit = Commit::new(merchant_id, apm.id);
    apms::insert(app, &apm, &mut commit);
    written(app, commit, || Problem::unavailable("an id was taken")).await?;
    Ok(apm)
}

/// Changes a definition.
pub async fn edit_apm(
    app: &App,
    merchant_id: i64,
    id: i64,
    setup: ApmSetup,
) -> Result<Apm, Problem> {
    let mut apm = apm(app, merchant_id, id).await?;
    apply(app, &mut apm, setup)?;
    save_apm(app, &apm).await?;
    Ok(apm)
}

/// Activates or deactivates a definition. An incomplete one cannot be active.
pub async fn set_apm_active(
    app: &App,
    merchant_id: i64,
    id: i64,
    active: bool,
) -> Result<(), Problem> {
    let mut apm = apm(app, merchant_id, id).await?;
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
    if let Some((field, _)) = needed.iter().find(|(_, missing)| active && *missing) {
        return Err(Problem::field(Rule::Required, *field));
    }
    apm.active = active;
    save_apm(app, &apm).await
}

async fn apm(app: &App, merchant_id: i64, id: i64) -> Result<Apm, Problem> {
    apms::one_of_merchant(app, merchant_id, id)
        .await?
        .ok_or_else(|| Problem::rule(Rule::ApmNotFound))
}

async fn save_apm(app: &App, apm: &Apm) -> Result<(), Problem> {
    let mut commit = Commit::new(apm.merchant_id, apm.id);
    apms::save(app, apm, &mut commit);
    written(app, commit, || {
        Problem::unavailable("somebody else changed the method at the same moment")
    })
    .await
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
    apm.name = setup.name.unwrap_or_else(|| apm.name.clone());
    apm.account.client_id = setup
        .client_id
        .unwrap_or_else(|| apm.account.client_id.clone());
    apm.account.client_secret = setup
        .client_secret
        .unwrap_or_else(|| apm.account.client_secret.clone());
    apm.account.notification_secret = setup
        .notification_secret
        .unwrap_or_else(|| apm.account.notification_secret.clone());
    Ok(())
}

/// No lender is in the directory, so every address needs the operator's leave, and TLS unless it
/// is on this machine.
fn lender_url(app: &App, text: &str) -> Result<String, Problem> {
    let url = url::Url::parse(text).map_err(|_| Problem::field(Rule::NotAUrl, "endpoint"))?;
    let loopback = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
        return Err(Problem::field(Rule::NotAUrl, "endpoint"));
    }
    if !app.settings.bank_hosts.allows(&url) {
        let host = url.host_str().unwrap_or("");
        return Err(Problem::with(
            Rule::HostNotAllowed,
            &[("field", "endpoint"), ("host", host)],
        ));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Claims of a command: it has no signature and no key.
fn no_claims(merchant_id: i64) -> Claims {
    Claims {
        merchant_id,
        signature: None,
        key: None,
    }
}

/// Makes a POS, at its bank's own address or at `endpoint`.
pub async fn create_pos(
    app: &App,
    merchant_id: i64,
    request: CreateMerchantPosRequest,
    endpoint: Option<Endpoint>,
) -> Result<Pos, Problem> {
    merchant(app, merchant_id).await?;
    merchant_poses::created(app, merchant_id, &no_claims(merchant_id), request, endpoint).await
}

/// Changes a POS.
pub async fn edit_pos(
    app: &App,
    merchant_id: i64,
    id: i64,
    request: UpdateMerchantPosRequest,
    change: impl FnOnce(&mut Pos),
) -> Result<Pos, Problem> {
    let Some(mut pos) = poses::one_of_merchant(app, merchant_id, id).await? else {
        return Err(Problem::rule(Rule::PosNotFound));
    };
    change(&mut pos);
    merchant_poses::change(app, &mut pos, request)?;
    merchant_poses::save(app, &no_claims(merchant_id), &mut pos).await?;
    Ok(pos)
}

/// Where an account of a bank points when it is at `base` instead of its own address: the bank's
/// own paths behind it. `base` is `http://127.0.0.1:8081/posnet`, say.
pub fn endpoint_behind(integrator: PosIntegrator, base: &str) -> Result<Endpoint, Problem> {
    let refused = || Problem::field(Rule::NotAUrl, "endpoint");
    let url = url::Url::parse(base).map_err(|_| refused())?;
    let row = connectors::directory::row(integrator).ok_or_else(refused)?;
    let prefix = url.path().trim_end_matches('/');
    Ok(Endpoint {
        scheme: url.scheme().to_owned(),
        hostname: url.host_str().ok_or_else(refused)?.to_owned(),
        port: url.port_or_known_default().ok_or_else(refused)?,
        path: format!("{prefix}{}", row.path),
        threeds_path: format!("{prefix}{}", row.threeds_path),
    })
}
