//! The pages that a shopper's browser sees: choosing a bank, filling in what is missing, and the
//! decision, which here the shopper makes for the bank. No script is needed; the address's token is the key.

use super::choices::{self, Choice, LATE_SECONDS, REASONS, Then};
use super::ledger::Key;
use super::lender::Lender;
use super::loan::{Decision, Loan, Missing, State};
use super::plan::Plan;
use super::wire::Refusal;
use super::words::{self, Words};
use super::{banks, buyer, notify};
use crate::pages::{self, FRAMING_POLICY, Language, POLICY, SHOP};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Path, RawQuery, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use minijinja::context;
use minijinja::value::{Serde, Value, merge_maps};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const FORM_BYTES_MAX: usize = 8 * 1024;
/// So many lines of a cart are shown.
const ITEMS_SHOWN: usize = 20;
/// Seconds until a browser that returns twice returns in its own window.
const SECOND_RETURN_AFTER: u8 = 3;

/// What the page's form brings.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Answer {
    action: String,
    reason: String,
    outcome: String,
    bank_code: String,
    term: String,
    identity_number: String,
    phone_number: String,
    birth_date: String,
}

/// What keeps the form from being sent to the bank, by field.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Errors {
    term: Option<&'static str>,
    identity_number: Option<&'static str>,
    phone_number: Option<&'static str>,
    birth_date: Option<&'static str>,
}

impl Errors {
    fn any(&self) -> bool {
        self.term
            .or(self.identity_number)
            .or(self.phone_number)
            .or(self.birth_date)
            .is_some()
    }
}

/// Who looks at which page: its language, and its address with the language chosen there.
struct Visit {
    words: &'static Words,
    address: String,
}

impl Visit {
    fn of(token: &str, query: Option<&str>, headers: &HeaderMap) -> Visit {
        let language = Language::of_request(query, headers);
        let mut address = format!("/lender/pages/{token}");
        if query.is_some_and(|query| query.contains("lang=")) {
            address.push_str("?lang=");
            address.push_str(language.code());
        }
        Visit {
            words: words::of(language),
            address,
        }
    }
}

