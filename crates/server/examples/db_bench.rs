//! How many payments per second the database door takes: two durable commits of four rows each,
//! and three small reads between them. It measures the store alone, no API and no bank.
//!
//! `bin/with-postgres cargo run --release -p galata --example db_bench`
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement for whoever runs it by hand"
)]

use server::store::db::{Commit, Db, Migration, Options, params};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

const TABLES: &[Migration] = &[Migration {
    version: 1,
    name: "bench",
    sql: "create table payments (merchant_id bigint not null, id bigint not null,
            status text not null, version bigint not null, price bigint not null,
            created_at timestamptz not null, body jsonb, primary key (merchant_id, id));
        create table items (merchant_id bigint not null, id bigint not null,
            payment_id bigint not null, price bigint not null, primary key (merchant_id, id));
        create table attempts (merchant_id bigint not null, id bigint not null,
            payment_id bigint not null, status text not null, answer text,
            primary key (merchant_id, id));
        create table claims (merchant_id bigint not null, name text not null,
            primary key (merchant_id, name));
        create table jobs (id bigint not null primary key, shard bigint not null,
            due_at timestamptz not null, body jsonb not null);",
}];
const SECONDS: u64 = 5;
const MERCHANTS: i64 = 10;

#[tokio::main]
async fn main() {
    let folder = std::env::temp_dir().join(format!("galata-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut urls = vec![format!("sqlite://{}/bench.db", folder.display())];
    urls.extend(std::env::var("GALATA_TEST_POSTGRES_URL"));
    let ids = Arc::new(AtomicI64::new(1));
    for url in urls {
        let db = Db::open(&url, Options::default()).await.unwrap();
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        db.migrate(TABLES, now).await.unwrap();
        for reads in [0, 3] {
            for concurrent in [1, 32, 128] {
                measure(&db, &ids, concurrent, reads).await;
            }
        }
        if let Ok(log) = std::fs::metadata(folder.join("bench.db-wal")) {
            println!("log afterwards: {} MB", log.len() / 1024 / 1024);
        }
        db.close().await;
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

async fn measure(db: &Db, ids: &Arc<AtomicI64>, concurrent: usize, reads: usize) {
    let started = Instant::now();
    let shoppers = (0..concurrent).map(|_| {
        let (db, ids) = (db.clone(), Arc::clone(ids));
        tokio::spawn(async move {
            let mut latencies = Vec::new();
            while started.elapsed() < Duration::from_secs(SECONDS) {
                let begun = Instant::now();
                pay(&db, ids.fetch_add(1, Ordering::Relaxed), reads).await;
                latencies.push(begun.elapsed());
            }
            latencies
        })
    });
    let mut latencies = Vec::new();
    for shopper in shoppers.collect::<Vec<_>>() {
        latencies.extend(shopper.await.unwrap());
    }
    let elapsed = started.elapsed().as_millis();
    latencies.sort();
    let payments = latencies.len();
    println!(
        "{:?}, {concurrent} concurrent, {reads} reads: {} payments/s, \
         a payment's p50 {:?} p99 {:?} max {:?}",
        db.kind(),
        u128::try_from(payments).unwrap() * 1_000 / elapsed,
        latencies[payments / 2],
        latencies[payments * 99 / 100],
        latencies[payments - 1]
    );
}

async fn pay(db: &Db, id: i64, reads: usize) {
    let merchant = id % MERCHANTS;
    let now: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    for _ in 0..reads {
        db.row(
            "select status, version, price from payments where merchant_id = $1 and id = $2",
            params![merchant, id - MERCHANTS],
        )
        .await
        .unwrap();
    }
    let intend = Commit::new(merchant, id)
        .then(
            "insert into payments (merchant_id, id, status, version, price, created_at, body)
             values ($1, $2, 'INTENT', 0, $3, $4, $5)",
            params![merchant, id, 1_235, now, serde_json::json!({"installment": 1})],
        )
        .then(
            "insert into items (merchant_id, id, payment_id, price) values ($1, $2, $3, $4)",
            params![merchant, id, id, 1_235],
        )
        .then(
            "insert into attempts (merchant_id, id, payment_id, status) values ($1, $2, $3, 'SENT')",
            params![merchant, id, id],
        )
        .then(
            "insert into claims (merchant_id, name) values ($1, $2)",
            params![merchant, format!("order-{id}")],
        );
    db.commit(intend).await.unwrap();
    let answer = Commit::new(merchant, id)
        .then(
            "update attempts set status = 'APPROVED', answer = $1 where merchant_id = $2 and id = $3",
            params!["00", merchant, id],
        )
        .then(
            "update payments set status = 'SUCCESS', version = version + 1
             where merchant_id = $1 and id = $2 and version = 0",
            params![merchant, id],
        )
        .then(
            "insert into jobs (id, shard, due_at, body) values ($1, $2, $3, $4)",
            params![id, id % 16, now, serde_json::json!({"payment": id})],
        )
        .then(
            "insert into claims (merchant_id, name) values ($1, $2)",
            params![merchant, format!("key-{id}")],
        );
    db.commit(answer).await.unwrap();
}
