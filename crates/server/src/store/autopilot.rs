//! What the autopilot did to POSes: the state in the POS's row, the history beside it.

use super::db::{Commit, TableRow, Unavailable, insert, params, select, table_row};
use super::poses::Pos;
use crate::app::App;
use jiff::Timestamp;

table_row! {
    /// The autopilot took a POS out of use, or into use again.
    #[derive(Debug, Clone)]
    pub struct Change: "autopilot_changes" {
        /// Whose it is.
        pub merchant_id: i64,
        /// Its id, growing with time.
        pub id: i64,
        /// The POS.
        pub pos_id: i64,
        /// When.
        pub at: Timestamp,
        /// With 3DS; else without.
        pub threeds: bool,
        /// Into use.
        pub is_up: bool,
        /// Technical failures among the answers that it went by.
        pub failures: i64,
        /// The answers.
        pub answers: i64,
    }
}

/// Writes a change and the state that it leads to; a conflict when another call or process made it first,
/// or the POS is no longer the autopilot's.
pub fn change(change: &Change, commit: &mut Commit) {
    let since = (!change.is_up).then_some(change.at);
    let sql = match (change.threeds, change.is_up) {
        (true, false) => {
            "update merchant_poses set threeds_down_since = $3 \
             where merchant_id = $1 and id = $2 and status = 'AUTOPILOT' and threeds_down_since is null"
        }
        (true, true) => {
            "update merchant_poses set threeds_down_since = $3 \
             where merchant_id = $1 and id = $2 and threeds_down_since is not null"
        }
        (false, false) => {
            "update merchant_poses set non_threeds_down_since = $3 \
             where merchant_id = $1 and id = $2 and status = 'AUTOPILOT' and non_threeds_down_since is null"
        }
        (false, true) => {
            "update merchant_poses set non_threeds_down_since = $3 \
             where merchant_id = $1 and id = $2 and non_threeds_down_since is not null"
        }
    };
    commit.one(sql, params![change.merchant_id, change.pos_id, since]);
    insert!(commit, change => Change);
    commit.change_settings();
}

/// A merchant's changes, the newest first.
pub async fn of_merchant(
    app: &App,
    merchant_id: i64,
    limit: i64,
) -> Result<Vec<Change>, Unavailable> {
    let sql = select!(Change, "where merchant_id = $1 order by id desc limit $2");
    let rows = app.db.rows(sql, params![merchant_id, limit]).await?;
    rows.into_iter().map(Change::read).collect()
}

/// Since when payments with or without 3DS are kept away from a POS.
pub fn down_since(pos: &Pos, threeds: bool) -> Option<Timestamp> {
    if threeds {
        pos.threeds_down_since
    } else {
        pos.non_threeds_down_since
    }
}
