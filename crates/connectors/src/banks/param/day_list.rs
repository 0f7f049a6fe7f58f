//! Param's list of a day, `TP_Islem_Izleme`: a row a move, in a data set of .NET. Nothing of it is signed or counted.
//!
//! Its words are those of one recorded list. A hold has no word of its own there: what is called a sale may be one.

use super::{NO_ACCOUNT, Question, error_group, is_named, lira, only, outcome, request, result};
use crate::bank::{BankContext, BankMove, Doubt, MoveKind, MoveOutcome};
use crate::banks::{ask_for_list, question_refused, unless_untold, unreadable};
use crate::xml::Element;
use contract::enums::Currency;
use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan, Zoned};

const DONE: &str = "Başarılı";
const NOT_DONE: &str = "Başarısız";

/// Whether the last second is part of a span is not public, so it ends with the next day's beginning.
pub(crate) async fn day_list(context: BankContext<'_>, day: Date) -> Result<Vec<BankMove>, Doubt> {
    let midnight = |day: Date| day.strftime("%d.%m.%Y 00:00:00").to_string();
    let fields = [
        ("GUID", context.account.threeds_key.expose()),
        ("Tarih_Bas", &midnight(day)),
        ("Tarih_Bit", &midnight(day.saturating_add(1.day()))),
        // All kinds and all outcomes.
        ("Islem_Tip", ""),
        ("Islem_Durum", ""),
    ];
    let question = Question::new("TP_Islem_Izleme", &fields);
    let request = request(context, &context.account.api_url, &question)?;
    let body = ask_for_list(context.http, request).await?;
    let reply = result(Element::parse_list(&body), question.method)?;
    let rows = rows(&reply)?;
    let read = |row: &Element| read_row(row, context.now);
    let moves: Result<Vec<BankMove>, Doubt> = rows.iter().map(read).collect();
    let mut moves = moves?;
    moves.retain(|one| one.at.is_none_or(|at| at.date() == day));
    Ok(moves)
}

/// The rows of a reply. What a day without a row is answered with is not public: an empty data set, or words as in the
/// inquiry of an order.
fn rows(reply: &Element) -> Result<&[Element], Doubt> {
    let result = outcome(reply)?;
    let set = reply.only("DT_Bilgi")?;
    let set = set.and_then(|told| only(told, "diffgram"));
    match (result, set) {
        (1.., Some(diffgram)) => match diffgram.children() {
            [] => Ok(&[]),
            [set] if set.children().iter().all(|row| is_named(row, "Temp")) => Ok(set.children()),
            _ => Err(unreadable("the list holds what is no row")),
        },
        (1.., None) => Err(unreadable("the reply has no list")),
        (_, Some(_)) => Err(unreadable("the reply lists and refuses")),
        (result, None) if result != NO_ACCOUNT && super::standing::says_nothing_found(reply) => {
            Ok(&[])
        }
        (result, None) => Err(question_refused(error_group(result, ""))),
    }
}

fn read_row(row: &Element, now: &Zoned) -> Result<BankMove, Doubt> {
    let exact = |name| row.exact(&[name]);
    let is_number = |text: &str| !matches!(text, "" | "0");
    let names_another = is_number(exact("SanalPOS_Islem_ID_Orj")?);
    let kind = match row.word("Tip_Str", &["Satış", "İptal", "İade"])? {
        // The only word for it: it takes what another one held.
        Some("Satış") if names_another => MoveKind::Capture,
        Some("Satış") => MoveKind::Sale,
        Some("İptal") => MoveKind::Void,
        Some("İade") => MoveKind::Refund,
        _ => MoveKind::Other,
    };
    let is_sale = matches!(kind, MoveKind::Sale | MoveKind::Capture);
    let amount = exact("Tutar")?;
    // What went back is below zero.
    let amount = match (amount.strip_prefix('-'), is_sale) {
        (Some(back), false) => Some(back),
        (None, true) => Some(amount),
        _ => None,
    };
    let amount = amount.and_then(four_digits);
    let currency = match exact("PB")? {
        "TRL" => Some(Currency::Try),
        code => code.parse().ok(),
    };
    let receipt = exact("Dekont_ID")?;
    let said = (exact("Sonuc")?, row.word("Sonuc_Str", &[DONE, NOT_DONE])?);
    // What is taken has a receipt, and what undoes it names it.
    let is_sound = names_another == (kind != MoveKind::Sale) && is_number(receipt) == is_sale;
    let outcome = match said {
        ("2" | "-1", Some(NOT_DONE)) if !is_number(receipt) => MoveOutcome::Failed,
        ("1", Some(DONE)) if is_sound => MoveOutcome::Worked,
        ("12", Some(DONE)) if is_sound && is_sale => MoveOutcome::Undone,
        // Given back, in whole or in part: its refunds have rows of their own.
        ("13", Some(DONE)) if is_sound && is_sale => MoveOutcome::Worked,
        _ => MoveOutcome::Unclear,
    };
    let reference = if is_number(receipt) {
        "Dekont_ID"
    } else {
        "SanalPOS_Islem_ID"
    };
    Ok(BankMove {
        order_id: exact("ORJ_ORDER_ID")?.to_owned(),
        kind,
        outcome: unless_untold(outcome, amount, currency),
        amount,
        currency,
        at: moment(exact("Tarih")?, now),
        card: card(&row.words(&["Odeme_Yapan_Bilgisi"])),
        auth_code: String::new(),
        host_reference: row.words(&[reference]),
    })
}

/// Lira with four digits behind the point, the last two of them 0.
fn four_digits(text: &str) -> Option<i64> {
    let (_, part) = text.split_once('.')?;
    match part.len() {
        4 => lira(text.strip_suffix("00")?),
        _ => lira(text),
    }
}

/// `2025-01-20T09:12:38.94+03:00`, in Istanbul, where now is.
fn moment(text: &str, now: &Zoned) -> Option<DateTime> {
    let at = text.parse::<Timestamp>().ok();
    let here = at.map(|at| at.to_zoned(now.time_zone().clone()).datetime());
    here.or_else(|| text.parse().ok())
}

/// The masked number behind the payer's name and telephone, in a text that the payer may have filled.
fn card(payer: &str) -> String {
    let number = payer.rsplit_once("KK No:").map(|(_, number)| number.trim());
    let is_masked = |number: &&str| {
        let is_shown = |byte: u8| byte.is_ascii_digit() || byte == b'*';
        number.contains('*') && number.bytes().all(is_shown)
    };
    number.filter(is_masked).unwrap_or_default().to_owned()
}
