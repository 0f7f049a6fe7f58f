//! Money back of loans through their lender: whole, by item and in part, before the approval, in doubt, and what
//! the lender gives back by itself.

use crate::panel::Panel;
use crate::process::{Serving, until};
use crate::refund_transactions::items;
use crate::shop::{Applied, Reply, Shop, answers, declines, delay, serve};
use serde_json::{Value, json};
use server::operations::{Role, refunds};
use server::store::db::{Commit, params};
use server::store::refunds::{Refund, RefundState, of_payment};
use std::sync::Arc;
use tokio::task::JoinSet;

/// What is lent, in kuruş.
const LENT: i64 = 1_000_000;

/// A loan of two items, which its bank approved and disbursed by itself.
async fn disbursed(shop: &Shop) -> (i64, Vec<i64>) {
    let items_of =
        json!({"items": [{"name": "Konsol", "price": 6000}, {"name": "Mobilya", "price": 4000}]});
    let applied = shop.applies("064").with(items_of).await;
    let loan = Applied::of(shop, applied);
    assert_eq!(
        loan.decides("approve").await.field("paymentStatus"),
        "SUCCESS"
    );
    let paid = shop.payment(loan.id).await.succeeded();
    (loan.id, items(&paid))
}

/// A loan that is ready and waits for the shop.
async fn ready(shop: &Shop) -> Applied<'_> {
    let loan = shop.applied("103").await;
    let callback = loan.decides("approve").await;
    assert_eq!(callback.field("additionalAction"), "APPROVAL_REQUIRED");
    loan
}

/// The loan of a payment as the lender has it.
async fn at_lender(shop: &Shop, id: i64) -> Value {
    let order = shop.loan(id).await.order_id;
    let mut all = shop.applications().await.into_iter();
    all.find(|loan| loan["orderId"] == order).unwrap()
}

async fn left_at_lender(shop: &Shop, id: i64) -> i64 {
    at_lender(shop, id).await["left"].as_i64().unwrap()
}

async fn last(shop: &Shop, id: i64) -> Refund {
    let found = of_payment(&shop.app, shop.merchant, id).await.unwrap();
    found.into_iter().next_back().unwrap()
}

/// A person notes what was given back of an item outside.
async fn marks(shop: &Shop, item: i64, price: i64) {
    let body = json!({"paymentTransactionId": item, "refundPrice": price});
    let path = "/payment/v1/refund-transactions/mark-as-refunded";
    shop.post(path, body).await.ok();
}

/// What is left of a loan by the books, and by items.
async fn left(shop: &Shop, id: i64) -> [Value; 3] {
    let read = shop.reported(id).await;
    let names = ["", "paymentTransactions.0.", "paymentTransactions.1."];
    names.map(|of| read.data(&format!("{of}refundablePrice")).clone())
}

