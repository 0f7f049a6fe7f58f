//! The command line, which is also the configuration reference (`--help`): every setting is a flag
//! with an environment variable, and there is no configuration file.

use clap::Parser;
use server::app::{INQUIRY_WAITS, WEBHOOK_WAITS};
use server::commands::{check_base_url, listen_address};
use server::start::StartError;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// Longest wait that the flags take: an hour.
const WAIT_MS_MAX: u64 = 3_600_000;
/// The sandbox's wait before a webhook's first call; the platform's own is half a minute.
const FIRST_WEBHOOK_WAIT: Duration = Duration::from_secs(1);

/// Galata's sandbox: the gateway, simulated banks and lenders, and a demo merchant, on this machine.
///
/// Starts everything on SQLite, plays both flows (reward points, shopping loans) so that you can
/// watch, and keeps serving until Ctrl-C. Nothing leaves this machine and no money moves. The demo
/// merchant has the keys of the official clients' samples, so they run against it with only the
/// base URL changed.
///
/// Standard output begins with the lines `gateway URL`, `simulator URL`, `shop URL` and `ready`; the
/// log goes to standard error (GALATA_LOG chooses how much, for example `info`).
#[derive(Parser)]
#[command(name = "galata-sandbox", version, max_term_width = 100)]
pub(crate) struct Options {
    /// Address of the gateway; a port alone is this machine's. Port 0 takes a free one.
    #[arg(
        long,
        env = "GALATA_SANDBOX_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS",
        value_parser = listen_address
    )]
    pub(crate) listen: SocketAddr,
    /// Address of the simulated banks and lenders; a port alone is this machine's. Port 0 takes a
    /// free one.
    #[arg(
        long,
        env = "GALATA_SANDBOX_SIMULATOR_LISTEN",
        default_value = "127.0.0.1:8081",
        value_name = "ADDRESS",
        value_parser = listen_address
    )]
    pub(crate) simulator_listen: SocketAddr,
    /// Listen beyond this machine. The demo merchant's keys are public and the simulator has no
    /// authentication: whoever reaches the ports can use them.
    #[arg(long, env = "GALATA_SANDBOX_ALLOW_REMOTE")]
    pub(crate) allow_remote: bool,
    /// Base URL of the gateway in addresses that it gives out, when browsers do not reach it at
    /// `--listen` (a tunnel, a container). The flows that are played go there too.
    #[arg(long, env = "GALATA_SANDBOX_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<Url>,
    /// Where everything is kept: database, the simulator's ledgers, and the key file, which is made
    /// at the first start. The same directory again continues where it was left; delete it to
    /// begin anew.
    #[arg(
        long,
        env = "GALATA_SANDBOX_DATA_DIR",
        default_value = "data/sandbox",
        value_name = "DIRECTORY"
    )]
    pub(crate) data_dir: PathBuf,
    /// Another database than SQLite in the data directory: `postgres://user:password@host/name`.
    /// One that holds merchants but not the demo merchant is refused.
    #[arg(
        long,
        env = "GALATA_SANDBOX_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub(crate) database_url: Option<String>,
    /// Do not play the flows; only serve.
    #[arg(long, env = "GALATA_SANDBOX_NO_PLAY", conflicts_with = "exit")]
    pub(crate) no_play: bool,
    /// Play the flows and leave: with 0 only if every step ended as it should.
    #[arg(long, env = "GALATA_SANDBOX_EXIT")]
    pub(crate) exit: bool,
    /// Where the demo merchant's webhooks go, your shop on this machine for example. Kept until it
    /// is changed; without it they go to the demo shop. While the flows are played they go to the player.
    #[arg(long, env = "GALATA_SANDBOX_WEBHOOK_URL", value_name = "URL")]
    pub(crate) webhook_url: Option<Url>,
    /// Milliseconds before a webhook is called; the retries keep their proportion to it (N/3, N,
    /// 6N, 20N, 60N). Without this flag the first call comes after 1 s and the retries follow the
    /// documented schedule: 10 s, 30 s, 3 min, 10 min, 30 min. 30000 gives all of that schedule.
    #[arg(long, env = "GALATA_SANDBOX_WEBHOOK_WAIT_MS", value_name = "N", value_parser = wait_ms())]
    pub(crate) webhook_wait_ms: Option<u64>,
    /// Milliseconds before a bank is first asked what became of an order in doubt; later inquiries
    /// keep their proportion to it. Without this flag: 5 s, 30 s, 2 min, 10 min, and on to a day.
    #[arg(long, env = "GALATA_SANDBOX_INQUIRY_WAIT_MS", value_name = "N", value_parser = wait_ms())]
    pub(crate) inquiry_wait_ms: Option<u64>,
    /// Milliseconds that a bank or lender may take to answer before the outcome is in doubt.
    #[arg(long, env = "GALATA_SANDBOX_BANK_TIMEOUT_MS", default_value_t = 10_000, value_name = "N", value_parser = wait_ms())]
    pub(crate) bank_timeout_ms: u64,
    /// Log every request: method, path, status, time.
    #[arg(long, env = "GALATA_SANDBOX_LOG_REQUESTS")]
    pub(crate) log_requests: bool,
}

