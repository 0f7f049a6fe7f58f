//! The bench, `/sandbox`: the published test cards, and the simulated banks' faults as a form. It
//! speaks to the simulator's control API over HTTP, as a tester does with curl.

use super::answers::go_to;
use super::browser::{Form, Visit};
use super::lang::Lang;
use super::pages::Page;
use super::published::CARDS;
use super::state::Shop;
use crate::banks::Banks;
use axum::extract::{Query, State};
use axum::response::Response;
use http::StatusCode;
use minijinja::context;
use minijinja::value::Serde;
use serde::Deserialize;
use serde_json::{Value, json};
use server::search_text::folded;
use std::sync::Arc;

/// Most cards on a page without a filter.
const CARDS_SHOWN_MAX: usize = 60;
/// Longest filter in characters.
const FILTER_MAX: usize = 40;

/// Operations of the two banks that a fault can name.
const BANK_OPERATIONS: [&str; 10] = [
    "sale",
    "threeds_init",
    "threeds_page",
    "threeds_resolve",
    "threeds_finish",
    "void",
    "refund",
    "inquire",
    "loyalties",
    "list",
];
/// Operations of the lender that a fault can name.
const LENDER_OPERATIONS: [&str; 6] = ["offers", "apply", "inquire", "confirm", "cancel", "notify"];
/// Kinds of faults.
const KINDS: [&str; 9] = [
    "decline",
    "delay",
    "lose_reply",
    "cut_reply",
    "wrong_mac",
    "garbage",
    "http_500",
    "duplicate_callback",
    "no_callback",
];

/// `GET /sandbox`: to the cards.
pub(super) async fn home(visit: Visit) -> Response {
    go_to("/sandbox/cards", &visit)
}

/// A filter of the cards.
#[derive(Deserialize)]
pub(super) struct Filter {
    #[serde(default)]
    q: String,
    /// `buys`, `fails` or both.
    #[serde(default)]
    show: String,
    /// The purses were filled just now.
    filled: Option<String>,
}

/// What the lists of cards spell in capitals, as people say it.
fn card_words(lang: Lang) -> minijinja::Value {
    context! {
        VISA => "Visa",
        MASTER_CARD => "Mastercard",
        TROY => "Troy",
        AMEX => "American Express",
        CREDIT_CARD => lang.of("kredi kartı", "credit card"),
        DEBIT_CARD => lang.of("banka kartı", "debit card"),
        PREPAID_CARD => lang.of("ön ödemeli kart", "prepaid card"),
    }
}

/// `GET /sandbox/cards`.
pub(super) async fn cards(
    State(shop): State<Arc<Shop>>,
    Query(filter): Query<Filter>,
    visit: Visit,
) -> Response {
    let wanted: String = filter.q.chars().take(FILTER_MAX).collect();
    let words: Vec<String> = wanted.split_whitespace().map(folded).collect();
    let found: Vec<_> = CARDS
        .iter()
        .filter(|card| match filter.show.as_str() {
            "buys" => card.scenario.is_empty(),
            "fails" => !card.scenario.is_empty(),
            _ => true,
        })
        .filter(|card| {
            let text = folded(&format!(
                "{} {} {} {} {} {} {} {} {}",
                card.about_tr,
                card.about_en,
                card.number,
                card.bank,
                card.brand,
                card.association,
                card.kind,
                card.group,
                card.scenario
            ));
            words.iter().all(|word| text.contains(word))
        })
        .collect();
    let shown: Vec<_> = found.iter().take(CARDS_SHOWN_MAX).collect();
    let title = visit.lang.of("Test kartları", "Test cards");
    let values = context! {
        q => wanted,
        show => filter.show,
        count => found.len(),
        shown => shown.len(),
        filled => filter.filled.is_some(),
        cards => Serde(&shown),
        words => card_words(visit.lang),
    };
    shop.page(&visit, bench_page("cards.html", title, values))
}

fn bench_page<'a>(name: &'a str, title: &'a str, values: minijinja::Value) -> Page<'a> {
    Page {
        with_calls: false,
        ..Page::new(name, title, values)
    }
}

/// What the form of a fault held, and what came of it.
#[derive(Default)]
struct FaultForm {
    bank: String,
    operation: String,
    kind: String,
    code: String,
    ms: String,
    times: String,
    trouble: String,
}

/// The paths of the control API's faults: of the two banks, and of the lender.
const FAULT_PATHS: [&str; 2] = ["/control/faults", "/control/lender-faults"];

fn banks(shop: &Shop) -> Banks {
    Banks::new(shop.http.clone(), &shop.place.simulator)
}

/// The faults that the simulator still has before it, from every tester.
async fn open_faults(shop: &Shop) -> Result<Vec<Value>, String> {
    let mut open = Vec::new();
    for path in FAULT_PATHS {
        let mut listed = banks(shop).call("GET", path, String::new()).await?;
        if let Value::Array(faults) = listed["faults"].take() {
            open.extend(faults);
        }
    }
    Ok(open)
}

fn fault_view(one: &Value) -> minijinja::Value {
    let (fault, only) = (&one["fault"], &one["match"]);
    context! {
        bank => one["bank"].as_str(), operation => one["operation"].as_str(), times => one["times"].as_u64(),
        kind => fault["kind"].as_str(), code => fault["code"].as_str(), ms => fault["ms"].as_u64(),
        order => only["orderId"].as_str(), amount => only["amount"].as_i64(), card => only["card"].as_bool(),
    }
}

