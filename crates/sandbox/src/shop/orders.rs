//! An order's own page at every stage, its waiting, and asking again what became of a payment.

use super::Shop;
use super::browser::Visit;
use super::card;
use super::cart::lines_shown;
use super::checkout::{self, Forms};
use super::loan;
use super::order::{Action, BankPage, Order, Stage, Way};
use super::outcome::{Failure, Receipt, Tried};
use super::pages::{Lang, Page, go_to, refused};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use minijinja::context;
use minijinja::value::Value;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// An undecided payment is asked about at most so often.
const ASKING_PAUSE: Duration = Duration::from_secs(4);

/// What the address of an order's page may choose.
#[derive(Deserialize)]
pub(super) struct Choice {
    lang: Option<String>,
    way: Option<String>,
    /// Which of the suggested cards stands in the form.
    card: Option<String>,
}

/// The gateway does not answer.
pub(super) fn no_answer(lang: Lang) -> &'static str {
    lang.of(
        "Ödeme sistemi şu anda yanıt vermiyor. Birazdan yeniden deneyin.",
        "The payment system does not answer right now. Please try again in a moment.",
    )
}

/// No such order: never made, or made so long ago that it was forgotten.
pub(super) fn unknown(shop: &Shop, visit: &Visit) -> Response {
    let lang = visit.lang;
    shop.says(
        visit,
        StatusCode::NOT_FOUND,
        lang.of("Bu sipariş bulunamadı", "This order is not known"),
        lang.of(
            "Demo mağaza siparişleri yalnızca bellekte tutar; yeniden başlatınca unutur.",
            "The demo shop keeps orders in memory only and forgets them at a restart.",
        ),
    )
}

/// `GET /shop/orders/{id}`.
pub(super) async fn show(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    Query(choice): Query<Choice>,
    headers: HeaderMap,
) -> Response {
    let visit = Visit::of(&headers, choice.lang.as_deref());
    let chosen = choice.card.as_deref().and_then(|card| card.parse().ok());
    ask_if_due(&shop, &id).await;
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
        None => unknown(&shop, &visit),
        Some((false, ..)) => stage(&shop, &visit, &id),
        Some((true, has_offers, typed, loan_failed)) => {
            // Whoever was declined a loan looks for another one first.
            let by_loan = match choice.way.as_deref() {
                Some(way) => way == "loan",
                None => loan_failed,
            };
            let way = if by_loan { Way::Loan } else { Way::Card };
            let mut forms = Forms::fresh(way, chosen.or(typed));
            if by_loan
                && !has_offers
                && let Some(failure) = loan::ask_offers(&shop, &visit, &id).await
            {
                forms.loan_errors.push(("offers", failure.text));
            }
            checkout::page(&shop, &visit, &id, &forms)
        }
    }
}

/// `GET` of an address that takes a form: the order's page instead.
pub(super) async fn back(
    Path(id): Path<String>,
    Query(choice): Query<super::cart::Choice>,
    headers: HeaderMap,
) -> Response {
    let visit = Visit::of(&headers, choice.lang.as_deref());
    go_to(&format!("/shop/orders/{id}"), &visit)
}

