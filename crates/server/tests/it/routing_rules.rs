//! A merchant's routing rules decide where payments go, and the dry run says it before.

use crate::process::until;
use crate::shop::{GARANTI, PAY, Reply, Shop, YKB, declines, garanti, payment, points, with, ykb};
use contract::enums::{Currency, LoyaltyType, OrderingRule};
use contract::money::Decimal;
use contract::rules::Rule;
use serde_json::{Value, json};
use server::engine::routing::Hindrance;
use server::engine::routing_rules::Fate;
use server::operations::routing_dry_run::{self, DryRun, Question};
use server::operations::routing_rules;
use server::operations::{Actor, Problem};
use server::store::payments::{self, Payment};
use server::store::routing_rules::Weekday;

/// Akbank's: no bank that is spoken to here is its issuer or shares its family.
const AXESS: &str = "4355080000000005";
/// No list knows it.
const FOREIGN: &str = "5400010000000004";

impl Shop {
    /// Adds a routing rule as its file has it.
    pub async fn rule(&self, rule: Value) -> i64 {
        let (by, draft) = (Actor::operator(), serde_json::from_value(rule).unwrap());
        let added = routing_rules::add(&self.app, &by, self.merchant, draft).await;
        added.unwrap().id
    }

    /// Writes a routing rule anew.
    async fn rewrites(&self, id: i64, rule: Value) {
        let (by, draft) = (Actor::operator(), serde_json::from_value(rule).unwrap());
        let edited = routing_rules::edit(&self.app, &by, self.merchant, id, draft).await;
        edited.unwrap();
    }

    /// What would become of a payment.
    async fn dry_run(&self, question: Question) -> DryRun {
        let by = Actor::operator();
        let run = routing_dry_run::run(&self.app, &by, self.merchant, question).await;
        run.unwrap()
    }

    /// The aliases of Garanti's POS and Yapı Kredi's.
    pub async fn aliases(&self) -> [String; 2] {
        let poses = self.poses().await;
        let alias = |name: &str| {
            let pos = poses.iter().find(|pos| pos["name"] == name).unwrap();
            pos["alias"].as_str().unwrap().to_owned()
        };
        [alias("Garanti"), alias("Yapı Kredi")]
    }
}

/// A rule that prefers POSes.
pub fn first(when: Value, aliases: &[&str]) -> Value {
    let poses: Vec<Value> = aliases
        .iter()
        .map(|alias| json!({"alias": alias}))
        .collect();
    json!({"name": "first", "when": when, "then": {"kind": "FIRST", "poses": poses}})
}

fn only(when: Value, alias: &str) -> Value {
    let then = json!({"kind": "ONLY", "poses": [{"alias": alias}]});
    json!({"name": "only", "when": when, "then": then})
}

async fn goes_to(shop: &Shop, request: Value) -> String {
    let paid = shop.pays_as(request).await.ok();
    paid.text("pos.name").to_owned()
}

/// The same payment as a question.
fn question(card: &str) -> Question {
    Question {
        digits: card.to_owned(),
        amount: Some(Decimal::of_minor(10_000, Currency::Try, 2)),
        buyer: Some(42),
        ..Question::default()
    }
}

fn buyers(card: &str) -> Value {
    with(payment(card), json!({"buyerMemberId": 42}))
}

