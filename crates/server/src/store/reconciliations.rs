//! Days of POSes that are compared with their bank's list, and what differs. A day's row is the work that is due:
//! `due_at` is the moment when the bank is asked for its list.

use super::db::{
    Commit, TableRow, Unavailable, insert, params, select, stored_words, table_row, update,
};
use super::shard_of;
use crate::app::App;
use contract::enums::{Currency, PosIntegrator};
use jiff::Timestamp;
use jiff::civil::Date;

/// Days that comparisons and differences are kept.
pub const KEPT_DAYS: i64 = 400;

stored_words! {
    /// Where the comparison of a day stands.
    pub enum RunState {
        /// The bank is to be asked for its list.
        Due = "DUE",
        /// It was compared, perhaps several times.
        Compared = "COMPARED",
        /// The bank gave no list: a person must look.
        GivenUp = "GIVEN_UP",
    }
}

stored_words! {
    /// What a day was compared with.
    pub enum Source {
        /// The bank's own list, as its protocol gives it.
        Bank = "BANK",
        /// A file that a person took out of the bank's pages.
        File = "FILE",
    }
}

table_row! {
    /// A POS's day and its comparison.
    #[derive(Debug, Clone)]
    pub struct Run: "reconciliations" {
        /// Whose it is.
        pub merchant_id: i64,
        /// Its id.
        pub id: i64,
        /// For compare-and-set.
        pub version: i64,
        /// The POS.
        pub pos_id: i64,
        /// The day, in Istanbul.
        pub day: Date,
        /// Where it stands.
        pub state: RunState,
        /// What it was compared with last.
        pub source: Option<Source>,
        /// When that was.
        pub compared_at: Option<Timestamp>,
        /// Moves of the list.
        pub moves: i64,
        /// Differences that were found; at most so many are kept as the engine keeps.
        pub differences: i64,
        /// How often the bank gave no list since it last gave one.
        pub tries: i64,
        /// Why it gave none.
        pub message: Option<String>,
        /// When the bank is asked.
        pub due_at: Option<Timestamp>,
    }
}

impl Run {
    /// A day that was never compared.
    pub fn new(app: &App, (merchant_id, pos_id): (i64, i64), day: Date) -> Run {
        Run {
            merchant_id,
            id: app.next_id(),
            version: 0,
            pos_id,
            day,
            state: RunState::Due,
            source: None,
            compared_at: None,
            moves: 0,
            differences: 0,
            tries: 0,
            message: None,
            due_at: Some(app.now()),
        }
    }
}

stored_words! {
    /// How list and books differ.
    pub enum DifferenceKind {
        /// The bank took money under an order id that no payment has.
        TakenUnknown = "TAKEN_UNKNOWN",
        /// The bank took money of a try that failed or was undone here; another try may have paid.
        TakenFailed = "TAKEN_FAILED",
        /// The bank took money of a payment without an outcome here.
        TakenInDoubt = "TAKEN_IN_DOUBT",
        /// The bank holds money that is not held here: unknown, failed, without an outcome, or taken.
        Held = "HELD",
        /// The bank took of a hold, and no capture is booked here.
        CapturedAtBank = "CAPTURED_AT_BANK",
        /// A capture is booked here that the bank's list does not have.
        CapturedHere = "CAPTURED_HERE",
        /// A payment was taken here that the bank's list does not have.
        NotAtBank = "NOT_AT_BANK",
        /// Another amount, or another currency.
        Amount = "AMOUNT",
        /// The bank gave back more than is booked here.
        GivenBackAtBank = "GIVEN_BACK_AT_BANK",
        /// More is booked as given back here than the bank's list has.
        GivenBackHere = "GIVEN_BACK_HERE",
        /// The list says of the order what cannot be told.
        Unclear = "UNCLEAR",
    }
}

stored_words! {
    /// How a difference came to its end.
    pub enum Closing {
        /// List and books agree by now.
        Gone = "GONE",
        /// A person says why it is none.
        ByHand = "BY_HAND",
    }
}

