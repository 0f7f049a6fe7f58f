//! Requests that are wrong: each is told which field is at fault, and leaves nothing behind.

use crate::bnpl_payments::{application, cart};
use crate::world::{Reply, World, garanti, payment, with};
use serde_json::{Value, json};

const LONG: usize = 3000;

/// One spoiled field: where, the JSON that stands there instead, and the field that is named.
struct Spoiled {
    at: &'static str,
    json: String,
    named: &'static str,
}

/// The field itself is named.
fn bad(at: &'static str, json: &str) -> Spoiled {
    named(at, json, at)
}

/// Another field is named than the one that was spoiled.
fn named(at: &'static str, json: &str, named: &'static str) -> Spoiled {
    let json = json.to_owned();
    Spoiled { at, json, named }
}

/// The field is left out.
fn missing(at: &'static str) -> Spoiled {
    bad(at, "")
}

fn long(at: &'static str) -> Spoiled {
    bad(at, &json!("x".repeat(LONG)).to_string())
}

/// Rows of a table: the same JSON values for one field.
fn each(at: &'static str, values: &[&str]) -> Vec<Spoiled> {
    values.iter().map(|json| bad(at, json)).collect()
}

/// The body with the text `json` at a path (`card.cvc`, `items[0].price`); nothing leaves it out.
fn spoil(body: &Value, at: &str, json: &str) -> String {
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
fn refused(reply: &Reply, status: u16, field: &str, what: &str) {
    assert_eq!(reply.status, status, "{what}: {:#}", reply.body);
    assert!(
        (1..10_000).contains(&reply.error_code()),
        "{what}: {:#}",
        reply.body
    );
    assert_eq!(reply.field(), field, "{what}: {:#}", reply.body);
    assert!(reply.body.get("data").is_none());
}

async fn count(world: &World, sql: &'static str) -> i64 {
    let row = world.app.db.row(sql, Vec::new()).await.unwrap().unwrap();
    row.int("total").unwrap()
}

/// Sends every spoiled body and looks that nothing came of any of them.
async fn all_refused(method: &str, path: &str, body: &Value, table: Vec<Spoiled>) {
    let world = World::open().await;
    for Spoiled { at, json, named } in table {
        let text = spoil(body, at, &json);
        let reply = world.call(method, path, &text, &[]).await;
        let json: String = json.chars().take(60).collect();
        refused(&reply, 400, named, &format!("{path} {at} = {json}"));
    }
    nothing_happened(&world).await;
}

async fn nothing_happened(world: &World) {
    let payments = world
        .get("/payment-reporting/v1/payments?page=0&size=10")
        .await
        .ok();
    assert_eq!(payments.data("totalSize"), 0);
    let ledger = world.control("GET", "/control/ledger", Value::Null).await;
    assert_eq!(ledger["orders"], json!([]));
    for (table, sql) in [
        ("payments", "select count(*) as total from payments"),
        (
            "payment_items",
            "select count(*) as total from payment_items",
        ),
        ("attempts", "select count(*) as total from attempts"),
        ("loans", "select count(*) as total from loans"),
        ("stored_cards", "select count(*) as total from stored_cards"),
        ("webhooks", "select count(*) as total from webhooks"),
        ("page_tokens", "select count(*) as total from page_tokens"),
        ("request_keys", "select count(*) as total from request_keys"),
    ] {
        assert_eq!(count(world, sql).await, 0, "{table}");
    }
    let poses = count(world, "select count(*) as total from merchant_poses").await;
    assert_eq!(poses, 2);
}

const NOT_AN_AMOUNT: &[&str] = &[
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

const NOT_A_TEXT: &[&str] = &[
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

const NOT_AN_ID: &[&str] = &[
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
const NOT_A_SWITCH: &[&str] = &["1", "\"true\"", "[]", "{}"];
const NOT_A_CURRENCY: &[&str] = &[
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
        bad("items[0].blockageDay", "-1"),
        bad("paymentPhase", "\"PRE_AUTH\""),
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
        named(
            "additionalParams",
            r#"{"threeDSCallbackVersion": 3}"#,
            "additionalParams.threeDSCallbackVersion",
        ),
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
        bad("card.cardNumber", "5209220000000002"),
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
    ];
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

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_payment_names_its_field_and_leaves_nothing_behind() {
    let body = payment("5209220000000002");
    all_refused("POST", "/payment/v1/card-payments", &body, payment_table()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_3ds_payment_names_its_field_and_leaves_nothing_behind() {
    let body = with(
        payment("5209220000000002"),
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
    let world = World::open().await;
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
            let reply = world.call(method, &path, body, &[]).await;
            refused(&reply, 400, field, &path);
        }
        let path = path.replace("{}", "7");
        let reply = world.call(method, &path, body, &[]).await;
        refused(&reply, 404, "", &path);
    }
    nothing_happened(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_points_inquiry_names_its_field() {
    let card = payment("5209220000000002")["card"].clone();
    let mut table = vec![
        missing("cardNumber"),
        missing("expireYear"),
        missing("expireMonth"),
        bad("cardNumber", "5209220000000002"),
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
        payment("5209220000000002")["card"].clone(),
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

/// The cart's own table, wherever the cart is in the request.
fn cart_table(at: &'static str) -> Vec<Spoiled> {
    let field = |name: &str| -> &'static str { format!("{at}[0].{name}").leak() };
    let mut table = vec![
        missing(at),
        bad(at, "null"),
        bad(at, "[]"),
        bad(at, "{}"),
        missing(field("name")),
        missing(field("type")),
        missing(field("unitPrice")),
        missing(field("quantity")),
        bad(field("type"), "\"FOOD\""),
        bad(field("unitPrice"), "0"),
        bad(field("quantity"), "0"),
        bad(field("quantity"), "-1"),
        bad(field("quantity"), "1.5"),
        bad(field("quantity"), "100001"),
        bad(field("quantity"), "1e999999"),
        named(field("quantity"), "3", at),
        named(field("unitPrice"), "2999.99", at),
    ];
    for name in ["id", "name", "brandName"] {
        table.extend(each(field(name), NOT_A_TEXT));
        table.push(long(field(name)));
    }
    table.extend(each(field("unitPrice"), NOT_AN_AMOUNT));
    table
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_offer_inquiry_names_its_field() {
    let body = json!({"apmType": "MASLAK", "price": 10000, "currency": "TRY", "items": cart()});
    let mut table = cart_table("items");
    table.extend([
        missing("apmType"),
        missing("price"),
        missing("currency"),
        bad("apmType", "\"KLARNA2\""),
        bad("price", "0"),
        named("price", "10000.01", "items"),
        bad("additionalParams", "[1]"),
    ]);
    table.extend(each("price", NOT_AN_AMOUNT));
    table.extend(each("currency", NOT_A_CURRENCY));
    table.extend(each("merchantApmId", NOT_AN_ID));
    all_refused("POST", "/payment/v1/bnpl-payments/offers", &body, table).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_loan_application_names_its_field_and_leaves_nothing_behind() {
    let mut table = cart_table("cartItems");
    table.extend([
        missing("apmType"),
        missing("price"),
        missing("paidPrice"),
        missing("currency"),
        missing("paymentGroup"),
        missing("items"),
        missing("bankCode"),
        bad("apmType", "\"x\""),
        bad("paymentGroup", "\"x\""),
        bad("bankCode", "\"64\""),
        bad("bankCode", "\"06a\""),
        bad("bankCode", "\"0064\""),
        bad("items", "[]"),
        named("items[0].price", "9999.99", "items"),
        bad("additionalParams.buyerIdentityNumber", "\"123\""),
        bad("additionalParams.buyerIdentityNumber", "123"),
        bad("additionalParams.buyerIdentityNumber", "12345678950.0"),
        bad(
            "additionalParams.buyerIdentityNumber",
            "\"1234567895\\u0000\"",
        ),
        bad("additionalParams.buyerPhoneNumber", "\"905551112233\""),
        bad("additionalParams.buyerBirthdate", "\"1990-02-30\""),
        bad("additionalParams.buyerBirthdate", "\"01.01.1990\""),
        bad("additionalParams.fingate.totalTerm", "0"),
        bad("additionalParams.fingate.totalTerm", "121"),
        bad("additionalParams.fingate.totalTerm", "-6"),
        bad("additionalParams.fingate.totalTerm", "6.5"),
        bad("additionalParams.fingate.totalTerm", "1e999999"),
        bad("additionalParams.fingate.totalTerm", "[]"),
        bad("additionalParams.fingate.totalTerm", "\"+6\""),
        bad("additionalParams.fingate", "7"),
        bad("additionalParams.fingate", "[6]"),
        bad("additionalParams.fingate.isHostedPage", "\"yes\""),
        named("additionalParams.fingate.isHostedPage", "true", "bankCode"),
        bad("additionalParams", "7"),
    ]);
    for field in ["price", "paidPrice", "items[0].price"] {
        table.extend(each(field, NOT_AN_AMOUNT));
    }
    for field in [
        "conversationId",
        "externalId",
        "paymentChannel",
        "callbackUrl",
        "apmOrderId",
        "clientIp",
        "bankCode",
        "items[0].name",
        "cartItems[0].name",
    ] {
        table.extend(each(field, NOT_A_TEXT));
        table.push(long(field));
    }
    table.extend(each("merchantApmId", NOT_AN_ID));
    table.extend(each("buyerMemberId", NOT_AN_ID));
    table.extend(each("currency", NOT_A_CURRENCY));
    let path = "/payment/v1/bnpl-payments/init";
    all_refused("POST", path, &application("064"), table).await;
}

/// What is wrong with a POS that is made or changed.
fn pos_table() -> Vec<Spoiled> {
    let mut table = vec![
        bad("orderNumber", "-1"),
        bad("orderNumber", "1001"),
        bad("orderNumber", "1.5"),
        bad("enabledPaymentAuthenticationTypes", "\"THREE_DS\""),
        named(
            "enabledPaymentAuthenticationTypes",
            "[\"TWO_DS\"]",
            "enabledPaymentAuthenticationTypes[0]",
        ),
        bad("merchantPosUsers", "\"x\""),
        bad("merchantPosUsers[0].posUserType", "\"x\""),
        bad("merchantPosUsers[0].posOperationType", "\"x\""),
        bad("merchantPosUsers[0].posUsername", "\"has blank\""),
        missing("merchantPosUsers[0].posPassword"),
        missing("merchantPosUsers[0].posUsername"),
        bad("clientId", "\"line\\nbreak\""),
    ];
    for field in [
        "name",
        "clientId",
        "terminalId",
        "posnetId",
        "threedsPosnetId",
        "threedsTerminalId",
        "threedsKey",
        "merchantPosUsers[0].posUsername",
        "merchantPosUsers[0].posPassword",
    ] {
        table.extend(each(field, NOT_A_TEXT));
        table.push(long(field));
    }
    for field in [
        "enableForeignCard",
        "enableInstallment",
        "enablePaymentWithoutCvc",
        "enableLoyalty",
    ] {
        table.extend(each(field, NOT_A_SWITCH));
    }
    table
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_pos_names_its_field_and_an_incomplete_one_is_422() {
    let mut table = pos_table();
    table.extend([
        missing("posIntegrator"),
        missing("name"),
        bad("posIntegrator", "\"NOBANK\""),
        bad("status", "\"OPEN\""),
        named("status", "\"DELETED\"", "status"),
    ]);
    table.extend(each("currency", NOT_A_CURRENCY));
    let path = "/merchant/v1/merchant-poses";
    all_refused("POST", path, &garanti(), table).await;

    // The request is well formed, and still no POS of this bank: 422.
    let world = World::open().await;
    for field in ["clientId", "terminalId", "threedsKey", "merchantPosUsers"] {
        let body = spoil(&garanti(), field, "");
        let reply = world.call("POST", path, &body, &[]).await;
        refused(&reply, 422, field, field);
    }
    let body = spoil(&garanti(), "posIntegrator", "\"AKBANK\"");
    let reply = world.call("POST", path, &body, &[]).await;
    refused(&reply, 422, "posIntegrator", "not offered yet");
    nothing_happened(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_change_of_a_pos_changes_nothing() {
    let world = World::open().await;
    let list = world.get("/merchant/v1/merchant-poses").await.ok();
    let before = list.data("items.0").clone();
    let path = format!("/merchant/v1/merchant-poses/{}", before["id"]);
    let mut table = pos_table();
    table.extend([
        bad("port", "0"),
        bad("port", "65536"),
        bad("port", "-1"),
        bad("port", "\"443/\""),
        bad("path", "\"no-slash\""),
        bad("path", "\"/a?b\""),
        named("threedsPath", "\"/a#b\"", "path"),
        bad("hostname", "\"evil.example.com/\""),
        bad("hostname", "\"user@127.0.0.1\""),
        bad("supportedCardAssociations", "\"VISA\""),
        named(
            "supportedCardAssociations",
            "[\"X\"]",
            "supportedCardAssociations[0]",
        ),
        bad("merchantPosUsers[0].id", "7"),
    ]);
    for field in ["hostname", "path", "threedsPath", "mode"] {
        table.extend(each(field, NOT_A_TEXT));
        table.push(long(field));
    }
    for Spoiled { at, json, named } in table {
        let reply = world
            .call("PUT", &path, &spoil(&garanti(), at, &json), &[])
            .await;
        let json: String = json.chars().take(60).collect();
        refused(&reply, 400, named, &format!("{at} = {json}"));
    }
    let status = format!("{path}/status/OPEN");
    let reply = world.call("PUT", &status, "", &[]).await;
    refused(&reply, 400, "posStatus", &status);
    let after = world.get(&path).await.ok();
    assert_eq!(after.body["data"], before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_search_names_its_key() {
    let world = World::open().await;
    let long = "x".repeat(LONG);
    let mut table: Vec<(String, &str)> = vec![
        ("page=-1".into(), "page"),
        ("page=x".into(), "page"),
        ("page=99999999999999".into(), "page"),
        ("size=0".into(), "size"),
        ("size=101".into(), "size"),
        ("size=-1".into(), "size"),
        ("paymentId=x".into(), "paymentId"),
        ("paymentId=99999999999999999999".into(), "paymentId"),
        ("paymentTransactionId=1.5".into(), "paymentTransactionId"),
        ("buyerMemberId=%00".into(), "buyerMemberId"),
        ("merchantPosId=x".into(), "merchantPosId"),
        ("subMerchantMemberId=x".into(), "subMerchantMemberId"),
        ("paymentType=CARD".into(), "paymentType"),
        ("paymentProvider=x".into(), "paymentProvider"),
        ("paymentStatus=success".into(), "paymentStatus"),
        ("paymentSource=x".into(), "paymentSource"),
        ("currency=XXX".into(), "currency"),
        ("minPaidPrice=x".into(), "minPaidPrice"),
        ("minPaidPrice=-1".into(), "minPaidPrice"),
        ("minPaidPrice=1.001".into(), "minPaidPrice"),
        ("maxPaidPrice=1e999999".into(), "maxPaidPrice"),
        ("maxPaidPrice=99999999999999999999".into(), "maxPaidPrice"),
        ("installment=x".into(), "installment"),
        ("isThreeDS=yes".into(), "isThreeDS"),
        ("minCreatedDate=yesterday".into(), "minCreatedDate"),
        (
            "minCreatedDate=2026-02-30T00:00:00".into(),
            "minCreatedDate",
        ),
        (
            "minCreatedDate=-000001-01-01T00:00:00Z".into(),
            "minCreatedDate",
        ),
        ("maxCreatedDate=2026-01-01T25:00".into(), "maxCreatedDate"),
        (
            format!("maxCreatedDate={}", "1".repeat(100)),
            "maxCreatedDate",
        ),
        ("maxCreatedDate=2026-01-01%00".into(), "maxCreatedDate"),
    ];
    for key in [
        "conversationId",
        "externalId",
        "orderId",
        "paymentChannel",
        "binNumber",
        "lastFourDigits",
    ] {
        table.push((format!("{key}=a%00b"), key));
        table.push((format!("{key}={long}"), key));
    }
    for (query, key) in table {
        let path = format!("/payment-reporting/v1/payments?{query}");
        let reply = world.get(&path).await;
        refused(&reply, 400, key, &query);
    }
    for (query, key) in [
        ("page=-1", "page"),
        ("size=1000", "size"),
        ("currency=x", "currency"),
        ("enableInstallment=2", "enableInstallment"),
    ] {
        let reply = world
            .get(&format!("/merchant/v1/merchant-poses?{query}"))
            .await;
        refused(&reply, 400, key, query);
    }
    // The furthest page is an empty one.
    let far = world
        .get("/payment-reporting/v1/payments?page=2147483647&size=100")
        .await
        .ok();
    assert_eq!(far.data("items"), &json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bin_is_six_or_eight_digits() {
    let world = World::open().await;
    for bin in [
        "5",
        "52586",
        "5258641",
        "525864123",
        "52586x",
        "%00",
        "-52586",
        "٥٢٥٨٦٤",
    ] {
        let bin = form_urlencoded::byte_serialize(bin.as_bytes()).collect::<String>();
        let bin = bin.replace("%2500", "%00");
        let reply = world.get(&format!("/installment/v1/bins/{bin}")).await;
        refused(&reply, 400, "binNumber", &bin);
    }
    let unknown = world.get("/installment/v1/bins/000000").await;
    refused(&unknown, 404, "", "an unknown BIN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_object_or_too_deep_is_400() {
    let world = World::open().await;
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
            "/merchant/v1/merchant-poses",
        ] {
            let reply = world.call("POST", path, &body, &[]).await;
            let start: String = body.chars().take(40).collect();
            assert_eq!(reply.status, 400, "{path} {start}: {:#}", reply.body);
            assert!((1..10_000).contains(&reply.error_code()));
        }
    }
    nothing_happened(&world).await;
}
