//! `TP_Islem_Sorgulama4`: how one order stands; `TP_Islem_Izleme`: the list of some days.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::answer::{
    Fields, RATE, Reply, auth_code, commission, lira_with, receipt, reference, refusal,
    refusal_for, seq_of, transaction, transaction_id,
};
use super::request::Request;
use crate::app::App;
use crate::clock::{istanbul, moment};
use crate::codes;
use crate::desk::{self, Operation};
use crate::fields::grouped;
use crate::ledger::{Bank, Key, Kind, Move, MoveKind, Order, State, id_of_account};
use crate::xml::{Node, node, text};

/// By the receipt, the order's id, or the caller's own number: the first that is given.
pub(super) fn standing<'a>(request: &Request) -> Result<Operation<'a>, Reply> {
    let own = request.value("Islem_ID");
    Ok(Operation::Inquire(
        match (request.value("Dekont_ID"), request.order_id(), own) {
            ("" | "0", "", "") => return Err(refusal(request, "99/1")),
            ("" | "0", "", own) => Key::Id(id_of_account(own, "")),
            ("" | "0", id, _) => Key::Id(id_of_account("", id)),
            (receipt, ..) => Key::Seq(seq_of(receipt).unwrap_or_default()),
        },
    ))
}

/// The reply about an order. Of one that is not there nothing is recorded: no positive result, and nothing told.
pub(super) fn told(app: &App, order: Option<&Order>) -> Reply {
    let (result, words, fields) = match order {
        Some(order) => ("1", "Başarılı", of_order(app, order)),
        None => ("0", "Kayıt bulunamadı.", Vec::new()),
    };
    let fields = fields.into_iter().map(|(name, value)| text(name, value));
    Reply::Result(vec![
        node("DT_Bilgi", fields.collect()),
        text("Sonuc", result),
        text("Sonuc_Str", words),
    ])
}

fn of_order(app: &App, order: &Order) -> Fields {
    let (own, id) = order.names();
    let declined = order.state == State::Declined;
    let (result, words, standing) = match order.state {
        State::Declined => ("2", "İşlem Başarısız", "BANK_FAIL"),
        State::Voided => ("12", "İptal", "CANCEL"),
        State::Refunded => ("13", "İade", "REFUND"),
        _ if order.refunded > 0 => ("13", "İade", "PARTIAL_REFUND"),
        State::Held | State::Captured | State::Settled => ("1", "İşlem Başarılı", "SUCCESS"),
    };
    // What was held is told also when more or less of it was taken; that only the bank's part tells.
    let amount = if order.kind == Kind::Hold {
        order.held
    } else {
        order.amount
    };
    let returned = if order.refunded > 0 {
        lira_with('.', order.refunded)
    } else {
        "0".to_owned()
    };
    let reason = if declined && !order.code.starts_with("99/") {
        codes::message(&order.code)
    } else {
        ""
    };
    let unless_declined = |value: String| if declined { String::new() } else { value };
    vec![
        ("Odeme_Sonuc", result.to_owned()),
        ("Odeme_Sonuc_Aciklama", words.to_owned()),
        (
            "Dekont_ID",
            if declined {
                "0".to_owned()
            } else {
                receipt(order)
            },
        ),
        ("Siparis_ID", id.to_owned()),
        ("Islem_ID", own.to_owned()),
        ("Durum", standing.to_owned()),
        (
            "Tarih",
            istanbul(order.created_at)
                .strftime("%d.%m.%Y %H:%M:%S")
                .to_string(),
        ),
        ("Toplam_Tutar", lira_with('.', amount)),
        ("Komisyon_Oran", RATE.to_owned()),
        ("Komisyon_Tutar", lira_with('.', commission(amount))),
        ("Banka_Sonuc_Aciklama", reason.to_owned()),
        ("Taksit", order.instalments.to_string()),
        ("Ext_Data", "||||".to_owned()),
        ("Toplam_Iade_Tutar", returned),
        ("KK_No", order.masked.to_string()),
        ("Bank_Extra", extra(app, order)),
        (
            "Islem_Tip",
            if order.kind == Kind::Hold {
                "PRE_AUTH"
            } else {
                "SALE"
            }
            .to_owned(),
        ),
        (
            "Bank_Trans_ID",
            unless_declined(transaction(order.seq, order.created_at)),
        ),
        ("Bank_AuthCode", unless_declined(auth_code(order))),
        ("Bank_HostRefNum", unless_declined(reference(order.seq))),
    ]
}

