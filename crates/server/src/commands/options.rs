//! Options that several commands share.

use super::Failed;
use crate::app::{App, INQUIRY_WAITS, Settings, WEBHOOK_WAITS};
use crate::listen::Bounds;
use crate::net::HostList;
use crate::rates::{Rate, RateLimits, SIGN_INS, STRANGERS};
use crate::start::{self, Config, StartError};
use clap::Args;
use connectors::http::BANK_TIMEOUT_SECONDS;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Where the database and the keys are.
#[derive(Args, Clone)]
pub(super) struct Store {
    /// `sqlite:///var/lib/galata/galata.db`, or `postgres://user:password@host/name?sslmode=require`.
    #[arg(long, env = "GALATA_DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
    /// File with the encryption keys (`galata key > galata.key`). Readable by the server alone.
    #[arg(long, env = "GALATA_KEY_FILE")]
    pub key_file: Option<PathBuf>,
    /// The keys themselves, instead of a file.
    #[arg(
        long,
        env = "GALATA_KEY",
        hide_env_values = true,
        conflicts_with = "key_file"
    )]
    pub key: Option<String>,
    /// A host (or host:port) beyond the known banks that POS and lender accounts may point at.
    /// May be given several times.
    #[arg(
        long = "allow-bank-host",
        env = "GALATA_ALLOW_BANK_HOST",
        value_delimiter = ','
    )]
    pub bank_hosts: Vec<String>,
}

/// Options of commands about a merchant.
#[derive(Args)]
pub(super) struct OfMerchant {
    /// The merchant's id.
    #[arg(long)]
    pub merchant: i64,
    #[command(flatten)]
    pub store: Store,
}

/// Options of commands about one thing of a merchant.
#[derive(Args)]
pub(super) struct One {
    /// The merchant's id.
    #[arg(long)]
    pub merchant: i64,
    /// Its id.
    #[arg(long)]
    pub id: i64,
    #[command(flatten)]
    pub store: Store,
}

/// How the server behaves.
#[derive(Args, Clone)]
pub(super) struct Behaviour {
    /// A base URL under which the server is reached; the first one is given out to browsers, banks
    /// and lenders. Signatures are checked against all of them. May be given several times.
    #[arg(long = "public-url", env = "GALATA_PUBLIC_URL", value_delimiter = ',')]
    pub public_urls: Vec<String>,
    /// A host (or host:port) with a private address that webhooks may go to. May be given several
    /// times.
    #[arg(
        long = "allow-webhook-host",
        env = "GALATA_ALLOW_WEBHOOK_HOST",
        value_delimiter = ','
    )]
    pub webhook_hosts: Vec<String>,
    /// Seconds before each call of a webhook: before the first, then after each failure.
    #[arg(long, env = "GALATA_WEBHOOK_WAITS", value_delimiter = ',', default_values_t = seconds(&WEBHOOK_WAITS))]
    pub webhook_waits: Vec<u64>,
    /// Seconds before each inquiry about an outcome that nobody knows.
    #[arg(long, env = "GALATA_INQUIRY_WAITS", value_delimiter = ',', default_values_t = seconds(&INQUIRY_WAITS))]
    pub inquiry_waits: Vec<u64>,
    /// Seconds that a bank or lender may take to answer.
    #[arg(long, env = "GALATA_BANK_TIMEOUT", default_value_t = BANK_TIMEOUT_SECONDS)]
    pub bank_timeout: u64,
    /// A mail server that sends people their links: `smtps://user:password@mail.example.com:465`, or
    /// `smtp://…?tls=required` for STARTTLS.
    #[arg(
        long,
        env = "GALATA_SMTP_URL",
        hide_env_values = true,
        requires = "mail_from"
    )]
    pub smtp_url: Option<String>,
    /// Whom mail comes from: `Galata <galata@example.com>`.
    #[arg(long, env = "GALATA_MAIL_FROM")]
    pub mail_from: Option<String>,
    /// A proxy stands before the server and puts clients' addresses into X-Forwarded-For.
    #[arg(long, env = "GALATA_BEHIND_PROXY")]
    pub behind_proxy: bool,
    /// Connections that may be open at once; beyond that the idlest one is closed.
    #[arg(long, env = "GALATA_MAX_CONNECTIONS", default_value_t = Bounds::default().connections)]
    pub max_connections: usize,
    /// Connections that one address may have open; 0 is no bound, and so is --behind-proxy.
    #[arg(long, env = "GALATA_MAX_CONNECTIONS_PER_ADDRESS", default_value_t = Bounds::default().of_one_address.unwrap_or(0))]
    pub max_connections_per_address: usize,
    /// Seconds that a request's head may take.
    #[arg(long, env = "GALATA_HEAD_TIMEOUT", default_value_t = Bounds::default().head.as_secs())]
    pub head_timeout: u64,
    /// Seconds that a request's body may take.
    #[arg(long, env = "GALATA_BODY_TIMEOUT", default_value_t = Bounds::default().body.as_secs())]
    pub body_timeout: u64,
    /// Seconds that a connection is kept without a request: more than the proxy keeps its own.
    #[arg(long, env = "GALATA_IDLE_TIMEOUT", default_value_t = Bounds::default().idle.as_secs())]
    pub idle_timeout: u64,
    /// Requests a second that one address may make for good before a signature of it was verified;
    /// 0 is no limit. A refused signature counts twice.
    #[arg(long, env = "GALATA_STRANGER_RATE", default_value_t = STRANGERS.per_second)]
    pub stranger_rate: u32,
    /// Such requests that may come at once.
    #[arg(long, env = "GALATA_STRANGER_BURST", default_value_t = STRANGERS.burst, value_parser = clap::value_parser!(u32).range(1..))]
    pub stranger_burst: u32,
    /// Signed requests a second that one API key may make for good; 0 is no limit.
    #[arg(long, env = "GALATA_KEY_RATE", default_value_t = 0)]
    pub key_rate: u32,
    /// Signed requests of one API key that may come at once, where --key-rate is set.
    #[arg(long, env = "GALATA_KEY_BURST", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub key_burst: u32,
    /// Forms without a session (sign-in, forgotten password) that one address may post in a second for
    /// good; 0 is no limit.
    #[arg(long, env = "GALATA_SIGN_IN_RATE", default_value_t = SIGN_INS.per_second)]
    pub sign_in_rate: u32,
    /// Such forms that may come at once.
    #[arg(long, env = "GALATA_SIGN_IN_BURST", default_value_t = SIGN_INS.burst, value_parser = clap::value_parser!(u32).range(1..))]
    pub sign_in_burst: u32,
    /// Log every request: method, path, status, time.
    #[arg(long, env = "GALATA_LOG_REQUESTS")]
    pub log_requests: bool,
}

