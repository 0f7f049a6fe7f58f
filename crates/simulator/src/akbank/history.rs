//! What was done with an order, and what was done on a day: one row for each transaction. A void is no
//! row, it changes the one that it undid; a capture and a refund have order ids of their own.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};

use super::account::{Akbank, terminal};
use super::answer::{Answer, Made, batch, money, stamp};
use super::request::moment;
use super::{Reply, invalid};
use crate::cards::Purse;
use crate::clock::{from_istanbul, istanbul};
use crate::desk::{self, Case, Operation};
use crate::ledger::{Bank, Kind, MoveKind, Order, State};

/// The longest list; the bank's own bound is not public.
const MAX_ROWS: usize = 5_000;

/// One transaction of an order.
struct Row<'a> {
    order: &'a Order,
    code: &'static str,
    at: Timestamp,
    seq: i64,
    made: Made,
    amount: i64,
    points: Purse,
    undone: bool,
}

/// The transactions of an order, the oldest first.
fn rows(order: &Order) -> Vec<Row<'_>> {
    let own = Row {
        order,
        code: if order.kind == Kind::Hold {
            "1004"
        } else {
            "1000"
        },
        at: order.created_at,
        seq: order.seq,
        made: Made::of(order.seq, order.created_at),
        amount: if order.kind == Kind::Hold {
            order.held
        } else {
            order.amount
        },
        points: order.spent,
        undone: order.state == State::Voided,
    };
    let mut rows = vec![own];
    for made in &order.moves {
        let (code, numbers) = match made.kind {
            MoveKind::Capture => ("1005", Made::of(order.seq, order.created_at)),
            MoveKind::Refund | MoveKind::PointRefund => ("1002", Made::of(made.seq, made.at)),
            MoveKind::Uncapture => {
                if let Some(last) = rows.last_mut() {
                    last.undone = true;
                }
                continue;
            }
            MoveKind::Void => continue,
        };
        rows.push(Row {
            order,
            code,
            at: made.at,
            seq: made.seq,
            made: Made {
                stan: made.seq.rem_euclid(1_000_000),
                batch: batch(made.at),
                ..numbers
            },
            amount: made.amount,
            points: made.points,
            undone: false,
        });
    }
    rows
}

impl Row<'_> {
    fn declined(&self) -> bool {
        self.order.state == State::Declined
    }

    /// The id of the row: the order's, or one that the bank made.
    fn id(&self) -> String {
        if self.seq == self.order.seq {
            self.order.id.clone()
        } else {
            format!("{:08x}-719e-4670-a2a7-4b400e5e1527", self.seq)
        }
    }

    /// Code and words of the gateway, then of the host.
    fn verdict(&self) -> [String; 4] {
        let answer = if self.declined() {
            Answer::refusal(&self.order.code)
        } else {
            Answer::approved(None, None)
        };
        let (host, words) = answer.host.unwrap_or_default();
        [answer.code, answer.message, host, words]
    }

    fn auth(&self) -> &str {
        if self.declined() {
            "000000"
        } else {
            &self.made.auth
        }
    }

    /// A row as the history of an order has it.
    fn of_history(&self) -> Value {
        let [code, message, host, words] = self.verdict();
        let mut row = json!({
            "txnCode": self.code,
            "responseCode": code,
            "responseMessage": message,
            "hostResponseCode": host,
            "hostMessage": words,
            "txnDateTime": stamp(self.at),
            "orderId": self.id(),
            "orgOrderId": self.order.id,
            "authCode": self.auth(),
            "rrn": self.made.rrn,
            "batchNumber": self.made.batch,
            "stan": self.made.stan,
            "settlementId": settlement(self.at),
            "txnStatus": if self.undone { "V" } else { "N" },
            "amount": money(self.amount),
            "currencyCode": self.currency(),
            "installCount": self.order.instalments.max(1),
            "ccbRewardAmount": money(self.points.card),
            "pcbRewardAmount": money(self.points.firm),
            "xcbRewardAmount": money(self.points.mile),
            "maskedCardNumber": &*self.order.masked,
        });
        if self.code == "1004" {
            let capture = self.order.capture();
            let mut put = |name: &str, value: Value| row[name] = value;
            put(
                "preAuthStatus",
                if capture.is_some() { "C" } else { "O" }.into(),
            );
            // Once captured, it says what of it; once that was undone, these are empty, as recorded.
            if self
                .order
                .moves
                .iter()
                .any(|made| made.kind == MoveKind::Capture)
            {
                let empty = ("1900-01-01T00:00:00.000".to_owned(), 0);
                let (at, amount) = capture.map_or(empty, |made| (stamp(made.at), made.amount));
                put("preAuthCloseDate", at.into());
                put("preAuthCloseAmount", money(amount));
            }
        }
        row
    }

    /// A row as the list of a day has it: other names, words for the status, and the reference as a
    /// number.
    fn of_report(&self) -> Value {
        let [code, message, host, words] = self.verdict();
        let status = match (self.declined(), self.undone) {
            (true, _) => "Başarısız",
            (false, true) => "İptal",
            (false, false) => "Başarılı",
        };
        let count = self.order.instalments;
        let capture = self.order.capture().filter(|_| self.code == "1004");
        json!({
            "txnCode": self.code,
            "responseCode": code,
            "responseMessage": message,
            "hostResponseCode": host,
            "hostResponseMessage": words,
            "txnDateTime": stamp(self.at),
            "orderId": self.id(),
            "authCode": self.auth(),
            "rrn": self.made.rrn.parse::<i64>().unwrap_or_default(),
            "maskedCardNumber": &*self.order.masked,
            "batchNumber": self.made.batch,
            "stan": self.made.stan,
            "settlementId": settlement(self.at),
            "txnStatus": status,
            "amount": money(self.amount),
            "currencyCode": self.currency(),
            "currencyLabel": if self.order.currency == "949" { "TRY" } else { &self.order.currency },
            "installmentCount": count.max(1),
            "installmentLabel": if count > 1 { count.to_string() } else { "Peşin".to_owned() },
            "ccbRewardAmount": money(self.points.card),
            "pcbRewardAmount": money(self.points.firm),
            "xcbRewardAmount": money(self.points.mile),
            "preAuthCloseAmount": money(capture.map_or(0, |made| made.amount)),
            "orgOrderId": self.order.id,
        })
    }

    fn currency(&self) -> i64 {
        self.order.currency.parse().unwrap_or_default()
    }
}

