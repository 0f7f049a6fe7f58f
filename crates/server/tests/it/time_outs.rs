//! A bank that says that it timed out itself has not refused: it is asked, and until it has settled no
//! other bank is.

use crate::browser::through_threeds;
use crate::world::{Reply, World, payment, with};
use serde_json::{Value, json};

const POSNET: (&str, &str) = ("posnet", "5400630000000009");
const GARANTI: (&str, &str) = ("garanti", "5209220000000002");

/// Every code by which a bank says so, with the bank and a card that is routed there first.
fn codes() -> Vec<((&'static str, &'static str), &'static str)> {
    let posnet = ["0302", "0400", "E997", "E998", "E999", "0091", "0096"];
    let garanti = ["92/9998", "92/9999", "91", "96"];
    let of_posnet = posnet.iter().map(|code| (POSNET, *code));
    of_posnet
        .chain(garanti.iter().map(|code| (GARANTI, *code)))
        .collect()
}

/// The bank says the code, although it took the money.
fn although_taken(code: &str) -> Value {
    json!({"kind": "decline", "code": code, "after": true})
}

/// What the banks believe of all orders: bank and state.
async fn at_the_banks(world: &World) -> Vec<(String, String)> {
    let ledger = world.control("GET", "/control/ledger", Value::Null).await;
    let text = |order: &Value, name: &str| order[name].as_str().unwrap().to_owned();
    let orders = ledger["orders"].as_array().unwrap().iter();
    orders
        .map(|order| (text(order, "bank"), text(order, "state")))
        .collect()
}

fn order(bank: &str, state: &str) -> (String, String) {
    (bank.to_owned(), state.to_owned())
}

async fn pay(world: &World, card: &str) -> Reply {
    world.post("/payment/v1/card-payments", payment(card)).await
}

