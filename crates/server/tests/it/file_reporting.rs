//! `/file-reporting/v1`: reports as files.

use crate::card_verifications::{VERIFY, verification};
use crate::process::{Serving, words};
use crate::shop::{DAY, GARANTI, KEYS, NO_FUNDS, OTP, Reply, Shop, Signed, YKB, declines, send};
use jiff::Timestamp;
use serde_json::{Value, json};
use server::operations::Actor;
use server::setup::{self, MerchantSetup};
use server::store::db::Commit;
use server::store::payment_search::{Order, Search};
use server::store::payments::{self, Payment};
use server::{clock, jobs};
use std::io::{Cursor, Read};

const DEMANDS: &str = "/file-reporting/v1/report-demands";
/// Money back without a bank.
const MARK_ITEM: &str = "/payment/v1/refund-transactions/mark-as-refunded";
const HEAD: &str = "\u{feff}transactionType;transactionDate;paymentId;paymentTransactionId;refundId;conversationId;";

/// Moves the clock to an hour and minute of tomorrow, in Istanbul. The date.
pub async fn tomorrow_at(shop: &Shop, hour: i8, minute: i8) -> String {
    let now = clock::istanbul(shop.app.now());
    let then = now
        .tomorrow()
        .unwrap()
        .with()
        .hour(hour)
        .minute(minute)
        .build()
        .unwrap();
    let seconds = then.timestamp().duration_since(now.timestamp()).as_secs();
    shop.pass(seconds).await;
    then.strftime("%Y-%m-%d").to_string()
}

async fn of_day(shop: &Shop, report: &str, date: &str, file_type: &str) -> Reply {
    let query = format!("reportDate={date}&fileType={file_type}");
    shop.get(&format!("/file-reporting/v1/{report}-reports?{query}"))
        .await
}

/// The lines of a CSV file behind its head, by column.
fn rows(file: &Reply) -> Vec<Value> {
    let text = std::str::from_utf8(&file.raw).unwrap();
    let text = text.strip_prefix('\u{feff}').unwrap();
    let mut lines = text.split_terminator("\r\n").map(|line| line.split(';'));
    let names: Vec<&str> = lines.next().unwrap().collect();
    lines
        .map(|cells| {
            let cells: Vec<&str> = cells.collect();
            assert_eq!(cells.len(), names.len(), "{cells:?}");
            names
                .iter()
                .zip(cells)
                .map(|(name, cell)| ((*name).to_owned(), json!(cell)))
                .collect()
        })
        .collect()
}

fn column(rows: &[Value], name: &str) -> Vec<String> {
    rows.iter()
        .map(|row| row[name].as_str().unwrap().to_owned())
        .collect()
}

/// A sheet of a file of Excel.
fn sheet(file: &Reply, name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(&file.raw)).unwrap();
    let mut text = String::new();
    let mut sheet = archive
        .by_name(&format!("xl/worksheets/{name}.xml"))
        .unwrap();
    sheet.read_to_string(&mut text).unwrap();
    text
}

