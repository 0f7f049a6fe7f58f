//! 3DS whose page sells by itself (3D Pay): who has the money, and what the shop is told, whatever becomes of
//! the browser.

use crate::browser::{Form, Page};
use crate::process::{Serving, until};
use crate::shop::{
    BONUS, Begun, CALLBACK_KEY, DAY, GARANTI, MANY, NO_FUNDS, OTP, PAY, Shop, YKB, callback_hash,
    declines_after, payment, points, with,
};
use contract::signature::{Callback, callback_hash_v1};
use serde_json::{Value, json};
use server::operations::Actor;
use server::setup;
use server::store::attempts::AttemptState;
use server::store::db::{Commit, params};
use server::store::poses::{self, ThreedsModel};

pub const MD_0: &str = "5115830000006669";
const MD_4: &str = "5117280000006665";
const MINUTE: i64 = 60;

/// A shop whose POSes at Garanti sell by their page.
pub async fn open() -> Shop {
    let shop = Shop::open().await;
    shop.noon().await;
    garanti_sells_by_page(&shop).await;
    shop
}

pub async fn garanti_sells_by_page(shop: &Shop) {
    for pos in poses::of_merchant(&shop.app, shop.merchant).await.unwrap() {
        if pos.integrator.as_str() == "GARANTI" {
            sells_by_page(shop, pos.id).await.unwrap();
        }
    }
}

async fn sells_by_page(shop: &Shop, pos: i64) -> Result<(), server::problem::Problem> {
    let by = Actor::operator();
    let unchanged = Default::default();
    let edited = setup::edit_pos(&shop.app, &by, shop.merchant, pos, unchanged, |pos| {
        pos.settings.threeds_model = ThreedsModel::Pay;
    });
    edited.await.map(|_| ())
}

async fn takes_half(shop: &Shop) {
    shop.merchant_with(|merchant| merchant.half_threeds = true)
        .await;
}

/// The webhooks about a payment, after they had their time: event and status of each.
async fn told(shop: &Shop, id: i64) -> Vec<(String, String)> {
    shop.wait(30).await;
    let of = |event: &str| shop.hooks(event).into_iter();
    let all = of("THREEDS_VERIFY")
        .chain(of("API_AUTH"))
        .chain(of("API_VERIFY_AND_AUTH"));
    let about = all.filter(|hook| hook.body["payloadId"] == id.to_string().as_str());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    about
        .map(|hook| (text(&hook.body["eventType"]), text(&hook.body["status"])))
        .collect()
}

/// The shop was told once, by the one event of such a payment.
async fn told_once(shop: &Shop, id: i64, status: &str) {
    let once = [("API_VERIFY_AND_AUTH".to_owned(), status.to_owned())];
    assert_eq!(told(shop, id).await, once);
}

/// The shopper pays at the bank, and the browser comes to nothing.
pub async fn pays_and_is_gone(shop: &Shop, begun: &Begun<'_>) {
    shop.fault("garanti", "threeds_page", "no_callback").await;
    begun.way_back().await;
    assert_eq!(shop.order_state(begun.id).await, "captured");
}

