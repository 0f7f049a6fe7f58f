//! PosNet: sales, points, campaigns, voids, refunds.

use crate::bank::{Bank, PLAIN, WORLD, all, body, order24, posnet_sale, tag};
use serde_json::json;

pub(crate) async fn points(bank: &Bank) -> (String, String) {
    let ask = format!(
        "<pointInquiry><ccno>{WORLD}</ccno><expDate>3012</expDate>\
         <getPointDetail>Y</getPointDetail></pointInquiry>"
    );
    let reply = bank.posnet(&ask).await;
    (
        tag(&reply, "pointAmount"),
        tag(&reply, "loyaltyPointAmount"),
    )
}

fn sale_wp(order: &str, amount: i64, world: i64, brand: &str) -> String {
    let brand = if brand.is_empty() {
        String::new()
    } else {
        format!("<lpAmount>{brand}</lpAmount>")
    };
    posnet_sale(
        order,
        WORLD,
        amount,
        "00",
        &format!("<wpAmount>{world}</wpAmount>{brand}"),
    )
    .replace("sale>", "saleWP>")
}

#[tokio::test]
async fn a_repeated_order_id_is_told_the_original_and_charged_once() {
    let bank = Bank::open().await;
    let first = bank.posnet_sale("A1", PLAIN, 2451).await;
    assert_eq!(tag(&first, "approved"), "1", "{first}");
    let again = bank.posnet_sale("A1", PLAIN, 2451).await;
    assert_eq!(
        (tag(&again, "approved"), tag(&again, "respCode")),
        ("2".into(), "0127".into())
    );
    for name in ["hostlogkey", "authCode", "tranDate"] {
        assert_eq!(tag(&first, name), tag(&again, name));
    }
    let row = bank.row("A1").await;
    assert_eq!(
        (&row["captured"], &row["state"]),
        (&json!(2451), &json!("captured"))
    );
    assert_eq!(row["card"], "525864******0001");

    let ask = format!(
        "<agreement><orderID>{}</orderID></agreement>",
        order24("A1")
    );
    let status = bank.posnet(&ask).await;
    assert_eq!(tag(&status, "amount"), "24,51");
    assert_eq!(
        (tag(&status, "state"), tag(&status, "txnStatus")),
        ("Sale".into(), "1".into())
    );
    let none = bank
        .posnet("<agreement><orderID>x</orderID></agreement>")
        .await;
    assert_eq!(tag(&none, "respCode"), "E219");
}

#[tokio::test]
async fn strangers_and_broken_messages_are_refused() {
    let bank = Bank::open().await;
    for (from, to, code) in [
        ("<mid>6706598320", "<mid>6706598321", "0148"),
        ("<tid>67005551", "<tid>67005552", "0148"),
        ("posnetRequest", "other", "0150"),
        ("</sale>", "", "0150"),
    ] {
        let sale = posnet_sale("B1", PLAIN, 100, "00", "");
        let document = format!(
            "<posnetRequest><mid>6706598320</mid><tid>67005551</tid>{sale}</posnetRequest>"
        )
        .replace(from, to);
        let reply = bank
            .browse("/posnet/PosnetWebService/XML", &[("xmldata", &document)])
            .await;
        assert_eq!(tag(&reply, "respCode"), code);
    }
    for (order, amount, instalment, code) in [
        ("B1", 0, "00", "0205"),
        ("B1", 10_000_000, "00", "0205"),
        ("B1", 100, "01", "0150"),
        ("B1", 100, "x", "0150"),
        ("B-1", 100, "00", "0150"),
    ] {
        let reply = bank
            .posnet(&posnet_sale(order, PLAIN, amount, instalment, ""))
            .await;
        assert_eq!(tag(&reply, "respCode"), code);
    }
    assert_eq!(
        tag(
            &bank.posnet_sale("B2", "4111111111111112", 100).await,
            "respCode"
        ),
        "0014"
    );
    assert_eq!(
        tag(
            &bank.posnet_sale("B3", "4242424242424242", 100).await,
            "respCode"
        ),
        "0014"
    );
    let expired = posnet_sale("B4", PLAIN, 100, "00", "").replace("3012", "2602");
    assert_eq!(tag(&bank.posnet(&expired).await, "respCode"), "0054");
}

