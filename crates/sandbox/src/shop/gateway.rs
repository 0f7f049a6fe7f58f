//! The shop's client of the API: signs as a merchant does, sends over HTTP, and notes each call
//! for the viewer, masked before it is kept.

use super::call::{Call, Entry, Kind};
use super::lang::Lang;
use super::mask;
use super::outcome::{Refusal, Trouble};
use super::state::Shop;
use crate::client::SignedHeaders;
use crate::seed::API_KEY;
use serde_json::Value;
use std::time::Instant;

/// Stands for the secret key wherever something is shown.
const SECRET_SHOWN: &str = "<secret key>";
/// Bytes of a shown answer.
const SHOWN_MAX: usize = 16 * 1024;

/// The way to the gateway for one visitor.
pub(super) struct Gateway<'a> {
    shop: &'a Shop,
    /// Whose list of calls is filled.
    visitor: &'a str,
    lang: Lang,
}

impl<'a> Gateway<'a> {
    /// The way to the gateway in a language.
    pub(super) fn new(shop: &'a Shop, visitor: &'a str, lang: Lang) -> Gateway<'a> {
        Gateway {
            shop,
            visitor,
            lang,
        }
    }

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
        let bytes = body.map(Value::to_string).unwrap_or_default().into_bytes();
        let signed = SignedHeaders::sign(&url, &bytes, "galata-demo-shop", self.lang.code());
        let mut headers = signed.pairs().to_vec();
        headers.extend(key.map(|key| ("x-idempotency-key", key)));
        let entry = self.note_call(method, path, &headers, body, &signed.rnd_key);
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
        self.note_answer(entry, status, millis, answer.as_ref());
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
    fn note_call(
        &self,
        method: &'static str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
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
            signed: format!(
                "{}{path}{API_KEY}{SECRET_SHOWN}{rnd_key}{text}",
                self.shop.place.gateway
            ),
            body,
            status: None,
            millis: 0,
            answer: String::new(),
        };
        let entry = Entry::new(self.shop.time_of_day(), Kind::Call(call));
        self.shop.store().add_entry(self.visitor, entry)
    }

    /// Notes what was answered; status 0 is no answer.
    fn note_answer(&self, entry: u64, status: u16, millis: u128, answer: Option<&Value>) {
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
