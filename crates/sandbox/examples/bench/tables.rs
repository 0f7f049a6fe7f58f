//! The parts of the table, each measured and written row by row.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use super::limits;
use super::load::{self, Pace, Times};
use super::options::{Kind, Options, Part};
use super::peers::{self, Peer};
use super::roles;
use super::shop;
use super::stored::Payment;
use super::world::{Bank, Measured, Place, World};
use std::path::Path;
use std::time::Duration;

/// Connections of the card payments' rows.
const CONNECTIONS: [usize; 3] = [1, 32, 128];
/// Connections where a part has one number of them.
const MANY: Pace = Pace::Connections(128);
/// Connections of the calls beside payments.
const SOME: Pace = Pace::Connections(32);
/// Payments a second of the open loop.
const RATE: u32 = 1000;
/// Stored payments of a database that is nearly new.
const FEW: i64 = 1000;
/// Two that are compared are measured in turn, so that a machine that grows slower favours none.
const TURNS: [usize; 4] = [0, 1, 1, 0];

/// Measures and writes what the options ask for.
pub(crate) async fn write(options: &Options) {
    println!("{}\n", machine());
    if let Some(other) = &options.compare {
        return compare(options, other).await;
    }
    if options.has(Part::Payments) {
        payments(options).await;
    }
    if options.has(Part::Open) {
        open_loop(options).await;
    }
    if options.has(Part::Limits) {
        beside_limits(options).await;
    }
    if options.has(Part::Flat) {
        flat(options).await;
    }
    if options.has(Part::Calls) {
        calls(options).await;
    }
    if options.has(Part::Shop) {
        beside_stored(options).await;
    }
    if options.has(Part::Peers) && !options.smoke {
        beside_peers(options).await;
    }
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap();
    let kilobytes = memory.split_whitespace().nth(1).unwrap();
    let gigabytes = kilobytes.parse::<u64>().unwrap() / 1024 / 1024;
    format!("{cores} cores, {gigabytes} GB, everything on this machine.")
}

/// Writes a heading and the head of a table.
fn head(title: &str, columns: &[&str]) {
    println!("\n### {title}\n");
    row(columns);
    row(&vec!["---"; columns.len()]);
}

fn row(cells: &[impl AsRef<str>]) {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    println!("| {} |", cells.join(" | "));
}

fn thousands(number: u64) -> String {
    match number {
        0..1000 => number.to_string(),
        _ => format!("{},{:03}", thousands(number / 1000), number % 1000),
    }
}

fn micros(time: Duration) -> String {
    format!("{} µs", thousands(time.as_micros().try_into().unwrap()))
}

fn millis(time: Duration) -> String {
    let hundredths = time.as_micros() / 10;
    format!("{}.{:02} ms", hundredths / 100, hundredths % 100)
}

