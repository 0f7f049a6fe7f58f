//! Holds at both banks: how much of one can be captured, until when it is released, and what is given
//! back of a capture.

use crate::bank::{Ask, Bank, PLAIN, input, order24, posnet_mac, posnet_sale, tag, tags};
use crate::{garanti, posnet_threeds};
use serde_json::json;

const NO_HOLD: &str = "9792120000006667";
const NO_CAPTURE: &str = "4043150000006662";

async fn hold(bank: &Bank, order: &str, card: &str) -> String {
    let sale = posnet_sale(order, card, 1_000, "00", "");
    bank.posnet(&sale.replace("sale>", "auth>")).await
}

fn capture(amount: i64, key: &str) -> String {
    format!(
        "<capt><hostLogKey>{key}</hostLogKey><amount>{amount}</amount>\
         <currencyCode>TL</currencyCode><installment>00</installment></capt>"
    )
}

fn reverse(transaction: &str, order: &str) -> String {
    format!(
        "<reverse><transaction>{transaction}</transaction><orderID>{}</orderID></reverse>",
        order24(order)
    )
}

async fn states(bank: &Bank, order: &str) -> Vec<String> {
    let ask = format!(
        "<agreement><orderID>{}</orderID></agreement>",
        order24(order)
    );
    let reply = bank.posnet(&ask).await;
    let pairs = tags(&reply, "state")
        .into_iter()
        .zip(tags(&reply, "txnStatus"));
    pairs
        .map(|(state, status)| format!("{state} {status}"))
        .collect()
}

#[tokio::test]
async fn posnet_captures_up_to_the_margin_and_once() {
    let bank = Bank::open().await;
    let held = hold(&bank, "P1", PLAIN).await;
    assert_eq!(tag(&held, "approved"), "1", "{held}");
    let key = tag(&held, "hostlogkey");
    let told = bank.row("P1").await;
    assert_eq!(
        (&told["state"], &told["authorised"], &told["captured"]),
        (&json!("held"), &json!(1_000), &json!(0))
    );
    for (amount, code) in [(0, "0204"), (1_151, "0205"), (1_150, ""), (1, "0788")] {
        assert_eq!(
            bank.posnet_code(&capture(amount, &key)).await,
            code,
            "{amount}"
        );
    }
    let told = bank.row("P1").await;
    assert_eq!(
        (&told["state"], &told["authorised"], &told["captured"]),
        (&json!("captured"), &json!(1_000), &json!(1_150))
    );
    assert_eq!(bank.posnet_code(&reverse("auth", "P1")).await, "0788");
    assert_eq!(bank.posnet_code(&reverse("capt", "P1")).await, "");
    assert_eq!(bank.row("P1").await["state"], "held");
    assert_eq!(bank.posnet_code(&reverse("capt", "P1")).await, "0223");
    assert_eq!(bank.posnet_code(&reverse("auth", "P1")).await, "");
    assert_eq!(bank.posnet_code(&reverse("auth", "P1")).await, "0220");
    assert_eq!(bank.posnet_code(&capture(1, &key)).await, "0220");
    assert_eq!(
        states(&bank, "P1").await,
        [
            "Authorization 0",
            "Capture 0",
            "Capture_Reverse 1",
            "Authorization_Reverse 1"
        ]
    );
    let told = bank.row("P1").await;
    assert_eq!(
        (&told["voided"], &told["captured"]),
        (&json!(1_000), &json!(0))
    );
}

#[tokio::test]
async fn what_was_captured_is_given_back_by_the_captures_reference() {
    let bank = Bank::open().await;
    let key = tag(&hold(&bank, "R1", PLAIN).await, "hostlogkey");
    let give =
        |key: &str| format!("<return><amount>900</amount><hostLogKey>{key}</hostLogKey></return>");
    assert_eq!(bank.posnet_code(&give(&key)).await, "0411");
    // The day of a hold that was captured is the day of its capture.
    bank.pass(24);
    let taken = bank.posnet(&capture(900, &key)).await;
    let captured = tag(&taken, "hostlogkey");
    assert_ne!(captured, key, "{taken}");
    assert_eq!(bank.posnet_code(&give(&captured)).await, "0411");
    bank.pass(24);
    assert_eq!(bank.posnet_code(&reverse("capt", "R1")).await, "0229");
    assert_eq!(bank.posnet_code(&give(&key)).await, "0123");
    assert_eq!(bank.posnet_code(&give(&captured)).await, "");
    assert_eq!(
        states(&bank, "R1").await,
        ["Authorization 1", "Capture 1", "Return 1"]
    );
    assert_eq!(bank.row("R1").await["state"], "refunded");
}

