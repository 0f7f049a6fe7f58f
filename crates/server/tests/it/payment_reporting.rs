//! `/payment-reporting/v1/payments`.

use crate::shop::{
    FOREIGN, GARANTI, NO_FUNDS, OTP, PAY, Shop, declines, garanti, unlike_any_other, with,
};
use serde_json::{Value, json};
use server::operations::Actor;
use server::setup::{self, MerchantSetup};

const PATH: &str = "/payment-reporting/v1/payments";
/// Money back without a bank.
const MARK_ITEM: &str = "/payment/v1/refund-transactions/mark-as-refunded";

/// The ids that a search finds, newest first.
async fn found(shop: &Shop, query: &str) -> Vec<i64> {
    let reply = shop.search(query).await;
    let ids = ids_of(reply.list("items"));
    let total = reply.data("totalSize").as_i64();
    assert_eq!(total, i64::try_from(ids.len()).ok());
    ids
}

fn ids_of(payments: &[Value]) -> Vec<i64> {
    let ids = payments.iter().map(|payment| payment["id"].as_i64());
    ids.map(Option::unwrap).collect()
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn pays(shop: &Shop) -> i64 {
    shop.pays(GARANTI).await.ok().id()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_filter_alone_finds_its_payment_and_no_other() {
    let shop = Shop::open().await;
    let dollars = json!({"name": "Dollars", "currency": "USD"});
    shop.pos(with(garanti(), dollars)).await;
    // One payment like any other, and one that differs from it in everything.
    let plain = pays(&shop).await;
    shop.wait(10).await;
    let other = shop
        .pays_as(unlike_any_other())
        .with_3ds(OTP)
        .await
        .completes()
        .await;
    let id = other.id();
    for query in [
        format!("paymentId={id}"),
        format!(
            "paymentTransactionId={}",
            other.data("paymentTransactions.0.id")
        ),
        "buyerMemberId=42".to_owned(),
        "subMerchantMemberId=7".to_owned(),
        format!("conversationId={}", encoded("other & co")),
        format!("externalId={}", encoded("order-ü")),
        format!("orderId={}", other.text("orderId")),
        format!("merchantPosId={}", other.data("pos.id")),
        "paymentChannel=mobile".to_owned(),
        "binNumber=540063".to_owned(),
        "binNumber=54006300".to_owned(),
        "lastFourDigits=0009".to_owned(),
        "installment=3".to_owned(),
        "isThreeDS=true".to_owned(),
        "isThreeDs=true".to_owned(),
        "minPaidPrice=100.01".to_owned(),
        "minPaidPrice=330".to_owned(),
    ] {
        assert_eq!(found(&shop, &query).await, [id], "{query}");
    }
    for query in ["isThreeDS=false", "maxPaidPrice=100", "maxPaidPrice=329.99"] {
        assert_eq!(found(&shop, query).await, [plain], "{query}");
    }
    for query in [
        "",
        "currency=TRY",
        "paymentStatus=SUCCESS",
        "paymentType=CARD_PAYMENT",
        "paymentProvider=BANK",
        "paymentSource=API",
        // Node sends absent values as empty ones.
        "conversationId=&currency=&minPaidPrice=",
        "somethingElse=1",
    ] {
        assert_eq!(found(&shop, query).await, [id, plain], "{query}");
    }
    for query in [
        "paymentSource=PAY_BY_LINK",
        "paymentStatus=WAITING",
        "currency=EUR",
        "conversationId=other",
        "conversationId=%25",
        "externalId=order_1",
        "binNumber=540",
        "paymentId=1",
    ] {
        assert!(found(&shop, query).await.is_empty(), "{query}");
    }

    // The kinds that need payments of their own.
    let declined = shop.pays(NO_FUNDS).await.id();
    assert_eq!(found(&shop, "paymentStatus=FAILURE").await, [declined]);
    let dollars = shop.pays(FOREIGN).with(json!({"currency": "USD"}));
    let dollars = dollars.await.ok().id();
    assert_eq!(found(&shop, "currency=USD").await, [dollars]);
    let loan = shop.applied("064").await.id;
    for query in [
        "paymentType=APM",
        "paymentProvider=MASLAK",
        "paymentStatus=WAITING",
    ] {
        assert_eq!(found(&shop, query).await, [loan], "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_are_read_with_and_without_zone_and_seconds() {
    let shop = Shop::open().await;
    let early = pays(&shop).await;
    shop.wait(2 * 60 * 60).await;
    let between = shop.app.now();
    shop.wait(2 * 60 * 60).await;
    let late = pays(&shop).await;

    let local = server::clock::istanbul(between);
    let utc = between.to_string();
    let plain = local.datetime().strftime("%Y-%m-%dT%H:%M:%S").to_string();
    for date in [
        utc.clone(),
        local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        local.strftime("%Y-%m-%dT%H:%M%:z").to_string(),
        plain.clone(),
        local.datetime().strftime("%Y-%m-%dT%H:%M").to_string(),
        format!("{plain}.123456"),
        between
            .to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(-8)))
            .strftime("%Y-%m-%dT%H:%M:%S%:z")
            .to_string(),
    ] {
        let date = encoded(&date);
        assert_eq!(
            found(&shop, &format!("minCreatedDate={date}")).await,
            [late],
            "{date}"
        );
        assert_eq!(
            found(&shop, &format!("maxCreatedDate={date}")).await,
            [early],
            "{date}"
        );
    }
    let day = |days: i64| {
        let day = local.date().checked_add(jiff::Span::new().days(days));
        day.unwrap().to_string()
    };
    let query = format!("minCreatedDate={}&maxCreatedDate={}", day(-1), day(2));
    assert_eq!(found(&shop, &query).await, [late, early]);
    let query = format!("minCreatedDate={}", day(2));
    assert!(found(&shop, &query).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_stable_while_payments_keep_coming() {
    let shop = Shop::open().await;
    let mut made = Vec::new();
    for _ in 0..7 {
        made.push(pays(&shop).await);
    }
    made.reverse();
    let page = async |page: usize, size: usize, until: &str| {
        let query = format!("{PATH}?page={page}&size={size}{until}");
        let reply = shop.get(&query).await.ok();
        assert_eq!(reply.data("page"), &json!(page));
        assert_eq!(reply.data("size"), &json!(size));
        let total = reply.data("totalSize").as_i64().unwrap();
        (ids_of(reply.list("items")), total)
    };
    let mut seen = Vec::new();
    for number in 0..4 {
        let (ids, total) = page(number, 2, "").await;
        assert_eq!(total, 7);
        seen.extend(ids);
    }
    assert_eq!(seen, made);
    assert_eq!(page(4, 2, "").await, (Vec::new(), 7));
    assert_eq!(page(0, 100, "").await.0, made);

    // A page begins behind the last row of the one before it, whatever came meanwhile.
    let (mut turned, mut before) = (Vec::new(), made.clone());
    for number in 0..4 {
        turned.extend(page(number, 2, "").await.0);
        made.insert(0, pays(&shop).await);
    }
    assert_eq!(turned, before);
    // The same page again is the same page, and another size or filter is another list.
    before.truncate(4);
    assert_eq!(page(1, 2, "").await.0, before[2..4]);
    assert_eq!(page(1, 2, "&currency=TRY").await.0, made[2..4]);
    assert_eq!(page(1, 3, "").await.0, made[3..6]);
    // From the beginning it begins with the newest.
    assert_eq!(page(0, 2, "").await.0, made[..2]);
    assert_eq!(page(1, 2, "").await.0, made[2..4]);
    // After a while pages are counted from the newest again, and what they began at is forgotten.
    made.insert(0, pays(&shop).await);
    shop.wait(16 * 60).await;
    assert_eq!(page(1, 2, "").await.0, made[2..4]);
    shop.wait(16 * 60).await;
    server::jobs::forget(&shop.app).await;
    let places = "select count(*) as n from search_pages";
    assert_eq!(shop.count(places).await, 0);

    // With an upper bound of time, later payments move nothing.
    let now = encoded(&shop.app.now().to_string());
    let until = format!("&maxCreatedDate={now}");
    let first = page(0, 3, &until).await;
    shop.wait(5).await;
    pays(&shop).await;
    assert_eq!(page(0, 3, &until).await, first);
    assert_eq!(page(1, 3, &until).await.0, made[3..6]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_merchants_payments_are_never_found() {
    let shop = Shop::open().await;
    let id = pays(&shop).await;
    let keys = ("other-key", "other-secret");
    let other = MerchantSetup {
        name: "Other".to_owned(),
        api_key: Some(keys.0.to_owned()),
        secret_key: Some(keys.1.to_owned()),
        ..MerchantSetup::default()
    };
    let made = setup::create_merchant(&shop.app, &Actor::operator(), other).await;
    made.unwrap();
    for (path, status) in [
        (format!("{PATH}/{id}"), 404),
        (format!("{PAY}/{id}"), 404),
        (format!("{PATH}?paymentId={id}"), 200),
        (format!("{PATH}?page=0&size=10"), 200),
    ] {
        let reply = shop.call_as(keys, "GET", &path, "").await;
        assert_eq!(reply.status, status, "{path}");
        if status == 200 {
            assert_eq!(reply.data("totalSize"), 0, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_tells_items_amounts_in_one_scale_and_why_a_payment_failed() {
    let shop = Shop::open().await;
    let items = json!([
        {"name": "One", "price": 70, "externalId": "a"},
        {"name": "Two", "price": 30, "externalId": "b"},
    ]);
    let paid = shop.pays(GARANTI).with(json!({"items": items})).await.id();
    let unverified = shop.pays("5115830000006669").with_3ds(OTP).await.id;
    let declined = shop.pays(NO_FUNDS).await.declined("NOT_SUFFICIENT_FUNDS");

    let found = shop.search("size=100").await;
    let listed = found.list("items").to_vec();
    assert_eq!(listed.len(), 3);
    let of_id = |id: i64| {
        let one = listed.iter().find(|one| one["id"] == id);
        one.unwrap().clone()
    };
    for one in &listed {
        // The list tells what each payment's own address tells.
        let alone = shop.reported(&one["id"]).await;
        assert_eq!(alone.body["data"], *one);
    }

    let paid = of_id(paid);
    let told = paid["paymentTransactions"].as_array().unwrap();
    let names: Vec<&Value> = told.iter().map(|item| &item["name"]).collect();
    assert_eq!(names, ["One", "Two"]);
    for item in told {
        assert_eq!(item["transactionStatus"], "APPROVED");
        for (field, value) in item.as_object().unwrap() {
            let spelled = value.to_string();
            assert!(
                !value.is_number() || !spelled.contains('.'),
                "{field} is {spelled} beside a price of {}",
                item["price"]
            );
        }
        assert_eq!(item["refundablePrice"], item["paidPrice"]);
    }
    assert!(paid["paymentError"].is_null());

    let unverified = of_id(unverified);
    assert_eq!(unverified["paymentStatus"], "FAILURE");
    assert_eq!(unverified["paymentError"]["errorCode"], "9003");
    assert!(unverified["paymentError"]["errorDescription"].is_string());
    let declined = of_id(declined);
    assert_eq!(
        declined["paymentError"]["errorGroup"],
        "NOT_SUFFICIENT_FUNDS"
    );
    for failed in [unverified, declined] {
        let items = failed["paymentTransactions"].as_array().unwrap();
        assert!(!items.is_empty());
        for item in items {
            assert_eq!(item["transactionStatus"], "WAITING_FOR_APPROVAL");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn retrieve_payment_reads_a_loan_too() {
    let shop = Shop::open().await;
    let id = shop.applied("064").await.id;
    let read = shop.payment(id).await;
    assert_eq!(read.id(), id);
    assert_eq!(read.data("paymentType"), "APM");
    assert_eq!(read.data("paymentProvider"), "MASLAK");
    assert_eq!(read.data("paymentStatus"), "WAITING");
    assert_eq!(
        read.data("paymentTransactions.0.transactionStatus"),
        "WAITING_FOR_APPROVAL"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_items_and_the_refunds_of_a_payment_are_listed() {
    let shop = Shop::open().await;
    let items = json!([{"name": "One", "price": 70}, {"name": "Two", "price": 30}]);
    let paid = shop.pays(GARANTI).with(json!({"items": items})).await.ok();
    let id = paid.id();
    let item = paid.data("paymentTransactions.1.id").clone();
    let other = paid.data("paymentTransactions.0.id").clone();
    let part = json!({"paymentTransactionId": item, "refundPrice": 10});
    let refund = shop.post(MARK_ITEM, part).await.ok();

    let reported = shop.reported(id).await;
    let told = shop.get(&format!("{PATH}/{id}/transactions")).await.ok();
    assert_eq!(told.data("items"), reported.data("paymentTransactions"));
    assert_eq!(told.data("totalSize"), 2);
    assert_eq!(told.data("items.1.refundablePrice"), 20);
    let told = shop.get(&format!("{PATH}/{id}/refunds")).await.ok();
    assert_eq!(told.data("items"), reported.data("refunds"));
    assert_eq!(told.data("items.0.refundPrice"), 10);

    let of_item = |item: &Value| format!("{PATH}/{id}/transactions/{item}/refunds");
    let told = shop.get(&of_item(&item)).await.ok();
    assert_eq!(told.data("totalSize"), 1);
    assert_eq!(told.data("items.0.id"), refund.data("id"));
    assert_eq!(told.data("items.0.paymentTransactionId"), &item);
    assert_eq!(told.data("items.0.isAfterSettlement"), false);
    let none = shop.get(&of_item(&other)).await.ok();
    assert_eq!(none.data("totalSize"), 0);

    let another = shop.pays(GARANTI).await.id();
    let crossed = format!("{PATH}/{another}/transactions/{item}/refunds");
    shop.get(&crossed).await.refused(404, 9011);
    for path in ["transactions", "refunds", "transactions/1/refunds"] {
        let of = |id: &str| format!("{PATH}/{id}/{path}");
        shop.get(&of("1")).await.refused(404, 9001);
        shop.get(&of("x")).await.refused(400, 2008);
    }
    let path = format!("{PATH}/{id}/transactions/x/refunds");
    let wrong = shop.get(&path).await;
    wrong.refused(400, 2008);
    assert_eq!(wrong.field(), "paymentTransactionId");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_filter_of_refunds_finds_them_and_no_other() {
    let shop = Shop::open().await;
    let usd = json!({"name": "Dollars", "currency": "USD"});
    shop.pos(with(garanti(), usd)).await;
    let buyer = json!({"currency": "USD", "buyerMemberId": 42});
    let paid = shop.pays(FOREIGN).with(buyer).await.ok();
    let plain = shop.pays(GARANTI).await.id();
    let (payment, item) = (paid.id(), paid.data("paymentTransactions.0.id").clone());
    let part = json!({"paymentTransactionId": item, "refundPrice": 30, "conversationId": "back"});
    let part = shop.post(MARK_ITEM, part).await.ok();
    let part_id = part.data("id").as_i64().unwrap();
    shop.wait(60).await;
    let today = shop.pays(GARANTI).await.id();
    let cancel = shop.refunds(today).await.ok();
    let cancel = cancel.data("id").as_i64().unwrap();
    shop.fault("garanti", "void", declines("05")).await;
    let failed = shop.refunds(plain).await;
    assert_eq!(failed.status, 422, "{:#}", failed.body);

    let search = async |of: &str, query: &str| {
        let path = format!("/payment-reporting/v1/{of}?{query}");
        let reply = shop.get(&path).await.ok();
        let ids = ids_of(reply.list("items"));
        let total = reply.data("totalSize").as_i64();
        assert_eq!(total, i64::try_from(ids.len()).ok(), "{query}");
        (ids, reply)
    };
    let (all, _) = search("refunds", "").await;
    assert_eq!(all.len(), 3, "{all:?}");
    assert_eq!(all[1], cancel);
    let of_part = all[2];
    let (failed, told) = search("refunds", "status=FAILURE").await;
    assert_eq!(failed, [all[0]]);
    assert!(told.data("items.0.error.errorGroup").is_string());
    assert_eq!(
        told.data("items.0.error"),
        told.data("items.0.paymentError")
    );
    for query in [
        format!("id={of_part}"),
        format!("paymentId={payment}"),
        "buyerMemberId=42".to_owned(),
        "conversationId=back".to_owned(),
        "currency=USD".to_owned(),
        "currency=USD&minRefundPrice=30&maxRefundPrice=30".to_owned(),
        "maxRefundPrice=99.99".to_owned(),
        "maxPaidPrice=30".to_owned(),
        format!(
            "maxCreatedDate={}",
            encoded(
                &shop
                    .app
                    .now()
                    .checked_sub(jiff::SignedDuration::from_secs(30))
                    .unwrap()
                    .to_string()
            )
        ),
    ] {
        assert_eq!(search("refunds", &query).await.0, [of_part], "{query}");
    }
    for query in ["minPaidPrice=30.01", "currency=TRY"] {
        assert_eq!(search("refunds", query).await.0, all[..2], "{query}");
    }
    for query in [
        "status=WAITING",
        "currency=EUR",
        "paymentId=1",
        "id=1",
        "minRefundPrice=1000",
    ] {
        assert!(search("refunds", query).await.0.is_empty(), "{query}");
    }

    // The items of what was cancelled whole have no ids that the shop knows.
    let (items, _) = search("refund-transactions", "").await;
    assert_eq!(items, [part_id]);
    for query in [
        format!("id={part_id}"),
        format!("paymentId={payment}"),
        format!("paymentTransactionId={item}"),
        "buyerMemberId=42".to_owned(),
        "conversationId=back&isAfterSettlement=false".to_owned(),
        "status=SUCCESS".to_owned(),
        "maxRefundPrice=30".to_owned(),
        "currency=USD&minRefundPrice=30".to_owned(),
    ] {
        let found = search("refund-transactions", &query).await;
        assert_eq!(found.0, [part_id], "{query}");
    }
    let (found, _) = search("refund-transactions", "isAfterSettlement=true").await;
    assert!(found.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_filter_of_refunds_is_named() {
    let shop = Shop::open().await;
    for (query, code, field) in [
        ("size=0", 2011, "size"),
        ("size=101", 2011, "size"),
        ("page=-1", 3002, "page"),
        ("status=GONE", 2002, "status"),
        ("currency=XXX", 2002, "currency"),
        ("minRefundPrice=x", 2002, "minRefundPrice"),
        ("maxRefundPrice=-1", 3002, "maxRefundPrice"),
        ("minCreatedDate=2026-13-01", 2010, "minCreatedDate"),
        ("maxCreatedDate=2026-02-30", 2010, "maxCreatedDate"),
        ("paymentId=x", 2002, "paymentId"),
    ] {
        for of in ["refunds", "refund-transactions"] {
            let path = format!("/payment-reporting/v1/{of}?{query}");
            let reply = shop.get(&path).await;
            reply.refused(400, code);
            assert_eq!(reply.field(), field, "{of} {query}");
        }
    }
}