table_row! {
    /// A difference between the list of a day and the books.
    #[derive(Debug, Clone)]
    pub struct Difference: "reconciliation_differences" {
        /// Whose it is.
        pub merchant_id: i64,
        /// Its id.
        pub id: i64,
        /// The POS.
        pub pos_id: i64,
        /// The day, in Istanbul.
        pub day: Date,
        /// The order id; of somebody else's order as the bank tells it, cut and cleaned.
        pub order_id: String,
        /// How they differ.
        pub kind: DifferenceKind,
        /// What told of it last.
        pub source: Source,
        /// The payment; `None` when no payment has the order.
        pub payment_id: Option<i64>,
        /// Of both amounts.
        pub currency: Currency,
        /// The currency that the bank tells, where it is another one.
        pub their_currency: Option<Currency>,
        /// The amount here, in minor units.
        pub ours: Option<i64>,
        /// The amount at the bank, in minor units.
        pub theirs: Option<i64>,
        /// The bank's reference; empty without one.
        pub reference: String,
        /// The card as the bank masks it; empty without one.
        pub card: String,
        /// When it was first found.
        pub first_seen_at: Timestamp,
        /// When it was last found.
        pub last_seen_at: Timestamp,
        /// How it came to its end; `None` while it is open.
        pub closing: Option<Closing>,
        /// When that was.
        pub closed_at: Option<Timestamp>,
        /// The person who closed it.
        pub closed_by: Option<String>,
        /// Why.
        pub note: Option<String>,
    }
}

/// The comparison of a POS's day.
pub async fn of_day(
    app: &App,
    (merchant_id, pos_id): (i64, i64),
    day: Date,
) -> Result<Option<Run>, Unavailable> {
    let sql = select!(Run, "where merchant_id = $1 and pos_id = $2 and day = $3");
    let row = app
        .db
        .row(sql, params![merchant_id, pos_id, day.to_string()])
        .await?;
    row.map(Run::read).transpose()
}

/// One comparison of a merchant.
pub async fn of_merchant(app: &App, merchant_id: i64, id: i64) -> Result<Option<Run>, Unavailable> {
    let sql = select!(Run, "where merchant_id = $1 and id = $2");
    let row = app.db.row(sql, params![merchant_id, id]).await?;
    row.map(Run::read).transpose()
}

/// A merchant's comparisons from a day on, the latest day first.
pub async fn all_of_merchant(
    app: &App,
    merchant_id: i64,
    from: Date,
    limit: i64,
) -> Result<Vec<Run>, Unavailable> {
    let sql = select!(
        Run,
        "where merchant_id = $1 and day >= $2 order by day desc, pos_id limit $3"
    );
    let values = params![merchant_id, from.to_string(), limit];
    let rows = app.db.rows(sql, values).await?;
    rows.into_iter().map(Run::read).collect()
}

/// Writes a new comparison; a conflict when the day has one.
pub fn insert(run: &Run, commit: &mut Commit) {
    insert!(commit, run => Run, { shard: shard_of(run.merchant_id) });
}

/// Plans the comparison of a day that has none.
pub fn plan(run: &Run, commit: &mut Commit) {
    commit.maybe(
        "insert into reconciliations (merchant_id, id, version, shard, pos_id, day, state, moves, differences, tries, due_at) \
         values ($1, $2, 0, $3, $4, $5, 'DUE', 0, 0, 0, $6) on conflict (pos_id, merchant_id, day) do nothing",
        params![
            run.merchant_id,
            run.id,
            shard_of(run.merchant_id),
            run.pos_id,
            run.day.to_string(),
            run.due_at
        ],
    );
}

/// Makes days due once more that were compared before `before` and that have open differences which the bank's list
/// told: what was settled since closes them.
pub fn plan_again(from: Date, before: Timestamp, now: Timestamp, commit: &mut Commit) {
    commit.maybe(
        "update reconciliations set due_at = $3, version = version + 1 \
         where day >= $1 and compared_at < $2 and due_at is null and exists \
         (select 1 from reconciliation_differences d where d.merchant_id = reconciliations.merchant_id \
         and d.pos_id = reconciliations.pos_id and d.day = reconciliations.day and d.source = 'BANK' and d.closing is null)",
        params![from.to_string(), before, now],
    );
}

/// Writes how a comparison stands; a conflict when somebody else wrote it since it was read.
pub fn save(run: &Run, commit: &mut Commit) {
    update!(commit, "reconciliations"
    where { merchant_id: run.merchant_id, id: run.id, version: run.version }
    set {
        version: run.version + 1,
        state: run.state,
        source: run.source,
        compared_at: run.compared_at,
        moves: run.moves,
        differences: run.differences,
        tries: run.tries,
        message: run.message.clone(),
        due_at: run.due_at,
    });
}

