//! Sales with and without points, holds, captures, voids, refunds and the inquiry of points: how they are
//! read and how they are answered.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::account::{Account, Nestpay, Rewards};
use super::answer::Answer;
use super::request::{Request, instalments, month_of};
use super::{Reply, inquiries, threeds};
use crate::app::App;
use crate::cards::{Card, Purse, passes_luhn};
use crate::desk::{Case, Operation, Outcome, Purchase};
use crate::fields::{is_currency, is_order_id, lira};
use crate::ledger::{Capture, Kind, Moved, Order, Points, Sold, Split, Undo, id_of_account};
use crate::xml::Node;

/// How many percent more than is held these merchants may capture.
const CAPTURE_MARGIN: i64 = 15;
/// "Invalid transaction": no public code says that points must pay all of the price.
const ONLY_WHOLE: &str = "12";

fn refuse<T>(number: &str, detail: &str) -> Result<T, Reply> {
    Err(Answer::gateway(number, detail).into())
}

/// What a transaction type or a form's `TranType` is.
pub(super) fn kind(name: &str) -> Kind {
    if name == "PreAuth" {
        Kind::Hold
    } else {
        Kind::Sale
    }
}

/// `Auth` and `PreAuth`, without or after 3D Secure.
pub(super) fn sale<'a>(
    case: &'a Case<'_, Nestpay>,
    account: &'static Account,
) -> Result<Operation<'a>, Reply> {
    let request = &case.message;
    if !is_order_id(request.order_id()) {
        return refuse("2301", "");
    }
    let amount = total(request)?;
    if amount == 0 {
        return refuse("2009", "");
    }
    let currency = request.value("Currency");
    if !is_currency(currency) {
        return refuse("2106", "");
    }
    let Some(instalments) = instalments(request.value("Taksit")) else {
        return refuse("2603", "");
    };
    let points = points(request, account)?;
    let kind = kind(request.value("Type"));
    if points > 0 && kind == Kind::Hold {
        return refuse("2510", "");
    }
    let session = case.session.as_ref();
    let secure = request.is_secure();
    let card = if secure {
        let card = session.and_then(|session| case.app.cards.by_reference(&session.card));
        card.ok_or("99/2121")
    } else {
        card(case.app, request)?
    };
    let mut purchase = Purchase {
        id: id_of_account(account.client, request.order_id()),
        label: String::new(),
        kind,
        card,
        pan: if secure { "" } else { request.value("Number") },
        currency,
        amount,
        instalments,
        points: Points::InOrder(points),
        campaign: 0,
        nonce: None,
        unproven: None,
        objection: card
            .ok()
            .filter(|_| points > 0)
            .and_then(|card| refuse_points(account, card, (points, amount), currency)),
    };
    if secure {
        purchase.unproven = threeds::mismatch(request, session, &purchase);
        purchase.nonce = Some(session.map_or_else(String::new, |session| session.nonce.clone()));
    }
    Ok(Operation::Sale(purchase))
}

/// The amount of a message; it may be zero.
fn total(request: &Request) -> Result<i64, Reply> {
    match request.value("Total") {
        "" => refuse("2005", "Total"),
        text => lira(text).map_or_else(|| refuse("2007", "Total"), Ok),
    }
}

/// The card of a message, or the code with which the issuer refuses it.
fn card<'a>(app: &'a App, request: &Request) -> Result<Result<&'a Arc<Card>, &'static str>, Reply> {
    match request.value("Number") {
        "" => refuse("2015", ""),
        pan if !passes_luhn(pan) => refuse("2012", ""),
        pan => {
            // Inquiries may write `MM.YYYY`.
            let expires = request.value("Expires").split_once(['/', '.']);
            let expires = expires.and_then(|(month, year)| month_of(month, year));
            Ok(app.accept(pan, expires))
        }
    }
}

/// The points that the bank's own field wants to spend. Fields of other banks mean nothing here.
fn points(request: &Request, account: &Account) -> Result<i64, Reply> {
    let Some(rewards) = &account.rewards else {
        return Ok(0);
    };
    match request.extra(rewards.spends) {
        "" => Ok(0),
        text => lira(text).map_or_else(|| refuse("2007", rewards.spends), Ok),
    }
}

/// Why the bank does not take points of this card for this price.
fn refuse_points(
    account: &Account,
    card: &Card,
    (points, amount): (i64, i64),
    currency: &str,
) -> Option<&'static str> {
    let rewards = account.rewards.as_ref()?;
    if currency != "949" {
        return Some("99/2125");
    }
    if !rewards.takes(card) {
        return Some("99/2205");
    }
    // More than the price is refused as the ledger does it.
    (rewards.whole && points < amount).then_some(ONLY_WHOLE)
}

/// An inquiry of points: which field asks is known of two banks, so every bank takes each of them.
pub(super) fn asks_points(request: &Request) -> bool {
    [
        ("MAXIPUANSORGU", "MAXIPUANSORGU"),
        ("PUANSORGU", "PUANSORGU"),
        ("IDEALPUANSORGU", "SOR"),
    ]
    .iter()
    .any(|(name, value)| request.extra(name) == *value)
}

