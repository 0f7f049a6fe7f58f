//! The shop's client of the API: signs as a merchant does, sends over HTTP, and notes each call
//! for the viewer, masked before it is kept.

use super::Shop;
use super::calls::{Call, Entry, Kind};
use super::mask;
use super::pages::Lang;
use crate::seed::{API_KEY, SECRET_KEY};
use contract::signature;
use serde_json::Value;
use std::time::Instant;

/// Stands for the secret key wherever something is shown.
const SECRET_SHOWN: &str = "<secret key>";
/// Bytes of a shown answer.
const SHOWN_MAX: usize = 16 * 1024;

/// The way to the gateway for one visitor.
pub(super) struct Gateway<'a> {
    pub(super) shop: &'a Shop,
    /// Whose list of calls is filled.
    pub(super) visitor: &'a str,
    pub(super) lang: Lang,
}

/// An answer that refuses.
#[derive(Debug)]
pub(super) struct Refusal {
    /// HTTP status.
    pub(super) status: u16,
    /// The envelope's `errors`.
    pub(super) errors: Value,
}

/// Why there is no result.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The gateway refuses.
    Refused(Refusal),
    /// The gateway did not answer, or nothing readable: what became of the call is not known.
    Unknown,
}

impl Refusal {
    /// The payment that the refusal names.
    pub(super) fn payment(&self) -> Option<i64> {
        self.errors["paymentId"].as_i64()
    }

    /// The gateway itself does not know what became of the payment, or cannot tell now.
    pub(super) fn is_doubt(&self) -> bool {
        let group = self.errors["errorGroup"].as_str();
        let unsure = group == Some("COMMUNICATION_OR_SYSTEM_ERROR") && self.payment().is_some();
        unsure || self.status >= 500 || self.status == 409
    }
}

impl Gateway<'_> {
    /// `POST` with a body, under an idempotency key if there is one.
    pub(super) async fn post(
        &self,
        path: &str,
        body: &Value,
        key: Option<&str>,
    ) -> Result<Value, Trouble> {
        self.call("POST", path, Some(body), key).await
    }

    /// `POST` without a body.
    pub(super) async fn post_nothing(
        &self,
        path: &str,
        key: Option<&str>,
    ) -> Result<Value, Trouble> {
        self.call("POST", path, None, key).await
    }

    /// `GET`.
    pub(super) async fn get(&self, path: &str) -> Result<Value, Trouble> {
        self.call("GET", path, None, None).await
    }

    async fn call(
        &self,
        method: &'static str,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> Result<Value, Trouble> {
        let url = format!("{}{path}", self.shop.place.gateway);
        let rnd_key = server::random::uuid();
        let bytes = body.map(Value::to_string).unwrap_or_default().into_bytes();
        let signature = signature::sign(&url, API_KEY, SECRET_KEY, &rnd_key, &bytes);
        let mut headers = vec![
            ("content-type", "application/json"),
            ("x-api-key", API_KEY),
            ("x-rnd-key", &rnd_key),
            ("x-auth-version", "v1"),
            ("x-client-version", "galata-demo-shop"),
            ("x-signature", &signature),
            ("lang", self.lang.code()),
        ];
        headers.extend(key.map(|key| ("x-idempotency-key", key)));
        let entry = self.note(method, path, &headers, body, &url, &rnd_key);
        let begun = Instant::now();
        let reply = self.shop.http.send(method, &url, &headers, bytes).await;
        let millis = begun.elapsed().as_millis();
        let (status, answer) = match reply {
            Ok(reply) => {
                let answer: Option<Value> = serde_json::from_str(&reply.body).ok();
                (reply.status, answer)
            }
            Err(why) => {
                tracing::warn!(why, "the demo shop has no answer");
                (0, None)
            }
        };
        self.noted(entry, status, millis, answer.as_ref());
        match answer {
            Some(mut answer) if (200..300).contains(&status) => Ok(answer["data"].take()),
            Some(mut answer) if status >= 400 => Err(Trouble::Refused(Refusal {
                status,
                errors: answer["errors"].take(),
            })),
            None if status == 204 => Ok(Value::Null),
            _ => Err(Trouble::Unknown),
        }
    }

    /// Notes a call that begins.
    fn note(
        &self,
        method: &'static str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
        url: &str,
        rnd_key: &str,
    ) -> u64 {
        let body = body.map(mask::masked);
        let text = body.as_ref().map(Value::to_string).unwrap_or_default();
        let call = Call {
            method,
            path: path.to_owned(),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            signed: format!("{url}{API_KEY}{SECRET_SHOWN}{rnd_key}{text}"),
            body,
            status: None,
            millis: 0,
            answer: String::new(),
        };
        let entry = Entry::new(self.shop.time_of_day(), Kind::Call(call));
        self.shop.store().add_entry(self.visitor, entry)
    }

    /// Notes what was answered; status 0 is no answer.
    fn noted(&self, entry: u64, status: u16, millis: u128, answer: Option<&Value>) {
        let shown = answer.map(|answer| mask::shortened(&mask::masked(answer)));
        let mut text = shown
            .and_then(|shown| serde_json::to_string_pretty(&shown).ok())
            .unwrap_or_default();
        if text.len() > SHOWN_MAX {
            text = text.chars().take(SHOWN_MAX).collect();
            text.push('…');
        }
        self.shop
            .store()
            .change_entry(self.visitor, entry, |entry| {
                if let Kind::Call(call) = &mut entry.kind {
                    call.status = Some(status);
                    call.millis = millis;
                    call.answer = text;
                }
            });
    }
}
