//! `/payment-reporting/v1/payments`.

use crate::bnpl_payments::application;
use crate::browser::through_threeds;
use crate::world::{Reply, World, garanti, payment, with};
use serde_json::{Value, json};
use server::operations::By;

const PATH: &str = "/payment-reporting/v1/payments";

/// The ids that a search finds, newest first.
async fn found(world: &World, query: &str) -> Vec<i64> {
    let reply = world.get(&format!("{PATH}?{query}")).await.ok();
    let ids: Vec<i64> = reply
        .data("items")
        .as_array()
        .unwrap()
        .iter()
        .map(|payment| payment["id"].as_i64().unwrap())
        .collect();
    assert_eq!(
        reply.data("totalSize").as_i64(),
        i64::try_from(ids.len()).ok()
    );
    ids
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn pays(world: &World, over: Value) -> Reply {
    let request = with(payment("5209220000000002"), over);
    world.post("/payment/v1/card-payments", request).await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_filter_alone_finds_its_payment_and_no_other() {
    let world = World::open().await;
    world
        .pos(with(
            garanti(),
            json!({"name": "Dollars", "currency": "USD"}),
        ))
        .await;
    // One payment like any other, and one that differs from it in everything.
    let plain = pays(&world, json!({})).await;
    let plain = plain.data("id").as_i64().unwrap();
    world.wait(10).await;
    let other = with(
        payment("5400630000000009"),
        json!({
            "price": 300, "paidPrice": 330, "installment": 3, "conversationId": "other & co",
            "externalId": "order-ü", "paymentChannel": "mobile", "buyerMemberId": 42,
            "callbackUrl": "https://shop.example.com/callback"
        }),
    );
    let mut other = other;
    other["items"] = json!([{"name": "Item", "price": 300, "subMerchantMemberId": 7,
        "subMerchantMemberPrice": 100}]);
    let init = world
        .post("/payment/v1/card-payments/3ds-init", other)
        .await
        .ok();
    let html = init.data("htmlContent").as_str().unwrap();
    through_threeds(&world, html, "123456", "confirm").await;
    let other = world
        .post(
            "/payment/v1/card-payments/3ds-complete",
            json!({"paymentId": init.data("paymentId")}),
        )
        .await
        .ok();
    let id = other.data("id").as_i64().unwrap();
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
        format!("orderId={}", other.data("orderId").as_str().unwrap()),
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
        assert_eq!(found(&world, &query).await, [id], "{query}");
    }
    for query in ["isThreeDS=false", "maxPaidPrice=100", "maxPaidPrice=329.99"] {
        assert_eq!(found(&world, query).await, [plain], "{query}");
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
        assert_eq!(found(&world, query).await, [id, plain], "{query}");
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
        assert!(found(&world, query).await.is_empty(), "{query}");
    }

    // The kinds that need payments of their own.
    let declined = world
        .post("/payment/v1/card-payments", payment("5100050000006661"))
        .await;
    let declined = declined.body["errors"]["paymentId"].as_i64().unwrap();
    assert_eq!(found(&world, "paymentStatus=FAILURE").await, [declined]);
    let dollars = pays(&world, json!({"currency": "USD"})).await;
    let dollars = dollars.data("id").as_i64().unwrap();
    assert_eq!(found(&world, "currency=USD").await, [dollars]);
    let loan = world
        .post("/payment/v1/bnpl-payments/init", application("064"))
        .await
        .ok();
    let loan = loan.data("paymentId").as_i64().unwrap();
    for query in [
        "paymentType=APM",
        "paymentProvider=MASLAK",
        "paymentStatus=WAITING",
    ] {
        assert_eq!(found(&world, query).await, [loan], "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_are_read_with_and_without_zone_and_seconds() {
    let world = World::open().await;
    let early = pays(&world, json!({})).await;
    let early = early.data("id").as_i64().unwrap();
    world.wait(2 * 60 * 60).await;
    let between = world.app.now();
    world.wait(2 * 60 * 60).await;
    let late = pays(&world, json!({})).await;
    let late = late.data("id").as_i64().unwrap();

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
            found(&world, &format!("minCreatedDate={date}")).await,
            [late],
            "{date}"
        );
        assert_eq!(
            found(&world, &format!("maxCreatedDate={date}")).await,
            [early],
            "{date}"
        );
    }
    let day = |days: i64| {
        let day = local.date().checked_add(jiff::Span::new().days(days));
        day.unwrap().to_string()
    };
    let query = format!("minCreatedDate={}&maxCreatedDate={}", day(-1), day(2));
    assert_eq!(found(&world, &query).await, [late, early]);
    let query = format!("minCreatedDate={}", day(2));
    assert!(found(&world, &query).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_stable_while_payments_keep_coming() {
    let world = World::open().await;
    let mut made = Vec::new();
    for _ in 0..7 {
        made.push(pays(&world, json!({})).await.data("id").as_i64().unwrap());
    }
    made.reverse();
    let page = async |page: usize, size: usize, until: &str| {
        let query = format!("{PATH}?page={page}&size={size}{until}");
        let reply = world.get(&query).await.ok();
        assert_eq!(reply.data("page"), &json!(page));
        assert_eq!(reply.data("size"), &json!(size));
        let items = reply.data("items").as_array().unwrap().clone();
        let ids: Vec<i64> = items.iter().map(|p| p["id"].as_i64().unwrap()).collect();
        (ids, reply.data("totalSize").as_i64().unwrap())
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

    // With an upper bound of time, later payments move nothing.
    let now = encoded(&world.app.now().to_string());
    let until = format!("&maxCreatedDate={now}");
    let first = page(0, 3, &until).await;
    world.wait(5).await;
    pays(&world, json!({})).await;
    assert_eq!(page(0, 3, &until).await, first);
    assert_eq!(page(1, 3, &until).await.0, made[3..6]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_merchants_payments_are_never_found() {
    let world = World::open().await;
    let made = pays(&world, json!({})).await;
    let id = made.data("id");
    server::setup::create_merchant(
        &world.app,
        &By::operator(),
        server::setup::MerchantSetup {
            name: "Other".to_owned(),
            api_key: Some("other-key".to_owned()),
            secret_key: Some("other-secret".to_owned()),
            ..Default::default()
        },
    )
    .await
    .unwrap();
    for (path, status) in [
        (format!("{PATH}/{id}"), 404),
        (format!("/payment/v1/card-payments/{id}"), 404),
        (format!("{PATH}?paymentId={id}"), 200),
        (format!("{PATH}?page=0&size=10"), 200),
    ] {
        let rnd = server::random::key(12);
        let url = format!("{}{path}", world.gateway);
        let signed = contract::signature::sign(&url, "other-key", "other-secret", &rnd, b"");
        let headers = [
            ("x-api-key", "other-key"),
            ("x-rnd-key", rnd.as_str()),
            ("x-auth-version", "v1"),
            ("x-signature", signed.as_str()),
        ];
        let reply = world.raw("GET", &path, b"", &headers).await;
        assert_eq!(reply.status, status, "{path}");
        if status == 200 {
            assert_eq!(reply.data("totalSize"), 0, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_tells_items_amounts_in_one_scale_and_why_a_payment_failed() {
    let world = World::open().await;
    let items = json!([
        {"name": "One", "price": 70, "externalId": "a"},
        {"name": "Two", "price": 30, "externalId": "b"},
    ]);
    let paid = pays(
        &world,
        json!({"price": 100, "paidPrice": 100, "items": items}),
    )
    .await;
    let init = world
        .post(
            "/payment/v1/card-payments/3ds-init",
            with(
                payment("5115830000006669"),
                json!({"callbackUrl": "https://shop.example.com/callback"}),
            ),
        )
        .await
        .ok();
    let html = init.data("htmlContent").as_str().unwrap();
    through_threeds(&world, html, "123456", "confirm").await;
    let declined = world
        .post("/payment/v1/card-payments", payment("5100050000006661"))
        .await;
    assert_eq!(declined.status, 422);

    let found = world.get(&format!("{PATH}?size=100")).await.ok();
    let listed = found.data("items").as_array().unwrap().clone();
    assert_eq!(listed.len(), 3);
    let of_id = |id: &Value| {
        let one = listed.iter().find(|one| one["id"] == *id);
        one.unwrap().clone()
    };
    for one in &listed {
        // The list tells what each payment's own address tells.
        let alone = world.get(&format!("{PATH}/{}", one["id"])).await.ok();
        assert_eq!(alone.body["data"], *one);
    }

    let paid = of_id(paid.data("id"));
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

    let unverified = of_id(init.data("paymentId"));
    assert_eq!(unverified["paymentStatus"], "FAILURE");
    assert_eq!(unverified["paymentError"]["errorCode"], "9003");
    assert!(unverified["paymentError"]["errorDescription"].is_string());
    let declined = of_id(&declined.body["errors"]["paymentId"]);
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
    let world = World::open().await;
    let begun = world
        .post("/payment/v1/bnpl-payments/init", application("064"))
        .await
        .ok();
    let id = begun.data("paymentId");
    let read = world
        .get(&format!("/payment/v1/card-payments/{id}"))
        .await
        .ok();
    assert_eq!(read.data("id"), id);
    assert_eq!(read.data("paymentType"), "APM");
    assert_eq!(read.data("paymentProvider"), "MASLAK");
    assert_eq!(read.data("paymentStatus"), "WAITING");
    assert_eq!(
        read.data("paymentTransactions.0.transactionStatus"),
        "WAITING_FOR_APPROVAL"
    );
}
