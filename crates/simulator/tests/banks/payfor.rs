//! PayFor: messages and pages of its two banks, what they answer in the recorded shapes, points, sums, lists,
//! and bodies that nobody should send. Hashes are computed here once more.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha1::{Digest, Sha1};
use simulator::forms;

use crate::bank::{Bank, PLAIN, body, tag, tags};

const GATE: &str = "/payfor/Gateway/XMLGate.aspx";
const PAGE: &str = "/payfor/Gateway/Default.aspx";
const OK: &str = "https://shop.example/ok";
const FAIL: &str = "https://shop.example/no";
/// The simulator's own cards with ParaPuan, and with instalments as a gift.
const CARDFINANS: &str = "4022770000060008";
const GIFT: &str = "5193240000030005";
const COMPANY: &str = "4030820000000007";
const VISA: &str = "4355080000000005";
const HALF: &str = "5117280000006665";

/// Bank, merchant, user, password and the key of hashes.
#[derive(Clone, Copy)]
struct Shop(
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const QNB: Shop = Shop(
    "5",
    "085300000009704",
    "QNB_API_KULLANICI_3DPAY",
    "UcBN0",
    "12345678",
);
const KATILIM: Shop = Shop(
    "12",
    "000000000120001",
    "ZKATILIM_API",
    "ZkAt12",
    "TRPS0209",
);

impl Shop {
    fn document(self, fields: &str) -> String {
        let Shop(member, merchant, user, password, _) = self;
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><PayforRequest><MerchantId>{merchant}</MerchantId>\
             <UserCode>{user}</UserCode><UserPass>{password}</UserPass><MbrId>{member}</MbrId>\
             <Lang>tr</Lang>{fields}</PayforRequest>"
        )
    }

    async fn asks(self, bank: &Bank, fields: &str) -> String {
        let document = self.document(fields);
        body(&bank.send("POST", GATE, "text/xml", &document).await)
    }

    async fn sells(self, bank: &Bank, order: &str, card: &str, amount: &str) -> String {
        self.asks(bank, &sale("Auth", order, card, amount, ""))
            .await
    }

    async fn about(self, bank: &Bank, kind: &str, order: &str, amount: &str) -> String {
        let fields = format!(
            "<OrgOrderId>{order}</OrgOrderId><SecureType>NonSecure</SecureType>\
             <TxnType>{kind}</TxnType><PurchAmount>{amount}</PurchAmount><Currency>949</Currency>"
        );
        self.asks(bank, &fields).await
    }

    async fn inquires(self, bank: &Bank, order: &str) -> String {
        let fields = format!(
            "<OrgOrderId>{order}</OrgOrderId><SecureType>Inquiry</SecureType>\
             <TxnType>OrderInquiry</TxnType>"
        );
        self.asks(bank, &fields).await
    }

    async fn lists(self, bank: &Bank, asked: &str) -> String {
        let fields = format!("{asked}<SecureType>Report</SecureType><TxnType>TxnHistory</TxnType>");
        self.asks(bank, &fields).await
    }

    /// A signed form.
    fn form(self, model: &str, order: &str, card: &str, more: &[(&str, &str)]) -> Fields {
        let Shop(member, merchant, user, _, key) = self;
        let mut fields: Fields = [
            ("MbrId", member),
            ("MerchantID", merchant),
            ("UserCode", user),
            ("OrderId", order),
            ("Lang", "TR"),
            ("SecureType", model),
            ("TxnType", "Auth"),
            ("PurchAmount", "15.00"),
            ("InstallmentCount", "0"),
            ("Currency", "949"),
            ("OkUrl", OK),
            ("FailUrl", FAIL),
            ("Rnd", "0.43625700 1604831630"),
            ("CardHolderName", "Ğüneş İşi"),
            ("Pan", card),
            ("Expiry", "1230"),
            ("Cvv2", "123"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        for (name, value) in more {
            fields.retain(|(known, _)| known != name);
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        let get = |name: &str| value(&fields, name).to_owned();
        let covered = [
            "MbrId",
            "OrderId",
            "PurchAmount",
            "OkUrl",
            "FailUrl",
            "TxnType",
            "InstallmentCount",
            "Rnd",
        ];
        let text = covered.map(get).concat();
        fields.push(("Hash".to_owned(), sha1(&format!("{text}{key}"))));
        fields
    }

    /// The hash that a callback should have.
    fn callback_hash(self, back: &Fields) -> String {
        let Shop(_, merchant, user, _, key) = self;
        let covered = [
            "OrderId",
            "AuthCode",
            "ProcReturnCode",
            "3DStatus",
            "ResponseRnd",
        ];
        let text = covered.map(|name| value(back, name)).concat();
        sha1(&format!("{merchant}{key}{text}{user}"))
    }

    async fn finishes(self, bank: &Bank, guid: &str, order: &str) -> String {
        let fields = format!(
            "<RequestGuid>{guid}</RequestGuid><OrderId>{order}</OrderId>\
             <SecureType>3DModelPayment</SecureType>"
        );
        self.asks(bank, &fields).await
    }
}

type Fields = Vec<(String, String)>;

fn value<'a>(fields: &'a Fields, name: &str) -> &'a str {
    let found = fields.iter().find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value)
}

