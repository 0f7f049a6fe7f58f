//! Pages of the shop, each with the list of calls beside it, and its files.

use super::answers::{asset, bare, remember, uncached};
use super::browser::Visit;
use super::calls;
use super::state::Shop;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use minijinja::context;
use minijinja::value::Value;
use std::sync::Arc;

/// A page of the shop.
pub(super) struct Page<'a> {
    /// Template of what is in the middle.
    pub(super) name: &'a str,
    pub(super) title: &'a str,
    pub(super) values: Value,
    /// Address that tells whether something changed, and what is shown now.
    pub(super) watch: Option<(String, u64)>,
    pub(super) status: StatusCode,
    /// The list of calls stands beside it.
    pub(super) with_calls: bool,
}

impl<'a> Page<'a> {
    /// A page with the list of calls, that waits for nothing.
    pub(super) fn new(name: &'a str, title: &'a str, values: Value) -> Page<'a> {
        Page {
            name,
            title,
            values,
            watch: None,
            status: StatusCode::OK,
            with_calls: true,
        }
    }
}

impl Shop {
    /// Answers a page, with the calls beside it.
    pub(super) fn page(&self, visit: &Visit, page: Page<'_>) -> Response {
        let lang = visit.lang;
        let body = self.templates.fragment(page.name, lang, page.values);
        let (list, newest) = calls::list(self, &visit.visitor, lang, 0);
        let pieces = {
            let store = self.store();
            store.visitor(&visit.visitor).map_or(0, |v| v.cart.pieces())
        };
        let values = context! {
            title => page.title,
            body => Value::from_safe_string(body),
            calls => Value::from_safe_string(list),
            newest,
            pieces,
            with_calls => page.with_calls,
            watch => page.watch.as_ref().map(|(address, _)| address),
            version => page.watch.as_ref().map(|(_, version)| version),
        };
        let html = self.templates.fragment("layout.html", lang, values);
        let mut response = uncached(html);
        *response.status_mut() = page.status;
        self.secure(&mut response, "'self'");
        remember(&mut response, visit);
        response
    }

    /// A page that says something and leads on.
    pub(super) fn message(
        &self,
        visit: &Visit,
        status: StatusCode,
        title: &str,
        text: &str,
    ) -> Response {
        let page = Page::new("message.html", title, context! { title, text });
        self.page(visit, Page { status, ..page })
    }

    /// No such order: never made, or made so long ago that it was forgotten.
    pub(super) fn unknown_order(&self, visit: &Visit) -> Response {
        let lang = visit.lang;
        self.message(
            visit,
            StatusCode::NOT_FOUND,
            lang.of("Bu sipariş bulunamadı", "This order is not known"),
            lang.of(
                "Demo mağaza siparişleri yalnızca bellekte tutar; yeniden başlatınca unutur.",
                "The demo shop keeps orders in memory only and forgets them at a restart.",
            ),
        )
    }
}

/// `GET /shop/{file}`.
pub(super) async fn file(
    State(shop): State<Arc<Shop>>,
    Path(name): Path<String>,
    visit: Visit,
) -> Response {
    match name.as_str() {
        "shop.css" => asset("text/css", include_str!("shop.css")),
        "shop.js" => asset("text/javascript", include_str!("shop.js")),
        _ => unknown_address(&shop, &visit),
    }
}

/// A page for an address that the shop does not have.
fn unknown_address(shop: &Shop, visit: &Visit) -> Response {
    let lang = visit.lang;
    shop.message(
        visit,
        StatusCode::NOT_FOUND,
        lang.of("Böyle bir sayfa yok", "There is no such page"),
        lang.of(
            "Adresi kontrol edin ya da ürünlere dönün.",
            "Please check the address, or go back to the products.",
        ),
    )
}

/// `GET /shop/img/{file}`.
pub(super) async fn picture(Path(name): Path<String>) -> Response {
    let text = match name.as_str() {
        "phone.svg" => include_str!("img/phone.svg"),
        "laptop.svg" => include_str!("img/laptop.svg"),
        "tv.svg" => include_str!("img/tv.svg"),
        "washer.svg" => include_str!("img/washer.svg"),
        "chair.svg" => include_str!("img/chair.svg"),
        "coffee.svg" => include_str!("img/coffee.svg"),
        "shoes.svg" => include_str!("img/shoes.svg"),
        "book.svg" => include_str!("img/book.svg"),
        "bridge.svg" => include_str!("img/bridge.svg"),
        _ => return bare(StatusCode::NOT_FOUND),
    };
    asset("image/svg+xml", text)
}
