//! Where the next page of a search begins. Pages are numbered on the wire, and a list that begins with the
//! newest grows at its head: a page that were counted from there would repeat rows of the page before it.

use super::db::{Commit, Expect, Statement, Unavailable, params};
use super::digest::Digest;
use crate::app::App;
use std::time::Duration;

/// How long who searches may take for a page. Later, pages are counted from the head.
const KEPT: Duration = Duration::from_secs(15 * 60);

/// The row behind which a page begins; `None` when the page before it was not read lately.
pub(super) async fn behind(
    app: &App,
    merchant_id: i64,
    search: Digest,
    page: i64,
) -> Result<Option<i64>, Unavailable> {
    let sql = "select behind_id from search_pages \
               where merchant_id = $1 and high = $2 and low = $3 and page = $4 and expires_at > $5";
    let key = params![merchant_id, search.high, search.low, page, app.now()];
    let row = app.db.row(sql, key).await?;
    row.map(|row| row.int("behind_id")).transpose()
}

/// Notes where a page begins.
pub(super) async fn note(
    app: &App,
    merchant_id: i64,
    search: Digest,
    page: i64,
    behind_id: i64,
) -> Result<(), Unavailable> {
    let mut commit = Commit::new(merchant_id, search.low);
    commit.push(Statement::new(
        "insert into search_pages (merchant_id, high, low, page, behind_id, expires_at) \
         values ($1, $2, $3, $4, $5, $6) on conflict (merchant_id, high, low, page) do update \
         set behind_id = excluded.behind_id, expires_at = excluded.expires_at",
        params![
            merchant_id,
            search.high,
            search.low,
            page,
            behind_id,
            app.after(KEPT)
        ],
        Expect::Any,
    ));
    app.commit(commit).await?.no_conflict()
}
