//! Wrong carts and wrong loan applications: the field at fault is named, nothing is left behind.

use crate::bad_input::{
    NOT_A_CURRENCY, NOT_A_TEXT, NOT_AN_AMOUNT, NOT_AN_ID, Spoiled, all_refused, bad, each, long,
    missing, named,
};
use crate::shop::{application, cart};
use serde_json::json;

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
