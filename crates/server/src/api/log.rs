//! The request log: what API keys asked for and how it ended, for the integrators of the merchant
//! that the key belongs to. Handed to the journal once the answer is ready; nothing waits for it.

use super::answer::Answer;
use super::signing::{self, Refused};
use crate::app::App;
use crate::headers::{CallersId, RequestId};
use crate::net;
use crate::rates::ANY_MERCHANT;
use crate::store::merchants;
use crate::store::requests::{self, Logged};
use connectors::scrub::{target, words};
use contract::rules::Rule;
use http::request::Parts;
use jiff::Timestamp;
use serde_json::Value as Json;
use std::sync::Arc;
use tokio::time::Instant;

/// What admission learned, whatever the answer.
#[derive(Default)]
pub(super) struct Seen {
    /// The merchant of the API key.
    pub merchant_id: Option<i64>,
    /// The signature was right.
    pub verified: bool,
    /// A signature that was refused.
    pub refused: Option<Box<Refused>>,
}

/// When a request came.
pub(super) struct Began {
    at: Timestamp,
    instant: Instant,
}

impl Began {
    /// Now.
    pub(super) fn now(app: &App) -> Began {
        Began {
            at: app.now(),
            instant: Instant::now(),
        }
    }

    /// Milliseconds since.
    pub(super) fn millis(&self) -> i64 {
        i64::try_from(self.instant.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

/// Logs an answered request when its API key belongs to a merchant.
pub(super) fn note(app: &Arc<App>, head: &Parts, seen: Seen, answer: &Answer, began: &Began) {
    let Some(api_key) = head.headers.get("x-api-key").and_then(|v| v.to_str().ok()) else {
        return;
    };
    let (error_code, error_text) = error_of(answer);
    let (method, path) = address(head, answer.status);
    let mut logged = Logged {
        merchant_id: seen.merchant_id.unwrap_or(0),
        id: head
            .extensions
            .get()
            .map_or_else(|| app.next_id(), |RequestId(id)| *id),
        callers_id: head.extensions.get().map(|CallersId(id)| id.clone()),
        at: began.at,
        api_key: api_key.to_owned(),
        address: net::peer(head, app.settings.behind_proxy),
        method,
        path: match head.uri.query() {
            Some(query) => format!("{path}?{}", target(query)),
            None => path,
        },
        status: i64::from(answer.status),
        took_ms: began.millis(),
        error_code,
        error_text,
        signing: None,
    };
    match (seen.merchant_id, seen.refused) {
        (Some(_), None) if seen.verified => app.journal.note(requests::insert(&logged)),
        (Some(merchant_id), None) => {
            let known = is_known(app, head, merchant_id, began.at);
            if app.journal.admits_refusal(merchant_id, known, began.at) {
                app.journal.note(requests::insert(&logged));
            }
        }
        (Some(merchant_id), Some(refused)) => {
            // An API key alone is enough to be refused, as often as one likes.
            let known = is_known(app, head, merchant_id, began.at);
            if app.journal.admits_refusal(merchant_id, known, began.at) {
                let app = Arc::clone(app);
                tokio::spawn(async move {
                    logged.signing = Some(signing::explanation(&refused));
                    app.journal.note(requests::insert(&logged));
                });
            }
        }
        (None, _) => note_unadmitted(app, head, logged, began.at),
    }
}

/// Method and path without what may be a card number, for every log. Some of our ids look like one;
/// those in the path of a request that was served are ours.
pub(super) fn address(head: &Parts, status: u16) -> (String, String) {
    let path = match status {
        200..300 => head.uri.path().to_owned(),
        _ => target(head.uri.path()),
    };
    (words(head.method.as_str()), path)
}

/// What was refused before anybody asked whose key it is: a header was missing, the address is
/// unknown. Integrators look for just that.
fn note_unadmitted(app: &Arc<App>, head: &Parts, mut logged: Logged, at: Timestamp) {
    const NOBODYS: i64 = 0;
    let unknown_key = logged.error_code.as_deref() == Some(Rule::UnknownApiKey.code());
    let known = is_known(app, head, ANY_MERCHANT, at);
    let unheard = matches!(logged.status, 429 | 500..);
    if unknown_key || unheard || !app.journal.admits_refusal(NOBODYS, known, at) {
        return;
    }
    let app = Arc::clone(app);
    tokio::spawn(async move {
        if let Ok(Some(owner)) = merchants::by_api_key(&app, &logged.api_key).await
            && app.journal.admits_refusal(owner.merchant.id, known, at)
        {
            logged.merchant_id = owner.merchant.id;
            app.journal.note(requests::insert(&logged));
        }
    });
}

/// Whether good signatures came from the request's address lately.
fn is_known(app: &App, head: &Parts, merchant_id: i64, at: Timestamp) -> bool {
    let address = net::client(head, app.settings.behind_proxy);
    address.is_some_and(|address| app.rates.is_known(merchant_id, address, at))
}

/// Code and text of an answer under `errors`.
fn error_of(answer: &Answer) -> (Option<String>, Option<String>) {
    if answer.status < 400 {
        return (None, None);
    }
    let body: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |name: &str| body["errors"][name].as_str().map(words);
    (text("errorCode"), text("errorDescription"))
}
