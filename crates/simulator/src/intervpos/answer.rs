//! The line that a reply is, and what it says of a transaction or of how an order stands.

use jiff::Timestamp;

use super::request::Request;
use crate::clock::istanbul;
use crate::codes;
use crate::fields::lira;
use crate::ledger::{Kind, Move, MoveKind, Order, State};
use crate::seal::random;

/// A date that is none.
const NEVER: &str = "1.1.0001 00:00:00";

/// What the bank answers about a transaction; absent parts are empty.
#[derive(Default)]
pub(crate) struct Answer {
    pub(super) code: String,
    pub(super) error: String,
    pub(super) message: &'static str,
    pub(super) auth: String,
    pub(super) reference: String,
    pub(super) transaction: String,
    pub(super) date: String,
    /// Points that were spent and that are left, in kuruş.
    used: i64,
    available: i64,
}

impl Answer {
    pub(super) fn refusal(code: &str) -> Box<Answer> {
        let known = TEXTS.iter().find(|(known, ..)| *known == code);
        let (error, message) = known.map_or((code, codes::message(code)), |(_, error, text)| {
            (error, text)
        });
        Box::new(Answer {
            code: code.to_owned(),
            error: error.to_owned(),
            message,
            ..Answer::default()
        })
    }

    /// Yes, about an order, or a move of it by its number.
    pub(super) fn about(
        order: &Order,
        (seq, at): (i64, Timestamp),
        (used, available): (i64, i64),
    ) -> Box<Answer> {
        Box::new(Answer {
            code: "00".to_owned(),
            auth: auth_code(order),
            reference: format!("7{seq:011}"),
            transaction: transaction(seq, at),
            date: date(at),
            used,
            available,
            ..Answer::default()
        })
    }

    /// What a purse holds.
    pub(super) fn of_purse(available: i64) -> Box<Answer> {
        Box::new(Answer {
            code: "00".to_owned(),
            available,
            ..Answer::default()
        })
    }

    pub(super) fn is_approval(&self) -> bool {
        self.code == "00"
    }

    /// `Success` or `Failed`.
    pub(super) fn result(&self) -> &'static str {
        if self.is_approval() {
            "Success"
        } else {
            "Failed"
        }
    }

    /// The bonus fields, which stand in every reply about a card.
    pub(super) fn bonus(&self) -> [(&'static str, String); 7] {
        [
            ("EarnedBonus", turkish(0)),
            ("UsedBonus", turkish(self.used)),
            ("AvailableBonus", turkish(self.available)),
            ("BonusToBonus", turkish(0)),
            ("CampaignBonus", turkish(0)),
            ("FoldedBonus", turkish(0)),
            ("SurchargeAmount", turkish(0)),
        ]
    }

    /// A reply about a transaction, in the order of the recordings.
    pub(super) fn fields(self, request: &Request) -> Vec<(&'static str, String)> {
        // A message that names another order gets an order id of the bank's own.
        let order_id = match request.value("OrderId") {
            "" => own_order_id(),
            id => id.replace(';', ""),
        };
        let result = self.result().to_owned();
        let amount = lira(request.value("PurchAmount")).unwrap_or_default();
        let bonus = self.bonus();
        let mut fields = vec![("OrderId", order_id), ("ProcReturnCode", self.code)];
        if !self.reference.is_empty() {
            fields.push(("HostRefNum", self.reference));
        }
        fields.extend([
            ("AuthCode", self.auth),
            ("TxnResult", result),
            ("ErrorMessage", self.message.to_owned()),
        ]);
        fields.extend(
            [
                ("CampanyId", ""),
                ("CampanyInstallCount", "0"),
                ("CampanyShiftDateCount", "0"),
                ("CampanyTxnId", ""),
                ("CampanyType", ""),
                ("CampanyInstallment", "0"),
                ("CampanyDate", "0"),
                ("CampanyAmnt", "0"),
            ]
            .map(|(name, value)| (name, value.to_owned())),
        );
        fields.extend([
            ("TRXDATE", self.date),
            ("TransId", self.transaction),
            ("ErrorCode", self.error),
        ]);
        fields.extend(bonus);
        fields.extend([
            ("Amount", turkish(amount)),
            ("CardHolderName", String::new()),
        ]);
        fields
    }

    /// A refused inquiry.
    pub(super) fn status(self) -> Vec<(&'static str, String)> {
        standing(Standing {
            code: self.code,
            error: self.error,
            message: format!("TR:{}", self.message),
            ..Standing::default()
        })
    }
}

/// What an inquiry tells.
#[derive(Default)]
struct Standing {
    code: String,
    error: String,
    message: String,
    batch: String,
    transaction: String,
    date: String,
    result: &'static str,
    state: &'static str,
    amount: i64,
    refunded: i64,
    voided: Option<String>,
    auth: String,
}

