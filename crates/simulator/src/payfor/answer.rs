//! The short reply to a transaction, and the bank's texts.

use jiff::Timestamp;

use super::request::Request;
use crate::clock::istanbul;
use crate::codes;
use crate::ledger::Order;
use crate::xml::{Node, node, text};

/// What the bank answers about a transaction.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) code: String,
    pub(super) auth: String,
    pub(super) reference: String,
    pub(super) holder: String,
    /// Instalments that the bank gave beside those asked for.
    pub(super) more_instalments: u32,
    /// What an inquiry of points tells behind it.
    pub(super) told: Vec<(&'static str, String)>,
}

impl Answer {
    /// A refusal of one who is not known.
    pub(super) fn stranger(code: &str) -> Answer {
        Answer {
            code: code.to_owned(),
            ..Answer::default()
        }
    }

    /// A refusal; a refused message has a reference too, as recorded.
    pub(super) fn refusal(code: &str, now: Timestamp) -> Answer {
        Answer {
            code: code.to_owned(),
            reference: reference(0, now),
            ..Answer::default()
        }
    }

    /// Yes, about an order or a move of it.
    pub(super) fn about(order: &Order, (seq, at): (i64, Timestamp)) -> Answer {
        Answer {
            code: "00".to_owned(),
            auth: auth_code(order),
            reference: reference(seq, at),
            ..Answer::default()
        }
    }

    pub(super) fn node(&self, request: &Request) -> Node {
        let more = self.more_instalments.to_string();
        let fields = [
            ("AuthCode", self.auth.as_str()),
            ("HostRefNum", &self.reference),
            ("ProcReturnCode", &self.code),
            ("TransId", request.order_id()),
            ("ErrMsg", message(&self.code)),
            ("CardHolderName", &self.holder),
            ("ArtiTaksit", &more),
            ("BankInternalResponseMessage", ""),
            ("PAYFORFROMXMLREQUEST", "1"),
            ("SESSION_SYSTEM_USER", "0"),
        ];
        let told = self.told.iter();
        let told = told.map(|(name, value)| (*name, value.as_str()));
        let fields = fields.into_iter().chain(told);
        let fields = fields.map(|(name, value)| text(name, value));
        node("PayforResponse", fields.collect())
    }
}

/// The text of a code. Those of 00, 101310, V013, V014, V033 and V034 are recorded; the meaning of the
/// others with a letter is public, their words are ours.
pub(super) fn message(code: &str) -> &'static str {
    match code {
        "00" => "Onaylandı",
        "101310" => "Verilen sipariş no önceden kullanılmıştır.",
        "V001" => "Üye işyeri ya da kullanıcı bulunamadı.",
        "V004" => "Kullanıcı şifresi ya da güvenlik verisi hatalı.",
        "V013" => "Seçili İşlem Bulunamadı!",
        "V014" => "Bu işlem geri alınamaz, lüften asıl işlemi iptal edin.",
        "V033" => "3D Kullanıcı Doğrulama Adımı Başarılı",
        "V034" => "3D Kullanıcı Doğrulama Adımı Başarısız",
        "V036" => "Sistem hatası.",
        "V047" => "Ticari kart ile puan kullanılamaz.",
        "M001" => "Puan tutarı işlem tutarından fazla.",
        "M020" => "Tamamı puan ile ödenen işlem taksitli olamaz.",
        "M041" => "Kart numarası hatalı.",
        _ => codes::message(code),
    }
}

/// The bank's reference: the year's last digit, its day, the hour, and six digits of the number.
pub(super) fn reference(seq: i64, at: Timestamp) -> String {
    let at = istanbul(at);
    format!(
        "{}{:03}{:02}{:06}",
        at.year().rem_euclid(10),
        at.day_of_year(),
        at.hour(),
        trace(seq)
    )
}

/// The acquirer's number of a transaction.
pub(super) fn trace(seq: i64) -> i64 {
    seq.rem_euclid(1_000_000)
}

/// `S` and five digits.
pub(super) fn auth_code(order: &Order) -> String {
    format!(
        "S{}",
        order.seq.wrapping_mul(7_321).rem_euclid(90_000) + 10_000
    )
}
