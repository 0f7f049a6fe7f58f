//! The filters of the payments page: those of the report, each of them, on the page and in the file
//! alike; and the file when it is long.

use crate::panel::{Panel, Shown};
use crate::shop::{FOREIGN, GARANTI, NO_FUNDS, OTP, Shop, garanti, unlike_any_other, with};
use contract::payment_reporting::SearchPaymentsRequest;
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use server::operations::Role;
use server::store::audit;
use server::store::db::{Commit, Value as Parameter, params};
use server::store::payment_search::{Order, Search};
use server::store::payments::{self, Payment};
use std::collections::BTreeSet;

/// The fields of the report's request that choose payments.
fn filters() -> BTreeSet<&'static str> {
    let keys = SearchPaymentsRequest::KEYS.iter().copied();
    keys.filter(|key| !matches!(*key, "page" | "size"))
        .collect()
}

/// The form that filters.
fn form(page: &Shown) -> &str {
    let start = "<form method=\"get\" action=\"/panel/payments\"";
    let rest = page.text.split_once(start).unwrap().1;
    rest.split_once("</form>").unwrap().0
}

/// What stands between two marks, each time.
fn between<'a>(text: &'a str, start: &'a str, end: char) -> impl Iterator<Item = &'a str> {
    text.split(start)
        .skip(1)
        .filter_map(move |rest| rest.split(end).next())
}

#[tokio::test]
async fn the_page_offers_every_filter_of_the_report_in_words() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::ReadOnly).await;
    for language in ["tr", "en"] {
        panel.language = language;
        let page = panel.get("/panel/payments").await.ok();
        let form = form(&page);
        let offered: BTreeSet<&str> = between(form, " name=\"", '"').collect();
        assert_eq!(offered, filters());
        // Each has a label, and each choice a word of its own.
        for name in offered {
            assert!(form.contains(&format!("<label for=\"{name}\">")), "{name}");
        }
        let options: Vec<&str> = between(form, "<option value=\"", '<').collect();
        assert!(options.len() > 70, "{}", options.len());
        for option in options {
            let (value, rest) = option.split_once('"').unwrap();
            let label = rest.split_once('>').unwrap().1;
            let same = ["API", "DKB"].contains(&value);
            assert!(!label.is_empty() && (same || label != value), "{value}");
            assert!(!label.contains('_'), "{label}");
        }
    }
}

/// What is searched: payments that differ in what the filters look at.
struct Made {
    /// Like any other.
    plain: i64,
    /// Made an hour after it, unlike it in everything that one card payment can be.
    other: Value,
    other_id: i64,
    declined: i64,
    dollars: i64,
    loan: i64,
    between: String,
}

async fn made(shop: &Shop) -> Made {
    let dollar = json!({"name": "Dollars", "currency": "USD"});
    shop.pos(with(garanti(), dollar)).await;
    let plain = shop.pays(GARANTI).await.id();
    shop.wait(30 * 60).await;
    let now = server::clock::istanbul(shop.app.now());
    let between = now.strftime("%Y-%m-%dT%H:%M").to_string();
    shop.wait(30 * 60).await;
    let other = shop
        .pays_as(unlike_any_other())
        .with(json!({"paidPrice": 1330.5}))
        .with_3ds(OTP)
        .await
        .completes()
        .await;
    let other = other.ok().data("").clone();
    Made {
        plain,
        other_id: other["id"].as_i64().unwrap(),
        other,
        declined: shop.pays(NO_FUNDS).await.id(),
        dollars: shop
            .pays(FOREIGN)
            .with(json!({"currency": "USD"}))
            .await
            .id(),
        loan: shop.applied("064").await.id,
        between,
    }
}

