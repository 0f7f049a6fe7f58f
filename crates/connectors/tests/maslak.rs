//! Replays the exchanges under `fixtures/maslak/`: what is called, what must be sent, what comes
//! back, and what that means. Signatures there were computed by other code than ours.
//!
//! A case without `answer.txt` gets one written and fails once, so that somebody reads it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its fixture fails"
)]

#[path = "bench/lender.rs"]
mod bench;
#[path = "bench/folder.rs"]
mod folder;

use bench::{Recording, account, now, perform, read, ready, reply_of};
use connectors::bank::{DoubtReason, Verdict};
use connectors::http::{Failure, Response};
use connectors::lender::{ApplicationRef, Lender, LenderContext, OffersRequest};
use connectors::lenders::maslak::{Maslak, NOTIFICATION_BYTES_MAX};
use contract::enums::Currency;
use contract::money::Money;
use folder::Folder;
use jiff::Zoned;
use serde_json::{Value, json};

fn check(case: &Folder) -> Result<(), String> {
    let http = Recording::of(reply_of(&read(case, "reply.json")));
    let answer = perform(&case.call, &http);
    let sent = http.sent.lock().unwrap();
    let [request] = sent.as_slice() else {
        return Err(format!("{} requests were sent", sent.len()));
    };
    let headers = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), json!(value)));
    let request = json!({
        "method": request.method,
        "url": request.url,
        "headers": Value::Object(headers.collect()),
        "body": String::from_utf8(request.body.clone()).unwrap(),
    });
    if request != read(case, "request.json") {
        return Err(format!("sent {request:#}"));
    }
    match case.read("answer.txt") {
        Some(expected) if expected == answer.as_bytes() => Ok(()),
        Some(_) => Err(format!("answered {answer}")),
        None => {
            std::fs::write(case.places[0].join("answer.txt"), answer).unwrap();
            Err("answer.txt is new: read it".to_owned())
        }
    }
}

#[test]
fn every_recorded_exchange_means_what_it_says() {
    let cases = Folder::all("maslak");
    assert!(cases.len() > 40);
    let failed: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let why = check(case).err()?;
            Some(format!("{}: {why}", case.name()))
        })
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// A reply recorded for an inquiry, with one byte of it changed.
fn changed(place: &str, at: usize) -> Option<Response> {
    let cases = Folder::all("maslak");
    let case = cases.iter().find(|case| case.name() == "inquire-disbursed");
    let mut reply = reply_of(&read(case.unwrap(), "reply.json")).unwrap();
    let flip = |text: &mut String| {
        let mut bytes = std::mem::take(text).into_bytes();
        let found = bytes.get_mut(at).map(|byte| *byte ^= 1).is_some();
        *text = String::from_utf8(bytes).unwrap();
        found
    };
    let found = match place {
        "body" => reply.body.get_mut(at).map(|byte| *byte ^= 1).is_some(),
        name => reply
            .headers
            .iter_mut()
            .find(|(key, _)| key == name)
            .is_some_and(|(_, v)| flip(v)),
    };
    found.then_some(reply)
}

#[test]
fn one_changed_byte_anywhere_in_a_reply_is_doubt() {
    let mut tried = 0;
    for place in ["body", "x-lender-signature", "x-lender-timestamp"] {
        for reply in (0..).map_while(|at| changed(place, at)) {
            let http = Recording::of(Ok(reply));
            let (account, now) = (account(), now());
            let context = LenderContext {
                account: &account,
                http: &http,
                now: &now,
            };
            let application = ApplicationRef {
                order_id: "LN0000000000000001",
                application_id: Some("6f1c"),
                currency: Currency::Try,
            };
            let doubt = ready(Maslak.inquire(context, application)).unwrap_err();
            assert_eq!(doubt.reason, DoubtReason::Unauthentic);
            assert!(doubt.may_have_been_sent);
            tried += 1;
        }
    }
    assert!(tried > 100);
}

