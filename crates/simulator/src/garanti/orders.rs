//! Sales with and without bonus, voids, refunds, status and the reward inquiry.

use super::answer::{Answer, auth_code, retref, sequence};
use super::{LIRA, Request, threeds};
use crate::cards::{Card, Program, Purse, mask_if_card};
use crate::ledger::{
    Bank, Key, Kind, NOT_SUFFICIENT_AWARD, Order, Points, Refunded, Sale, Sold, Split, State,
    Unwritten, Voided,
};
use crate::session::{self, Session};
use crate::xml::{Node, node, text};
use crate::{App, codes, expiry, istanbul};

const MAX_INSTALMENTS: u32 = 36;

/// `sales`, without or after 3D Secure; `forced` refuses with that code.
pub(super) async fn sale(
    app: &App,
    request: &Request,
    session: Option<Session>,
    forced: Option<&str>,
) -> Result<Answer, Unwritten> {
    let terms = match terms(request) {
        Ok(terms) => terms,
        Err(answer) => return Ok(*answer),
    };
    let secure = request.transaction("CardholderPresentCode") == "13";
    let pan = request.pan();
    let card = if secure {
        let card = session
            .as_ref()
            .and_then(|session| app.cards.named(&session.card));
        card.ok_or("T11")
    } else {
        app.accept(pan, expiry(request.at(&["Card", "ExpireDate"]), false))
    };
    let refusal = match (forced, &card) {
        (Some(code), _) => Some(code),
        (None, Err(code)) => Some(*code),
        (None, Ok(card)) => {
            let broken = secure.then(|| threeds::mismatch(request, session.as_ref(), &terms));
            match (broken.flatten(), session::refusal(app, card, secure)) {
                (Some(code), _) => Some(code),
                (None, Some("APPROVED_COMPLETED")) => return Ok(Answer::host("92/0T98")),
                (None, Some("ORDER_ID_ALREADY_USED")) => return Ok(Answer::host("92/0104")),
                (None, Some(group)) => codes::of_group(group),
                (None, None) => refuse_points(card, terms.points),
            }
        }
    };
    let (reference, masked) = match &card {
        Ok(card) => (card.reference.clone(), card.masked.clone()),
        Err(_) => (
            app.sealer.card_reference(pan).into(),
            mask_if_card(pan).into(),
        ),
    };
    let sold = app
        .ledger
        .sell(Sale {
            bank: Bank::Garanti,
            id: request.order_id().to_owned(),
            kind: Kind::Sale,
            card: reference,
            masked,
            currency: terms.currency,
            amount: terms.amount,
            instalments: terms.instalments,
            points: Points::Exactly(terms.points),
            campaign: 0,
            nonce: secure.then(|| session.map(|session| session.nonce).unwrap_or_default()),
            refusal: refusal.map(str::to_owned),
            at: app.now(),
        })
        .await?;
    Ok(match sold {
        Sold::Approved(order, _) => match &card {
            Ok(card) => Answer::about(&order).of_card(card),
            Err(_) => Answer::about(&order),
        },
        Sold::Repeated(_) => Answer::gateway("0104", "ErrorId: 0104"),
        Sold::AuthenticationUsed => Answer::host("T11"),
        Sold::Declined(code) => Answer {
            masked: mask_if_card(pan),
            ..Answer::host(&code)
        },
    })
}

/// What a sale is about.
pub(super) struct Terms {
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) instalments: u32,
    pub(super) points: Purse,
}

fn terms(request: &Request) -> Result<Terms, Box<Answer>> {
    let missing = |field: &str| {
        let message = format!("{field} field is mandatory or wrong");
        Box::new(Answer::gateway("0002", &message))
    };
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
    Ok(Terms {
        amount,
        currency: currency.to_owned(),
        instalments,
        points,
    })
}

/// 0 for a single payment.
pub(super) fn instalments(digits: &str) -> Option<u32> {
    match digits {
        "" | "0" | "1" => Some(0),
        digits => digits
            .parse()
            .ok()
            .filter(|count| *count <= MAX_INSTALMENTS),
    }
}

