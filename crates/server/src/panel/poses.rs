//! `/panel/poses`: a merchant's accounts at banks. What a form asks for stands in `pos_form`.

use super::door::{Posted, Visit, to};
use super::fields::{self, Label};
use super::pos_form;
use super::{Page, act, apms, autopilot, look, render};
use crate::app::App;
use crate::operations::merchant_poses::{self, offered_at};
use crate::operations::{Permission, Problem};
use crate::setup::{self, ConnectionTest, Environment};
use crate::store::poses::Pos;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use connectors::bank::Verb;
use connectors::directory;
use contract::enums::{PaymentAuthenticationType, PosIntegrator, PosStatus};
use contract::rules::Rule;
use http::StatusCode;
use minijinja::{Value, context};
use std::sync::Arc;

const LIST: &str = "/panel/poses";

/// The fields that every bank has; those of an account are added by `pos_form`.
const LABELS: &[Label] = &[
    ("posIntegrator", "integrator", "Banka", "The bank"),
    ("name", "name", "Ad", "The name"),
    ("currency", "currency", "Para birimi", "The currency"),
    (
        "merchantPosUsers",
        "users",
        "Bankadaki API kullanıcıları",
        "The API users at the bank",
    ),
    ("hostname", "endpoint", "Adres", "The address"),
    ("path", "endpoint", "Adres", "The address"),
    ("threedsPath", "endpoint", "Adres", "The address"),
    ("endpoint", "endpoint", "Adres", "The address"),
    ("environment", "environment", "Sistem", "The system"),
    ("orderNumber", "orderNumber", "Sıra", "The place"),
    (
        "enabledPaymentPhases",
        "phases",
        "İşlem aşamaları",
        "The phases",
    ),
    ("status", "status", "Durum", "The status"),
    ("posStatus", "status", "Durum", "The status"),
    (
        "threedsModel",
        "threedsModel",
        "3DS modeli",
        "The 3DS model",
    ),
    (
        "authentication",
        "authentication",
        "Kimlik doğrulama türü",
        "An authentication type",
    ),
];

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route(LIST, get(look(list)).merge(act(create)))
        .route("/panel/poses/new", get(look(new)))
        .route("/panel/poses/{id}", get(look(one)).merge(act(edit)))
        .route("/panel/poses/{id}/off", get(look(off)))
        .route("/panel/poses/{id}/status", act(set_status))
        .route("/panel/poses/{id}/order", act(set_order))
        .route("/panel/poses/{id}/test", act(test))
}

async fn list(app: Arc<App>, visit: Visit) -> Page {
    list_page(&app, &visit, None).await
}

async fn list_page(app: &App, visit: &Visit, problem: Option<&Problem>) -> Page {
    let poses = setup::poses_of(app, &visit.by(), visit.merchant_id()).await?;
    let rows: Vec<Value> = poses.iter().map(|pos| row(visit, pos)).collect();
    let values = context! {
        poses => rows,
        once => crate::random::token(),
        error => problem.map(|problem| fields::error_elsewhere(visit, problem, LABELS)),
    };
    let status = problem.map_or(StatusCode::OK, render::status_of);
    Ok(render::with_status(status, visit, "poses.html", values))
}

/// How the bank last refused the account, in the reader's words.
fn refusal(visit: &Visit, pos: &Pos) -> Option<Value> {
    let refusal = pos.account_refusal.as_ref()?;
    Some(context! {
        at => refusal.at.to_string(), code => &refusal.code, text => refusal.group.text(visit.language),
    })
}

fn row(visit: &Visit, pos: &Pos) -> Value {
    let at = &pos.settings;
    let on = offered_at(pos.integrator).filter(|(switch, _)| (switch.stored)(at));
    context! {
        id => pos.id, name => &pos.name, alias => &pos.alias,
        bank => directory::row(pos.integrator).map_or("", |row| row.bank_name()),
        status => pos.status.as_str(), currency => pos.currency.as_str(),
        host => match setup::environment_of(pos) {
            Some(Environment::Production) => "",
            Some(Environment::Test) | None => &at.hostname,
        },
        is_test => setup::environment_of(pos) == Some(Environment::Test),
        refusal => refusal(visit, pos),
        legs => (pos.status == PosStatus::Autopilot).then(|| autopilot::legs(pos)),
        phases => at.payment_phases.iter().map(|phase| phase.as_str()).collect::<Vec<_>>(),
        sells_by_page => pos.sells_by_page(),
        authentication => at.authentication_types.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(),
        switches => on.map(|(_, offered)| context! { tr => offered.tr, en => offered.en }).collect::<Vec<_>>(),
    }
}

