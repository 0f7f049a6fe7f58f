//! Money back at both banks: refunds in part and whole, voids, the day's end, and what the banks tell
//! of them afterwards.

use crate::bank::{
    Ask, BONUS, Bank, Directory, PLAIN, WORLD, all, order24, posnet_sale, tag, tags,
};
use serde_json::json;

fn give_back(amount: i64, key: &str) -> String {
    format!(
        "<return><amount>{amount}</amount><currencyCode>TL</currencyCode>\
         <hostLogKey>{key}</hostLogKey></return>"
    )
}

fn reverse(order: &str) -> String {
    format!(
        "<reverse><transaction>sale</transaction><orderID>{}</orderID></reverse>",
        order24(order)
    )
}

/// State, status and amount of each transaction of an order.
async fn listed(bank: &Bank, order: &str) -> Vec<(String, String, String)> {
    let ask = format!(
        "<agreement><orderID>{}</orderID></agreement>",
        order24(order)
    );
    let reply = bank.posnet(&ask).await;
    let columns = ["state", "txnStatus", "amount"].map(|name| tags(&reply, name));
    let [states, statuses, amounts] = columns;
    let rows = states.into_iter().zip(statuses).zip(amounts);
    rows.map(|((state, status), amount)| (state, status, amount))
        .collect()
}

fn row(state: &str, status: &str, amount: &str) -> (String, String, String) {
    (state.to_owned(), status.to_owned(), amount.to_owned())
}

#[tokio::test]
async fn posnet_lists_every_return_under_a_reference_of_its_own() {
    let bank = Bank::open().await;
    let key = tag(&bank.posnet_sale("A1", PLAIN, 2_451).await, "hostlogkey");
    bank.control("POST", "settle-day", "").await;
    let first = bank.posnet(&give_back(1_000, &key)).await;
    let second = bank.posnet(&give_back(1_451, &key)).await;
    let keys = [&first, &second].map(|reply| tag(reply, "hostlogkey"));
    assert!(keys[0] != keys[1] && !keys.contains(&key), "{keys:?}");
    assert_eq!(
        listed(&bank, "A1").await,
        [
            row("Sale", "1", "24,51"),
            row("Return", "1", "10,00"),
            row("Return", "1", "14,51"),
        ]
    );
    // A return's own reference names no sale.
    assert_eq!(bank.posnet_code(&give_back(1, &keys[0])).await, "0123");
    assert_eq!(bank.posnet_code(&give_back(1, &key)).await, "0205");
    let told = bank.row("A1").await;
    assert_eq!(
        (&told["state"], &told["refunded"]),
        (&json!("refunded"), &json!(2_451))
    );
    assert_eq!(told["moves"][1]["amount"], 1_451);
}

#[tokio::test]
async fn a_void_is_listed_and_what_went_back_in_part_is_not_voided() {
    let bank = Bank::open().await;
    bank.posnet_sale("V1", PLAIN, 100).await;
    let reply = bank.posnet(&reverse("V1")).await;
    assert_eq!(tag(&reply, "authCode"), "000000", "{reply}");
    assert_eq!(
        listed(&bank, "V1").await,
        [row("Sale", "0", "1,00"), row("Sale_Reverse", "1", "1,00")]
    );
    let sale = posnet_sale("V2", WORLD, 1_000, "00", "<wpAmount>300</wpAmount>");
    let sold = bank.posnet(&sale.replace("sale>", "saleWP>")).await;
    let key = tag(&sold, "hostlogkey");
    assert_eq!(bank.posnet_code(&give_back(1, &key)).await, "0411");
    // Points go back on the same day too.
    let points = format!(
        "<pointReturn><wpAmount>100</wpAmount><currencyCode>TL</currencyCode>\
         <hostLogKey>{key}</hostLogKey></pointReturn>"
    );
    assert_eq!(bank.posnet_code(&points).await, "");
    assert_eq!(bank.posnet_code(&reverse("V2")).await, "0218");
    assert_eq!(
        listed(&bank, "V2").await[1],
        row("Bonus_Return", "1", "1,00")
    );
    let told = bank.row("V2").await;
    assert_eq!(
        (&told["refunded"], &told["pointsReturned"]),
        (&json!(100), &json!(100))
    );
}

#[tokio::test]
async fn the_day_ends_by_the_clock() {
    let bank = Bank::open().await;
    let key = tag(&bank.posnet_sale("D1", PLAIN, 100).await, "hostlogkey");
    let sold = bank.garanti(&Ask::new("sales", "D2", PLAIN, 100)).await;
    let reference = tag(&sold, "RetrefNum");
    bank.pass(8);
    // 23:00 in Istanbul.
    assert_eq!(bank.posnet_code(&give_back(1, &key)).await, "0411");
    let refund = Ask::about("refund", "D2", 40, &reference);
    assert_eq!(bank.garanti_code(&refund).await, "92/0208");
    bank.pass(1);
    let turn = async |on: bool| {
        let order = json!({ "dayEndsByClock": on }).to_string();
        bank.control("POST", "switches", &order).await
    };
    assert_eq!(turn(false).await["dayEndsByClock"], false);
    assert_eq!(bank.row("D1").await["state"], "captured");
    turn(true).await;
    assert_eq!(bank.row("D1").await["state"], "settled");
    assert_eq!(bank.posnet_code(&reverse("D1")).await, "0211");
    assert_eq!(bank.posnet_code(&give_back(1, &key)).await, "");
    let void = Ask::about("void", "D2", 100, &reference);
    assert_eq!(bank.garanti_code(&void).await, "92/0208");
    assert_eq!(bank.garanti_code(&refund).await, "00/00");
}

