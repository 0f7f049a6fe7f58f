//! Who asks too often waits; who proved who he is does not wait for strangers.

use crate::world::{Reply, World, payment};
use server::rates::{Rate, RateLimits};
use server::store::requests::{self, Filter};

const STRANGER: (&str, &str) = ("x-forwarded-for", "203.0.113.9:51234");
const SHOP: (&str, &str) = ("x-forwarded-for", "198.51.100.7");
const CARD: &str = "5209220000000002";
const POSES: &str = "/merchant/v1/merchant-poses";

async fn limited(strangers: Option<Rate>, keys: Option<Rate>) -> World {
    World::with(|config| {
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
async fn forged(world: &World, from: (&str, &str)) -> Reply {
    let headers = [
        ("x-api-key", "api-key"),
        ("x-rnd-key", "abc"),
        ("x-auth-version", "v1"),
        ("x-signature", "c2lnbmF0dXJl"),
        from,
    ];
    world.raw("GET", POSES, b"", &headers).await
}

async fn sale(world: &World, from: (&str, &str)) -> Reply {
    let body = payment(CARD).to_string();
    world
        .call("POST", "/payment/v1/card-payments", &body, &[from])
        .await
}

fn retry_after(reply: &Reply) -> Option<u32> {
    let header = reply.headers.iter().find(|(name, _)| name == "retry-after");
    header.and_then(|(_, seconds)| seconds.parse().ok())
}

#[tokio::test]
async fn a_stranger_with_wrong_signatures_waits_and_nobody_else_does() {
    let world = limited(Some(FEW), None).await;
    for _ in 0..2 {
        assert_eq!(forged(&world, STRANGER).await.status, 401);
    }
    let refused = forged(&world, STRANGER).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.error_code(), 1112);
    assert_eq!(retry_after(&refused), Some(1));
    // Not even a right signature is looked at, and it is not used up.
    let early = sale(&world, STRANGER).await;
    assert_eq!(early.status, 429);
    // The shop next door pays.
    sale(&world, SHOP).await.ok();
    world.wait(1).await;
    assert_eq!(forged(&world, STRANGER).await.status, 401);
}

#[tokio::test]
async fn a_shop_that_signed_lately_is_served_whatever_its_neighbours_send() {
    let world = limited(Some(FEW), None).await;
    sale(&world, SHOP).await.ok();
    for _ in 0..20 {
        assert_eq!(forged(&world, SHOP).await.status, 401);
    }
    sale(&world, SHOP).await.ok();
}

#[tokio::test]
async fn an_api_key_waits_for_its_own_signed_requests() {
    let world = limited(None, Some(FEW)).await;
    for _ in 0..4 {
        sale(&world, SHOP).await.ok();
    }
    let refused = sale(&world, SHOP).await;
    assert_eq!((refused.status, retry_after(&refused)), (429, Some(1)));
    world.wait(1).await;
    sale(&world, SHOP).await.ok();
}

#[tokio::test]
async fn forged_requests_leave_room_in_the_log_for_the_integrators_own() {
    let world = limited(None, None).await;
    sale(&world, SHOP).await.ok();
    for _ in 0..150 {
        forged(&world, STRANGER).await;
    }
    assert_eq!(forged(&world, SHOP).await.status, 401);
    let refused = Filter {
        path: Some(POSES.to_owned()),
        ..Filter::default()
    };
    let from_shop = || async {
        world.app.journal.flush().await;
        let found = requests::of_merchant(&world.app, world.merchant, &refused, 500).await;
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