#[tokio::test]
async fn posnet_releases_a_hold_for_a_week() {
    let bank = Bank::open().await;
    hold(&bank, "W1", PLAIN).await;
    hold(&bank, "W2", PLAIN).await;
    bank.pass(7 * 24);
    assert_eq!(bank.posnet_code(&reverse("sale", "W1")).await, "0123");
    assert_eq!(bank.posnet_code(&reverse("auth", "W1")).await, "");
    bank.pass(1);
    assert_eq!(bank.posnet_code(&reverse("auth", "W2")).await, "0122");
}

#[tokio::test]
async fn garanti_captures_up_to_the_margin_and_once() {
    let bank = Bank::open().await;
    let held = bank.garanti(&Ask::new("preauth", "G1", PLAIN, 1_000)).await;
    let reference = tag(&held, "RetrefNum");
    let found = bank.garanti(&Ask::new("orderinq", "G1", "", 100)).await;
    assert_eq!(
        ["Status", "PreAuthAmount", "AuthAmount"].map(|name| tag(&found, name)),
        ["WAITINGPOSTAUTH", "1000", "0"]
    );
    for (amount, code) in [
        (0, "92/0002"),
        (1_151, "13/13"),
        (1_150, "00/00"),
        (1, "92/0110"),
    ] {
        let ask = Ask::about("postauth", "G1", amount, &reference);
        assert_eq!(bank.garanti_code(&ask).await, code, "{amount}");
    }
    let found = bank.garanti(&Ask::new("orderinq", "G1", "", 100)).await;
    assert_eq!(
        ["Status", "PreAuthAmount", "AuthAmount"].map(|name| tag(&found, name)),
        ["APPROVED", "1000", "1150"]
    );
    let captured = tag(&found, "RetrefNum");
    assert_ne!(captured, reference);
    // Undone by the capture's reference, and not by the hold's.
    let by_hold = Ask::about("void", "G1", 1_150, &reference);
    assert_eq!(bank.garanti_code(&by_hold).await, "92/0110");
    let by_capture = Ask::about("void", "G1", 1_150, &captured);
    assert_eq!(bank.garanti_code(&by_capture).await, "00/00");
    let history = bank
        .garanti(&Ask::new("orderhistoryinq", "G1", "", 100))
        .await;
    assert_eq!(tags(&history, "Type"), ["preauth", "postauth", "void"]);
    assert_eq!(tags(&history, "PreAuthAmount"), ["1000", "0", "0"]);
    assert_eq!(tags(&history, "AuthAmount"), ["0", "1150", "1150"]);
    assert_eq!(tags(&history, "VoidDate"), ["", "20260310", ""]);
}

#[tokio::test]
async fn garanti_releases_a_hold_and_refunds_a_capture() {
    let bank = Bank::open().await;
    let held = bank.garanti(&Ask::new("preauth", "G2", PLAIN, 1_000)).await;
    let reference = tag(&held, "RetrefNum");
    bank.pass(48);
    let void = Ask::about("void", "G2", 1_000, &reference);
    assert_eq!(bank.garanti_code(&void).await, "00/00");
    let capture = Ask::about("postauth", "G2", 1, &reference);
    assert_eq!(bank.garanti_code(&capture).await, "92/0110");

    let held = bank.garanti(&Ask::new("preauth", "G3", PLAIN, 1_000)).await;
    let reference = tag(&held, "RetrefNum");
    let taken = bank
        .garanti(&Ask::about("postauth", "G3", 800, &reference))
        .await;
    let captured = tag(&taken, "RetrefNum");
    bank.pass(24);
    let refund = |reference: &str| Ask::about("refund", "G3", 800, reference);
    assert_eq!(bank.garanti_code(&refund(&reference)).await, "92/0110");
    assert_eq!(bank.garanti_code(&refund(&captured)).await, "00/00");
    assert_eq!(bank.garanti_code(&refund(&captured)).await, "92/0208");
    let seller = Ask {
        user: "PROVAUT",
        ..refund(&captured)
    };
    assert_eq!(bank.garanti_code(&seller).await, "92/0002");
}

