//! What a merchant's staff sees: pages under `/panel`, rendered here, over the same operations as
//! the API. One file a menu entry; what a person may do is decided in the operations.

mod account;
mod apms;
mod audit;
mod autopilot;
mod bins;
mod cards;
mod chart;
mod commissions;
mod door;
mod double_submits;
mod doubts;
mod export;
mod fields;
mod format;
mod keys;
mod overview;
mod payment;
mod payment_shown;
mod payments;
mod people;
mod pos_form;
mod poses;
mod reconciliation;
mod render;
mod reports;
mod requests;
mod routing_dry_run;
mod routing_rules;
mod settings;
mod sign_in;
mod timeline;
mod visit;
mod webhooks;
mod words;

use crate::app::App;
use crate::operations::Problem;
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use door::{Guest, Posted, Unproven, Visit};
use http::{Method, StatusCode};
use std::sync::Arc;

/// Bytes of a form: as many as a call of the API has, so that a field that is far too long is told at
/// the field.
const FORM_BYTES_MAX: usize = 1024 * 1024;

/// What a page comes to.
type Page = Result<Response, Problem>;

/// The panel's templates, read and rendered with samples; an error says which of them fails and where.
pub fn check_templates() -> Result<(), String> {
    render::check()
}

/// The panel's routes. Find a page's file by the first word after `/panel`.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .merge(sign_in::routes())
        .merge(account::routes())
        .merge(overview::routes())
        .merge(people::routes())
        .merge(requests::routes())
        .merge(autopilot::routes())
        .merge(bins::routes())
        .merge(audit::routes())
        .merge(payments::routes())
        .merge(payment::routes())
        .merge(export::routes())
        .merge(doubts::routes())
        .merge(double_submits::routes())
        .merge(cards::routes())
        .merge(reports::routes())
        .merge(reconciliation::routes())
        .merge(webhooks::routes())
        .merge(settings::routes())
        .merge(keys::routes())
        .merge(apms::routes())
        .merge(poses::routes())
        .merge(commissions::routes())
        .merge(routing_rules::routes())
        .merge(routing_dry_run::routes())
        .route("/panel/assets/{name}", get(render::asset))
        .route("/panel/{*rest}", get(look(not_found)))
        .method_not_allowed_fallback(page_of_form)
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

/// A form's own address, opened as a page (the other language was chosen, the address was kept): to
/// the page that the form is on.
async fn page_of_form(method: Method, guest: Guest) -> Response {
    if method != Method::GET {
        return render::headed(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "no-store")
            .body(Body::empty())
            .unwrap_or_default();
    }
    let words: Vec<&str> = guest.path.split('/').skip(1).collect();
    let page = match words.as_slice() {
        // Their entries have no pages of their own.
        ["panel", noun @ ("keys" | "people"), ..] => format!("/panel/{noun}"),
        [page @ .., _] if !page.is_empty() => format!("/{}", page.join("/")),
        _ => "/panel".to_owned(),
    };
    match guest.asked("lang") {
        lang @ ("tr" | "en") => door::to(&format!("{page}?lang={lang}")),
        _ => door::to(&page),
    }
}

/// A page to look at, for people who are signed in.
fn look<F, R>(page: F) -> impl Clone + Fn(State<Arc<App>>, Visit) -> Answering
where
    F: Clone + Send + 'static + Fn(Arc<App>, Visit) -> R,
    R: Future<Output = Page> + Send + 'static,
{
    move |State(app), visit| {
        let work = page(Arc::clone(&app), visit.clone());
        Box::pin(async move {
            let mut response = match work.await {
                Ok(response) => response,
                Err(problem) => render::problem(&visit, &problem),
            };
            visit.remember(&app, &mut response, None);
            response
        })
    }
}

type Answering = std::pin::Pin<Box<dyn Future<Output = Response> + Send>>;

/// A form that does something: carried on even when the browser goes away.
fn act<F, R>(action: F) -> MethodRouter<Arc<App>>
where
    F: Clone + Send + Sync + 'static + Fn(Arc<App>, Visit, Posted) -> R,
    R: Future<Output = Page> + Send + 'static,
{
    axum::routing::post(
        move |State(app): State<Arc<App>>, visit: Visit, form: Unproven| async move {
            let form = match form.of(&visit) {
                Ok(form) => form,
                Err(problem) => return render::problem(&visit, &problem),
            };
            let work = action(Arc::clone(&app), visit.clone(), form);
            match app.do_to_the_end(work).await {
                Ok(Ok(response)) => response,
                Ok(Err(problem)) => render::problem(&visit, &problem),
                Err(error) => render::problem(&visit, &Problem::unavailable(error.to_string())),
            }
        },
    )
}

async fn not_found(_app: Arc<App>, visit: Visit) -> Page {
    Ok(render::not_found(&visit))
}
