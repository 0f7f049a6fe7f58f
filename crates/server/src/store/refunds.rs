//! Refunds: one question to a bank or lender to give back, with the items that it is about, and the books
//! that reserve what is asked for. Where a refund's outcome is unknown, the row itself is the work that is
//! due: `inquire_at` is the moment when the bank must be asked what it gave back.

use super::attempts::{self, Attempt};
use super::db::{
    Column, Commit, TableRow, Unavailable, insert, json_columns, params, select, stored_words,
    table_row, update,
};
use super::payments::PaymentFailure;
use super::shard_of;
use crate::app::App;
use connectors::bank::{Reversed, RewardMoney};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

stored_words! {
    /// How the bank is asked.
    pub enum RefundKind {
        /// The whole sale is undone, as long as the bank's day is open.
        Cancel = "CANCEL",
        /// A part of a sale is given back, or all of it later.
        Refund = "REFUND",
    }
}

stored_words! {
    /// Where a refund stands.
    pub enum RefundState {
        /// Intent is committed; the bank is being asked.
        Asked = "ASKED",
        /// The money is on its way back.
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

impl RefundState {
    /// Its outcome is not known: what it asked for is reserved.
    pub fn is_open(self) -> bool {
        use RefundState::{Asked, Doubt, Review};
        matches!(self, Asked | Doubt | Review)
    }
}

table_row! {
    /// One question to give money back.
    #[derive(Debug, Clone)]
    pub struct Refund: "refunds" {
        /// Whose it is.
        pub merchant_id: i64,
        /// Its id; the shop knows that of a CANCEL.
        pub id: i64,
        /// Its payment.
        pub payment_id: i64,
        /// For compare-and-set.
        pub version: i64,
        /// The POS whose bank is asked; none for a mark, and of a loan.
        pub pos_id: Option<i64>,
        /// The account at the lender that is asked, of a loan; none for a mark that a person made.
        pub apm_id: Option<i64>,
        /// The lender's id of what it gave back without being asked.
        pub lender_reference: Option<String>,
        /// How the bank is asked.
        pub kind: RefundKind,
        /// It was asked for by naming an item.
        pub by_item: bool,
        /// It was made outside, and no bank was asked.
        pub marked: bool,
        /// Where it stands.
        pub state: RefundState,
        /// Minor units of the payment's currency, points included.
        pub amount: i64,
        /// The points among it; `None` when the sale spent none.
        pub points: Option<RewardMoney>,
        /// What the bank said, before it was asked, that it had given back of the order; `None` where it
        /// tells no sum.
        pub noted: Option<i64>,
        /// It releases a hold that was not taken: only the books of the hold change.
        pub release: bool,
        /// The shop's echo.
        pub conversation_id: Option<String>,
        /// The merchant carries it where a seller cannot.
        pub charge_from_me: bool,
        /// What the bank said.
        pub answer: Option<RefundAnswer>,
        /// Why it failed.
        pub error: Option<PaymentFailure>,
        /// When it was asked for.
        pub created_at: Timestamp,
        /// When the bank was asked.
        pub asked_at: Timestamp,
        /// How often the schedule asked the bank what it gave back.
        pub inquiries: i64,
        /// When the schedule asks next.
        pub inquire_at: Option<Timestamp>,
        /// Since when a person is told.
        pub review_since: Option<Timestamp>,
    }
}

table_row! {
    /// What a refund gives back of an item.
    #[derive(Debug, Clone)]
    pub struct RefundItem: "refund_items" {
        /// Whose it is.
        pub merchant_id: i64,
        /// Its id, which the shop knows unless the refund is a whole CANCEL.
        pub id: i64,
        /// The refund.
        pub refund_id: i64,
        /// The payment.
        pub payment_id: i64,
        /// The item.
        pub item_id: i64,
        /// Minor units.
        pub amount: i64,
    }
}

/// What the bank said, as it is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RefundAnswer {
    /// References of an approval.
    pub reversed: Option<Reversed>,
    /// What made the doubt, or was last heard of it.
    pub message: Option<String>,
}

json_columns! { RefundAnswer, RewardMoney }

/// One refund of a merchant.
pub async fn of_merchant(
    app: &App,
    merchant_id: i64,
    id: i64,
) -> Result<Option<Refund>, Unavailable> {
    let sql = select!(Refund, "where merchant_id = $1 and id = $2");
    let row = app.db.row(sql, params![merchant_id, id]).await?;
    row.map(Refund::read).transpose()
}

/// The refunds of a merchant's payment, oldest first.
pub async fn of_payment(
    app: &App,
    merchant_id: i64,
    payment_id: i64,
) -> Result<Vec<Refund>, Unavailable> {
    let sql = select!(
        Refund,
        "where merchant_id = $1 and payment_id = $2 order by id"
    );
    let rows = app.db.rows(sql, params![merchant_id, payment_id]).await?;
    rows.into_iter().map(Refund::read).collect()
}

/// The refunds of some payments of a merchant, payment by payment, oldest first.
pub async fn of_payments(
    app: &App,
    merchant_id: i64,
    payment_ids: &[i64],
) -> Result<Vec<Refund>, Unavailable> {
    if payment_ids.is_empty() {
        return Ok(Vec::new());
    }
    let rest = format!(
        "where merchant_id = $1 and payment_id in ({}) order by payment_id, id",
        super::id_list(payment_ids),
    );
    let sql = Refund::select(&rest);
    let rows = app.db.rows_owned(sql, params![merchant_id]).await?;
    rows.into_iter().map(Refund::read).collect()
}

/// The payments of which a POS was asked to give back in a range; ids tell when they were asked for.
pub async fn payments_of_pos(
    app: &App,
    (merchant_id, pos_id): (i64, i64),
    ids: std::ops::Range<i64>,
) -> Result<Vec<i64>, Unavailable> {
    let sql = "select distinct payment_id from refunds where merchant_id = $1 and id >= $2 and id < $3 and pos_id = $4";
    let values = params![merchant_id, ids.start, ids.end, pos_id];
    let rows = app.db.rows(sql, values).await?;
    rows.iter().map(|row| row.int("payment_id")).collect()
}

/// Has the bank asked now what it gave back, of a refund in doubt: beyond the schedule's questions, and left to the schedule, as of an
/// attempt (`store/attempts.rs`).
pub fn look_now(refund: &Refund, (now, before): (Timestamp, Timestamp), commit: &mut Commit) {
    commit.maybe(
        "update refunds set inquire_at = $3, caller_inquired_at = $3, \
         inquiries = case when state = 'DOUBT' then inquiries - 1 else inquiries end \
         where merchant_id = $1 and id = $2 and (state = 'DOUBT' and inquiries > 0 or state = 'REVIEW') \
         and (inquire_at is null or inquire_at > $3) \
         and (caller_inquired_at is null or caller_inquired_at <= $4 or caller_inquired_at > $3)",
        params![refund.merchant_id, refund.id, now, before],
    );
}

/// The refund of a merchant's payment that has no outcome yet; there is at most one.
pub async fn open_of_payment(
    app: &App,
    merchant_id: i64,
    payment_id: i64,
) -> Result<Option<Refund>, Unavailable> {
    let sql = select!(
        Refund,
        "where merchant_id = $1 and payment_id = $2 and state in ('ASKED', 'DOUBT', 'REVIEW')"
    );
    let row = app.db.row(sql, params![merchant_id, payment_id]).await?;
    row.map(Refund::read).transpose()
}

/// The items of a merchant's refund, in the payment's order.
pub async fn items_of(
    app: &App,
    merchant_id: i64,
    refund_id: i64,
) -> Result<Vec<RefundItem>, Unavailable> {
    let sql = select!(
        RefundItem,
        "where merchant_id = $1 and refund_id = $2 order by id"
    );
    let rows = app.db.rows(sql, params![merchant_id, refund_id]).await?;
    rows.into_iter().map(RefundItem::read).collect()
}

/// Some refunds of a merchant, by id.
pub async fn of_ids(
    app: &App,
    merchant_id: i64,
    ids: &[i64],
) -> Result<HashMap<i64, Refund>, Unavailable> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = super::id_list(ids);
    let sql = Refund::select(&format!("where merchant_id = $1 and id in ({ids})"));
    let rows = app.db.rows_owned(sql, params![merchant_id]).await?;
    let refunds = rows.into_iter().map(Refund::read);
    refunds.map(|one| one.map(|one| (one.id, one))).collect()
}