#[test]
fn a_strange_order_id_stays_one_segment_of_the_path() {
    let reply = Err(Failure::NotSent(String::new()));
    let http = Recording::of(reply);
    let (account, now) = (account(), now());
    let context = LenderContext {
        account: &account,
        http: &http,
        now: &now,
    };
    let application = ApplicationRef {
        order_id: "../a?b#ç",
        application_id: None,
        currency: Currency::Try,
    };
    assert!(ready(Maslak.inquire(context, application)).is_err());
    let sent = http.sent.lock().unwrap();
    let url = "http://lender.example/lender/v1/applications/%2E%2E%2Fa%3Fb%23%C3%A7";
    assert_eq!(sent[0].url, url);
}

/// Signed elsewhere: `1772366400\nNOTIFY\ngalata-demo\n` and the body.
const NOTIFICATION: &[u8] =
    br#"{"notificationId":"6f1c-1","orderId":"LN1","applicationId":"6f1c","state":"ready"}"#;
const NOTIFICATION_SIGNATURE: &str = "6CwVZt21Snhos5G95SINnE48USybwMXmqsJbVwpyQMI=";

fn notification_headers() -> Vec<(String, String)> {
    let headers = [
        ("Content-Type", "application/json"),
        ("X-Lender-Client", "galata-demo"),
        ("X-Lender-Timestamp", "1772366400"),
        ("X-Lender-Signature", NOTIFICATION_SIGNATURE),
    ];
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect()
}

fn notified(headers: &[(String, String)], body: &[u8], now: &Zoned) -> Option<String> {
    Maslak
        .read_notification(&account(), headers, body, now)
        .ok()
}

#[test]
fn a_genuine_notification_names_its_order() {
    let headers = notification_headers();
    assert_eq!(
        notified(&headers, NOTIFICATION, &now()),
        Some("LN1".to_owned())
    );
}

#[test]
fn a_notification_with_one_changed_byte_is_not_the_lender_s() {
    for header in 1..4 {
        for at in 0..notification_headers()[header].1.len() {
            let mut headers = notification_headers();
            let mut bytes = headers[header].1.clone().into_bytes();
            bytes[at] ^= 1;
            headers[header].1 = String::from_utf8(bytes).unwrap();
            assert_eq!(notified(&headers, NOTIFICATION, &now()), None);
        }
    }
    for at in 0..NOTIFICATION.len() {
        let mut body = NOTIFICATION.to_vec();
        body[at] ^= 1;
        assert_eq!(notified(&notification_headers(), &body, &now()), None);
    }
}

#[test]
fn a_notification_that_is_stale_doubled_or_huge_is_not_taken() {
    let headers = notification_headers();
    let later = now().saturating_add(jiff::SignedDuration::from_secs(301));
    assert_eq!(notified(&headers, NOTIFICATION, &later), None);
    let mut twice = headers.clone();
    twice.push(headers[3].clone());
    assert_eq!(notified(&twice, NOTIFICATION, &now()), None);
    assert_eq!(notified(&[], NOTIFICATION, &now()), None);
    let huge = vec![b' '; NOTIFICATION_BYTES_MAX + 1];
    assert_eq!(notified(&headers, &huge, &now()), None);
}

#[test]
fn nothing_secret_is_printed() {
    let printed = format!("{:?}", account());
    assert!(!printed.contains("lender-secret-demo") && !printed.contains("lender-notify-demo"));
    assert!(Maslak.secret_fields().contains(&"identityNumber"));
}

#[test]
fn hostile_replies_never_panic() {
    let bodies: [&[u8]; 7] = [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        b"{\"banks\":{}}",
        b"1e999",
    ];
    for body in bodies {
        for status in [0, 100, 200, 201, 204, 302, 404, 422, 500, 999] {
            let reply = Response {
                status,
                headers: Vec::new(),
                body: body.to_vec(),
            };
            let http = Recording::of(Ok(reply));
            let (account, now) = (account(), now());
            let context = LenderContext {
                account: &account,
                http: &http,
                now: &now,
            };
            let amount = Money::new(1, Currency::Try);
            let answer = ready(Maslak.offers(context, OffersRequest { amount, items: &[] }));
            assert!(!matches!(answer, Ok(Verdict::Approved(_))));
        }
    }
}