/// The page of an order that cannot be paid (again).
fn stage(shop: &Shop, visit: &Visit, id: &str) -> Response {
    let lang = visit.lang;
    let (values, waits, version) = {
        let store = shop.store();
        let Some(order) = store.order(id) else {
            drop(store);
            return unknown(shop, visit);
        };
        (shown(order, shop, lang), waits(&order.stage), order.version)
    };
    let watch = waits.then(|| (format!("/shop/orders/{id}/state"), version));
    let page = Page {
        name: "order.html",
        title: lang.of("Sipariş", "Order"),
        values,
        watch,
        status: StatusCode::OK,
        with_calls: true,
    };
    shop.page(visit, page)
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

fn shown(order: &Order, shop: &Shop, lang: Lang) -> Value {
    context! {
        id => &order.id,
        stage => stage_name(&order.stage),
        has_bank_page => order.bank_url.is_some(),
        by_loan => order.way() == Way::Loan || order.bank_url.is_some(),
        lines => lines_shown(&order.lines),
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
pub(super) async fn all(
    State(shop): State<Arc<Shop>>,
    Query(choice): Query<super::cart::Choice>,
    headers: HeaderMap,
) -> Response {
    let visit = Visit::of(&headers, choice.lang.as_deref());
    let orders: Vec<Value> = {
        let store = shop.store();
        let ids = store.visitor(&visit.visitor).map(|visitor| &visitor.orders);
        let known = ids.into_iter().flatten().rev();
        known
            .filter_map(|id| store.order(id))
            .map(|order| shown(order, &shop, visit.lang))
            .collect()
    };
    let page = Page {
        name: "orders.html",
        title: visit.lang.of("Siparişlerim", "My orders"),
        values: context! { orders },
        watch: None,
        status: StatusCode::OK,
        with_calls: true,
    };
    shop.page(&visit, page)
}

/// `GET /shop/orders/{id}/state`: which version the order has.
pub(super) async fn state(State(shop): State<Arc<Shop>>, Path(id): Path<String>) -> Response {
    ask_if_due(&shop, &id).await;
    let version = shop.store().order(&id).map(|order| order.version);
    match version {
        Some(version) => {
            let told = Json(json!({ "version": version }));
            ([("cache-control", "no-store")], told).into_response()
        }
        None => refused(StatusCode::NOT_FOUND),
    }
}

/// Whoever waits for a payment in doubt makes the shop ask about it, now and then.
async fn ask_if_due(shop: &Shop, id: &str) {
    let due = {
        let mut store = shop.store();
        let order = store.order_mut(id);
        order.and_then(|order| {
            let asked = order.asked_at;
            let rested = asked.is_none_or(|asked| asked.elapsed() >= ASKING_PAUSE);
            let due = rested && matches!(order.stage, Stage::Doubt { .. });
            if due {
                order.asked_at = Some(Instant::now());
            }
            due.then_some(order.lang)
        })
    };
    if let Some(lang) = due {
        refresh(shop, id, lang).await;
    }
}

/// `GET /shop/orders/{id}/bank`: on to the bank.
pub(super) async fn bank(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let visit = Visit::of(&headers, None);
    let known = {
        let store = shop.store();
        let order = store.order(&id);
        order.map(|order| {
            let left = order.left.is_some();
            (order.stage.clone(), order.bank_url.clone(), left)
        })
    };
    match known {
        None => unknown(&shop, &visit),
        Some((
            Stage::AtBank {
                page: BankPage::Html(html),
                ..
            },
            ..,
        )) => shop.bank_html(&html, &visit),
        Some((Stage::AtBank { .. } | Stage::Applied { .. }, Some(url), _))
        | Some((_, Some(url), true)) => go_to(&url, &visit),
        Some(_) => go_to(&format!("/shop/orders/{id}"), &visit),
    }
}

/// `POST /shop/orders/{id}/ask`: asks what became of it, now.
pub(super) async fn ask(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let visit = Visit::of(&headers, None);
    refresh(&shop, &id, visit.lang).await;
    go_to(&format!("/shop/orders/{id}"), &visit)
}

/// `POST /shop/orders/{id}/give-up`: leaves the bank's 3DS page for another way of paying.
pub(super) async fn give_up(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let visit = Visit::of(&headers, None);
    if let Some(order) = shop.store().order_mut(&id) {
        order.give_up();
    }
    go_to(&format!("/shop/orders/{id}"), &visit)
}

/// An application that the shopper did not finish is asked about once more before another way of
/// paying begins: it may have been finished in another window.
pub(super) async fn ask_if_unfinished(shop: &Shop, id: &str, lang: Lang) {
    let unfinished = shop.store().order(id).is_some_and(Order::is_unfinished);
    if unfinished {
        refresh(shop, id, lang).await;
    }
}

/// The gateway told of a payment: the order's own, or an application that was left for another way.
pub(super) async fn hear(shop: &Shop, id: &str, payment: i64, lang: Lang) {
    let left = {
        let store = shop.store();
        let order = store.order(id);
        order
            .filter(|order| order.left == Some(payment))
            .map(|order| order.visitor.clone())
    };
    match left {
        Some(visitor) => loan::verify(&shop.gateway(&visitor, lang), id, payment).await,
        None => refresh(shop, id, lang).await,
    }
}

/// Asks the gateway what became of an order that is neither open nor paid.
pub(super) async fn refresh(shop: &Shop, id: &str, lang: Lang) {
    let known = {
        let store = shop.store();
        store.order(id).map(|order| {
            let asked = match &order.stage {
                // The shopper is with the bank, and the shop decides whether to complete.
                Stage::AtBank {
                    page: BankPage::Html(_),
                    ..
                } => false,
                // Its own answer is on the way.
                Stage::Open | Stage::Asking(_) | Stage::Finishing { .. } | Stage::Paid { .. } => {
                    false
                }
                Stage::AtBank { .. } | Stage::Applied { .. } | Stage::Doubt { .. } => true,
            };
            let visitor = order.visitor.clone();
            (
                asked,
                visitor,
                order.way(),
                order.payment(),
                order.reference(),
            )
        })
    };
    let Some((true, visitor, way, payment, reference)) = known else {
        return;
    };
    let gateway = shop.gateway(&visitor, lang);
    match (way, payment) {
        (Way::Loan, Some(payment)) => loan::verify(&gateway, id, payment).await,
        (Way::Card, Some(payment)) => {
            let path = format!("/payment-reporting/v1/payments/{payment}");
            if let Ok(found) = gateway.get(&path).await {
                settle_card(shop, id, &visitor, &reference, payment, &found, lang).await;
            }
        }
        (_, None) => {
            let path = format!("/payment-reporting/v1/payments?conversationId={reference}");
            if let Ok(found) = gateway.get(&path).await {
                find(shop, id, &found, lang);
            }
        }
    }
}

/// A payment whose id nobody was told, looked for by the shop's reference.
fn find(shop: &Shop, id: &str, found: &serde_json::Value, lang: Lang) {
    let Some(items) = found["items"].as_array() else {
        return;
    };
    let mut store = shop.store();
    let Some(order) = store.order_mut(id) else {
        return;
    };
    match items.first().map(|payment| payment["id"].as_i64()) {
        Some(Some(payment)) => order.known_as(payment),
        Some(None) => {}
        None => order.failed(
            None,
            Failure::own(lang.of(
                "Ödeme isteği ödeme sistemine hiç ulaşmamış.",
                "The request never reached the payment system.",
            )),
        ),
    }
}

async fn settle_card(
    shop: &Shop,
    id: &str,
    visitor: &str,
    reference: &str,
    payment: i64,
    found: &serde_json::Value,
    lang: Lang,
) {
    let status = found["paymentStatus"].as_str().unwrap_or_default();
    if status == "CALLBACK_THREEDS" {
        // The completion never arrived. Its idempotency key lets it be sent again.
        return card::ask_complete(shop, id, visitor, reference, payment, lang).await;
    }
    let mut store = shop.store();
    if let Some(order) = store.order_mut(id) {
        match status {
            "SUCCESS" => {
                order.paid(payment, Receipt::of(found));
            }
            "FAILURE" => order.failed(Some(payment), Failure::of_payment(found, lang)),
            // The page was lost on the way: without the shopper's visit nothing is taken.
            "INIT_THREEDS" => order.failed(Some(payment), Failure::own(no_answer(lang))),
            _ => {}
        }
    }
    store.empty_cart_of(id);
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
