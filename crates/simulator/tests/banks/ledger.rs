//! The ledger outlives the process, and so do authentications that were under way.

use crate::bank::{Ask, BONUS, Bank, Directory, PLAIN, PUBLISHED_BONUS, TEB_BONUS, tag};
use crate::garanti;
use serde_json::json;

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