/// Ids on the page, and in the file.
async fn found(panel: &mut Panel<'_>, query: &str) -> (BTreeSet<i64>, BTreeSet<i64>) {
    let page = panel.get(&format!("/panel/payments?{query}")).await.ok();
    let link = "class=\"mono\" href=\"/panel/payments/";
    let shown = between(&page.text, link, '"');
    let shown = shown.map(|id| id.parse().unwrap()).collect();
    let file = panel
        .get(&format!("/panel/payments.csv?{query}"))
        .await
        .ok();
    let rows = file.text.lines().skip(1);
    let cells = rows.map(|row| row.split(',').next().unwrap().parse().unwrap());
    (shown, cells.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_filter_finds_what_fits_and_nothing_else_on_the_page_and_in_the_file() {
    let shop = Shop::open().await;
    let made = made(&shop).await;
    let mut panel = Panel::sign_in(&shop, Role::Finance).await;
    let text = |path: &str| match crate::shop::at(&made.other, path) {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    let (plain, other) = (made.plain, made.other_id);
    // The filter, what is typed, one payment that fits and one that does not.
    let table = [
        ("paymentId", text("id"), other, plain),
        (
            "paymentTransactionId",
            text("paymentTransactions.0.id"),
            other,
            plain,
        ),
        ("buyerMemberId", "42".to_owned(), other, plain),
        ("subMerchantMemberId", "7".to_owned(), other, plain),
        ("conversationId", "other & co".to_owned(), other, plain),
        ("externalId", "order-ü".to_owned(), other, plain),
        ("orderId", text("orderId"), other, plain),
        ("merchantPosId", text("pos.id"), other, plain),
        ("paymentChannel", "mobile".to_owned(), other, plain),
        ("binNumber", "540063".to_owned(), other, plain),
        ("binNumber", "54006300".to_owned(), other, plain),
        ("lastFourDigits", "0009".to_owned(), other, plain),
        ("installment", "3".to_owned(), other, plain),
        ("isThreeDS", "true".to_owned(), other, plain),
        ("isThreeDS", "false".to_owned(), plain, other),
        ("minPaidPrice", "1.330,50".to_owned(), other, plain),
        ("maxPaidPrice", "1.330,49".to_owned(), plain, other),
        ("minCreatedDate", made.between.clone(), other, plain),
        ("maxCreatedDate", made.between.clone(), plain, other),
        ("currency", "USD".to_owned(), made.dollars, plain),
        ("currency", "TRY".to_owned(), plain, made.dollars),
        ("paymentStatus", "FAILURE".to_owned(), made.declined, plain),
        (
            "paymentStatus",
            "WAITING".to_owned(),
            made.loan,
            made.declined,
        ),
        ("paymentType", "APM".to_owned(), made.loan, plain),
        ("paymentType", "CARD_PAYMENT".to_owned(), plain, made.loan),
        ("paymentProvider", "MASLAK".to_owned(), made.loan, plain),
        ("paymentProvider", "BANK".to_owned(), plain, made.loan),
    ];
    let everything = found(&mut panel, "").await;
    let all = [plain, other, made.declined, made.dollars, made.loan];
    assert_eq!(everything.0, BTreeSet::from(all));
    let mut tried = BTreeSet::from(["paymentSource"]);
    for (name, typed, fits, does_not) in table {
        tried.insert(name);
        let typed: String = form_urlencoded::byte_serialize(typed.as_bytes()).collect();
        let (page, file) = found(&mut panel, &format!("{name}={typed}")).await;
        assert!(page.contains(&fits), "{name}={typed}");
        assert!(!page.contains(&does_not), "{name}={typed}");
        assert_eq!(page, file, "{name}={typed}");
        // An export is on record with what it chose.
        let action = "payment.export";
        let log = audit::of_merchant(&shop.app, shop.merchant, i64::MAX, action, "", 1);
        let noted = log.await.unwrap().remove(0).entry.after.unwrap();
        let named: Vec<&String> = noted.as_object().unwrap().keys().collect();
        assert_eq!(named, [name]);
    }
    // All payments here came by the API.
    assert_eq!(found(&mut panel, "paymentSource=API").await, everything);
    let (page, file) = found(&mut panel, "paymentSource=PAY_BY_LINK").await;
    assert!(page.is_empty() && file.is_empty());
    assert_eq!(tried, filters());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_chosen_stays_on_the_page_and_leads_to_the_file() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Finance).await;
    for name in filters() {
        let typed = match name {
            "paymentStatus" => "WAITING",
            "paymentType" => "APM",
            "paymentProvider" => "MASLAK",
            "paymentSource" => "PAY_BY_LINK",
            "currency" => "EUR",
            "isThreeDS" => "true",
            "minCreatedDate" | "maxCreatedDate" => "2026-01-02T03:04",
            _ => "17",
        };
        let encoded: String = form_urlencoded::byte_serialize(typed.as_bytes()).collect();
        let query = format!("{name}={encoded}");
        let page = panel.get(&format!("/panel/payments?{query}")).await.ok();
        page.has(&format!("href=\"/panel/payments.csv?{query}\""));
        let field = form(&page)
            .split_once(&format!(" name=\"{name}\""))
            .unwrap()
            .1;
        let field = field.split("</div>").next().unwrap();
        let kept = [
            format!("<option value=\"{typed}\" selected>"),
            format!("value=\"{typed}\""),
        ];
        let kept = if field.contains("<option") {
            &kept[0]
        } else {
            &kept[1]
        };
        assert!(field.contains(kept), "{name}: {field}");
    }
}

/// A merchant with this many payments, oldest first: copies of one that a card paid.
async fn many(shop: &Shop, count: usize) -> Vec<i64> {
    let first = shop.pays(GARANTI).await.id();
    let (merchant, order) = (shop.merchant, Order::OldestFirst);
    let found = Search::default().first(&shop.app, merchant, order, 9).await;
    let first_payment: Payment = found.unwrap().remove(0);
    let mut ids = vec![first];
    while ids.len() < count {
        let mut commit = Commit::new(merchant, shop.app.next_id());
        for _ in 0..(count - ids.len()).min(100) {
            let copy = Payment {
                id: shop.app.next_id(),
                conversation_id: Some(format!("copy {}", ids.len())),
                order_id: None,
                ..first_payment.clone()
            };
            payments::insert(&copy, &[], &mut commit);
            ids.push(copy.id);
        }
        shop.app.db.commit(commit).await.unwrap();
    }
    ids
}

/// More than two batches of an export.
const MANY: usize = 1203;

#[tokio::test(flavor = "multi_thread")]
async fn a_long_export_has_every_payment_once_and_in_order() {
    let shop = Shop::open().await;
    let ids = many(&shop, MANY).await;
    let mut panel = Panel::sign_in(&shop, Role::Finance).await;
    let file = panel.get("/panel/payments.csv").await.ok();
    let rows: Vec<&str> = file.text.lines().collect();
    let heads = rows.iter().filter(|row| row.contains("paymentStatus"));
    assert_eq!(heads.count(), 1);
    let cells = rows.iter().skip(1);
    let exported: Vec<i64> = cells
        .map(|row| row.split(',').next().unwrap().parse().unwrap())
        .collect();
    let differs = exported.iter().zip(&ids).position(|(a, b)| a != b);
    assert_eq!((exported.len(), differs), (ids.len(), None));
    assert!(rows[1200].contains(",copy 1199,"), "{}", rows[1200]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_leaves_while_it_is_read_and_breaks_off_where_reading_fails() {
    let shop = Shop::open().await;
    let ids = many(&shop, MANY).await;
    let panel = Panel::sign_in(&shop, Role::Finance).await;
    // Nobody can read the last payment: what came before it is only sent if it is sent at once.
    let sql = "update payments set provider = $3 where merchant_id = $1 and id = $2";
    let last = *ids.last().unwrap();
    let unreadable: Vec<Parameter> = params![shop.merchant, last, "NOT_A_PROVIDER"];
    let commit = Commit::new(shop.merchant, last).then(sql, unreadable);
    shop.app.db.commit(commit).await.unwrap();

    let session = panel.cookie("galata-session").unwrap();
    let request = http::Request::get(format!("{}/panel/payments.csv", shop.gateway))
        .header("cookie", format!("galata-session={session}"))
        .body(Full::default())
        .unwrap();
    let reply = shop.http.request(request).await.unwrap();
    assert_eq!(reply.status(), 200);
    assert!(!reply.headers().contains_key("content-length"));
    assert_eq!(reply.headers()["transfer-encoding"], "chunked");
    let mut body = reply.into_body();
    let mut text = Vec::new();
    let broken = loop {
        match body.frame().await {
            Some(Ok(frame)) => text.extend_from_slice(frame.data_ref().unwrap()),
            Some(Err(_)) => break true,
            None => break false,
        }
    };
    assert!(broken, "half a file passed for all of it");
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains(&format!("\n{},", ids[0])));
    assert!(!text.contains(&ids[1000].to_string()));
}
