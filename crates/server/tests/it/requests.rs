//! The request log: what API keys asked for, and why a signature was refused.

use crate::shop::{GARANTI, Shop, payment};
use base64::Engine;
use serde_json::{Value, json};
use server::jobs;
use server::operations::{self, Actor, Principal, Role};
use server::store::audit;
use server::store::requests::{Filter, Logged};
use sha2::{Digest, Sha256};
use std::time::Duration;

const PATH: &str = "/payment/v1/card-payments";

fn developer() -> Actor {
    Actor {
        principal: Principal::User {
            id: 1,
            email: "d@example.com".to_owned(),
            role: Role::Developer,
        },
        address: String::new(),
    }
}

/// The log once it holds `count` entries: refused requests are explained behind their answer.
async fn logged(shop: &Shop, filter: &Filter, count: usize) -> Vec<Logged> {
    let mut found = Vec::new();
    for _ in 0..100 {
        shop.app.journal.flush().await;
        found = operations::requests::list(&shop.app, &developer(), shop.merchant, filter, 50)
            .await
            .unwrap();
        if found.len() >= count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(found.len(), count, "{found:#?}");
    found
}

/// A call signed over other parts than it must be.
async fn wrongly_signed(shop: &Shop, parts: &[&str], body: &str) {
    let signature =
        base64::engine::general_purpose::STANDARD.encode(Sha256::digest(parts.concat()));
    let headers = [
        ("x-api-key", "api-key"),
        ("x-rnd-key", "rnd"),
        ("x-auth-version", "v1"),
        ("x-signature", signature.as_str()),
        ("content-type", "application/json"),
    ];
    let reply = shop.raw("POST", PATH, body.as_bytes(), &headers).await;
    reply.refused(401, 1005);
}

#[tokio::test(flavor = "multi_thread")]
async fn our_ids_stay_readable_and_card_numbers_do_not() {
    let shop = Shop::open().await;
    // One id in ten has the check digit of a card number.
    let mut count = 0;
    let mut paths = Vec::new();
    for _ in 0..24 {
        let paid = shop.pays(GARANTI).await.ok();
        let path = format!("{PATH}/{}", paid.data("id"));
        shop.get(&path).await.ok();
        paths.push(path);
        count += 2;
    }
    let number = format!("{PATH}/5209220000000002");
    assert_eq!(shop.get(&number).await.status, 404);
    let served = format!("{}?n=5209220000000002", paths[0]);
    shop.get(&served).await.ok();
    let found = logged(&shop, &Filter::default(), count + 2).await;
    for path in &paths {
        assert!(found.iter().any(|one| one.path == *path), "{path}");
    }
    assert!(!format!("{found:?}").contains(GARANTI));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_key_asks_for_is_listed_newest_first() {
    let shop = Shop::open().await;
    shop.pays(GARANTI).await.ok();
    shop.get(&format!("{PATH}/1?n=5209220000000002")).await;
    shop.get("/payment/v1/nowhere").await;
    let none = [("x-api-key", "nobodys")];
    shop.raw("GET", "/payment/v1/nowhere", b"", &none).await;
    let found = logged(&shop, &Filter::default(), 3).await;
    let shown: Vec<(i64, &str, &str)> = found
        .iter()
        .map(|r| (r.status, r.method.as_str(), r.path.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            (404, "GET", "/payment/v1/nowhere"),
            (404, "GET", "/payment/v1/card-payments/1?n=***"),
            (200, "POST", PATH),
        ]
    );
    assert_eq!(found[1].error_code.as_deref(), Some("9001"));
    assert_eq!(found[1].error_text.as_deref(), Some("Payment not found!"));
    assert_eq!(found[0].address, "127.0.0.1");

    let filter = |change: &dyn Fn(&mut Filter)| {
        let mut filter = Filter::default();
        change(&mut filter);
        filter
    };
    logged(&shop, &filter(&|f| f.status_class = Some(2)), 1).await;
    logged(&shop, &filter(&|f| f.errors_only = true), 2).await;
    logged(&shop, &filter(&|f| f.path = Some(PATH.to_owned())), 2).await;
    logged(&shop, &filter(&|f| f.api_key = Some("x".to_owned())), 0).await;
    let before = found[1].id;
    let older = logged(&shop, &filter(&|f| f.before = Some(before)), 1).await;
    assert_eq!(older[0].id, found[2].id);

    let mut reader = developer();
    if let Principal::User { role, .. } = &mut reader.principal {
        *role = Role::Support;
    }
    let all = Filter::default();
    let refused = operations::requests::list(&shop.app, &reader, shop.merchant, &all, 9);
    assert!(refused.await.is_err());

    shop.clock.advance_seconds(31 * 24 * 60 * 60);
    jobs::forget(&shop.app).await;
    logged(&shop, &Filter::default(), 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_signature_is_explained_without_the_secret() {
    let shop = Shop::open().await;
    let body = payment(GARANTI).to_string();
    let url = format!("{}{PATH}", shop.gateway);
    wrongly_signed(&shop, &[&url, "api-key", "secret-key", "rnd"], &body).await;
    wrongly_signed(&shop, &[PATH, "api-key", "secret-key", "rnd", &body], &body).await;
    wrongly_signed(&shop, &[&url, "api-key", "another", "rnd", &body], &body).await;
    let mut found = logged(&shop, &Filter::default(), 3).await;
    assert!(found.iter().all(|r| r.signing.is_none()));
    found.sort_by_key(|r| r.id);
    let mut hints = Vec::new();
    for r in &found {
        let one = operations::requests::retrieve(&shop.app, &developer(), shop.merchant, r.id)
            .await
            .unwrap();
        let signing = one.signing.unwrap();
        let text = signing.to_string();
        for secret in ["secret-key", GARANTI, "\"000\""] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        let expected = signing["expected"][0].as_str().unwrap();
        assert!(
            expected.starts_with(&format!("{url}api-key<secret key>rnd{{\"price\":100,")),
            "{expected}"
        );
        assert_eq!(signing["received"]["bodyBytes"], body.len());
        hints.push(signing["hints"].clone());
    }
    assert_eq!(
        Value::from(hints),
        json!([["body_left_out"], ["base_url_left_out"], []])
    );
    let looks = audit::of_merchant(&shop.app, shop.merchant, i64::MAX, "request.look", "", 10)
        .await
        .unwrap();
    assert_eq!(looks.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_do_not_fill_the_log() {
    let shop = Shop::open().await;
    let headers = [
        ("x-api-key", "api-key"),
        ("x-rnd-key", "rnd"),
        ("x-auth-version", "v1"),
        ("x-signature", "bm8="),
    ];
    for _ in 0..130 {
        shop.raw("POST", PATH, b"{}", &headers).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    shop.app.journal.flush().await;
    let rows = shop
        .app
        .db
        .row("select count(*) as n from request_log", Vec::new())
        .await
        .unwrap();
    // The minute may change once on the way.
    let count = rows.unwrap().int("n").unwrap();
    assert!((100..=130).contains(&count), "{count}");
    shop.get(&format!("{PATH}/1")).await;
    shop.app.journal.flush().await;
    let filter = Filter {
        status_class: Some(4),
        ..Filter::default()
    };
    let newest = operations::requests::list(&shop.app, &developer(), shop.merchant, &filter, 1)
        .await
        .unwrap();
    assert_eq!(newest[0].status, 404);
}
