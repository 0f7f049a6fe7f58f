//! The control API: order failures, read the ledger, close the day, fill a purse, turn a switch.
//! It is for testers and has no authentication; the simulator listens on loopback.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::app::App;
use crate::cards::Purse;
use crate::faults::{Fault, FaultKind, Rule, Verb, plain_order_id};
use crate::ledger::{ACCOUNT_END, Bank, Kind, Order, State as OrderState, Unwritten};
use crate::reply;

const MAX_TIMES: u32 = 1_000_000;

pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route(
            "/control/faults",
            get(list_faults).post(add_fault).delete(clear_faults),
        )
        .route("/control/ledger", get(ledger))
        .route("/control/settle-day", post(settle_day))
        .route("/control/purses", get(read_purse).post(set_purse))
        .route("/control/switches", get(read_switches).post(set_switches))
}

async fn add_fault(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let rule: Rule = match read(&body) {
        Ok(rule) => rule,
        Err(reason) => return refuse(&reason),
    };
    if Bank::by_name(&rule.bank).is_none() {
        return refuse(&bank_names());
    }
    let operation = rule.operation.as_deref();
    if operation.is_some_and(|operation| Verb::by_name(operation).is_none()) {
        let names: Vec<&str> = Verb::ALL.iter().map(|verb| verb.name()).collect();
        return refuse(&format!("operation: one of {}", names.join(", ")));
    }
    if !(1..=MAX_TIMES).contains(&rule.times) {
        return refuse("times: 1 to 1000000");
    }
    if rule
        .fault
        .code
        .as_deref()
        .is_some_and(|code| !is_refusal(code))
    {
        return refuse("fault.code: up to 40 letters, digits or one slash, and not an approval");
    }
    if let Err(reason) = check_text(&rule.fault) {
        return refuse(reason);
    }
    if app.faults.add(rule, &app.sealer) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        refuse("too many faults; DELETE /control/faults first")
    }
}

/// The texts that a fault needs to answer something of the tester's own.
fn check_text(fault: &Fault) -> Result<(), &'static str> {
    match fault.kind {
        FaultKind::Answer if fault.body.is_none() => Err("fault.body: what to answer"),
        FaultKind::Edit if fault.find.as_deref().is_none_or(str::is_empty) => {
            Err("fault.find: the text to replace")
        }
        _ => Ok(()),
    }
}

/// True for what can stand as a refusal's code: `51`, `T07`, `92/0104`, `ServiceUnavailable`, or an mdStatus.
fn is_refusal(code: &str) -> bool {
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'/';
    let approval = code.len() > 1 && code.split('/').all(|part| part.bytes().all(|b| b == b'0'));
    (1..=40).contains(&code.len()) && code.bytes().all(sound) && !approval
}

fn bank_names() -> String {
    let names: Vec<&str> = Bank::ALL.iter().map(|bank| bank.name()).collect();
    format!("bank: {}", names.join(" or "))
}

async fn list_faults(State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!({ "faults": app.faults.list() }))
}

async fn clear_faults(State(app): State<Arc<App>>) -> StatusCode {
    app.faults.clear();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    order_id: Option<String>,
    bank: Option<String>,
}

async fn ledger(State(app): State<Arc<App>>, Query(filter): Query<Filter>) -> Response {
    let wanted = filter.order_id.as_deref().map(plain_order_id);
    let orders = app
        .ledger
        .orders(
            |order| {
                let named = |wanted| {
                    plain_order_id(&order.id) == wanted || plain_order_id(&order.label) == wanted
                };
                wanted.is_none_or(named)
                    && filter
                        .bank
                        .as_deref()
                        .is_none_or(|bank| bank == order.bank.name())
            },
            app.now(),
        )
        .await;
    answer(orders.map(|orders| {
        let rows: Vec<Value> = orders.iter().map(row).collect();
        json!({ "orders": rows })
    }))
}

/// One order as the control API tells it; amounts in minor units.
fn row(order: &Order) -> Value {
    let authorised = match order.state {
        OrderState::Declined => 0,
        _ if order.kind == Kind::Hold => order.held,
        _ => order.amount,
    };
    let voided = match order.state {
        OrderState::Voided => order.amount,
        _ => 0,
    };
    let moves: Vec<Value> = order
        .moves
        .iter()
        .map(|made| {
            json!({
                "kind": made.kind.name(),
                "amount": made.amount,
                "points": made.points,
                "sequence": made.seq,
                "at": made.at.to_string(),
            })
        })
        .collect();
    let (account, id) = order.names();
    let label = order.label.rsplit(ACCOUNT_END).next().unwrap_or_default();
    json!({
        "bank": order.bank.name(),
        "account": account,
        "orderId": if label.is_empty() { id } else { label },
        "kind": order.kind.name(),
        "state": order.state.name(),
        "card": &*order.masked,
        "currency": order.currency,
        "authorised": authorised,
        "captured": order.captured(),
        "refunded": order.refunded,
        "voided": voided,
        "pointsSpent": order.spent.total(),
        "pointsReturned": order.returned.total(),
        "points": order.spent,
        "instalments": order.instalments,
        "campaign": order.campaign,
        "threeDS": order.three_ds,
        "declineCode": order.code,
        "sequence": order.seq,
        "moves": moves,
        "createdAt": order.created_at.to_string(),
    })
}

