//! A shop's wish to give up a payment holds, whatever bank or lender answer just then and whoever hears of the payment
//! later: what is taken all the same goes back.

use crate::page_sales::{self, pays_and_is_gone};
use crate::panel::Panel;
use crate::shop::{Applied, GARANTI, OTP, Shop, YKB, declines, delay};
use server::operations::Role;

const BANKS: [(&str, &str); 2] = [("garanti", GARANTI), ("posnet", YKB)];

/// The shop gives up; how that stands.
async fn ends(shop: &Shop, id: i64) -> String {
    shop.ends(id).await.ok().text("status").to_owned()
}

/// It took nothing, or gave it back, and the shop heard of no success.
async fn took_nothing(shop: &Shop, id: i64) {
    assert_eq!(shop.outcome(id).await, "FAILURE");
    let state = shop.order_state(id).await;
    assert!(["voided", "refunded"].contains(&state.as_str()), "{state}");
    assert_eq!(ends(shop, id).await, "SUCCESS");
    hears_no_success(shop, id).await;
}

async fn hears_no_success(shop: &Shop, id: i64) {
    shop.wait(30).await;
    let id = id.to_string();
    for event in ["API_AUTH", "API_VERIFY_AND_AUTH", "BNPL_NOTIFICATION"] {
        let mut about = shop.hooks(event).into_iter();
        let success = about
            .find(|hook| hook.body["payloadId"] == id.as_str() && hook.body["status"] == "SUCCESS");
        assert!(success.is_none(), "{success:?}");
    }
}

