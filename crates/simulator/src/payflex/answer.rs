//! What the system answers: the shape of a `VposResponse`, and of refusals by each server.

use jiff::Timestamp;

use super::common;
use super::request::{Request, Shape};
use crate::clock::istanbul;
use crate::codes;
use crate::ledger::{Kind, Order};
use crate::xml::{Node, node, text};

/// Every field of a transaction is approved with this one.
pub(super) const APPROVED: &str = "0000";

/// What is answered, before it is known when.
pub(crate) enum Reply {
    /// About a transaction.
    Made(Box<Answer>),
    /// To a search: code, text and the transactions found.
    Found(String, String, Vec<Node>),
    /// Of the MPI and of the common payment.
    Plain(Node),
}

/// The facts of a `VposResponse`; what is `None` is left out.
#[derive(Default)]
pub(crate) struct Answer {
    pub(super) code: String,
    pub(super) detail: String,
    /// The transaction's id where the message brought none.
    pub(super) id: Option<String>,
    /// Authorisation code, reference and moment of what the card's side answered.
    pub(super) host: Option<(String, String, Timestamp)>,
    /// Amount and currency.
    pub(super) money: Option<(i64, String)>,
    /// What was earned and what is left, in kuruş.
    pub(super) points: Option<(i64, i64)>,
    /// Only a purse is told.
    pub(super) purse_only: bool,
}

impl Reply {
    /// A refusal by the server that the message is for; `field` names what is wrong with it.
    pub(super) fn refusal(request: &Request, code: &str, field: &str) -> Reply {
        let code = format!("{code:0>4}");
        let words = wording(&code);
        let words = format!("{words}{}{field}", if field.is_empty() { "" } else { ": " });
        match request.shape {
            Shape::Search => Reply::Found(code, words, Vec::new()),
            Shape::Register => common::refusal(&code, field),
            Shape::Query => Reply::Plain(common::unknown()),
            Shape::Enrolment => Reply::Plain(not_enrolled(request, &code, &words)),
            Shape::Vpos | Shape::Nothing => Reply::Made(Box::new(Answer {
                code,
                detail: words,
                ..Answer::default()
            })),
        }
    }

    pub(super) fn node(self, request: &Request, now: Timestamp) -> Node {
        match self {
            Reply::Made(answer) => answer.node(request, now),
            Reply::Found(code, message, rows) => found(&code, &message, rows, now),
            Reply::Plain(node) => node,
        }
    }
}

impl Answer {
    /// Yes, about an order or a move of it by its number.
    pub(super) fn about(order: &Order, (seq, at): (i64, Timestamp), amount: i64) -> Answer {
        Answer {
            code: APPROVED.to_owned(),
            detail: wording(APPROVED).to_owned(),
            host: Some((auth_code(order), rrn(seq), at)),
            money: Some((amount, order.currency.clone())),
            ..Answer::default()
        }
    }

    /// The elements in the order of the recordings.
    fn node(self, request: &Request, now: Timestamp) -> Node {
        let own = self
            .id
            .as_deref()
            .unwrap_or_else(|| request.value("TransactionId"));
        let mut fields = vec![
            text("MerchantId", request.value("MerchantId")),
            text("TransactionType", request.kind()),
            text("TransactionId", own),
        ];
        let mut add = |name: &str, value: &str| fields.push(text(name, value));
        if request.has("ReferenceTransactionId") {
            let of = request.value("ReferenceTransactionId");
            add("ReferenceTransactionId", of);
        }
        add("ResultCode", &self.code);
        add("ResultDetail", &self.detail);
        if self.purse_only {
            add("CampaignResult", "");
        }
        if let Some((_, total)) = self.points.filter(|_| self.purse_only) {
            add("TotalPoint", &lira_text(total));
        }
        if self.host.is_none() {
            return node("VposResponse", fields);
        }
        add("InstallmentTable", "");
        add("CampaignResult", "");
        if let Some((auth, rrn, at)) = &self.host {
            let shape = request
                .account
                .map_or("%Y%m%d%H%M%S", |account| account.host_date);
            add("AuthCode", auth);
            add("HostDate", &istanbul(*at).strftime(shape).to_string());
            add("Rrn", rrn);
        }
        add("TerminalNo", request.value("TerminalNo"));
        if let Some((gained, total)) = self.points {
            add("GainedPoint", &lira_text(gained));
            add("TotalPoint", &lira_text(total));
        }
        let (amount, currency) = self.money.unwrap_or_default();
        add("CurrencyAmount", &lira_text(amount));
        add("CurrencyCode", &currency);
        if !request.has("ReferenceTransactionId") {
            add("OrderId", request.value("OrderId"));
            if request.is_secure() {
                add("ECI", request.value("ECI"));
            }
            let secure = if request.is_secure() { "2" } else { "1" };
            add("ThreeDSecureType", secure);
            let source = request.value("TransactionDeviceSource");
            add("TransactionDeviceSource", source);
        }
        add("BatchNo", &batch(now).to_string());
        add("TLAmount", &lira_text(amount));
        node("VposResponse", fields)
    }
}

