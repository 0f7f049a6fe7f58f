//! Templates, their two languages, headers and files.

use super::visit::{Guest, Visit};
use super::{format, words};
use crate::operations::{Permission, Problem};
use axum::body::Body;
use axum::extract::Path;
use axum::response::Response;
use contract::enums::Currency;
use contract::errors::Language;
use contract::rules::Rule;
use http::StatusCode;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use minijinja::{AutoEscape, Environment, State, UndefinedBehavior, Value, context};
use std::sync::LazyLock;

/// Nothing but our own files; no frame may hold a page, no form may go elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

macro_rules! templates {
    ($($name:literal),+ $(,)?) => {
        [$((
            $name,
            include_str!(concat!("templates/", $name)),
            include_str!(concat!("samples/", $name, ".json")),
        )),+]
    };
}

/// Names, texts and samples. A sample is the JSON of what a page hands over to its template, beside
/// what the frame does (`frame.json`); the start renders every template with its own.
const TEXTS: &[(&str, &str, &str)] = &templates![
    "account.html",
    "apm.html",
    "apms.html",
    "audit.html",
    "autopilot.html",
    "bare.html",
    "base.html",
    "bins.html",
    "cards.html",
    "commissions.html",
    "confirm.html",
    "double_submits.html",
    "doubts.html",
    "forgot.html",
    "forms.html",
    "key_made.html",
    "keys.html",
    "link.html",
    "link_made.html",
    "overview.html",
    "overview_figures.html",
    "payment.html",
    "payment_parts.html",
    "payment_state.html",
    "payments.html",
    "people.html",
    "pos.html",
    "poses.html",
    "problem.html",
    "reconciliation.html",
    "reports.html",
    "request.html",
    "requests.html",
    "requests_rows.html",
    "routing_dry_run.html",
    "routing_rule.html",
    "routing_rules.html",
    "settings.html",
    "sign_in.html",
    "tested.html",
    "totp.html",
    "webhook.html",
    "webhook_state.html",
    "webhooks.html",
];

static TEMPLATES: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    for (name, text, _) in TEXTS {
        environment.add_template(name, text)?;
    }
    environment.add_function(
        "say",
        |state: &State, tr: String, en: String| match language_of(state) {
            Language::Tr => tr,
            Language::En => en,
        },
    );
    environment.add_filter("word", |state: &State, spelling: String| {
        words::word(language_of(state), &spelling)
    });
    environment.add_filter("heard", |state: &State, text: String| {
        words::heard(language_of(state), &text)
    });
    environment.add_filter("bank", |code: String| {
        let known = code.parse().ok().and_then(connectors::directory::bank_name);
        known.map_or(code.clone(), str::to_owned)
    });
    environment.add_filter("tone", |spelling: String| words::tone(&spelling));
    environment.add_filter("number", |state: &State, value: i64| {
        format::number(language_of(state), value)
    });
    environment.add_filter("took", |state: &State, milliseconds: i64| {
        format::took(language_of(state), milliseconds)
    });
    environment.add_filter("money", |state: &State, minor: i64, currency: String| {
        let currency = currency.parse().unwrap_or(Currency::Try);
        format::money(language_of(state), minor, currency)
    });
    environment.add_filter("share", |state: &State, part: i64, whole: i64| {
        format::share(language_of(state), part, whole)
    });
    environment.add_filter("day", |state: &State, time: String| {
        time.parse()
            .map(|time| format::day(language_of(state), time))
            .unwrap_or(time)
    });
    environment.add_filter("moment", |state: &State, time: String| {
        time.parse()
            .map(|time| format::moment(language_of(state), time))
            .unwrap_or(time)
    });
    environment.add_filter("instant", |state: &State, time: String| {
        time.parse()
            .map(|time| format::instant(language_of(state), time))
            .unwrap_or(time)
    });
    environment.add_filter("machine", |time: String| {
        time.parse().map(format::machine).unwrap_or(time)
    });
    Ok(environment)
});

/// Reads every template and renders it with its sample in both languages. The error names the
/// template and its line.
pub(super) fn check() -> Result<(), String> {
    let environment = TEMPLATES.as_ref().map_err(minijinja::Error::to_string)?;
    check_all(environment)
}

