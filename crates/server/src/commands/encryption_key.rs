//! `galata key …`: the encryption keys, and the change from one to the next while servers run.

use super::options::Store;
use super::output::{Format, print_parts, say, table};
use super::{Failed, key_file, with_store};
use crate::app::App;
use crate::start::{self, StartError};
use crate::store::db::Unavailable;
use crate::store::key_rotations::{self, Refused, Rotation, Step};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Between two lines that tell how far it is.
const TELL_EVERY: Duration = Duration::from_secs(2);
/// Between looks while others are waited for.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Options of `key`.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct EncryptionKey {
    #[command(flatten)]
    new: key_file::NewKey,
    #[command(subcommand)]
    command: Option<OnKeys>,
}

#[derive(Subcommand)]
enum OnKeys {
    /// Add a new key to a key file. Nothing is encrypted with it before `galata key rotate`.
    Add {
        /// The key file.
        path: PathBuf,
    },
    /// Encrypt everything with the newest key, while servers run. Every process must have been started
    /// with it. Stopped anywhere, it goes on where it was: by this command or by a server.
    Rotate(Store),
    /// List the keys in use, and how far the change to the newest one is.
    List {
        #[command(flatten)]
        store: Store,
        #[command(flatten)]
        format: Format,
    },
    /// Take an older key out of use once nothing is encrypted with it: then files may lack its line.
    Retire {
        /// Its number.
        number: u8,
        #[command(flatten)]
        store: Store,
    },
}

/// Carries out a command.
pub(super) async fn run(options: EncryptionKey) -> Result<(), Failed> {
    match options.command {
        None => key_file::make(&options.new),
        Some(OnKeys::Add { path }) => key_file::add(&path),
        Some(OnKeys::Rotate(store)) => with_store(store.config(false)?, rotate).await,
        Some(OnKeys::List { store, format }) => {
            with_store(store.config(false)?, async |app| list(app, format).await).await
        }
        Some(OnKeys::Retire { number, store }) => {
            with_store(store.config(false)?, async |app| {
                key_rotations::retire(app, number).await.map_err(refused)?;
                say(format_args!(
                    "key {number} is out of use: key files may lack its line. Keep it with the backups that it encrypted."
                ))
            })
            .await
        }
    }
}

async fn rotate(app: &App) -> Result<(), Failed> {
    let rotation = key_rotations::begin(app).await.map_err(refused)?;
    let key = rotation.id;
    say(format_args!("key {key} encrypts from now on"))?;
    let mut told = Instant::now();
    loop {
        let wait = match key_rotations::step(app).await.map_err(unreached)? {
            Step::Ended => break,
            Step::Moved => key_rotations::PAUSE,
            Step::Waits | Step::Elsewhere => LOOK_EVERY,
        };
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            if let Some(at) = key_rotations::current(app).await.map_err(unreached)? {
                say(how_far(&at))?;
            }
        }
        tokio::time::sleep(wait).await;
    }
    let ended = key_rotations::current(app).await.map_err(unreached)?;
    let Some(ended) = ended.filter(|at| at.proven_at.is_some()) else {
        return Err(StartError::new(
            "values are left that no key of the file opens",
            "`galata key list` counts them, the log of the server names their tables. Nothing else is \
             left of older keys; they cannot be retired as long as these are there",
        )
        .into());
    };
    say(format_args!(
        "every value is encrypted with key {key}: {} were encrypted anew, and the last walk looked at {} and found none under an older key",
        ended.resealed, ended.looked_at
    ))?;
    let (used, _) = key_rotations::used(app).await.map_err(refused)?;
    for older in used.iter().filter(|one| !one.seals) {
        let number = older.version;
        if let Some(moment) = older.retires_at {
            say(format_args!(
                "key {number} can be taken out of use from {moment:.0} on: `galata key retire {number}`"
            ))?;
        }
    }
    Ok(())
}

/// Where a rotation stands, for people.
fn how_far(at: &Rotation) -> String {
    let (walk, looked_at, resealed) = (at.walk, at.looked_at, at.resealed);
    let place = match (at.table_name.as_str(), at.switched_at) {
        ("", None) => "waiting until every process encrypts with the new key".to_owned(),
        ("", Some(_)) => "waiting until what was under way is written".to_owned(),
        (table, _) => format!("in {table}"),
    };
    format!("walk {walk}, {place}: {looked_at} looked at, {resealed} encrypted anew so far")
}

async fn list(app: &App, format: Format) -> Result<(), Failed> {
    let (used, rotation) = key_rotations::used(app).await.map_err(refused)?;
    let keys = table!(&used, key => {
        "key": key.version,
        "encrypts": key.seals,
        "can be retired": key.retires_at,
    });
    let rotation = table!(&rotation, at => {
        "to key": at.id,
        "began at": at.began_at,
        "everywhere since": at.switched_at,
        "walk": at.walk,
        "looked at": at.looked_at,
        "encrypted anew": at.resealed,
        "unreadable": at.unreadable,
        "proven at": at.proven_at,
    });
    print_parts(&[("keys", keys), ("rotation", rotation)], format)
}

fn unreached(error: Unavailable) -> StartError {
    StartError::new(error, "is the database reachable?")
}

/// Why it is not done, and what to do about it.
fn refused(refused: Refused) -> StartError {
    match refused {
        Refused::NoNewerKey => StartError::new(
            "one key is in use, and the key file has no newer one",
            "`galata key add` puts one into the file; then restart every server",
        ),
        Refused::Lacking(owners) => StartError::new(
            format!(
                "processes run that have not the newest key: {}",
                owners.join(", ")
            ),
            "restart each of them with the newest key file (the second part of a name is the process id); \
             one that was killed is forgotten after half a minute",
        ),
        Refused::Seals => StartError::new(
            "this key encrypts",
            "`galata key add` and `galata key rotate` bring a newer one into use first",
        ),
        Refused::NotInUse => StartError::new(
            "no such key is in use with this database",
            "`galata key list` shows them",
        ),
        Refused::NotProven => StartError::new(
            "something may still be encrypted with this key",
            "`galata key rotate` encrypts it anew and says when nothing is left",
        ),
        Refused::Abroad(until) => StartError::new(
            format!(
                "shoppers may be on their way with a form that this key encrypted, until {until:.0}"
            ),
            "retire it then",
        ),
        Refused::Key(why) => start::key_refused(why),
    }
}
