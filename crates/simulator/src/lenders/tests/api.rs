//! What the shop's server sees.

use super::bench::{Bench, item};
use crate::lenders::{CLIENT_ID, CLIENT_SECRET, signature};
use serde_json::{Value, json};

async fn offered(bench: &Bench, amount: i64, category: &str) -> Vec<(String, Vec<u64>)> {
    let body = json!({
        "amount": amount, "currency": "TRY", "items": [item(category, amount)],
    });
    let reply = bench.call("POST", "/v1/offers", &body).await;
    assert_eq!(reply.status, 200);
    let banks = reply.json()["banks"].as_array().unwrap().clone();
    let terms = |bank: &Value| {
        let terms = bank["terms"].as_array().unwrap().iter();
        terms.map(|term| term["term"].as_u64().unwrap()).collect()
    };
    banks
        .iter()
        .map(|bank| (bank["bankCode"].as_str().unwrap().to_owned(), terms(bank)))
        .collect()
}

#[tokio::test]
async fn offers_depend_on_what_is_bought_and_for_how_much() {
    let bench = Bench::open().await;
    let clothes = offered(&bench, 1_000_000, "CLOTHING").await;
    let codes: Vec<&str> = clothes.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(codes, ["064", "046", "032", "103", "134"]);
    assert_eq!(clothes[0].1, [3, 6, 9, 12, 18, 24, 36]);
    assert!(
        clothes[4].1.is_empty(),
        "one bank shows its plans on its own page only"
    );
    let phone = "MOBILE_PHONE_PRICE_ABOVE_REGULATION_LIMIT";
    assert_eq!(offered(&bench, 2_500_000, phone).await[2].1, [2, 3]);
    // More than some banks lend, and the law allows no more than a year.
    let dear = offered(&bench, 26_000_000, "FURNITURE").await;
    assert_eq!(dear[0], ("046".to_owned(), vec![3, 6, 12]));
    assert_eq!(dear.len(), 2);
    assert!(offered(&bench, 1_000_000, "GOLD").await.is_empty());
    assert!(
        offered(&bench, 10_000, "CLOTHING").await.is_empty(),
        "less than any bank lends"
    );
}

#[tokio::test]
async fn each_bank_has_its_own_price() {
    let bench = Bench::open().await;
    let body = json!({
        "amount": 1_000_000, "currency": "TRY", "items": [item("CLOTHING", 1_000_000)],
    });
    let reply = bench.call("POST", "/v1/offers", &body).await.json();
    let first = |bank: usize| reply["banks"][bank]["terms"][0].clone();
    let plan = json!({
        "term": 3, "amount": 357_548, "totalAmount": 1_072_644,
        "interestRate": 3_590_000, "annualInterestRate": 43_080_000,
    });
    assert_eq!(first(0), plan);
    assert_ne!(first(1)["interestRate"], first(0)["interestRate"]);
    assert_eq!(reply["banks"][4]["planCalculatedByBank"], json!(true));
}

#[tokio::test]
async fn a_request_that_is_not_genuine_is_refused_and_does_nothing() {
    let bench = Bench::open().await;
    let path = "/lender/v1/applications";
    let body = bench.application("A1", "064").to_string();
    let now = bench.timestamp();
    let good = signature::of_request(CLIENT_SECRET, &now, "POST", path, body.as_bytes());
    let tries = |client: &str, timestamp: &str, signature: &str| {
        [
            client.to_owned(),
            timestamp.to_owned(),
            signature.to_owned(),
        ]
    };
    let stale = (now.parse::<i64>().unwrap() - 301).to_string();
    let stale_signature =
        signature::of_request(CLIENT_SECRET, &stale, "POST", path, body.as_bytes());
    let other_path = signature::of_request(CLIENT_SECRET, &now, "POST", "/x", body.as_bytes());
    let mut forgeries = vec![
        tries("somebody", &now, &good),
        tries(CLIENT_ID, &stale, &stale_signature),
        tries(CLIENT_ID, &stale, &good),
        tries(CLIENT_ID, &now, &other_path),
        tries(CLIENT_ID, &now, ""),
    ];
    // Every single character of the signature counts.
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        forgeries.push(tries(CLIENT_ID, &now, &String::from_utf8(bytes).unwrap()));
    }
    for [client, timestamp, signature] in &forgeries {
        let headers = [
            ("x-lender-client", client.as_str()),
            ("x-lender-timestamp", timestamp),
            ("x-lender-signature", signature),
        ];
        let reply = bench
            .send("POST", path, &headers, body.as_bytes())
            .await
            .unwrap();
        assert_eq!(reply.status, 401);
    }
    // Every single byte of the body counts.
    for at in (0..body.len()).step_by(7) {
        let mut other = body.clone().into_bytes();
        other[at] ^= 1;
        let headers = [
            ("x-lender-client", CLIENT_ID),
            ("x-lender-timestamp", &now),
            ("x-lender-signature", &good),
        ];
        assert_eq!(
            bench
                .send("POST", path, &headers, &other)
                .await
                .unwrap()
                .status,
            401
        );
    }
    let unknown = bench.call("GET", "/v1/applications/A1", &Value::Null).await;
    assert_eq!(
        (
            unknown.status,
            unknown.json()["code"].as_str().unwrap().to_owned()
        ),
        { (404, "APPLICATION_UNKNOWN".to_owned()) }
    );
}

