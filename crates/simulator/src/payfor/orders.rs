//! Sales with and without points, holds, captures, voids, refunds and the inquiry of points: how they are
//! read and how they are answered.

use std::sync::Arc;

use super::account::{Account, Payfor};
use super::answer::Answer;
use super::request::{Request, instalments};
use super::rows::{self, Row};
use crate::app::App;
use crate::cards::{Card, Program, Purse, passes_luhn};
use crate::clock::istanbul;
use crate::desk::{Case, Operation, Outcome, Purchase};
use crate::fields::{expiry, in_lira, is_currency, is_order_id, lira};
use crate::ledger::{Bank, Capture, Kind, Moved, Order, Points, Sold, Split, Undo, id_of_account};
use crate::session::Session;
use crate::xml::Node;

/// How many percent more than is held these merchants may capture.
const CAPTURE_MARGIN: i64 = 15;
/// "Format error": which code stands for a field that cannot be read is not public.
pub(super) const FORMAT: &str = "30";
/// "Invalid amount".
pub(super) const AMOUNT: &str = "13";
/// "Invalid transaction".
pub(super) const UNKNOWN_TYPE: &str = "12";
/// Nothing fits what is asked.
pub(super) const NOT_FOUND: &str = "V013";
/// The order id bought something before.
pub(super) const USED: &str = "101310";

fn refuse<T>(case: &Case<'_, Payfor>, code: &str) -> Result<T, Node> {
    Err(Answer::refusal(code, case.app.now()).node(&case.message))
}

/// What a transaction type is.
pub(super) fn kind(name: &str) -> Kind {
    if name == "PreAuth" {
        Kind::Hold
    } else {
        Kind::Sale
    }
}

/// What is asked of a card, in a message or a form.
pub(super) struct Wish {
    pub(super) amount: i64,
    pub(super) points: i64,
    pub(super) instalments: u32,
}

impl Wish {
    /// Reads it; `Err` is the code of the refusal.
    pub(super) fn read<'a>(field: impl Fn(&str) -> &'a str) -> Result<Wish, &'static str> {
        if !is_order_id(field("OrderId")) || !is_currency(field("Currency")) {
            return Err(FORMAT);
        }
        let amount = lira(field("PurchAmount")).filter(|amount| *amount > 0);
        let points = match field("BonusAmount") {
            "" => Some(0),
            text => lira(text),
        };
        let (Some(amount), Some(points)) = (amount, points) else {
            return Err(AMOUNT);
        };
        if points == 0 && field("TxnType") == "ParaPuanAuth" {
            return Err(AMOUNT);
        }
        let instalments = instalments(field("InstallmentCount")).ok_or(FORMAT)?;
        Ok(Wish {
            amount,
            points,
            instalments,
        })
    }
}

/// `Auth`, `PreAuth` and `ParaPuanAuth` without 3D Secure.
pub(super) fn sale<'a>(case: &'a Case<'_, Payfor>) -> Result<Operation<'a>, Node> {
    let request = &case.message;
    let wish = match Wish::read(|name| request.value(name)) {
        Ok(wish) => wish,
        Err(code) => return refuse(case, code),
    };
    let Some(account) = request.account else {
        return refuse(case, "V001");
    };
    let pan = request.value("Pan");
    if !passes_luhn(pan) {
        return refuse(case, "M041");
    }
    let kind = kind(request.value("TxnType"));
    let card = case.app.accept(pan, expiry(request.value("Expiry"), false));
    Ok(Operation::Sale(Purchase {
        id: id_of_account(account.merchant, request.order_id()),
        label: String::new(),
        kind,
        card,
        pan,
        currency: request.value("Currency"),
        amount: wish.amount,
        instalments: wish.instalments,
        points: own_points(wish.points),
        campaign: 0,
        nonce: None,
        unproven: None,
        objection: card
            .ok()
            .and_then(|card| refuse_points(account, card, kind, &wish, request.value("Currency"))),
    }))
}

