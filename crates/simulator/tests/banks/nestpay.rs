//! NestPay: messages of its banks, what they answer in the recorded shapes, points, sums, history, and
//! bodies that nobody should send.

use crate::bank::{Bank, FORM, PLAIN, body, form, tag};
use serde_json::json;

pub(crate) const ISBANK: Shop = Shop("ISBANKAPI", "ISBANK07", "700655000200", "TRPS0200");
pub(crate) const ZIRAAT: Shop = Shop("ZIRAATAPI", "ZIRAAT19", "190100000", "123456");
pub(crate) const TEB: Shop = Shop("TEBAPI", "TEB00032", "320100000", "TRPS0032");
const HALKBANK: Shop = Shop("HALKBANKAPI", "HALK0012", "120100000", "TRPS0012");
const ING: Shop = Shop("INGBANKAPI", "INGB0099", "990100000", "TRPS0099");
const AKBANK: Shop = Shop("AKTESTAPI", "AKBANK01", "100100000", "123456");
const ANADOLUBANK: Shop = Shop("ANADOLUAPI", "ANAD0135", "135100000", "TRPS0135");
const FIBABANK: Shop = Shop("FIBAAPI", "FIBA0103", "103100000", "TRPS0103");
const FINANSKATILIM: Shop = Shop("TFKBAPI", "TFKB0206", "280000100", "TRPS2828");

const MAXIMUM: &str = "4183420000060005";
const PARAF: &str = "4920950000060009";
const BANKKART: &str = "4132260000060007";
const ING_BONUS: &str = "4006840000060009";
const TEB_BONUS: &str = "4024580000060009";
const AXESS: &str = "4355080000060009";

/// User, password, ClientId and store key.
#[derive(Clone, Copy)]
pub(crate) struct Shop(
    pub(crate) &'static str,
    pub(crate) &'static str,
    pub(crate) &'static str,
    pub(crate) &'static str,
);

impl Shop {
    pub(crate) fn document(self, fields: &str) -> String {
        let Shop(name, password, client, _) = self;
        format!(
            "<?xml version=\"1.0\" encoding=\"ISO-8859-9\"?><CC5Request><Name>{name}</Name>\
             <Password>{password}</Password><ClientId>{client}</ClientId>{fields}</CC5Request>"
        )
    }

    pub(crate) async fn raw(self, bank: &Bank, fields: &str) -> Vec<u8> {
        let document = self.document(fields);
        bank.send("POST", "/nestpay/fim/api", "text/xml", &document)
            .await
    }

    pub(crate) async fn asks(self, bank: &Bank, fields: &str) -> String {
        body(&self.raw(bank, fields).await)
    }

    pub(crate) async fn sells(self, bank: &Bank, order: &str, card: &str, total: &str) -> String {
        self.asks(bank, &sale("Auth", order, card, total, "")).await
    }

    async fn about(self, bank: &Bank, kind: &str, order: &str, total: &str) -> String {
        let fields = format!(
            "<Type>{kind}</Type><OrderId>{order}</OrderId><Total>{total}</Total>\
             <Currency>949</Currency>"
        );
        self.asks(bank, &fields).await
    }

    async fn inquires(self, bank: &Bank, what: &str, order: &str) -> String {
        let fields = format!("<OrderId>{order}</OrderId><Extra><{what}>QUERY</{what}></Extra>");
        self.asks(bank, &fields).await
    }
}

pub(crate) fn sale(kind: &str, order: &str, card: &str, total: &str, extra: &str) -> String {
    format!(
        "<Type>{kind}</Type><IPAddress>127.0.0.1</IPAddress><OrderId>{order}</OrderId>\
         <Total>{total}</Total><Currency>949</Currency><Taksit></Taksit><Number>{card}</Number>\
         <Expires>12/30</Expires><Cvv2Val>123</Cvv2Val><Mode>P</Mode><Extra>{extra}</Extra>"
    )
}

/// Response, code and error.
pub(crate) fn verdict(reply: &str) -> String {
    let parts = ["Response", "ProcReturnCode", "ERRORCODE"];
    parts.map(|name| tag(reply, name)).join(" ")
}

/// The names of the elements of a reply that hold text or nothing, in their order.
fn names(reply: &str) -> Vec<String> {
    let opened = reply.split('<').skip(1);
    let opened = opened.filter(|part| !part.starts_with(['/', '?']));
    opened
        .map(|part| part.split('>').next().unwrap().to_owned())
        .collect()
}

/// The inquiry of a card's points.
fn purse(card: &str, ask: &str) -> String {
    format!("<Number>{card}</Number><Expires>12.2030</Expires><Extra>{ask}</Extra>")
}

const TOP: &str =
    "CC5Response OrderId GroupId Response AuthCode HostRefNum ProcReturnCode TransId ErrMsg";

