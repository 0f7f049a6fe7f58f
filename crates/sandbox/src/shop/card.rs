//! Paying by card: ask for rewards as the card is typed, pay with one of them, with or without
//! 3DS. The card passes through; nothing of it is kept but its first six and last four digits.

use super::answers::{go_to, go_to_order, uncached};
use super::ask_bank;
use super::attempt::{Attempt, carry_on};
use super::browser::{Form, Visit};
use super::checkout::{self, Forms};
use super::lang::Lang;
use super::order::{Rewards, Stage, Way};
use super::refresh::refresh_unfinished;
use super::state::Shop;
use super::typed::{CardForm, TypedCard};
use super::{mask, published};
use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;
use serde_json::Value;
use std::sync::Arc;

/// `POST /shop/orders/{id}/rewards`: the rewards of the card in the form, as a piece of the page
/// for scripts, or as the page again.
pub(super) async fn rewards(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    visit: Visit,
    form: Form,
) -> Response {
    let stage = shop.store().order(&id).map(|order| order.stage.clone());
    match stage {
        None => return shop.unknown_order(&visit),
        Some(Stage::Open) => {}
        Some(_) => return go_to_order(&id, &visit),
    }
    let mut typed = TypedCard::read(&form);
    if typed.check(visit.lang, false) {
        ask_bank::ask_rewards(&shop, &visit, &id, &mut typed).await;
    }
    if headers.contains_key("x-fragment") {
        let shown = {
            let store = shop.store();
            let rewards = store.order(&id).and_then(|order| order.rewards.as_ref());
            let asked = typed.form.errors.is_empty() && typed.form.rewards_trouble.is_empty();
            checkout::rewards_values(rewards.filter(|_| asked), &typed.form, visit.lang)
        };
        return uncached(shop.templates.fragment("rewards.html", visit.lang, shown));
    }
    card_page(&shop, &visit, &id, typed.form)
}

fn card_page(shop: &Shop, visit: &Visit, id: &str, card: CardForm) -> Response {
    let fresh = Forms::fresh(Way::Card, None);
    checkout::page(shop, visit, id, &Forms { card, ..fresh })
}

/// `POST /shop/orders/{id}/card`: pays. A second one of the same order finds the first under way.
pub(super) async fn pay(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    visit: Visit,
    form: Form,
) -> Response {
    let lang = visit.lang;
    let mut typed = TypedCard::read(&form);
    typed.check(lang, true);
    refresh_unfinished(&shop, &id, lang).await;
    let known = {
        let store = shop.store();
        store.order(&id).map(|order| {
            (
                order.can_begin(),
                chosen_reward(order.rewards.as_ref(), &typed),
            )
        })
    };
    let loyalty = match known {
        None => return shop.unknown_order(&visit),
        Some((false, _)) => return go_to_order(&id, &visit),
        Some((true, loyalty)) => match check_reward(&mut typed.form, loyalty, lang) {
            Some(loyalty) if typed.form.errors.is_empty() => loyalty,
            _ => return card_page(&shop, &visit, &id, typed.form),
        },
    };
    let callback = shop.callback_url(&headers, &id);
    let begun = Attempt::step(&shop, &id, lang, |order| {
        order.begin(Way::Card).then(|| {
            order.lang = lang;
            order.test_card = published::hint_of(&typed.number);
            ask_bank::payment(order, &typed, loyalty, &callback)
        })
    });
    if let Some((attempt, request)) = begun {
        let threeds = typed.form.threeds;
        carry_on("a payment", async move {
            ask_bank::pay(&attempt, &request, threeds).await;
        })
        .await;
        let at_bank = shop
            .store()
            .order(&id)
            .is_some_and(|order| matches!(order.stage, Stage::AtBank { .. }));
        if at_bank {
            return go_to(&format!("/shop/orders/{id}/bank"), &visit);
        }
    }
    go_to_order(&id, &visit)
}

/// The reward that the form chose; `None` with a note in the form when it cannot be used.
fn check_reward(
    form: &mut CardForm,
    loyalty: Result<Option<Value>, ()>,
    lang: Lang,
) -> Option<Option<Value>> {
    let Ok(loyalty) = loyalty else {
        form.reward = None;
        let text = lang.of(
            "Bu kartın puanları artık bilinmiyor; yeniden sorun.",
            "The rewards of this card are no longer known; ask again.",
        );
        form.errors.push(("reward", text.to_owned()));
        return None;
    };
    let kind = loyalty
        .as_ref()
        .and_then(|loyalty| loyalty["type"].as_str());
    let in_instalments = kind.is_some_and(|kind| kind.ends_with("_INSTALLMENT"));
    if in_instalments && form.instalments < 2 {
        let text = lang.of(
            "Bu ödül taksitli ödemede kullanılır: en az 2 taksit seçin.",
            "This reward needs instalments: choose at least 2.",
        );
        form.errors.push(("instalments", text.to_owned()));
        return None;
    }
    Some(loyalty)
}

/// The reward that the form chose, if it was found for this card.
fn chosen_reward(rewards: Option<&Rewards>, typed: &TypedCard) -> Result<Option<Value>, ()> {
    let Some(position) = typed.form.reward else {
        return Ok(None);
    };
    let rewards = rewards.ok_or(())?;
    let (first, last) = mask::ends(&typed.number).ok_or(())?;
    if !rewards.is_of(first, last) {
        return Err(());
    }
    rewards.found.get(position).cloned().map(Some).ok_or(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn typed(fields: &[(&str, &str)]) -> TypedCard {
        let text = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        TypedCard::read(&Form::read(text.as_bytes()))
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
            chosen_reward(Some(&rewards), &typed)
        };
        assert_eq!(of("4043080000000003", "none"), Ok(None));
        assert!(matches!(of("4043080000000003", "0"), Ok(Some(_))));
        assert_eq!(of("4043080000000003", "1"), Err(()));
        assert_eq!(of("4048090000000007", "0"), Err(()));
    }
}
