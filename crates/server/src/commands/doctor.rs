//! `doctor`: a checklist of everything that a server needs (`checks`), and of what is only a pity,
//! with what to do about each. It asks only the hosts that are configured, and tells them
//! only what any client would.

use super::Failed;
use super::checks::{self, Finding, Outcome, Subject};
use super::options::{Behaviour, Listening, Store};
use super::output::{Format, Table, put};
use crate::app::App;
use crate::bins::BinList;
use crate::certificates::TlsFault;
use crate::mail::Mail;
use crate::net::{self, HostList, Net};
use crate::operations::{Problem, merchant_poses};
use crate::start::{self, StartError};
use crate::store::db::Unavailable;
use crate::store::{apms, backlog, key_rotations, merchants, poses};
use crate::{clock, machine, setup};
use anstyle::AnsiColor;
use clap::Args;
use connectors::http::{Failure, Http, Request};
use contract::enums::PosStatus;
use futures_util::{StreamExt, stream};
use jiff::SignedDuration;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// Options of `doctor`.
#[derive(Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    store: Store,
    #[command(flatten)]
    behaviour: Behaviour,
    #[command(flatten)]
    listening: Listening,
    #[command(flatten)]
    format: Format,
}

/// Longest wait for a host.
const HOST_TIMEOUT: Duration = Duration::from_secs(5);
/// Hosts that are tried at once.
const HOSTS_AT_ONCE: usize = 8;
/// Most accounts and hosts that are named in one line.
const NAMED_MAX: usize = 5;
/// Seconds that two clocks may differ, and that a webhook may be late.
const CLOCK_SECONDS_MAX: i64 = 5;
const LATE_SECONDS_MAX: i64 = 300;
/// Below this the next busy day fills the disk.
const FREE_BYTES_MIN: u64 = 1 << 30;
/// Each shopper, bank call and database connection is a descriptor.
const DESCRIPTORS_MIN: u64 = 4096;
/// The exit code of warnings alone.
const WARNED: u8 = 2;

/// How one of the warnings went.
type Seen = Result<String, StartError>;

/// Checks everything and says how it went: 0 when all is well, 1 when `serve` would refuse, 2 when
/// somebody should look.
pub(super) async fn doctor(options: Doctor) -> Result<ExitCode, Failed> {
    let examined = checks::examine(&Subject {
        store: &options.store,
        behaviour: &options.behaviour,
        listen: Some(options.listening.listen),
        migrate: false,
    })
    .await;
    let mut findings = examined.findings;
    warn(&mut findings, &options).await;
    match &examined.app {
        Some(app) => {
            warn_of_app(&mut findings, app).await;
            start::close(app).await;
        }
        None => {
            for check in APP_CHECKS {
                let outcome = Outcome::Skipped("the database and its key");
                findings.push(Finding { check, outcome });
            }
        }
    }
    tell(&findings, options.format)?;
    let any = |of: fn(&Outcome) -> bool| findings.iter().any(|finding| of(&finding.outcome));
    if any(|outcome| matches!(outcome, Outcome::Refused(_))) {
        return Ok(ExitCode::FAILURE);
    }
    if any(|outcome| matches!(outcome, Outcome::Worrying(_))) {
        Ok(ExitCode::from(WARNED))
    } else {
        Ok(ExitCode::SUCCESS)
    }
}

fn worry(what: impl std::fmt::Display, hint: &str) -> Seen {
    Err(StartError::new(what, hint))
}

fn note(findings: &mut Vec<Finding>, check: &'static str, seen: Seen) {
    let outcome = match seen {
        Ok(seen) => Outcome::Fine(seen),
        Err(error) => Outcome::Worrying(error),
    };
    findings.push(Finding { check, outcome });
}

/// What needs no database.
async fn warn(findings: &mut Vec<Finding>, options: &Doctor) {
    let urls = &options.behaviour.public_urls;
    note(findings, "public URL", public_urls(urls).await);
    note(findings, "clients", clients(options));
    if let Ok(url) = options.store.database()
        && let Some(path) = url.strip_prefix("sqlite:")
    {
        let path = Path::new(path.strip_prefix("//").unwrap_or(path));
        if path.exists() {
            note(findings, "disk", disk(path))
        } else {
            findings.push(Finding {
                check: "disk",
                outcome: Outcome::Skipped("the database"),
            })
        }
    }
    note(findings, "open files", descriptors());
}

