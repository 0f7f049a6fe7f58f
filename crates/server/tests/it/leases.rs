//! Leases: a process that died holds nothing up, whatever its clock said, and no id is made twice.

use crate::process::{Serving, Shared, until};
use crate::world::{World, payment};
use server::app::App;
use server::clock::MovableClock;
use server::jobs;
use server::start::{self, Config};
use server::store::leases::{self, LEASE_SECONDS};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::Notify;

const DAY: i64 = 24 * 60 * 60;

/// A world, and a way to open further processes on its database.
struct Host {
    world: World,
    database_url: String,
    keys: String,
}

impl Host {
    async fn open() -> Host {
        let mut shared = None;
        let world = World::with(|config| {
            shared = Some((config.database_url.clone(), config.keys.clone()));
        })
        .await;
        let (database_url, keys) = shared.unwrap();
        Host {
            world,
            database_url,
            keys,
        }
    }

    async fn process(&self, clock: &Arc<MovableClock>) -> Arc<App> {
        start::open(Config {
            database_url: self.database_url.clone(),
            keys: self.keys.clone(),
            clock: Arc::<MovableClock>::clone(clock),
            ..Config::default()
        })
        .await
        .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn leases_of_a_clock_that_was_a_day_ahead_are_void() {
    let host = Host::open().await;
    let ahead = Arc::new(MovableClock::default());
    ahead.advance_seconds(DAY);
    let other = host.process(&ahead).await;
    let theirs = leases::lease_shards(&other, &other.owner).await.unwrap();
    assert_eq!(theirs, jobs::all_shards());
    // It dies without a word; its leases end tomorrow.
    drop(other);
    let app = &host.world.app;
    let ours = leases::lease_shards(app, &app.owner).await.unwrap();
    assert_eq!(ours, jobs::all_shards());
    // A lease that may still run is respected.
    let alive = host.process(&host.world.clock).await;
    let none = leases::lease_shards(&alive, &alive.owner).await.unwrap();
    assert!(none.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_clock_that_was_ahead_put_off_is_done_when_it_is_right_again() {
    let host = Host::open().await;
    let world = &host.world;
    world.clock.advance_seconds(DAY);
    jobs::renew_node(&world.app).await.unwrap();
    let path = "/payment/v1/card-payments";
    world.post(path, payment("5209220000000002")).await.ok();
    world
        .fault("posnet", "sale", serde_json::json!({"kind": "lose_reply"}))
        .await;
    let doubt = world.post(path, payment("5400630000000009")).await;
    let id = doubt.body["errors"]["paymentId"].to_string();
    world.clock.advance_seconds(-DAY);
    let stopping = Arc::new((AtomicBool::new(false), Notify::new()));
    let work = tokio::spawn(jobs::run(Arc::clone(&world.app), stopping));
    until("the webhook", async || {
        world.hooks("API_AUTH").first().cloned()
    })
    .await;
    until("the doubt is settled", async || {
        let read = world.get(&format!("{path}/{id}")).await.ok();
        (read.data("paymentStatus") == "FAILURE").then_some(())
    })
    .await;
    work.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_four_kills_and_starts_in_a_row_find_a_node_number_each_time() {
    let shared = Shared::open().await;
    for round in 0..34 {
        let command = shared.command(&["serve"]);
        let log = shared.world.files.0.join(format!("{round}.log"));
        let mut server = Serving::start(&shared.world.http, command, log).await;
        server.kill();
    }
    // The work of the dead is taken over at once, too.
    let app = &shared.world.app;
    let ours = leases::lease_shards(app, &app.owner).await.unwrap();
    assert_eq!(ours, jobs::all_shards());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_id_is_made_twice_by_the_holders_of_a_number_wherever_their_clocks_go() {
    let host = Host::open().await;
    let mut ids = HashSet::new();
    let clock = Arc::new(MovableClock::default());
    for round in 0..6 {
        let process = host.process(&clock).await;
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
    let host = Host::open().await;
    let clock = Arc::new(MovableClock::default());
    let asleep = host.process(&clock).await;
    let number = asleep.ids.node();
    let mut ids: HashSet<i64> = (0..1000).map(|_| asleep.next_id()).collect();
    // Its lease lapses while it sleeps, and somebody else gets the number.
    clock.advance_seconds(10 * LEASE_SECONDS);
    let mut others = Vec::new();
    while !others
        .iter()
        .any(|other: &Arc<App>| other.ids.node() == number)
    {
        others.push(host.process(&clock).await);
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
