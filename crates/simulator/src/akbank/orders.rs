//! Sales with and without chip-para, holds, captures, voids, refunds and the inquiry of chip-para: how
//! they are read and how they are answered.

use std::sync::Arc;

use jiff::Timestamp;

use super::account::Akbank;
use super::answer::{Answer, Made, purse_of};
use super::request::{Request, instalments, is_currency};
use super::{Reply, history, invalid, threeds};
use crate::app::App;
use crate::cards::{Card, Program, Purse};
use crate::desk::{Case, Operation, Outcome, Purchase};
use crate::fields::expiry;
use crate::ledger::{
    Capture, Key, Kind, Moved, NOT_SUFFICIENT_AWARD, Order, Points, Sold, Split, Undo,
};

/// How many percent more than is held this merchant may capture.
const CAPTURE_MARGIN: i64 = 15;
const LIRA: &str = "949";
/// "Invalid amount" and "invalid transaction" of the host.
const INVALID_AMOUNT: &str = "13";
const INVALID_TRANSACTION: &str = "12";

/// A sale or a hold, without or after 3D Secure.
pub(super) fn sale<'a>(case: &'a Case<'_, Akbank>) -> Result<Operation<'a>, Reply> {
    let request = &case.message;
    let Key::Id(id) = request.key()? else {
        return invalid("order.orderId");
    };
    let (amount, currency) = money(request)?;
    let Some(instalments) = instalments(request.at("transaction", "installCount")) else {
        return invalid("transaction.installCount");
    };
    let Some(mut points) = request.rewards() else {
        return invalid("reward");
    };
    let session = case.session.as_ref();
    let secure = request.is_secure();
    let card = if secure {
        // Whether the sale repeats the chip-para of its form is not public.
        if let (None, Some(session)) = (request.block("reward"), session) {
            points = session.rewards;
        }
        let card = session.and_then(|session| case.app.cards.by_reference(&session.card));
        card.ok_or(threeds::UNPROVEN)
    } else {
        given_card(case.app, request)?
    };
    if !secure && request.block("customer").is_none() {
        return invalid("customer");
    }
    let mut purchase = Purchase {
        id,
        label: String::new(),
        kind: kind(request.code()),
        card,
        pan: if secure {
            ""
        } else {
            request.at("card", "cardNumber")
        },
        currency,
        amount,
        instalments,
        points: Points::Exactly(points),
        campaign: 0,
        nonce: None,
        unproven: None,
        objection: card
            .ok()
            .and_then(|card| refuse_points(card, points, currency)),
    };
    if secure {
        purchase.unproven = threeds::mismatch(request, session, &purchase, points);
        purchase.nonce = Some(session.map_or_else(String::new, |session| session.nonce.clone()));
    }
    Ok(Operation::Sale(purchase))
}

/// What a code of a message, or of a form, is.
pub(super) fn kind(code: &str) -> Kind {
    if matches!(code, "1004" | "3004") {
        Kind::Hold
    } else {
        Kind::Sale
    }
}

/// Amount and currency of a message.
fn money(request: &Request) -> Result<(i64, &str), Reply> {
    let amount = request.amount().filter(|amount| *amount > 0);
    let currency = request.at("transaction", "currencyCode");
    match amount {
        None => invalid("transaction.amount"),
        Some(_) if !is_currency(currency) => invalid("transaction.currencyCode"),
        Some(amount) => Ok((amount, currency)),
    }
}

/// The card of a message, or the code with which the host refuses it.
fn given_card<'a>(
    app: &'a App,
    request: &Request,
) -> Result<Result<&'a Arc<Card>, &'static str>, Reply> {
    if request.block("card").is_none() {
        return invalid("card");
    }
    let expires = expiry(request.at("card", "expireDate"), false);
    Ok(app.accept(request.at("card", "cardNumber"), expires))
}

/// Why the bank does not take chip-para of this card.
pub(super) fn refuse_points(card: &Card, points: Purse, currency: &str) -> Option<&'static str> {
    if points == Purse::default() {
        return None;
    }
    if currency != LIRA {
        return Some(INVALID_TRANSACTION);
    }
    (card.program != Program::Axess).then_some(NOT_SUFFICIENT_AWARD)
}

/// Tells what a card's purse holds.
pub(super) fn purse<'a>(case: &'a Case<'_, Akbank>) -> Result<Operation<'a>, Reply> {
    let card = given_card(case.app, &case.message)?;
    let card = card.map_err(|code| Reply::from(Answer::refusal(code)))?;
    Ok(Operation::Purse(card))
}