#[tokio::test]
async fn the_same_application_again_is_one_application_and_another_is_refused() {
    let bench = Bench::open().await;
    let application = bench.application("A1", "064");
    let first = bench.call("POST", "/v1/applications", &application).await;
    let again = bench.call("POST", "/v1/applications", &application).await;
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(first.json(), again.json());
    let mut other = application.clone();
    other["term"] = json!(9);
    let refused = bench.call("POST", "/v1/applications", &other).await;
    assert_eq!(refused.status, 409);
    assert_eq!(refused.json()["code"], "ORDER_ID_TAKEN");
}

#[tokio::test]
async fn applications_that_no_bank_may_or_will_take_are_refused() {
    let bench = Bench::open().await;
    let cases: [(&str, Value, u16, &str); 13] = [
        ("bankCode", json!("999"), 422, "BANK_UNKNOWN"),
        ("term", json!(7), 422, "TERM_NOT_OFFERED"),
        ("term", json!(48), 422, "TERM_ABOVE_LEGAL_LIMIT"),
        ("amount", json!(999_999), 422, "CART_MISMATCH"),
        ("amount", json!(1.5), 400, "REQUEST_INVALID"),
        ("currency", json!("USD"), 422, "CURRENCY_NOT_SUPPORTED"),
        (
            "items",
            json!([item("GOLD", 1_000_000)]),
            422,
            "CATEGORY_NOT_FINANCEABLE",
        ),
        (
            "items",
            json!([item("LUCK", 1_000_000)]),
            400,
            "REQUEST_INVALID",
        ),
        ("items", json!([]), 400, "REQUEST_INVALID"),
        (
            "buyer",
            json!({ "identityNumber": "1" }),
            422,
            "BUYER_INVALID",
        ),
        (
            "returnUrl",
            json!("javascript:alert(1)"),
            400,
            "REQUEST_INVALID",
        ),
        ("orderId", json!("../x"), 400, "REQUEST_INVALID"),
        ("timeLimitSeconds", json!(0), 400, "REQUEST_INVALID"),
    ];
    for (field, value, status, code) in cases {
        let mut application = bench.application("A1", "064");
        application[field] = value;
        let reply = bench.call("POST", "/v1/applications", &application).await;
        assert_eq!(reply.status, status, "{field}: {}", reply.text());
        assert_eq!(reply.json()["code"], code, "{field}");
    }
    let mut dear = bench.application("A1", "032");
    dear["amount"] = json!(20_000_000);
    dear["items"] = json!([item("CLOTHING", 20_000_000)]);
    let reply = bench.call("POST", "/v1/applications", &dear).await;
    assert_eq!(reply.json()["code"], "AMOUNT_OUT_OF_RANGE");
}

