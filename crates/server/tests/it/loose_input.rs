//! What shop modules in PHP and .NET send: loose spellings of scalars, at every endpoint. Where the
//! grammar ends is in `bad_input`.

use crate::browser::fetch;
use crate::shop::{GARANTI, Reply, Shop, application, cart, payment, ykb};
use serde_json::{Value, json};
use server::store::payments;

/// The same request as a careless module spells it: every number in quotes, every plain number in
/// quotes bare. Card numbers and codes stay texts, booleans stay as they are.
fn loosely(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::String(number.to_string()),
        Value::String(text) if is_plain(text) => serde_json::from_str(text).unwrap(),
        Value::Array(entries) => entries.iter().map(loosely).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| match name.as_str() {
                "cardNumber" | "cvc" => (name.clone(), value.clone()),
                _ => (name.clone(), loosely(value)),
            })
            .collect(),
        other => other.clone(),
    }
}

/// A number without a leading zero, which JSON has none of.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() && !text.starts_with('0')
}

async fn sent(shop: &Shop, path: &str, body: &Value) -> Reply {
    let body = loosely(body);
    let reply = shop.call("POST", path, &body.to_string(), &[]).await;
    assert!(reply.status < 300, "{path} {body}: {:#}", reply.body);
    reply
}

#[tokio::test(flavor = "multi_thread")]
async fn booleans_of_a_query_are_read_as_php_and_dotnet_write_them() {
    let shop = Shop::open().await;
    shop.pays(GARANTI).await.ok();
    for (value, count) in [
        ("0", 1),
        ("False", 1),
        ("FALSE", 1),
        ("false", 1),
        ("1", 0),
        ("True", 0),
        ("true", 0),
        ("", 1),
    ] {
        for key in ["isThreeDS", "isThreeDs"] {
            let path = format!("/payment-reporting/v1/payments?{key}={value}");
            let reply = shop.get(&path).await.ok();
            assert_eq!(reply.data("totalSize"), count, "{path}");
        }
        for key in ["enableInstallment", "enableForeignCard"] {
            let path = format!("/merchant/v1/merchant-poses?{key}={value}");
            let reply = shop.get(&path).await.ok();
            let count = if value.is_empty() { 2 } else { 2 - 2 * count };
            assert_eq!(reply.data("totalSize"), count, "{path}");
        }
    }
    for wrong in ["2", "yes", "-1", "01", "on", "%20true"] {
        let path = format!("/payment-reporting/v1/payments?isThreeDS={wrong}");
        let reply = shop.get(&path).await;
        assert_eq!((reply.status, reply.field()), (400, "isThreeDS"), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comma_before_one_or_two_decimals_is_read_in_a_query_and_a_doubtful_one_is_told() {
    let shop = Shop::open().await;
    let odd = json!({"price": 43.5, "paidPrice": 43.5, "items": [{"name": "a", "price": 43.5}]});
    shop.pays(GARANTI).with(odd).await.ok();
    // .NET writes them so where the server's culture is Turkish.
    for (value, count) in [("43,5", 1), ("43,50", 1), ("43,51", 0), ("0,05", 1)] {
        let reply = shop.search(&format!("minPaidPrice={value}")).await;
        assert_eq!(reply.data("totalSize"), count, "{value}");
    }
    for doubtful in ["1,234", "1,234.50", "1.234,50", "1,2,3", ",5", "5,"] {
        let path = format!("/payment-reporting/v1/payments?minPaidPrice={doubtful}");
        let reply = shop.get(&path).await;
        let told = (reply.status, reply.error_code(), reply.field());
        assert_eq!(told, (400, 2014, "minPaidPrice"), "{doubtful}");
    }
    // In a body the number's grammar is JSON's.
    let reply = shop.pays(GARANTI).with(json!({"price": "43,5"})).await;
    assert_eq!((reply.status, reply.field()), (400, "price"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_with_loose_scalars_is_the_payment_that_was_meant() {
    let shop = Shop::open().await;
    let mut body = payment(GARANTI);
    body["externalId"] = json!("115");
    body["conversationId"] = json!("2026001");
    body["items"][0]["externalId"] = json!("9");
    body["card"]["expireMonth"] = json!("7");
    body["buyerMemberId"] = json!(42);
    let body = body
        .to_string()
        .replace("\"price\":100,", "\"price\":100.0,");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(loosely(&body)["price"], "100.0");
    for path in [
        "/payment/v1/card-payments",
        "/payment/v1/card-payments/3ds-init",
    ] {
        let mut body = body.clone();
        body["callbackUrl"] = json!("https://shop.example.com/");
        for empty in ["additionalParams", "fraudParams", "routingOptions"] {
            body[empty] = json!([]);
        }
        let made = sent(&shop, path, &body).await;
        let read = shop.reported(made.id()).await;
        assert_eq!(read.data("price").to_string(), "100.0");
        assert_eq!(read.data("externalId"), "115");
        assert_eq!(read.data("conversationId"), "2026001");
        assert_eq!(read.data("buyerMemberId"), 42);
        assert_eq!(read.data("paymentTransactions.0.price"), 30);
    }
    // What a number cannot be trusted with stays a text.
    for (at, value) in [
        ("cardNumber", json!(5_209_220_000_000_002_i64)),
        ("cvc", json!(123)),
    ] {
        let mut body = body.clone();
        body["card"][at] = value;
        let reply = shop.pays_as(body).await;
        let field = format!("card.{at}");
        assert_eq!((reply.status, reply.field()), (400, field.as_str()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_endpoint_reads_them_too() {
    let shop = Shop::open().await;
    let mut card = payment(GARANTI)["card"].clone();
    card["expireMonth"] = json!("4");
    card["cardAlias"] = json!("12");
    let stored = sent(&shop, "/payment/v1/cards", &card).await;
    assert_eq!(stored.data("expireMonth"), "04");
    assert_eq!(stored.data("expireYear"), "2044");
    assert_eq!(stored.data("cardAlias"), "12");

    card["installment"] = json!(1);
    card["fraudParams"] = json!([]);
    let path = "/payment/v1/card-loyalties/retrieve";
    sent(&shop, path, &card).await;

    let offers = json!({"apmType": "MASLAK", "price": 10000, "currency": "TRY", "items": cart(),
                        "additionalParams": []});
    sent(&shop, "/payment/v1/bnpl-payments/offers", &offers).await;
    let init = sent(&shop, "/payment/v1/bnpl-payments/init", &application("134")).await;
    let id = init.data("paymentId");
    let verify = json!({"paymentId": id});
    sent(&shop, "/payment/v1/bnpl-payments/verify", &verify).await;

    let mut pos = ykb();
    pos["name"] = json!("77");
    let made = sent(&shop, "/merchant/v1/merchant-poses", &pos).await;
    assert_eq!(made.data("clientId"), "6706598320");
    assert_eq!(made.data("orderNumber"), 2);
    let path = format!("/merchant/v1/merchant-poses/{}", made.data("id"));
    let change = json!({"orderNumber": "5", "port": "443", "name": 78});
    let changed = shop.call("PUT", &path, &change.to_string(), &[]).await.ok();
    assert_eq!(changed.data("name"), "78");
    assert_eq!(changed.data("orderNumber"), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_whose_callback_is_no_address_ends_on_our_page() {
    let shop = Shop::open().await;
    for text in [
        "callback",
        "/callback",
        "javascript:alert(1)",
        "shop.example.com",
        "http://",
    ] {
        let mut request = application("064");
        request["callbackUrl"] = json!(text);
        let init = shop
            .post("/payment/v1/bnpl-payments/init", request)
            .await
            .ok();
        let page = init.text("redirectUrl");
        let page = fetch(&shop.http, "GET", page, String::new()).await;
        let end = page.submit(&shop.http, &[("action", "approve")]).await;
        let end = end.submit(&shop.http, &[]).await;
        assert_eq!(end.status, 200, "{text}");
        assert!(end.url.starts_with(&shop.gateway), "{text} {}", end.url);
        assert!(
            !end.html.contains("<form") && !end.html.contains("alert(1)"),
            "{}",
            end.html
        );
        assert_eq!(
            shop.reported(init.id()).await.outcome(),
            "SUCCESS",
            "{text}"
        );
        let id = init.id();
        let kept = payments::of_merchant(&shop.app, shop.merchant, id).await;
        let kept = kept.unwrap().unwrap();
        assert_eq!(kept.callback_url, None);
        assert_eq!(kept.additional["callbackUrl"], text);
    }
    // A payment with 3DS has nowhere else to end.
    let nowhere = shop.pays(GARANTI).with(json!({"callbackUrl": "callback"}));
    let reply = nowhere.init_3ds().await;
    assert_eq!((reply.error_code(), reply.field()), (2006, "callbackUrl"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_offered_yet_is_told_before_any_field_is_asked_for() {
    let shop = Shop::open().await;
    let loan = |kind: &str| json!({"apmType": kind});
    let pos = |integrator: &str| json!({"posIntegrator": integrator});
    let payments = [
        "/payment/v1/card-payments",
        "/payment/v1/card-payments/3ds-init",
    ];
    let mut table: Vec<(&str, Value, u16, i64, &str)> = Vec::new();
    for path in payments {
        let at_provider = json!({"paymentProvider": {"cardUserKey": "u", "cardToken": "t"}});
        let with = |name: &str, value: Value| json!({"card": {name: value}});
        table.extend([
            (
                path,
                json!({"additionalParams": at_provider}),
                400,
                4157,
                "additionalParams.paymentProvider",
            ),
            (
                path,
                with("secureFieldsToken", json!("t")),
                400,
                4157,
                "card.secureFieldsToken",
            ),
            (
                path,
                with("tokenizedCard", json!({"type": "APPLE_PAY"})),
                400,
                4157,
                "card.tokenizedCard",
            ),
            (
                path,
                with("encryptedCard", json!({})),
                400,
                4157,
                "card.encryptedCard",
            ),
            (
                path,
                json!({"paymentPhase": "POST_AUTH"}),
                400,
                2005,
                "paymentPhase",
            ),
            (path, json!({"walletPrice": 100}), 400, 3009, "walletPrice"),
        ]);
    }
    for path in [
        "/payment/v1/bnpl-payments/offers",
        "/payment/v1/bnpl-payments/init",
    ] {
        table.push((path, loan("HASO"), 400, 3016, "apmType"));
        table.push((path, loan("ALFABANK"), 400, 3016, "apmType"));
    }
    let (poses, retrieve) = (
        "/merchant/v1/merchant-poses",
        "/payment/v1/card-loyalties/retrieve",
    );
    let token = json!({"secureFieldsToken": "t"});
    table.extend([
        (poses, pos("FIBABANK"), 422, 5008, "posIntegrator"),
        (
            poses,
            json!({"posIntegrator": "GARANTI", "status": "DELETED"}),
            400,
            2005,
            "status",
        ),
        (retrieve, token.clone(), 400, 4157, "secureFieldsToken"),
        ("/payment/v1/cards", token, 400, 4157, "secureFieldsToken"),
    ]);
    for (path, body, status, code, field) in table {
        let reply = shop.post(path, body.clone()).await;
        let told = (reply.status, reply.error_code(), reply.field());
        assert_eq!(told, (status, code, field), "{path} {body}");
    }
    // A module that always sends the field, empty, means nothing by it.
    let mut plain = payment(GARANTI);
    plain["additionalParams"] = json!({"paymentProvider": []});
    shop.post(payments[0], plain).await.ok();
}