fn says_the_result_is_awaited(page: &Page) {
    assert_eq!(page.status, 200, "{}", page.html);
    assert!(page.html.contains("sonucu bekleniyor"), "{}", page.html);
    assert!(!page.html.contains("<form"), "{}", page.html);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_banks_page_takes_the_money_and_nothing_is_left_to_complete() {
    let shop = open().await;
    for version in ["1", "2"] {
        let asked = json!({"additionalParams": {"threeDSCallbackVersion": version}});
        let begun = shop.pays(GARANTI).with(asked).begin_3ds().await;
        assert_eq!(begun.outcome().await, "INIT_THREEDS");
        let back = begun.way_back().await;
        assert_eq!(shop.order_state(begun.id).await, "captured");
        let callback = back.submit(&shop.http, &[]).await.form();
        let id = begun.id.to_string();
        let named = |name| callback.field(name);
        assert_eq!(named("status"), "SUCCESS");
        assert_eq!(named("completeStatus"), "COMPLETED");
        assert_eq!(named("paymentId"), id);
        assert_eq!(named("mdStatus"), if version == "2" { "1" } else { "" });
        let read = shop.payment(begun.id).await.succeeded();
        assert_eq!(
            (read.data("mdStatus"), read.data("isThreeDS")),
            (&json!(1), &json!(true))
        );
        assert_eq!(read.text("authCode").len(), 6);
        // Completing it tells how it stands, and takes nothing more.
        assert_eq!(begun.completes().await.succeeded().id(), begun.id);
        let again = back.submit(&shop.http, &[]).await.form();
        assert_eq!(again.field("callbackStatus"), "ALREADY_RETURNED");
        assert_eq!(
            (again.field("status"), again.field("completeStatus")),
            ("FAILURE", "")
        );
        let order = shop.order(begun.id).await;
        assert_eq!(
            (&order["captured"], &order["threeDS"]),
            (&json!(10_000), &json!(true))
        );
        told_once(&shop, begun.id, "SUCCESS").await;
        assert_eq!(shop.attempt(begun.id).await.proof.map(|_| ()), None);

        // It goes back like any other, although the browser's reference is not signed.
        shop.refunds(begun.id).await.ok();
        assert_eq!(shop.order_state(begun.id).await, "voided");
    }
}

/// The hash of a callback, as a shop computes it.
fn right_hash(form: &Form, version: &str) -> String {
    if version == "2" {
        return callback_hash(form);
    }
    let signed = Callback {
        status: form.field("status"),
        complete_status: form.field("completeStatus"),
        payment_id: form.field("paymentId"),
        conversation_data: form.field("conversationData"),
        conversation_id: form.field("conversationId"),
        callback_status: form.field("callbackStatus"),
    };
    callback_hash_v1(CALLBACK_KEY, &signed)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_callback_is_signed_in_the_version_that_was_asked_for() {
    let sells = open().await;
    let verifies = Shop::open().await;
    for (shop, good, bad) in [
        (&sells, "COMPLETED", "COMPLETED"),
        (&verifies, "WAITING", ""),
    ] {
        for version in ["1", "2"] {
            let asked = json!({"additionalParams": {"threeDSCallbackVersion": version}});
            for (card, status, complete) in [(GARANTI, "SUCCESS", good), (MD_0, "FAILURE", bad)] {
                let begun = shop.pays(card).with(asked.clone()).begin_3ds().await;
                let back = begun.way_back().await;
                for (told, status, complete) in
                    [("", status, complete), ("ALREADY_RETURNED", "FAILURE", "")]
                {
                    let form = back.submit(&shop.http, &[]).await.form();
                    let said = ["callbackStatus", "status", "completeStatus"];
                    let said = said.map(|name| form.field(name));
                    assert_eq!(said, [told, status, complete], "{version} {card}");
                    assert_eq!(form.field("hash"), right_hash(&form, version));
                    let is_second = form.fields.iter().any(|(name, _)| name == "hashParams");
                    assert_eq!(is_second, version == "2");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_returns_at_once_are_one_success() {
    let shop = open().await;
    for _ in 0..5 {
        let begun = shop.pays(GARANTI).begin_3ds().await;
        let back = begun.way_back().await;
        let (one, two) = tokio::join!(back.submit(&shop.http, &[]), back.submit(&shop.http, &[]));
        let mut said = [one.form(), two.form()].map(|form| form.field("status").to_owned());
        said.sort();
        assert_eq!(said, ["FAILURE", "SUCCESS"]);
        told_once(&shop, begun.id, "SUCCESS").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_merchant_wants_verified_is_asked_of_the_bank() {
    let shop = open().await;
    for (half, card, md_status, status) in [
        (false, MD_0, 0, "FAILURE"),
        (false, MD_4, 4, "FAILURE"),
        (true, MD_0, 0, "FAILURE"),
        (true, MD_4, 4, "SUCCESS"),
    ] {
        shop.merchant_with(|merchant| merchant.half_threeds = half)
            .await;
        let begun = shop.pays(card).begin_3ds().await;
        let callback = begun.returns(OTP).await.callback;
        assert_eq!(callback.field("status"), status, "{half} {card}");
        assert_eq!(callback.field("completeStatus"), "COMPLETED");
        let read = shop.payment(begun.id).await;
        assert_eq!(
            (read.outcome(), read.data("mdStatus")),
            (status, &json!(md_status))
        );
        told_once(&shop, begun.id, status).await;
        if status == "SUCCESS" {
            begun.completes().await.succeeded();
        } else {
            assert_eq!(callback.field("paymentId"), "");
            begun.completes().await.refused(422, 9003);
            let order_id = shop.attempt(begun.id).await.order_id;
            assert!(shop.ledger(&order_id).await.is_empty());
        }
    }
}

/// What is asked of the bank stands unsigned in a form that the browser posts.
#[tokio::test(flavor = "multi_thread")]
async fn money_that_a_browser_let_the_bank_take_with_less_proof_goes_back() {
    let shop = open().await;
    let begun = shop.pays(MD_4).begin_3ds().await;
    let half = [("secure3dsecuritylevel", "3D_HALF")];
    let galata = begun.page().submit(&shop.http, &[]).await;
    let bank = galata.submit(&shop.http, &half).await;
    let back = bank.types(&shop.http, OTP).await;
    assert_eq!(shop.order_state(begun.id).await, "captured");
    let callback = back.submit(&shop.http, &[]).await.form();
    assert_eq!(callback.field("status"), "FAILURE");
    begun.completes().await.refused(422, 9003);
    shop.work().await;
    assert_eq!(shop.order_state(begun.id).await, "voided");
    assert_eq!(begun.outcome().await, "FAILURE");
    told_once(&shop, begun.id, "FAILURE").await;

    // Nor does it help to keep the bank's word back.
    let begun = shop.pays(MD_4).begin_3ds().await;
    let galata = begun.page().submit(&shop.http, &[]).await;
    let bank = galata.submit(&shop.http, &half).await;
    bank.types(&shop.http, OTP).await;
    assert_eq!(shop.order_state(begun.id).await, "captured");
    shop.wait(31 * MINUTE).await;
    assert_eq!(shop.order_state(begun.id).await, "voided");
    assert_eq!(begun.outcome().await, "FAILURE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_made_to_verify_alone_sold_nothing() {
    let shop = open().await;
    let begun = shop.pays(GARANTI).begin_3ds().await;
    let galata = begun.page().submit(&shop.http, &[]).await;
    let alone = [("secure3dsecuritylevel", "3D")];
    let bank = galata.submit(&shop.http, &alone).await;
    let back = bank.types(&shop.http, OTP).await;
    says_the_result_is_awaited(&back.submit(&shop.http, &[]).await);
    assert_eq!(begun.outcome().await, "WAITING");
    assert!(shop.orders().await.is_empty());
    begun.completes().await.in_doubt();
    for _ in 0..5 {
        shop.wait(10 * MINUTE).await;
    }
    assert_eq!(begun.outcome().await, "FAILURE");
    told_once(&shop, begun.id, "FAILURE").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decline_is_told_by_callback_webhook_and_completion() {
    let shop = open().await;
    let stored = json!({"card": {"storeCardAfterSuccessPayment": true}});
    let begun = shop.pays(NO_FUNDS).with(stored).begin_3ds().await;
    let callback = begun.returns(OTP).await.callback;
    assert_eq!(callback.field("status"), "FAILURE");
    assert_eq!(callback.field("completeStatus"), "COMPLETED");
    assert_eq!(callback.field("paymentId"), begun.id.to_string());
    assert_eq!(
        begun.completes().await.declined("NOT_SUFFICIENT_FUNDS"),
        begun.id
    );
    let read = shop.payment(begun.id).await;
    assert_eq!(read.data("paymentError.errorGroup"), "NOT_SUFFICIENT_FUNDS");
    assert_eq!(read.data("mdStatus"), 1);
    told_once(&shop, begun.id, "FAILURE").await;
    assert_eq!(
        shop.count("select count(*) as n from stored_cards").await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_never_came_back_is_found_by_asking_the_bank() {
    let shop = open().await;
    takes_half(&shop).await;
    let stored = json!({"card": {"storeCardAfterSuccessPayment": true}});
    let begun = shop.pays(GARANTI).with(stored).begin_3ds().await;
    pays_and_is_gone(&shop, &begun).await;
    shop.wait(4 * MINUTE).await;
    assert_eq!(begun.outcome().await, "INIT_THREEDS");
    shop.wait(2 * MINUTE).await;
    let read = shop.payment(begun.id).await.succeeded();
    assert!(!read.text("cardToken").is_empty());
    told_once(&shop, begun.id, "SUCCESS").await;
    assert_eq!(shop.order(begun.id).await["captured"], 10_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_behind_the_inquiry_still_tells_the_shop_once() {
    let shop = open().await;
    takes_half(&shop).await;
    let begun = shop.pays(GARANTI).begin_3ds().await;
    let back = begun.way_back().await;
    shop.wait(6 * MINUTE).await;
    assert_eq!(begun.outcome().await, "SUCCESS");
    for (status, callback_status) in [("SUCCESS", ""), ("FAILURE", "ALREADY_RETURNED")] {
        let callback = back.submit(&shop.http, &[]).await.form();
        assert_eq!(callback.field("status"), status);
        assert_eq!(callback.field("callbackStatus"), callback_status);
    }
    assert_eq!(shop.payment(begun.id).await.data("mdStatus"), 1);
    told_once(&shop, begun.id, "SUCCESS").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_the_full_proof_waits_for_the_browser_and_then_gives_back() {
    let shop = open().await;
    // The browser is slow, and comes.
    let begun = shop.pays(GARANTI).begin_3ds().await;
    let back = begun.way_back().await;
    for _ in 0..4 {
        shop.wait(6 * MINUTE).await;
        assert_eq!(begun.outcome().await, "INIT_THREEDS");
    }
    let callback = back.submit(&shop.http, &[]).await.form();
    assert_eq!(callback.field("status"), "SUCCESS");
    told_once(&shop, begun.id, "SUCCESS").await;

    // It does not come, and then it does.
    let begun = shop.pays(GARANTI).begin_3ds().await;
    let back = begun.way_back().await;
    shop.wait(6 * MINUTE).await;
    assert_eq!(shop.order_state(begun.id).await, "captured");
    shop.wait(25 * MINUTE).await;
    assert_eq!(shop.order_state(begun.id).await, "voided");
    let callback = back.submit(&shop.http, &[]).await.form();
    assert_eq!(callback.field("status"), "FAILURE");
    assert_eq!(callback.field("completeStatus"), "COMPLETED");
    assert_eq!(begun.outcome().await, "FAILURE");
    told_once(&shop, begun.id, "FAILURE").await;

    // Who opted to complete what the bank took keeps it.
    shop.merchant_with(|merchant| merchant.completes_doubt = true)
        .await;
    let begun = shop.pays(GARANTI).begin_3ds().await;
    pays_and_is_gone(&shop, &begun).await;
    shop.wait(6 * MINUTE).await;
    told_once(&shop, begun.id, "SUCCESS").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_page_is_inquired_before_it_ends() {
    let shop = open().await;
    let begun = shop.pays(GARANTI).begin_3ds().await;
    begun.at_the_bank().await;
    shop.faults(
        MANY,
        "garanti",
        "inquire",
        json!({"kind": "delay", "ms": 0}),
    )
    .await;
    for _ in 0..47 {
        shop.wait(30 * MINUTE).await;
        assert_eq!(begun.outcome().await, "INIT_THREEDS");
    }
    // The waits double: a page that is left costs its bank few questions.
    let asked = shop.met("inquire").await;
    assert!((5..=10).contains(&asked), "{asked}");
    shop.wait(31 * MINUTE).await;
    assert_eq!(shop.met("inquire").await, asked + 1);
    assert_eq!(begun.outcome().await, "FAILURE");
    begun.completes().await.refused(422, 9003);
    told_once(&shop, begun.id, "FAILURE").await;
    let attempt = shop.attempt(begun.id).await;
    assert_eq!(
        (attempt.state, attempt.inquire_at),
        (AttemptState::Declined, None)
    );

    // A bank that does not tell leaves it in doubt, and so does its end.
    let begun = shop.pays(GARANTI).begin_3ds().await;
    pays_and_is_gone(&shop, &begun).await;
    shop.banks_recover().await;
    shop.faults(MANY, "garanti", "inquire", "http_500").await;
    shop.wait(DAY + 1).await;
    assert_eq!(begun.outcome().await, "WAITING");
    begun.completes().await.in_doubt();
    shop.banks_recover().await;
    shop.wait(DAY).await;
    assert_eq!(begun.outcome().await, "FAILURE");
    assert!(["voided", "refunded"].contains(&shop.order_state(begun.id).await.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_that_proves_nothing_is_doubt_and_the_bank_is_asked() {
    let shop = open().await;
    // Money taken, hash wrong: the bank's own record decides.
    takes_half(&shop).await;
    shop.fault("garanti", "threeds_page", "wrong_mac").await;
    let begun = shop.pays(GARANTI).begin_3ds().await;
    let callback = begun.returns(OTP).await.callback;
    assert_eq!(callback.field("status"), "SUCCESS");
    assert_eq!(callback.field("completeStatus"), "COMPLETED");
    told_once(&shop, begun.id, "SUCCESS").await;

    shop.merchant_with(|merchant| merchant.half_threeds = false)
        .await;
    shop.fault("garanti", "threeds_page", "wrong_mac").await;
    let begun = shop.pays(GARANTI).begin_3ds().await;
    let back = begun.way_back().await;
    for _ in 0..3 {
        says_the_result_is_awaited(&back.submit(&shop.http, &[]).await);
    }
    assert_eq!(begun.outcome().await, "WAITING");
    assert_eq!(begun.completes().await.in_doubt(), begun.id);
    // Nothing is opened any more, and what was kept of the card is gone.
    assert_eq!(begun.page().submit(&shop.http, &[]).await.status, 404);
    assert_eq!(shop.attempt(begun.id).await.proof.map(|_| ()), None);
    assert_eq!(shop.order_state(begun.id).await, "captured");
    for _ in 0..5 {
        shop.wait(10 * MINUTE).await;
    }
    assert_eq!(shop.order_state(begun.id).await, "voided");
    told_once(&shop, begun.id, "FAILURE").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_posted_before_it_the_honest_return_counts() {
    let shop = open().await;
    let begun = shop.pays(GARANTI).begin_3ds().await;
    let back = begun.way_back().await;
    let mut page = None;
    for name in [
        "hash",
        "authcode",
        "response",
        "mdstatus",
        "txnamount",
        "oid",
    ] {
        page = Some(back.submit(&shop.http, &[(name, "7")]).await);
    }
    says_the_result_is_awaited(&page.unwrap());
    assert_eq!(begun.outcome().await, "WAITING");
    let callback = back.submit(&shop.http, &[]).await.form();
    assert_eq!(callback.field("status"), "SUCCESS");
    told_once(&shop, begun.id, "SUCCESS").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_timed_out_itself_is_asked() {
    let shop = open().await;
    takes_half(&shop).await;
    shop.fault("garanti", "threeds_finish", declines_after("91"))
        .await;
    let begun = shop.pays(GARANTI).begin_3ds().await;
    let callback = begun.returns(OTP).await.callback;
    assert_eq!(callback.field("status"), "SUCCESS");
    assert_eq!(shop.order(begun.id).await["captured"], 10_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_ways_to_the_bank_are_one_sale() {
    let shop = open().await;
    takes_half(&shop).await;
    let begins = || shop.pays(GARANTI).keyed("init-1").begin_3ds();
    let (first, second) = (begins().await, begins().await);
    assert_eq!(first.id, second.id);
    let (one, two) = (first.at_the_bank().await, second.at_the_bank().await);
    let lost = one.types(&shop.http, OTP).await;
    // The bank refuses the second by its order id, which says that something was sold.
    let back = two.types(&shop.http, OTP).await;
    assert_eq!(back.form().field("procreturncode"), "92");
    let callback = back.submit(&shop.http, &[]).await.form();
    assert_eq!(callback.field("status"), "SUCCESS");
    assert_eq!(shop.order(first.id).await["captured"], 10_000);
    lost.submit(&shop.http, &[]).await;
    told_once(&shop, first.id, "SUCCESS").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_taken_behind_a_failure_goes_back() {
    let shop = open().await;
    for returns in [true, false] {
        let begun = shop.pays(GARANTI).begin_3ds().await;
        let bank = begun.at_the_bank().await;
        let cancelled = bank
            .submit(&shop.http, &[("otp", ""), ("action", "cancel")])
            .await;
        let callback = cancelled.submit(&shop.http, &[]).await.form();
        assert_eq!(callback.field("status"), "FAILURE");
        assert_eq!(begun.outcome().await, "FAILURE");
        // The shopper goes back to the bank's page and pays.
        let back = bank.types(&shop.http, OTP).await;
        assert_eq!(shop.order_state(begun.id).await, "captured");
        if returns {
            let callback = back.submit(&shop.http, &[]).await.form();
            assert_eq!(callback.field("callbackStatus"), "ALREADY_RETURNED");
            shop.work().await;
        } else {
            shop.wait(DAY).await;
        }
        let state = shop.order_state(begun.id).await;
        assert!(["voided", "refunded"].contains(&state.as_str()), "{state}");
        assert_eq!(begun.outcome().await, "FAILURE");
        told_once(&shop, begun.id, "FAILURE").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_given_up_takes_nothing_or_gives_it_back() {
    let shop = open().await;
    let ends = async |id: i64| shop.ends(id).await.ok().text("status").to_owned();
    // Paid, and the browser is gone.
    let begun = shop.pays(GARANTI).begin_3ds().await;
    pays_and_is_gone(&shop, &begun).await;
    assert_eq!(ends(begun.id).await, "SUCCESS");
    assert_eq!(shop.order_state(begun.id).await, "voided");
    assert_eq!(begun.outcome().await, "FAILURE");
    // Not paid; what is paid later goes back.
    let begun = shop.pays(GARANTI).begin_3ds().await;
    let bank = begun.at_the_bank().await;
    assert_eq!(ends(begun.id).await, "SUCCESS");
    assert_eq!(begun.outcome().await, "FAILURE");
    let back = bank.types(&shop.http, OTP).await;
    let callback = back.submit(&shop.http, &[]).await.form();
    assert_eq!(callback.field("status"), "FAILURE");
    shop.work().await;
    assert_eq!(shop.order_state(begun.id).await, "voided");
}

#[tokio::test(flavor = "multi_thread")]
async fn points_are_spent_on_the_banks_page() {
    let shop = open().await;
    let begun = shop.pays(BONUS).with(points(5.0, None)).begin_3ds().await;
    let callback = begun.returns(OTP).await.callback;
    assert_eq!(callback.field("status"), "SUCCESS");
    let order = shop.order(begun.id).await;
    assert_eq!(
        (&order["pointsSpent"], &order["captured"]),
        (&json!(500), &json!(10_000))
    );
    let read = shop.payment(begun.id).await;
    assert_eq!(read.data("loyalty.reward.cardRewardMoney"), 5.0);
    shop.refunds(begun.id).await.ok();
    assert_eq!(shop.order(begun.id).await["pointsReturned"], 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_as_one_kind_goes_on_as_it() {
    let shop = open().await;
    let begins = || shop.pays(GARANTI).keyed("init-1").begin_3ds();
    begins().await;
    for pos in poses::of_merchant(&shop.app, shop.merchant).await.unwrap() {
        let by = Actor::operator();
        let unchanged = Default::default();
        let edited = setup::edit_pos(&shop.app, &by, shop.merchant, pos.id, unchanged, |pos| {
            pos.settings.threeds_model = ThreedsModel::Model;
        });
        edited.await.unwrap();
    }
    let again = begins().await;
    let callback = again.returns(OTP).await.callback;
    assert_eq!(callback.field("completeStatus"), "COMPLETED");
    told_once(&shop, again.id, "SUCCESS").await;
    // The next one is of the other kind.
    let next = shop.pays(GARANTI).with_3ds(OTP).await.verified();
    assert_eq!(next.callback.field("completeStatus"), "WAITING");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_without_such_a_page_is_not_set_to_one() {
    let shop = open().await;
    let poses = poses::of_merchant(&shop.app, shop.merchant).await.unwrap();
    let ykb = poses.iter().find(|pos| pos.integrator.as_str() == "YKB");
    let refused = sells_by_page(&shop, ykb.unwrap().id).await.unwrap_err();
    assert!(
        format!("{refused:?}").contains("threedsModel"),
        "{refused:?}"
    );
    // Its payments go as before.
    let verified = shop.pays(YKB).with_3ds(OTP).await.verified();
    assert_eq!(verified.callback.field("completeStatus"), "WAITING");
    verified.completes().await.succeeded();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_paid_while_the_server_was_killed_is_found_by_the_next_one() {
    // The servers go by the real clock.
    let shop = &Shop::open().await;
    garanti_sells_by_page(shop).await;
    takes_half(shop).await;
    let log = |name: &str| shop.files.0.join(format!("{name}.log"));
    let serve = || {
        shop.command(&[
            "serve",
            "--allow-webhook-host",
            "127.0.0.1",
            "--webhook-waits",
            "1,1",
        ])
    };
    let mut first = Serving::start(&shop.http, serve(), log("first")).await;
    let body = with(
        payment(GARANTI),
        json!({"callbackUrl": "https://shop.example.com/callback"}),
    );
    let init = shop
        .post_at(&first.url, &format!("{PAY}/3ds-init"), &body)
        .await;
    let begun = Begun::of(shop, init.unwrap());
    let bank = begun.at_the_bank().await;
    first.kill();
    bank.types(&shop.http, OTP).await;
    assert_eq!(shop.order_state(begun.id).await, "captured");
    let due = "update attempts set inquire_at = $1 where inquire_at is not null";
    let commit = Commit::new(shop.merchant, 0)
        .any("update shards set until = $1", params![shop.app.now()])
        .any(due, params![shop.app.now()]);
    shop.app.db.commit(commit).await.unwrap();
    let _second = Serving::start(&shop.http, serve(), log("second")).await;
    until("the payment is settled", async || {
        (begun.outcome().await == "SUCCESS").then_some(())
    })
    .await;
    until("the shop is told", async || {
        shop.hooks("API_VERIFY_AND_AUTH").first().cloned()
    })
    .await;
}
