//! What becomes of an order at Param after it was taken or held: what its inquiry says, undone on the same day, given
//! back in whole or in part, or captured.

use super::{
    NO_ACCOUNT, NOTHING_THERE, Question, charged, check_order, comma, error_group, exchange, lira,
    outcome, refusal_to_move,
};
use crate::bank::{
    Answer, BankContext, BankDay, Capture, Charged, Decline, Doubt, DoubtReason, GivenBack,
    HoldStatus, OrderRef, OrderStatus, Phase, Refund, Reversed, Verdict,
};
use crate::banks::{
    auth_code, check_capture, check_sale, minor_units, other_sale, points_back, question_refused,
    reference, refused_capture, sent, unreadable,
};
use crate::xml::Element;
use contract::errors::ErrorGroup;
use contract::money::Money;
use jiff::civil::{Date, DateTime};

/// How an order stands.
struct Record {
    status: OrderStatus,
    /// What was taken, where Param says so.
    taken: Option<i64>,
    /// What went back by refunds.
    refunded: i64,
    /// It was undone.
    is_cancelled: bool,
    /// The day on which it was made.
    day: Option<Date>,
}

impl Record {
    fn of(status: OrderStatus) -> Record {
        Record {
            status,
            taken: None,
            refunded: 0,
            is_cancelled: false,
            day: None,
        }
    }
}

// The inquiry

/// Asks by our own number of the message first, which Param keeps whatever id it sold under; then by the order's.
async fn look_up(context: BankContext<'_>, order: &OrderRef<'_>) -> Result<Record, Doubt> {
    for by in ["Islem_ID", "Siparis_ID"] {
        let names = ["Dekont_ID", "Siparis_ID", "Islem_ID"];
        let key = names.map(|name| {
            (
                name,
                if name == by {
                    order.order.id.as_str()
                } else {
                    ""
                },
            )
        });
        let guid = ("GUID", context.account.threeds_key.expose());
        let [receipt, id, number] = key;
        let question = Question::new("TP_Islem_Sorgulama4", &[guid, receipt, id, number]);
        let reply = exchange(context, &context.account.api_url, &question).await?;
        if let Some(told) = told(&reply)? {
            return record(told, order);
        }
        if order.with_points {
            let question = Question::new(
                "TP_Islem_Sorgulama_WP",
                &[guid, receipt, id, number, ("Ref_No", "")],
            );
            let reply = exchange(context, &context.account.api_url, &question).await?;
            if tells_of_points(&reply)? {
                return Err(other_sale(
                    "Param tells of the sale with points in words of its own",
                ));
            }
        }
    }
    Ok(Record::of(OrderStatus::NotFound))
}

/// Whether the inquiry of sales with points knows an order. Its standings are not public, so that a person must read them.
fn tells_of_points(reply: &Element) -> Result<bool, Doubt> {
    let rows = reply.only("List")?;
    let has_rows = rows.is_some_and(|rows| !rows.children().is_empty() || !rows.value().is_empty());
    if has_rows || !reply.words(&["Durum"]).is_empty() {
        return Ok(true);
    }
    match outcome(reply)? {
        0.. | NOTHING_THERE => Ok(false),
        result if result != NO_ACCOUNT && says_nothing_found(reply) => Ok(false),
        result => Err(question_refused(error_group(result, ""))),
    }
}

/// What Param tells of an order; nothing when it knows none.
fn told(reply: &Element) -> Result<Option<&Element>, Doubt> {
    let result = outcome(reply)?;
    let record = reply.only("DT_Bilgi")?;
    let fields = record.map_or(&[][..], |record| record.children());
    // A record of another shape than the recorded one is not an empty one.
    let text = record.map_or("", |record| record.value());
    if !text.is_empty() || fields.iter().any(|field| !field.children().is_empty()) {
        return Err(unreadable("the inquiry answers a record that nests"));
    }
    let told = record.filter(|_| fields.iter().any(|field| !field.value().is_empty()));
    match (result, told, record) {
        (1.., Some(_), _) => Ok(told),
        (1.., None, None) => Err(unreadable("the inquiry answers without a record")),
        (_, Some(_), _) => Err(unreadable("the inquiry answers and refuses")),
        (1.., None, Some(_)) | (0, None, Some(_)) | (NOTHING_THERE, None, _) => Ok(None),
        // Of an order that is not there no number is public, only that it is none above zero: words must say so.
        (result, None, _) if result != NO_ACCOUNT && says_nothing_found(reply) => Ok(None),
        (result, None, _) => Err(question_refused(error_group(result, ""))),
    }
}

