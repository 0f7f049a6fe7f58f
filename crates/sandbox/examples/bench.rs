//! Measures one complete durable card payment with points: signed request, intent committed, sale
//! at the PosNet simulator (its ledger durable too), answer committed with its webhook row.
//!
//!     cargo run --release -p galata-sandbox --example bench
//!     bin/with-postgres cargo run --release -p galata-sandbox --example bench -- --postgres
//!
//! Gateway, simulator and load generator are three processes, so that memory and CPU time can be
//! told apart. Figures and machine go to `docs/benchmarks.md`; compare ratios of one run only.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on ends here"
)]

use contract::signature;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use server::app::Settings;
use server::clock::SystemClock;
use server::commands::new_key;
use server::net::HostList;
use server::operations::By;
use server::setup::{self, MerchantSetup};
use server::start::{self, Config};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// A World card that Yapı Kredi issued; its purse is filled before the run.
const CARD: &str = "4048090000000007";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|a| a == name)?;
        arguments.get(at + 1).cloned()
    };
    match value("--role").as_deref() {
        Some("simulator") => runtime().block_on(simulator(value("--dir").unwrap().into())),
        Some("gateway") => runtime().block_on(gateway(
            value("--database-url").unwrap(),
            value("--bank").unwrap(),
        )),
        _ => {
            let postgres = arguments.iter().any(|a| a == "--postgres");
            let seconds = value("--seconds").map_or(10, |s| s.parse().unwrap());
            for connections in [1, 32, 128] {
                runtime().block_on(measure(postgres, connections, Duration::from_secs(seconds)));
            }
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().unwrap()
}

async fn simulator(dir: PathBuf) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let clock = SystemClock;
    let simulator = simulator::Simulator::open(simulator::Options {
        data_dir: Some(dir),
        public_url: url.clone(),
        now: Arc::new(move || server::clock::Clock::now(&clock)),
        log: false,
    })
    .unwrap();
    println!("{url}");
    simulator::serve(listener, &simulator, std::future::pending())
        .await
        .unwrap();
}

async fn gateway(database_url: String, bank: String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = start::open(Config {
        database_url,
        keys: new_key(),
        migrate: true,
        settings: Settings {
            public_urls: vec![url.clone()],
            bank_hosts: HostList::new(&["127.0.0.1".to_owned()]),
            webhook_hosts: HostList::new(&["127.0.0.1".to_owned()]),
            ..Settings::default()
        },
        ..Config::default()
    })
    .await
    .unwrap();
    let merchant = setup::create_merchant(
        &app,
        &By::operator(),
        MerchantSetup {
            name: "Benchmark".to_owned(),
            api_key: Some("api-key".to_owned()),
            secret_key: Some("secret-key".to_owned()),
            // A webhook row is written for each payment, and is not due while we measure.
            webhook_url: "http://127.0.0.1:9/hook".to_owned(),
            ..MerchantSetup::default()
        },
    )
    .await
    .unwrap();
    let request = json!({
        "name": "Yapı Kredi", "posIntegrator": "YKB", "currency": "TRY", "clientId": "6706598320",
        "terminalId": "67005551", "posnetId": "27426", "threedsKey": "10,10,10,10,10,10,10,10",
        "enablePaymentWithoutCvc": true, "enableLoyalty": true, "enableInstallment": true,
        "enabledPaymentAuthenticationTypes": ["THREE_DS", "NON_THREE_DS"]
    });
    let endpoint = setup::endpoint_behind(
        contract::enums::PosIntegrator::Ykb,
        &format!("{bank}/posnet"),
    )
    .unwrap();
    setup::create_pos(
        &app,
        &By::operator(),
        merchant.id,
        serde_json::from_value(request).unwrap(),
        Some(endpoint),
    )
    .await
    .unwrap();
    println!("{url}");
    start::serve(
        app,
        listener,
        true,
        axum::Router::new(),
        std::future::pending(),
    )
    .await;
}

/// A child of ours that goes with us.
struct Role {
    child: Child,
    url: String,
}

impl Role {
    fn start(arguments: &[&str]) -> Role {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut url)
            .unwrap();
        Role {
            child,
            url: url.trim().to_owned(),
        }
    }

    /// Seconds of CPU used so far, in hundredths.
    fn cpu_hundredths(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap()
            .split_whitespace()
            .collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }

    fn resident_megabytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS"))
            .unwrap();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<u64>()
            .unwrap()
            / 1024
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

type Http = Client<HttpConnector, Full<Bytes>>;

