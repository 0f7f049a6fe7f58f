//! One file (or folder) a bank protocol, and the few lines that all of them share.
//!
//! What a bank's code means stands in its protocol; the ISO 8583 codes that every issuer uses
//! stand in `codes`.

pub(crate) mod akbank;
mod boa;
mod codes;
pub(crate) mod garanti;
pub(crate) mod intervpos;
pub(crate) mod kuveyt;
pub(crate) mod nestpay;
pub(crate) mod param;
pub(crate) mod payflex;
pub(crate) mod payfor;
pub(crate) mod posnet;
#[cfg(test)]
mod tests;
pub(crate) mod vakif_katilim;

use crate::bank::{
    Account, Answer, BankContext, BankMove, Capture, CardEnds, Charged, Decline, Doubt,
    DoubtReason, MoveOutcome, OrderRef, OrderStatus, Refund, RewardMoney, Verdict,
};
use crate::http::{Failure, Http, Request, Response};
use crate::scrub::kept_words;
use crate::xml::{Damaged, Element};
use contract::enums::Currency;
use contract::errors::ErrorGroup;
use contract::money::Money;
use jiff::civil::Date;

/// Sends a request and answers the body of a proper reply. Everything else is doubt.
async fn ask(http: &dyn Http, request: Request) -> Result<Vec<u8>, Doubt> {
    Ok(ask_whole(http, request).await?.body)
}

/// As [`ask`], for a list of a day, which may be long.
async fn ask_for_list(http: &dyn Http, request: Request) -> Result<Vec<u8>, Doubt> {
    Ok(proper(http.send_for_list(request).await)?.body)
}

/// As [`ask`], where the reply's headers say something too.
async fn ask_whole(http: &dyn Http, request: Request) -> Result<Response, Doubt> {
    proper(http.send(request).await)
}

/// A proper reply; everything else is doubt.
fn proper(reply: Result<Response, Failure>) -> Result<Response, Doubt> {
    let reply = reply.map_err(|failure| match failure {
        Failure::NotSent(detail) => Doubt {
            may_have_been_sent: false,
            reason: DoubtReason::Network,
            detail,
        },
        Failure::MaybeSent(detail) => doubt(DoubtReason::Network, &detail),
    })?;
    match reply.status {
        200 => Ok(reply),
        status => Err(doubt(
            DoubtReason::Network,
            &format!("HTTP status {status}"),
        )),
    }
}

/// The list of a day where no public document of the protocol knows one.
pub(crate) async fn no_day_list(_: BankContext<'_>, _: Date) -> Result<Vec<BankMove>, Doubt> {
    Err(Doubt::not_supported())
}

/// What came of a listed move. One of which amount or currency is not told proves nothing.
fn unless_untold(
    outcome: MoveOutcome,
    amount: Option<i64>,
    currency: Option<Currency>,
) -> MoveOutcome {
    match outcome {
        MoveOutcome::Worked | MoveOutcome::Undone if amount.is_none() || currency.is_none() => {
            MoveOutcome::Unclear
        }
        other => other,
    }
}

/// Doubt about a request that was sent. `detail` holds nothing that a bank or shopper wrote.
fn doubt(reason: DoubtReason, detail: &str) -> Doubt {
    Doubt {
        may_have_been_sent: true,
        reason,
        detail: detail.to_owned(),
    }
}

fn unreadable(detail: &str) -> Doubt {
    doubt(DoubtReason::Unreadable, detail)
}

impl From<Damaged> for Doubt {
    fn from(Damaged(element): Damaged) -> Doubt {
        unreadable(&format!(
            "the reply's {element} is damaged or says two things"
        ))
    }
}

