//! What both banks answer: codes and texts, the contract of a payment, and rows of orders.

use jiff::Timestamp;

use super::{Boa, House, hash};
use crate::cards::Card;
use crate::clock::istanbul;
use crate::codes;
use crate::desk::Case;
use crate::ledger::{Kind, Move, MoveKind, Order, State};
use crate::reply;
use crate::xml::{Node, node, text};

/// No moment.
pub(super) const NEVER: &str = "0001-01-01T00:00:00";
pub(super) const NIL: &str = "xsi:nil=\"true\"";
const SCHEMA: &str = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
                      xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"";

/// What the bank answers; `00` is yes.
pub(crate) struct Answer {
    pub(super) code: String,
    pub(super) text: String,
    pub(super) about: About,
}

/// What an answer is about.
pub(super) enum About {
    Nothing,
    /// An order and the number and moment of what was done.
    Order(Box<Order>, i64, Timestamp),
    /// An order that the card's bank refused.
    Refused(Box<Order>),
    /// The oldest first.
    Orders(Vec<Order>),
    /// A page for the browser.
    Page(String),
}

impl Answer {
    pub(super) fn refusal(code: &str) -> Answer {
        let known = TEXTS.iter().find(|(known, _)| *known == code);
        Answer {
            code: code.to_owned(),
            text: known
                .map_or_else(|| codes::message(code), |(_, text)| text)
                .to_owned(),
            about: About::Nothing,
        }
    }

    pub(super) fn yes(text: &str, about: About) -> Answer {
        Answer {
            code: "00".to_owned(),
            text: text.to_owned(),
            about,
        }
    }

    /// The code is one of the card's bank, not a name that this bank gave.
    pub(super) fn is_of_host(&self) -> bool {
        self.code.len() <= 3
    }
}

/// Recorded are 21, 28, DbLayerError's texts, EmptyMDException, HashDataError, InvalidTransactionSecurity,
/// MerchantNotDefined and MetaDataNotFound; of the others the names are public and the words ours.
const TEXTS: &[(&str, &str)] = &[
    ("21", "İşlem daha önce iptal edilmiştir."),
    ("28", "İptal Edilen İşlem İade Yapılamaz"),
    ("51", "Limit Yetersiz."),
    ("888", "3D doğrulaması tamamlanamadı."),
    ("999", "Kart doğrulanamadı."),
    ("ApiUserNotDefined", "Api kullanıcısı bulunamadı."),
    (
        "CardNotEnrolled",
        "Kart 3D Secure programına kayıtlı değil.",
    ),
    ("CardNotFound", "Kart bulunamadı."),
    ("CurrencyCodeInvalid", "Para birimi geçersizdir."),
    ("EmptyMDException", "Geçerli bir MD değeri giriniz."),
    (
        "HashDataError",
        "Şifrelenen veriler (Hashdata) uyuşmamaktadır.",
    ),
    (
        "InvalidMetaData",
        "Ödeme detayı ile gönderilen bilgiler uyuşmuyor.",
    ),
    ("InvalidTransactionSecurity", "İşlem türü geçersizdir."),
    (
        "MerchantNotDefined",
        "Uye isyeri kullanici tanimi bulunamadi.",
    ),
    ("MetaDataNotFound", "Ödeme detayı bulunamadı."),
    ("OrderIsProcessedBefore", "Sipariş daha önce işlenmiştir."),
    (
        "RRNOrStanOrProvIsIncorrect",
        "RRN, Stan veya provizyon numarası hatalı.",
    ),
    (
        "TransactionAmountMismatchException",
        "İşlem tutarı uyuşmuyor.",
    ),
    (
        WHOLE_ON_THE_DAY,
        "Kısmi iade işlemi, satışla aynı gün içerisindeyse tutarın tamamı için yapılamaz. Tutarın tamamı için iptal işlemi yapabilirsiniz.",
    ),
    (
        DAY_IS_OVER,
        "Günü kapanan işlem iptal edilemez. İade işlemi yapabilirsiniz.",
    ),
    (SOME_IS_BACK, "İadesi olan işlem iptal edilemez."),
    (NOTHING_LEFT, "İade edilecek tutar kalmamıştır."),
    (NOT_HELD, "Kapatılacak ön provizyon bulunamadı."),
];

