//! The shape of a `CC5Response` about a transaction, and what a 3D Secure page tells of the same.

use jiff::Timestamp;

use super::account::Account;
use super::request::Request;
use crate::cards::Card;
use crate::clock::istanbul;
use crate::codes;
use crate::ledger::{Kind, Order};
use crate::seal::{random, upper_hex};
use crate::xml::{Node, node, text};

/// What the bank answers about a transaction; absent parts are empty elements.
#[derive(Default)]
pub(crate) struct Answer {
    pub(super) response: &'static str,
    pub(super) code: String,
    pub(super) message: String,
    pub(super) auth: String,
    pub(super) reference: String,
    pub(super) transaction: String,
    /// `ERRORCODE` and `NUMCODE`.
    error: (String, String),
    /// The gateway found no order to speak of.
    nameless: bool,
    /// Association and issuer.
    card: Option<(&'static str, &'static str)>,
    points: Vec<(&'static str, String)>,
    /// `HOSTMSG`, which then stands in the place of all but `NUMCODE`.
    host_message: Option<&'static str>,
    /// It comes from the card's side, not from the gateway.
    host: bool,
    /// Ziraat's host has nothing left to give back: a reply without half of the fields.
    spent: bool,
}

impl Answer {
    /// A refusal of the gateway by the number of its error, `detail` behind the text.
    pub(super) fn gateway(number: &str, detail: &str) -> Box<Answer> {
        let known = TEXTS.iter().find(|(known, _)| *known == number);
        let text = known.map_or("Islem yapilamadi", |(_, text)| text);
        Box::new(Answer {
            response: "Error",
            code: "99".to_owned(),
            message: format!("{text}{detail}"),
            error: (format!("CORE-{number}"), format!("99{number}")),
            nameless: matches!(number, "2008" | "2509"),
            ..Answer::default()
        })
    }

    /// No merchant has this ClientId. The numbers are recorded so.
    pub(super) fn unknown_merchant() -> Box<Answer> {
        let mut answer = Answer::gateway("2100", "");
        answer.error = ("2100".to_owned(), "992104".to_owned());
        answer
    }

    /// A refusal with a code as the ledger keeps it: an issuer's, or `99/` and the gateway's number.
    pub(super) fn refusal(code: &str) -> Box<Answer> {
        if let Some(number) = code.strip_prefix("99/") {
            return Answer::gateway(number, "");
        }
        Box::new(Answer {
            response: "Declined",
            code: code.to_owned(),
            message: codes::message(code).to_owned(),
            error: (format!("ISO8583-{code}"), code.to_owned()),
            host: true,
            ..Answer::default()
        })
    }

    /// The account is known, and its user or password are not right.
    pub(super) fn not_permitted() -> Box<Answer> {
        Box::new(Answer {
            response: "Error",
            code: "99".to_owned(),
            message: "Insufficient permissions to perform requested operation.".to_owned(),
            error: (String::new(), "00009900641096".to_owned()),
            host_message: Some("Islem yetkisi yok, kullanici adi veya sifre hatali olabilir."),
            ..Answer::default()
        })
    }

    /// Nothing of the order is left to give back.
    pub(super) fn nothing_left(traced: bool) -> Box<Answer> {
        let mut answer = Answer::gateway("2504", "");
        if traced {
            answer.response = "Declined";
            answer.message = "Net Tutar 0.".to_owned();
            answer.error.0 = "215021".to_owned();
            answer.reference = reference(0);
            answer.spent = true;
        }
        answer
    }

