//! `/panel/double-submits`: payments that look like one sent twice, and for how long the next one is
//! refused.

use super::door::{Posted, Visit, to};
use super::fields::{self, Label};
use super::{Page, act, look, render};
use crate::app::App;
use crate::operations::{Permission, Problem, double_submits};
use crate::setup;
use crate::store::submits::Pair;
use axum::Router;
use axum::routing::get;
use contract::rules::Rule;
use minijinja::{Value, context};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/panel/double-submits", get(look(list)))
        .route("/panel/double-submits/seconds", act(set_seconds))
}

const LABELS: &[Label] = &[("seconds", "seconds", "Süre", "The time")];

async fn list(app: Arc<App>, visit: Visit) -> Page {
    shown(&app, &visit, None).await
}

async fn shown(app: &App, visit: &Visit, wrong: Option<(&Problem, &Posted)>) -> Page {
    let merchant_id = visit.merchant_id();
    let pairs = double_submits::list(app, &visit.by(), merchant_id).await?;
    let stored = setup::merchant(app, merchant_id).await?;
    let stored = stored.double_submit_seconds.to_string();
    let form = wrong.map(|(_, form)| form);
    let values = context! {
        pairs => pairs.iter().map(pair_view).collect::<Vec<_>>(),
        seconds => fields::field_value(form, "seconds", &stored),
        error => wrong.map(|(problem, _)| fields::error(visit, problem, LABELS)),
    };
    let status = wrong.map_or(axum::http::StatusCode::OK, |(problem, _)| {
        render::status_of(problem)
    });
    Ok(render::with_status(
        status,
        visit,
        "double_submits.html",
        values,
    ))
}

fn pair_view(pair: &Pair) -> Value {
    let apart = pair.second_at.duration_since(pair.first_at);
    context! {
        first => pair.first, second => pair.second, at => pair.second_at.to_string(), seconds => apart.as_secs(),
        amount => pair.amount, currency => pair.currency.as_str(),
        bin => &pair.bin_number, last_four => &pair.last_four, conversation => &pair.conversation_id,
    }
}

async fn set_seconds(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    fields::require(&app, &visit, Permission::ChangeSettings, "merchant.edit").await?;
    let seconds = form.text("seconds").parse();
    let set = match seconds {
        Ok(seconds) => {
            setup::refuse_double_submits(&app, &visit.by(), visit.merchant_id(), seconds).await
        }
        Err(_) => Err(Problem::field(Rule::WrongType, "seconds")),
    };
    match set {
        Ok(()) => Ok(to("/panel/double-submits?done=saved")),
        Err(problem @ Problem::Rule { .. }) => shown(&app, &visit, Some((&problem, &form))).await,
        Err(problem) => Err(problem),
    }
}
