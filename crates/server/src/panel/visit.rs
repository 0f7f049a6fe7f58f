//! Who looks at a page of the panel: a browser, and the person who signed in with it.

use crate::app::App;
use crate::cookies::{cookie, is_secure, set_cookie};
use crate::net;
use crate::operations::{Actor, Caller, Permission, Principal, Problem, Role};
use crate::setup;
use crate::store::users::{Membership, User};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connectors::scrub;
use contract::card::Secret;
use contract::errors::Language;
use contract::rules::Rule;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use http::request::Parts;
use sha2::Sha256;
use std::net::IpAddr;

/// The session's cookie. Behind https its name keeps other hosts from setting it.
pub(super) fn session_cookie(app: &App) -> &'static str {
    if is_secure(app) {
        "__Host-galata-session"
    } else {
        "galata-session"
    }
}

/// The cookie that tells a browser which its person signed in with before.
pub(super) fn browser_cookie(app: &App) -> &'static str {
    if is_secure(app) {
        "__Host-galata-browser"
    } else {
        "galata-browser"
    }
}

/// The cookie that forms before a sign-in are bound to.
const FORM_COOKIE: &str = "galata-form";
/// The chosen language.
const LANGUAGE_COOKIE: &str = "galata-lang";

/// A request to the panel, signed in or not.
#[derive(Clone)]
pub(super) struct Guest {
    /// Turkish or English.
    pub language: Language,
    /// The session's cookie.
    pub token: Option<Secret>,
    /// Where from.
    pub address: String,
    /// The browser's own address; none behind a proxy that does not name it.
    pub client: Option<IpAddr>,
    /// The cookie of an earlier sign-in.
    pub browser: Option<String>,
    /// The path without its query.
    pub path: String,
    /// This page again, up to the value of `lang`.
    pub here: String,
    /// The query's pairs, decoded.
    pub query: Vec<(String, String)>,
    /// The path's variables.
    params: Vec<(String, String)>,
    /// What forms before a sign-in are bound to.
    pub(super) form_cookie: Option<String>,
    lang_chosen: bool,
}

impl Guest {
    pub(super) fn of(app: &App, head: &Parts, params: Vec<(String, String)>) -> Guest {
        let query: Vec<(String, String)> =
            form_urlencoded::parse(head.uri.query().unwrap_or("").as_bytes())
                .into_owned()
                .filter(|(name, value)| !name.contains('\0') && !value.contains('\0'))
                .collect();
        let asked = query.iter().find(|(name, _)| name == "lang");
        let asked = asked.map(|(_, value)| value.as_str());
        let lang_chosen = matches!(asked, Some("tr" | "en"));
        let chosen = asked.or_else(|| cookie(&head.headers, LANGUAGE_COOKIE));
        let language = match chosen {
            Some("en") => Language::En,
            Some("tr") => Language::Tr,
            _ => preferred(&head.headers),
        };
        Guest {
            language,
            token: cookie(&head.headers, session_cookie(app)).map(Secret::new),
            address: net::peer(head, app.settings.behind_proxy),
            client: net::client(head, app.settings.behind_proxy),
            browser: cookie(&head.headers, browser_cookie(app)).map(str::to_owned),
            path: head.uri.path().to_owned(),
            here: here(head.uri.path(), &query),
            query,
            params,
            form_cookie: cookie(&head.headers, FORM_COOKIE).map(str::to_owned),
            lang_chosen,
        }
    }