/// Refusals that have a text and no code of their own.
pub(super) const WHOLE_ON_THE_DAY: &str = "DbLayerError/whole";
pub(super) const DAY_IS_OVER: &str = "DbLayerError/closed";
pub(super) const SOME_IS_BACK: &str = "DbLayerError/returned";
pub(super) const NOTHING_LEFT: &str = "DbLayerError/nothing";
pub(super) const NOT_HELD: &str = "DbLayerError/held";

/// The code as it is told.
pub(super) fn told(code: &str) -> &str {
    code.split('/').next().unwrap_or(code)
}

/// The bank's number of an order: one that began on the page has it from there.
pub(super) fn number(order: &Order) -> i64 {
    if order.nonce.is_empty() {
        order.seq
    } else {
        number_of_proof(&order.nonce)
    }
}

pub(super) fn number_of_proof(nonce: &str) -> i64 {
    let digits = nonce.get(..7).unwrap_or_default();
    100_000_000 + i64::from_str_radix(digits, 16).unwrap_or_default()
}

/// RRN, Stan and provision number of an order or move.
pub(super) fn references(seq: i64) -> [String; 3] {
    let provision = seq.wrapping_mul(6_947).rem_euclid(900_000) + 100_000;
    [
        format!("4{seq:011}"),
        format!("{:06}", seq.rem_euclid(1_000_000)),
        provision.to_string(),
    ]
}

/// `2024-04-23T15:19:15.747`.
pub(super) fn moment(at: Timestamp) -> String {
    istanbul(at).strftime("%Y-%m-%dT%H:%M:%S%.3f").to_string()
}

/// Lira with a point.
fn lira(kurus: i64) -> String {
    format!("{}.{:02}", kurus / 100, kurus % 100)
}

/// A root that names the schemas.
pub(super) fn root(name: &str, children: Vec<Node>) -> Node {
    node(name, children).with(SCHEMA)
}

/// The reply to a payment: what was asked, as `echo` shows it, and what came of it. `signed` makes the
/// hash; recorded refusals have none.
pub(super) fn contract<H: House>(
    case: &Case<'_, Boa<H>>,
    answer: &Answer,
    echo: impl Fn(&Order) -> Node,
    (signed, spoilt): (bool, bool),
) -> Node {
    let flag = |name: &str, on: bool| text(name, if on { "true" } else { "false" });
    let (order, seq, at) = match &answer.about {
        About::Order(order, seq, at) => (order, *seq, *at),
        About::Refused(order) => (order, order.seq, order.created_at),
        _ => {
            let none = vec![
                flag("IsEnrolled", false),
                flag("IsVirtual", false),
                text("ResponseCode", told(&answer.code)),
                text("ResponseMessage", answer.text.as_str()),
                text("OrderId", "0"),
                text("TransactionTime", NEVER),
                text("MerchantId", "").with(NIL),
                text("BusinessKey", "0"),
            ];
            return root("VPosTransactionResponseContract", none);
        }
    };
    let [rrn, stan, provision] = references(seq);
    let (id, number) = (case.message.order_id(), number(order).to_string());
    let mut fields = vec![
        echo(order),
        flag("IsEnrolled", true),
        flag("IsVirtual", false),
    ];
    if answer.code == "00" {
        fields.push(text("ProvisionNumber", provision));
    }
    fields.extend([
        text("RRN", rrn.as_str()),
        text("Stan", stan),
        text("ResponseCode", answer.code.as_str()),
        text("ResponseMessage", answer.text.as_str()),
        text("OrderId", number.as_str()),
        text("TransactionTime", moment(at)),
        text("MerchantOrderId", id),
    ]);
    if signed {
        let password = H::ACCOUNT.hashed_password();
        let mut sign = hash(&[id, &rrn, &answer.code, &number, &password]);
        if spoilt {
            reply::spoil(&mut sign);
        }
        fields.push(text("HashData", sign));
    }
    fields.push(text("BusinessKey", "0"));
    root("VPosTransactionResponseContract", fields)
}

/// A row of orders: an order, or with a move what was done with it.
pub(super) struct Row<'a> {
    order: &'a Order,
    made: Option<&'a Move>,
    closed: bool,
}

