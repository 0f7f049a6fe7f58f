//! The hashes of requests and forms against published vectors, and lists of a day whole and broken.

use super::day_list::{day_list, unpack};
use super::threeds::form_hash;
use crate::bank::{Account, BankContext, DoubtReason};
use crate::banks::tests::{Replay, ready};
use crate::digest::{hmac_sha512_base64, hmac_sha512_hex};
use crate::http::{LIST_BYTES_MAX, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Zoned;
use std::io::Write;

const KEY: &str = "3230323330393034313735303032363031353172675f357637355f3273387373745f7233725f73323333383737335f323272383774767276327672323531355f";

#[test]
fn bodies_are_signed_as_published() {
    let body = r#"{"terminal":{"merchantSafeId":"2023090417500272654BD9A49CF07574","terminalSafeId":"2023090417500284633D137A249DBBEB"},"version":"1.00","txnCode":"1010","requestDateTime":"2024-04-20T13:48:02.000","randomNumber":"59EED19EC4FA761B8D147F5175C915EFD69D193ED96114F9690505EDB02FF5FD3CB161A15FD5EFFB294177291DC27B2A9F58FB1DA6F2F4617762AF180A023A33","order":{"orderId":"2024042053E2"}}"#;
    assert_eq!(
        hmac_sha512_base64(KEY, body.as_bytes()),
        "D07V9wUXfyPbn+L8jqd9plMfJKT3gSy22Z+yruzWsvuJBkQ63fz+wcWjTF2XurVjYtnR7wLGYTJYg0xjDCYAHA=="
    );
    let once = hmac_sha512_hex(KEY, b"x");
    assert!(once.len() == 128 && once.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F')));
}

#[test]
fn forms_are_signed_as_published() {
    // Not in the order in which they are signed.
    let fields = [
        ("requestDateTime", "2024-04-04T21:11:41.000"),
        ("creditCard", "4355093000315232"),
        ("expiredDate", "1135"),
        ("cvv", "665"),
        ("paymentModel", "3D"),
        ("txnCode", "3000"),
        ("merchantSafeId", "2023090417500272654BD9A49CF07574"),
        ("terminalSafeId", "2023090417500284633D137A249DBBEB"),
        ("orderId", "20240404A4B0"),
        ("lang", "TR"),
        ("amount", "1.01"),
        ("xcbRewardAmount", "1.00"),
        ("pcbRewardAmount", "1.00"),
        ("ccbRewardAmount", "1.00"),
        ("currencyCode", "949"),
        ("installCount", "1"),
        ("okUrl", "http://localhost/akbankpos/3d/response.php"),
        ("failUrl", "http://localhost/akbankpos/3d/response.php"),
        ("emailAddress", "test@test.com"),
        (
            "randomNumber",
            "AEDDD8688E11A3DC588DAB2ED59B2F64D45E798761CEFF17F4DB47581072697890180C4195986250F89C2C67A04A3B96F0AC66AE99B49BB7BEE618FBD621C4CD",
        ),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(
        form_hash(&fields, KEY),
        "ilR2mCExklKEti+2x61A8pcOfzJ5z5M6xMYmmU8ClaKaDuxKooFuH3v7XW/ba25xlTDqGN1H//i0zTiJl5YnfA=="
    );
}

/// A reply without a signature.
fn reply(body: &str) -> Response {
    Response {
        status: 200,
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    }
}

#[test]
fn a_day_that_no_part_of_is_short_enough_is_not_asked_for_without_end() {
    let account = Account {
        api_url: "https://apipre.akbank.com:443/api/v1/payment/virtualpos/transaction/process"
            .to_owned(),
        ..Account::default()
    };
    let now: Zoned = "2024-04-25T12:00:00+03:00[Europe/Istanbul]"
        .parse()
        .unwrap();
    let asked = |replies: Vec<Response>| {
        let http = Replay::of(replies);
        let context = BankContext {
            account: &account,
            http: &http,
            now: &now,
        };
        let answer = ready(day_list(context, "2024-04-22".parse().unwrap()));
        let requests = http.requests.into_inner().unwrap();
        let of_lists = requests.iter().all(|request| {
            request.url
                == "https://apipre.akbank.com:443/api/v1/payment/virtualpos/portal/report/transaction"
        });
        assert!(of_lists);
        (answer.unwrap_err(), requests.len())
    };
    // Down to a second.
    let (doubt, questions) = asked(vec![too_many(); 30]);
    assert_eq!(doubt.reason, DoubtReason::Unreadable);
    assert_eq!(
        (doubt.detail.as_str(), questions),
        ("the day's list is too long", 17)
    );
    // Down to parts of 22 minutes, each of which is short enough: there are more of them than are asked for.
    let (doubt, questions) = asked(halves(6));
    assert_eq!(
        (doubt.detail.as_str(), questions),
        ("the day's list is too long", 100)
    );
}

fn too_many() -> Response {
    reply(r#"{"responseCode": "VPS-2235", "responseMessage": ""}"#)
}

/// What a bank answers that gives lists only after so many halvings.
fn halves(depth: usize) -> Vec<Response> {
    if depth == 0 {
        let packed = pack(br#"{"txnDetailList": []}"#);
        let list = format!(r#"{{"responseCode": "VPS-0000", "data": "{packed}"}}"#);
        return vec![reply(&list)];
    }
    [vec![too_many()], halves(depth - 1), halves(depth - 1)].concat()
}

fn pack(list: &[u8]) -> String {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(list).unwrap();
    STANDARD.encode(packer.finish().unwrap())
}

#[test]
fn a_packed_list_is_read_whole_or_not_at_all() {
    let list = br#"{"terminal": {}, "txnDetailList": [{"orderId": "A"}, {"orderId": "B"}]}"#;
    let whole = unpack(&pack(list)).unwrap();
    for end in 0..list.len() {
        assert!(unpack(&pack(&list[..end])).is_err(), "{end}");
    }
    let packed = STANDARD.decode(pack(list)).unwrap();
    for at in 0..packed.len() {
        for bit in 0..8 {
            let mut damaged = packed.clone();
            damaged[at] ^= 1 << bit;
            // What the head says of time and machine is nothing of the list.
            let read = unpack(&STANDARD.encode(damaged));
            assert!(read.is_err() || read.as_ref() == Ok(&whole), "{at} {bit}");
        }
    }
    // What unpacks to more than a list may have is not unpacked to its end.
    let long = format!("\"{}\"", " ".repeat(LIST_BYTES_MAX - 2));
    assert!(unpack(&pack(long.as_bytes())).is_ok());
    let long = format!("\"{}\"", " ".repeat(LIST_BYTES_MAX - 1));
    assert!(unpack(&pack(long.as_bytes())).is_err());
}