async fn settle_day(State(app): State<Arc<App>>, Query(filter): Query<Filter>) -> Response {
    let bank = match filter.bank.as_deref() {
        None => None,
        Some(name) => match Bank::by_name(name) {
            Some(bank) => Some(bank),
            None => return refuse(&bank_names()),
        },
    };
    let settled = app.ledger.settle(bank).await;
    answer(settled.map(|count| json!({ "settled": count })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PurseOrder {
    card_number: String,
    #[serde(default)]
    card: i64,
    #[serde(default)]
    firm: i64,
    #[serde(default)]
    mile: i64,
}

/// Far above any real purse, far below what sums could overflow.
const MAX_PURSE: i64 = 1_000_000_000_000;

async fn set_purse(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let order: PurseOrder = match read(&body) {
        Ok(order) => order,
        Err(reason) => return refuse(&reason),
    };
    let purse = Purse {
        card: order.card,
        firm: order.firm,
        mile: order.mile,
    };
    if [purse.card, purse.firm, purse.mile]
        .iter()
        .any(|part| !(0..=MAX_PURSE).contains(part))
    {
        return refuse("card, firm, mile: kuruş from 0 to 1000000000000");
    }
    let Some(card) = app.cards.find(&order.card_number) else {
        return refuse("cardNumber: not a card of the simulator");
    };
    let set = app.ledger.set_purse(&card.reference, purse).await;
    answer(set.map(|()| json!(purse)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PurseQuestion {
    card_number: String,
}

async fn read_purse(State(app): State<Arc<App>>, Query(ask): Query<PurseQuestion>) -> Response {
    let Some(card) = app.cards.find(&ask.card_number) else {
        return refuse("cardNumber: not a card of the simulator");
    };
    let purse = app.ledger.purse(&card.reference).await;
    answer(purse.map(|purse| json!(purse)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SwitchOrder {
    requires_day_end_sale_succeeds: Option<bool>,
    published_cards_spend: Option<bool>,
    day_ends_by_clock: Option<bool>,
    nestpay_status_empty_seconds: Option<i64>,
    param_second_node: Option<bool>,
    boa_status_empty_seconds: Option<i64>,
}

/// The longest time for which a switch may keep an order from a bank's inquiry.
const MAX_STATUS_EMPTY_SECONDS: i64 = 86_400;

async fn set_switches(State(app): State<Arc<App>>, body: Bytes) -> Response {
    match read::<SwitchOrder>(&body) {
        Ok(order) => {
            let switches = &app.switches;
            let empty = [
                (
                    order.nestpay_status_empty_seconds,
                    &switches.nestpay_status_empty_seconds,
                    "nestpayStatusEmptySeconds: 0 to 86400",
                ),
                (
                    order.boa_status_empty_seconds,
                    &switches.boa_status_empty_seconds,
                    "boaStatusEmptySeconds: 0 to 86400",
                ),
            ];
            for (seconds, switch, reason) in empty {
                let Some(seconds) = seconds else { continue };
                if !(0..=MAX_STATUS_EMPTY_SECONDS).contains(&seconds) {
                    return refuse(reason);
                }
                switch.store(seconds, Ordering::Relaxed);
            }
            if let Some(on) = order.requires_day_end_sale_succeeds {
                app.switches
                    .requires_day_end_sale_succeeds
                    .store(on, Ordering::Relaxed);
            }
            if let Some(on) = order.param_second_node {
                app.switches.param_second_node.store(on, Ordering::Relaxed);
            }
            if let Some(on) = order.published_cards_spend {
                app.ledger.set_published_spend(on);
            }
            if let Some(on) = order.day_ends_by_clock {
                app.ledger.set_day_ends_by_clock(on);
            }
            read_switches(State(app)).await.into_response()
        }
        Err(reason) => refuse(&reason),
    }
}

async fn read_switches(State(app): State<Arc<App>>) -> Json<Value> {
    let waived = app
        .switches
        .requires_day_end_sale_succeeds
        .load(Ordering::Relaxed);
    let empty_seconds = app.switches.status_empty_seconds();
    Json(json!({
        "requiresDayEndSaleSucceeds": waived,
        "publishedCardsSpend": app.ledger.published_spend(),
        "dayEndsByClock": app.ledger.day_ends_by_clock(),
        "nestpayStatusEmptySeconds": empty_seconds,
        "paramSecondNode": app.switches.param_second_node.load(Ordering::Relaxed),
        "boaStatusEmptySeconds": app.switches.boa_status_empty_seconds.load(Ordering::Relaxed),
    }))
}

fn answer(outcome: Result<Value, Unwritten>) -> Response {
    match outcome {
        Ok(told) => Json(told).into_response(),
        Err(Unwritten) => reply::internal_error(),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

fn refuse(reason: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": reason }))).into_response()
}
