//! What the banks show to a browser: one stylesheet with a theme per bank, the templates that every
//! page is made of, and the headers under which they leave. Works without scripts, at phone width.

mod held;
mod index;
mod language;
mod marks;
mod otp;
mod render;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};

pub(crate) use held::{Held, MAX_SECONDS};
pub(crate) use language::{Language, amount, moment, rate};
pub(crate) use otp::{
    Back, Ending, MAX_ATTEMPTS, PASSWORD, back_page, closed_page, dead_end_page, password_page,
};
pub(crate) use render::{Brand, FRAMING_POLICY, POLICY, check, page, protect};
pub(crate) use words::{Words, of as words};

/// The name of the shop behind every account, as the banks have it on file.
pub(crate) const SHOP: &str = "Galata Deneme Mağazası";

/// The simulator's first page, the stylesheet, the script, the marks, and the pages that are held back.
pub(crate) fn router(public_url: &str, held: &Arc<Held>) -> Router {
    let public_url = public_url.to_owned();
    Router::new()
        .route("/", get(async move || index::page_of(&public_url)))
        .route("/bank/pages.css", get(stylesheet))
        .route("/bank/onward.js", get(script))
        .route("/bank/marks/{file}", get(mark))
        .route("/bank/late/{id}", get(held::show))
        .with_state(Arc::clone(held))
}

async fn stylesheet() -> Response {
    asset("text/css; charset=utf-8", include_str!("pages/pages.css"))
}

async fn script() -> Response {
    asset(
        "text/javascript; charset=utf-8",
        include_str!("pages/onward.js"),
    )
}

async fn mark(Path(file): Path<String>) -> Response {
    match file.strip_suffix(".svg").and_then(marks::of_theme) {
        Some(svg) => asset("image/svg+xml", svg),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn asset(kind: &'static str, text: impl IntoResponse) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "max-age=60"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, text).into_response()
}

/// True when a browser may be sent there.
pub(crate) fn is_web_address(url: &str) -> bool {
    (url.starts_with("http://") || url.starts_with("https://"))
        && url.len() <= 2_048
        && !url
            .chars()
            .any(|character| character.is_control() || character == ' ')
}

#[cfg(test)]
mod tests;