/// The server's own /livez, the way that browsers and banks come.
async fn public_urls(urls: &[String]) -> Seen {
    const HINT: &str =
        "is the server running, and does the proxy in front pass the address on to it?";
    let Some(first) = urls.first() else {
        return Ok("none: only this machine's browsers come back from a bank".to_owned());
    };
    let net = Net::new(HOST_TIMEOUT);
    for url in urls {
        let address = format!("{}/livez", url.trim_end_matches('/'));
        let asked = net.send(Request {
            method: "GET",
            url: address,
            headers: vec![],
            body: vec![],
        });
        match asked.await {
            Ok(reply) if reply.status == 200 => {}
            Ok(reply) => {
                let what = format!("{url} answers {}, not as this server would", reply.status);
                return worry(what, HINT);
            }
            Err(Failure::NotSent(why) | Failure::MaybeSent(why)) => {
                let hint = certificate_hint(&why).unwrap_or(HINT);
                return worry(format!("{url}: {why}"), hint);
            }
        }
    }
    let parsed = url::Url::parse(first).ok();
    let plain = parsed.is_some_and(|url| url.scheme() == "http" && !is_loopback(&url));
    if plain {
        worry(
            format!("{first} is reached without TLS: cards would travel readable"),
            "end TLS at a proxy in front, and give --public-url https://…",
        )
    } else {
        Ok(format!("{first} reaches a server that is well"))
    }
}

/// What to do where the other side is there and its certificate is not accepted.
fn certificate_hint(why: &str) -> Option<&'static str> {
    why.contains("certificate").then_some(
        "look at the certificate there: this host's name, its dates, its chain. One of a private \
         authority is not accepted here, nor by shoppers' browsers",
    )
}

/// Whether clients can be told apart. TLS ends at a proxy: without its word all have one address.
fn clients(options: &Doctor) -> Seen {
    let behind_https = options
        .behaviour
        .public_urls
        .iter()
        .any(|url| url.starts_with("https:"));
    let loopback = options.listening.listen.ip().is_loopback();
    match (options.behaviour.behind_proxy, behind_https && loopback) {
        (true, _) => Ok("are told apart by what the proxy says in X-Forwarded-For".to_owned()),
        (false, false) => Ok("are told apart by their connections".to_owned()),
        (false, true) => worry(
            "a proxy on this machine ends TLS: every client has its address, and no limit can tell a stranger from a shop",
            "give --behind-proxy, and let the proxy set X-Forwarded-For to the address of its client",
        ),
    }
}

fn is_loopback(url: &url::Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
}

fn disk(database: &Path) -> Seen {
    let folder = database.parent().unwrap_or(Path::new("."));
    match machine::free_bytes(folder) {
        None => Ok("not known".to_owned()),
        Some(free) if free < FREE_BYTES_MIN => worry(
            format!("{} MiB are free for the database", free >> 20),
            "make room: nothing is acknowledged that cannot be written",
        ),
        Some(free) => Ok(format!("{} GiB are free for the database", free >> 30)),
    }
}

fn descriptors() -> Seen {
    match machine::descriptors_max() {
        Some(most) if most < DESCRIPTORS_MIN => worry(
            format!("a process may have {most} files and connections open"),
            "raise it: LimitNOFILE=65536 in the systemd unit, or `ulimit -n 65536`",
        ),
        Some(most) => Ok(format!("{most} for a process")),
        None => Ok("no limit is known".to_owned()),
    }
}

/// What needs the server's parts.
const APP_CHECKS: [&str; 8] = [
    "encryption key",
    "mail server",
    "clock",
    "accounts",
    "hosts",
    "webhooks",
    "doubts",
    "BINs",
];

async fn warn_of_app(findings: &mut Vec<Finding>, app: &App) {
    let [key, mail, clock, accounts, hosts, webhooks, doubts, bins] = APP_CHECKS;
    note(findings, bins, bins_seen(&app.bins));
    note(findings, key, read(sealing_key(app).await));
    note(findings, mail, mail_server(app.mail.as_ref()).await);
    note(findings, clock, read(clock_seen(app).await));
    let (strangers, allowed) = match all_accounts(app).await {
        Ok(found) => found,
        Err(problem) => {
            let unread = || worry(Failed::from(problem.clone()), "is this the right database?");
            note(findings, accounts, unread());
            return;
        }
    };
    note(findings, accounts, accounts_seen(&strangers));
    note(findings, hosts, hosts_seen(app, &allowed).await);
    note(findings, webhooks, read(webhooks_seen(app).await));
    note(findings, doubts, read(doubts_seen(app).await));
}

fn read(seen: Result<Seen, Unavailable>) -> Seen {
    seen.unwrap_or_else(|error| worry(error, "is the database reachable?"))
}

/// Which key encrypts, and whether the change to it has come to its end.
async fn sealing_key(app: &App) -> Result<Seen, Unavailable> {
    let (seals, newest) = (app.vault.seals_with(), app.vault.newest());
    if seals != newest {
        let what = format!("key {seals} encrypts, although the key file has key {newest}");
        return Ok(worry(
            what,
            "restart every server with this file, then run `galata key rotate`",
        ));
    }
    let rotation = key_rotations::current(app).await?;
    Ok(match rotation.filter(|at| at.proven_at.is_none()) {
        None => Ok(format!("key {seals} encrypts")),
        Some(at) => worry(
            format!(
                "older keys are still needed: {} values were encrypted anew with key {seals}, {} cannot be read",
                at.resealed, at.unreadable
            ),
            "`galata key rotate` goes on with it and says when nothing is left",
        ),
    })
}

