//! Wrong POSes and wrong searches: the field or key at fault is named, nothing changes.

use crate::bad_input::{
    LONG, NOT_A_CURRENCY, NOT_A_SWITCH, NOT_A_TEXT, Spoiled, all_refused, bad, each, long, missing,
    named, nothing_happened, refused, spoil,
};
use crate::shop::{Shop, garanti};
use serde_json::json;

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
    let shop = Shop::open().await;
    for field in ["clientId", "terminalId", "threedsKey", "merchantPosUsers"] {
        let body = spoil(&garanti(), field, "");
        let reply = shop.call("POST", path, &body, &[]).await;
        refused(&reply, 422, field, field);
    }
    let body = spoil(&garanti(), "posIntegrator", "\"FIBABANK\"");
    let reply = shop.call("POST", path, &body, &[]).await;
    refused(&reply, 422, "posIntegrator", "not offered yet");
    nothing_happened(&shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_change_of_a_pos_changes_nothing() {
    let shop = Shop::open().await;
    let list = shop.get("/merchant/v1/merchant-poses").await.ok();
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
        bad("threedsPath", "\"/a#b\""),
        bad("path", "\"//evil\""),
        bad("path", "\"/a/../b\""),
        bad("path", "\"/a/%2e%2e/b\""),
        bad("path", "\"/a\\u0007b\""),
        bad("threedsPath", "\"//evil.example.com/x\""),
        bad("threedsPath", "\"/../x\""),
        bad("threedsPath", "\"http://evil.example.com/x\""),
        bad("threedsPath", "\"https://user@evil.example.com/x\""),
        bad("threedsPath", "\"https://evil.example.com/x?y\""),
        bad("threedsPath", "\"https://evil.example.com/a/../x\""),
        bad("threedsPath", "\"https://evil.example.com\\\\x\""),
        bad("threedsPath", "\"javascript:alert(1)\""),
        bad("hostname", "\"127.0.0.1/..\""),
        bad("name", "\"a\\nb\""),
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
        let reply = shop
            .call("PUT", &path, &spoil(&garanti(), at, &json), &[])
            .await;
        let json: String = json.chars().take(60).collect();
        refused(&reply, 400, named, &format!("{at} = {json}"));
    }
    let status = format!("{path}/status/OPEN");
    let reply = shop.call("PUT", &status, "", &[]).await;
    refused(&reply, 400, "posStatus", &status);
    let after = shop.get(&path).await.ok();
    assert_eq!(after.body["data"], before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_commission_table_names_its_row_and_field_and_nothing_is_stored() {
    let body = json!({"commissions": [
        {"cardBrandName": "Bonus", "installment": 2, "merchantCommissionRate": 2.3},
        {"cardBrandName": "Bonus", "installment": 3, "merchantCommissionRate": 3.5},
    ]});
    let mut table = vec![
        missing("commissions"),
        bad("commissions", "[]"),
        bad("commissions", "null"),
        bad("commissions", "\"x\""),
        bad("commissions[1]", "7"),
        missing("commissions[1].cardBrandName"),
        missing("commissions[1].installment"),
        bad("commissions[1].cardBrandName", "\"Bonu\""),
        bad("commissions[1].cardBrandName", "\"\""),
        bad("commissions[1].status", "\"DELETED\""),
        bad("commissions[1].blockageDay", "-1"),
        bad("commissions[1].blockageDay", "366"),
        bad("commissions[1].blockageDay", "1.5"),
        bad("commissions[1].installmentLabel", "\"a\\nb\""),
        long("commissions[1].installmentLabel"),
        // The row that stands there already.
        bad("commissions[1].installment", "2"),
        bad("commissions[1].merchantCommissionRate", "-99.0001"),
        bad("commissions[1].merchantCommissionRate", "1000.0001"),
    ];
    table.extend(each(
        "commissions[1].installment",
        &["-1", "0", "37", "1.5", "\"1.0\"", "\"\"", "2147483648"],
    ));
    table.extend(each("commissions[1].cardBrandName", NOT_A_TEXT));
    table.extend(each("commissions[1].installmentLabel", NOT_A_TEXT));
    for field in [
        "commissions[1].bankOnUsCreditCardCommissionRate",
        "commissions[1].bankOnUsDebitCardCommissionRate",
        "commissions[1].bankNotOnUsCreditCardCommissionRate",
        "commissions[1].bankNotOnUsDebitCardCommissionRate",
        "commissions[1].bankForeignCardCommissionRate",
        "commissions[1].merchantCommissionRate",
    ] {
        let rates = [
            "0.00001", "1e6", "1e29", "true", "[]", "\"1,5\"", "\"\"", "1e999999",
        ];
        table.extend(each(field, &rates));
        if field != "commissions[1].merchantCommissionRate" {
            table.extend(each(field, &["-0.0001", "100.0001"]));
        }
    }
    let shop = Shop::open().await;
    let path = format!(
        "/merchant/v1/merchant-poses/{}/commissions",
        shop.poses().await[0]["id"]
    );
    for Spoiled { at, json, named } in table {
        let reply = shop
            .call("POST", &path, &spoil(&body, at, &json), &[])
            .await;
        let json: String = json.chars().take(60).collect();
        refused(&reply, 400, named, &format!("{at} = {json}"));
    }
    let many: Vec<_> = (0..501).map(|_| body["commissions"][0].clone()).collect();
    let many = json!({ "commissions": many }).to_string();
    let reply = shop.call("POST", &path, &many, &[]).await;
    refused(&reply, 400, "commissions", "too many rows");
    assert_eq!(shop.get(&path).await.ok().data("items"), &json!([]));
    let rows = "select count(*) as n from pos_commissions";
    assert_eq!(shop.count(rows).await, 0);
    assert!(shop.audit("pos.commissions").await.is_empty());
    nothing_happened(&shop).await;

    // More rows than a POS may have, in requests that are not too long each.
    let rows = |families: &[&str]| {
        let mut rows = Vec::new();
        for family in families {
            rows.extend((1..=36).map(|n| json!({"cardBrandName": family, "installment": n})));
        }
        json!({ "commissions": rows })
    };
    let many = ["Axess", "Bonus", "CardFinans", "Maximum", "Paraf", "World"];
    let reply = shop.post(&path, rows(&many)).await.ok();
    assert_eq!(reply.data("totalSize"), 6 * 36);
    let more = rows(&["Advantage", "Wings", "Shop&Fly"]);
    refused(
        &shop.post(&path, more).await,
        400,
        "commissions",
        "too many rows",
    );
    assert_eq!(
        shop.get(&path).await.ok().data("totalSize"),
        reply.data("totalSize")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_search_for_instalments_names_its_key() {
    let shop = Shop::open().await;
    for (query, key) in [
        ("", "price"),
        ("price=0", "price"),
        ("price=-1", "price"),
        ("price=1.001", "price"),
        ("price=x", "price"),
        ("price=1e999999", "price"),
        ("price=99999999999999999999", "price"),
        ("price=1&currency=XXX", "currency"),
        ("price=1&currency=JPY&price=1.5", "price"),
        ("price=1&binNumber=5", "binNumber"),
        ("price=1&binNumber=5258641", "binNumber"),
        ("price=1&binNumber=525864123", "binNumber"),
        ("price=1&binNumber=52586x", "binNumber"),
        ("price=1&binNumber=%00", "binNumber"),
        ("price=1&loyaltyExists=2", "loyaltyExists"),
        ("price=1&paymentPhase=POST_AUTH", "paymentPhase"),
        ("price=1&paymentPhase=x", "paymentPhase"),
        (
            "price=1&distinctCardBrandsWithLowestCommissions=yes",
            "distinctCardBrandsWithLowestCommissions",
        ),
    ] {
        refused(&shop.installments(query).await, 400, key, query);
    }
    nothing_happened(&shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_search_names_its_key() {
    let shop = Shop::open().await;
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
        ("paymentStatus=succeeded".into(), "paymentStatus"),
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
        let reply = shop.get(&path).await;
        refused(&reply, 400, key, &query);
    }
    for (query, key) in [
        ("page=-1", "page"),
        ("size=1000", "size"),
        ("currency=x", "currency"),
        ("enableInstallment=2", "enableInstallment"),
    ] {
        let reply = shop
            .get(&format!("/merchant/v1/merchant-poses?{query}"))
            .await;
        refused(&reply, 400, key, query);
    }
    // The furthest page is an empty one.
    let far = shop.search("page=2147483647&size=100").await;
    assert_eq!(far.data("items"), &json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bin_is_six_or_eight_digits() {
    let shop = Shop::open().await;
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
        let reply = shop.get(&format!("/installment/v1/bins/{bin}")).await;
        refused(&reply, 400, "binNumber", &bin);
    }
    let unknown = shop.get("/installment/v1/bins/000000").await;
    refused(&unknown, 404, "", "an unknown BIN");
}
