//! An order's own page at every stage, its waiting, and the list of orders.

use super::answers::{bare, go_to, go_to_order};
use super::ask_lender;
use super::browser::Visit;
use super::cart::line_rows;
use super::checkout::{self, Forms};
use super::lang::Lang;
use super::order::{Action, BankPage, Order, Stage, Way};
use super::outcome::Tried;
use super::pages::Page;
use super::refresh::{refresh, refresh_if_due};
use super::state::Shop;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use minijinja::context;
use minijinja::value::Value;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// What the address of an order's page may choose.
#[derive(Deserialize)]
pub(super) struct Choice {
    way: Option<String>,
    /// Which of the suggested cards stands in the form.
    card: Option<String>,
}

/// `GET /shop/orders/{id}`.
pub(super) async fn show(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    Query(choice): Query<Choice>,
    visit: Visit,
) -> Response {
    let chosen = choice.card.as_deref().and_then(|card| card.parse().ok());
    refresh_if_due(&shop, &id).await;
    let known = {
        let store = shop.store();
        store.order(&id).map(|order| {
            // An application that was not finished gives way once another way is asked for.
            let instead = order.is_unfinished() && choice.way.is_some();
            let open = order.stage == Stage::Open || instead;
            let failure = order.failure.as_ref();
            let loan_failed = failure.is_some_and(|failure| failure.tried == Tried::Loan);
            (open, order.offers.is_some(), order.test_card, loan_failed)
        })
    };
    match known {
        None => shop.unknown_order(&visit),
        Some((false, ..)) => stage_page(&shop, &visit, &id),
        Some((true, has_offers, typed, loan_failed)) => {
            // After a declined loan another one is looked for first.
            let by_loan = match choice.way.as_deref() {
                Some(way) => way == "loan",
                None => loan_failed,
            };
            let way = if by_loan { Way::Loan } else { Way::Card };
            let mut forms = Forms::fresh(way, chosen.or(typed));
            if by_loan
                && !has_offers
                && let Some(failure) = ask_lender::ask_offers(&shop, &visit, &id).await
            {
                forms.loan_errors.push(("offers", failure.text));
            }
            checkout::page(&shop, &visit, &id, &forms)
        }
    }
}

/// `GET` of an address that takes a form: the order's page instead.
pub(super) async fn lead_to_order(Path(id): Path<String>, visit: Visit) -> Response {
    go_to_order(&id, &visit)
}

/// The page of an order that cannot be paid (again).
fn stage_page(shop: &Shop, visit: &Visit, id: &str) -> Response {
    let lang = visit.lang;
    let (values, waits, version) = {
        let store = shop.store();
        let Some(order) = store.order(id) else {
            drop(store);
            return shop.unknown_order(visit);
        };
        (
            order_view(order, shop, lang),
            waits(&order.stage),
            order.version,
        )
    };
    let watch = waits.then(|| (format!("/shop/orders/{id}/state"), version));
    let page = Page::new("order.html", lang.of("Sipariş", "Order"), values);
    shop.page(visit, Page { watch, ..page })
}

fn stage_name(stage: &Stage) -> &'static str {
    match stage {
        Stage::Open => "open",
        Stage::Asking(_) => "asking",
        Stage::AtBank {
            page: BankPage::Html(_),
            ..
        } => "at-threeds",
        Stage::AtBank { .. } => "at-lender",
        Stage::Finishing { .. } => "finishing",
        Stage::Applied {
            action: Action::Approval,
            ..
        } => "approval",
        Stage::Applied {
            action: Action::Webhook,
            ..
        } => "webhook",
        Stage::Applied {
            action: Action::Shopper,
            ..
        } => "unfinished",
        Stage::Applied { .. } => "verify",
        Stage::Doubt { .. } => "doubt",
        Stage::Paid { .. } => "paid",
    }
}

fn waits(stage: &Stage) -> bool {
    !matches!(stage, Stage::Open | Stage::Paid { .. })
}

fn order_view(order: &Order, shop: &Shop, lang: Lang) -> Value {
    context! {
        id => &order.id,
        stage => stage_name(&order.stage),
        has_bank_page => order.bank_url.is_some(),
        by_loan => order.way() == Way::Loan || order.bank_url.is_some(),
        lines => line_rows(&order.lines),
        total => order.total,
        payment => order.payment(),
        paid_twice => order.paid_twice,
        waits_seconds => shop.place.webhook_wait.as_secs().max(1),
        receipt => order.receipt.as_ref().map(|receipt| context! {
            pos => &receipt.pos,
            card => &receipt.card,
            instalments => receipt.instalments,
            threeds => receipt.threeds,
            reward => checkout::reward_name(&receipt.reward, lang),
            points => receipt.points,
            from_card => order.total - receipt.points,
        }),
    }
}

/// `GET /shop/orders`: the visitor's orders.
pub(super) async fn list(State(shop): State<Arc<Shop>>, visit: Visit) -> Response {
    let orders: Vec<Value> = {
        let store = shop.store();
        let ids = store.visitor(&visit.visitor).map(|visitor| &visitor.orders);
        let known = ids.into_iter().flatten().rev();
        known
            .filter_map(|id| store.order(id))
            .map(|order| order_view(order, &shop, visit.lang))
            .collect()
    };
    let title = visit.lang.of("Siparişlerim", "My orders");
    shop.page(&visit, Page::new("orders.html", title, context! { orders }))
}

/// `GET /shop/orders/{id}/state`: which version the order has.
pub(super) async fn state(State(shop): State<Arc<Shop>>, Path(id): Path<String>) -> Response {
    refresh_if_due(&shop, &id).await;
    let version = shop.store().order(&id).map(|order| order.version);
    match version {
        Some(version) => {
            let told = Json(json!({ "version": version }));
            ([("cache-control", "no-store")], told).into_response()
        }
        None => bare(StatusCode::NOT_FOUND),
    }
}

/// `GET /shop/orders/{id}/bank`: on to the bank.
pub(super) async fn bank(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    visit: Visit,
) -> Response {
    let known = {
        let store = shop.store();
        let order = store.order(&id);
        order.map(|order| {
            let left = order.left.is_some();
            (order.stage.clone(), order.bank_url.clone(), left)
        })
    };
    match known {
        None => shop.unknown_order(&visit),
        Some((
            Stage::AtBank {
                page: BankPage::Html(html),
                ..
            },
            ..,
        )) => shop.bank_html(&html, &visit),
        Some((Stage::AtBank { .. } | Stage::Applied { .. }, Some(url), _))
        | Some((_, Some(url), true)) => go_to(&url, &visit),
        Some(_) => go_to_order(&id, &visit),
    }
}

/// `POST /shop/orders/{id}/ask`: asks what became of it, now.
pub(super) async fn ask_again(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    visit: Visit,
) -> Response {
    refresh(&shop, &id, visit.lang).await;
    go_to_order(&id, &visit)
}

/// `POST /shop/orders/{id}/give-up`: leaves the bank's 3DS page for another way of paying.
pub(super) async fn give_up(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    visit: Visit,
) -> Response {
    if let Some(order) = shop.store().order_mut(&id) {
        order.give_up();
    }
    go_to_order(&id, &visit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_decided_does_not_wait() {
        assert!(!waits(&Stage::Open) && !waits(&Stage::Paid { payment: 1 }));
        assert!(waits(&Stage::Asking(Way::Card)));
        assert!(
            Forms::fresh(Way::Card, Some(super::super::published::HINTS.len()))
                .card
                .number
                .is_empty()
        );
    }
}