fn sha1(text: &str) -> String {
    STANDARD.encode(Sha1::digest(text.as_bytes()))
}

fn sale(kind: &str, order: &str, card: &str, amount: &str, more: &str) -> String {
    format!(
        "<MOTO>0</MOTO><OrderId>{order}</OrderId><SecureType>NonSecure</SecureType>\
         <TxnType>{kind}</TxnType><PurchAmount>{amount}</PurchAmount><Currency>949</Currency>\
         <InstallmentCount>0</InstallmentCount><CardHolderName>Ğüneş İşi</CardHolderName>\
         <Pan>{card}</Pan><Expiry>1230</Expiry><Cvv2>123</Cvv2>{more}"
    )
}

fn code(reply: &str) -> String {
    tag(reply, "ProcReturnCode")
}

async fn post(bank: &Bank, path: &str, fields: &Fields) -> String {
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    bank.browse(path, &fields).await
}

/// The form on a page: where it leads, and its fields.
fn leads(page: &str) -> (String, Fields) {
    let form = &forms::forms(page)[0];
    (form.action.clone(), form.filled(&[]))
}

/// From the merchant's form over the right password to the shop.
async fn verified(bank: &Bank, form: &Fields, answers: &[(&str, &str)]) -> (String, Fields) {
    let page = post(bank, PAGE, form).await;
    let answer = forms::forms(&page)[0].filled(answers);
    leads(&post(bank, &format!("{PAGE}/otp"), &answer).await)
}

const RIGHT: &[(&str, &str)] = &[("otp", "123456")];

