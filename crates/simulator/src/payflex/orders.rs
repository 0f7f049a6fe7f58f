//! Sales with and without points, holds, captures, voids, refunds and the searches about a card: how they
//! are read and how they are answered.

use super::account::{Account, Payflex};
use super::answer::{APPROVED, Answer, Reply, wording};
use super::request::{Request, Shape, instalments, is_currency, is_id};
use super::{common, mpi, search};
use crate::cards::{Card, passes_luhn};
use crate::desk::{Case, Operation, Outcome, Purchase};
use crate::fields::lira;
use crate::ledger::{
    Capture, Kind, Moved, NOT_SUFFICIENT_AWARD, Order, Points, Sold, Split, Undo, id_of_account,
};
use crate::seal::{random, upper_hex};

/// `Sale`, `PointSale` and `Auth`, without or after 3D Secure.
pub(super) fn sale<'a>(
    case: &'a Case<'_, Payflex>,
    account: &'static Account,
) -> Result<Operation<'a>, Reply> {
    let request = &case.message;
    let refuse = |code: &str, field: &str| Err(Reply::refusal(request, code, field));
    let Some(own) = own_id(request) else {
        return refuse("8484", "TransactionId");
    };
    let order_id = request.value("OrderId");
    if !order_id.is_empty() && !is_id(order_id) {
        return refuse("8484", "OrderId");
    }
    if !matches!(request.value("TransactionDeviceSource"), "0" | "1") {
        return refuse("8484", "TransactionDeviceSource");
    }
    if !request.value("CardHoldersName").is_ascii() {
        return refuse("0012", "CardHoldersName");
    }
    let Some(instalments) = instalments(request.value("NumberOfInstallments")) else {
        return refuse("1060", "");
    };
    let kind = match request.kind() {
        "Auth" => Kind::Hold,
        _ => Kind::Sale,
    };
    let points = points(request, kind, instalments)?;
    let proven = request.is_secure() && account.gateway;
    if proven
        && ["Pan", "Expiry", "CurrencyAmount"]
            .iter()
            .any(|name| request.has(name))
    {
        return refuse("1127", "");
    }
    let (amount, currency, card);
    if proven {
        // All of it was fixed when the card was enrolled.
        let Some(session) = &case.session else {
            return refuse("1114", "");
        };
        (amount, currency) = (session.amount, session.currency.as_str());
        card = case.app.cards.by_reference(&session.card).ok_or("14");
    } else {
        amount = lira(request.value("CurrencyAmount")).unwrap_or_default();
        currency = request.value("CurrencyCode");
        if amount == 0 {
            return refuse("1047", "");
        }
        if !is_currency(currency) {
            return refuse("8484", "CurrencyCode");
        }
        card = read_card(case)?;
    }
    let label = match order_id {
        "" => String::new(),
        id => id_of_account(account.merchant, id),
    };
    let mut purchase = Purchase {
        id: id_of_account(account.merchant, &own),
        label,
        kind,
        card,
        pan: request.value("Pan"),
        currency,
        amount,
        instalments,
        points: Points::InOrder(points),
        campaign: 0,
        nonce: None,
        unproven: None,
        // A card of another program holds nothing here.
        objection: card
            .ok()
            .filter(|card| points > 0 && !account.rewards(card))
            .map(|_| NOT_SUFFICIENT_AWARD),
    };
    if request.is_secure() {
        let session = case.session.as_ref();
        purchase.unproven = mpi::mismatch(request, session, &purchase);
        purchase.nonce = Some(session.map_or_else(String::new, |session| session.nonce.clone()));
    }
    Ok(Operation::Sale(purchase))
}

/// The message's own id; the bank makes one where it has none.
fn own_id(request: &Request) -> Option<String> {
    match request.value("TransactionId") {
        "" => Some(upper_hex(&random::<16>().ok()?).to_ascii_lowercase()),
        id => is_id(id).then(|| id.to_owned()),
    }
}

/// The points that a sale spends; the amount has them in it.
fn points(request: &Request, kind: Kind, instalments: u32) -> Result<i64, Reply> {
    let refuse = |code: &str| Err(Reply::refusal(request, code, ""));
    let wants = request.kind() == "PointSale" || request.has("PointAmount");
    if !wants {
        return Ok(0);
    }
    let points = lira(request.value("PointAmount")).filter(|points| *points > 0);
    let Some(points) = points.filter(|_| kind == Kind::Sale) else {
        return refuse("1075");
    };
    if request.value("PointCode") != "949" {
        return refuse("1076");
    }
    if instalments > 0 {
        return refuse("1081");
    }
    Ok(points)
}

type Found<'a> = Result<&'a std::sync::Arc<Card>, &'static str>;

/// The card of a message, or the code with which the issuer refuses it.
fn read_card<'a>(case: &'a Case<'_, Payflex>) -> Result<Found<'a>, Reply> {
    let request = &case.message;
    let pan = request.value("Pan");
    if !passes_luhn(pan) {
        return Err(Reply::refusal(request, "1051", ""));
    }
    let Some(expires) = request.expires() else {
        return Err(Reply::refusal(request, "1052", ""));
    };
    Ok(case.app.accept(pan, Some(expires)))
}

/// `PointSearch` and `CampaignSearch`: what the card's purse holds, and that there is no campaign.
pub(super) fn purse<'a>(case: &'a Case<'_, Payflex>) -> Result<Operation<'a>, Reply> {
    let card = read_card(case)?;
    let card = card.map_err(|code| Reply::refusal(&case.message, code, ""))?;
    Ok(Operation::Purse(card))
}

