//! Who comes in: the session's cookie, the language, the token that every form carries, and the
//! origin that it must come from.

pub(super) use super::visit::{Guest, Visit, browser_cookie, session_cookie};
use super::visit::{NO_MERCHANT, form_token};
use super::{FORM_BYTES_MAX, render};
use crate::app::App;
pub(super) use crate::cookies::set_cookie;
use crate::net;
use crate::operations::sessions;
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams};
use axum::response::Response;
use contract::rules::Rule;
use http::header::{HOST, LOCATION, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, Request, StatusCode};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// The sign-in page; where everybody goes who is not signed in.
pub(super) const SIGN_IN: &str = "/panel/sign-in";

/// Ends a cookie.
pub(super) fn end_cookie(app: &App, response: &mut Response, name: &str) {
    set_cookie(app, response, name, "", Some(0));
}

/// See other: what a form leads to.
pub(super) fn to(location: &str) -> Response {
    Response::builder()
        .status(StatusCode::SEE_OTHER)
        .header(LOCATION, location)
        .header(http::header::CACHE_CONTROL, "no-store")
        .body(Body::empty())
        .unwrap_or_else(|_| Response::new(Body::empty()))
}

async fn path_params(parts: &mut Parts, app: &Arc<App>) -> Vec<(String, String)> {
    match RawPathParams::from_request_parts(parts, app).await {
        Ok(params) => params
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        Err(_) => Vec::new(),
    }
}

impl FromRequestParts<Arc<App>> for Guest {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        app: &Arc<App>,
    ) -> Result<Guest, Self::Rejection> {
        let params = path_params(parts, app).await;
        Ok(Guest::of(app, parts, params))
    }
}

impl FromRequestParts<Arc<App>> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Visit, Response> {
        let params = path_params(parts, app).await;
        let guest = Guest::of(app, parts, params);
        let Some(token) = guest.token.clone() else {
            return Err(sign_in_first(parts));
        };
        // A page that renews itself says so, and does not keep a session open.
        let active = !parts.headers.contains_key("x-galata-live");
        let visit = match sessions::visit(app, token.expose(), active).await {
            Ok(Some(visit)) => visit,
            Ok(None) => return Err(sign_in_first(parts)),
            Err(problem) => return Err(render::guest_problem(&guest, &problem)),
        };
        Ok(Visit {
            guest,
            user: visit.user,
            form_token: form_token(token.expose(), visit.membership.merchant_id),
            membership: visit.membership,
            memberships: visit.memberships,
            links: app.settings.panel.links.clone(),
        })
    }
}

/// To the sign-in page, and from there back to the page that was asked for.
fn sign_in_first(parts: &Parts) -> Response {
    let wanted = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let back = if parts.method == http::Method::GET && wanted != "/panel" {
        format!(
            "{SIGN_IN}?next={}",
            form_urlencoded::byte_serialize(wanted.as_bytes()).collect::<String>()
        )
    } else {
        SIGN_IN.to_owned()
    };
    to(&back)
}

/// An address to go on to, when it is a page of the panel; the overview otherwise. Anything else
/// could lead to somebody else's site.
pub(super) fn own_page(wanted: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    let ours = wanted == "/panel" || wanted.starts_with("/panel/") || wanted.starts_with("/panel?");
    // Dots may be escaped too: a browser reads them as dots.
    let climbs = wanted.contains("..") || wanted.to_ascii_lowercase().contains("%2e");
    if ours && wanted.bytes().all(plain) && !wanted.contains("//") && !climbs {
        wanted
    } else {
        "/panel"
    }
}

/// The fields of a form that came from a page of ours.
#[derive(Clone)]
pub(super) struct Posted {
    fields: Vec<(String, String)>,
}

impl Posted {
    /// A field, trimmed; empty when it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// A field as it came: passwords may begin with a blank.
    pub(super) fn raw(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// A field that holds something.
    pub(super) fn given(&self, name: &str) -> Option<String> {
        Some(self.text(name))
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }

    /// Every value of a field that may stand several times.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let of_name = self.fields.iter().filter(move |(known, _)| known == name);
        of_name.map(|(_, value)| value.as_str())
    }

    /// Whether a box is ticked.
    pub(super) fn on(&self, name: &str) -> bool {
        !self.raw(name).is_empty()
    }
}

/// A form of somebody who is signed in, before it is known whose page it was on.
pub(super) struct Unproven {
    fields: Vec<(String, String)>,
}

impl Unproven {
    /// The form, when its token is of this visit: this session and this merchant.
    pub(super) fn of(self, visit: &Visit) -> Result<Posted, Problem> {
        if carries(&self.fields, &visit.form_token) {
            Ok(Posted {
                fields: self.fields,
            })
        } else {
            Err(Problem::rule(Rule::FormNotOurs))
        }
    }
}

