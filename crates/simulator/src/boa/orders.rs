//! Sales, holds, what is done with them and the lists of them: how they are read and how they are answered.

use std::sync::atomic::Ordering;

use jiff::SignedDuration;
use jiff::civil::Date;

use super::answer::{
    About, Answer, DAY_IS_OVER, NOT_HELD, NOTHING_LEFT, SOME_IS_BACK, WHOLE_ON_THE_DAY, number,
    references,
};
use super::request::{Gate, Message};
use super::{Boa, House};
use crate::clock::istanbul;
use crate::desk::{Case, Operation, Outcome, Purchase};
use crate::fields::expiry;
use crate::ledger::{
    Capture, Key, Kind, Moved, Order, Points, Sold, Split, State, Undo, id_of_account,
};
use crate::session::Session;

type Asked<'a> = Result<Operation<'a>, Answer>;

pub(super) fn refuse<T>(code: &str) -> Result<T, Answer> {
    Err(Answer::refusal(code))
}

/// What a message that brings a card must say of its order, in whole.
pub(super) fn check<H: House>(message: &Message, security: &[&str]) -> Result<i64, Answer> {
    if !security.contains(&message.value("TransactionSecurity")) {
        return refuse("InvalidTransactionSecurity");
    }
    if !message.has_order_id() {
        return refuse("EmptyMerchantOrderIdField");
    }
    let shown = message.value("DisplayAmount");
    let amount = message.amount().filter(|amount| *amount > 0);
    let Some(amount) = amount.filter(|_| shown.is_empty() || shown == message.value("Amount"))
    else {
        return refuse("EmptyAmountField");
    };
    if message.instalments().is_none() {
        return refuse("EmptyInstallmentCountField");
    }
    Ok(amount)
}

/// The year and month of an expiry.
pub(super) fn expires(message: &Message) -> Option<(i16, i8)> {
    let [year, month] =
        ["CardExpireDateYear", "CardExpireDateMonth"].map(|name| message.value(name));
    expiry(&format!("{year}{month}"), true)
}

/// A sale or a hold with a card.
pub(super) fn sale<'a, H: House>(case: &'a Case<'_, Boa<H>>) -> Asked<'a> {
    let message = &case.message;
    let amount = check::<H>(message, H::OPEN)?;
    let Some(currency) = message.currency() else {
        return refuse("CurrencyCodeInvalid");
    };
    if let Some(code) = H::objection(message) {
        return refuse(code);
    }
    let card = case
        .app
        .accept(message.value("CardNumber"), expires(message));
    Ok(Operation::Sale(Purchase {
        id: id_of_account(H::ACCOUNT.merchant, message.order_id()),
        label: String::new(),
        kind: match message.gate {
            Gate::Hold => Kind::Hold,
            _ => Kind::Sale,
        },
        card,
        pan: message.value("CardNumber"),
        currency,
        amount,
        instalments: message.instalments().unwrap_or_default(),
        points: Points::InOrder(0),
        campaign: 0,
        nonce: None,
        unproven: None,
        // Other money than lira is for cards from abroad.
        objection: card
            .ok()
            .filter(|card| currency != "949" && !card.issuer.is_empty())
            .map(|_| "12"),
    }))
}

/// The sale of what the page authenticated.
pub(super) fn finish<'a, H: House>(case: &'a Case<'_, Boa<H>>) -> Asked<'a> {
    let message = &case.message;
    if message.proof().is_empty() {
        return refuse("EmptyMDException");
    }
    let Some(session) = case.session.as_ref() else {
        return refuse("MetaDataNotFound");
    };
    let lacks_way = |name: &&str| message.value(name).is_empty();
    if H::NAMES_WAYS_BACK && ["OkUrl", "FailUrl"].iter().any(lacks_way) {
        return refuse("EmptyOkUrlField");
    }
    let amount = check::<H>(message, &["3"])?;
    Ok(Operation::Sale(Purchase {
        id: id_of_account(H::ACCOUNT.merchant, message.order_id()),
        amount,
        unproven: (!agrees(message, session)).then_some("InvalidMetaData"),
        ..Purchase::of_session(case.app, session)
    }))
}

fn agrees(message: &Message, session: &Session) -> bool {
    session.md_status == Some(1)
        && session.order_id == message.order_id()
        && Some(session.amount) == message.amount()
        && Some(session.instalments) == message.instalments()
        && message
            .currency()
            .is_none_or(|code| code == session.currency)
}

/// The order that a message names by both ids, and in SOAP by all references of its sale.
fn named<H: House>(case: &Case<'_, Boa<H>>) -> Result<Order, Answer> {
    let message = &case.message;
    // SOAP tells the sum twice.
    if message.outer("Amount") != message.value("Amount") {
        return Err(Answer::refusal("TransactionAmountMismatchException"));
    }
    let asked = (message.order_id(), message.number());
    let fits = |order: &Order| {
        order.bank == H::BANK
            && order.state != State::Declined
            && (order.names().1, Some(number(order))) == asked
    };
    let shown = ["RRN", "Stan", "ProvisionNumber"].map(|name| message.outer(name));
    let found = case.app.ledger.find(fits, case.app.now());
    let found = found.filter(|order| !message.is_soap() || references(order.seq) == shown);
    found.ok_or_else(|| Answer::refusal("RRNOrStanOrProvIsIncorrect"))
}

/// By the number of the money that was taken, as the ledger wants it.
fn key(order: &Order) -> Key {
    Key::Seq(order.taking())
}

/// Takes all that is held: the message has no amount.
pub(super) fn close<'a, H: House>(case: &'a Case<'_, Boa<H>>) -> Asked<'a> {
    let order = named(case)?;
    Ok(Operation::Capture {
        key: Key::Seq(order.seq),
        capture: Capture {
            amount: order.held,
            margin: 0,
            held: None,
        },
    })
}

