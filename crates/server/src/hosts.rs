//! Which hosts the server answers for, when the program around it says so. A page of a stranger whose
//! name leads to this machine would otherwise be a page of ours to a browser.

use crate::app::App;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::HOST;
use std::net::IpAddr;
use std::sync::Arc;

/// Refuses a request that names somebody else's host. Without [`crate::app::Settings::hosts`] every
/// host is answered; addresses and `localhost` always are, for no name server leads them elsewhere.
pub async fn own_only(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let named = request.headers().get(HOST);
    let named = named.and_then(|host| host.to_str().ok());
    match (&app.settings.hosts, named) {
        (Some(own), Some(host)) if !is_own(host, own) => (
            StatusCode::MISDIRECTED_REQUEST,
            "This server answers for addresses, localhost and the host of --public-url only.\n",
        )
            .into_response(),
        _ => next.run(request).await,
    }
}

fn is_own(host: &str, own: &[String]) -> bool {
    let Ok(named) = host.parse::<http::uri::Authority>() else {
        return false;
    };
    let name = named.host().trim_matches(['[', ']']);
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok()
        || own.iter().any(|own| own.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn a_strangers_name_is_not_ours() {
        let own = ["pay.example".to_owned()];
        for host in [
            "127.0.0.1:1",
            "[::1]:8080",
            "localhost:1",
            "pay.example",
            "PAY.example:443",
        ] {
            assert!(is_own(host, &own), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil",
            "pay.example.evil:1",
            "",
            "a b",
        ] {
            assert!(!is_own(host, &own), "{host}");
        }
    }
}
