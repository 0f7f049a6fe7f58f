//! `/panel/poses/{id}/commissions`: what card families pay in a number of instalments at a POS, row by
//! row and as a file; and the question before a POS is deleted.

use super::door::{Posted, Visit, to};
use super::fields::{self, Label};
use super::{Page, act, format, look, render};
use crate::app::App;
use crate::operations::merchant_poses::{RATES, RateField};
use crate::operations::{Permission, Problem};
use crate::setup;
use crate::store::commissions::Commission;
use crate::store::poses::Pos;
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use contract::enums::Status;
use contract::errors::Language;
use contract::merchant_poses::UpdateMerchantPosCommission;
use contract::money::Rate;
use contract::rules::Rule;
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, HeaderValue};
use minijinja::{Value, context};
use std::sync::Arc;

const POSES: &str = "/panel/poses";

/// The fields of a row before its rates: as operations spell them, as the form does, and their names.
const LABELS: [Label; 5] = [
    ("cardBrandName", "family", "Kart ailesi", "The card family"),
    (
        "installment",
        "installment",
        "Taksit",
        "The number of instalments",
    ),
    ("status", "status", "Durum", "The state"),
    ("installmentLabel", "label", "Etiket", "The label"),
    (
        "blockageDay",
        "blockage",
        "Blokaj günü",
        "The days of blockage",
    ),
];

pub(super) fn routes() -> Router<Arc<App>> {
    let table = "/panel/poses/{id}/commissions";
    Router::new()
        .route(table, get(look(list)).merge(act(write)))
        .route("/panel/poses/{id}/commissions/import", act(import))
        .route("/panel/poses/{id}/commissions/file.csv", get(look(file)))
        .route(
            "/panel/poses/{id}/delete",
            get(look(ask)).merge(act(delete)),
        )
}

fn address(id: i64) -> String {
    format!("{POSES}/{id}/commissions")
}

async fn list(app: Arc<App>, visit: Visit) -> Page {
    table_page(&app, &visit, Shown::default()).await
}

/// What the page shows beyond what is stored.
#[derive(Default)]
struct Shown<'a> {
    form: Option<&'a Posted>,
    problem: Option<&'a Problem>,
    /// What was pasted into the form for files.
    pasted: &'a str,
}

async fn table_page(app: &App, visit: &Visit, shown: Shown<'_>) -> Page {
    let (by, id) = (visit.by(), visit.id("id")?);
    let (pos, rows) = setup::commissions_of(app, &by, visit.merchant_id(), id).await?;
    let chosen = |name: &str| shown.form.map_or(visit.asked(name), |form| form.text(name));
    let (family, installment) = (chosen("family"), chosen("installment"));
    let edited = rows
        .iter()
        .find(|row| row.family == family && row.installment.to_string() == installment);
    let labels = labels(shown.form.is_some());
    let values = context! {
        id => pos.id, title => &pos.name, currency => pos.currency.as_str(),
        switched_on => pos.settings.enable_installment,
        rates => RATES.iter().map(|rate| context! { tr => rate.tr, en => rate.en }).collect::<Vec<_>>(),
        rows => rows.iter().map(|row| row_view(visit.language, row)).collect::<Vec<_>>(),
        families => app.bins.families().map(str::to_owned).collect::<Vec<_>>(),
        is_known => edited.is_some(),
        fields => values(visit.language, shown.form, edited, family, installment),
        inputs => inputs(visit.language, shown.form, edited),
        pasted => shown.pasted,
        error => shown.problem.map(|problem| {
            let problem = of_form(visit.language, problem, shown.form.is_some());
            fields::errors(visit.language, std::slice::from_ref(&problem), &labels)
        }),
    };
    let status = shown.problem.map_or(StatusCode::OK, render::status_of);
    Ok(render::with_status(
        status,
        visit,
        "commissions.html",
        values,
    ))
}

