//! What happened to a payment, in order: asked for, carried to banks and lenders, told to the shop,
//! and touched by people.

use super::{format, words};
use crate::operations::payment_detail::Detail;
use crate::store::attempts::AttemptState;
use crate::store::audit::{Outcome, Written};
use crate::store::exchanges::Exchange;
use crate::store::inquiries::Found;
use crate::store::webhooks::{Try, Webhook, WebhookState};
use contract::enums::PaymentPhase;
use contract::errors::Language;
use jiff::Timestamp;
use minijinja::{Value, context};

/// One thing that happened.
struct Event {
    at: Timestamp,
    tone: &'static str,
    title: String,
    more: String,
}

/// Everything that happened, oldest first.
pub(super) fn line(language: Language, detail: &Detail) -> Vec<Value> {
    let payment = &detail.standing.payment;
    let mut events = vec![Event {
        at: payment.created_at,
        tone: "",
        title: say(language, "Ödeme istendi", "Payment asked for").to_owned(),
        more: format::money(language, payment.paid_price.minor, payment.currency),
    }];
    if let Some(inquiry) = &detail.asked_before {
        let title = match inquiry.found {
            Found::Rewards(_) => say(
                language,
                "Bu maskeli kart numarası için ödüller soruldu",
                "Rewards were asked for this masked card number",
            ),
            Found::Offers(_) => say(
                language,
                "Kredi teklifleri soruldu",
                "Loan offers were asked for",
            ),
        };
        events.push(Event {
            at: inquiry.at,
            tone: "",
            title: title.to_owned(),
            more: String::new(),
        });
    }
    if let Some(at) = payment.given_up_at {
        let title = "Mağaza ödemeden vazgeçti";
        events.push(Event {
            at,
            tone: "",
            title: say(language, title, "The shop gave the payment up").to_owned(),
            more: String::new(),
        });
    }
    for exchange in &detail.exchanges {
        events.push(exchanged(language, detail, exchange));
    }
    attempted(language, detail, &mut events);
    for (sent, tries) in &detail.webhooks {
        events.extend(
            tries
                .iter()
                .map(|one| try_event(language, &sent.webhook, one)),
        );
        if let (WebhookState::Pending, Some(due)) = (sent.state, sent.due_at) {
            let title = say(language, "Webhook gönderilecek", "Webhook is due");
            events.push(Event {
                at: due,
                tone: "wait",
                title: format!("{title}: {}", sent.webhook.event.as_str()),
                more: String::new(),
            });
        }
    }
    events.extend(detail.deeds.iter().map(|one| deed(language, one)));
    events.sort_by_key(|event| event.at);
    let shown = events.into_iter().map(|event| {
        context! { at => event.at.to_string(), tone => event.tone, title => event.title, more => event.more }
    });
    shown.collect()
}

fn say(language: Language, tr: &'static str, en: &'static str) -> &'static str {
    match language {
        Language::Tr => tr,
        Language::En => en,
    }
}

/// What an exchange was about: what begins a hold is no sale.
pub(super) fn operation<'a>(detail: &Detail, exchange: &'a Exchange) -> &'a str {
    match &*exchange.operation {
        "charge" if detail.standing.payment.hold.is_some() => PaymentPhase::PreAuth.as_str(),
        operation => operation,
    }
}

fn exchanged(language: Language, detail: &Detail, exchange: &Exchange) -> Event {
    let took = format::took(language, exchange.took_ms);
    let (tone, more) = match (&exchange.failure, exchange.status) {
        // What came to us took no time.
        (Some(failure), _) if exchange.url.is_empty() => ("bad", words::heard(language, failure)),
        (Some(failure), _) => (
            "bad",
            format!("{} · {took}", words::heard(language, failure)),
        ),
        (None, Some(status)) => ("", format!("HTTP {status} · {took}")),
        (None, None) => ("", String::new()),
    };
    let operation = words::word(language, operation(detail, exchange));
    Event {
        at: exchange.sent_at,
        tone,
        title: format!("{operation} · {}", exchange.party),
        more,
    }
}

fn attempted(language: Language, detail: &Detail, events: &mut Vec<Event>) {
    for (place, attempt) in detail.standing.attempts.iter().enumerate() {
        let number = place + 1;
        let attempted = match language {
            Language::Tr => format!("{number}. deneme"),
            Language::En => format!("Attempt {number}"),
        };
        let pos = detail.poses.get(&attempt.pos_id);
        events.push(Event {
            at: attempt.asked_at,
            tone: "",
            title: format!("{attempted}: {}", words::word(language, "ASKED")),
            more: pos.cloned().unwrap_or_default(),
        });
        let Some(changed) = detail.changed.get(&attempt.id) else {
            continue;
        };
        if attempt.state == AttemptState::Asked {
            continue;
        }
        let answer = attempt.answer.as_ref();
        let code = answer.and_then(|one| one.code.clone());
        let message = answer.and_then(|one| Some(words::heard(language, one.message.as_deref()?)));
        let state = attempt.state.as_str();
        events.push(Event {
            at: *changed,
            tone: words::tone(state),
            title: format!("{attempted}: {}", words::word(language, state)),
            more: [code, message]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" · "),
        });
    }
}

fn try_event(language: Language, webhook: &Webhook, called: &Try) -> Event {
    let title = say(language, "Webhook gönderildi", "Webhook sent");
    let took = format::took(language, called.took_ms);
    Event {
        at: called.at,
        tone: if called.is_delivered() { "good" } else { "bad" },
        title: format!("{title}: {}", webhook.event.as_str()),
        more: format!("{} · {took}", words::heard(language, &called.result())),
    }
}

/// What a person did, or was not allowed to do.
fn deed(language: Language, written: &Written) -> Event {
    let entry = &written.entry;
    let done = match entry.outcome {
        Outcome::Done => "",
        Outcome::Refused => say(language, " (izin verilmedi)", " (not allowed)"),
    };
    let note = entry
        .after
        .as_ref()
        .and_then(|after| after["note"].as_str());
    let who = if entry.actor.is_empty() {
        words::word(language, &entry.actor_kind)
    } else {
        entry.actor.clone()
    };
    Event {
        at: written.at,
        tone: match entry.outcome {
            Outcome::Done => "",
            Outcome::Refused => "bad",
        },
        title: format!("{}{done}", words::word(language, &entry.action)),
        more: [Some(who.as_str()), note]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" · "),
    }
}