async fn measure(postgres: bool, connections: usize, length: Duration) {
    let dir = std::env::temp_dir().join(format!("galata-bench-{}", server::random::key(8)));
    std::fs::create_dir_all(&dir).unwrap();
    let database_url = match postgres {
        true => std::env::var("GALATA_TEST_POSTGRES_URL").expect("run it under bin/with-postgres"),
        false => format!("sqlite://{}", dir.join("bench.db").display()),
    };
    let bank = Role::start(&[
        "--role",
        "simulator",
        "--dir",
        &dir.join("bank").display().to_string(),
    ]);
    if postgres {
        reset(&database_url);
    }
    let began = Instant::now();
    let gateway = Role::start(&[
        "--role",
        "gateway",
        "--database-url",
        &database_url,
        "--bank",
        &bank.url,
    ]);
    let started = began.elapsed();
    let http: Http = Client::builder(TokioExecutor::new()).build_http();
    let purse = json!({"cardNumber": CARD, "card": 900_000_000_000i64, "firm": 900_000_000_000i64, "mile": 0});
    call(
        &http,
        "POST",
        &format!("{}/control/purses", bank.url),
        &purse.to_string(),
        &[],
    )
    .await;

    load(&http, &gateway.url, connections, Duration::from_secs(2)).await;
    let before = gateway.cpu_hundredths();
    let begun = Instant::now();
    let mut times = load(&http, &gateway.url, connections, length).await;
    let elapsed = begun.elapsed();
    let cpu = gateway.cpu_hundredths() - before;
    times.sort_unstable();
    let count = u64::try_from(times.len()).unwrap();
    let micros = |per_thousand: usize| times[(times.len() - 1) * per_thousand / 1000].as_micros();
    println!(
        "{} {connections:>4} connections: {:>6} payments/s, p50 {:>6} µs, p99 {:>6} µs, {:>4} µs CPU of the gateway per payment, {:>3} MB resident, start {} ms",
        if postgres { "PostgreSQL" } else { "SQLite    " },
        u128::from(count) * 1000 / elapsed.as_millis(),
        micros(500),
        micros(990),
        cpu * 10_000 / count,
        gateway.resident_megabytes(),
        started.as_millis(),
    );
    drop((gateway, bank));
    let _ = std::fs::remove_dir_all(&dir);
}

/// Drops what an earlier run left in the throw-away database.
fn reset(url: &str) {
    let status = Command::new("psql")
        .args([
            "-q",
            url,
            "-c",
            "drop schema public cascade; create schema public",
        ])
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "psql could not empty the database");
}

static NEXT: AtomicU64 = AtomicU64::new(0);

/// Pays from `connections` shoppers at once until the time is over; how long each payment took.
async fn load(http: &Http, gateway: &str, connections: usize, length: Duration) -> Vec<Duration> {
    let until = Instant::now() + length;
    let mut shoppers = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let (http, gateway) = (http.clone(), gateway.to_owned());
        shoppers.spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < until {
                let begun = Instant::now();
                pay(&http, &gateway).await;
                times.push(begun.elapsed());
            }
            times
        });
    }
    let mut times = Vec::new();
    while let Some(of_one) = shoppers.join_next().await {
        times.extend(of_one.unwrap());
    }
    times
}

async fn pay(http: &Http, gateway: &str) {
    let body = json!({
        "price": 100, "paidPrice": 100, "walletPrice": 0, "installment": 1, "currency": "TRY",
        "paymentGroup": "LISTING_OR_SUBSCRIPTION", "conversationId": "bench",
        "card": {
            "cardHolderName": "Haluk Demir", "cardNumber": CARD, "expireYear": "2044", "expireMonth": "07", "cvc": "000",
            "loyalty": {"type": "REWARD_MONEY", "reward": {"cardRewardMoney": 0.01, "firmRewardMoney": 0.01}}
        },
        "items": [{"name": "Item 1", "price": 30}, {"name": "Item 2", "price": 70}]
    })
    .to_string();
    let rnd = format!("bench-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let url = format!("{gateway}/payment/v1/card-payments");
    let signature = signature::sign(&url, "api-key", "secret-key", &rnd, body.as_bytes());
    let headers = [
        ("x-api-key", "api-key"),
        ("x-rnd-key", rnd.as_str()),
        ("x-auth-version", "v1"),
        ("x-signature", &signature),
    ];
    let reply = call(http, "POST", &url, &body, &headers).await;
    assert_eq!(reply["data"]["paymentStatus"], "SUCCESS", "{reply}");
}

async fn call(http: &Http, method: &str, url: &str, body: &str, headers: &[(&str, &str)]) -> Value {
    let mut request = http::Request::builder()
        .method(method)
        .uri(url)
        .header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request
        .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
        .unwrap();
    let reply = http.request(request).await.unwrap();
    let bytes = reply.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&bytes).unwrap_or(Value::Null)
}