/// The settlement that a day's transactions go into.
fn settlement(at: Timestamp) -> String {
    format!("{:08x}-1379-4e8f-a86c-d505b4eb441c", batch(at))
}

/// All transactions of an order, the newest first.
pub(super) fn of_order(case: &Case<'_, Akbank>, found: Option<Order>) -> Reply {
    let request = &case.message;
    let Some(order) = found else {
        return Answer::gateway("1123", request.order_id()).into();
    };
    let details: Vec<Value> = rows(&order).iter().rev().map(Row::of_history).collect();
    Reply::Told(json!({
        "txnCode": request.code(),
        "responseCode": "VPS-0000",
        "responseMessage": "BAŞARILI",
        "txnDateTime": stamp(case.app.now()),
        "terminal": terminal(),
        "txnDetailList": details,
    }))
}

/// The period of a report: two moments of at most a day, or a batch.
pub(super) fn period<'a>(case: &'a Case<'_, Akbank>) -> Result<Operation<'a>, Reply> {
    let Some((from, until)) = asked_period(case) else {
        return invalid("report");
    };
    if until < from {
        return invalid("report.endDateTime");
    }
    if until.duration_since(from) > SignedDuration::from_hours(24) {
        return Err(Answer::gateway("2229", "").into());
    }
    Ok(desk::moves_of(Bank::Akbank, "", from, until))
}

fn asked_period(case: &Case<'_, Akbank>) -> Option<(Timestamp, Timestamp)> {
    let asked = |name: &str| case.message.at("report", name);
    if asked("batchNumber").is_empty() {
        return Some((
            moment(asked("startDateTime"))?,
            moment(asked("endDateTime"))?,
        ));
    }
    let number: i64 = asked("batchNumber").parse().ok()?;
    if !(1..=366).contains(&number) {
        return None;
    }
    let today = istanbul(case.app.now()).date();
    // The last day that had this number.
    let of_year = |year: i16| {
        let first = Date::new(year, 1, 1).ok()?;
        first.checked_add((number - 1).days()).ok()
    };
    let day = of_year(today.year())
        .filter(|day| *day <= today)
        .or_else(|| of_year(today.year() - 1))?;
    let from = from_istanbul(day.at(0, 0, 0, 0))?;
    let until = from_istanbul(day.at(23, 59, 59, 999_000_000))?;
    Some((from, until))
}

/// The list of a day: rows packed by gzip in Base64.
pub(super) fn report(case: &Case<'_, Akbank>, orders: &[Order]) -> Reply {
    let Some((from, until)) = asked_period(case) else {
        return Reply::Invalid("report".to_owned());
    };
    let rows: Vec<Row<'_>> = orders.iter().flat_map(rows).collect();
    let rows: Vec<Value> = rows
        .iter()
        .filter(|row| (from..=until).contains(&row.at))
        .map(Row::of_report)
        .collect();
    if rows.len() > MAX_ROWS {
        return Answer::gateway("2235", "").into();
    }
    let now = stamp(case.app.now());
    let data = json!({ "txnDateTime": now, "terminal": terminal(), "txnDetailList": rows });
    let Some(data) = packed(data.to_string().as_bytes()) else {
        return Answer::gateway("2235", "").into();
    };
    Reply::Told(json!({
        "data": data,
        "requestId": format!("VPS{:044}", case.app.now().as_millisecond()),
        "terminal": terminal(),
        "responseMessage": "SUCCESSFUL",
        "txnDateTime": now,
        "responseCode": "VPS-0000",
    }))
}

fn packed(text: &[u8]) -> Option<String> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(text).ok()?;
    Some(STANDARD.encode(packer.finish().ok()?))
}
