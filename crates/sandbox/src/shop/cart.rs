//! Catalogue and cart.

use super::answers::{go_to, go_to_order};
use super::browser::{Form, Visit};
use super::catalogue::{self, PRODUCTS};
use super::order::Line;
use super::pages::Page;
use super::state::Shop;
use super::store::QUANTITY_MAX;
use axum::extract::State;
use axum::response::Response;
use minijinja::context;
use minijinja::value::{Serde, Value};
use std::sync::Arc;

/// `GET /shop`.
pub(super) async fn catalogue(State(shop): State<Arc<Shop>>, visit: Visit) -> Response {
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
        lines => line_rows(&lines),
        total => cart.map_or(0, |cart| cart.total()),
    };
    shop.page(&visit, Page::new("catalogue.html", title, values))
}

/// Lines with their products.
pub(super) fn line_rows(lines: &[Line]) -> Vec<Value> {
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
pub(super) async fn change(State(shop): State<Arc<Shop>>, visit: Visit, form: Form) -> Response {
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
pub(super) async fn checkout(State(shop): State<Arc<Shop>>, visit: Visit) -> Response {
    let order = shop.store().checkout(&visit.visitor);
    match order {
        Some(id) => go_to_order(&id, &visit),
        None => go_to("/shop", &visit),
    }
}
