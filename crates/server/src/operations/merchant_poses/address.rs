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
    /// Path of the 3DS page, or its whole address.
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
    let own = row.hosts().any(|own| own == at.hostname);
    if !own && is_loopback(&at.hostname) {
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
    TOP.require("path", Rule::WrongType, is_path(&at.path))?;
    let base = format!("{}://{}:{}", at.scheme, at.hostname, at.port);
    let url = url::Url::parse(&format!("{base}{}", at.path));
    let url = url.map_err(|_| Problem::field(Rule::WrongType, "hostname"))?;
    let is_host = url.host_str() == Some(at.hostname.as_str());
    TOP.require("hostname", Rule::WrongType, is_host)?;
    require_listed(app, row, "hostname", &url)?;
    if is_path(&at.threeds_path) {
        return Ok(());
    }
    let page = whole_address(&at.threeds_path);
    let page = page.ok_or_else(|| Problem::field(Rule::WrongType, "threedsPath"))?;
    require_listed(app, row, "threedsPath", &page)
}

/// The bank's own host and port by TLS, or what the operator allows.
fn require_listed(app: &App, row: &BankRow, field: &str, url: &url::Url) -> Result<(), Problem> {
    let host = url.host_str().unwrap_or_default();
    let own = url.scheme() == "https"
        && url.port_or_known_default() == Some(row.port)
        && row.hosts().any(|own| own == host);
    if own || app.settings.bank_hosts.allows(url) {
        return Ok(());
    }
    let values = [("field", field), ("host", &listed_as(url))];
    Err(Problem::with(Rule::HostNotAllowed, &values))
}

/// The address of a page at another host, as it is spelled: by TLS, or on this machine, with a path and nothing behind it.
fn whole_address(text: &str) -> Option<url::Url> {
    let url = url::Url::parse(text).ok()?;
    let host = url.host_str()?;
    let is_plain = url.query().is_none() && url.fragment().is_none();
    let is_safe = url.scheme() == "https" || url.scheme() == "http" && is_loopback(host);
    let authority = text.split_once("://")?.1.strip_suffix(url.path())?;
    let own_port = url.port_or_known_default()?;
    let is_spelled = authority == host || *authority == format!("{host}:{own_port}");
    (is_plain && is_safe && is_spelled && is_path(url.path())).then_some(url)
}

fn is_loopback(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}

/// Whether a text is a path and nothing else: it names no other host, goes no folder up, and a URL
/// keeps it as it stands.
fn is_path(text: &str) -> bool {
    let url = url::Url::parse(&format!("https://host{text}"));
    let kept = url.is_ok_and(|url| url.host_str() == Some("host") && url.path() == text);
    kept && text.starts_with('/') && !text.contains("//") && !text.contains(['%', '@'])
}
