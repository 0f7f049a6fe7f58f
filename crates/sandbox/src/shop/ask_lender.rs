//! What the shop asks the gateway about a loan: offers of all banks, an application, how it stands, and
//! its approval. What comes of it is noted in the order.

use super::amounts::lira;
use super::ask_bank::items;
use super::attempt::Attempt;
use super::browser::Visit;
use super::buyer::Buyer;
use super::catalogue::PRODUCTS;
use super::gateway::Gateway;
use super::lang::Lang;
use super::order::{Action, BankPage, Line, Order};
use super::outcome::{Failure, Receipt};
use super::state::Shop;
use serde_json::{Value, json};

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
    let answer = Gateway::new(shop, &visit.visitor, visit.lang)
        .post("/payment/v1/bnpl-payments/offers", &request, None)
        .await;
    match answer {
        Ok(answer) => {
            if let Some(order) = shop.store().order_mut(id) {
                order.offers = Some(answer);
            }
            None
        }
        Err(trouble) => Some(Failure::of_trouble(&trouble, visit.lang)),
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

/// The request that applies at a bank, for a number of months where the bank told its plans.
pub(super) fn application(
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

/// Applies.
pub(super) async fn apply(attempt: &Attempt, request: &Value) {
    let gateway = attempt.gateway();
    let path = "/payment/v1/bnpl-payments/init";
    let answer = gateway.post(path, request, Some(&attempt.reference)).await;
    attempt.note(|order| match answer {
        Ok(answer) => note_application(order, &answer),
        Err(trouble) => order.note_trouble(None, &trouble),
    });
}

fn note_application(order: &mut Order, answer: &Value) {
    let action = answer["additionalAction"].as_str().unwrap_or_default();
    let url = answer["redirectUrl"]
        .as_str()
        .filter(|url| url.starts_with("http://") || url.starts_with("https://"));
    match (answer["paymentId"].as_i64(), url) {
        (Some(payment), Some(url)) if action == "REDIRECT_TO_URL" => {
            order.bank_url = Some(url.to_owned());
            order.mark_at_bank(payment, BankPage::Url(url.to_owned()));
        }
        (Some(payment), _) => note_loan(order, payment, answer, order.lang),
        (None, _) => order.mark_in_doubt(None),
    }
}

/// What an answer or a callback about a loan means for its order.
pub(super) fn note_loan(order: &mut Order, payment: i64, answer: &Value, lang: Lang) {
    let action = answer["additionalAction"].as_str().unwrap_or_default();
    match answer["paymentStatus"].as_str() {
        Some("SUCCESS") => {
            order.mark_paid(payment, Receipt::default());
        }
        Some("FAILURE") => order.mark_failed(Some(payment), Failure::of_loan(answer, lang)),
        _ => match action {
            "REDIRECT_TO_URL" => order.mark_applied(payment, Action::Shopper),
            "APPROVAL_REQUIRED" => order.mark_applied(payment, Action::Approval),
            "WAIT_FOR_WEBHOOK" => order.mark_applied(payment, Action::Webhook),
            "VERIFY_REQUIRED" => order.mark_applied(payment, Action::Verify),
            _ => {}
        },
    }
}

/// Asks the lender again by way of the gateway.
pub(super) async fn verify(attempt: &Attempt, payment: i64) {
    let path = format!("/payment/v1/bnpl-payments/{payment}/verify");
    let answer = attempt.gateway().post_nothing(&path, None).await;
    attempt.note(|order| {
        let Ok(answer) = answer else { return };
        if order.left != Some(payment) {
            return note_loan(order, payment, &answer, attempt.lang);
        }
        match answer["paymentStatus"].as_str() {
            Some("SUCCESS") => order.end_left(payment, true),
            Some("FAILURE") => order.end_left(payment, false),
            _ => {}
        }
    });
}

/// Lets the loan be paid out.
pub(super) async fn approve(attempt: &Attempt, payment: i64) {
    let path = format!("/payment/v1/bnpl-payments/{payment}/approve");
    let key = format!("{}-approve", attempt.reference);
    let answer = attempt.gateway().post_nothing(&path, Some(&key)).await;
    let approved = matches!(&answer, Ok(answer) if answer["paymentStatus"] == "SUCCESS");
    if approved {
        attempt.note(|order| {
            order.mark_paid(payment, Receipt::default());
        });
        return;
    }
    attempt.note(|order| order.mark_in_doubt(Some(payment)));
    // Approved elsewhere, withdrawn, or unknown: the lender's own word decides.
    verify(attempt, payment).await;
}