#[tokio::test]
async fn garantis_history_tells_of_every_refund_and_void() {
    let bank = Bank::open().await;
    let list =
        "<RewardList><Reward><Type>BNS</Type><UsedAmount>500</UsedAmount></Reward></RewardList>";
    let sold = bank
        .garanti(&Ask::new("sales", "H1", BONUS, 1_000).more(list))
        .await;
    let reference = tag(&sold, "RetrefNum");
    bank.control("POST", "settle-day?bank=garanti", "").await;
    for (amount, code) in [
        (301, "00/00"),
        (700, "92/0208"),
        (699, "00/00"),
        (1, "92/0208"),
    ] {
        let ask = Ask::about("refund", "H1", amount, &reference);
        assert_eq!(bank.garanti_code(&ask).await, code, "{amount}");
    }
    let history = bank
        .garanti(&Ask::new("orderhistoryinq", "H1", "", 100))
        .await;
    assert_eq!(tags(&history, "Type"), ["sales", "refund", "refund"]);
    assert_eq!(tags(&history, "Status"), ["00", "00", "00"]);
    assert_eq!(tags(&history, "AuthAmount"), ["1000", "301", "699"]);
    assert_eq!(tags(&history, "VoidDate"), ["", "", ""]);
    // The sale itself stays approved, and all points came back.
    let found = bank.garanti(&Ask::new("orderinq", "H1", "", 100)).await;
    assert_eq!(tag(&found, "Status"), "APPROVED");
    assert_eq!(bank.row("H1").await["pointsReturned"], 500);

    let sold = bank.garanti(&Ask::new("sales", "H2", PLAIN, 100)).await;
    let reference = tag(&sold, "RetrefNum");
    let voided = bank
        .garanti(&Ask::about("void", "H2", 100, &reference))
        .await;
    assert_ne!(tag(&voided, "RetrefNum"), reference);
    let history = bank
        .garanti(&Ask::new("orderhistoryinq", "H2", "", 100))
        .await;
    assert_eq!(tags(&history, "Type"), ["sales", "void"]);
    assert_eq!(tags(&history, "VoidDate"), ["20260310", ""]);
    let unknown = Ask::new("orderhistoryinq", "H3", "", 100);
    assert_eq!(bank.garanti_code(&unknown).await, "92/0108");
}

#[tokio::test]
async fn a_lost_refund_was_made_and_stands_in_the_ledger() {
    let directory = Directory::new("money-back");
    let bank = Bank::on(Some(directory.0.clone())).await;
    let key = tag(&bank.posnet_sale("L1", PLAIN, 100).await, "hostlogkey");
    bank.control("POST", "settle-day", "").await;
    bank.fault(r#"{"bank":"posnet","operation":"refund","fault":{"kind":"lose_reply"}}"#)
        .await;
    assert_eq!(bank.posnet_raw(&give_back(40, &key)).await, b"");
    bank.fault(
        r#"{"bank":"posnet","operation":"refund","fault":{"kind":"decline","code":"0450"}}"#,
    )
    .await;
    assert_eq!(bank.posnet_code(&give_back(40, &key)).await, "0450");
    let before = bank.control("GET", "ledger", "").await;
    assert_eq!(before["orders"][0]["refunded"], 40);
    drop(bank);

    let bank = Bank::on(Some(directory.0.clone())).await;
    assert_eq!(bank.control("GET", "ledger", "").await, before);
    assert_eq!(bank.posnet_code(&give_back(61, &key)).await, "0205");
    assert_eq!(bank.posnet_code(&give_back(60, &key)).await, "");
}

#[tokio::test]
async fn two_hundred_refunds_at_once_give_back_what_was_taken_and_no_more() {
    let bank = Bank::open().await;
    let sold = bank.garanti(&Ask::new("sales", "C1", PLAIN, 1_000)).await;
    let reference = tag(&sold, "RetrefNum");
    bank.control("POST", "settle-day", "").await;
    let asks: Vec<Ask<'_>> = (0..200)
        .map(|_| Ask::about("refund", "C1", 7, &reference))
        .collect();
    let codes = all(asks.iter().map(|ask| bank.garanti_code(ask))).await;
    let given = codes.iter().filter(|code| *code == "00/00").count();
    assert_eq!(given, 142, "7 goes 142 times into 1000");
    assert_eq!(bank.row("C1").await["refunded"], 142 * 7);
}
