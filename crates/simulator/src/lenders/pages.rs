//! The pages that a shopper's browser sees: choosing a bank, filling in what is missing, and the
//! decision, which here the shopper makes for the bank. No script; the address's token is the key.

use super::ledger::Key;
use super::loan::{ASSESSMENT_SECONDS, Decision, Loan, Missing, Rejection, State};
use super::plan::Plan;
use super::wire::Refusal;
use super::words::{self, Words};
use super::{Inner, banks, buyer, notify};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Path, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use minijinja::value::Serde;
use serde::Deserialize;
use std::sync::Arc;

const FORM_BYTES_MAX: usize = 8 * 1024;
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'";

/// What the page's form brings.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Answer {
    action: String,
    bank_code: String,
    term: String,
    identity_number: String,
    phone_number: String,
    birth_date: String,
}

pub(crate) fn router() -> Router<Arc<Inner>> {
    Router::new()
        .route("/lender/pages/{token}", get(show).post(answer))
        .route("/lender/icons/{file}", get(icon))
        .route("/lender/looks/{file}", get(look))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

/// The templates; their names end in `.html`, so every value is escaped.
pub(crate) fn templates() -> Result<minijinja::Environment<'static>, String> {
    let mut templates = minijinja::Environment::new();
    templates
        .add_template("page.html", include_str!("pages/page.html"))
        .map_err(|error| format!("the lender's page does not compile: {error}"))?;
    Ok(templates)
}

async fn show(
    Shared(inner): Shared<Arc<Inner>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let words = words_of(&headers);
    match inner.ledger.find(Key::Token(&token), inner.now_ms()) {
        Ok(Some(loan)) => page(&inner, words, &loan, &Answer::default(), &[]),
        Ok(None) => notice(&inner, words, StatusCode::NOT_FOUND, words.not_found),
        Err(_) => notice(&inner, words, StatusCode::SERVICE_UNAVAILABLE, words.failed),
    }
}

async fn answer(
    Shared(inner): Shared<Arc<Inner>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    Form(answer): Form<Answer>,
) -> Response {
    let words = words_of(&headers);
    let loan = match inner.ledger.find(Key::Token(&token), inner.now_ms()) {
        Ok(Some(loan)) => loan,
        Ok(None) => return notice(&inner, words, StatusCode::NOT_FOUND, words.not_found),
        Err(_) => return notice(&inner, words, StatusCode::SERVICE_UNAVAILABLE, words.failed),
    };
    // Answered before, or given up: the first result stands.
    if loan.state != State::Pending || answer.action == "close" {
        return back_to_shop(&loan);
    }
    let decision = match answer.action.as_str() {
        "" => return choose_bank(&inner, words, &loan, &answer),
        "approve" => Decision::Agree,
        "assess" => Decision::Assess(ASSESSMENT_SECONDS),
        "decline" => Decision::Reject(Rejection {
            code: "BANK_REJECTED".to_owned(),
            message: "Başvuru uygun bulunmadı".to_owned(),
        }),
        _ => return page(&inner, words, &loan, &answer, &[]),
    };
    let errors = match decision {
        Decision::Reject(_) => Vec::new(),
        _ => errors_of(&inner, words, &loan, &answer),
    };
    if !errors.is_empty() {
        return page(&inner, words, &loan, &answer, &errors);
    }
    decide(&inner, words, &token, decision, answer.term.parse().ok()).await
}

async fn decide(
    inner: &Arc<Inner>,
    words: &Words,
    token: &str,
    decision: Decision,
    term: Option<u16>,
) -> Response {
    let now = inner.now_ms();
    let decided = inner.ledger.change(Key::Token(token), now, |loan| {
        // Two answers at once: the second finds the first one's result, and leaves it.
        if loan.state != State::Pending {
            return Ok(false);
        }
        loan.term = loan.term.or(term);
        loan.missing = Missing {
            identity_number: false,
            phone_number: false,
            birth_date: false,
        };
        loan.decide(decision, now)
    });
    match decided {
        Ok(Some(loan)) => {
            notify::send_before_redirect(inner, &loan.order_id).await;
            back_to_shop(&loan)
        }
        Ok(None) => notice(inner, words, StatusCode::NOT_FOUND, words.not_found),
        Err(_) => notice(inner, words, StatusCode::SERVICE_UNAVAILABLE, words.failed),
    }
}

