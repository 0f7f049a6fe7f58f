//! The rows of a report, read a page at a time from payments and refunds, each row a text a column.

use super::payment_reporting::{summary, transaction_response};
use super::report_columns::{self, Column, Row};
use super::{Caller, Problem, refund_view};
use crate::app::App;
use crate::store::payments::{self, Payment};
use crate::store::refunds;
use crate::store::report_rows::{self, Page};
use contract::enums::ReportType;
use contract::payment_reporting::ReportingPaymentTransaction;
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};

/// Payments or refunds that are read at a time. A payment has at most 500 items.
const PAGE: i64 = 250;

/// A range of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    /// The first moment.
    pub from: Timestamp,
    /// The first moment that is not in it any more.
    pub before: Timestamp,
}

/// Where a report is read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At {
    /// Which of its sources, from 0.
    pub step: i64,
    /// The row of it behind which the next page begins.
    pub behind_id: i64,
}

/// The beginning.
pub(super) const BEGINNING: At = At {
    step: 0,
    behind_id: 0,
};

/// What stands in a line, a column each.
pub(super) type Cells = Vec<String>;

/// What is read at one step of a report; `None` behind the last one. In a report of transactions the sales come
/// first, then those whose money was taken late, then what was given back.
#[derive(Debug, Clone, Copy)]
enum Source {
    Payments,
    Taken,
    TakenLate,
    Refunds,
}

fn source(report: ReportType, step: i64) -> Option<Source> {
    match (report, step) {
        (ReportType::Payment, 0) => Some(Source::Payments),
        (ReportType::Transaction, 0) => Some(Source::Taken),
        (ReportType::Transaction, 1) => Some(Source::TakenLate),
        (ReportType::Transaction, 2) => Some(Source::Refunds),
        _ => None,
    }
}

/// The next rows of a report, and where those behind them begin; none at the end.
pub(super) async fn next(
    app: &App,
    caller: &Caller,
    (report, range): (ReportType, Range),
    mut at: At,
) -> Result<(Vec<Cells>, At), Problem> {
    while let Some(source) = source(report, at.step) {
        let page = Page {
            merchant_id: caller.merchant.id,
            from: range.from,
            before: range.before,
            behind_id: at.behind_id,
            limit: PAGE,
        };
        let (rows, last) = match source {
            Source::Payments => of_payments(app, caller, &page).await?,
            Source::Taken => {
                let found = report_rows::taken_on_time(app, &page).await?;
                of_sales(app, caller, found).await?
            }
            Source::TakenLate => {
                let found = report_rows::taken_late(app, &page).await?;
                of_sales(app, caller, found).await?
            }
            Source::Refunds => of_refunds(app, caller, &page).await?,
        };
        if let Some(behind_id) = last {
            at.behind_id = behind_id;
            return Ok((rows, at));
        }
        at = At {
            step: at.step + 1,
            behind_id: 0,
        };
    }
    Ok((Vec::new(), at))
}

fn cells(columns: &[Column], row: &Row<'_>) -> Cells {
    columns.iter().map(|column| (column.cell)(row)).collect()
}

fn commercial(app: &App, payment: &Payment) -> Option<bool> {
    app.bins.of(payment.bin_number.as_deref()?)?.commercial
}

async fn of_payments(
    app: &App,
    caller: &Caller,
    page: &Page,
) -> Result<(Vec<Cells>, Option<i64>), Problem> {
    let columns = report_columns::of(ReportType::Payment);
    let found = report_rows::payments(app, page).await?;
    let rows = found.iter().map(|stored| {
        cells(
            columns,
            &Row {
                event: PAYMENT,
                at: stored.created_at,
                stored,
                payment: &summary(caller, stored),
                item: None,
                refund: None,
                commercial: commercial(app, stored),
            },
        )
    });
    Ok((rows.collect(), found.last().map(|payment| payment.id)))
}

/// What rows of transactions tell.
const PAYMENT: &str = "PAYMENT";
const CANCEL: &str = "CANCEL";
const REFUND: &str = "REFUND";

async fn of_sales(
    app: &App,
    caller: &Caller,
    found: Vec<Payment>,
) -> Result<(Vec<Cells>, Option<i64>), Problem> {
    let columns = report_columns::of(ReportType::Transaction);
    let ids: Vec<i64> = found.iter().map(|payment| payment.id).collect();
    let items = payments::items_of_payments(app, caller.merchant.id, &ids).await?;
    let mut rows = Vec::new();
    for stored in &found {
        let payment = summary(caller, stored);
        for item in items.get(&stored.id).into_iter().flatten() {
            let item = transaction_response(stored, item);
            let row = Row {
                event: PAYMENT,
                at: stored.taken_late_at.unwrap_or(stored.created_at),
                stored,
                payment: &payment,
                item: Some(&item),
                refund: None,
                commercial: commercial(app, stored),
            };
            rows.push(cells(columns, &row));
        }
    }
    Ok((rows, ids.last().copied()))
}

async fn of_refunds(
    app: &App,
    caller: &Caller,
    page: &Page,
) -> Result<(Vec<Cells>, Option<i64>), Problem> {
    let columns = report_columns::of(ReportType::Transaction);
    let merchant_id = caller.merchant.id;
    let found = report_rows::refunds(app, page).await?;
    let distinct: HashSet<i64> = found.iter().map(|(refund, _)| refund.payment_id).collect();
    let payment_ids: Vec<i64> = distinct.into_iter().collect();
    let paid = payments::of_ids(app, merchant_id, &payment_ids).await?;
    let sold = payments::items_of_payments(app, merchant_id, &payment_ids).await?;
    let ids: Vec<i64> = found.iter().map(|(refund, _)| refund.id).collect();
    let mut given: HashMap<i64, Vec<refunds::RefundItem>> = HashMap::new();
    for item in refunds::items_of_refunds(app, merchant_id, &ids).await? {
        given.entry(item.refund_id).or_default().push(item);
    }
    let mut rows = Vec::new();
    for (refund, at) in &found {
        let stored = paid.get(&refund.payment_id);
        let stored = stored.ok_or_else(|| Problem::unavailable("a refund's payment is gone"))?;
        let payment = summary(caller, stored);
        let cancel = refund_view::is_cancel(refund);
        for part in given.get(&refund.id).into_iter().flatten() {
            let items = sold.get(&stored.id).into_iter().flatten();
            let item = items.clone().find(|item| item.id == part.item_id);
            let item: Option<ReportingPaymentTransaction> =
                item.map(|item| transaction_response(stored, item));
            let told = refund_view::report_item((stored, refund, part), caller.language);
            let row = Row {
                event: if cancel { CANCEL } else { REFUND },
                at: *at,
                stored,
                payment: &payment,
                item: item.as_ref(),
                refund: Some((if cancel { refund.id } else { part.id }, &told)),
                commercial: commercial(app, stored),
            };
            rows.push(cells(columns, &row));
        }
    }
    Ok((rows, ids.last().copied()))
}
