//! Templates, files, headers and the two languages of the shop.

use super::browser::{LANG_COOKIE, VISITOR_COOKIE, Visit};
use super::{Shop, amounts, calls};
use axum::body::Body;
use axum::extract::{self, Path};
use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use minijinja::value::Value;
use minijinja::{Environment, State, UndefinedBehavior, context};
use std::sync::Arc;

/// Seconds that a browser keeps its cookies: a week.
const COOKIE_SECONDS: u32 = 604_800;

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lang {
    Tr,
    En,
}

impl Lang {
    /// Of `tr` or `en`.
    pub(super) fn of_code(code: &str) -> Option<Lang> {
        match code {
            "tr" => Some(Lang::Tr),
            "en" => Some(Lang::En),
            _ => None,
        }
    }

    /// `tr` or `en`.
    pub(super) fn code(self) -> &'static str {
        match self {
            Lang::Tr => "tr",
            Lang::En => "en",
        }
    }

    /// The one of two texts that is in this language.
    pub(super) fn of<'a>(self, tr: &'a str, en: &'a str) -> &'a str {
        match self {
            Lang::Tr => tr,
            Lang::En => en,
        }
    }
}

/// The templates.
pub(super) struct Pages(Environment<'static>);

const TEMPLATES: [(&str, &str); 10] = [
    ("layout.html", include_str!("templates/layout.html")),
    ("catalogue.html", include_str!("templates/catalogue.html")),
    ("checkout.html", include_str!("templates/checkout.html")),
    ("rewards.html", include_str!("templates/rewards.html")),
    ("order.html", include_str!("templates/order.html")),
    ("orders.html", include_str!("templates/orders.html")),
    ("message.html", include_str!("templates/message.html")),
    ("calls.html", include_str!("templates/calls.html")),
    ("cards.html", include_str!("templates/cards.html")),
    ("faults.html", include_str!("templates/faults.html")),
];

impl Pages {
    /// Reads the templates. Names end in `.html`, so every value is escaped. The error names the
    /// template that cannot be read, and its line.
    pub(super) fn new() -> Result<Pages, String> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        for (name, text) in TEMPLATES {
            let added = environment.add_template(name, text);
            added.map_err(|error| error.to_string())?;
        }
        environment.add_function("t", |state: &State, tr: String, en: String| {
            lang_of(state).of(&tr, &en).to_owned()
        });
        environment.add_filter("money", |state: &State, kurus: i64| {
            amounts::spelled(kurus, lang_of(state))
        });
        Ok(Pages(environment))
    }

    /// A piece of HTML.
    pub(super) fn fragment(&self, name: &str, lang: Lang, values: Value) -> String {
        let values = context! { lang => lang.code(), ..values };
        let html = self
            .0
            .get_template(name)
            .and_then(|template| template.render(values));
        html.unwrap_or_else(|error| {
            tracing::error!(
                error = format!("{error:#}"),
                name,
                "a page cannot be rendered"
            );
            String::new()
        })
    }
}

fn lang_of(state: &State) -> Lang {
    let code = state.lookup("lang");
    let code = code.as_ref().and_then(|code| code.as_str());
    code.and_then(Lang::of_code).unwrap_or(Lang::Tr)
}

/// A page of the shop.
pub(super) struct Page<'a> {
    /// Template of what is in the middle.
    pub(super) name: &'a str,
    pub(super) title: &'a str,
    pub(super) values: Value,
    /// Address that tells whether something changed, and what is shown now.
    pub(super) watch: Option<(String, u64)>,
    pub(super) status: StatusCode,
    /// The list of calls stands beside it.
    pub(super) with_calls: bool,
}

