//! Reports as files: the day before is read while others pay, what was played is asked for, and ten minutes after the
//! end of the run its rows are compared with the books.

use crate::books::{Books, Payment};
use crate::check::{Finding, given_back};
use crate::door::{Door, kurus};
use crate::shopper::Heard;
use crate::world::World;
use crate::{now, say};
use jiff::{Timestamp, ToSpan, tz};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const FILES: &str = "/file-reporting/v1";
/// A range can be reported ten minutes after its end; leases of the killed may cost half a minute more.
const READY_SECONDS_MAX: u64 = 720;
/// Between looks whether a report is ready.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Hours that Istanbul is ahead.
const ISTANBUL: i8 = 3;

/// A report that is being made.
#[derive(Debug, Clone)]
pub(crate) struct Demand {
    id: i64,
    /// TRANSACTION or PAYMENT.
    kind: &'static str,
    /// The last second that is in it.
    end: String,
}

/// A line of a file: its cells by the names of their columns.
type Row = BTreeMap<String, String>;

/// A moment as reports tell it.
pub(crate) fn moment(at: Timestamp) -> String {
    let local = tz::offset(ISTANBUL).to_datetime(at);
    local.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// Asks for the report of what was played until now. `None` when no answer came, or too many are being made.
pub(crate) async fn demand(
    door: &Door,
    at: usize,
    kind: &'static str,
    begun: &str,
) -> Option<Demand> {
    let end = moment(now());
    let body = json!({"reportType": kind, "startDate": begun, "endDate": end});
    let path = format!("{FILES}/report-demands");
    let reply = door.call(at, "POST", &path, &body, None).await.ok()?;
    match (reply.status, reply.payment()) {
        (200, Some(id)) => return Some(Demand { id, kind, end }),
        (422, _) => {}
        _ => door.is_broken(format!("a report was asked for: {reply:?}")),
    }
    None
}

/// Reads the report of the day before: nothing is in it that was played on another day.
pub(crate) async fn read_yesterday(
    door: &Door,
    at: usize,
    kind: &str,
    conversation: &str,
) -> Option<usize> {
    let day = moment(now().checked_sub(24.hours()).ok()?);
    let day = day.split_once('T')?.0;
    let path = format!("{FILES}/{kind}-reports?reportDate={day}&fileType=CSV");
    let reply = door.call(at, "GET", &path, &Value::Null, None).await.ok()?;
    let rows = reply.body.as_str().and_then(rows);
    let Some(rows) = rows.filter(|_| reply.status == 200) else {
        // The ten minutes after midnight.
        if (reply.status, reply.body["errors"]["errorCode"].as_str()) != (422, Some("2301")) {
            door.is_broken(format!("{path}: {reply:?}"));
        }
        return None;
    };
    let run = conversation.split('-').next().unwrap_or(conversation);
    let of_another_day = |row: &Row| {
        let told = row.get("transactionDate").or(row.get("createdDate"));
        row["conversationId"].starts_with(run) && told.is_none_or(|told| !told.starts_with(day))
    };
    if rows.iter().any(of_another_day) {
        door.is_broken(format!("{path} tells of another day: {rows:?}"));
    }
    Some(rows.len())
}

/// The lines of a CSV file; nothing in this run has a separator in it.
fn rows(text: &str) -> Option<Vec<Row>> {
    let mut lines = text.strip_prefix('\u{feff}')?.split_terminator("\r\n");
    let names: Vec<&str> = lines.next()?.split(';').collect();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(';').collect();
        let row = names.iter().zip(&cells);
        let row = row.map(|(name, cell)| ((*name).to_owned(), (*cell).to_owned()));
        (cells.len() == names.len()).then(|| row.collect())
    };
    lines.map(row).collect()
}

/// Kuruş of a cell; none where it is empty.
fn amount(row: &Row, name: &str) -> i64 {
    let cell = row.get(name).map_or("", String::as_str);
    let number = serde_json::from_str(cell).unwrap_or(Value::Null);
    if cell.is_empty() { 0 } else { kurus(&number) }
}