/// What can be looked for and not found; of an account, a user or a terminal the same is a refused question.
const FINDABLE: &[&str] = &[
    "kayıt", "kayit", "işlem", "islem", "sipariş", "siparis", "dekont",
];

/// Whether the words say that no record, transaction, order or receipt was found.
pub(super) fn says_nothing_found(reply: &Element) -> bool {
    let Ok(words) = reply.phrase(&["Sonuc_Str"]) else {
        return false;
    };
    // A capital İ becomes two characters.
    let words = words.to_lowercase().replace('\u{307}', "");
    let before = words.split_once("bulunamad").map(|(before, _)| before);
    let what = before.and_then(|before| before.split_whitespace().next_back());
    what.is_some_and(|what| FINDABLE.contains(&what))
}

fn record(told: &Element, order: &OrderRef<'_>) -> Result<Record, Doubt> {
    let said = |name| told.exact(&[name]);
    if said("Siparis_ID")? != order.order.id {
        return Err(other_sale("the inquiry answers another order"));
    }
    let made_at = moment(said("Tarih")?);
    check_sale(
        order,
        said("KK_No")?,
        &made_at.map_or_else(String::new, |at| {
            at.strftime("%Y-%m-%d %H:%M:%S").to_string()
        }),
    )?;
    let state = said("Durum")?;
    if matches!(state, "FAIL" | "BANK_FAIL") {
        return refused(told);
    }
    let refunded = match said("Toplam_Iade_Tutar")? {
        "" => Some(0),
        text => lira(text),
    };
    let refunded = refunded.ok_or_else(|| unreadable("the inquiry answers no sum of refunds"))?;
    let (taken, is_held) = taken(told, order)?;
    let status = match (state, said("Odeme_Sonuc")?, refunded) {
        ("SUCCESS", "1", 0) if is_held => OrderStatus::Held(charged(told, "Dekont_ID")?),
        ("SUCCESS", "1", 0) => OrderStatus::Captured(charged(told, "Dekont_ID")?),
        ("PARTIAL_REFUND", "1" | "13", 1..) if taken.is_none_or(|taken| refunded < taken) => {
            OrderStatus::Captured(charged(told, "Dekont_ID")?)
        }
        ("REFUND", "13", 1..) if taken.is_none_or(|taken| refunded == taken) => OrderStatus::Voided,
        ("CANCEL", "12", 0) => OrderStatus::Voided,
        _ => {
            return Err(unreadable(
                "the inquiry answers a state that no order of ours has",
            ));
        }
    };
    Ok(Record {
        status,
        taken,
        refunded,
        is_cancelled: state == "CANCEL",
        day: made_at.map(|at| at.date()),
    })
}

/// What was taken of an order, and whether it is only held. A hold that was captured still says that it is one:
/// then only the words of the bank behind Param tell what was taken, which may be another amount.
fn taken(told: &Element, order: &OrderRef<'_>) -> Result<(Option<i64>, bool), Doubt> {
    let total = lira(told.exact(&["Toplam_Tutar"])?);
    let ours = order.order.amount.minor;
    match (order.order.phase, told.exact(&["Islem_Tip"])?, total) {
        (Phase::Sale, "SALE", Some(total)) if total == ours => Ok((Some(total), false)),
        (Phase::Hold, "POST_AUTH", Some(total)) if total > 0 => Ok((Some(total), false)),
        (Phase::Hold, "PRE_AUTH", Some(total)) => {
            // What the bank says of a hold that was undone or given back is of that.
            if told.exact(&["Durum"])? != "SUCCESS" {
                return Ok((None, false));
            }
            let unsaid = || unreadable("the inquiry does not tell whether the hold was captured");
            let words = told.only("Bank_Extra")?.ok_or_else(unsaid)?;
            let extra = Element::parse(words.value().as_bytes()).map_err(|_| unsaid())?;
            let said = |name| extra.exact(&[name]);
            match (said("TRANS_STAT")?, minor_units(said("CAPTURE_AMT")?)) {
                ("A", None) if total == ours && said("CAPTURE_AMT")?.is_empty() => Ok((None, true)),
                ("C" | "S", Some(taken)) if taken > 0 && [ours, taken].contains(&total) => {
                    Ok((Some(taken), false))
                }
                ("A" | "C" | "S", _) if total != ours => {
                    Err(other_sale("the inquiry answers another amount held"))
                }
                _ => Err(unsaid()),
            }
        }
        _ => Err(other_sale(
            "the inquiry answers another kind of sale or amount",
        )),
    }
}

