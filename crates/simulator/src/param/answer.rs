//! The shapes of replies: elements in the order of the recordings, inside an envelope.

use jiff::Timestamp;

use super::request::{FOREIGN_SALE, POINT_UNDO, Request, UNDO};
use crate::cards::Card;
use crate::clock::istanbul;
use crate::codes;
use crate::ledger::{Kind, Order};
use crate::seal::{random, upper_hex};
use crate::xml::{Node, node, text};

/// What the service answers.
pub(crate) enum Reply {
    /// The elements of the method's result.
    Result(Vec<Node>),
    /// No method could be called.
    Fault(&'static str),
}

pub(super) type Fields = Vec<(&'static str, String)>;

impl From<Fields> for Reply {
    fn from(fields: Fields) -> Reply {
        let elements = fields.into_iter().map(|(name, value)| text(name, value));
        Reply::Result(elements.collect())
    }
}

impl Reply {
    pub(super) fn document(self, method: &str) -> Vec<u8> {
        let (open, inside, close) = match self {
            Reply::Result(elements) => {
                let inside = node(&format!("{method}Result"), elements).document("", false);
                let open = format!("<{method}Response xmlns=\"https://turkpos.com.tr/\">");
                (open, inside, format!("</{method}Response>"))
            }
            Reply::Fault(reason) => {
                let words = vec![
                    text("faultcode", "soap:Client"),
                    text("faultstring", reason),
                ];
                let inside = node("soap:Fault", words).document("", false);
                (String::new(), inside, String::new())
            }
        };
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope \
             xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" \
             xmlns:diffgr=\"urn:schemas-microsoft-com:xml-diffgram-v1\"><soap:Body>{open}{}{close}</soap:Body></soap:Envelope>",
            String::from_utf8_lossy(&inside)
        )
        .into_bytes()
    }
}

/// The service's own refusals. The number of 1 is generic; others are recorded.
const TEXTS: &[(&str, &str)] = &[
    ("1", "Başarısız"),
    ("100", "Hesap bulunamadı."),
    ("210", "İptal/İadeye uygun işlem bulunamadı."),
    ("221", "İade tutarı, iade edilebilir tutardan büyük olamaz."),
    ("222", "Tarih aralığı 7 günden fazla olamaz."),
];

/// A refusal with a code as the ledger keeps it: an issuer's, or `99/` and the number of the service's own.
pub(super) fn refusal(request: &Request, code: &str) -> Reply {
    let Some(number) = code.strip_prefix("99/") else {
        return of_bank(request, code, code, codes::message(code));
    };
    let text = TEXTS.iter().find(|(known, _)| *known == number);
    let text = text.map_or("Başarısız", |(_, text)| text);
    own(request, &format!("-{number}"), text)
}

/// A refusal of the service whose number is not public.
pub(super) fn refusal_for(request: &Request, reason: &str) -> Reply {
    own(request, "-1", reason)
}

/// The bank behind the service knows the order already: its gateway's code is 99, as in the recordings.
pub(super) fn used_before(request: &Request, number: &str) -> Reply {
    of_bank(
        request,
        "99",
        number,
        "Bu siparis numarasi ile zaten basarili bir siparis var.",
    )
}

/// What the service refuses itself has no bank's code.
fn own(request: &Request, number: &str, reason: &str) -> Reply {
    let result = ("Sonuc", number.to_owned());
    let reason = reason.to_owned();
    if request.method() == "TP_WMD_Pay" {
        return vec![
            result,
            ("Sonuc_Ack", reason),
            ("Bank_Sonuc_Kod", "-1".to_owned()),
            ("Komisyon_Oran", "0".to_owned()),
        ]
        .into();
    }
    let mut fields = opened(request);
    fields.extend([result, ("Sonuc_Str", reason)]);
    fields.into()
}

/// A refusal of the bank behind the service, whose own reply is repeated in `Bank_Extra`.
fn of_bank(request: &Request, code: &str, detail: &str, reason: &str) -> Reply {
    let error = if code == "99" {
        format!("CORE-{detail}")
    } else {
        format!("ISO8583-{code}")
    };
    let number = if code == "99" {
        format!("99{detail}")
    } else {
        code.to_owned()
    };
    let extra =
        format!("<Extra>\n<ERRORCODE>{error}</ERRORCODE>\n<NUMCODE>{number}</NUMCODE>\n</Extra>");
    let (code, extra) = (code.to_owned(), ("Bank_Extra", extra));
    let refused = ("Sonuc", "-1".to_owned());
    if request.method() == "TP_WMD_Pay" {
        return vec![
            refused,
            ("Sonuc_Ack", reason.to_owned()),
            ("Dekont_ID", "0".to_owned()),
            ("Siparis_ID", request.order_id().to_owned()),
            extra,
            ("Bank_Sonuc_Kod", code),
            ("Komisyon_Oran", "0".to_owned()),
        ]
        .into();
    }
    let mut fields = opened(request);
    fields.extend([
        refused,
        ("Sonuc_Str", reason.to_owned()),
        ("Banka_Sonuc_Kod", code),
        extra,
    ]);
    if request.sells() {
        fields.push(("Siparis_ID", request.order_id().to_owned()));
    }
    fields.into()
}

/// How the reply to a refused sale begins.
fn opened(request: &Request) -> Fields {
    if !request.sells() {
        return Vec::new();
    }
    vec![
        ("Islem_ID", "0".to_owned()),
        (link(request), "NONSECURE".to_owned()),
    ]
}

/// Where the shopper's page stands in a reply, or that there is none.
pub(super) fn link(request: &Request) -> &'static str {
    match request.method() {
        "Pos_Odeme" | FOREIGN_SALE => "UCD_URL",
        _ => "UCD_HTML",
    }
}

