//! Sales with and without bonus, voids, refunds, status and the reward inquiry: how they are read and
//! how they are answered.

use super::account::{Garanti, LIRA};
use super::answer::{Answer, auth_code, retref, sequence};
use super::request::{Request, instalments};
use super::threeds;
use crate::cards::{Card, Program, Purse, mask_if_card};
use crate::clock::istanbul;
use crate::codes;
use crate::desk::{Case, Operation, Outcome, Purchase};
use crate::fields::{expiry, kurus};
use crate::ledger::{
    Key, Kind, NOT_SUFFICIENT_AWARD, Order, Points, Refunded, Sold, Split, State, Voided,
};
use crate::xml::{Node, node, text};

fn missing(field: &str) -> Box<Answer> {
    Answer::gateway("0002", &format!("{field} field is mandatory or wrong"))
}

/// `sales`, without or after 3D Secure.
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
    let mut purchase = Purchase {
        id: order_id.to_owned(),
        kind: Kind::Sale,
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
        let part = match reward.value("Type") {
            "BNS" => &mut points.card,
            "FBB" => &mut points.firm,
            "MIL" => &mut points.mile,
            _ => return None,
        };
        *part = part.checked_add(used)?;
    }
    Some(points)
}

/// Bonus only from Bonus cards, miles only from miles cards; elsewhere the bank sees no purse.
fn refuse_points(card: &Card, points: Purse) -> Option<&'static str> {
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

/// `void`: by the original's reference, on the day of the sale.
pub(super) fn void<'a>(request: &Request) -> Operation<'a> {
    Operation::Void {
        key: original(request),
        kind: Kind::Sale,
    }
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
        Outcome::Voided(Voided::Done(order, _)) | Outcome::Refunded(Refunded::Done(order, _)) => {
            Answer::about(&order)
        }
        Outcome::Voided(Voided::Unknown | Voided::Already)
        | Outcome::Refunded(Refunded::Unknown) => gateway("0110"),
        Outcome::Voided(Voided::AlreadySettled)
        | Outcome::Refunded(Refunded::NotSettled | Refunded::Exhausted) => gateway("0208"),
        Outcome::Found(found) => match found.filter(|(order, _)| is_recorded(order)) {
            Some((order, purse)) => standing(&order, purse),
            None => gateway("0108"),
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
        Program::World | Program::None => Vec::new(),
    }
}

/// A declined try leaves no record here, unless the bank refused because it had no answer in time:
/// then the record says so.
fn is_recorded(order: &Order) -> bool {
    order.state != State::Declined || codes::is_time_out(&order.code)
}

/// `orderinq`: the sale of an order id.
fn standing(order: &Order, purse: Purse) -> Box<Answer> {
    let mut answer = match order.state {
        State::Declined => Answer::host(&order.code),
        _ => Answer::about(order),
    };
    answer.inquiry = Some(inquiry(order, purse));
    answer
}

fn inquiry(order: &Order, purse: Purse) -> Node {
    let at = istanbul(order.created_at)
        .strftime("%Y-%m-%d %H:%M:%S%.3f")
        .to_string();
    // Only APPROVED is recorded publicly; the other two words are the simulator's.
    let status = match order.state {
        State::Captured | State::Settled => "APPROVED",
        State::Voided => "VOID",
        State::Refunded => "REFUND",
        State::Declined => "",
    };
    let code = match order.state {
        State::Declined => order.code.as_str(),
        _ => "00",
    };
    let fields = [
        ("ChargeType", "S".to_owned()),
        ("PreAuthAmount", "0".to_owned()),
        ("PreAuthDate", String::new()),
        ("AuthAmount", order.amount.to_string()),
        ("AuthDate", at.clone()),
        ("RecurringInfo", "N".to_owned()),
        ("RecurringStatus", String::new()),
        ("Status", status.to_owned()),
        ("RemainingBNSAmount", purse.card.to_string()),
        ("UsedFBBAmount", order.spent.firm.to_string()),
        ("UsedChequeType", String::new()),
        ("UsedChequeCount", "0".to_owned()),
        ("UsedChequeAmount", "0".to_owned()),
        ("UsedBnsAmount", order.spent.card.to_string()),
        ("InstallmentCnt", order.instalments.to_string()),
        ("CardNumberMasked", order.masked.to_string()),
        ("CardRef", String::new()),
        ("Code", code.to_owned()),
        ("ReasonCode", code.to_owned()),
        ("SysErrMsg", String::new()),
        ("RetrefNum", retref(order)),
        ("GPID", String::new()),
        ("AuthCode", auth_code(order)),
        ("BatchNum", "1".to_owned()),
        ("SequenceNum", order.seq.to_string()),
        ("ProvDate", at),
        ("CardHolderName", String::new()),
        ("CardType", String::new()),
    ];
    node(
        "OrderInqResult",
        fields
            .into_iter()
            .map(|(name, value)| text(name, value))
            .collect(),
    )
}
