//! Asking the gateway what became of a payment that somebody waits for or that the gateway told of.

use super::ask_bank;
use super::ask_lender;
use super::attempt::Attempt;
use super::lang::Lang;
use super::order::{BankPage, Order, Stage, Way};
use super::outcome::{Failure, Receipt, no_answer};
use super::state::Shop;
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// An undecided payment is asked about at most so often.
const ASKING_PAUSE: Duration = Duration::from_secs(4);

/// Asks about a payment in doubt while a page waits for it, now and then.
pub(super) async fn refresh_if_due(shop: &Arc<Shop>, id: &str) {
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

/// An application that the shopper did not finish is asked about once more before another way of
/// paying begins: it may have been finished in another window.
pub(super) async fn refresh_unfinished(shop: &Arc<Shop>, id: &str, lang: Lang) {
    let unfinished = shop.store().order(id).is_some_and(Order::is_unfinished);
    if unfinished {
        refresh(shop, id, lang).await;
    }
}

/// The gateway told of a payment: the order's own, or an application that was left for another way.
pub(super) async fn refresh_payment(shop: &Arc<Shop>, id: &str, payment: i64, lang: Lang) {
    let left = Attempt::step(shop, id, lang, |order| {
        (order.left == Some(payment)).then_some(())
    });
    match left {
        Some((attempt, ())) => ask_lender::verify(&attempt, payment).await,
        None => refresh(shop, id, lang).await,
    }
}

/// Asks the gateway what became of an order that is neither open nor paid.
pub(super) async fn refresh(shop: &Arc<Shop>, id: &str, lang: Lang) {
    let undecided = Attempt::step(shop, id, lang, |order| {
        let undecided = match &order.stage {
            // The shopper is with the bank, and the shop decides whether to complete.
            Stage::AtBank {
                page: BankPage::Html(_),
                ..
            } => false,
            // Its own answer is on the way.
            Stage::Open | Stage::Asking(_) | Stage::Finishing { .. } | Stage::Paid { .. } => false,
            Stage::AtBank { .. } | Stage::Applied { .. } | Stage::Doubt { .. } => true,
        };
        undecided.then(|| (order.way(), order.payment()))
    });
    let Some((attempt, payment)) = undecided else {
        return;
    };
    match payment {
        (Way::Loan, Some(payment)) => ask_lender::verify(&attempt, payment).await,
        (Way::Card, Some(payment)) => {
            let path = format!("/payment-reporting/v1/payments/{payment}");
            if let Ok(found) = attempt.gateway().get(&path).await {
                note_payment(&attempt, payment, &found).await;
            }
        }
        (_, None) => {
            let reference = &attempt.reference;
            let path = format!("/payment-reporting/v1/payments?conversationId={reference}");
            if let Ok(found) = attempt.gateway().get(&path).await {
                note_search(&attempt, &found);
            }
        }
    }
}

/// A payment without a known id, looked for by the shop's reference.
fn note_search(attempt: &Attempt, found: &Value) {
    let Some(items) = found["items"].as_array() else {
        return;
    };
    attempt.note(
        |order| match items.first().map(|payment| payment["id"].as_i64()) {
            Some(Some(payment)) => order.name_payment(payment),
            Some(None) => {}
            None => order.mark_failed(
                None,
                Failure::own(attempt.lang.of(
                    "Ödeme isteği ödeme sistemine hiç ulaşmamış.",
                    "The request never reached the payment system.",
                )),
            ),
        },
    );
}

async fn note_payment(attempt: &Attempt, payment: i64, found: &Value) {
    let lang = attempt.lang;
    let status = found["paymentStatus"].as_str().unwrap_or_default();
    if status == "CALLBACK_THREEDS" {
        // The completion never arrived. Its idempotency key lets it be sent again.
        return ask_bank::ask_completion(attempt, payment).await;
    }
    attempt.note(|order| match status {
        "SUCCESS" => {
            order.mark_paid(payment, Receipt::of(found));
        }
        "FAILURE" => order.mark_failed(Some(payment), Failure::of_payment(found, lang)),
        // The page was lost on the way: without the shopper's visit nothing is taken.
        "INIT_THREEDS" => order.mark_failed(Some(payment), Failure::own(no_answer(lang))),
        _ => {}
    });
}