    /// A value of the query; empty when it is not there.
    pub(super) fn asked(&self, name: &str) -> &str {
        let found = self.query.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// A variable of the path.
    pub(super) fn param(&self, name: &str) -> &str {
        let found = self.params.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// A variable of the path that is an id.
    pub(super) fn id(&self, name: &'static str) -> Result<i64, Problem> {
        contract::id::parse(self.param(name)).ok_or_else(|| Problem::rule(Rule::UnknownRoute))
    }

    /// The token of forms before a sign-in, and the cookie to be set when there is none yet.
    pub(super) fn form_token(&self) -> (String, Option<String>) {
        match &self.form_cookie {
            Some(cookie) => (form_token(cookie, NO_MERCHANT), None),
            None => {
                let cookie = crate::random::token();
                (form_token(&cookie, NO_MERCHANT), Some(cookie))
            }
        }
    }

    /// Remembers what the browser is to remember: the language that was asked for, and the cookie
    /// of forms before a sign-in.
    pub(super) fn remember(&self, app: &App, response: &mut Response, form_cookie: Option<&str>) {
        const YEAR: u32 = 365 * 24 * 60 * 60;
        if self.lang_chosen {
            let lang = self.language.tag();
            set_cookie(app, response, LANGUAGE_COOKIE, lang, Some(YEAR));
        }
        if let Some(cookie) = form_cookie {
            set_cookie(app, response, FORM_COOKIE, cookie, None);
        }
    }
}

/// The address of a page up to the value of `lang`, with everything else that was asked of it.
fn here(path: &str, query: &[(String, String)]) -> String {
    let mut again = form_urlencoded::Serializer::new(String::new());
    // What was done a moment ago is not done once more, and no page repeats a card number.
    let kept = query.iter().filter(|(name, value)| {
        name != "lang" && name != "done" && scrub::words(value) == value.trim()
    });
    again.extend_pairs(kept);
    let again = again.finish();
    if again.is_empty() {
        format!("{path}?lang=")
    } else {
        format!("{path}?{again}&lang=")
    }
}

fn preferred(headers: &HeaderMap) -> Language {
    let accepted = headers.get(http::header::ACCEPT_LANGUAGE);
    Language::of_browser(accepted.and_then(|value| value.to_str().ok()))
}

/// Of forms before a sign-in.
pub(super) const NO_MERCHANT: i64 = 0;

/// What a form must carry to come from a page that was shown to this browser: bound to its cookie,
/// which other sites can neither read nor, with `SameSite`, send; and to the merchant whose page it
/// was, so that a form of one tab does nothing to the merchant that another tab opened.
pub(super) fn form_token(cookie: &str, merchant_id: i64) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(cookie.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("galata form {merchant_id}").as_bytes());
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// A request of somebody who is signed in.
#[derive(Clone)]
pub(super) struct Visit {
    /// The request.
    pub guest: Guest,
    /// Who.
    pub user: User,
    /// The merchant whose panel is open.
    pub membership: Membership,
    /// All merchants that they serve.
    pub memberships: Vec<Membership>,
    /// What every form on the page carries.
    pub form_token: String,
    /// More entries of the developer's menu: path and names.
    pub links: Vec<(String, String, String)>,
}

impl std::ops::Deref for Visit {
    type Target = Guest;

    fn deref(&self) -> &Guest {
        &self.guest
    }
}

impl Visit {
    /// The merchant whose panel is open.
    pub(super) fn merchant_id(&self) -> i64 {
        self.membership.merchant_id
    }

    /// What the person is here.
    pub(super) fn role(&self) -> Role {
        self.membership.role
    }

    /// Whether a control is worth showing; the operation decides again.
    pub(super) fn may(&self, permission: Permission) -> bool {
        self.role().allows(permission)
    }

    /// Who does it, for operations.
    pub(super) fn by(&self) -> Actor {
        Actor {
            principal: Principal::User {
                id: self.user.id,
                email: self.user.email.clone(),
                role: self.role(),
            },
            address: self.guest.address.clone(),
        }
    }

    /// As a caller of the API's operations.
    pub(super) async fn caller(&self, app: &App) -> Result<Caller, Problem> {
        let merchant = setup::merchant(app, self.merchant_id()).await?;
        Ok(Caller {
            claims: setup::no_claims(merchant.id),
            merchant: merchant.into(),
            language: self.guest.language,
            by: self.by(),
        })
    }
}
