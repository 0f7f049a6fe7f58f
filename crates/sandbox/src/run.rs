//! Starting gateway and simulator, playing, serving, and stopping in an order that lets payments
//! in flight reach their bank.

use crate::home::Home;
use crate::options::Options;
use crate::output::say;
use crate::play::{self, Scene};
use crate::shop::{self, Place};
use crate::stop::Stop;
use crate::{seed, staff};
use server::app::{App, Settings};
use server::clock::{Clock, SystemClock};
use server::net::HostList;
use server::operations::Actor;
use server::setup;
use server::start::{self, Config, StartError};
use server::store::leases;
use simulator::Simulator;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Runs the sandbox until it is told to stop. False when a play with `--exit` did not end as it
/// should, or was cut short.
pub(crate) async fn run(options: Options) -> Result<bool, StartError> {
    options.check()?;
    let home = Home::open(&options.data_dir)?;
    let gateway_listener = listen("--listen", options.listen).await?;
    let simulator_listener = listen("--simulator-listen", options.simulator_listen).await?;
    let gateway_url = local_url(&gateway_listener)?;
    let simulator_url = local_url(&simulator_listener)?;

    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let simulator = open_simulator(&home, &simulator_url, &clock, options.log_requests)?;
    let place = Place {
        gateway: gateway_url.clone(),
        simulator: simulator_url.clone(),
        public_url: options.public_url.clone(),
        webhook_wait: options.webhook_waits().first().copied().unwrap_or_default(),
        clock: Arc::clone(&clock),
    };
    let shop = shop::router(place).map_err(|error| {
        StartError::new(format!("a page of the shop cannot be shown: {error}"), "")
    })?;
    let app = start::open(config(&options, &home, &gateway_url, &simulator_url, clock)).await?;
    let merchant_id = match prepare(&app, &home, &gateway_url, &simulator_url, &options).await {
        Ok(id) => id,
        Err(error) => {
            start::close(&app).await;
            return Err(error);
        }
    };

    let (stop, stop_banks) = (Stop::new(), Stop::new());
    stop.at_signals();
    let banks = serve_simulator(simulator_listener, simulator, stop_banks.wait());
    let beside = shop.merge(staff::router(Arc::clone(&app)));
    let gateway = serve_gateway(&app, gateway_listener, beside, &stop);
    say(&format!("gateway {gateway_url}"));
    say(&format!("simulator {simulator_url}"));
    say(&format!("shop {gateway_url}/shop"));
    say(&format!("panel {gateway_url}/panel"));
    say("ready");

    let scene = Scene {
        app: Arc::clone(&app),
        merchant_id,
        gateway: gateway_url,
        simulator: simulator_url,
        webhook_wait: options.webhook_waits().first().copied().unwrap_or_default(),
    };
    let went_well = perform(&options, &scene, &home, &stop).await;
    stop.wait().await;
    say("stopping: what is in flight is finished first (Ctrl-C again to leave at once)");
    // The gateway first: its payments in flight still need their bank.
    let served = join(gateway).await;
    home.forget_process();
    stop_banks.now();
    let banks_served = join(banks).await;
    served.and(banks_served)?;
    Ok(went_well)
}

/// Plays what is to be played. True unless `--exit` asked for a play that did not end well.
async fn perform(options: &Options, scene: &Scene, home: &Home, stop: &Stop) -> bool {
    if options.no_play {
        play::tell_addresses(scene, home.directory());
        return true;
    }
    match (play::play(scene, stop.wait()).await, options.exit) {
        (Some(well), true) => {
            stop.now();
            well
        }
        (Some(_), false) => {
            play::tell_addresses(scene, home.directory());
            true
        }
        (None, exit) => !exit,
    }
}

async fn listen(flag: &str, address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::AddrInUse => format!(
                "something else listens there, another sandbox perhaps; choose another address with {flag}, \
                 or a free port with {flag} {}:0",
                address.ip()
            ),
            _ => format!("choose another address with {flag}"),
        };
        StartError::new(format!("{flag} {address}: {error}"), &hint)
    })
}

/// How this machine reaches a listener: one on all addresses through loopback.
fn local_url(listener: &TcpListener) -> Result<String, StartError> {
    let mut address = listener
        .local_addr()
        .map_err(|error| StartError::new(error, ""))?;
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        });
    }
    Ok(format!("http://{address}"))
}