fn refused(told: &Element) -> Result<Record, Doubt> {
    if !matches!(told.exact(&["Dekont_ID"])?, "" | "0") {
        return Err(unreadable("a refusal with Param's number"));
    }
    let words = told.words(&["Banka_Sonuc_Aciklama"]);
    Ok(Record::of(OrderStatus::Refused(Decline {
        group: ErrorGroup::Declined,
        code: told.words(&["Odeme_Sonuc"]),
        message: if words.is_empty() {
            told.words(&["Odeme_Sonuc_Aciklama"])
        } else {
            words
        },
        day: BankDay::Unsaid,
    })))
}

/// `05.01.2025 13:14:32`, in Istanbul.
fn moment(text: &str) -> Option<DateTime> {
    DateTime::strptime("%d.%m.%Y %H:%M:%S", text).ok()
}

/// What became of an order.
pub(crate) async fn inquire(
    context: BankContext<'_>,
    order: OrderRef<'_>,
) -> Result<OrderStatus, Doubt> {
    Ok(look_up(context, &order).await?.status)
}

/// How a hold stands, and what was taken of it.
pub(crate) async fn inquire_hold(
    context: BankContext<'_>,
    hold: OrderRef<'_>,
) -> Result<HoldStatus, Doubt> {
    let Record { status, taken, .. } = look_up(context, &hold).await?;
    Ok(HoldStatus { status, taken })
}

/// What was given back of an order.
pub(crate) async fn given_back(
    context: BankContext<'_>,
    order: OrderRef<'_>,
) -> Result<GivenBack, Doubt> {
    let record = look_up(context, &order).await?;
    match record.status {
        OrderStatus::Captured(_) | OrderStatus::Held(_) | OrderStatus::Voided => Ok(GivenBack {
            voided: record.is_cancelled,
            refunded: Some(record.refunded),
        }),
        OrderStatus::NotFound
        | OrderStatus::Refused(_)
        | OrderStatus::Pending
        | OrderStatus::ToReverse(_) => Err(unreadable("Param knows no such sale")),
    }
}

// The moves