/// A sale, or with its own gate a hold and what was taken of it, whole.
pub(super) fn void<'a, H: House>(case: &'a Case<'_, Boa<H>>) -> Asked<'a> {
    let order = named(case)?;
    let asked = case.message.amount();
    if case.message.gate == Gate::Reversal && asked != Some(order.amount) {
        return refuse("TransactionAmountMismatchException");
    }
    let undo = match case.message.gate {
        Gate::Reversal => Undo::Whole(Kind::Sale),
        _ => Undo::Any,
    };
    let key = key(&order);
    Ok(Operation::Void { key, undo })
}

/// All of an order, or a part of it.
pub(super) fn refund<'a, H: House>(case: &'a Case<'_, Boa<H>>) -> Asked<'a> {
    let order = named(case)?;
    let asked = case.message.value("Amount");
    let amount = match (case.message.gate, case.message.amount()) {
        (Gate::DrawBack, None) if asked.is_empty() => order.amount,
        (Gate::DrawBack, Some(amount)) if amount == order.amount => amount,
        (Gate::PartialDrawBack, Some(amount)) if amount > 0 => amount,
        _ => return refuse("TransactionAmountMismatchException"),
    };
    let whole = case.message.gate == Gate::PartialDrawBack && amount == order.amount;
    if whole && order.state == State::Captured {
        return refuse(WHOLE_ON_THE_DAY);
    }
    Ok(Operation::Refund {
        key: key(&order),
        amount,
        split: Split::Proportional,
    })
}

/// Orders of an id, or of days, or both; the bank's number may narrow them.
pub(super) fn list<'a, H: House>(case: &'a Case<'_, Boa<H>>) -> Asked<'a> {
    let message = &case.message;
    let day = |name: &str| {
        let asked = [message.outer(name), message.value(name)];
        let asked = asked.into_iter().find(|text| !text.is_empty())?;
        asked.get(..10)?.parse::<Date>().ok()
    };
    let id = message.order_id();
    let days = match (day("StartDate"), day("EndDate")) {
        (Some(from), Some(until)) => Some((from, until)),
        // Only Vakıf Katılım's question for an id has no days.
        _ if message.gate == Gate::Status && !message.is_soap() && !id.is_empty() => None,
        _ => return refuse("EmptyStartDateField"),
    };
    let asked = match message.gate {
        Gate::List => message.value("OrderNo").parse().ok(),
        _ => message.number(),
    };
    let empty = &case.app.switches.boa_status_empty_seconds;
    let empty = match id {
        "" => 0,
        _ => empty.load(Ordering::Relaxed),
    };
    let (empty, now) = (SignedDuration::from_secs(empty), case.app.now());
    Ok(Operation::List(Box::new(move |order: &Order| {
        let at = istanbul(order.created_at).date();
        order.bank == H::BANK
            && now.duration_since(order.created_at) >= empty
            && (id.is_empty() || order.names().1 == id)
            && days.is_none_or(|(from, until)| (from..=until).contains(&at))
            && asked.is_none_or(|asked| asked == number(order))
    })))
}

/// Words what came of an operation.
pub(super) fn answer<H: House>(case: &Case<'_, Boa<H>>, outcome: Outcome<'_>) -> Answer {
    let about = |order: Box<Order>, seq, at| Answer::yes(H::APPROVED, About::Order(order, seq, at));
    let moved = match outcome {
        Outcome::Sold(Sold::Approved(order, _), _) => {
            let (seq, at) = (order.seq, order.created_at);
            return about(order, seq, at);
        }
        Outcome::Sold(Sold::Repeated(_), _) | Outcome::UsedBefore { approved: false } => {
            return Answer::refusal("OrderIsProcessedBefore");
        }
        Outcome::UsedBefore { approved: true } => return Answer::refusal("T98"),
        Outcome::Sold(Sold::AuthenticationUsed, _) => return Answer::refusal("MetaDataNotFound"),
        Outcome::Sold(Sold::Declined(code), _) => return refusal(case, &code),
        Outcome::Voided(moved) | Outcome::Refunded(moved) | Outcome::Captured(moved) => moved,
        Outcome::Found(_) | Outcome::Purse(..) => return Answer::refusal("TechnicalException"),
    };
    let code = match moved {
        Moved::Done(order, made, _) => return about(order, made.seq, made.at),
        Moved::Voided if matches!(case.message.gate, Gate::Reversal | Gate::HoldReversal) => "21",
        Moved::Voided => "28",
        Moved::Settled | Moved::TooOld => DAY_IS_OVER,
        Moved::Returned => SOME_IS_BACK,
        Moved::TooMuch => "TransactionAmountMismatchException",
        Moved::NothingLeft => NOTHING_LEFT,
        Moved::NotSettled | Moved::Captured | Moved::NotCaptured | Moved::Repeated => NOT_HELD,
        Moved::Unknown if case.message.gate == Gate::Close => NOT_HELD,
        Moved::Unknown => "RRNOrStanOrProvIsIncorrect",
    };
    refusal(case, code)
}

/// A refusal; one of the card's bank tells the order that it left behind.
pub(super) fn refusal<H: House>(case: &Case<'_, Boa<H>>, code: &str) -> Answer {
    let mut answer = Answer::refusal(code);
    let id = case.message.order_id();
    let left = |order: &Order| order.bank == H::BANK && order.names().1 == id;
    if let Some(order) = case.app.ledger.find(left, case.app.now())
        && answer.is_of_host()
    {
        answer.about = About::Refused(Box::new(order));
    }
    answer
}
