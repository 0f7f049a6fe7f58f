//! Rewards: asking a card's and paying with one.

use crate::world::{World, payment, with};
use serde_json::{Value, json};

fn asked(number: &str) -> Value {
    json!({"cardNumber": number, "expireYear": "2044", "expireMonth": "07", "cvc": "000"})
}

/// Reward cards of the simulator's own, whose points are really spent.
const SPENDING_BONUS: &str = "4043080000060007";
const SPENDING_WORLD: &str = "4048090000060001";

#[tokio::test(flavor = "multi_thread")]
async fn the_published_cards_answer_the_published_amounts() {
    let world = World::open().await;
    for (card, brand, points, firm) in [
        ("4043080000000003", "Bonus", "12.35", Some("5.20")),
        (
            "4032800000000007",
            "Garanti BBVA CC",
            "11.22",
            Some("45.58"),
        ),
        ("4024580000000005", "Bonus", "50.40", Some("100.00")),
        ("4090700000000008", "Bonus", "22.82", None),
        ("4048090000000007", "World", "33.82", Some("25.00")),
    ] {
        let reply = world
            .post("/payment/v1/card-loyalties/retrieve", asked(card))
            .await
            .ok();
        assert_eq!(reply.data("cardBrand"), brand, "{card}");
        let loyalty = reply.data("loyalties.0");
        assert_eq!(loyalty["type"], "REWARD_MONEY", "{card}: {:#}", reply.body);
        assert_eq!(
            loyalty["reward"]["cardRewardMoney"].to_string(),
            points,
            "{card}"
        );
        assert_eq!(
            loyalty["reward"]["firmRewardMoney"].to_string(),
            firm.unwrap_or("0.00"),
            "{card}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn card_and_firm_points_leave_the_purse_exactly_once() {
    let world = World::open().await;
    let loyalty = json!({"type": "REWARD_MONEY", "reward": {"cardRewardMoney": 1.36, "firmRewardMoney": 3.88}});
    for card in [SPENDING_BONUS, SPENDING_WORLD] {
        let request = with(payment(card), json!({"card": {"loyalty": loyalty}}));
        let reply = world.post("/payment/v1/card-payments", request).await.ok();
        assert_eq!(reply.data("price").to_string(), "100");
        assert_eq!(reply.data("paidPrice").to_string(), "100");
        assert_eq!(
            reply.data("loyalty.reward.cardRewardMoney").to_string(),
            "1.36"
        );
        let ledger = world.ledger(reply.data("orderId").as_str().unwrap()).await;
        assert_eq!(ledger[0]["pointsSpent"], 524, "{card}: {ledger:?}");
    }
    let left = world
        .post("/payment/v1/card-loyalties/retrieve", asked(SPENDING_BONUS))
        .await
        .ok();
    assert_eq!(
        left.data("loyalties.0.reward.cardRewardMoney").to_string(),
        "10.99"
    );
    assert_eq!(
        left.data("loyalties.0.reward.firmRewardMoney").to_string(),
        "1.32"
    );
}

/// Same input, same answer: a published card pays with all its points as often as it likes.
#[tokio::test(flavor = "multi_thread")]
async fn published_cards_hold_their_points_whatever_was_spent() {
    let world = World::open().await;
    for (card, of_card, of_firm) in [
        ("4043080000000003", 12.35, 5.2),
        ("4048090000000007", 33.82, 25.0),
    ] {
        let reward = json!({"cardRewardMoney": of_card, "firmRewardMoney": of_firm});
        let loyalty = json!({"type": "REWARD_MONEY", "reward": reward});
        for _ in 0..3 {
            let request = with(payment(card), json!({"card": {"loyalty": loyalty}}));
            let paid = world.post("/payment/v1/card-payments", request).await.ok();
            assert_eq!(paid.data("paymentStatus"), "SUCCESS");
            let asked = world
                .post("/payment/v1/card-loyalties/retrieve", asked(card))
                .await
                .ok();
            let held = asked.data("loyalties").as_array().unwrap().clone();
            let held = held.iter().find(|one| one["type"] == "REWARD_MONEY");
            assert_eq!(held.unwrap()["reward"]["cardRewardMoney"], of_card);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn world_points_of_another_bank_have_no_suitable_pos() {
    let world = World::open().await;
    // Vakıfbank's World card.
    let reply = world
        .post(
            "/payment/v1/card-loyalties/retrieve",
            asked("4029400000000001"),
        )
        .await;
    assert_eq!(reply.status, 422, "{:#}", reply.body);
    assert!(reply.error_code() < 10_000 && reply.error_group().is_empty());
    let loyalty = json!({"type": "REWARD_MONEY", "reward": {"cardRewardMoney": 1}});
    let request = with(
        payment("4029400000000001"),
        json!({"card": {"loyalty": loyalty}}),
    );
    let reply = world.post("/payment/v1/card-payments", request).await;
    assert_eq!((reply.status, reply.error_group()), (422, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn points_beyond_purse_or_amount_are_refused() {
    let world = World::open().await;
    let too_many = |points: f64| {
        let loyalty = json!({"type": "REWARD_MONEY", "reward": {"cardRewardMoney": points}});
        with(
            payment("4043080000000003"),
            json!({"card": {"loyalty": loyalty}}),
        )
    };
    let reply = world
        .post("/payment/v1/card-payments", too_many(50.0))
        .await;
    assert_eq!(
        (reply.status, reply.error_group()),
        (422, "NOT_SUFFICIENT_AWARD")
    );
    let reply = world
        .post("/payment/v1/card-payments", too_many(101.0))
        .await;
    assert_eq!(
        (reply.status, reply.error_group()),
        (422, "SALES_AMOUNT_LESS_THAN_AWARD")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wallet_rule_for_rewards_comes_first() {
    let world = World::open().await;
    let loyalty = json!({"type": "REWARD_MONEY", "reward": {"cardRewardMoney": 1}});
    let reward = with(
        payment("4043080000000003"),
        json!({"walletPrice": 100, "card": {"loyalty": loyalty}}),
    );
    let with_reward = world.post("/payment/v1/card-payments", reward).await;
    let without = with(payment("4043080000000003"), json!({"walletPrice": 100}));
    let without = world.post("/payment/v1/card-payments", without).await;
    assert_eq!((with_reward.status, without.status), (400, 400));
    assert_ne!(with_reward.error_code(), without.error_code());
}

#[tokio::test(flavor = "multi_thread")]
async fn campaigns_are_chosen_at_posnet_and_need_instalments() {
    let world = World::open().await;
    let campaign = |kind: &str, installment: i32| {
        let over = json!({"installment": installment, "card": {"loyalty": {"type": kind}}});
        with(payment("4048090000000007"), over)
    };
    let reply = world
        .post(
            "/payment/v1/card-payments",
            campaign("ADDITIONAL_INSTALLMENT", 1),
        )
        .await;
    assert_eq!((reply.status, reply.field()), (400, "installment"));
    let reply = world
        .post(
            "/payment/v1/card-payments",
            campaign("ADDITIONAL_INSTALLMENT", 3),
        )
        .await
        .ok();
    assert_eq!(reply.data("loyalty.type"), "ADDITIONAL_INSTALLMENT");
    let ledger = world.ledger(reply.data("orderId").as_str().unwrap()).await;
    assert_eq!(ledger[0]["campaign"], 1, "{ledger:?}");
    let reply = world
        .post(
            "/payment/v1/card-payments",
            campaign("POSTPONING_PAYMENT", 3),
        )
        .await;
    assert_eq!((reply.status, reply.error_group()), (422, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn threeds_at_posnet_takes_all_points_as_one_and_the_answer_says_so() {
    let world = World::open().await;
    let loyalty = json!({"type": "REWARD_MONEY", "reward": {"cardRewardMoney": 1.36, "firmRewardMoney": 3.88}});
    let over = json!({"callbackUrl": "https://shop.example.com/cb", "card": {"loyalty": loyalty}});
    let request = with(payment("4048090000000007"), over);
    let init = world
        .post("/payment/v1/card-payments/3ds-init", request)
        .await
        .ok();
    let html = init.data("htmlContent").as_str().unwrap();
    crate::browser::through_threeds(&world, html, "123456", "confirm").await;
    let complete = json!({"paymentId": init.data("paymentId")});
    let done = world
        .post("/payment/v1/card-payments/3ds-complete", complete)
        .await
        .ok();
    assert_eq!(
        done.data("loyalty.reward.cardRewardMoney").to_string(),
        "5.24"
    );
    assert_eq!(
        done.data("loyalty.reward.totalRewardMoney").to_string(),
        "5.24"
    );
}
