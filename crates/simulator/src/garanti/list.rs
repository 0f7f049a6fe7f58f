//! `orderlistinq`: what was done on the account between two moments, a page at a time. The words are those of a recorded
//! list; how a day without a row is answered, and whether the last minute belongs to the range, is simulated.

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};

use super::account::{Garanti, LIRA};
use super::answer::{Answer, auth_code, retref};
use super::inquiries::{Row, rows};
use crate::clock::istanbul;
use crate::desk::Case;
use crate::ledger::{Bank, Order};
use crate::xml::{Node, node, text};

const PAGE_ROWS: usize = 500;
const RANGE_DAYS_MAX: i64 = 30;

/// The page that a message asks for.
pub(super) fn page(case: &Case<'_, Garanti>) -> Box<Answer> {
    let asked = |name| case.message.at(&["Order", name]);
    let number = asked("ListPageNum").parse().unwrap_or(0_usize);
    let (Some(from), Some(until)) = (moment(asked("StartDate")), moment(asked("EndDate"))) else {
        return Answer::gateway("0002", "StartDate or EndDate field is mandatory or wrong");
    };
    let longest = SignedDuration::from_hours(24 * RANGE_DAYS_MAX);
    if number == 0 || until < from || until.duration_since(from) > longest {
        return Answer::gateway("0002", "the range or the page is wrong");
    }
    let orders = case.app.ledger.orders_between(Bank::Garanti, from, until);
    let mut listed: Vec<(Row<'_>, &Order)> = orders
        .iter()
        .flat_map(|order| rows(order).map(move |row| (row, order)))
        .filter(|(row, _)| (from..=until).contains(&row.at))
        .collect();
    listed.sort_by_key(|(row, _)| (row.at, row.seq));
    let (count, pages) = (listed.len(), listed.len().div_ceil(PAGE_ROWS));
    let first = (number - 1).saturating_mul(PAGE_ROWS);
    let on_page = listed.iter().enumerate().skip(first).take(PAGE_ROWS);
    let mut list = Vec::new();
    if count > 0 {
        list.push(text("TotalTxnCount", count.to_string()));
        list.push(text("TotalPageCount", pages.to_string()));
        list.push(text("ActPageNum", number.to_string()));
    }
    list.extend(on_page.map(|(at, (row, order))| listed_row(at + 1, row, order)));
    Answer::told(node("OrderListInqResult", vec![node("OrderTxnList", list)]))
}

/// `24/02/2015 23:00`, in Istanbul.
fn moment(asked: &str) -> Option<Timestamp> {
    let at = DateTime::strptime("%d/%m/%Y %H:%M", asked).ok()?;
    Some(at.in_tz("Europe/Istanbul").ok()?.timestamp())
}

fn listed_row(id: usize, row: &Row<'_>, order: &Order) -> Node {
    let worked = row.code == "00";
    let kind = match row.kind {
        "preauth" => "On Otorizasyon",
        "postauth" => "On Otorizasyon Kapama",
        "void" => "Iptal",
        "refund" => "Iade",
        _ => "Satis",
    };
    let status = match (worked, &row.void_date) {
        (false, _) => "Basarisiz",
        (true, Some(_)) => "Iptal",
        (true, None) => "Basarili",
    };
    let currency = match order.currency.as_str() {
        "" | LIRA => "TL",
        "840" => "USD",
        "978" => "EUR",
        "826" => "GBP",
        other => other,
    };
    let instalments = match order.instalments {
        0 => "Pesin".to_owned(),
        count => count.to_string(),
    };
    let approval = if worked {
        auth_code(order)
    } else {
        String::new()
    };
    let at = istanbul(row.at).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let fields = [
        ("Id", id.to_string()),
        ("LastTrxDate", at),
        ("TrxType", kind.to_owned()),
        ("OrderID", order.id.clone()),
        ("Name", String::new()),
        ("CardNumberMasked", order.masked.to_string()),
        ("BatchNum", "1".to_owned()),
        ("AuthCode", approval),
        ("RetrefNum", retref(row.seq)),
        ("OrigRetrefNum", String::new()),
        ("InstallmentCnt", instalments),
        ("Status", status.to_owned()),
        ("AuthAmount", row.amount.to_string()),
        ("CurrencyCode", currency.to_owned()),
        (
            "SafeType",
            if order.three_ds { "3D" } else { "" }.to_owned(),
        ),
        ("Settlement", "N".to_owned()),
        ("ResponseCode", row.code.to_owned()),
        ("SysErrMsg", String::new()),
    ];
    let fields = fields.into_iter().map(|(name, value)| text(name, value));
    node("OrderTxn", fields.collect())
}
