//! A POS's commission table: what each card family pays in a number of instalments. Rows that are sent
//! are written, the others stay; which row counts for a card is the engine's business.

use super::change::{self, Audited, Change, Changed};
use crate::app::App;
use crate::bins::INSTALLMENTS_MAX;
use crate::engine::claims::Claims;
use crate::operations::check::At;
use crate::operations::{Actor, Caller, Permission, Problem, TOP};
use crate::store::commissions::{self, BLOCKAGE_DAYS_MAX, Commission};
use crate::store::db::Commit;
use crate::store::poses::{self, Pos};
use contract::envelope::Items;
use contract::merchant_poses::{
    MerchantPosCommissionResponse, UpdateMerchantPosCommission, UpdateMerchantPosCommissionsRequest,
};
use contract::money::{AmountError, Decimal, Rate};
use contract::rules::Rule;
use serde_json::{Map, Value as Json};
use std::ops::RangeInclusive;

/// Rows that a POS may have.
const ROWS_MAX: usize = 300;
/// Characters of a label.
const LABEL_MAX: usize = 100;

/// A rate of a row. Requests, answers, files and forms walk this list.
pub struct RateField {
    /// The contract's name.
    pub wire: &'static str,
    /// Its option of the command line.
    pub flag: &'static str,
    /// The option's help.
    pub help: &'static str,
    /// What people call it.
    pub tr: &'static str,
    /// What people call it.
    pub en: &'static str,
    /// From and to which percentage it goes.
    percent: RangeInclusive<i64>,
    /// Of a row.
    pub stored: fn(&Commission) -> Option<Rate>,
    stored_mut: fn(&mut Commission) -> &mut Option<Rate>,
    /// Of a request.
    pub sent: fn(&mut UpdateMerchantPosCommission) -> &mut Option<Decimal>,
    shown: fn(&mut MerchantPosCommissionResponse) -> &mut Option<Decimal>,
}

macro_rules! rate {
    ($field:ident, $wire:literal, $name:ident, $flag:literal, $help:literal, $percent:expr, $tr:literal, $en:literal) => {
        RateField {
            wire: $wire,
            flag: $flag,
            help: $help,
            tr: $tr,
            en: $en,
            percent: $percent,
            stored: |row| row.$field,
            stored_mut: |row| &mut row.$field,
            sent: |request| &mut request.$name,
            shown: |answer| &mut answer.$name,
        }
    };
}

/// Every rate, in the order in which they are shown.
#[rustfmt::skip] // A table.
pub static RATES: [RateField; 6] = [
    rate!(merchant_rate, "merchantCommissionRate", merchant_commission_rate, "surcharge", "What the shopper pays on top; a discount is below zero",
        -99..=1000, "Vade farkı", "Surcharge"),
    rate!(on_us_credit, "bankOnUsCreditCardCommissionRate", bank_on_us_credit_card_commission_rate, "on-us-credit", "What the bank takes of credit cards of its own and of its families",
        0..=100, "Kendi kredi kartı", "Own credit cards"),
    rate!(on_us_debit, "bankOnUsDebitCardCommissionRate", bank_on_us_debit_card_commission_rate, "on-us-debit", "What the bank takes of its own debit and prepaid cards",
        0..=100, "Kendi banka kartı", "Own debit cards"),
    rate!(not_on_us_credit, "bankNotOnUsCreditCardCommissionRate", bank_not_on_us_credit_card_commission_rate, "not-on-us-credit", "What the bank takes of other banks' credit cards",
        0..=100, "Diğer kredi kartı", "Other credit cards"),
    rate!(not_on_us_debit, "bankNotOnUsDebitCardCommissionRate", bank_not_on_us_debit_card_commission_rate, "not-on-us-debit", "What the bank takes of other banks' debit and prepaid cards",
        0..=100, "Diğer banka kartı", "Other debit cards"),
    rate!(foreign, "bankForeignCardCommissionRate", bank_foreign_card_commission_rate, "foreign", "What the bank takes of foreign cards",
        0..=100, "Yurt dışı kartı", "Foreign cards"),
];

