//! A run from its beginning to its verdict.

use crate::books::Books;
use crate::check::{self, Finding};
use crate::options::{Kind, Options};
use crate::plan::{CARDS, Plan};
use crate::shopper::{Heard, Shopper};
use crate::steps::Steps;
use crate::world::{PURSE, World};
use crate::{dump, now, reports, say, weather};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Seconds in which every doubt is settled: leases of the killed lapse after half a minute, and an order that the bank
/// does not know is given up after 90 seconds.
const SETTLE_SECONDS_MAX: u64 = 240;
/// Between looks at the books while doubts are settled.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// Findings that are told whole.
const TOLD_MAX: usize = 5;
/// Visits that are told step by step.
const VISITS_MAX: usize = 3;

/// Plays and checks. False when something is not as it must be.
pub(crate) async fn run(options: &Options) -> Result<bool, String> {
    let seed = options.seed.unwrap_or_else(|| {
        let moment = now().as_microsecond().unsigned_abs();
        moment % 1_000_000_000
    });
    let database = match options.database {
        Kind::Sqlite => "sqlite",
        Kind::Postgres => "postgres",
    };
    say(&format!(
        "torture: --database {database} --seed {seed} --seconds {} --shoppers {}",
        options.seconds, options.shoppers
    ));
    let world = Arc::new(World::open(options).await?);
    let (heard, steps) = (Arc::new(Heard::default()), Arc::new(Steps::new()));
    let prefix = format!("t{seed}-");
    let visits = play(options, seed, &prefix, (&world, &heard, &steps)).await?;
    // What was ordered and did not come to pass must not hold up what is settled now.
    world
        .door
        .control("DELETE", "/control/faults", &Value::Null)
        .await?;
    let (begun, mut by_hand) = (Instant::now(), 0);
    let (books, mut findings) = loop {
        let books = Books::read(&world.door, &prefix).await?;
        let findings = check::compare(&books, &heard, seed);
        if findings.is_empty() || begun.elapsed().as_secs() > SETTLE_SECONDS_MAX {
            break (books, findings);
        }
        by_hand += settle_by_hand(&world, &books, &steps)?;
        tokio::time::sleep(LOOK_EVERY).await;
    };
    let settled = begun.elapsed().as_secs();
    if options.reports {
        findings.extend(reports::compare(&world, &heard, &books).await?);
    }
    findings.extend(around(&world, &books).await?);
    say(&told(&books, visits, (settled, by_hand)));
    fs::write(world.folder.join("steps"), steps.told(None).join("\n"))
        .map_err(|error| error.to_string())?;
    if findings.is_empty() {
        if !options.keep {
            let folder = world.folder.clone();
            drop(world);
            // A folder that stays harms nothing.
            let _ = fs::remove_dir_all(folder);
        }
        say("torture: the books agree");
        return Ok(true);
    }
    tell(&findings, &steps);
    say(&format!(
        "torture: {} findings under --seed {seed}; files in {}",
        findings.len(),
        world.folder.display()
    ));
    Ok(false)
}

/// Shoppers come and the weather blows, for as long as it is to last. How many visits there were.
async fn play(
    options: &Options,
    seed: u64,
    prefix: &str,
    (world, heard, steps): (&Arc<World>, &Arc<Heard>, &Arc<Steps>),
) -> Result<u64, String> {
    let until = Instant::now() + Duration::from_secs(options.seconds);
    let next = Arc::new(AtomicU64::new(0));
    let mut shoppers = JoinSet::new();
    for _ in 0..options.shoppers {
        let (world, heard, steps, next) = (
            Arc::clone(world),
            Arc::clone(heard),
            Arc::clone(steps),
            Arc::clone(&next),
        );
        let (prefix, faults) = (prefix.to_owned(), !options.no_faults);
        shoppers.spawn(async move {
            while Instant::now() < until {
                let plan = Plan::of(seed, next.fetch_add(1, Ordering::Relaxed));
                let shopper = Shopper {
                    world: &world,
                    heard: &heard,
                    steps: &steps,
                    conversation: format!("{prefix}{}", plan.number),
                    plan: &plan,
                    faults,
                };
                shopper.visit().await?;
            }
            Ok::<(), String>(())
        });
    }
    let weather = weather::blow(world, steps, seed, (!options.no_kills, !options.no_faults));
    let all = async {
        while let Some(shopper) = shoppers.join_next().await {
            shopper.map_err(|error| error.to_string())??;
        }
        Ok(next.load(Ordering::Relaxed))
    };
    let blown = async {
        let lasting = tokio::time::timeout_at(until.into(), weather).await;
        match lasting {
            Err(_) => start_again(world).await,
            Ok(why) => why,
        }
    };
    let (visits, blown) = tokio::join!(all, blown);
    blown?;
    visits
}

