//! Options that several commands share.

use super::credentials::{DatabaseUrl, EncryptionKeys, SmtpUrl};
use super::key_file;
use super::output::Format;
use super::values::{self, Waits};
use super::variables::given_as;
use crate::app::{AutopilotRules, HOLD_DAYS, INQUIRY_WAITS, Kept, Settings, WEBHOOK_WAITS};
use crate::certificates::HostRoots;
use crate::listen::Bounds;
use crate::net::HostList;
use crate::rates::{Rate, RateLimits, SIGN_INS, STRANGERS};
use crate::start::{Config, StartError};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use connectors::http::BANK_TIMEOUT_SECONDS;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

/// Where the database and the keys are.
#[derive(Args, Clone)]
pub(super) struct Store {
    #[command(flatten)]
    pub database_url: DatabaseUrl,
    #[command(flatten)]
    pub key: EncryptionKeys,
    /// A host (or host:port) beyond the known banks that POS and lender accounts may point at.
    /// May be given several times.
    #[arg(
        long = "allow-bank-host",
        env = "GALATA_ALLOW_BANK_HOST",
        value_delimiter = ',',
        value_name = "HOST"
    )]
    pub bank_hosts: Vec<String>,
    /// A PEM file of certificates that this one host of a bank or lender may be certified by, beyond the
    /// public roots: the link that its chain leaves out, or a private root. May be given several times.
    #[arg(
        long = "bank-ca-file",
        env = "GALATA_BANK_CA_FILE",
        value_delimiter = ',',
        value_name = "HOST=FILE"
    )]
    pub bank_ca_files: Vec<String>,
}

/// Hosts that merchants' webhooks may go to.
#[derive(Args, Clone)]
pub(super) struct WebhookHosts {
    /// A host (or host:port) with a private address that webhooks may go to. May be given several
    /// times.
    #[arg(
        long = "allow-webhook-host",
        env = "GALATA_ALLOW_WEBHOOK_HOST",
        value_delimiter = ',',
        value_name = "HOST"
    )]
    pub webhook_hosts: Vec<String>,
}

/// Options of commands that show something of a merchant itself.
#[derive(Args)]
pub(super) struct ShownMerchant {
    /// The merchant's id.
    pub merchant: i64,
    #[command(flatten)]
    pub format: Format,
}

/// Options of commands about a merchant.
#[derive(Args)]
pub(super) struct OfMerchant {
    /// The merchant's id; `galata merchant list` shows them.
    #[arg(long, value_name = "ID")]
    pub merchant: i64,
}

/// Options of a list of what a merchant has.
#[derive(Args)]
pub(super) struct Listed {
    #[command(flatten)]
    pub of: OfMerchant,
    #[command(flatten)]
    pub format: Format,
}

/// Options of commands about one thing of a merchant.
#[derive(Args)]
pub(super) struct One {
    #[command(flatten)]
    pub of: OfMerchant,
    /// Its id.
    #[arg(long, value_name = "ID")]
    pub id: i64,
}

/// Options of commands that show one thing of a merchant.
#[derive(Args)]
pub(super) struct Shown {
    #[command(flatten)]
    pub one: One,
    #[command(flatten)]
    pub format: Format,
}

/// When payments are kept away from a POS whose bank does not work.
#[derive(Args, Clone)]
pub(super) struct Autopilot {
    /// Seconds of a bank's answers by which the autopilot goes.
    #[arg(long, env = "GALATA_AUTOPILOT_WINDOW", value_name = "SECONDS", default_value_t = AutopilotRules::default().window.as_secs(), value_parser = patience())]
    pub autopilot_window: u64,
    /// Answers in that time below which it does nothing.
    #[arg(long, env = "GALATA_AUTOPILOT_ANSWERS", value_name = "COUNT", default_value_t = AutopilotRules::default().answers_min, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub autopilot_answers: u32,
    /// Per cent of them that must be technical failures for a POS to be left out.
    #[arg(long, env = "GALATA_AUTOPILOT_FAILURES", value_name = "PERCENT", default_value_t = AutopilotRules::default().failures_percent, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub autopilot_failures: u32,
    /// Seconds in which a POS takes nothing after it was left out.
    #[arg(long, env = "GALATA_AUTOPILOT_COOL_DOWN", value_name = "SECONDS", default_value_t = AutopilotRules::default().cool_down.as_secs(), value_parser = patience())]
    pub autopilot_cool_down: u64,
    /// Seconds between two payments that try whether such a POS works again.
    #[arg(long, env = "GALATA_AUTOPILOT_PROBE", value_name = "SECONDS", default_value_t = AutopilotRules::default().probe_every.as_secs(), value_parser = patience())]
    pub autopilot_probe: u64,
}

