//! Every published card of the sandbox, through HTTP, routed as a shop routes them that has a POS at a bank of
//! every protocol: its bank's own POS takes it, and what it says is the bank's.

use crate::shop::{OTP, Reply, Shop};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const GOOD: &str = include_str!("../../../simulator/data/test-cards-success.csv");
const BAD: &str = include_str!("../../../simulator/data/test-cards-error.csv");

/// Scenario, number and group of each row of the table of failures, and where it fails.
fn failures(
    scenario: &'static str,
) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let rows = BAD.lines().skip(1).map(|line| {
        let mut columns = line.splitn(4, ',');
        let mut next = || columns.next().unwrap();
        (next(), next(), next(), next())
    });
    let of_scenario = rows.filter(move |row| row.0 == scenario);
    of_scenario.map(|(_, number, group, detail)| (number, group, detail))
}

/// Refused with this group, a code of ours, a text, and the bank's own words.
fn refused_by_bank(reply: &Reply, number: &str, group: &str) {
    assert_eq!(reply.status, 422, "{number} {group}: {:#}", reply.body);
    assert_eq!(reply.error_group(), group, "{number}: {:#}", reply.body);
    assert!(reply.error_code() >= 10_000, "{number}: {:#}", reply.body);
    let told = &reply.body["errors"];
    assert!(!told["errorDescription"].as_str().unwrap().is_empty());
    let code = told["providerError"]["errorCode"].as_str();
    assert!(
        code.is_some_and(|code| !code.is_empty()),
        "{number} {group}: {:#}",
        reply.body
    );
}

async fn requires_day_end_sells(shop: &Shop) {
    let buys = json!({"requiresDayEndSaleSucceeds": true});
    shop.control("POST", "/control/switches", buys).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_published_card_buys_at_its_own_bank() {
    let shop = Shop::of_families().await;
    let poses = shop.poses().await;
    // Param is no bank and has no cards.
    let banks: BTreeSet<i64> = poses
        .iter()
        .filter(|pos| pos["posIntegrator"] != "PARAM_POS")
        .map(|pos| pos["bankId"].as_i64().unwrap())
        .collect();
    let (mut cards, mut own) = (0, BTreeSet::new());
    for line in GOOD.lines().skip(1) {
        let number = line.split(',').next().unwrap();
        let paid = shop.pays(number).await.succeeded();
        let (issuer, taker) = (paid.data("cardIssuerBankId"), paid.data("pos.bankId"));
        if let Some(issuer) = issuer.as_i64().filter(|issuer| banks.contains(issuer)) {
            assert_eq!(taker, issuer, "{line}");
            own.insert(issuer);
        }
        cards += 1;
    }
    assert_eq!(cards, 335);
    assert_eq!(own, banks, "a bank whose POS took no card of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_published_failure_of_a_sale_is_told_in_its_group_with_the_banks_code() {
    let shop = Shop::of_families().await;
    let mut seen = 0;
    for (number, group, _) in failures("sale") {
        let reply = shop.pays(number).await;
        refused_by_bank(&reply, number, group);
        seen += 1;
    }
    assert_eq!(seen, 52);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_published_failure_with_3ds_is_told_where_it_happens() {
    let shop = Shop::of_families().await;
    let mut seen = 0;
    for (number, group, detail) in failures("3ds") {
        seen += 1;
        if group == "THREEDS_INIT_ERROR" {
            // Where a bank is asked before the shopper goes anywhere; elsewhere the page refuses it.
            let init = shop.pays(number).init_3ds().await;
            if init.status == 422 {
                assert_eq!(init.error_group(), group, "{:#}", init.body);
            }
            continue;
        }
        let returned = shop.pays(number).with_3ds(OTP).await;
        let verified = returned.callback.field("status");
        if detail.contains("mdstatus:") {
            assert_eq!(verified, "FAILURE", "{number}");
        } else {
            assert_eq!(verified, "SUCCESS", "{number}");
            refused_by_bank(&returned.completes().await, number, group);
        }
    }
    assert_eq!(seen, 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_published_failure_of_a_refund_hold_or_capture_is_told_in_its_group() {
    let shop = Shop::of_families().await;
    requires_day_end_sells(&shop).await;
    let mut seen = 0;
    for (number, group, _) in failures("refund") {
        let paid = shop.pays(number).await.succeeded().id();
        refused_by_bank(&shop.refunds(paid).await, number, group);
        assert_eq!(
            shop.order(paid).await["refunded"],
            Value::from(0),
            "{number}"
        );
        seen += 1;
    }
    for (number, group, detail) in failures("pre_post_auth") {
        let held = shop.holds(number).await;
        let refused = if detail.contains("||") {
            shop.captures(held.succeeded().id(), 100).await
        } else {
            held
        };
        refused_by_bank(&refused, number, group);
        seen += 1;
    }
    assert_eq!(seen, 13);
}