#[tokio::test]
async fn points_are_spent_once_and_a_void_gives_them_back() {
    let bank = Bank::open().await;
    assert_eq!(
        points(&bank).await,
        ("000000003382".into(), "000000002500".into())
    );
    let sale = sale_wp("P1", 10_000, 3_000, "2500");
    assert_eq!(tag(&bank.posnet(&sale).await, "approved"), "1");
    assert_eq!(tag(&bank.posnet(&sale).await, "approved"), "2");
    assert_eq!(
        points(&bank).await,
        ("000000000382".into(), "000000000000".into())
    );
    let short = bank.posnet(&sale_wp("P2", 10_000, 383, "")).await;
    assert_eq!(tag(&short, "respCode"), "0T19");
    let over = bank.posnet(&sale_wp("P3", 100, 101, "")).await;
    assert_eq!(tag(&over, "respCode"), "0T25");

    let reverse = format!(
        "<reverse><transaction>sale</transaction><orderID>{}</orderID></reverse>",
        order24("P1")
    );
    assert_eq!(tag(&bank.posnet(&reverse).await, "approved"), "1");
    assert_eq!(tag(&bank.posnet(&reverse).await, "respCode"), "0220");
    assert_eq!(
        points(&bank).await,
        ("000000003382".into(), "000000002500".into())
    );
    let row = bank.row("P1").await;
    assert_eq!(
        (&row["voided"], &row["pointsReturned"]),
        (&json!(10_000), &json!(5_500))
    );
}

#[tokio::test]
async fn points_alone_buy_and_are_voided_by_their_own_name() {
    let bank = Bank::open().await;
    let order = order24("U1");
    let usage = format!(
        "<pointUsage><amount>500</amount><lpAmount>300</lpAmount><ccno>{WORLD}</ccno>\
         <currencyCode>TL</currencyCode><expDate>3012</expDate><orderID>{order}</orderID></pointUsage>"
    );
    let reply = bank.posnet(&usage).await;
    assert_eq!(tag(&reply, "pointAmount"), "000000000500", "{reply}");
    assert_eq!(
        points(&bank).await,
        ("000000003182".into(), "000000002200".into())
    );
    let key = tag(&reply, "hostlogkey");
    let reverse = |kind: &str| {
        format!(
            "<reverse><transaction>{kind}</transaction><hostLogKey>{key}</hostLogKey></reverse>"
        )
    };
    assert_eq!(
        tag(&bank.posnet(&reverse("sale")).await, "respCode"),
        "0123"
    );
    assert_eq!(
        tag(&bank.posnet(&reverse("pointUsage")).await, "authCode"),
        "000000"
    );
    assert_eq!(
        points(&bank).await,
        ("000000003382".into(), "000000002500".into())
    );
}

#[tokio::test]
async fn forty_sales_at_once_cannot_overdraw_a_purse() {
    let bank = Bank::open().await;
    let sales: Vec<String> = (0..40)
        .map(|n| sale_wp(&format!("C{n}"), 1_000, 500, "0"))
        .collect();
    let replies = all(sales.iter().map(|sale| bank.posnet(sale))).await;
    let approved = replies
        .iter()
        .filter(|reply| tag(reply, "approved") == "1")
        .count();
    assert_eq!(approved, 6, "33.82 pays for six times 5.00");
    let one = sale_wp("D1", 100, 0, "10");
    let replies = all((0..20).map(|_| bank.posnet(&one))).await;
    assert_eq!(
        replies
            .iter()
            .filter(|reply| tag(reply, "approved") == "1")
            .count(),
        1
    );
    assert_eq!(
        replies
            .iter()
            .filter(|reply| tag(reply, "approved") == "2")
            .count(),
        19
    );
    assert_eq!(
        points(&bank).await,
        ("000000000382".into(), "000000002490".into())
    );
}

