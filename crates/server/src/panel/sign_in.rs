//! `/panel/sign-in`, `/panel/sign-out`, `/panel/link`: coming in and going out.

use super::door::{
    Guest, Posted, SIGN_IN, Visit, browser_cookie, end_cookie, own_page, session_cookie,
    set_cookie, to,
};
use super::{Page, act, fields, render};
use crate::app::App;
use crate::mail;
use crate::operations::people::{self, Link};
use crate::operations::sessions::{self, From, SignedIn};
use crate::operations::{Problem, Role};
use crate::passwords;
use crate::store::users::LinkKind;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use contract::card::Secret;
use contract::errors::Language;
use contract::rules::Rule;
use http::StatusCode;
use minijinja::context;
use std::sync::Arc;
use tracing::Instrument;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route(SIGN_IN, get(form).post(sign_in))
        .route("/panel/sign-out", act(sign_out))
        .route("/panel/merchant", act(open_merchant))
        .route("/panel/link/{token}", get(link_form))
        .route("/panel/link", post(use_link))
        .route("/panel/come-in/{token}", get(come_in))
        .route("/panel/forgot", get(forgot_form).post(forgot))
}

async fn form(State(app): State<Arc<App>>, guest: Guest) -> Response {
    if let Some(token) = &guest.token
        && matches!(
            sessions::visit(&app, token.expose(), true).await,
            Ok(Some(_))
        )
    {
        return to(own_page(guest.asked("next")));
    }
    let next = own_page(guest.asked("next")).to_owned();
    sign_in_page(&app, &guest, &next, "", &[])
}

fn sign_in_page(
    app: &App,
    guest: &Guest,
    next: &str,
    email: &str,
    problems: &[Problem],
) -> Response {
    let (form_token, cookie) = guest.form_token();
    let status = problems.first().map_or(StatusCode::OK, render::status_of);
    let error = problems.first();
    let error = error.map(|_| fields::errors(guest.language, problems, fields::PERSON));
    let again: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
    let values = context! {
        form_token, next, email, error,
        here => format!("{SIGN_IN}?next={again}&lang="),
        ended => guest.token.is_some() && problems.is_empty(),
        forgot => app.mail.is_some(),
        one_click => &app.settings.panel.one_click,
    };
    let mut response = render::guest_page(status, guest, "sign_in.html", values);
    guest.remember(app, &mut response, cookie.as_deref());
    response
}

/// Characters that the fields of the sign-in page may have: no account has longer ones.
const LONGEST: [(&str, usize); 3] = [
    ("email", mail::ADDRESS_MAX),
    ("password", passwords::BYTES_MAX),
    ("code", 16),
];

/// The code that is asked for is told at its field.
fn at_code(problem: Problem) -> Problem {
    match problem {
        Problem::Rule {
            rule: Rule::CodeNeeded,
            ..
        } => Problem::field(Rule::CodeNeeded, "code"),
        other => other,
    }
}

async fn sign_in(State(app): State<Arc<App>>, guest: Guest, form: Posted) -> Response {
    let next = own_page(form.text("next")).to_owned();
    let email = form.text("email").to_owned();
    let mut wrong = fields::missing(&form, &["email", "password"]);
    let too_long = LONGEST
        .iter()
        .filter(|(name, max)| form.raw(name).chars().count() > *max);
    wrong.extend(too_long.map(|(name, max)| Problem::limit(Rule::TooLong, name, "max", max)));
    if !wrong.is_empty() {
        // What is too long is not written back into the page.
        let email = email.chars().take(mail::ADDRESS_MAX).collect::<String>();
        return sign_in_page(&app, &guest, &next, &email, &wrong);
    }
    let password = Secret::new(form.raw("password"));
    let from = From {
        address: &guest.address,
        client: guest.client,
        browser: guest.browser.as_deref(),
        session: guest.token.as_ref().map(Secret::expose),
    };
    let code = form.text("code");
    match sessions::sign_in(&app, from, &email, &password, code).await {
        Ok(signed_in) => came_in(&app, &signed_in, &next),
        Err(problem @ Problem::Rule { .. }) => {
            sign_in_page(&app, &guest, &next, &email, &[at_code(problem)])
        }
        Err(problem) => render::guest_problem(&guest, &problem),
    }
}

/// A new session's cookie, which replaces whatever the browser had, and the one that tells later that
/// this browser is the person's.
fn came_in(app: &App, signed_in: &SignedIn, next: &str) -> Response {
    /// Browsers keep no cookie longer.
    const DAYS_400: u32 = 400 * 24 * 60 * 60;
    let mut response = to(next);
    let browser = &signed_in.browser;
    set_cookie(
        app,
        &mut response,
        browser_cookie(app),
        browser,
        Some(DAYS_400),
    );
    set_cookie(
        app,
        &mut response,
        session_cookie(app),
        signed_in.token.expose(),
        None,
    );
    response
}

