//! The shape of a reply about a transaction; the 3D Secure page tells the same in its fields.

use jiff::Timestamp;
use serde_json::{Map, Number, Value, json};

use super::account::terminal;
use super::request::Request;
use crate::cards::{Card, Program, Purse};
use crate::clock::istanbul;
use crate::codes;
use crate::seal::random;

/// The gateway lets a transaction through to the host, or the host refused it.
const APPROVED: (&str, &str) = ("VPS-0000", "BAŞARILI");
const REFUSED: (&str, &str) = ("VPS-1005", "Provizyon Hatası");
const APPROVED_BY_HOST: (&str, &str) = ("00", "000 ONAY KODU XXXXXX");

/// What the bank answers about a transaction.
pub(crate) struct Answer {
    pub(super) code: String,
    pub(super) message: String,
    /// The host's code and words, where it was asked.
    pub(super) host: Option<(String, String)>,
    /// The numbers of what was made.
    pub(super) made: Option<Made>,
    /// What it tells of the card's chip-para, where it does.
    pub(super) purse: Option<Purse>,
}

/// The numbers by which the bank knows a transaction.
#[derive(Clone)]
pub(super) struct Made {
    pub(super) auth: String,
    pub(super) rrn: String,
    pub(super) batch: i16,
    pub(super) stan: i64,
}

impl Made {
    /// Of an order or a refund, by its number. A capture has those of its hold.
    pub(super) fn of(seq: i64, at: Timestamp) -> Made {
        Made {
            auth: format!("{:06}", (300_000 + seq).rem_euclid(1_000_000)),
            rrn: rrn(seq, at),
            batch: batch(at),
            stan: seq.rem_euclid(1_000_000),
        }
    }

    fn told(&self) -> Value {
        json!({
            "authCode": self.auth,
            "rrn": self.rrn,
            "batchNumber": self.batch,
            "stan": self.stan,
        })
    }
}

/// The reference of a transaction: its year and day, and its number.
fn rrn(seq: i64, at: Timestamp) -> String {
    let at = istanbul(at);
    let day = at.day_of_year();
    format!(
        "{}{day:03}24{:06}",
        at.year().rem_euclid(10),
        seq.rem_euclid(1_000_000)
    )
}

/// The batch that a day's transactions go into.
pub(super) fn batch(at: Timestamp) -> i16 {
    istanbul(at).day_of_year()
}

impl Answer {
    fn new((code, message): (&str, &str), host: Option<(String, String)>) -> Answer {
        Answer {
            code: code.to_owned(),
            message: message.to_owned(),
            host,
            made: None,
            purse: None,
        }
    }

    pub(super) fn approved(made: Option<Made>, purse: Option<Purse>) -> Answer {
        let (code, message) = APPROVED_BY_HOST;
        Answer {
            made,
            purse,
            ..Answer::new(APPROVED, Some((code.to_owned(), message.to_owned())))
        }
    }

    /// A refusal of the gateway by the number of its error, about `subject`.
    pub(super) fn gateway(number: &str, subject: &str) -> Answer {
        let known = TEXTS.iter().find(|(known, _)| *known == number);
        let text = known.map_or("İşlem yapılamadı", |(_, text)| text);
        let text = text.replace("{}", subject);
        Answer::new((&format!("VPS-{number}"), &text), None)
    }

    /// A refusal with a code as the ledger keeps it: the host's, or `VPS/` and the gateway's number.
    pub(super) fn refusal(code: &str) -> Answer {
        if let Some(number) = code.strip_prefix("VPS/") {
            return Answer::gateway(number, "");
        }
        let host = (code.to_owned(), host_message(code));
        let number = u32::from_le_bytes(random::<4>().unwrap_or_default()) % 1_000_000;
        Answer {
            made: Some(Made {
                auth: "000000".to_owned(),
                rrn: format!("000024{number:06}"),
                batch: 0,
                stan: 0,
            }),
            ..Answer::new(REFUSED, Some(host))
        }
    }

    pub(super) fn is_approval(&self) -> bool {
        self.code == APPROVED.0
    }