/// What a row is called beside its inputs; beside a file all of it stands in the file.
fn labels(of_row: bool) -> Vec<Label<String>> {
    let rates = RATES
        .iter()
        .map(|rate| (rate.wire, rate.wire, rate.tr, rate.en));
    let labels = LABELS.iter().copied().chain(rates);
    let mut labels: Vec<Label<String>> = labels.map(|label| fields::owned(&label)).collect();
    if !of_row {
        for label in &mut labels {
            label.1 = "file".to_owned();
        }
    }
    labels.push(fields::owned(&("commissions", "file", "Dosya", "The file")));
    labels
}

/// A problem that names its field as the form does, or its place in a file.
fn of_form(language: Language, problem: &Problem, of_row: bool) -> Problem {
    let Problem::Rule { rule, values } = problem else {
        return problem.clone();
    };
    let place = |(row, field): (usize, &str)| {
        if of_row {
            return field.to_owned();
        }
        let row = row + 1;
        match language {
            Language::Tr => format!("{row}. satırdaki {field}"),
            Language::En => format!("{field} in row {row}"),
        }
    };
    let values = values.iter().map(|(name, value)| {
        let named = setup::commission_field(value).filter(|_| *name == "field");
        (*name, named.map_or_else(|| value.clone(), place))
    });
    Problem::Rule {
        rule: *rule,
        values: values.collect(),
    }
}

fn row_view(language: Language, row: &Commission) -> Value {
    let rates = RATES.iter().map(|rate| {
        let shown = (rate.stored)(row).map(|rate| percent(language, rate));
        context! { tr => rate.tr, en => rate.en, shown }
    });
    context! {
        family => &row.family, installment => row.installment, status => row.status.as_str(),
        label => &row.label, days => row.blockage_days,
        rates => rates.collect::<Vec<_>>(),
    }
}

fn percent(language: Language, rate: Rate) -> String {
    const MILLIONTHS_OF_A_PERCENT: i64 = 100;
    format::rate(
        language,
        rate.millionths().saturating_mul(MILLIONTHS_OF_A_PERCENT),
    )
}

/// What stands in the inputs before the rates.
fn values(
    language: Language,
    form: Option<&Posted>,
    row: Option<&Commission>,
    family: &str,
    installment: &str,
) -> Value {
    let is_offered = row.is_none_or(|row| row.status == Status::Active);
    let label = row.and_then(|row| row.label.as_deref()).unwrap_or("");
    let days = row.and_then(|row| row.blockage_days);
    let days = days.map_or_else(String::new, |days| format::number(language, days.into()));
    context! {
        family, installment,
        label => fields::field_value(form, "label", label),
        blockage => fields::field_value(form, "blockage", &days),
        offered => fields::ticked(form, "offered", is_offered),
    }
}

/// The inputs of the rates.
fn inputs(language: Language, form: Option<&Posted>, row: Option<&Commission>) -> Vec<Value> {
    let input = |rate: &RateField| {
        let stored = row
            .and_then(rate.stored)
            .map(|rate| rate.percent().to_string());
        let stored = stored.unwrap_or_default();
        let stored = match language {
            Language::Tr => stored.replace('.', ","),
            Language::En => stored,
        };
        context! {
            name => rate.wire, tr => rate.tr, en => rate.en,
            value => fields::field_value(form, rate.wire, &stored),
        }
    };
    RATES.iter().map(input).collect()
}

/// The row that a form sends. An empty input keeps what is stored, but for the label.
fn row_of(form: &Posted) -> Result<UpdateMerchantPosCommission, Problem> {
    let whole = |name: &str, field: &str| {
        let text = form.given(name);
        let read = text.map(|text| text.parse::<i32>());
        read.transpose()
            .map_err(|_| Problem::field(Rule::WrongType, field))
    };
    let mut row = UpdateMerchantPosCommission {
        card_brand_name: form.given("family"),
        installment: whole("installment", "installment")?,
        status: Some(if form.on("offered") {
            Status::Active
        } else {
            Status::Passive
        }),
        installment_label: Some(form.text("label").to_owned()),
        blockage_day: whole("blockage", "blockageDay")?,
        ..UpdateMerchantPosCommission::default()
    };
    for rate in &RATES {
        if let Some(text) = form.given(rate.wire) {
            let percent = setup::percent(&text);
            let percent = percent.ok_or_else(|| Problem::field(Rule::WrongType, rate.wire))?;
            *(rate.sent)(&mut row) = Some(percent);
        }
    }
    Ok(row)
}

