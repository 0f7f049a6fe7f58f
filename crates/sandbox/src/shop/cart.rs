//! Catalogue and cart.

use super::Shop;
use super::browser::{Form, Visit};
use super::catalogue::{self, PRODUCTS};
use super::pages::{Page, go_to};
use super::store::QUANTITY_MAX;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::Deserialize;
use std::sync::Arc;

/// What any page's address may choose.
#[derive(Deserialize)]
pub(super) struct Choice {
    pub(super) lang: Option<String>,
}

/// `GET /shop`.
pub(super) async fn catalogue(
    State(shop): State<Arc<Shop>>,
    Query(choice): Query<Choice>,
    headers: HeaderMap,
) -> Response {
    let visit = Visit::of(&headers, choice.lang.as_deref());
    let cart = {
        let store = shop.store();
        store
            .visitor(&visit.visitor)
            .map(|visitor| visitor.cart.clone())
    };
    let lines = cart.as_ref().map(|cart| cart.lines()).unwrap_or_default();
    let title = visit.lang.of("Ürünler", "Products");
    let values = context! {
        products => Serde(&PRODUCTS),
        lines => lines_shown(&lines),
        total => cart.map_or(0, |cart| cart.total()),
    };
    shop.page(
        &visit,
        Page {
            name: "catalogue.html",
            title,
            values,
            watch: None,
            status: StatusCode::OK,
            with_calls: true,
        },
    )
}

/// Lines with their products.
pub(super) fn lines_shown(lines: &[super::order::Line]) -> Vec<Value> {
    lines
        .iter()
        .filter_map(|line| {
            let product = PRODUCTS.get(line.product)?;
            let sum = product.price * i64::from(line.quantity);
            Some(context! { product => Serde(product), quantity => line.quantity, sum })
        })
        .collect()
}

/// `POST /shop/cart`: `product`, and `quantity` or one more.
pub(super) async fn change(
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let visit = Visit::of(&headers, None);
    let form = Form::read(&body);
    let Some(product) = catalogue::position(form.value("product")) else {
        return go_to("/shop", &visit);
    };
    let quantity: Option<u32> = form.value("quantity").parse().ok();
    {
        let mut store = shop.store();
        let cart = &mut store.visitor_mut(&visit.visitor).cart;
        if let Some(held) = cart.quantities.get_mut(product) {
            *held = quantity.unwrap_or(*held + 1).min(QUANTITY_MAX);
        }
    }
    go_to("/shop#cart", &visit)
}

/// `POST /shop/checkout`: the cart becomes an order, the same one however often this is sent.
pub(super) async fn checkout(State(shop): State<Arc<Shop>>, headers: HeaderMap) -> Response {
    let visit = Visit::of(&headers, None);
    let order = shop.store().checkout(&visit.visitor);
    match order {
        Some(id) => go_to(&format!("/shop/orders/{id}"), &visit),
        None => go_to("/shop", &visit),
    }
}
