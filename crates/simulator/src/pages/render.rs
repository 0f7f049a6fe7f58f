//! Templates become pages, with the headers under which every page leaves.

use std::sync::LazyLock;

use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use minijinja::{Environment, Output, State, UndefinedBehavior, Value, context};

use super::words::Words;
use crate::reply;

/// What a page may load. A form may lead anywhere: the shop's address is the shop's.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self'; base-uri 'none'; form-action *";
/// As above, for a page that sends something to the shop in a frame as well.
pub(crate) const FRAMING_POLICY: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self'; img-src 'self'; frame-src http: https:; base-uri 'none'; form-action *";

const TEMPLATES: &[(&str, &str)] = &[
    ("shell.html", include_str!("templates/shell.html")),
    ("otp.html", include_str!("templates/otp.html")),
    ("back.html", include_str!("templates/back.html")),
    ("notice.html", include_str!("templates/notice.html")),
    ("index.html", include_str!("templates/index.html")),
    ("loan.html", include_str!("templates/loan.html")),
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
        return reply::internal_error();
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

/// Whose page it is.
#[derive(Clone, Copy)]
pub(crate) struct Brand {
    pub(crate) theme: &'static str,
    /// The bank's name; empty for no bank in particular.
    pub(crate) name: &'static str,
}

impl Brand {
    /// Of a page that belongs to no bank.
    pub(crate) const PLAIN: Brand = Brand {
        theme: "plain",
        name: "",
    };
}

/// What surrounds every page.
pub(crate) fn frame(words: &Words, brand: Brand) -> Value {
    context! {
        language => words.language.code(),
        theme => brand.theme,
        bank => if brand.name.is_empty() { words.a_bank } else { brand.name },
        badge => words.badge,
        disclaimer => words.disclaimer,
    }
}
