//! Failures on demand: what each one looks like on the wire and in the ledger.

use crate::bank::{Ask, Bank, PLAIN, body, posnet_sale, tag};
use crate::{garanti, posnet_threeds};
use serde_json::{Value, json};

fn rule(kind: &str) -> String {
    json!({ "bank": "posnet", "operation": "sale", "fault": { "kind": kind } }).to_string()
}

#[tokio::test]
async fn a_lost_reply_took_the_money_and_sent_nothing() {
    let bank = Bank::open().await;
    bank.fault(&rule("lose_reply")).await;
    assert_eq!(
        bank.posnet_raw(&posnet_sale("L1", PLAIN, 100, "00", ""))
            .await,
        b""
    );
    assert_eq!(bank.row("L1").await["captured"], 100);
    assert_eq!(
        tag(&bank.posnet_sale("L1", PLAIN, 100).await, "approved"),
        "2"
    );
}

#[tokio::test]
async fn a_cut_reply_promises_more_than_it_sends() {
    let bank = Bank::open().await;
    bank.fault(&rule("cut_reply")).await;
    let reply = bank
        .posnet_raw(&posnet_sale("C1", PLAIN, 100, "00", ""))
        .await;
    let head = String::from_utf8_lossy(&reply).to_lowercase();
    let length = head
        .split("content-length: ")
        .nth(1)
        .unwrap()
        .split("\r\n")
        .next()
        .unwrap();
    let length: usize = length.parse().unwrap();
    assert_eq!(body(&reply).len(), length / 2);
    assert_eq!(bank.row("C1").await["captured"], 100);
}

#[tokio::test]
async fn an_error_500_comes_before_the_work_or_after_it() {
    let bank = Bank::open().await;
    bank.fault(&rule("http_500")).await;
    let sale = posnet_sale("H1", PLAIN, 100, "00", "");
    assert!(bank.posnet_raw(&sale).await.starts_with(b"HTTP/1.1 500"));
    assert_eq!(bank.row("H1").await, Value::Null);
    let after = r#"{"bank":"posnet","operation":"sale","fault":{"kind":"http_500","after":true}}"#;
    bank.fault(after).await;
    assert!(bank.posnet_raw(&sale).await.starts_with(b"HTTP/1.1 500"));
    assert_eq!(bank.row("H1").await["captured"], 100);
}