#[tokio::test]
async fn only_a_ready_loan_is_confirmed_and_twice_is_once() {
    let bench = Bench::open().await;
    bench.applies(&bench.application("A1", "103")).await;
    let confirm = "/v1/applications/A1/confirm";
    let early = bench.call("POST", confirm, &json!({})).await;
    assert_eq!((early.status, early.json()["code"].clone()), {
        (422, json!("APPLICATION_NOT_READY"))
    });
    bench.decide("A1", "approve").await;
    assert_eq!(bench.state("A1").await, "ready");
    for _ in 0..2 {
        let done = bench.call("POST", confirm, &json!({})).await;
        assert_eq!(
            (done.status, done.json()["state"].clone()),
            (200, json!("disbursed"))
        );
    }
    bench.pass(0).await;
    assert_eq!(bench.notified(), ["ready", "disbursed"]);
    let cancel = bench
        .call("POST", "/v1/applications/A1/cancel", &json!({}))
        .await;
    assert_eq!(cancel.json()["code"], "APPLICATION_DISBURSED");
    let unknown = bench
        .call("POST", "/v1/applications/A2/confirm", &json!({}))
        .await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn a_cancelled_application_stays_cancelled() {
    let bench = Bench::open().await;
    let page = bench.applies(&bench.application("A1", "064")).await;
    for _ in 0..2 {
        let done = bench
            .call("POST", "/v1/applications/A1/cancel", &json!({}))
            .await;
        assert_eq!(
            (done.status, done.json()["state"].clone()),
            (200, json!("cancelled"))
        );
    }
    let reply = bench.answers(&page, "action=approve").await;
    assert_eq!(reply.status, 303);
    assert_eq!(bench.state("A1").await, "cancelled");
}

#[tokio::test]
async fn the_time_limit_binds_the_shopper_and_nobody_else() {
    let bench = Bench::open().await;
    bench.applies(&bench.application("A1", "064")).await;
    bench.applies(&bench.application("A2", "103")).await;
    bench.decide("A2", "ready").await;
    bench.pass(1799).await;
    assert_eq!(bench.state("A1").await, "pending");
    bench.pass(1).await;
    assert_eq!(bench.state("A1").await, "expired");
    assert_eq!(bench.state("A2").await, "ready");
    assert_eq!(bench.notified(), ["ready", "expired"]);
}

#[tokio::test]
async fn the_application_s_mode_goes_before_the_bank_s_habit() {
    let bench = Bench::open().await;
    let cases = [
        ("A1", "064", json!(null), "disbursed"),
        ("A2", "064", json!("MANUAL"), "ready"),
        ("A3", "103", json!(null), "ready"),
        ("A4", "103", json!("AUTO"), "disbursed"),
    ];
    for (order_id, bank, mode, state) in cases {
        let mut application = bench.application(order_id, bank);
        application["approvalMode"] = mode;
        let page = bench.applies(&application).await;
        bench.answers(&page, "action=approve").await;
        assert_eq!(bench.state(order_id).await, state);
    }
}

#[tokio::test]
async fn the_control_api_lists_and_decides() {
    let bench = Bench::open().await;
    let mut hosted = bench.application("A1", "064");
    hosted["bankCode"] = Value::Null;
    hosted["term"] = Value::Null;
    bench.applies(&hosted).await;
    bench.decide("A1", "assess").await;
    assert_eq!(bench.state("A1").await, "assessing");
    bench.decide("A1", "reject").await;
    assert_eq!(bench.decide("A1", "approve").await.status, 409);
    assert_eq!(bench.decide("A9", "approve").await.status, 404);
    assert_eq!(bench.decide("A1", "dance").await.status, 400);
    let loans = bench
        .send("GET", "/control/loans", &[], b"")
        .await
        .unwrap()
        .json();
    let loan = &loans["loans"][0];
    assert_eq!(loan["state"], "rejected");
    assert_eq!(loan["rejection"]["code"], "BANK_REJECTED");
    assert_eq!(
        (&loan["bankCode"], &loan["term"]),
        (&json!("064"), &json!(3))
    );
    assert_eq!(loan["notifications"][1]["outcome"], "delivered");
}

#[tokio::test]
async fn the_ledger_survives_the_lender() {
    let dir = std::env::temp_dir().join(format!("lender-ledger-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let bench = Bench::open_in(Some(dir.clone())).await;
    bench
        .inbox
        .answer
        .store(500, std::sync::atomic::Ordering::Relaxed);
    let application = bench.application("A1", "103");
    bench.applies(&application).await;
    bench.decide("A1", "approve").await;
    assert!(bench.notified().is_empty());
    let later = Bench::open_in(Some(dir.clone())).await;
    assert_eq!(later.state("A1").await, "ready");
    let again = later.call("POST", "/v1/applications", &application).await;
    assert_eq!(again.status, 200);
    // The notification that did not arrive is still sent, to where it was to go.
    bench
        .inbox
        .answer
        .store(204, std::sync::atomic::Ordering::Relaxed);
    later.pass(2).await;
    assert_eq!(bench.notified(), ["ready"]);
    std::fs::remove_dir_all(dir).unwrap();
}