/// Conditions that hold for [`buyers`] with [`AXESS`] at noon, and some of the same name that do not.
fn conditions(shop: &Shop) -> Vec<(&'static str, Value, Value)> {
    let today = shop.app.istanbul_now().weekday().to_monday_zero_offset();
    let days = Weekday::ALL.map(Weekday::as_str);
    let today = days[usize::try_from(today).unwrap()];
    let others: Vec<&str> = days.into_iter().filter(|day| *day != today).collect();
    vec![
        (
            "bins",
            json!({"bins": ["9", "4355080"]}),
            json!({"bins": ["4355081", "5"]}),
        ),
        (
            "families",
            json!({"families": ["AXESS"]}),
            json!({"families": ["Bonus", "World"]}),
        ),
        (
            "issuers",
            json!({"issuers": [62, 46]}),
            json!({"issuers": [62]}),
        ),
        (
            "cardTypes",
            json!({"cardTypes": ["CREDIT_CARD"]}),
            json!({"cardTypes": ["DEBIT_CARD", "PREPAID_CARD"]}),
        ),
        (
            "commercial",
            json!({"commercial": false}),
            json!({"commercial": true}),
        ),
        (
            "foreign",
            json!({"foreign": false}),
            json!({"foreign": true}),
        ),
        (
            "currency",
            json!({"currency": "TRY"}),
            json!({"currency": "USD"}),
        ),
        (
            "amount",
            json!({"currency": "TRY", "amountFrom": 100, "amountTo": "100.00"}),
            json!({"currency": "TRY", "amountFrom": 100.01}),
        ),
        (
            "amount",
            json!({"currency": "TRY", "amountTo": 100}),
            json!({"currency": "TRY", "amountTo": 99.99}),
        ),
        (
            "installment",
            json!({"installmentTo": 1}),
            json!({"installmentFrom": 2}),
        ),
        (
            "hours",
            json!({"hours": {"from": 12, "to": 13}}),
            json!({"hours": {"from": 13, "to": 12}}),
        ),
        (
            "hours",
            json!({"hours": {"from": 22, "to": 13}}),
            json!({"hours": {"from": 0, "to": 12}}),
        ),
        (
            "weekdays",
            json!({"weekdays": [today]}),
            json!({"weekdays": others}),
        ),
        ("buyers", json!({"buyers": [7, 42]}), json!({"buyers": [7]})),
        (
            "threeDS",
            json!({"threeDS": false}),
            json!({"threeDS": true}),
        ),
        (
            "phase",
            json!({"phase": "AUTH"}),
            json!({"phase": "PRE_AUTH"}),
        ),
        (
            "buyers",
            json!({"families": ["Axess"], "buyers": [42]}),
            json!({"families": ["Axess"], "buyers": [43]}),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_condition_decides_where_a_payment_goes() {
    let shop = Shop::open().await;
    shop.noon().await;
    let [_, ykb] = shop.aliases().await;
    assert_eq!(goes_to(&shop, buyers(AXESS)).await, "Garanti");
    let id = shop.rule(first(json!({}), &[&ykb])).await;
    assert_eq!(goes_to(&shop, buyers(AXESS)).await, "Yapı Kredi");
    for (condition, holds, does_not) in conditions(&shop) {
        for (when, decides) in [(holds, true), (does_not, false)] {
            shop.rewrites(id, first(when.clone(), &[&ykb])).await;
            let expected = if decides { "Yapı Kredi" } else { "Garanti" };
            assert_eq!(goes_to(&shop, buyers(AXESS)).await, expected, "{when}");
            let run = shop.dry_run(question(AXESS)).await;
            let fate = if decides {
                Fate::Decided
            } else {
                Fate::Unmet(condition)
            };
            assert_eq!(run.route.fates, [fate], "{when}");
            assert_eq!(run.first().unwrap().name, expected);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_card_and_3ds_are_conditions_like_others() {
    let shop = Shop::open().await;
    let [_, ykb] = shop.aliases().await;
    shop.rule(first(json!({"foreign": true}), &[&ykb])).await;
    shop.rule(first(json!({"threeDS": true, "bins": ["4355"]}), &[&ykb]))
        .await;
    let run = shop.dry_run(question(FOREIGN)).await;
    assert!(run.card.is_none());
    assert_eq!(run.route.fates, [Fate::Decided, Fate::NotAsked]);
    let init = shop.pays(AXESS).init_3ds().await.ok();
    assert_eq!(shop.payment(init.id()).await.text("pos.name"), "Yapı Kredi");
    assert_eq!(goes_to(&shop, payment(AXESS)).await, "Garanti");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_rule_decides_whose_poses_can_take_the_payment() {
    let shop = Shop::open().await;
    let [garanti, ykb] = shop.aliases().await;
    let world = shop
        .rule(first(json!({"families": ["Axess"]}), &[&ykb]))
        .await;
    shop.rule(first(json!({}), &[&garanti])).await;
    assert_eq!(goes_to(&shop, payment(AXESS)).await, "Yapı Kredi");
    // On-us counts no more than the rule.
    assert_eq!(goes_to(&shop, payment(YKB)).await, "Garanti");

    // A rule whose POS cannot take it is passed over, and told so.
    let pos = shop
        .poses()
        .await
        .into_iter()
        .find(|pos| pos["alias"] == *ykb)
        .unwrap();
    let status = format!(
        "/merchant/v1/merchant-poses/{}/status/REFUND_ONLY",
        pos["id"]
    );
    shop.call("PUT", &status, "", &[]).await.ok();
    assert_eq!(goes_to(&shop, payment(AXESS)).await, "Garanti");
    let run = shop.dry_run(question(AXESS)).await;
    assert_eq!(run.route.fates, [Fate::PassedOver, Fate::Decided]);
    assert_eq!(run.route.left[0].1, Hindrance::Status);

    // Moved, it is asked last; switched off, not at all.
    let (by, merchant) = (Actor::operator(), shop.merchant);
    let moved = routing_rules::move_one(&shop.app, &by, merchant, world, false).await;
    moved.unwrap();
    let run = shop.dry_run(question(AXESS)).await;
    assert_eq!(run.route.fates, [Fate::Decided, Fate::NotAsked]);
    let off = routing_rules::set_active(&shop.app, &by, merchant, world, false).await;
    assert!(!off.unwrap().now.active);
    let again = routing_rules::set_active(&shop.app, &by, merchant, world, false).await;
    assert!(again.unwrap().is_same);
    let audit = |action: &'static str| shop.audit(action);
    assert_eq!(audit("routing.add").await.len(), 2);
    assert_eq!(audit("routing.order").await.len(), 1);
    let switched = &audit("routing.status").await[0];
    let active = |json: &Option<Value>| json.as_ref().unwrap()["active"].clone();
    let said = (active(&switched.before), active(&switched.after));
    assert_eq!(said, (json!(true), json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_allows_its_own_poses_alone_refuses_what_they_cannot_take() {
    let shop = Shop::open().await;
    let [garanti, ykb] = shop.aliases().await;
    shop.rule(only(json!({"installmentFrom": 2}), &ykb)).await;
    let three = with(payment(GARANTI), json!({"installment": 3}));
    assert_eq!(goes_to(&shop, three.clone()).await, "Yapı Kredi");
    let refused = |reply: &Reply| {
        reply.refused(422, 5012);
        assert!(
            reply.raw.windows(4).any(|text| text == b"only"),
            "{:#}",
            reply.body
        );
    };
    let pos = shop
        .poses()
        .await
        .into_iter()
        .find(|pos| pos["alias"] == *ykb)
        .unwrap();
    let edit = format!("/merchant/v1/merchant-poses/{}", pos["id"]);
    shop.put(&edit, json!({"enableInstallment": false}))
        .await
        .ok();
    let before = shop.payments().await;
    refused(&shop.pays_as(three.clone()).await);
    assert_eq!(shop.payments().await, before);
    let run = shop
        .dry_run(Question {
            installment: Some(3),
            ..question(GARANTI)
        })
        .await;
    assert_eq!(run.route.fates, [Fate::Refused]);
    assert!(run.first().is_none() && run.refusal.is_some());
    let left = |alias: &str| {
        run.route
            .left
            .iter()
            .find(|(pos, _)| pos.alias == alias)
            .unwrap()
            .1
    };
    assert_eq!(
        (left(&garanti), left(&ykb)),
        (Hindrance::Rule, Hindrance::InstallmentsOff)
    );

    // The shop may ignore the rules, and a pin and its list come before them.
    let ignored = json!({"routingOptions": {"ignoreAdvancedPosRoutingRules": true}});
    assert_eq!(
        goes_to(&shop, with(three.clone(), ignored)).await,
        "Garanti"
    );
    let pinned = with(three.clone(), json!({"posAlias": garanti}));
    assert_eq!(goes_to(&shop, pinned).await, "Garanti");
    let listed = json!({"routingOptions": {"posAliases": [garanti]}});
    refused(&shop.pays_as(with(three, listed)).await);
    assert_eq!(goes_to(&shop, payment(GARANTI)).await, "Garanti");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_take_is_refused_as_without_rules() {
    let shop = Shop::open().await;
    let [_, ykb] = shop.aliases().await;
    shop.rule(only(json!({}), &ykb)).await;
    for pos in shop.poses().await {
        let edit = format!("/merchant/v1/merchant-poses/{}", pos["id"]);
        let threeds = json!({"enabledPaymentAuthenticationTypes": ["THREE_DS"]});
        shop.put(&edit, threeds).await.ok();
    }
    let reply = shop.pays(GARANTI).await;
    assert_eq!((reply.status, reply.error_group()), (422, "REQUIRES_3DS"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_and_the_order_of_the_shop_stand_within_and_behind_a_rule() {
    let shop = Shop::open().await;
    let [garanti_pos, ykb_pos] = shop.aliases().await;
    let third = json!({"name": "Third", "orderNumber": 3});
    shop.pos(with(garanti(), third)).await;
    let all = shop.poses().await;
    let third = all.iter().find(|pos| pos["name"] == "Third").unwrap();
    let third = third["alias"].as_str().unwrap();
    shop.rule(first(json!({}), &[&ykb_pos, third])).await;
    let names = |run: &DryRun| -> Vec<String> {
        let taken = run.route.taken.iter().map(|taken| taken.pos.name.clone());
        taken.collect()
    };
    let run = shop.dry_run(question(GARANTI)).await;
    assert_eq!(names(&run), ["Yapı Kredi", "Third", "Garanti"]);
    let listed = Question {
        pos_aliases: vec![garanti_pos.clone(), third.to_owned()],
        ordering: Some(OrderingRule::InOrder),
        ..question(GARANTI)
    };
    let run = shop.dry_run(listed.clone()).await;
    assert_eq!(names(&run), ["Third", "Garanti"]);
    let ignores = Question {
        ignores_rules: true,
        ..listed
    };
    let run = shop.dry_run(ignores).await;
    assert_eq!(
        (names(&run), run.route.fates.len()),
        (vec!["Garanti".to_owned(), "Third".to_owned()], 0)
    );
    let options = json!({"posAliases": [garanti_pos, third], "orderingRule": "IN_ORDER"});
    let request = with(payment(GARANTI), json!({"routingOptions": options}));
    assert_eq!(goes_to(&shop, request).await, "Third");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_split_keeps_its_shares_and_sends_a_payment_always_the_same_way() {
    const PAYMENTS: usize = 200;
    let shop = Shop::open().await;
    let [garanti, ykb] = shop.aliases().await;
    let poses = json!([{"alias": ykb, "percent": 70}, {"alias": garanti, "percent": 30}]);
    shop.rule(json!({"name": "split", "then": {"kind": "SPLIT", "poses": poses}}))
        .await;
    let mut of_ykb = 0;
    for _ in 0..PAYMENTS {
        let paid = shop.pays(AXESS).await.ok();
        let (id, alias) = (paid.id(), paid.text("pos.alias"));
        of_ykb += usize::from(alias == ykb);
        let question = Question {
            payment_id: Some(id),
            ..question(AXESS)
        };
        for _ in 0..2 {
            let run = shop.dry_run(question.clone()).await;
            assert_eq!(run.first().unwrap().alias, alias);
            let shares: Vec<_> = run
                .route
                .taken
                .iter()
                .map(|one| one.standing.percent)
                .collect();
            assert!(shares.contains(&Some(70)) && shares.contains(&Some(30)));
        }
    }
    // Six standard deviations of a draw of 200 by 70 to 30.
    assert!((140 - 39..=140 + 39).contains(&of_ykb), "{of_ykb}");

    // A retry with its key has the same payment; a POS that is closed gives its share to the others.
    let keyed = shop.pays(AXESS).keyed("split-once").await.ok();
    let again = shop.pays(AXESS).keyed("split-once").await.ok();
    assert_eq!(keyed.id(), again.id());
    let pos = shop
        .poses()
        .await
        .into_iter()
        .find(|pos| pos["alias"] == *ykb)
        .unwrap();
    let status = format!("/merchant/v1/merchant-poses/{}/status/PASSIVE", pos["id"]);
    shop.call("PUT", &status, "", &[]).await.ok();
    for _ in 0..10 {
        assert_eq!(goes_to(&shop, payment(AXESS)).await, "Garanti");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_payment_goes_on_behind_a_rule_and_nowhere_but_there() {
    let shop = Shop::open().await;
    let [garanti, ykb] = shop.aliases().await;
    let id = shop.rule(first(json!({}), &[&garanti])).await;
    shop.fault("garanti", "sale", declines("05")).await;
    assert_eq!(shop.pays(AXESS).await.ok().text("pos.alias"), ykb);
    shop.rewrites(id, only(json!({}), &garanti)).await;
    shop.fault("garanti", "sale", declines("05")).await;
    let declined = shop.pays(AXESS).await.declined("DO_NOT_HONOUR");
    assert_eq!(shop.payment(declined).await.text("pos.alias"), garanti);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_cannot_be_read_is_told_and_decides_nothing() {
    let shop = Shop::open().await;
    let [_, ykb] = shop.aliases().await;
    let id = shop.rule(first(json!({}), &[&ykb])).await;
    let text =
        "update routing_rules set instruction = '{\"then\":{\"kind\":\"MAYBE\",\"poses\":[]}}'";
    shop.execute(text, Vec::new()).await;
    let (by, merchant) = (Actor::operator(), shop.merchant);
    // A change of anything makes every server read anew.
    let off = routing_rules::set_active(&shop.app, &by, merchant, id, false).await;
    off.unwrap();
    let on = routing_rules::set_active(&shop.app, &by, merchant, id, true).await;
    on.unwrap();
    assert_eq!(goes_to(&shop, payment(AXESS)).await, "Garanti");
    assert_eq!(
        shop.dry_run(question(AXESS)).await.route.fates,
        [Fate::Unreadable]
    );
    let merchant = merchant.to_string();
    let listed = shop.run(&["routing", "rules", "--merchant", &merchant]);
    assert!(
        listed.contains("cannot be read: unknown variant"),
        "{listed}"
    );
    shop.rewrites(id, first(json!({}), &[&ykb])).await;
    assert_eq!(goes_to(&shop, payment(AXESS)).await, "Yapı Kredi");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_a_command_changes_counts_a_second_later() {
    let shop = Shop::open().await;
    let [_, ykb] = shop.aliases().await;
    let (rule, merchant) = (
        shop.rule(first(json!({}), &[&ykb])).await,
        shop.merchant.to_string(),
    );
    assert_eq!(goes_to(&shop, payment(AXESS)).await, "Yapı Kredi");
    for (verb, expected) in [
        ("deactivate", "Garanti"),
        ("activate", "Yapı Kredi"),
        ("remove", "Garanti"),
    ] {
        shop.run(&[
            "routing",
            verb,
            "--merchant",
            &merchant,
            "--id",
            &rule.to_string(),
        ]);
        until("the change counts", async || {
            (goes_to(&shop, payment(AXESS)).await == expected).then_some(())
        })
        .await;
    }
}

/// Numbers that look random, from a seed (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) % bound
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[usize::try_from(self.below(all.len().try_into().unwrap())).unwrap()]
    }
}

/// A POS with switches as they fall.
fn any_pos(dice: &mut Dice, number: u64) -> Value {
    let base = if dice.one_in(2) { garanti() } else { ykb() };
    let types = [
        json!(["THREE_DS", "NON_THREE_DS"]),
        json!(["THREE_DS", "NON_THREE_DS"]),
        json!(["THREE_DS"]),
        json!(["NON_THREE_DS"]),
    ];
    let types = dice.of(&types).clone();
    let over = json!({
        "name": format!("POS {number}"), "orderNumber": dice.below(4) + 1,
        "status": *dice.of(&["ACTIVE", "AUTOPILOT", "AUTOPILOT", "PASSIVE", "REFUND_ONLY"]),
        "enableForeignCard": !dice.one_in(3), "enableInstallment": !dice.one_in(3),
        "enablePaymentWithoutCvc": !dice.one_in(3), "enableLoyalty": !dice.one_in(3),
        "enabledPaymentAuthenticationTypes": types,
    });
    with(base, over)
}

fn any_rule(dice: &mut Dice, aliases: &[String]) -> Value {
    let mut when = json!({});
    let conditions = [
        ("bins", json!(["4355", "52"])),
        ("families", json!(["Bonus", "World"])),
        ("issuers", json!([62, 67])),
        ("foreign", json!(dice.one_in(2))),
        ("installmentFrom", json!(2)),
        ("installmentTo", json!(3)),
        ("buyers", json!([1, 2])),
        ("threeDS", json!(dice.one_in(2))),
        ("commercial", json!(false)),
    ];
    for (name, value) in conditions {
        if dice.one_in(5) {
            when[name] = value;
        }
    }
    if dice.one_in(4) {
        when["currency"] = json!("TRY");
        when["amountFrom"] = json!(60);
    }
    let mut poses: Vec<Value> = Vec::new();
    let mut named = aliases.to_vec();
    for _ in 0..=dice.below(3) {
        if named.is_empty() {
            break;
        }
        let place = usize::try_from(dice.below(named.len().try_into().unwrap())).unwrap();
        poses.push(json!({"alias": named.remove(place)}));
    }
    let kind = *dice.of(&["FIRST", "FIRST", "ONLY", "SPLIT"]);
    if kind == "SPLIT" {
        let share = 100 / poses.len();
        for pos in &mut poses {
            pos["percent"] = json!(share);
        }
        poses[0]["percent"] = json!(100 - share * (poses.len() - 1));
    }
    json!({"name": kind, "active": !dice.one_in(6), "when": when, "then": {"kind": kind, "poses": poses}})
}

/// A payment as it falls, and the same as a question.
fn any_payment(dice: &mut Dice, aliases: &[String]) -> (Value, Question) {
    let card = *dice.of(&[GARANTI, YKB, AXESS, AXESS, FOREIGN]);
    let installment = *dice.of(&[1_i64, 1, 1, 2, 3, 6]);
    let price = *dice.of(&[50_i64, 60, 100]);
    let mut question = Question {
        amount: Some(Decimal::of_minor(price * 100, Currency::Try, 2)),
        installment: Some(installment),
        threeds: dice.one_in(2),
        buyer: None,
        ..question(card)
    };
    let mut request = json!({
        "price": price, "paidPrice": price, "installment": installment, "retry": false,
        "items": [{"name": "Item", "price": price}]
    });
    if dice.one_in(2) {
        question.buyer = Some(i64::try_from(dice.below(3) + 1).unwrap());
        request["buyerMemberId"] = json!(question.buyer);
    }
    if dice.one_in(5) {
        question.without_cvc = true;
        request["card"] = json!({"cvc": null});
    }
    if dice.one_in(6) {
        question.points = Some(Decimal::of_minor(100, Currency::Try, 2));
        request = with(request, points(1.0, None));
    } else if dice.one_in(8) {
        question.reward = Some(LoyaltyType::ExtraPoints);
        request = with(
            request,
            json!({"card": {"loyalty": {"type": "EXTRA_POINTS"}}}),
        );
    }
    let mut options = json!({});
    if dice.one_in(6) {
        question.pos_aliases = vec![dice.of(aliases).clone(), dice.of(aliases).clone()];
        options["posAliases"] = json!(question.pos_aliases);
    }
    if dice.one_in(3) {
        let ordering = *dice.of(OrderingRule::ALL);
        question.ordering = Some(ordering);
        options["orderingRule"] = json!(ordering);
    }
    if dice.one_in(8) {
        question.ignores_rules = true;
        options["ignoreAdvancedPosRoutingRules"] = json!(true);
    }
    if dice.one_in(8) {
        let alias = if dice.one_in(4) {
            "nobody"
        } else {
            dice.of(aliases)
        };
        question.pos_alias = Some(alias.to_owned());
        request["posAlias"] = json!(alias);
    }
    request["routingOptions"] = options;
    (with(payment(card), request), question)
}

async fn stored(shop: &Shop, id: i64) -> Payment {
    let payment = payments::of_merchant(&shop.app, shop.merchant, id).await;
    payment.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_payments_do() {
    const MERCHANTS: u64 = 4;
    const PAYMENTS: usize = 60;
    let (mut taken, mut refused, mut ruled) = (0, 0, 0);
    for seed in 1..=MERCHANTS {
        let dice = &mut Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let shop = Shop::open().await;
        for number in 0..4 {
            shop.pos(any_pos(dice, number)).await;
        }
        // Some are left out by the autopilot, and not long enough to be tried.
        let down = "update merchant_poses set non_threeds_down_since = $1 where order_number = 2";
        shop.execute(down, vec![shop.app.now().into()]).await;
        let poses = shop.poses().await;
        let aliases = poses
            .iter()
            .map(|pos| pos["alias"].as_str().unwrap().to_owned());
        let aliases: Vec<String> = aliases.collect();
        for pos in &poses {
            let family = *dice.of(&["Bonus", "World", "Axess"]);
            let rate = dice.below(5);
            let rows: Vec<Value> = (1..=3)
                .map(|n| json!({"cardBrandName": family, "installment": n, "bankOnUsCreditCardCommissionRate": rate, "bankNotOnUsCreditCardCommissionRate": rate + 1}))
                .collect();
            if dice.one_in(2) {
                shop.commissions(&pos["id"], json!(rows)).await.ok();
            }
        }
        for _ in 0..5 {
            shop.rule(any_rule(dice, &aliases)).await;
        }
        for _ in 0..PAYMENTS {
            let (request, question) = any_payment(dice, &aliases);
            let said = format!("seed {seed}: {request}");
            let call = shop.posts(PAY, request);
            let reply = if question.threeds {
                call.init_3ds().await
            } else {
                call.await
            };
            let errors = &reply.body["errors"];
            let is_stored = reply.status == 200 || errors["paymentId"].is_i64();
            let run = if is_stored {
                let payment = stored(&shop, reply.id()).await;
                let question = Question {
                    payment_id: Some(payment.id),
                    at: Some(payment.created_at),
                    ..question
                };
                let run = shop.dry_run(question).await;
                let alias = payment.pos.unwrap().alias;
                assert_eq!(run.first().map(|pos| &pos.alias), Some(&alias), "{said}");
                taken += 1;
                run
            } else {
                let run = shop.dry_run(question).await;
                match run.refusal.as_ref() {
                    Some(Problem::Rule { rule, .. }) => {
                        assert_eq!(reply.error_code().to_string(), rule.code(), "{said}")
                    }
                    Some(Problem::Failed { failure, .. }) => {
                        assert_eq!(reply.error_group(), failure.group.as_str(), "{said}")
                    }
                    other => panic!("{other:?} {said} {:#}", reply.body),
                }
                refused += 1;
                run
            };
            ruled += usize::from(run.route.fates.contains(&Fate::Decided));
        }
    }
    // It is no proof if nothing happened.
    assert!(
        taken > 50 && refused > 20 && ruled > 20,
        "{taken} {refused} {ruled}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_has_a_hundred_rules_at_most() {
    let shop = Shop::open().await;
    let [garanti, _] = shop.aliases().await;
    for _ in 0..100 {
        shop.rule(first(json!({}), &[&garanti])).await;
    }
    let (by, draft) = (Actor::operator(), first(json!({}), &[&garanti]));
    let draft = serde_json::from_value(draft).unwrap();
    let more = routing_rules::add(&shop.app, &by, shop.merchant, draft).await;
    let Err(Problem::Rule { rule, .. }) = more else {
        panic!()
    };
    assert_eq!(rule, Rule::TooManyItems);
    assert_eq!(
        shop.count("select count(*) as n from routing_rules").await,
        100
    );
    assert_eq!(goes_to(&shop, payment(AXESS)).await, "Garanti");
}
