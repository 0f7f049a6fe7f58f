//! Paying by loan: offers of all banks compared, an application, the return from the bank, and the
//! shop's approval.

use super::amounts::lira;
use super::browser::{Form, Visit, callback_url};
use super::card::items;
use super::catalogue::PRODUCTS;
use super::checkout::{self, Forms};
use super::gateway::{Gateway, Trouble};
use super::order::{Action, BankPage, Line, Order, Stage, Way};
use super::outcome::{Failure, Receipt};
use super::pages::{Lang, go_to};
use super::results;
use super::{Shop, carried};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;
use serde::Serialize;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::sync::Arc;

/// An identity number that is nobody's, as tests use it.
pub(super) const TEST_IDENTITY_NUMBER: &str = "10000000146";

/// Who applies. Does not print.
#[derive(Clone, Serialize)]
pub(super) struct Buyer {
    identity_number: Cow<'static, str>,
    phone_number: Cow<'static, str>,
    birth_date: Cow<'static, str>,
}

/// Stands in the form at first.
pub(super) const TEST_BUYER: Buyer = Buyer {
    identity_number: Cow::Borrowed(TEST_IDENTITY_NUMBER),
    phone_number: Cow::Borrowed("5551112233"),
    birth_date: Cow::Borrowed("1990-05-17"),
};

impl Buyer {
    fn read(form: &Form) -> Buyer {
        let text = |name: &str| Cow::Owned(form.value(name).to_owned());
        Buyer {
            identity_number: text("identity_number"),
            phone_number: text("phone_number"),
            birth_date: text("birth_date"),
        }
    }

    /// What is wrong with it.
    fn errors(&self, lang: Lang) -> Vec<(&'static str, String)> {
        let digits =
            |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
        let mut errors = Vec::new();
        let mut wrong =
            |field, tr: &str, en: &str| errors.push((field, lang.of(tr, en).to_owned()));
        if !digits(&self.identity_number, 11) || self.identity_number.starts_with('0') {
            let (tr, en) = ("11 rakam yazın.", "Write 11 digits.");
            wrong("identity_number", tr, en);
        }
        if !digits(&self.phone_number, 10) || !self.phone_number.starts_with('5') {
            let (tr, en) = (
                "5 ile başlayan 10 rakam yazın.",
                "Write 10 digits that begin with 5.",
            );
            wrong("phone_number", tr, en);
        }
        let date: String = self.birth_date.chars().filter(|c| *c != '-').collect();
        if self.birth_date.len() != 10 || !digits(&date, 8) {
            wrong(
                "birth_date",
                "Doğum tarihinizi seçin.",
                "Choose your date of birth.",
            );
        }
        errors
    }
}

/// Asks which banks lend for the order, and keeps the answer.
pub(super) async fn ask_offers(shop: &Shop, visit: &Visit, id: &str) -> Option<Failure> {
    let request = {
        let store = shop.store();
        let order = store.order(id)?;
        json!({
            "apmType": "MASLAK",
            "price": lira(order.total),
            "currency": "TRY",
            "items": cart(&order.lines),
        })
    };
    let answer = shop
        .gateway(&visit.visitor, visit.lang)
        .post("/payment/v1/bnpl-payments/offers", &request, None)
        .await;
    match answer {
        Ok(answer) => {
            if let Some(order) = shop.store().order_mut(id) {
                order.offers = Some(answer);
            }
            None
        }
        Err(Trouble::Refused(refusal)) => Some(Failure::of(&refusal)),
        Err(Trouble::Unknown) => Some(Failure::own(results::no_answer(visit.lang))),
    }
}

/// The lines with quantity, price and category, as the regulator asks.
fn cart(lines: &[Line]) -> Value {
    let items = lines.iter().filter_map(|line| {
        let product = PRODUCTS.get(line.product)?;
        Some(json!({
            "id": product.id,
            "name": product.name_tr,
            "brandName": product.brand,
            "type": product.category,
            "unitPrice": lira(product.price),
            "quantity": line.quantity,
        }))
    });
    items.collect()
}