fn carries(fields: &[(String, String)], token: &str) -> bool {
    let given = fields.iter().find(|(name, _)| name == "form_token");
    let given = given.map_or("", |(_, value)| value);
    !token.is_empty() && bool::from(token.as_bytes().ct_eq(given.as_bytes()))
}

impl FromRequest<Arc<App>> for Unproven {
    type Rejection = Response;

    async fn from_request(request: Request<Body>, app: &Arc<App>) -> Result<Unproven, Response> {
        let (_, fields) = posted(request, app).await?;
        Ok(Unproven { fields })
    }
}

/// A form before a sign-in.
impl FromRequest<Arc<App>> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request<Body>, app: &Arc<App>) -> Result<Posted, Response> {
        // Before the body is read: a stranger's is not waited for in any number.
        let (parts, body) = request.into_parts();
        let client = net::client(&parts, app.settings.behind_proxy);
        let waits = |client| app.rates.sign_in_waits(client, app.now());
        if client.and_then(waits).is_some() {
            let guest = Guest::of(app, &parts, Vec::new());
            let problem = Problem::rule(Rule::SignInLocked);
            return Err(render::guest_problem(&guest, &problem));
        }
        let request = Request::from_parts(parts, body);
        let (guest, fields) = posted(request, app).await?;
        let cookie = guest.form_cookie.as_deref();
        let token = cookie.map(|cookie| form_token(cookie, NO_MERCHANT));
        if token.is_some_and(|token| carries(&fields, &token)) {
            Ok(Posted { fields })
        } else {
            Err(not_ours(&guest))
        }
    }
}

fn not_ours(guest: &Guest) -> Response {
    render::guest_problem(guest, &Problem::rule(Rule::FormNotOurs))
}

/// The fields of a form that a page of this server sent.
async fn posted(
    request: Request<Body>,
    app: &Arc<App>,
) -> Result<(Guest, Vec<(String, String)>), Response> {
    let (parts, body) = request.into_parts();
    let guest = Guest::of(app, &parts, Vec::new());
    if !comes_from_us(&parts.headers, &app.settings.public_urls) {
        return Err(not_ours(&guest));
    }
    let request = Request::from_parts(parts, body);
    let bytes = match axum::body::Bytes::from_request(request, app).await {
        Ok(bytes) => bytes,
        Err(refused) if refused.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let limit = FORM_BYTES_MAX.to_string();
            let problem = Problem::with(Rule::BodyTooLarge, &[("limit", &limit)]);
            return Err(render::guest_problem(&guest, &problem));
        }
        Err(_) => return Err(not_ours(&guest)),
    };
    let fields: Vec<(String, String)> = form_urlencoded::parse(&bytes).into_owned().collect();
    let nul = |(name, value): &(String, String)| name.contains('\0') || value.contains('\0');
    if fields.iter().any(nul) {
        Err(not_ours(&guest))
    } else {
        Ok((guest, fields))
    }
}

/// Whether the browser says that a page of this server posted the form. Browsers send both headers;
/// what sends neither is no browser, and the form's token decides.
fn comes_from_us(headers: &HeaderMap, public_urls: &[String]) -> bool {
    let text = |value: &http::HeaderValue| value.to_str().unwrap_or("").to_owned();
    if let Some(site) = headers.get("sec-fetch-site").map(text)
        && !matches!(site.as_str(), "same-origin" | "none")
    {
        return false;
    }
    let Some(origin) = headers.get(ORIGIN).map(text) else {
        return true;
    };
    let host = headers.get(HOST).map(text).unwrap_or_default();
    let of_url = |url: &str| url::Url::parse(url).ok().map(|url| url.origin());
    let ours = [format!("http://{host}"), format!("https://{host}")];
    let mut ours = ours.iter().chain(public_urls).filter_map(|url| of_url(url));
    of_url(&origin).is_some_and(|origin| ours.any(|known| known == origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_panel_are_gone_on_to() {
        for own in ["/panel", "/panel/payments?status=WAITING", "/panel?lang=en"] {
            assert_eq!(own_page(own), own);
        }
        for other in [
            "https://evil.example",
            "//evil.example",
            "/panel//evil.example",
            "/\\evil.example",
            "/panel/../evil",
            "/panel/%2E%2e/evil",
            "/panelx",
            "javascript:alert(1)",
            "/panel/\r\nset-cookie: a=b",
            "",
        ] {
            assert_eq!(own_page(other), "/panel", "{other}");
        }
    }
}
