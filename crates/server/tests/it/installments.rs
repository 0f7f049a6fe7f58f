//! `/installment/v1/installments`.

use crate::shop::{GARANTI, Reply, Shop, YKB, garanti, with};
use contract::money::Decimal;
use serde_json::{Value, json};

/// A company's Bonus card, and a debit card and a prepaid card.
const COMPANYS: &str = "40366600";
const DEBIT: &str = "40173800";
const PREPAID: &str = "42034200";
/// A card that no list knows.
const FOREIGN: &str = "54000100";

/// The ids of the two POSes, in the order in which they are tried.
async fn poses(shop: &Shop) -> [Value; 2] {
    let poses = shop.poses().await;
    [poses[0]["id"].clone(), poses[1]["id"].clone()]
}

/// Rows of a family: instalments and what the shopper pays on top.
fn rows(family: &str, rates: &[(i64, f64)]) -> Value {
    let row = |(n, rate): &(i64, f64)| json!({"cardBrandName": family, "installment": n, "merchantCommissionRate": rate});
    rates.iter().map(row).collect()
}

/// Instalments, surcharge, total and part of an answer, as they are spelled.
fn prices(installment: &Value) -> Vec<[String; 4]> {
    let of = |price: &Value| {
        [
            "installmentNumber",
            "merchantCommissionRate",
            "totalPrice",
            "installmentPrice",
        ]
        .map(|name| price[name].to_string())
    };
    let prices = installment["installmentPrices"].as_array().unwrap();
    prices.iter().map(of).collect()
}

/// The numbers of instalments of an answer.
fn numbers(installment: &Value) -> Vec<i64> {
    let prices = installment["installmentPrices"].as_array().unwrap();
    let number = |price: &Value| price["installmentNumber"].as_i64().unwrap();
    prices.iter().map(number).collect()
}

/// The payment was refused before anything of it was stored.
#[track_caller]
fn refused(reply: &Reply, group: &str) {
    let told = (reply.status, &reply.body["errors"]["errorGroup"]);
    assert_eq!(told, (422, &json!(group)), "{:#}", reply.body);
    assert!(reply.body["errors"]["paymentId"].is_null());
}

fn only(reply: &Reply) -> &Value {
    let items = reply.list("items");
    assert_eq!(items.len(), 1, "{:#}", reply.body);
    assert_eq!(reply.data("totalSize"), 1);
    &items[0]
}