#[tokio::test]
async fn a_sale_is_made_once_and_answered_as_recorded() {
    let bank = Bank::open().await;
    let sold = ISBANK.sells(&bank, "N1", PLAIN, "101.5").await;
    assert_eq!(verdict(&sold), "Approved 00 ");
    assert_eq!(
        names(&sold).join(" "),
        format!(
            "{TOP} Extra SETTLEID TRXDATE ERRORCODE TERMINALID MERCHANTID CARDBRAND CARDISSUER HOSTDATE \
             NUMCODE"
        )
    );
    for (name, value) in [
        ("OrderId", "N1"),
        ("GroupId", "N1"),
        ("TRXDATE", "20260310 15:00:00"),
        ("HOSTDATE", "0310-150000"),
        ("TERMINALID", "00655020"),
        ("CARDBRAND", "MASTERCARD"),
        ("NUMCODE", "00"),
        ("ErrMsg", ""),
    ] {
        assert_eq!(tag(&sold, name), value, "{name}");
    }
    assert_eq!(tag(&sold, "HostRefNum").len(), 12);
    assert_eq!(tag(&sold, "AuthCode").len(), 6);
    let row = bank.row("N1").await;
    assert_eq!(row["bank"], "nestpay");
    assert_eq!(row["account"], "700655000200");
    assert_eq!(
        (&row["orderId"], &row["captured"]),
        (&json!("N1"), &json!(10_150))
    );

    let again = ISBANK.sells(&bank, "N1", PLAIN, "101.50").await;
    assert_eq!(verdict(&again), "Error 99 CORE-2507");
    assert_eq!(tag(&again, "NUMCODE"), "992507");
    assert_eq!(
        tag(&again, "ErrMsg"),
        "Bu siparis numarasi ile zaten basarili bir siparis var."
    );
    assert_eq!(
        names(&again).join(" "),
        format!("{TOP} Extra SETTLEID TRXDATE ERRORCODE NUMCODE")
    );
    assert_ne!(tag(&again, "TransId"), "");
    // Another merchant's orders are others.
    let other = ZIRAAT.sells(&bank, "N1", PLAIN, "7.00").await;
    assert_eq!(verdict(&other), "Approved 00 ");
    let rows = bank.control("GET", "ledger?orderId=N1", "").await;
    assert_eq!(rows["orders"].as_array().unwrap().len(), 2);
    assert_eq!(
        verdict(&TEB.about(&bank, "Void", "N1", "").await),
        "Error 99 CORE-2008"
    );
}

#[tokio::test]
async fn ziraats_host_words_its_replies_its_own_way() {
    let bank = Bank::open().await;
    let sold = ZIRAAT.sells(&bank, "Z1", "4132260000000003", "10.00").await;
    assert_eq!(
        names(&sold).join(" "),
        format!(
            "{TOP} ERRORCODE Extra KULLANILANPUAN KAZANILANPUAN KULLANILABILIRPUAN CARDBRAND CARDISSUER \
             TRXDATE ACQSTAN TRACEID NUMCODE SETTLEID"
        )
    );
    // Numeric references, as in the recording.
    assert_eq!(
        tag(&sold, "CARDISSUER"),
        "T.C.Z&#304;RAAT BANKASI A.&#350;."
    );
    let no_funds = ZIRAAT.sells(&bank, "Z2", "5100050000006661", "10.00").await;
    assert_eq!(verdict(&no_funds), "Declined 51 ISO8583-51");
    assert_eq!(tag(&no_funds, "NUMCODE"), "51");
    assert_eq!(bank.row("Z2").await["declineCode"], "51");
}