/// The second step of 3D Secure: all is as the form asked.
pub(super) fn finish<'a>(case: &'a Case<'_, Payfor>) -> Result<Operation<'a>, Node> {
    let request = &case.message;
    let account = request.account;
    let (Some(session), Some(account)) = (case.session.as_ref(), account) else {
        return refuse(case, NOT_FOUND);
    };
    if session.account != account.merchant {
        return refuse(case, NOT_FOUND);
    }
    if session.order_id != request.value("OrderId") {
        return refuse(case, "V036");
    }
    let verified = session.is_authenticated() && !is_of_page(session);
    Ok(Operation::Sale(Purchase {
        unproven: (!verified).then_some("V034"),
        ..super::threeds::purchase(case.app, session)
    }))
}

/// ParaPuan is the card's own; the advance for travel is spent elsewhere.
pub(super) fn own_points(card: i64) -> Points {
    Points::Exactly(Purse {
        card,
        ..Purse::default()
    })
}

/// Why the bank does not take the points of this card for this price.
pub(super) fn refuse_points(
    account: &Account,
    card: &Card,
    kind: Kind,
    wish: &Wish,
    currency: &str,
) -> Option<&'static str> {
    if wish.points == 0 {
        return None;
    }
    if !account.points || kind == Kind::Hold || currency != "949" {
        return Some(UNKNOWN_TYPE);
    }
    match (card.program, card.commercial) {
        (Program::CardFinans, true) => Some("V047"),
        (Program::CardFinans, false) if wish.points > wish.amount => Some("M001"),
        (Program::CardFinans, false) if wish.points == wish.amount && wish.instalments > 0 => {
            Some("M020")
        }
        (Program::CardFinans, false) => None,
        _ => Some("T19"),
    }
}

/// `ParaPuanInquiry`.
pub(super) fn purse<'a>(case: &'a Case<'_, Payfor>) -> Result<Operation<'a>, Node> {
    let request = &case.message;
    if !request.account.is_some_and(|account| account.points) {
        return refuse(case, UNKNOWN_TYPE);
    }
    let pan = request.value("Pan");
    if !passes_luhn(pan) {
        return refuse(case, "M041");
    }
    match case.app.accept(pan, expiry(request.value("Expiry"), false)) {
        Ok(card) if card.program == Program::CardFinans && card.commercial => refuse(case, "V047"),
        Ok(card) => Ok(Operation::Purse(card)),
        Err(code) => refuse(case, code),
    }
}

/// The amount of a capture or refund.
fn amount(case: &Case<'_, Payfor>) -> Result<i64, Node> {
    if !is_currency(case.message.value("Currency")) {
        return refuse(case, FORMAT);
    }
    match lira(case.message.value("PurchAmount")).filter(|amount| *amount > 0) {
        Some(amount) => Ok(amount),
        None => refuse(case, AMOUNT),
    }
}

/// `PostAuth`: takes of a hold.
pub(super) fn capture<'a>(case: &'a Case<'_, Payfor>) -> Result<Operation<'a>, Node> {
    Ok(Operation::Capture {
        key: case.message.key(),
        capture: Capture {
            amount: amount(case)?,
            margin: CAPTURE_MARGIN,
            held: None,
        },
    })
}

/// `Void` and `ParaPuanVoid`: what was done last, on its day. Of a captured hold that is the capture: the one
/// recorded history calls the hold approved behind it, and a hold that was cancelled is told as that.
pub(super) fn void<'a>(request: &Request) -> Operation<'a> {
    Operation::Void {
        key: request.key(),
        undo: Undo::Latest,
    }
}

/// `Refund` and `ParaPuanRefund`: all or part of a settled order; the bank splits it between card and
/// points.
pub(super) fn refund<'a>(case: &'a Case<'_, Payfor>) -> Result<Operation<'a>, Node> {
    Ok(Operation::Refund {
        key: case.message.key(),
        amount: amount(case)?,
        split: Split::Proportional,
    })
}