/// A whole number of kuruş, never negative.
pub(super) fn kurus(digits: &str) -> Option<i64> {
    let plain = !digits.is_empty() && digits.len() <= 12;
    (plain && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
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
pub(super) async fn rewards(app: &App, request: &Request) -> Result<Answer, Unwritten> {
    let card = match app.accept(
        request.pan(),
        expiry(request.at(&["Card", "ExpireDate"]), false),
    ) {
        Ok(card) => card,
        Err(code) => return Ok(Answer::host(code)),
    };
    let purse = app.ledger.purse(&card.reference).await?;
    let mut rewards = Vec::new();
    match card.program {
        Program::Bonus => {
            rewards.push(("BNS", purse.card));
            if purse.firm > 0 {
                rewards.push(("FBB", purse.firm));
            }
        }
        Program::Miles => rewards.push(("MIL", purse.mile)),
        Program::World | Program::None => {}
    }
    let masked = card.masked.to_string();
    Ok(Answer {
        rewards,
        masked,
        ..Answer::host("00").of_card(card)
    })
}

/// `void`: by the original's reference, on the day of the sale.
pub(super) async fn void(app: &App, request: &Request) -> Result<Answer, Unwritten> {
    let order = match original(app, request).await? {
        Ok(order) => order,
        Err(answer) => return Ok(*answer),
    };
    Ok(
        match app
            .ledger
            .void(Bank::Garanti, &Key::Seq(order.seq), Kind::Sale)
            .await?
        {
            Voided::Done(order, _) => Answer::about(&order),
            Voided::Unknown | Voided::Already => Answer::gateway("0110", "ErrorId: 0110"),
            Voided::AlreadySettled => Answer::gateway("0208", "ErrorId: 0208"),
        },
    )
}

/// `refund`: all or part of a settled sale; the bank splits it between card and bonus.
pub(super) async fn refund(app: &App, request: &Request) -> Result<Answer, Unwritten> {
    let order = match original(app, request).await? {
        Ok(order) => order,
        Err(answer) => return Ok(*answer),
    };
    let Some(amount) = kurus(request.transaction("Amount")) else {
        return Ok(Answer::gateway(
            "0002",
            "TxnAmount field is mandatory or wrong",
        ));
    };
    let key = Key::Seq(order.seq);
    let refunded = app
        .ledger
        .refund(Bank::Garanti, &key, amount, Split::Proportional)
        .await?;
    Ok(match refunded {
        Refunded::Done(order, _) => Answer::about(&order),
        Refunded::Unknown => Answer::gateway("0110", "ErrorId: 0110"),
        Refunded::NotSettled | Refunded::Exhausted => Answer::gateway("0208", "ErrorId: 0208"),
    })
}

/// The order that a void or refund names by order id and reference together.
async fn original(app: &App, request: &Request) -> Result<Result<Order, Box<Answer>>, Unwritten> {
    let key = Key::Id(request.order_id().to_owned());
    let named = sequence(request.transaction("OriginalRetrefNum"));
    let order = app.ledger.order(Bank::Garanti, &key).await?;
    let order = order.filter(|order| Some(order.seq) == named && order.state != State::Declined);
    let Some(order) = order else {
        return Ok(Err(Box::new(Answer::gateway("0110", "ErrorId: 0110"))));
    };
    let refusal = app
        .cards
        .named(&order.card)
        .and_then(|card| card.undo)
        .and_then(codes::of_group);
    Ok(match refusal {
        Some(code) => Err(Box::new(Answer::host(code))),
        None => Ok(order),
    })
}

/// `orderinq`: the sale of an order id. A declined try leaves no record here, unless the bank refused
/// because it had no answer in time: then the record says so.
pub(super) async fn inquire(app: &App, request: &Request) -> Result<Answer, Unwritten> {
    let key = Key::Id(request.order_id().to_owned());
    let order = app.ledger.order(Bank::Garanti, &key).await?;
    let kept = |order: &Order| order.state != State::Declined || codes::is_time_out(&order.code);
    let Some(order) = order.filter(kept) else {
        return Ok(Answer::gateway("0108", "ErrorId: 0108"));
    };
    let purse = app.ledger.purse(&order.card).await?;
    let answer = match order.state {
        State::Declined => Answer::host(&order.code),
        _ => Answer::about(&order),
    };
    Ok(Answer {
        inquiry: Some(inquiry(&order, purse)),
        ..answer
    })
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