async fn status(world: &World, id: &Value) -> (Value, Value) {
    let path = format!("/payment/v1/card-payments/{id}");
    let read = world.get(&path).await.ok();
    let group = read.data("paymentError.errorGroup").clone();
    (read.data("paymentStatus").clone(), group)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_timed_out_and_took_the_money_gives_it_back_and_no_other_is_asked() {
    for ((bank, card), code) in codes() {
        let world = World::open().await;
        world.fault(bank, "sale", although_taken(code)).await;
        let reply = pay(&world, card).await;
        assert_eq!(reply.status, 422, "{code}: {:#}", reply.body);
        let id = &reply.body["errors"]["paymentId"];
        assert_eq!(status(&world, id).await.0, "FAILURE", "{code}");
        assert_eq!(
            at_the_banks(&world).await,
            [order(bank, "voided")],
            "{code}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_that_completes_doubt_keeps_what_the_bank_took() {
    let world = World::open().await;
    let by = server::operations::By::operator();
    server::setup::change_merchant(&world.app, &by, world.merchant, |m| {
        m.completes_doubt = true
    })
    .await
    .unwrap();
    world.fault("posnet", "sale", although_taken("0302")).await;
    let reply = pay(&world, POSNET.1).await.ok();
    assert_eq!(reply.data("paymentStatus"), "SUCCESS");
    assert_eq!(at_the_banks(&world).await, [order("posnet", "captured")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_banks_own_inquiry_says_refused_the_next_pos_is_tried() {
    for (((bank, card), code), (other, bank_id)) in [
        ((POSNET, "0302"), ("garanti", 62)),
        ((POSNET, "E998"), ("garanti", 62)),
        ((GARANTI, "96"), ("posnet", 67)),
    ] {
        let world = World::open().await;
        let refuses = json!({"kind": "decline", "code": code});
        world.fault(bank, "sale", refuses.clone()).await;
        let reply = pay(&world, card).await.ok();
        assert_eq!(reply.data("pos.bankId"), bank_id, "{code}");
        let expected = [order(bank, "declined"), order(other, "captured")];
        assert_eq!(at_the_banks(&world).await, expected, "{code}");

        // And where the shop wants no second POS, the payment is declined with the bank's group.
        world.fault(bank, "sale", refuses).await;
        let once = with(payment(card), json!({"retry": false}));
        let reply = world.post("/payment/v1/card-payments", once).await;
        let group = match code {
            "0302" => "REQUEST_TIMEOUT",
            _ => "COMMUNICATION_OR_SYSTEM_ERROR",
        };
        assert_eq!((reply.status, reply.error_group()), (422, group), "{code}");
        let id = &reply.body["errors"]["paymentId"];
        assert_eq!(status(&world, id).await.0, "FAILURE", "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn not_found_or_no_answer_is_doubt_and_no_other_bank_is_asked_until_it_has_settled() {
    for (inquiry, taken) in [
        (json!({"kind": "decline", "code": "E219"}), true),
        (json!({"kind": "decline", "code": "E219"}), false),
        (json!({"kind": "http_500"}), true),
        (json!({"kind": "decline", "code": "0400"}), true),
    ] {
        let world = World::open().await;
        let says = json!({"kind": "decline", "code": "0302", "after": taken});
        world.fault("posnet", "sale", says).await;
        world.fault("posnet", "inquire", inquiry.clone()).await;
        let reply = pay(&world, POSNET.1).await;
        let told = (reply.status, reply.error_group());
        assert_eq!(told, (422, "COMMUNICATION_OR_SYSTEM_ERROR"), "{inquiry}");
        let id = &reply.body["errors"]["paymentId"];
        assert_eq!(status(&world, id).await.0, "WAITING", "{inquiry}");
        let banks = at_the_banks(&world).await;
        let state = if taken { "captured" } else { "declined" };
        assert_eq!(banks, [order("posnet", state)], "{inquiry}");

        world.wait(5).await;
        assert_eq!(status(&world, id).await.0, "FAILURE", "{inquiry}");
        let banks = at_the_banks(&world).await;
        let state = if taken { "voided" } else { "declined" };
        assert_eq!(banks, [order("posnet", state)], "{inquiry}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_never_arrived_is_believed_only_by_the_schedule() {
    let world = World::open().await;
    // The gateway timed out before its host had the order: Garanti then knows nothing of it.
    let says = json!({"kind": "decline", "code": "92/9999"});
    world.fault("garanti", "sale", says).await;
    let reply = pay(&world, GARANTI.1).await;
    assert_eq!(reply.status, 422);
    let id = &reply.body["errors"]["paymentId"];
    for wait in [5, 30] {
        world.wait(wait).await;
        assert_eq!(status(&world, id).await.0, "WAITING");
    }
    world.wait(120).await;
    let expected = (json!("FAILURE"), json!("REQUEST_TIMEOUT"));
    assert_eq!(status(&world, id).await, expected);
    assert_eq!(at_the_banks(&world).await, [order("garanti", "declined")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_cards_of_these_groups_stay_prompt_declines() {
    let world = World::open().await;
    for (card, group) in [
        ("5254040000006666", "COMMUNICATION_OR_SYSTEM_ERROR"),
        ("4049520000006660", "NO_RESPONSE"),
        ("5358810000006667", "REQUEST_TIMEOUT"),
    ] {
        for retry in [true, false] {
            let request = with(payment(card), json!({"retry": retry}));
            let reply = world.post("/payment/v1/card-payments", request).await;
            assert_eq!((reply.status, reply.error_group()), (422, group));
            let id = &reply.body["errors"]["paymentId"];
            let expected = (json!("FAILURE"), json!(group));
            assert_eq!(status(&world, id).await, expected, "{retry}");
        }
    }
    let banks = at_the_banks(&world).await;
    // Three cards: twice at the first POS, once at the second.
    assert_eq!(banks.len(), 9, "{banks:?}");
    assert!(banks.iter().all(|(_, state)| state == "declined"));
    let both = ["garanti", "posnet"].map(|bank| banks.iter().any(|(at, _)| at == bank));
    assert_eq!(both, [true, true]);
}

async fn verified(world: &World, card: &str) -> Value {
    let callback = json!({"callbackUrl": "https://shop.example.com/callback"});
    let request = with(payment(card), callback);
    let init = world
        .post("/payment/v1/card-payments/3ds-init", request)
        .await
        .ok();
    let html = init.data("htmlContent").as_str().unwrap();
    through_threeds(world, html, "123456", "confirm").await;
    json!({"paymentId": init.data("paymentId")})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completion_whose_bank_timed_out_is_asked_about_at_once() {
    let world = World::open().await;
    let path = "/payment/v1/card-payments/3ds-complete";
    for ((bank, card), code) in [(POSNET, "0302"), (POSNET, "0096"), (GARANTI, "92/9998")] {
        let request = verified(&world, card).await;
        world
            .fault(bank, "threeds_finish", although_taken(code))
            .await;
        let done = world.post(path, request).await.ok();
        assert_eq!(done.data("paymentStatus"), "SUCCESS", "{code}");
    }
    for ((bank, card), code) in [(POSNET, "0302"), (GARANTI, "T22")] {
        let request = verified(&world, card).await;
        let refuses = json!({"kind": "decline", "code": code});
        world.fault(bank, "threeds_finish", refuses).await;
        let reply = world.post(path, request).await;
        let told = (reply.status, reply.error_group());
        assert_eq!(told, (422, "REQUEST_TIMEOUT"), "{code}");
        let id = &reply.body["errors"]["paymentId"];
        assert_eq!(status(&world, id).await.0, "FAILURE", "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_void_whose_bank_timed_out_is_tried_again_and_needs_nobody() {
    let world = World::open().await;
    for ((bank, card), code) in [(POSNET, "0400"), (GARANTI, "92/9999")] {
        let lost = json!({"kind": "lose_reply"});
        world.fault(bank, "sale", lost).await;
        let reply = pay(&world, card).await;
        let id = &reply.body["errors"]["paymentId"];
        let timed_out = json!({"kind": "decline", "code": code});
        world.fault(bank, "void", timed_out).await;
        world.wait(5).await;
        let read = async || {
            let id = id.as_i64().unwrap();
            let last =
                server::store::attempts::last_of_payment(&world.app, world.merchant, id).await;
            last.unwrap().unwrap().state.as_str()
        };
        assert_eq!(read().await, "REVERSING", "{code}");
        world.wait(30).await;
        assert_eq!(read().await, "REVERSED", "{code}");
        assert_eq!(status(&world, id).await.0, "FAILURE", "{code}");
    }
    let banks = at_the_banks(&world).await;
    assert_eq!(
        banks,
        [order("posnet", "voided"), order("garanti", "voided")]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_whose_bank_timed_out_is_a_failed_question() {
    let world = World::open().await;
    for ((bank, _), code, card) in [
        (POSNET, "0302", "4048090000000007"),
        (GARANTI, "92/9999", "4043080000000003"),
    ] {
        let timed_out = json!({"kind": "decline", "code": code});
        world.fault(bank, "loyalties", timed_out).await;
        let request =
            json!({"cardNumber": card, "expireYear": "2044", "expireMonth": "07", "cvc": "000"});
        let path = "/payment/v1/card-loyalties/retrieve";
        let reply = world.post(path, request.clone()).await;
        let told = (reply.status, reply.error_group());
        assert_eq!(told, (422, "REQUEST_TIMEOUT"), "{:#}", reply.body);
        world.post(path, request).await.ok();
    }
}
