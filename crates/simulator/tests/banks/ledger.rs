//! The ledger outlives the process, and so do authentications that were under way.

use crate::bank::{
    Ask, BONUS, Bank, Directory, PLAIN, PUBLISHED_BONUS, TEB_BONUS, WORLD, order24, posnet_sale,
    tag,
};
use crate::garanti;
use serde_json::{Value, json};

#[tokio::test]
async fn orders_and_purses_are_there_after_a_restart() {
    let directory = Directory::new("reopen");
    let bank = Bank::on(Some(directory.0.clone())).await;
    let sale = Ask::new("sales", "R1", BONUS, 2_000).more(
        "<RewardList><Reward><Type>BNS</Type><UsedAmount>1000</UsedAmount></Reward></RewardList>",
    );
    assert_eq!(tag(&bank.garanti(&sale).await, "Code"), "00");
    assert_eq!(
        tag(&bank.posnet_sale("R2", PLAIN, 100).await, "approved"),
        "1"
    );
    let purse = json!({ "cardNumber": TEB_BONUS, "card": 7, "firm": 8, "mile": 9 });
    bank.control("POST", "purses", &purse.to_string()).await;
    let page = garanti::post(&bank, &garanti::form("R3", BONUS, "100")).await;
    let before = bank.control("GET", "ledger", "").await;
    drop(bank);

    let bank = Bank::on(Some(directory.0.clone())).await;
    assert_eq!(bank.control("GET", "ledger", "").await, before);
    let left = bank
        .control("GET", &format!("purses?cardNumber={BONUS}"), "")
        .await;
    assert_eq!(left, json!({ "card": 235, "firm": 520, "mile": 0 }));
    let set = bank
        .control("GET", &format!("purses?cardNumber={TEB_BONUS}"), "")
        .await;
    assert_eq!(set, json!({ "card": 7, "firm": 8, "mile": 9 }));
    assert_eq!(tag(&bank.garanti(&sale).await, "ReasonCode"), "0104");
    assert_eq!(
        tag(&bank.posnet_sale("R2", PLAIN, 100).await, "approved"),
        "2"
    );
    assert!(
        garanti::confirm(&bank, &page).await.contains("mdstatus"),
        "the page still works"
    );
    assert_eq!(
        tag(&bank.posnet_sale("R4", PLAIN, 100).await, "approved"),
        "1"
    );
    let orders = bank.control("GET", "ledger?bank=posnet", "").await;
    assert_eq!(orders["orders"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn no_card_number_is_in_the_file() {
    let directory = Directory::new("numbers");
    let bank = Bank::on(Some(directory.0.clone())).await;
    assert_eq!(
        tag(&bank.posnet_sale("N1", PLAIN, 100).await, "approved"),
        "1"
    );
    let _ = bank
        .garanti(&Ask::new("sales", "N2", "4242424242424242", 100))
        .await;
    for entry in std::fs::read_dir(&directory.0).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for card in [PLAIN, "4242424242424242"] {
            assert!(
                !bytes
                    .windows(card.len())
                    .any(|window| window == card.as_bytes())
            );
        }
    }
}

/// Sells with Garanti's points and answers the code.
async fn sale(bank: &Bank, id: &str, points: i64) -> String {
    let list = format!(
        "<RewardList><Reward><Type>BNS</Type><UsedAmount>{points}</UsedAmount></Reward></RewardList>"
    );
    let ask = Ask::new("sales", id, PUBLISHED_BONUS, 2_000).more(&list);
    tag(&bank.garanti(&ask).await, "ReasonCode")
}

async fn void(bank: &Bank, id: &str) {
    let found = bank.garanti(&Ask::new("orderinq", id, "", 100)).await;
    let reference = tag(&found, "RetrefNum");
    let ask = Ask::new("void", id, "", 2_000).more(&format!(
        "<OriginalRetrefNum>{reference}</OriginalRetrefNum>"
    ));
    assert_eq!(tag(&bank.garanti(&ask).await, "ReasonCode"), "00");
}

async fn published_purse(bank: &Bank) -> serde_json::Value {
    let path = format!("purses?cardNumber={PUBLISHED_BONUS}");
    bank.control("GET", &path, "").await
}

#[tokio::test]
async fn published_cards_hold_the_same_every_day() {
    let directory = Directory::new("published");
    let bank = Bank::on(Some(directory.0.clone())).await;
    let as_published = json!({ "card": 1235, "firm": 520, "mile": 0 });
    for id in ["P1", "P2", "P3"] {
        assert_eq!(sale(&bank, id, 1_235).await, "00");
        assert_eq!(published_purse(&bank).await, as_published);
    }
    // More than is published is too much for one order, and what it spent stands in its row.
    assert_eq!(sale(&bank, "P4", 1_236).await, "T19");
    let orders = bank.control("GET", "ledger?orderId=P3", "").await;
    assert_eq!(orders["orders"][0]["pointsSpent"], 1_235);
    void(&bank, "P3").await;
    let orders = bank.control("GET", "ledger?orderId=P3", "").await;
    assert_eq!(orders["orders"][0]["state"], "voided");
    assert_eq!(orders["orders"][0]["pointsReturned"], 1_235);
    assert_eq!(published_purse(&bank).await, as_published);

    // A tester's switch makes them spend; what was sold before it gives nothing back.
    let on = r#"{"publishedCardsSpend": true}"#;
    let switches = bank.control("POST", "switches", on).await;
    assert_eq!(switches["publishedCardsSpend"], true);
    assert_eq!(sale(&bank, "P5", 1_000).await, "00");
    assert_eq!(published_purse(&bank).await["card"], 235);
    assert_eq!(sale(&bank, "P6", 1_000).await, "T19");
    void(&bank, "P2").await;
    assert_eq!(published_purse(&bank).await["card"], 235);
    drop(bank);

    // The switch ends with the process, and the purses are as published.
    let bank = Bank::on(Some(directory.0.clone())).await;
    assert_eq!(published_purse(&bank).await, as_published);
    assert_eq!(sale(&bank, "P7", 1_235).await, "00");
    let switches = bank.control("GET", "switches", "").await;
    assert_eq!(switches["publishedCardsSpend"], false);
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % end
    }

    /// One of four orders, others every sixty steps.
    fn order(&mut self, step: u64) -> String {
        format!("Q{}", step / 60 * 4 + self.below(4))
    }

    fn amount(&mut self) -> i64 {
        i64::try_from(1 + self.below(700)).unwrap()
    }
}

/// One message of some kind about some order of PosNet.
async fn move_at_posnet(bank: &Bank, dice: &mut Dice, step: u64) {
    let order = dice.order(step);
    let (id, amount) = (order24(&order), dice.amount());
    let points = dice.below(40);
    let operation = match dice.below(10) {
        0 => posnet_sale(&order, WORLD, amount + 300, "00", "").replace("sale>", "auth>"),
        1 => posnet_sale(
            &order,
            WORLD,
            amount,
            "00",
            &format!("<wpAmount>{points}</wpAmount>"),
        )
        .replace("sale>", "saleWP>"),
        2 | 7 => format!(
            "<capt><orderID>{id}</orderID><amount>{amount}</amount>\
             <currencyCode>TL</currencyCode><installment>00</installment></capt>"
        ),
        3 | 8 | 9 => {
            let kinds = ["sale", "auth", "capt", "capt"];
            let kind = kinds[usize::try_from(dice.below(4)).unwrap()];
            format!("<reverse><transaction>{kind}</transaction><orderID>{id}</orderID></reverse>")
        }
        4 => format!(
            "<pointReturn><wpAmount>{points}</wpAmount><orderID>{id}</orderID></pointReturn>"
        ),
        5 => format!("<return><amount>{amount}</amount><orderID>{id}</orderID></return>"),
        _ => format!(
            "<return><amount>{amount}</amount><orderID>{id}</orderID>\
             <isRationalReturn>Y</isRationalReturn></return>"
        ),
    };
    bank.posnet(&operation).await;
}

/// One message of some kind about some order of Garanti.
async fn move_at_garanti(bank: &Bank, dice: &mut Dice, step: u64) {
    let order = dice.order(step);
    let amount = dice.amount();
    let found = bank.garanti(&Ask::new("orderinq", &order, "", 100)).await;
    let reference = tag(&found, "RetrefNum");
    let used = dice.below(40);
    let list = format!(
        "<RewardList><Reward><Type>BNS</Type><UsedAmount>{used}</UsedAmount></Reward></RewardList>"
    );
    let ask = match dice.below(6) {
        0 => Ask::new("preauth", &order, BONUS, amount),
        1 => Ask::new("sales", &order, BONUS, amount).more(&list),
        2 => Ask::about("postauth", &order, amount, &reference),
        3 => Ask::about("void", &order, amount, &reference),
        _ => Ask::about("refund", &order, amount, &reference),
    };
    bank.garanti(&ask).await;
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap()
}

/// What must hold of an order whatever was done with it.
fn check_order(order: &Value) {
    let field = |name: &str| number(&order[name]);
    let moves = order["moves"].as_array().unwrap();
    let sum = |kinds: &[&str], of: &dyn Fn(&Value) -> i64| -> i64 {
        let kept = moves
            .iter()
            .filter(|made| kinds.iter().any(|kind| made["kind"] == *kind));
        kept.map(of).sum()
    };
    let amount = |made: &Value| number(&made["amount"]);
    let points = |made: &Value| {
        ["card", "firm", "mile"]
            .map(|purse| number(&made["points"][purse]))
            .iter()
            .sum()
    };
    let refunds = ["refund", "point_refund"];
    assert_eq!(field("refunded"), sum(&refunds, &amount), "{order}");
    let back = ["refund", "point_refund", "void"];
    assert_eq!(field("pointsReturned"), sum(&back, &points), "{order}");
    assert!(field("refunded") <= field("captured"), "{order}");
    assert!(field("pointsReturned") <= field("pointsSpent"), "{order}");
    let whole = field("captured") > 0 && field("refunded") == field("captured");
    assert_eq!(order["state"] == "refunded", whole, "{order}");
    let all_points = order["state"] == "refunded" || order["state"] == "voided";
    if all_points {
        assert_eq!(order["pointsReturned"], order["pointsSpent"], "{order}");
    }
    if order["kind"] == "hold" {
        assert!(
            field("captured") * 100 <= field("authorised") * 115,
            "{order}"
        );
    }
}

#[tokio::test]
async fn the_books_hold_after_any_sequence_of_messages() {
    let directory = Directory::new("sequences");
    let bank = Bank::on(Some(directory.0.clone())).await;
    let mut dice = Dice(7);
    let mut done = std::collections::BTreeSet::new();
    for step in 0..1_500_u64 {
        match dice.below(100) {
            0 => drop(bank.control("POST", "settle-day", "").await),
            1..=5 => bank.pass(1),
            6..=50 => move_at_posnet(&bank, &mut dice, step).await,
            _ => move_at_garanti(&bank, &mut dice, step).await,
        }
        if step % 50 != 49 {
            continue;
        }
        let ledger = bank.control("GET", "ledger", "").await;
        let orders = ledger["orders"].as_array().unwrap();
        orders.iter().for_each(check_order);
        for (name, card, opening) in [("posnet", WORLD, 5_882), ("garanti", BONUS, 1_755)] {
            let out: i64 = orders
                .iter()
                .filter(|order| order["bank"] == name)
                .map(|order| number(&order["pointsSpent"]) - number(&order["pointsReturned"]))
                .sum();
            let path = format!("purses?cardNumber={card}");
            let purse = bank.control("GET", &path, "").await;
            let left = number(&purse["card"]) + number(&purse["firm"]);
            assert_eq!(left + out, opening, "{name}: {ledger}");
        }
        for order in orders {
            let made = order["moves"].as_array().unwrap();
            done.extend(
                made.iter()
                    .map(|made| made["kind"].as_str().unwrap().to_owned()),
            );
        }
    }
    let kinds = ["capture", "point_refund", "refund", "uncapture", "void"];
    assert!(done.iter().eq(kinds), "{done:?}");
    let before = bank.control("GET", "ledger", "").await;
    drop(bank);
    let bank = Bank::on(Some(directory.0.clone())).await;
    let after = bank.control("GET", "ledger", "").await;
    let numbers = |ledger: &Value| -> Vec<Value> {
        let orders = ledger["orders"].as_array().unwrap();
        orders
            .iter()
            .map(|order| json!([order["refunded"], order["moves"]]))
            .collect()
    };
    assert_eq!(numbers(&after), numbers(&before));
}