/// Accounts whose days can be compared: merchant, POS and integrator of each that is in use, or was used since
/// `since_id` and is not deleted.
pub async fn accounts(
    app: &App,
    since_id: i64,
) -> Result<Vec<(i64, i64, PosIntegrator)>, Unavailable> {
    let sql = "select p.merchant_id, p.id, p.integrator from merchant_poses p \
               where p.status <> 'DELETED' and (p.status <> 'PASSIVE' or exists (select 1 from attempts a \
               where a.merchant_id = p.merchant_id and a.id >= $1 and a.pos_id = p.id)) order by p.merchant_id, p.id";
    let rows = app.db.rows(sql, params![since_id]).await?;
    let account = |row: &super::db::Row| {
        Ok((
            row.int("merchant_id")?,
            row.int("id")?,
            row.parsed("integrator")?,
        ))
    };
    rows.iter().map(account).collect()
}

/// The differences of a POS's day, closed ones too.
pub async fn differences_of_day(
    app: &App,
    (merchant_id, pos_id): (i64, i64),
    day: Date,
) -> Result<Vec<Difference>, Unavailable> {
    let sql = select!(
        Difference,
        "where merchant_id = $1 and pos_id = $2 and day = $3 order by id"
    );
    let values = params![merchant_id, pos_id, day.to_string()];
    let rows = app.db.rows(sql, values).await?;
    rows.into_iter().map(Difference::read).collect()
}

/// Which differences are looked for; an empty text and a POS of 0 let all pass.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// The POS.
    pub pos_id: i64,
    /// The kind's spelling.
    pub kind: &'a str,
    /// The day's spelling.
    pub day: &'a str,
}

/// A merchant's differences: open ones first, then the latest day.
pub async fn differences_of_merchant(
    app: &App,
    merchant_id: i64,
    filter: Filter<'_>,
    limit: i64,
) -> Result<Vec<Difference>, Unavailable> {
    let sql = select!(
        Difference,
        "where merchant_id = $1 and ($2 = 0 or pos_id = $2) and ($3 = '' or kind = $3) \
         and ($4 = '' or day = $4) order by case when closing is null then 0 else 1 end, day desc, id desc limit $5"
    );
    let values = params![merchant_id, filter.pos_id, filter.kind, filter.day, limit];
    let rows = app.db.rows(sql, values).await?;
    rows.into_iter().map(Difference::read).collect()
}

/// How many differences of a merchant are open.
pub async fn count_open(app: &App, merchant_id: i64) -> Result<i64, Unavailable> {
    let sql = "select count(*) as open from reconciliation_differences where merchant_id = $1 and closing is null";
    let row = app.db.row(sql, params![merchant_id]).await?;
    row.map_or(Ok(0), |row| row.int("open"))
}

/// One difference of a merchant.
pub async fn difference(
    app: &App,
    merchant_id: i64,
    id: i64,
) -> Result<Option<Difference>, Unavailable> {
    let sql = select!(Difference, "where merchant_id = $1 and id = $2");
    let row = app.db.row(sql, params![merchant_id, id]).await?;
    row.map(Difference::read).transpose()
}

/// Writes a new difference.
pub fn insert_difference(difference: &Difference, commit: &mut Commit) {
    insert!(commit, difference => Difference);
}

/// Writes how a difference stands; a conflict when it was closed or opened since `was` was read.
pub fn save_difference(now: &Difference, was: &Difference, commit: &mut Commit) {
    update!(commit, "reconciliation_differences"
    where { merchant_id: was.merchant_id, id: was.id }
    and "coalesce(closing, '') = {} and last_seen_at = {}" (
        was.closing.map_or("", Closing::as_str).to_owned(),
        was.last_seen_at,
    )
    set {
        source: now.source,
        payment_id: now.payment_id,
        their_currency: now.their_currency,
        ours: now.ours,
        theirs: now.theirs,
        reference: now.reference.clone(),
        card: now.card.clone(),
        last_seen_at: now.last_seen_at,
        closing: now.closing,
        closed_at: now.closed_at,
        closed_by: now.closed_by.clone(),
        note: now.note.clone(),
    });
}
