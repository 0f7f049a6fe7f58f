//! Sales with and without points, holds, captures, voids and refunds: how they are read and how they are
//! answered.

use super::account::{CAPTURE_MARGIN, ISSUER, Intervpos};
use super::answer::{self, Answer};
use super::request::{Request, instalments, is_currency, is_order_id, kind};
use super::{Reply, threeds};
use crate::app::App;
use crate::cards::{Card, Program, Purse};
use crate::desk::{Case, Operation, Outcome, Purchase};
use crate::fields::{expiry, lira};
use crate::ledger::{Capture, Kind, Moved, NOT_SUFFICIENT_AWARD, Order, Points, Sold, Split, Undo};

/// "Invalid transaction", for a field that is missing or wrong.
const INVALID: &str = "12";
const INVALID_AMOUNT: &str = "13";

fn refuse<T>(code: &str) -> Result<T, Reply> {
    Err(Answer::refusal(code).into())
}

/// The amount of a message: lira with a point, more than nothing.
fn amount(request: &Request) -> Result<i64, Reply> {
    let amount = lira(request.value("PurchAmount")).filter(|amount| *amount > 0);
    amount.map_or_else(|| refuse(INVALID_AMOUNT), Ok)
}

/// The points of a message or form; none when the field is not there or empty.
pub(super) fn bonus(text: &str) -> Option<i64> {
    if text.is_empty() { Some(0) } else { lira(text) }
}

/// `Auth` and `PreAuth`, without or after 3D Secure.
pub(super) fn sale<'a>(case: &'a Case<'_, Intervpos>) -> Result<Operation<'a>, Reply> {
    let request = &case.message;
    let amount = amount(request)?;
    let (Some(instalments), Some(bonus)) = (
        instalments(request.value("InstallmentCount")),
        bonus(request.value("BonusAmount")),
    ) else {
        return refuse(INVALID);
    };
    if !is_order_id(request.value("OrderId")) || !is_currency(request.value("Currency")) {
        return refuse(INVALID);
    }
    let session = case.session.as_ref();
    let secure = request.is_secure();
    let card = if secure {
        let card = session.and_then(|session| case.app.cards.by_reference(&session.card));
        card.ok_or("T11")
    } else {
        let expires = expiry(request.value("Expiry"), false);
        case.app.accept(request.value("Pan"), expires)
    };
    // The form that was authenticated names the points, too.
    let points = match session {
        Some(session) if secure && bonus == 0 => session.points,
        _ => bonus,
    };
    let mut purchase = Purchase {
        id: request.value("OrderId").to_owned(),
        label: String::new(),
        kind: kind(request.value("TxnType")),
        card,
        pan: if secure { "" } else { request.value("Pan") },
        currency: request.value("Currency"),
        amount,
        instalments,
        points: Points::InOrder(points),
        campaign: 0,
        nonce: None,
        unproven: None,
        objection: None,
    };
    purchase.objection = refuse_points(&purchase, points);
    if secure {
        purchase.unproven = threeds::mismatch(request, session, &purchase, points);
        purchase.nonce = Some(session.map_or_else(String::new, |session| session.nonce.clone()));
    }
    Ok(Operation::Sale(purchase))
}

/// Why the bank does not take points for this sale.
pub(super) fn refuse_points(purchase: &Purchase<'_>, points: i64) -> Option<&'static str> {
    if points == 0 {
        return None;
    }
    if purchase.kind == Kind::Hold || purchase.currency != "949" {
        return Some(INVALID);
    }
    let foreign = purchase.card.is_ok_and(|card| !has_purse(card));
    foreign.then_some(NOT_SUFFICIENT_AWARD)
}

/// Whether the bank knows the card's purse.
fn has_purse(card: &Card) -> bool {
    card.program == Program::Bonus && card.issuer.starts_with(ISSUER)
}

/// `BonusInquiry`: what a card's purse holds.
pub(super) fn purse<'a>(case: &'a Case<'_, Intervpos>) -> Result<Operation<'a>, Reply> {
    let request = &case.message;
    if !is_order_id(request.value("OrderId")) || !is_currency(request.value("Currency")) {
        return refuse(INVALID);
    }
    let expires = expiry(request.value("Expiry"), false);
    match case.app.accept(request.value("Pan"), expires) {
        Ok(card) => Ok(Operation::Purse(card)),
        Err(code) => refuse(code),
    }
}

/// `PostAuth`: takes of a hold.
pub(super) fn capture<'a>(request: &Request) -> Result<Operation<'a>, Reply> {
    Ok(Operation::Capture {
        key: request.key(),
        capture: Capture {
            amount: amount(request)?,
            margin: CAPTURE_MARGIN,
            held: None,
        },
    })
}

/// `Void`: the order's own transaction, on its day.
pub(super) fn void<'a>(request: &Request) -> Operation<'a> {
    Operation::Void {
        key: request.key(),
        undo: Undo::Any,
    }
}

/// `Refund`: all or part of a settled order.
pub(super) fn refund<'a>(request: &Request) -> Result<Operation<'a>, Reply> {
    Ok(Operation::Refund {
        key: request.key(),
        amount: amount(request)?,
        split: Split::Proportional,
    })
}

/// Words what came of an operation.
pub(super) fn answer(app: &App, outcome: Outcome<'_>) -> Reply {
    let code = match outcome {
        Outcome::Sold(sold, _) => return sold_answer(app, &sold).into(),
        Outcome::UsedBefore { approved: true } => "T98",
        Outcome::UsedBefore { approved: false } => "101310",
        Outcome::Voided(Moved::Done(order, made, purse))
        | Outcome::Refunded(Moved::Done(order, made, purse))
        | Outcome::Captured(Moved::Done(order, made, purse)) => {
            let available = available(app, &order, purse);
            return Answer::about(&order, (made.seq, made.at), (0, available)).into();
        }
        Outcome::Found(Some((order, _))) => return Reply::Told(answer::status(&order)),
        Outcome::Voided(Moved::Unknown)
        | Outcome::Refunded(Moved::Unknown)
        | Outcome::Captured(Moved::Unknown) => "V013",
        Outcome::Found(None) => return Reply::Told(answer::not_found()),
        Outcome::Purse(card, purse) => {
            let available = if has_purse(card) { purse.total() } else { None };
            return Answer::of_purse(available.unwrap_or_default()).into();
        }
        Outcome::Refunded(Moved::TooMuch) | Outcome::Captured(Moved::TooMuch) => INVALID_AMOUNT,
        Outcome::Refunded(_) => "E39",
        Outcome::Voided(_) | Outcome::Captured(_) => "E31",
    };
    Answer::refusal(code).into()
}

/// What a sale came to, for the reply and for the page that sells by itself.
pub(super) fn sold_answer(app: &App, sold: &Sold) -> Box<Answer> {
    match sold {
        Sold::Approved(order, purse) => {
            let used = order.spent.total().unwrap_or_default();
            let available = available(app, order, *purse);
            Answer::about(order, (order.seq, order.created_at), (used, available))
        }
        Sold::Repeated(_) => Answer::refusal("101310"),
        Sold::AuthenticationUsed => Answer::refusal("T11"),
        Sold::Declined(code) => Answer::refusal(code),
    }
}

/// What a card's purse holds, as far as the bank knows it.
fn available(app: &App, order: &Order, purse: Purse) -> i64 {
    let card = app.cards.by_reference(&order.card);
    if card.is_some_and(|card| has_purse(card)) {
        purse.total().unwrap_or_default()
    } else {
        0
    }
}