fn ratio(of: u64, to: u64) -> String {
    let hundredths = of * 100 / to.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn mean(of: &[u64]) -> u64 {
    of.iter().sum::<u64>() / u64::try_from(of.len()).unwrap()
}

/// How many a second, and how long half of them and nearly all of them took.
fn cells(times: &Times) -> [String; 3] {
    [
        thousands(times.each_second()),
        millis(times.percentile(50)),
        millis(times.percentile(99)),
    ]
}

/// Card payments in a new database, at the gateway of this binary or another one.
async fn pay(kind: Kind, pace: Pace, other: Option<&Path>, options: &Options) -> Measured {
    let place = Place::create(kind).await;
    let world = World::open(&place, other);
    world.measure(&world.payment(), pace, options).await
}

async fn payments(options: &Options) {
    head(
        "Card payments",
        &[
            "database",
            "connections",
            "payments/s",
            "p50",
            "p99",
            "gateway CPU a payment",
            "simulator",
            "generator",
            "PostgreSQL",
            "resident",
            "start",
        ],
    );
    for kind in options.kinds() {
        for connections in CONNECTIONS {
            let measured = pay(kind, Pace::Connections(connections), None, options).await;
            let [rate, p50, p99] = cells(&measured.times);
            row(&[
                kind.to_string(),
                connections.to_string(),
                rate,
                p50,
                p99,
                micros(measured.gateway),
                micros(measured.bank),
                micros(measured.generator),
                measured.postgres.map_or_else(String::new, micros),
                format!("{} MB", measured.resident_megabytes),
                format!("{} ms", measured.start.as_millis()),
            ]);
        }
    }
}

/// Card payments of this binary's gateway and another's, in turn.
async fn compare(options: &Options, other: &Path) {
    head(
        &format!("Card payments, {} and this", other.display()),
        &[
            "database",
            "connections",
            "other/s",
            "this/s",
            "this/other",
            "other CPU",
            "this CPU",
            "this/other",
        ],
    );
    for kind in options.kinds() {
        for connections in CONNECTIONS {
            let (mut rates, mut costs) = ([vec![], vec![]], [vec![], vec![]]);
            for turn in TURNS {
                let binary = [Some(other), None][turn];
                let measured = pay(kind, Pace::Connections(connections), binary, options).await;
                rates[turn].push(measured.times.each_second());
                costs[turn].push(measured.gateway.as_micros().try_into().unwrap());
            }
            let [other_rate, this_rate] = rates.map(|rates| mean(&rates));
            let [other_cost, this_cost] = costs.map(|costs: Vec<u64>| mean(&costs));
            row(&[
                kind.to_string(),
                connections.to_string(),
                thousands(other_rate),
                thousands(this_rate),
                ratio(this_rate, other_rate),
                format!("{other_cost} µs"),
                format!("{this_cost} µs"),
                ratio(this_cost, other_cost),
            ]);
        }
    }
}

async fn open_loop(options: &Options) {
    head(
        "Card payments at 1,000 a second, whatever becomes of them",
        &[
            "database",
            "payments/s",
            "p50",
            "p99",
            "slowest",
            "bank alone p50",
            "bank alone p99",
            "p99 over the bank's",
        ],
    );
    let pace = Pace::EachSecond(RATE);
    for kind in options.kinds() {
        let place = Place::create(kind).await;
        let bank = place.bank.0.address();
        let ask_bank = async |length| load::run(bank, &Bank::sale(), pace, length).await.unwrap();
        ask_bank(options.warm_up()).await;
        let alone = ask_bank(options.length()).await;
        let measured = pay(kind, pace, None, options).await;
        let [rate, p50, p99] = cells(&measured.times);
        let [_, bank_p50, bank_p99] = cells(&alone);
        let over = measured
            .times
            .percentile(99)
            .saturating_sub(alone.percentile(99));
        row(&[
            kind.to_string(),
            rate,
            p50,
            p99,
            millis(measured.times.slowest()),
            bank_p50,
            bank_p99,
            millis(over),
        ]);
    }
}

/// A place whose database holds one payment, and that payment.
async fn with_one_payment(kind: Kind) -> (Place, Payment) {
    let place = Place::create(kind).await;
    World::open(&place, None).pay_first().await;
    let payment = Payment::read(&place.database);
    (place, payment)
}

async fn beside_limits(options: &Options) {
    head(
        "Beside the same rows without a gateway",
        &[
            "database",
            "gateway, 128 connections",
            "without",
            "written by",
            "gateway/without",
        ],
    );
    for kind in options.kinds() {
        let (writer, limit): (_, limits::Limit) = match kind {
            Kind::Sqlite => ("one connection, a transaction a commit", limits::one_by_one),
            Kind::Postgres => ("pgbench, 32 clients, a statement a commit", limits::pgbench),
        };
        let mut rates = [vec![], vec![]];
        for turn in TURNS {
            let rate = if turn == 0 {
                pay(kind, MANY, None, options).await.times.each_second()
            } else {
                let (place, payment) = with_one_payment(kind).await;
                let (warm_up, length) = (options.warm_up(), options.length());
                limit(&place.database, &payment, warm_up, length)
            };
            rates[turn].push(rate);
        }
        let [gateway, without] = rates.map(|rates| mean(&rates));
        row(&[
            kind.to_string(),
            thousands(gateway),
            thousands(without),
            writer.to_owned(),
            ratio(gateway, without),
        ]);
    }
}

async fn flat(options: &Options) {
    head(
        "Card payments beside stored ones, 128 connections",
        &[
            "database",
            "stored",
            "payments/s",
            "ratio",
            "resident",
            "start",
        ],
    );
    for kind in options.kinds() {
        let counts = [FEW, options.stored()];
        let mut places = Vec::new();
        for count in counts {
            let (place, payment) = with_one_payment(kind).await;
            place.database.fill(&payment.fill(count));
            places.push(place);
        }
        let mut runs = [vec![], vec![]];
        for turn in TURNS {
            let world = World::open(&places[turn], None);
            runs[turn].push(world.measure(&world.payment(), MANY, options).await);
        }
        let rates = |runs: &Vec<Measured>| {
            let rates: Vec<u64> = runs.iter().map(|run| run.times.each_second()).collect();
            mean(&rates)
        };
        for (count, of_count) in counts.into_iter().zip(&runs) {
            let (rate, slowest) = (rates(of_count), of_count.iter().map(|run| run.start).max());
            let resident = of_count.iter().map(|run| run.resident_megabytes).max();
            row(&[
                kind.to_string(),
                thousands(count.try_into().unwrap()),
                thousands(rate),
                ratio(rate, rates(&runs[0])),
                format!("{} MB", resident.unwrap()),
                format!("{} ms", slowest.unwrap().as_millis()),
            ]);
        }
    }
}

async fn calls(options: &Options) {
    head(
        "Other calls, 32 connections",
        &[
            "database",
            "call",
            "calls/s",
            "p50",
            "p99",
            "gateway CPU a call",
            "simulator",
            "PostgreSQL",
        ],
    );
    for kind in options.kinds() {
        let place = Place::create(kind).await;
        let world = World::open(&place, None);
        for (name, ask) in world.calls().await {
            let measured = world.measure(&ask, SOME, options).await;
            let [rate, p50, p99] = cells(&measured.times);
            row(&[
                kind.to_string(),
                name.to_owned(),
                rate,
                p50,
                p99,
                micros(measured.gateway),
                micros(measured.bank),
                measured.postgres.map_or_else(String::new, micros),
            ]);
        }
    }
}

async fn beside_stored(options: &Options) {
    head(
        "What a shop asks beside stored payments",
        &[
            "database",
            "stored",
            "call",
            "connections",
            "calls/s",
            "p50",
            "p99",
            "gateway CPU a call",
            "PostgreSQL",
        ],
    );
    let mut files = Vec::new();
    for kind in options.kinds() {
        let (place, payment) = with_one_payment(kind).await;
        let stored = options.stored();
        place.database.fill(&payment.fill(stored));
        let world = World::open(&place, None);
        for (name, ask, connections) in shop::calls(&world).await {
            let pace = Pace::Connections(connections);
            let measured = world.measure(&ask, pace, options).await;
            let [rate, p50, p99] = cells(&measured.times);
            row(&[
                kind.to_string(),
                thousands(stored.try_into().unwrap()),
                name.to_owned(),
                connections.to_string(),
                rate,
                p50,
                p99,
                micros(measured.gateway),
                measured.postgres.map_or_else(String::new, micros),
            ]);
        }
        files.push((kind, shop::report(&world).await));
    }
    head(
        "A report of all of them",
        &[
            "database",
            "what",
            "rows",
            "time",
            "bytes",
            "resident before",
            "at most",
        ],
    );
    for (kind, steps) in files {
        for step in steps {
            row(&[
                kind.to_string(),
                step.what.to_owned(),
                thousands(step.rows),
                format!(
                    "{}.{} s",
                    step.took.as_millis() / 1000,
                    step.took.as_millis() / 100 % 10
                ),
                thousands(step.bytes),
                format!("{} MB", step.resident_before),
                format!("{} MB", step.resident_most),
            ]);
        }
    }
}

async fn beside_peers(options: &Options) {
    head(
        "Beside peers that keep all in memory, ask no bank and check no signature",
        &[
            "who",
            "connections",
            "payments/s",
            "p50",
            "p99",
            "CPU a payment",
        ],
    );
    let charge = |name: &str, connections: usize, times: &Times, cpu: Duration| {
        let [rate, p50, p99] = cells(times);
        let (name, connections) = (name.to_owned(), connections.to_string());
        row(&[name, connections, rate, p50, p99, micros(cpu)]);
    };
    let peers = [
        ("localstripe", peers::localstripe(&options.peers).await),
        (
            "stripe-stateful-mock",
            peers::stripe_stateful_mock(&options.peers).await,
        ),
    ];
    for connections in [1, 128] {
        let pace = Pace::Connections(connections);
        for kind in options.kinds() {
            let measured = pay(kind, pace, None, options).await;
            let name = format!("Galata, {kind}");
            charge(&name, connections, &measured.times, measured.gateway);
        }
        for (name, peer) in &peers {
            match measure_peer(peer, pace, options).await {
                Ok((times, cpu)) => charge(name, connections, &times, cpu),
                Err(why) => {
                    let (why, connections) = (why.replace('\n', " "), connections.to_string());
                    row(&[*name, &connections, &why, "", "", ""]);
                }
            }
        }
    }
}

async fn measure_peer(
    peer: &Result<Peer, String>,
    pace: Pace,
    options: &Options,
) -> Result<(Times, Duration), String> {
    let peer = peer.as_ref().map_err(Clone::clone)?;
    let address = peer.process.address();
    load::run(address, &peer.charge, pace, options.warm_up()).await?;
    let before = roles::cpu_with_children(peer.process.id());
    let times = load::run(address, &peer.charge, pace, options.length()).await?;
    let used = roles::cpu_with_children(peer.process.id()) - before;
    let count = u32::try_from(times.count()).unwrap();
    Ok((times, used / count))
}
