//! The checkout page: what is ordered, and the two ways of paying for it.

use super::amounts;
use super::browser::Visit;
use super::buyer::{Buyer, TEST_BUYER};
use super::cart::line_rows;
use super::lang::Lang;
use super::mask;
use super::order::{Rewards, Way};
use super::pages::Page;
use super::published::HINTS;
use super::state::Shop;
use super::typed::CardForm;
use crate::amounts::kurus;
use axum::response::Response;
use http::StatusCode;
use minijinja::context;
use minijinja::value::{Serde, Value};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// What stands on the page besides the order.
pub(super) struct Forms {
    pub(super) way: Way,
    pub(super) card: CardForm,
    pub(super) buyer: Buyer,
    /// Bank and term.
    pub(super) plan: String,
    pub(super) loan_errors: Vec<(&'static str, String)>,
}

impl Forms {
    /// Nothing typed yet.
    pub(super) fn fresh(way: Way, hint: Option<usize>) -> Forms {
        Forms {
            way,
            card: CardForm::of_hint(hint),
            buyer: TEST_BUYER.clone(),
            plan: String::new(),
            loan_errors: Vec::new(),
        }
    }

    fn has_errors(&self) -> bool {
        !self.card.errors.is_empty() || !self.loan_errors.is_empty()
    }
}

/// The page. The caller knows that the order is there and can be paid.
pub(super) fn page(shop: &Shop, visit: &Visit, id: &str, forms: &Forms) -> Response {
    let lang = visit.lang;
    let values = {
        let store = shop.store();
        let Some(order) = store.order(id) else {
            drop(store);
            return shop.unknown_order(visit);
        };
        let rewards = order.rewards.as_ref().filter(|rewards| {
            mask::ends(&forms.card.number).is_some_and(|(first, last)| rewards.is_of(first, last))
        });
        let shown = rewards_values(rewards, &forms.card, lang);
        let offers = order.offers.as_ref();
        context! {
            id,
            way => match forms.way { Way::Card => "card", Way::Loan => "loan" },
            lines => line_rows(&order.lines),
            total => order.total,
            application_open => order.is_unfinished() || order.left.is_some(),
            failure => order.failure.as_ref().map(|failure| context! {
                text => &failure.text,
                bank => &failure.bank,
                group => &failure.group,
                code => &failure.code,
                advice => failure.advice(lang),
            }),
            rewards => Value::from_safe_string(shop.templates.fragment("rewards.html", lang, shown)),
            plans => offers.map(|offers| plans(offers, lang)),
            banks => offers.map(banks_without_plans),
            ..forms_values(forms)
        }
    };
    let status = if forms.has_errors() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let page = Page::new("checkout.html", lang.of("Ödeme", "Checkout"), values);
    shop.page(visit, Page { status, ..page })
}

fn forms_values(forms: &Forms) -> Value {
    let card = &forms.card;
    let errors = |errors: &[(&'static str, String)]| {
        let of_fields: BTreeMap<_, _> = errors.iter().cloned().collect();
        Value::from(Serde(&of_fields))
    };
    context! {
        number => &card.number,
        expiry => &card.expiry,
        holder => &card.holder,
        threeds => card.threeds,
        instalments => card.instalments,
        errors => errors(&card.errors),
        loan_errors => errors(&forms.loan_errors),
        hints => Serde(&HINTS),
        buyer => Serde(&forms.buyer),
        plan => &forms.plan,
    }
}

/// What the list of rewards shows.
pub(super) fn rewards_values(rewards: Option<&Rewards>, card: &CardForm, lang: Lang) -> Value {
    let found = rewards.map(|rewards| rewards.found.as_slice());
    let list: Vec<Value> = found
        .unwrap_or_default()
        .iter()
        .enumerate()
        .map(|(position, loyalty)| reward(position, loyalty, card.reward, lang))
        .collect();
    context! {
        asked => rewards.is_some(),
        brand => rewards.map(|rewards| rewards.brand.as_str()),
        force_threeds => rewards.is_some_and(|rewards| rewards.force_threeds),
        list,
        none_chosen => card.reward.is_none(),
        trouble => &card.rewards_trouble,
    }
}

/// A kind of reward by its name.
pub(super) fn reward_name(kind: &str, lang: Lang) -> &str {
    match kind {
        "REWARD_MONEY" => lang.of("Puan", "Points"),
        "ADDITIONAL_INSTALLMENT" => lang.of("Ek taksit", "Extra instalments"),
        "POSTPONING_INSTALLMENT" => lang.of("Taksit erteleme", "Postponed instalments"),
        "EXTRA_POINTS" => lang.of("Ekstra puan", "Extra points"),
        "GAINING_MINUTES" => lang.of("Dakika kazan", "Airtime"),
        "POSTPONING_STATEMENT" => lang.of("Sonraki ekstreye ertele", "Next statement"),
        other => other,
    }
}

fn reward(position: usize, loyalty: &Json, chosen: Option<usize>, lang: Lang) -> Value {
    let kind = loyalty["type"].as_str().unwrap_or_default();
    let points = &loyalty["reward"];
    let of = |name: &str| kurus(&points[name]).filter(|amount| *amount > 0);
    let name = match kind {
        "REWARD_MONEY" => lang.of("Puanlarımı kullan", "Use my points"),
        _ => reward_name(kind, lang),
    };
    context! {
        position,
        kind,
        name,
        message => loyalty["message"].as_str(),
        card => of("cardRewardMoney"),
        firm => of("firmRewardMoney"),
        mile => of("mileRewardMoney"),
        total => of("totalRewardMoney"),
        needs_instalments => kind.ends_with("_INSTALLMENT"),
        chosen => chosen == Some(position),
    }
}

/// A plan of a bank: total, monthly payment, and what the offer says of it.
type Plan<'a> = (i64, i64, &'a Json);

/// All plans of all banks as a table: a row for each number of months, a column for each bank.
fn plans(offers: &Json, lang: Lang) -> Value {
    let all = offers["bankOffers"].as_array().into_iter().flatten();
    let banks: Vec<&Json> = all.filter(|offer| has_plans(offer)).collect();
    let mut rows: BTreeMap<i64, Vec<Option<Plan<'_>>>> = BTreeMap::new();
    for (column, offer) in banks.iter().enumerate() {
        for term in offer["bankOfferTerms"].as_array().into_iter().flatten() {
            let (Some(months), Some(monthly), Some(total)) = (
                term["term"].as_i64(),
                kurus(&term["amount"]),
                kurus(&term["totalAmount"]),
            ) else {
                continue;
            };
            let row = rows
                .entry(months)
                .or_insert_with(|| vec![None; banks.len()]);
            if let Some(cell) = row.get_mut(column) {
                *cell = Some((total, monthly, term));
            }
        }
    }
    let rows: Vec<Value> = rows
        .iter()
        .map(|(months, row)| plan_row(*months, row, &banks, lang))
        .collect();
    let names: Vec<&str> = banks
        .iter()
        .map(|offer| offer["bankName"].as_str().unwrap_or_default())
        .collect();
    context! { banks => Serde(&names), rows }
}

fn plan_row(months: i64, row: &[Option<Plan<'_>>], banks: &[&Json], lang: Lang) -> Value {
    let offered = || row.iter().flatten().map(|(total, ..)| *total);
    // The cheapest of one says nothing.
    let cheapest = offered().min().filter(|_| offered().count() > 1);
    let cells: Vec<Option<Value>> = row
        .iter()
        .zip(banks)
        .map(|(plan, offer)| {
            let (total, monthly, term) = plan.as_ref()?;
            let code = offer["bankCode"].as_str().unwrap_or_default();
            Some(context! {
                value => format!("{code}:{months}"),
                bank => offer["bankName"].as_str(),
                total, monthly,
                cheapest => cheapest == Some(*total),
                rate => amounts::rate(&term["interestRate"], lang),
            })
        })
        .collect();
    context! { months, cells }
}

fn has_plans(offer: &Json) -> bool {
    offer["bankOfferTerms"]
        .as_array()
        .is_some_and(|terms| !terms.is_empty())
}

/// Banks that show their plans on their own page.
fn banks_without_plans(offers: &Json) -> Vec<Value> {
    let all = offers["bankOffers"].as_array().into_iter().flatten();
    all.filter(|offer| !has_plans(offer))
        .map(|offer| {
            context! {
                value => format!("{}:", offer["bankCode"].as_str().unwrap_or_default()),
                bank => offer["bankName"].as_str(),
            }
        })
        .collect()
}
