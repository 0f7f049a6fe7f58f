//! What a shop asks for once it has sold: money back, instalments, searches, and a report of everything.

use super::load::Ask;
use super::roles::{API_KEY, SECRET_KEY};
use super::world::World;
use contract::signature;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Payments whose items are refunded in turn, a kuruş each time.
const REFUNDED: usize = 500;
/// Connections of most calls.
const SOME: usize = 32;
/// Days that a report spans: more than a million seconds.
const REPORT_DAYS: i64 = 13;
/// A range is settled ten minutes after its end.
const SETTLED_MINUTES: i64 = 20;
/// Between looks whether a report is ready.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The calls, with their names and on how many connections they are made.
pub(crate) async fn calls(world: &World<'_>) -> Vec<(&'static str, Ask, usize)> {
    let mut refunds = Vec::new();
    for _ in 0..REFUNDED {
        let paid = world.paid_once().await;
        let item = &paid["data"]["paymentTransactions"][1]["id"];
        let body = json!({"paymentTransactionId": item, "refundPrice": 0.01});
        let path = "/payment/v1/refund-transactions".to_owned();
        refunds.push((path, body.to_string()));
    }
    world.close_day().await;
    let get = |path: &str, wanted| world.ask("GET", vec![path.to_owned()], "", wanted);
    let installments = "/installment/v1/installments?price=100&currency=TRY";
    let of_bin = format!("{installments}&binNumber=40480900");
    let search = "/payment-reporting/v1/payments?page=0&size=10";
    let by_text = format!("{search}&conversationId=another");
    let refund = Ask::signed_each(&world.gateway().url, refunds, "\"status\":\"SUCCESS\"");
    vec![
        ("refund of a part", refund, SOME),
        ("instalment search", get(installments, "items"), SOME),
        ("instalments of a BIN", get(&of_bin, "items"), SOME),
        ("payment search, the newest 10", get(search, "totalSize"), 1),
        (
            "payment search by conversationId",
            get(&by_text, "totalSize"),
            1,
        ),
    ]
}

/// A step of a report.
pub(crate) struct Step {
    pub(crate) what: &'static str,
    pub(crate) rows: u64,
    pub(crate) took: Duration,
    pub(crate) bytes: u64,
    pub(crate) resident_before: u64,
    pub(crate) resident_most: u64,
}

/// Demands a report of all stored payments, waits until it is made, and fetches it in both forms.
pub(crate) async fn report(world: &World<'_>) -> Vec<Step> {
    let end = now() - SignedDuration::from_mins(SETTLED_MINUTES);
    let start = end - SignedDuration::from_hours(24 * REPORT_DAYS);
    let text = |moment: Timestamp| moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let body = json!({
        "startDate": text(start), "endDate": text(end),
        "reportType": "PAYMENT", "reportPeriod": "INSTANT",
    });
    let path = "/file-reporting/v1/report-demands".to_owned();
    let demand = world.ask("POST", vec![path], &body.to_string(), "reportId");
    let (begun, before) = begin(world);
    let made = demand.once(world.gateway().address()).await.unwrap();
    let made: Value = serde_json::from_str(&made).unwrap();
    let file = |kind: &str| {
        let id = &made["data"]["id"];
        format!("/file-reporting/v1/reports/{id}?fileType={kind}")
    };
    let (first, rows, bytes) = loop {
        let (status, rows, bytes) = fetch(world, &file("CSV")).await;
        match status {
            200 => break (begun.elapsed(), rows, bytes),
            _ => tokio::time::sleep(LOOK_EVERY).await,
        }
    };
    let step = |what, took, rows, bytes, resident_before| Step {
        what,
        rows,
        took,
        bytes,
        resident_before,
        resident_most: world.gateway().most_resident_megabytes(),
    };
    let mut steps = vec![step("made and fetched first", first, rows, bytes, before)];
    for (what, kind) in [("fetched as CSV", "CSV"), ("fetched as XLSX", "XLSX")] {
        let (begun, before) = begin(world);
        let (status, _, bytes) = fetch(world, &file(kind)).await;
        assert_eq!(status, 200);
        steps.push(step(what, begun.elapsed(), rows, bytes, before));
    }
    steps
}

fn begin(world: &World<'_>) -> (Instant, u64) {
    world.gateway().forget_most_resident();
    (Instant::now(), world.gateway().resident_megabytes())
}

/// Fetches a file to its end and keeps nothing of it: status, rows of a CSV file, and bytes.
async fn fetch(world: &World<'_>, path: &str) -> (u16, u64, u64) {
    let gateway = world.gateway();
    let rnd = format!("fetch-{}", now().as_nanosecond());
    let url = format!("{}{path}", gateway.url);
    let signature = signature::sign(&url, API_KEY, SECRET_KEY, &rnd, b"");
    let host = gateway.url.trim_start_matches("http://");
    // HTTP/1.0: the end of the file is the end of the connection.
    let request = format!(
        "GET {path} HTTP/1.0\r\nhost: {host}\r\nx-api-key: {API_KEY}\r\nx-auth-version: v1\r\n\
         x-rnd-key: {rnd}\r\nx-signature: {signature}\r\n\r\n"
    );
    let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut buffer = vec![0; 256 * 1024];
    let (mut head, mut lines, mut bytes) = (Vec::new(), 0u64, 0u64);
    let mut count = |body: &[u8]| {
        let ends = body.iter().filter(|byte| **byte == b'\n').count();
        lines += u64::try_from(ends).unwrap();
        bytes += u64::try_from(body.len()).unwrap();
    };
    let mut behind_head = false;
    loop {
        let read = stream.read(&mut buffer).await.unwrap();
        if read == 0 {
            break;
        }
        if behind_head {
            count(&buffer[..read]);
            continue;
        }
        head.extend_from_slice(&buffer[..read]);
        let end = head.windows(4).position(|at| at == b"\r\n\r\n");
        if let Some(end) = end {
            behind_head = true;
            count(&head[end + 4..]);
        }
    }
    let status = head.split(|byte| *byte == b' ').nth(1);
    let status = status.and_then(|code| std::str::from_utf8(code).ok()?.parse().ok());
    // The first line names the columns.
    (status.unwrap_or(0), lines.saturating_sub(1), bytes)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the gateway that is measured has the machine's clock"
)]
fn now() -> Timestamp {
    Timestamp::now()
}
