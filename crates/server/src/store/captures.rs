//! Captures: one question to a bank to take what it holds. Where a capture's outcome is unknown, the row itself is
//! the work that is due: `inquire_at` is the moment when the bank must be asked how the hold stands.

use super::db::{
    Commit, TableRow, Unavailable, insert, json_columns, params, select, stored_words, table_row,
    update,
};
use super::payments::{Amount, PaymentFailure};
use super::shard_of;
use crate::app::App;
use connectors::bank::Charged;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

stored_words! {
    /// Where a capture stands.
    pub enum CaptureState {
        /// Intent is committed; the bank is being asked.
        Asked = "ASKED",
        /// The money was taken.
        Approved = "APPROVED",
        /// The bank refused, or turned out not to have done it.
        Declined = "DECLINED",
        /// The outcome is unknown: inquiries are due.
        Doubt = "DOUBT",
        /// Surely not one byte left.
        NotSent = "NOT_SENT",
        /// Inquiries led nowhere: a person is told. Inquiries go on.
        Review = "REVIEW",
    }
}

impl CaptureState {
    /// Its outcome is not known: nothing else happens to the payment.
    pub fn is_open(self) -> bool {
        use CaptureState::{Asked, Doubt, Review};
        matches!(self, Asked | Doubt | Review)
    }
}

table_row! {
    /// One question to take what is held.
    #[derive(Debug, Clone)]
    pub struct Capture: "captures" {
        /// Whose it is.
        pub merchant_id: i64,
        /// Its id.
        pub id: i64,
        /// The payment that holds.
        pub payment_id: i64,
        /// For compare-and-set.
        pub version: i64,
        /// The POS whose bank is asked.
        pub pos_id: i64,
        /// Where it stands.
        pub state: CaptureState,
        /// What is to be taken.
        pub amount: Amount,
        /// What the bank said.
        pub answer: Option<CaptureAnswer>,
        /// Why it failed.
        pub error: Option<PaymentFailure>,
        /// When it was asked for.
        pub created_at: Timestamp,
        /// When the bank was asked.
        pub asked_at: Timestamp,
        /// How often the schedule asked the bank how the hold stands.
        pub inquiries: i64,
        /// When the schedule asks next.
        pub inquire_at: Option<Timestamp>,
        /// Since when a person is told.
        pub review_since: Option<Timestamp>,
    }
}

/// What the bank said, as it is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CaptureAnswer {
    /// References of an approval.
    pub charged: Option<Charged>,
    /// What made the doubt, or was last heard of it.
    pub message: Option<String>,
}

json_columns! { CaptureAnswer }

/// One capture of a merchant.
pub async fn of_merchant(
    app: &App,
    merchant_id: i64,
    id: i64,
) -> Result<Option<Capture>, Unavailable> {
    let sql = select!(Capture, "where merchant_id = $1 and id = $2");
    let row = app.db.row(sql, params![merchant_id, id]).await?;
    row.map(Capture::read).transpose()
}

/// The captures of a merchant's payment, oldest first.
pub async fn of_payment(
    app: &App,
    merchant_id: i64,
    payment_id: i64,
) -> Result<Vec<Capture>, Unavailable> {
    let sql = select!(
        Capture,
        "where merchant_id = $1 and payment_id = $2 order by id"
    );
    let rows = app.db.rows(sql, params![merchant_id, payment_id]).await?;
    rows.into_iter().map(Capture::read).collect()
}

/// The payments of which a POS was asked to take in a range; ids tell when they were asked for.
pub async fn payments_of_pos(
    app: &App,
    (merchant_id, pos_id): (i64, i64),
    ids: std::ops::Range<i64>,
) -> Result<Vec<i64>, Unavailable> {
    let sql = "select distinct payment_id from captures where merchant_id = $1 and id >= $2 and id < $3 and pos_id = $4";
    let values = params![merchant_id, ids.start, ids.end, pos_id];
    let rows = app.db.rows(sql, values).await?;
    rows.iter().map(|row| row.int("payment_id")).collect()
}

/// The captures of some payments of a merchant, oldest first.
pub async fn of_payments(
    app: &App,
    merchant_id: i64,
    payment_ids: &[i64],
) -> Result<Vec<Capture>, Unavailable> {
    if payment_ids.is_empty() {
        return Ok(Vec::new());
    }
    let rest = format!(
        "where merchant_id = $1 and payment_id in ({}) order by id",
        super::id_list(payment_ids),
    );
    let sql = Capture::select(&rest);
    let rows = app.db.rows_owned(sql, params![merchant_id]).await?;
    rows.into_iter().map(Capture::read).collect()
}

/// Has the bank asked now how the hold of a capture in doubt stands: beyond the schedule's questions, and left to the schedule, as of an
/// attempt (`store/attempts.rs`).
pub fn look_now(capture: &Capture, (now, before): (Timestamp, Timestamp), commit: &mut Commit) {
    commit.maybe(
        "update captures set inquire_at = $3, caller_inquired_at = $3, \
         inquiries = case when state = 'DOUBT' then inquiries - 1 else inquiries end \
         where merchant_id = $1 and id = $2 and (state = 'DOUBT' and inquiries > 0 or state = 'REVIEW') \
         and (inquire_at is null or inquire_at > $3) \
         and (caller_inquired_at is null or caller_inquired_at <= $4 or caller_inquired_at > $3)",
        params![capture.merchant_id, capture.id, now, before],
    );
}

/// Writes a new capture: a conflict while the payment has another one without an outcome, or one that was
/// approved.
pub fn insert(capture: &Capture, commit: &mut Commit) {
    insert!(commit, capture => Capture, { shard: shard_of(capture.merchant_id) });
}

/// Writes what became of a capture; a conflict when somebody else moved it since it was read.
pub fn save(app: &App, capture: &Capture, commit: &mut Commit) {
    let c = capture;
    update!(commit, "captures"
    where { merchant_id: c.merchant_id, id: c.id, version: c.version }
    set {
        version: c.version + 1,
        state: c.state,
        answer: c.answer,
        error: c.error,
        answered_at: app.now(),
        inquiries: c.inquiries,
        inquire_at: c.inquire_at,
        review_since: c.review_since,
    });
}

/// Notes that a caller's question goes to the bank now; a conflict when another one went after
/// `before`. A moment in the future is none: a clock was set back.
pub fn claim_inquiry(capture: &Capture, now: Timestamp, before: Timestamp, commit: &mut Commit) {
    update!(commit, "captures"
        where { merchant_id: capture.merchant_id, id: capture.id }
        and "caller_inquired_at is null or caller_inquired_at <= {} or caller_inquired_at > {}" (
            before,
            now,
        )
        set { caller_inquired_at: now });
}
