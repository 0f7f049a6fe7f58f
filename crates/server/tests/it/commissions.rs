//! Commission tables of POSes, and what payments show of them.

use crate::process::words;
use crate::shop::{BONUS, GARANTI, OTP, Reply, Shop, YKB, declines, payment, with};
use serde_json::{Value, json};
use server::operations::{Actor, Role};
use server::setup::MerchantSetup;

fn path(pos: &Value) -> String {
    format!("/merchant/v1/merchant-poses/{pos}/commissions")
}

async fn poses(shop: &Shop) -> [Value; 2] {
    let poses = shop.poses().await;
    [poses[0]["id"].clone(), poses[1]["id"].clone()]
}

/// A row with all that a row can say.
fn full(family: &str, installment: i64) -> Value {
    json!({
        "cardBrandName": family, "installment": installment, "status": "ACTIVE", "blockageDay": 7,
        "installmentLabel": "Taksit", "bankOnUsCreditCardCommissionRate": 2.5,
        "bankOnUsDebitCardCommissionRate": 0.95, "bankNotOnUsCreditCardCommissionRate": 2.75,
        "bankNotOnUsDebitCardCommissionRate": 1.2, "bankForeignCardCommissionRate": 3.1,
        "merchantCommissionRate": 7
    })
}

/// The row without its id, which must be there.
fn without_id(row: &Value) -> Value {
    let mut row = row.clone();
    assert!(row["id"].is_i64(), "{row:#}");
    row.as_object_mut().unwrap().remove("id");
    row
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_sent_are_written_and_the_others_stay() {
    let shop = Shop::open().await;
    let [pos, other] = poses(&shop).await;
    let none = shop.get(&path(&pos)).await.ok();
    assert_eq!(
        (none.data("items"), none.data("totalSize")),
        (&json!([]), &json!(0))
    );

    // As the PHP sample sends them: a rate here, another there.
    let sent = json!([
        {"cardBrandName": "World", "installment": 2, "merchantCommissionRate": 2.30},
        {"cardBrandName": "bonus", "installment": 6, "bankOnUsCreditCardCommissionRate": "4.1234"},
        full("Bonus", 1),
    ]);
    let written = shop.commissions(&pos, sent).await.ok();
    let read = shop.get(&path(&pos)).await.ok();
    assert_eq!(written.body, read.body);
    let items: Vec<Value> = read.list("items").iter().map(without_id).collect();
    let six = json!({"cardBrandName": "Bonus", "installment": 6, "status": "ACTIVE", "bankOnUsCreditCardCommissionRate": 4.1234});
    let two = json!({"cardBrandName": "World", "installment": 2, "status": "ACTIVE", "merchantCommissionRate": 2.3});
    assert_eq!(items, [full("Bonus", 1), six.clone(), two.clone()]);
    // The other POS has a table of its own.
    let of_other = shop.get(&path(&other)).await.ok();
    assert_eq!(of_other.data("items"), &json!([]));

    let change = json!([{"cardBrandName": "Bonus", "installment": 1, "status": "PASSIVE", "installmentLabel": "", "blockageDay": 0}]);
    let changed = shop.commissions(&pos, change).await.ok();
    let mut one = with(
        full("Bonus", 1),
        json!({"status": "PASSIVE", "blockageDay": 0}),
    );
    one.as_object_mut().unwrap().remove("installmentLabel");
    let items: Vec<Value> = changed.list("items").iter().map(without_id).collect();
    assert_eq!(items, [one, six, two]);
    // A row keeps its id.
    assert_eq!(changed.data("items.0.id"), read.data("items.0.id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_noted_with_the_rows_that_differ_and_one_without_difference_is_not() {
    let shop = Shop::open().await;
    let [pos, _] = poses(&shop).await;
    let rows = json!([full("Bonus", 1), full("Bonus", 2)]);
    shop.commissions(&pos, rows.clone()).await.ok();
    shop.commissions(&pos, rows).await.ok();
    assert_eq!(shop.audit("pos.commissions").await.len(), 1);
    let change = json!([
        full("Bonus", 1),
        with(full("Bonus", 2), json!({"merchantCommissionRate": 8}))
    ]);
    shop.commissions(&pos, change).await.ok();
    let noted = shop.audit("pos.commissions").await;
    assert_eq!(
        (noted.len(), noted[0].target.as_str()),
        (2, pos.to_string().as_str())
    );
    let (before, after) = (
        noted[0].before.as_ref().unwrap(),
        noted[0].after.as_ref().unwrap(),
    );
    assert_eq!(before.as_object().unwrap().len(), 1);
    let rate = |json: &Value| json["Bonus/2"]["merchantCommissionRate"].clone();
    assert_eq!((rate(before), rate(after)), (json!(7), json!(8)));
}

/// Eight at once, each with a row of its own, while the POS itself is edited.
#[tokio::test(flavor = "multi_thread")]
async fn tables_that_are_changed_at_once_have_all_changes() {
    let shop = Shop::open().await;
    let [pos, _] = poses(&shop).await;
    let changes = (1..=8).map(|n| shop.commissions(&pos, json!([full("Bonus", n)])));
    let edits = (0..4).map(|n| {
        let (path, body) = (
            format!("/merchant/v1/merchant-poses/{pos}"),
            json!({"name": format!("POS {n}")}),
        );
        let shop = &shop;
        async move { shop.call("PUT", &path, &body.to_string(), &[]).await }
    });
    let (changes, edits) = tokio::join!(
        futures_util::future::join_all(changes),
        futures_util::future::join_all(edits)
    );
    for reply in changes.iter().chain(&edits) {
        assert_eq!(reply.status, 200, "{:#}", reply.body);
    }
    assert_eq!(shop.get(&path(&pos)).await.ok().data("totalSize"), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_merchants_table_is_unknown_and_a_reader_changes_none() {
    let shop = Shop::open().await;
    let other = MerchantSetup {
        name: "Other".to_owned(),
        ..Default::default()
    };
    let by = Actor::operator();
    let other = server::setup::create_merchant(&shop.app, &by, other)
        .await
        .unwrap();
    let request = serde_json::from_value(crate::shop::garanti()).unwrap();
    let pos = server::setup::create_pos(&shop.app, &by, other.id, request, None)
        .await
        .unwrap();
    for id in [json!(pos.id), json!(1)] {
        assert_eq!(shop.get(&path(&id)).await.status, 404);
        assert_eq!(
            shop.commissions(&id, json!([full("Bonus", 1)]))
                .await
                .status,
            404
        );
        let path = format!("/merchant/v1/merchant-poses/{id}");
        assert_eq!(shop.call("DELETE", &path, "", &[]).await.status, 404);
    }
    let [mine, _] = poses(&shop).await;
    let reader = shop.caller(Role::ReadOnly).await;
    let (by, claims, id) = (&reader.by, &reader.claims, mine.as_i64().unwrap());
    let refused =
        server::operations::merchant_poses::change_commissions(&shop.app, by, claims, id, None);
    assert!(refused.await.is_err());
    let refused = server::operations::merchant_poses::delete_pos(&shop.app, by, claims, id);
    assert!(refused.await.is_err());
    assert_eq!(shop.poses().await.len(), 2);
}

/// The basket of the published example: what the shopper paid is the bank's, the sellers' and the
/// merchant's, to the last digit.
#[tokio::test(flavor = "multi_thread")]
async fn the_money_of_each_item_is_the_banks_the_sellers_and_the_merchants() {
    let shop = Shop::open().await;
    let [pos, _] = poses(&shop).await;
    shop.commissions(&pos, json!([full("Bonus", 6)])).await.ok();
    let mut sale = with(
        payment(GARANTI),
        json!({"paidPrice": 107.00, "installment": 6, "paymentGroup": "PRODUCT"}),
    );
    let item = |price: i64, share: i64| json!({"name": "x", "price": price, "subMerchantMemberId": 7, "subMerchantMemberPrice": share});
    sale["items"] = json!([item(30, 27), item(50, 42), item(20, 18)]);
    let paid = shop.pays_as(sale).await.ok();
    let read = shop.payment(paid.id()).await;
    let found = shop.search("").await;
    let reported = shop.reported(paid.id()).await;
    for (reply, top) in [
        (&paid, ""),
        (&read, ""),
        (&reported, ""),
        (&found, "items.0."),
    ] {
        let told = |name: &str| reply.data(&format!("{top}{name}")).clone();
        assert_eq!(told("merchantCommissionRate"), 7);
        assert_eq!(
            told("merchantCommissionRateAmount").to_string().parse(),
            Ok(7.0)
        );
        assert_eq!(told("bankCommissionRate"), 2.5);
        assert_eq!(told("bankCommissionRateAmount"), 2.675);
        for (n, paid, rate, seller, merchant) in [
            (0, 32.10, 90.0, 28.89, 2.4075),
            (1, 53.50, 84.0, 44.94, 7.2225),
            (2, 21.40, 90.0, 19.26, 1.605),
        ] {
            let item = told(&format!("paymentTransactions.{n}"));
            let number = |name: &str| item[name].as_f64().unwrap();
            assert_eq!(number("paidPrice"), paid);
            assert_eq!(number("merchantCommissionRate"), 7.0);
            assert_eq!(number("subMerchantMemberPayoutRate"), rate);
            assert_eq!(number("subMerchantMemberPayoutAmount"), seller);
            assert_eq!(number("merchantPayoutAmount"), merchant);
            let payout = &item["payout"];
            assert_eq!(
                (&payout["currency"], &payout["parity"]),
                (&json!("TRY"), &json!(1))
            );
            assert_eq!(payout["paidPrice"], item["paidPrice"]);
            assert_eq!(payout["merchantPayoutAmount"], item["merchantPayoutAmount"]);
        }
    }
    let bank: Vec<f64> = (0..3)
        .map(|n| reported.data(&format!("paymentTransactions.{n}.bankCommissionRateAmount")))
        .map(|amount| amount.as_f64().unwrap())
        .collect();
    assert_eq!(bank, [0.8025, 1.3375, 0.535]);
}

/// What a payment shows of the bank's commission.
fn bank(reply: &Reply) -> [String; 2] {
    ["bankCommissionRate", "bankCommissionRateAmount"].map(|name| reply.data(name).to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rate_goes_by_the_card_and_the_pos_that_took_it() {
    let shop = Shop::open().await;
    let [first, second] = poses(&shop).await;
    shop.commissions(&first, json!([full("Bonus", 1)]))
        .await
        .ok();
    let alias = shop.poses().await[0]["alias"].clone();
    let here = json!({ "posAlias": alias });
    for (card, rate) in [
        (GARANTI, "2.5"),
        (BONUS, "2.5"),
        // A debit card of the bank's; another bank's card; a foreign one.
        ("4017380000000009", "0.95"),
        (YKB, "2.75"),
        ("4203420000000007", "1.2"),
        ("5400010000000004", "3.1"),
    ] {
        let paid = shop.pays(card).with(here.clone()).await.ok();
        assert_eq!(bank(&paid), [rate, rate], "{card}");
        assert_eq!(bank(&shop.payment(paid.id()).await), [rate, rate]);
    }
    // With 3DS it is the same, before and after the shopper went to the bank.
    let begun = shop.pays(GARANTI).with(here).begin_3ds().await;
    assert_eq!(bank(&shop.payment(begun.id).await), ["2.5", "2.5"]);
    let paid = begun.returns(OTP).await.completes().await.ok();
    assert_eq!(bank(&paid), ["2.5", "2.5"]);
    // A POS without a table says nothing.
    let silent = shop.pays(YKB).await.ok();
    assert_eq!(bank(&silent), ["0", "0"]);
    assert!(silent.data("blockageResolvedDate").is_null());
    // Another POS took it in the end: its rate counts.
    shop.commissions(
        &second,
        json!([with(
            full("World", 1),
            json!({"bankNotOnUsCreditCardCommissionRate": 1.5, "blockageDay": 3})
        )]),
    )
    .await
    .ok();
    shop.fault("garanti", "sale", declines("12")).await;
    let retried = shop.pays(GARANTI).await.ok();
    assert_eq!(retried.data("pos.bankId"), 67);
    assert_eq!(bank(&retried), ["1.5", "1.5"]);
    assert_eq!(bank(&shop.payment(retried.id()).await), ["1.5", "1.5"]);
    // A later change of the table is a later payment's business.
    let later = json!([with(
        full("Bonus", 1),
        json!({"bankOnUsCreditCardCommissionRate": 9})
    )]);
    shop.commissions(&first, later).await.ok();
    assert_eq!(bank(&shop.payment(paid.id()).await), ["2.5", "2.5"]);
    assert_eq!(bank(&shop.pays(GARANTI).await.ok()), ["9", "9"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn money_is_free_when_the_longest_that_keeps_it_lets_go() {
    let shop = Shop::open().await;
    let [pos, _] = poses(&shop).await;
    let mut sale = payment(GARANTI);
    sale["items"] = json!([
        {"name": "a", "price": 30}, {"name": "b", "price": 30, "blockageDay": 3},
        {"name": "c", "price": 40, "blockageDay": 10}
    ]);
    let silent = shop.pays_as(sale.clone()).await.ok();
    assert!(silent.data("blockageResolvedDate").is_null());
    assert!(
        silent
            .data("paymentTransactions.0.blockageResolvedDate")
            .is_null()
    );
    shop.commissions(&pos, json!([full("Bonus", 1)])).await.ok();
    let paid = shop.pays_as(sale).await.ok();
    let day = |text: &Value| -> jiff::civil::DateTime { text.as_str().unwrap().parse().unwrap() };
    let days = |reply: &Reply, name: &str| {
        let span = day(reply.data(name)) - day(reply.data("createdDate"));
        span.get_days()
    };
    for (reply, first, second, third) in [
        (&paid, 7, 7, 10),
        (&shop.payment(paid.id()).await, 7, 7, 10),
    ] {
        assert_eq!(days(reply, "blockageResolvedDate"), 7);
        for (n, expected) in [first, second, third].into_iter().enumerate() {
            let name = format!("paymentTransactions.{n}.blockageResolvedDate");
            assert_eq!(days(reply, &name), expected);
        }
    }
    assert_eq!(
        days(&silent, "paymentTransactions.2.blockageResolvedDate"),
        10
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_has_a_change_a_second_later() {
    let shop = Shop::open().await;
    let clock = std::sync::Arc::clone(&shop.clock);
    let other = crate::shop::serve(&shop.process(&clock).await).await;
    let asks = async || {
        let sale = with(
            payment(GARANTI),
            json!({"conversationId": server::random::key(8)}),
        );
        let paid = shop
            .post_at(&other, crate::shop::PAY, &sale)
            .await
            .unwrap()
            .ok();
        bank(&paid)
    };
    assert_eq!(asks().await, ["0", "0"]);
    let [pos, _] = poses(&shop).await;
    shop.commissions(&pos, json!([full("Bonus", 1)])).await.ok();
    crate::process::until("the change counts", async || {
        (asks().await == ["2.5", "2.5"]).then_some(())
    })
    .await;
}

/// `galata pos commissions VERB` about a POS, with more words.
fn command(shop: &Shop, pos: &Value, verb: &str, more: &[&str]) -> Vec<String> {
    let (merchant, id) = (shop.merchant.to_string(), pos.to_string());
    let about = [
        "pos",
        "commissions",
        verb,
        "--merchant",
        &merchant,
        "--id",
        &id,
    ];
    about
        .iter()
        .chain(more)
        .map(|word| (*word).to_owned())
        .collect()
}

fn run(shop: &Shop, pos: &Value, verb: &str, more: &[&str]) -> String {
    let command = command(shop, pos, verb, more);
    shop.run(&command.iter().map(String::as_str).collect::<Vec<_>>())
}

#[track_caller]
fn fails(shop: &Shop, pos: &Value, verb: &str, more: &[&str]) -> String {
    let command = command(shop, pos, verb, more);
    shop.fails(&command.iter().map(String::as_str).collect::<Vec<_>>())
}

fn listed(shop: &Shop, pos: &Value) -> Value {
    serde_json::from_str(&run(shop, pos, "list", &["--json"])).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_written_by_commands_and_as_a_file() {
    let shop = Shop::open().await;
    let [pos, other] = poses(&shop).await;
    let set = words(
        "--family BONUS --installment 3 --surcharge %3,5 --on-us-credit 2.1 --blockage-days 30 --label =3",
    );
    assert!(run(&shop, &pos, "set", &set).contains("is changed: 1 rows"));
    let same = run(&shop, &pos, "set", &set);
    assert!(same.contains("is as it was, nothing was to change: 1 rows"));
    let less = words("--family Bonus --installment 1 --surcharge -2.5");
    run(&shop, &pos, "set", &less);
    let list = listed(&shop, &pos);
    assert_eq!(list[0]["surcharge"], -2.5);
    let three = json!({
        "family": "Bonus", "installment": 3, "status": "ACTIVE", "label": "=3",
        "blockageDays": 30, "surcharge": 3.5, "onUsCredit": 2.1, "onUsDebit": null,
        "notOnUsCredit": null, "notOnUsDebit": null, "foreign": null
    });
    assert_eq!(list[1], three);

    // The file of one POS is another one's table.
    let file = run(&shop, &pos, "export", &[]);
    let path = shop.files.0.join("table.csv");
    let place = path.display().to_string();
    std::fs::write(&path, &file).unwrap();
    let imported = run(&shop, &other, "import", &[&place]);
    assert!(imported.contains("is changed: 2 rows"));
    assert_eq!(run(&shop, &other, "export", &[]), file);
    let audit = shop.audit("pos.commissions").await;
    assert_eq!((audit.len(), audit[0].actor_kind.as_str()), (3, "OPERATOR"));

    // As a Turkish spreadsheet writes it; what is empty is kept.
    let turkish = "cardBrandName;installment;merchantCommissionRate;status\r\nBonus;3;4,25;\r\nWorld;2;;passive\r\n";
    std::fs::write(&path, turkish).unwrap();
    run(&shop, &other, "import", &[&place]);
    let list = listed(&shop, &other);
    assert_eq!(list[1], with(three, json!({"surcharge": 4.25})));
    let world = (&list[2]["family"], &list[2]["status"]);
    assert_eq!(world, (&json!("World"), &json!("PASSIVE")));

    let merchant = shop.merchant.to_string();
    let id = other.to_string();
    let deleted = shop.run(&["pos", "delete", "--merchant", &merchant, "--id", &id]);
    assert!(deleted.contains("is deleted"));
    assert_eq!(shop.poses().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_file_or_option_is_named_as_it_was_typed_and_changes_nothing() {
    let shop = Shop::open().await;
    let [pos, _] = poses(&shop).await;
    let path = shop.files.0.join("table.csv");
    let place = path.display().to_string();
    for (file, told) in [
        (
            "cardBrandName,installment\nBonus,1\nBonu,2\n",
            "The value of cardBrandName in row 2 is not known",
        ),
        (
            "cardBrandName,installment\nBonus,1\nBonus,x\n",
            "installment in row 2 has the wrong type",
        ),
        (
            "cardBrandName,installment,merchantCommissionRate\nBonus,1,0.00001\n",
            "merchantCommissionRate in row 1 can have at most 4 decimals",
        ),
        ("cardBrandName,installment\n", "commissions"),
        ("cardBrandName,installment,price\nBonus,1,2\n", "price"),
    ] {
        std::fs::write(&path, file).unwrap();
        let error = fails(&shop, &pos, "import", &[&place]);
        assert!(error.contains(told), "{error}");
    }
    let nowhere = fails(&shop, &pos, "import", &["/nowhere/table.csv"]);
    assert!(nowhere.contains("/nowhere/table.csv"));
    std::fs::write(&path, "x".repeat(1024 * 1024 + 1)).unwrap();
    let large = fails(&shop, &pos, "import", &[&place]);
    assert!(large.contains("larger than 1 MiB"));
    for (line, told) in [
        ("--installment 2 --surcharge much", "--surcharge"),
        ("--installment 37", "--installment must be between"),
        (
            "--installment 2 --blockage-days 366",
            "--blockage-days must be between",
        ),
        (
            "--installment 2 --on-us-credit 101",
            "--on-us-credit must be between",
        ),
    ] {
        let line = format!("--family Bonus {line}");
        let error = fails(&shop, &pos, "set", &words(&line));
        assert!(error.contains(told), "{error}");
    }
    let unknown = fails(&shop, &pos, "set", &words("--family Bonu --installment 1"));
    assert!(unknown.contains("--family"), "{unknown}");
    assert_eq!(listed(&shop, &pos), json!([]));
}