impl Autopilot {
    fn rules(&self) -> AutopilotRules {
        AutopilotRules {
            window: Duration::from_secs(self.autopilot_window),
            answers_min: self.autopilot_answers,
            failures_percent: self.autopilot_failures,
            cool_down: Duration::from_secs(self.autopilot_cool_down),
            probe_every: Duration::from_secs(self.autopilot_probe),
        }
    }
}

/// How the server behaves.
#[derive(Args, Clone)]
pub(super) struct Behaviour {
    /// A base URL under which the server is reached; the first one is given out to browsers, banks
    /// and lenders. Signatures are checked against all of them. May be given several times.
    #[arg(
        long = "public-url",
        env = "GALATA_PUBLIC_URL",
        value_delimiter = ',',
        value_name = "URL"
    )]
    pub public_urls: Vec<String>,
    #[command(flatten)]
    pub hosts: WebhookHosts,
    /// Seconds before each call of a webhook: before the first, then after each failure.
    #[arg(long, env = "GALATA_WEBHOOK_WAITS", value_name = "SECONDS", default_value_t = Waits::new(&WEBHOOK_WAITS))]
    pub webhook_waits: Waits,
    /// Seconds before each inquiry about an outcome that nobody knows.
    #[arg(long, env = "GALATA_INQUIRY_WAITS", value_name = "SECONDS", default_value_t = Waits::new(&INQUIRY_WAITS))]
    pub inquiry_waits: Waits,
    /// Seconds that a bank or lender may take to answer.
    #[arg(long, env = "GALATA_BANK_TIMEOUT", value_name = "SECONDS", default_value_t = BANK_TIMEOUT_SECONDS, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub bank_timeout: u64,
    /// Days for which a pre-authorisation may be captured; then it is released at the bank.
    #[arg(long, env = "GALATA_HOLD_DAYS", value_name = "DAYS", default_value_t = HOLD_DAYS, value_parser = clap::value_parser!(u64).range(1..=365))]
    pub hold_days: u64,
    #[command(flatten)]
    pub autopilot: Autopilot,
    #[command(flatten)]
    pub smtp_url: SmtpUrl,
    /// Whom mail comes from: `Galata <galata@example.com>`.
    #[arg(long, env = "GALATA_MAIL_FROM", value_name = "ADDRESS")]
    pub mail_from: Option<String>,
    /// Days that answers to idempotency keys are kept; after that they are worded from the payment.
    #[arg(long, env = "GALATA_KEEP_ANSWERS_DAYS", value_name = "DAYS", default_value_t = Kept::default().answers_days, value_parser = days())]
    pub keep_answers_days: i64,
    /// Days that requests are kept in the log of the panel.
    #[arg(long, env = "GALATA_KEEP_REQUESTS_DAYS", value_name = "DAYS", default_value_t = Kept::default().requests_days, value_parser = days())]
    pub keep_requests_days: i64,
    /// Days that what was said to banks and lenders is kept, counted from the payment.
    #[arg(long, env = "GALATA_KEEP_EXCHANGES_DAYS", value_name = "DAYS", default_value_t = Kept::default().exchanges_days, value_parser = days())]
    pub keep_exchanges_days: i64,
    /// Days that webhooks which were delivered or given up are kept.
    #[arg(long, env = "GALATA_KEEP_WEBHOOKS_DAYS", value_name = "DAYS", default_value_t = Kept::default().webhooks_days, value_parser = days())]
    pub keep_webhooks_days: i64,
    /// A proxy stands before the server and puts clients' addresses into X-Forwarded-For.
    #[arg(long, env = "GALATA_BEHIND_PROXY")]
    pub behind_proxy: bool,
    /// Connections that may be open at once; beyond that the idlest one is closed.
    #[arg(long, env = "GALATA_MAX_CONNECTIONS", value_name = "COUNT", default_value_t = Bounds::default().connections, value_parser = count(1))]
    pub max_connections: usize,
    /// Connections that one address may have open; 0 is no bound, and so is --behind-proxy.
    #[arg(long, env = "GALATA_MAX_CONNECTIONS_PER_ADDRESS", value_name = "COUNT", default_value_t = Bounds::default().of_one_address.unwrap_or(0), value_parser = count(0))]
    pub max_connections_per_address: usize,
    /// Seconds that a request's head may take.
    #[arg(long, env = "GALATA_HEAD_TIMEOUT", value_name = "SECONDS", default_value_t = Bounds::default().head.as_secs(), value_parser = patience())]
    pub head_timeout: u64,
    /// Seconds that a request's body may take.
    #[arg(long, env = "GALATA_BODY_TIMEOUT", value_name = "SECONDS", default_value_t = Bounds::default().body.as_secs(), value_parser = patience())]
    pub body_timeout: u64,
    /// Seconds that a connection is kept without a request: more than the proxy keeps its own.
    #[arg(long, env = "GALATA_IDLE_TIMEOUT", value_name = "SECONDS", default_value_t = Bounds::default().idle.as_secs(), value_parser = patience())]
    pub idle_timeout: u64,
    /// Requests a second that one address may make for good before a signature of it was verified;
    /// 0 is no limit. A refused signature counts twice.
    #[arg(long, env = "GALATA_STRANGER_RATE", value_name = "COUNT", default_value_t = STRANGERS.per_second, value_parser = rate(0))]
    pub stranger_rate: u32,
    /// Such requests that may come at once.
    #[arg(long, env = "GALATA_STRANGER_BURST", value_name = "COUNT", default_value_t = STRANGERS.burst, value_parser = rate(1))]
    pub stranger_burst: u32,
    /// Signed requests a second that one API key may make for good; 0 is no limit.
    #[arg(long, env = "GALATA_KEY_RATE", value_name = "COUNT", default_value_t = 0, value_parser = rate(0))]
    pub key_rate: u32,
    /// Signed requests of one API key that may come at once, where --key-rate is set.
    #[arg(long, env = "GALATA_KEY_BURST", value_name = "COUNT", default_value_t = 100, value_parser = rate(1))]
    pub key_burst: u32,
    /// Forms without a session (sign-in, forgotten password) that one address may post in a second for
    /// good; 0 is no limit.
    #[arg(long, env = "GALATA_SIGN_IN_RATE", value_name = "COUNT", default_value_t = SIGN_INS.per_second, value_parser = rate(0))]
    pub sign_in_rate: u32,
    /// Such forms that may come at once.
    #[arg(long, env = "GALATA_SIGN_IN_BURST", value_name = "COUNT", default_value_t = SIGN_INS.burst, value_parser = rate(1))]
    pub sign_in_burst: u32,
    /// Log every request: method, path, status, time.
    #[arg(long, env = "GALATA_LOG_REQUESTS")]
    pub log_requests: bool,
}

