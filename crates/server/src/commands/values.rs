//! Values of options that more than their type must fit: base URLs, hosts, lists of seconds. A refusal
//! names the option and what would be right, and never repeats what may hold a password.

use crate::certificates::HostRoots;
use crate::net::HostList;
use crate::start::StartError;
use contract::money::Decimal;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Checks a base URL: paths are put behind it, so it has no query, and it is given out, so it has no
/// password.
pub fn check_base_url(flag: &str, text: &str) -> Result<(), StartError> {
    let hint =
        "write scheme and host, and the path that a proxy puts in front: https://pay.example.com";
    let refused = |why: &str| Err(StartError::new(format!("{flag} {why}"), hint));
    if text.is_empty() {
        return refused("is empty");
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return refused("holds a blank or a control character");
    }
    let Ok(url) = url::Url::parse(text) else {
        return refused("is not a base URL");
    };
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return refused("is not a base URL");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refused("holds a user name or a password, which everybody would be told");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refused("has a query (?) or a fragment (#), and paths are put behind it");
    }
    Ok(())
}

/// Reads the entries of a list of hosts: `shop.example.com`, `10.0.0.7:8443`, `[::1]:8080`. A variable
/// that is set to nothing allows none.
pub(super) fn hosts(flag: &str, entries: &[String]) -> Result<HostList, StartError> {
    let is_nothing = matches!(entries, [one] if one.trim().is_empty());
    for entry in entries.iter().filter(|_| !is_nothing) {
        check_host(flag, entry.trim())?;
    }
    Ok(HostList::new(entries))
}

/// Reads `HOST=FILE` entries. A variable that is set to nothing names none, and a host stands once.
pub(super) fn host_roots(flag: &str, entries: &[String]) -> Result<Vec<HostRoots>, StartError> {
    const HINT: &str =
        "write the bank's host and a PEM file: pos.bank.example=/etc/galata/bank-ca.pem";
    let given = entries.iter().map(|entry| entry.trim());
    let given = given.filter(|entry| !entry.is_empty());
    let mut all: Vec<HostRoots> = Vec::new();
    for entry in given {
        let roots = HostRoots::read(entry)
            .map_err(|why| StartError::new(format!("{flag}: {why}"), HINT))?;
        if all.iter().any(|known| known.host == roots.host) {
            let twice = format!("{flag} names {} twice", roots.host);
            return Err(StartError::new(twice, "put its certificates into one file"));
        }
        all.push(roots);
    }
    Ok(all)
}

fn check_host(flag: &str, entry: &str) -> Result<(), StartError> {
    const HINT: &str =
        "write a host, or a host and its port: shop.example.com, 10.0.0.7:8443, [::1]:8080";
    let refused = |why: &str| Err(StartError::new(format!("{flag} {why}"), HINT));
    if entry.is_empty() {
        return refused("has an empty entry");
    }
    if entry.contains(['/', '@', '?', '#', '\\']) {
        return refused("takes hosts, not URLs");
    }
    // A list entry is compared with the host of a URL, so it must be spelled as one.
    let url = url::Url::parse(&format!("https://{entry}"));
    let (name, port) = match entry.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (entry, None),
    };
    let spelled = url.is_ok_and(|url| url.host_str() == Some(name.to_ascii_lowercase().as_str()));
    let port_fits = |port: &str| {
        port.parse::<u16>()
            .is_ok_and(|number| number > 0 && number.to_string() == port)
    };
    if spelled && port.is_none_or(port_fits) {
        Ok(())
    } else {
        refused("has an entry that is not a host")
    }
}

/// Seconds to wait, in the order in which they are waited: shown as they are typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waits(Vec<Duration>);

impl Waits {
    /// Most waits of a list, and the longest of them: a week.
    const COUNT_MAX: usize = 50;
    const SECONDS_MAX: u64 = 7 * 24 * 60 * 60;

    pub(super) fn new(waits: &[Duration]) -> Waits {
        Waits(waits.to_vec())
    }

    /// The waits.
    pub(super) fn list(&self) -> Vec<Duration> {
        self.0.clone()
    }
}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.iter().map(|wait| wait.as_secs().to_string());
        f.write_str(&seconds.collect::<Vec<String>>().join(","))
    }
}

impl FromStr for Waits {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Waits, &'static str> {
        let seconds = text.split(',').map(|part| part.trim().parse());
        let waits: Result<Vec<u64>, _> = seconds.collect();
        let waits = waits.map_err(|_| "write whole seconds with commas between them: 30,10,30")?;
        // Nothing is asked again and again without a pause.
        if !waits
            .iter()
            .all(|wait| (1..=Waits::SECONDS_MAX).contains(wait))
        {
            return Err("each wait is at least 1 second and at most 604800, a week");
        }
        if waits.len() <= Waits::COUNT_MAX {
            Ok(Waits(waits.into_iter().map(Duration::from_secs).collect()))
        } else {
            Err("there are at most 50 waits")
        }
    }
}

/// An amount of money as it is typed: digits, and a dot before the decimals.
pub(super) fn amount(text: &str) -> Result<Decimal, &'static str> {
    let is_plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let amount = text.parse().ok().filter(|_| is_plain);
    amount.ok_or("digits with a dot before the decimals, as in 12.50")
}