/// Sends a move about an order; what Param refuses is a decline.
async fn send(
    context: BankContext<'_>,
    method: &'static str,
    fields: &[(&'static str, &str)],
) -> Result<Result<Element, (i64, Decline)>, Doubt> {
    let guid = ("GUID", context.account.threeds_key.expose());
    let question = Question::new(method, &[&[guid], fields].concat());
    let reply = exchange(context, &context.account.api_url, &question).await?;
    Ok(match refusal_to_move(&reply)? {
        Some(decline) => Err((outcome(&reply)?, decline)),
        None => Ok(reply),
    })
}

/// Undoes a sale, whole, or gives of it back: these amounts have a point.
async fn give_back(
    context: BankContext<'_>,
    what: &'static str,
    order: &OrderRef<'_>,
    amount: Money,
) -> Result<Result<Element, (i64, Decline)>, Doubt> {
    let sum = amount.decimal().to_string();
    let fields = [
        ("Durum", what),
        ("Siparis_ID", order.order.id.as_str()),
        ("Tutar", &sum),
    ];
    if !order.with_points {
        return send(context, "TP_Islem_Iptal_Iade_Kismi2", &fields).await;
    }
    let fields = [&fields[..], &[("Ref_No", "")]].concat();
    let moved = send(context, "TP_Islem_Iptal_Iade_Kismi_WP", &fields).await?;
    if let Ok(reply) = &moved {
        check_parts(reply)?;
    }
    Ok(moved)
}

/// What went back of card and points, a row each: one that did not leaves the whole in doubt.
fn check_parts(reply: &Element) -> Result<(), Doubt> {
    let rows = reply.only("List")?.map_or(&[][..], |rows| rows.children());
    for row in rows {
        if !matches!(outcome(row)?, 1..) {
            return Err(unreadable("a part of what was to go back did not"));
        }
    }
    Ok(())
}

/// Undoes an order. A hold that was captured is undone as a sale of what was taken.
pub(crate) async fn void(context: BankContext<'_>, order: OrderRef<'_>) -> Answer<Reversed> {
    let moved = match order.order.phase {
        Phase::Sale => give_back(context, "IPTAL", &order, order.order.amount).await,
        Phase::Hold => {
            let fields = [("Prov_ID", ""), ("Siparis_ID", order.order.id.as_str())];
            send(context, "TP_Islem_Iptal_OnProv", &fields).await
        }
    };
    // Refused, perhaps because it was undone before: then that is what was wanted.
    let refused = match moved {
        Ok(Ok(reply)) => return Ok(Verdict::Approved(reversed(&reply)?)),
        Ok(Err((NOTHING_THERE, decline))) => Ok(decline),
        Ok(Err((_, decline))) => return Ok(Verdict::Declined(decline)),
        Err(doubt) if matches!(doubt.reason, DoubtReason::TimedOut(_)) => Err(doubt),
        Err(doubt) => return Err(doubt),
    };
    let record = look_up(context, &order).await.map_err(sent)?;
    // A sale is undone on its day only.
    let is_sale = order.order.phase == Phase::Sale;
    let is_over = is_sale && record.day.is_some_and(|day| day < context.now.date());
    match (record.status, record.taken, refused) {
        (OrderStatus::Voided, ..) => Ok(Verdict::Approved(Reversed::default())),
        (OrderStatus::Captured(_), Some(taken), _) if !is_sale => {
            let taken = Money::new(taken, order.order.amount.currency);
            let moved = give_back(context, "IPTAL", &order, taken).await;
            match moved.map_err(sent)? {
                Ok(reply) => Ok(Verdict::Approved(reversed(&reply)?)),
                Err((_, decline)) => Ok(Verdict::Declined(decline)),
            }
        }
        (OrderStatus::Captured(_), _, Err(doubt)) if is_over => match doubt.reason {
            DoubtReason::TimedOut(decline) => Ok(Verdict::Declined(closed(decline))),
            _ => Err(doubt),
        },
        (_, _, Err(doubt)) => Err(doubt),
        (OrderStatus::NotFound | OrderStatus::Pending | OrderStatus::ToReverse(_), _, Ok(_)) => {
            Err(unreadable("Param knows no sale to undo"))
        }
        (_, _, Ok(decline)) if is_over => Ok(Verdict::Declined(closed(decline))),
        (_, _, Ok(decline)) => Ok(Verdict::Declined(decline)),
    }
}

fn closed(decline: Decline) -> Decline {
    Decline {
        day: BankDay::Closed,
        ..decline
    }
}

/// Gives a part of a sale back, or all of it. Points among it are Param's to divide: no element for them is public.
pub(crate) async fn refund(context: BankContext<'_>, refund: Refund<'_>) -> Answer<Reversed> {
    points_back(&refund)?;
    let decline = match give_back(context, "IADE", &refund.sale, refund.amount).await? {
        Ok(reply) => return Ok(Verdict::Approved(reversed(&reply)?)),
        Err((NOTHING_THERE, decline)) => decline,
        Err((_, decline)) => return Ok(Verdict::Declined(decline)),
    };
    // The same is said of a sale whose day is not over and of one that has nothing left.
    let known = look_up(context, &refund.sale).await.ok();
    Ok(Verdict::Declined(match known {
        Some(record) if record.status == OrderStatus::Voided => Decline {
            group: ErrorGroup::MayHaveAlreadyRefunded,
            ..decline
        },
        Some(record) if record.day == Some(context.now.date()) => Decline {
            group: ErrorGroup::RequiresDayEnd,
            day: BankDay::Open,
            ..decline
        },
        _ => decline,
    }))
}

/// Takes an amount that is held. A refusal is looked into: it may have been taken before.
pub(crate) async fn capture(context: BankContext<'_>, capture: Capture<'_>) -> Answer<Charged> {
    let (hold, amount) = (&capture.hold, capture.amount);
    check_capture(&capture)?;
    let fields = [
        ("Prov_ID", ""),
        ("Prov_Tutar", &*comma(amount)),
        ("Siparis_ID", hold.order.id.as_str()),
    ];
    let decline = match send(context, "TP_Islem_Odeme_OnProv_Kapa", &fields).await? {
        Ok(reply) => {
            check_order(&reply, hold.order)?;
            return Ok(Verdict::Approved(charged(&reply, "Dekont_ID")?));
        }
        Err((NO_ACCOUNT, decline)) => return Ok(Verdict::Declined(decline)),
        Err((_, decline)) => decline,
    };
    let record = look_up(context, hold).await.map_err(sent)?;
    refused_capture((record.status, record.taken), amount, decline)
}

/// The references of what was undone or given back.
fn reversed(reply: &Element) -> Result<Reversed, Doubt> {
    Ok(Reversed {
        auth_code: auth_code(reply.exact(&["Bank_AuthCode"])?)?,
        host_reference: reference(reply.exact(&["Bank_HostRefNum"])?)?,
        transaction_id: reply.words(&["Bank_Trans_ID"]),
    })
}
