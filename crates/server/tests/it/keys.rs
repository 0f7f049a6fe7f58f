//! API keys: replaced with an overlap, revoked, and never another merchant's.

use crate::shop::Shop;
use jiff::SignedDuration;
use serde_json::json;
use server::clock::Clock;
use server::operations::{Actor, Principal, Role};
use server::setup::{self, MadeKey, MerchantSetup};
use server::store::audit;

const PATH: &str = "/payment/v1/card-payments/1";

/// A signed read; 404 says that the key was accepted.
async fn asked(shop: &Shop, api_key: &str, secret: &str) -> u16 {
    shop.call_as((api_key, secret), "GET", PATH, "")
        .await
        .status
}

async fn asked_with(shop: &Shop, made: &MadeKey) -> u16 {
    asked(shop, &made.api_key, made.secret_key.expose()).await
}

fn finance() -> Actor {
    Actor {
        principal: Principal::User {
            id: 1,
            email: "f@example.com".to_owned(),
            role: Role::Finance,
        },
        address: String::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn during_the_overlap_both_keys_work_and_after_it_the_old_one_is_refused() {
    let shop = Shop::open().await;
    let (app, by, merchant) = (&shop.app, Actor::operator(), shop.merchant);
    assert_eq!(asked(&shop, "api-key", "secret-key").await, 404);
    let made = setup::rotate_key(app, &by, merchant, "api-key", 24)
        .await
        .unwrap();
    assert_eq!(asked(&shop, "api-key", "secret-key").await, 404);
    assert_eq!(asked_with(&shop, &made).await, 404);
    shop.clock.advance_seconds(24 * 3600 - 60);
    assert_eq!(asked(&shop, "api-key", "secret-key").await, 404);
    shop.clock.advance_seconds(60);
    assert_eq!(asked(&shop, "api-key", "secret-key").await, 401);
    assert_eq!(asked_with(&shop, &made).await, 404);

    shop.app.journal.flush().await;
    let listed = setup::list_keys(app, &by, merchant).await.unwrap();
    let shown: Vec<(&str, bool)> = listed
        .iter()
        .map(|l| (l.key.api_key.as_str(), l.usable))
        .collect();
    assert_eq!(shown, [(made.api_key.as_str(), true), ("api-key", false)]);
    let used = listed[0].last_used.unwrap();
    assert!(shop.clock.now().duration_since(used) < SignedDuration::from_secs(30));

    // What has ended cannot be replaced or revoked.
    assert!(
        setup::rotate_key(app, &by, merchant, "api-key", 24)
            .await
            .is_err()
    );
    assert!(
        setup::revoke_key(app, &by, merchant, "api-key")
            .await
            .is_err()
    );
    // Without an overlap the old one ends at once; revoked also the last one.
    let next = setup::rotate_key(app, &by, merchant, &made.api_key, 0)
        .await
        .unwrap();
    assert_eq!(asked_with(&shop, &made).await, 401);
    setup::revoke_key(app, &by, merchant, &next.api_key)
        .await
        .unwrap();
    assert_eq!(asked_with(&shop, &next).await, 401);
    let added = setup::create_key(app, &by, merchant).await.unwrap();
    assert_eq!(asked_with(&shop, &added).await, 404);

    let log = audit::of_merchant(app, merchant, i64::MAX, "", "", 4)
        .await
        .unwrap();
    let done: Vec<&str> = log.iter().map(|w| w.entry.action.as_str()).collect();
    assert_eq!(
        done,
        ["key.create", "key.revoke", "key.rotate", "key.rotate"]
    );
    for written in &log {
        let text = format!("{:?}", written.entry);
        for secret in [&made, &next, &added] {
            assert!(!text.contains(secret.secret_key.expose()), "{text}");
        }
    }
    assert_eq!(
        log[2].entry.after.as_ref().unwrap()["apiKey"],
        json!(next.api_key)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_their_merchants_own_and_need_the_role() {
    let shop = Shop::open().await;
    let (app, by, merchant) = (&shop.app, Actor::operator(), shop.merchant);
    let other = MerchantSetup {
        name: "Other".to_owned(),
        ..MerchantSetup::default()
    };
    let other = setup::create_merchant(app, &by, other).await.unwrap();
    assert!(
        setup::revoke_key(app, &by, merchant, &other.api_key)
            .await
            .is_err()
    );
    assert!(
        setup::rotate_key(app, &by, merchant, &other.api_key, 1)
            .await
            .is_err()
    );
    for hours in [-1, 721] {
        assert!(
            setup::rotate_key(app, &by, merchant, "api-key", hours)
                .await
                .is_err()
        );
    }
    assert!(setup::create_key(app, &finance(), merchant).await.is_err());
    assert!(setup::list_keys(app, &finance(), merchant).await.is_err());
    let nobody = setup::create_key(app, &by, merchant + 7).await;
    assert!(nobody.is_err());
    assert_eq!(asked(&shop, "api-key", "secret-key").await, 404);
}
