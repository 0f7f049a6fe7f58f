//! What the shop asks the gateway about a card: its rewards, the payment, and the last step after 3DS.
//! What comes of it is noted in the order.

use super::amounts::lira;
use super::attempt::Attempt;
use super::browser::Visit;
use super::catalogue::PRODUCTS;
use super::gateway::Gateway;
use super::lang::Lang;
use super::mask;
use super::order::{BankPage, Line, Order, Rewards};
use super::outcome::{Failure, Receipt};
use super::state::Shop;
use super::typed::TypedCard;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use std::sync::Arc;

/// Bytes of a page that the gateway makes for the browser.
const BANK_HTML_MAX: usize = 256 * 1024;

/// Asks which rewards the card has, and keeps the answer with the order.
pub(super) async fn ask_rewards(shop: &Shop, visit: &Visit, id: &str, typed: &mut TypedCard) {
    let answer = Gateway::new(shop, &visit.visitor, visit.lang)
        .post(
            "/payment/v1/card-loyalties/retrieve",
            &typed.request(),
            None,
        )
        .await;
    let found = match answer {
        Ok(answer) => answer,
        Err(trouble) => {
            typed.form.rewards_trouble = Failure::of_trouble(&trouble, visit.lang).text;
            return;
        }
    };
    let Some((first, last)) = mask::ends(&typed.number) else {
        return;
    };
    let rewards = Rewards {
        card: (first.to_owned(), last.to_owned()),
        found: found["loyalties"].as_array().cloned().unwrap_or_default(),
        brand: found["cardBrand"].as_str().unwrap_or_default().to_owned(),
        force_threeds: found["force3ds"].as_bool().unwrap_or(false),
    };
    if let Some(order) = shop.store().order_mut(id) {
        order.rewards = Some(rewards);
    }
}

/// The request that pays an order by card.
pub(super) fn payment(
    order: &Order,
    typed: &TypedCard,
    loyalty: Option<Value>,
    callback: &str,
) -> Value {
    let mut card = typed.request();
    card["cardHolderName"] = json!(typed.form.holder);
    if let Some(loyalty) = loyalty {
        card["loyalty"] = loyalty;
    }
    let mut request = json!({
        "price": lira(order.total),
        "paidPrice": lira(order.total),
        "walletPrice": 0,
        "installment": typed.form.instalments,
        "currency": "TRY",
        "paymentGroup": "PRODUCT",
        "conversationId": order.reference(),
        "externalId": order.id,
        "card": card,
        "items": items(&order.lines),
    });
    if typed.form.threeds {
        request["callbackUrl"] = json!(callback);
    }
    request
}

/// One item of the basket for each line.
pub(super) fn items(lines: &[Line]) -> Value {
    let items = lines.iter().filter_map(|line| {
        let product = PRODUCTS.get(line.product)?;
        Some(json!({
            "name": product.name_tr,
            "externalId": product.id,
            "price": lira(product.price * i64::from(line.quantity)),
        }))
    });
    items.collect()
}

/// Asks the gateway to take the money, or for the bank's page.
pub(super) async fn pay(attempt: &Attempt, request: &Value, threeds: bool) {
    let path = if threeds {
        "/payment/v1/card-payments/3ds-init"
    } else {
        "/payment/v1/card-payments"
    };
    let gateway = attempt.gateway();
    let answer = gateway.post(path, request, Some(&attempt.reference)).await;
    attempt.note(|order| match answer {
        Ok(answer) if threeds => note_bank_page(order, &answer, attempt.lang),
        Ok(answer) => note_taken(order, &answer),
        Err(trouble) => order.note_trouble(None, &trouble),
    });
}

fn note_bank_page(order: &mut Order, answer: &Value, lang: Lang) {
    let html = answer["htmlContent"].as_str().and_then(bank_html);
    match (html, answer["paymentId"].as_i64()) {
        (Some(html), Some(payment)) => order.mark_at_bank(payment, BankPage::Html(html)),
        (Some(_), None) => order.mark_in_doubt(None),
        // A page that cannot be read: no money moves without the shopper's visit to the bank.
        (None, _) => order.mark_failed(
            None,
            Failure::own(lang.of(
                "Bankanın sayfası açılamadı.",
                "The bank's page could not be opened.",
            )),
        ),
    }
}

fn note_taken(order: &mut Order, answer: &Value) {
    match (answer["id"].as_i64(), answer["paymentStatus"].as_str()) {
        (Some(payment), Some("SUCCESS")) => {
            order.mark_paid(payment, Receipt::of(answer));
        }
        (payment, _) => order.mark_in_doubt(payment),
    }
}

fn bank_html(encoded: &str) -> Option<String> {
    let bytes = BASE64.decode(encoded).ok()?;
    let html = String::from_utf8(bytes).ok()?;
    (html.len() <= BANK_HTML_MAX).then_some(html)
}

/// Takes the money of a verified payment: once, though return and webhook both ask for it.
pub(super) async fn complete(shop: &Arc<Shop>, id: &str, payment: i64, lang: Lang) {
    let begun = Attempt::step(shop, id, lang, |order| order.finish(payment).then_some(()));
    if let Some((attempt, ())) = begun {
        ask_completion(&attempt, payment).await;
    }
}

/// The call itself. Its idempotency key makes it safe to repeat.
pub(super) async fn ask_completion(attempt: &Attempt, payment: i64) {
    let key = format!("{}-complete", attempt.reference);
    let request = json!({ "paymentId": payment });
    let gateway = attempt.gateway();
    let path = "/payment/v1/card-payments/3ds-complete";
    let answer = gateway.post(path, &request, Some(&key)).await;
    attempt.note(|order| match answer {
        Ok(answer) => note_taken(order, &answer),
        Err(trouble) => order.note_trouble(Some(payment), &trouble),
    });
}
