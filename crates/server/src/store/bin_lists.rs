//! The lists of BINs that an operator imported. The newest edition is in use in every process, which looks for
//! it every few seconds ([`follow`]); how a file is read is said in `bins/file.rs`.

use super::db::{
    Commit, Db, Expect, Statement, TableRow, Unavailable, insert, params, select, table_row,
};
use crate::app::App;
use crate::bins::BinList;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// Editions that are kept, with the one in use.
pub const KEPT: i64 = 5;

table_row! {
    /// An edition, without what it says of BINs. The compiled-in list has neither name nor number nor digest.
    #[derive(Debug, Clone)]
    pub struct Edition: "bin_lists" {
        /// Its number, from 1.
        pub edition: i64,
        /// When it was imported.
        pub imported_at: Timestamp,
        /// The name of its file.
        pub file_name: Option<String>,
        /// How many BINs it has.
        pub bins: Option<i64>,
        /// The SHA-256 of its content, in hexadecimal digits.
        pub sha256: Option<String>,
    }
}

/// The SHA-256 of a content, in hexadecimal digits.
pub fn digest(content: &str) -> String {
    let digest = Sha256::digest(content);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The editions that are kept, the newest first.
pub async fn all(app: &App) -> Result<Vec<Edition>, Unavailable> {
    let sql = select!(Edition, "order by edition desc");
    let rows = app.db.rows(sql, params![]).await?;
    rows.into_iter().map(Edition::read).collect()
}

/// What an edition says; `None` when it is not kept, and within that when it is the compiled-in list.
pub async fn content(db: &Db, edition: i64) -> Result<Option<Option<String>>, Unavailable> {
    let sql = "select content from bin_lists where edition = $1";
    let row = db.row(sql, params![edition]).await?;
    row.map(|row| row.opt_text("content")).transpose()
}

/// Writes the newest edition and forgets the oldest; a conflict when another one came meanwhile.
pub fn insert(edition: &Edition, content: Option<&str>, commit: &mut Commit) {
    insert!(commit, edition => Edition, { content: content.map(str::to_owned) });
    commit.push(Statement::new(
        "delete from bin_lists where edition > $1",
        params![edition.edition],
        Expect::Rows(0),
    ));
    commit.maybe(
        "delete from bin_lists where edition <= $1",
        params![edition.edition - KEPT],
    );
}

/// Takes up the newest edition, if it was not looked at before. One that cannot be read is told once, and the
/// list in use stays.
pub async fn follow(db: &Db, bins: &BinList) -> Result<(), Unavailable> {
    let sql = "select coalesce(max(edition), 0) as edition from bin_lists";
    let row = db.row(sql, params![]).await?;
    let edition = row.map_or(Ok(0), |row| row.int("edition"))?;
    let (_, seen) = bins.editions();
    if edition == seen {
        return Ok(());
    }
    let sql = "select content, sha256 from bin_lists where edition = $1";
    let Some(row) = db.row(sql, params![edition]).await? else {
        // A newer one came meanwhile; or somebody emptied the table by hand.
        return Ok(());
    };
    let Some(content) = row.opt_text("content")? else {
        bins.take_up(edition, None);
        tracing::info!(edition, "the compiled-in list of BINs is in use");
        return Ok(());
    };
    let sha256 = row.text("sha256")?;
    let reader = bins.reader();
    let read = tokio::task::spawn_blocking(move || {
        if digest(&content) != sha256 {
            return Err("it is not what was imported".to_owned());
        }
        reader(content.as_bytes()).map_err(|flaw| flaw.to_string())
    });
    match read.await.unwrap_or_else(|panic| Err(panic.to_string())) {
        Ok(list) => {
            let count = list.len();
            bins.take_up(edition, Some(list));
            tracing::info!(edition, bins = count, "another list of BINs is in use");
        }
        Err(why) => {
            bins.pass_over(edition);
            tracing::error!(
                edition,
                why,
                "a list of BINs cannot be read; the one before stays in use"
            );
        }
    }
    Ok(())
}
