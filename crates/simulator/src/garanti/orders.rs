//! Sales with and without bonus, holds, captures, voids, refunds and the reward inquiry: how they are
//! read and how they are answered.

use super::account::{CAPTURE_MARGIN, Garanti, LIRA};
use super::answer::{Answer, sequence};
use super::inquiries;
use super::request::{Request, instalments};
use super::threeds;
use crate::cards::{Card, Program, Purse, mask_if_card};
use crate::desk::{Case, Operation, Outcome, Purchase};
use crate::fields::{expiry, kurus};
use crate::ledger::{Capture, Key, Kind, Moved, NOT_SUFFICIENT_AWARD, Points, Sold, Split, Undo};

fn missing(field: &str) -> Box<Answer> {
    Answer::gateway("0002", &format!("{field} field is mandatory or wrong"))
}

/// `sales` and `preauth`, without or after 3D Secure.
pub(super) fn sale<'a>(case: &'a Case<'_, Garanti>) -> Result<Operation<'a>, Box<Answer>> {
    let (app, request) = (case.app, &case.message);
    let order_id = request.order_id();
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if order_id.is_empty() || order_id.len() > 36 || !order_id.bytes().all(sound) {
        return Err(missing("OrderID"));
    }
    let amount = kurus(request.transaction("Amount")).filter(|amount| *amount > 0);
    let amount = amount.ok_or_else(|| missing("TxnAmount"))?;
    if request.at(&["Customer", "IPAddress"]).is_empty() {
        return Err(missing("CustomerIPAddress"));
    }
    let currency = request.transaction("CurrencyCode");
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(missing("CurrencyCode"));
    }
    let instalments = instalments(request.transaction("InstallmentCnt"))
        .ok_or_else(|| missing("InstallmentCnt"))?;
    let points = points(request).ok_or_else(|| missing("RewardList"))?;
    if points != Purse::default() && currency != LIRA {
        return Err(missing("CurrencyCode"));
    }
    let session = case.session.as_ref();
    let card = if request.is_secure() {
        let card = session.and_then(|session| app.cards.by_reference(&session.card));
        card.ok_or("T11")
    } else {
        app.accept(request.pan(), expires(request))
    };
    let kind = kind(request.transaction("Type"));
    // Whether points can be held is not public.
    if points != Purse::default() && kind == Kind::Hold {
        return Err(missing("RewardList"));
    }
    let mut purchase = Purchase {
        id: order_id.to_owned(),
        label: String::new(),
        kind,
        card,
        pan: request.pan(),
        currency,
        amount,
        instalments,
        points: Points::Exactly(points),
        campaign: 0,
        nonce: None,
        unproven: None,
        objection: card.ok().and_then(|card| refuse_points(card, points)),
    };
    if request.is_secure() {
        purchase.unproven = threeds::mismatch(request, session, &purchase);
        purchase.nonce = Some(session.map_or_else(String::new, |session| session.nonce.clone()));
    }
    Ok(Operation::Sale(purchase))
}

/// What a transaction type or a form's `txntype` is.
pub(super) fn kind(name: &str) -> Kind {
    if name == "preauth" {
        Kind::Hold
    } else {
        Kind::Sale
    }
}

fn expires(request: &Request) -> Option<(i16, i8)> {
    expiry(request.at(&["Card", "ExpireDate"]), false)
}

/// Points by purse type, from `RewardList/Reward{Type, UsedAmount}`.
fn points(request: &Request) -> Option<Purse> {
    let mut points = Purse::default();
    let list = request
        .root
        .child("Transaction")
        .and_then(|part| part.child("RewardList"));
    for reward in list.map_or(&[][..], |list| &list.children) {
        let used = kurus(reward.value("UsedAmount"))?;
        add_points(&mut points, reward.value("Type"), used)?;
    }
    Some(points)
}

/// Adds points of a purse by its type; `None` for an unknown one.
pub(super) fn add_points(points: &mut Purse, kind: &str, used: i64) -> Option<()> {
    let part = match kind {
        "BNS" => &mut points.card,
        "FBB" => &mut points.firm,
        "MIL" => &mut points.mile,
        _ => return None,
    };
    *part = part.checked_add(used)?;
    Some(())
}

