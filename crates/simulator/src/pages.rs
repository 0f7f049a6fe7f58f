//! What the banks show to a browser: one stylesheet with a theme per bank, the templates that every
//! page is made of, and the headers under which they leave. Works without scripts, at phone width.

mod held;
mod index;
mod language;
mod marks;
mod otp;
mod words;

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use minijinja::{Environment, Output, State, UndefinedBehavior, Value};

use crate::App;

pub(crate) use held::{Held, MAX_SECONDS};
pub(crate) use index::index;
pub(crate) use language::{Language, amount, moment, rate};
pub(crate) use otp::{Ask, Back, Ending, ask, back, closed, refused};
pub(crate) use words::of as words;

/// What a page may load. A form may lead anywhere: the shop's address is the shop's.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self'; base-uri 'none'; form-action *";
/// As above, for a page that sends something to the shop in a frame as well.
pub(crate) const FRAMING_POLICY: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self'; img-src 'self'; frame-src http: https:; base-uri 'none'; form-action *";

/// The name of the shop behind every account, as the banks have it on file.
pub(crate) const SHOP: &str = "Galata Deneme Mağazası";

const TEMPLATES: &[(&str, &str)] = &[
    ("shell.html", include_str!("pages/templates/shell.html")),
    ("otp.html", include_str!("pages/templates/otp.html")),
    ("back.html", include_str!("pages/templates/back.html")),
    ("notice.html", include_str!("pages/templates/notice.html")),
    ("index.html", include_str!("pages/templates/index.html")),
    ("loan.html", include_str!("pages/templates/loan.html")),
];

static ENVIRONMENT: LazyLock<Result<Environment<'static>, minijinja::Error>> =
    LazyLock::new(|| {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_formatter(write_escaped);
        for (name, source) in TEMPLATES {
            environment.add_template(name, source)?;
        }
        Ok(environment)
    });

/// Escapes for HTML text and quoted attributes. Unlike the engine's own way it leaves a slash
/// alone, so that addresses and base64 stay readable in the page's source.
fn write_escaped(
    output: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), minijinja::Error> {
    let Some(text) = value.as_str().filter(|_| !value.is_safe()) else {
        return minijinja::escape_formatter(output, state, value);
    };
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    output.write_str(&escaped).map_err(minijinja::Error::from)
}

/// The stylesheet, the script and the marks.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/bank/pages.css", get(stylesheet))
        .route("/bank/onward.js", get(script))
        .route("/bank/marks/{file}", get(mark))
        .route("/bank/late/{id}", get(held::show))
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

/// Reads the templates; the error names the one that cannot be read.
pub(crate) fn check() -> Result<(), String> {
    let environment = ENVIRONMENT.as_ref();
    environment.map(|_| ()).map_err(ToString::to_string)
}

/// The page as HTML; a template that fails says so in the log.
pub(crate) fn html(template: &str, context: &Value) -> Option<String> {
    let environment = ENVIRONMENT.as_ref();
    let rendered = environment.map_or_else(
        |error| Err(error.to_string()),
        |environment| {
            let page = environment.get_template(template);
            page.and_then(|page| page.render(context))
                .map_err(|error| error.to_string())
        },
    );
    match rendered {
        Ok(html) => Some(html),
        Err(error) => {
            tracing::error!(error, template, "a bank's page does not render");
            None
        }
    }
}

/// A page, with all its headers.
pub(crate) fn page(
    status: StatusCode,
    template: &str,
    context: &Value,
    policy: &'static str,
) -> Response {
    let Some(html) = html(template, context) else {
        return crate::reply::internal_error();
    };
    let mut response = (status, Html(html)).into_response();
    protect(response.headers_mut(), policy);
    response
}

/// The headers under which every page leaves.
pub(crate) fn protect(headers: &mut HeaderMap, policy: &'static str) {
    let wanted: [(HeaderName, &'static str); 4] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in wanted {
        headers.insert(name, HeaderValue::from_static(value));
    }
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
