//! How the shop answers: headers, cookies, redirects, and the bank's page as it came.

use super::browser::{LANG_COOKIE, VISITOR_COOKIE, Visit};
use super::state::Shop;
use axum::body::Body;
use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, StatusCode};
use server::cookies::add_cookie;

/// Seconds that a browser keeps its cookies: a week.
const COOKIE_SECONDS: u32 = 604_800;

impl Shop {
    /// Only the shop's own scripts, styles and pictures; forms go to the shop, and after a redirect
    /// to the gateway and the banks.
    pub(super) fn secure(&self, response: &mut Response, scripts: &str) {
        let policy = format!(
            "default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self'; \
             connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' {} {} {}",
            self.place.gateway,
            self.place.simulator,
            self.place.public_url.as_ref().map_or("", url::Url::as_str)
        );
        let headers = response.headers_mut();
        if let Ok(policy) = HeaderValue::try_from(policy) {
            headers.insert(CONTENT_SECURITY_POLICY, policy);
        }
        // Addresses of orders stay here. Not `no-referrer`: forms would have no origin then.
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    }

    /// The page that the gateway made for the browser, as it came. Its one script is allowed by its
    /// hash, so that a changed page would run nothing.
    pub(super) fn bank_html(&self, html: &str, visit: &Visit) -> Response {
        let mut response = uncached(html.to_owned());
        self.secure(&mut response, &script_hashes(html));
        remember(&mut response, visit);
        response
    }
}

/// The sources that allow the inline scripts of a page, and no others.
fn script_hashes(html: &str) -> String {
    use base64::Engine;
    use sha2::{Digest, Sha256};
    let mut sources = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once("<script>") {
        let Some((script, after)) = after.split_once("</script>") else {
            break;
        };
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(script));
        sources.push(format!("'sha256-{hash}'"));
        rest = after;
    }
    if sources.is_empty() {
        "'none'".to_owned()
    } else {
        sources.join(" ")
    }
}

/// HTML that no cache keeps.
pub(super) fn uncached(html: String) -> Response {
    Response::builder()
        .header(CONTENT_TYPE, "text/html; charset=utf-8")
        .header(CACHE_CONTROL, "no-store")
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(Body::from(html))
        .unwrap_or_else(|_| Response::new(Body::empty()))
}

/// After a form: the browser asks for a page, which can be reloaded.
pub(super) fn go_to(address: &str, visit: &Visit) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    if let Ok(address) = HeaderValue::try_from(address) {
        headers.insert(LOCATION, address);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    remember(&mut response, visit);
    response
}

/// On to an order's page.
pub(super) fn go_to_order(id: &str, visit: &Visit) -> Response {
    go_to(&format!("/shop/orders/{id}"), visit)
}

/// Gives the browser the cookies that it lacks.
pub(super) fn remember(response: &mut Response, visit: &Visit) {
    if visit.new {
        remember_as(response, VISITOR_COOKIE, &visit.visitor);
    }
    if visit.chosen {
        remember_as(response, LANG_COOKIE, visit.lang.code());
    }
}

fn remember_as(response: &mut Response, name: &str, value: &str) {
    add_cookie(response, name, value, Some(COOKIE_SECONDS), false);
}

/// A status alone.
pub(super) fn bare(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// A file of the shop.
pub(super) fn asset(kind: &'static str, text: &'static str) -> Response {
    Response::builder()
        .header(CONTENT_TYPE, format!("{kind}; charset=utf-8"))
        .header(CACHE_CONTROL, "public, max-age=300")
        .header(CONTENT_SECURITY_POLICY, "default-src 'none'")
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(Body::from(text))
        .unwrap_or_else(|_| Response::new(Body::empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_are_allowed_by_their_hash() {
        assert_eq!(script_hashes("<p>"), "'none'");
        // printf '%s' 'go()' | openssl dgst -sha256 -binary | openssl base64
        assert_eq!(
            script_hashes("<script>go()</script>")
                .matches("'sha256-")
                .count(),
            1
        );
    }
}