/// What a search answers; only the failing one is recorded.
fn found(code: &str, message: &str, rows: Vec<Node>, now: Timestamp) -> Node {
    let approved = code == APPROVED;
    let at = istanbul(now)
        .strftime("%Y-%m-%dT%H:%M:%S%.7f%:z")
        .to_string();
    let status = if approved { "Success" } else { "Error" };
    let info = [
        ("Status", status),
        ("ResponseCode", code),
        ("ResponseMessage", message),
        ("ResponseDateTime", &at),
        ("IsIdempotent", "false"),
    ];
    let info = info.map(|(name, value)| text(name, value));
    let mut fields = vec![node("ResponseInfo", info.into())];
    if approved {
        fields.push(text("TotalItemCount", rows.len().to_string()));
        fields.push(node("TransactionSearchResultInfo", rows));
    }
    node("SearchResponse", fields)
}

/// How the MPI says that it does not begin.
fn not_enrolled(request: &Request, code: &str, words: &str) -> Node {
    let status = node("VERes", vec![text("Status", "E")]);
    let fields = vec![
        node("Message", vec![status]),
        text(
            "VerifyEnrollmentRequestId",
            request.value("VerifyEnrollmentRequestId"),
        ),
        text("MessageErrorCode", code),
        text("ErrorMessage", words),
    ];
    node("IPaySecure", fields)
}

/// Kuruş as lira with two digits behind a point.
pub(super) fn lira_text(kurus: i64) -> String {
    format!("{}.{:02}", kurus / 100, kurus % 100)
}

/// The batch that the day's transactions go into.
fn batch(now: Timestamp) -> i16 {
    istanbul(now).day_of_year()
}

/// The bank's reference of an order or move, by its number.
pub(super) fn rrn(seq: i64) -> String {
    format!("5{seq:011}")
}

/// Six digits.
pub(super) fn auth_code(order: &Order) -> String {
    let kind = if order.kind == Kind::Hold { 1 } else { 0 };
    let digits = order.seq.wrapping_mul(7_919).wrapping_add(kind);
    format!("{}", digits.rem_euclid(900_000) + 100_000)
}

/// Texts of codes. Those of 0000, 0312 and 9065 are recorded; the meaning of the others is public, their
/// words are ours.
pub(super) fn wording(code: &str) -> &'static str {
    let known = TEXTS.iter().find(|(known, _)| *known == code);
    known.map_or_else(
        || {
            let issuers = code.strip_prefix("00").or_else(|| code.strip_prefix('0'));
            codes::message(issuers.unwrap_or(code))
        },
        |(_, text)| text,
    )
}

const TEXTS: &[(&str, &str)] = &[
    ("0000", "İŞLEM BAŞARILI"),
    ("0012", "GEÇERSİZ İŞLEM"),
    ("0312", "RED-GEÇERSİZ KART"),
    ("0323", "Kapama tutarı ön provizyondan büyük olamaz"),
    ("0400", "3D Secure doğrulaması başarısız"),
    ("0580", "CAVV ya da ECI uyuşmuyor"),
    ("1001", "Mesaj okunamadı"),
    ("1006", "Bu işlem numarası daha önce kullanılmış"),
    ("1007", "Referans işlem bulunamadı"),
    ("1008", "Üye işyeri şifresi hatalı"),
    ("1046", "İade tutarı satış tutarından büyük olamaz"),
    ("1047", "Tutar geçersiz"),
    ("1051", "Kart numarası geçersiz"),
    ("1052", "Son kullanma tarihi geçersiz"),
    ("1059", "İşlemin tamamı iade edilmiş"),
    ("1060", "Taksit sayısı geçersiz"),
    ("1061", "Bu sipariş numarası ile başarılı bir işlem var"),
    ("1065", "Ön provizyon kapatılmış"),
    ("1075", "Puan tutarı geçersiz"),
    ("1076", "Puan para birimi geçersiz"),
    ("1081", "Puanlı işlemde taksit yapılamaz"),
    ("1083", "İşlem iptal edilmiş"),
    ("1114", "MPI kaydı bulunamadı"),
    ("1126", "Gönderilen bilgiler MPI kaydı ile uyuşmuyor"),
    ("1127", "3D Secure işleminde kart ve tutar gönderilmemeli"),
    ("1128", "MPI kaydı daha önce kullanılmış"),
    ("2005", "Üye işyeri bu bankada tanımlı değil"),
    ("2009", "Kart markası geçersiz"),
    ("2022", "VerifyEnrollmentRequestId boş ya da kullanılmış"),
    ("2029", "Kart numarası geçersiz"),
    ("2030", "Invalid expire date"),
    ("2053", "Directory server communication error"),
    ("2200", "Bu işlem için yetki yok"),
    ("2202", "İşlemin dahil olduğu grup kapatılmış"),
    ("5003", "İşlem bulunamadı"),
    ("5029", "HashedData geçersiz"),
    ("5037", "SuccessUrl geçersiz"),
    ("5038", "FailUrl geçersiz"),
    ("5001", "Üye işyeri şifresi yanlış"),
    ("8484", "Hatalı alan"),
    ("9039", "Üye işyeri bulunamadı"),
    ("9065", "Üye isyeri bulunamadi"),
];