/// Words what came of an operation.
pub(super) fn answer(case: &Case<'_, Payfor>, outcome: Outcome<'_>) -> Node {
    let (request, now) = (&case.message, case.app.now());
    let refusal = |code: &str| Answer::refusal(code, now);
    let answer = match outcome {
        Outcome::Sold(sold, card) => {
            let mut answer = sold_answer(case.app, &sold);
            request
                .value("CardHolderName")
                .clone_into(&mut answer.holder);
            answer.more_instalments = gift(card, &sold);
            answer
        }
        Outcome::UsedBefore { approved: true } => refusal("T98"),
        Outcome::UsedBefore { approved: false } => refusal(USED),
        Outcome::Voided(Moved::Done(order, made, _))
        | Outcome::Refunded(Moved::Done(order, made, _))
        | Outcome::Captured(Moved::Done(order, made, _)) => {
            Answer::about(&order, (made.seq, made.at))
        }
        Outcome::Refunded(Moved::NotSettled) => refusal("V014"),
        Outcome::Refunded(Moved::TooMuch | Moved::NothingLeft)
        | Outcome::Captured(Moved::TooMuch) => refusal(AMOUNT),
        Outcome::Voided(_) | Outcome::Refunded(_) | Outcome::Captured(_) => refusal(NOT_FOUND),
        Outcome::Found(found) => return told(case, found.map(|(order, _)| *order)),
        Outcome::Purse(card, purse) => points_told(case, card, purse),
    };
    answer.node(request)
}

/// What a sale came to.
pub(super) fn sold_answer(app: &App, sold: &Sold) -> Answer {
    match sold {
        Sold::Approved(order, _) => Answer::about(order, (order.seq, order.created_at)),
        Sold::Repeated(_) => Answer::refusal(USED, app.now()),
        Sold::AuthenticationUsed => Answer::refusal("V034", app.now()),
        Sold::Declined(code) => Answer::refusal(code, app.now()),
    }
}

/// Instalments that a campaign of the card gives to one who pays in instalments.
fn gift(card: Option<&Card>, sold: &Sold) -> u32 {
    let message = card
        .filter(|card| card.program == Program::CardFinans)
        .and_then(|card| card.host_message);
    let count = message.and_then(|message| message.rsplit('+').next()?.parse().ok());
    match sold {
        Sold::Approved(order, _) if order.instalments > 0 => count.unwrap_or_default(),
        _ => 0,
    }
}

/// What a card's purse holds; cards of other programs hold nothing here.
fn points_told(case: &Case<'_, Payfor>, card: &Card, purse: Purse) -> Answer {
    let now = case.app.now();
    let purse = match card.program {
        Program::CardFinans => purse,
        _ => Purse::default(),
    };
    let expires = match purse.mile {
        0 => "0001-01-01T00:00:00".to_owned(),
        _ => format!("{}-12-31T00:00:00", istanbul(now).year()),
    };
    Answer {
        told: vec![
            ("TxnResult", "Success".to_owned()),
            ("OrderId", case.message.order_id().to_owned()),
            ("AvailablePoint", in_lira(purse.card)),
            ("KullanilabilirBonusPuan", in_lira(purse.card)),
            ("KullanilabilirSeyahatAvansTutar", in_lira(purse.mile)),
            ("SeyahatAvansPuanVadeTarihi", expires),
        ],
        ..Answer::refusal("00", now)
    }
}

/// `OrderInquiry`, and `TxnHistory` of an order.
fn told(case: &Case<'_, Payfor>, found: Option<Order>) -> Node {
    let request = &case.message;
    let rows = found.as_ref().map(Row::all_of).unwrap_or_default();
    if request.value("TxnType") == "TxnHistory" {
        return rows::report(request, rows);
    }
    match rows.iter().rfind(|row| row.takes()) {
        Some(row) => rows::inquiry(request, row),
        None => waiting(case).unwrap_or_else(|| rows::nothing(request)),
    }
}

/// `OrderInquiry` of what was verified and waits for its sale.
fn waiting(case: &Case<'_, Payfor>) -> Option<Node> {
    let (app, request) = (case.app, &case.message);
    let account = request.account?;
    let of_order = (account.merchant, request.order_id());
    let (number, session) = app.numbered.last_of(Bank::Payfor, of_order)?;
    let waits = session.is_authenticated() && !is_of_page(&session);
    let association = card_of(app, &session.card).map_or("", |card| card.association);
    waits.then(|| rows::verified(account, number, &session, association))
}

/// Whether the page sells by itself what the session authenticates.
fn is_of_page(session: &Session) -> bool {
    session.nonce.starts_with(super::threeds::PAGE_SALE)
}

/// The card that a session authenticated.
pub(super) fn card_of<'a>(app: &'a App, reference: &str) -> Result<&'a Arc<Card>, &'static str> {
    app.cards.by_reference(reference).ok_or("14")
}