#[tokio::test]
async fn a_sale_is_made_once_and_answered_as_recorded() {
    let bank = Bank::open().await;
    let raw = bank
        .send(
            "POST",
            GATE,
            "text/xml",
            &QNB.document(&sale("Auth", "F1", PLAIN, "101.5", "")),
        )
        .await;
    assert!(
        String::from_utf8(raw.clone())
            .unwrap()
            .contains("text/xml; charset=utf-8")
    );
    let sold = body(&raw);
    assert!(
        sold.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>"),
        "{sold}"
    );
    let names: Vec<&str> = sold.split("</").skip(1).collect();
    let names: Vec<&str> = names
        .iter()
        .map(|part| part.split('>').next().unwrap())
        .collect();
    assert_eq!(
        names.join(" "),
        "AuthCode HostRefNum ProcReturnCode TransId ErrMsg CardHolderName ArtiTaksit \
         BankInternalResponseMessage PAYFORFROMXMLREQUEST SESSION_SYSTEM_USER PayforResponse"
    );
    for (name, told) in [
        ("ProcReturnCode", "00"),
        ("TransId", "F1"),
        ("ErrMsg", "Onaylandı"),
        ("CardHolderName", "Ğüneş İşi"),
        ("ArtiTaksit", "0"),
    ] {
        assert_eq!(tag(&sold, name), told, "{name}");
    }
    assert_eq!(tag(&sold, "AuthCode").len(), 6);
    assert!(tag(&sold, "AuthCode").starts_with('S'));
    // 10 March 2026, 15:00.
    assert!(tag(&sold, "HostRefNum").starts_with("606915"));
    assert_eq!(tag(&sold, "HostRefNum").len(), 12);
    let row = bank.row("F1").await;
    assert_eq!(
        (&row["bank"], &row["captured"]),
        (&json!("payfor"), &json!(10_150))
    );

    let again = QNB.sells(&bank, "F1", PLAIN, "101.50").await;
    assert_eq!(code(&again), "101310");
    assert_eq!(
        tag(&again, "ErrMsg"),
        "Verilen sipariş no önceden kullanılmıştır."
    );
    assert_eq!(tag(&again, "AuthCode"), "");
    // Another merchant's orders are others, and its paths begin with another word.
    let document = KATILIM.document(&sale("Auth", "F1", PLAIN, "7.00", ""));
    let other = body(
        &bank
            .send("POST", "/payfor/Mpi/XMLGate.aspx", "text/xml", &document)
            .await,
    );
    assert_eq!(code(&other), "00");
    let rows = bank.control("GET", "ledger?orderId=F1", "").await;
    assert_eq!(rows["orders"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn wrong_accounts_and_fields_are_refused_and_leave_nothing() {
    let bank = Bank::open().await;
    let sound = sale("Auth", "W1", PLAIN, "1.00", "");
    for (shop, refused) in [
        (Shop("5", "085300000009705", QNB.2, QNB.3, ""), "V001"),
        (Shop("12", QNB.1, QNB.2, QNB.3, ""), "V001"),
        (Shop("5", QNB.1, KATILIM.2, QNB.3, ""), "V001"),
        (Shop("5", QNB.1, QNB.2, "UcBN1", ""), "V004"),
        (Shop("5", QNB.1, QNB.2, "", ""), "V004"),
    ] {
        assert_eq!(code(&shop.asks(&bank, &sound).await), refused);
    }
    for (from, to, refused) in [
        ("<TxnType>Auth", "<TxnType>auth", "12"),
        ("<SecureType>NonSecure", "<SecureType>3DModel", "12"),
        ("<OrderId>W1", "<OrderId>", "30"),
        ("<OrderId>W1", "<OrderId>a/b", "30"),
        ("<PurchAmount>1.00", "<PurchAmount>", "13"),
        ("<PurchAmount>1.00", "<PurchAmount>0.00", "13"),
        ("<PurchAmount>1.00", "<PurchAmount>1,00", "13"),
        ("<PurchAmount>1.00", "<PurchAmount>-1.00", "13"),
        ("<PurchAmount>1.00", "<PurchAmount>99999999999.00", "13"),
        ("<Currency>949", "<Currency>TRY", "30"),
        ("<InstallmentCount>0", "<InstallmentCount>1", "30"),
        ("<InstallmentCount>0", "<InstallmentCount>37", "30"),
        ("<Pan>5258640000000001", "<Pan>5258640000000002", "M041"),
        ("<Pan>5258640000000001", "<Pan>", "M041"),
        ("<Pan>5258640000000001", "<Pan>4111111111111129", "14"),
        ("<Expiry>1230", "<Expiry>1330", "T15"),
        ("<Expiry>1230", "<Expiry>0226", "54"),
    ] {
        assert!(sound.contains(from), "{from}");
        let spoilt = sound.replacen(from, to, 1);
        assert_eq!(code(&QNB.asks(&bank, &spoilt).await), refused, "{to}");
    }
    assert_eq!(bank.row("W1").await["captured"], 0);
    let declined = QNB.sells(&bank, "W2", "5100050000006661", "1.00").await;
    assert_eq!(
        (code(&declined), tag(&declined, "AuthCode")),
        ("51".to_owned(), String::new())
    );
    let inquired = QNB.inquires(&bank, "W2").await;
    assert_eq!(
        (code(&inquired), tag(&inquired, "TxnStatus")),
        ("51".to_owned(), "N".to_owned())
    );
    assert_eq!(code(&QNB.asks(&bank, &sound).await), "00");
}

#[tokio::test]
async fn an_order_is_told_as_recorded_and_without_a_password() {
    let bank = Bank::open().await;
    let strange = QNB.inquires(&bank, "I1").await;
    for (name, told) in [
        ("ProcReturnCode", "V013"),
        ("ErrMsg", "Seçili İşlem Bulunamadı!"),
        ("RequestGuid", "0"),
        ("InsertDatetime", "1.01.0001 00:00:00"),
        ("TxnStatus", "P"),
    ] {
        assert_eq!(tag(&strange, name), told, "{name}");
    }
    let sold = QNB.sells(&bank, "I1", PLAIN, "1.01").await;
    let forgetful = Shop(QNB.0, QNB.1, "", "", "");
    let told = forgetful.inquires(&bank, "I1").await;
    for (name, value) in [
        ("ProcReturnCode", "00"),
        ("InsertDatetime", "10.03.2026 15:00:00"),
        ("MerchantID", "085300000009704"),
        ("OrderId", "I1"),
        ("TxnType", "Auth"),
        ("TxnStatus", "Y"),
        ("TxnResult", "Success"),
        ("PurchAmount", "1.01"),
        ("HostRefNum", ""),
        ("F37", &tag(&sold, "HostRefNum")),
        ("AuthCode", &tag(&sold, "AuthCode")),
        ("CardMask", "525864******0001"),
        ("IsVoided", "false"),
        ("IsRefunded", "false"),
        ("RefundedAmount", "0"),
        ("TrxDate", "10.03.2026 15:00"),
    ] {
        assert_eq!(tag(&told, name), value, "{name}");
    }
    assert!(!told.contains(PLAIN));
    assert_eq!(code(&KATILIM.inquires(&bank, "I1").await), "V013");
}

#[tokio::test]
async fn a_day_ends_and_refunds_sum() {
    let bank = Bank::open().await;
    let about = async |kind: &str, order: &str, amount: &str| {
        code(&QNB.about(&bank, kind, order, amount).await)
    };
    QNB.sells(&bank, "D1", PLAIN, "10.00").await;
    QNB.sells(&bank, "D2", PLAIN, "10.00").await;
    let early = QNB.about(&bank, "Refund", "D1", "4.00").await;
    assert_eq!(code(&early), "V014");
    assert_eq!(
        tag(&early, "ErrMsg"),
        "Bu işlem geri alınamaz, lüften asıl işlemi iptal edin."
    );
    assert_eq!(about("Void", "D2", "").await, "00");
    assert_eq!(about("Void", "D2", "").await, "V013");
    let voided = QNB.inquires(&bank, "D2").await;
    for (name, value) in [
        ("TxnStatus", "V"),
        ("IsVoided", "true"),
        ("VoidDate", "20260310"),
        ("VoidTime", "150000"),
        ("VoidUserCode", "QNB_API_KULLANICI_3DPAY"),
        ("ProcReturnCode", "00"),
    ] {
        assert_eq!(tag(&voided, name), value, "{name}");
    }
    bank.pass(12);
    assert_eq!(about("Void", "D1", "").await, "V013");
    assert_eq!(about("Refund", "D1", "4.00").await, "00");
    assert_eq!(about("Refund", "D1", "6.01").await, "13");
    assert_eq!(about("Refund", "D1", "0.00").await, "13");
    assert_eq!(about("Refund", "D9", "1.00").await, "V013");
    let part = QNB.inquires(&bank, "D1").await;
    assert_eq!(
        (tag(&part, "RefundedAmount"), tag(&part, "IsRefunded")),
        ("4.00".to_owned(), "false".to_owned())
    );
    assert_eq!(about("Refund", "D1", "6.00").await, "00");
    assert_eq!(about("Refund", "D1", "0.01").await, "13");
    let whole = QNB.inquires(&bank, "D1").await;
    assert_eq!(
        (tag(&whole, "RefundedAmount"), tag(&whole, "IsRefunded")),
        ("10.00".to_owned(), "true".to_owned())
    );
}

#[tokio::test]
async fn a_hold_is_captured_and_both_are_undone_and_listed() {
    let bank = Bank::open().await;
    let hold = sale("PreAuth", "H1", PLAIN, "2.01", "");
    assert_eq!(code(&QNB.asks(&bank, &hold).await), "00");
    assert_eq!(tag(&QNB.inquires(&bank, "H1").await, "TxnType"), "PreAuth");
    assert_eq!(
        code(&QNB.about(&bank, "PostAuth", "H1", "2.40").await),
        "13"
    );
    assert_eq!(
        code(&QNB.about(&bank, "PostAuth", "H9", "2.01").await),
        "V013"
    );
    // More than is held, as recorded.
    assert_eq!(
        code(&QNB.about(&bank, "PostAuth", "H1", "2.03").await),
        "00"
    );
    assert_eq!(
        code(&QNB.about(&bank, "PostAuth", "H1", "2.03").await),
        "V013"
    );
    let told = QNB.inquires(&bank, "H1").await;
    assert_eq!(
        ["TxnType", "OrgOrderId", "PurchAmount", "TxnStatus"].map(|name| tag(&told, name)),
        ["PostAuth", "H1", "2.03", "Y"]
    );
    assert_eq!(code(&QNB.about(&bank, "Void", "H1", "").await), "00");
    let history = QNB.lists(&bank, "<OrderId>H1</OrderId>").await;
    assert!(history.contains(
        "<TxnHistoryReport><PaymentRequestExtended><PaymentRequest xmlns=\"http://ocean.smartway.com/\">"
    ));
    let all = |name: &str| tags(&history, name).join(" ");
    assert_eq!(all("TxnType"), "PreAuth PostAuth Void");
    assert_eq!(all("TxnStatus"), "Y V Y");
    assert_eq!(all("PurchAmount"), "2.01 2.03 2.03");
    assert_eq!(all("OrgTxnType"), "  PostAuth");
    assert_eq!(tags(&history, "F37_ORG")[1], tags(&history, "F37")[0]);
    assert!(!history.contains(PLAIN));
    // The capture alone was undone: a second void releases the hold, and a third finds nothing.
    let undone = QNB.inquires(&bank, "H1").await;
    assert_eq!(
        ["TxnType", "TxnStatus", "IsVoided"].map(|name| tag(&undone, name)),
        ["PostAuth", "V", "true"]
    );
    assert_eq!(code(&QNB.about(&bank, "Void", "H1", "").await), "00");
    let history = QNB.lists(&bank, "<OrderId>H1</OrderId>").await;
    let all = |name: &str| tags(&history, name).join(" ");
    assert_eq!(all("TxnType"), "PreAuth PostAuth Void Void");
    assert_eq!(all("TxnStatus"), "V V Y Y");
    assert_eq!(all("OrgTxnType"), "  PostAuth PreAuth");
    assert_eq!(code(&QNB.about(&bank, "Void", "H1", "").await), "V013");

    // The list of a day has what was made on it, and nothing of another merchant.
    bank.pass(12);
    QNB.sells(&bank, "H2", PLAIN, "5.00").await;
    KATILIM.sells(&bank, "H3", PLAIN, "6.00").await;
    let day = async |day: &str| QNB.lists(&bank, &format!("<ReqDate>{day}</ReqDate>")).await;
    assert_eq!(tags(&day("20260310").await, "TxnType").len(), 4);
    assert_eq!(tags(&day("20260311").await, "OrderId"), ["H2"]);
    let none = day("20260312").await;
    assert_eq!(
        (code(&none), tag(&none, "InsertDatetime")),
        ("V013".to_owned(), "0001-01-01T00:00:00".to_owned())
    );
    assert_eq!(code(&day("20261301").await), "30");
    assert_eq!(
        code(&QNB.lists(&bank, "<OrderId>H9</OrderId>").await),
        "V013"
    );
}

#[tokio::test]
async fn points_are_asked_spent_and_given_back() {
    let bank = Bank::open().await;
    let purse = async |shop: Shop, card: &str| {
        let fields = format!(
            "<SecureType>Inquiry</SecureType><TxnType>ParaPuanInquiry</TxnType><Pan>{card}</Pan>\
             <Expiry>1230</Expiry><Cvv2>123</Cvv2>"
        );
        let told = shop.asks(&bank, &fields).await;
        let names = ["AvailablePoint", "KullanilabilirSeyahatAvansTutar"];
        format!(
            "{} {}",
            code(&told),
            names.map(|name| tag(&told, name)).join(" ")
        )
    };
    assert_eq!(purse(QNB, CARDFINANS).await, "00 36.50 8.25");
    assert_eq!(purse(QNB, PLAIN).await, "00 0.00 0.00");
    assert_eq!(purse(QNB, COMPANY).await, "V047  ");
    assert_eq!(purse(KATILIM, CARDFINANS).await, "12  ");

    let pays = async |kind: &str, order: &str, card: &str, points: &str, count: &str| {
        let more = format!("<BonusAmount>{points}</BonusAmount>");
        let fields = sale(kind, order, card, "30.00", &more);
        let count = format!("<InstallmentCount>{count}");
        code(
            &QNB.asks(&bank, &fields.replace("<InstallmentCount>0", &count))
                .await,
        )
    };
    assert_eq!(pays("Auth", "P1", CARDFINANS, "30.01", "0").await, "M001");
    assert_eq!(pays("Auth", "P1", CARDFINANS, "30.00", "2").await, "M020");
    assert_eq!(pays("Auth", "P1", COMPANY, "1.00", "0").await, "V047");
    assert_eq!(pays("Auth", "P1", PLAIN, "1.00", "0").await, "T19");
    assert_eq!(pays("PreAuth", "P1", CARDFINANS, "1.00", "0").await, "12");
    assert_eq!(
        pays("ParaPuanAuth", "P1", CARDFINANS, "0.00", "0").await,
        "13"
    );
    assert_eq!(
        pays("ParaPuanAuth", "P1", CARDFINANS, "10.00", "2").await,
        "00"
    );
    assert_eq!(pays("Auth", "P2", CARDFINANS, "26.51", "0").await, "T19");
    assert_eq!(purse(QNB, CARDFINANS).await, "00 26.50 8.25");
    let told = QNB.inquires(&bank, "P1").await;
    assert_eq!(
        [
            "PurchAmount",
            "BonusAmount",
            "UsedPoint",
            "InstallmentCount"
        ]
        .map(|name| tag(&told, name)),
        ["30.00", "10.00", "10.00", "2"]
    );
    bank.pass(12);
    assert_eq!(
        code(&QNB.about(&bank, "ParaPuanRefund", "P1", "15.00").await),
        "00"
    );
    assert_eq!(purse(QNB, CARDFINANS).await, "00 31.50 8.25");
    let told = QNB.inquires(&bank, "P1").await;
    assert_eq!(
        ["RefundedAmount", "RefundedPoint"].map(|name| tag(&told, name)),
        ["15.00", "5.00"]
    );
    assert_eq!(pays("Auth", "P3", CARDFINANS, "31.50", "0").await, "M001");
    assert_eq!(pays("Auth", "P3", CARDFINANS, "30.00", "0").await, "00");
    assert_eq!(
        code(&QNB.about(&bank, "ParaPuanVoid", "P3", "").await),
        "00"
    );
    assert_eq!(purse(QNB, CARDFINANS).await, "00 31.50 8.25");

    // A campaign gives instalments to one who pays in some.
    let gift = sale("Auth", "P4", GIFT, "30.00", "");
    assert_eq!(tag(&QNB.asks(&bank, &gift).await, "ArtiTaksit"), "0");
    let gift = gift
        .replace("P4", "P5")
        .replace("<InstallmentCount>0", "<InstallmentCount>3");
    assert_eq!(tag(&QNB.asks(&bank, &gift).await, "ArtiTaksit"), "2");
}

#[tokio::test]
async fn what_is_verified_is_sold_once_by_its_number() {
    let bank = Bank::open().await;
    let form = QNB.form("3DModel", "T1", VISA, &[("BonusAmount", "")]);
    let (url, back) = verified(&bank, &form, RIGHT).await;
    assert_eq!(url, OK);
    for (name, told) in [
        ("3DStatus", "1"),
        ("D3Stat", "Y"),
        ("ProcReturnCode", "V033"),
        ("TxnResult", "Failed"),
        ("TxnStatus", "N"),
        ("RequestStat", "1,3,5"),
        ("AuthCode", ""),
        ("Eci", "05"),
        ("OrderId", "T1"),
        ("PurchAmount", "15.00"),
        ("CardMask", "435508******0005"),
        ("CardHolderName", "Ğüneş İşi"),
        ("TransactionDate", "10.03.2026 15:00:00"),
        ("HashType", "Sha1"),
    ] {
        assert_eq!(value(&back, name), told, "{name}");
    }
    assert_eq!(value(&back, "ResponseHash"), QNB.callback_hash(&back));
    // Tenths of microseconds since the year 1.
    assert_eq!(value(&back, "ResponseRnd"), "PF639087408000000000");
    let guid = value(&back, "RequestGuid");
    assert_eq!(guid.len(), 16);
    assert_eq!(bank.row("T1").await, serde_json::Value::Null);
    // An inquiry tells what waits, and the sale once it is made.
    let waits = QNB.inquires(&bank, "T1").await;
    assert_eq!(tag(&waits, "RequestGuid"), guid);
    assert_eq!(
        [
            "ProcReturnCode",
            "TxnStatus",
            "SecureType",
            "PurchAmount",
            "D3Status",
            "Eci"
        ]
        .map(|name| tag(&waits, name)),
        ["V033", "N", "3DModel", "15.00", "1", "05"]
    );
    assert_eq!(code(&KATILIM.inquires(&bank, "T1").await), "V013");

    assert_eq!(code(&QNB.finishes(&bank, "1", "T1").await), "V013");
    assert_eq!(code(&KATILIM.finishes(&bank, guid, "T1").await), "V013");
    assert_eq!(code(&QNB.finishes(&bank, guid, "T2").await), "V036");
    assert_eq!(code(&QNB.finishes(&bank, guid, "T1").await), "00");
    assert_eq!(bank.row("T1").await["captured"], 1_500);
    assert_eq!(code(&QNB.finishes(&bank, guid, "T1").await), "101310");
    assert_eq!(tag(&QNB.inquires(&bank, "T1").await, "D3Status"), "1");

    // A used order id is refused before the shopper is asked.
    let (url, back) = leads(&post(&bank, PAGE, &form).await);
    assert_eq!(url, FAIL);
    assert_eq!(
        ["3DStatus", "ProcReturnCode", "ErrMsg"].map(|name| value(&back, name)),
        ["-1", "101310", "Verilen sipariş no önceden kullanılmıştır."]
    );
    assert_eq!(value(&back, "ResponseHash"), QNB.callback_hash(&back));
}

#[tokio::test]
async fn a_page_sells_by_itself_in_the_other_model() {
    let bank = Bank::open().await;
    let more = [("InstallmentCount", "2"), ("BonusAmount", "5.00")];
    let form = QNB.form("3DPay", "S1", CARDFINANS, &more);
    let (url, back) = verified(&bank, &form, RIGHT).await;
    assert_eq!(url, OK);
    assert_eq!(
        [
            "ProcReturnCode",
            "TxnResult",
            "TxnStatus",
            "UsedPoint",
            "RequestStat"
        ]
        .map(|name| value(&back, name)),
        ["00", "Success", "Y", "5.00", "1,3,10,5"]
    );
    assert_eq!(value(&back, "RRN"), value(&back, "HostRefNum"));
    assert_eq!(value(&back, "ResponseHash"), QNB.callback_hash(&back));
    let row = bank.row("S1").await;
    assert_eq!(
        [&row["captured"], &row["pointsSpent"], &row["instalments"]],
        [&json!(1_500), &json!(500), &json!(2)]
    );
    // Ziraat Katılım signs by another recipe.
    let (_, back) = verified(&bank, &KATILIM.form("3DPay", "S2", VISA, &[]), RIGHT).await;
    assert_eq!(value(&back, "ProcReturnCode"), "00");
    assert_ne!(value(&back, "ResponseHash"), KATILIM.callback_hash(&back));
    assert_ne!(value(&back, "ResponseHash"), "");
    let sold = KATILIM.inquires(&bank, "S2").await;
    assert_eq!(
        ["SecureType", "TxnStatus"].map(|name| tag(&sold, name)),
        ["3DPay", "Y"]
    );
    // A declined card, and one whose issuer only half verifies.
    let (url, back) = verified(
        &bank,
        &QNB.form("3DPay", "S3", "5100050000006661", &[]),
        RIGHT,
    )
    .await;
    assert_eq!((url.as_str(), value(&back, "ProcReturnCode")), (FAIL, "51"));
    assert_eq!(
        (value(&back, "3DStatus"), value(&back, "AuthCode")),
        ("1", "")
    );
    let (_, back) = verified(&bank, &QNB.form("3DPay", "S4", HALF, &[]), RIGHT).await;
    assert_eq!(
        (value(&back, "3DStatus"), value(&back, "ProcReturnCode")),
        ("4", "00")
    );
    // Lost on the way: the money is taken all the same.
    let page = post(&bank, PAGE, &QNB.form("3DPay", "S5", VISA, &[])).await;
    let answer = forms::forms(&page)[0].filled(&[("action", "close_window")]);
    post(&bank, &format!("{PAGE}/otp"), &answer).await;
    assert_eq!(tag(&QNB.inquires(&bank, "S5").await, "TxnStatus"), "Y");
}

#[tokio::test]
async fn wrong_forms_and_shoppers_come_back_refused() {
    let bank = Bank::open().await;
    let cancelled = verified(
        &bank,
        &QNB.form("3DPay", "C1", VISA, &[]),
        &[("action", "cancel")],
    )
    .await;
    assert_eq!(cancelled.0, FAIL);
    assert_eq!(
        [
            "3DStatus",
            "D3Stat",
            "ProcReturnCode",
            "IrcCode",
            "RequestStat"
        ]
        .map(|name| value(&cancelled.1, name)),
        ["-1", "N", "V034", "MR15", "1,4,5"]
    );
    assert_eq!(
        value(&cancelled.1, "ResponseHash"),
        QNB.callback_hash(&cancelled.1)
    );
    assert_eq!(bank.row("C1").await, serde_json::Value::Null);
    let guid = value(&cancelled.1, "RequestGuid");
    assert_eq!(code(&QNB.finishes(&bank, guid, "C1").await), "V034");

    // Every field that the hash covers, and those that it does not.
    let sound = QNB.form("3DModel", "C2", VISA, &[]);
    for name in [
        "OrderId",
        "PurchAmount",
        "OkUrl",
        "FailUrl",
        "TxnType",
        "InstallmentCount",
        "Rnd",
        "Hash",
    ] {
        let mut form = sound.clone();
        let field = form.iter_mut().find(|(known, _)| known == name).unwrap();
        field.1.push('1');
        let (url, back) = leads(&post(&bank, PAGE, &form).await);
        assert!(url.starts_with(FAIL), "{name}");
        assert_eq!(value(&back, "ProcReturnCode"), "V004", "{name}");
    }
    for (more, refused) in [
        (("UserCode", "x"), "V001"),
        (("MbrId", "12"), "V001"),
        (("TxnType", "Void"), "12"),
        (("SecureType", "3DHost"), "12"),
        (("PurchAmount", "0.00"), "13"),
        (("Currency", "TRY"), "30"),
        (("Pan", "4355080000000006"), "M041"),
        (("Expiry", "0226"), "54"),
        (("Pan", "5117580000006668"), "V034"),
        (("BonusAmount", "1.00"), "T19"),
    ] {
        let form = QNB.form("3DModel", "C3", VISA, &[more]);
        let (_, back) = leads(&post(&bank, PAGE, &form).await);
        assert_eq!(value(&back, "ProcReturnCode"), refused, "{more:?}");
    }
    let stranger = QNB.form("3DModel", "C4", VISA, &[("MerchantID", "1")]);
    assert!(!post(&bank, PAGE, &stranger).await.contains("ResponseHash"));
    let spoilt = verified(
        &bank,
        &QNB.form("3DModel", "C5", VISA, &[]),
        &[("action", "wrong_hash")],
    )
    .await;
    assert_ne!(
        value(&spoilt.1, "ResponseHash"),
        QNB.callback_hash(&spoilt.1)
    );
}

#[tokio::test]
async fn failures_are_ordered_here_as_elsewhere() {
    let bank = Bank::open().await;
    let lost = r#"{"bank": "payfor", "operation": "sale", "fault": {"kind": "lose_reply"}}"#;
    bank.fault(lost).await;
    assert_eq!(QNB.sells(&bank, "X1", PLAIN, "9.00").await, "");
    assert_eq!(tag(&QNB.inquires(&bank, "X1").await, "TxnStatus"), "Y");
    let after = r#"{"bank": "payfor", "fault": {"kind": "decline", "code": "96", "after": true}}"#;
    bank.fault(after).await;
    assert_eq!(code(&QNB.sells(&bank, "X2", PLAIN, "9.00").await), "96");
    assert_eq!(bank.row("X2").await["captured"], 900);
    let settled = bank.control("POST", "settle-day?bank=payfor", "{}").await;
    assert_eq!(settled["settled"], 2);
    // Published failures of refunds: the bank's own code where it has one.
    for (card, refused) in [("4320720000006666", "V013"), ("5530900000006667", "T29")] {
        QNB.sells(&bank, card, card, "9.00").await;
        assert_eq!(code(&QNB.about(&bank, "Void", card, "").await), refused);
    }
}

#[tokio::test]
async fn published_error_cards_fail_as_published() {
    let bank = Bank::open().await;
    let codes = include_str!("../../../../docs/simulator-codes.md");
    let code_of = |group: &str| {
        let mut rows = codes.lines();
        let row = rows.find(|line| line.starts_with(&format!("| {group} |")))?;
        Some(row.split('|').nth(2)?.trim().to_owned())
    };
    let mut rows = 0;
    let table = include_str!("../../data/test-cards-error.csv");
    for (index, line) in table.lines().skip(1).enumerate() {
        let columns: Vec<&str> = line.split(',').collect();
        let (order, card, group) = (format!("E{index}"), columns[1], columns[2]);
        if columns[0] == "refund" {
            let buys = r#"{"requiresDayEndSaleSucceeds": true}"#;
            bank.control("POST", "switches", buys).await;
        }
        let sold = code(&QNB.sells(&bank, &order, card, "1.00").await);
        match (columns[0], group) {
            ("sale", "APPROVED_COMPLETED") => assert_eq!(sold, "T98"),
            ("sale", "ORDER_ID_ALREADY_USED") => assert_eq!(sold, "101310"),
            ("sale", group) => assert_eq!(Some(sold), code_of(group), "{group}"),
            ("3ds", "") | ("3ds", "THREEDS_INIT_ERROR") => continue,
            ("3ds", group) => {
                let form = QNB.form("3DPay", &format!("S{index}"), card, &[]);
                let (_, back) = verified(&bank, &form, RIGHT).await;
                let told = value(&back, "ProcReturnCode").to_owned();
                assert_eq!(Some(told), code_of(group), "{group}");
            }
            ("refund", group) => {
                assert_eq!(sold, "00", "{group}");
                let expected = match group {
                    "PAYMENT_NOT_FOUND_FOR_REFUND" => "V013".to_owned(),
                    "REQUIRES_DAY_END" => "V014".to_owned(),
                    group => code_of(group).unwrap(),
                };
                assert_eq!(
                    code(&QNB.about(&bank, "Refund", &order, "1.00").await),
                    expected
                );
            }
            (_, group) => {
                let hold = sale("PreAuth", &format!("H{index}"), card, "1.00", "");
                let held = code(&QNB.asks(&bank, &hold).await);
                let taken = QNB
                    .about(&bank, "PostAuth", &format!("H{index}"), "1.00")
                    .await;
                let failed = if held == "00" { code(&taken) } else { held };
                assert_eq!(Some(failed), code_of(group), "{group}");
            }
        }
        rows += 1;
    }
    assert!(rows > 65, "{rows} rows met");
}

#[tokio::test]
async fn hostile_bodies_are_refused() {
    let bank = Bank::open().await;
    let deep = "<a>".repeat(10_000);
    for document in [
        "",
        "<",
        "<PayforRequest/>",
        "<!DOCTYPE a [<!ENTITY x 'y'>]><PayforRequest><MerchantId>&x;</MerchantId></PayforRequest>",
        "<PayforRequest><MerchantId>085300000009704</MerchantId>",
        "MerchantId=085300000009704&TxnType=Auth",
        &deep,
    ] {
        let reply = body(&bank.send("POST", GATE, "text/xml", document).await);
        assert_eq!(code(&reply), "V001", "{document:.40}");
    }
    for guid in ["", "-1", "99999999999999999999999", "ğ", "1e3"] {
        assert_eq!(
            code(&QNB.finishes(&bank, guid, "Y1").await),
            "V013",
            "{guid}"
        );
    }
    let long = "9".repeat(60_000);
    for fields in [
        sale("Auth", &long, PLAIN, "1.00", ""),
        sale("Auth", "Y2", &long, "1.00", ""),
        sale("Auth", "Y2", PLAIN, &long, ""),
        sale(
            "Auth",
            "Y2",
            PLAIN,
            "1.00",
            &format!("<BonusAmount>{long}</BonusAmount>"),
        ),
    ] {
        assert_ne!(code(&QNB.asks(&bank, &fields).await), "00");
    }
    let broken = QNB
        .document(&sale("Auth", "Y3", PLAIN, "1.00", ""))
        .into_bytes();
    let broken = [broken.as_slice(), b"\xff"].concat();
    let head = format!(
        "POST {GATE} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        broken.len()
    );
    let reply = body(&bank.raw(&[head.as_bytes(), &broken].concat()).await);
    assert_eq!(code(&reply), "V001");
}
