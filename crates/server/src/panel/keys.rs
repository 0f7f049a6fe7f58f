//! `/panel/keys`: API keys, each shown once, replaced with an overlap, revoked.

use super::door::{Posted, Visit, to};
use super::fields::{self, Label};
use super::{Page, act, look, render};
use crate::app::App;
use crate::operations::{Permission, Problem};
use crate::setup::{self, ListedKey, MadeKey};
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use contract::rules::Rule;
use http::StatusCode;
use minijinja::{Value, context};
use std::sync::Arc;

const LIST: &str = "/panel/keys";
const LABELS: &[Label] = &[
    ("overlapHours", "", "Birlikte çalışma süresi", "The overlap"),
    ("apiKey", "", "API anahtarı", "The API key"),
];

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route(LIST, get(look(list)).merge(act(create)))
        .route("/panel/keys/new", get(look(new)))
        .route("/panel/keys/{key}/rotate", act(rotate))
        .route("/panel/keys/{key}/revoke", act(revoke))
}

async fn list(app: Arc<App>, visit: Visit) -> Page {
    keys_page(&app, &visit, None).await
}

async fn keys_page(app: &App, visit: &Visit, problem: Option<&Problem>) -> Page {
    let listed = setup::list_keys(app, &visit.by(), visit.merchant_id()).await?;
    let usable = listed.iter().filter(|key| key.usable).count();
    let keys: Vec<Value> = listed.iter().map(row).collect();
    let values = context! {
        keys, usable,
        once => crate::random::token(),
        overlap => setup::OVERLAP_HOURS,
        error => problem.map(|problem| fields::error(visit, problem, LABELS)),
    };
    let status = problem.map_or(StatusCode::OK, render::status_of);
    Ok(render::with_status(status, visit, "keys.html", values))
}

fn row(listed: &ListedKey) -> Value {
    let key = &listed.key;
    let state = match (listed.usable, key.active, key.expires_at) {
        (true, _, None) => "USABLE",
        (true, _, Some(_)) => "ENDING",
        (false, false, _) => "REVOKED",
        (false, true, _) => "ENDED",
    };
    context! {
        key => &key.api_key, state, usable => listed.usable,
        created_at => key.created_at.to_string(),
        expires_at => key.expires_at.map(|at| at.to_string()),
        last_used => listed.last_used.map(|at| at.to_string()),
    }
}

/// A broken rule is told on the page; what the role forbids and what is down have their own pages.
async fn answered(app: &App, visit: &Visit, problem: Problem) -> Page {
    match &problem {
        Problem::Rule { .. } if visit.may(Permission::ManageKeys) => {
            keys_page(app, visit, Some(&problem)).await
        }
        _ => Err(problem),
    }
}

fn made_page(visit: &Visit, made: &MadeKey, overlap_hours: Option<i64>) -> Response {
    let values = context! {
        key => &made.api_key, secret => made.secret_key.expose(), overlap_hours,
    };
    render::page(visit, "key_made.html", values)
}

/// Asks before a key is made, and says what it opens.
async fn new(app: Arc<App>, visit: Visit) -> Page {
    fields::require(&app, &visit, Permission::ManageKeys, "key.create").await?;
    let values = context! {
        what => "key",
        action => LIST,
        fields => vec![("once", crate::random::token())],
        back => LIST,
    };
    Ok(render::page(&visit, "confirm.html", values))
}

async fn create(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    fields::require(&app, &visit, Permission::ManageKeys, "key.create").await?;
    if !setup::first_time(&app, visit.merchant_id(), form.text("once")).await? {
        return Ok(to(LIST));
    }
    match setup::create_key(&app, &visit.by(), visit.merchant_id()).await {
        Ok(made) => Ok(made_page(&visit, &made, None)),
        Err(problem) => answered(&app, &visit, problem).await,
    }
}

async fn rotate(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    fields::require(&app, &visit, Permission::ManageKeys, "key.rotate").await?;
    let Ok(hours) = form.text("overlap").parse::<i64>() else {
        let problem = Problem::field(Rule::UnknownValue, "overlapHours");
        return answered(&app, &visit, problem).await;
    };
    if !setup::first_time(&app, visit.merchant_id(), form.text("once")).await? {
        return Ok(to(LIST));
    }
    let old = visit.param("key");
    match setup::rotate_key(&app, &visit.by(), visit.merchant_id(), old, hours).await {
        Ok(made) => Ok(made_page(&visit, &made, Some(hours))),
        Err(problem) => answered(&app, &visit, problem).await,
    }
}

async fn revoke(app: Arc<App>, visit: Visit, _form: Posted) -> Page {
    let key = visit.param("key");
    match setup::revoke_key(&app, &visit.by(), visit.merchant_id(), key).await {
        Ok(()) => Ok(to("/panel/keys?done=removed")),
        Err(problem) => answered(&app, &visit, problem).await,
    }
}
