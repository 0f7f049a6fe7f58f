//! How items share what is paid.

use crate::shop::{GARANTI, Reply, Shop, payment, with};
use contract::enums::Currency;
use contract::money::Decimal;
use serde_json::{Value, json};

/// What is paid for each item, in kuruş, as it is answered, in order, with its name.
async fn shares_of(shop: &Shop, prices: &[Value], price: Value, paid: Value) -> Vec<String> {
    let items: Vec<Value> = prices
        .iter()
        .enumerate()
        .map(|(n, price)| json!({"name": format!("item {n}"), "price": price}))
        .collect();
    let mut body = with(payment(GARANTI), json!({"price": price, "paidPrice": paid}));
    body["items"] = Value::Array(items);
    let made = shop.pays_as(body).await.ok();
    let shown = |reply: &Reply| -> Vec<String> {
        let items = reply.list("paymentTransactions");
        let paid = |item: &Value| {
            let paid: Decimal = item["paidPrice"].to_string().parse().unwrap();
            let minor = paid.to_minor(Currency::Try).unwrap();
            format!("{} {minor}", item["name"].as_str().unwrap())
        };
        items.iter().map(paid).collect()
    };
    let read = shop.payment(made.id()).await;
    assert_eq!(shown(&made), shown(&read));
    shown(&made)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_free_item_gets_nothing_and_what_is_left_goes_by_largest_fraction() {
    let shop = Shop::open().await;
    let free_last = [json!(1), json!(1), json!(1), json!(0)];
    assert_eq!(
        shares_of(&shop, &free_last, json!(3), json!(1)).await,
        ["item 0 33", "item 1 33", "item 2 34", "item 3 0"]
    );
    let free_first = [json!(0), json!(5), json!(3), json!(6)];
    assert_eq!(
        shares_of(&shop, &free_first, json!(14), json!(0.1)).await,
        ["item 0 0", "item 1 4", "item 2 2", "item 3 4"]
    );
    let many: Vec<Value> = (0..30).map(|n| json!(30 - n)).collect();
    let shares = shares_of(&shop, &many, json!(465), json!(465)).await;
    let expected: Vec<String> = (0..30).map(|n| format!("item {n} {}00", 30 - n)).collect();
    assert_eq!(shares, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_items_are_taken_and_one_more_is_told_as_too_many() {
    let shop = Shop::open().await;
    let body = |count: usize| {
        let item = json!({"name": "x", "price": 1});
        let mut body = with(
            payment(GARANTI),
            json!({"price": count, "paidPrice": count}),
        );
        body["items"] = Value::Array(vec![item; count]);
        body
    };
    let many = shop.pays_as(body(501)).await;
    assert_eq!(
        (many.status, many.error_code(), many.field()),
        (400, 2009, "items")
    );
    let text = many.body["errors"]["errorDescription"].as_str().unwrap();
    assert_eq!(text, "items can hold at most 500 items");
    shop.pays_as(body(500)).await.ok();
    let line = json!({"name": "x", "type": "FURNITURE", "unitPrice": 1, "quantity": 1});
    let many = shop.offers(501, Value::Array(vec![line; 501])).await;
    assert_eq!(
        (many.status, many.error_code(), many.field()),
        (400, 2009, "items")
    );
}