/// A day at least, ten years at most.
fn days() -> clap::builder::RangedI64ValueParser {
    clap::value_parser!(i64).range(1..=3660)
}

/// An hour at most: what waits longer holds a connection for nothing.
fn patience() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=3600)
}

/// Requests of a rate or its burst.
fn rate(least: u32) -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(i64::from(least)..=1_000_000)
}

/// Connections.
fn count(least: u64) -> impl TypedValueParser<Value = usize> {
    let range = clap::value_parser!(u64).range(least..=1_000_000);
    range.map(|count| usize::try_from(count).unwrap_or(usize::MAX))
}

/// Where the server listens.
#[derive(Args, Clone)]
pub(super) struct Listening {
    /// Address to listen on; a port alone is this machine's. TLS ends at a proxy in front.
    #[arg(long, env = "GALATA_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS", value_parser = listen_address)]
    pub listen: SocketAddr,
}

/// An address to listen on: `127.0.0.1:8080`, `[::1]:8080`, or a port of this machine alone.
pub fn listen_address(text: &str) -> Result<SocketAddr, &'static str> {
    if let Ok(port) = text.parse() {
        return Ok((IpAddr::V4(Ipv4Addr::LOCALHOST), port).into());
    }
    text.parse()
        .map_err(|_| "write an address and a port, 127.0.0.1:8080, or a port alone, 8080")
}

/// Reads one of `names` in any case; the help lists them, and so does the error about another one.
pub(super) fn one_of<T>(
    names: impl IntoIterator<Item = &'static str>,
) -> impl TypedValueParser<Value = T>
where
    T: FromStr + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names).try_map(|name| {
        name.to_uppercase()
            .parse()
            .map_err(|_| "there is no such name")
    })
}