fn check_all(environment: &Environment) -> Result<(), String> {
    let null = context! { null => () };
    let read = |name: &str, json| {
        let sample = environment.compile_expression(json);
        let sample = sample.and_then(|sample| sample.eval(null.clone()));
        sample.map_err(|error| format!("the sample of {name}: {error}"))
    };
    let frame = read("the frame", include_str!("samples/frame.json"))?;
    for (name, _, sample) in TEXTS {
        let sample = read(name, sample)?;
        for lang in ["tr", "en"] {
            let values = context! { lang, ..context! { ..sample.clone(), ..frame.clone() } };
            let template = environment.get_template(name);
            let rendered = template.and_then(|template| template.render(values));
            rendered.map_err(|error| format!("{name}: {error}"))?;
        }
    }
    Ok(())
}

fn rendered(template: &str, values: Value) -> Result<String, String> {
    let environment = TEMPLATES.as_ref().map_err(minijinja::Error::to_string)?;
    let page = environment.get_template(template);
    page.and_then(|page| page.render(values))
        .map_err(|error| error.to_string())
}

fn language_of(state: &State) -> Language {
    match state.lookup("lang").as_ref().and_then(Value::as_str) {
        Some("en") => Language::En,
        _ => Language::Tr,
    }
}

/// A page of somebody who is signed in: the values of the page beside those of the frame.
pub(super) fn page(visit: &Visit, template: &str, values: Value) -> Response {
    with_status(StatusCode::OK, visit, template, values)
}

/// A page of somebody who is signed in, with a status.
pub(super) fn with_status(
    status: StatusCode,
    visit: &Visit,
    template: &str,
    values: Value,
) -> Response {
    html(status, template, context! { ..values, ..frame(visit) })
}

/// What the frame around every page needs: who, where, and which entries of the menu to show.
fn frame(visit: &Visit) -> Value {
    let may: Vec<String> = Permission::ALL
        .into_iter()
        .filter(|permission| visit.may(*permission))
        .map(|permission| format!("{permission:?}"))
        .collect();
    context! {
        lang => visit.language.tag(),
        path => &visit.path,
        here => &visit.here,
        form_token => &visit.form_token,
        user => context! { email => &visit.user.email, name => &visit.user.name },
        role => visit.role().as_str(),
        merchant => context! { id => visit.membership.merchant_id, name => &visit.membership.merchant_name },
        merchants => visit.memberships.iter().map(|one| context! { id => one.merchant_id, name => &one.merchant_name }).collect::<Vec<_>>(),
        may,
        links => visit.links.iter().map(|(path, tr, en)| context! { path, tr, en }).collect::<Vec<_>>(),
        done => visit.asked("done"),
    }
}

/// A page of somebody who is not signed in.
pub(super) fn guest_page(
    status: StatusCode,
    guest: &Guest,
    template: &str,
    values: Value,
) -> Response {
    let frame = context! { lang => guest.language.tag(), path => &guest.path, here => &guest.here };
    html(status, template, context! { ..values, ..frame })
}

/// What a problem says to a person: the field that it names, and its text.
pub(super) fn told(language: Language, problem: &Problem) -> (String, String) {
    match problem {
        Problem::Rule { rule, values } => {
            let pairs: Vec<(&str, &str)> = values
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let field = values.iter().find(|(name, _)| *name == "field");
            let field = field.map_or(String::new(), |(_, value)| value.clone());
            (field, rule.text(language, &pairs))
        }
        Problem::Failed { failure, .. } => {
            let text = failure.group.text(language).to_owned();
            let bank = failure.provider_message.clone().unwrap_or_default();
            let said = if bank.is_empty() { text } else { format!("{text} ({bank})") };
            (String::new(), said)
        }
        Problem::Doubt { .. } => (
            String::new(),
            match language {
                Language::Tr => "Bankanın cevabı bilinmiyor. Ödeme beklemede; sonuç sorulmaya devam edecek.",
                Language::En => "The bank's answer is not known. The payment waits; the outcome will be asked for.",
            }
            .to_owned(),
        ),
        Problem::UnderWay { .. } => (String::new(), Rule::MoveUnderWay.text(language, &[])),
        Problem::Moved | Problem::Unavailable(_) => {
            (String::new(), Rule::Unavailable.text(language, &[]))
        }
    }
}