/// What the bank behind the service says of the last transaction: of a refund, else of the capture or sale.
fn extra(app: &App, order: &Order) -> String {
    let refund = order
        .moves
        .iter()
        .rev()
        .find(|made| made.kind == MoveKind::Refund);
    let last = refund.or_else(|| order.capture());
    let (seq, at) = last.map_or((order.seq, order.created_at), |made| (made.seq, made.at));
    let taken = match refund {
        Some(refund) => Some(refund.amount),
        None => Some(order.captured()).filter(|taken| *taken > 0),
    };
    let amount = taken.unwrap_or(order.amount);
    let captured = taken.map(|taken| taken.to_string()).unwrap_or_default();
    let captured_at = taken.map(|_| moment(at)).unwrap_or_default();
    let kind = if refund.is_some() { "C" } else { "S" };
    let standing = match order.state {
        State::Declined => "D",
        State::Held => "A",
        State::Voided => "V",
        State::Captured | State::Settled | State::Refunded => "C",
    };
    let code = if order.state == State::Declined {
        order.code.as_str()
    } else {
        "00"
    };
    let void = order.moves.iter().find(|made| made.kind == MoveKind::Void);
    let voided = void.map(|made| format!("<VOID_DTTM>{}</VOID_DTTM>", moment(made.at)));
    let (number, auth, trans) = (
        transaction_id(order.seq),
        auth_code(order),
        transaction(seq, at),
    );
    let (done_at, now) = (
        moment(at),
        istanbul(app.now()).strftime("%m%d-%H%M%S").to_string(),
    );
    format!(
        "<Extra><AUTH_CODE>{auth}</AUTH_CODE><AUTH_DTTM>{done_at}</AUTH_DTTM><CAPTURE_AMT>{captured}</CAPTURE_AMT>\
         <CAPTURE_DTTM>{captured_at}</CAPTURE_DTTM><CHARGE_TYPE_CD>{kind}</CHARGE_TYPE_CD><HOSTDATE>{now}</HOSTDATE>\
         <HOST_REF_NUM>{}</HOST_REF_NUM><NUMCODE>0</NUMCODE><ORDERSTATUS>ORD_ID:1012{number}\tCHARGE_TYPE_CD:{kind}\t\
         ORIG_TRANS_AMT:{amount}\tCAPTURE_AMT:{captured}\tTRANS_STAT:{standing}\tAUTH_DTTM:{done_at}\t\
         CAPTURE_DTTM:{captured_at}\tAUTH_CODE:{auth}\tTRANS_ID:{trans}</ORDERSTATUS><ORD_ID>1012{number}</ORD_ID>\
         <ORIG_TRANS_AMT>{amount}</ORIG_TRANS_AMT><PAN>{}</PAN><PROC_RET_CD>{code}</PROC_RET_CD>\
         <TRANS_ID>{trans}</TRANS_ID><TRANS_STAT>{standing}</TRANS_STAT>{}</Extra>",
        reference(seq),
        grouped(&order.masked),
        voided.unwrap_or_default(),
    )
}

/// The longest time that a list may be of.
const LIST_DAYS: i64 = 7;

/// From one moment to another, both in Istanbul.
fn span(request: &Request) -> Result<(Timestamp, Timestamp), Reply> {
    let zone = TimeZone::get("Europe/Istanbul").unwrap_or(TimeZone::UTC);
    let read = |name: &str| {
        let civil = DateTime::strptime("%d.%m.%Y %H:%M:%S", request.value(name)).ok()?;
        Some(civil.to_zoned(zone.clone()).ok()?.timestamp())
    };
    let (Some(from), Some(to)) = (read("Tarih_Bas"), read("Tarih_Bit")) else {
        return Err(refusal_for(request, "Başarısız"));
    };
    if to.duration_since(from) > jiff::SignedDuration::from_hours(24 * LIST_DAYS) {
        return Err(refusal(request, "99/222"));
    }
    Ok((from, to))
}

/// The list of what was done.
pub(super) fn days<'a>(request: &Request) -> Result<Operation<'a>, Reply> {
    let (from, until) = span(request)?;
    Ok(desk::moves_of(Bank::Param, "", from, until))
}

/// A row of the list.
struct Row<'a> {
    order: &'a Order,
    made: Option<&'a Move>,
}

