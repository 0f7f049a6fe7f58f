//! Paying by card: ask for rewards as the card is typed, pay with one of them, with or without
//! 3DS. The card passes through; nothing of it is kept but its first six and last four digits.

use super::amounts::lira;
use super::browser::{Form, Visit, callback_url};
use super::catalogue::PRODUCTS;
use super::checkout::{self, Forms};
use super::gateway::Trouble;
use super::order::{BankPage, Line, Rewards, Stage, Way};
use super::outcome::{Failure, Receipt};
use super::pages::{Lang, cached_never, go_to};
use super::typed::Typed;
use super::{Shop, carried, mask, published, results};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::HeaderMap;
use serde_json::{Value, json};
use std::sync::Arc;

/// Bytes of a page that the gateway makes for the browser.
const BANK_HTML_MAX: usize = 256 * 1024;

/// `POST /shop/orders/{id}/rewards`: the rewards of the card in the form, as a piece of the page
/// for scripts, or as the page again.
pub(super) async fn rewards(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let visit = Visit::of(&headers, None);
    let stage = shop.store().order(&id).map(|order| order.stage.clone());
    match stage {
        None => return results::unknown(&shop, &visit),
        Some(Stage::Open) => {}
        Some(_) => return go_to(&format!("/shop/orders/{id}"), &visit),
    }
    let mut typed = Typed::read(&Form::read(&body));
    if typed.check(visit.lang, false) {
        ask_rewards(&shop, &visit, &id, &mut typed).await;
    }
    if headers.contains_key("x-fragment") {
        let shown = {
            let store = shop.store();
            let rewards = store.order(&id).and_then(|order| order.rewards.as_ref());
            let asked = typed.form.errors.is_empty() && typed.form.rewards_trouble.is_empty();
            checkout::rewards_values(rewards.filter(|_| asked), &typed.form, visit.lang)
        };
        return cached_never(shop.pages.fragment("rewards.html", visit.lang, shown));
    }
    let mut forms = Forms::fresh(Way::Card, None);
    forms.card = typed.form;
    checkout::page(&shop, &visit, &id, &forms)
}

