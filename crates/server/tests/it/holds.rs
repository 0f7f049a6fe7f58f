//! Pre-authorisations: an amount is held, taken later by `/payment/v1/card-payments/{paymentId}/post-auth`, or released.

use crate::bad_input::{NOT_AN_AMOUNT, refused, spoil};
use crate::process::until;
use crate::refund_transactions::items;
use crate::shop::{
    BANKS, BONUS, DAY, GARANTI, NO_FUNDS, OTP, PAY, Shop, WORLD, YKB, declines, delay, payment,
    points, serve, with,
};
use serde_json::{Value, json};

const HOLD_FAILS: &str = "9792120000006667";
const CAPTURE_FAILS: &str = "4043150000006662";

/// What of a payment's books its row says: taken, held, being released, released, being taken.
async fn books(shop: &Shop, id: i64) -> [i64; 5] {
    let row = server::store::payments::of_merchant(&shop.app, shop.merchant, id);
    let payment = row.await.unwrap().unwrap();
    let hold = payment.hold.unwrap();
    [
        payment.captured,
        hold.amount,
        hold.releasing,
        hold.released,
        hold.capturing,
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_is_held_and_another_one_taken() {
    let shop = Shop::open().await;
    shop.noon().await;
    for (bank, card) in BANKS {
        let held = shop.holds(card).await.succeeded();
        let id = held.id();
        assert_eq!(held.data("paymentPhase"), "PRE_AUTH", "{bank}");
        assert_eq!(held.data("paidPrice"), 100);
        assert_eq!(shop.order_state(id).await, "held", "{bank}");
        assert_eq!(books(&shop, id).await, [0, 10_000, 0, 0, 0], "{bank}");
        let read = shop.reported(id).await.ok();
        assert_eq!(read.data("refundStatus"), "NOT_REFUNDED");
        assert_eq!(read.data("refundablePrice"), 100);

        shop.pass(3 * DAY).await;
        let taken = shop.captures(id, 110).await.succeeded();
        for (field, value) in [
            ("id", json!(id)),
            ("paymentPhase", json!("POST_AUTH")),
            ("price", json!(100)),
            ("paidPrice", json!(110)),
            ("merchantCommissionRate", json!(10)),
            ("merchantCommissionRateAmount", json!(10)),
            ("paymentTransactions.0.paidPrice", json!(33)),
            ("paymentTransactions.1.paidPrice", json!(77)),
        ] {
            assert_eq!(taken.data(field), &value, "{bank} {field}");
        }
        assert_ne!(taken.data("hostReference"), held.data("hostReference"));
        assert_eq!(shop.payment(id).await.body, taken.body, "{bank}");
        let order = shop.order(id).await;
        assert_eq!(order["captured"], 11_000, "{bank}");
        assert_eq!(books(&shop, id).await, [11_000, 10_000, 0, 0, 0], "{bank}");
        let read = shop.reported(id).await.ok();
        assert_eq!(read.data("refundStatus"), "NOT_REFUNDED");
        assert_eq!(read.data("refundablePrice"), 110);
        shop.captures(id, 50).await.refused(422, 9013);

        // What was taken on this day is cancelled whole, as a sale of this day is.
        let back = shop.refunds(id).await.ok();
        assert_eq!(back.data("refundType"), "CANCEL", "{bank}");
        assert_eq!(back.data("refundPrice"), 110);
        assert_eq!(shop.order_state(id).await, "voided", "{bank}");
        let read = shop.reported(id).await.ok();
        assert_eq!(read.data("refundStatus"), "FULLY_REFUNDED");
        assert_eq!(read.data("refundablePrice"), 0);
    }
    shop.wait(31).await;
    // The hold, and the capture, of each.
    assert_eq!(shop.hooks("API_AUTH").len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_captured_goes_back_in_parts_and_by_item() {
    let shop = Shop::open().await;
    for (bank, card) in BANKS {
        let held = shop.holds(card).await.succeeded();
        let (id, items) = (held.id(), items(&held));
        shop.refunds_item(items[0], 10).await.refused(422, 9008);
        shop.captures(id, 50).await.succeeded();
        shop.day_passes().await;
        shop.refunds_item(items[0], 16).await.refused(422, 3018);
        let part = shop.refunds_item(items[0], 5).await.ok();
        assert_eq!(part.data("refundPrice"), 5, "{bank}");
        let rest = shop.refunds(id).await.ok();
        assert_eq!(rest.data("refundType"), "REFUND");
        assert_eq!(rest.data("refundPrice"), 45);
        assert_eq!(shop.order(id).await["refunded"], 5_000, "{bank}");
        assert_eq!(books(&shop, id).await, [5_000, 10_000, 0, 0, 0]);
        let read = shop.reported(id).await.ok();
        assert_eq!(read.data("refundStatus"), "FULLY_REFUNDED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_hold_is_cancelled_whole_on_any_day() {
    let shop = Shop::open().await;
    for (bank, card) in BANKS {
        for days in [0, 2] {
            let id = shop.holds(card).await.succeeded().id();
            for _ in 0..days {
                shop.day_passes().await;
            }
            let back = shop.refunds(id).await.ok();
            assert_eq!(back.data("refundType"), "CANCEL", "{bank} {days}");
            assert_eq!(back.data("refundPrice"), 100);
            assert_eq!(shop.order_state(id).await, "voided", "{bank} {days}");
            assert_eq!(books(&shop, id).await, [0, 10_000, 0, 10_000, 0]);
            let read = shop.reported(id).await.succeeded();
            assert_eq!(read.data("paymentPhase"), "PRE_AUTH");
            assert_eq!(read.data("refundStatus"), "FULLY_REFUNDED");
            assert_eq!(read.data("refundablePrice"), 0);
            assert_eq!(
                read.data("paymentTransactions.0.refundStatus"),
                "FULLY_REFUNDED"
            );
            shop.refunds(id).await.refused(422, 9007);
            let refused = shop.captures(id, 10).await;
            refused.refused(422, 9013);
        }
    }
    shop.wait(31).await;
    assert_eq!(shop.hooks("REFUND").len(), 4);
    // One that was released at the bank's own screen is marked.
    let id = shop.holds(YKB).await.succeeded().id();
    let path = "/payment/v1/refunds/mark-as-refunded";
    let marked = shop.post(path, json!({"paymentId": id})).await.ok();
    assert_eq!(marked.list("items").len(), 2);
    assert_eq!(books(&shop, id).await, [0, 10_000, 0, 10_000, 0]);
    assert_eq!(shop.order_state(id).await, "held");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_3ds_the_hold_comes_with_the_completion() {
    let shop = Shop::open().await;
    for (bank, card) in BANKS {
        let back = shop.holds(card).with_3ds(OTP).await.verified();
        shop.captures(back.id, 100).await.refused(422, 9002);
        let held = back.completes().await.succeeded();
        assert_eq!(held.data("paymentPhase"), "PRE_AUTH", "{bank}");
        assert_eq!(shop.order_state(back.id).await, "held", "{bank}");
        let taken = shop.captures(back.id, "99.99").await.succeeded();
        assert_eq!(taken.data("paymentTransactions.0.paidPrice"), 30);
        assert_eq!(
            taken.data("paymentTransactions.1.paidPrice").to_string(),
            "69.99"
        );
        assert_eq!(shop.order(back.id).await["captured"], 9_999, "{bank}");
        shop.day_passes().await;
        shop.refunds(back.id).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_cards_fail_as_they_say_and_a_refused_capture_leaves_the_hold() {
    let shop = Shop::open().await;
    shop.holds(HOLD_FAILS)
        .await
        .declined("NOT_SUFFICIENT_FUNDS");
    shop.holds(NO_FUNDS).await.declined("NOT_SUFFICIENT_FUNDS");
    let id = shop.holds(CAPTURE_FAILS).await.succeeded().id();
    let refused = shop.captures(id, 100).await;
    assert_eq!(refused.declined("INVALID_TRANSACTION"), id);
    assert_eq!(books(&shop, id).await, [0, 10_000, 0, 0, 0]);
    let read = shop.payment(id).await.succeeded();
    assert_eq!(read.data("paymentPhase"), "PRE_AUTH");
    assert!(read.data("paymentError").is_null());
    shop.captures(id, 100).await.declined("INVALID_TRANSACTION");
    shop.refunds(id).await.ok();
    for (bank, card) in BANKS {
        let id = shop.holds(card).await.succeeded().id();
        // More than this bank takes, and not more than Galata asks for.
        shop.captures(id, 150).await.declined("INVALID_AMOUNT");
        let code = if bank == "posnet" { "0057" } else { "57" };
        shop.fault(bank, "capture", declines(code)).await;
        shop.captures(id, 100)
            .await
            .declined("NOT_PERMITTED_TO_CARDHOLDER");
        assert_eq!(shop.order_state(id).await, "held", "{bank}");
        shop.captures(id, 100).await.succeeded();
    }
    let known = "select count(*) as n from captures where state = 'APPROVED'";
    assert_eq!(shop.count(known).await, 2);
    let known = "select count(*) as n from captures where state = 'DECLINED'";
    assert_eq!(shop.count(known).await, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_held_is_told_and_nothing_is_stored() {
    let shop = Shop::open().await;
    for (over, code, field) in [
        (json!({"paymentGroup": "PRODUCT"}), 3031, "paymentGroup"),
        (json!({"walletPrice": 10}), 3009, "walletPrice"),
        (json!({"paymentPhase": "POST_AUTH"}), 2005, "paymentPhase"),
        (points(10.0, None), 3032, "card.loyalty"),
    ] {
        for card in [BONUS, WORLD] {
            let reply = shop.holds(card).with(over.clone()).await;
            let told = (reply.status, reply.error_code(), reply.field());
            assert_eq!(told, (400, code, field), "{over}");
            let reply = shop.holds(card).with(over.clone()).init_3ds().await;
            assert_eq!(reply.error_code(), code, "3DS {over}");
        }
    }
    assert_eq!(shop.payments().await, 0);
    // Absent, it may be a listing.
    let unsaid = json!({"paymentGroup": null});
    shop.holds(GARANTI).with(unsaid).await.succeeded();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_capture_names_its_field_and_nothing_is_stored() {
    let shop = Shop::open().await;
    let id = shop.holds(GARANTI).await.succeeded().id();
    let path = format!("{PAY}/{id}/post-auth");
    let body = json!({"paidPrice": 100});
    for wrong in NOT_AN_AMOUNT
        .iter()
        .chain(&["0", "0.00", "\"0\"", "null", ""])
    {
        let text = spoil(&body, "paidPrice", wrong);
        let reply = shop.call("POST", &path, &text, &[]).await;
        refused(&reply, 400, "paidPrice", wrong);
    }
    let reply = shop.captures(id, json!(150.01)).await;
    reply.refused(422, 3033);
    assert_eq!(reply.field(), "paidPrice");
    for (wrong, status) in [("0", 400), ("x", 400), ("-1", 400), ("123", 404)] {
        let path = format!("{PAY}/{wrong}/post-auth");
        let reply = shop.post(&path, body.clone()).await;
        assert_eq!(reply.status, status, "{wrong}");
    }
    let sold = shop.pays(GARANTI).await.succeeded().id();
    shop.captures(sold, 100).await.refused(422, 9013);
    let declined = shop.pays(NO_FUNDS).await.id();
    shop.captures(declined, 100).await.refused(422, 9002);
    assert_eq!(shop.count("select count(*) as n from captures").await, 0);
    assert_eq!(books(&shop, id).await, [0, 10_000, 0, 0, 0]);
    assert_eq!(shop.order_state(id).await, "held");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_with_a_campaign_is_captured_as_the_bank_lets_it() {
    let shop = Shop::open().await;
    let campaign =
        json!({"installment": 3, "card": {"loyalty": {"type": "ADDITIONAL_INSTALLMENT"}}});
    let id = shop.holds(WORLD).with(campaign).await.succeeded().id();
    let reply = shop.captures(id, 99).await;
    reply.refused(422, 3034);
    assert_eq!(reply.field(), "paidPrice");
    assert_eq!(shop.count("select count(*) as n from captures").await, 0);
    shop.captures(id, 100).await.succeeded();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_captures_once_and_is_answered_as_it_was() {
    let shop = Shop::open().await;
    let id = shop.holds(GARANTI).await.succeeded().id();
    let first = shop.captures(id, 90).keyed("capture-1").await.succeeded();
    let again = shop.captures(id, 90).keyed("capture-1").await.succeeded();
    assert_eq!(again.body, first.body);
    shop.captures(id, 91)
        .keyed("capture-1")
        .await
        .refused(422, 1107);
    shop.pass(8 * DAY).await;
    server::jobs::forget(&shop.app).await;
    let worded = shop.captures(id, 90).keyed("capture-1").await.succeeded();
    assert_eq!(worded.data("paidPrice"), 90);
    assert_eq!(shop.order(id).await["captured"], 9_000);

    let id = shop.holds(CAPTURE_FAILS).await.succeeded().id();
    for _ in 0..2 {
        let reply = shop.captures(id, 90).keyed("capture-2").await;
        reply.declined("INVALID_TRANSACTION");
    }
    let known = "select count(*) as n from captures where state = 'DECLINED'";
    assert_eq!(shop.count(known).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pos_limited_to_a_phase_is_left_out_of_the_other() {
    let shop = Shop::open().await;
    let (sold, held) = (shop.pays(GARANTI).await, shop.pays(YKB).await);
    let (garanti, ykb) = (sold.data("pos").clone(), held.data("pos").clone());
    let limit = async |pos: &Value, phases: Value| {
        let path = format!("/merchant/v1/merchant-poses/{}", pos["id"]);
        shop.put(&path, json!({"enabledPaymentPhases": phases}))
            .await
            .ok()
    };
    for pos in shop.poses().await {
        limit(&pos, json!(["AUTH"])).await;
    }
    limit(&ykb, json!(["PRE_AUTH"])).await;
    let sold = shop.pays(YKB).await.succeeded();
    assert_eq!(sold.data("pos.id"), &garanti["id"]);
    let held = shop.holds(GARANTI).await.succeeded();
    assert_eq!(held.data("pos.id"), &ykb["id"]);
    for (phase, alias) in [("AUTH", &garanti["alias"]), ("PRE_AUTH", &ykb["alias"])] {
        let query = format!("price=100&currency=TRY&binNumber=520922&paymentPhase={phase}");
        let found = shop.installments(&query).await.ok();
        assert_eq!(found.list("items").len(), 1, "{phase}");
        assert_eq!(found.data("items.0.installmentPrices.0.posAlias"), alias);
    }
    limit(&ykb, json!(["AUTH", "PRE_AUTH", "AUTH"])).await;
    shop.pays(YKB).await.succeeded();
    limit(&ykb, json!(["AUTH"])).await;
    shop.holds(GARANTI).await.refused(422, 5002);
    // What is held is captured wherever it is.
    shop.captures(held.id(), 100).await.succeeded();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_is_over_is_released_and_captured_no_more() {
    let shop = Shop::open().await;
    let mut ids = Vec::new();
    for (bank, card) in BANKS {
        let id = shop.holds(card).await.succeeded().id();
        let taken = shop.holds(card).await.succeeded().id();
        shop.captures(taken, 100).await.succeeded();
        ids.push((bank, id, taken));
    }
    shop.wait(6 * DAY - 10).await;
    for (_, id, _) in &ids {
        assert_eq!(shop.order_state(*id).await, "held");
    }
    // The bank refuses at first, and is not asked again at once.
    shop.fault("garanti", "void", declines("05")).await;
    shop.pass(20).await;
    for (_, id, _) in &ids {
        shop.captures(*id, 100).await.declined("EXPIRED_PROVISION");
    }
    shop.work().await;
    let states = async || {
        let mut states = Vec::new();
        for (_, id, _) in &ids {
            states.push(shop.order_state(*id).await);
        }
        states
    };
    assert_eq!(states().await, ["held", "voided"]);
    shop.wait(6 * 60 * 60 + 1).await;
    assert_eq!(states().await, ["voided", "voided"]);
    for (bank, id, taken) in &ids {
        let read = shop.reported(*id).await.succeeded();
        assert_eq!(read.data("refundStatus"), "FULLY_REFUNDED", "{bank}");
        assert_eq!(shop.order_state(*taken).await, "captured", "{bank}");
        assert!(shop.attempt(*id).await.inquire_at.is_none());
        assert!(shop.attempt(*taken).await.inquire_at.is_none());
    }
    let asked = "select count(*) as n from refunds where release";
    assert_eq!(shop.count(asked).await, 3);
    shop.wait(60 * DAY).await;
    assert_eq!(shop.count(asked).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_is_being_taken_when_its_time_ends_is_not_given_back() {
    for (bank, card) in BANKS {
        let shop = Shop::open().await;
        let id = shop.holds(card).await.succeeded().id();
        shop.pass(6 * DAY - 2).await;
        shop.fault(bank, "capture", delay(1_500)).await;
        let time_ends = async {
            until("the bank takes it", async || {
                (shop.order_state(id).await == "captured").then_some(())
            })
            .await;
            shop.wait(3).await;
        };
        let (taken, ()) = tokio::join!(shop.captures(id, 90), time_ends);
        taken.succeeded();
        assert_eq!(shop.order_state(id).await, "captured", "{bank}");
        let read = shop.reported(id).await.succeeded();
        assert_eq!(read.data("refundStatus"), "NOT_REFUNDED", "{bank}");
        assert_eq!(
            shop.count("select count(*) as n from refunds").await,
            0,
            "{bank}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_no_bank_releases_is_tried_for_a_week() {
    let shop = Shop::open().await;
    let id = shop.holds(GARANTI).await.succeeded().id();
    shop.faults(100, "garanti", "void", declines("05")).await;
    shop.pass(6 * DAY).await;
    for _ in 0..40 {
        shop.wait(6 * 60 * 60 + 1).await;
    }
    let asked = "select count(*) as n from refunds where release";
    let tries = shop.count(asked).await;
    assert!((26..=29).contains(&tries), "{tries}");
    assert!(shop.attempt(id).await.inquire_at.is_none());
    // A person releases it.
    shop.banks_recover().await;
    shop.refunds(id).await.ok();
    assert_eq!(shop.order_state(id).await, "voided");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_captures_and_cancels_at_once_move_one_payment_once() {
    let shop = &Shop::open().await;
    let second = shop.process(&shop.clock).await;
    let url = serve(&second).await;
    for (bank, card) in BANKS {
        let id = shop.holds(card).await.succeeded().id();
        let capture = format!("{PAY}/{id}/post-auth");
        let mut calls = Vec::new();
        for turn in 0..20 {
            let capture = capture.clone();
            let (server, url) = (turn % 2 == 0, url.clone());
            calls.push(Box::pin(async move {
                let (path, body) = match turn % 3 {
                    0 => ("/payment/v1/refunds".to_owned(), json!({"paymentId": id})),
                    _ => (capture, json!({"paidPrice": 80 + turn})),
                };
                if server {
                    shop.post(&path, body).await.status
                } else {
                    shop.post_at(&url, &path, &body).await.unwrap().status
                }
            }));
        }
        let statuses = futures_util::future::join_all(calls).await;
        assert!(statuses.iter().all(|status| *status < 500), "{statuses:?}");
        let [taken, held, releasing, released, capturing] = books(shop, id).await;
        assert_eq!((held, releasing, capturing), (10_000, 0, 0), "{bank}");
        let order = shop.order(id).await;
        if released > 0 {
            assert_eq!((taken, released), (0, 10_000), "{bank}");
            assert_eq!(order["state"], "voided", "{bank}");
        } else {
            // Perhaps cancelled after it was captured.
            let is_back = order["state"] == "voided";
            assert!(
                taken > 0 && (is_back || order["captured"] == taken),
                "{bank} {order}"
            );
            let told = shop.reported(id).await.text("refundStatus") == "FULLY_REFUNDED";
            assert_eq!(told, is_back, "{bank}");
        }
        let approved = "select count(*) as n from captures where state = 'APPROVED'";
        assert!(shop.count(approved).await <= 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_refuses_books_of_holds_that_cannot_be() {
    use server::store::db::{Commit, params};
    let shop = Shop::open().await;
    let id = shop.holds(GARANTI).await.succeeded().id();
    let sold = shop.pays(GARANTI).await.succeeded().id();
    for (set, what) in [
        ("hold_capturing = 15001", "more being taken than may be"),
        (
            "hold_capturing = 1, hold_releasing = 1",
            "two moves at once",
        ),
        (
            "hold_capturing = 1, hold_released = 1",
            "taken and released",
        ),
        ("captured = 1, hold_released = 1", "taken and released"),
        ("hold_released = 10001", "more released than was held"),
        ("hold_releasing = -1", "less than nothing"),
        ("hold_amount = 0", "a hold of nothing"),
        (
            "captured = 15001, paid_price = 15001",
            "more taken than may be",
        ),
        ("refunded = 1", "given back what was not taken"),
        ("status = 'FAILURE'", "a failure that holds"),
    ] {
        let sql = format!("update payments set {set} where merchant_id = $1 and id = $2");
        let commit = Commit::new(shop.merchant, id).then(sql.leak(), params![shop.merchant, id]);
        assert!(shop.app.db.commit(commit).await.is_err(), "{what}");
    }
    assert_eq!(books(&shop, id).await, [0, 10_000, 0, 0, 0]);
    let sql = "update payments set hold_amount = null where merchant_id = $1 and id = $2";
    let commit = Commit::new(shop.merchant, sold).then(sql, params![shop.merchant, sold]);
    shop.app.db.commit(commit).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_card_is_held_and_stored_once_it_is() {
    let shop = Shop::open().await;
    let over = json!({"card": {"storeCardAfterSuccessPayment": true}});
    let held = shop.holds(GARANTI).with(over).await.succeeded();
    let token = held.text("cardToken").to_owned();
    let user = held.text("cardUserKey").to_owned();
    for pos in shop.poses().await {
        let path = format!("/merchant/v1/merchant-poses/{}", pos["id"]);
        shop.put(&path, json!({"enablePaymentWithoutCvc": true}))
            .await
            .ok();
    }
    let mut request = payment(GARANTI);
    request["card"] = json!({"cardToken": token, "cardUserKey": user});
    let request = with(request, json!({"paymentPhase": "PRE_AUTH"}));
    let id = shop.pays_as(request).await.succeeded().id();
    assert_eq!(shop.order_state(id).await, "held");
    // A POS that only gives back keeps what it holds.
    let pos = shop.payment(id).await.data("pos.id").clone();
    let path = format!("/merchant/v1/merchant-poses/{pos}/status/REFUND_ONLY");
    shop.put(&path, Value::Null).await.ok();
    shop.captures(id, 100).await.succeeded();
    shop.refunds(id).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_no_turnover_until_it_is_captured() {
    let shop = Shop::open().await;
    shop.noon().await;
    let taken = async || {
        let sql = "select cast(coalesce(sum(captured), 0) as bigint) as n from payments";
        shop.count(sql).await
    };
    let id = shop.holds(GARANTI).await.succeeded().id();
    let released = shop.holds(YKB).await.succeeded().id();
    shop.refunds(released).await.ok();
    assert_eq!(taken().await, 0);
    shop.captures(id, 80).await.succeeded();
    assert_eq!(taken().await, 8_000);
}
