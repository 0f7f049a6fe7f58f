//! Money back of items: `/payment/v1/refund-transactions`, in parts, with points, and on which day.

use crate::shop::{
    BANKS, BONUS, DAY, GARANTI, Reply, Shop, WORLD, YKB, declines, payment, points, with,
};
use serde_json::{Value, json};

/// The ids of a payment's items.
pub fn items(paid: &Reply) -> Vec<i64> {
    let items = paid.list("paymentTransactions").iter();
    items.map(|item| item["id"].as_i64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn items_go_back_in_parts_and_what_is_left_goes_as_a_whole() {
    let shop = Shop::open().await;
    for (bank, card) in BANKS {
        let paid = shop.pays(card).await.succeeded();
        let (id, items) = (paid.id(), items(&paid));
        shop.day_passes().await;
        let part = shop.refunds_item(items[1], 12).await.ok();
        for (field, value) in [
            ("status", json!("SUCCESS")),
            ("refundPrice", json!(12)),
            ("refundDestinationType", json!("PROVIDER")),
            ("isAfterSettlement", json!(false)),
            ("paymentTransactionId", json!(items[1])),
            ("paymentId", json!(id)),
        ] {
            assert_eq!(part.data(field), &value, "{bank} {field}");
        }
        let path = format!("/payment/v1/refund-transactions/{}", part.data("id"));
        assert_eq!(shop.get(&path).await.ok().body, part.body);
        let read = shop.reported(id).await.ok();
        assert_eq!(read.data("refundStatus"), "PARTIAL_REFUNDED");
        assert_eq!(read.data("refundablePrice"), 88);
        assert_eq!(
            read.data("paymentTransactions.0.refundStatus"),
            "NOT_REFUNDED"
        );
        assert_eq!(
            read.data("paymentTransactions.1.refundStatus"),
            "PARTIAL_REFUNDED"
        );
        assert_eq!(read.data("paymentTransactions.1.refundablePrice"), 58);

        // More than is left of the item, though the payment has more.
        let above = shop.refunds_item(items[1], 58.01).await;
        above.refused(422, 3018);
        assert_eq!(above.field(), "refundPrice");
        let rest = shop.refunds_item(items[1], Value::Null).await.ok();
        assert_eq!(rest.data("refundPrice"), 58);
        shop.refunds_item(items[1], Value::Null)
            .await
            .refused(422, 9007);

        let whole = shop.refunds(id).await.ok();
        assert_eq!(whole.data("refundType"), "REFUND");
        assert_eq!(whole.data("id"), &Value::Null);
        assert_eq!(whole.data("refundPrice"), 30);
        let rows = whole.list("paymentTransactionRefunds");
        assert_eq!(
            (rows.len(), &rows[0]["paymentTransactionId"]),
            (1, &json!(items[0]))
        );
        let order = shop.order(id).await;
        assert_eq!(
            (&order["state"], &order["refunded"]),
            (&json!("refunded"), &json!(10_000)),
            "{bank}"
        );
        let read = shop.reported(id).await.ok();
        assert_eq!(read.data("refundStatus"), "FULLY_REFUNDED");
        assert_eq!(read.list("refunds").len(), 3);
    }
    shop.wait(31).await;
    assert_eq!(shop.hooks("REFUND_TX").len(), 6);
    assert!(shop.hooks("REFUND").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_today_waits_for_the_days_end_and_an_item_that_is_all_does_not() {
    let shop = Shop::open().await;
    let paid = shop.pays(YKB).await.succeeded();
    let (id, items) = (paid.id(), items(&paid));
    shop.refunds_item(items[0], 5)
        .await
        .declined("REQUIRES_DAY_END");
    let read = shop.reported(id).await.ok();
    assert_eq!(read.data("refundablePrice"), 100);
    assert_eq!(read.data("refunds.0.status"), "FAILURE");
    assert_eq!(read.data("refunds.0.error.errorGroup"), "REQUIRES_DAY_END");
    // A refusal is no refund before it: the whole is still cancelled.
    assert_eq!(shop.refunds(id).await.ok().data("refundType"), "CANCEL");

    let one = json!({"items": [{"name": "All", "price": 100}]});
    for (bank, card) in BANKS {
        let paid = shop
            .pays_as(with(payment(card), one.clone()))
            .await
            .succeeded();
        let back = shop.refunds_item(self::items(&paid)[0], 100).await.ok();
        assert_eq!(back.data("status"), "SUCCESS");
        assert_eq!(shop.order_state(paid.id()).await, "voided", "{bank}");
        let path = format!("/payment/v1/refund-transactions/{}", back.data("id"));
        shop.get(&path).await.ok();
    }
    shop.wait(31).await;
    assert_eq!(
        (shop.hooks("REFUND").len(), shop.hooks("REFUND_TX").len()),
        (1, 2)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_closed_its_day_early_or_late_is_asked_in_the_other_way_once() {
    let shop = Shop::open().await;
    let id = shop.pays(YKB).await.succeeded().id();
    shop.closes_day().await;
    let back = shop.refunds(id).await.ok();
    assert_eq!(back.data("refundType"), "REFUND");
    assert_eq!(back.list("paymentTransactionRefunds").len(), 2);
    assert_eq!(shop.order(id).await["refunded"], 10_000);

    let id = shop.pays(YKB).await.succeeded().id();
    shop.day_passes().await;
    shop.fault("posnet", "refund", declines("0411")).await;
    shop.refunds(id).await.declined("EXPIRED_PROVISION");
    let asked = shop.exchanges(id).await;
    let mut asked: Vec<_> = asked.iter().map(|one| one.operation.as_str()).collect();
    asked.dedup();
    assert_eq!(asked[asked.len() - 2..], ["refund", "void"]);
    // Or its day is still open: then the whole is undone after all.
    let late = shop.pays(YKB).await.succeeded().id();
    shop.pass(DAY).await;
    assert_eq!(shop.refunds(late).await.ok().data("refundType"), "CANCEL");
    assert_eq!(shop.order_state(late).await, "voided");
    // The other way only where the whole goes back.
    shop.fault("posnet", "refund", declines("0411")).await;
    let first = items(&shop.payment(id).await)[0];
    shop.refunds_item(first, 1)
        .await
        .declined("REQUIRES_DAY_END");
    assert_eq!(shop.reported(id).await.data("refundablePrice"), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn points_go_back_with_their_share_and_all_of_them_in_the_end() {
    let shop = Shop::open().await;
    for (bank, card) in [("garanti", BONUS), ("posnet", WORLD)] {
        let spends = with(payment(card), points(10.01, 0.0));
        let paid = shop.pays_as(spends).await.succeeded();
        let (id, items) = (paid.id(), items(&paid));
        let spent = shop.order(id).await["points"].clone();
        shop.day_passes().await;
        for price in [0.01, 3.33, 7.77] {
            shop.refunds_item(items[0], price).await.ok();
        }
        shop.refunds(id).await.ok();
        let order = shop.order(id).await;
        assert_eq!(order["refunded"], 10_000, "{bank}");
        assert_eq!(order["pointsReturned"], 1_001, "{bank} {spent}");
        let refunds = server::store::refunds::of_payment(&shop.app, shop.merchant, id).await;
        let points = refunds.unwrap().into_iter().filter_map(|one| one.points);
        assert_eq!(
            points.map(|one| one.card + one.firm).sum::<i64>(),
            1_001,
            "{bank}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_whose_refund_fails_say_why_and_keep_nothing_reserved() {
    let shop = Shop::open().await;
    for (card, group) in [
        ("5428040000006667", "ARCHIVED_PAYMENT"),
        ("5530900000006667", "EXPIRED_PROVISION"),
        ("4792270000006661", "INVALID_REFUND_TRANSACTION"),
        ("4059030000006667", "MAY_HAVE_ALREADY_REFUNDED"),
        ("5288250000006661", "NON_REFUNDABLE_PAYMENT"),
        ("4320720000006666", "PAYMENT_NOT_FOUND_FOR_REFUND"),
        ("4355080000006663", "POS_BALANCE_NOT_SUFFICIENT"),
        ("6501700000006664", "REFUND_DECLINE"),
        ("4060150000006660", "TOO_MANY_REQUESTS"),
        ("9792140000006665", "UNKNOWN"),
    ] {
        let id = shop.pays(card).await.succeeded().id();
        shop.refunds(id).await.declined(group);
        let read = shop.reported(id).await.ok();
        assert_eq!(read.data("refundStatus"), "NOT_REFUNDED", "{group}");
        assert_eq!(read.data("refundablePrice"), 100, "{group}");
        assert_eq!(read.data("refunds.0.error.errorGroup"), group);
    }
    shop.wait(31).await;
    assert!(shop.hooks("REFUND").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_idempotency_key_is_one_refund() {
    let shop = Shop::open().await;
    let paid = shop.pays(GARANTI).await.succeeded();
    let first = items(&paid)[0];
    shop.day_passes().await;
    let told = shop.refunds_item(first, 10).keyed("back-1").await.ok();
    let again = shop.refunds_item(first, 10).keyed("back-1").await.ok();
    assert_eq!(told.body, again.body);
    assert_eq!(shop.order(paid.id()).await["refunded"], 1_000);
    // Not kept any more: worded from the refund itself.
    shop.execute("delete from kept_answers", Vec::new()).await;
    let again = shop.refunds_item(first, 10).keyed("back-1").await.ok();
    assert_eq!(told.body, again.body);
    shop.refunds_item(first, 11)
        .keyed("back-1")
        .await
        .refused(422, 1107);
    let whole = shop.refunds(paid.id()).keyed("back-2").await.ok();
    shop.execute("delete from kept_answers", Vec::new()).await;
    assert_eq!(
        shop.refunds(paid.id()).keyed("back-2").await.ok().body,
        whole.body
    );
    assert_eq!(shop.order(paid.id()).await["refunded"], 10_000);
}
