//! Who is let in: browsers only where they name one of our own hosts, and to the control API only what
//! a page of another site cannot send. A name that somebody else's server leads to this machine is
//! not ours.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, header};
use serde_json::json;

/// Refuses a stranger's host, and a POST to the control API without JSON's content type.
pub(crate) async fn guard(State(own): State<Arc<str>>, request: Request, next: Next) -> Response {
    let host = text(request.headers(), header::HOST);
    if host.is_some_and(|host| !is_own(host, &own)) {
        let why = "this simulator answers for addresses, localhost and its own host only";
        return refusal(StatusCode::MISDIRECTED_REQUEST, why);
    }
    let control = request.uri().path().starts_with("/control/");
    if control && request.method() == Method::POST && !is_json(request.headers()) {
        let why = "content-type: application/json is required";
        return refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, why);
    }
    next.run(request).await
}

fn refusal(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": why }))).into_response()
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = text(headers, header::CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

/// An address, which no name server can turn to us; this machine's own name; or the public one.
fn is_own(host: &str, own: &str) -> bool {
    let Ok(named) = host.parse::<http::uri::Authority>() else {
        return false;
    };
    let name = named.host().trim_matches(['[', ']']);
    let local = name.eq_ignore_ascii_case("localhost");
    local || name.parse::<IpAddr>().is_ok() || name.eq_ignore_ascii_case(own)
}

/// The host of the simulator's own base URL.
pub(crate) fn host_of(url: &str) -> Arc<str> {
    let uri: Option<http::Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(http::Uri::host).unwrap_or_default();
    host.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_our_own_names_are_ours() {
        for host in [
            "127.0.0.1:1",
            "[::1]:8080",
            "localhost",
            "LOCALHOST:2",
            "bank.example:3",
        ] {
            assert!(is_own(host, "bank.example"), "{host}");
        }
        for host in [
            "evil.example",
            "bank.example.evil",
            "localhost.evil:1",
            "",
            "a b",
        ] {
            assert!(!is_own(host, "bank.example"), "{host}");
        }
        assert_eq!(&*host_of("http://pay.example:1/x"), "pay.example");
    }
}
