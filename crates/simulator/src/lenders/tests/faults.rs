//! Failures on demand.

use super::bench::Bench;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

async fn order(bench: &Bench, operation: &str, fault: Value) {
    let body = json!({ "operation": operation, "fault": fault, "times": 1 });
    assert_eq!(
        bench.control("/control/lender-faults", body).await.status,
        204
    );
}

#[tokio::test]
async fn a_lost_or_cut_reply_leaves_the_application_taken() {
    let bench = Bench::open().await;
    for (order_id, kind) in [("A1", "lose_reply"), ("A2", "cut_reply")] {
        order(&bench, "apply", json!({ "kind": kind })).await;
        let application = bench.application(order_id, "064");
        let reply = bench
            .try_call("POST", "/v1/applications", &application)
            .await;
        assert!(reply.is_none(), "{kind}");
        assert_eq!(bench.state(order_id).await, "pending");
    }
}

#[tokio::test]
async fn replies_are_spoiled_as_ordered() {
    let bench = Bench::open().await;
    let path = "/v1/applications";
    let application = bench.application("A1", "064");
    order(&bench, "apply", json!({ "kind": "http_500" })).await;
    let reply = bench.try_call("POST", path, &application).await.unwrap();
    assert_eq!(reply.status, 500);
    order(
        &bench,
        "apply",
        json!({ "kind": "decline", "code": "LIMIT_NOT_SUFFICIENT" }),
    )
    .await;
    let reply = bench.call("POST", path, &application).await;
    assert_eq!((reply.status, reply.json()["code"].clone()), {
        (422, json!("LIMIT_NOT_SUFFICIENT"))
    });
    let unknown = bench.call("GET", "/v1/applications/A1", &Value::Null).await;
    assert_eq!(unknown.status, 404, "neither of the two did anything");
    order(&bench, "apply", json!({ "kind": "wrong_mac" })).await;
    let reply = bench.try_call("POST", path, &application).await.unwrap();
    assert!(!bench.genuine("POST", path, &application, &reply));
    order(&bench, "apply", json!({ "kind": "garbage" })).await;
    let reply = bench.call("POST", path, &application).await;
    assert!(serde_json::from_slice::<Value>(&reply.body).is_err());
    order(&bench, "apply", json!({ "kind": "delay", "ms": 20 })).await;
    assert_eq!(bench.call("POST", path, &application).await.status, 200);
}

#[tokio::test]
async fn a_fault_fits_its_order_and_amount_and_can_be_taken_back() {
    let bench = Bench::open().await;
    let other = json!({
        "operation": "inquire", "match": { "orderId": "A2" }, "fault": { "kind": "http_500" },
    });
    bench.control("/control/lender-faults", other).await;
    let amount = json!({
        "operation": "inquire", "match": { "amount": 1_000_000 },
        "fault": { "kind": "decline" }, "times": 2,
    });
    bench.control("/control/lender-faults", amount).await;
    bench.applies(&bench.application("A1", "064")).await;
    let path = "/v1/applications/A1";
    assert_eq!(bench.call("GET", path, &Value::Null).await.status, 422);
    bench
        .send("DELETE", "/control/lender-faults", &[], b"")
        .await
        .unwrap();
    assert_eq!(bench.call("GET", path, &Value::Null).await.status, 200);
    let nonsense = json!({ "operation": "fly", "fault": { "kind": "delay" } });
    assert_eq!(
        bench
            .control("/control/lender-faults", nonsense)
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn notifications_are_repeated_until_they_arrive() {
    let bench = Bench::open().await;
    bench.inbox.answer.store(500, Ordering::Relaxed);
    let page = bench.applies(&bench.application("A1", "064")).await;
    assert_eq!(bench.answers(&page, "action=approve").await.status, 303);
    bench.pass(1).await;
    bench.pass(4).await;
    assert!(bench.notified().is_empty());
    bench.inbox.answer.store(204, Ordering::Relaxed);
    bench.pass(1).await;
    assert_eq!(bench.notified(), ["disbursed"]);
    bench.pass(60).await;
    assert_eq!(bench.notified(), ["disbursed"]);
}

#[tokio::test]
async fn notifications_get_lost_late_doubled_and_forged_as_ordered() {
    let bench = Bench::open().await;
    let cases: [(&str, Value, usize, usize); 5] = [
        ("A1", json!({ "kind": "no_callback" }), 0, 0),
        ("A2", json!({ "kind": "delay", "ms": 10_000 }), 0, 1),
        ("A3", json!({ "kind": "duplicate_callback" }), 2, 2),
        ("A4", json!({ "kind": "wrong_mac" }), 0, 1),
        ("A5", json!({ "kind": "lose_reply" }), 1, 2),
    ];
    for (order_id, fault, at_once, later) in cases {
        order(&bench, "notify", fault.clone()).await;
        let page = bench.applies(&bench.application(order_id, "064")).await;
        assert_eq!(bench.answers(&page, "action=approve").await.status, 303);
        assert_eq!(bench.notified().len(), at_once, "{fault}");
        bench.pass(60).await;
        assert_eq!(bench.notified().len(), later, "{fault}");
        bench.inbox.states.lock().unwrap().clear();
    }
    assert_eq!(*bench.inbox.forged.lock().unwrap(), 1);
}