/// The lender gives back by itself, and says so.
async fn gives_back(shop: &Shop, id: i64, more: Value) {
    let order = shop.loan(id).await.order_id;
    let decision = crate::shop::with(json!({"decision": "give_back"}), more);
    shop.lender_decides(&order, decision).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_of_today_is_cancelled_and_one_of_yesterday_refunded() {
    let shop = Shop::open().await;
    shop.noon().await;
    let (id, _) = disbursed(&shop).await;
    let refund = shop.refunds(id).await.ok();
    for (field, value) in [
        ("status", json!("SUCCESS")),
        ("refundType", json!("CANCEL")),
        ("refundPrice", json!(10000)),
        ("paymentId", json!(id)),
        ("currency", json!("TRY")),
        ("paymentTransactionRefunds", json!([])),
    ] {
        assert_eq!(refund.data(field), &value, "{field}");
    }
    let path = format!("/payment/v1/refunds/{}", refund.data("id"));
    assert_eq!(shop.get(&path).await.ok().body, refund.body);
    let lender = at_lender(&shop, id).await;
    assert_eq!(lender["left"], 0);
    assert_eq!(lender["refunds"][0]["kind"], "void");
    assert_eq!(
        refund.data("hostReference"),
        &lender["refunds"][0]["reference"]
    );
    let read = shop.reported(id).await.succeeded();
    assert_eq!(read.data("refundStatus"), "FULLY_REFUNDED");
    assert_eq!(read.data("refundablePrice"), 0);
    shop.refunds(id).await.refused(422, 9007);

    let (id, items) = disbursed(&shop).await;
    shop.day_passes().await;
    let refund = shop.refunds(id).await.ok();
    assert_eq!(refund.data("refundType"), "REFUND");
    assert_eq!(
        refund.data("paymentTransactionRefunds.1.paymentTransactionId"),
        items[1]
    );
    assert_eq!(left_at_lender(&shop, id).await, 0);
    shop.wait(31).await;
    assert_eq!(shop.hooks("REFUND").len(), 1);
    assert_eq!(shop.hooks("REFUND_TX").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn items_go_back_in_parts_and_then_what_is_left() {
    let shop = Shop::open().await;
    let (id, items) = disbursed(&shop).await;
    let part = shop.refunds_item(items[0], 1250.5).await.ok();
    assert_eq!(part.data("refundPrice"), 1250.5);
    let path = format!("/payment/v1/refund-transactions/{}", part.data("id"));
    assert_eq!(shop.get(&path).await.ok().body, part.body);
    shop.refunds_item(items[0], 4749.51)
        .await
        .refused(422, 3018);
    shop.refunds_item(items[1], Value::Null).await.ok();
    let read = shop.reported(id).await.succeeded();
    assert_eq!(read.data("refundStatus"), "PARTIAL_REFUNDED");
    assert_eq!(read.data("refundablePrice"), 4749.5);
    assert_eq!(
        read.data("paymentTransactions.1.refundStatus"),
        "FULLY_REFUNDED"
    );
    assert_eq!(left_at_lender(&shop, id).await, 474_950);
    // On the same day, but not the whole any more.
    let rest = shop.refunds(id).await.ok();
    assert_eq!(rest.data("refundType"), "REFUND");
    assert_eq!(rest.data("refundPrice"), 4749.5);
    assert_eq!(left_at_lender(&shop, id).await, 0);
    let found = shop.get("/payment-reporting/v1/refunds").await.ok();
    assert_eq!(found.data("totalSize"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lenders_day_decides_between_cancel_and_refund() {
    let shop = Shop::open().await;
    shop.noon().await;
    // Closed before midnight: the other way is tried, under the same id.
    let (id, items) = disbursed(&shop).await;
    let order = shop.loan(id).await.order_id;
    shop.lender_decides(&order, json!({"decision": "close_day"}))
        .await;
    assert_eq!(shop.refunds(id).await.ok().data("refundType"), "REFUND");
    let refund = last(&shop, id).await;
    let lender = at_lender(&shop, id).await;
    assert_eq!(lender["refunds"][0]["refundId"], refund.id.to_string());
    assert_eq!(lender["refunds"].as_array().unwrap().len(), 1);
    assert_eq!(items.len(), 2);
    // Not closed yet: a part must wait, the whole is cancelled.
    let (id, items) = disbursed(&shop).await;
    shop.lender_faults(1, "refund", declines("DAY_OPEN")).await;
    shop.refunds_item(items[0], 1)
        .await
        .declined("REQUIRES_DAY_END");
    shop.refunds(id).await.ok();
    assert_eq!(left_at_lender(&shop, id).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_has_its_group_and_leaves_everything_as_it_was() {
    let shop = Shop::open().await;
    let (id, items) = disbursed(&shop).await;
    for (code, group) in [
        ("REFUND_REFUSED", "REFUND_DECLINE"),
        ("BALANCE_NOT_SUFFICIENT", "POS_BALANCE_NOT_SUFFICIENT"),
        ("AMOUNT_ABOVE_REST", "MAY_HAVE_ALREADY_REFUNDED"),
        ("APPLICATION_NOT_DISBURSED", "NON_REFUNDABLE_PAYMENT"),
        ("SOMETHING_OF_ITS_OWN", "APM_ERROR"),
    ] {
        shop.lender_faults(1, "refund", declines(code)).await;
        let refused = shop.refunds_item(items[0], 10).await;
        assert_eq!(refused.declined(group), id);
        let refund = last(&shop, id).await;
        assert_eq!(refund.state, RefundState::Declined, "{code}");
        assert_eq!(refund.error.unwrap().provider_code.as_deref(), Some(code));
    }
    let read = shop.reported(id).await.succeeded();
    assert_eq!(read.data("refundStatus"), "NOT_REFUNDED");
    assert_eq!(read.data("refundablePrice"), 10000);
    assert_eq!(left_at_lender(&shop, id).await, LENT);
    shop.refunds_item(items[0], 10).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lender_that_does_not_say_what_it_gave_back_is_asked_nothing_more() {
    let shop = Shop::open().await;
    let (id, items) = disbursed(&shop).await;
    for fault in [
        json!({"kind": "http_500"}),
        json!({"kind": "wrong_mac"}),
        answers("{\"refunds\":[]}"),
    ] {
        shop.lender_faults(1, "given_back", fault).await;
        shop.refunds_item(items[0], 10)
            .await
            .declined("NO_RESPONSE");
    }
    assert!(
        of_payment(&shop.app, shop.merchant, id)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(left_at_lender(&shop, id).await, LENT);
    shop.refunds_item(items[0], 10).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_lost_answer_is_settled_by_the_lenders_list() {
    let shop = Shop::open().await;
    shop.noon().await;
    for (fault, made) in [
        (json!({"kind": "lose_reply"}), true),
        (json!({"kind": "cut_reply"}), true),
        (json!({"kind": "garbage"}), true),
        (json!({"kind": "wrong_mac"}), true),
        (answers("{}"), true),
        (delay(4_000), true),
        (json!({"kind": "http_500"}), false),
    ] {
        for verb in ["void", "refund"] {
            let (id, items) = disbursed(&shop).await;
            let what = format!("{verb} {fault}");
            let whole = verb == "void";
            let amount = if whole { LENT } else { 100_000 };
            shop.lender_faults(1, verb, fault.clone()).await;
            let reply = if whole {
                shop.refunds(id).await
            } else {
                shop.refunds_item(items[0], 1000).await
            };
            assert_eq!(reply.in_doubt(), id, "{what}");
            let left = |reply: Reply| reply.data("refundablePrice").to_string();
            let reserved = ((LENT - amount) / 100).to_string();
            assert_eq!(left(shop.reported(id).await), reserved, "{what}");
            shop.refunds(id).await.declined("TOO_MANY_REQUESTS");
            // What is not listed may still arrive, for as long as the protocol lets it.
            let waits: &[i64] = if made { &[5] } else { &[5, 30, 120, 600] };
            for wait in waits {
                assert!(last(&shop, id).await.state.is_open(), "{what}");
                shop.wait(*wait).await;
            }
            let (state, given) = if made {
                (RefundState::Approved, amount)
            } else {
                (RefundState::Declined, 0)
            };
            assert_eq!(last(&shop, id).await.state, state, "{what}");
            assert_eq!(left_at_lender(&shop, id).await, LENT - given, "{what}");
            let now = ((LENT - given) / 100).to_string();
            assert_eq!(left(shop.reported(id).await), now, "{what}");
            if given < LENT {
                shop.refunds(id).await.ok();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_contradicts_waits_for_a_person() {
    let shop = Shop::open().await;
    let (id, items) = disbursed(&shop).await;
    shop.lender_faults(1, "refund", "lose_reply").await;
    shop.refunds_item(items[0], 10).await.in_doubt();
    let refund = last(&shop, id).await;
    let loan = shop.loan(id).await;
    let said = json!({
        "orderId": loan.order_id, "applicationId": loan.application_id, "currency": "TRY",
        "refunds": [{"refundId": refund.id.to_string(), "reference": "r-1", "kind": "refund", "amount": 999}]
    });
    shop.lender_faults(1, "given_back", answers(&said.to_string()))
        .await;
    shop.wait(5).await;
    assert_eq!(last(&shop, id).await.state, RefundState::Review);
    let read = shop.reported(id).await;
    assert_eq!(read.data("refundablePrice"), 9990);
    // Its word still settles.
    shop.wait(15 * 60 + 1).await;
    assert_eq!(last(&shop, id).await.state, RefundState::Approved);
    assert_eq!(left_at_lender(&shop, id).await, LENT - 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_was_settled_as_not_made_is_believed_when_the_lender_lists_it_late() {
    let shop = Shop::open().await;
    let (id, items) = disbursed(&shop).await;
    shop.lender_faults(1, "refund", "lose_reply").await;
    shop.refunds_item(items[0], 10).await.in_doubt();
    let loan = shop.loan(id).await;
    let nothing = json!({
        "orderId": loan.order_id, "applicationId": loan.application_id, "currency": "TRY", "refunds": []
    });
    shop.lender_faults(4, "given_back", answers(&nothing.to_string()))
        .await;
    for wait in [5, 30, 120, 600] {
        shop.wait(wait).await;
    }
    assert_eq!(last(&shop, id).await.state, RefundState::Declined);
    assert_eq!(shop.reported(id).await.data("refundablePrice"), 10000);
    // The next refund hears of it first: no more goes back than is left.
    shop.refunds_item(items[0], 5990.01)
        .await
        .refused(422, 3018);
    shop.refunds(id).await.ok();
    let states: Vec<RefundState> = of_payment(&shop.app, shop.merchant, id)
        .await
        .unwrap()
        .into_iter()
        .map(|refund| refund.state)
        .collect();
    assert_eq!(states, [RefundState::Approved, RefundState::Approved]);
    assert_eq!(
        shop.reported(id).await.data("refundStatus"),
        "FULLY_REFUNDED"
    );
    assert_eq!(left_at_lender(&shop, id).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_lender_gives_back_by_itself_is_taken_over_once() {
    let shop = Shop::open().await;
    let (id, items) = disbursed(&shop).await;
    shop.refunds_item(items[0], 2000).await.ok();
    shop.lender_faults(1, "notify", "duplicate_callback").await;
    gives_back(&shop, id, json!({"amount": 200_000})).await;
    let read = shop.reported(id).await.succeeded();
    assert_eq!(read.data("refundStatus"), "PARTIAL_REFUNDED");
    assert_eq!(read.data("refundablePrice"), 6000);
    // In proportion to what is left of each: 4000 and 4000.
    assert_eq!(read.data("paymentTransactions.0.refundablePrice"), 3000);
    assert_eq!(read.data("paymentTransactions.1.refundablePrice"), 3000);
    assert_eq!(
        of_payment(&shop.app, shop.merchant, id)
            .await
            .unwrap()
            .len(),
        2
    );
    let taken_over = last(&shop, id).await;
    let lender = at_lender(&shop, id).await;
    assert_eq!(
        json!(taken_over.lender_reference),
        lender["refunds"][1]["reference"]
    );
    // The buyer withdraws.
    gives_back(&shop, id, json!({})).await;
    let read = shop.reported(id).await.succeeded();
    assert_eq!(read.data("refundStatus"), "FULLY_REFUNDED");
    shop.refunds(id).await.refused(422, 9007);
    shop.wait(31).await;
    assert_eq!(shop.hooks("REFUND_TX").len(), 5);
    let page = Panel::sign_in(&shop, Role::Finance)
        .await
        .get(&format!("/panel/payments/{id}"))
        .await;
    page.ok().has("Kredi kuruluşu kendiliğinden");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_that_was_given_back_before_its_disbursal_was_told_is_not_paid() {
    let shop = Shop::open().await;
    let applied = shop.applied("064").await;
    shop.lender_faults(1, "notify", "no_callback").await;
    let order = shop.loan(applied.id).await.order_id;
    shop.lender_decides(&order, json!({"decision": "approve"}))
        .await;
    assert_eq!(
        shop.payment(applied.id).await.data("paymentStatus"),
        "WAITING"
    );
    // The first word that arrives is about what went back.
    gives_back(&shop, applied.id, json!({})).await;
    let read = shop.reported(applied.id).await.succeeded();
    assert_eq!(read.data("refundStatus"), "FULLY_REFUNDED");
    assert_eq!(read.data("refundablePrice"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_lender_gave_back_silently_is_heard_of_before_the_next_refund() {
    let shop = Shop::open().await;
    let (id, items) = disbursed(&shop).await;
    shop.lender_is_silent().await;
    gives_back(&shop, id, json!({"amount": 600_000})).await;
    assert_eq!(shop.reported(id).await.data("refundablePrice"), 10000);
    // 2400 are left of this item.
    shop.refunds_item(items[0], 2400.01)
        .await
        .refused(422, 3018);
    shop.refunds(id).await.ok();
    assert_eq!(left_at_lender(&shop, id).await, 0);
    assert_eq!(
        shop.reported(id).await.data("refundStatus"),
        "FULLY_REFUNDED"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_is_repeated_until_the_lender_says_what_it_gave_back() {
    let shop = Shop::open().await;
    let (id, _) = disbursed(&shop).await;
    shop.lender_faults(1, "given_back", "http_500").await;
    gives_back(&shop, id, json!({"amount": 100})).await;
    assert_eq!(shop.reported(id).await.data("refundablePrice"), 10000);
    shop.wait(2).await;
    until("the notification comes again", async || {
        let read = shop.reported(id).await;
        (read.data("refundablePrice") == 9999).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_marked_and_then_given_back_by_the_lender_stays_marked_once() {
    let shop = Shop::open().await;
    let (id, _) = disbursed(&shop).await;
    let body = json!({"paymentId": id});
    shop.post("/payment/v1/refunds/mark-as-refunded", body)
        .await
        .ok();
    gives_back(&shop, id, json!({})).await;
    assert_eq!(
        of_payment(&shop.app, shop.merchant, id)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        shop.reported(id).await.data("refundStatus"),
        "FULLY_REFUNDED"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_stands_for_what_the_lender_tells_up_to_its_amount() {
    let shop = Shop::open().await;
    let (id, items) = disbursed(&shop).await;
    marks(&shop, items[0], 3000).await;
    gives_back(&shop, id, json!({"amount": 300_000})).await;
    assert_eq!(left(&shop, id).await, [7000, 3000, 4000]);
    // What comes behind it is the lender's news.
    gives_back(&shop, id, json!({"amount": 140_000})).await;
    assert_eq!(left(&shop, id).await, [5600, 2400, 3200]);
    let rest = shop.refunds(id).await.ok();
    assert_eq!(rest.data("refundPrice"), 5600);
    assert_eq!(left_at_lender(&shop, id).await, 0);
    // More than was marked: the rest of it is booked, and the mark stands for nothing else.
    let (id, items) = disbursed(&shop).await;
    marks(&shop, items[1], 1000).await;
    gives_back(&shop, id, json!({"amount": 280_000})).await;
    assert_eq!(left(&shop, id).await, [7200, 4800, 2400]);
    gives_back(&shop, id, json!({"amount": 60_000})).await;
    assert_eq!(left(&shop, id).await, [6600, 4400, 2200]);
    shop.refunds(id).await.ok();
    assert_eq!(left_at_lender(&shop, id).await, 0);
    // It was told already: a person's word is taken, and stands for what is told next.
    let (id, items) = disbursed(&shop).await;
    gives_back(&shop, id, json!({"amount": 300_000})).await;
    assert_eq!(left(&shop, id).await, [7000, 4200, 2800]);
    marks(&shop, items[0], 3000).await;
    gives_back(&shop, id, json!({"amount": 300_000})).await;
    assert_eq!(left(&shop, id).await, [4000, 1200, 2800]);
    assert_eq!(left_at_lender(&shop, id).await, 400_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_heard_late_of_a_refund_that_a_person_marked_is_booked_once() {
    let shop = Shop::open().await;
    let (id, items) = disbursed(&shop).await;
    shop.lender_faults(1, "refund", "lose_reply").await;
    shop.refunds_item(items[0], 10).await.in_doubt();
    let loan = shop.loan(id).await;
    let nothing = json!({
        "orderId": loan.order_id, "applicationId": loan.application_id, "currency": "TRY", "refunds": []
    });
    shop.lender_faults(4, "given_back", answers(&nothing.to_string()))
        .await;
    for wait in [5, 30, 120, 600] {
        shop.wait(wait).await;
    }
    assert_eq!(last(&shop, id).await.state, RefundState::Declined);
    marks(&shop, items[0], 10).await;
    shop.refunds_item(items[1], 5).await.ok();
    gives_back(&shop, id, json!({"amount": 3_000})).await;
    let [whole, ..] = left(&shop, id).await;
    assert_eq!(whole, 9955);
    assert_eq!(left_at_lender(&shop, id).await, 995_500);
    shop.refunds(id).await.ok();
    assert_eq!(left_at_lender(&shop, id).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_settled_as_made_stands_for_what_the_lender_tells() {
    let shop = Shop::open().await;
    let (id, items) = disbursed(&shop).await;
    shop.lender_faults(1, "refund", "http_500").await;
    shop.refunds_item(items[0], 5000).await.in_doubt();
    shop.lender_is_silent().await;
    gives_back(&shop, id, json!({"amount": 500_000})).await;
    let (refund, finance) = (last(&shop, id).await.id, shop.caller(Role::Finance).await);
    let found = refunds::FoundRefund::Made;
    refunds::settle_by_hand(&shop.app, &finance, refund, found, "seen at the lender")
        .await
        .unwrap();
    shop.refunds_item(items[0], 1000).await.ok();
    assert_eq!(left(&shop, id).await, [4000, 0, 4000]);
    assert_eq!(left_at_lender(&shop, id).await, 400_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_open_refund_leaves_no_room_for_is_booked_when_it_is_settled() {
    let shop = Shop::open().await;
    // Settled by the list, in which the rest stands; the lender's news are lost.
    let (id, items) = disbursed(&shop).await;
    shop.lender_faults(1, "refund", "http_500").await;
    shop.refunds_item(items[0], 5000).await.in_doubt();
    shop.lender_is_silent().await;
    gives_back(&shop, id, json!({"amount": 700_000})).await;
    assert_eq!(left(&shop, id).await[0], 5000);
    for wait in [5, 30, 120, 600] {
        shop.wait(wait).await;
    }
    assert_eq!(left(&shop, id).await, [3000, 1800, 1200]);
    shop.lender_recovers().await;
    // Settled by a person: the lender tells its news until there is room for them.
    let (id, items) = disbursed(&shop).await;
    shop.lender_faults(1, "refund", "http_500").await;
    shop.refunds_item(items[0], 5000).await.in_doubt();
    gives_back(&shop, id, json!({"amount": 700_000})).await;
    assert_eq!(left(&shop, id).await[0], 5000);
    let (refund, finance) = (last(&shop, id).await.id, shop.caller(Role::Finance).await);
    let found = refunds::FoundRefund::NotMade;
    refunds::settle_by_hand(&shop.app, &finance, refund, found, "seen at the lender")
        .await
        .unwrap();
    shop.pass(31).await;
    until("the lender tells it again", async || {
        (left(&shop, id).await == [3000, 1800, 1200]).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn before_its_approval_a_loan_is_called_off_whole() {
    let shop = Shop::open().await;
    let loan = ready(&shop).await;
    let item = shop
        .reported(loan.id)
        .await
        .data("paymentTransactions.0.id")
        .clone();
    shop.refunds_item(item, 1).await.refused(422, 9002);
    let mark = json!({"paymentId": loan.id});
    shop.post("/payment/v1/refunds/mark-as-refunded", mark)
        .await
        .refused(422, 9002);
    let more = json!({"conversationId": "back"});
    let back = shop.refunds(loan.id).with(more).keyed("once").await.ok();
    for (field, value) in [
        ("status", json!("SUCCESS")),
        ("refundType", json!("CANCEL")),
        ("refundPrice", json!(10000)),
        ("paymentId", json!(loan.id)),
        ("conversationId", json!("back")),
        ("paymentTransactionRefunds", json!([])),
    ] {
        assert_eq!(back.data(field), &value, "{field}");
    }
    assert_eq!(at_lender(&shop, loan.id).await["state"], "cancelled");
    let read = shop.reported(loan.id).await;
    assert_eq!(read.outcome(), "FAILURE");
    assert_eq!(read.data("paymentError.errorGroup"), "BNPL_CANCELLED");
    assert_eq!(read.data("refundStatus"), "NO_REFUND");
    assert_eq!(shop.count("select count(*) as n from refunds").await, 0);
    let again = shop
        .refunds(loan.id)
        .with(json!({"conversationId": "back"}))
        .keyed("once")
        .await;
    assert_eq!(again.ok().body, back.body);
    shop.refunds(loan.id).await.refused(422, 9002);
    loan.approves().await.declined("BNPL_CANCELLED");
    shop.wait(31).await;
    let told = shop.hooks("BNPL_NOTIFICATION");
    assert!(told.iter().any(|hook| hook.body["status"] == "FAILURE"));
    assert!(shop.hooks("REFUND").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_its_approval_a_loan_is_given_back_like_any_other() {
    let shop = Shop::open().await;
    shop.noon().await;
    let loan = ready(&shop).await;
    loan.approves().await.succeeded();
    assert_eq!(
        shop.refunds(loan.id).await.ok().data("refundType"),
        "CANCEL"
    );
    assert_eq!(left_at_lender(&shop, loan.id).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_a_loan_was_called_off_is_the_lenders_word() {
    let shop = Shop::open().await;
    // Done, and the answer lost.
    for fault in [
        json!({"kind": "lose_reply"}),
        json!({"kind": "garbage"}),
        json!({"kind": "wrong_mac"}),
    ] {
        let loan = ready(&shop).await;
        shop.lender_is_silent().await;
        shop.lender_faults(1, "cancel", fault).await;
        assert_eq!(shop.refunds(loan.id).await.in_doubt(), loan.id);
        assert_eq!(shop.outcome(loan.id).await, "WAITING");
        shop.wait(5).await;
        assert_eq!(shop.outcome(loan.id).await, "FAILURE");
        shop.lender_recovers().await;
    }
    // Not done: it is ready again once the question had its time.
    let loan = ready(&shop).await;
    shop.lender_faults(1, "cancel", "http_500").await;
    shop.refunds(loan.id).await.in_doubt();
    for wait in [5, 60] {
        assert_eq!(shop.loan(loan.id).await.action.as_str(), "VERIFY_REQUIRED");
        shop.wait(wait).await;
    }
    assert_eq!(
        shop.loan(loan.id).await.action.as_str(),
        "APPROVAL_REQUIRED"
    );
    // Refused: it stays ready.
    shop.lender_faults(1, "cancel", declines("REFUND_REFUSED"))
        .await;
    shop.refunds(loan.id).await.declined("REFUND_DECLINE");
    assert_eq!(
        shop.loan(loan.id).await.action.as_str(),
        "APPROVAL_REQUIRED"
    );
    loan.approves().await.succeeded();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_and_a_cancellation_at_once_end_alike_everywhere() {
    let shop = Shop::open().await;
    for _ in 0..4 {
        let loan = ready(&shop).await;
        let (approved, back) = tokio::join!(loan.approves(), shop.refunds(loan.id));
        let state = at_lender(&shop, loan.id).await["state"].clone();
        let outcome = shop.outcome(loan.id).await;
        match outcome.as_str() {
            // Approved first: what then was there is given back, or the refund met the approval.
            "SUCCESS" => assert_eq!((approved.status, state), (200, json!("disbursed"))),
            _ => assert_eq!(
                (outcome.as_str(), back.status, state),
                ("FAILURE", 200, json!("cancelled"))
            ),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_that_waits_is_ended_at_its_lender() {
    let shop = Shop::open().await;
    // Ready; being assessed; the shopper is at the bank.
    let loan = ready(&shop).await;
    let assessed = shop.applied("134").await;
    assessed.decides("approve").await;
    let pending = shop.applied("064").await;
    shop.refunds(assessed.id).await.refused(422, 9002);
    shop.refunds(pending.id).await.refused(422, 9002);
    for id in [loan.id, assessed.id, pending.id] {
        assert_eq!(shop.ends(id).await.ok().data("status"), "SUCCESS");
        assert_eq!(shop.outcome(id).await, "FAILURE");
        assert_eq!(at_lender(&shop, id).await["state"], "cancelled");
        assert_eq!(shop.ends(id).await.ok().data("status"), "SUCCESS");
    }
    // The lender does not say.
    let loan = ready(&shop).await;
    shop.lender_faults(1, "cancel", "lose_reply").await;
    shop.lender_is_silent().await;
    assert_eq!(shop.ends(loan.id).await.ok().data("status"), "WAITING");
    shop.wait(5).await;
    assert_eq!(shop.outcome(loan.id).await, "FAILURE");
    shop.lender_recovers().await;
    // An application that the lender never heard of.
    shop.lender_faults(1, "apply", "http_500").await;
    let id = shop.applies("064").await.in_doubt();
    for _ in 0..2 {
        assert_eq!(shop.ends(id).await.ok().data("status"), "WAITING");
        shop.wait(60).await;
    }
    // However often the shop asks, the lender is believed in the end.
    assert_eq!(shop.ends(id).await.ok().data("status"), "SUCCESS");
    assert_eq!(shop.outcome(id).await, "FAILURE");
    // A loan that is disbursed is refunded.
    let (paid, _) = disbursed(&shop).await;
    shop.ends(paid).await.refused(422, 9002);
    assert_eq!(left_at_lender(&shop, paid).await, LENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_that_turns_out_to_be_disbursed_is_refunded() {
    let shop = Shop::open().await;
    let loan = ready(&shop).await;
    // The approval's answer is lost, and the lender disbursed.
    shop.lender_is_silent().await;
    shop.lender_faults(1, "confirm", "lose_reply").await;
    loan.approves().await.in_doubt();
    let back = shop.refunds(loan.id).await.ok();
    assert_eq!(back.data("status"), "SUCCESS");
    assert_eq!(shop.outcome(loan.id).await, "SUCCESS");
    assert_eq!(left_at_lender(&shop, loan.id).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_gives_back_once_and_other_words_are_refused() {
    let shop = Shop::open().await;
    let (id, items) = disbursed(&shop).await;
    let first = shop.refunds_item(items[0], 10).keyed("k").await.ok();
    let again = shop.refunds_item(items[0], 10).keyed("k").await.ok();
    assert_eq!(first.body, again.body);
    shop.refunds_item(items[0], 11)
        .keyed("k")
        .await
        .refused(422, 1107);
    assert_eq!(left_at_lender(&shop, id).await, LENT - 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_of_a_loan_at_once_never_give_back_more_than_was_lent() {
    let shop = Arc::new(Shop::open().await);
    let (id, items) = disbursed(&shop).await;
    let second = shop.process(&shop.clock).await;
    let servers = [shop.gateway.clone(), serve(&second).await];
    let mut refunds = JoinSet::new();
    for n in 0..24usize {
        let (shop, server) = (Arc::clone(&shop), servers[n % 2].clone());
        let body = json!({"paymentTransactionId": items[n % 2], "refundPrice": 1000});
        refunds.spawn(async move {
            loop {
                let path = "/payment/v1/refund-transactions";
                let reply = shop.post_at(&server, path, &body).await.unwrap();
                match (reply.status, reply.error_group()) {
                    (200, _) => return true,
                    (422, "TOO_MANY_REQUESTS") => {
                        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
                    }
                    (422, _) if matches!(reply.error_code(), 3018 | 9007) => return false,
                    _ => panic!("{} {:#}", reply.status, reply.body),
                }
            }
        });
    }
    let mut made = 0;
    while let Some(outcome) = refunds.join_next().await {
        made += i64::from(outcome.unwrap());
    }
    assert_eq!(made, 10);
    assert_eq!(left_at_lender(&shop, id).await, 0);
    assert_eq!(
        shop.reported(id).await.data("refundStatus"),
        "FULLY_REFUNDED"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_whose_server_was_killed_is_settled_by_the_next_one() {
    let shop = &Shop::open().await;
    let (id, items) = disbursed(shop).await;
    let mut command = shop.command(&["serve", "--bank-timeout", "3"]);
    command.args(["--inquiry-waits", "1,1,1,1,1,1"]);
    let log = shop.files.0.join("first.log");
    let mut first = Serving::start(&shop.http, command, log).await;
    shop.lender_faults(1, "refund", delay(1_500)).await;
    let body = json!({"paymentTransactionId": items[0], "refundPrice": 10});
    let (url, path) = (first.url.clone(), "/payment/v1/refund-transactions");
    let (told, ()) = tokio::join!(shop.post_at(&url, path, &body), async {
        until("the lender gives back", async || {
            (left_at_lender(shop, id).await == LENT - 1000).then_some(())
        })
        .await;
        first.kill();
    });
    assert!(told.is_none(), "{told:?}");
    assert_eq!(last(shop, id).await.state, RefundState::Asked);
    let now = shop.app.now();
    let due = Commit::new(shop.merchant, 0)
        .any("update shards set until = $1", params![now])
        .any(
            "update refunds set inquire_at = $1 where inquire_at is not null",
            params![now],
        );
    shop.app.db.commit(due).await.unwrap();
    shop.work().await;
    assert_eq!(last(shop, id).await.state, RefundState::Approved);
    assert_eq!(shop.reported(id).await.data("refundablePrice"), 9990);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_gives_a_loan_back_in_the_panel_or_calls_it_off() {
    let shop = Shop::open().await;
    let (id, items) = disbursed(&shop).await;
    let (path, form) = (
        format!("/panel/payments/{id}"),
        format!("/panel/payments/{id}/refund"),
    );
    let mut finance = Panel::sign_in(&shop, Role::Finance).await;
    finance.language = "en";
    finance
        .get(&path)
        .await
        .ok()
        .has_all(&["Galata asks the lender", "loan becomes smaller"]);
    let item = items[0].to_string();
    let part = [
        ("item", item.as_str()),
        ("amount", "12.50"),
        ("how", "bank"),
    ];
    finance
        .post(&form, &part)
        .await
        .leads_to(&format!("{path}?done=refunded"));
    assert_eq!(left_at_lender(&shop, id).await, LENT - 1250);
    shop.lender_faults(1, "refund", "lose_reply").await;
    let whole = [("item", ""), ("amount", ""), ("how", "bank")];
    finance
        .post(&form, &whole)
        .await
        .leads_to(&format!("{path}?done=refund_doubt"));
    let doubts = finance.get("/panel/doubts").await.ok();
    doubts.has_all(&[&format!("{path}#refunds"), "Go to the refund", "Maslak"]);
    doubts.lacks(&format!("{path}/settle"));
    let refund = last(&shop, id).await.id.to_string();
    finance
        .get(&path)
        .await
        .ok()
        .has_all(&["Ask the lender now", "What did the lender do?"]);
    finance
        .post(&format!("{path}/refund-inquire"), &[("refund", &refund)])
        .await
        .leads_to(&format!("{path}?done=asked"));
    assert_eq!(
        shop.reported(id).await.data("refundStatus"),
        "FULLY_REFUNDED"
    );

    let loan = ready(&shop).await;
    let (path, form) = (
        format!("/panel/payments/{}", loan.id),
        format!("/panel/payments/{}/refund", loan.id),
    );
    let mut support = Panel::sign_in(&shop, Role::Support).await;
    support.get(&path).await.ok().lacks(&form);
    assert_eq!(support.post(&form, &[("how", "bank")]).await.status, 403);
    finance
        .get(&path)
        .await
        .ok()
        .has_all(&[&form, "Call the loan off"]);
    let done = finance.post(&form, &[("how", "bank")]).await;
    done.leads_to(&format!("{path}?done=called_off"));
    finance
        .get(&format!("{path}?done=called_off"))
        .await
        .ok()
        .has("no money moved");
    assert_eq!(shop.outcome(loan.id).await, "FAILURE");
    let told = shop.audit("payment.refund").await;
    assert!(
        told.iter()
            .any(|entry| entry.after == Some(json!({"calledOff": true})))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_gives_a_loan_back_by_command() {
    let shop = Shop::open().await;
    let (id, items) = disbursed(&shop).await;
    let (merchant, item) = (shop.merchant.to_string(), items[1].to_string());
    let refund = |id: i64| {
        let id = id.to_string();
        ["payment", "refund", "--merchant", &merchant, "--id", &id].map(str::to_owned)
    };
    let run = |words: &[String]| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        shop.run(&words)
    };
    let part = ["--item", &item, "--amount", "12.5"].map(str::to_owned);
    let out = run(&[&refund(id)[..], &part].concat());
    assert!(out.contains("12.50 TRY"), "{out}");
    run(&refund(id));
    assert_eq!(left_at_lender(&shop, id).await, 0);
    let loan = ready(&shop).await;
    let out = run(&refund(loan.id));
    assert!(out.contains("called off"), "{out}");
    assert_eq!(at_lender(&shop, loan.id).await["state"], "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_took_no_money_is_not_refunded_and_nothing_is_stored() {
    let shop = Shop::open().await;
    let rejected = shop.applied("064").await;
    rejected.decides("decline").await;
    shop.refunds(rejected.id).await.refused(422, 9002);
    shop.ends(rejected.id).await.refused(422, 9002);
    let (id, items) = disbursed(&shop).await;
    for price in [json!(0), json!(-1), json!("x"), json!(0.001)] {
        let refused = shop.refunds_item(items[0], price.clone()).await;
        assert_eq!(refused.status, 400, "{price}");
    }
    shop.refunds(id)
        .with(json!({"refundDestinationType": "WALLET"}))
        .await;
    assert_eq!(shop.count("select count(*) as n from refunds").await, 0);
    assert_eq!(left_at_lender(&shop, id).await, LENT);
}