    /// Yes, about an order, or a move of it by its number; `points` is what it tells of them.
    pub(super) fn about(
        order: &Order,
        (seq, at): (i64, Timestamp),
        points: Vec<(&'static str, String)>,
    ) -> Box<Answer> {
        Box::new(Answer {
            response: "Approved",
            code: "00".to_owned(),
            auth: auth_code(order),
            reference: reference(seq),
            transaction: transaction(seq, at),
            error: (String::new(), "00".to_owned()),
            points,
            host: true,
            ..Answer::default()
        })
    }

    /// What a card's purse holds.
    pub(super) fn of_purse(points: Vec<(&'static str, String)>) -> Box<Answer> {
        Box::new(Answer {
            response: "Approved",
            code: "00".to_owned(),
            error: (String::new(), "00".to_owned()),
            points,
            host: true,
            ..Answer::default()
        })
    }

    /// Adds what is known of the card.
    pub(super) fn add_card(&mut self, card: Option<&Card>) {
        self.card = card.map(|card| (card.association, card.issuer));
    }

    /// Whether the issuer's name stands in it, which comes in numeric references.
    pub(super) fn names_issuer(&self) -> bool {
        self.card.is_some()
    }

    /// The batch that the day's transactions go into; none when the gateway refused.
    pub(super) fn batch(&self, now: Timestamp) -> String {
        if self.response != "Approved" {
            return String::new();
        }
        format!("{}", 2_000 + istanbul(now).day_of_year())
    }

    /// What stands in `Extra`, in the order of the recordings.
    pub(super) fn extras(
        &self,
        account: Option<&Account>,
        now: Timestamp,
    ) -> Vec<(&'static str, String)> {
        let at = istanbul(now);
        let date = ("TRXDATE", at.strftime("%Y%m%d %H:%M:%S").to_string());
        let error = ("ERRORCODE", self.error.0.clone());
        let numeric = ("NUMCODE", self.error.1.clone());
        let batch = ("SETTLEID", self.batch(now));
        let card = self.card.map_or_else(Vec::new, |(association, issuer)| {
            let told = [("CARDBRAND", association), ("CARDISSUER", issuer)];
            told.map(|(name, value)| (name, value.to_owned())).into()
        });
        if let Some(message) = self.host_message {
            return vec![("HOSTMSG", message.to_owned()), numeric];
        }
        if self.spent {
            return vec![date, ("TRACEID", trace()), error];
        }
        if account.is_some_and(|account| account.traced) && self.host {
            let mut extras = self.points.clone();
            extras.extend(card);
            if self.response != "Approved" {
                extras.push(error);
            }
            let trace = ("TRACEID", trace());
            extras.extend([date, ("ACQSTAN", self.stan()), trace, numeric, batch]);
            return extras;
        }
        let mut extras = vec![batch, date, error];
        let told = self.host && self.response == "Approved";
        if let Some((terminal, merchant)) = account.and_then(|account| account.terminal)
            && told
        {
            extras.push(("TERMINALID", terminal.to_owned()));
            extras.push(("MERCHANTID", merchant.to_owned()));
        }
        extras.extend(card);
        extras.extend(self.points.clone());
        if told {
            extras.push(("HOSTDATE", at.strftime("%m%d-%H%M%S").to_string()));
        }
        extras.push(numeric);
        extras
    }

    /// The acquirer's number of the transaction.
    pub(super) fn stan(&self) -> String {
        self.reference.chars().skip(6).collect()
    }

    pub(super) fn node(&self, request: &Request, now: Timestamp) -> Node {
        let extras = self.extras(request.account, now);
        let extras = extras.into_iter().map(|(name, value)| text(name, value));
        let extra = node("Extra", extras.collect());
        let order_id = if self.nameless {
            ""
        } else {
            request.order_id()
        };
        let number = if self.transaction.is_empty() {
            fresh_transaction(now)
        } else {
            self.transaction.clone()
        };
        let fields = [
            ("OrderId", order_id),
            ("GroupId", order_id),
            ("Response", self.response),
            ("AuthCode", &self.auth),
            ("HostRefNum", &self.reference),
            ("ProcReturnCode", &self.code),
            ("TransId", &number),
            ("ErrMsg", &self.message),
        ];
        let left_out = ["GroupId", "AuthCode", "ProcReturnCode"];
        let shown = |name: &str| !(self.spent && left_out.contains(&name));
        let mut fields: Vec<Node> = fields
            .into_iter()
            .filter(|(name, _)| shown(name))
            .map(|(name, value)| text(name, value))
            .collect();
        if request.account.is_some_and(|account| account.traced) && self.response == "Approved" {
            fields.push(text("ERRORCODE", ""));
        }
        fields.push(extra);
        node("CC5Response", fields)
    }
}

/// Texts of the gateway's errors. 2008, 2012, 2100, 2507, 2508 and 2603 are recorded; the meaning of the
/// others is public, their words are ours.
const TEXTS: &[(&str, &str)] = &[
    ("2001", "Gecersiz islem tipi"),
    ("2005", "Zorunlu alan eksik ya da hatalı: "),
    ("2007", "Sayı okunamadı: "),
    ("2008", "İptal edilmeye uygun satış işlemi bulunamadı."),
    ("2009", "Satış tutarı sıfır olamaz"),
    ("2012", "Kredi karti numarasi gecerli formatta degil."),
    ("2015", "Kart numarası yok"),
    ("2100", "System based initialization problem"),
    ("2106", "Para birimi geçersiz"),
    ("2121", "XID, CAVV ya da ECI uyuşmuyor"),
    ("2123", "İade edilecek sipariş bulunamadı"),
    ("2125", "Yabancı para ile puan kullanılamaz"),
    ("2127", "Bu 3D doğrulaması daha önce kullanılmış"),
    ("2205", "Bu kart ile puan kullanılamaz"),
    ("2301", "Sipariş numarası geçersiz"),
    ("2503", "İade tutarı kalan tutardan fazla"),
    ("2504", "İade edilecek tutar kalmamış"),
    (
        "2507",
        "Bu siparis numarasi ile zaten basarili bir siparis var.",
    ),
    ("2508", "Iade yapilamaz, siparis gunsonuna girmemis."),
    ("2509", "Eşleşen ön provizyon bulunamadı"),
    ("2510", "Ön provizyonda puan kullanılamaz"),
    ("2512", "Ön provizyon tutarı aşılamaz"),
    ("2603", "Taksit tablosu icin gecersiz deger"),
    ("T98", "Bu sipariş daha önce onaylanmış"),
];

/// The bank's reference of an order or move, by its number.
pub(super) fn reference(seq: i64) -> String {
    format!("4{seq:011}")
}

/// The number of a transaction: its day and its number.
pub(super) fn transaction(seq: i64, at: Timestamp) -> String {
    let day = istanbul(at).strftime("%y%j").to_string();
    format!("{day}G{seq:08}")
}

/// A transaction that left nothing behind has a number too.
fn fresh_transaction(now: Timestamp) -> String {
    let number = u32::from_le_bytes(random::<4>().unwrap_or_default());
    let day = istanbul(now).strftime("%y%j").to_string();
    format!("{day}E{:08}", number % 100_000_000)
}

fn trace() -> String {
    upper_hex(&random::<16>().unwrap_or_default()).to_ascii_lowercase()
}

/// A letter for what it is, and five digits.
pub(super) fn auth_code(order: &Order) -> String {
    let letter = if order.kind == Kind::Hold { 'T' } else { 'P' };
    let digits = order.seq.wrapping_mul(6_947).rem_euclid(90_000) + 10_000;
    format!("{letter}{digits}")
}
