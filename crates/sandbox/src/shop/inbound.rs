//! What comes in with a proof: the browser back from a bank, and the gateway's webhooks. Nothing is
//! believed before its hash or signature was compared, in constant time.

use super::answers::{bare, go_to_order};
use super::ask_bank;
use super::ask_lender::note_loan;
use super::attempt::carry_on;
use super::browser::{Form, Visit};
use super::call::{Entry, Inbound, Kind};
use super::lang::Lang;
use super::order::{Order, Stage};
use super::outcome::Failure;
use super::refresh::{refresh, refresh_payment};
use super::state::Shop;
use crate::callback::{FIELDS_V1, hash_v1, hash_v2};
use crate::seed::WEBHOOK_KEY;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use contract::signature;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Where the gateway calls. It tells this shop's address from one that somebody set.
pub(crate) const WEBHOOK_PATH: &str = "/shop/webhooks";
/// Stands for a key wherever something is shown.
const CALLBACK_KEY_SHOWN: &str = "<callback key>";
/// A shown body's length.
const SHOWN_MAX: usize = 4 * 1024;

/// What a callback proves.
struct Proof {
    hashed: String,
    expected: String,
    received: String,
    right: bool,
}

fn same(expected: &str, received: &str) -> bool {
    expected.as_bytes().ct_eq(received.as_bytes()).into()
}

/// By the older hash, of 3DS callbacks.
fn proof_v1(form: &Form) -> Proof {
    let expected = hash_v1(|name| form.value(name));
    let received = form.value("hash").to_owned();
    let values = FIELDS_V1.map(|name| form.value(name));
    Proof {
        hashed: format!("{CALLBACK_KEY_SHOWN}###{}", values.join("###")),
        right: same(&expected, &received),
        expected,
        received,
    }
}

/// By the newer hash, of loans' callbacks, which must cover what is read of them.
fn proof_v2(form: &Form) -> Proof {
    let params: Vec<&str> = form.value("hashParams").split(':').collect();
    let expected = hash_v2(&params, |name| form.value(name));
    let received = form.value("hash").to_owned();
    let values: String = params.iter().map(|name| form.value(name)).collect();
    let read = ["paymentId", "paymentStatus", "additionalAction"];
    Proof {
        hashed: format!("{CALLBACK_KEY_SHOWN}{values}"),
        right: read.iter().all(|name| params.contains(name)) && same(&expected, &received),
        expected,
        received,
    }
}

/// `POST /shop/orders/{id}/callback`: the browser is back. It comes from another site, without
/// cookies; the address names the order.
pub(super) async fn callback(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    visit: Visit,
    form: Form,
) -> Response {
    let Some((visitor, reference)) = shop
        .store()
        .order(&id)
        .map(|order| (order.visitor.clone(), order.reference()))
    else {
        return shop.unknown_order(&visit);
    };
    let of_loan = !form.value("hashParams").is_empty();
    let proof = if of_loan {
        proof_v2(&form)
    } else {
        proof_v1(&form)
    };
    let right = proof.right;
    let title = form.value(if of_loan { "paymentStatus" } else { "status" });
    let action = match form.value("callbackStatus") {
        "" => form.value("additionalAction"),
        status => status,
    };
    let fields = form.fields().iter();
    let inbound = Inbound {
        path: format!("/shop/orders/{id}/callback"),
        title: format!("{title} {action}").trim().to_owned(),
        body: cut_text(
            &fields
                .map(|(name, value)| format!("{name} = {value}"))
                .collect::<Vec<_>>()
                .join("\n"),
        ),
        hashed: proof.hashed,
        expected: proof.expected,
        received: proof.received,
        right,
    };
    note(&shop, &visitor, Kind::Callback(inbound));
    if !right {
        let lang = visit.lang;
        return shop.message(
            &visit,
            StatusCode::BAD_REQUEST,
            lang.of(
                "Bu dönüş doğrulanamadı",
                "This return could not be verified",
            ),
            lang.of(
                "Gelen özet (hash) beklenenle aynı değil; siparişte hiçbir şey değişmedi.",
                "Its hash is not the expected one; nothing about the order has changed.",
            ),
        );
    }
    let back = (Arc::clone(&shop), id.clone(), visit.lang);
    carry_on("a return", async move {
        let (shop, id, lang) = back;
        if of_loan {
            loan_returned(&shop, &id, &form, lang).await;
        } else {
            threeds_returned(&shop, &id, &form, &reference, lang).await;
        }
    })
    .await;
    // The browser did not bring its cookies here: nothing about it is remembered.
    let known = Visit {
        new: false,
        ..visit
    };
    go_to_order(&id, &known)
}

/// A verified payment is completed, once; one that was not verified has failed. Where the bank's page took
/// the money by itself the completion tells how it ended.
async fn threeds_returned(shop: &Arc<Shop>, id: &str, form: &Form, reference: &str, lang: Lang) {
    let verified = form.value("status") == "SUCCESS" && form.value("completeStatus") == "WAITING";
    let is_over =
        form.value("completeStatus") == "COMPLETED" && form.value("conversationId") == reference;
    let current = || shop.store().order(id).and_then(Order::payment);
    let payment = match form.value("paymentId").parse() {
        Ok(payment) => Some(payment),
        Err(_) if is_over => current(),
        Err(_) => None,
    };
    match payment {
        Some(payment) if verified || is_over => ask_bank::complete(shop, id, payment, lang).await,
        // A page that came back twice tells nothing new.
        _ if form.value("callbackStatus") == "ALREADY_RETURNED" => {}
        // Of an earlier attempt: the current one goes on.
        _ if form.value("conversationId") != reference => {}
        _ => {
            let why = Failure::own(lang.of(
                "Banka 3D Secure doğrulamasını onaylamadı.",
                "The bank did not confirm the 3D Secure verification.",
            ));
            if let Some(order) = shop.store().order_mut(id) {
                order.mark_failed(None, why);
            }
        }
    }
}

