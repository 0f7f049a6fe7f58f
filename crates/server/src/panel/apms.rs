//! `/panel/apms`: alternative payment methods, which today are accounts at Maslak.

use super::door::{Posted, Visit, to};
use super::fields::{self, Label};
use super::{Page, act, look, render};
use crate::app::App;
use crate::operations::{Permission, Problem};
use crate::setup::{self, ApmSetup, LENDING_BANKS, Tested};
use crate::store::apms::Apm;
use crate::store::merchants::FEATURE_APMS;
use axum::Router;
use axum::routing::get;
use contract::card::Secret;
use contract::enums::ApmType;
use contract::rules::Rule;
use http::StatusCode;
use minijinja::{Value, context};
use serde_json::Value as Json;
use std::sync::Arc;

const LIST: &str = "/panel/apms";
/// Methods that a merchant can define.
const TYPES: [ApmType; 1] = [ApmType::Maslak];

const LABELS: &[Label] = &[
    ("type", "type", "Yöntem", "The method"),
    ("name", "name", "Ad", "The name"),
    ("client-id", "client-id", "Client ID", "The client id"),
    (
        "client-secret",
        "client-secret",
        "Client secret",
        "The client secret",
    ),
    (
        "notification-secret",
        "notification-secret",
        "Bildirim anahtarı",
        "The notification secret",
    ),
    ("endpoint", "endpoint", "Adres", "The endpoint"),
    ("loan-type", "loan-type", "Kredi türü", "The loan type"),
    ("approval", "approval", "Onay biçimi", "The approval mode"),
    (
        "time-limit-seconds",
        "time-limit-seconds",
        "Süre sınırı",
        "The time limit",
    ),
];

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route(LIST, get(look(list)).merge(act(create)))
        .route("/panel/apms/new", get(look(new)))
        .route("/panel/apms/{id}", get(look(one)).merge(act(edit)))
        .route("/panel/apms/{id}/off", get(look(off)))
        .route("/panel/apms/{id}/status", act(set_status))
        .route("/panel/apms/{id}/test", act(test))
}

async fn list(app: Arc<App>, visit: Visit) -> Page {
    list_page(&app, &visit, None).await
}

async fn list_page(app: &App, visit: &Visit, problem: Option<&Problem>) -> Page {
    let apms = setup::apms_of(app, &visit.by(), visit.merchant_id()).await?;
    let merchant = setup::merchant(app, visit.merchant_id()).await?;
    let apms: Vec<Value> = apms
        .iter()
        .map(|apm| {
            context! {
                id => apm.id, name => &apm.name, kind => apm.apm_type.as_str(),
                active => apm.active, url => &apm.account.api_url, loan_type => &apm.loan_type,
            }
        })
        .collect();
    let values = context! {
        apms,
        feature_on => merchant.has(FEATURE_APMS),
        error => problem.map(|problem| fields::error_elsewhere(visit, problem, LABELS)),
    };
    let status = problem.map_or(StatusCode::OK, render::status_of);
    Ok(render::with_status(status, visit, "apms.html", values))
}

async fn new(app: Arc<App>, visit: Visit) -> Page {
    fields::require(&app, &visit, Permission::ChangeAccounts, "apm.create").await?;
    Ok(form_page(&visit, None, Shown::default()))
}

async fn one(app: Arc<App>, visit: Visit) -> Page {
    let apm = setup::apm_of(&app, &visit.by(), visit.merchant_id(), visit.id("id")?).await?;
    let same = setup::same_account(&app, &apm).await?;
    let shown = Shown {
        same: same.as_ref(),
        ..Shown::default()
    };
    Ok(form_page(&visit, Some(&apm), shown))
}

/// What a form shows beyond what is stored.
#[derive(Default)]
struct Shown<'a> {
    form: Option<&'a Posted>,
    problems: &'a [Problem],
    tested: Option<&'a Tested>,
    /// Another definition of the same account.
    same: Option<&'a Apm>,
}