pub(crate) fn router() -> Router<Arc<Lender>> {
    Router::new()
        .route("/lender/pages/{token}", get(show).post(answer))
        .route("/lender/icons/{file}", get(icon))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

async fn show(
    Shared(lender): Shared<Arc<Lender>>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let visit = Visit::of(&token, query.as_deref(), &headers);
    let words = visit.words;
    match lender.ledger.find(Key::Token(&token), lender.now_ms()) {
        Ok(Some(loan)) => page(
            &lender,
            words,
            &loan,
            &Answer::default(),
            &Errors::default(),
        ),
        Ok(None) => notice(words, StatusCode::NOT_FOUND, words.not_found),
        Err(_) => notice(words, StatusCode::SERVICE_UNAVAILABLE, words.failed),
    }
}

async fn answer(
    Shared(lender): Shared<Arc<Lender>>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    Form(answer): Form<Answer>,
) -> Response {
    let visit = Visit::of(&token, query.as_deref(), &headers);
    let words = visit.words;
    let found = lender.ledger.find(Key::Token(&token), lender.now_ms());
    let loan = match loan_or_notice(words, found) {
        Ok(loan) => loan,
        Err(notice) => return *notice,
    };
    // Answered before, or given up: the first result stands.
    if loan.state != State::Pending || answer.action == "close" {
        return back_to_shop(&loan);
    }
    match answer.action.as_str() {
        "" => return choose_bank(&lender, &visit, &loan, &answer),
        "close_window" => return closed_page(&visit, &loan),
        _ => {}
    }
    let choice = choices::of_button(&answer.action, &answer.reason, &answer.outcome);
    let Some(choice) = choice else {
        return page(&lender, words, &loan, &answer, &Errors::default());
    };
    let errors = match choice.decision {
        Decision::Reject(_) | Decision::Expire | Decision::Cancel => Errors::default(),
        _ => errors_of(&lender, words, &loan, &answer),
    };
    if errors.any() {
        return page(&lender, words, &loan, &answer, &errors);
    }
    decide(&lender, &visit, &token, choice, answer.term.parse().ok()).await
}

async fn decide(
    lender: &Arc<Lender>,
    visit: &Visit,
    token: &str,
    choice: Choice,
    term: Option<u16>,
) -> Response {
    let now = lender.now_ms();
    let words = visit.words;
    let decided = lender.ledger.change(Key::Token(token), now, |loan| {
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
        let moved = loan.decide(choice.decision, now)?;
        // Before the change is seen, so that its notification cannot leave without meeting this.
        if let Some(fault) = choice.fault {
            lender.faults.order_notification(&loan.order_id, fault);
        }
        Ok(moved)
    });
    let loan = match loan_or_notice(words, decided) {
        Ok(loan) => loan,
        Err(notice) => return *notice,
    };
    notify::send_before_redirect(lender, &loan.order_id).await;
    match choice.then {
        Then::Shop => back_to_shop(&loan),
        Then::ShopTwice => twice_page(words, &loan),
        Then::Stays => staying_page(words, &loan),
        Then::Page => see_other(&visit.address),
    }
}

/// The lender's own page: the shopper chose a bank, and sees its page next.
fn choose_bank(lender: &Lender, visit: &Visit, loan: &Loan, answer: &Answer) -> Response {
    let words = visit.words;
    let chosen = banks::of_code(&answer.bank_code);
    let chosen = chosen.filter(|bank| !loan.plans(bank, lender.today()).is_empty());
    let Some(bank) = chosen.filter(|_| loan.bank_code.is_none()) else {
        return page(lender, words, loan, answer, &Errors::default());
    };
    let set = lender
        .ledger
        .change(Key::Token(&loan.token), lender.now_ms(), |loan| {
            if loan.state == State::Pending && loan.bank_code.is_none() {
                loan.bank_code = Some(bank.code.to_owned());
            }
            Ok::<bool, Refusal>(false)
        });
    match set {
        Ok(_) => see_other(&visit.address),
        Err(_) => notice(words, StatusCode::SERVICE_UNAVAILABLE, words.failed),
    }
}

fn errors_of(lender: &Lender, words: &Words, loan: &Loan, answer: &Answer) -> Errors {
    let plans = loan
        .bank()
        .map(|bank| loan.plans(bank, lender.today()))
        .unwrap_or_default();
    let term = loan.term.or_else(|| answer.term.parse().ok());
    let offered = plans.iter().any(|plan| Some(plan.term) == term);
    let missing = loan.missing;
    let identity_ok = buyer::is_identity_number(&answer.identity_number);
    let phone_ok = buyer::is_phone_number(&answer.phone_number);
    let birth_ok = buyer::is_birth_date(&answer.birth_date, lender.today());
    Errors {
        term: (!offered).then_some(words.term_missing),
        identity_number: (missing.identity_number && !identity_ok)
            .then_some(words.identity_number_wrong),
        phone_number: (missing.phone_number && !phone_ok).then_some(words.phone_number_wrong),
        birth_date: (missing.birth_date && !birth_ok).then_some(words.birth_date_wrong),
    }
}

/// The page of an application as it stands.
fn page(lender: &Lender, words: &Words, loan: &Loan, answer: &Answer, errors: &Errors) -> Response {
    if let Some(sentence) = result(words, loan.state) {
        let more = context! {
            title => words.title,
            total_name => words.cart_total,
            total => money(words, loan, loan.amount),
            text => sentence,
            link => return_url(loan),
            link_name => words.back_to_shop,
        };
        return bank_page(words, loan, StatusCode::OK, "notice.html", more, POLICY);
    }
    let status = if errors.any() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let more = context! {
        title => words.title,
        words => Serde(words),
        shop => SHOP,
        order_id => &loan.order_id,
        total => money(words, loan, loan.amount),
        open_until => open_until(words, loan),
        errors => Serde(errors),
        missing => Serde(loan.missing),
        term => answer.term.parse::<u16>().ok(),
        given => context! {
            identity_number => &answer.identity_number,
            phone_number => &answer.phone_number,
            birth_date => &answer.birth_date,
        },
        late => Serde(LATE_SECONDS),
        reasons => reasons_view(words),
        ..offers_view(lender, words, loan)
    };
    let more = merge_maps([more, cart_view(words, loan)]);
    bank_page(words, loan, status, "loan.html", more, POLICY)
}

/// The banks to choose from, or the chosen bank's plans.
fn offers_view(lender: &Lender, words: &Words, loan: &Loan) -> Value {
    let today = lender.today();
    let Some(bank) = loan.bank() else {
        let lending = banks::BANKS
            .iter()
            .filter(|bank| !loan.plans(bank, today).is_empty());
        let banks: Vec<Value> = lending
            .map(|bank| context! { code => bank.code, name => bank.name, theme => bank.theme })
            .collect();
        return context! { banks => banks };
    };
    let plan_view = |plan: &Plan| {
        context! {
            term => plan.term,
            amount => money(words, loan, plan.amount),
            total => money(words, loan, plan.total_amount),
            rate => pages::rate(plan.interest_rate, words.language),
        }
    };
    let all = loan.plans(bank, today);
    let settled = all.iter().find(|plan| Some(plan.term) == loan.term);
    let plans: Vec<Value> = match settled {
        Some(_) => Vec::new(),
        None => all.iter().map(plan_view).collect(),
    };
    context! {
        asks => true,
        plan => settled.map(plan_view),
        plans => plans,
        approve_about => match (bank.assesses_at_length, bank.approves_by_itself) {
            (true, _) => words.approve_assesses,
            (_, true) => words.approve_pays,
            (_, false) => words.approve_waits,
        },
    }
}

fn cart_view(words: &Words, loan: &Loan) -> Value {
    let items: Vec<Value> = loan
        .items
        .iter()
        .take(ITEMS_SHOWN)
        .map(|item| {
            context! {
                name => &item.name,
                brand => &item.brand,
                quantity => item.quantity,
                price => money(words, loan, item.unit_price),
            }
        })
        .collect();
    let left = loan.items.len().saturating_sub(ITEMS_SHOWN);
    context! {
        items => items,
        items_count => loan.items.len(),
        items_left => (left > 0).then_some(left),
    }
}

fn reasons_view(words: &Words) -> Vec<Value> {
    let texts = [
        words.reason_rejected,
        words.reason_limit,
        words.reason_shopper,
    ];
    REASONS
        .iter()
        .zip(texts)
        .map(|(code, text)| context! { code => *code, text => text })
        .collect()
}

/// After the shopper closed the window: nothing is decided, and the shop is not told.
fn closed_page(visit: &Visit, loan: &Loan) -> Response {
    let words = visit.words;
    let more = context! {
        title => words.closed_title,
        text => format!("{} {}", words.closed, open_until(words, loan)),
        expected_title => words.expected,
        expected => words.closed_expected,
        reopen => &visit.address,
        reopen_name => words.reopen,
    };
    bank_page(words, loan, StatusCode::OK, "notice.html", more, POLICY)
}

/// Decided and notified, and the browser goes nowhere.
fn staying_page(words: &Words, loan: &Loan) -> Response {
    let more = context! {
        title => words.no_return_title,
        text => words.no_return_done,
        expected_title => words.expected,
        expected => words.no_return_expected,
    };
    bank_page(words, loan, StatusCode::OK, "notice.html", more, POLICY)
}

/// Leads back to the shop in a frame, and then in the window; without scripts.
fn twice_page(words: &Words, loan: &Loan) -> Response {
    let url = return_url(loan);
    let more = context! {
        title => words.twice_title,
        text => words.twice_done,
        frame => &url,
        frame_title => words.frame,
        link => &url,
        link_name => words.back_to_shop,
        refresh => SECOND_RETURN_AFTER,
        refresh_url => &url,
        expected_title => words.expected,
        expected => words.twice_expected,
    };
    bank_page(
        words,
        loan,
        StatusCode::OK,
        "notice.html",
        more,
        FRAMING_POLICY,
    )
}

/// The application that an address names, or a page that says why there is none.
fn loan_or_notice(
    words: &Words,
    found: Result<Option<Loan>, Refusal>,
) -> Result<Loan, Box<Response>> {
    let (status, sentence) = match found {
        Ok(Some(loan)) => return Ok(loan),
        Ok(None) => (StatusCode::NOT_FOUND, words.not_found),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, words.failed),
    };
    Err(Box::new(notice(words, status, sentence)))
}