/// A reply to an inquiry, in the order of the recording. What became of an order is told of its sale.
fn standing(told: Standing) -> Vec<(&'static str, String)> {
    let kind = if told.state.is_empty() { "" } else { "S" };
    vec![
        ("OrderId", own_order_id()),
        ("ProcReturnCode", told.code),
        ("BatchNo", told.batch),
        ("TransId", told.transaction),
        ("TRXDATE", told.date),
        ("TxnStat", told.result.to_owned()),
        ("PurchAmount", turkish(told.amount)),
        ("VoidDate", told.voided.unwrap_or_else(|| NEVER.to_owned())),
        ("TxnStatus", told.state.to_owned()),
        ("ChargeTypeCd", kind.to_owned()),
        ("ErrorCode", told.error),
        ("ErrorMessage", told.message),
        ("RefundedAmount", turkish(told.refunded)),
        ("AuthCode", told.auth),
    ]
}

/// How an order stands, in the letters that a client writes down: C or S while or after the day of what was taken, A
/// held, K a captured hold, V voided, D declined. `TxnStat` is N for all of them; a declined one has its own code.
pub(super) fn status(order: &Order) -> Vec<(&'static str, String)> {
    let capture = order.capture();
    let (seq, at) = capture.map_or((order.seq, order.created_at), |made| (made.seq, made.at));
    if order.state == State::Declined {
        let refused = Answer::refusal(&order.code);
        return standing(Standing {
            code: refused.code,
            error: refused.error,
            message: format!("TR:{}", refused.message),
            transaction: transaction(seq, at),
            date: date(at),
            result: "N",
            state: "D",
            amount: order.amount,
            ..Standing::default()
        });
    }
    let is_void = |made: &&Move| made.kind == MoveKind::Void;
    standing(Standing {
        code: "00".to_owned(),
        batch: istanbul(at).day_of_year().to_string(),
        transaction: transaction(seq, at),
        date: date(at),
        result: "N",
        state: match order.state {
            State::Declined => "D",
            State::Voided => "V",
            State::Held => "A",
            _ if order.kind == Kind::Hold => "K",
            State::Captured => "C",
            State::Settled | State::Refunded => "S",
        },
        // Of a hold that was undone what was held, also after a capture.
        amount: if order.state == State::Voided && order.kind == Kind::Hold {
            order.held
        } else {
            order.amount
        },
        refunded: order.refunded,
        voided: order.moves.iter().find(is_void).map(|made| date(made.at)),
        auth: auth_code(order),
        ..Standing::default()
    })
}

/// Of an order that is not there, as a client reads it: no state, no transaction.
pub(super) fn not_found() -> Vec<(&'static str, String)> {
    standing(Standing {
        code: NOT_FOUND.to_owned(),
        error: NOT_FOUND.to_owned(),
        message: "TR:Kayıt bulunamadı".to_owned(),
        ..Standing::default()
    })
}

/// How an inquiry says that there is no such order.
const NOT_FOUND: &str = "05";

/// Codes with a text of their own: code, `ErrorCode`, text. 81 is recorded; what V013, V014 and 101310 mean
/// is PayFor's, a system of the same maker; of E31 and E39 clients know that the operation is not valid.
const TEXTS: &[(&str, &str, &str)] = &[
    ("81", "B810002", "Terminal Aktif Degil"),
    (
        "101310",
        "101310",
        "Verilen sipariş numarası önceden kullanılmış",
    ),
    ("E31", "E31", "Geçersiz işlem"),
    ("E39", "E39", "İşlem geri alınamaz"),
    ("T98", "T98", "Bu sipariş daha önce onaylanmış"),
    ("V013", "V013", "Seçili işlem bulunamadı"),
];

/// `name=value`, two semicolons between them; the real line sometimes has a third one.
pub(super) fn line(fields: &[(&'static str, String)]) -> String {
    let mut line = String::new();
    for (name, value) in fields {
        if !line.is_empty() {
            line.push_str(";;");
        }
        if *name == "ErrorMessage" {
            line.push(';');
        }
        line.push_str(&format!("{name}={value}"));
    }
    line
}

/// Kuruş as the bank writes lira: points between thousands, a comma, and no zeros at the end.
pub(super) fn turkish(kurus: i64) -> String {
    let (whole, part) = (kurus / 100, kurus % 100);
    let digits = whole.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push('.');
        }
        text.push(digit);
    }
    if part > 0 {
        text.push_str(format!(",{part:02}").trim_end_matches('0'));
    }
    text
}

fn date(at: Timestamp) -> String {
    istanbul(at).strftime("%-d.%-m.%Y %H:%M:%S").to_string()
}

fn transaction(seq: i64, at: Timestamp) -> String {
    let day = istanbul(at).strftime("%y%j").to_string();
    format!("{day}I{seq:08}")
}

/// The bank's own id of a message.
fn own_order_id() -> String {
    let number = u32::from_le_bytes(random::<4>().unwrap_or_default());
    format!("SYSOID{:09}", number % 1_000_000_000)
}

fn auth_code(order: &Order) -> String {
    format!("D{:05}", order.seq.wrapping_mul(7_907).rem_euclid(100_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_recorded() {
        for (kurus, text) in [
            (0, "0"),
            (101, "1,01"),
            (105_620, "1.056,2"),
            (32_000, "320"),
            (5, "0,05"),
            (123_456_789, "1.234.567,89"),
        ] {
            assert_eq!(turkish(kurus), text);
        }
    }
}
