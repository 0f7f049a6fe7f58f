//! The list of calls beside the page: what the shop asked, what came in, and how each was signed.

use super::Shop;
use super::browser::Visit;
use super::code;
use super::pages::{Lang, cached_never};
use axum::extract::{Query, State};
use axum::response::Response;
use http::HeaderMap;
use minijinja::{Value, context};
use serde::Deserialize;
use serde_json::Value as Json;
use std::sync::Arc;

/// One thing in the list.
pub(super) struct Entry {
    /// Its place: the larger, the newer.
    pub(super) id: u64,
    /// When it last changed, in the same count.
    pub(super) version: u64,
    at: String,
    pub(super) kind: Kind,
}

/// What it is.
pub(super) enum Kind {
    /// A call of the API.
    Call(Call),
    /// The browser came back from a bank.
    Callback(Inbound),
    /// The gateway called.
    Webhook(Inbound),
}

/// A call of the API, masked.
pub(super) struct Call {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Json>,
    /// What the signature was made of, without the secret.
    pub(super) signed: String,
    /// Nothing while it is under way, 0 when no answer came.
    pub(super) status: Option<u16>,
    pub(super) millis: u128,
    pub(super) answer: String,
}

/// Something that came in with a hash or signature.
pub(super) struct Inbound {
    pub(super) path: String,
    /// What it is about: an event's type, a callback's status.
    pub(super) title: String,
    /// A form's fields or a JSON text.
    pub(super) body: String,
    /// What was hashed, without the key.
    pub(super) hashed: String,
    pub(super) expected: String,
    pub(super) received: String,
    pub(super) right: bool,
}

impl Entry {
    /// An entry that is not in a list yet.
    pub(super) fn new(at: String, kind: Kind) -> Entry {
        Entry {
            id: 0,
            version: 0,
            at,
            kind,
        }
    }

    fn shown(&self, base_url: &str) -> Value {
        let (id, at) = (self.id, &self.at);
        match &self.kind {
            Kind::Call(call) => {
                let signature = call.headers.iter().find(|(name, _)| name == "x-signature");
                context! {
                    id, at,
                    kind => "call",
                    method => call.method,
                    path => &call.path,
                    status => call.status,
                    millis => call.millis.to_string(),
                    headers => call.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n"),
                    body => call.body.as_ref().and_then(|body| serde_json::to_string_pretty(body).ok()),
                    signed => &call.signed,
                    signature => signature.map(|(_, value)| value.as_str()),
                    answer => &call.answer,
                    node => code::node(base_url, call),
                    python => code::python(base_url, call),
                    curl => code::curl(base_url, call),
                }
            }
            Kind::Callback(inbound) => came_in(id, at, "callback", inbound),
            Kind::Webhook(inbound) => came_in(id, at, "webhook", inbound),
        }
    }
}

fn came_in(id: u64, at: &str, kind: &str, inbound: &Inbound) -> Value {
    context! {
        id, at, kind,
        method => "POST",
        path => &inbound.path,
        title => &inbound.title,
        body => &inbound.body,
        hashed => &inbound.hashed,
        expected => &inbound.expected,
        received => &inbound.received,
        right => inbound.right,
    }
}

/// A list's entries that are newer than `since`, newest first, as HTML; and its newest version.
pub(super) fn list(shop: &Shop, visitor: &str, lang: Lang, since: u64) -> (String, u64) {
    let (shown, newest) = {
        let store = shop.store();
        let entries = store.visitor(visitor).map(|visitor| &visitor.entries);
        let newer = entries
            .into_iter()
            .flatten()
            .rev()
            .filter(|entry| entry.version > since);
        let mut newest = since;
        let shown: Vec<Value> = newer
            .map(|entry| {
                newest = newest.max(entry.version);
                entry.shown(&shop.place.gateway)
            })
            .collect();
        (shown, newest)
    };
    let html = shop
        .pages
        .fragment("calls.html", lang, context! { entries => shown });
    (html, newest)
}

/// What the page asks for.
#[derive(Deserialize)]
pub(super) struct Since {
    #[serde(default)]
    since: u64,
}

/// `GET /shop/calls?since=`: what is new, as HTML. The header `x-newest` is the next `since`.
pub(super) async fn since(
    State(shop): State<Arc<Shop>>,
    Query(query): Query<Since>,
    headers: HeaderMap,
) -> Response {
    let visit = Visit::of(&headers, None);
    let (html, newest) = list(&shop, &visit.visitor, visit.lang, query.since);
    let mut response = cached_never(html);
    response
        .headers_mut()
        .insert("x-newest", http::HeaderValue::from(newest));
    response
}