/// A POS with its commission table.
#[derive(Clone)]
pub struct Table {
    pos: Pos,
    stored: Vec<Commission>,
    /// The rows by family and instalments.
    pub rows: Vec<Commission>,
}

/// `GET /merchant/v1/merchant-poses/{merchantPosId}/commissions`.
pub async fn list_commissions(
    app: &App,
    caller: &Caller,
    id: i64,
) -> Result<Items<MerchantPosCommissionResponse>, Problem> {
    let table = Table::load(app, caller.merchant.id, id).await?;
    Ok(answer(&table.rows))
}

/// `POST /merchant/v1/merchant-poses/{merchantPosId}/commissions`: the whole table as it then is.
pub async fn commissions(
    app: &App,
    caller: &Caller,
    id: i64,
    request: UpdateMerchantPosCommissionsRequest,
) -> Result<Items<MerchantPosCommissionResponse>, Problem> {
    let sent = request.commissions;
    let changed = change_commissions(app, &caller.by, &caller.claims, id, sent).await?;
    Ok(answer(&changed.now.rows))
}

/// Writes the rows that are sent into a POS's table.
pub async fn change_commissions(
    app: &App,
    by: &Actor,
    claims: &Claims,
    id: i64,
    sent: Option<Vec<UpdateMerchantPosCommission>>,
) -> Result<Changed<Table>, Problem> {
    let what = Change {
        by,
        claims,
        permission: Permission::ChangeAccounts,
        action: "pos.commissions",
        id,
    };
    change::change(app, what, |table: &mut Table| table.take(app, sent.clone())).await
}

fn answer(rows: &[Commission]) -> Items<MerchantPosCommissionResponse> {
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    Items {
        items: rows.iter().map(commission_view).collect(),
        page: 0,
        size: count,
        total_size: count,
    }
}

/// A row as the API shows it.
pub fn commission_view(row: &Commission) -> MerchantPosCommissionResponse {
    let mut answer = MerchantPosCommissionResponse {
        id: Some(row.id),
        status: Some(row.status),
        installment: Some(i32::from(row.installment)),
        blockage_day: row.blockage_days.map(i32::from),
        installment_label: row.label.clone(),
        card_brand_name: Some(row.family.clone()),
        ..MerchantPosCommissionResponse::default()
    };
    for rate in &RATES {
        *(rate.shown)(&mut answer) = (rate.stored)(row).map(Rate::percent);
    }
    answer
}

impl Table {
    /// Writes the rows that are sent into the table, each once.
    fn take(
        &mut self,
        app: &App,
        sent: Option<Vec<UpdateMerchantPosCommission>>,
    ) -> Result<(), Problem> {
        const LIST: &str = "commissions";
        let mut taken: Vec<(String, u8)> = Vec::new();
        TOP.items(LIST, sent, |at, sent| {
            let (family, installment) = place(app, at, &sent)?;
            let place = (family.to_owned(), installment);
            at.require("installment", Rule::KeyTwice, !taken.contains(&place))?;
            let mut rows = self.rows.iter_mut();
            match rows.find(|row| row.is_of(family, installment)) {
                Some(row) => write(at, row, sent)?,
                None => {
                    let id = app.next_id();
                    let mut row = Commission::blank(&self.pos, id, family, installment);
                    write(at, &mut row, sent)?;
                    self.rows.push(row);
                }
            }
            taken.push(place);
            Ok(())
        })?;
        if self.rows.len() > ROWS_MAX {
            return Err(Problem::limit(Rule::TooManyItems, LIST, "max", ROWS_MAX));
        }
        commissions::sort(&mut self.rows);
        Ok(())
    }

