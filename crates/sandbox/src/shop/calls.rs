//! The list of calls beside the page: what the shop asked, what came in, and how each was signed.

use super::answers::uncached;
use super::browser::Visit;
use super::call::{Entry, Inbound, Kind};
use super::code;
use super::lang::Lang;
use super::state::Shop;
use axum::extract::{Query, State};
use axum::response::Response;
use minijinja::{Value, context};
use serde::Deserialize;
use std::sync::Arc;

fn entry_view(entry: &Entry, base_url: &str) -> Value {
    let (id, at) = (entry.id, &entry.at);
    match &entry.kind {
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
        Kind::Callback(inbound) => inbound_view(id, at, "callback", inbound),
        Kind::Webhook(inbound) => inbound_view(id, at, "webhook", inbound),
    }
}

fn inbound_view(id: u64, at: &str, kind: &str, inbound: &Inbound) -> Value {
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
                entry_view(entry, &shop.place.gateway)
            })
            .collect();
        (shown, newest)
    };
    let html = shop
        .templates
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
    visit: Visit,
) -> Response {
    let (html, newest) = list(&shop, &visit.visitor, visit.lang, query.since);
    let mut response = uncached(html);
    response
        .headers_mut()
        .insert("x-newest", http::HeaderValue::from(newest));
    response
}
