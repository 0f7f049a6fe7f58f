//! Rewards: asking a card's and paying with one.

use crate::shop::{BONUS, OTP, Reply, Shop, WORLD, points, vakifbank};
use contract::rules::Rule;
use serde_json::json;
use server::operations::Actor;
use server::setup;
use server::store::poses;

/// Reward cards of the simulator's own, whose points are really spent.
const SPENDING_BONUS: &str = "4043080000060007";
const SPENDING_WORLD: &str = "4048090000060001";
/// A World card of Vakıfbank's.
const OTHER_WORLD: &str = "4029400000000001";
const VAKIFBANK_WORLD: &str = "4029400000060005";

#[tokio::test(flavor = "multi_thread")]
async fn the_published_cards_answer_the_published_amounts() {
    let shop = Shop::open().await;
    for (card, brand, points, firm) in [
        (BONUS, "Bonus", "12.35", "5.20"),
        ("4032800000000007", "Garanti BBVA CC", "11.22", "45.58"),
        ("4024580000000005", "Bonus", "50.40", "100.00"),
        ("4090700000000008", "Bonus", "22.82", "0.00"),
        (WORLD, "World", "33.82", "25.00"),
    ] {
        let reply = shop.rewards(card).await.ok();
        assert_eq!(reply.data("cardBrand"), brand, "{card}");
        let loyalty = reply.data("loyalties.0");
        assert_eq!(loyalty["type"], "REWARD_MONEY", "{card}: {:#}", reply.body);
        let of = |field| loyalty["reward"][field].to_string();
        assert_eq!(of("cardRewardMoney"), points, "{card}");
        assert_eq!(of("firmRewardMoney"), firm, "{card}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn card_and_firm_points_leave_the_purse_exactly_once() {
    let shop = Shop::open().await;
    for card in [SPENDING_BONUS, SPENDING_WORLD] {
        let paid = shop.pays(card).with(points(1.36, 3.88)).await.ok();
        for (field, amount) in [
            ("price", "100"),
            ("paidPrice", "100"),
            ("loyalty.reward.cardRewardMoney", "1.36"),
        ] {
            assert_eq!(paid.data(field).to_string(), amount, "{card}: {field}");
        }
        let order = shop.order(paid.id()).await;
        assert_eq!(order["pointsSpent"], 524, "{card}: {order:?}");
    }
    let left = shop.rewards(SPENDING_BONUS).await.ok();
    let left = left.data("loyalties.0.reward");
    assert_eq!(left["cardRewardMoney"].to_string(), "10.99");
    assert_eq!(left["firmRewardMoney"].to_string(), "1.32");
}

/// Same input, same answer: a published card pays with all its points as often as it likes.
#[tokio::test(flavor = "multi_thread")]
async fn published_cards_hold_their_points_whatever_was_spent() {
    let shop = Shop::open().await;
    for (card, of_card, of_firm) in [(BONUS, 12.35, 5.2), (WORLD, 33.82, 25.0)] {
        for _ in 0..3 {
            let paid = shop.pays(card).with(points(of_card, of_firm)).await;
            paid.succeeded();
            let held = shop.rewards(card).await.ok();
            let mut held = held.list("loyalties").iter();
            let money = held.find(|one| one["type"] == "REWARD_MONEY").unwrap();
            assert_eq!(money["reward"]["cardRewardMoney"], of_card);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn world_points_of_another_bank_have_no_suitable_pos() {
    let shop = Shop::open().await;
    let asked = shop.rewards(OTHER_WORLD).await;
    let paid = shop.pays(OTHER_WORLD).with(points(1.0, None)).await;
    for reply in [asked, paid] {
        assert_eq!((reply.status, reply.error_group()), (422, ""));
        assert!(reply.error_code() < 10_000, "{:#}", reply.body);
    }
}

/// Who issued a World card decides, and what its bank agreed on with the merchant.
#[tokio::test(flavor = "multi_thread")]
async fn world_points_of_a_bank_are_spent_at_its_pos_once_it_agreed() {
    let shop = Shop::open().await;
    let pos = shop.pos(vakifbank()).await;
    let (asked, paid) = (
        async || shop.rewards(VAKIFBANK_WORLD).await,
        async || shop.pays(VAKIFBANK_WORLD).with(points(5.0, None)).await,
    );
    let no_pos = |reply: &Reply| {
        let rule: i64 = Rule::NoPosForReward.code().parse().unwrap();
        assert_eq!((reply.status, reply.error_code()), (422, rule));
    };
    no_pos(&asked().await);
    no_pos(&paid().await);
    let edit = |agreed: &'static str| {
        let (by, unchanged) = (Actor::operator(), Default::default());
        let shop = &shop;
        async move {
            setup::edit_pos(&shop.app, &by, shop.merchant, pos, unchanged, |pos| {
                pos.options.choose("points", agreed);
            })
            .await
        }
    };
    edit("AGREED").await.unwrap();
    let held = asked().await.ok();
    let held = held.data("loyalties.0.reward");
    assert_eq!(held["cardRewardMoney"].to_string(), "18.40");
    let spent = paid().await.succeeded();
    assert_eq!(spent.data("pos.bankId"), 15);
    assert_eq!(shop.order(spent.id()).await["pointsSpent"], 500);
    let left = asked().await.ok();
    let left = left.data("loyalties.0.reward");
    assert_eq!(left["cardRewardMoney"].to_string(), "13.40");
    // Yapı Kredi's World goes to Yapı Kredi, and nowhere without it.
    let other = async || shop.pays(SPENDING_WORLD).with(points(1.0, None)).await;
    assert_eq!(other().await.succeeded().data("pos.bankId"), 67);
    let poses = poses::of_merchant(&shop.app, shop.merchant).await.unwrap();
    let ykb = poses.iter().find(|pos| pos.integrator.as_str() == "YKB");
    let id = ykb.unwrap().id;
    let by = Actor::operator();
    let off = setup::set_pos_active(&shop.app, &by, shop.merchant, id, false);
    off.await.unwrap();
    no_pos(&other().await);
    no_pos(&shop.rewards(SPENDING_WORLD).await);
    // What the bank does not offer is refused with its name.
    let refused = format!("{:?}", edit("SOME").await.map(|_| ()));
    assert!(refused.contains("points"), "{refused}");
    edit("").await.unwrap();
    no_pos(&asked().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn points_beyond_purse_or_amount_are_refused() {
    let shop = Shop::open().await;
    for (many, group) in [
        (50.0, "NOT_SUFFICIENT_AWARD"),
        (101.0, "SALES_AMOUNT_LESS_THAN_AWARD"),
    ] {
        let reply = shop.pays(BONUS).with(points(many, None)).await;
        assert_eq!((reply.status, reply.error_group()), (422, group));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wallet_rule_for_rewards_comes_first() {
    let shop = Shop::open().await;
    let from_wallet = || shop.pays(BONUS).with(json!({"walletPrice": 100}));
    let with_reward = from_wallet().with(points(1.0, None)).await;
    let without = from_wallet().await;
    assert_eq!((with_reward.status, without.status), (400, 400));
    assert_ne!(with_reward.error_code(), without.error_code());
}

#[tokio::test(flavor = "multi_thread")]
async fn campaigns_are_chosen_at_posnet_and_need_instalments() {
    let shop = Shop::open().await;
    let campaign = |kind: &str, installment: i32| {
        let chosen = json!({"installment": installment, "card": {"loyalty": {"type": kind}}});
        shop.pays(WORLD).with(chosen)
    };
    let reply = campaign("ADDITIONAL_INSTALLMENT", 1).await;
    assert_eq!((reply.status, reply.field()), (400, "installment"));
    let paid = campaign("ADDITIONAL_INSTALLMENT", 3).await.ok();
    assert_eq!(paid.data("loyalty.type"), "ADDITIONAL_INSTALLMENT");
    assert_eq!(shop.order(paid.id()).await["campaign"], 1);
    let reply = campaign("POSTPONING_PAYMENT", 3).await;
    assert_eq!((reply.status, reply.error_group()), (422, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn threeds_at_posnet_takes_all_points_as_one_and_the_answer_says_so() {
    let shop = Shop::open().await;
    let pays = shop.pays(WORLD).with(points(1.36, 3.88));
    let done = pays.with_3ds(OTP).await.completes().await.ok();
    let reward = done.data("loyalty.reward");
    assert_eq!(reward["cardRewardMoney"].to_string(), "5.24");
    assert_eq!(reward["totalRewardMoney"].to_string(), "5.24");
}