async fn sign_out(app: Arc<App>, visit: Visit, _form: Posted) -> Page {
    if let Some(token) = &visit.token {
        sessions::sign_out(&app, token.expose()).await?;
    }
    let mut response = to(SIGN_IN);
    end_cookie(&app, &mut response, session_cookie(&app));
    Ok(response)
}

async fn open_merchant(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    let merchant_id = contract::id::parse(form.text("merchant"))
        .ok_or_else(|| Problem::field(Rule::InvalidId, "merchant"))?;
    if let Some(token) = &visit.token {
        let known = sessions::Visit {
            user: visit.user.clone(),
            membership: visit.membership.clone(),
            memberships: visit.memberships.clone(),
        };
        sessions::open_merchant(&app, &visit.by(), token.expose(), &known, merchant_id).await?;
    }
    Ok(to("/panel"))
}

async fn link_form(State(app): State<Arc<App>>, guest: Guest) -> Response {
    let token = guest.param("token").to_owned();
    link_page(&app, &guest, &token, &[]).await
}

async fn link_page(app: &App, guest: &Guest, token: &str, problems: &[Problem]) -> Response {
    let user = match sessions::of_link(app, token, LinkKind::Password).await {
        Ok(Some(user)) => user,
        Ok(None) => return render::guest_problem(guest, &Problem::rule(Rule::LinkExpired)),
        Err(problem) => return render::guest_problem(guest, &problem),
    };
    let (form_token, cookie) = guest.form_token();
    let status = problems.first().map_or(StatusCode::OK, render::status_of);
    let error = problems.first();
    let error = error.map(|_| fields::errors(guest.language, problems, fields::PERSON));
    let values = context! {
        here => format!("/panel/link/{token}?lang="),
        form_token, error, link => token, email => user.email, has_totp => user.totp.is_some(),
    };
    let mut response = render::guest_page(status, guest, "link.html", values);
    guest.remember(app, &mut response, cookie.as_deref());
    response
}

async fn use_link(State(app): State<Arc<App>>, guest: Guest, form: Posted) -> Response {
    let token = form.text("link").to_owned();
    let password = Secret::new(form.raw("password"));
    let missing = fields::missing(&form, &["password", "again"]);
    if !missing.is_empty() {
        return link_page(&app, &guest, &token, &missing).await;
    }
    if form.raw("password") != form.raw("again") {
        let problem = Problem::field(Rule::NotTheSame, "again");
        return link_page(&app, &guest, &token, &[problem]).await;
    }
    let code = form.text("code");
    match sessions::choose_password(&app, &guest.address, &token, &password, code).await {
        Ok(signed_in) => came_in(&app, &signed_in, "/panel"),
        Err(problem) => link_page(&app, &guest, &token, &[at_code(problem)]).await,
    }
}

async fn forgot_form(State(app): State<Arc<App>>, guest: Guest) -> Response {
    forgot_page(&app, &guest, false)
}

fn forgot_page(app: &App, guest: &Guest, sent: bool) -> Response {
    let (form_token, cookie) = guest.form_token();
    let values = context! { form_token, sent };
    let mut response = render::guest_page(StatusCode::OK, guest, "forgot.html", values);
    guest.remember(app, &mut response, cookie.as_deref());
    response
}

/// Neither the answer nor its time tells whether there is such a person: the mail goes out behind
/// it.
async fn forgot(State(app): State<Arc<App>>, guest: Guest, form: Posted) -> Response {
    let (behind, email, address) = (
        Arc::clone(&app),
        form.text("email").to_owned(),
        guest.address.clone(),
    );
    let language = guest.language;
    if app.mail.is_some() {
        tokio::spawn(
            async move {
                match people::forgotten_link(&behind, &address, &email).await {
                    Ok(Some(link)) => _ = mailed(&behind, language, &link).await,
                    Ok(None) => {}
                    Err(problem) => tracing::error!(?problem, "a link could not be made"),
                }
            }
            .in_current_span(),
        );
    }
    forgot_page(&app, &guest, true)
}

/// Sends a link to its owner; whether that was done.
pub(super) async fn mailed(app: &App, language: Language, link: &Link) -> bool {
    let url = link_url(app, link);
    match &app.mail {
        Some(mail) => mail.send_link(language, &link.email, &url).await,
        None => false,
    }
}

/// The address that a link is followed by.
pub(super) fn link_url(app: &App, link: &Link) -> String {
    app.public_url(&format!("/panel/link/{}", link.token.expose()))
}

/// A sign-in link that the program around the server made, as the sandbox does at one click.
async fn come_in(State(app): State<Arc<App>>, guest: Guest) -> Response {
    let old = guest.token.as_ref().map(Secret::expose);
    let token = guest.param("token");
    match sessions::use_sign_in_link(&app, &guest.address, token, old).await {
        Ok(signed_in) => came_in(&app, &signed_in, "/panel"),
        Err(problem) => render::guest_problem(&guest, &problem),
    }
}

/// A role out of a form.
pub(super) fn role_of(form: &Posted) -> Result<Role, Problem> {
    let known = form.text("role").parse();
    known.map_err(|()| Problem::field(Rule::UnknownValue, "role"))
}