/// The move's own id and the amount of a message.
fn moved(request: &Request, needs_amount: bool) -> Result<(String, i64), Reply> {
    let Some(own) = own_id(request) else {
        return Err(Reply::refusal(request, "8484", "TransactionId"));
    };
    if !request.has("ReferenceTransactionId") {
        return Err(Reply::refusal(request, "1007", ""));
    }
    let amount = lira(request.value("CurrencyAmount")).unwrap_or_default();
    if needs_amount && amount == 0 {
        return Err(Reply::refusal(request, "1047", ""));
    }
    Ok((own, amount))
}

/// `Capture`: takes of a hold, never more than is held.
pub(super) fn capture<'a>(request: &Request, account: &Account) -> Result<Operation<'a>, Reply> {
    let (own, amount) = moved(request, true)?;
    Ok(Operation::Capture {
        key: request.key(account, &own),
        capture: Capture {
            amount,
            margin: 0,
            held: None,
        },
    })
}

/// `Cancel` and `Reversal`: the named transaction, on its day. What was captured becomes a hold again.
pub(super) fn void<'a>(request: &Request, account: &Account) -> Result<Operation<'a>, Reply> {
    let (own, _) = moved(request, false)?;
    Ok(Operation::Void {
        key: request.key(account, &own),
        undo: Undo::Named,
    })
}

/// `Refund`: all or part of a sale or capture, on any day.
pub(super) fn refund<'a>(request: &Request, account: &Account) -> Result<Operation<'a>, Reply> {
    let (own, amount) = moved(request, true)?;
    Ok(Operation::Refund {
        key: request.key(account, &own),
        amount,
        split: Split::Proportional,
    })
}

pub(super) fn answer(case: &Case<'_, Payflex>, outcome: Outcome<'_>) -> Reply {
    let request = &case.message;
    let refuse = |code: &str| Reply::refusal(request, code, "");
    match outcome {
        Outcome::Sold(sold, card) => sold_answer(case, &sold, card),
        Outcome::UsedBefore { approved: true } => refuse("0T98"),
        Outcome::UsedBefore { approved: false } => refuse("1061"),
        Outcome::Voided(Moved::Done(order, made, _))
        | Outcome::Refunded(Moved::Done(order, made, _))
        | Outcome::Captured(Moved::Done(order, made, _)) => {
            let mut answer = Answer::about(&order, (made.seq, made.at), made.amount);
            answer.id = made.name.rsplit('/').next().map(str::to_owned);
            Reply::Made(Box::new(answer))
        }
        Outcome::Voided(moved) | Outcome::Refunded(moved) | Outcome::Captured(moved) => {
            let amounts = if request.kind() == "Capture" {
                "0323"
            } else {
                "1046"
            };
            refuse(match moved {
                Moved::Repeated => "1006",
                Moved::Voided => "1083",
                Moved::Settled => "2202",
                Moved::Captured => "1065",
                Moved::TooMuch => amounts,
                Moved::NothingLeft => "1059",
                Moved::Returned => "0012",
                // Nothing was taken that could go back, or nothing goes by that name.
                _ => "1007",
            })
        }
        Outcome::Found(found) if request.shape == Shape::Query => {
            let order = found.as_ref().map(|(order, _)| &**order);
            Reply::Plain(common::told(case.app, request, order))
        }
        Outcome::Found(found) => search::one(request, found.map(|(order, _)| order)),
        Outcome::Purse(card, purse) => {
            let known = request.account.is_some_and(|account| account.rewards(card));
            let held = if known { purse.card } else { 0 };
            let points = request.kind() == "PointSearch";
            Reply::Made(Box::new(Answer {
                code: APPROVED.to_owned(),
                detail: wording(APPROVED).to_owned(),
                points: points.then_some((0, held)),
                purse_only: true,
                ..Answer::default()
            }))
        }
    }
}

/// What a sale came to.
fn sold_answer(case: &Case<'_, Payflex>, sold: &Sold, card: Option<&Card>) -> Reply {
    let request = &case.message;
    match sold {
        Sold::Approved(order, purse) => {
            let mut answer = Answer::about(order, (order.seq, order.created_at), order.amount);
            let known = request.account.zip(card);
            let known = known.is_some_and(|(account, card)| account.rewards(card));
            answer.points = known.then_some((0, purse.card));
            answer.id = Some(order.names().1.to_owned());
            Reply::Made(Box::new(answer))
        }
        Sold::Repeated(order) => {
            let code = if goes_by(order, request.value("TransactionId")) {
                "1006"
            } else {
                "1061"
            };
            Reply::refusal(request, code, "")
        }
        Sold::AuthenticationUsed => Reply::refusal(request, "1128", ""),
        // The card's side has a reference for what it refuses too; the system's own refusals have none.
        Sold::Declined(code) if code.len() < 4 => {
            let code = format!("{code:0>4}");
            let detail = wording(&code).to_owned();
            let now = case.app.now();
            let session = case.session.as_ref();
            let amount = lira(request.value("CurrencyAmount"));
            let amount = amount.or(session.map(|session| session.amount));
            let currency = request.value("CurrencyCode");
            let currency = session.map_or(currency, |session| &session.currency);
            Reply::Made(Box::new(Answer {
                code,
                detail,
                host: Some(("000000".to_owned(), super::answer::rrn(0), now)),
                money: Some((amount.unwrap_or_default(), currency.to_owned())),
                ..Answer::default()
            }))
        }
        Sold::Declined(code) => Reply::refusal(request, code, ""),
    }
}

/// Whether a message about the order had this id.
fn goes_by(order: &Order, id: &str) -> bool {
    let is = |name: &str| name.rsplit('/').next() == Some(id);
    is(&order.id) || order.moves.iter().any(|made| is(&made.name))
}