/// Banks that are spoken to.
fn banks() -> impl Iterator<Item = PosIntegrator> {
    directory::spoken().map(|row| row.integrator)
}

/// The bank that is named; the first one when none is.
fn chosen(named: &str) -> Result<PosIntegrator, Problem> {
    let unknown = || Problem::field(Rule::UnknownValue, "posIntegrator");
    match named {
        "" => banks().next().ok_or_else(unknown),
        named => banks()
            .find(|one| one.as_str() == named)
            .ok_or_else(unknown),
    }
}

async fn new(app: Arc<App>, visit: Visit) -> Page {
    fields::require(&app, &visit, Permission::ChangeAccounts, "pos.create").await?;
    let integrator = chosen(visit.asked("integrator"))?;
    let poses = setup::poses_of(&app, &visit.by(), visit.merchant_id()).await?;
    let shown = Shown {
        last_place: poses.last().map_or(0, |pos| pos.order_number),
        ..Shown::default()
    };
    Ok(form_page(&visit, integrator, None, shown))
}

async fn one(app: Arc<App>, visit: Visit) -> Page {
    let pos = setup::pos_of(&app, &visit.by(), visit.merchant_id(), visit.id("id")?).await?;
    let same = setup::same_terminal(&app, &pos).await?;
    let shown = Shown {
        same: same.as_ref(),
        ..Shown::default()
    };
    Ok(form_page(&visit, pos.integrator, Some(&pos), shown))
}

/// What a form shows beyond what is stored.
#[derive(Default)]
struct Shown<'a> {
    form: Option<&'a Posted>,
    problems: &'a [Problem],
    tested: Option<&'a ConnectionTest>,
    /// Another POS with the same numbers.
    same: Option<&'a Pos>,
    /// Of the POS behind which a new one comes.
    last_place: i64,
}

fn form_page(
    visit: &Visit,
    integrator: PosIntegrator,
    pos: Option<&Pos>,
    shown: Shown<'_>,
) -> Response {
    let row = directory::row(integrator);
    let kinds = [
        PaymentAuthenticationType::ThreeDs,
        PaymentAuthenticationType::NonThreeDs,
    ];
    let kinds = kinds.map(|kind| {
        let name = pos_form::authentication_field(kind);
        let new = || setup::NEW_POS_AUTHENTICATION.contains(&kind);
        let stored = pos.map_or_else(new, |pos| pos.authenticates(kind));
        context! { kind => kind.as_str(), on => fields::ticked(shown.form, &name, stored), name }
    });
    let switches = offered_at(integrator).map(|(switch, offered)| {
        let stored = pos.map_or(offered.new, |pos| (switch.stored)(&pos.settings));
        context! {
            name => switch.wire, tr => offered.tr, en => offered.en,
            hint_tr => offered.hint_tr, hint_en => offered.hint_en,
            on => fields::ticked(shown.form, switch.wire, stored),
        }
    });
    let labels = pos_form::labels(LABELS, integrator, pos, shown.form);
    let account = |is_replacement| pos_form::account(integrator, pos, shown.form, is_replacement);
    let currencies = pos_form::needs(integrator).currencies.iter();
    let values = context! {
        id => pos.map(|pos| pos.id),
        title => pos.map_or("", |pos| &pos.name),
        alias => pos.map(|pos| &pos.alias),
        stored_status => pos.map(|pos| pos.status.as_str()),
        once => crate::random::token(),
        integrator => integrator.as_str(),
        integrators => banks().map(PosIntegrator::as_str).collect::<Vec<_>>(),
        bank => row.map_or("", |row| row.bank_name()),
        hosts => context! {
            production => row.map_or("", |row| row.hostname),
            test => row.map_or("", |row| row.test_hostname),
        },
        fields => pos_form::values(pos, shown.form, shown.last_place + 1),
        account => account(false),
        replacements => account(true),
        options => pos_form::options(visit.language, integrator, pos, shown.form),
        users => pos_form::users(integrator, pos, shown.form),
        currencies => currencies.map(|one| one.as_str()).collect::<Vec<_>>(),
        kinds => kinds.to_vec(),
        page_may_sell => directory::can(integrator, Verb::PageSale),
        may_hold => directory::can(integrator, Verb::Hold),
        switches => switches.collect::<Vec<_>>(),
        error => shown.problems.first().map(|_| fields::errors(visit.language, shown.problems, &labels)),
        refusal => pos.and_then(|pos| refusal(visit, pos)),
        same => shown.same.map(|same| context! { id => same.id, name => &same.name, alias => &same.alias }),
        tried => pos_form::needs(integrator).tried.unproven.map(|words| context! { tr => words.tr, en => words.en }),
        tested => shown.tested.map(|tested| apms::test_view(visit, tested)),
    };
    let status = shown.problems.first();
    let status = status.map_or(StatusCode::OK, render::status_of);
    render::with_status(status, visit, "pos.html", values)
}