/// A page with nothing but a sentence.
fn notice(words: &Words, status: StatusCode, sentence: &str) -> Response {
    let more = context! { title => words.title, text => sentence };
    let context = merge_maps([more, frame(words, "maslak", "Maslak")]);
    pages::page(status, "notice.html", &context, POLICY)
}

/// A page of the application's bank, or of the lender before a bank is chosen.
fn bank_page(
    words: &Words,
    loan: &Loan,
    status: StatusCode,
    template: &str,
    more: Value,
    policy: &'static str,
) -> Response {
    let (theme, name) = loan
        .bank()
        .map_or(("maslak", "Maslak"), |bank| (bank.theme, bank.name));
    let context = merge_maps([more, frame(words, theme, name)]);
    pages::page(status, template, &context, policy)
}

/// What surrounds every page.
fn frame(words: &Words, theme: &str, bank: &str) -> Value {
    let other = words.language.other();
    context! {
        language => words.language.code(),
        other => context! { code => other.code(), name => words::of(other).language_name },
        theme => theme,
        bank => bank,
        badge => words.badge,
        disclaimer => words.disclaimer,
    }
}

fn money(words: &Words, loan: &Loan, minor: i64) -> String {
    pages::amount(minor, &loan.currency, words.language)
}

fn open_until(words: &Words, loan: &Loan) -> String {
    Timestamp::from_millisecond(loan.expires_at)
        .map(|at| pages::moment(at, words.language))
        .unwrap_or_default()
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

fn back_to_shop(loan: &Loan) -> Response {
    see_other(&return_url(loan))
}

/// The order id is a hint and proves nothing.
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