impl Shop {
    /// Answers a page, with the calls beside it.
    pub(super) fn page(&self, visit: &Visit, page: Page<'_>) -> Response {
        let lang = visit.lang;
        let body = self.pages.fragment(page.name, lang, page.values);
        let (list, newest) = calls::list(self, &visit.visitor, lang, 0);
        let pieces = {
            let store = self.store();
            store.visitor(&visit.visitor).map_or(0, |v| v.cart.pieces())
        };
        let values = context! {
            title => page.title,
            body => Value::from_safe_string(body),
            calls => Value::from_safe_string(list),
            newest,
            pieces,
            with_calls => page.with_calls,
            watch => page.watch.as_ref().map(|(address, _)| address),
            version => page.watch.as_ref().map(|(_, version)| version),
        };
        let html = self.pages.fragment("layout.html", lang, values);
        let mut response = cached_never(html);
        *response.status_mut() = page.status;
        self.secure(&mut response, "'self'");
        remember(&mut response, visit);
        response
    }

    /// A page that says something and leads on.
    pub(super) fn says(
        &self,
        visit: &Visit,
        status: StatusCode,
        title: &str,
        text: &str,
    ) -> Response {
        self.page(
            visit,
            Page {
                name: "message.html",
                title,
                values: context! { title, text },
                watch: None,
                status,
                with_calls: true,
            },
        )
    }

    /// Only the shop's own scripts, styles and pictures; forms go to the shop, and after a redirect
    /// to the gateway and the banks.
    fn secure(&self, response: &mut Response, scripts: &str) {
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
        let mut response = cached_never(html.to_owned());
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
    match sources.is_empty() {
        true => "'none'".to_owned(),
        false => sources.join(" "),
    }
}

/// HTML that no cache keeps.
pub(super) fn cached_never(html: String) -> Response {
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

fn remember(response: &mut Response, visit: &Visit) {
    let mut cookies = Vec::new();
    if visit.new {
        cookies.push((VISITOR_COOKIE, visit.visitor.as_str()));
    }
    if visit.chosen {
        cookies.push((LANG_COOKIE, visit.lang.code()));
    }
    for (name, value) in cookies {
        let line =
            format!("{name}={value}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Lax");
        if let Ok(line) = HeaderValue::try_from(line) {
            response.headers_mut().append(SET_COOKIE, line);
        }
    }
}

/// A bare refusal.
pub(super) fn refused(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// `GET /shop/{file}`.
pub(super) async fn file(
    extract::State(shop): extract::State<Arc<Shop>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    match name.as_str() {
        "shop.css" => asset("text/css", include_str!("shop.css")),
        "shop.js" => asset("text/javascript", include_str!("shop.js")),
        _ => nowhere(&shop, &Visit::of(&headers, None)),
    }
}

/// A page for an address that the shop does not have.
fn nowhere(shop: &Shop, visit: &Visit) -> Response {
    let lang = visit.lang;
    shop.says(
        visit,
        StatusCode::NOT_FOUND,
        lang.of("Böyle bir sayfa yok", "There is no such page"),
        lang.of(
            "Adresi kontrol edin ya da ürünlere dönün.",
            "Please check the address, or go back to the products.",
        ),
    )
}

/// `GET /shop/img/{file}`.
pub(super) async fn picture(Path(name): Path<String>) -> Response {
    let text = match name.as_str() {
        "phone.svg" => include_str!("img/phone.svg"),
        "laptop.svg" => include_str!("img/laptop.svg"),
        "tv.svg" => include_str!("img/tv.svg"),
        "washer.svg" => include_str!("img/washer.svg"),
        "chair.svg" => include_str!("img/chair.svg"),
        "coffee.svg" => include_str!("img/coffee.svg"),
        "shoes.svg" => include_str!("img/shoes.svg"),
        "book.svg" => include_str!("img/book.svg"),
        "bridge.svg" => include_str!("img/bridge.svg"),
        _ => return refused(StatusCode::NOT_FOUND),
    };
    asset("image/svg+xml", text)
}

fn asset(kind: &'static str, text: &'static str) -> Response {
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
    fn every_template_can_be_read() {
        let pages = Pages::new().unwrap();
        for (name, _) in TEMPLATES {
            assert!(pages.0.get_template(name).is_ok(), "{name}");
        }
    }

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