#[tokio::test]
async fn declines_garbage_and_delays_count_down_and_match() {
    let bank = Bank::open().await;
    let decline = json!({
        "bank": "posnet", "operation": "sale", "match": { "amount": 100, "cardNumber": PLAIN, "orderId": "D1" },
        "fault": { "kind": "decline", "code": "51" }, "times": 2
    });
    bank.fault(&decline.to_string()).await;
    assert_eq!(
        tag(&bank.posnet_sale("D2", PLAIN, 100).await, "approved"),
        "1"
    );
    assert_eq!(
        tag(&bank.posnet_sale("D1", PLAIN, 100).await, "respCode"),
        "0051"
    );
    assert_eq!(bank.row("D1").await["declineCode"], "51");
    assert_eq!(
        tag(&bank.posnet_sale("D1", PLAIN, 100).await, "respCode"),
        "0051"
    );
    assert_eq!(
        tag(&bank.posnet_sale("D1", PLAIN, 100).await, "approved"),
        "1"
    );

    bank.fault(&rule("garbage")).await;
    assert!(
        !bank
            .posnet_sale("D3", PLAIN, 100)
            .await
            .contains("approved")
    );
    assert_eq!(bank.row("D3").await["captured"], 100);

    bank.fault(r#"{"bank":"posnet","fault":{"kind":"delay","ms":50},"times":1}"#)
        .await;
    assert_eq!(
        tag(&bank.posnet_sale("D4", PLAIN, 100).await, "approved"),
        "1"
    );

    bank.fault(&rule("http_500")).await;
    bank.control("DELETE", "faults", "").await;
    assert_eq!(
        tag(&bank.posnet_sale("D5", PLAIN, 100).await, "approved"),
        "1"
    );
}

#[tokio::test]
async fn a_tester_says_what_is_answered() {
    let bank = Bank::open().await;
    bank.fault(
        r#"{"bank":"posnet","operation":"sale","fault":{"kind":"answer","body":"<a>&</a>"}}"#,
    )
    .await;
    assert_eq!(bank.posnet_sale("E1", PLAIN, 100).await, "<a>&</a>");
    assert_eq!(bank.row("E1").await["captured"], 100);
    bank.fault(
        r#"{"bank":"posnet","operation":"sale",
            "fault":{"kind":"edit","find":"<authCode>","replace":"<authCode>\u001b"}}"#,
    )
    .await;
    let edited = bank.posnet_sale("E2", PLAIN, 100).await;
    assert!(tag(&edited, "authCode").starts_with('\u{1b}'), "{edited:?}");
    for incomplete in [r#"{"kind":"answer"}"#, r#"{"kind":"edit","replace":"x"}"#] {
        let rule = format!(r#"{{"bank":"posnet","fault":{incomplete}}}"#);
        let refused = bank.control("POST", "faults", &rule).await;
        assert!(refused["error"].is_string(), "{refused}");
    }
}

#[tokio::test]
async fn a_wrong_hash_is_sent_where_the_protocol_has_one() {
    let bank = Bank::open().await;
    bank.fault(r#"{"bank":"garanti","operation":"sale","fault":{"kind":"wrong_mac"}}"#)
        .await;
    let ask = Ask::new("sales", "W1", PLAIN, 100);
    let spoilt = body(&bank.garanti_raw(&ask).await);
    assert_eq!(tag(&spoilt, "Code"), "00");
    let found = bank.garanti(&Ask::new("orderinq", "W1", "", 100)).await;
    assert_eq!(tag(&found, "Code"), "00");
    bank.fault(
        r#"{"bank":"garanti","operation":"inquire","fault":{"kind":"decline","code":"92/0108"}}"#,
    )
    .await;
    let hidden = bank.garanti(&Ask::new("orderinq", "W1", "", 100)).await;
    assert_eq!(tag(&hidden, "ReasonCode"), "0108");
}

#[tokio::test]
async fn the_bank_page_returns_twice_or_never() {
    let bank = Bank::open().await;
    for (kind, forms) in [("duplicate_callback", 2), ("no_callback", 0)] {
        for name in ["posnet", "garanti"] {
            let rule =
                json!({ "bank": name, "operation": "threeds_page", "fault": { "kind": kind } });
            bank.fault(&rule.to_string()).await;
        }
        let begun = posnet_threeds::begin(&bank, "X0000000000000000009", PLAIN, 100)
            .await
            .unwrap();
        let page = posnet_threeds::page(&bank, &begun, &[]).await;
        let back = posnet_threeds::answer(&bank, &page, "123456", &[]).await;
        assert_eq!(back.matches("<form").count(), forms, "{kind}");
        let page = garanti::post(&bank, &garanti::form("P1", PLAIN, "100")).await;
        let back = garanti::confirm(&bank, &page).await;
        assert_eq!(back.matches("<form").count(), forms, "{kind}");
    }
}

#[tokio::test]
async fn a_rule_that_says_nothing_sensible_is_refused_with_a_reason() {
    let bank = Bank::open().await;
    for body in [
        "",
        "{}",
        r#"{"bank":"other","fault":{"kind":"delay"}}"#,
        r#"{"bank":"posnet","operation":"sail","fault":{"kind":"delay"}}"#,
        r#"{"bank":"posnet","fault":{"kind":"explode"}}"#,
        r#"{"bank":"posnet","fault":{"kind":"delay"},"times":0}"#,
        r#"{"bank":"garanti","fault":{"kind":"decline","code":"00"}}"#,
        r#"{"bank":"garanti","fault":{"kind":"decline","code":"<b>"}}"#,
    ] {
        assert!(
            bank.control("POST", "faults", body).await["error"].is_string(),
            "{body}"
        );
    }
    let unknown = r#"{"cardNumber":"4111111111111112","card":1}"#;
    assert!(bank.control("POST", "purses", unknown).await["error"].is_string());
}
