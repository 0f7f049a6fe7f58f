//! What card families pay in a number of instalments at a POS: to its bank, and to the merchant on top.
//! Which row counts for a card is decided in `engine/commissions.rs`.

use super::db::{Commit, TableRow, Unavailable, insert, params, select, table_row, update};
use super::poses::Pos;
use crate::app::App;
use crate::bins::INSTALLMENTS_MAX;
use contract::enums::Status;
use contract::money::Rate;
use std::collections::HashMap;
use std::sync::Arc;

/// Days that a bank may keep the money.
pub const BLOCKAGE_DAYS_MAX: u16 = 365;

table_row! {
    /// A row of a POS's commission table.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Commission: "pos_commissions" {
        /// Whose it is.
        pub merchant_id: i64,
        /// The POS.
        pub pos_id: i64,
        /// The card family.
        pub family: String,
        /// 1 is a single payment.
        pub installment: u8 where (1..=i64::from(INSTALLMENTS_MAX)),
        /// Its id.
        pub id: i64,
        /// Whether it is offered. A single payment always is.
        pub status: Status,
        /// What the merchant calls it.
        pub label: Option<String>,
        /// Days that the bank keeps the money.
        pub blockage_days: Option<u16> where (0..=i64::from(BLOCKAGE_DAYS_MAX)),
        /// What the bank takes of its own credit cards, and of those of its families.
        pub on_us_credit: Option<Rate>,
        /// What it takes of its own debit and prepaid cards.
        pub on_us_debit: Option<Rate>,
        /// What it takes of other banks' credit cards.
        pub not_on_us_credit: Option<Rate>,
        /// What it takes of other banks' debit and prepaid cards.
        pub not_on_us_debit: Option<Rate>,
        /// What it takes of foreign cards.
        pub foreign: Option<Rate> = "foreign_card",
        /// What the shopper pays on top.
        pub merchant_rate: Option<Rate>,
    }
}

impl Commission {
    /// A row that says nothing yet.
    pub fn blank(pos: &Pos, id: i64, family: &str, installment: u8) -> Commission {
        Commission {
            merchant_id: pos.merchant_id,
            pos_id: pos.id,
            family: family.to_owned(),
            installment,
            id,
            status: Status::Active,
            label: None,
            blockage_days: None,
            on_us_credit: None,
            on_us_debit: None,
            not_on_us_credit: None,
            not_on_us_debit: None,
            foreign: None,
            merchant_rate: None,
        }
    }

    /// Whether two rows stand in the same place of one table.
    pub fn is_of(&self, family: &str, installment: u8) -> bool {
        self.installment == installment && self.family == family
    }
}

/// The commission tables of a merchant's POSes.
#[derive(Debug, Default)]
pub struct Commissions(HashMap<i64, Vec<Commission>>);

impl Commissions {
    /// The rows of a POS by family and instalments; none when it has no table.
    pub fn of(&self, pos: &Pos) -> &[Commission] {
        self.0.get(&pos.id).map_or(&[], Vec::as_slice)
    }
}

/// The tables of a merchant's POSes.
pub async fn of_merchant(app: &App, merchant_id: i64) -> Result<Commissions, Unavailable> {
    let sql = select!(Commission, "where merchant_id = $1");
    let mut tables: HashMap<i64, Vec<Commission>> = HashMap::new();
    for row in app.db.rows(sql, params![merchant_id]).await? {
        let row = Commission::read(row)?;
        tables.entry(row.pos_id).or_default().push(row);
    }
    tables.values_mut().for_each(|rows| sort(rows));
    Ok(Commissions(tables))
}

/// [`of_merchant`] for a payment: may be up to [`memory::STALE_MAX`](super::memory::STALE_MAX) behind
/// what another process changed.
pub async fn for_payment(app: &App, merchant_id: i64) -> Result<Arc<Commissions>, Unavailable> {
    app.memory.commissions(app, merchant_id).await
}

/// The rows of one POS of a merchant, by family and instalments.
pub async fn of_pos(
    app: &App,
    merchant_id: i64,
    pos_id: i64,
) -> Result<Vec<Commission>, Unavailable> {
    let sql = select!(Commission, "where merchant_id = $1 and pos_id = $2");
    let rows = app.db.rows(sql, params![merchant_id, pos_id]).await?;
    let rows = rows.into_iter().map(Commission::read);
    let mut rows: Vec<Commission> = rows.collect::<Result<_, _>>()?;
    sort(&mut rows);
    Ok(rows)
}

/// Databases differ in how they order letters; Galata has one order.
pub fn sort(rows: &mut [Commission]) {
    rows.sort_by(|one, other| {
        let place = |row: &Commission| row.installment;
        one.family
            .cmp(&other.family)
            .then(place(one).cmp(&place(other)))
    });
}

/// Writes a new row; a conflict when its place is taken.
pub fn insert(row: &Commission, commit: &mut Commit) {
    insert!(commit, row => Commission);
    commit.change_settings();
}

/// Writes a row's changes.
pub fn save(row: &Commission, commit: &mut Commit) {
    update!(commit, "pos_commissions"
    where {
        merchant_id: row.merchant_id,
        pos_id: row.pos_id,
        family: row.family,
        installment: row.installment,
    }
    set {
        status: row.status,
        label: row.label,
        blockage_days: row.blockage_days,
        on_us_credit: row.on_us_credit,
        on_us_debit: row.on_us_debit,
        not_on_us_credit: row.not_on_us_credit,
        not_on_us_debit: row.not_on_us_debit,
        foreign_card: row.foreign,
        merchant_rate: row.merchant_rate,
    });
    commit.change_settings();
}