/// Which list tells cards.
fn bins_seen(bins: &BinList) -> Seen {
    let count = bins.now().len();
    match bins.editions() {
        (used, newest) if used != newest => worry(
            format!(
                "edition {newest} of the list cannot be read; another one with {count} BINs is in use"
            ),
            "`galata bins import` takes another one, `galata bins reset` goes back to the compiled-in list",
        ),
        _ if bins.is_compiled_in() => Ok(format!("{count}, compiled in")),
        (edition, _) => Ok(format!("{count}, edition {edition} of those imported")),
    }
}

async fn mail_server(mail: Option<&Mail>) -> Seen {
    let Some(mail) = mail else {
        return Ok("none: links for people are shown to whoever makes them".to_owned());
    };
    match mail.check().await {
        Ok(()) => Ok("takes mail from us".to_owned()),
        Err(why) => worry(why, "look at --smtp-url: host, port, user and password"),
    }
}

/// Ids and leases hang on the clock: one that stands behind what is stored already is wrong.
async fn clock_seen(app: &App) -> Result<Seen, Unavailable> {
    const HINT: &str = "set the clock by NTP, and wait until it is right before serving";
    let now = app.now();
    if let Some(theirs) = app.db.now().await? {
        let apart = now.duration_since(theirs).abs().as_secs();
        if apart > CLOCK_SECONDS_MAX {
            let what = format!("this machine and the database server are {apart} s apart");
            return Ok(worry(what, HINT));
        }
    }
    let newest = backlog::newest_payment(&app.db).await?;
    let newest = newest.and_then(clock::moment_of_id);
    let ahead = newest.map_or(0, |newest| newest.duration_since(now).as_secs());
    if ahead > CLOCK_SECONDS_MAX || now < clock::id_epoch() {
        let what = format!("it is {now} here, and the newest payment is {ahead} s later");
        return Ok(worry(what, HINT));
    }
    Ok(Ok(now.to_string()))
}

/// Accounts that point where the operator allows nothing, in words, and the addresses of the others.
async fn all_accounts(app: &App) -> Result<(Vec<String>, BTreeSet<String>), Problem> {
    let (mut strangers, mut allowed) = (Vec::new(), BTreeSet::new());
    for merchant in merchants::all(app).await? {
        let id = merchant.id;
        for pos in poses::of_merchant(app, id).await? {
            let at = &pos.settings;
            let host = format!("{}:{}", at.hostname, at.port);
            match merchant_poses::check_host(app, &pos) {
                Err(_) if pos.status != PosStatus::Deleted => {
                    strangers.push(format!("POS {} of merchant {id} ({host})", pos.id));
                }
                Ok(()) if pos.is_usable() => {
                    allowed.insert(format!("{}://{host}/", at.scheme));
                }
                _ => {}
            }
        }
        for apm in apms::of_merchant(app, id)
            .await?
            .iter()
            .filter(|a| a.active)
        {
            match setup::check_apm_host(app, apm) {
                Err(_) => {
                    let url = net::bare(&apm.account.api_url);
                    strangers.push(format!("APM {} of merchant {id} ({url})", apm.id));
                }
                Ok(()) => {
                    allowed.extend(origin(&apm.account.api_url));
                }
            }
        }
        if webhook_is_private(&merchant.webhook_url, &app.settings.webhook_hosts) {
            let url = net::bare(&merchant.webhook_url);
            strangers.push(format!("webhooks of merchant {id} ({url})"));
        }
    }
    Ok((strangers, allowed))
}

fn origin(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    Some(format!("{}/", url.origin().ascii_serialization()))
}

fn webhook_is_private(url: &str, allowed: &HostList) -> bool {
    url::Url::parse(url).is_ok_and(|url| net::callable(&url, allowed).is_err())
}

fn accounts_seen(strangers: &[String]) -> Seen {
    if strangers.is_empty() {
        Ok("every stored address is allowed".to_owned())
    } else {
        worry(
            format!("not allowed: {}", listed(strangers)),
            "allow their hosts with --allow-bank-host (GALATA_ALLOW_BANK_HOST) and --allow-webhook-host (GALATA_ALLOW_WEBHOOK_HOST), as `serve` does",
        )
    }
}

fn listed(all: &[String]) -> String {
    let named = all.iter().take(NAMED_MAX).map(String::as_str);
    let named = named.collect::<Vec<&str>>().join("; ");
    match all.len().checked_sub(NAMED_MAX) {
        Some(more) if more > 0 => format!("{named}; and {more} more"),
        _ => named,
    }
}