/// Yes to a sale without 3D Secure.
pub(super) fn sold(request: &Request, order: &Order, card: Option<&Card>) -> Reply {
    let (_, id) = order.names();
    let mut fields = vec![
        ("Islem_ID", receipt(order)),
        ("Islem_GUID", fresh_guid()),
        (link(request), "NONSECURE".to_owned()),
        ("Sonuc", "1".to_owned()),
        ("Sonuc_Str", done(order).to_owned()),
    ];
    if request.method() == FOREIGN_SALE {
        fields.remove(1);
        fields.extend([
            ("Banka_Sonuc_Kod", "0".to_owned()),
            ("Komisyon_Oran", RATE.to_owned()),
        ]);
        return fields.into();
    }
    fields.extend([
        ("Bank_Trans_ID", transaction(order.seq, order.created_at)),
        ("Bank_AuthCode", auth_code(order)),
        ("Bank_HostMsg", String::new()),
        ("Banka_Sonuc_Kod", "0".to_owned()),
        ("Bank_Extra", extra(order.created_at, card)),
        ("Siparis_ID", id.to_owned()),
        ("Ext_Data", "||||".to_owned()),
    ]);
    fields.into()
}

/// Yes to a finish after 3D Secure.
pub(super) fn finished(order: &Order, card: Option<&Card>) -> Reply {
    let (_, id) = order.names();
    let bin = order.masked.get(..6).unwrap_or_default();
    vec![
        ("Sonuc", "1".to_owned()),
        ("Sonuc_Ack", "Başarılı".to_owned()),
        ("Dekont_ID", receipt(order)),
        ("Siparis_ID", id.to_owned()),
        // Recorded is another one than the callback's.
        ("UCD_MD", format!("{bin}:{}:3915:##190100000", fresh_hex())),
        ("Bank_Trans_ID", transaction(order.seq, order.created_at)),
        ("Bank_AuthCode", auth_code(order)),
        ("Bank_HostMsg", "Approved".to_owned()),
        ("Bank_Extra", extra(order.created_at, card)),
        ("Bank_Sonuc_Kod", "0".to_owned()),
        ("Bank_HostRefNum", reference(order.seq)),
        ("Komisyon_Oran", RATE.to_owned()),
    ]
    .into()
}