/// The form again, with what is wrong and what was typed.
fn form_with_errors(
    visit: &Visit,
    integrator: PosIntegrator,
    pos: Option<&Pos>,
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
    Ok(form_page(visit, integrator, pos, shown))
}

async fn create(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    fields::require(&app, &visit, Permission::ChangeAccounts, "pos.create").await?;
    let integrator = chosen(form.text("integrator"))?;
    let missing = pos_form::missing(&form, integrator, None);
    if !missing.is_empty() {
        return form_with_errors(&visit, integrator, None, &missing, Some(&form));
    }
    let made = match pos_form::creation(&form, integrator) {
        Ok((request, endpoint)) => {
            if !setup::first_time(&app, visit.merchant_id(), form.text("once")).await? {
                return Ok(to(LIST));
            }
            setup::add_pos(&app, &visit.by(), visit.merchant_id(), request, endpoint).await
        }
        Err(problem) => Err(problem),
    };
    match made {
        Ok(pos) => Ok(to(&format!("{LIST}/{}?done=saved", pos.id))),
        Err(problem) => form_with_errors(&visit, integrator, None, &[problem], Some(&form)),
    }
}

async fn edit(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    fields::require(&app, &visit, Permission::ChangeAccounts, "pos.edit").await?;
    let (by, merchant_id, id) = (visit.by(), visit.merchant_id(), visit.id("id")?);
    let stored = setup::pos_of(&app, &by, merchant_id, id).await?;
    let missing = pos_form::missing(&form, stored.integrator, Some(&stored));
    if !missing.is_empty() {
        return form_with_errors(
            &visit,
            stored.integrator,
            Some(&stored),
            &missing,
            Some(&form),
        );
    }
    // Taking it out of use is asked on a page of its own, after the rest was saved.
    let mut off = None;
    let done = match pos_form::change(&form, &stored) {
        Ok(change) => {
            let endpoint = change.endpoint;
            let (wanted, model) = (change.status, change.threeds_model);
            let options = change.options;
            off = wanted.filter(|to| stored.is_usable() && is_off(*to));
            let status = wanted.filter(|_| off.is_none());
            setup::edit_pos(&app, &by, merchant_id, id, change.request, |pos| {
                pos.status = status.unwrap_or(pos.status);
                let at = &mut pos.settings;
                at.threeds_model = model.unwrap_or(at.threeds_model);
                pos.options.clone_from(&options);
                if let Some(endpoint) = &endpoint {
                    setup::point_at(pos, endpoint.clone());
                }
            })
            .await
        }
        Err(problem) => Err(problem),
    };
    match (done, off) {
        (Ok(_), Some(off)) => Ok(to(&format!("{LIST}/{id}/off?status={}", off.as_str()))),
        (Ok(_), None) => Ok(to(&format!("{LIST}/{id}?done=saved"))),
        (Err(problem), _) => form_with_errors(
            &visit,
            stored.integrator,
            Some(&stored),
            &[problem],
            Some(&form),
        ),
    }
}

