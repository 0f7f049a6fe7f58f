//! The demo shop, `/shop`: an ordinary merchant that calls the gateway over HTTP with the demo
//! merchant's keys, and shows each call beside the page. It keeps everything in memory and never
//! touches the gateway's own parts.

mod amounts;
mod answers;
mod ask_bank;
mod ask_lender;
mod attempt;
mod bench;
pub(crate) mod browser;
mod buyer;
mod call;
mod calls;
mod card;
mod cart;
mod catalogue;
mod checkout;
mod code;
mod gateway;
mod inbound;
mod lang;
mod loan;
mod mask;
mod order;
mod orders;
mod outcome;
mod pages;
mod published;
mod refresh;
mod state;
mod store;
mod templates;
mod typed;

use answers::bare;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::handler::Handler;
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use http::Method;
use state::Shop;
use std::sync::Arc;

pub(crate) use inbound::WEBHOOK_PATH;
pub(crate) use state::Place;

/// Bytes that a browser or the gateway may post here.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// An address that takes a form. Opened by itself, or shown again in another language, it leads to
/// the order's page.
fn form<H, T>(handler: H) -> MethodRouter<Arc<Shop>>
where
    H: Handler<T, Arc<Shop>>,
    T: 'static,
{
    post(handler).get(orders::lead_to_order)
}

/// Refuses what another site's page posts.
async fn require_own_page(request: Request, next: Next) -> Response {
    let posted = request.method() == Method::POST;
    match browser::own_page(request.headers()) {
        Err(status) if posted => bare(status),
        _ => next.run(request).await,
    }
}

/// The routes of shop and bench. The error is a template that cannot be read.
pub(crate) fn router(place: Place) -> Result<Router, String> {
    let shop = Arc::new(Shop::open(place)?);
    Ok(Router::new()
        .route("/shop", get(cart::catalogue))
        .route("/shop/", get(cart::catalogue))
        .route("/shop/cart", post(cart::change))
        .route("/shop/checkout", post(cart::checkout))
        .route("/shop/orders", get(orders::list))
        .route("/shop/orders/{id}", get(orders::show))
        .route("/shop/orders/{id}/state", get(orders::state))
        .route("/shop/orders/{id}/rewards", form(card::rewards))
        .route("/shop/orders/{id}/card", form(card::pay))
        .route("/shop/orders/{id}/bank", get(orders::bank))
        .route("/shop/orders/{id}/offers", form(loan::refresh_offers))
        .route("/shop/orders/{id}/loan", form(loan::apply))
        .route("/shop/orders/{id}/approve", form(loan::approve))
        .route("/shop/orders/{id}/decide", form(loan::decide))
        .route("/shop/orders/{id}/ask", form(orders::ask_again))
        .route("/shop/orders/{id}/give-up", form(orders::give_up))
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
        .layer(axum::middleware::from_fn(require_own_page))
        // These come from elsewhere, and prove themselves otherwise.
        .route("/shop/orders/{id}/callback", post(inbound::callback))
        .route(WEBHOOK_PATH, post(inbound::webhook))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(shop))
}
