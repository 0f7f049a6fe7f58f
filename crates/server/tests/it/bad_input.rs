//! Requests that are wrong: each is told which field is at fault, and leaves nothing behind. The
//! vocabulary of it, payments and bodies; the others stand in `bad_loans.rs` and `bad_poses.rs`.

use crate::shop::{GARANTI, Reply, Shop, payment, with};
use serde_json::{Value, json};

pub const LONG: usize = 3000;

/// One spoiled field: where, the JSON that stands there instead, and the field that is named.
pub struct Spoiled {
    pub at: &'static str,
    pub json: String,
    pub named: &'static str,
}

/// The field itself is named.
pub fn bad(at: &'static str, json: &str) -> Spoiled {
    named(at, json, at)
}

/// Another field is named than the one that was spoiled.
pub fn named(at: &'static str, json: &str, named: &'static str) -> Spoiled {
    let json = json.to_owned();
    Spoiled { at, json, named }
}

/// The field is left out.
pub fn missing(at: &'static str) -> Spoiled {
    bad(at, "")
}

pub fn long(at: &'static str) -> Spoiled {
    bad(at, &json!("x".repeat(LONG)).to_string())
}

/// Rows of a table: the same JSON values for one field.
pub fn each(at: &'static str, values: &[&str]) -> Vec<Spoiled> {
    values.iter().map(|json| bad(at, json)).collect()
}

/// The body with the text `json` at a path (`card.cvc`, `items[0].price`); nothing leaves it out.
pub fn spoil(body: &Value, at: &str, json: &str) -> String {
    const HERE: &str = "here the spoiled value goes";
    let path = at.replace('[', ".").replace(']', "");
    let mut body = body.clone();
    let mut place = &mut body;
    let (parents, last) = path.rsplit_once('.').unwrap_or(("", &path));
    for part in parents.split('.').filter(|part| !part.is_empty()) {
        place = match part.parse::<usize>() {
            Ok(index) => &mut place[index],
            Err(_) => &mut place[part],
        };
    }
    match (json, place.as_object_mut()) {
        ("", Some(object)) => _ = object.shift_remove(last),
        _ => match last.parse::<usize>() {
            Ok(index) => place[index] = json!(HERE),
            Err(_) => place[last] = json!(HERE),
        },
    }
    body.to_string().replace(&format!("\"{HERE}\""), json)
}

#[track_caller]
pub fn refused(reply: &Reply, status: u16, field: &str, what: &str) {
    assert_eq!(reply.status, status, "{what}: {:#}", reply.body);
    assert!(
        (1..10_000).contains(&reply.error_code()),
        "{what}: {:#}",
        reply.body
    );
    assert_eq!(reply.field(), field, "{what}: {:#}", reply.body);
    assert!(reply.body.get("data").is_none());
}

/// Sends every spoiled body and looks that nothing came of any of them.
pub async fn all_refused(method: &str, path: &str, body: &Value, table: Vec<Spoiled>) {
    let shop = Shop::open().await;
    for Spoiled { at, json, named } in table {
        let text = spoil(body, at, &json);
        let reply = shop.call(method, path, &text, &[]).await;
        let json: String = json.chars().take(60).collect();
        refused(&reply, 400, named, &format!("{path} {at} = {json}"));
    }
    nothing_happened(&shop).await;
}

pub async fn nothing_happened(shop: &Shop) {
    let payments = shop.search("").await;
    assert_eq!(payments.data("totalSize"), 0);
    assert!(shop.orders().await.is_empty());
    for table in [
        "payments",
        "payment_items",
        "attempts",
        "loans",
        "stored_cards",
        "webhooks",
        "page_tokens",
        "request_keys",
    ] {
        let sql = format!("select count(*) as n from {table}");
        assert_eq!(shop.count(sql.leak()).await, 0, "{table}");
    }
    let poses = "select count(*) as n from merchant_poses";
    assert_eq!(shop.count(poses).await, 2);
}

pub const NOT_AN_AMOUNT: &[&str] = &[
    "true",
    "\"1e2\"",
    "\"+100\"",
    "\"100,00\"",
    "\" 100\"",
    "\"100.\"",
    "\"\"",
    "[]",
    "{}",
    "1e999999",
    "-1e999999",
    "1e29",
    "99999999999999999999999999999999999999999999999999",
    "-1",
    "-0.01",
    "100.001",
    "99999999999999999999",
    "\"\\ud800\"",
];

pub const NOT_A_TEXT: &[&str] = &[
    "1e3",
    "1e999999",
    "true",
    "[]",
    "{}",
    "[\"x\"]",
    "\"\\ud800\"",
    "\"\\udc00x\"",
    "\"a\\u0000b\"",
];

