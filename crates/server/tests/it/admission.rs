//! Who may come in.

use crate::world::{World, payment};
use contract::endpoints::ENDPOINTS;
use contract::signature;
use serde_json::json;

fn headers<'a>(rnd: &'a str, signature: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("x-api-key", "api-key"),
        ("x-rnd-key", rnd),
        ("x-auth-version", "1"),
        ("x-signature", signature),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_signature_is_401_in_the_envelope() {
    let world = World::open().await;
    let reply = world
        .raw(
            "GET",
            "/payment/v1/card-payments/1",
            b"",
            &headers("abc", "bm8="),
        )
        .await;
    assert_eq!(reply.status, 401);
    assert!(
        reply.body["errors"]["errorDescription"]
            .as_str()
            .unwrap()
            .contains("Signature is not equal!")
    );
    let reply = world
        .raw("GET", "/payment/v1/card-payments/1", b"", &[])
        .await;
    assert_eq!((reply.status, reply.field()), (401, "x-api-key"));
    let signature = signature::sign(
        &format!("{}/payment/v1/card-payments/1", world.gateway),
        "api-key",
        "secret-key",
        "a b",
        b"",
    );
    let reply = world
        .raw(
            "GET",
            "/payment/v1/card-payments/1",
            b"",
            &headers("a b", &signature),
        )
        .await;
    assert_eq!(reply.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_is_accepted_once() {
    let world = World::open().await;
    let body = payment("5209220000000002").to_string();
    let path = "/payment/v1/card-payments";
    let signature = signature::sign(
        &format!("{}{path}", world.gateway),
        "api-key",
        "secret-key",
        "rnd-1",
        body.as_bytes(),
    );
    let first = world
        .raw("POST", path, body.as_bytes(), &headers("rnd-1", &signature))
        .await;
    assert_eq!(first.status, 200, "{:#}", first.body);
    let second = world
        .raw("POST", path, body.as_bytes(), &headers("rnd-1", &signature))
        .await;
    assert_eq!(second.status, 401);
    let path = "/merchant/v1/merchant-poses/1";
    let signature = signature::sign(
        &format!("{}{path}", world.gateway),
        "api-key",
        "secret-key",
        "rnd-2",
        b"",
    );
    world
        .raw("GET", path, b"", &headers("rnd-2", &signature))
        .await;
    let replayed = world
        .raw("GET", path, b"", &headers("rnd-2", &signature))
        .await;
    assert_eq!(replayed.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_with_bytes_behind_it_is_refused_although_signed() {
    let world = World::open().await;
    for body in [&b"{}\x80\x00\x00"[..], b"{} {}", b"[]", b"{\"a\":"] {
        let path = "/payment/v1/card-payments";
        let signature = signature::sign(
            &format!("{}{path}", world.gateway),
            "api-key",
            "secret-key",
            "r",
            body,
        );
        let reply = world
            .raw("POST", path, body, &headers("r", &signature))
            .await;
        assert_eq!(reply.status, 400, "{body:?}");
        assert!(reply.body["errors"]["errorCode"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error_is_enveloped() {
    let world = World::open().await;
    let unknown = world.raw("GET", "/nowhere", b"", &[]).await;
    let method = world
        .raw("PATCH", "/payment/v1/card-payments", b"", &[])
        .await;
    let large = vec![b' '; 1024 * 1024 + 1];
    // Who names no key of ours is not read at all.
    let large = world
        .raw(
            "POST",
            "/payment/v1/card-payments",
            &large,
            &headers("r", "s"),
        )
        .await;
    for (reply, status) in [(unknown, 404), (method, 405), (large, 413)] {
        assert_eq!(reply.status, status);
        assert!(
            reply.body["errors"]["errorCode"].is_string(),
            "{:#}",
            reply.body
        );
        assert!(reply.body.get("data").is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_served_yet_answers_an_enveloped_404() {
    let world = World::open().await;
    for endpoint in ENDPOINTS.iter().filter(|endpoint| !endpoint.served) {
        let path: Vec<&str> = endpoint
            .path
            .split('/')
            .map(|part| if part.starts_with('{') { "7" } else { part })
            .collect();
        let body = if endpoint.method == "GET" {
            String::new()
        } else {
            json!({}).to_string()
        };
        let reply = world
            .call(endpoint.method, &path.join("/"), &body, &[])
            .await;
        assert_eq!(reply.status, 404, "{}", endpoint.path);
        assert!(reply.body["errors"]["errorCode"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doubled_slashes_and_javas_trailing_marks_verify() {
    let world = World::open().await;
    for target in [
        "//installment/v1/bins/525864",
        "/merchant/v1/merchant-poses?",
        "/payment-reporting/v1/payments?page=0&size=1&",
    ] {
        let rnd = server::random::key(8);
        let signature = signature::sign(
            &format!("{}{target}", world.gateway),
            "api-key",
            "secret-key",
            &rnd,
            b"",
        );
        let reply = world
            .raw("GET", target, b"", &headers(&rnd, &signature))
            .await;
        assert_eq!(reply.status, 200, "{target} {:#}", reply.body);
    }
}