fn wait_ms() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=WAIT_MS_MAX)
}

impl Options {
    /// Refuses to listen where strangers could reach public keys and an open control API.
    pub(crate) fn check(&self) -> Result<(), StartError> {
        for (flag, address) in [
            ("--listen", self.listen),
            ("--simulator-listen", self.simulator_listen),
        ] {
            if !address.ip().is_loopback() && !self.allow_remote {
                return Err(StartError::new(
                    format!("{flag} {address} can be reached from beyond this machine"),
                    "the demo keys are public; add --allow-remote if strangers may use them",
                ));
            }
        }
        let simulator = self.simulator_listen.ip();
        if !simulator.is_loopback() && !simulator.is_unspecified() {
            return Err(StartError::new(
                format!(
                    "--simulator-listen {} leaves out this machine's loopback address",
                    self.simulator_listen
                ),
                "the gateway speaks to it there; listen on 0.0.0.0 for all addresses",
            ));
        }
        if let Some(url) = &self.public_url {
            check_base_url("--public-url", url.as_str())?;
        }
        match &self.webhook_url {
            Some(url) if !is_webhook_address(url) => Err(StartError::new(
                "--webhook-url is not an http address without a password",
                "write http://127.0.0.1:3000/hooks",
            )),
            _ => Ok(()),
        }
    }

    /// Waits before each call of a webhook.
    pub(crate) fn webhook_waits(&self) -> Vec<Duration> {
        match (self.webhook_wait_ms, WEBHOOK_WAITS.split_first()) {
            (Some(first), _) => scaled(&WEBHOOK_WAITS, first),
            (None, Some((_, retries))) => {
                let mut waits = vec![FIRST_WEBHOOK_WAIT];
                waits.extend_from_slice(retries);
                waits
            }
            (None, None) => Vec::new(),
        }
    }

    /// Waits before each inquiry about an order in doubt.
    pub(crate) fn inquiry_waits(&self) -> Vec<Duration> {
        match self.inquiry_wait_ms {
            Some(first) => scaled(&INQUIRY_WAITS, first),
            None => INQUIRY_WAITS.to_vec(),
        }
    }
}

fn is_webhook_address(url: &Url) -> bool {
    let bare = url.username().is_empty() && url.password().is_none();
    matches!(url.scheme(), "http" | "https") && url.has_host() && bare
}

/// The schedule with `first_ms` as its first wait, and the others in proportion.
fn scaled(schedule: &[Duration], first_ms: u64) -> Vec<Duration> {
    let documented_ms = schedule.first().map_or(1, |first| first.as_millis()).max(1);
    schedule
        .iter()
        .map(|wait| {
            let millis = wait.as_millis() * u128::from(first_ms) / documented_ms;
            Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(arguments: &[&str]) -> Options {
        let program = std::iter::once("galata-sandbox");
        Options::try_parse_from(program.chain(arguments.iter().copied())).unwrap()
    }

    fn millis(waits: &[Duration]) -> Vec<u128> {
        waits.iter().map(Duration::as_millis).collect()
    }

    #[test]
    fn webhook_waits_are_the_documented_ones_after_a_short_first_one() {
        assert_eq!(
            millis(&options(&[]).webhook_waits()),
            [1_000, 10_000, 30_000, 180_000, 600_000, 1_800_000]
        );
    }

    #[test]
    fn a_given_first_wait_scales_the_rest() {
        let options = options(&["--webhook-wait-ms", "300", "--inquiry-wait-ms", "50"]);
        assert_eq!(
            millis(&options.webhook_waits()),
            [300, 100, 300, 1_800, 6_000, 18_000]
        );
        assert_eq!(millis(&options.inquiry_waits())[..3], [50, 300, 1_200]);
    }

    #[test]
    fn a_port_alone_is_this_machines() {
        let at = |text| options(&["--listen", text]).listen.to_string();
        assert_eq!(at("8090"), "127.0.0.1:8090");
        assert_eq!(at("[::1]:8090"), "[::1]:8090");
        for wrong in ["", "localhost", "99999", ":8090", "0.0.0.0"] {
            let program = ["galata-sandbox", "--listen", wrong];
            assert!(Options::try_parse_from(program).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_loopback_is_listened_on_unless_allowed() {
        assert!(options(&[]).check().is_ok());
        assert!(options(&["--listen", "[::1]:0"]).check().is_ok());
        assert!(options(&["--listen", "0.0.0.0:0"]).check().is_err());
        assert!(
            options(&["--simulator-listen", "0.0.0.0:0"])
                .check()
                .is_err()
        );
        assert!(
            options(&["--listen", "0.0.0.0:0", "--allow-remote"])
                .check()
                .is_ok()
        );
        let one_address = ["--simulator-listen", "192.0.2.1:1", "--allow-remote"];
        assert!(options(&one_address).check().is_err());
    }
}