/// The browser is back, with a callback whose hash is right. It does not say why a bank declined,
/// nor whether the shopper left early or the bank is slow, and an older return may tell what is no
/// longer so: all of that is asked.
async fn loan_returned(shop: &Arc<Shop>, id: &str, form: &Form, lang: Lang) {
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
            note_loan(order, payment, &told, lang);
        }
        let slow = form.value("additionalAction") == "WAIT_FOR_WEBHOOK";
        (first, current && (!first || failed || slow))
    };
    if ask {
        refresh(shop, id, lang).await;
    }
    let mut store = shop.store();
    // Also when it could not be asked: the callback is proven.
    if first
        && failed
        && let Some(order) = store.order_mut(id)
    {
        note_loan(order, payment, &told, lang);
    }
    store.empty_cart_of(id);
}

/// `POST /shop/webhooks`: the gateway tells that something happened. What happened is then asked,
/// because the signature does not cover the payload.
pub(super) async fn webhook(
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Ok(event) = serde_json::from_slice::<Value>(&body) else {
        return bare(StatusCode::BAD_REQUEST);
    };
    let text = |name: &str| event[name].as_str().unwrap_or_default();
    let timestamp = event["eventTimestamp"].as_i64().unwrap_or_default();
    let (kind, status, payload_id) = (text("eventType"), text("status"), text("payloadId"));
    let expected = signature::webhook(WEBHOOK_KEY, kind, timestamp, status, payload_id);
    let received = headers
        .get("x-cg-signature-v1")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let right = same(&expected, received);
    let payment: Option<i64> = payload_id.parse().ok();
    let order = payment.and_then(|payment| {
        let store = shop.store();
        let id = store.order_of_payment(payment)?;
        let order = store.order(&id)?;
        Some((id, order.visitor.clone(), payment, order.lang))
    });
    if let Some((_, visitor, ..)) = &order {
        let action = event["payload"]["additionalAction"].as_str();
        let inbound = Inbound {
            path: WEBHOOK_PATH.to_owned(),
            title: format!("{kind} {status} {}", action.unwrap_or_default())
                .trim()
                .to_owned(),
            body: cut_text(&serde_json::to_string_pretty(&event).unwrap_or_default()),
            hashed: format!("{kind}{timestamp}{status}{payload_id}"),
            expected,
            received: cut_text(received),
            right,
        };
        note(&shop, visitor, Kind::Webhook(inbound));
    }
    if !right {
        return bare(StatusCode::UNAUTHORIZED);
    }
    if let Some((id, _, payment, lang)) = order {
        let verified =
            (kind == "THREEDS_VERIFY" && status == "SUCCESS") || kind == "API_VERIFY_AND_AUTH";
        // The gateway is answered at once; what there is to do follows.
        tokio::spawn(async move {
            if verified {
                // The shopper closed the browser on the way back.
                ask_bank::complete(&shop, &id, payment, lang).await;
            } else {
                refresh_payment(&shop, &id, payment, lang).await;
            }
        });
    }
    bare(StatusCode::NO_CONTENT)
}

fn note(shop: &Shop, visitor: &str, kind: Kind) {
    let entry = Entry::new(shop.time_of_day(), kind);
    shop.store().add_entry(visitor, entry);
}

fn cut_text(text: &str) -> String {
    text.chars().take(SHOWN_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::CALLBACK_KEY;
    use contract::signature::{Callback, callback_hash_v1, callback_hash_v2};

    fn form(fields: &[(&str, &str)]) -> Form {
        let text = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        Form::read(text.as_bytes())
    }

    #[test]
    fn a_loans_hash_must_cover_what_is_read() {
        let fields = [
            ("paymentId", "7"),
            ("paymentStatus", "SUCCESS"),
            ("additionalAction", "NONE"),
        ];
        let (params, hash) = callback_hash_v2(CALLBACK_KEY, &fields);
        let mut sent = fields.to_vec();
        sent.extend([("hashParams", params.as_str()), ("hash", hash.as_str())]);
        assert!(proof_v2(&form(&sent)).right);
        sent[1].1 = "FAILURE";
        assert!(!proof_v2(&form(&sent)).right);

        let (params, hash) = callback_hash_v2(CALLBACK_KEY, &fields[..1]);
        let mut sent = fields.to_vec();
        sent.extend([("hashParams", params.as_str()), ("hash", hash.as_str())]);
        assert!(!proof_v2(&form(&sent)).right, "the status is not covered");
    }

    #[test]
    fn a_threeds_hash_is_compared() {
        let callback = Callback {
            status: "SUCCESS",
            payment_id: "7",
            ..Callback::default()
        };
        let hash = callback_hash_v1(CALLBACK_KEY, &callback);
        let fields = |id| [("status", "SUCCESS"), ("paymentId", id), ("hash", &hash)];
        assert!(proof_v1(&form(&fields("7"))).right);
        let wrong = proof_v1(&form(&fields("8")));
        assert!(!wrong.right && !wrong.hashed.contains(CALLBACK_KEY));
        assert!(!proof_v1(&form(&[])).right);
    }
}
