//! Where a POS points, and whether it may.

use crate::app::App;
use crate::net::listed_as;
use crate::operations::{Problem, TOP};
use crate::store::poses::{Pos, PosSettings};
use connectors::directory::{self, BankRow};
use contract::rules::Rule;

/// Where a POS points, when not at its bank's own address; commands set it.
#[derive(Clone)]
pub struct Endpoint {
    /// `http` or `https`.
    pub scheme: String,
    /// Host.
    pub hostname: String,
    /// Port.
    pub port: u16,
    /// Path of the API.
    pub path: String,
    /// Path of the 3DS page.
    pub threeds_path: String,
    /// `P` is production, anything else test. `None` keeps the current mode; a new POS starts in
    /// production.
    pub mode: Option<String>,
}

impl Endpoint {
    /// The bank's own production system.
    pub(super) fn of_bank(row: &BankRow) -> Endpoint {
        Endpoint {
            scheme: "https".to_owned(),
            hostname: row.hostname.to_owned(),
            port: row.port,
            path: row.path.to_owned(),
            threeds_path: row.threeds_path.to_owned(),
            mode: None,
        }
    }
}

/// Banks are spoken to over TLS; only an allowed host on this machine may do without.
pub(super) fn scheme_of(row: &BankRow, at: &PosSettings) -> String {
    let own = [row.hostname, row.test_hostname].contains(&at.hostname.as_str());
    let loopback = matches!(at.hostname.as_str(), "127.0.0.1" | "localhost" | "[::1]");
    if !own && loopback {
        "http".to_owned()
    } else {
        "https".to_owned()
    }
}

/// Refuses a POS whose host the operator does not allow (any more).
pub fn check_host(app: &App, pos: &Pos) -> Result<(), Problem> {
    let row = directory::row(pos.integrator).ok_or_else(|| Problem::rule(Rule::PosNotFound))?;
    require_allowed(app, row, &pos.settings)
}

/// A stolen API key must not send stored cards to a stranger: a host outside the directory needs
/// the operator's leave.
pub(super) fn require_allowed(app: &App, row: &BankRow, at: &PosSettings) -> Result<(), Problem> {
    // Not every bank's address is public.
    TOP.require("hostname", Rule::Required, !at.hostname.is_empty())?;
    for (field, path) in [("path", &at.path), ("threedsPath", &at.threeds_path)] {
        TOP.require(field, Rule::WrongType, is_path(path))?;
    }
    let url = format!("{}://{}:{}{}", at.scheme, at.hostname, at.port, at.path);
    let url = url::Url::parse(&url).map_err(|_| Problem::field(Rule::WrongType, "hostname"))?;
    let is_host = url.host_str() == Some(at.hostname.as_str());
    TOP.require("hostname", Rule::WrongType, is_host)?;
    let own = at.scheme == "https"
        && at.port == row.port
        && [row.hostname, row.test_hostname].contains(&at.hostname.as_str());
    if own || app.settings.bank_hosts.allows(&url) {
        return Ok(());
    }
    let values = [("field", "hostname"), ("host", &listed_as(&url))];
    Err(Problem::with(Rule::HostNotAllowed, &values))
}

/// Whether a text is a path and nothing else: it names no other host, goes no folder up, and a URL
/// keeps it as it stands.
fn is_path(text: &str) -> bool {
    let url = url::Url::parse(&format!("https://host{text}"));
    let kept = url.is_ok_and(|url| url.host_str() == Some("host") && url.path() == text);
    kept && text.starts_with('/') && !text.contains("//") && !text.contains(['%', '@'])
}
