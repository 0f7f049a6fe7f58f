//! Reports that were asked for, and their rows. A row says by itself when it is due (decision 0001) and how far
//! it is made: each part is written in the commit that moves it on, so that whoever goes on after a crash, or
//! beside another process, adds no row twice.

use super::db::{Commit, TableRow, Unavailable, insert, params, select, table_row};
use super::shard_of;
use crate::app::App;
use contract::enums::ReportType;
use jiff::Timestamp;

/// Days that a report and its rows are kept.
pub const KEPT_DAYS: i64 = 7;

table_row! {
    /// A report that was asked for.
    #[derive(Debug, Clone)]
    pub struct Demand: "report_demands" {
        /// Whose it is.
        pub merchant_id: i64,
        /// Its id.
        pub id: i64,
        /// Of what it tells.
        pub report_type: ReportType,
        /// The first moment that it tells of.
        pub from_at: Timestamp,
        /// The first moment that it tells of no more.
        pub before_at: Timestamp,
        /// Parts that are written.
        pub parts: i64,
        /// Which of its sources is being read.
        pub step: i64,
        /// The row of it behind which the next part begins.
        pub behind_id: i64,
        /// When it was ready.
        pub ready_at: Option<Timestamp>,
        /// When it is to be made; `None` when it is ready.
        pub due_at: Option<Timestamp>,
    }
}

/// One report of a merchant.
pub async fn of_merchant(
    app: &App,
    merchant_id: i64,
    id: i64,
) -> Result<Option<Demand>, Unavailable> {
    let sql = select!(Demand, "where merchant_id = $1 and id = $2");
    let row = app.db.row(sql, params![merchant_id, id]).await?;
    row.map(Demand::read).transpose()
}

/// The reports of a merchant, the newest first.
pub async fn all_of_merchant(
    app: &App,
    merchant_id: i64,
    limit: i64,
) -> Result<Vec<Demand>, Unavailable> {
    let sql = select!(Demand, "where merchant_id = $1 order by id desc limit $2");
    let rows = app.db.rows(sql, params![merchant_id, limit]).await?;
    rows.into_iter().map(Demand::read).collect()
}

/// How many reports of a merchant are being made, and how many there are in all.
pub async fn count(app: &App, merchant_id: i64) -> Result<(i64, i64), Unavailable> {
    let sql =
        "select count(due_at) as made, count(*) as kept from report_demands where merchant_id = $1";
    match app.db.row(sql, params![merchant_id]).await? {
        Some(row) => Ok((row.int("made")?, row.int("kept")?)),
        None => Ok((0, 0)),
    }
}

/// Writes a new report.
pub fn insert(demand: &Demand, commit: &mut Commit) {
    insert!(commit, demand => Demand, { shard: shard_of(demand.merchant_id) });
}

/// Writes the next part and where the one behind it begins; a conflict when somebody else wrote it.
pub fn add_part(
    demand: &Demand,
    packed: String,
    (step, behind_id): (i64, i64),
    commit: &mut Commit,
) {
    let d = demand;
    commit.one(
        "update report_demands set parts = parts + 1, step = $4, behind_id = $5 \
         where merchant_id = $1 and id = $2 and parts = $3 and due_at is not null",
        params![d.merchant_id, d.id, d.parts, step, behind_id],
    );
    commit.one(
        "insert into report_parts (merchant_id, report_id, part, packed) values ($1, $2, $3, $4)",
        params![d.merchant_id, d.id, d.parts, packed],
    );
}

/// Notes that a report is ready; a conflict when somebody else did.
pub fn end(demand: &Demand, now: Timestamp, commit: &mut Commit) {
    commit.one(
        "update report_demands set ready_at = $4, due_at = null \
         where merchant_id = $1 and id = $2 and parts = $3 and due_at is not null",
        params![demand.merchant_id, demand.id, demand.parts, now],
    );
}

/// A part of a report, packed; `None` when it is gone.
pub async fn part(
    app: &App,
    merchant_id: i64,
    report_id: i64,
    part: i64,
) -> Result<Option<String>, Unavailable> {
    let sql =
        "select packed from report_parts where merchant_id = $1 and report_id = $2 and part = $3";
    let row = app
        .db
        .row(sql, params![merchant_id, report_id, part])
        .await?;
    row.map(|row| row.text("packed")).transpose()
}