#[tokio::test]
async fn wrong_accounts_and_fields_are_refused_and_leave_nothing() {
    let bank = Bank::open().await;
    let asks = async |shop: Shop, fields: String| verdict(&shop.asks(&bank, &fields).await);
    let sound = sale("Auth", "W1", PLAIN, "1.00", "");
    let stranger = Shop("ISBANKAPI", "ISBANK07", "700655000201", "");
    assert_eq!(asks(stranger, sound.clone()).await, "Error 99 2100");
    for shop in [
        Shop("ISBANKAPI", "ISBANK08", "700655000200", ""),
        Shop("ZIRAATAPI", "ISBANK07", "700655000200", ""),
        // Another merchant's user.
        Shop("ISBANKAPI", "ISBANK07", "190100000", ""),
        Shop("", "", "190100000", ""),
    ] {
        let denied = shop.asks(&bank, &sound).await;
        assert_eq!(verdict(&denied), "Error 99 ");
        assert_eq!(
            names(&denied).join(" "),
            format!("{TOP} Extra HOSTMSG NUMCODE")
        );
        assert_eq!(tag(&denied, "NUMCODE"), "00009900641096");
    }
    for (from, to, error) in [
        ("<Type>Auth", "<Type>auth", "2001"),
        ("<Type>Auth", "<Type>", "2001"),
        ("<Type>Auth", "<Type>Query", "2001"),
        ("<OrderId>W1", "<OrderId>", "2301"),
        ("<OrderId>W1", "<OrderId>a/b", "2301"),
        ("<Total>1.00", "<Total>", "2005"),
        ("<Total>1.00", "<Total>0.00", "2009"),
        ("<Total>1.00", "<Total>1,00", "2007"),
        ("<Total>1.00", "<Total>-1.00", "2007"),
        ("<Total>1.00", "<Total>1.", "2007"),
        ("<Total>1.00", "<Total>1.001", "2007"),
        ("<Total>1.00", "<Total>99999999999.00", "2007"),
        ("<Currency>949", "<Currency>TRY", "2106"),
        ("<Taksit>", "<Taksit>37", "2603"),
        ("<Taksit>", "<Taksit>1", "2603"),
        ("<Taksit>", "<Taksit>x", "2603"),
        ("<Number>5258640000000001", "<Number>", "2015"),
        (
            "<Number>5258640000000001",
            "<Number>5258640000000002",
            "2012",
        ),
        ("<Mode>P", "<Mode>X", "2005"),
    ] {
        assert!(sound.contains(from), "{from}");
        let spoilt = sound.replacen(from, to, 1);
        assert_eq!(
            asks(ISBANK, spoilt).await,
            format!("Error 99 CORE-{error}"),
            "{to}"
        );
    }
    for (from, to, code) in [
        ("<Expires>12/30", "<Expires>", "T15"),
        ("<Expires>12/30", "<Expires>13/30", "T15"),
        ("<Expires>12/30", "<Expires>02/26", "54"),
        ("<Number>5258640000000001", "<Number>4111111111111129", "14"),
    ] {
        let spoilt = sound.replacen(from, to, 1);
        let expected = format!("Declined {code} ISO8583-{code}");
        assert_eq!(asks(ISBANK, spoilt).await, expected, "{to}");
    }
    assert_eq!(bank.row("W1").await["captured"], 0);
    assert_eq!(asks(ISBANK, sound).await, "Approved 00 ");
}

