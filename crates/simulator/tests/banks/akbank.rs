//! Akbank's JSON: messages in the recorded shapes, signatures both ways, chip-para, sums, histories and
//! the list of a day, published cards, and bodies that nobody should send.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha512;

use crate::akbank_threeds::{OTP, form, proves};
use crate::bank::{BONUS, Bank, PLAIN, swapped};

const PROCESS: &str = "/akbank/api/v1/payment/virtualpos/transaction/process";
const REPORT: &str = "/akbank/api/v1/payment/virtualpos/portal/report/transaction";
const KEY: &str = "3230323330393034313735303032363031353172675f357637355f3273387373745f7233725f73323333383737335f323272383774767276327672323531355f";
pub(crate) const MERCHANT: &str = "2023090417500272654BD9A49CF07574";
pub(crate) const TERMINAL: &str = "2023090417500284633D137A249DBBEB";
/// The simulator's own Axess card, and the published one.
pub(crate) const AXESS: &str = "4355080000060009";
const PUBLISHED: &str = "4355080000000005";

pub(crate) fn sign(bytes: &[u8]) -> String {
    let mut mac = Hmac::<Sha512>::new_from_slice(KEY.as_bytes()).unwrap();
    mac.update(bytes);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// A message with what stands in every one.
pub(crate) fn message(code: &str, blocks: Value) -> Value {
    let mut message = json!({
        "version": "1.00",
        "txnCode": code,
        "requestDateTime": "2026-03-10T15:00:00.000",
        "randomNumber": "5A".repeat(64),
        "terminal": { "merchantSafeId": MERCHANT, "terminalSafeId": TERMINAL },
    });
    for (name, value) in blocks.as_object().unwrap() {
        message[name] = value.clone();
    }
    message
}

fn sale(order: &str, card: &str, amount: &str) -> Value {
    message(
        "1000",
        json!({
            "card": { "cardNumber": card, "cvv2": "123", "expireDate": "1230" },
            "order": { "orderId": order },
            "transaction": money(amount),
            "customer": { "emailAddress": "a@b.example", "ipAddress": "127.0.0.1" },
        }),
    )
}

pub(crate) fn money(amount: &str) -> Value {
    let amount: Value = serde_json::from_str(amount).unwrap();
    json!({ "amount": amount, "currencyCode": 949, "motoInd": 0, "installCount": 1 })
}

pub(crate) fn with(mut message: Value, name: &str, value: Value) -> Value {
    message[name] = value;
    message
}

fn about(code: &str, order: &str, amount: &str) -> Value {
    let message = message(code, json!({ "order": { "orderId": order } }));
    match amount {
        "" => message,
        amount => with(message, "transaction", money(amount)),
    }
}

async fn post(bank: &Bank, path: &str, body: &str, hash: &str) -> Vec<u8> {
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\nauth-hash: {hash}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    bank.raw(request.as_bytes()).await
}

/// Status, reply, and whether the reply's signature is right.
fn read(reply: &[u8]) -> (u16, Value, bool) {
    let text = String::from_utf8_lossy(reply).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let shown = head
        .lines()
        .find_map(|line| line.strip_prefix("auth-hash: "));
    let status = head[9..12].parse().unwrap();
    let signed = shown == Some(sign(body.as_bytes()).as_str());
    (
        status,
        serde_json::from_str(body).unwrap_or_default(),
        signed,
    )
}

async fn asks_at(bank: &Bank, path: &str, message: &Value) -> Value {
    let body = message.to_string();
    let (status, reply, signed) = read(&post(bank, path, &body, &sign(body.as_bytes())).await);
    assert!(signed, "{reply}");
    assert_eq!(
        status == 400,
        reply.get("responseCode").is_none(),
        "{reply}"
    );
    reply
}

pub(crate) async fn asks(bank: &Bank, message: Value) -> Value {
    asks_at(bank, PROCESS, &message).await
}

/// The gateway's code and the host's.
pub(crate) fn verdict(reply: &Value) -> String {
    let part = |name: &str| reply[name].as_str().unwrap_or_default().to_owned();
    format!("{} {}", part("responseCode"), part("hostResponseCode"))
}

pub(crate) async fn verdict_of(bank: &Bank, message: Value) -> String {
    verdict(&asks(bank, message).await)
}

fn names(value: &Value) -> String {
    let mut names: Vec<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names.join(" ")
}

pub(crate) const YES: &str = "VPS-0000 00";

#[tokio::test]
async fn a_sale_is_made_once_and_answered_as_recorded() {
    let bank = Bank::open().await;
    let sold = asks(&bank, sale("A-1", AXESS, "101.5")).await;
    assert_eq!(verdict(&sold), YES);
    assert_eq!(
        names(&sold),
        "campaign card hostMessage hostResponseCode order responseCode responseMessage reward terminal \
         transaction txnCode txnDateTime"
    );
    assert_eq!(sold["responseMessage"], "BAŞARILI");
    assert_eq!(sold["hostMessage"], "000 ONAY KODU XXXXXX");
    assert_eq!(sold["txnDateTime"], "2026-03-10T15:00:00.000");
    assert_eq!(sold["order"]["orderId"], "A-1");
    assert_eq!(sold["terminal"]["merchantSafeId"], MERCHANT);
    assert_eq!(names(&sold["transaction"]), "authCode batchNumber rrn stan");
    assert_eq!(sold["transaction"]["authCode"].as_str().unwrap().len(), 6);
    assert_eq!(sold["transaction"]["rrn"].as_str().unwrap().len(), 12);
    assert_eq!(
        names(&sold["reward"]),
        "ccbBalanceRewardAmount ccbEarnedRewardAmount ccbRewardDesc pcbBalanceRewardAmount \
         pcbEarnedRewardAmount pcbRewardDesc xcbBalanceRewardAmount xcbEarnedRewardAmount xcbRewardDesc"
    );
    let row = bank.row("A-1").await;
    assert_eq!(
        (&row["bank"], &row["captured"]),
        (&json!("akbank"), &json!(10_150))
    );
    assert_eq!(row["instalments"], 0);

    let again = asks(&bank, sale("A-1", AXESS, "101.50")).await;
    assert_eq!(verdict(&again), "VPS-1013 ");
    assert_eq!(
        again["responseMessage"],
        "Sipariş Numarası : A-1 tekil olmalıdır"
    );
    assert_eq!(
        again["transaction"],
        json!({ "stan": 0, "rrn": "0", "batchNumber": 0 })
    );
    assert_eq!(
        names(&again),
        "order responseCode responseMessage terminal transaction txnCode txnDateTime"
    );

    let mut instalments = sale("A-2", PLAIN, "9.99");
    instalments["transaction"]["installCount"] = json!(3);
    let sold = asks(&bank, instalments).await;
    assert_eq!(sold["reward"], json!({}), "no card of the program");
    assert_eq!(bank.row("A-2").await["instalments"], 3);

    let declined = asks(&bank, sale("A-3", "5100050000006661", "1.00")).await;
    assert_eq!(verdict(&declined), "VPS-1005 51");
    assert_eq!(declined["responseMessage"], "Provizyon Hatası");
    assert_eq!(declined["hostMessage"], "051 YETERSIZ BAKIYE");
    assert_eq!(declined["transaction"]["authCode"], "000000");
}

#[tokio::test]
async fn wrong_accounts_signatures_and_fields_are_refused_and_leave_nothing() {
    let bank = Bank::open().await;
    let sound = sale("W-1", PLAIN, "1.00");
    let body = sound.to_string();
    let hash = sign(body.as_bytes());
    for wrong in (0..hash.len() - 2).map(|at| swapped(&hash, at)) {
        let (status, reply, _) = read(&post(&bank, PROCESS, &body, &wrong).await);
        assert_eq!((status, &reply["message"]), (400, &json!("auth-hash")));
    }
    // The right signature of other bytes.
    let (status, ..) = read(&post(&bank, PROCESS, &format!("{body} "), &hash).await);
    assert_eq!(status, 400);
    let field = |block: &str, name: &str, value: Value| {
        let mut message = sound.clone();
        message[block][name] = value;
        message
    };
    let random = |text: &str| with(sound.clone(), "randomNumber", json!(text));
    for (message, refused) in [
        (field("terminal", "merchantSafeId", json!("x")), "terminal"),
        (with(sound.clone(), "version", json!("2.00")), "version"),
        (random("5a5a"), "randomNumber"),
        (random(&"g".repeat(128)), "randomNumber"),
        (with(sound.clone(), "txnCode", json!("1001")), "txnCode"),
        (with(sound.clone(), "txnCode", json!("1009")), "txnCode"),
        (field("order", "orderId", json!("")), "order.orderId"),
        (field("order", "orderId", json!("a/b")), "order.orderId"),
        (
            field("order", "orderId", json!("x".repeat(37))),
            "order.orderId",
        ),
        (
            field("transaction", "amount", json!(0)),
            "transaction.amount",
        ),
        (
            field("transaction", "amount", json!(-1)),
            "transaction.amount",
        ),
        (
            field("transaction", "amount", json!("1.001")),
            "transaction.amount",
        ),
        (
            field("transaction", "amount", json!("1e2")),
            "transaction.amount",
        ),
        (
            field("transaction", "currencyCode", json!("TRY")),
            "transaction.currencyCode",
        ),
        (
            field("transaction", "installCount", json!(0)),
            "transaction.installCount",
        ),
        (with(sound.clone(), "card", json!(null)), "card"),
        (with(sound.clone(), "customer", json!(null)), "customer"),
        (
            with(sound.clone(), "reward", json!({"ccbRewardAmount": "x"})),
            "reward",
        ),
    ] {
        assert_eq!(asks(&bank, message).await["message"], refused, "{refused}");
    }
    for moment in [
        "",
        "2026-03-10",
        "2026-02-30T15:00:00.000",
        "2026-03-10 15:00:00.000",
    ] {
        let message = with(sound.clone(), "requestDateTime", json!(moment));
        assert_eq!(verdict_of(&bank, message).await, "VPS-1073 ");
    }
    let planned = json!({ "frequencyInterval": 3, "frequencyCycle": "M", "numberOfPayments": 2 });
    let refused = asks(&bank, with(sound.clone(), "recurring", planned)).await;
    assert_eq!(verdict(&refused), "VPS-1061 ");
    assert_eq!(
        refused["responseMessage"],
        "Bu üye işyerinin planlı ve tekrarlayan işlem yetkisi yoktur"
    );
    let track = "a90d6b9b-3924-483e-b6a6-8a5dc2d62b24";
    for code in ["1002", "1003", "1010"] {
        let asked = message(code, json!({ "order": { "orderTrackId": track } }));
        let unknown = asks(&bank, asked).await;
        assert_eq!(verdict(&unknown), "VPS-1059 ");
        assert_eq!(
            unknown["responseMessage"],
            format!("Planlı İşlem bulunamadı. Talimat Takip Numarası : {track}")
        );
        assert_eq!(unknown["order"]["orderTrackId"], track);
    }
    let rows = bank.control("GET", "ledger?bank=akbank", "").await;
    assert_eq!(rows["orders"], json!([]));
}

#[tokio::test]
async fn hostile_bodies_are_answered() {
    let bank = Bank::open().await;
    let deep = "[".repeat(50_000);
    let wide = sale("H", &"4".repeat(50_000), "1.00").to_string();
    for body in [
        "",
        "{",
        "null",
        "[]",
        "\"1000\"",
        "{\"txnCode\":1000}",
        "\u{0}",
        &deep,
    ] {
        let (status, ..) = read(&post(&bank, PROCESS, body, &sign(body.as_bytes())).await);
        assert_eq!(status, 400, "{body:.20}");
    }
    let (_, reply, _) = read(&post(&bank, PROCESS, &wide, &sign(wide.as_bytes())).await);
    assert_eq!(verdict(&reply), "VPS-1005 14");
    let huge = "x".repeat(100_000);
    assert!(
        post(&bank, PROCESS, &huge, "")
            .await
            .starts_with(b"HTTP/1.1 413")
    );
    let page = bank
        .browse(
            "/akbank/securepay",
            &[("okUrl", "https://a/"), ("failUrl", "https://b/")],
        )
        .await;
    assert!(!page.contains("hashParams"), "{page}");
}

#[tokio::test]
async fn a_void_works_on_its_day_and_a_refund_after_it() {
    let bank = Bank::open().await;
    for order in ["V-1", "V-2", "V-3"] {
        asks(&bank, sale(order, PLAIN, "10.00")).await;
    }
    assert_eq!(
        verdict_of(&bank, about("1002", "V-1", "1.00")).await,
        "VPS-1005 T24"
    );
    let void = asks(&bank, about("1003", "V-1", "")).await;
    assert_eq!(verdict(&void), YES);
    assert_eq!(
        names(&void),
        "hostMessage hostResponseCode order responseCode responseMessage terminal txnCode txnDateTime"
    );
    for code in ["1003", "1002"] {
        let again = asks(&bank, about(code, "V-1", "")).await;
        assert_eq!(verdict(&again), "VPS-1008 ");
        assert_eq!(again["responseMessage"], "Daha önce iptal edilmiş işlem");
        assert_eq!(again.get("transaction").is_some(), code == "1002");
    }
    for code in ["1003", "1002"] {
        assert_eq!(verdict_of(&bank, about(code, "V-9", "")).await, "VPS-1007 ");
    }
    bank.pass(12);
    assert_eq!(
        verdict_of(&bank, about("1003", "V-2", "")).await,
        "VPS-1005 T29"
    );
    let refund = asks(&bank, about("1002", "V-2", "4.01")).await;
    assert_eq!(verdict(&refund), YES);
    assert_eq!(
        names(&refund["transaction"]),
        "authCode batchNumber rrn stan"
    );
    assert_eq!(
        verdict_of(&bank, about("1002", "V-2", "6.00")).await,
        "VPS-1005 13"
    );
    // Without an amount it is what is left.
    assert_eq!(verdict_of(&bank, about("1002", "V-2", "")).await, YES);
    assert_eq!(bank.row("V-2").await["refunded"], 1_000);
    assert_eq!(bank.row("V-2").await["moves"][1]["amount"], 599);
    assert_eq!(
        verdict_of(&bank, about("1002", "V-2", "")).await,
        "VPS-1005 T31"
    );
    assert_eq!(verdict_of(&bank, about("1002", "V-3", "10.00")).await, YES);
}

fn hold(order: &str, card: &str, amount: &str) -> Value {
    with(sale(order, card, amount), "txnCode", json!("1004"))
}

#[tokio::test]
async fn the_void_of_a_capture_leaves_the_hold_as_recorded() {
    let bank = Bank::open().await;
    let held = asks(&bank, hold("H-1", PLAIN, "30.00")).await;
    assert_eq!(verdict(&held), YES);
    assert_eq!(
        names(&held),
        "hostMessage hostResponseCode order responseCode responseMessage terminal transaction txnCode \
         txnDateTime"
    );
    assert_eq!(
        verdict_of(&bank, about("1002", "H-1", "1.00")).await,
        "VPS-1005 T24"
    );
    assert_eq!(
        verdict_of(&bank, about("1005", "H-1", "34.51")).await,
        "VPS-1005 13"
    );
    let taken = asks(&bank, about("1005", "H-1", "25.50")).await;
    assert_eq!(verdict(&taken), YES);
    // Both have one reference and one approval, as recorded.
    for name in ["authCode", "rrn"] {
        assert_eq!(taken["transaction"][name], held["transaction"][name]);
    }
    assert_ne!(taken["transaction"]["stan"], held["transaction"]["stan"]);
    assert_eq!(
        verdict_of(&bank, about("1005", "H-1", "1.00")).await,
        "VPS-1005 12"
    );
    assert_eq!(
        verdict_of(&bank, about("1005", "H-9", "1.00")).await,
        "VPS-1007 "
    );
    let captured = asks(&bank, about("1010", "H-1", "")).await;
    let own = &captured["txnDetailList"][1];
    assert_eq!(own["preAuthStatus"], "C");
    assert_eq!(own["preAuthCloseAmount"].to_string(), "25.5");

    assert_eq!(verdict_of(&bank, about("1003", "H-1", "")).await, YES);
    assert_eq!(bank.row("H-1").await["state"], "held");
    let history = asks(&bank, about("1010", "H-1", "")).await;
    let rows = &history["txnDetailList"];
    assert_eq!(
        names(&rows[0]),
        "amount authCode batchNumber ccbRewardAmount currencyCode hostMessage hostResponseCode installCount \
         maskedCardNumber orderId orgOrderId pcbRewardAmount responseCode responseMessage rrn settlementId \
         stan txnCode txnDateTime txnStatus xcbRewardAmount"
    );
    let told = |row: usize, name: &str| rows[row][name].to_string();
    assert_eq!(
        (told(0, "txnCode"), told(0, "txnStatus")),
        (r#""1005""#.into(), r#""V""#.into())
    );
    assert_eq!(
        (told(1, "txnCode"), told(1, "txnStatus")),
        (r#""1004""#.into(), r#""N""#.into())
    );
    assert_eq!(told(1, "preAuthStatus"), r#""O""#);
    assert_eq!(told(1, "preAuthCloseDate"), r#""1900-01-01T00:00:00.000""#);
    assert_eq!(told(1, "preAuthCloseAmount"), "0");
    assert_eq!(
        (told(0, "amount"), told(1, "amount")),
        ("25.5".into(), "30".into())
    );
    assert_eq!(rows[0]["orgOrderId"], "H-1");
    assert_ne!(rows[0]["orderId"], "H-1");
    // The hold itself goes with a second void.
    assert_eq!(verdict_of(&bank, about("1003", "H-1", "")).await, YES);
    assert_eq!(bank.row("H-1").await["state"], "voided");
    assert_eq!(
        verdict_of(&bank, about("1003", "H-1", "")).await,
        "VPS-1008 "
    );
}

#[tokio::test]
async fn histories_and_the_list_of_a_day_tell_every_transaction() {
    let bank = Bank::open().await;
    asks(&bank, sale("L-1", PLAIN, "10.00")).await;
    asks(&bank, sale("L-2", "5100050000006661", "2.00")).await;
    asks(&bank, sale("L-3", PLAIN, "3.00")).await;
    asks(&bank, about("1003", "L-3", "")).await;
    bank.pass(12);
    asks(&bank, about("1002", "L-1", "4.00")).await;

    let unknown = asks(&bank, about("1010", "2024041426072", "")).await;
    assert_eq!(verdict(&unknown), "VPS-1123 ");
    assert_eq!(
        unknown["responseMessage"],
        "İşlem bulunamadı. Sipariş Numarası : 2024041426072"
    );
    assert_eq!(
        names(&unknown),
        "order responseCode responseMessage terminal txnCode txnDateTime"
    );
    let history = asks(&bank, about("1010", "L-1", "")).await;
    let codes: Vec<&Value> = history["txnDetailList"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["txnCode"])
        .collect();
    assert_eq!(codes, ["1002", "1000"]);
    let declined = asks(&bank, about("1010", "L-2", "")).await;
    assert_eq!(verdict(&declined["txnDetailList"][0]), "VPS-1005 51");

    let day = async |from: &str, until: &str| {
        let period = json!({ "startDateTime": from, "endDateTime": until });
        asks_at(&bank, REPORT, &message("1009", json!({ "report": period }))).await
    };
    let today = day("2026-03-10T00:00:00.000", "2026-03-10T23:59:59.999").await;
    assert_eq!(
        names(&today),
        "data requestId responseCode responseMessage terminal txnDateTime"
    );
    let rows = unpacked(&today)["txnDetailList"].clone();
    let told: Vec<[&Value; 3]> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| [&row["orderId"], &row["txnStatus"], &row["hostResponseCode"]])
        .collect();
    assert_eq!(
        told,
        [
            ["L-1", "Başarılı", "00"],
            ["L-2", "Başarısız", "51"],
            ["L-3", "İptal", "00"]
        ]
    );
    assert_eq!(
        names(&rows[0]),
        "amount authCode batchNumber ccbRewardAmount currencyCode currencyLabel hostResponseCode \
         hostResponseMessage installmentCount installmentLabel maskedCardNumber orderId orgOrderId \
         pcbRewardAmount preAuthCloseAmount responseCode responseMessage rrn settlementId stan \
         txnCode txnDateTime txnStatus xcbRewardAmount"
    );
    assert!(rows[0]["rrn"].is_number());
    assert_eq!(rows[0]["installmentLabel"], "Peşin");
    let next = day("2026-03-11T00:00:00.000", "2026-03-11T23:59:59.999").await;
    let refund = &unpacked(&next)["txnDetailList"][0];
    assert_eq!(refund["txnCode"], "1002");
    assert_eq!(refund["orgOrderId"], "L-1");
    assert_eq!(refund["amount"].to_string(), "4");
    // By its batch, and a day of which nothing is known.
    let batch = message("1009", json!({ "report": { "batchNumber": 69 } }));
    let batch = unpacked(&asks_at(&bank, REPORT, &batch).await);
    assert_eq!(batch["txnDetailList"], rows);
    let empty = day("2026-03-09T00:00:00.000", "2026-03-09T23:59:59.999").await;
    assert_eq!(unpacked(&empty)["txnDetailList"], json!([]));
    let long = day("2026-03-09T00:00:00.000", "2026-03-10T00:00:01.000").await;
    assert_eq!(verdict(&long), "VPS-2229 ");
    let backwards = day("2026-03-10T00:00:00.000", "2026-03-09T00:00:00.000").await;
    assert_eq!(backwards["message"], "report.endDateTime");
    for number in ["0", "367", "-9223372036854775808", "x"] {
        let batch = message("1009", json!({ "report": { "batchNumber": number } }));
        assert_eq!(asks_at(&bank, REPORT, &batch).await["message"], "report");
    }
    let misled = asks(
        &bank,
        message("1009", json!({ "report": { "batchNumber": 69 } })),
    )
    .await;
    assert_eq!(misled["message"], "txnCode");
}

fn unpacked(report: &Value) -> Value {
    let packed = STANDARD.decode(report["data"].as_str().unwrap()).unwrap();
    let mut text = String::new();
    GzDecoder::new(&*packed).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

pub(crate) fn rewards(card: &str, firm: &str, brand: &str) -> Value {
    let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    json!({
        "ccbRewardAmount": number(card),
        "pcbRewardAmount": number(firm),
        "xcbRewardAmount": number(brand),
    })
}

#[tokio::test]
async fn chip_para_is_told_spent_and_given_back() {
    let bank = Bank::open().await;
    let purse = async |card: &str| {
        let block = json!({ "cardNumber": card, "cvv2": "123", "expireDate": "1230" });
        let asked = message("1006", json!({ "card": block, "transaction": money("1") }));
        let told = asks(&bank, asked).await;
        let reward = &told["reward"];
        let part = |kind: &str| reward[format!("{kind}BalanceRewardAmount")].to_string();
        format!(
            "{} {} {} {}",
            verdict(&told),
            part("ccb"),
            part("pcb"),
            part("xcb")
        )
    };
    assert_eq!(purse(PUBLISHED).await, "VPS-0000 00 24.24 40 0");
    assert_eq!(purse(BONUS).await, "VPS-0000 00 0 0 0");
    assert_eq!(
        purse("4355080000000013").await,
        "VPS-1005 14 null null null"
    );
    let spends = |order: &str, card: &str, amount: &str, reward: Value| {
        with(sale(order, card, amount), "reward", reward)
    };
    let sold = asks(
        &bank,
        spends("P-1", AXESS, "100", rewards("20", "10.5", "0")),
    )
    .await;
    assert_eq!(verdict(&sold), YES);
    assert_eq!(sold["reward"]["ccbBalanceRewardAmount"].to_string(), "4.24");
    let row = bank.row("P-1").await;
    assert_eq!(
        row["points"],
        json!({ "card": 2_000, "firm": 1_050, "mile": 0 })
    );
    assert_eq!(row["captured"], 10_000);
    let history = asks(&bank, about("1010", "P-1", "")).await;
    assert_eq!(
        history["txnDetailList"][0]["ccbRewardAmount"].to_string(),
        "20"
    );
    for (order, card, reward, code) in [
        ("P-2", AXESS, rewards("4.25", "0", "0"), "VPS-1005 T19"),
        ("P-3", AXESS, rewards("0", "0", "0.01"), "VPS-1005 T19"),
        ("P-4", BONUS, rewards("1", "0", "0"), "VPS-1005 T19"),
        ("P-5", AXESS, rewards("4", "29", "0"), "VPS-1005 T25"),
    ] {
        assert_eq!(
            verdict_of(&bank, spends(order, card, "30", reward)).await,
            code,
            "{order}"
        );
    }
    let mut dollars = spends("P-6", AXESS, "30", rewards("1", "0", "0"));
    dollars["transaction"]["currencyCode"] = json!(840);
    assert_eq!(verdict_of(&bank, dollars).await, "VPS-1005 12");
    // A hold spends too; what it spent is taken whole.
    let held = with(hold("P-7", AXESS, "20"), "reward", rewards("0", "9.5", "0"));
    assert_eq!(verdict_of(&bank, held).await, YES);
    assert_eq!(purse(AXESS).await, "VPS-0000 00 4.24 20 0");
    assert_eq!(
        verdict_of(&bank, about("1005", "P-7", "9.49")).await,
        "VPS-1005 13"
    );
    assert_eq!(verdict_of(&bank, about("1005", "P-7", "15")).await, YES);
    bank.pass(12);
    assert_eq!(verdict_of(&bank, about("1002", "P-1", "50")).await, YES);
    assert_eq!(bank.row("P-1").await["pointsReturned"], 1_525);
    assert_eq!(verdict_of(&bank, about("1002", "P-1", "")).await, YES);
    assert_eq!(purse(AXESS).await, "VPS-0000 00 24.24 30.5 0");
    // A brand's money is told from the third purse.
    bank.control(
        "POST",
        "purses",
        &format!(r#"{{"cardNumber":"{AXESS}","mile":500}}"#),
    )
    .await;
    assert_eq!(purse(AXESS).await, "VPS-0000 00 0 0 5");
    assert_eq!(
        verdict_of(&bank, spends("P-8", AXESS, "9", rewards("0", "0", "5"))).await,
        YES
    );
}

#[tokio::test]
async fn faults_and_failing_cards_meet_every_verb() {
    let bank = Bank::open().await;
    let fault = async |operation: &str, kind: &str, more: &str| {
        bank.fault(&format!(
            r#"{{"bank":"akbank","operation":"{operation}","fault":{{"kind":"{kind}"{more}}}}}"#
        ))
        .await;
    };
    let sold = sale("F-1", PLAIN, "1.00").to_string();
    fault("sale", "lose_reply", "").await;
    assert_eq!(
        post(&bank, PROCESS, &sold, &sign(sold.as_bytes())).await,
        b""
    );
    assert_eq!(
        verdict_of(&bank, sale("F-1", PLAIN, "1.00")).await,
        "VPS-1013 "
    );
    fault("sale", "wrong_mac", "").await;
    let body = sale("F-2", PLAIN, "1.00").to_string();
    let (_, reply, signed) = read(&post(&bank, PROCESS, &body, &sign(body.as_bytes())).await);
    assert_eq!((verdict(&reply).as_str(), signed), (YES, false));
    fault("sale", "decline", r#","code":"VPS/1013""#).await;
    assert_eq!(
        verdict_of(&bank, sale("F-3", PLAIN, "1.00")).await,
        "VPS-1013 "
    );
    fault("sale", "decline", r#","code":"91","after":true"#).await;
    assert_eq!(
        verdict_of(&bank, sale("F-4", PLAIN, "1.00")).await,
        "VPS-1005 91"
    );
    assert_eq!(bank.row("F-4").await["captured"], 100);
    let period = json!({
        "startDateTime": "2026-03-10T00:00:00.000",
        "endDateTime": "2026-03-10T23:59:59.999",
    });
    let card = json!({ "cardNumber": PLAIN, "expireDate": "1230" });
    for (operation, path, asked) in [
        ("hold", PROCESS, hold("F-5", PLAIN, "1.00")),
        ("capture", PROCESS, about("1005", "F-5", "1.00")),
        ("void", PROCESS, about("1003", "F-5", "")),
        ("refund", PROCESS, about("1002", "F-5", "1.00")),
        ("inquire", PROCESS, about("1010", "F-5", "")),
        (
            "loyalties",
            PROCESS,
            message("1006", json!({ "card": card })),
        ),
        ("list", REPORT, message("1009", json!({ "report": period }))),
    ] {
        fault(operation, "http_500", "").await;
        let body = asked.to_string();
        let broken = post(&bank, path, &body, &sign(body.as_bytes())).await;
        assert!(broken.starts_with(b"HTTP/1.1 500"), "{operation}");
        fault(operation, "decline", r#","code":"91""#).await;
        assert_eq!(
            verdict(&asks_at(&bank, path, &asked).await),
            "VPS-1005 91",
            "{operation}"
        );
        asks_at(&bank, path, &asked).await;
    }
    // What a tester writes is signed: the bank itself reverses, or is suspicious.
    fault(
        "inquire",
        "edit",
        r#","find":"\"txnStatus\":\"N\"","replace":"\"txnStatus\":\"S\"""#,
    )
    .await;
    let told = asks(&bank, about("1010", "F-1", "")).await;
    assert_eq!(told["txnDetailList"][0]["txnStatus"], "S");
    fault(
        "inquire",
        "answer",
        r#","body":"{\"responseCode\":\"VPS-0000\"}""#,
    )
    .await;
    assert_eq!(
        verdict_of(&bank, about("1010", "F-1", "")).await,
        "VPS-0000 "
    );

    for (card, code) in [
        ("4059190000006669", "VPS-1013 "),
        ("5213940000006667", "VPS-T98 "),
        ("5253390000006666", "VPS-1005 T04"),
    ] {
        assert_eq!(verdict_of(&bank, sale(card, card, "1.00")).await, code);
    }
    asks(&bank, sale("F-6", "5428040000006667", "1.00")).await;
    assert_eq!(
        verdict_of(&bank, about("1003", "F-6", "")).await,
        "VPS-1005 T28"
    );
}

/// The code of an error group, by the published table.
fn code_of(group: &str) -> &'static str {
    let table = include_str!("../../../../docs/simulator-codes.md");
    let rows = table.lines().filter(|line| line.starts_with("| "));
    let mut cells = rows.map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let found = cells.find(|cells| cells[1] == group);
    found.unwrap_or_else(|| panic!("no code of {group}"))[2]
}

#[tokio::test]
async fn every_published_failing_card_fails_with_its_code() {
    let bank = Bank::open().await;
    // Its refund could not fail if it did not buy; it stands among the sales, too.
    let day_end = "5400630000006667";
    let mut seen = 0;
    for row in include_str!("../../data/test-cards-error.csv")
        .lines()
        .skip(1)
    {
        let columns: Vec<&str> = row.split(',').collect();
        let (scenario, card, group) = (columns[0], columns[1], columns[2]);
        let refusal = match group {
            "ORDER_ID_ALREADY_USED" => "VPS-1013 ".to_owned(),
            "APPROVED_COMPLETED" => "VPS-T98 ".to_owned(),
            "PAYMENT_NOT_FOUND_FOR_REFUND" => "VPS-1007 ".to_owned(),
            "" | "THREEDS_INIT_ERROR" => String::new(),
            group => format!("VPS-1005 {}", code_of(group)),
        };
        let buys = scenario == "refund" && card == day_end;
        let switch = format!(r#"{{"requiresDayEndSaleSucceeds":{buys}}}"#);
        bank.control("POST", "switches", &switch).await;
        let order = format!("{scenario}-{card}");
        let sold = verdict_of(&bank, sale(&order, card, "10.00")).await;
        let held = verdict_of(&bank, hold(&format!("H-{card}"), card, "10.00")).await;
        match scenario {
            "sale" => assert_eq!(sold, refusal, "{row}"),
            // What the shopper may do is told by the page.
            "3ds" if refusal.is_empty() => {}
            "3ds" => {
                let form = form("3D_PAY", &format!("T-{card}"), card, &[]);
                let (_, told) = proves(&bank, &form, OTP).await;
                assert_eq!(verdict(&told), refusal, "{row}");
            }
            "refund" => {
                let undone = verdict_of(&bank, about("1003", &order, "")).await;
                assert_eq!((sold.as_str(), undone), (YES, refusal), "{row}");
            }
            "pre_post_auth" if held == YES => {
                let taken = about("1005", &format!("H-{card}"), "10.00");
                let taken = verdict_of(&bank, taken).await;
                assert_eq!((sold.as_str(), taken), (YES, refusal), "{row}");
            }
            "pre_post_auth" => assert_eq!((sold.as_str(), held), (YES, refusal), "{row}"),
            other => panic!("no such scenario: {other}"),
        }
        seen += 1;
    }
    assert_eq!(seen, 74);
}

#[tokio::test]
async fn every_published_card_buys() {
    let bank = Bank::open().await;
    let cards = include_str!("../../data/test-cards-success.csv")
        .lines()
        .skip(1);
    for card in cards.map(|row| row.split(',').next().unwrap()) {
        assert_eq!(
            verdict_of(&bank, sale(card, card, "10.00")).await,
            YES,
            "{card}"
        );
    }
}
