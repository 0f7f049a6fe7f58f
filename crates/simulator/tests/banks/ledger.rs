//! The ledger outlives the process, and so do authentications that were under way.

use crate::bank::{Ask, BONUS, Bank, Directory, PLAIN, tag};
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
    let purse = json!({ "cardNumber": PLAIN, "card": 7, "firm": 8, "mile": 9 });
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
        .control("GET", &format!("purses?cardNumber={PLAIN}"), "")
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