#[tokio::test]
async fn turkish_letters_arrive_whole_in_either_spelling() {
    let bank = Bank::open().await;
    let post = async |content: &str, kind: &str, bytes: &[u8]| {
        let head = format!(
            "POST {content} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-type: {kind}\r\n\
             content-length: {}\r\n\r\n",
            bytes.len()
        );
        bank.raw(&[head.as_bytes(), bytes].concat()).await
    };
    let latin = |order: &[u8]| {
        let (before, after) = ("<Type>Auth</Type><OrderId>", "</OrderId>");
        let sound = sale("Auth", "X", PLAIN, "1.00", "").replace("<OrderId>X</OrderId>", "");
        let sound = sound.replace("<Type>Auth</Type>", "");
        let document = ISBANK.document(&format!("{before}ORDER{after}{sound}"));
        let at = document.find("ORDER").unwrap();
        [
            &document.as_bytes()[..at],
            order,
            &document.as_bytes()[at + 5..],
        ]
        .concat()
    };
    let path = "/nestpay/fim/api";
    // İş, in the document's charset, in numeric references, and as UTF-8 that says so.
    let bytes = post(path, "text/xml", &latin(b"\xDD\xFE1")).await;
    assert!(
        bytes.windows(3).any(|part| part == b"&#3"),
        "approved: references"
    );
    assert_eq!(bank.row("%C4%B0%C5%9F1").await["captured"], 100);
    post(path, "text/xml", &latin(b"&#x130;&#351;2")).await;
    assert_eq!(bank.row("%C4%B0%C5%9F2").await["captured"], 100);
    let utf8 = String::from_utf8(latin("İş3".as_bytes())).unwrap();
    let utf8 = utf8.replacen("ISO-8859-9", "UTF-8", 1);
    post(path, "text/xml", utf8.as_bytes()).await;
    assert_eq!(bank.row("%C4%B0%C5%9F3").await["captured"], 100);
    // As a form field, whose bytes are the document's.
    let escaped: String = latin(b"\xDD\xFE 4")
        .iter()
        .map(|byte| {
            if *byte == b' ' {
                "+".to_owned()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    post(path, FORM, format!("x=1&DATA={escaped}").as_bytes()).await;
    assert_eq!(bank.row("%C4%B0%C5%9F%204").await["captured"], 100);
    // A refusal's text comes as bytes of ISO-8859-9.
    let void = ISBANK
        .raw(&bank, "<Type>Void</Type><OrderId>none</OrderId>")
        .await;
    let text = b"\xDDptal edilmeye uygun sat\xFD\xFE i\xFElemi bulunamad\xFD.";
    assert!(void.windows(text.len()).any(|part| part == text));
    assert_eq!(tag(&body(&void), "OrderId"), "");
}

#[tokio::test]
async fn hostile_bodies_are_answered() {
    let bank = Bank::open().await;
    let deep = "<a>".repeat(20_000);
    let wide = ISBANK.document(&"<a/>".repeat(5_000));
    let doctype = format!("<!DOCTYPE a [<!ENTITY x 'y'>]>{}", ISBANK.document(""));
    let lying = ISBANK.document("").replace("ISO-8859-9", "UTF-8");
    let lying = [lying.as_bytes(), b"\xFF"].concat();
    let huge_number = ISBANK.document(&sale("Auth", "H", &"4".repeat(50_000), "1.00", ""));
    for body in [
        "",
        "<",
        "\0\0",
        "DATA=",
        "DATA=%",
        "DATA=%FF%FE%",
        "<CC5Request/>",
        "<GVPSRequest/>",
        &deep,
        &wide,
        &doctype,
        &huge_number,
    ]
    .map(str::as_bytes)
    .into_iter()
    .chain([&*lying])
    {
        let request = format!(
            "POST /nestpay/fim/api HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        let reply = bank.raw(&[request.as_bytes(), body].concat()).await;
        let reply = crate::bank::body(&reply);
        assert_eq!(tag(&reply, "Response"), "Error", "{reply}");
    }
    let huge = "x".repeat(100_000);
    let reply = bank
        .send("POST", "/nestpay/fim/api", "text/xml", &huge)
        .await;
    assert!(reply.starts_with(b"HTTP/1.1 413"));
    let mut fields = vec![("clientid", "700655000200"), ("oid", "\u{0}")];
    fields.extend([("okUrl", "https://a/"), ("failUrl", "https://b/")]);
    let page = bank.browse("/nestpay/fim/est3Dgate", &fields).await;
    assert!(page.contains("name=\"mdStatus\" value=\"7\""), "{page}");
    assert!(form(&fields).len() > 10);
}

#[tokio::test]
async fn a_void_works_on_its_day_and_a_refund_after_it() {
    let bank = Bank::open().await;
    for order in ["V1", "V2"] {
        ISBANK.sells(&bank, order, PLAIN, "10.00").await;
    }
    let early = ISBANK.about(&bank, "Credit", "V1", "1.00").await;
    assert_eq!(verdict(&early), "Error 99 CORE-2508");
    assert_eq!(tag(&early, "OrderId"), "V1");
    assert_eq!(
        tag(&early, "ErrMsg"),
        "Iade yapilamaz, siparis gunsonuna girmemis."
    );
    let void = ISBANK.about(&bank, "Void", "V2", "").await;
    assert_eq!(verdict(&void), "Approved 00 ");
    let again = ISBANK.about(&bank, "Void", "V2", "").await;
    assert_eq!(verdict(&again), "Error 99 CORE-2008");
    // Recorded of an order that was voided.
    let refund = ISBANK.about(&bank, "Credit", "V2", "1.00").await;
    assert_eq!(verdict(&refund), "Error 99 CORE-2508");
    bank.pass(24);
    let late = ISBANK.about(&bank, "Void", "V1", "").await;
    assert_eq!(verdict(&late), "Error 99 CORE-2008");
    for (total, expected) in [
        ("0.00", "Error 99 CORE-2504"),
        ("10.01", "Error 99 CORE-2503"),
        ("4.00", "Approved 00 "),
        ("6.01", "Error 99 CORE-2503"),
        ("6.00", "Approved 00 "),
        ("0.01", "Error 99 CORE-2504"),
    ] {
        let refund = ISBANK.about(&bank, "Credit", "V1", total).await;
        assert_eq!(verdict(&refund), expected, "{total}");
    }
    let none = ISBANK.about(&bank, "Credit", "none", "1.00").await;
    assert_eq!(verdict(&none), "Error 99 CORE-2123");
    assert_eq!(bank.row("V1").await["state"], "refunded");
    assert_eq!(bank.row("V2").await["voided"], 1_000);
    // Ziraat's reply, recorded, lacks half of the fields.
    ZIRAAT.sells(&bank, "V3", PLAIN, "1.00").await;
    let settled = bank.control("POST", "settle-day?bank=nestpay", "").await;
    assert_eq!(settled["settled"], 1);
    ZIRAAT.about(&bank, "Credit", "V3", "1.00").await;
    let spent = ZIRAAT.about(&bank, "Credit", "V3", "1.00").await;
    assert_eq!(
        names(&spent).join(" "),
        "CC5Response OrderId Response HostRefNum TransId ErrMsg Extra TRXDATE TRACEID ERRORCODE"
    );
    assert_eq!(verdict(&spent), "Declined  215021");
    assert_eq!(tag(&spent, "ErrMsg"), "Net Tutar 0.");
}

#[tokio::test]
async fn a_hold_is_captured_once_and_more_of_it_only_by_its_amount() {
    let bank = Bank::open().await;
    let hold = async |order: &str| {
        let held = ISBANK
            .asks(&bank, &sale("PreAuth", order, PLAIN, "100.00", ""))
            .await;
        assert_eq!(verdict(&held), "Approved 00 ");
        assert!(tag(&held, "AuthCode").starts_with('T'));
    };
    let capture = async |order: &str, total: &str, extra: &str| {
        let fields = format!(
            "<Type>PostAuth</Type><OrderId>{order}</OrderId><Total>{total}</Total><Extra>{extra}</Extra>"
        );
        verdict(&ISBANK.asks(&bank, &fields).await)
    };
    for order in ["P1", "P2", "P3"] {
        hold(order).await;
    }
    bank.pass(1);
    let held = ISBANK.inquires(&bank, "ORDERSTATUS", "P1").await;
    assert_eq!(
        [tag(&held, "TRANS_STAT"), tag(&held, "CAPTURE_AMT")],
        ["A", ""]
    );
    assert_eq!(capture("P1", "100.01", "").await, "Error 99 CORE-2512");
    let right = "<PREAMT>100.00</PREAMT>";
    assert_eq!(capture("P1", "115.01", right).await, "Error 99 CORE-2512");
    let wrong = "<PREAMT>99.00</PREAMT>";
    assert_eq!(capture("P1", "101.00", wrong).await, "Error 99 CORE-2512");
    assert_eq!(
        capture("P1", "1.00", "<PREAMT>x</PREAMT>").await,
        "Error 99 CORE-2007"
    );
    assert_eq!(capture("P1", "110.00", right).await, "Approved 00 ");
    assert_eq!(capture("P1", "1.00", "").await, "Error 99 CORE-2509");
    assert_eq!(capture("P2", "40.00", "").await, "Approved 00 ");
    assert_eq!(capture("none", "1.00", "").await, "Error 99 CORE-2509");
    assert_eq!(bank.row("P1").await["captured"], 11_000);
    // One transaction in the history, as recorded.
    let history = ISBANK.inquires(&bank, "ORDERHISTORY", "P2").await;
    assert_eq!(tag(&history, "TRXCOUNT"), "1");
    let row: Vec<String> = tag(&history, "TRX1")
        .split('\t')
        .map(str::to_owned)
        .collect();
    assert_eq!(row[..4], ["S", "C", "10000", "4000"]);
    // What was done last is undone first: the capture, and its hold stays.
    let void = ISBANK.about(&bank, "Void", "P2", "").await;
    assert_eq!(verdict(&void), "Approved 00 ");
    let held = ISBANK.inquires(&bank, "ORDERSTATUS", "P2").await;
    assert_eq!(tag(&held, "TRANS_STAT"), "A");
    assert_ne!(tag(&held, "VOID_DTTM"), "");
    for order in ["P2", "P3"] {
        let void = ISBANK.about(&bank, "Void", order, "").await;
        assert_eq!(verdict(&void), "Approved 00 ", "{order}");
        assert_eq!(capture(order, "1.00", "").await, "Error 99 CORE-2509");
    }
    for (card, operation, code) in [
        ("9792120000006667", "PreAuth", "51"),
        ("4043150000006662", "PostAuth", "12"),
    ] {
        let held = ISBANK
            .asks(&bank, &sale("PreAuth", code, card, "1.00", ""))
            .await;
        let refused = match operation {
            "PreAuth" => verdict(&held),
            _ => capture(code, "1.00", "").await,
        };
        assert_eq!(refused, format!("Declined {code} ISO8583-{code}"));
    }
}

#[tokio::test]
async fn a_status_is_empty_in_the_first_seconds() {
    let bank = Bank::open().await;
    ISBANK.sells(&bank, "S1", PLAIN, "1.01").await;
    let none = ISBANK.inquires(&bank, "ORDERSTATUS", "S1").await;
    assert_eq!(verdict(&none), "Declined 99 ");
    assert_eq!(tag(&none, "ErrMsg"), "No record found for S1");
    assert_eq!(
        tag(&none, "ORDERSTATUS"),
        "ORD_ID:\tCHARGE_TYPE_CD:\tORIG_TRANS_AMT:\tCAPTURE_AMT:\tTRANS_STAT:\tAUTH_DTTM:\tCAPTURE_DTTM:\t\
         AUTH_CODE:"
    );
    // The history knows it at once.
    let history = ISBANK.inquires(&bank, "ORDERHISTORY", "S1").await;
    assert_eq!(tag(&history, "TRXCOUNT"), "1");
    bank.pass(1);
    let found = ISBANK.inquires(&bank, "ORDERSTATUS", "S1").await;
    assert_eq!(verdict(&found), "Approved 00 ");
    assert_eq!(
        names(&found).join(" "),
        "CC5Response ErrMsg ProcReturnCode Response OrderId TransId Extra AUTH_CODE AUTH_DTTM CAPTURE_AMT \
         CAPTURE_DTTM CAVV_3D CHARGE_TYPE_CD ECI_3D HOSTDATE HOST_REF_NUM MDSTATUS NUMCODE ORDERSTATUS \
         ORD_ID ORIG_TRANS_AMT PAN PROC_RET_CD SETTLEID TRANS_ID TRANS_STAT XID_3D"
    );
    assert_eq!(tag(&found, "ErrMsg"), "Record(s) found for S1");
    assert_eq!(tag(&found, "PAN"), "5258 64** **** 0001");
    let (number, auth) = (tag(&found, "TRANS_ID"), tag(&found, "AUTH_CODE"));
    let moment = "2026-03-10 15:00:00.000";
    assert_eq!(
        tag(&found, "ORDERSTATUS"),
        format!(
            "ORD_ID:S1\tCHARGE_TYPE_CD:S\tORIG_TRANS_AMT:101\tCAPTURE_AMT:101\tTRANS_STAT:C\t\
             AUTH_DTTM:{moment}\tCAPTURE_DTTM:{moment}\tAUTH_CODE:{auth}\tTRANS_ID:{number}"
        )
    );
    let set = r#"{"nestpayStatusEmptySeconds": 0}"#;
    assert_eq!(
        bank.control("POST", "switches", set).await["nestpayStatusEmptySeconds"],
        0
    );
    ISBANK.sells(&bank, "S2", "5100050000006661", "1.01").await;
    let declined = ISBANK.inquires(&bank, "ORDERSTATUS", "S2").await;
    assert_eq!(
        [tag(&declined, "TRANS_STAT"), tag(&declined, "PROC_RET_CD")],
        ["D", "51"]
    );
    let set = r#"{"nestpayStatusEmptySeconds": -1}"#;
    assert!(bank.control("POST", "switches", set).await["error"].is_string());
}

#[tokio::test]
async fn a_history_tells_refunds_before_the_sale() {
    let bank = Bank::open().await;
    ISBANK.sells(&bank, "Y1", PLAIN, "1.01").await;
    ISBANK.sells(&bank, "Y2", PLAIN, "1.01").await;
    ISBANK.about(&bank, "Void", "Y2", "").await;
    let voided = ISBANK.inquires(&bank, "ORDERSTATUS", "Y2").await;
    assert_eq!(
        [tag(&voided, "TRANS_STAT"), tag(&voided, "VOID_DTTM")],
        ["V", "2026-03-10 15:00:00.000"]
    );
    let row = tag(&ISBANK.inquires(&bank, "ORDERHISTORY", "Y2").await, "TRX1");
    let row: Vec<&str> = row.split('\t').collect();
    assert_eq!(row.len(), 11);
    assert_eq!(row[..4], ["S", "V", "101", "101"]);
    assert_eq!(row[6], "2026-03-10 15:00:00.000");
    bank.pass(24);
    ISBANK.about(&bank, "Credit", "Y1", "0.60").await;
    bank.pass(24);
    ISBANK.about(&bank, "Credit", "Y1", "0.40").await;
    let history = ISBANK.inquires(&bank, "ORDERHISTORY", "Y1").await;
    assert_eq!(
        names(&history).join(" "),
        "CC5Response ErrMsg ProcReturnCode Response OrderId Extra TERMINALID MERCHANTID NUMCODE TRX1 TRX2 \
         TRX3 TRXCOUNT"
    );
    let starts: Vec<String> = ["TRX1", "TRX2", "TRX3"]
        .map(|name| tag(&history, name))
        .iter()
        .map(|row| row.split('\t').take(4).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(starts, ["C C 40 40", "C S 60 60", "S S 101 101"]);
    let none = ISBANK.inquires(&bank, "ORDERHISTORY", "none").await;
    assert_eq!(verdict(&none), "Declined 05 ");
    assert_eq!(tag(&none, "TRXCOUNT"), "0");
}

#[tokio::test]
async fn each_bank_tells_and_spends_the_points_of_its_own_cards() {
    let bank = Bank::open().await;
    let all = [
        (ISBANK, MAXIMUM, "MAXIPUAN", vec![("MAXIPUAN", "45.00")]),
        (HALKBANK, PARAF, "ODUL", vec![("ODUL", "30.00")]),
        (
            ZIRAAT,
            BANKKART,
            "KULLANPUAN",
            vec![("KULLANILABILIRPUAN", "000000002750")],
        ),
        (
            ING,
            ING_BONUS,
            "KULLANPUAN",
            vec![
                ("KULLANILABILIRPUAN", "000000001500"),
                ("KULLANILABILIRBONUS", "000000000600"),
            ],
        ),
        (
            TEB,
            TEB_BONUS,
            "KULLANPUAN",
            vec![
                ("KULLANILABILIRPUAN", "000000005040"),
                ("KULLANILABILIRBONUS", "000000010000"),
            ],
        ),
        (
            AKBANK,
            AXESS,
            "CCBCHIPPARA",
            vec![
                ("CCBCHIPPARABAKIYE", "000000002424"),
                ("PCBCHIPPARABAKIYE", "000000004000"),
            ],
        ),
    ];
    let maxi = "<MAXIPUANSORGU>MAXIPUANSORGU</MAXIPUANSORGU>";
    let purse = async |shop: Shop, card: &str, ask: &str| shop.asks(&bank, &purse(card, ask)).await;
    for (number, (shop, card, spends, told)) in all.iter().enumerate() {
        let asked = purse(*shop, card, maxi).await;
        assert_eq!(verdict(&asked), "Approved 00 ");
        for (name, value) in told {
            assert_eq!(tag(&asked, name), *value, "{name}");
        }
        // Nobody else knows this purse.
        for (other, ..) in all.iter().filter(|(other, ..)| other.2 != shop.2) {
            let asked = purse(*other, card, maxi).await;
            assert_eq!(verdict(&asked), "Error 99 CORE-2205");
        }
        let order = format!("B{number}");
        let spend = |points: &str| format!("<{spends}>{points}</{spends}>");
        let sells = async |order: &str, card: &str, extra: &str| {
            let sold = sale("Auth", order, card, "10.00", extra);
            shop.asks(&bank, &sold).await
        };
        let code = async |points: &str| verdict(&sells(&order, card, &spend(points)).await);
        assert_eq!(code("10.01").await, "Declined T25 ISO8583-T25");
        assert_eq!(code("x").await, "Error 99 CORE-2007");
        let foreign = verdict(&sells(&order, PLAIN, &spend("1.00")).await);
        assert_eq!(foreign, "Error 99 CORE-2205");
        let held = sale("PreAuth", &order, card, "10.00", &spend("1.00"));
        assert_eq!(
            verdict(&shop.asks(&bank, &held).await),
            "Error 99 CORE-2510"
        );
        let whole = ["MAXIPUAN", "ODUL"].contains(spends);
        let part = code("4.00").await;
        if whole {
            assert_eq!(part, "Declined 12 ISO8583-12");
            assert_eq!(code("10.00").await, "Approved 00 ");
        } else {
            assert_eq!(part, "Approved 00 ");
        }
        let spent = if whole { 1_000 } else { 400 };
        assert_eq!(bank.row(&order).await["pointsSpent"], spent);
        // A void brings them back.
        shop.about(&bank, "Void", &order, "").await;
        let asked = purse(*shop, card, maxi).await;
        assert_eq!(tag(&asked, told[0].0), told[0].1);
        // Another bank's field means nothing here.
        let other = if *spends == "ODUL" {
            "KULLANPUAN"
        } else {
            "ODUL"
        };
        let ignored = format!("<{other}>1.00</{other}>");
        sells(&format!("I{number}"), card, &ignored).await;
        assert_eq!(bank.row(&format!("I{number}")).await["pointsSpent"], 0);
    }
}

#[tokio::test]
async fn points_are_told_as_they_stand_and_only_in_lira() {
    let bank = Bank::open().await;
    let maxi = "<MAXIPUANSORGU>MAXIPUANSORGU</MAXIPUANSORGU>";
    let purse = async |shop: Shop, card: &str, ask: &str| shop.asks(&bank, &purse(card, ask)).await;
    for ask in [
        "<PUANSORGU>PUANSORGU</PUANSORGU>",
        "<IDEALPUANSORGU>SOR</IDEALPUANSORGU>",
    ] {
        let asked = purse(ZIRAAT, BANKKART, ask).await;
        assert_eq!(tag(&asked, "KULLANILABILIRPUAN"), "000000002750");
    }
    for shop in [ANADOLUBANK, FIBABANK, FINANSKATILIM] {
        let asked = purse(shop, TEB_BONUS, maxi).await;
        assert_eq!(verdict(&asked), "Error 99 CORE-2205");
    }
    // The reply of a sale tells what was spent and what is left.
    let sold = sale(
        "Auth",
        "B9",
        TEB_BONUS,
        "100.00",
        "<KULLANPUAN>60.00</KULLANPUAN>",
    );
    let sold = TEB.asks(&bank, &sold).await;
    assert_eq!(tag(&sold, "KULLANILANPUAN"), "000000006000");
    assert_eq!(tag(&sold, "KULLANILABILIRPUAN"), "000000000000");
    assert_eq!(tag(&sold, "KULLANILABILIRBONUS"), "000000009040");
    let dollars = sale(
        "Auth",
        "B10",
        TEB_BONUS,
        "1.00",
        "<KULLANPUAN>1.00</KULLANPUAN>",
    );
    let dollars = dollars.replace("949", "840");
    assert_eq!(
        verdict(&TEB.asks(&bank, &dollars).await),
        "Error 99 CORE-2125"
    );
    // Published reward cards hold what is published.
    let published = purse(TEB, "4024580000000005", maxi).await;
    assert_eq!(tag(&published, "KULLANILABILIRPUAN"), "000000005040");
}

#[tokio::test]
async fn refunds_of_a_mixed_sale_divide_as_it_did() {
    let bank = Bank::open().await;
    let mixed = sale(
        "Auth",
        "M1",
        TEB_BONUS,
        "100.00",
        "<KULLANPUAN>40.00</KULLANPUAN>",
    );
    TEB.asks(&bank, &mixed).await;
    bank.pass(24);
    for (total, returned) in [("50.00", 2_000), ("50.00", 4_000)] {
        let refund = TEB.about(&bank, "Credit", "M1", total).await;
        assert_eq!(verdict(&refund), "Approved 00 ");
        assert_eq!(bank.row("M1").await["pointsReturned"], returned);
    }
}

#[tokio::test]
async fn faults_and_failing_cards_meet_every_verb() {
    let bank = Bank::open().await;
    let fault = async |operation: &str, kind: &str, more: &str| {
        let rule = format!(
            r#"{{"bank":"nestpay","operation":"{operation}","fault":{{"kind":"{kind}"{more}}}}}"#
        );
        bank.fault(&rule).await;
    };
    fault("sale", "lose_reply", "").await;
    let sold = sale("Auth", "F1", PLAIN, "1.00", "");
    assert_eq!(ISBANK.raw(&bank, &sold).await, b"");
    assert_eq!(bank.row("F1").await["captured"], 100);
    assert_eq!(
        verdict(&ISBANK.asks(&bank, &sold).await),
        "Error 99 CORE-2507"
    );
    fault("sale", "decline", r#","code":"99/2507""#).await;
    let declined = ISBANK.sells(&bank, "F2", PLAIN, "1.00").await;
    assert_eq!(verdict(&declined), "Error 99 CORE-2507");
    let matched =
        r#"{"bank":"nestpay","match":{"amount":4321,"orderId":"F3"},"fault":{"kind":"garbage"}}"#;
    bank.fault(matched).await;
    assert_eq!(
        verdict(&ISBANK.sells(&bank, "F3", PLAIN, "43.20").await),
        "Approved 00 "
    );
    assert_eq!(
        tag(&ZIRAAT.sells(&bank, "F3", PLAIN, "43.21").await, "Response"),
        ""
    );
    let held = sale("PreAuth", "F4", PLAIN, "1.00", "");
    let (order, none) = ("<OrderId>F4</OrderId>", String::new());
    let maxi = "<MAXIPUANSORGU>MAXIPUANSORGU</MAXIPUANSORGU>";
    let card = format!("<Number>{MAXIMUM}</Number><Expires>12/30</Expires>");
    for (operation, fields) in [
        ("hold", held),
        (
            "capture",
            format!("<Type>PostAuth</Type>{order}<Total>1.00</Total>{none}"),
        ),
        ("void", format!("<Type>Void</Type>{order}")),
        (
            "refund",
            format!("<Type>Credit</Type>{order}<Total>1.00</Total><Currency>949</Currency>"),
        ),
        (
            "inquire",
            format!("{order}<Extra><ORDERSTATUS>QUERY</ORDERSTATUS></Extra>"),
        ),
        ("loyalties", format!("{card}<Extra>{maxi}</Extra>")),
    ] {
        fault(operation, "http_500", "").await;
        let broken = ISBANK.raw(&bank, &fields).await;
        assert!(broken.starts_with(b"HTTP/1.1 500"), "{operation}");
        fault(operation, "decline", r#","code":"91""#).await;
        let declined = verdict(&ISBANK.asks(&bank, &fields).await);
        assert_eq!(declined, "Declined 91 ISO8583-91", "{operation}");
        ISBANK.asks(&bank, &fields).await;
    }
    assert_eq!(bank.row("F4").await["state"], "held");
    // What the bank must reverse itself is told by an edit.
    fault(
        "inquire",
        "edit",
        r#","find":"TRANS_STAT>C","replace":"TRANS_STAT>R""#,
    )
    .await;
    bank.pass(1);
    let told = ISBANK.inquires(&bank, "ORDERSTATUS", "F1").await;
    assert_eq!(tag(&told, "TRANS_STAT"), "R");
    for (card, error) in [
        ("4059190000006669", "Error 99 CORE-2507"),
        ("5213940000006667", "Error 99 CORE-T98"),
        ("5253390000006666", "Declined T04 ISO8583-T04"),
    ] {
        assert_eq!(
            verdict(&ISBANK.sells(&bank, card, card, "1.00").await),
            error
        );
    }
    let refuses = "5428040000006667";
    ISBANK.sells(&bank, "F5", refuses, "1.00").await;
    let void = ISBANK.about(&bank, "Void", "F5", "").await;
    assert_eq!(verdict(&void), "Declined T28 ISO8583-T28");
}