impl Behaviour {
    fn smtp(&self) -> Result<Option<(String, String)>, StartError> {
        match (self.smtp_url.read()?, &self.mail_from) {
            (None, _) => Ok(None),
            (Some(url), Some(from)) => Ok(Some((url, from.clone()))),
            (Some(_), None) => Err(StartError::new(
                "--smtp-url needs --mail-from",
                "write --mail-from 'Galata <galata@example.com>'",
            )),
        }
    }

    fn bounds(&self) -> Bounds {
        let of_one_address = self.max_connections_per_address;
        Bounds {
            connections: self.max_connections,
            of_one_address: (of_one_address > 0 && !self.behind_proxy).then_some(of_one_address),
            head: Duration::from_secs(self.head_timeout),
            body: Duration::from_secs(self.body_timeout),
            idle: Duration::from_secs(self.idle_timeout),
        }
    }

    fn rates(&self) -> RateLimits {
        let rate = |per_second, burst| (per_second > 0).then_some(Rate { per_second, burst });
        RateLimits {
            strangers: rate(self.stranger_rate, self.stranger_burst),
            keys: rate(self.key_rate, self.key_burst),
            sign_ins: rate(self.sign_in_rate, self.sign_in_burst),
        }
    }

    /// A configuration, and how the server behaves.
    pub(super) fn over(&self, config: Config) -> Result<Config, StartError> {
        for url in &self.public_urls {
            values::check_base_url(&given_as("--public-url", "GALATA_PUBLIC_URL"), url)?;
        }
        Ok(Config {
            smtp: self.smtp()?,
            settings: Settings {
                public_urls: self.public_urls.clone(),
                webhook_hosts: self.hosts.list()?,
                webhook_waits: self.webhook_waits.list(),
                inquiry_waits: self.inquiry_waits.list(),
                bank_timeout: Duration::from_secs(self.bank_timeout),
                hold_time: Duration::from_secs(self.hold_days * 24 * 60 * 60),
                autopilot: self.autopilot.rules(),
                kept: Kept {
                    answers_days: self.keep_answers_days,
                    requests_days: self.keep_requests_days,
                    exchanges_days: self.keep_exchanges_days,
                    webhooks_days: self.keep_webhooks_days,
                },
                behind_proxy: self.behind_proxy,
                log_requests: self.log_requests,
                connections: self.bounds(),
                rates: self.rates(),
                ..config.settings
            },
            ..config
        })
    }
}

impl WebhookHosts {
    pub(super) fn list(&self) -> Result<HostList, StartError> {
        let flag = given_as("--allow-webhook-host", "GALATA_ALLOW_WEBHOOK_HOST");
        values::hosts(&flag, &self.webhook_hosts)
    }
}

impl Store {
    /// The database's address.
    pub(super) fn database(&self) -> Result<String, StartError> {
        self.database_url.given()
    }

    /// The keys, wherever they stand; [`EncryptionKeys::parsed`] tells whether they are some.
    pub(super) fn keys(&self) -> Result<String, StartError> {
        self.key.read()?.ok_or_else(|| {
            StartError::new(
                "no encryption key is given",
                "set --key-file or the variable GALATA_KEY_FILE; `galata key --out galata.key` makes one",
            )
        })
    }

    /// The certificates of banks' hosts.
    pub(super) fn bank_roots(&self) -> Result<Vec<HostRoots>, StartError> {
        let flag = given_as("--bank-ca-file", "GALATA_BANK_CA_FILE");
        values::host_roots(&flag, &self.bank_ca_files)
    }

    /// The configuration of a command that talks only to the database. A key file that is open to
    /// others is refused.
    pub(super) fn config(&self, migrate: bool) -> Result<Config, StartError> {
        self.key.path().map_or(Ok(()), key_file::check)?;
        let keys = self.keys()?;
        self.key.parsed(&keys)?;
        self.config_of(self.database()?, keys, migrate)
    }

    /// [`Store::config`] of what was read already: standard input is read once.
    pub(super) fn config_of(
        &self,
        database_url: String,
        keys: String,
        migrate: bool,
    ) -> Result<Config, StartError> {
        let flag = given_as("--allow-bank-host", "GALATA_ALLOW_BANK_HOST");
        Ok(Config {
            database_url,
            keys,
            migrate,
            settings: Settings {
                bank_hosts: values::hosts(&flag, &self.bank_hosts)?,
                bank_roots: self.bank_roots()?,
                ..Settings::default()
            },
            ..Config::default()
        })
    }
}
