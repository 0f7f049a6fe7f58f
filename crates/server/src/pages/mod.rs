//! What a shopper's browser sees on its way between shop and bank, and where lenders call back.
//! Thin: the engine decides, these pages carry form fields onward.

mod callback;
mod render;

use crate::app::App;
use crate::engine::{loan, three_ds, threeds_page};
use crate::operations::Problem;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::{HeaderMap, Method, StatusCode};
use render::{Text, language};
use std::sync::Arc;
use tracing::Instrument;

/// Bytes that a browser or lender may post here.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The pages' templates, read and rendered with samples; an error says which of them fails and where.
pub fn check_templates() -> Result<(), String> {
    render::check()
}

/// The pages' routes.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/pages/3ds/{token}", get(threeds_kept).post(threeds))
        .route(
            "/pages/3ds-return/{token}",
            get(threeds_opened).post(threeds_returned),
        )
        .route(
            "/pages/loan-return/{token}",
            get(loan_opened).post(loan_returned),
        )
        .route("/pages/loan-notify/{token}", post(loan_notified))
        .route(
            "/pages/submit.js",
            get(|| async { render::asset("text/javascript", include_str!("submit.js")) }),
        )
        .route(
            "/pages/style.css",
            get(|| async { render::asset("text/css", include_str!("style.css")) }),
        )
        .route(
            "/favicon.ico",
            get(|| async { render::asset("image/svg+xml", include_str!("icon.svg")) }),
        )
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

fn fields(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

/// The shop's page posted the sealed form: it goes on to the bank.
async fn threeds(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let lang = language(&headers);
    let sealed = fields(&body)
        .into_iter()
        .find(|(name, _)| name == "sealed")
        .map(|(_, value)| value);
    match threeds_page::open_posted(&app, &token, sealed.as_deref().unwrap_or("")).await {
        Ok(Some(form)) => render::post(lang, Text::ToBank, &form.action, &form.fields),
        Ok(None) => render::message(StatusCode::NOT_FOUND, lang, Text::Expired),
        Err(problem) => failed(lang, &problem),
    }
}

/// The shop sent the browser to the form that is kept (`redirectUrl`): it goes on to the bank.
async fn threeds_kept(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let lang = language(&headers);
    match threeds_page::open_kept(&app, &token).await {
        Ok(Some(form)) => render::post(lang, Text::ToBank, &form.action, &form.fields),
        Ok(None) => render::message(StatusCode::NOT_FOUND, lang, Text::Expired),
        Err(problem) => failed(lang, &problem),
    }
}

/// The return address was opened. Some banks send the browser back like this, with their fields;
/// without them it was reloaded or looked at by a scanner, and nothing happens.
async fn threeds_opened(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let brought = match is_previewed(&method, &headers) {
        true => Vec::new(),
        false => fields(query.as_deref().unwrap_or("").as_bytes()),
    };
    match three_ds::opened(&app, &token, &brought).await {
        Ok(Some(payment)) => {
            let text = Text::of_payment(payment.status);
            render::message(StatusCode::OK, language(&headers), text)
        }
        Ok(None) => {
            let (state, path, query) = (State(app), Path(token), RawQuery(query));
            threeds_returned(state, path, query, headers, Bytes::new()).await
        }
        Err(problem) => failed(language(&headers), &problem),
    }
}

/// Whether nobody looks at the answer yet: a program asks whether the address is there, or a
/// browser fetches it ahead of a click that may never come.
fn is_previewed(method: &Method, headers: &HeaderMap) -> bool {
    let purpose = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| value.contains("prefetch"))
    };
    method == Method::HEAD || purpose("sec-purpose") || purpose("purpose")
}

/// The bank sent the browser back: it goes on to the shop.
async fn threeds_returned(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let lang = language(&headers);
    let mut brought = fields(query.unwrap_or_default().as_bytes());
    brought.extend(fields(&body));
    // The bank is asked for the whole of it even when the browser goes away.
    let work = tokio::spawn(
        async move {
            let _busy = Arc::clone(&app.busy).read_owned().await;
            three_ds::returned(&app, &token, &brought).await
        }
        .in_current_span(),
    );
    match work.await {
        Ok(Ok(Some(back))) => {
            let url = back.payment.callback_url.clone().unwrap_or_default();
            render::post(lang, Text::ToShop, &url, &callback::threeds(&back))
        }
        Ok(Ok(None)) => render::message(StatusCode::NOT_FOUND, lang, Text::Expired),
        Ok(Err(problem)) => failed(lang, &problem),
        Err(error) => failed(lang, &Problem::unavailable(error.to_string())),
    }
}

/// The lender sent the browser back, as it does, by opening the address.
async fn loan_opened(
    state: State<Arc<App>>,
    path: Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    // The one return that the shop is told of is the shopper's.
    match is_previewed(&method, &headers) {
        true => render::message(StatusCode::OK, language(&headers), Text::LoanNoted),
        false => loan_returned(state, path, headers).await,
    }
}

/// The lender sent the browser back. What it brings is not looked at.
async fn loan_returned(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let lang = language(&headers);
    let work = tokio::spawn(
        async move {
            let _busy = Arc::clone(&app.busy).read_owned().await;
            loan::returned(&app, &token).await
        }
        .in_current_span(),
    );
    match work.await {
        Ok(Ok(Some(back))) => match back.payment.callback_url.clone() {
            Some(url) => render::post(lang, Text::ToShop, &url, &callback::loan(&back)),
            None => render::message(StatusCode::OK, lang, Text::LoanNoted),
        },
        Ok(Ok(None)) => render::message(StatusCode::NOT_FOUND, lang, Text::Expired),
        Ok(Err(problem)) => failed(lang, &problem),
        Err(error) => failed(lang, &Problem::unavailable(error.to_string())),
    }
}

/// The lender notified Galata. Acknowledged only once what it led to is durable.
async fn loan_notified(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let headers: Vec<(String, String)> = headers
        .iter()
        .filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        })
        .collect();
    let work = tokio::spawn(
        async move {
            let _busy = Arc::clone(&app.busy).read_owned().await;
            loan::notified(&app, &token, &headers, &body).await
        }
        .in_current_span(),
    );
    match work.await {
        Ok(Ok(true)) => StatusCode::NO_CONTENT,
        Ok(Ok(false)) => StatusCode::UNAUTHORIZED,
        Ok(Err(problem)) => {
            tracing::error!(?problem, "a lender's notification could not be applied");
            StatusCode::SERVICE_UNAVAILABLE
        }
        Err(error) => {
            tracing::error!(%error, "a lender's notification panicked");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

/// Whether a person looks at the address in a browser: no API call says that it wants a page.
pub fn is_looked_at<B>(request: &http::Request<B>) -> bool {
    let headers = request.headers();
    let accepted = headers.get(http::header::ACCEPT);
    let page = accepted
        .and_then(|accepted| accepted.to_str().ok())
        .is_some_and(|accepted| accepted.contains("text/html"));
    request.method() == http::Method::GET && page && !headers.contains_key("x-api-key")
}

/// A page for an address that nothing has.
pub fn nowhere(headers: &HeaderMap) -> Response {
    render::message(StatusCode::NOT_FOUND, language(headers), Text::Nowhere)
}

fn failed(lang: &'static str, problem: &Problem) -> Response {
    tracing::error!(?problem, "a page could not be shown");
    render::message(StatusCode::SERVICE_UNAVAILABLE, lang, Text::Trouble)
}