/// A merchant that otherwise completes what was in doubt.
async fn open() -> Shop {
    let shop = Shop::open().await;
    shop.noon().await;
    shop.merchant_with(|merchant| merchant.completes_doubt = true)
        .await;
    shop
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_in_doubt_goes_back_once_the_bank_tells() {
    let shop = open().await;
    for (bank, card) in BANKS {
        shop.fault(bank, "sale", "lose_reply").await;
        let id = shop.pays(card).await.in_doubt();
        shop.fault(bank, "inquire", "http_500").await;
        assert_eq!(ends(&shop, id).await, "WAITING");
        assert_eq!(shop.outcome(id).await, "WAITING");
        shop.wait(10).await;
        took_nothing(&shop, id).await;
        // Without the wish it is completed.
        shop.fault(bank, "sale", "lose_reply").await;
        let id = shop.pays(card).await.in_doubt();
        shop.wait(10).await;
        assert_eq!(shop.outcome(id).await, "SUCCESS");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completion_in_doubt_goes_back_whoever_asks_first() {
    let shop = open().await;
    for (bank, card) in BANKS {
        for asks_first in ["the schedule", "the shop"] {
            let paid = shop.pays(card).with_3ds(OTP).await;
            shop.fault(bank, "threeds_finish", "lose_reply").await;
            let id = paid.completes().await.in_doubt();
            shop.fault(bank, "inquire", "lose_reply").await;
            assert_eq!(ends(&shop, id).await, "WAITING");
            if asks_first == "the shop" {
                shop.pass(6).await;
                paid.completes().await;
            }
            shop.wait(10).await;
            took_nothing(&shop, id).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_that_the_bank_is_just_asked_for_goes_back_when_it_answers() {
    let shop = &Shop::open().await;
    shop.fault("garanti", "sale", delay(1_500)).await;
    let (paid, id) = tokio::join!(shop.pays(GARANTI), async {
        shop.order_arrives().await;
        let id = shop.count("select id as n from payments").await;
        assert_eq!(ends(shop, id).await, "WAITING");
        id
    });
    assert_eq!(paid.in_doubt(), id);
    shop.wait(1).await;
    took_nothing(shop, id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_sells_takes_nothing_any_more() {
    let shop = page_sales::open().await;
    shop.merchant_with(|merchant| merchant.half_threeds = true)
        .await;
    // The browser comes back with the proof.
    let begun = shop.pays(GARANTI).begin_3ds().await;
    let back = begun.way_back().await;
    shop.fault("garanti", "inquire", "http_500").await;
    assert_eq!(ends(&shop, begun.id).await, "WAITING");
    let callback = back.submit(&shop.http, &[]).await.form();
    assert_eq!(callback.field("status"), "FAILURE");
    shop.work().await;
    took_nothing(&shop, begun.id).await;
    // It never does: the bank is asked soon.
    let begun = shop.pays(GARANTI).begin_3ds().await;
    pays_and_is_gone(&shop, &begun).await;
    shop.fault("garanti", "inquire", "http_500").await;
    assert_eq!(ends(&shop, begun.id).await, "WAITING");
    shop.wait(6).await;
    took_nothing(&shop, begun.id).await;
    // Somebody asked a moment ago, so that the bank is not asked now.
    let begun = shop.pays(GARANTI).begin_3ds().await;
    pays_and_is_gone(&shop, &begun).await;
    shop.fault("garanti", "inquire", "http_500").await;
    for _ in 0..2 {
        assert_eq!(ends(&shop, begun.id).await, "WAITING");
    }
    shop.wait(6).await;
    took_nothing(&shop, begun.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_to_the_bank_is_closed() {
    let shop = page_sales::open().await;
    let begins = || shop.pays(GARANTI).keyed("init").begin_3ds();
    let begun = begins().await;
    shop.fault("garanti", "inquire", "http_500").await;
    assert_eq!(ends(&shop, begun.id).await, "WAITING");
    let page = begun.page().submit(&shop.http, &[]).await;
    assert_eq!(page.status, 404, "{}", page.html);
    let again = shop.pays(GARANTI).keyed("init").init_3ds().await;
    again.refused(422, 9014);
    shop.wait(6).await;
    assert_eq!(begun.outcome().await, "FAILURE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_word_that_the_bank_took_it_gives_it_back() {
    let shop = Shop::open().await;
    shop.fault("garanti", "sale", "lose_reply").await;
    let id = shop.pays(GARANTI).await.in_doubt();
    shop.fault("garanti", "inquire", "http_500").await;
    assert_eq!(ends(&shop, id).await, "WAITING");
    let mut panel = Panel::sign_in(&shop, Role::Owner).await;
    let path = format!("/panel/payments/{id}");
    let word = [("found", "taken"), ("note", "seen at the bank")];
    // Twice: a click too many, or a person who looks again.
    for _ in 0..2 {
        let settled = panel.post(&format!("{path}/settle"), &word).await;
        settled.leads_to(&format!("{path}?done=settled"));
        assert_eq!(shop.outcome(id).await, "WAITING");
    }
    let page = panel.get(&path).await.ok();
    page.has("Ödeme başarılı olmaz");
    page.lacks("mağaza siparişi gönderebilir");
    // The bank refuses the first void; a third word does not keep the money either.
    shop.fault("garanti", "void", "http_500").await;
    shop.work().await;
    panel.post(&format!("{path}/settle"), &word).await;
    shop.wait(60).await;
    took_nothing(&shop, id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_page_sold_is_not_back_before_the_bank_gave_it_back() {
    let shop = page_sales::open().await;
    let begun = shop.pays(GARANTI).begin_3ds().await;
    let back = begun.way_back().await;
    shop.fault("garanti", "inquire", "http_500").await;
    assert_eq!(ends(&shop, begun.id).await, "WAITING");
    shop.faults(3, "garanti", "void", "http_500").await;
    let callback = back.submit(&shop.http, &[]).await.form();
    assert_eq!(callback.field("status"), "FAILURE");
    shop.work().await;
    assert_eq!(shop.order_state(begun.id).await, "captured");
    assert_eq!(ends(&shop, begun.id).await, "WAITING");
    // A person who sees the money at the bank leaves nothing half done.
    let mut panel = Panel::sign_in(&shop, Role::Owner).await;
    let path = format!("/panel/payments/{}/settle", begun.id);
    let word = [("found", "taken"), ("note", "seen at the bank")];
    shop.wait(60).await;
    panel.post(&path, &word).await;
    for _ in 0..20 {
        shop.wait(120).await;
    }
    took_nothing(&shop, begun.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_is_called_off_in_the_end() {
    let shop = Shop::open().await;
    shop.noon().await;
    let loan = shop.applied("103").await;
    loan.decides("approve").await;
    shop.lender_faults(2, "cancel", "http_500").await;
    assert_eq!(ends(&shop, loan.id).await, "WAITING");
    loan.approves().await.refused(422, 9014);
    assert_eq!(shop.outcome(loan.id).await, "WAITING");
    for _ in 0..4 {
        shop.wait(30).await;
    }
    assert_eq!(shop.outcome(loan.id).await, "FAILURE");
    assert_eq!(ends(&shop, loan.id).await, "SUCCESS");
    let order = shop.loan(loan.id).await.order_id;
    let all = shop.applications().await;
    let at_lender = all.iter().find(|one| one["orderId"] == order.as_str());
    assert_eq!(at_lender.unwrap()["state"], "cancelled");
    loan.approves().await;
    assert_eq!(shop.outcome(loan.id).await, "FAILURE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_that_is_disbursed_all_the_same_goes_back() {
    let shop = Shop::open().await;
    shop.noon().await;
    let loan = Applied::of(&shop, shop.applies("064").await);
    shop.lender_faults(1, "cancel", "http_500").await;
    assert_eq!(ends(&shop, loan.id).await, "WAITING");
    shop.lender_faults(1, "void", "http_500").await;
    // Neither the browser nor the shop's own question says that it may ship.
    let callback = loan.decides("approve").await;
    assert_eq!(callback.field("paymentStatus"), "FAILURE");
    let verified = loan.verifies().await.ok();
    assert_eq!(verified.data("paymentStatus"), "FAILURE");
    assert_eq!(verified.data("responseStatus"), "DECLINED");
    shop.work().await;
    assert_eq!(ends(&shop, loan.id).await, "WAITING");
    for _ in 0..60 {
        shop.wait(60).await;
    }
    let read = shop.reported(loan.id).await;
    assert_eq!(read.data("refundStatus"), "FULLY_REFUNDED", "{read:?}");
    assert_eq!(ends(&shop, loan.id).await, "SUCCESS");
    hears_no_success(&shop, loan.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lender_that_refuses_to_cancel_is_asked_again() {
    let shop = Shop::open().await;
    let loan = shop.applied("103").await;
    loan.decides("approve").await;
    shop.lender_faults(1, "cancel", declines("99")).await;
    assert_eq!(ends(&shop, loan.id).await, "WAITING");
    shop.wait(30).await;
    assert_eq!(shop.outcome(loan.id).await, "FAILURE");
    assert_eq!(ends(&shop, loan.id).await, "SUCCESS");
}
