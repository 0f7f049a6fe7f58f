//! Who asks too often waits; who proved who he is does not wait for strangers.

use crate::shop::{GARANTI, PAY, Reply, Shop, payment};
use server::rates::{Rate, RateLimits};
use server::store::requests::{self, Filter};

const STRANGER: (&str, &str) = ("x-forwarded-for", "203.0.113.9:51234");
const SHOP: (&str, &str) = ("x-forwarded-for", "198.51.100.7");
const POSES: &str = "/merchant/v1/merchant-poses";

async fn limited(strangers: Option<Rate>, keys: Option<Rate>) -> Shop {
    Shop::with(|config| {
        config.settings.behind_proxy = true;
        config.settings.rates = RateLimits {
            strangers,
            keys,
            ..RateLimits::default()
        };
    })
    .await
}

const FEW: Rate = Rate {
    per_second: 1,
    burst: 4,
};

/// A request whose signature is wrong.
async fn forged(shop: &Shop, from: (&str, &str)) -> Reply {
    let headers = [
        ("x-api-key", "api-key"),
        ("x-rnd-key", "abc"),
        ("x-auth-version", "v1"),
        ("x-signature", "c2lnbmF0dXJl"),
        from,
    ];
    shop.raw("GET", POSES, b"", &headers).await
}

async fn sale(shop: &Shop, from: (&str, &str)) -> Reply {
    let body = payment(GARANTI).to_string();
    shop.call("POST", PAY, &body, &[from]).await
}

fn retry_after(reply: &Reply) -> Option<u32> {
    let header = reply.headers.iter().find(|(name, _)| name == "retry-after");
    header.and_then(|(_, seconds)| seconds.parse().ok())
}

#[tokio::test]
async fn a_stranger_with_wrong_signatures_waits_and_nobody_else_does() {
    let shop = limited(Some(FEW), None).await;
    for _ in 0..2 {
        assert_eq!(forged(&shop, STRANGER).await.status, 401);
    }
    let refused = forged(&shop, STRANGER).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.error_code(), 1112);
    assert_eq!(retry_after(&refused), Some(1));
    // Not even a right signature is looked at, and it is not used up.
    let early = sale(&shop, STRANGER).await;
    assert_eq!(early.status, 429);
    // The shop next door pays.
    sale(&shop, SHOP).await.ok();
    shop.wait(1).await;
    assert_eq!(forged(&shop, STRANGER).await.status, 401);
}

#[tokio::test]
async fn a_shop_that_signed_lately_is_served_whatever_its_neighbours_send() {
    let shop = limited(Some(FEW), None).await;
    sale(&shop, SHOP).await.ok();
    for _ in 0..20 {
        assert_eq!(forged(&shop, SHOP).await.status, 401);
    }
    sale(&shop, SHOP).await.ok();
}

#[tokio::test]
async fn an_api_key_waits_for_its_own_signed_requests() {
    let shop = limited(None, Some(FEW)).await;
    for _ in 0..4 {
        sale(&shop, SHOP).await.ok();
    }
    let refused = sale(&shop, SHOP).await;
    assert_eq!((refused.status, retry_after(&refused)), (429, Some(1)));
    shop.wait(1).await;
    sale(&shop, SHOP).await.ok();
}

#[tokio::test]
async fn forged_requests_leave_room_in_the_log_for_the_integrators_own() {
    let shop = limited(None, None).await;
    sale(&shop, SHOP).await.ok();
    for _ in 0..150 {
        forged(&shop, STRANGER).await;
    }
    assert_eq!(forged(&shop, SHOP).await.status, 401);
    let refused = Filter {
        path: Some(POSES.to_owned()),
        ..Filter::default()
    };
    let from_shop = || async {
        shop.app.journal.flush().await;
        let found = requests::of_merchant(&shop.app, shop.merchant, &refused, 500).await;
        let found = found.unwrap();
        let strangers = found.iter().filter(|r| r.address == "203.0.113.9").count();
        assert!(strangers <= 100, "{strangers}");
        found.iter().any(|r| r.address == "198.51.100.7")
    };
    // What was refused is explained behind its answer.
    for _ in 0..100 {
        if from_shop().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the integrator's own refused request is not in the log");
}
