//! `/panel/account`: one's own password and second step.

use super::door::{Posted, SIGN_IN, Visit, end_cookie, session_cookie, to};
use super::{Page, act, fields, look, render};
use crate::app::App;
use crate::operations::{Problem, people};
use crate::totp;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use contract::card::Secret;
use contract::rules::Rule;
use http::StatusCode;
use minijinja::context;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/panel/account", get(look(account)))
        .route("/panel/account/password", act(change_password))
        .route(
            "/panel/account/totp",
            get(look(totp_form)).merge(act(switch_on)),
        )
        .route("/panel/account/totp-off", act(switch_off))
}

async fn account(_app: Arc<App>, visit: Visit) -> Page {
    Ok(account_page(&visit, "", &[]))
}

fn account_page(visit: &Visit, about: &str, problems: &[Problem]) -> Response {
    let status = problems.first().map_or(StatusCode::OK, render::status_of);
    let error = problems.first();
    let error = error.map(|_| fields::errors(visit.language, problems, fields::PERSON));
    let values = context! { about, error, has_totp => visit.user.totp.is_some() };
    render::with_status(status, visit, "account.html", values)
}

async fn change_password(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    let missing = fields::missing(&form, &["old", "password", "again"]);
    if !missing.is_empty() {
        return Ok(account_page(&visit, "password", &missing));
    }
    let changed = if form.raw("password") != form.raw("again") {
        Err(Problem::field(Rule::NotTheSame, "again"))
    } else {
        let old = Secret::new(form.raw("old"));
        let new = Secret::new(form.raw("password"));
        let merchant_id = visit.merchant_id();
        people::change_password(&app, &visit.by(), merchant_id, &visit.user, &old, &new).await
    };
    match changed {
        Ok(()) => {
            let mut response = to(SIGN_IN);
            end_cookie(&app, &mut response, session_cookie(&app));
            Ok(response)
        }
        Err(problem @ Problem::Rule { .. }) => Ok(account_page(&visit, "password", &[problem])),
        Err(problem) => Err(problem),
    }
}

async fn totp_form(app: Arc<App>, visit: Visit) -> Page {
    totp_page(&app, &visit, totp::new_key(), &[])
}

/// The key waits in the form, sealed to this person, until a code proves that the app has it.
fn totp_page(app: &App, visit: &Visit, key: Secret, problems: &[Problem]) -> Page {
    let address = totp::address(&visit.user.email, &key);
    let code = qrcodegen::QrCode::encode_text(&address, qrcodegen::QrCodeEcc::Medium)
        .map_err(|error| Problem::unavailable(error.to_string()))?;
    let mut squares = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            squares.push_str(&format!("M{x} {y}h1v1h-1z"));
        }
    }
    let error = problems.first();
    let error = error.map(|_| fields::errors(visit.language, problems, fields::PERSON));
    let values = context! {
        side => code.size(), squares, error,
        key => key.expose(),
        sealed => app.vault.seal(&place(visit), key.expose().as_bytes()),
    };
    let status = problems.first().map_or(StatusCode::OK, render::status_of);
    Ok(render::with_status(status, visit, "totp.html", values))
}

fn place(visit: &Visit) -> String {
    format!("totp form of user {}", visit.user.id)
}

async fn switch_on(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    let key = app.vault.open_text(&place(&visit), form.text("sealed"));
    let key = key.map_err(|_| Problem::rule(Rule::FormNotOurs))?;
    let key = Secret::new(key.as_str());
    let missing = fields::missing(&form, &["code", "password"]);
    if !missing.is_empty() {
        return totp_page(&app, &visit, key, &missing);
    }
    let merchant_id = visit.merchant_id();
    let proof = (&Secret::new(form.raw("password")), form.text("code"));
    match people::set_totp(&app, &visit.by(), merchant_id, &visit.user, &key, proof).await {
        Ok(()) => Ok(to("/panel/account?done=saved")),
        Err(problem @ Problem::Rule { .. }) => totp_page(&app, &visit, key, &[problem]),
        Err(problem) => Err(problem),
    }
}

async fn switch_off(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    let merchant_id = visit.merchant_id();
    let code = form.text("code");
    match people::remove_totp(&app, &visit.by(), merchant_id, &visit.user, code).await {
        Ok(()) => Ok(to("/panel/account?done=saved")),
        Err(problem @ Problem::Rule { .. }) => Ok(account_page(&visit, "totp", &[problem])),
        Err(problem) => Err(problem),
    }
}
