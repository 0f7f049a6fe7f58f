//! The MACs of PosNet against published vectors, and its amounts and codes.

use super::*;
use crate::banks::tests::{Call, Replay};
use crate::digest::sha256_base64;
use crate::http::Response;
use crate::protocol::Protocol;
use serde_json::{Value, json};

fn account(terminal: &str, merchant: &str) -> Account {
    let key = "10,10,10,10,10,10,10,10";
    Call(json!({ "account": { "clientId": merchant, "terminalId": terminal, "threedsKey": key } }))
        .account()
}

#[test]
fn macs_are_the_published_ones() {
    let first = account("67005551", "6706598320");
    let second = account("67537267", "6797752273");
    for (account, values, expected) in [
        (
            &first,
            vec!["TST_190620093100_024", "175", "TL", "6706598320"],
            "nyeFSQ4J9NZVeCcEGCDomM8e2YIvoeIa/IDh2D3qaL4=",
        ),
        (
            &first,
            vec!["9", "00000000000000000895", "100", "TL", "6706598320"],
            "7I9ojRm7yzvZZTFNOYWocGIGSTv2Vmq23STR6X6X+c0=",
        ),
        (
            &first,
            vec!["1", "YKB_0000080603153823", "5696", "TL", "6706598320"],
            "y0fU6rRA0OvqJ5GN6uMdHVu6Xra7QR1qeT9rN7R1L+o=",
        ),
        (
            &first,
            vec!["YKB_0000080603153823", "5696", "TL", "6706598320"],
            "kdjP5uu0apXf0/G7n6TwJIW66elMDmhstYhwhDhq5IQ=",
        ),
        (
            &second,
            vec!["9", "12345678901234567890", "10000", "TL", "6797752273"],
            "u08ENxSy/9Bi04MJ2IgbUWfg/LalRlGXjcLl7X0b+dg=",
        ),
        (
            &second,
            vec!["", "12345678901234567890", "10000", "TL", "6797752273"],
            "JGiC2uzp8MCNxuyr6G7gLsomQ7uvV7R3CMihYnQZ4Bo=",
        ),
    ] {
        assert_eq!(threeds::mac(account, &values), expected, "{values:?}");
    }
}

#[test]
fn macs_of_the_vector_file_hold() {
    let all: Vec<Value> =
        serde_json::from_str(include_str!("../../../fixtures/hash-vectors.json")).unwrap();
    let mut seen = 0;
    for vector in all.iter().filter(|vector| vector["family"] == "posnet_xml") {
        let (text, expected) = (
            vector["text"].as_str().unwrap(),
            vector["expected"].as_str().unwrap(),
        );
        assert_eq!(sha256_base64(text), expected);
        let mut values: Vec<&str> = text.split(';').collect();
        values.pop();
        assert_eq!(
            threeds::mac(&account("67005551", "6706598320"), &values),
            expected
        );
        seen += 1;
    }
    assert_eq!(seen, 2);
    for (terminal, digest) in [
        ("67005551", "c1PPl+2UcdixyhgLYnf4VfJyFGaNQNOwE0uMkci7Uag="),
        ("67537267", "wdJGey41hhhDnQSmtNiGwuaLSJwol4iGgo3zsPyICRw="),
    ] {
        assert_eq!(
            sha256_base64(&format!("10,10,10,10,10,10,10,10;{terminal}")),
            digest
        );
    }
}

#[test]
fn amounts_of_the_inquiry_are_lira_with_a_comma() {
    for (text, minor) in [
        ("1,16", Some(116)),
        ("1.234,56", Some(123_456)),
        ("0,05", Some(5)),
        ("116", None),
        ("1.16", None),
        ("1,1", None),
        ("-1,16", None),
        (",16", None),
        ("99999999999999999999,00", None),
    ] {
        assert_eq!(record::lira(text), minor, "{text}");
    }
}

#[test]
fn an_order_has_no_endless_list() {
    let returned = |number: usize| {
        format!(
            "<transaction><orderID>0000ABCDEFGHJKLMNPQRST23</orderID><amount>0,01</amount>\
             <currencyCode>TL</currencyCode><state>Return</state><txnStatus>1</txnStatus>\
             <hostlogkey>{number:018}</hostlogkey></transaction>"
        )
    };
    for (count, known) in [(1_000, true), (1_001, false)] {
        let list: String = (0..count).map(returned).collect();
        let reply = format!(
            "<posnetResponse><approved>1</approved><transactions>{list}</transactions></posnetResponse>"
        );
        let call = Call(json!({
            "verb": "given_back",
            "order": { "id": "ABCDEFGHJKLMNPQRST23", "amount": 100_000, "currency": "TRY" },
        }));
        let http = Replay::of([Response {
            status: 200,
            headers: Vec::new(),
            body: reply.into_bytes(),
        }]);
        let answer = call.make(Protocol::PosNet, &http);
        assert_eq!(answer.starts_with("Ok("), known, "{answer}");
    }
}

#[test]
fn codes_of_issuer_bank_and_simulator_find_their_group() {
    for (code, text, group) in [
        ("0051", "", ErrorGroup::NotSufficientFunds),
        ("0T07", "", ErrorGroup::DebitCardsRequires3ds),
        ("0T27", "", ErrorGroup::Unknown),
        ("0003", "", ErrorGroup::InvalidMerchantOrSp),
        (
            "0003",
            "148 MID,TID,IP HATALI: 203.0.113.9",
            ErrorGroup::InvalidIp,
        ),
        ("0148", "", ErrorGroup::InvalidIp),
        ("0211", "", ErrorGroup::ExpiredProvision),
        ("0788", "", ErrorGroup::InvalidTransaction),
        ("0450", "", ErrorGroup::MayHaveAlreadyRefunded),
        ("0411", "", ErrorGroup::RequiresDayEnd),
        ("0T34", "", ErrorGroup::PosBalanceNotSufficient),
        ("0777", "", ErrorGroup::Declined),
        ("", "", ErrorGroup::Declined),
    ] {
        assert_eq!(error_group(code, text), group, "{code}");
    }
}