    /// The reply to a message.
    pub(super) fn told(&self, request: &Request, now: Timestamp) -> Value {
        let asked = request.code();
        let mut told = Map::new();
        let mut put = |name: &str, value: Value| told.insert(name.to_owned(), value);
        put("txnCode", asked.into());
        put("responseCode", self.code.as_str().into());
        put("responseMessage", self.message.as_str().into());
        if let Some((code, message)) = &self.host {
            put("hostResponseCode", code.as_str().into());
            put("hostMessage", message.as_str().into());
        }
        put("txnDateTime", stamp(now).into());
        put("terminal", terminal());
        let sells = matches!(asked, "1000" | "1004" | "1005");
        if self.is_approval() && sells && asked != "1004" {
            put("card", json!({ "cardHolderName": HOLDER }));
        }
        if let Some(order) = request.block("order") {
            put("order", order.clone());
        }
        // A void tells no numbers.
        if sells || asked == "1002" {
            let none = json!({ "stan": 0, "rrn": "0", "batchNumber": 0 });
            put("transaction", self.made.as_ref().map_or(none, Made::told));
        }
        if self.host.is_some() && sells && asked != "1004" {
            put(
                "campaign",
                json!({ "additionalInstallCount": 0, "deferingMonth": 0 }),
            );
            put("reward", self.purse.map_or(json!({}), reward));
        } else if let Some(purse) = self.purse {
            put("reward", reward(purse));
        }
        Value::Object(told)
    }
}

/// The holder's name as the issuer masks it.
pub(super) const HOLDER: &str = "GA**";

/// What is told of chip-para: of the card, of the merchant's program, of a brand.
pub(super) fn purses(purse: Purse) -> [(&'static str, i64, &'static str); 3] {
    let described = |kurus: i64, words: &'static str| if kurus > 0 { words } else { "" };
    [
        ("ccb", purse.card, "CHIP PARA"),
        ("pcb", purse.firm, described(purse.firm, "MAĞAZA PARA")),
        ("xcb", purse.mile, described(purse.mile, "MARKA PARA")),
    ]
}

/// A `reward` block. Nothing is earned here.
fn reward(purse: Purse) -> Value {
    let mut told = Map::new();
    for (kind, kurus, words) in purses(purse) {
        told.insert(format!("{kind}EarnedRewardAmount"), money(0));
        told.insert(format!("{kind}BalanceRewardAmount"), money(kurus));
        told.insert(format!("{kind}RewardDesc"), words.into());
    }
    Value::Object(told)
}

/// What the bank knows of a card's chip-para: only of its own program.
pub(super) fn purse_of(card: Option<&Card>, purse: Purse) -> Option<Purse> {
    card.is_some_and(|card| card.program == Program::Axess)
        .then_some(purse)
}

pub(super) fn lira_of(kurus: i64) -> String {
    format!("{}.{:02}", kurus / 100, kurus % 100)
}

/// Lira as a JSON number without zeros that say nothing: `1.01`, `0.5`, `30`.
pub(super) fn money(kurus: i64) -> Value {
    let text = lira_of(kurus);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}

/// A moment as replies write it, in Istanbul: `2024-04-15T20:41:03.165`.
pub(super) fn stamp(at: Timestamp) -> String {
    istanbul(at).strftime("%Y-%m-%dT%H:%M:%S%.3f").to_string()
}

/// The host's words, behind its code in three places.
fn host_message(code: &str) -> String {
    format!("{code:0>3} {}", codes::message(code))
}

/// Texts of the gateway's errors. 1008, 1013, 1059, 1061 and 1123 are recorded; the meaning of the others
/// is public, their words are ours.
const TEXTS: &[(&str, &str)] = &[
    ("1007", "Orijinal işlem bulunamadı"),
    ("1008", "Daha önce iptal edilmiş işlem"),
    ("1013", "Sipariş Numarası : {} tekil olmalıdır"),
    (
        "1059",
        "Planlı İşlem bulunamadı. Talimat Takip Numarası : {}",
    ),
    (
        "1061",
        "Bu üye işyerinin planlı ve tekrarlayan işlem yetkisi yoktur",
    ),
    ("1073", "İstek tarihi geçerli değil"),
    ("1123", "İşlem bulunamadı. Sipariş Numarası : {}"),
    ("1279", "3D Secure doğrulaması yapılamadı"),
    ("2229", "Tarih aralığı bir günü aşamaz"),
    ("2235", "Kayıt sayısı çok fazla"),
    ("T98", "Bu sipariş daha önce onaylanmış"),
];
