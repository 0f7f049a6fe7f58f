//! What every answer carries, whatever it answers: the request's id, and HSTS behind https.

use crate::app::App;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use connectors::scrub;
use http::HeaderMap;
use http::HeaderValue;
use http::header::{HeaderName, STRICT_TRANSPORT_SECURITY};
use std::sync::Arc;
use tracing::Instrument;

/// Header of the id, in requests and answers.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Characters of an id that a caller or a proxy chose.
const CALLERS_ID_LENGTH: std::ops::RangeInclusive<usize> = 1..=64;
/// A year, as browsers' preload lists ask for at least.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// A request's id in the request log; among the request's extensions.
#[derive(Debug, Clone, Copy)]
pub struct RequestId(pub i64);

/// The id that the caller or a proxy gave it, where there is one; among the request's extensions.
#[derive(Debug, Clone)]
pub struct CallersId(pub String);

/// Gives the request an id, under which it stands in the log and the request log, and the answer its
/// headers. A caller's own id is answered, and stands beside ours in both.
pub async fn carry(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let id = app.next_id();
    let callers = callers_id(request.headers());
    request.extensions_mut().insert(RequestId(id));
    if let Some(callers) = &callers {
        request.extensions_mut().insert(CallersId(callers.clone()));
    }
    // Of the highest level, so that no filter of the log takes the id away from what it shows.
    let span = match &callers {
        Some(callers) => tracing::error_span!("request", id, callers),
        None => tracing::error_span!("request", id),
    };
    let mut response = next.run(request).instrument(span).await;
    let headers = response.headers_mut();
    let told = callers.unwrap_or_else(|| id.to_string());
    if let Ok(told) = HeaderValue::try_from(told) {
        headers.insert(REQUEST_ID, told);
    }
    let first = app.settings.public_urls.first();
    if first.is_some_and(|url| url.starts_with("https:")) {
        headers.insert(STRICT_TRANSPORT_SECURITY, HSTS);
    }
    response
}

/// The id that came along, if it is one: letters, digits, `-`, `_`, `.`, and nothing that looks like
/// a card number.
fn callers_id(headers: &HeaderMap) -> Option<String> {
    let mut given = headers.get_all(REQUEST_ID).iter();
    let (Some(id), None) = (given.next(), given.next()) else {
        return None;
    };
    let id = id.to_str().ok()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let well_formed =
        CALLERS_ID_LENGTH.contains(&id.len()) && id.chars().all(plain) && scrub::words(id) == id;
    well_formed.then(|| id.to_owned())
}
