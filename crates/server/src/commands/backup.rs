//! `backup` and `restore`: a SQLite database as a file elsewhere, and back in its place.

use super::credentials::DatabaseUrl;
use super::options::Store;
use super::output::say;
use super::{Failed, with_app};
use crate::app::App;
use crate::operations::{Actor, Problem};
use crate::start::StartError;
use crate::store::db::Commit;
use crate::store::db::backup::{self, CopyError, Step};
use crate::store::merchants;
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Options of `backup`.
#[derive(Args)]
pub(super) struct Backup {
    #[command(flatten)]
    database_url: DatabaseUrl,
    /// The new file. Keep it apart from the key: with both, everything can be read.
    #[arg(long)]
    to: PathBuf,
}

/// Options of `restore`.
#[derive(Args)]
pub(super) struct Restore {
    #[command(flatten)]
    store: Store,
    /// The file that `backup` wrote.
    #[arg(long)]
    from: PathBuf,
}

/// Copies the database while it is in use, and checks the copy.
pub(super) async fn back_up(options: Backup) -> Result<(), Failed> {
    let from = file_of(
        &options.database_url.given()?,
        "pg_dump or a base backup with its log",
    )?;
    let to = options.to;
    let shown = to.display().to_string();
    let bytes = blocking(move || backup::copy(&from, &to)).await?;
    say(format_args!("{shown}: {bytes} bytes, checked"))
}

/// Puts a copy in the database's place, once the key has opened it and it is up to date.
pub(super) async fn restore(options: Restore) -> Result<(), Failed> {
    let mut config = options.store.config(true)?;
    let to = file_of(&config.database_url, "pg_restore")?;
    let (from, place) = (options.from.clone(), to.clone());
    // Until the end: a process that opens the database meanwhile is refused.
    let (part, _held) = blocking(move || backup::prepare(&from, &place)).await?;
    config.database_url = format!("sqlite:{}", part.display());
    config.must_exist = true;
    let now = with_app(config, async |app| {
        note(app, &options.from).await?;
        Ok(app.now())
    })
    .await?;
    let suffix = format!("before-{}", now.strftime("%Y%m%dT%H%M%SZ"));
    let place = to.clone();
    let kept = blocking(move || {
        let (steps, kept) = backup::swap(&part, &place, &suffix)?;
        steps.iter().try_for_each(Step::carry_out)?;
        Ok(kept)
    })
    .await?;
    say(format_args!("{} is restored and up to date", to.display()))?;
    match kept {
        Some(kept) => say(format_args!("what was there is kept as {}", kept.display())),
        None => Ok(()),
    }
}

/// Every merchant's audit log tells that its books are those of a backup.
async fn note(app: &App, from: &Path) -> Result<(), Problem> {
    let file = from.file_name().unwrap_or_default().to_string_lossy();
    for merchant in merchants::all(app).await? {
        let mut commit = Commit::new(merchant.id, app.next_id());
        let change = (json!(null), json!({ "backup": file }));
        Actor::operator().note(
            app,
            merchant.id,
            "database.restore",
            "",
            change,
            &mut commit,
        );
        app.commit(commit).await?.no_conflict()?;
    }
    Ok(())
}

fn file_of(url: &str, tools: &str) -> Result<PathBuf, StartError> {
    backup::file_of(url).ok_or_else(|| {
        StartError::new(
            "this works on SQLite only",
            &format!("PostgreSQL has its own tools: {tools}"),
        )
    })
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CopyError> + Send + 'static,
) -> Result<T, StartError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| StartError::new(error, ""))?
        .map_err(|error| StartError::new(error.what, error.hint))
}