impl<'a> Row<'a> {
    pub(super) fn new(order: &'a Order, made: Option<&'a Move>, now: Timestamp) -> Row<'a> {
        let before = istanbul(order.created_at).date() < istanbul(now).date();
        let closed = match order.state {
            State::Settled => true,
            State::Captured | State::Held => false,
            State::Voided | State::Refunded | State::Declined => before,
        };
        Row {
            order,
            made,
            closed,
        }
    }

    /// 1 sale, 4 all of it back, 5 some of it, 6 undone. 2, a hold, is our guess.
    fn last_status(&self) -> u8 {
        match self.order.state {
            State::Voided => 6,
            State::Refunded => 4,
            State::Captured | State::Settled if self.order.refunded > 0 => 5,
            State::Held => 2,
            _ if self.order.captured() == 0 && self.order.kind == Kind::Hold => 2,
            _ => 1,
        }
    }

    /// The fields, each with what it means where Vakıf Katılım tells it, in the order of the recordings.
    pub(super) fn fields(
        &self,
        merchant: &str,
        card: Option<&Card>,
    ) -> Vec<(&'static str, String, &'static str)> {
        let order = self.order;
        let declined = order.state == State::Declined;
        let first = if order.kind == Kind::Hold {
            order.held
        } else {
            order.amount
        };
        let voided = order.state == State::Voided;
        let last = self.last_status();
        let (status, seq, at, amount) = match self.made {
            None if order.kind == Kind::Hold => (2, order.seq, order.created_at, first),
            None => (1, order.seq, order.created_at, first),
            Some(made) => {
                let status = match made.kind {
                    MoveKind::Void | MoveKind::Uncapture => 6,
                    MoveKind::Capture => 1,
                    MoveKind::Refund | MoveKind::PointRefund if made.amount == order.amount => 4,
                    MoveKind::Refund | MoveKind::PointRefund => 5,
                };
                (status, made.seq, made.at, made.amount)
            }
        };
        let [rrn, stan, provision] = references(seq);
        let (code, explain, provision) = if declined {
            let told = Answer::refusal(&order.code);
            (told.code, told.text, String::new())
        } else {
            ("00".to_owned(), "Provizyon alındı.".to_owned(), provision)
        };
        let (_, id) = order.names();
        let several = order.instalments > 1;
        let brand = match card.map(|card| card.association) {
            Some("VISA") => "Visa",
            Some("TROY") => "Troy",
            _ => "MasterCard",
        };
        vec![
            ("OrderId", number(order).to_string(), ""),
            ("MerchantOrderId", id.to_owned(), ""),
            ("MerchantId", merchant.to_owned(), ""),
            ("PosTerminalId", "VP008759".to_owned(), ""),
            ("OrderStatus", status.to_string(), name_of(status)),
            (
                "OrderType",
                if several { "2" } else { "1" }.to_owned(),
                if several { "Taksitli" } else { "Pesin" },
            ),
            (
                "TransactionStatus",
                if declined { "2" } else { "1" }.to_owned(),
                if declined { "Basarisiz" } else { "Basarili" },
            ),
            ("LastOrderStatus", last.to_string(), name_of(last)),
            (
                "EndOfDayStatus",
                if self.closed { "2" } else { "1" }.to_owned(),
                if self.closed { "Kapali" } else { "Acik" },
            ),
            ("FEC", format!("0{}", order.currency), ""),
            (
                "TransactionSecurity",
                if order.three_ds { "3" } else { "1" }.to_owned(),
                if order.three_ds {
                    "3d islem"
                } else {
                    "3d'siz islem"
                },
            ),
            ("CardHolderName", "Ayşe Yılmaz".to_owned(), ""),
            ("CardType", brand.to_owned(), ""),
            ("CardNumber", order.masked.to_string(), ""),
            ("OrderDate", moment(at), ""),
            ("FirstAmount", lira(first), ""),
            ("TranAmount", lira(amount), ""),
            ("FECAmount", lira(0), ""),
            (
                "CancelAmount",
                lira(if voided { order.amount } else { 0 }),
                "",
            ),
            ("DrawbackAmount", lira(order.refunded), ""),
            (
                "ClosedAmount",
                lira(order.capture().map_or(0, |taken| taken.amount)),
                "",
            ),
            ("InstallmentCount", order.instalments.to_string(), ""),
            ("ResponseCode", code, ""),
            ("ResponseExplain", explain, ""),
            ("ProvNumber", provision, ""),
            ("RRN", rrn, ""),
            ("Stan", stan, ""),
            ("BatchId", "545".to_owned(), ""),
        ]
    }
}

fn name_of(status: u8) -> &'static str {
    match status {
        1 => "Satis",
        2 => "On Provizyon",
        4 => "Iade",
        5 => "Kismi Iade",
        _ => "Iptal",
    }
}