fn seconds(waits: &[Duration]) -> Vec<u64> {
    waits.iter().map(Duration::as_secs).collect()
}

impl Behaviour {
    fn smtp(&self) -> Result<Option<(String, String)>, StartError> {
        match (&self.smtp_url, &self.mail_from) {
            (None, _) => Ok(None),
            (Some(url), Some(from)) => Ok(Some((url.clone(), from.clone()))),
            (Some(_), None) => Err(StartError::new(
                "--smtp-url needs --mail-from",
                "write --mail-from 'Galata <galata@example.com>'",
            )),
        }
    }

    fn bounds(&self) -> Bounds {
        let of_one_address = self.max_connections_per_address;
        Bounds {
            connections: self.max_connections.max(1),
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

    /// The configuration of a server: `store`, and how it behaves.
    pub(super) fn config(&self, store: &Store, migrate: bool) -> Result<Config, StartError> {
        let waits = |seconds: &[u64]| seconds.iter().map(|s| Duration::from_secs(*s)).collect();
        for url in &self.public_urls {
            if !url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
                return Err(StartError::new(
                    format!("{url} is no base URL"),
                    "write https://pay.example.com",
                ));
            }
        }
        let config = store.config(migrate)?;
        Ok(Config {
            smtp: self.smtp()?,
            settings: Settings {
                public_urls: self.public_urls.clone(),
                webhook_hosts: HostList::new(&self.webhook_hosts),
                webhook_waits: waits(&self.webhook_waits),
                inquiry_waits: waits(&self.inquiry_waits),
                bank_timeout: Duration::from_secs(self.bank_timeout),
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

impl Store {
    fn keys(&self) -> Result<String, StartError> {
        match (&self.key, &self.key_file) {
            (Some(key), _) => Ok(key.clone()),
            (None, Some(path)) => std::fs::read_to_string(path).map_err(|error| {
                StartError::new(
                    format!("{}: {error}", path.display()),
                    "`galata key` prints a key for a new file",
                )
            }),
            (None, None) => Err(StartError::new(
                "no encryption key is given",
                "set --key-file or the variable GALATA_KEY",
            )),
        }
    }

    /// Opens the parts for a command that ends by itself.
    pub(super) async fn open(&self) -> Result<Arc<App>, Failed> {
        Ok(start::open(self.config(false)?).await?)
    }

    /// The configuration of a command that talks to nobody but the database.
    pub(super) fn config(&self, migrate: bool) -> Result<Config, StartError> {
        Ok(Config {
            database_url: self.database_url.clone(),
            keys: self.keys()?,
            migrate,
            settings: Settings {
                bank_hosts: HostList::new(&self.bank_hosts),
                ..Settings::default()
            },
            ..Config::default()
        })
    }
}