/// The status that fits a problem.
pub(super) fn status_of(problem: &Problem) -> StatusCode {
    let status = match problem {
        Problem::Rule { rule, .. } => rule.status(),
        Problem::Failed { .. } | Problem::Doubt { .. } => 422,
        Problem::UnderWay { .. } => Rule::MoveUnderWay.status(),
        Problem::Moved | Problem::Unavailable(_) => 503,
    };
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A problem as a page of its own.
pub(super) fn problem(visit: &Visit, problem: &Problem) -> Response {
    if let Problem::Unavailable(why) = problem {
        tracing::error!(%why, path = connectors::scrub::target(&visit.path), "a page could not be shown");
    }
    let (_, text) = told(visit.language, problem);
    let status = status_of(problem);
    let forbidden = matches!(
        problem,
        Problem::Rule {
            rule: Rule::RoleForbids,
            ..
        }
    );
    let values = context! { text, forbidden, status => status.as_u16() };
    with_status(status, visit, "problem.html", values)
}

/// A problem of somebody who is not signed in.
pub(super) fn guest_problem(guest: &Guest, problem: &Problem) -> Response {
    if let Problem::Unavailable(why) = problem {
        // Not the path: it may hold a link that is still unused.
        tracing::error!(%why, "a page could not be shown");
    }
    let (_, text) = told(guest.language, problem);
    guest_page(status_of(problem), guest, "bare.html", context! { text })
}

/// No such page.
pub(super) fn not_found(visit: &Visit) -> Response {
    problem(visit, &Problem::rule(Rule::UnknownRoute))
}

fn html(status: StatusCode, template: &str, values: Value) -> Response {
    let (status, text) = match rendered(template, values) {
        Ok(text) => (status, text),
        Err(error) => {
            tracing::error!(error, template, "a page cannot be rendered");
            (StatusCode::INTERNAL_SERVER_ERROR, "500".to_owned())
        }
    };
    headed(status, "text/html; charset=utf-8", "no-store")
        .body(Body::from(text))
        .unwrap_or_else(|_| Response::new(Body::empty()))
}

/// The headers of every answer.
pub(super) fn headed(
    status: StatusCode,
    content_type: &str,
    cache: &str,
) -> http::response::Builder {
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, content_type)
        .header(CACHE_CONTROL, cache)
        .header(CONTENT_SECURITY_POLICY, POLICY)
        .header(REFERRER_POLICY, "strict-origin")
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(X_FRAME_OPTIONS, "DENY")
        .header(
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        )
}

/// Stylesheet, script and picture.
pub(super) async fn asset(Path(name): Path<String>) -> Response {
    let (kind, text) = match name.as_str() {
        "panel.css" => ("text/css", include_str!("assets/panel.css")),
        "panel.js" => ("text/javascript", include_str!("assets/panel.js")),
        "galata.svg" => ("image/svg+xml", include_str!("assets/galata.svg")),
        _ => {
            return headed(StatusCode::NOT_FOUND, "text/plain", "no-store")
                .body(Body::empty())
                .unwrap_or_else(|_| Response::new(Body::empty()));
        }
    };
    headed(
        StatusCode::OK,
        &format!("{kind}; charset=utf-8"),
        "public, max-age=600",
    )
    .body(Body::from(text))
    .unwrap_or_else(|_| Response::new(Body::empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_renders_with_its_sample() {
        check().unwrap();
    }

    #[test]
    fn a_misspelt_name_of_a_value_a_filter_or_a_block_stops_the_start() {
        for text in [
            "{{ paymnt.id }}",
            "{{ payment.identity }}",
            "{{ id | mony }}",
            "{{ forms.token(form_token) }}",
            "{% extends \"bas.html\" %}",
        ] {
            let mut environment = TEMPLATES.as_ref().unwrap().clone();
            environment.add_template("payment.html", text).unwrap();
            let error = check_all(&environment).unwrap_err();
            assert!(error.starts_with("payment.html: "), "{text}: {error}");
        }
    }
}