async fn ask_rewards(shop: &Shop, visit: &Visit, id: &str, typed: &mut Typed) {
    let lang = visit.lang;
    let answer = shop
        .gateway(&visit.visitor, lang)
        .post(
            "/payment/v1/card-loyalties/retrieve",
            &typed.request(),
            None,
        )
        .await;
    let found = match answer {
        Ok(answer) => answer,
        Err(Trouble::Refused(refusal)) => {
            typed.form.rewards_trouble = Failure::of(&refusal).text;
            return;
        }
        Err(Trouble::Unknown) => {
            typed.form.rewards_trouble = results::no_answer(lang).to_owned();
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

/// `POST /shop/orders/{id}/card`: pays. A second one of the same order finds the first under way.
pub(super) async fn pay(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let visit = Visit::of(&headers, None);
    let lang = visit.lang;
    let address = format!("/shop/orders/{id}");
    let mut typed = Typed::read(&Form::read(&body));
    let mut sound = typed.check(lang, true);
    results::ask_if_unfinished(&shop, &id, lang).await;
    let known = {
        let store = shop.store();
        store
            .order(&id)
            .map(|order| (order.can_begin(), chosen(order.rewards.as_ref(), &typed)))
    };
    let chosen_type = match &known {
        Some((_, Ok(Some(loyalty)))) => loyalty["type"].as_str().unwrap_or_default(),
        _ => "",
    };
    if chosen_type.ends_with("_INSTALLMENT") && typed.form.instalments < 2 {
        sound = false;
        let text = lang.of(
            "Bu ödül taksitli ödemede kullanılır: en az 2 taksit seçin.",
            "This reward needs instalments: choose at least 2.",
        );
        typed.form.errors.push(("instalments", text.to_owned()));
    }
    let loyalty = match known {
        None => return results::unknown(&shop, &visit),
        Some((true, Ok(loyalty))) if sound => loyalty,
        Some((true, loyalty)) => {
            if loyalty.is_err() {
                typed.form.reward = None;
                let text = lang.of(
                    "Bu kartın puanları artık bilinmiyor; yeniden sorun.",
                    "The rewards of this card are no longer known; ask again.",
                );
                typed.form.errors.push(("reward", text.to_owned()));
            }
            let mut forms = Forms::fresh(Way::Card, None);
            forms.card = typed.form;
            return checkout::page(&shop, &visit, &id, &forms);
        }
        Some(_) => return go_to(&address, &visit),
    };
    let callback = callback_url(&shop, &headers, &id);
    let begun = {
        let mut store = shop.store();
        store.order_mut(&id).and_then(|order| {
            order.begin(Way::Card).then(|| {
                order.lang = lang;
                order.test_card = published::hint_of(&typed.number);
                let request = payment(order, &typed, loyalty, &callback);
                (order.visitor.clone(), order.reference(), request)
            })
        })
    };
    let Some((visitor, reference, request)) = begun else {
        return go_to(&address, &visit);
    };
    let threeds = typed.form.threeds;
    let paid = (Arc::clone(&shop), id.clone());
    carried("a payment", async move {
        let (shop, id) = paid;
        attempt(&shop, &id, &visitor, &reference, &request, threeds, lang).await;
    })
    .await;
    let at_bank = shop
        .store()
        .order(&id)
        .is_some_and(|order| matches!(order.stage, Stage::AtBank { .. }));
    match at_bank {
        true => go_to(&format!("{address}/bank"), &visit),
        false => go_to(&address, &visit),
    }
}

/// The reward that the form chose, if it was found for this card.
fn chosen(rewards: Option<&Rewards>, typed: &Typed) -> Result<Option<Value>, ()> {
    let Some(position) = typed.form.reward else {
        return Ok(None);
    };
    let rewards = rewards.ok_or(())?;
    let (first, last) = mask::ends(&typed.number).ok_or(())?;
    match rewards.card.0 == first && rewards.card.1 == last {
        true => rewards.found.get(position).cloned().map(Some).ok_or(()),
        false => Err(()),
    }
}

fn payment(
    order: &super::order::Order,
    typed: &Typed,
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
async fn attempt(
    shop: &Shop,
    id: &str,
    visitor: &str,
    reference: &str,
    request: &Value,
    threeds: bool,
    lang: Lang,
) {
    let path = match threeds {
        true => "/payment/v1/card-payments/3ds-init",
        false => "/payment/v1/card-payments",
    };
    let answer = shop
        .gateway(visitor, lang)
        .post(path, request, Some(reference))
        .await;
    let begun = match (&answer, threeds) {
        (Ok(answer), true) => answer["htmlContent"].as_str().and_then(bank_html),
        _ => None,
    };
    let mut store = shop.store();
    let Some(order) = store.order_mut(id) else {
        return;
    };
    match (answer, begun) {
        (Ok(answer), Some(html)) => match answer["paymentId"].as_i64() {
            Some(payment) => order.sent_to_bank(payment, BankPage::Html(html)),
            None => order.in_doubt(None),
        },
        (Ok(answer), None) if !threeds => settle_taken(order, &answer),
        // A page that cannot be read: no money moves without the shopper's visit to the bank.
        (Ok(_), None) => order.failed(
            None,
            Failure::own(lang.of(
                "Bankanın sayfası açılamadı.",
                "The bank's page could not be opened.",
            )),
        ),
        (Err(Trouble::Refused(refusal)), _) if !refusal.is_doubt() => {
            order.failed(refusal.payment(), Failure::of(&refusal));
        }
        (Err(Trouble::Refused(refusal)), _) => order.in_doubt(refusal.payment()),
        (Err(Trouble::Unknown), _) => order.in_doubt(None),
    }
    store.empty_cart_of(id);
}

fn settle_taken(order: &mut super::order::Order, answer: &Value) {
    match (answer["id"].as_i64(), answer["paymentStatus"].as_str()) {
        (Some(payment), Some("SUCCESS")) => {
            order.paid(payment, Receipt::of(answer));
        }
        (payment, _) => order.in_doubt(payment),
    }
}

fn bank_html(encoded: &str) -> Option<String> {
    let bytes = BASE64.decode(encoded).ok()?;
    let html = String::from_utf8(bytes).ok()?;
    (html.len() <= BANK_HTML_MAX).then_some(html)
}

/// Takes the money of a verified payment: once, whoever comes first and however often.
pub(super) async fn complete(shop: &Shop, id: &str, payment: i64, lang: Lang) {
    let begun = {
        let mut store = shop.store();
        store.order_mut(id).and_then(|order| {
            order
                .finish(payment)
                .then(|| (order.visitor.clone(), order.reference()))
        })
    };
    if let Some((visitor, reference)) = begun {
        ask_complete(shop, id, &visitor, &reference, payment, lang).await;
    }
}

/// The call itself. Its idempotency key makes it safe to repeat.
pub(super) async fn ask_complete(
    shop: &Shop,
    id: &str,
    visitor: &str,
    reference: &str,
    payment: i64,
    lang: Lang,
) {
    let key = format!("{reference}-complete");
    let request = json!({ "paymentId": payment });
    let answer = shop
        .gateway(visitor, lang)
        .post(
            "/payment/v1/card-payments/3ds-complete",
            &request,
            Some(&key),
        )
        .await;
    let mut store = shop.store();
    if let Some(order) = store.order_mut(id) {
        match answer {
            Ok(answer) => settle_taken(order, &answer),
            Err(Trouble::Refused(refusal)) if !refusal.is_doubt() => {
                order.failed(Some(payment), Failure::of(&refusal));
            }
            Err(_) => order.in_doubt(Some(payment)),
        }
    }
    store.empty_cart_of(id);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(fields: &[(&str, &str)]) -> Typed {
        let text = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        Typed::read(&Form::read(text.as_bytes()))
    }

    #[test]
    fn a_reward_of_another_card_is_not_used() {
        let rewards = Rewards {
            card: ("404308".to_owned(), "0003".to_owned()),
            found: vec![json!({ "type": "REWARD_MONEY" })],
            brand: String::new(),
            force_threeds: false,
        };
        let of = |number, reward| {
            let typed = typed(&[("number", number), ("reward", reward)]);
            chosen(Some(&rewards), &typed)
        };
        assert_eq!(of("4043080000000003", "none"), Ok(None));
        assert!(matches!(of("4043080000000003", "0"), Ok(Some(_))));
        assert_eq!(of("4043080000000003", "1"), Err(()));
        assert_eq!(of("4048090000000007", "0"), Err(()));
    }
}
