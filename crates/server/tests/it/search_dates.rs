//! Dates of a search: windows that meet without losing a payment, and every spelling of a moment.

use crate::shop::{GARANTI, Shop};
use jiff::civil::DateTime;
use serde_json::Value;

async fn found(shop: &Shop, query: &str) -> i64 {
    let path = format!("/payment-reporting/v1/payments?{query}");
    let reply = shop.get(&path).await.ok();
    reply.data("totalSize").as_i64().unwrap()
}

/// A shop with one payment, and when that was, to the microsecond, as local time.
async fn with_payment() -> (Shop, DateTime) {
    let shop = Shop::open().await;
    let paid = shop.pays(GARANTI).await.ok();
    let created = paid.text("createdDate");
    (shop, created.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_without_a_fraction_holds_its_whole_second() {
    let (shop, created) = with_payment().await;
    let second = created.with().subsec_nanosecond(0).build().unwrap();
    let millis = created.subsec_nanosecond() / 1_000_000;
    let next = second.checked_add(jiff::Span::new().seconds(1)).unwrap();
    let before = second.checked_sub(jiff::Span::new().seconds(1)).unwrap();
    for (query, count) in [
        (format!("maxCreatedDate={second}"), 1),
        (
            format!("minCreatedDate={second}&maxCreatedDate={second}"),
            1,
        ),
        (format!("minCreatedDate={next}"), 0),
        (format!("maxCreatedDate={before}"), 0),
        // JavaScript's dates have milliseconds, payments microseconds.
        (format!("maxCreatedDate={second}.{millis:03}"), 1),
        (format!("minCreatedDate={second}.{millis:03}"), 1),
        ("maxCreatedDate=9999-12-31T23:59:59".to_owned(), 1),
        ("maxCreatedDate=9999-12-31T23:59:59.9999999Z".to_owned(), 1),
        (
            "maxCreatedDate=%2B999999999-12-31T23:59:59.999999999".to_owned(),
            1,
        ),
        ("minCreatedDate=9999-12-31".to_owned(), 0),
        ("minCreatedDate=0001-01-01T00:00:00".to_owned(), 1),
    ] {
        assert_eq!(found(&shop, &query).await, count, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn blanks_stand_for_what_was_not_escaped() {
    let (shop, created) = with_payment().await;
    let second = created.with().subsec_nanosecond(0).build().unwrap();
    let date = second.date();
    let time = second.time();
    for spelled in [
        format!("{date}T{time}+03:00"),
        format!("{date}T{time}%2B03:00"),
        format!("{date}%20{time}"),
        format!("{date}+{time}"),
        format!("{date}+{time}+03:00"),
        format!("{date}%20{time}%20%2B03:00"),
        format!("{date}t{time}"),
        format!("{date}T{time}+0300"),
    ] {
        let query = format!("minCreatedDate={spelled}&maxCreatedDate={spelled}");
        assert_eq!(found(&shop, &query).await, 1, "{query}");
    }
    for wrong in [
        format!("{date}T{time}+03:00+03:00"),
        format!("{date}T{time}+3pm"),
        format!("{date}+x"),
        "9999-99-99T00:00:00".to_owned(),
    ] {
        let path = format!("/payment-reporting/v1/payments?minCreatedDate={wrong}");
        let reply = shop.get(&path).await;
        assert_eq!(
            (reply.status, reply.field()),
            (400, "minCreatedDate"),
            "{wrong}"
        );
        assert_eq!(reply.body.get("data"), None::<&Value>);
    }
}