impl Row<'_> {
    fn at(&self) -> Timestamp {
        self.made.map_or(self.order.created_at, |made| made.at)
    }

    fn kind(&self) -> &'static str {
        match self.made.map(|made| made.kind) {
            None | Some(MoveKind::Capture) => "Satış",
            Some(MoveKind::Refund | MoveKind::PointRefund) => "İade",
            Some(MoveKind::Void | MoveKind::Uncapture) => "İptal",
        }
    }

    fn result(&self) -> &'static str {
        match (self.made, self.order.state) {
            (None, State::Declined) => "2",
            (None, State::Voided) => "12",
            (None, State::Refunded) => "13",
            (None, _) if self.order.refunded > 0 => "13",
            _ => "1",
        }
    }

    fn words(&self) -> &'static str {
        if self.result() == "2" {
            "Başarısız"
        } else {
            "Başarılı"
        }
    }

    fn fields(&self) -> Fields {
        let order = self.order;
        let (_, id) = order.names();
        let seq = self.made.map_or(order.seq, |made| made.seq);
        let back = matches!(self.kind(), "İade" | "İptal");
        let amount = self.made.map_or(
            if order.kind == Kind::Hold {
                order.held
            } else {
                order.amount
            },
            |made| made.amount,
        );
        let four = |kurus: i64| {
            let minus = if back { "-" } else { "" };
            format!("{minus}{}00", lira_with('.', kurus))
        };
        let written = |at: Timestamp| istanbul(at).strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string();
        let mut fields = vec![
            ("SanalPOS_Islem_ID", transaction_id(seq)),
            (
                "SanalPOS_Islem_ID_Orj",
                self.made
                    .map_or("0".to_owned(), |_| transaction_id(order.seq)),
            ),
            ("Sonuc_Str", self.words().to_owned()),
            ("Tip_Str", self.kind().to_owned()),
            ("Tarih", written(self.at())),
            (
                "Odeme_Yapan_Bilgisi",
                format!("{} / KK No:{}", transaction_id(seq), order.masked),
            ),
            ("Odeme_Aciklama", String::new()),
            ("Taksit", order.instalments.to_string()),
            ("SanalPOS_Banka", "Sanal POS".to_owned()),
            ("Komisyon_Oran", format!("{RATE}00")),
            ("Komisyon_Tutar", four(commission(amount))),
            ("Net_Tutar", four(amount - commission(amount))),
            ("Tutar", four(amount)),
            (
                "Islem_Guvenlik",
                if order.three_ds { "3D" } else { "NONSECURE" }.to_owned(),
            ),
            (
                "Dekont_ID",
                if back || self.result() == "2" {
                    "0".to_owned()
                } else {
                    receipt(order)
                },
            ),
            ("ORJ_ORDER_ID", id.to_owned()),
            ("Sonuc", self.result().to_owned()),
            ("Kaynak", if back { "" } else { "TURKPOS_API" }.to_owned()),
            (
                "Toplam_Iade_Tutar",
                format!(
                    "{}00",
                    lira_with('.', if back { 0 } else { order.refunded })
                ),
            ),
        ];
        if self.result() != "2" {
            let currency = match order.currency.as_str() {
                "840" => "USD",
                "978" => "EUR",
                "826" => "GBP",
                _ => "TRL",
            };
            fields.extend([
                ("ORJ_Tarih", written(order.created_at)),
                ("PB", currency.to_owned()),
            ]);
        }
        fields
    }
}

/// The rows of some orders, newest first, in the table that the service wraps them in.
pub(super) fn list(request: &Request, orders: &[Order]) -> Reply {
    let Ok((from, to)) = span(request) else {
        return refusal(request, "99/1");
    };
    let rows = orders.iter().flat_map(|order| {
        let moves = order.moves.iter().map(move |made| Row {
            order,
            made: Some(made),
        });
        std::iter::once(Row { order, made: None }).chain(moves)
    });
    let wanted = |name: &str, value: &str| ["", value].contains(&request.value(name));
    let mut rows: Vec<Row<'_>> = rows
        .filter(|row| (from..=to).contains(&row.at()))
        .filter(|row| wanted("Islem_Tip", row.kind()) && wanted("Islem_Durum", row.words()))
        .collect();
    rows.sort_by_key(|row| {
        std::cmp::Reverse((row.at(), row.made.map_or(row.order.seq, |made| made.seq)))
    });
    let rows: Vec<Node> = rows
        .iter()
        .map(|row| {
            node(
                "Temp",
                row.fields()
                    .into_iter()
                    .map(|(name, value)| text(name, value))
                    .collect(),
            )
        })
        .collect();
    let table = node("diffgr:diffgram", vec![node("NewDataSet", rows)]);
    Reply::Result(vec![
        node("DT_Bilgi", vec![table]),
        text("Sonuc", "1"),
        text("Sonuc_Str", "Başarılı"),
    ])
}