/// Yes to a move of an order, by the move's number.
pub(super) fn moved(
    request: &Request,
    order: &Order,
    (seq, at): (i64, Timestamp),
    card: Option<&Card>,
) -> Reply {
    let recorded = matches!(request.method(), UNDO | POINT_UNDO);
    let words = if recorded { "Approved" } else { "Başarılı" };
    let code = ("Banka_Sonuc_Kod", "0".to_owned());
    let auth = ("Bank_AuthCode", auth_code(order));
    let transaction = ("Bank_Trans_ID", transaction(seq, at));
    let mut fields = vec![("Sonuc", "1".to_owned()), ("Sonuc_Str", words.to_owned())];
    if recorded {
        fields.extend([code, auth, transaction]);
    } else {
        // In the order of the service's description.
        fields.extend([
            ("Prov_ID", receipt(order)),
            ("Dekont_ID", (RECEIPTS + seq).to_string()),
            code,
            ("Siparis_ID", order.names().1.to_owned()),
            transaction,
            auth,
            ("Bank_HostMsg", String::new()),
        ]);
    }
    fields.extend([
        ("Bank_Extra", extra(at, card)),
        ("Bank_HostRefNum", reference(seq)),
    ]);
    fields.into()
}

fn done(order: &Order) -> &'static str {
    match order.kind {
        Kind::Hold => "Ön Provizyon İşlemi Başarılı",
        Kind::Sale | Kind::Points => "İşlem Başarılı",
    }
}

/// What the bank behind the service told.
fn extra(at: Timestamp, card: Option<&Card>) -> String {
    let at = istanbul(at);
    let (brand, issuer) = card.map_or(("", ""), |card| (card.association, card.issuer));
    let (batch, date) = (2_000 + at.day_of_year(), at.strftime("%Y%m%d %H:%M:%S"));
    format!(
        "<Extra>\n<SETTLEID>{batch}</SETTLEID>\n<TRXDATE>{date}</TRXDATE>\n<ERRORCODE></ERRORCODE>\n\
         <CARDBRAND>{brand}</CARDBRAND>\n<CARDISSUER>{issuer}</CARDISSUER>\n\
         <KAZANILANPUAN>000000000.00</KAZANILANPUAN>\n<NUMCODE>00</NUMCODE>\n</Extra>"
    )
}

/// What the service keeps of every payment, in hundredths of a percent, and as it is told.
const COMMISSION: i64 = 175;
pub(super) const RATE: &str = "1.75";

/// The commission of an amount, rounded half up.
pub(super) fn commission(amount: i64) -> i64 {
    amount.saturating_mul(COMMISSION).saturating_add(5_000) / 10_000
}

const RECEIPTS: i64 = 3_007_000_000;
const TRANSACTIONS: i64 = 6_021_000_000;

/// The receipt of a sale; a hold goes by its transaction.
pub(super) fn receipt(order: &Order) -> String {
    match order.kind {
        Kind::Hold => transaction_id(order.seq),
        Kind::Sale | Kind::Points => (RECEIPTS + order.seq).to_string(),
    }
}

/// The service's number of an order or move.
pub(super) fn transaction_id(seq: i64) -> String {
    (TRANSACTIONS + seq).to_string()
}

/// The order's number by its receipt.
pub(super) fn seq_of(receipt: &str) -> Option<i64> {
    let number: i64 = receipt.parse().ok()?;
    let first = if number >= TRANSACTIONS {
        TRANSACTIONS
    } else {
        RECEIPTS
    };
    number.checked_sub(first)
}

/// The reference of the bank behind the service.
pub(super) fn reference(seq: i64) -> String {
    format!("5{seq:011}")
}

pub(super) fn transaction(seq: i64, at: Timestamp) -> String {
    format!("{}P{seq:08}", istanbul(at).strftime("%y%j"))
}

pub(super) fn auth_code(order: &Order) -> String {
    let digits = order.seq.wrapping_mul(6_947).rem_euclid(90_000) + 10_000;
    format!("P{digits}")
}

pub(super) fn fresh_hex() -> String {
    upper_hex(&random::<32>().unwrap_or_default())
}

fn fresh_guid() -> String {
    guid(&fresh_hex())
}

/// The first 32 of hexadecimal digits as a GUID.
pub(super) fn guid(digits: &str) -> String {
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    [
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32),
    ]
    .join("-")
    .to_ascii_lowercase()
}

/// Lira with this mark before the kuruş.
pub(super) fn lira_with(mark: char, kurus: i64) -> String {
    format!("{}{mark}{:02}", kurus / 100, kurus % 100)
}