/// Takes of a hold.
pub(super) fn capture<'a>(request: &Request) -> Result<Operation<'a>, Reply> {
    let (amount, _) = money(request)?;
    Ok(Operation::Capture {
        key: request.key()?,
        capture: Capture {
            amount,
            margin: CAPTURE_MARGIN,
            held: None,
        },
    })
}

/// Takes back what was done last on its day: of a captured hold the capture, as recorded.
pub(super) fn void<'a>(request: &Request) -> Result<Operation<'a>, Reply> {
    Ok(Operation::Void {
        key: request.key()?,
        undo: Undo::Latest,
    })
}

/// Gives back an amount, or all that is left where none is told; the bank splits it between card and
/// chip-para.
pub(super) fn refund<'a>(request: &Request) -> Result<Operation<'a>, Reply> {
    let (key, split) = (request.key()?, Split::Proportional);
    if request.block("transaction").is_none() {
        return Ok(Operation::RefundRest { key, split });
    }
    let (amount, _) = money(request)?;
    Ok(Operation::Refund { key, amount, split })
}

/// Repeated payments are not sold to this merchant, and so there are none.
pub(super) fn no_plan(request: &Request, track: &str) -> Answer {
    if matches!(request.code(), "1000" | "1004") {
        Answer::gateway("1061", "")
    } else {
        Answer::gateway("1059", track)
    }
}

/// Words what came of an operation.
pub(super) fn answer(case: &Case<'_, Akbank>, outcome: Outcome<'_>) -> Reply {
    let (app, request) = (case.app, &case.message);
    let id = request.order_id();
    let answer = match outcome {
        Outcome::Sold(sold, _) => sold_answer(app, &sold),
        Outcome::UsedBefore { approved: true } => Answer::gateway("T98", ""),
        Outcome::UsedBefore { approved: false } => Answer::gateway("1013", id),
        Outcome::Voided(Moved::Done(..)) => Answer::approved(None, None),
        Outcome::Refunded(Moved::Done(_, made, _)) => {
            Answer::approved(Some(Made::of(made.seq, made.at)), None)
        }
        Outcome::Captured(Moved::Done(order, made, purse)) => about(app, &order, made.at, purse),
        Outcome::Voided(moved) => Answer::refusal(refusal(&moved, "T29")),
        Outcome::Refunded(moved) => Answer::refusal(refusal(&moved, "T24")),
        Outcome::Captured(moved) => Answer::refusal(refusal(&moved, INVALID_TRANSACTION)),
        Outcome::Found(found) => return history::of_order(case, found.map(|(order, _)| *order)),
        Outcome::Purse(card, purse) => {
            let known = purse_of(Some(card), purse).unwrap_or_default();
            Answer::approved(None, Some(known))
        }
    };
    answer.into()
}

/// Why an order was not moved; `late` is for what is done on the wrong day.
fn refusal(moved: &Moved, late: &'static str) -> &'static str {
    match moved {
        Moved::Unknown | Moved::NotCaptured => "VPS/1007",
        Moved::Voided => "VPS/1008",
        Moved::TooMuch => INVALID_AMOUNT,
        // What may be gone already has a code of its own.
        Moved::NothingLeft => "T31",
        Moved::Settled | Moved::NotSettled | Moved::TooOld => late,
        Moved::Returned | Moved::Captured | Moved::Repeated | Moved::Done(..) => {
            INVALID_TRANSACTION
        }
    }
}

/// What a sale came to, for the reply and for the page that sells by itself.
pub(super) fn sold_answer(app: &App, sold: &Sold) -> Answer {
    match sold {
        Sold::Approved(order, purse) => about(app, order, order.created_at, *purse),
        Sold::Repeated(order) => Answer::gateway("1013", &order.id),
        Sold::AuthenticationUsed => Answer::gateway("1279", ""),
        Sold::Declined(code) => Answer::refusal(code),
    }
}

/// Yes, about what was taken or held of an order.
fn about(app: &App, order: &Order, at: Timestamp, purse: Purse) -> Answer {
    let made = Made {
        stan: order.taking().rem_euclid(1_000_000),
        batch: super::answer::batch(at),
        ..Made::of(order.seq, order.created_at)
    };
    let card = app.cards.by_reference(&order.card).map(Arc::as_ref);
    Answer::approved(Some(made), purse_of(card, purse))
}
