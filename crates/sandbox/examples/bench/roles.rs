//! The processes of a measurement: simulator and gateway, which are this binary in another role, and
//! what `/proc` tells of a process. Each says its address in its first line.

use contract::card::Secret;
use serde_json::json;
use server::app::{App, Settings};
use server::clock::{Clock, SystemClock};
use server::net::HostList;
use server::operations::Actor;
use server::setup::{self, ApmSetup, MerchantSetup};
use server::start::{self, Config};
use server::store::merchants::{self, FEATURE_APMS};
use simulator::lenders;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

pub(crate) const API_KEY: &str = "api-key";
pub(crate) const SECRET_KEY: &str = "secret-key";

/// Banks and lenders, with a durable ledger in `dir`.
pub(crate) async fn simulator(dir: PathBuf) {
    let (listener, url) = listen().await;
    let simulator = simulator::Simulator::open(simulator::Options {
        data_dir: Some(dir),
        public_url: url.clone(),
        now: Arc::new(|| SystemClock.now()),
        day_ends_by_clock: false,
        log: false,
    })
    .unwrap();
    tell(&url);
    simulator::serve(listener, &simulator, std::future::pending())
        .await
        .unwrap();
}

/// The gateway, with a merchant whose accounts are at the simulator `bank`.
pub(crate) async fn gateway(database_url: String, bank: &str, keys: String) {
    let (listener, url) = listen().await;
    let loopback = || HostList::new(&["127.0.0.1".to_owned()]);
    let app = start::open(Config {
        database_url,
        keys,
        migrate: true,
        settings: Settings {
            public_urls: vec![url.clone()],
            bank_hosts: loopback(),
            webhook_hosts: loopback(),
            ..Settings::default()
        },
        ..Config::default()
    })
    .await
    .unwrap();
    let known = merchants::by_api_key(&app, API_KEY).await.unwrap();
    if known.is_none() {
        create_merchant(&app, bank).await;
    }
    tell(&url);
    let beside = axum::Router::new();
    start::serve(app, listener, true, beside, std::future::pending()).await;
}

async fn create_merchant(app: &App, bank: &str) {
    let by = Actor::operator();
    let merchant = MerchantSetup {
        name: "Benchmark".to_owned(),
        api_key: Some(API_KEY.to_owned()),
        secret_key: Some(SECRET_KEY.to_owned()),
        // A webhook row is written for each payment, and is not due while we measure.
        webhook_url: "http://127.0.0.1:9/hook".to_owned(),
        ..MerchantSetup::default()
    };
    let id = setup::create_merchant(app, &by, merchant).await.unwrap().id;
    let pos = serde_json::from_value(json!({
        "name": "Yapı Kredi", "posIntegrator": "YKB", "currency": "TRY", "clientId": "6706598320",
        "terminalId": "67005551", "posnetId": "27426", "threedsKey": "10,10,10,10,10,10,10,10",
        "status": "AUTOPILOT", "enabledPaymentAuthenticationTypes": ["NON_THREE_DS", "THREE_DS"],
        "enablePaymentWithoutCvc": true, "enableLoyalty": true, "enableInstallment": true
    }))
    .unwrap();
    let integrator = contract::enums::PosIntegrator::Ykb;
    let endpoint = setup::endpoint_behind(integrator, &format!("{bank}/posnet")).unwrap();
    setup::create_pos(app, &by, id, pos, Some(endpoint))
        .await
        .unwrap();
    setup::set_feature(app, &by, id, FEATURE_APMS, true)
        .await
        .unwrap();
    let account = ApmSetup {
        api_url: Some(format!("{bank}/lender")),
        client_id: Some(lenders::CLIENT_ID.to_owned()),
        client_secret: Some(Secret::new(lenders::CLIENT_SECRET)),
        notification_secret: Some(Secret::new(lenders::NOTIFICATION_SECRET)),
        ..ApmSetup::default()
    };
    let maslak = contract::enums::ApmType::Maslak;
    let lender = setup::create_apm(app, &by, id, maslak, account)
        .await
        .unwrap();
    setup::set_apm_active(app, &by, id, lender.id, true)
        .await
        .unwrap();
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

#[expect(
    clippy::print_stdout,
    reason = "the first line tells the parent the address"
)]
fn tell(url: &str) {
    println!("{url}");
}

/// A child that ends with us.
pub(crate) struct Process {
    child: Child,
    pub(crate) url: String,
}

impl Process {
    /// Starts a command that tells its address in its first line.
    pub(crate) fn start(command: &mut Command) -> Process {
        let mut process = Process::start_at(command.stdout(Stdio::piped()), String::new()).unwrap();
        let told = process.child.stdout.take().unwrap();
        BufReader::new(told).read_line(&mut process.url).unwrap();
        process.url.truncate(process.url.trim_end().len());
        process
    }

    /// Starts a command whose address is known.
    pub(crate) fn start_at(command: &mut Command, url: String) -> std::io::Result<Process> {
        let child = command.stdin(Stdio::null()).spawn()?;
        Ok(Process { child, url })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn address(&self) -> std::net::SocketAddr {
        self.url.trim_start_matches("http://").parse().unwrap()
    }

    pub(crate) fn resident_megabytes(&self) -> u64 {
        self.status_megabytes("VmRSS")
    }

    /// The most since [`Process::forget_most_resident`].
    pub(crate) fn most_resident_megabytes(&self) -> u64 {
        self.status_megabytes("VmHWM")
    }

    /// The kernel begins to look for the most memory anew.
    pub(crate) fn forget_most_resident(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.id()), "5").unwrap();
    }

    fn status_megabytes(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(name));
        let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
        kilobytes.parse::<u64>().unwrap() / 1024
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Fields of `/proc/PID/stat` behind the name: state, parent, …; `None` when the process has ended.
fn stat(pid: u32) -> Option<Vec<u64>> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some(fields.map(|field| field.parse().unwrap_or(0)).collect())
}

/// A hundredth of a second, as the kernel counts CPU time.
const TICK: Duration = Duration::from_millis(10);

/// CPU time that a process has used.
pub(crate) fn cpu(pid: u32) -> Duration {
    let fields = stat(pid).unwrap_or_default();
    TICK * u32::try_from(fields.iter().skip(11).take(2).sum::<u64>()).unwrap()
}

/// CPU time of a process with its children, also those that have ended.
pub(crate) fn cpu_with_children(pid: u32) -> Duration {
    let living = std::fs::read_dir("/proc").unwrap();
    let pids = living.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let children = pids.filter(|child| stat(*child).is_some_and(|s| s[1] == u64::from(pid)));
    let ended = stat(pid).unwrap_or_default();
    let ended = TICK * u32::try_from(ended.iter().skip(13).take(2).sum::<u64>()).unwrap();
    cpu(pid) + ended + children.map(cpu_with_children).sum::<Duration>()
}
