//! `/panel/webhooks`: what the shop was told, how each call went, and once more.

use super::door::{Posted, Visit, to};
use super::format::in_lines;
use super::{Page, act, look, render};
use crate::app::App;
use crate::operations::{Permission, Problem, webhooks};
use crate::store::webhooks::{Sent, Try, WebhookState};
use axum::Router;
use axum::routing::get;
use contract::rules::Rule;
use http::StatusCode;
use minijinja::{Value, context};
use std::sync::Arc;

/// Webhooks of a page.
const PAGE: i64 = 50;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/panel/webhooks", get(look(list)))
        .route("/panel/webhooks/{id}", get(look(webhook)))
        .route("/panel/webhooks/{id}/state", get(look(state)))
        .route("/panel/webhooks/{id}/resend", act(resend))
}

async fn list(app: Arc<App>, visit: Visit) -> Page {
    let state: Option<WebhookState> = visit.asked("state").parse().ok();
    let before = contract::id::parse(visit.asked("before"));
    let (by, merchant_id) = (visit.by(), visit.merchant_id());
    let found = webhooks::list(&app, &by, merchant_id, state, before, PAGE).await?;
    let more = i64::try_from(found.len()).is_ok_and(|count| count == PAGE);
    let values = context! {
        webhooks => found.iter().map(|sent| shown(sent, &[])).collect::<Vec<_>>(),
        state => state.map(WebhookState::as_str),
        states => WebhookState::ALL.iter().map(|state| state.as_str()).collect::<Vec<_>>(),
        more, last => found.last().map(|sent| sent.webhook.id), later => before.is_some(),
    };
    Ok(render::page(&visit, "webhooks.html", values))
}

async fn webhook(app: Arc<App>, visit: Visit) -> Page {
    webhook_page(&app, &visit, None).await
}

async fn webhook_page(app: &App, visit: &Visit, problem: Option<&Problem>) -> Page {
    let id = visit.id("id")?;
    let (sent, tries) = webhooks::retrieve(app, &visit.by(), visit.merchant_id(), id).await?;
    let error = problem.map(|problem| {
        let (field, text) = render::told(visit.language, problem);
        context! { field, text }
    });
    let values = context! {
        webhook => shown(&sent, &tries), error,
        may_resend => visit.may(Permission::ResendWebhooks),
    };
    let status = problem.map_or(StatusCode::OK, render::status_of);
    Ok(render::with_status(status, visit, "webhook.html", values))
}

/// How it stands and its calls, for the page that renews itself.
async fn state(app: Arc<App>, visit: Visit) -> Page {
    let id = visit.id("id")?;
    let (sent, tries) = webhooks::retrieve(&app, &visit.by(), visit.merchant_id(), id).await?;
    let values = context! { webhook => shown(&sent, &tries) };
    Ok(render::page(&visit, "webhook_state.html", values))
}

/// A webhook and its calls as pages show them.
pub(super) fn shown(sent: &Sent, tries: &[Try]) -> Value {
    let w = &sent.webhook;
    let tries = tries.iter().map(|one| {
        context! {
            at => one.at.to_string(), took => one.took_ms, url => &one.url, result => one.result(),
            delivered => one.is_delivered(), request => &one.request,
            response => one.response.as_deref().map(in_lines), failure => &one.failure, status => one.status,
        }
    });
    context! {
        id => w.id, payment_id => w.payment_id, event => w.event.as_str(), status => w.status.as_str(),
        at => w.event_at.to_string(), payload_id => &w.payload_id, count => w.tries,
        state => sent.state.as_str(), last_result => &sent.last_result,
        due_at => sent.due_at.map(|at| at.to_string()),
        tries => tries.collect::<Vec<_>>(),
    }
}

async fn resend(app: Arc<App>, visit: Visit, _form: Posted) -> Page {
    let id = visit.id("id")?;
    match webhooks::resend(&app, &visit.by(), visit.merchant_id(), id).await {
        Ok(()) => Ok(to(&format!("/panel/webhooks/{id}?done=queued"))),
        Err(
            problem @ Problem::Rule {
                rule: Rule::NotAUrl,
                ..
            },
        ) => webhook_page(&app, &visit, Some(&problem)).await,
        Err(problem) => Err(problem),
    }
}
