//! `/panel/apms`: alternative payment methods, which today are accounts at lenders.

use super::door::{Posted, Visit, to};
use super::fields::{self, Input, Label};
use super::{Page, act, look, render};
use crate::app::App;
use crate::operations::merchant_poses::MASK;
use crate::operations::{Permission, Problem};
use crate::setup::{self, ApmSetup, ConnectionResult, ConnectionTest};
use crate::store::apms::Apm;
use crate::store::merchants::FEATURE_APMS;
use axum::Router;
use axum::routing::get;
use connectors::account::{Field, LenderSlot};
use connectors::lenders::{self, LENDERS, LenderRow};
use contract::rules::Rule;
use http::StatusCode;
use minijinja::{Value, context};
use serde_json::Value as Json;
use std::sync::Arc;

const LIST: &str = "/panel/apms";

/// The fields that every method has; those of an account are its lender's.
const LABELS: &[Label] = &[
    ("type", "type", "Yöntem", "The method"),
    ("name", "name", "Ad", "The name"),
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

/// Characters of a credential.
const CREDENTIAL_MAX: usize = 255;

/// The lender of a definition; of a new one that was chosen, or the first.
fn lender_of(apm: Option<&Apm>, form: Option<&Posted>) -> &'static LenderRow {
    let chosen = || form.and_then(|form| form.text("type").parse().ok());
    let method = apm.map(|apm| apm.apm_type).or_else(chosen);
    method.and_then(lenders::row).unwrap_or(&LENDERS[0])
}

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
    tested: Option<&'a ConnectionTest>,
    /// Another definition of the same account.
    same: Option<&'a Apm>,
}

fn form_page(visit: &Visit, apm: Option<&Apm>, shown: Shown<'_>) -> axum::response::Response {
    let stored = |of: fn(&Apm) -> &str| apm.map_or("", of);
    let value = |name: &str, stored: &str| fields::field_value(shown.form, name, stored);
    let seconds = apm.map_or(3600, |apm| apm.time_limit_seconds).to_string();
    let lender = lender_of(apm, shown.form);
    let account = lender.fields.iter().map(|field| {
        let input = Input {
            name: field.slot.name(),
            stored: apm.map_or("", |apm| field.slot.get(&apm.account)),
            is_required: false,
            longest: CREDENTIAL_MAX,
        };
        fields::account_field(field, &input, shown.form)
    });
    let banks = lender.banks.iter().map(|bank| {
        let mode = apm.and_then(|apm| apm.approval_modes.get(bank.code).and_then(Json::as_str));
        let name = format!("approval-{}", bank.code);
        context! {
            code => bank.code, name => bank.name(), by_itself => bank.approves_by_itself,
            mode => value(&name, mode.unwrap_or("DEFAULT")),
        }
    });
    let mut labels: Vec<Label<String>> = LABELS.iter().map(fields::owned).collect();
    let of_account = lender.fields.iter();
    labels.extend(of_account.map(|field| fields::account_label(field, field.slot.name())));
    let values = context! {
        id => apm.map(|apm| apm.id),
        title => stored(|apm| &apm.name),
        once => crate::random::token(),
        is_active => apm.is_some_and(|apm| apm.active),
        types => LENDERS.iter().map(|row| row.apm.as_str()).collect::<Vec<_>>(),
        kind => lender.apm.as_str(),
        name => value("name", stored(|apm| &apm.name)),
        account => account.collect::<Vec<_>>(),
        endpoint => value("endpoint", stored(|apm| &apm.account.api_url)),
        time_limit => value("time-limit-seconds", &seconds),
        active => fields::ticked(shown.form, "active", apm.is_some_and(|apm| apm.active)),
        banks => banks.collect::<Vec<_>>(),
        error => shown.problems.first().map(|_| fields::errors(visit.language, shown.problems, &labels)),
        same => shown.same.map(|same| context! { id => same.id, name => &same.name }),
        tested => shown.tested.map(|tested| test_view(visit, tested)),
    };
    let status = shown.problems.first();
    let status = status.map_or(StatusCode::OK, render::status_of);
    render::with_status(status, visit, "apm.html", values)
}

/// A connection test for a template.
pub(super) fn test_view(visit: &Visit, tested: &ConnectionTest) -> Value {
    context! {
        result => match tested.result {
            ConnectionResult::Works => "done",
            ConnectionResult::Answers => "proves-nothing",
            _ => "failed",
        },
        said => tested.text(visit.language),
        took_ms => tested.took_ms, detail => &tested.detail,
    }
}

/// What an active method lacks: all of it at once, so that a person is sent back once.
fn missing(form: &Posted, stored: Option<&Apm>) -> Vec<Problem> {
    if !form.on("active") {
        return Vec::new();
    }
    // A secret that is stored stays as it is.
    let is_stored = |field: &Field<LenderSlot>| {
        field.is_secret && stored.is_some_and(|apm| !field.slot.get(&apm.account).is_empty())
    };
    let fields = lender_of(stored, Some(form)).fields.iter();
    let fields = fields.filter(|field| !is_stored(field));
    let mut names = vec!["endpoint"];
    names.extend(fields.map(|field| field.slot.name()));
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
    let lender = lender_of(stored, Some(form));
    let banks = lender.banks.iter().filter_map(|bank| {
        let mode = form.given(&format!("approval-{}", bank.code))?;
        Some((bank.code.to_owned(), mode))
    });
    let mut wanted = ApmSetup {
        name: form.given("name"),
        api_url: moved.then(|| endpoint.to_owned()),
        loan_type: form.given("loan-type"),
        approval_modes: banks.collect(),
        time_limit_seconds: seconds,
        active: Some(form.on("active")),
        ..ApmSetup::default()
    };
    for field in lender.fields {
        let text = form.text(field.slot.name());
        if !field.is_secret || !matches!(text, "" | MASK) {
            wanted.give(field.slot, text);
        }
    }
    Ok(wanted)
}

/// The form again, with what is wrong and what was typed.
fn form_with_errors(
    visit: &Visit,
    apm: Option<&Apm>,
    problems: &[Problem],
    form: Option<&Posted>,
) -> Page {
    if let Some(problem) = problems.iter().find(|one| !fields::is_told(visit, one)) {
        return Err(problem.clone());
    }
    let shown = Shown {
        form,
        problems,
        ..Shown::default()
    };
    Ok(form_page(visit, apm, shown))
}

async fn create(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    fields::require(&app, &visit, Permission::ChangeAccounts, "apm.create").await?;
    let missing = missing(&form, None);
    if !missing.is_empty() {
        return form_with_errors(&visit, None, &missing, Some(&form));
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
        Err(problem) => form_with_errors(&visit, None, &[problem], Some(&form)),
    }
}

async fn edit(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    fields::require(&app, &visit, Permission::ChangeAccounts, "apm.edit").await?;
    let (by, merchant_id, id) = (visit.by(), visit.merchant_id(), visit.id("id")?);
    let stored = setup::apm_of(&app, &by, merchant_id, id).await?;
    let missing = missing(&form, Some(&stored));
    if !missing.is_empty() {
        return form_with_errors(&visit, Some(&stored), &missing, Some(&form));
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
        Err(problem) => form_with_errors(&visit, Some(&stored), &[problem], Some(&form)),
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
        Err(problem) if fields::is_told(&visit, &problem) => {
            list_page(&app, &visit, Some(&problem)).await
        }
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
        Err(problem) => form_with_errors(&visit, Some(&apm), &[problem], None),
    }
}
