//! Who may come in.

use crate::shop::{GARANTI, KEYS, PAY, Reply, Shop, Signed, payment};
use contract::endpoints::ENDPOINTS;
use serde_json::json;

/// The headers of a request that says it is signed.
fn claiming<'a>(rnd: &'a str, signature: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("x-api-key", "api-key"),
        ("x-rnd-key", rnd),
        ("x-auth-version", "1"),
        ("x-signature", signature),
    ]
}

/// Sends a request, signed with this random key.
async fn signed(shop: &Shop, rnd: &str, method: &str, path: &str, body: &[u8]) -> Reply {
    let signed = Signed::with(KEYS, &format!("{}{path}", shop.gateway), rnd, body);
    let headers = claiming(rnd, &signed.signature);
    shop.raw(method, path, body, &headers).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_signature_is_401_in_the_envelope() {
    let shop = Shop::open().await;
    let path = "/payment/v1/card-payments/1";
    let wrong = shop.raw("GET", path, b"", &claiming("abc", "bm8=")).await;
    assert_eq!(wrong.status, 401);
    let told = wrong.body["errors"]["errorDescription"].as_str().unwrap();
    assert!(told.contains("Signature is not equal!"), "{told}");
    let none = shop.raw("GET", path, b"", &[]).await;
    assert_eq!((none.status, none.field()), (401, "x-api-key"));
    let odd = signed(&shop, "a b", "GET", path, b"").await;
    assert_eq!(odd.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_is_accepted_once() {
    let shop = Shop::open().await;
    let body = payment(GARANTI).to_string();
    let pays = async || signed(&shop, "rnd-1", "POST", PAY, body.as_bytes()).await;
    pays().await.ok();
    assert_eq!(pays().await.status, 401);
    let path = "/merchant/v1/merchant-poses/1";
    let reads = async || signed(&shop, "rnd-2", "GET", path, b"").await;
    reads().await;
    assert_eq!(reads().await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_with_bytes_behind_it_is_refused_although_signed() {
    let shop = Shop::open().await;
    for body in [&b"{}\x80\x00\x00"[..], b"{} {}", b"[]", b"{\"a\":"] {
        let reply = signed(&shop, "r", "POST", PAY, body).await;
        assert_eq!(reply.status, 400, "{body:?}");
        assert!(reply.body["errors"]["errorCode"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error_is_enveloped() {
    let shop = Shop::open().await;
    let unknown = shop.raw("GET", "/nowhere", b"", &[]).await;
    let method = shop.raw("PATCH", PAY, b"", &[]).await;
    let large = vec![b' '; 1024 * 1024 + 1];
    // Who names no key of ours is not read at all.
    let large = shop.raw("POST", PAY, &large, &claiming("r", "s")).await;
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
    let shop = Shop::open().await;
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
        let reply = shop
            .call(endpoint.method, &path.join("/"), &body, &[])
            .await;
        assert_eq!(reply.status, 404, "{}", endpoint.path);
        assert!(reply.body["errors"]["errorCode"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doubled_slashes_and_javas_trailing_marks_verify() {
    let shop = Shop::open().await;
    for (rnd, target) in [
        ("r1", "//installment/v1/bins/525864"),
        ("r2", "/merchant/v1/merchant-poses?"),
        ("r3", "/payment-reporting/v1/payments?page=0&size=1&"),
    ] {
        let reply = signed(&shop, rnd, "GET", target, b"").await;
        assert_eq!(reply.status, 200, "{target} {:#}", reply.body);
    }
}
