//! Leases: a process that died holds nothing up, whatever its clock said, and no id is made twice.

use crate::process::{Serving, until};
use crate::shop::{DAY, GARANTI, Shop, YKB};
use server::app::App;
use server::clock::MovableClock;
use server::jobs;
use server::store::leases::{self, LEASE_SECONDS};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::Notify;

#[tokio::test(flavor = "multi_thread")]
async fn leases_of_a_clock_that_was_a_day_ahead_are_void() {
    let shop = Shop::open().await;
    let ahead = Arc::new(MovableClock::default());
    ahead.advance_seconds(DAY);
    let other = shop.process(&ahead).await;
    let theirs = leases::lease_shards(&other, &other.owner).await.unwrap();
    assert_eq!(theirs, jobs::all_shards());
    // It dies without a word; its leases end tomorrow.
    drop(other);
    let app = &shop.app;
    let ours = leases::lease_shards(app, &app.owner).await.unwrap();
    assert_eq!(ours, jobs::all_shards());
    // A lease that may still run is respected.
    let alive = shop.process(&shop.clock).await;
    let none = leases::lease_shards(&alive, &alive.owner).await.unwrap();
    assert!(none.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_clock_that_was_ahead_put_off_is_done_when_it_is_right_again() {
    let shop = Shop::open().await;
    shop.clock.advance_seconds(DAY);
    jobs::renew_node(&shop.app).await.unwrap();
    shop.pays(GARANTI).await.ok();
    shop.fault("posnet", "sale", "lose_reply").await;
    let id = shop.pays(YKB).await.in_doubt();
    shop.clock.advance_seconds(-DAY);
    let stopping = Arc::new((AtomicBool::new(false), Notify::new()));
    let work = tokio::spawn(jobs::run(Arc::clone(&shop.app), stopping));
    until("the webhook", async || {
        shop.hooks("API_AUTH").first().cloned()
    })
    .await;
    until("the doubt is settled", async || {
        (shop.outcome(id).await == "FAILURE").then_some(())
    })
    .await;
    work.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_four_kills_and_starts_in_a_row_find_a_node_number_each_time() {
    let shop = Shop::open().await;
    for round in 0..34 {
        let command = shop.command(&["serve"]);
        let log = shop.files.0.join(format!("{round}.log"));
        let mut server = Serving::start(&shop.http, command, log).await;
        server.kill();
    }
    // The work of the dead is taken over at once, too.
    let app = &shop.app;
    let ours = leases::lease_shards(app, &app.owner).await.unwrap();
    assert_eq!(ours, jobs::all_shards());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_id_is_made_twice_by_the_holders_of_a_number_wherever_their_clocks_go() {
    let shop = Shop::open().await;
    let mut ids = HashSet::new();
    let clock = Arc::new(MovableClock::default());
    for round in 0..6 {
        let process = shop.process(&clock).await;
        // The clock goes back over the time before; the one before it is gone without a word.
        let back = match round % 3 {
            0 => 0,
            1 => LEASE_SECONDS + 2,
            _ => DAY,
        };
        clock.advance_seconds(-back);
        for _ in 0..300_000 {
            assert!(ids.insert(process.next_id()), "round {round}");
        }
        clock.advance_seconds(back + LEASE_SECONDS + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_whose_number_went_to_another_goes_on_with_a_new_one() {
    let shop = Shop::open().await;
    let clock = Arc::new(MovableClock::default());
    let asleep = shop.process(&clock).await;
    let number = asleep.ids.node();
    let mut ids: HashSet<i64> = (0..1000).map(|_| asleep.next_id()).collect();
    // Its lease lapses while it sleeps, and somebody else gets the number.
    clock.advance_seconds(10 * LEASE_SECONDS);
    let mut others = Vec::new();
    while !others
        .iter()
        .any(|other: &Arc<App>| other.ids.node() == number)
    {
        others.push(shop.process(&clock).await);
    }
    let heir = others.last().unwrap();
    for _ in 0..1000 {
        assert!(ids.insert(heir.next_id()));
        assert!(ids.insert(asleep.next_id()));
    }
    jobs::renew_node(&asleep).await.unwrap();
    assert_ne!(asleep.ids.node(), number);
    for _ in 0..1000 {
        assert!(ids.insert(asleep.next_id()));
    }
}
