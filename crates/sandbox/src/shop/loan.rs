//! Paying by loan: offers of all banks compared, an application, and the shop's approval.

use super::answers::{go_to, go_to_order};
use super::ask_lender;
use super::attempt::{Attempt, carry_on};
use super::browser::{Form, Visit};
use super::buyer::Buyer;
use super::checkout::{self, Forms};
use super::order::{BankPage, Order, Stage, Way};
use super::refresh::refresh_unfinished;
use super::state::Shop;
use crate::banks::Banks;
use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;
use std::sync::Arc;

/// `POST /shop/orders/{id}/offers`: asks again.
pub(super) async fn refresh_offers(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    visit: Visit,
) -> Response {
    if let Some(order) = shop.store().order_mut(&id) {
        // The page asks when there are none.
        order.offers = None;
    }
    go_to(&format!("/shop/orders/{id}?way=loan"), &visit)
}

/// `POST /shop/orders/{id}/loan`: applies at the chosen bank.
pub(super) async fn apply(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    visit: Visit,
    form: Form,
) -> Response {
    let lang = visit.lang;
    let buyer = Buyer::read(&form);
    let mut errors = buyer.errors(lang);
    let plan = chosen_plan(form.value("plan"));
    if plan.is_none() {
        let text = lang.of("Bir banka ve plan seçin.", "Choose a bank and a plan.");
        errors.push(("plan", text.to_owned()));
    }
    refresh_unfinished(&shop, &id, lang).await;
    let can_begin = shop.store().order(&id).map(Order::can_begin);
    let (bank, term) = match (can_begin, plan) {
        (None, _) => return shop.unknown_order(&visit),
        (Some(true), Some(plan)) if errors.is_empty() => plan,
        (Some(true), _) => {
            let forms = Forms {
                buyer,
                plan: form.value("plan").to_owned(),
                loan_errors: errors,
                ..Forms::fresh(Way::Loan, None)
            };
            return checkout::page(&shop, &visit, &id, &forms);
        }
        (Some(false), _) => return go_to_order(&id, &visit),
    };
    let callback = shop.callback_url(&headers, &id);
    let begun = Attempt::step(&shop, &id, lang, |order| {
        order.begin(Way::Loan).then(|| {
            order.lang = lang;
            order.bank_url = None;
            ask_lender::application(order, &bank, term, &buyer, &callback)
        })
    });
    let Some((attempt, request)) = begun else {
        return go_to_order(&id, &visit);
    };
    carry_on("an application", async move {
        ask_lender::apply(&attempt, &request).await;
    })
    .await;
    let at_bank = shop
        .store()
        .order(&id)
        .and_then(|order| match &order.stage {
            Stage::AtBank {
                page: BankPage::Url(url),
                ..
            } => Some(url.clone()),
            _ => None,
        });
    match at_bank {
        Some(url) => go_to(&url, &visit),
        None => go_to_order(&id, &visit),
    }
}

/// A bank's code of three digits, and months where the bank told its plans.
fn chosen_plan(text: &str) -> Option<(String, Option<u16>)> {
    let (bank, term) = text.split_once(':')?;
    let sound = bank.len() == 3 && bank.bytes().all(|b| b.is_ascii_digit());
    let term = match term {
        "" => None,
        months => Some(months.parse().ok()?),
    };
    sound.then(|| (bank.to_owned(), term))
}

/// `POST /shop/orders/{id}/approve`: the shop lets the loan be paid out, once.
pub(super) async fn approve(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    visit: Visit,
) -> Response {
    let begun = Attempt::step(&shop, &id, visit.lang, |order| {
        let payment = order.payment()?;
        let approves = matches!(order.stage, Stage::Applied { .. }) && order.finish(payment);
        approves.then_some(payment)
    });
    if let Some((attempt, payment)) = begun {
        carry_on("an approval", async move {
            ask_lender::approve(&attempt, payment).await;
        })
        .await;
    }
    go_to_order(&id, &visit)
}

/// `POST /shop/orders/{id}/decide`: lets the simulated bank decide a waiting application now. No
/// shop can do that; it stands on the page for testers.
pub(super) async fn decide(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    visit: Visit,
    form: Form,
) -> Response {
    let decision = match form.value("decision") {
        "reject" => "reject",
        _ => "ready",
    };
    let page = shop
        .store()
        .order(&id)
        .and_then(|order| order.bank_url.clone());
    if let Some(page) = page
        && let Err(why) = order_decision(&shop, &page, decision).await
    {
        tracing::warn!(why, "the simulated bank did not take the decision");
    }
    go_to_order(&id, &visit)
}

async fn order_decision(shop: &Shop, page: &str, decision: &str) -> Result<(), String> {
    let banks = Banks::new(shop.http.clone(), &shop.place.simulator);
    let loan = banks.loan(page).await?;
    let order = loan["orderId"].as_str().unwrap_or_default();
    banks.decide(order, decision).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_a_bank_with_or_without_months() {
        assert_eq!(chosen_plan("064:6"), Some(("064".to_owned(), Some(6))));
        assert_eq!(chosen_plan("134:"), Some(("134".to_owned(), None)));
        for text in ["", "064", "64:6", "064:x", "abc:3"] {
            assert_eq!(chosen_plan(text), None, "{text}");
        }
    }
}
