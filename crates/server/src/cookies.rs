//! Cookies of panel and pages: scripts cannot read them, and behind https they go no other way.

use crate::app::App;
use axum::response::Response;
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
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    let mut named = pairs.filter_map(|pair| pair.trim().split_once('='));
    named
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// Adds a cookie. Without seconds it ends with the browser.
pub fn set_cookie(
    app: &App,
    response: &mut Response,
    name: &str,
    value: &str,
    seconds: Option<u32>,
) {
    let mut line = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax");
    if let Some(seconds) = seconds {
        line.push_str(&format!("; Max-Age={seconds}"));
    }
    if is_secure(app) {
        line.push_str("; Secure");
    }
    if let Ok(value) = line.parse() {
        response.headers_mut().append(SET_COOKIE, value);
    }
}
