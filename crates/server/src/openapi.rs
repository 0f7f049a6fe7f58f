//! `/openapi.json`: what this version serves, for authors of clients and for tools that try calls.
//! The document comes from the contract's data; `cargo xtask contract` writes it.

use crate::app::App;
use axum::Router;
use axum::routing::get;
use http::header::CONTENT_TYPE;
use std::sync::Arc;

/// The route.
pub fn router() -> Router<Arc<App>> {
    let document = ([(CONTENT_TYPE, "application/json")], contract::OPENAPI);
    Router::new().route("/openapi.json", get(async || document))
}