/// Waits for the reports of the whole run and for those that were asked for meanwhile, and compares them.
pub(crate) async fn compare(
    world: &World,
    heard: &Heard,
    books: &Books,
) -> Result<Vec<Finding>, String> {
    let begun = Instant::now();
    let (mut findings, mut whole) = (Vec::new(), BTreeMap::new());
    let mut asked = Vec::new();
    for kind in ["TRANSACTION", "PAYMENT"] {
        asked.push(ask_for(world, kind, begun).await?);
    }
    for demand in asked {
        let kind = demand.kind;
        let rows = fetch(world, &demand, begun).await?;
        let mut find = |visit, what| findings.push(Finding { visit, what });
        for payment in &books.payments {
            let id = payment.id.to_string();
            let own: Vec<&Row> = rows.iter().filter(|row| row["paymentId"] == id).collect();
            let wrong = match kind {
                "PAYMENT" => of_payment(payment, &own),
                _ => of_transactions(payment, &own),
            };
            for what in wrong {
                let what = format!("{what}\n  books:  {}\n  report: {own:?}", payment.told);
                find(payment.visit, what);
            }
        }
        let known = |row: &&Row| {
            let mut payments = books.payments.iter();
            payments.any(|one| one.id.to_string() == row["paymentId"])
        };
        if let Some(row) = rows.iter().find(|row| !known(row)) {
            find(None, format!("a report tells of no payment: {row:?}"));
        }
        whole.insert(kind, rows);
    }
    let demands = heard.demands.lock().map(|all| all.clone());
    let demands = demands.unwrap_or_default();
    for demand in &demands {
        let rows = fetch(world, demand, begun).await?;
        let all = whole.get(demand.kind).map_or(&[][..], Vec::as_slice);
        if let Some(what) = of_a_part(demand, &rows, all) {
            findings.push(Finding { visit: None, what });
        }
    }
    let (count, seconds) = (demands.len(), begun.elapsed().as_secs());
    let told = |kind| whole.get(kind).map_or(0, Vec::len);
    say(&format!(
        "torture: reports of {} transactions and {} payments, and {count} of a part, after {seconds} s",
        told("TRANSACTION"),
        told("PAYMENT"),
    ));
    Ok(findings)
}

/// Asks for the report of the whole run, as soon as one more may be made.
async fn ask_for(world: &World, kind: &'static str, begun: Instant) -> Result<Demand, String> {
    while begun.elapsed().as_secs() < READY_SECONDS_MAX {
        if let Some(demand) = demand(&world.door, 0, kind, &world.begun).await {
            return Ok(demand);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Err(format!("no report of {kind} could be asked for"))
}

/// The rows of a report once it is ready.
async fn fetch(world: &World, demand: &Demand, begun: Instant) -> Result<Vec<Row>, String> {
    let path = format!("{FILES}/reports/{}?fileType=CSV", demand.id);
    let door = &world.door;
    while begun.elapsed().as_secs() < READY_SECONDS_MAX {
        let reply = door.call(0, "GET", &path, &Value::Null, None).await?;
        if reply.status == 200 {
            let rows = reply.body.as_str().and_then(rows);
            return rows.ok_or_else(|| format!("{path} is no report: {}", reply.body));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Err(format!("{demand:?} is not ready"))
}

/// Every payment of a run has a row, and the row says what the books say.
fn of_payment(payment: &Payment, own: &[&Row]) -> Vec<String> {
    let [row] = own else {
        return vec![format!("the report has {} rows of a payment", own.len())];
    };
    let told = (
        &row["paymentStatus"],
        &row["paymentPhase"],
        amount(row, "paidPrice"),
        amount(row, "price"),
    );
    let is = (&payment.status, &payment.phase, payment.paid, payment.price);
    let wrong = (told != is).then(|| format!("the report tells {told:?} of {is:?}"));
    wrong.into_iter().collect()
}

/// What was taken of a payment, and what went back of that, is what its rows sum to.
fn of_transactions(payment: &Payment, own: &[&Row]) -> Vec<String> {
    let sum = |name: &str| own.iter().map(|row| amount(row, name)).sum::<i64>();
    let told = (sum("paidPrice"), sum("refundPrice"));
    let is_taken = payment.status == "SUCCESS" && payment.phase != "PRE_AUTH";
    let is = if is_taken {
        (payment.paid, given_back(payment).0)
    } else {
        (0, 0)
    };
    let wrong = (told != is).then(|| format!("taken and given back: reported {told:?}, is {is:?}"));
    wrong.into_iter().collect()
}

/// A report of a part of the run has the rows of the whole one until its end, and no others.
fn of_a_part(demand: &Demand, rows: &[Row], whole: &[Row]) -> Option<String> {
    let (moment, columns): (_, &[&str]) = match demand.kind {
        "PAYMENT" => ("createdDate", &["paymentId"]),
        _ => (
            "transactionDate",
            &[
                "paymentTransactionId",
                "refundId",
                "paidPrice",
                "refundPrice",
            ],
        ),
    };
    let lines = |rows: &[Row]| {
        let until_end = rows.iter().filter(|row| row[moment] <= demand.end);
        let line = |row: &Row| {
            let cells = columns.iter().map(|name| row[*name].as_str());
            cells.collect::<Vec<&str>>().join(";")
        };
        let mut lines: Vec<String> = until_end.map(line).collect();
        lines.sort_unstable();
        lines
    };
    let (told, expected) = (lines(rows), lines(whole));
    let none_later = rows.iter().all(|row| row[moment] <= demand.end);
    (told != expected || !none_later).then(|| {
        let missing: Vec<&String> = expected.iter().filter(|one| !told.contains(one)).collect();
        let more: Vec<&String> = told.iter().filter(|one| !expected.contains(one)).collect();
        format!(
            "{demand:?} has {} of {} rows: lacks {missing:?}, has besides {more:?}",
            told.len(),
            expected.len()
        )
    })
}
