//! Wrong requests for money back: each is told which field is at fault, and leaves nothing behind.

use crate::bad_input::{
    NOT_A_TEXT, NOT_AN_AMOUNT, Spoiled, bad, each, long, missing, refused, spoil,
};
use crate::refund_transactions::items;
use crate::shop::{GARANTI, Shop};
use serde_json::{Value, json};

const NOT_AN_ID: &[&str] = &[
    "0",
    "-1",
    "1.5",
    "1e3",
    "\"x\"",
    "\"\"",
    "true",
    "[]",
    "{}",
    "9007199254740992",
    "\" 1\"",
];

/// Spoils each field of `body` for each path, and looks that nothing came of it.
async fn all_refused(shop: &Shop, paths: [&str; 2], body: &Value, table: Vec<Spoiled>) {
    for path in paths {
        for Spoiled { at, json, named } in &table {
            let text = spoil(body, at, json);
            let reply = shop.call("POST", path, &text, &[]).await;
            let json: String = json.chars().take(60).collect();
            refused(&reply, 400, named, &format!("{path} {at} = {json}"));
        }
    }
    for table in ["refunds", "refund_items"] {
        let sql = format!("select count(*) as n from {table}");
        assert_eq!(shop.count(sql.leak()).await, 0, "{table}");
    }
    let sql = "select cast(sum(refund_pending + refunded) as bigint) as n from payments";
    assert_eq!(shop.count(sql).await, 0);
}

fn common(id: &'static str) -> Vec<Spoiled> {
    let mut table = each(id, NOT_AN_ID);
    table.push(missing(id));
    table.push(bad(id, "null"));
    table.extend(each("conversationId", NOT_A_TEXT));
    table.extend(each("conversationId", &["\"+1\"", "\"-1\""]));
    table.push(long("conversationId"));
    table.extend(each(
        "refundDestinationType",
        &["\"WALLET\"", "\"BANK\"", "1", "true", "[]", "{}"],
    ));
    table.extend(each("chargeFromMe", &["\"x\"", "2", "[]", "{}"]));
    table
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_refund_of_a_payment_names_its_field() {
    let shop = Shop::open().await;
    let id = shop.pays(GARANTI).await.succeeded().id();
    let body = json!({"paymentId": id, "conversationId": "c"});
    let paths = [
        "/payment/v1/refunds",
        "/payment/v1/refunds/mark-as-refunded",
    ];
    all_refused(&shop, paths, &body, common("paymentId")).await;
    let path = "/payment/v1/refunds/refund-waiting-payment";
    for json in NOT_AN_ID.iter().chain(&["null", ""]) {
        let text = spoil(&json!({"paymentId": id}), "paymentId", json);
        let reply = shop.call("POST", path, &text, &[]).await;
        refused(&reply, 400, "paymentId", json);
    }
    for path in ["refunds", "refund-transactions"] {
        for id in ["0", "x", "1.5", "-1", "99999999999999999999"] {
            let reply = shop.get(&format!("/payment/v1/{path}/{id}")).await;
            refused(&reply, 400, "id", id);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_refund_of_an_item_names_its_field() {
    let shop = Shop::open().await;
    let item = items(&shop.pays(GARANTI).await.succeeded())[0];
    let body = json!({"paymentTransactionId": item, "refundPrice": 10, "conversationId": "c"});
    let mut table = common("paymentTransactionId");
    table.extend(each("refundPrice", NOT_AN_AMOUNT));
    table.extend(each("refundPrice", &["0", "0.00", "\"0\""]));
    let paths = [
        "/payment/v1/refund-transactions",
        "/payment/v1/refund-transactions/mark-as-refunded",
    ];
    all_refused(&shop, paths, &body, table).await;
    for path in paths {
        let unknown = json!({"paymentTransactionId": 1, "refundPrice": 10});
        shop.post(path, unknown).await.refused(404, 9011);
        let above = json!({"paymentTransactionId": item, "refundPrice": 30.01});
        let reply = shop.post(path, above).await;
        refused(&reply, 422, "refundPrice", path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_older_clients_send_is_taken() {
    let shop = Shop::open().await;
    let id = shop.pays(GARANTI).await.succeeded().id();
    let body = json!({"paymentId": id, "refundDestinationType": "CARD", "chargeFromMe": true, "conversationId": 7});
    let back = shop.post("/payment/v1/refunds", body).await.ok();
    assert_eq!(back.data("refundDestinationType"), "PROVIDER");
    assert_eq!(back.data("conversationId"), "7");
}