pub const NOT_AN_ID: &[&str] = &[
    "0",
    "-1",
    "1.5",
    "1e3",
    "1e999999",
    "true",
    "[]",
    "{}",
    "\"x\"",
    "\"+1\"",
    "\"1\\u0000\"",
    "9007199254740992",
    "99999999999999999999999",
];

const NOT_A_COUNT: &[&str] = &[
    "-1",
    "0",
    "37",
    "1.5",
    "\"1.0\"",
    "\"1e0\"",
    "\"\"",
    "\"37\"",
    "1e999999",
    "2147483648",
];

pub const NOT_A_SWITCH: &[&str] = &["1", "\"true\"", "[]", "{}"];

pub const NOT_A_CURRENCY: &[&str] = &[
    "\"XXX\"",
    "\"try\"",
    "\"\"",
    "949",
    "[]",
    "{}",
    "\"T\\u0000\"",
];

/// What is wrong with a payment, with 3DS or without.
fn payment_table() -> Vec<Spoiled> {
    let mut table = vec![
        missing("price"),
        missing("paidPrice"),
        missing("currency"),
        missing("items"),
        missing("card"),
        missing("card.cardNumber"),
        missing("card.cardHolderName"),
        missing("card.expireYear"),
        missing("card.expireMonth"),
        missing("items[0].price"),
        bad("card", "null"),
        bad("card", "\"5209220000000002\""),
        bad("card", "true"),
        bad("items", "null"),
        bad("items", "{}"),
        bad("items", "[]"),
        bad("items[1]", "7"),
        bad("price", "0"),
        bad("paidPrice", "0"),
        named("price", "100.01", "items"),
        named("items[0].price", "30.01", "items"),
        named("items[0].price", "0", "items"),
        bad("walletPrice", "1"),
        bad("walletPrice", "100.01"),
        bad("items[0].subMerchantMemberPrice", "30.01"),
        named(
            "items[0].subMerchantMemberPrice",
            "10",
            "items[0].subMerchantMemberId",
        ),
        named(
            "items[1].subMerchantMemberId",
            "7",
            "items[1].subMerchantMemberPrice",
        ),
        bad("items[0].blockageDay", "-1"),
        bad("paymentPhase", "\"POST_AUTH\""),
        bad("paymentPhase", "\"AUTH \""),
        bad("paymentGroup", "\"GROUP\""),
        bad("conversationId", "\"=\\u0000\""),
        bad("conversationId", "\"+1\""),
        bad("externalId", "\"-1\""),
        bad("bankOrderId", "\"has blank\""),
        bad("bankOrderId", "\"123456789012345678901\""),
        bad("bankOrderId", "\"ç\""),
        bad("retry", "\"yes\""),
        bad("additionalParams", "[1]"),
        bad("additionalParams", "\"x\""),
        bad("routingOptions", "\"x\""),
        named(
            "routingOptions",
            r#"{"orderingRule": "x"}"#,
            "routingOptions.orderingRule",
        ),
        named(
            "routingOptions",
            r#"{"posAliases": ["a", true]}"#,
            "routingOptions.posAliases[1]",
        ),
        bad("fraudParams", "7"),
        bad("clientPort", "\"80a\""),
    ];
    table.extend(card_table());
    table.extend(params_table());
    for field in ["price", "paidPrice", "walletPrice", "items[0].price"] {
        table.extend(each(field, NOT_AN_AMOUNT));
    }
    for field in [
        "conversationId",
        "externalId",
        "paymentChannel",
        "posAlias",
        "clientIp",
        "bankOrderId",
        "items[1].name",
        "items[1].externalId",
        "card.cardHolderName",
        "card.cardAlias",
        "card.cardUserKey",
    ] {
        table.extend(each(field, NOT_A_TEXT));
        table.push(long(field));
    }
    for field in ["buyerMemberId", "items[0].subMerchantMemberId"] {
        table.extend(each(field, NOT_AN_ID));
    }
    table.extend(each("installment", NOT_A_COUNT));
    table.extend(each("currency", NOT_A_CURRENCY));
    table
}