async fn write(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    fields::require(&app, &visit, Permission::ChangeAccounts, "pos.commissions").await?;
    let written = match row_of(&form) {
        Ok(row) => save(&app, &visit, vec![row]).await,
        Err(problem) => Err(problem),
    };
    let shown = Shown {
        form: Some(&form),
        ..Shown::default()
    };
    answer(&app, &visit, written, shown).await
}

async fn import(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    fields::require(&app, &visit, Permission::ChangeAccounts, "pos.commissions").await?;
    let written = match setup::commissions_of_file(form.raw("file")) {
        Ok(rows) => save(&app, &visit, rows).await,
        Err(problem) => Err(problem),
    };
    let shown = Shown {
        pasted: form.raw("file"),
        ..Shown::default()
    };
    answer(&app, &visit, written, shown).await
}

async fn save(
    app: &App,
    visit: &Visit,
    rows: Vec<UpdateMerchantPosCommission>,
) -> Result<(), Problem> {
    let (by, id) = (visit.by(), visit.id("id")?);
    let written = setup::set_commissions(app, &by, visit.merchant_id(), id, rows).await;
    written.map(|_| ())
}

/// Back to the table, or the form again with what is wrong.
async fn answer(app: &App, visit: &Visit, written: Result<(), Problem>, shown: Shown<'_>) -> Page {
    match written {
        Ok(()) => {
            let table = address(visit.id("id")?);
            // The family's rows are unfolded again.
            let mut told = form_urlencoded::Serializer::new(String::new());
            told.append_pair("done", "saved");
            if let Some(form) = shown.form {
                told.append_pair("family", form.text("family"));
            }
            Ok(to(&format!("{table}?{}", told.finish())))
        }
        Err(problem) if fields::is_told(visit, &problem) => {
            let shown = Shown {
                problem: Some(&problem),
                ..shown
            };
            table_page(app, visit, shown).await
        }
        Err(problem) => Err(problem),
    }
}

async fn file(app: Arc<App>, visit: Visit) -> Page {
    let (by, id) = (visit.by(), visit.id("id")?);
    let (_, rows) = setup::commissions_of(&app, &by, visit.merchant_id(), id).await?;
    // A mark at the beginning tells spreadsheets that this is UTF-8.
    let text = format!("\u{feff}{}", setup::commissions_file(&rows));
    let name = format!("attachment; filename=\"galata-commissions-{id}.csv\"");
    let name = HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment"));
    Ok(
        render::headed(StatusCode::OK, "text/csv; charset=utf-8", "no-store")
            .header(CONTENT_DISPOSITION, name)
            .body(Body::from(text))
            .unwrap_or_default(),
    )
}

/// Asks before a POS is deleted, and says what that means for payments.
async fn ask(app: Arc<App>, visit: Visit) -> Page {
    fields::require(&app, &visit, Permission::ChangeAccounts, "pos.delete").await?;
    let (by, merchant_id, id) = (visit.by(), visit.merchant_id(), visit.id("id")?);
    let pos = setup::pos_of(&app, &by, merchant_id, id).await?;
    let poses = setup::poses_of(&app, &by, merchant_id).await?;
    let others = || {
        let others = poses.iter();
        others.filter(|other: &&Pos| other.id != id && other.is_usable())
    };
    let takes = pos.is_usable();
    let values = context! {
        what => "pos-delete",
        name => &pos.name,
        effect => context! {
            last => takes && others().next().is_none(),
            last_of_currency => takes && !others().any(|other| other.currency == pos.currency),
            currency => pos.currency.as_str(),
        },
        action => format!("{POSES}/{id}/delete"),
        fields => Vec::<(&str, &str)>::new(),
        back => format!("{POSES}/{id}"),
    };
    Ok(render::page(&visit, "confirm.html", values))
}

async fn delete(app: Arc<App>, visit: Visit, _form: Posted) -> Page {
    let id = visit.id("id")?;
    setup::delete_pos(&app, &visit.by(), visit.merchant_id(), id).await?;
    Ok(to(&format!("{POSES}?done=saved")))
}