/// An amount that is only kept or shown, in minor units: one that cannot be read is none.
fn shown_amount(reply: &Element, path: &[&'static str]) -> Option<i64> {
    reply.exact(path).ok().and_then(minor_units)
}

/// Doubt because the question itself was refused.
fn question_refused(group: ErrorGroup) -> Doubt {
    doubt(
        DoubtReason::QuestionRefused,
        &format!("the inquiry was refused: {group}"),
    )
}

fn unauthentic(detail: &str) -> Doubt {
    doubt(DoubtReason::Unauthentic, detail)
}

/// The key of 3DS, without which a hash proves nothing: anybody can make one over an empty key.
fn threeds_key(account: &Account) -> Result<&str, Doubt> {
    match account.threeds_key.expose() {
        "" => Err(unauthentic("the account has no key of 3DS")),
        key => Ok(key),
    }
}

/// Doubt because the bank's record may be of another sale.
fn other_sale(detail: &str) -> Doubt {
    doubt(DoubtReason::OtherSale, detail)
}

/// How far a bank's clock may be behind ours.
const CLOCKS_DIFFER_MAX: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// Whether a bank's record under our order id, with the masked card and the time that it shows, is of
/// our sale. An id of ours is random and proves it by itself, unless the card contradicts; with one
/// that the shop chose, a card or time that is not told is doubt too.
fn check_sale(order: &OrderRef<'_>, card: &str, sold_at: &str) -> Result<(), Doubt> {
    let known_card = is_card(order.card, card);
    if known_card == Some(false) {
        return Err(other_sale("the inquiry answers another card"));
    }
    if !order.id_chosen {
        return Ok(());
    }
    match (known_card, moment(sold_at)) {
        (Some(true), Some(sold_at)) if sold_at >= earliest(order) => Ok(()),
        (Some(true), Some(_)) => Err(other_sale("the inquiry answers a sale from before ours")),
        _ => Err(other_sale(
            "the inquiry does not tell our sale from another of the same order id",
        )),
    }
}

/// Whether a try that failed under our order id is another one than ours. A refusal does not use up an id that the shop
/// chose, so what was tried with it before, or with another card, stands beside ours in a list.
fn is_other_try(order: &OrderRef<'_>, card: &str, tried_at: &str) -> bool {
    let is_earlier = moment(tried_at).is_some_and(|tried_at| tried_at < earliest(order));
    order.id_chosen && (is_earlier || is_card(order.card, card) == Some(false))
}

/// The earliest time that a bank's record of our order may show.
fn earliest(order: &OrderRef<'_>) -> jiff::civil::DateTime {
    let sent_at = order.sent_at.datetime();
    sent_at.checked_sub(CLOCKS_DIFFER_MAX).unwrap_or(sent_at)
}

/// Whether a masked number is of this card; none when it does not show the last four digits.
fn is_card(ours: CardEnds<'_>, masked: &str) -> Option<bool> {
    let masked: String = masked.split_whitespace().collect();
    let last = masked.get(masked.len().checked_sub(4)?..)?;
    let shown = last.bytes().all(|byte| byte.is_ascii_digit());
    if !shown || ours.last.len() != 4 {
        return None;
    }
    let mut firsts = masked.bytes().zip(ours.first.bytes());
    let same_first = firsts.all(|(shown, ours)| !shown.is_ascii_digit() || shown == ours);
    Some(last == ours.last && same_first)
}

/// A moment as most inquiries write it, `2023-01-07 21:27:59.271`, in Istanbul.
fn moment(text: &str) -> Option<jiff::civil::DateTime> {
    jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", text.get(..19)?).ok()
}

/// Refuses to capture nothing, or another currency than is held.
fn check_capture(capture: &Capture<'_>) -> Result<(), Doubt> {
    let (amount, held) = (capture.amount, capture.hold.order.amount);
    if amount.minor <= 0 || amount.currency != held.currency {
        return Err(not_supported("nothing to capture"));
    }
    Ok(())
}

/// A question that went unanswered after a move was sent.
fn sent(unanswered: Doubt) -> Doubt {
    Doubt {
        may_have_been_sent: true,
        ..unanswered
    }
}

/// What a refused capture comes to by the bank's record of the hold, of which `taken` was captured: the refusal may
/// say that it was made before.
fn refused_capture(
    (status, taken): (OrderStatus, Option<i64>),
    amount: Money,
    decline: Decline,
) -> Answer<Charged> {
    match (status, taken) {
        (OrderStatus::Captured(charged), Some(taken)) if taken == amount.minor => {
            Ok(Verdict::Approved(charged))
        }
        (OrderStatus::Captured(_), _) => {
            Err(other_sale("the bank captured another amount of the hold"))
        }
        (OrderStatus::Held(_) | OrderStatus::Voided | OrderStatus::Refused(_), _) => {
            Ok(Verdict::Declined(decline))
        }
        (OrderStatus::NotFound | OrderStatus::Pending | OrderStatus::ToReverse(_), _) => {
            Err(unreadable("the bank does not tell what became of the hold"))
        }
    }
}

/// Doubt because the bank knows the order id already.
fn duplicate(decline: Decline) -> Doubt {
    doubt(
        DoubtReason::Duplicate(decline),
        "the bank knows this order id already",
    )
}

/// Groups of refusals by which a bank says that it, or the issuer behind it, gave no answer in time.
/// That is no refusal of what it was asked to do: the money may be taken all the same.
fn is_time_out(group: ErrorGroup) -> bool {
    use ErrorGroup::{
        CommunicationOrSystemError, IssuerOrSwitchInoperative, NoResponse, RequestTimeout,
    };
    matches!(
        group,
        CommunicationOrSystemError | IssuerOrSwitchInoperative | NoResponse | RequestTimeout
    )
}

/// What a refusal of a move (a sale, a void) is: doubt when the bank timed out itself. A question
/// moves nothing, and its refusal is only that.
fn refusal_of_move(refusal: Option<Decline>) -> Result<Option<Decline>, Doubt> {
    refusal.map(refused_move).transpose()
}

/// The same of a refusal that is there.
fn refused_move(decline: Decline) -> Result<Decline, Doubt> {
    if is_time_out(decline.group) {
        Err(unclear(decline))
    } else {
        Ok(decline)
    }
}

/// Doubt because the bank refused in words that do not say that nothing happened: its record has to.
fn unclear(decline: Decline) -> Doubt {
    doubt(DoubtReason::TimedOut(decline), "the bank timed out itself")
}

/// This protocol, or this account, cannot do it; nothing was sent.
fn not_supported(detail: &str) -> Doubt {
    Doubt {
        detail: detail.to_owned(),
        ..Doubt::not_supported()
    }
}

/// The points among what a refund gives back; not supported where there is nothing to give back, or
/// more points than money.
fn points_back(refund: &Refund<'_>) -> Result<i64, Doubt> {
    let RewardMoney { card, firm, mile } = refund.points.unwrap_or_default();
    let sum = card
        .checked_add(firm)
        .and_then(|sum| sum.checked_add(mile))
        .filter(|sum| *sum <= refund.amount.minor && [card, firm, mile].iter().all(|p| *p >= 0));
    let same_currency = refund.amount.currency == refund.sale.order.amount.currency;
    match sum {
        Some(sum) if refund.amount.minor > 0 && same_currency => Ok(sum),
        _ => Err(not_supported("no such sum can be given back")),
    }
}

/// Letters and digits of an issuer's approval code (ISO 8583, field 38).
const AUTH_CODE_MAX: usize = 6;
/// Letters and digits of a bank's reference. Those that are known have 12 (ISO 8583, field 37) and 18 (PosNet).
const REFERENCE_MAX: usize = 32;

/// The approval code that a bank gave, or none. What cannot be one makes the whole answer doubtful.
fn auth_code(text: &str) -> Result<String, Doubt> {
    code(text, AUTH_CODE_MAX).ok_or_else(|| unreadable("the approval code cannot be one"))
}

/// The reference that a bank gave what it did, or none. What cannot be one makes the whole answer doubtful.
fn reference(text: &str) -> Result<String, Doubt> {
    code(text, REFERENCE_MAX).ok_or_else(|| unreadable("the bank's reference cannot be one"))
}

fn code(text: &str, longest: usize) -> Option<String> {
    let is_code = text.len() <= longest && text.bytes().all(|b| b.is_ascii_alphanumeric());
    is_code.then(|| text.to_owned())
}

/// A bank's words, clean and not endless.
fn message(text: &str) -> String {
    kept_words(text)
}

/// An order has at most this many transactions: every one is compared with the others.
const TRANSACTIONS_MAX: usize = 1_000;

/// Refuses to read more transactions of one order than it can have.
fn check_count(transactions: usize) -> Result<(), Doubt> {
    if transactions <= TRANSACTIONS_MAX {
        Ok(())
    } else {
        Err(unreadable("the inquiry answers too many transactions"))
    }
}

/// A whole number of minor units as banks write it, zero-padded or not. Nothing else: no sign, no
/// point, and nothing beyond what fits.
fn minor_units(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}