/// The lender's own page: the shopper chose a bank, and sees its page next.
fn choose_bank(inner: &Inner, words: &Words, loan: &Loan, answer: &Answer) -> Response {
    let chosen = banks::of_code(&answer.bank_code);
    let chosen = chosen.filter(|bank| !loan.plans(bank, inner.today()).is_empty());
    let Some(bank) = chosen.filter(|_| loan.bank_code.is_none()) else {
        return page(inner, words, loan, answer, &[]);
    };
    let set = inner
        .ledger
        .change(Key::Token(&loan.token), inner.now_ms(), |loan| {
            if loan.state == State::Pending && loan.bank_code.is_none() {
                loan.bank_code = Some(bank.code.to_owned());
            }
            Ok::<bool, Refusal>(false)
        });
    match set {
        Ok(_) => see_other(&format!("/lender/pages/{}", loan.token)),
        Err(_) => notice(inner, words, StatusCode::SERVICE_UNAVAILABLE, words.failed),
    }
}

/// What keeps the form from being sent to the bank.
fn errors_of(inner: &Inner, words: &Words, loan: &Loan, answer: &Answer) -> Vec<&'static str> {
    let plans = loan
        .bank()
        .map(|bank| loan.plans(bank, inner.today()))
        .unwrap_or_default();
    let term = loan.term.or_else(|| answer.term.parse().ok());
    let offered = plans.iter().any(|plan| Some(plan.term) == term);
    let missing = loan.missing;
    let identity_ok = buyer::is_identity_number(&answer.identity_number);
    let phone_ok = buyer::is_phone_number(&answer.phone_number);
    let birth_ok = buyer::is_birth_date(&answer.birth_date, inner.today());
    let checks = [
        (!offered, words.term_missing),
        (
            missing.identity_number && !identity_ok,
            words.identity_number_wrong,
        ),
        (missing.phone_number && !phone_ok, words.phone_number_wrong),
        (missing.birth_date && !birth_ok, words.birth_date_wrong),
    ];
    checks
        .into_iter()
        .filter(|(wrong, _)| *wrong)
        .map(|(_, error)| error)
        .collect()
}