/// Bonus only from Bonus cards, miles only from miles cards; elsewhere the bank sees no purse.
pub(super) fn refuse_points(card: &Card, points: Purse) -> Option<&'static str> {
    let bonus = points.card > 0 || points.firm > 0;
    let refused = (bonus && card.program != Program::Bonus)
        || (points.mile > 0 && card.program != Program::Miles);
    refused.then_some(NOT_SUFFICIENT_AWARD)
}

/// `rewardinq`: the purses of a card.
pub(super) fn rewards<'a>(case: &'a Case<'_, Garanti>) -> Result<Operation<'a>, Box<Answer>> {
    let card = case
        .app
        .accept(case.message.pan(), expires(&case.message))
        .map_err(Answer::host)?;
    Ok(Operation::Purse(card))
}

/// `void`: by the original's reference, on the day of the sale or capture; a hold any day.
pub(super) fn void<'a>(request: &Request) -> Operation<'a> {
    Operation::Void {
        key: original(request),
        undo: Undo::Any,
    }
}

/// `postauth`: takes of a hold.
pub(super) fn capture<'a>(request: &Request) -> Result<Operation<'a>, Box<Answer>> {
    let amount = kurus(request.transaction("Amount")).filter(|amount| *amount > 0);
    Ok(Operation::Capture {
        key: original(request),
        capture: Capture {
            amount: amount.ok_or_else(|| missing("TxnAmount"))?,
            margin: CAPTURE_MARGIN,
            held: None,
        },
    })
}

/// `refund`: all or part of a settled sale; the bank splits it between card and bonus.
pub(super) fn refund<'a>(request: &Request) -> Result<Operation<'a>, Box<Answer>> {
    Ok(Operation::Refund {
        key: original(request),
        amount: kurus(request.transaction("Amount")).ok_or_else(|| missing("TxnAmount"))?,
        split: Split::Proportional,
    })
}

/// The order that a void or refund names by order id and reference together; an unreadable
/// reference names none.
fn original(request: &Request) -> Key {
    Key::Referenced {
        id: request.order_id().to_owned(),
        seq: sequence(request.transaction("OriginalRetrefNum")).unwrap_or_default(),
    }
}

/// Words what came of an operation.
pub(super) fn answer(request: &Request, outcome: Outcome<'_>) -> Box<Answer> {
    let gateway = |reason: &str| Answer::gateway(reason, &format!("ErrorId: {reason}"));
    match outcome {
        Outcome::Sold(Sold::Approved(order, _), card) => {
            let mut answer = Answer::about(&order);
            if let Some(card) = card {
                answer.add_card(card);
            }
            answer
        }
        Outcome::Sold(Sold::Repeated(_), _) => gateway("0104"),
        Outcome::Sold(Sold::AuthenticationUsed, _) => Answer::host("T11"),
        Outcome::Sold(Sold::Declined(code), _) => {
            let mut answer = Answer::host(&code);
            answer.masked = mask_if_card(request.pan());
            answer
        }
        Outcome::UsedBefore { approved: true } => Answer::host("92/0T98"),
        Outcome::UsedBefore { approved: false } => Answer::host("92/0104"),
        Outcome::Voided(Moved::Done(order, made, _))
        | Outcome::Refunded(Moved::Done(order, made, _))
        | Outcome::Captured(Moved::Done(order, made, _)) => Answer::about_move(&order, made.seq),
        Outcome::Captured(Moved::TooMuch) => Answer::host("13"),
        Outcome::Captured(_)
        | Outcome::Voided(Moved::Unknown | Moved::Voided)
        | Outcome::Refunded(Moved::Unknown) => gateway("0110"),
        Outcome::Voided(_) | Outcome::Refunded(_) => gateway("0208"),
        Outcome::Found(found) => match found {
            Some((order, purse)) if inquiries::is_recorded(&order) => {
                match request.transaction("Type") {
                    "orderinq" => inquiries::standing(&order, purse),
                    _ => inquiries::history(&order),
                }
            }
            _ => gateway("0108"),
        },
        Outcome::Purse(card, purse) => {
            let mut answer = Answer::host("00");
            answer.add_card(card);
            answer.masked = card.masked.to_string();
            answer.rewards = purses(card, purse);
            answer
        }
    }
}

fn purses(card: &Card, purse: Purse) -> Vec<(&'static str, i64)> {
    match card.program {
        Program::Bonus if purse.firm > 0 => vec![("BNS", purse.card), ("FBB", purse.firm)],
        Program::Bonus => vec![("BNS", purse.card)],
        Program::Miles => vec![("MIL", purse.mile)],
        _ => Vec::new(),
    }
}