#[tokio::test]
async fn campaigns_must_be_offered_and_the_first_two_need_instalments() {
    let bank = Bank::open().await;
    let ask = format!("<koiCampaignQuery><ccno>{WORLD}</ccno></koiCampaignQuery>");
    let offers = bank.posnet(&ask).await;
    assert_eq!(offers.matches("<koiInfo>").count(), 2);
    assert!(offers.contains("<code>1</code><message>Sanal Pos +2 ek taksit</message>"));
    let koi = |code: &str| format!("<koiCode>{code}</koiCode>");
    for (order, card, instalment, code, answer) in [
        ("K1", WORLD, "03", "1", ""),
        ("K2", WORLD, "00", "2", "0215"),
        ("K3", WORLD, "03", "3", "0215"),
        ("K4", WORLD, "03", "7", "0150"),
        ("K5", PLAIN, "03", "1", "0215"),
        ("K6", "5400630000030006", "00", "3", ""),
        ("K7", "4048090000040003", "00", "4", ""),
        ("K8", "5526590000050009", "00", "5", ""),
    ] {
        let reply = bank
            .posnet(&posnet_sale(order, card, 900, instalment, &koi(code)))
            .await;
        assert_eq!(tag(&reply, "respCode"), answer, "{order}");
    }
    assert_eq!(bank.row("K1").await["campaign"], 1);
    assert_eq!(bank.row("K1").await["instalments"], 3);
}

#[tokio::test]
async fn after_the_day_is_closed_money_goes_back_by_return() {
    let bank = Bank::open().await;
    let sale = bank.posnet(&sale_wp("R1", 1_000, 300, "0")).await;
    let key = tag(&sale, "hostlogkey");
    let give = |amount: i64, more: &str| {
        format!("<return><amount>{amount}</amount><hostLogKey>{key}</hostLogKey>{more}</return>")
    };
    assert_eq!(tag(&bank.posnet(&give(500, "")).await, "respCode"), "0411");
    assert_eq!(
        bank.control("POST", "settle-day", "").await,
        json!({ "settled": 1 })
    );
    let reverse =
        format!("<reverse><transaction>sale</transaction><hostLogKey>{key}</hostLogKey></reverse>");
    assert_eq!(tag(&bank.posnet(&reverse).await, "respCode"), "0211");
    let rational = give(500, "<isRationalReturn>Y</isRationalReturn>");
    assert_eq!(tag(&bank.posnet(&rational).await, "approved"), "1");
    let row = bank.row("R1").await;
    assert_eq!(
        (&row["refunded"], &row["pointsReturned"]),
        (&json!(500), &json!(150))
    );
    assert_eq!(tag(&bank.posnet(&give(351, "")).await, "respCode"), "0205");
    assert_eq!(tag(&bank.posnet(&give(350, "")).await, "approved"), "1");
    let points_back = format!(
        "<pointReturn><wpAmount>150</wpAmount><hostLogKey>{key}</hostLogKey></pointReturn>"
    );
    assert_eq!(tag(&bank.posnet(&points_back).await, "approved"), "1");
    assert_eq!(bank.row("R1").await["state"], "refunded");
    assert_eq!(points(&bank).await.0, "000000003382");
}

#[tokio::test]
async fn noise_is_answered_and_never_a_panic() {
    let bank = Bank::open().await;
    for noise in [
        "",
        "xmldata=",
        "xmldata=%00%ff",
        "xmldata=<posnetRequest>",
        "%%%",
    ] {
        let reply = bank
            .send("POST", "/posnet/PosnetWebService/XML", "x/y", noise)
            .await;
        assert_eq!(tag(&body(&reply), "respCode"), "0150");
    }
    let huge = "x".repeat(70_000);
    let reply = bank
        .send("POST", "/posnet/PosnetWebService/XML", "x/y", &huge)
        .await;
    assert!(reply.starts_with(b"HTTP/1.1 413"));
    let page = bank
        .browse(
            "/posnet/3DSWebService/YKBPaymentService/otp",
            &[("state", "a.b")],
        )
        .await;
    assert!(!page.contains("<form"));
}