/// What is wrong with the additional parameters of a payment.
fn params_table() -> Vec<Spoiled> {
    let table = [
        (r#"{"msisdn": "905551112233x"}"#, "additionalParams.msisdn"),
        (r#"{"msisdn": "555"}"#, "additionalParams.msisdn"),
        (r#"{"msisdn": [1]}"#, "additionalParams.msisdn"),
        (
            r#"{"threeDSCallbackVersion": "2.0"}"#,
            "additionalParams.threeDSCallbackVersion",
        ),
        (
            r#"{"paymentProvider": {"cardToken": "t"}}"#,
            "additionalParams.paymentProvider",
        ),
        (
            r#"{"threeDSCallbackVersion": 3}"#,
            "additionalParams.threeDSCallbackVersion",
        ),
    ];
    let named = |(value, at)| named("additionalParams", value, at);
    table.into_iter().map(named).collect()
}

/// What is wrong with the card of a payment.
fn card_table() -> Vec<Spoiled> {
    vec![
        bad("card.cardNumber", GARANTI),
        bad("card.cardNumber", "\"\""),
        bad("card.cardNumber", "\"5209220000000003\""),
        bad("card.cardNumber", "\"520922000000000200000000\""),
        bad("card.cardNumber", "\"٥٢٠٩٢٢٠٠٠٠٠٠٠٠٠٢\""),
        bad("card.expireMonth", "\"13\""),
        bad("card.expireMonth", "\"00\""),
        bad("card.expireMonth", "7.5"),
        bad("card.expireMonth", "13"),
        bad("card.expireYear", "2044.0"),
        bad("card", "[1]"),
        bad("fraudParams", "[[]]"),
        bad("card.expireYear", "\"20444\""),
        bad("card.expireYear", "\"2020\""),
        bad("card.expireYear", "\"-1\""),
        bad("card.expireYear", "\"20\""),
        bad("card.cvc", "\"12\""),
        bad("card.cvc", "\"1234\""),
        bad("card.cvc", "\"12a\""),
        bad("card.cvc", "123"),
        bad("card.cardHolderName", "\"<b>\""),
        bad("card.cardHolderName", "\"A 123456\""),
        named("card.cardToken", "\"t\"", "card.cardUserKey"),
        bad("card.secureFieldsToken", "\"t\""),
        bad("card.encryptedCard", "{}"),
        bad("card.tokenizedCard", "{}"),
        bad("card.storeCardAfterSuccessPayment", "\"true\""),
        named("card.loyalty", "{}", "card.loyalty.type"),
        named("card.loyalty", r#"{"type": "POINTS"}"#, "card.loyalty.type"),
        named(
            "card.loyalty",
            r#"{"type": "REWARD_MONEY"}"#,
            "card.loyalty.reward",
        ),
        named(
            "card.loyalty",
            r#"{"type": "REWARD_MONEY", "reward": {"cardRewardMoney": -1, "totalRewardMoney": -1}}"#,
            "card.loyalty.reward.cardRewardMoney",
        ),
        named(
            "card.loyalty",
            r#"{"type": "REWARD_MONEY", "reward": {"cardRewardMoney": 1.001, "totalRewardMoney": 1.001}}"#,
            "card.loyalty.reward.cardRewardMoney",
        ),
        named(
            "card.loyalty",
            r#"{"type": "REWARD_MONEY", "message": "a\u0000b", "reward": {"cardRewardMoney": 1, "totalRewardMoney": 1}}"#,
            "card.loyalty.message",
        ),
        named(
            "card.loyalty",
            r#"{"type": "ADDITIONAL_INSTALLMENT"}"#,
            "installment",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_payment_names_its_field_and_leaves_nothing_behind() {
    let body = payment(GARANTI);
    all_refused("POST", "/payment/v1/card-payments", &body, payment_table()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_3ds_payment_names_its_field_and_leaves_nothing_behind() {
    let body = with(
        payment(GARANTI),
        json!({"callbackUrl": "https://shop.example.com/callback"}),
    );
    let mut table = payment_table();
    table.extend([missing("callbackUrl"), long("callbackUrl")]);
    table.extend(each("callbackUrl", NOT_A_TEXT));
    table.extend(each(
        "callbackUrl",
        &[
            "\"\"",
            "\"shop.example.com\"",
            "\"/callback\"",
            "\"javascript:alert(1)\"",
            "\"data:text/html,x\"",
            "\"ftp://shop.example.com\"",
            "\"https:shop.example.com\"",
            "\"https://shop.example.com/\\r\\nX: y\"",
            "\"http://\"",
        ],
    ));
    let path = "/payment/v1/card-payments/3ds-init";
    all_refused("POST", path, &body, table).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completion_without_a_payment_is_refused() {
    let body = json!({"paymentId": 7});
    for path in [
        "/payment/v1/card-payments/3ds-complete",
        "/payment/v1/bnpl-payments/verify",
    ] {
        let mut table = vec![missing("paymentId"), bad("paymentId", "null")];
        table.push(bad("paymentId", "\"\""));
        table.extend(each("paymentId", NOT_AN_ID));
        all_refused("POST", path, &body, table).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_ids_in_a_path_are_named_and_unknown_ones_are_404() {
    let shop = Shop::open().await;
    for (method, path, field) in [
        ("GET", "/payment/v1/card-payments/{}", "id"),
        ("POST", "/payment/v1/bnpl-payments/{}/approve", "paymentId"),
        ("POST", "/payment/v1/bnpl-payments/{}/verify", "paymentId"),
        ("GET", "/payment-reporting/v1/payments/{}", "paymentId"),
        ("GET", "/merchant/v1/merchant-poses/{}", "merchantPosId"),
        ("PUT", "/merchant/v1/merchant-poses/{}", "merchantPosId"),
        (
            "PUT",
            "/merchant/v1/merchant-poses/{}/status/ACTIVE",
            "merchantPosId",
        ),
    ] {
        let body = if method == "PUT" { "{}" } else { "" };
        for id in [
            "0",
            "-1",
            "x",
            "1.5",
            "1e3",
            "9007199254740992",
            "%00",
            "7%20",
            "%2B7",
        ] {
            let path = path.replace("{}", id);
            let reply = shop.call(method, &path, body, &[]).await;
            refused(&reply, 400, field, &path);
        }
        let path = path.replace("{}", "7");
        let reply = shop.call(method, &path, body, &[]).await;
        refused(&reply, 404, "", &path);
    }
    nothing_happened(&shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_points_inquiry_names_its_field() {
    let card = payment(GARANTI)["card"].clone();
    let mut table = vec![
        missing("cardNumber"),
        missing("expireYear"),
        missing("expireMonth"),
        bad("cardNumber", GARANTI),
        bad("cardNumber", "\"5209220000000003\""),
        bad("cardNumber", "\"5209\\u0000\""),
        bad("expireYear", "\"1999\""),
        bad("expireMonth", "\"99\""),
        bad("cvc", "\"12\""),
        bad("cvc", "\"1\\u00003\""),
        named("cardToken", "\"t\"", "cardUserKey"),
        bad("secureFieldsToken", "\"t\""),
        bad("loyaltyType", "\"POINTS\""),
        bad("installment", "\"1.5\""),
        bad("fraudParams", "7"),
    ];
    table.extend(each("clientIp", NOT_A_TEXT));
    table.push(long("clientIp"));
    let path = "/payment/v1/card-loyalties/retrieve";
    all_refused("POST", path, &card, table).await;
    let stored = json!({"cardUserKey": "u", "cardToken": "t"});
    let mut table = each("cardToken", NOT_A_TEXT);
    table.extend(each("cardUserKey", NOT_A_TEXT));
    table.extend([long("cardToken"), long("cardUserKey")]);
    table.push(missing("cardUserKey"));
    all_refused("POST", path, &stored, table).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_card_is_not_stored() {
    let card = with(
        payment(GARANTI)["card"].clone(),
        json!({"cardAlias": "mine"}),
    );
    let mut table = vec![
        missing("cardHolderName"),
        missing("cardNumber"),
        missing("expireYear"),
        missing("expireMonth"),
        bad("cardNumber", "\"5209220000000003\""),
        bad("expireYear", "\"2001\""),
        bad("expireMonth", "\"0\""),
        bad("secureFieldsToken", "\"t\""),
        bad("encryptedCard", "{}"),
    ];
    for field in ["cardHolderName", "cardAlias", "cardUserKey"] {
        table.extend(each(field, NOT_A_TEXT));
        table.push(long(field));
    }
    all_refused("POST", "/payment/v1/cards", &card, table).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_object_or_too_deep_is_400() {
    let shop = Shop::open().await;
    let deep = |open: &str, close: &str| {
        let depth = 100_000;
        format!(
            "{{\"additionalParams\": {{\"a\": {}{}}}}}",
            open.repeat(depth),
            close.repeat(depth)
        )
    };
    for body in [
        "null".to_owned(),
        "[]".to_owned(),
        "7".to_owned(),
        "1e999999".to_owned(),
        "\"{}\"".to_owned(),
        "{\"price\": 1,}".to_owned(),
        "{\"price\": NaN}".to_owned(),
        "{\"price\": 01}".to_owned(),
        "{price: 1}".to_owned(),
        "\u{feff}{}".to_owned(),
        deep("[", "]"),
        deep("{\"a\":", "}"),
        format!("{{\"{}\": {{\"a\": 1, \"a\": 2}}}}", "long".repeat(1000)),
    ] {
        for path in [
            "/payment/v1/card-payments",
            "/payment/v1/card-payments/3ds-init",
            "/payment/v1/card-payments/3ds-complete",
            "/payment/v1/card-loyalties/retrieve",
            "/payment/v1/bnpl-payments/offers",
            "/payment/v1/bnpl-payments/init",
            "/payment/v1/bnpl-payments/verify",
            "/payment/v1/cards",
            "/payment/v1/cards/verify",
            "/merchant/v1/merchant-poses",
        ] {
            let reply = shop.call("POST", path, &body, &[]).await;
            let start: String = body.chars().take(40).collect();
            assert_eq!(reply.status, 400, "{path} {start}: {:#}", reply.body);
            assert!((1..10_000).contains(&reply.error_code()));
            assert!(reply.body.to_string().len() < 500, "{:#}", reply.body);
        }
    }
    nothing_happened(&shop).await;
}
