//! The demo merchant's staff, one person a role, and the one click that signs any of them in: a
//! sign-in link that lives for a minute and is followed at once.

use crate::seed;
use crate::shop::browser::own_page;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, StatusCode};
use server::app::{App, PanelSettings};
use server::operations::{Actor, Problem, Role, people};
use server::start::StartError;
use server::store::users;
use std::sync::Arc;

const SIGN_IN: &str = "/sandbox/sign-in";

/// What the sandbox adds to the panel.
pub(crate) fn panel() -> PanelSettings {
    let link = |path: &str, tr: &str, en: &str| (path.to_owned(), tr.to_owned(), en.to_owned());
    PanelSettings {
        links: vec![
            link("/sandbox/cards", "Test kartları", "Test cards"),
            link("/sandbox/faults", "Simülatör hataları", "Simulator faults"),
            link("/shop", "Demo mağaza", "Demo shop"),
        ],
        one_click: Some(SIGN_IN.to_owned()),
    }
}

fn person(role: Role) -> (&'static str, &'static str) {
    match role {
        Role::Owner => ("sahip@galata.example", "İdil Sahip"),
        Role::Finance => ("finans@galata.example", "Işık Finans"),
        Role::Support => ("destek@galata.example", "Çağla Destek"),
        Role::Developer => ("gelistirici@galata.example", "Ümit Geliştirici"),
        Role::ReadOnly => ("okur@galata.example", "Öykü Okur"),
    }
}

/// Makes the people who are not there yet.
pub(crate) async fn hire(app: &App, merchant_id: i64) -> Result<(), StartError> {
    for role in Role::ALL {
        let (email, name) = person(role);
        let known = users::by_email(app, email)
            .await
            .map_err(seed::start_error)?;
        if known.is_none() {
            people::invite(app, &Actor::operator(), merchant_id, email, name, role)
                .await
                .map_err(seed::start_error)?;
        }
    }
    Ok(())
}

/// The one click.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new().route(SIGN_IN, post(sign_in)).with_state(app)
}

async fn sign_in(State(app): State<Arc<App>>, headers: HeaderMap, body: String) -> Response {
    if own_page(&headers).is_err() {
        return answer(StatusCode::FORBIDDEN, None);
    }
    let role = form_urlencoded::parse(body.as_bytes())
        .find(|(name, _)| name == "role")
        .and_then(|(_, value)| value.parse().ok());
    let (email, _) = person(role.unwrap_or(Role::Owner));
    match people::sign_in_link(&app, &Actor::operator(), email).await {
        Ok(link) => {
            let to = format!("/panel/come-in/{}", link.token.expose());
            answer(StatusCode::SEE_OTHER, Some(&to))
        }
        Err(Problem::Unavailable(_)) => answer(StatusCode::SERVICE_UNAVAILABLE, None),
        Err(_) => answer(StatusCode::NOT_FOUND, None),
    }
}

fn answer(status: StatusCode, location: Option<&str>) -> Response {
    let mut answer = Response::builder().status(status);
    if let Some(location) = location {
        answer = answer.header(LOCATION, location);
    }
    let words = match status {
        StatusCode::SEE_OTHER => "",
        StatusCode::FORBIDDEN => "This form must be sent from the sandbox's own sign-in page.\n",
        _ => "Signing in is not possible right now; please try again.\n",
    };
    answer
        .header(CONTENT_TYPE, "text/plain; charset=utf-8")
        .body(Body::from(words))
        .unwrap_or_else(|_| Response::new(Body::empty()))
}