/// Further payments like one that a card paid, each with its items: as if they were made at a moment.
async fn many(shop: &Shop, count: usize, at: Timestamp) {
    let mut id = clock::first_id_at(at);
    shop.pays(GARANTI).await.ok();
    let found = Search::default()
        .first(&shop.app, shop.merchant, Order::NewestFirst, 1)
        .await;
    let payment: Payment = found.unwrap().remove(0);
    let items = payments::items_of_merchant(&shop.app, shop.merchant, payment.id)
        .await
        .unwrap();
    let mut left = count;
    while left > 0 {
        let mut commit = Commit::new(shop.merchant, shop.app.next_id());
        for _ in 0..left.min(250) {
            id += 10;
            let again = Payment {
                id,
                created_at: at,
                ..payment.clone()
            };
            let mut items = items.clone();
            for (place, item) in (1..).zip(&mut items) {
                item.id = id + place;
            }
            payments::insert(&again, &items, &mut commit);
            left -= 1;
        }
        assert!(shop.app.commit(commit).await.unwrap().is_yes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_tells_what_was_taken_and_given_back_and_does_not_change() {
    let shop = Shop::open().await;
    let first = tomorrow_at(&shop, 10, 0).await;
    let items = json!([{"name": "One", "price": 70.5}, {"name": "Two", "price": 29.5}]);
    let order = json!({"items": items, "conversationId": "a;\"b\" =1+1", "externalId": "order-1"});
    let paid = shop.pays(GARANTI).with(order).await.ok();
    shop.pays(NO_FUNDS).await;
    let item = paid.data("paymentTransactions.1.id").clone();
    let part = json!({"paymentTransactionId": item, "refundPrice": 9.5, "conversationId": "back"});
    let back = shop.post(MARK_ITEM, part).await.ok();
    let undone = shop.pays(GARANTI).await.id();
    let cancel = shop.refunds(undone).await.ok();
    let refused = shop.pays(GARANTI).await.id();
    shop.fault("garanti", "void", declines("05")).await;
    assert_eq!(shop.refunds(refused).await.status, 422);

    let second = tomorrow_at(&shop, 0, 11).await;
    let file = of_day(&shop, "transaction", &first, "csv").await.ok();
    assert_eq!(file.header("content-type"), "application/octet-stream");
    let name = format!("attachment; filename=\"transactions-{first}.csv\"");
    assert_eq!(file.header("content-disposition"), name);
    assert!(file.raw.starts_with(HEAD.as_bytes()));
    let text = std::str::from_utf8(&file.raw).unwrap();
    assert_eq!(text.matches(";\"a;\"\"b\"\" =1+1\";").count(), 2, "{text}");

    let plain = Reply {
        raw: text.replace("\"a;\"\"b\"\" =1+1\"", "told").into(),
        ..file.clone()
    };
    let told = rows(&plain);
    let types = column(&told, "transactionType");
    assert_eq!(types[..6], ["PAYMENT"; 6]);
    assert_eq!(types[6..], ["REFUND", "CANCEL", "CANCEL"]);
    let prices = column(&told, "price");
    assert_eq!(prices[..4], ["70.50", "29.50", "30.00", "70.00"]);
    assert_eq!(prices[6..], ["", "", ""]);
    let given_back = column(&told, "refundPrice");
    assert_eq!(given_back[5..], ["", "9.50", "30.00", "70.00"]);
    let sale = &told[0];
    for (name, value) in [
        ("paymentId", paid.data("id").to_string()),
        (
            "paymentTransactionId",
            paid.data("paymentTransactions.0.id").to_string(),
        ),
        ("refundId", String::new()),
        ("conversationId", "told".to_owned()),
        ("externalId", "order-1".to_owned()),
        ("paymentType", "CARD_PAYMENT".to_owned()),
        ("paymentProvider", "BANK".to_owned()),
        ("apmType", String::new()),
        ("currency", "TRY".to_owned()),
        ("installment", "1".to_owned()),
        ("isThreeDS", "false".to_owned()),
        ("isCommercial", "false".to_owned()),
        ("binNumber", paid.text("binNumber").to_owned()),
        ("lastFourDigits", paid.text("lastFourDigits").to_owned()),
        ("orderId", paid.text("orderId").to_owned()),
        ("authCode", paid.text("authCode").to_owned()),
        ("merchantPayoutAmount", "70.50".to_owned()),
    ] {
        assert_eq!(sale[name], value, "{name}");
    }
    let made = paid.text("createdDate");
    assert_eq!(sale["transactionDate"], made[..19]);
    assert_eq!(told[6]["refundId"], back.data("id").to_string());
    assert_eq!(told[6]["paymentTransactionId"], item.to_string());
    assert_eq!(told[6]["conversationId"], "back");
    assert_eq!(told[7]["refundId"], cancel.data("id").to_string());

    // What happens later is in a later report, and the day stands.
    shop.post(
        MARK_ITEM,
        json!({"paymentTransactionId": item, "refundPrice": 5}),
    )
    .await
    .ok();
    tomorrow_at(&shop, 12, 0).await;
    let again = of_day(&shop, "transaction", &first, "CSV").await.ok();
    assert_eq!(again.raw, file.raw);
    let next = rows(&of_day(&shop, "transaction", &second, "CSV").await.ok());
    assert_eq!(column(&next, "transactionType"), ["REFUND"]);
    assert_eq!(column(&next, "refundPrice"), ["5.00"]);
    // Another merchant has nothing, and a day long ago is empty.
    let keys = ("other-key", "other-secret");
    let other = MerchantSetup {
        name: "Other".to_owned(),
        api_key: Some(keys.0.to_owned()),
        secret_key: Some(keys.1.to_owned()),
        ..MerchantSetup::default()
    };
    setup::create_merchant(&shop.app, &Actor::operator(), other)
        .await
        .unwrap();
    let path = format!("/file-reporting/v1/transaction-reports?reportDate={first}&fileType=CSV");
    let theirs = shop.call_as(keys, "GET", &path, "").await.ok();
    assert!(rows(&theirs).is_empty());
    assert!(rows(&of_day(&shop, "transaction", "2020-02-29", "CSV").await.ok()).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_told_once_it_is_taken_and_its_release_is_no_money_back() {
    let shop = Shop::open().await;
    let day = tomorrow_at(&shop, 10, 0).await;
    shop.holds(GARANTI).await.succeeded();
    let released = shop.holds(YKB).await.succeeded().id();
    shop.refunds(released).await.ok();
    let taken = shop.holds(GARANTI).await.succeeded().id();
    shop.captures(taken, 80).await.succeeded();
    shop.refunds(taken).await.ok();
    tomorrow_at(&shop, 0, 11).await;
    let rows = rows(&of_day(&shop, "transaction", &day, "csv").await.ok());
    let taken = taken.to_string();
    assert_eq!(column(&rows, "paymentId"), vec![taken; 4]);
    let types = column(&rows, "transactionType");
    assert_eq!(types, ["PAYMENT", "PAYMENT", "CANCEL", "CANCEL"]);
    assert_eq!(column(&rows, "paidPrice"), ["24.00", "56.00", "", ""]);
    assert_eq!(column(&rows, "refundPrice"), ["", "", "24.00", "56.00"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_verification_is_marked_in_both_reports() {
    let shop = Shop::open().await;
    let day = tomorrow_at(&shop, 10, 0).await;
    shop.pays(GARANTI).await.succeeded();
    let verified = shop.post(VERIFY, verification(YKB, "NON_THREE_DS")).await;
    assert_eq!(verified.ok().text("refundStatus"), "SUCCESS");
    tomorrow_at(&shop, 0, 11).await;
    for (report, marks) in [
        ("payment", &["false", "true"][..]),
        ("transaction", &["false", "false", "true", "true"]),
    ] {
        let told = rows(&of_day(&shop, report, &day, "CSV").await.ok());
        assert_eq!(column(&told, "isCardVerification"), marks, "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_was_taken_late_is_told_when_it_was_taken() {
    let shop = Shop::open().await;
    let first = tomorrow_at(&shop, 23, 50).await;
    let slow = shop.pays(GARANTI).with_3ds(OTP).await;
    let quick = shop.pays(GARANTI).await.id();
    shop.pass(20 * 60).await;
    slow.completes().await.succeeded();
    let second = clock::istanbul(shop.app.now())
        .strftime("%Y-%m-%d")
        .to_string();
    tomorrow_at(&shop, 9, 0).await;
    let ids = async |date: &str| {
        let file = of_day(&shop, "transaction", date, "CSV").await.ok();
        let mut ids = column(&rows(&file), "paymentId");
        ids.dedup();
        ids
    };
    assert_eq!(ids(&first).await, [quick.to_string()]);
    assert_eq!(ids(&second).await, [slow.id.to_string()]);
    let file = of_day(&shop, "transaction", &second, "CSV").await.ok();
    let date = &column(&rows(&file), "transactionDate")[0];
    assert!(date.starts_with(&format!("{second}T00:1")), "{date}");
    // The payment itself was made the day before.
    let file = of_day(&shop, "payment", &first, "CSV").await.ok();
    let told = rows(&file);
    assert_eq!(
        column(&told, "paymentId"),
        [slow.id.to_string(), quick.to_string()]
    );
    assert_eq!(column(&told, "paymentStatus"), ["SUCCESS", "SUCCESS"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_of_a_day_are_told_whatever_became_of_them_in_cells_with_types() {
    let shop = Shop::open().await;
    let date = tomorrow_at(&shop, 10, 0).await;
    let named = json!({"conversationId": "=1+1"});
    let paid = shop.pays(GARANTI).with(named).await;
    // The API takes a formula for no id of a shop where it begins with a sign alone.
    let paid = paid.ok().id();
    let declined = shop.pays(NO_FUNDS).await.id();
    let loan = shop.applied("064").await.id;
    tomorrow_at(&shop, 10, 0).await;
    let file = of_day(&shop, "payment", &date, "CSV").await.ok();
    let told = rows(&file);
    assert_eq!(
        column(&told, "paymentId"),
        [paid, declined, loan].map(|id| id.to_string())
    );
    let guarded = column(&told, "conversationId");
    assert_eq!(guarded[0], "'=1+1");
    assert_eq!(told[1]["paymentStatus"], "FAILURE");
    assert_eq!(told[1]["errorGroup"], "NOT_SUFFICIENT_FUNDS");
    assert_eq!(told[1]["errorCode"], "10051");
    assert_eq!(told[2]["apmType"], "MASLAK");
    assert_eq!(told[2]["cardBrand"], "");

    let file = of_day(&shop, "payment", &date, "xlsx").await.ok();
    let name = format!("attachment; filename=\"payments-{date}.xlsx\"");
    assert_eq!(file.header("content-disposition"), name);
    let text = sheet(&file, "sheet1");
    assert_eq!(text.matches("<row ").count(), 4, "{text}");
    // A number, a date, a flag, and a text that is no formula.
    for cell in ["<v>100</v>", "t=\"b\"><v>0</v>", "<t>=1+1</t>"] {
        assert!(text.contains(cell), "{cell}: {text}");
    }
    assert!(text.contains(&format!("<t>{paid}</t>")), "{text}");
    assert!(!text.contains("<f>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demanded_report_is_made_once_and_stands() {
    let shop = Shop::open().await;
    let date = tomorrow_at(&shop, 10, 0).await;
    many(&shop, 600, shop.app.now()).await;
    let paid = shop.pays(GARANTI).await.ok();
    shop.wait(60).await;
    let now = clock::istanbul(shop.app.now())
        .strftime("%Y-%m-%dT%H:%M:%S")
        .to_string();
    let demand = |report: &str| json!({"startDate": format!("{date}T00:00:00"), "endDate": now, "reportType": report, "reportPeriod": "INSTANT"});
    let made = shop
        .posts(DEMANDS, demand("PAYMENT"))
        .keyed("once")
        .await
        .ok();
    let id = made.data("id").as_i64().unwrap();
    assert_eq!(made.data("reportId"), &json!(id.to_string()));
    assert_eq!(made.data("reportType"), "PAYMENT");
    assert_eq!(made.data("reportPeriod"), "INSTANT");
    assert_eq!(made.data("startDate"), &json!(format!("{date}T00:00:00")));
    let again = shop
        .posts(DEMANDS, demand("PAYMENT"))
        .keyed("once")
        .await
        .ok();
    assert_eq!(again.data("id"), made.data("id"));
    let transactions = shop.posts(DEMANDS, demand("TRANSACTION")).await.ok();
    let transactions = transactions.data("id").as_i64().unwrap();
    let fetch = async |id: i64, file_type: &str| {
        shop.get(&format!(
            "/file-reporting/v1/reports/{id}?fileType={file_type}"
        ))
        .await
    };
    fetch(id, "CSV").await.refused(404, 9302);

    shop.wait(10 * 60 + 1).await;
    let file = fetch(id, "CSV").await.ok();
    let ids = column(&rows(&file), "paymentId");
    assert_eq!(ids.len(), 602);
    assert!(ids.is_sorted_by(|a, b| a.parse::<i64>().unwrap() < b.parse::<i64>().unwrap()));
    assert_eq!(ids[601], paid.id().to_string());
    let name = format!("attachment; filename=\"report-{id}.csv\"");
    assert_eq!(file.header("content-disposition"), name);
    shop.wait(31).await;
    let told = shop.hooks("REPORT_GENERATED");
    let mut told: Vec<_> = told
        .iter()
        .map(|hook| hook.body["payloadId"].clone())
        .collect();
    told.sort_by_key(|id| id.to_string());
    assert_eq!(
        told,
        [json!(id.to_string()), json!(transactions.to_string())]
    );

    // Whatever becomes of the payments, the report stands, in both forms.
    shop.refunds(paid.id()).await.ok();
    shop.wait(60).await;
    assert_eq!(fetch(id, "csv").await.ok().raw, file.raw);
    let text = sheet(&fetch(id, "xlsx").await.ok(), "sheet1");
    assert_eq!(text.matches("<row ").count(), 603);
    let items = rows(&fetch(transactions, "CSV").await.ok());
    assert_eq!(items.len(), 2 * 602);

    // Somebody else's, none, and one that is forgotten.
    fetch(id + 1, "CSV").await.refused(404, 9301);
    fetch(id, "PDF").await.refused(400, 2002);
    fetch(id, "").await.refused(400, 2001);
    let path = "/file-reporting/v1/reports/x?fileType=CSV";
    shop.get(path).await.refused(400, 2008);
    assert_eq!(shop.audit("report.demand").await.len(), 2);
    shop.pass(7 * DAY).await;
    jobs::forget(&shop.app).await;
    fetch(id, "CSV").await.refused(404, 9301);
    let rows =
        "select (select count(*) from report_demands) + (select count(*) from report_parts) as n";
    assert_eq!(shop.count(rows).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_makers_of_one_report_write_no_row_twice() {
    let shop = Shop::open().await;
    let date = tomorrow_at(&shop, 10, 0).await;
    many(&shop, 1_200, shop.app.now()).await;
    tomorrow_at(&shop, 10, 0).await;
    let body = json!({"startDate": date, "endDate": date, "reportType": "PAYMENT"});
    let id = shop
        .post(DEMANDS, body)
        .await
        .ok()
        .data("id")
        .as_i64()
        .unwrap();
    let merchant = setup::merchant(&shop.app, shop.merchant).await.unwrap();
    let make = || server::operations::report_demands::make(&shop.app, &merchant, id);
    let (one, other) = tokio::join!(make(), make());
    one.unwrap();
    other.unwrap();
    make().await.unwrap();
    shop.wait(31).await;
    assert_eq!(shop.hooks("REPORT_GENERATED").len(), 1);
    let path = format!("/file-reporting/v1/reports/{id}?fileType=CSV");
    let ids = column(&rows(&shop.get(&path).await.ok()), "paymentId");
    let distinct: std::collections::HashSet<_> = ids.iter().collect();
    assert_eq!((ids.len(), distinct.len()), (1_201, 1_201));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_request_is_named_and_leaves_nothing() {
    let shop = Shop::open().await;
    let today = tomorrow_at(&shop, 0, 5).await;
    let day = |days: i64| {
        let then = clock::istanbul(shop.app.now()).checked_add(jiff::Span::new().days(days));
        then.unwrap().strftime("%Y-%m-%d").to_string()
    };
    let (yesterday, tomorrow) = (day(-1), day(1));
    for report in ["transaction", "payment"] {
        for (query, status, code, field) in [
            ("fileType=CSV", 400, 2001, "reportDate"),
            (&*format!("reportDate={yesterday}"), 400, 2001, "fileType"),
            (
                &*format!("reportDate={yesterday}&fileType=PDF"),
                400,
                2002,
                "fileType",
            ),
            (
                "reportDate=2026-02-30&fileType=CSV",
                400,
                2010,
                "reportDate",
            ),
            ("reportDate=yesterday&fileType=CSV", 400, 2002, "reportDate"),
            (
                &*format!("reportDate={tomorrow}&fileType=CSV"),
                422,
                2301,
                "reportDate",
            ),
            (
                &*format!("reportDate={today}&fileType=CSV"),
                422,
                2301,
                "reportDate",
            ),
            // It ended five minutes ago: not all that counts as of it may be written.
            (
                &*format!("reportDate={yesterday}&fileType=CSV"),
                422,
                2301,
                "reportDate",
            ),
            (
                "reportDate=9999-12-31&fileType=XLSX",
                422,
                2301,
                "reportDate",
            ),
        ] {
            let reply = shop
                .get(&format!("/file-reporting/v1/{report}-reports?{query}"))
                .await;
            reply.refused(status, code);
            assert_eq!(reply.field(), field, "{query}");
        }
        of_day(&shop, report, &day(-2), "csv").await.ok();
    }
    let good = json!({"startDate": day(-3), "endDate": day(-2), "reportType": "PAYMENT"});
    for (change, status, code, field) in [
        (json!({"startDate": null}), 400, 2001, "startDate"),
        (json!({"endDate": null}), 400, 2001, "endDate"),
        (json!({"reportType": null}), 400, 2001, "reportType"),
        (json!({"reportType": "REFUND"}), 400, 2005, "reportType"),
        (json!({"reportPeriod": "DAILY"}), 400, 2005, "reportPeriod"),
        (json!({"startDate": "2026-13-01"}), 400, 2010, "startDate"),
        (json!({"endDate": "2026-02-30"}), 400, 2010, "endDate"),
        (json!({"endDate": day(-4)}), 400, 2302, "endDate"),
        (json!({"endDate": today}), 422, 2301, "endDate"),
        (json!({"endDate": tomorrow}), 422, 2301, "endDate"),
        (json!({"startDate": day(-96)}), 400, 2303, "endDate"),
    ] {
        let reply = shop.posts(DEMANDS, good.clone()).with(change.clone()).await;
        reply.refused(status, code);
        assert_eq!(reply.field(), field, "{change}");
    }
    let demands = "select count(*) as n from report_demands";
    assert_eq!(shop.count(demands).await, 0);
    for _ in 0..5 {
        shop.post(DEMANDS, good.clone()).await.ok();
    }
    let reply = shop.post(DEMANDS, good.clone()).await;
    reply.refused(422, 9303);
    // Once they are made, there is room for others.
    shop.work().await;
    shop.post(DEMANDS, good).await.ok();

    let all = server::app::REPORT_STREAMS_MAX.try_into().unwrap();
    let places = std::sync::Arc::clone(&shop.app.report_streams);
    let held = places.acquire_many_owned(all).await.unwrap();
    let busy = of_day(&shop, "payment", &day(-2), "CSV").await;
    busy.refused(429, 1112);
    assert_eq!(busy.header("retry-after"), "10");
    drop(held);
    of_day(&shop, "payment", &day(-2), "CSV").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_writes_what_the_api_answers() {
    let shop = Shop::open().await;
    let date = tomorrow_at(&shop, 10, 0).await;
    shop.pays(GARANTI).await.ok();
    // Commands have the machine's clock: what the shop's said is to come.
    let out = shop.files.0.join("report.csv");
    let file = out.display();
    let (merchant, past) = (shop.merchant, "2026-01-05");
    let line =
        format!("report payments --merchant {merchant} --from {date} --to {date} --out {file}");
    let why = shop.fails(&words(&line));
    assert!(why.contains("--to is not over yet"), "{why}");
    assert!(!out.exists());
    let line =
        format!("report transactions --merchant {merchant} --from {past} --to {past} --out {file}");
    let said = shop.run(&words(&line));
    assert!(said.contains("report.csv: "), "{said}");
    let written = std::fs::read(&out).unwrap();
    let answered = of_day(&shop, "transaction", past, "CSV").await.ok();
    assert_eq!(answered.raw, written);
    let why = shop.fails(&words(&line));
    assert!(why.contains("cannot be written"), "{why}");
    let line = line.replace("report.csv", "report.xlsx");
    shop.run(&words(&format!("{line} --format xlsx")));
    assert!(
        std::fs::read(shop.files.0.join("report.xlsx"))
            .unwrap()
            .starts_with(b"PK")
    );
    let why = shop.fails(&words(&format!("{line}2 --format pdf")));
    assert!(why.contains("csv or xlsx"), "{why}");
}

/// Kilobytes that a process has had in memory at most.
fn peak(process: u32) -> i64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_many_rows_does_not_sit_in_memory() {
    const PAYMENTS: usize = 10_000;
    const MEBIBYTE: i64 = 1024;
    let shop = Shop::open().await;
    let then = shop
        .app
        .now()
        .checked_sub(jiff::SignedDuration::from_secs(2 * DAY))
        .unwrap();
    let day = clock::istanbul(then).strftime("%Y-%m-%d").to_string();
    many(&shop, PAYMENTS, then).await;
    let command = shop.command(&["serve", "--public-url", "http://127.0.0.1:1"]);
    let serving = Serving::start(&shop.http, command, shop.files.0.join("serve.log")).await;
    let fetch = async |report: &str, file_type: &str| {
        let path =
            format!("/file-reporting/v1/{report}-reports?reportDate={day}&fileType={file_type}");
        let (url, rnd) = (format!("{}{path}", serving.url), server::random::key(12));
        let signed = Signed::with(KEYS, &format!("http://127.0.0.1:1{path}"), &rnd, "");
        send(&shop.http, "GET", &url, b"", &signed.headers())
            .await
            .ok()
    };
    fetch("payment", "CSV").await;
    let before = peak(serving.id());
    for (file_type, bytes) in [("CSV", 5_000_000), ("XLSX", 750_000)] {
        let file = fetch("transaction", file_type).await;
        assert!(file.raw.len() > bytes, "{file_type}: {}", file.raw.len());
    }
    let grown = peak(serving.id()) - before;
    // Twice as much, at least, when rows or sheets were held.
    assert!(grown < 40 * MEBIBYTE, "{grown} kB");
}