/// The items of some refunds of a merchant, in the payments' order.
pub async fn items_of_refunds(
    app: &App,
    merchant_id: i64,
    refund_ids: &[i64],
) -> Result<Vec<RefundItem>, Unavailable> {
    if refund_ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids = super::id_list(refund_ids);
    let rest = format!("where merchant_id = $1 and refund_id in ({ids}) order by refund_id, id");
    let sql = RefundItem::select(&rest);
    let rows = app.db.rows_owned(sql, params![merchant_id]).await?;
    rows.into_iter().map(RefundItem::read).collect()
}

/// One item of a merchant's refund.
pub async fn item_of_merchant(
    app: &App,
    merchant_id: i64,
    id: i64,
) -> Result<Option<RefundItem>, Unavailable> {
    let sql = select!(RefundItem, "where merchant_id = $1 and id = $2");
    let row = app.db.row(sql, params![merchant_id, id]).await?;
    row.map(RefundItem::read).transpose()
}

/// Writes a new refund with its items: a conflict while the payment has another one without an outcome.
pub fn insert(refund: &Refund, items: &[RefundItem], commit: &mut Commit) {
    insert!(commit, refund => Refund, { shard: shard_of(refund.merchant_id) });
    for item in items {
        insert!(commit, item => RefundItem);
    }
}

