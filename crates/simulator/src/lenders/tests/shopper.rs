//! What the shopper's browser sees, and what the shop hears before it returns.

use super::bench::Bench;
use serde_json::{Value, json};

const BACK: &str = "http://shop.example/back?x=1&order_id=A1";

async fn see(bench: &Bench, page: &str, language: &str) -> String {
    let reply = bench
        .send("GET", page, &[("accept-language", language)], b"")
        .await
        .unwrap();
    assert_eq!(reply.status, 200);
    assert!(
        reply
            .header("content-security-policy")
            .contains("default-src 'none'")
    );
    reply.text()
}

#[tokio::test]
async fn an_approval_is_notified_before_the_browser_returns() {
    let bench = Bench::open().await;
    let page = bench.applies(&bench.application("A1", "064")).await;
    let html = see(&bench, &page, "tr-TR").await;
    assert!(
        html.contains("İş Bankası") && html.contains("10.000,00 ₺"),
        "{html}"
    );
    assert!(!html.contains("<script") && !html.contains("name=\"identityNumber\""));
    let reply = bench.answers(&page, "action=approve").await;
    assert_eq!((reply.status, reply.header("location")), (303, BACK));
    assert_eq!(bench.notified(), ["disbursed"]);
    // Another answer changes nothing and leads to the same place.
    let second = bench.answers(&page, "action=decline").await;
    assert_eq!((second.status, second.header("location")), (303, BACK));
    assert_eq!(bench.state("A1").await, "disbursed");
    assert_eq!(bench.notified(), ["disbursed"]);
    assert!(
        see(&bench, &page, "en")
            .await
            .contains("Your loan is disbursed.")
    );
}

#[tokio::test]
async fn a_decline_rejects_and_closing_decides_nothing() {
    let bench = Bench::open().await;
    let page = bench.applies(&bench.application("A1", "064")).await;
    assert_eq!(
        bench
            .answers(&page, "action=close")
            .await
            .header("location"),
        BACK
    );
    assert_eq!(bench.state("A1").await, "pending");
    bench.answers(&page, "action=decline").await;
    let standing = bench
        .call("GET", "/v1/applications/A1", &Value::Null)
        .await
        .json();
    assert_eq!(standing["state"], "rejected");
    assert_eq!(standing["rejection"]["code"], "BANK_REJECTED");
    assert_eq!(bench.notified(), ["rejected"]);
}

#[tokio::test]
async fn one_bank_assesses_first_and_any_bank_may() {
    let bench = Bench::open().await;
    let deniz = bench.applies(&bench.application("A1", "134")).await;
    let akbank = bench.applies(&bench.application("A2", "046")).await;
    bench.answers(&deniz, "action=approve").await;
    bench.answers(&akbank, "action=assess").await;
    assert_eq!(bench.notified(), ["assessing", "assessing"]);
    bench.pass(19).await;
    assert_eq!(bench.state("A1").await, "assessing");
    bench.pass(1).await;
    assert_eq!(bench.state("A1").await, "ready");
    assert_eq!(bench.state("A2").await, "disbursed");
    assert_eq!(bench.notified().len(), 4);
}

#[tokio::test]
async fn the_lender_s_page_asks_for_all_that_the_shop_did_not_send() {
    let bench = Bench::open().await;
    let mut application = bench.application("A1", "064");
    application["bankCode"] = Value::Null;
    application["term"] = Value::Null;
    application["buyer"] = json!({});
    let page = bench.applies(&application).await;
    let html = see(&bench, &page, "en-GB").await;
    assert!(html.contains("Which bank should lend?") && html.contains("value=\"046\""));
    assert_eq!(bench.answers(&page, "bankCode=999").await.status, 200);
    let chosen = bench.answers(&page, "bankCode=046").await;
    assert_eq!(
        (chosen.status, chosen.header("location")),
        (303, page.as_str())
    );
    let html = see(&bench, &page, "en-GB").await;
    assert!(
        html.contains("Akbank") && html.contains("name=\"term\" value=\"12\""),
        "{html}"
    );
    let wrong = "action=approve&term=7&identityNumber=1&phoneNumber=444&birthDate=1990-02-30";
    let reply = bench.answers(&page, wrong).await;
    assert_eq!(reply.status, 422);
    assert_eq!(reply.text().matches("role=\"alert\"").count(), 4);
    assert_eq!(bench.state("A1").await, "pending");
    let right = "action=approve&term=12&identityNumber=10000000146\
                 &phoneNumber=5551112233&birthDate=1990-05-17";
    assert_eq!(bench.answers(&page, right).await.status, 303);
    let standing = bench
        .call("GET", "/v1/applications/A1", &Value::Null)
        .await
        .json();
    assert_eq!(standing["state"], "disbursed");
    assert_eq!(
        (&standing["bankCode"], &standing["term"]),
        (&json!("046"), &json!(12))
    );
}

#[tokio::test]
async fn what_a_browser_types_is_escaped_and_guessed_pages_are_not_there() {
    let bench = Bench::open().await;
    let mut application = bench.application("A1", "134");
    application["buyer"] = json!({});
    let page = bench.applies(&application).await;
    let form = "action=approve&identityNumber=%22%3E%3Cscript%3E";
    let html = bench.answers(&page, form).await.text();
    assert!(!html.contains("<script>"));
    let guessed = bench
        .send("GET", "/lender/pages/A1", &[], b"")
        .await
        .unwrap();
    assert_eq!(guessed.status, 404);
}

#[tokio::test]
async fn every_bank_has_its_icon_and_its_look() {
    let bench = Bench::open().await;
    let mut looks = std::collections::BTreeSet::new();
    for (number, bank) in crate::lenders::banks::BANKS.iter().enumerate() {
        let path = format!("/lender/icons/{}.svg", bank.code);
        let icon = bench.send("GET", &path, &[], b"").await.unwrap();
        assert_eq!(icon.header("content-type"), "image/svg+xml");
        let application = bench.application(&format!("A{number}"), bank.code);
        let html = see(&bench, &bench.applies(&application).await, "tr").await;
        let theme = format!("class=\"theme-{}\"", bank.theme);
        assert!(html.contains(&theme) && html.contains(bank.name), "{html}");
        looks.insert(theme);
    }
    assert_eq!(looks.len(), 5);
}
