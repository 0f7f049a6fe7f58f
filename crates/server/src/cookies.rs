//! Cookies of panel, pages and demo shop: scripts cannot read them, and behind https they go no other way.

use crate::app::App;
use axum::response::Response;
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use http::HeaderMap;
use http::header::{COOKIE, SET_COOKIE};

/// Whether browsers reach us by https.
pub fn is_secure(app: &App) -> bool {
    let first = app.settings.public_urls.first();
    first.is_some_and(|url| url.starts_with("https:"))
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let mut cookies = lines.flat_map(Cookie::split_parse).flatten();
    cookies.find(|cookie| cookie.name() == name)?.value_raw()
}

/// Adds a cookie. Without seconds it ends with the browser.
pub fn set_cookie(app: &App, to: &mut Response, name: &str, value: &str, seconds: Option<u32>) {
    add_cookie(to, name, value, seconds, is_secure(app));
}

/// As above; `secure` keeps the cookie to https.
pub fn add_cookie(to: &mut Response, name: &str, value: &str, seconds: Option<u32>, secure: bool) {
    let mut cookie = Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
        .build();
    cookie.set_max_age(seconds.map(|seconds| Duration::seconds(seconds.into())));
    if let Ok(line) = cookie.to_string().parse() {
        to.headers_mut().append(SET_COOKIE, line);
    }
}