/// Writes what became of a refund; a conflict when somebody else moved it since it was read.
pub fn save(app: &App, refund: &Refund, commit: &mut Commit) {
    let r = refund;
    update!(commit, "refunds"
    where { merchant_id: r.merchant_id, id: r.id, version: r.version }
    set {
        version: r.version + 1,
        kind: r.kind,
        state: r.state,
        answer: r.answer,
        error: r.error,
        asked_at: r.asked_at,
        answered_at: app.now(),
        inquiries: r.inquiries,
        inquire_at: r.inquire_at,
        review_since: r.review_since,
    });
}

/// Notes that a caller's question goes to the bank now; a conflict when another one went after
/// `before`. A moment in the future is none: a clock was set back.
pub fn claim_inquiry(refund: &Refund, now: Timestamp, before: Timestamp, commit: &mut Commit) {
    update!(commit, "refunds"
        where { merchant_id: refund.merchant_id, id: refund.id }
        and "caller_inquired_at is null or caller_inquired_at <= {} or caller_inquired_at > {}" (
            before,
            now,
        )
        set { caller_inquired_at: now });
}

/// How a refund changes the books, in minor units: what is reserved and what is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Books {
    /// It is asked for: reserved.
    Reserve,
    /// It was given back: no longer reserved.
    GiveBack,
    /// It was not: no longer reserved.
    Release,
    /// It was given back without having been reserved.
    Mark,
}

impl Books {
    /// What is added to (reserved, given back) for `amount`.
    pub fn of(self, amount: i64) -> (i64, i64) {
        match self {
            Books::Reserve => (amount, 0),
            Books::GiveBack => (-amount, amount),
            Books::Release => (-amount, 0),
            Books::Mark => (0, amount),
        }
    }
}

/// Changes the books of payment and items. A conflict when more would be given back than was taken, or,
/// with `version`, when the payment changed since it was read.
pub fn change_books(
    refund: &Refund,
    items: &[RefundItem],
    books: Books,
    version: Option<i64>,
    commit: &mut Commit,
) {
    let (pending, back) = books.of(refund.amount);
    let mut values = params![refund.merchant_id, refund.payment_id, pending, back];
    if let Some(version) = version {
        version.write(&mut values);
    }
    let sql = match (refund.release, version.is_some()) {
        (false, true) => {
            "update payments set version = version + 1, refund_pending = refund_pending + $3, \
             refunded = refunded + $4 where merchant_id = $1 and id = $2 and version = $5"
        }
        (false, false) => {
            "update payments set version = version + 1, refund_pending = refund_pending + $3, \
             refunded = refunded + $4 where merchant_id = $1 and id = $2"
        }
        (true, true) => {
            "update payments set version = version + 1, hold_releasing = hold_releasing + $3, \
             hold_released = hold_released + $4 where merchant_id = $1 and id = $2 and version = $5"
        }
        (true, false) => {
            "update payments set version = version + 1, hold_releasing = hold_releasing + $3, \
             hold_released = hold_released + $4 where merchant_id = $1 and id = $2"
        }
    };
    commit.one(sql, values);
    if refund.release && matches!(books, Books::GiveBack | Books::Mark) {
        attempts::release_at((refund.merchant_id, refund.payment_id), None, commit);
    }
    for item in items {
        let (pending, back) = books.of(item.amount);
        commit.one(
            "update payment_items set refund_pending = refund_pending + $4, refunded = refunded + $5 \
             where merchant_id = $1 and payment_id = $2 and id = $3",
            params![item.merchant_id, item.payment_id, item.item_id, pending, back],
        );
    }
}

/// The attempt that took a payment's money, of those that it has.
pub fn sale(attempts: Vec<Attempt>) -> Option<Attempt> {
    use super::attempts::AttemptState::Approved;
    attempts.into_iter().rev().find(|one| one.state == Approved)
}