async fn faults_page(shop: &Shop, visit: &Visit, mut form: FaultForm, done: bool) -> Response {
    let open = match open_faults(shop).await {
        Ok(open) => open,
        Err(why) => {
            form.trouble = why;
            Vec::new()
        }
    };
    let title = visit.lang.of("Hata anahtarları", "Fault switches");
    let status = if form.trouble.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let values = context! {
        simulator => &shop.place.simulator,
        bank_operations => BANK_OPERATIONS.to_vec(),
        lender_operations => LENDER_OPERATIONS.to_vec(),
        kinds => KINDS.to_vec(),
        bank => &form.bank,
        operation => &form.operation,
        kind => &form.kind,
        code => &form.code,
        ms => &form.ms,
        times => if form.times.is_empty() { "1" } else { &form.times },
        trouble => &form.trouble,
        open => open.iter().map(fault_view).collect::<Vec<_>>(),
        done,
    };
    let page = bench_page("faults.html", title, values);
    shop.page(visit, Page { status, ..page })
}

/// What the address of the faults' page may say.
#[derive(Deserialize)]
pub(super) struct FaultsQuery {
    done: Option<String>,
}

/// `GET /sandbox/faults`.
pub(super) async fn faults(
    State(shop): State<Arc<Shop>>,
    Query(query): Query<FaultsQuery>,
    visit: Visit,
) -> Response {
    faults_page(&shop, &visit, FaultForm::default(), query.done.is_some()).await
}

/// `POST /sandbox/faults`: orders one.
pub(super) async fn order_fault(
    State(shop): State<Arc<Shop>>,
    visit: Visit,
    sent: Form,
) -> Response {
    let text = |name: &str| sent.value(name).to_owned();
    let mut form = FaultForm {
        bank: text("bank"),
        operation: text("operation"),
        kind: text("kind"),
        code: text("code"),
        ms: text("ms"),
        times: text("times"),
        trouble: String::new(),
    };
    let outcome = match order_of(&form, visit.lang) {
        Ok((path, order)) => banks(&shop).call("POST", path, order.to_string()).await,
        Err(why) => Err(why),
    };
    match outcome {
        Ok(_) => go_to("/sandbox/faults?done=1", &visit),
        Err(why) => {
            form.trouble = why;
            faults_page(&shop, &visit, form, false).await
        }
    }
}

/// The control API's path and order for a form.
fn order_of(form: &FaultForm, lang: Lang) -> Result<(&'static str, Value), String> {
    let wrong = |tr: &str, en: &str| Err(lang.of(tr, en).to_owned());
    if !KINDS.contains(&form.kind.as_str()) {
        return wrong("Bir hata türü seçin.", "Choose a kind of fault.");
    }
    let mut fault = json!({ "kind": form.kind });
    if !form.code.is_empty() {
        fault["code"] = json!(form.code);
    }
    match (form.ms.as_str(), form.ms.parse::<u64>()) {
        ("", _) => {}
        (_, Ok(ms)) => fault["ms"] = json!(ms),
        _ => return wrong("Gecikme bir sayı olmalı.", "The delay must be a number."),
    }
    let Ok(times) = form.times.parse::<u32>() else {
        return wrong("Kaç kez olacağını yazın.", "Write how many times.");
    };
    let mut order = json!({ "fault": fault, "times": times });
    let operation = form.operation.as_str();
    match form.bank.as_str() {
        bank @ ("garanti" | "posnet")
            if operation.is_empty() || BANK_OPERATIONS.contains(&operation) =>
        {
            order["bank"] = json!(bank);
            if !operation.is_empty() {
                order["operation"] = json!(operation);
            }
            Ok(("/control/faults", order))
        }
        "lender" if LENDER_OPERATIONS.contains(&operation) => {
            order["operation"] = json!(operation);
            Ok(("/control/lender-faults", order))
        }
        _ => wrong(
            "Bu bankanın böyle bir işlemi yok.",
            "This bank has no such operation.",
        ),
    }
}

/// `POST /sandbox/faults/clear`: forgets all.
pub(super) async fn clear_faults(State(shop): State<Arc<Shop>>, visit: Visit) -> Response {
    let mut form = FaultForm::default();
    for path in FAULT_PATHS {
        if let Err(why) = banks(&shop).call("DELETE", path, String::new()).await {
            form.trouble = why;
        }
    }
    if form.trouble.is_empty() {
        return go_to("/sandbox/faults?done=1", &visit);
    }
    faults_page(&shop, &visit, form, false).await
}

/// The points of the simulator's own reward cards: of the card, of this shop, in miles; in kuruş.
const PURSES: [(&str, i64, i64, i64); 4] = [
    ("4043080000060007", 1235, 520, 0),
    ("4024580000060009", 5040, 10_000, 0),
    ("4329540000060005", 0, 0, 1000),
    ("4048090000060001", 3382, 2500, 0),
];

/// `POST /sandbox/purses`: gives the simulator's own reward cards their points back, which payments
/// spend. Published cards hold theirs whatever is paid.
pub(super) async fn fill_purses(
    State(shop): State<Arc<Shop>>,
    visit: Visit,
    form: Form,
) -> Response {
    for (number, card, firm, mile) in PURSES {
        let purse = json!({ "cardNumber": number, "card": card, "firm": firm, "mile": mile });
        if let Err(why) = banks(&shop)
            .call("POST", "/control/purses", purse.to_string())
            .await
        {
            tracing::warn!(why, "a purse was not filled");
        }
    }
    let order = form.value("order");
    let known = {
        let mut store = shop.store();
        let order = store.order_mut(order);
        order.map(|order| {
            // What was found before is no longer so.
            order.rewards = None;
            format!("/shop/orders/{}?way=card", order.id)
        })
    };
    go_to(
        known.as_deref().unwrap_or("/sandbox/cards?filled=1"),
        &visit,
    )
}