/// `POST /shop/orders/{id}/offers`: asks again.
pub(super) async fn refresh_offers(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let visit = Visit::of(&headers, None);
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
    body: Bytes,
) -> Response {
    let visit = Visit::of(&headers, None);
    let lang = visit.lang;
    let address = format!("/shop/orders/{id}");
    let form = Form::read(&body);
    let buyer = Buyer::read(&form);
    let mut errors = buyer.errors(lang);
    let plan = chosen_plan(form.value("plan"));
    if plan.is_none() {
        let text = lang.of("Bir banka ve plan seçin.", "Choose a bank and a plan.");
        errors.push(("plan", text.to_owned()));
    }
    results::ask_if_unfinished(&shop, &id, lang).await;
    let can_begin = shop.store().order(&id).map(Order::can_begin);
    let (bank, term) = match (can_begin, plan) {
        (None, _) => return results::unknown(&shop, &visit),
        (Some(true), Some(plan)) if errors.is_empty() => plan,
        (Some(true), _) => {
            let mut forms = Forms::fresh(Way::Loan, None);
            forms.buyer = buyer;
            forms.plan = form.value("plan").to_owned();
            forms.loan_errors = errors;
            return checkout::page(&shop, &visit, &id, &forms);
        }
        (Some(false), _) => return go_to(&address, &visit),
    };
    let callback = callback_url(&shop, &headers, &id);
    let begun = {
        let mut store = shop.store();
        store.order_mut(&id).and_then(|order| {
            order.begin(Way::Loan).then(|| {
                order.lang = lang;
                order.bank_url = None;
                let request = application(order, &bank, term, &buyer, &callback);
                (order.visitor.clone(), order.reference(), request)
            })
        })
    };
    let Some((visitor, reference, request)) = begun else {
        return go_to(&address, &visit);
    };
    let applied = (Arc::clone(&shop), id.clone());
    carried("an application", async move {
        let (shop, id) = applied;
        init(&shop, &id, &visitor, &reference, &request, lang).await;
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
    go_to(at_bank.as_deref().unwrap_or(&address), &visit)
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

fn application(
    order: &Order,
    bank: &str,
    term: Option<u16>,
    buyer: &Buyer,
    callback: &str,
) -> Value {
    let mut params = json!({
        "buyerIdentityNumber": buyer.identity_number,
        "buyerPhoneNumber": buyer.phone_number,
        "buyerBirthdate": buyer.birth_date,
    });
    if let Some(months) = term {
        params["fingate"] = json!({ "totalTerm": months });
    }
    let mut request = json!({
        "apmType": "MASLAK",
        "price": lira(order.total),
        "paidPrice": lira(order.total),
        "currency": "TRY",
        "paymentGroup": "PRODUCT",
        "conversationId": order.reference(),
        "externalId": order.id,
        "callbackUrl": callback,
        "bankCode": bank,
        "additionalParams": params,
        "items": items(&order.lines),
        "cartItems": cart(&order.lines),
    });
    let offer = order
        .offers
        .as_ref()
        .map(|offers| offers["offerId"].clone());
    if let Some(offer) = offer.filter(|offer| !offer.is_null()) {
        request["apmOrderId"] = offer;
    }
    request
}

async fn init(shop: &Shop, id: &str, visitor: &str, reference: &str, request: &Value, lang: Lang) {
    let answer = shop
        .gateway(visitor, lang)
        .post("/payment/v1/bnpl-payments/init", request, Some(reference))
        .await;
    let mut store = shop.store();
    if let Some(order) = store.order_mut(id) {
        match answer {
            Ok(answer) => applied(order, &answer),
            Err(Trouble::Refused(refusal)) if !refusal.is_doubt() => {
                order.failed(refusal.payment(), Failure::of(&refusal));
            }
            Err(Trouble::Refused(refusal)) => order.in_doubt(refusal.payment()),
            Err(Trouble::Unknown) => order.in_doubt(None),
        }
    }
    store.empty_cart_of(id);
}

fn applied(order: &mut Order, answer: &Value) {
    let action = answer["additionalAction"].as_str().unwrap_or_default();
    let url = answer["redirectUrl"]
        .as_str()
        .filter(|url| url.starts_with("http://") || url.starts_with("https://"));
    match (answer["paymentId"].as_i64(), url) {
        (Some(payment), Some(url)) if action == "REDIRECT_TO_URL" => {
            order.bank_url = Some(url.to_owned());
            order.sent_to_bank(payment, BankPage::Url(url.to_owned()));
        }
        (Some(payment), _) => settle(order, payment, answer, order.lang),
        (None, _) => order.in_doubt(None),
    }
}

/// What an answer or a callback about a loan means for its order.
fn settle(order: &mut Order, payment: i64, answer: &Value, lang: Lang) {
    let action = answer["additionalAction"].as_str().unwrap_or_default();
    match answer["paymentStatus"].as_str() {
        Some("SUCCESS") => {
            order.paid(payment, Receipt::default());
        }
        Some("FAILURE") => order.failed(Some(payment), Failure::of_loan(answer, lang)),
        _ => match action {
            "REDIRECT_TO_URL" => order.applied(payment, Action::Shopper),
            "APPROVAL_REQUIRED" => order.applied(payment, Action::Approval),
            "WAIT_FOR_WEBHOOK" => order.applied(payment, Action::Webhook),
            "VERIFY_REQUIRED" => order.applied(payment, Action::Verify),
            _ => {}
        },
    }
}

/// The browser is back, with a callback whose hash is right. It does not say why a bank declined,
/// nor whether the shopper left early or the bank is slow, and an older return may tell what is no
/// longer so: all of that is asked.
pub(super) async fn returned(shop: &Shop, id: &str, form: &Form, lang: Lang) {
    let Ok(payment) = form.value("paymentId").parse::<i64>() else {
        return;
    };
    let told = json!({
        "paymentStatus": form.value("paymentStatus"),
        "additionalAction": form.value("additionalAction"),
    });
    let failed = form.value("paymentStatus") == "FAILURE";
    let (first, ask) = {
        let mut store = shop.store();
        let Some(order) = store.order_mut(id) else {
            return;
        };
        let current = order.payment() == Some(payment);
        let first = current
            && (matches!(order.stage, Stage::AtBank { .. }) || order.is_unfinished())
            && form.value("callbackStatus") != "ALREADY_RETURNED";
        if first && !failed {
            settle(order, payment, &told, lang);
        }
        let slow = form.value("additionalAction") == "WAIT_FOR_WEBHOOK";
        (first, current && (!first || failed || slow))
    };
    if ask {
        results::refresh(shop, id, lang).await;
    }
    let mut store = shop.store();
    // Also when it could not be asked: the callback is proven.
    if first
        && failed
        && let Some(order) = store.order_mut(id)
    {
        settle(order, payment, &told, lang);
    }
    store.empty_cart_of(id);
}

/// Asks the lender again by way of the gateway.
pub(super) async fn verify(gateway: &Gateway<'_>, id: &str, payment: i64) {
    let path = format!("/payment/v1/bnpl-payments/{payment}/verify");
    let answer = gateway.post_nothing(&path, None).await;
    let mut store = gateway.shop.store();
    if let (Some(order), Ok(answer)) = (store.order_mut(id), answer) {
        match (
            order.left == Some(payment),
            answer["paymentStatus"].as_str(),
        ) {
            (true, Some("SUCCESS")) => order.left_ended(payment, true),
            (true, Some("FAILURE")) => order.left_ended(payment, false),
            (true, _) => {}
            (false, _) => settle(order, payment, &answer, gateway.lang),
        }
    }
    store.empty_cart_of(id);
}

/// `POST /shop/orders/{id}/approve`: the shop lets the loan be paid out, once.
pub(super) async fn approve(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let visit = Visit::of(&headers, None);
    let begun = {
        let mut store = shop.store();
        store.order_mut(&id).and_then(|order| {
            let payment = order.payment()?;
            let approves = matches!(order.stage, Stage::Applied { .. }) && order.finish(payment);
            approves.then(|| (order.visitor.clone(), order.reference(), payment))
        })
    };
    if let Some((visitor, reference, payment)) = begun {
        let (shop, id, lang) = (Arc::clone(&shop), id.clone(), visit.lang);
        carried("an approval", async move {
            ask_approve(&shop, &id, &visitor, &reference, payment, lang).await;
        })
        .await;
    }
    go_to(&format!("/shop/orders/{id}"), &visit)
}

async fn ask_approve(
    shop: &Shop,
    id: &str,
    visitor: &str,
    reference: &str,
    payment: i64,
    lang: Lang,
) {
    let gateway = shop.gateway(visitor, lang);
    let path = format!("/payment/v1/bnpl-payments/{payment}/approve");
    let key = format!("{reference}-approve");
    let answer = gateway.post_nothing(&path, Some(&key)).await;
    let approved = matches!(&answer, Ok(answer) if answer["paymentStatus"] == "SUCCESS");
    {
        let mut store = shop.store();
        if let Some(order) = store.order_mut(id) {
            match approved {
                true => {
                    order.paid(payment, Receipt::default());
                }
                false => order.in_doubt(Some(payment)),
            }
        }
    }
    // Approved elsewhere, withdrawn, or unknown: the lender's own word decides.
    if !approved {
        verify(&gateway, id, payment).await;
    }
}

/// `POST /shop/orders/{id}/decide`: lets the simulated bank decide a waiting application now. No
/// shop can do that; it stands on the page for testers.
pub(super) async fn decide(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let visit = Visit::of(&headers, None);
    let decision = match Form::read(&body).value("decision") {
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
    go_to(&format!("/shop/orders/{id}"), &visit)
}

async fn order_decision(shop: &Shop, page: &str, decision: &str) -> Result<(), String> {
    let base = &shop.place.simulator;
    let url = format!("{base}/control/loans");
    let reply = shop.http.send("GET", &url, &[], Vec::new()).await?;
    let known: Value = serde_json::from_str(&reply.body).map_err(|error| error.to_string())?;
    let mut loans = known["loans"].as_array().into_iter().flatten();
    let loan = loans.find(|loan| loan["pageUrl"] == page);
    let order = loan
        .and_then(|loan| loan["orderId"].as_str())
        .ok_or("the lender does not know the application")?;
    let url = format!("{base}/control/loans/{order}/decision");
    let body = json!({ "decision": decision }).to_string().into_bytes();
    let headers = [("content-type", "application/json")];
    shop.http.send("POST", &url, &headers, body).await?;
    Ok(())
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

    #[test]
    fn the_test_buyer_is_accepted() {
        assert!(TEST_BUYER.errors(Lang::Tr).is_empty());
    }
}
