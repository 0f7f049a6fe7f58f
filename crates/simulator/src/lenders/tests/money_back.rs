//! What is given back: by voids and refunds, once for each id, and by the lender itself.

use super::bench::Bench;
use serde_json::{Value, json};

const DAY_SECONDS: i64 = 24 * 60 * 60;

async fn disbursed() -> Bench {
    let bench = Bench::open().await;
    bench.applies(&bench.application("A1", "064")).await;
    bench.decide("A1", "approve").await;
    assert_eq!(bench.state("A1").await, "disbursed");
    bench
}

async fn ask(bench: &Bench, action: &str, id: &str, amount: i64) -> (u16, Value) {
    let body = json!({"refundId": id, "amount": amount, "currency": "TRY"});
    let path = format!("/v1/applications/A1/{action}");
    let reply = bench.call("POST", &path, &body).await;
    (reply.status, reply.json())
}

async fn listed(bench: &Bench) -> Vec<(Value, Value, Value)> {
    let path = "/v1/applications/A1/refunds";
    let reply = bench.call("GET", path, &Value::Null).await.json();
    let refunds = reply["refunds"].as_array().unwrap().iter();
    let told = |one: &Value| {
        (
            one["refundId"].clone(),
            one["kind"].clone(),
            one["amount"].clone(),
        )
    };
    refunds.map(told).collect()
}

#[tokio::test]
async fn a_loan_is_voided_on_its_day_and_refunded_later() {
    let bench = disbursed().await;
    let (status, made) = ask(&bench, "void", "1", 1_000_000).await;
    assert_eq!((status, &made["refund"]["kind"]), (201, &json!("void")));
    let (status, again) = ask(&bench, "void", "1", 1_000_000).await;
    assert_eq!((status, again), (200, made));
    assert_eq!(ask(&bench, "refunds", "2", 1).await.0, 422);

    let bench = disbursed().await;
    let (status, refusal) = ask(&bench, "void", "1", 999_999).await;
    assert_eq!(
        (status, &refusal["code"]),
        (422, &json!("AMOUNT_ABOVE_REST"))
    );
    bench.pass(DAY_SECONDS).await;
    let (status, refusal) = ask(&bench, "void", "1", 1_000_000).await;
    assert_eq!((status, &refusal["code"]), (422, &json!("DAY_CLOSED")));
    let (status, made) = ask(&bench, "refunds", "1", 1_000_000).await;
    assert_eq!((status, &made["refund"]["kind"]), (201, &json!("refund")));

    let bench = disbursed().await;
    bench.decide("A1", "close_day").await;
    assert_eq!(
        ask(&bench, "void", "1", 1_000_000).await.1["code"],
        "DAY_CLOSED"
    );
}

#[tokio::test]
async fn an_id_gives_back_once_and_never_more_than_is_left() {
    let bench = disbursed().await;
    assert_eq!(ask(&bench, "refunds", "1", 400_000).await.0, 201);
    assert_eq!(ask(&bench, "refunds", "1", 400_000).await.0, 200);
    for (action, amount) in [("refunds", 400_001), ("void", 400_000)] {
        let (status, refusal) = ask(&bench, action, "1", amount).await;
        assert_eq!((status, &refusal["code"]), (409, &json!("REFUND_ID_TAKEN")));
    }
    let (status, refusal) = ask(&bench, "refunds", "2", 600_001).await;
    assert_eq!(
        (status, &refusal["code"]),
        (422, &json!("AMOUNT_ABOVE_REST"))
    );
    // What was refused did not use the id up.
    assert_eq!(ask(&bench, "refunds", "2", 600_000).await.0, 201);
    let listed = listed(&bench).await;
    assert_eq!(
        listed,
        [
            (json!("1"), json!("refund"), json!(400_000)),
            (json!("2"), json!("refund"), json!(600_000)),
        ]
    );
    // No state changed: nothing is notified.
    assert_eq!(bench.notified(), ["disbursed"]);
}

#[tokio::test]
async fn what_the_lender_gives_back_by_itself_is_listed_and_notified() {
    let bench = disbursed().await;
    let part = json!({"decision": "give_back", "amount": 250_000});
    bench.control("/control/loans/A1/decision", part).await;
    bench.decide("A1", "give_back").await;
    let listed = listed(&bench).await;
    assert_eq!(
        listed,
        [
            (Value::Null, json!("refund"), json!(250_000)),
            (Value::Null, json!("refund"), json!(750_000)),
        ]
    );
    assert_eq!(bench.notified(), ["disbursed", "disbursed", "disbursed"]);
    assert_eq!(bench.decide("A1", "give_back").await.status, 409);
}

#[tokio::test]
async fn what_is_not_disbursed_or_not_understood_gives_nothing_back() {
    let bench = Bench::open().await;
    bench.applies(&bench.application("A1", "103")).await;
    for state in ["pending", "ready"] {
        assert_eq!(bench.state("A1").await, state);
        let (status, refusal) = ask(&bench, "refunds", "1", 1).await;
        assert_eq!(status, 422);
        assert_eq!(refusal["code"], "APPLICATION_NOT_DISBURSED");
        bench.decide("A1", "approve").await;
    }
    for (id, amount) in [("", 1), ("a b", 1), ("1", 0), ("1", -1)] {
        assert_eq!(
            ask(&bench, "refunds", id, amount).await.0,
            400,
            "{id} {amount}"
        );
    }
    let body = json!({"refundId": "1", "amount": 1, "currency": "USD"});
    let path = "/v1/applications/A1/refunds";
    assert_eq!(bench.call("POST", path, &body).await.status, 422);
    let unknown = "/v1/applications/A2/refunds";
    assert_eq!(bench.call("GET", unknown, &Value::Null).await.status, 404);
    assert!(listed(&bench).await.is_empty());
}
