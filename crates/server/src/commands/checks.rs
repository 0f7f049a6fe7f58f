//! What a server needs before it begins, one check after the other. `serve` and `work` refuse with
//! the first that fails; `doctor` tells them all, in the same words. What is only a pity is not here:
//! a bank that is away at a reboot must not become an outage.

use super::Failed;
use super::key_file;
use super::options::{Behaviour, Store};
use super::variables;
use crate::app::App;
use crate::start::{self, Config, StartError};
use crate::store::db::{Db, Kind};
use crate::store::merchants;
use crate::vault::Vault;
use std::net::SocketAddr;
use std::sync::Arc;

/// What is checked.
pub(super) struct Subject<'a> {
    pub store: &'a Store,
    pub behaviour: &'a Behaviour,
    /// Where is listened; `work` listens nowhere.
    pub listen: Option<SocketAddr>,
    /// Bring the database up to date first.
    pub migrate: bool,
}

/// How a check went.
pub(super) enum Outcome {
    /// Well, with what was seen.
    Fine(String),
    /// So that no server starts.
    Refused(StartError),
    /// So that a server starts, but somebody should look.
    Worrying(StartError),
    /// It could not be looked at for want of this.
    Skipped(&'static str),
}

/// One line of the list.
pub(super) struct Finding {
    pub check: &'static str,
    pub outcome: Outcome,
}

/// Everything that was found, and the server's parts if they open.
pub(super) struct Examined {
    pub findings: Vec<Finding>,
    pub app: Option<Arc<App>>,
}

impl Examined {
    fn note(&mut self, check: &'static str, outcome: Outcome) {
        self.findings.push(Finding { check, outcome });
    }