/// Starts what was killed when the end of the play cut its absence short: the last shoppers still wait for it.
async fn start_again(world: &World) -> Result<(), String> {
    for number in 0..world.processes.len() {
        if !world.processes[number].lock().await.is_alive() {
            world.start(number).await?;
        }
    }
    Ok(())
}

/// What an operator does: a bank that closed its day while a sale was in doubt does not undo it any more, and the
/// gateway leaves it to a person. How many there were; other reviews stay, and are found.
fn settle_by_hand(world: &World, books: &Books, steps: &Steps) -> Result<usize, String> {
    let mut settled = 0;
    for id in world.reviews()? {
        let payment = books.payments.iter().find(|payment| payment.id == id);
        let closed = payment.and_then(|payment| {
            let mut orders = books.orders.iter();
            orders.find(|order| order.id == payment.order_id && order.told["state"] == "settled")
        });
        if closed.is_some_and(|order| order.back == 0) {
            let visit = payment.and_then(|payment| payment.visit);
            steps.note(
                visit,
                "the operator settles it: the bank took it".to_owned(),
            );
            world.settle_as_taken(id)?;
            settled += 1;
        }
    }
    Ok(settled)
}

/// What is not about one payment: answers that may not be, purses, and secrets in logs and database.
async fn around(world: &World, books: &Books) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    let mut find = |what: String| findings.push(Finding { visit: None, what });
    let broken = world.door.broken.lock().map(|all| all.clone());
    broken.unwrap_or_default().into_iter().for_each(&mut find);
    let points = |of: fn(&crate::books::Order) -> i64| books.orders.iter().map(of).sum::<i64>();
    let away = points(|order| order.points_spent) - points(|order| order.points_returned);
    let mut missing = 0;
    for card in CARDS.iter().filter(|card| card.has_points) {
        missing += 2 * PURSE - world.purse(card.number).await?;
    }
    if missing != away {
        find(format!("purses lack {missing} points, orders spent {away}"));
    }
    dump::secrets(world).await?.into_iter().for_each(find);
    Ok(findings)
}

/// A run in one line.
fn told(books: &Books, visits: u64, (settled, by_hand): (u64, usize)) -> String {
    let count = |status: &str| {
        let of_status = books.payments.iter().filter(|one| one.status == status);
        of_status.count()
    };
    let refunds = books.payments.iter().flat_map(|one| &one.refunds);
    let made = refunds
        .clone()
        .filter(|one| one.status == "SUCCESS")
        .count();
    let phase = |phase: &str| {
        let payments = books.payments.iter().filter(|one| one.status == "SUCCESS");
        let of_phase = payments.filter(|one| one.phase == phase);
        (
            of_phase.clone().count(),
            of_phase.filter(|one| one.refundable > 0).count(),
        )
    };
    let ((held, open), (taken, _)) = (phase("PRE_AUTH"), phase("POST_AUTH"));
    format!(
        "torture: {visits} visits, {} payments ({} succeeded, {} failed), {} holds ({taken} taken, {open} open), \
         {} refunds ({made} made), {} orders at the banks; settled after {settled} s, {by_hand} by hand",
        books.payments.len(),
        count("SUCCESS"),
        count("FAILURE"),
        held + taken,
        refunds.count(),
        books.orders.len()
    )
}

fn tell(findings: &[Finding], steps: &Steps) {
    for finding in findings.iter().take(TOLD_MAX) {
        let visit = finding.visit.map(|visit| format!("visit {visit}: "));
        say(&format!(
            "FOUND {}{}",
            visit.unwrap_or_default(),
            finding.what
        ));
    }
    let visits: BTreeSet<u64> = findings.iter().filter_map(|one| one.visit).collect();
    for visit in visits.into_iter().take(VISITS_MAX) {
        say(&format!("steps of visit {visit}:"));
        for line in steps.told(Some(visit)) {
            say(&line);
        }
    }
}