    /// The rows that are not among `others`, by family and instalments.
    fn unlike(&self, others: &[Commission]) -> Json {
        let rows = self.rows.iter().filter(|row| !others.contains(row));
        let named = rows.map(|row| {
            let shown = serde_json::to_value(commission_view(row));
            let name = format!("{}/{}", row.family, row.installment);
            (name, shown.unwrap_or(Json::Null))
        });
        Json::Object(named.collect::<Map<_, _>>())
    }
}

/// Which row is meant.
fn place<'a>(
    app: &'a App,
    at: &At<'_>,
    sent: &UpdateMerchantPosCommission,
) -> Result<(&'a str, u8), Problem> {
    const FAMILY: &str = "cardBrandName";
    let named = at.required_text(FAMILY, sent.card_brand_name.clone())?;
    let unknown = || Problem::field(Rule::UnknownValue, at.field(FAMILY));
    let family = app.bins.family(&named).ok_or_else(unknown)?;
    let installment = at.required("installment", sent.installment)?;
    let installment = at.within("installment", installment, 1..=INSTALLMENTS_MAX)?;
    Ok((family, installment))
}

/// Writes what is sent into a row; what is not sent is kept.
fn write(
    at: &At<'_>,
    row: &mut Commission,
    mut sent: UpdateMerchantPosCommission,
) -> Result<(), Problem> {
    const LABEL: &str = "installmentLabel";
    row.status = sent.status.unwrap_or(row.status);
    if let Some(days) = sent.blockage_day {
        row.blockage_days = Some(at.within("blockageDay", days, 0..=BLOCKAGE_DAYS_MAX)?);
    }
    if let Some(label) = sent.installment_label.take() {
        let label = label.trim();
        at.require_line(LABEL, label, LABEL_MAX)?;
        row.label = (!label.is_empty()).then(|| label.to_owned());
    }
    for rate in &RATES {
        if let Some(percent) = (rate.sent)(&mut sent).take() {
            *(rate.stored_mut)(row) = Some(read_rate(at, rate, percent)?);
        }
    }
    Ok(())
}

fn read_rate(at: &At<'_>, rate: &RateField, percent: Decimal) -> Result<Rate, Problem> {
    let (least, most) = (*rate.percent.start(), *rate.percent.end());
    let out_of_range = || Problem::range(Rule::OutOfRange, at.field(rate.wire), least, most);
    let read = Rate::of_percent(percent).map_err(|error| match error {
        AmountError::TooPrecise => {
            let digits = Rate::PERCENT_SCALE;
            Problem::limit(Rule::RateDecimals, at.field(rate.wire), "digits", digits)
        }
        AmountError::TooLarge => out_of_range(),
    })?;
    let whole = |percent: i64| Rate::of_millionths(percent * Rate::PERCENT_MILLIONTHS);
    if (whole(least)..=whole(most)).contains(&read) {
        Ok(read)
    } else {
        Err(out_of_range())
    }
}

impl Audited for Table {
    async fn load(app: &App, merchant_id: i64, id: i64) -> Result<Table, Problem> {
        let pos = Pos::load(app, merchant_id, id).await?;
        let rows = commissions::of_pos(app, merchant_id, id).await?;
        Ok(Table {
            pos,
            stored: rows.clone(),
            rows,
        })
    }

    fn save(&self, _app: &App, commit: &mut Commit) {
        poses::touch(&self.pos, commit);
        for row in &self.rows {
            let mut stored = self.stored.iter();
            match stored.find(|stored| stored.is_of(&row.family, row.installment)) {
                None => commissions::insert(row, commit),
                Some(stored) if stored != row => commissions::save(row, commit),
                Some(_) => {}
            }
        }
    }

    fn snapshot(&self, before: Option<&Table>) -> Json {
        self.unlike(before.map_or(&[], |before| &before.rows))
    }

    /// A table is long: the rows that differ are noted, and no others.
    fn noted(before: &Table, now: &Table) -> (Json, Json) {
        (before.snapshot(Some(now)), now.snapshot(Some(before)))
    }
}