async fn set_status(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    let id = visit.id("id")?;
    let set = if form.on("active") {
        setup::set_pos_active(&app, &visit.by(), visit.merchant_id(), id, true)
            .await
            .map(|_| ())
    } else {
        let caller = visit.caller(&app).await?;
        match status(form.text("status")) {
            Ok(wanted) => merchant_poses::update_status(&app, &caller, id, wanted.as_str()).await,
            Err(problem) => Err(problem),
        }
    };
    listed(&app, &visit, set).await
}

/// Whether a POS of this status takes no new payments.
fn is_off(status: PosStatus) -> bool {
    matches!(status, PosStatus::Passive | PosStatus::RefundOnly)
}

/// Asks before a POS is taken out of use, and says what that means for payments.
async fn off(app: Arc<App>, visit: Visit) -> Page {
    fields::require(&app, &visit, Permission::ChangeAccounts, "pos.status").await?;
    let wanted = status(visit.asked("status"))?;
    if !is_off(wanted) {
        return Err(Problem::field(Rule::UnknownValue, "status"));
    }
    let (by, merchant_id, id) = (visit.by(), visit.merchant_id(), visit.id("id")?);
    let pos = setup::pos_of(&app, &by, merchant_id, id).await?;
    let poses = setup::poses_of(&app, &by, merchant_id).await?;
    let others = || {
        poses
            .iter()
            .filter(|other| other.id != id && other.is_usable())
    };
    let takes = pos.is_usable();
    let values = context! {
        what => match wanted { PosStatus::RefundOnly => "pos-refunds", _ => "pos" },
        name => &pos.name,
        effect => context! {
            last => takes && others().next().is_none(),
            last_of_currency => takes && !others().any(|other| other.currency == pos.currency),
            currency => pos.currency.as_str(),
        },
        action => format!("{LIST}/{id}/status"),
        fields => vec![("status", wanted.as_str())],
        back => LIST,
    };
    Ok(render::page(&visit, "confirm.html", values))
}

async fn set_order(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    fields::require(&app, &visit, Permission::ChangeAccounts, "pos.order").await?;
    let id = visit.id("id")?;
    let up = match form.text("move") {
        "up" => true,
        "down" => false,
        _ => return Err(Problem::field(Rule::UnknownValue, "move")),
    };
    if !setup::first_time(&app, visit.merchant_id(), form.text("once")).await? {
        return Ok(to(LIST));
    }
    let moved = setup::move_pos(&app, &visit.by(), visit.merchant_id(), id, up).await;
    listed(&app, &visit, moved).await
}

/// Back to the list, with what went wrong.
async fn listed(app: &App, visit: &Visit, outcome: Result<(), Problem>) -> Page {
    match outcome {
        Ok(()) => Ok(to(&format!("{LIST}?done=saved"))),
        Err(problem) if fields::is_told(visit, &problem) => {
            list_page(app, visit, Some(&problem)).await
        }
        Err(problem) => Err(problem),
    }
}

async fn test(app: Arc<App>, visit: Visit, _form: Posted) -> Page {
    let (by, merchant_id, id) = (visit.by(), visit.merchant_id(), visit.id("id")?);
    let pos = setup::pos_of(&app, &by, merchant_id, id).await?;
    match setup::test_pos(&app, &by, merchant_id, id).await {
        Ok(tested) => {
            let shown = Shown {
                tested: Some(&tested),
                ..Shown::default()
            };
            Ok(form_page(&visit, pos.integrator, Some(&pos), shown))
        }
        Err(problem) => form_with_errors(&visit, pos.integrator, Some(&pos), &[problem], None),
    }
}

/// A status that a form may set.
pub(super) fn status(text: &str) -> Result<PosStatus, Problem> {
    match text.parse() {
        Ok(PosStatus::Deleted) | Err(()) => Err(Problem::field(Rule::UnknownValue, "status")),
        Ok(status) => Ok(status),
    }
}