#[tokio::test]
async fn the_published_cards_of_the_hold_table_fail_in_their_step() {
    let bank = Bank::open().await;
    for (order, card, held_code, captured_code) in
        [("F1", NO_HOLD, "0051", ""), ("F2", NO_CAPTURE, "", "0012")]
    {
        let held = hold(&bank, order, card).await;
        assert_eq!(tag(&held, "respCode"), held_code);
        if held_code.is_empty() {
            let key = tag(&held, "hostlogkey");
            let code = bank.posnet_code(&capture(1_000, &key)).await;
            assert_eq!(code, captured_code);
        }
        let order = format!("G{order}");
        let held = bank
            .garanti(&Ask::new("preauth", &order, card, 1_000))
            .await;
        assert_eq!(tag(&held, "Code") == "00", held_code.is_empty());
        if held_code.is_empty() {
            let reference = tag(&held, "RetrefNum");
            let ask = Ask::about("postauth", &order, 1_000, &reference);
            assert_eq!(bank.garanti_code(&ask).await, "12/12");
        }
        // Both buy like any other.
        let sold = bank.posnet_sale(&format!("S{order}"), card, 100).await;
        assert_eq!(tag(&sold, "approved"), "1");
    }
}

#[tokio::test]
async fn holds_and_captures_fail_on_demand() {
    let bank = Bank::open().await;
    bank.fault(r#"{"bank":"posnet","operation":"hold","fault":{"kind":"decline","code":"51"}}"#)
        .await;
    assert_eq!(tag(&hold(&bank, "X1", PLAIN).await, "respCode"), "0051");
    assert_eq!(bank.row("X1").await["declineCode"], "51");
    let held = bank.garanti(&Ask::new("preauth", "X2", PLAIN, 100)).await;
    let reference = tag(&held, "RetrefNum");
    bank.fault(r#"{"bank":"garanti","operation":"capture","fault":{"kind":"lose_reply"}}"#)
        .await;
    let ask = Ask::about("postauth", "X2", 100, &reference);
    assert_eq!(bank.garanti_raw(&ask).await, b"");
    assert_eq!(bank.row("X2").await["captured"], 100);
}

#[tokio::test]
async fn a_hold_after_3d_secure_is_a_hold() {
    let bank = Bank::open().await;
    let mut form = garanti::form("T1", PLAIN, "1500");
    let hash = garanti::form_hash("T1", "1500", "preauth");
    for (name, value) in &mut form {
        match *name {
            "txntype" => *value = "preauth".to_owned(),
            "secure3dhash" => value.clone_from(&hash),
            _ => {}
        }
    }
    let page = garanti::post(&bank, &form).await;
    let back = garanti::confirm(&bank, &page).await;
    assert_eq!(
        (input(&back, "mdstatus"), input(&back, "txntype")),
        ("1".into(), "preauth".into())
    );
    // What was authenticated as a hold is no sale.
    let sale = garanti::finish("T1", 1_500, &back);
    assert_eq!(tag(&bank.garanti(&sale).await, "Code"), "T11");
    let page = garanti::post(&bank, &form).await;
    let back = garanti::confirm(&bank, &page).await;
    let mut ask = garanti::finish("T1", 1_500, &back);
    ask.kind = "preauth";
    assert_eq!(bank.garanti_code(&ask).await, "00/00");
    assert_eq!(bank.row("T1").await["state"], "held");

    let xid = "X0000000000000000007";
    let begun = posnet_threeds::begin_as(&bank, "Auth", xid, PLAIN, 900)
        .await
        .unwrap();
    let page = posnet_threeds::page(&bank, &begun, &[]).await;
    let back = posnet_threeds::answer(&bank, &page, "123456", &[]).await;
    assert_eq!(input(&back, "TranType"), "Auth");
    let mac = posnet_mac(&[xid, "900", "TL"]);
    let finish = |wp: &str| posnet_threeds::packet("oosTranData", &back, wp, &mac);
    let held = bank.posnet(&finish("")).await;
    assert_eq!(tag(&held, "approved"), "1", "{held}");
    assert_eq!(bank.row(xid).await["state"], "held");
}