    /// Notes what went well or not, and answers what it brought.
    fn found<T>(
        &mut self,
        check: &'static str,
        outcome: Result<(T, String), StartError>,
    ) -> Option<T> {
        match outcome {
            Ok((brought, seen)) => {
                self.note(check, Outcome::Fine(seen));
                Some(brought)
            }
            Err(error) => {
                self.note(check, Outcome::Refused(error));
                None
            }
        }
    }
}

/// Runs every check that a server must pass.
pub(super) async fn examine(subject: &Subject<'_>) -> Examined {
    let mut examined = Examined {
        findings: Vec::new(),
        app: None,
    };
    let store = subject.store;
    let unknown = variables::unknown();
    if !unknown.is_empty() {
        let worry = StartError::new(
            format!("nobody reads {}", unknown.join(", ")),
            "is it mistyped? `galata serve --help` lists all variables",
        );
        examined.note("variables", Outcome::Worrying(worry));
    }
    let pages = start::check_templates().map(|()| ((), "they can be shown".to_owned()));
    examined.found("pages", pages);
    if let Some(path) = store.key.path() {
        let checked =
            key_file::check(path).map(|()| ((), format!("{} is private", path.display())));
        examined.found("key file", checked);
    }
    let keys = store.keys().and_then(|keys| {
        let vault = store.key.parsed(&keys)?;
        Ok(((keys, vault), store.key.source()))
    });
    let keys = examined.found("key", keys);
    let url = store.database();
    // Before it is opened, for it goes on counting then.
    let complete = match &url {
        Ok(url) => start::check_complete(url).await,
        Err(_) => Ok(()),
    };
    let db = match &url {
        Ok(url) => start::open_database(url, subject.migrate).await,
        Err(error) => Err(StartError::new(&error.what, &error.hint)),
    };
    let db = examined.found(
        "database",
        db.map(|db| {
            let name = database_name(&db);
            (db, name)
        }),
    );
    if let (Some(_), Err(worry)) = (&db, complete) {
        examined.note("completeness", Outcome::Worrying(worry));
    }
    let vault = keys.as_ref().map(|(_, vault)| vault);
    let usable = match &db {
        None => {
            for check in ["schema", "key opens the data", "demo merchant"] {
                examined.note(check, Outcome::Skipped("the database"));
            }
            false
        }
        Some(db) => examine_database(&mut examined, db, vault, subject.migrate).await,
    };
    if let Some(address) = subject.listen {
        examined.found("listening", listening(address, subject.behaviour));
    }
    if let Some(db) = db {
        db.close().await;
    }
    let (Some((keys, _)), Ok(url), true) = (keys, url, usable) else {
        return examined;
    };
    let opened = match store.config_of(url, keys, subject.migrate) {
        Ok(config) => open(config, subject.behaviour).await,
        Err(error) => Err(error),
    };
    examined.app = examined.found("settings", opened);
    examined
}

async fn open(config: Config, behaviour: &Behaviour) -> Result<(Arc<App>, String), StartError> {
    let app = start::open(behaviour.over(config)?).await?;
    Ok((app, "they can be used".to_owned()))
}

fn database_name(db: &Db) -> String {
    match db.kind() {
        Kind::Sqlite => "SQLite answers".to_owned(),
        Kind::Postgres => "PostgreSQL answers".to_owned(),
    }
}

/// Looks into the database. Whether the server's parts can be opened on it.
async fn examine_database(
    examined: &mut Examined,
    db: &Db,
    vault: Option<&Vault>,
    migrate: bool,
) -> bool {
    let clock = Config::default().clock;
    let schema = match (migrate, vault) {
        (true, Some(vault)) => start::migrate(db, vault, clock.now()).await,
        _ => start::check_schema(db).await,
    };
    let schema = schema.map(|()| ((), "up to date".to_owned()));
    if examined.found("schema", schema).is_none() {
        for check in ["key opens the data", "demo merchant"] {
            examined.note(check, Outcome::Skipped("an up-to-date database"));
        }
        return false;
    }
    let opens = match vault {
        None => {
            examined.note("key opens the data", Outcome::Skipped("a key"));
            false
        }
        Some(vault) => {
            let opens = start::check_key(db, vault).await;
            let opens = opens.map(|()| ((), "yes".to_owned()));
            examined.found("key opens the data", opens).is_some()
        }
    };
    examined.found("demo merchant", no_demo_merchant(db).await);
    opens
}

async fn no_demo_merchant(db: &Db) -> Result<((), String), StartError> {
    match merchants::demo_exists(db).await {
        Ok(false) => Ok(((), "not here".to_owned())),
        Ok(true) => Err(StartError::new(
            "this database holds the sandbox's demo merchant",
            "its keys are public; use a database of its own for real payments",
        )),
        Err(error) => Err(StartError::new(error, "is the database reachable?")),
    }
}

/// A server that listens beyond this machine is reached under a name; signatures and the addresses
/// that it gives out need that name.
fn listening(address: SocketAddr, behaviour: &Behaviour) -> Result<((), String), StartError> {
    match (address.ip().is_loopback(), behaviour.public_urls.is_empty()) {
        (true, _) => Ok(((), format!("{address}, which this machine alone reaches"))),
        (false, false) => Ok(((), format!("{address}; TLS must end at a proxy in front"))),
        (false, true) => Err(StartError::new(
            format!("{address} is reached from beyond this machine, and there is no public URL"),
            "set --public-url to the address that browsers and banks use",
        )),
    }
}

/// The parts of a server that passes every check; otherwise what is wrong.
pub(super) async fn pass(subject: &Subject<'_>) -> Result<Arc<App>, Failed> {
    let examined = examine(subject).await;
    for finding in &examined.findings {
        if let Outcome::Worrying(worry) = &finding.outcome {
            tracing::warn!(hint = worry.hint, "{}", worry.what);
        }
    }
    let refused = examined.findings.into_iter().find_map(|f| match f.outcome {
        Outcome::Refused(error) => Some(error),
        _ => None,
    });
    match (refused, examined.app) {
        (None, Some(app)) => Ok(app),
        (refused, app) => {
            if let Some(app) = app {
                start::close(&app).await;
            }
            Err(refused
                .unwrap_or_else(|| StartError::new("the server cannot be opened", ""))
                .into())
        }
    }
}