/// Tells what a card's purse holds.
pub(super) fn purse<'a>(
    case: &'a Case<'_, Nestpay>,
    account: &Account,
) -> Result<Operation<'a>, Reply> {
    let card = card(case.app, &case.message)?;
    let card = card.map_err(|code| Reply::from(Answer::refusal(code)))?;
    let takes = |rewards: &Rewards| rewards.takes(card);
    if account.rewards.as_ref().is_some_and(takes) {
        Ok(Operation::Purse(card))
    } else {
        refuse("2205", "")
    }
}

/// `PostAuth`: takes of a hold; more than is held only when the message names what is held.
pub(super) fn capture<'a>(request: &Request) -> Result<Operation<'a>, Reply> {
    let held = match request.extra("PREAMT") {
        "" => None,
        text => match lira(text) {
            Some(held) => Some(held),
            None => return refuse("2007", "PREAMT"),
        },
    };
    let margin = held.map_or(0, |_| CAPTURE_MARGIN);
    Ok(Operation::Capture {
        key: request.key(),
        capture: Capture {
            amount: total(request)?,
            margin,
            held,
        },
    })
}

/// `Void`: what was done last and is open, on its day. Of a captured hold that is the capture.
pub(super) fn void<'a>(request: &Request) -> Operation<'a> {
    Operation::Void {
        key: request.key(),
        undo: Undo::Latest,
    }
}

/// `Credit`: all or part of a settled order; the bank splits it between card and points.
pub(super) fn refund<'a>(request: &Request) -> Result<Operation<'a>, Reply> {
    if !is_currency(request.value("Currency")) {
        return refuse("2106", "");
    }
    match total(request)? {
        0 => refuse("2504", ""),
        amount => Ok(Operation::Refund {
            key: request.key(),
            amount,
            split: Split::Proportional,
        }),
    }
}

/// Words what came of an operation.
pub(super) fn answer(case: &Case<'_, Nestpay>, outcome: Outcome<'_>) -> Reply {
    let (app, request) = (case.app, &case.message);
    let gateway = |number: &str| Answer::gateway(number, "");
    match outcome {
        Outcome::Sold(sold, _) => sold_answer(app, request.account, &sold).into(),
        Outcome::UsedBefore { approved: true } => gateway("T98").into(),
        Outcome::UsedBefore { approved: false } => gateway("2507").into(),
        Outcome::Voided(Moved::Done(order, made, purse))
        | Outcome::Refunded(Moved::Done(order, made, purse))
        | Outcome::Captured(Moved::Done(order, made, purse)) => about(
            app,
            request.account,
            &order,
            (made.seq, made.at),
            (0, purse),
        )
        .into(),
        Outcome::Voided(_) => gateway("2008").into(),
        Outcome::Refunded(moved) => match moved {
            // A void that was refunded is recorded.
            Moved::NotSettled | Moved::Voided => gateway("2508").into(),
            Moved::NothingLeft => {
                Answer::nothing_left(request.account.is_some_and(|account| account.traced)).into()
            }
            Moved::TooMuch => gateway("2503").into(),
            _ => gateway("2123").into(),
        },
        Outcome::Captured(Moved::TooMuch) => gateway("2512").into(),
        Outcome::Captured(_) => gateway("2509").into(),
        Outcome::Found(found) => told(app, request, found.map(|(order, _)| *order)).into(),
        Outcome::Purse(card, purse) => {
            let rewards = request.account.and_then(|account| account.rewards.as_ref());
            let mut answer = Answer::of_purse(rewards.map_or_else(Vec::new, |one| one.told(purse)));
            answer.add_card(Some(card));
            answer.into()
        }
    }
}

/// What a sale came to, for the reply and for the page that sells by itself.
pub(super) fn sold_answer(app: &App, account: Option<&Account>, sold: &Sold) -> Box<Answer> {
    match sold {
        Sold::Approved(order, purse) => {
            let used = order.spent.total().unwrap_or_default();
            about(
                app,
                account,
                order,
                (order.seq, order.created_at),
                (used, *purse),
            )
        }
        Sold::Repeated(_) => Answer::gateway("2507", ""),
        Sold::AuthenticationUsed => Answer::gateway("2127", ""),
        Sold::Declined(code) => Answer::refusal(code),
    }
}

/// Yes, about an order or a move of it; `used` are the points that it spent.
fn about(
    app: &App,
    account: Option<&Account>,
    order: &Order,
    made: (i64, Timestamp),
    (used, purse): (i64, Purse),
) -> Box<Answer> {
    let card = app.cards.by_reference(&order.card).map(Arc::as_ref);
    let rewards = account.and_then(|account| account.rewards.as_ref());
    let rewards = rewards.filter(|rewards| card.is_some_and(|card| rewards.takes(card)));
    let points = rewards.map_or_else(Vec::new, |rewards| rewards.told_always(used, purse));
    let mut answer = Answer::about(order, made, points);
    answer.add_card(card);
    answer
}

/// What is known of an order. `ORDERSTATUS` knows it only after some seconds.
fn told(app: &App, request: &Request, found: Option<Order>) -> Node {
    let (asked, now) = (request.order_id(), app.now());
    if request.extra("ORDERHISTORY") == "QUERY" {
        return match found {
            Some(order) => inquiries::history(&order, request.account, now),
            None => inquiries::no_history(asked),
        };
    }
    let empty = SignedDuration::from_secs(app.switches.status_empty_seconds());
    let known =
        |order: &Order| !order.moves.is_empty() || now.duration_since(order.created_at) >= empty;
    match found.filter(known) {
        Some(order) => inquiries::status(&order),
        None => inquiries::no_status(asked),
    }
}