/// The page of an application as it stands.
fn page(inner: &Inner, words: &Words, loan: &Loan, answer: &Answer, errors: &[&str]) -> Response {
    let bank = loan.bank();
    let pending = loan.state == State::Pending;
    let all_plans = bank
        .map(|bank| loan.plans(bank, inner.today()))
        .unwrap_or_default();
    let spelled = |plan: &Plan| {
        minijinja::context! {
            term => plan.term,
            amount => words::amount(plan.amount, words.language),
            total => words::amount(plan.total_amount, words.language),
            rate => words::rate(plan.interest_rate, words.language),
        }
    };
    let settled = all_plans
        .iter()
        .find(|plan| Some(plan.term) == loan.term)
        .map(spelled);
    let plans: Vec<_> = match settled {
        Some(_) => Vec::new(),
        None => all_plans.iter().map(spelled).collect(),
    };
    let lending = banks::BANKS.iter().filter(|bank| {
        pending && loan.bank_code.is_none() && !loan.plans(bank, inner.today()).is_empty()
    });
    let offered: Vec<_> = lending
        .map(|bank| minijinja::context! { code => bank.code, name => bank.name })
        .collect();
    let status = match errors {
        [] => StatusCode::OK,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let context = minijinja::context! {
        words => Serde(words),
        look => bank.map_or("maslak", |bank| bank.code),
        bank => bank.map(|bank| minijinja::context! { code => bank.code, name => bank.name }),
        total => words::amount(loan.amount, words.language),
        errors => Serde(errors),
        notice => result(words, loan.state),
        return_url => (!pending).then(|| return_url(loan)),
        banks => offered,
        asks => pending && bank.is_some(),
        plans => plans,
        plan => settled,
        term => answer.term.parse::<u16>().ok(),
        missing => Serde(loan.missing),
        given => minijinja::context! {
            identity_number => &answer.identity_number,
            phone_number => &answer.phone_number,
            birth_date => &answer.birth_date,
        },
    };
    render(inner, status, &context)
}

/// A page with nothing but a sentence.
fn notice(inner: &Inner, words: &Words, status: StatusCode, sentence: &str) -> Response {
    let context =
        minijinja::context! { words => Serde(words), look => "maslak", notice => sentence };
    render(inner, status, &context)
}

fn render(inner: &Inner, status: StatusCode, context: &minijinja::Value) -> Response {
    let template = inner.templates.get_template("page.html");
    let html = match template.and_then(|template| template.render(context)) {
        Ok(html) => html,
        Err(error) => {
            tracing::error!(%error, "the lender's page does not render");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, Html(html)).into_response()
}

fn result(words: &Words, state: State) -> Option<&'static str> {
    match state {
        State::Pending => None,
        State::Assessing => Some(words.assessing),
        State::Ready => Some(words.ready),
        State::Disbursed => Some(words.disbursed),
        State::Rejected => Some(words.rejected),
        State::Expired => Some(words.expired),
        State::Cancelled => Some(words.cancelled),
    }
}

fn words_of(headers: &HeaderMap) -> &'static Words {
    let accepted = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    words::of_browser(accepted.unwrap_or_default())
}

fn back_to_shop(loan: &Loan) -> Response {
    see_other(&return_url(loan))
}

/// The order id is a hint: whoever comes back with it proves nothing.
fn return_url(loan: &Loan) -> String {
    let (url, fragment) = match loan.return_url.split_once('#') {
        Some((url, fragment)) => (url, format!("#{fragment}")),
        None => (loan.return_url.as_str(), String::new()),
    };
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}order_id={}{fragment}", loan.order_id)
}

fn see_other(url: &str) -> Response {
    let headers = [(header::LOCATION, url), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// An icon of our own drawing: the bank's letters on its colour, not its mark.
async fn icon(Path(file): Path<String>) -> Response {
    let Some(bank) = file.strip_suffix(".svg").and_then(banks::of_code) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let svg = format!(
        concat!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">"#,
            r#"<rect width="64" height="64" rx="14" fill="{colour}"/>"#,
            r#"<rect x="2" y="2" width="60" height="60" rx="12" fill="none" stroke="{accent}"/>"#,
            r#"<text x="32" y="41" font-family="sans-serif" font-size="24" font-weight="700" "#,
            r#"text-anchor="middle" fill="{accent}">{letters}</text></svg>"#,
        ),
        colour = bank.colour,
        accent = bank.accent,
        letters = bank.letters,
    );
    ([(header::CONTENT_TYPE, "image/svg+xml")], svg).into_response()
}

/// One stylesheet, in the colours and corners of a bank, or of the lender itself.
async fn look(Path(file): Path<String>) -> Response {
    let name = file.strip_suffix(".css").unwrap_or_default();
    let position = banks::BANKS.iter().position(|bank| bank.code == name);
    let (colour, accent, corner) = match position.and_then(|at| Some((at, banks::BANKS.get(at)?))) {
        Some((at, bank)) => (bank.colour, bank.accent, at * 5),
        None if name == "maslak" => ("#4a3b78", "#f1eefa", 8),
        None => return StatusCode::NOT_FOUND.into_response(),
    };
    let variables =
        format!(":root {{ --colour: {colour}; --accent: {accent}; --corner: {corner}px; }}\n");
    let css = variables + include_str!("pages/page.css");
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], css).into_response()
}
