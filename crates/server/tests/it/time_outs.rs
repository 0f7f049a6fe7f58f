//! A bank that says that it timed out itself has not refused: it is asked, and until it has settled no
//! other bank is.

use crate::shop::{
    BONUS, DENIZBANK, GARANTI, ISBANK, OTP, Shop, WORLD, YKB, declines, declines_after, edit,
};
use serde_json::json;

type Routed = (&'static str, &'static str);
const AT_POSNET: Routed = ("posnet", YKB);
const AT_GARANTI: Routed = ("garanti", GARANTI);

/// Every code by which a bank says so, with the bank and a card that is routed there first.
fn codes() -> Vec<(Routed, &'static str)> {
    let posnet = ["0302", "0400", "E997", "E998", "E999", "0091", "0096"];
    let garanti = ["92/9998", "92/9999", "91", "96"];
    let of_posnet = posnet.iter().map(|code| (AT_POSNET, *code));
    of_posnet
        .chain(garanti.iter().map(|code| (AT_GARANTI, *code)))
        .collect()
}

/// What the banks believe of all orders: `bank state`.
async fn at_the_banks(shop: &Shop) -> Vec<String> {
    let orders = shop.orders().await.into_iter();
    orders
        .map(|order| {
            let text = |name: &str| order[name].as_str().unwrap().to_owned();
            format!("{} {}", text("bank"), text("state"))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_timed_out_and_took_the_money_gives_it_back_and_no_other_is_asked() {
    for ((bank, card), code) in codes() {
        let shop = Shop::open().await;
        shop.fault(bank, "sale", declines_after(code)).await;
        let reply = shop.pays(card).await;
        assert_eq!(reply.status, 422, "{code}: {:#}", reply.body);
        assert_eq!(shop.outcome(reply.id()).await, "FAILURE", "{code}");
        let voided = format!("{bank} voided");
        assert_eq!(at_the_banks(&shop).await, [voided], "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_that_completes_doubt_keeps_what_the_bank_took() {
    let shop = Shop::open().await;
    shop.merchant_with(|m| m.completes_doubt = true).await;
    shop.fault("posnet", "sale", declines_after("0302")).await;
    shop.pays(YKB).await.succeeded();
    assert_eq!(at_the_banks(&shop).await, ["posnet captured"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_banks_own_inquiry_says_refused_the_next_pos_is_tried() {
    for ((bank, card), code, (other, bank_id)) in [
        (AT_POSNET, "0302", ("garanti", 62)),
        (AT_POSNET, "E998", ("garanti", 62)),
        (AT_GARANTI, "96", ("posnet", 67)),
    ] {
        let shop = Shop::open().await;
        shop.fault(bank, "sale", declines(code)).await;
        let paid = shop.pays(card).await.ok();
        assert_eq!(paid.data("pos.bankId"), bank_id, "{code}");
        let expected = [format!("{bank} declined"), format!("{other} captured")];
        assert_eq!(at_the_banks(&shop).await, expected, "{code}");

        // And where the shop wants no second POS, the payment is declined with the bank's group.
        shop.fault(bank, "sale", declines(code)).await;
        let once = shop.pays(card).with(json!({"retry": false})).await;
        let id = once.declined(match code {
            "0302" => "REQUEST_TIMEOUT",
            _ => "COMMUNICATION_OR_SYSTEM_ERROR",
        });
        assert_eq!(shop.outcome(id).await, "FAILURE", "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn not_found_or_no_answer_is_doubt_and_no_other_bank_is_asked_until_it_has_settled() {
    for (inquiry, taken) in [
        (declines("E219"), true),
        (declines("E219"), false),
        (json!({"kind": "http_500"}), true),
        (declines("0400"), true),
    ] {
        let shop = Shop::open().await;
        let says = json!({"kind": "decline", "code": "0302", "after": taken});
        shop.fault("posnet", "sale", says).await;
        shop.fault("posnet", "inquire", inquiry.clone()).await;
        let id = shop.pays(YKB).await.in_doubt();
        let (before, after) = if taken {
            ("posnet captured", "posnet voided")
        } else {
            ("posnet declined", "posnet declined")
        };
        assert_eq!(shop.outcome(id).await, "WAITING", "{inquiry}");
        assert_eq!(at_the_banks(&shop).await, [before], "{inquiry}");
        shop.wait(5).await;
        assert_eq!(shop.outcome(id).await, "FAILURE", "{inquiry}");
        assert_eq!(at_the_banks(&shop).await, [after], "{inquiry}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_never_arrived_is_believed_only_by_the_schedule() {
    let shop = Shop::open().await;
    // The gateway timed out before its host had the order: Garanti then knows nothing of it.
    shop.fault("garanti", "sale", declines("92/9999")).await;
    let reply = shop.pays(GARANTI).await;
    assert_eq!(reply.status, 422);
    for wait in [5, 30] {
        shop.wait(wait).await;
        assert_eq!(shop.outcome(reply.id()).await, "WAITING");
    }
    shop.wait(120).await;
    let read = shop.payment(reply.id()).await;
    assert_eq!(read.outcome(), "FAILURE");
    assert_eq!(read.data("paymentError.errorGroup"), "REQUEST_TIMEOUT");
    assert_eq!(at_the_banks(&shop).await, ["garanti declined"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_cards_of_these_groups_stay_prompt_declines() {
    let shop = Shop::open().await;
    for (card, group) in [
        ("5254040000006666", "COMMUNICATION_OR_SYSTEM_ERROR"),
        ("4049520000006660", "NO_RESPONSE"),
        ("5358810000006667", "REQUEST_TIMEOUT"),
    ] {
        for retry in [true, false] {
            let reply = shop.pays(card).with(json!({"retry": retry})).await;
            let read = shop.payment(reply.declined(group)).await;
            assert_eq!(read.outcome(), "FAILURE", "{retry}");
            assert_eq!(read.data("paymentError.errorGroup"), group, "{retry}");
        }
    }
    let banks = at_the_banks(&shop).await;
    // Three cards: twice at the first POS, once at the second.
    assert_eq!(banks.len(), 9, "{banks:?}");
    assert!(banks.iter().all(|order| order.ends_with(" declined")));
    for bank in ["garanti declined", "posnet declined"] {
        assert!(banks.iter().any(|order| order == bank), "{banks:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completion_whose_bank_timed_out_is_asked_about_at_once() {
    let shop = Shop::open().await;
    for ((bank, card), code) in [
        (AT_POSNET, "0302"),
        (AT_POSNET, "0096"),
        (AT_GARANTI, "92/9998"),
    ] {
        let paid = shop.pays(card).with_3ds(OTP).await;
        let timed_out = declines_after(code);
        shop.fault(bank, "threeds_finish", timed_out).await;
        paid.completes().await.succeeded();
    }
    for ((bank, card), code) in [(AT_POSNET, "0302"), (AT_GARANTI, "T22")] {
        let paid = shop.pays(card).with_3ds(OTP).await;
        shop.fault(bank, "threeds_finish", declines(code)).await;
        paid.completes().await.declined("REQUEST_TIMEOUT");
        assert_eq!(shop.outcome(paid.id).await, "FAILURE", "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_void_whose_bank_timed_out_is_tried_again_and_needs_nobody() {
    let shop = Shop::open().await;
    for ((bank, card), code) in [(AT_POSNET, "0400"), (AT_GARANTI, "92/9999")] {
        shop.fault(bank, "sale", "lose_reply").await;
        let id = shop.pays(card).await.in_doubt();
        shop.fault(bank, "void", declines(code)).await;
        for (wait, state) in [(5, "REVERSING"), (30, "REVERSED")] {
            shop.wait(wait).await;
            assert_eq!(shop.attempt(id).await.state.as_str(), state, "{code}");
        }
        assert_eq!(shop.outcome(id).await, "FAILURE", "{code}");
    }
    let banks = at_the_banks(&shop).await;
    assert_eq!(banks, ["posnet voided", "garanti voided"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_whose_bank_timed_out_is_a_failed_question() {
    let shop = Shop::open().await;
    for (bank, code, card) in [("posnet", "0302", WORLD), ("garanti", "92/9999", BONUS)] {
        shop.fault(bank, "loyalties", declines(code)).await;
        let reply = shop.rewards(card).await;
        let told = (reply.status, reply.error_group());
        assert_eq!(told, (422, "REQUEST_TIMEOUT"), "{:#}", reply.body);
        shop.rewards(card).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_whose_code_says_nothing_is_asked_about_before_it_is_believed() {
    let shop = Shop::of_families().await;
    for (bank, card, code) in [
        ("nestpay", ISBANK, "99/2999"),
        ("intervpos", DENIZBANK, "V036"),
        ("intervpos", DENIZBANK, "99"),
    ] {
        shop.fault(bank, "sale", declines_after(code)).await;
        let reply = shop.pays(card).await;
        assert_eq!(reply.status, 422, "{code}: {:#}", reply.body);
        assert_eq!(shop.outcome(reply.id()).await, "FAILURE", "{code}");
        assert_eq!(shop.order_state(reply.id()).await, "voided", "{code}");
        // Where it was a refusal, the record says so at once.
        shop.fault(bank, "sale", declines(code)).await;
        let once = shop.pays(card).with(json!({"retry": false})).await;
        let id = once.declined(match bank {
            "nestpay" => "COMMUNICATION_OR_SYSTEM_ERROR",
            _ => "DECLINED",
        });
        assert_eq!(shop.outcome(id).await, "FAILURE", "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_knows_the_order_and_lists_it_later_is_asked_again() {
    let shop = Shop::of_families().await;
    let late = json!({"nestpayStatusEmptySeconds": 3});
    shop.control("POST", "/control/switches", late).await;
    // The request was delivered twice: the second one is refused, for the first one sold.
    shop.fault("nestpay", "sale", declines_after("99/2507"))
        .await;
    let id = shop.pays(ISBANK).await.in_doubt();
    assert_eq!(shop.outcome(id).await, "WAITING");
    assert_eq!(shop.order_state(id).await, "captured");
    shop.wait(5).await;
    assert_eq!(shop.outcome(id).await, "FAILURE");
    assert_eq!(shop.order_state(id).await, "voided");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_knows_the_order_and_lists_it_completes_the_sale() {
    let shop = Shop::of_families().await;
    for (bank, card, code) in [
        ("nestpay", ISBANK, "99/2507"),
        ("intervpos", DENIZBANK, "101310"),
    ] {
        shop.fault(bank, "sale", declines_after(code)).await;
        let id = shop.pays(card).await.succeeded().id();
        assert_eq!(shop.order_state(id).await, "captured", "{bank}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bank_wants_to_be_reversed_goes_back_whatever_the_merchant_chose() {
    let shop = Shop::of_families().await;
    for completes in [false, true] {
        shop.merchant_with(|merchant| merchant.completes_doubt = completes)
            .await;
        shop.fault("nestpay", "sale", "lose_reply").await;
        let waits = edit("<TRANS_STAT>C<", "<TRANS_STAT>R<");
        shop.fault("nestpay", "inquire", waits).await;
        let id = shop.pays(ISBANK).await.in_doubt();
        shop.wait(6).await;
        assert_eq!(shop.outcome(id).await, "FAILURE", "{completes}");
        assert_eq!(shop.order_state(id).await, "voided", "{completes}");
    }
}