fn form_page(visit: &Visit, apm: Option<&Apm>, shown: Shown<'_>) -> axum::response::Response {
    let stored = |of: fn(&Apm) -> &str| apm.map_or("", of);
    let kept = |name: &str, stored: &str| fields::kept(shown.form, name, stored);
    let seconds = apm.map_or(3600, |apm| apm.time_limit_seconds).to_string();
    let banks: Vec<Value> = LENDING_BANKS
        .iter()
        .map(|bank| {
            let mode = apm.and_then(|apm| apm.approval_modes.get(bank.code).and_then(Json::as_str));
            let mode = kept(
                &format!("approval-{}", bank.code),
                mode.unwrap_or("DEFAULT"),
            );
            context! {
                code => bank.code, name => bank.name(),
                by_itself => bank.approves_by_itself, mode,
            }
        })
        .collect();
    let values = context! {
        id => apm.map(|apm| apm.id),
        title => stored(|apm| &apm.name),
        once => crate::random::token(),
        is_active => apm.is_some_and(|apm| apm.active),
        types => TYPES.map(ApmType::as_str).to_vec(),
        kind => apm.map_or(TYPES[0], |apm| apm.apm_type).as_str(),
        name => kept("name", stored(|apm| &apm.name)),
        client_id => kept("client-id", stored(|apm| &apm.account.client_id)),
        has_secret => !stored(|apm| apm.account.client_secret.expose()).is_empty(),
        has_notification_secret => !stored(|apm| apm.account.notification_secret.expose()).is_empty(),
        endpoint => kept("endpoint", stored(|apm| &apm.account.api_url)),
        time_limit => kept("time-limit-seconds", &seconds),
        active => fields::ticked(shown.form, "active", apm.is_some_and(|apm| apm.active)),
        banks,
        error => shown.problems.first().map(|_| fields::errors(visit.language, shown.problems, LABELS)),
        same => shown.same.map(|same| context! { id => same.id, name => &same.name }),
        tested => shown.tested.map(|tested| told(visit, tested)),
    };
    let status = shown.problems.first();
    let status = status.map_or(StatusCode::OK, render::status_of);
    render::with_status(status, visit, "apm.html", values)
}

/// A connection test for a template.
pub(super) fn told(visit: &Visit, tested: &Tested) -> Value {
    context! {
        ok => tested.ok(), said => tested.said(visit.language),
        took_ms => tested.took_ms, detail => &tested.detail,
    }
}

/// What an active method lacks: all of it, so that nobody is sent back for each.
fn missing(form: &Posted, stored: Option<&Apm>) -> Vec<Problem> {
    if !form.on("active") {
        return Vec::new();
    }
    let account = stored.map(|apm| &apm.account);
    let has = |secret: Option<&Secret>| secret.is_some_and(|secret| !secret.expose().is_empty());
    let mut names = vec!["endpoint", "client-id"];
    if !has(account.map(|account| &account.client_secret)) {
        names.push("client-secret");
    }
    if !has(account.map(|account| &account.notification_secret)) {
        names.push("notification-secret");
    }
    fields::missing(form, &names)
}

/// What a form asks for. Empty secrets, and an address that stayed, change nothing.
fn wanted(form: &Posted, stored: Option<&Apm>) -> Result<ApmSetup, Problem> {
    let seconds = match form.text("time-limit-seconds") {
        "" => None,
        text => Some(
            text.parse()
                .map_err(|_| Problem::range(Rule::OutOfRange, "time-limit-seconds", 60, 86_400))?,
        ),
    };
    let endpoint = form.text("endpoint");
    let moved = endpoint != stored.map_or("", |apm| &apm.account.api_url);
    let banks = LENDING_BANKS.iter().filter_map(|bank| {
        let mode = form.given(&format!("approval-{}", bank.code))?;
        Some((bank.code.to_owned(), mode))
    });
    Ok(ApmSetup {
        name: form.given("name"),
        api_url: moved.then(|| endpoint.to_owned()),
        client_id: Some(form.text("client-id").to_owned()),
        client_secret: setup::sent_secret(form.text("client-secret")),
        notification_secret: setup::sent_secret(form.text("notification-secret")),
        loan_type: form.given("loan-type"),
        approval_modes: banks.collect(),
        time_limit_seconds: seconds,
        active: Some(form.on("active")),
    })
}

/// Whether a problem is told on the page; what the role forbids and what is down have their own.
fn is_told(visit: &Visit, problem: &Problem) -> bool {
    matches!(problem, Problem::Rule { .. }) && visit.may(Permission::ChangeAccounts)
}