/// The published example: amounts are whole kuruş, the total counts, the bank splits it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_shown_is_what_the_table_says_and_what_a_payment_can_be() {
    let shop = Shop::open().await;
    let [pos, _] = poses(&shop).await;
    let mut table = rows(
        "Bonus",
        &[(1, 0.0), (2, 2.30), (3, 3.50), (6, 7.00), (9, 9.9)],
    );
    table[4]["status"] = json!("PASSIVE");
    shop.commissions(&pos, table).await.ok();

    let expected = [
        ["1", "0", "1000.00", "1000.00"],
        ["2", "2.3", "1023.00", "511.50"],
        ["3", "3.5", "1035.00", "345.00"],
        ["6", "7", "1070.00", "178.33"],
    ];
    for query in [
        "price=1000.00",
        "price=1000.00&distinctCardBrandsWithLowestCommissions=true",
        "price=1000.00&binNumber=52092200&distinctCardBrandsWithLowestCommissions=1",
        "price=1000.00&binNumber=520922&currency=TRY&distinctCardBrandsWithLowestCommissions=True",
    ] {
        let found = shop.installments(query).await.ok();
        assert_eq!(prices(only(&found)), expected, "{query}");
        assert_eq!(found.data("items.0.price").to_string(), "1000.00");
        assert_eq!(found.data("items.0.cardBrand"), "Bonus", "{query}");
    }
    let basket = |installment: i64, paid: &str| {
        let paid: Value = serde_json::from_str(paid).unwrap();
        json!({"price": 1000, "paidPrice": paid, "installment": installment,
               "items": [{"name": "All", "price": 1000}]})
    };
    for (number, rate, total, _) in expected.map(|[n, rate, total, part]| (n, rate, total, part)) {
        let mut sale = with(
            crate::shop::payment(GARANTI),
            basket(number.parse().unwrap(), total),
        );
        sale["items"] = json!([{"name": "All", "price": 1000}]);
        let paid = shop.pays_as(sale).await.ok();
        assert_eq!(paid.data("merchantCommissionRate").to_string(), rate);
        let on_top: Decimal = total.parse::<Decimal>().unwrap();
        let on_top = on_top.less("1000.00".parse().unwrap()).unwrap();
        let told = paid.data("merchantCommissionRateAmount").to_string();
        assert_eq!(told.parse::<Decimal>().unwrap(), on_top);
    }
    for number in [4, 9] {
        let mut sale = with(crate::shop::payment(GARANTI), basket(number, "1100"));
        sale["items"] = json!([{"name": "All", "price": 1000}]);
        let here = json!({"posAlias": shop.poses().await[0]["alias"]});
        let reply = shop.pays_as(with(sale, here)).await;
        refused(&reply, "NOT_PERMITTED_TO_INSTALLMENT");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_bin_each_family_of_each_pos_is_told_and_with_the_flag_each_family() {
    let shop = Shop::open().await;
    // Nobody has entered anything yet.
    let none = shop.installments("price=100").await.ok();
    assert_eq!(none.data("items"), &json!([]));
    let [bonus, world] = poses(&shop).await;
    let mut table = rows("Bonus", &[(1, 0.0), (2, 2.0), (3, 5.0)]);
    table.as_array_mut().unwrap().extend(
        rows("World", &[(1, 0.0), (2, 4.0)])
            .as_array()
            .unwrap()
            .clone(),
    );
    shop.commissions(&bonus, table).await.ok();
    let mut table = rows("World", &[(1, 0.0), (2, 3.0), (6, 6.0)]);
    table[1]["installmentLabel"] = json!("Kampanya");
    shop.commissions(&world, table).await.ok();

    let found = shop.installments("price=100").await.ok();
    let told: Vec<(&str, &Value, Vec<i64>)> = found
        .list("items")
        .iter()
        .map(|one| {
            (
                one["cardBrand"].as_str().unwrap(),
                &one["bankCode"],
                numbers(one),
            )
        })
        .collect();
    let (garanti, ykb) = (&json!(62), &json!(67));
    assert_eq!(
        told,
        [
            ("Bonus", garanti, vec![1, 2, 3]),
            ("World", garanti, vec![1, 2]),
            ("World", ykb, vec![1, 2, 6]),
        ]
    );
    assert_eq!(found.data("items.0.bankName"), "T. GARANTİ BANKASI A.Ş.");
    assert!(found.data("items.0.binNumber").is_null());
    assert!(found.data("items.0.commercial").is_null());

    let flag = "distinctCardBrandsWithLowestCommissions=true";
    let found = shop.installments(&format!("price=100&{flag}")).await.ok();
    let told: Vec<(&str, Vec<i64>)> = found
        .list("items")
        .iter()
        .map(|one| (one["cardBrand"].as_str().unwrap(), numbers(one)))
        .collect();
    assert_eq!(told, [("Bonus", vec![1, 2, 3]), ("World", vec![1, 2, 6])]);
    assert!(found.data("items.0.bankName").is_null() && found.data("items.0.bankCode").is_null());
    // Two instalments of World cost less at the second POS, which the answer names.
    let aliases: Vec<Value> = shop
        .poses()
        .await
        .iter()
        .map(|pos| pos["alias"].clone())
        .collect();
    let two = found.data("items.1.installmentPrices.1");
    assert_eq!(
        (&two["posAlias"], &two["merchantCommissionRate"]),
        (&aliases[1], &json!(3))
    );
    assert_eq!(two["installmentLabel"], "Kampanya");
    // Where both cost the same, the POS that is tried first.
    assert_eq!(
        found.data("items.1.installmentPrices.0.posAlias"),
        &aliases[0]
    );

    // A typed card: its issuer, its family alone, at each POS that takes it, its own bank's first.
    let found = shop.installments("price=100&binNumber=54006300").await.ok();
    let told: Vec<(&Value, Vec<i64>)> = found
        .list("items")
        .iter()
        .map(|one| (&one["installmentPrices"][0]["posAlias"], numbers(one)))
        .collect();
    assert_eq!(
        told,
        [(&aliases[1], vec![1, 2, 6]), (&aliases[0], vec![1, 2])]
    );
    for one in found.list("items") {
        assert_eq!(
            (&one["bankCode"], &one["cardBrand"]),
            (&json!(67), &json!("World"))
        );
        assert_eq!(
            (&one["binNumber"], &one["commercial"]),
            (&json!("54006300"), &json!(false))
        );
        assert_eq!(
            (&one["cardType"], &one["cardAssociation"]),
            (&json!("CREDIT_CARD"), &json!("MASTER_CARD"))
        );
    }
    let found = shop
        .installments(&format!("price=100&binNumber=54006300&{flag}"))
        .await
        .ok();
    assert_eq!(numbers(only(&found)), [1, 2, 6]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_has_the_instalments_of_its_kind_in_search_and_payment_alike() {
    let shop = Shop::open().await;
    let [pos, other] = poses(&shop).await;
    let table = rows(
        "Bonus",
        &[(1, 0.0), (2, 2.0), (12, 12.0), (13, 13.0), (36, 36.0)],
    );
    shop.commissions(&pos, table).await.ok();
    shop.call(
        "DELETE",
        &format!("/merchant/v1/merchant-poses/{other}"),
        "",
        &[],
    )
    .await
    .ok();
    for (bin, told) in [
        ("52092200", vec![1, 2, 12, 13, 36]),
        (COMPANYS, vec![1, 2, 12]),
        (DEBIT, vec![1]),
        (PREPAID, vec![1]),
        (FOREIGN, vec![1]),
    ] {
        let found = shop
            .installments(&format!("price=100&binNumber={bin}"))
            .await
            .ok();
        assert_eq!(numbers(only(&found)), told, "{bin}");
        let debit = json!(bin == DEBIT);
        assert_eq!(found.data("items.0.force3ds"), &debit, "{bin}");
        assert_eq!(found.data("items.0.installmentPrices.0.force3ds"), &debit);
        assert_eq!(found.data("items.0.cvcRequired"), false);
    }
    let pays = async |card: &str, installment: i64| {
        shop.pays(card)
            .with(json!({ "installment": installment }))
            .await
    };
    for (card, group) in [
        ("4017380000000009", "DEBIT_CARDS_INSTALLMENT_NOT_ALLOWED"),
        ("4203420000000007", "NOT_PERMITTED_TO_INSTALLMENT"),
        ("5400010000000004", "NOT_PERMITTED_TO_INSTALLMENT"),
        (YKB, "NOT_PERMITTED_TO_INSTALLMENT"),
    ] {
        refused(&pays(card, 2).await, group);
        pays(card, 1).await.ok();
    }
    let reply = pays("4036660000000001", 13).await;
    refused(&reply, "NOT_PERMITTED_TO_INSTALLMENT");
    pays("4036660000000001", 12).await.ok();
    pays(GARANTI, 36).await.ok();
    assert_eq!(shop.payments().await, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pos_without_rows_of_instalments_takes_them_as_it_did() {
    let shop = Shop::open().await;
    let [pos, _] = poses(&shop).await;
    let three = json!({"installment": 3});
    assert_eq!(
        shop.pays(GARANTI)
            .with(three.clone())
            .await
            .ok()
            .data("pos.bankId"),
        62
    );
    // Single payments say nothing of instalments.
    shop.commissions(&pos, rows("Bonus", &[(1, 0.0)]))
        .await
        .ok();
    assert_eq!(
        shop.pays(GARANTI)
            .with(three.clone())
            .await
            .ok()
            .data("pos.bankId"),
        62
    );
    // A row of two says that three are not offered: another bank takes them.
    shop.commissions(&pos, rows("Bonus", &[(2, 2.0)]))
        .await
        .ok();
    assert_eq!(
        shop.pays(GARANTI).with(three).await.ok().data("pos.bankId"),
        67
    );
    assert_eq!(shop.pays(GARANTI).await.ok().data("pos.bankId"), 62);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_pos_is_open_to_shows_in_its_prices() {
    let shop = Shop::open().await;
    let [pos, _] = poses(&shop).await;
    shop.commissions(&pos, rows("Bonus", &[(1, 0.0), (2, 2.0)]))
        .await
        .ok();
    let path = format!("/merchant/v1/merchant-poses/{pos}");
    let put = async |body: Value| {
        shop.call("PUT", &path, &body.to_string(), &[]).await.ok();
    };
    let found = shop.installments("price=100").await.ok();
    let price = found.data("items.0.installmentPrices.0");
    assert_eq!(
        [
            &price["loyaltySupported"],
            &price["force3ds"],
            &price["cvcRequired"]
        ],
        [&json!(true), &json!(false), &json!(false)]
    );
    put(json!({"enableLoyalty": false, "enablePaymentWithoutCvc": false, "enabledPaymentAuthenticationTypes": ["THREE_DS"]})).await;
    let found = shop.installments("price=100").await.ok();
    let price = found.data("items.0.installmentPrices.0");
    assert_eq!(
        [
            &price["loyaltySupported"],
            &price["force3ds"],
            &price["cvcRequired"]
        ],
        [&json!(false), &json!(true), &json!(true)]
    );
    assert_eq!(found.data("items.0.force3ds"), true);
    assert_eq!(found.data("items.0.cvcRequired"), true);
    // Points cannot be used there any more; at the card's own bank they can.
    let with_points = shop.installments("price=100&loyaltyExists=true").await.ok();
    assert_eq!(with_points.data("items"), &json!([]));
    let without = shop.installments("price=100&loyaltyExists=0").await.ok();
    assert_eq!(without.data("totalSize"), 1);
    put(json!({"enableInstallment": false})).await;
    let found = shop.installments("price=100").await.ok();
    assert_eq!(numbers(only(&found)), [1]);
    // Another currency is another POS's.
    let dollars = shop.installments("price=100&currency=USD").await.ok();
    assert_eq!(dollars.data("items"), &json!([]));
    let made = shop.pos(with(garanti(), json!({"currency": "USD"}))).await;
    shop.commissions(&json!(made), rows("Bonus", &[(1, 0.0)]))
        .await
        .ok();
    // Cards of banks in Turkey pay in lira alone; one from abroad pays at once.
    for of_a_bank_here in ["", "&binNumber=52092200"] {
        let query = format!("price=100&currency=USD{of_a_bank_here}");
        let dollars = shop.installments(&query).await.ok();
        assert_eq!(dollars.data("items"), &json!([]), "{query}");
    }
    let abroad = "price=100&currency=USD&binNumber=41111111";
    let dollars = shop.installments(abroad).await.ok();
    assert_eq!(numbers(only(&dollars)), [1]);
    shop.call("PUT", &format!("{path}/status/PASSIVE"), "", &[])
        .await
        .ok();
    let found = shop.installments("price=100").await.ok();
    assert_eq!(found.data("items"), &json!([]));
}