fn open_simulator(
    home: &Home,
    url: &str,
    clock: &Arc<dyn Clock>,
    log: bool,
) -> Result<Simulator, StartError> {
    let clock = Arc::clone(clock);
    Simulator::open(simulator::Options {
        data_dir: Some(home.simulator()),
        public_url: url.to_owned(),
        now: Arc::new(move || clock.now()),
        day_ends_by_clock: true,
        log,
    })
    .map_err(|error| StartError::new(format!("the simulator does not start: {error}"), ""))
}

fn config(
    options: &Options,
    home: &Home,
    gateway_url: &str,
    simulator_url: &str,
    clock: Arc<dyn Clock>,
) -> Config {
    let mut public_urls = Vec::new();
    if let Some(url) = &options.public_url {
        public_urls.push(url.to_string());
    }
    public_urls.push(gateway_url.to_owned());
    let mut webhook_hosts = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let given = options.webhook_url.as_ref().and_then(|url| url.host_str());
    webhook_hosts.extend(given.map(str::to_owned));
    Config {
        database_url: options
            .database_url
            .clone()
            .unwrap_or_else(|| home.database_url()),
        keys: home.keys.clone(),
        clock,
        migrate: true,
        only_looks: false,
        must_exist: false,
        smtp: None,
        settings: Settings {
            public_urls,
            bank_hosts: HostList::new(&[simulator_url.trim_start_matches("http://").to_owned()]),
            webhook_hosts: HostList::new(&webhook_hosts),
            webhook_waits: options.webhook_waits(),
            inquiry_waits: options.inquiry_waits(),
            bank_timeout: Duration::from_millis(options.bank_timeout_ms),
            log_requests: options.log_requests,
            panel: staff::panel(),
            hosts: Some(own_hosts(options)),
            ..Settings::default()
        },
    }
}

/// Beside addresses and `localhost`: without a password in front, a page whose own name leads to
/// this machine would be signed in by one click.
fn own_hosts(options: &Options) -> Vec<String> {
    let public = options.public_url.as_ref();
    let named = public.and_then(|url| url.host_str());
    named.map(str::to_owned).into_iter().collect()
}

/// The demo merchant's id. Its webhook address becomes the one that the operator chose; without
/// one, the demo shop's, unless somebody has set another in the meantime.
async fn prepare(
    app: &App,
    home: &Home,
    gateway_url: &str,
    simulator_url: &str,
    options: &Options,
) -> Result<i64, StartError> {
    take_over(app, home).await?;
    let id = seed::demo_merchant(app, simulator_url).await?;
    staff::hire(app, id).await?;
    let merchant = setup::merchant(app, id).await.map_err(seed::start_error)?;
    let url = match &options.webhook_url {
        Some(url) => url.to_string(),
        None if is_ours(&merchant.webhook_url) => format!("{gateway_url}{}", shop::WEBHOOK_PATH),
        None => return Ok(id),
    };
    setup::change_merchant(app, &Actor::operator(), id, |merchant| {
        merchant.webhook_url.clone_from(&url)
    })
    .await
    .map_err(seed::start_error)?;
    Ok(id)
}

/// None, one that a killed player left behind, or the shop's at an earlier address.
fn is_ours(webhook_url: &str) -> bool {
    webhook_url.is_empty()
        || webhook_url.ends_with(play::WEBHOOK_PATH)
        || webhook_url.ends_with(shop::WEBHOOK_PATH)
}

/// Gives back what a killed sandbox had leased, so that due work need not wait for it to lapse.
async fn take_over(app: &App, home: &Home) -> Result<(), StartError> {
    if let Some(owner) = home.killed_process() {
        leases::release_shards(app, &owner)
            .await
            .map_err(seed::start_error)?;
    }
    home.note_process(&app.owner)
        .map_err(|error| StartError::new(format!("{}: {error}", home.directory().display()), ""))
}

fn serve_simulator(
    listener: TcpListener,
    simulator: Simulator,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> JoinHandle<io::Result<()>> {
    tokio::spawn(async move { simulator::serve(listener, &simulator, stopped).await })
}

/// A gateway that ends by itself ends the sandbox too.
fn serve_gateway(
    app: &Arc<App>,
    listener: TcpListener,
    beside: axum::Router,
    stop: &Stop,
) -> JoinHandle<io::Result<()>> {
    let (app, stop) = (Arc::clone(app), stop.clone());
    tokio::spawn(async move {
        start::serve(app, listener, true, beside, stop.wait()).await;
        stop.now();
        Ok(())
    })
}

async fn join(task: JoinHandle<io::Result<()>>) -> Result<(), StartError> {
    match task.await {
        Ok(outcome) => outcome.map_err(|error| StartError::new(error, "")),
        Err(error) => Err(StartError::new(error, "")),
    }
}