/// Connects to every bank and lender that is used, and says nothing there.
async fn hosts_seen(app: &App, urls: &BTreeSet<String>) -> Seen {
    let net = Net::new(HOST_TIMEOUT).believing(&app.settings.bank_roots);
    let tried = stream::iter(urls).map(async |url| (url, net.connect(url).await));
    let tried: Vec<_> = tried.buffer_unordered(HOSTS_AT_ONCE).collect().await;
    let mut away: Vec<String> = tried
        .into_iter()
        .filter_map(|(url, went)| Some(format!("{url} {}", went.err()?)))
        .collect();
    away.sort();
    match (away.is_empty(), urls.len()) {
        (true, 0) => Ok("no account is in use yet".to_owned()),
        (true, all) => Ok(format!("all that accounts point at can be reached ({all})")),
        (false, _) => worry(
            listed(&away),
            if TlsFault::told(&listed(&away)).is_some() {
                "ask the bank about its certificate; --bank-ca-file HOST=FILE (GALATA_BANK_CA_FILE) adds what its chain lacks, or its private root"
            } else {
                "look at this machine's way out: firewall, DNS, and whether the bank knows its address"
            },
        ),
    }
}

/// When no process does what is due.
const WORKER_HINT: &str = "does `galata serve` (without --no-jobs) or `galata work` run?";

async fn webhooks_seen(app: &App) -> Result<Seen, Unavailable> {
    let late = SignedDuration::from_secs(LATE_SECONDS_MAX);
    let Ok(before) = app.now().checked_sub(late) else {
        return Ok(Ok("none".to_owned()));
    };
    Ok(match backlog::overdue_webhooks(&app.db, before).await? {
        (waiting, Some(since)) if waiting > 0 => worry(
            format!("{waiting} should have been called, the first at {since}"),
            WORKER_HINT,
        ),
        _ => Ok("none is late".to_owned()),
    })
}

async fn doubts_seen(app: &App) -> Result<Seen, Unavailable> {
    let asked = backlog::count_asked(app, None).await?;
    if let Some(due) = asked.first_inquiry.filter(|_| asked.is_late(app.now())) {
        let payments = asked.payments;
        return Ok(worry(
            format!("{payments} without an outcome, the first should have been inquired at {due}"),
            WORKER_HINT,
        ));
    }
    let beside = match asked.payments {
        0 => String::new(),
        _ => format!("; {asked}"),
    };
    Ok(match backlog::open_doubts(&app.db).await? {
        (0, _) => Ok(format!("none{beside}")),
        (open, 0) => Ok(format!(
            "{open} payments in doubt are being inquired{beside}"
        )),
        (open, for_people) => worry(
            format!("{open} payments in doubt, {for_people} of them wait for a person{beside}"),
            "`galata payment doubts --merchant ID` shows them, `galata payment settle` or `settle-refund` settles one",
        ),
    })
}

/// Columns of a check's name.
const NAME_WIDTH: usize = 20;

fn tell(findings: &[Finding], format: Format) -> Result<(), Failed> {
    if format.json {
        let rows = findings.iter().map(|finding| {
            let (word, seen, hint) = match &finding.outcome {
                Outcome::Fine(seen) => ("ok", seen.clone(), None),
                Outcome::Refused(error) => ("refused", error.what.clone(), Some(&error.hint)),
                Outcome::Worrying(error) => ("warning", error.what.clone(), Some(&error.hint)),
                Outcome::Skipped(for_want_of) => ("skipped", format!("needs {for_want_of}"), None),
            };
            json!([finding.check, word, seen, hint])
        });
        return Table::new(&["check", "outcome", "seen", "hint"], rows).print(format);
    }
    findings.iter().try_for_each(|finding| put(&line(finding)))
}

/// A mark, the check, what was seen; what to do about it under that.
fn line(finding: &Finding) -> String {
    let (mark, colour, what, hint) = match &finding.outcome {
        Outcome::Fine(seen) => ("✓", AnsiColor::Green, seen.clone(), ""),
        Outcome::Refused(error) => ("✕", AnsiColor::Red, error.what.clone(), error.hint.as_str()),
        Outcome::Worrying(error) => (
            "!",
            AnsiColor::Yellow,
            error.what.clone(),
            error.hint.as_str(),
        ),
        Outcome::Skipped(for_want_of) => (
            "-",
            AnsiColor::BrightBlack,
            format!("not looked at: needs {for_want_of}"),
            "",
        ),
    };
    let colour = colour.on_default();
    let check = finding.check;
    let mut line = format!("{colour}{mark}{colour:#} {check:<NAME_WIDTH$}{what}\n");
    if !hint.is_empty() {
        line.push_str(&format!("  {:<NAME_WIDTH$}{hint}\n", ""));
    }
    line
}