async fn create(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    fields::require(&app, &visit, Permission::ChangeAccounts, "apm.create").await?;
    let missing = missing(&form, None);
    if !missing.is_empty() {
        let shown = Shown {
            form: Some(&form),
            problems: &missing,
            ..Shown::default()
        };
        return Ok(form_page(&visit, None, shown));
    }
    let made = match (form.text("type").parse(), wanted(&form, None)) {
        (Err(()), _) => Err(Problem::field(Rule::UnknownValue, "type")),
        (_, Err(problem)) => Err(problem),
        (Ok(kind), Ok(wanted)) => {
            if !setup::first_time(&app, visit.merchant_id(), form.text("once")).await? {
                return Ok(to(LIST));
            }
            setup::create_apm(&app, &visit.by(), visit.merchant_id(), kind, wanted).await
        }
    };
    match made {
        Ok(apm) => Ok(to(&format!("{LIST}/{}?done=saved", apm.id))),
        Err(problem) if is_told(&visit, &problem) => {
            let shown = Shown {
                form: Some(&form),
                problems: &[problem],
                ..Shown::default()
            };
            Ok(form_page(&visit, None, shown))
        }
        Err(problem) => Err(problem),
    }
}

async fn edit(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    fields::require(&app, &visit, Permission::ChangeAccounts, "apm.edit").await?;
    let (by, merchant_id, id) = (visit.by(), visit.merchant_id(), visit.id("id")?);
    let stored = setup::apm_of(&app, &by, merchant_id, id).await?;
    let missing = missing(&form, Some(&stored));
    if !missing.is_empty() {
        let shown = Shown {
            form: Some(&form),
            problems: &missing,
            ..Shown::default()
        };
        return Ok(form_page(&visit, Some(&stored), shown));
    }
    // Taking it out of use is asked on a page of its own, after the rest was saved.
    let off = stored.active && !form.on("active");
    let done = match wanted(&form, Some(&stored)) {
        Ok(mut wanted) if off => {
            wanted.active = None;
            setup::edit_apm(&app, &by, merchant_id, id, wanted).await
        }
        Ok(wanted) => setup::edit_apm(&app, &by, merchant_id, id, wanted).await,
        Err(problem) => Err(problem),
    };
    match done {
        // Nothing says "saved" above a question whose answer is still to be given.
        Ok(_) if off => Ok(to(&format!("{LIST}/{id}/off"))),
        Ok(_) => Ok(to(&format!("{LIST}/{id}?done=saved"))),
        Err(problem) if is_told(&visit, &problem) => {
            let shown = Shown {
                form: Some(&form),
                problems: &[problem],
                ..Shown::default()
            };
            Ok(form_page(&visit, Some(&stored), shown))
        }
        Err(problem) => Err(problem),
    }
}

/// Asks before a method is taken out of use, and says what that means.
async fn off(app: Arc<App>, visit: Visit) -> Page {
    fields::require(&app, &visit, Permission::ChangeAccounts, "apm.status").await?;
    let (by, merchant_id, id) = (visit.by(), visit.merchant_id(), visit.id("id")?);
    let apm = setup::apm_of(&app, &by, merchant_id, id).await?;
    let apms = setup::apms_of(&app, &by, merchant_id).await?;
    let others = apms.iter().any(|other| other.id != id && other.active);
    let values = context! {
        what => "apm",
        name => &apm.name,
        effect => context! { last => apm.active && !others },
        action => format!("{LIST}/{id}/status"),
        fields => vec![("active", "off")],
        back => LIST,
    };
    Ok(render::page(&visit, "confirm.html", values))
}

async fn set_status(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    fields::require(&app, &visit, Permission::ChangeAccounts, "apm.status").await?;
    let id = visit.id("id")?;
    let active = match form.text("active") {
        "on" => true,
        "off" => false,
        _ => return Err(Problem::field(Rule::UnknownValue, "active")),
    };
    match setup::set_apm_active(&app, &visit.by(), visit.merchant_id(), id, active).await {
        Ok(()) => Ok(to(&format!("{LIST}?done=saved"))),
        Err(problem) if is_told(&visit, &problem) => list_page(&app, &visit, Some(&problem)).await,
        Err(problem) => Err(problem),
    }
}

async fn test(app: Arc<App>, visit: Visit, _form: Posted) -> Page {
    let (by, merchant_id, id) = (visit.by(), visit.merchant_id(), visit.id("id")?);
    let apm = setup::apm_of(&app, &by, merchant_id, id).await?;
    match setup::test_apm(&app, &by, merchant_id, id).await {
        Ok(tested) => {
            let shown = Shown {
                tested: Some(&tested),
                ..Shown::default()
            };
            Ok(form_page(&visit, Some(&apm), shown))
        }
        Err(problem) if is_told(&visit, &problem) => {
            let shown = Shown {
                problems: &[problem],
                ..Shown::default()
            };
            Ok(form_page(&visit, Some(&apm), shown))
        }
        Err(problem) => Err(problem),
    }
}
