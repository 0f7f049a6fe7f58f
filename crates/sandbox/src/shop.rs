//! The demo shop, `/shop`: an ordinary merchant that calls the gateway over HTTP with the demo
//! merchant's keys, and shows each call beside the page. It keeps everything in memory and never
//! touches the gateway's own parts.

mod amounts;
mod bench;
pub(crate) mod browser;
mod calls;
mod card;
mod cart;
mod catalogue;
mod checkout;
mod code;
mod gateway;
mod inbound;
mod loan;
mod mask;
mod order;
mod outcome;
mod pages;
mod published;
mod results;
mod store;
mod typed;

use crate::play::http::Http;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::handler::Handler;
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use gateway::Gateway;
use http::Method;
use pages::Pages;
use server::clock::Clock;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::Store;

pub(crate) use inbound::WEBHOOK_PATH;

/// Bytes that a browser or the gateway may post here.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// Where the shop stands.
pub(crate) struct Place {
    /// Base URL of the gateway, as the shop calls it.
    pub(crate) gateway: String,
    /// Base URL of the simulator: its pages are where forms may lead, and the bench speaks to it.
    pub(crate) simulator: String,
    /// Under which URL browsers reach the gateway, when that is another one.
    pub(crate) public_url: Option<url::Url>,
    /// Wait before a webhook's first call, told to people who wait.
    pub(crate) webhook_wait: Duration,
    /// The time, for the list of calls.
    pub(crate) clock: Arc<dyn Clock>,
}

/// The shop's parts. Nothing here is the gateway's.
struct Shop {
    place: Place,
    http: Http,
    pages: Pages,
    store: Mutex<Store>,
}

impl Shop {
    /// The shop's memory. Held for moments, never across an await.
    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The way to the gateway for a visitor, whose list of calls it fills.
    fn gateway<'a>(&'a self, visitor: &'a str, lang: pages::Lang) -> Gateway<'a> {
        Gateway {
            shop: self,
            visitor,
            lang,
        }
    }

    /// Hours, minutes and seconds in Istanbul.
    fn time_of_day(&self) -> String {
        let local = server::clock::local_text(self.place.clock.now());
        local.get(11..19).unwrap_or_default().to_owned()
    }
}

/// An address that takes a form. Opened by itself, or shown again in another language, it leads to
/// the order's page.
fn form<H, T>(handler: H) -> MethodRouter<Arc<Shop>>
where
    H: Handler<T, Arc<Shop>>,
    T: 'static,
{
    post(handler).get(results::back)
}

/// Refuses what another site's page posts.
async fn from_own_pages(request: Request, next: Next) -> Response {
    let posted = request.method() == Method::POST;
    match browser::own_page(request.headers()) {
        Err(status) if posted => pages::refused(status),
        _ => next.run(request).await,
    }
}

/// Carries something on to its end although the browser may go away.
async fn carried(what: &str, work: impl Future<Output = ()> + Send + 'static) {
    if let Err(error) = tokio::spawn(work).await {
        tracing::error!(%error, what, "it could not be carried to its end");
    }
}

/// The routes of shop and bench. The error is a template that cannot be read.
pub(crate) fn router(place: Place) -> Result<Router, String> {
    let shop = Arc::new(Shop {
        pages: Pages::new()?,
        http: Http::new(),
        store: Mutex::new(Store::default()),
        place,
    });
    Ok(Router::new()
        .route("/shop", get(cart::catalogue))
        .route("/shop/", get(cart::catalogue))
        .route("/shop/cart", post(cart::change))
        .route("/shop/checkout", post(cart::checkout))
        .route("/shop/orders", get(results::all))
        .route("/shop/orders/{id}", get(results::show))
        .route("/shop/orders/{id}/state", get(results::state))
        .route("/shop/orders/{id}/rewards", form(card::rewards))
        .route("/shop/orders/{id}/card", form(card::pay))
        .route("/shop/orders/{id}/bank", get(results::bank))
        .route("/shop/orders/{id}/offers", form(loan::refresh_offers))
        .route("/shop/orders/{id}/loan", form(loan::apply))
        .route("/shop/orders/{id}/approve", form(loan::approve))
        .route("/shop/orders/{id}/decide", form(loan::decide))
        .route("/shop/orders/{id}/ask", form(results::ask))
        .route("/shop/orders/{id}/give-up", form(results::give_up))
        .route("/shop/calls", get(calls::since))
        .route("/shop/{file}", get(pages::file))
        .route("/shop/img/{file}", get(pages::picture))
        .route("/sandbox", get(bench::home))
        .route("/sandbox/cards", get(bench::cards))
        .route(
            "/sandbox/faults",
            get(bench::faults).post(bench::order_fault),
        )
        .route("/sandbox/purses", post(bench::fill_purses))
        .route("/sandbox/faults/clear", post(bench::clear_faults))
        .layer(axum::middleware::from_fn(from_own_pages))
        // These come from elsewhere, and prove themselves otherwise.
        .route("/shop/orders/{id}/callback", post(inbound::callback))
        .route(WEBHOOK_PATH, post(inbound::webhook))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(shop))
}
