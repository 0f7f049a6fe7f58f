//! Sales with and without points, their reversal, return and status.

use super::{approved, auth_code, host_log_key, kurus, point_info, refused, sequence};
use crate::cards::{Card, Program, Purse, mask_if_card};
use crate::ledger::{
    Bank, Key, Kind, Order, Points, Refunded, Sale, Sold, Split, State, Unwritten, Voided,
};
use crate::xml::{Node, node, text};
use crate::{App, codes, expiry, istanbul, session};

const MAX_AMOUNT: i64 = 9_999_999;
const ORDER_ID_LENGTH: usize = 24;
const MAX_INSTALMENTS: u32 = 36;

/// `sale`, `saleWP` and `pointUsage`; `forced` refuses with that code.
pub(super) async fn sale(app: &App, ask: &Node, forced: Option<&str>) -> Result<Node, Unwritten> {
    let order_id = ask.value("orderID");
    if !is_order_id(order_id) {
        return Ok(refused("0150", None));
    }
    let (Some(amount), Some(instalments), Some(points)) =
        (kurus(ask.value("amount")), instalments(ask), points(ask))
    else {
        return Ok(refused("0150", None));
    };
    let currency = ask.value("currencyCode");
    if !(1..=MAX_AMOUNT).contains(&amount) || !is_currency(currency) {
        return Ok(refused("0205", None));
    }
    let pan = ask.value("ccno");
    let accepted = app.accept(pan, expiry(ask.value("expDate"), true));
    let campaign = ask.value("koiCode");
    let refusal = match (forced, &accepted) {
        (Some(code), _) => Some(code),
        (None, Err(code)) => Some(*code),
        (None, Ok(card)) => match session::refusal(app, card, false) {
            Some("APPROVED_COMPLETED") => return Ok(known_before("2", None)),
            Some("ORDER_ID_ALREADY_USED") => return Ok(known_before("0", None)),
            Some(group) => codes::of_group(group),
            None if ask.name != "sale" && card.program != Program::World => Some("0129"),
            None => refuse_campaign(card, campaign, instalments),
        },
    };
    let sold = app
        .ledger
        .sell(Sale {
            bank: Bank::Posnet,
            id: order_id.to_owned(),
            kind: if ask.name == "pointUsage" {
                Kind::Points
            } else {
                Kind::Sale
            },
            card: accepted.map_or_else(
                |_| app.sealer.card_reference(pan).into(),
                |card| card.reference.clone(),
            ),
            masked: mask_if_card(pan).into(),
            currency: currency.to_owned(),
            amount,
            instalments,
            points,
            campaign: campaign.parse().unwrap_or_default(),
            nonce: None,
            refusal: refusal.map(str::to_owned),
            at: app.now(),
        })
        .await?;
    Ok(match sold {
        Sold::Approved(order, purse) => approved(sale_fields(&order, purse)),
        Sold::Repeated(order) => known_before("2", Some(&order)),
        Sold::AuthenticationUsed => known_before("0", None),
        Sold::Declined(code) => refused(&code, None),
    })
}

/// What an approved sale reports.
pub(super) fn sale_fields(order: &Order, purse: Purse) -> Vec<Node> {
    let total = purse.card.saturating_add(purse.firm);
    let mut fields = vec![text("hostlogkey", host_log_key(order))];
    if order.kind == Kind::Points {
        fields.push(text("tranDate", tran_date(order)));
        fields.push(point_info(order.amount, total));
        return fields;
    }
    let share = match i64::from(order.instalments) {
        0 => 0,
        count => (order.amount - order.spent.total().unwrap_or_default()) / count,
    };
    fields.extend([
        text("authCode", auth_code(order)),
        text("tranDate", tran_date(order)),
        node(
            "instInfo",
            vec![
                text("inst1", format!("{:02}", order.instalments)),
                text("amnt1", format!("{share:012}")),
            ],
        ),
        point_info(0, total),
    ]);
    fields
}

/// The reply to an order id that was used before: the original's references, so that asking twice
/// is safe.
pub(super) fn known_before(approved: &str, original: Option<&Order>) -> Node {
    let mut fields = vec![
        text("approved", approved),
        text("respCode", "0127"),
        text("respText", format!("{} 0127", codes::message("0127"))),
    ];
    if let Some(order) = original {
        fields.push(text("hostlogkey", host_log_key(order)));
        fields.push(text("authCode", auth_code(order)));
        fields.push(text("tranDate", tran_date(order)));
    }
    node("posnetResponse", fields)
}

/// `reverse`: by the bank's reference or by order id, on the day of the sale.
pub(super) async fn reverse(app: &App, ask: &Node) -> Result<Node, Unwritten> {
    let kind = match ask.value("transaction").to_ascii_lowercase().as_str() {
        "sale" => Kind::Sale,
        "pointusage" => Kind::Points,
        _ => return Ok(refused("0150", None)),
    };
    let Some(key) = key(ask) else {
        return Ok(refused("0150", None));
    };
    if let Some(refusal) = undo_refusal(app, &key).await? {
        return Ok(refused(refusal, None));
    }
    Ok(match app.ledger.void(Bank::Posnet, &key, kind).await? {
        Voided::Done(order, purse) => {
            let auth = if kind == Kind::Points {
                "000000".to_owned()
            } else {
                auth_code(&order)
            };
            approved(vec![
                text("hostlogkey", host_log_key(&order)),
                text("authCode", auth),
                text("tranDate", tran_date(&order)),
                point_info(0, purse.card.saturating_add(purse.firm)),
            ])
        }
        Voided::Unknown => refused("0123", None),
        Voided::Already => refused("0220", None),
        Voided::AlreadySettled => refused("0211", None),
    })
}

/// `return` gives money back after settlement, `pointReturn` points on any day.
pub(super) async fn give_back(app: &App, ask: &Node) -> Result<Node, Unwritten> {
    let (field, split) = match (ask.name.as_str(), ask.value("isRationalReturn")) {
        ("pointReturn", _) => ("wpAmount", Split::PointsOnly),
        (_, "Y") => ("amount", Split::Proportional),
        _ => ("amount", Split::CardOnly),
    };
    let (Some(key), Some(amount)) = (key(ask), kurus(ask.value(field))) else {
        return Ok(refused("0150", None));
    };
    if let Some(refusal) = undo_refusal(app, &key).await? {
        return Ok(refused(refusal, None));
    }
    Ok(
        match app.ledger.refund(Bank::Posnet, &key, amount, split).await? {
            Refunded::Done(order, purse) => approved(vec![
                text("hostlogkey", host_log_key(&order)),
                text("authCode", auth_code(&order)),
                text("tranDate", tran_date(&order)),
                point_info(0, purse.card.saturating_add(purse.firm)),
            ]),
            Refunded::Unknown => refused("0123", None),
            Refunded::NotSettled => refused("0411", None),
            Refunded::Exhausted => refused("0218", None),
        },
    )
}

/// The code with which the card's issuer refuses to take an order back.
async fn undo_refusal(app: &App, key: &Key) -> Result<Option<&'static str>, Unwritten> {
    let order = app.ledger.order(Bank::Posnet, key).await?;
    let card = order.and_then(|order| app.cards.named(&order.card).cloned());
    Ok(card.and_then(|card| card.undo).and_then(codes::of_group))
}

/// `agreement`: the last thing that happened to an order.
pub(super) async fn agreement(app: &App, ask: &Node) -> Result<Node, Unwritten> {
    let key = Key::Id(ask.value("orderID").to_owned());
    let Some(order) = app.ledger.order(Bank::Posnet, &key).await? else {
        return Ok(refused("E219", None));
    };
    let bought = if order.kind == Kind::Points {
        "Bonus_Usage"
    } else {
        "Sale"
    };
    let state = match order.state {
        State::Declined | State::Captured | State::Settled => bought.to_owned(),
        State::Voided => format!("{bought}_Reverse"),
        State::Refunded => "Return".to_owned(),
    };
    let status = if order.state == State::Declined {
        "0"
    } else {
        "1"
    };
    let at = istanbul(order.created_at)
        .strftime("%Y-%m-%d %H:%M:%S%.3f")
        .to_string();
    let transaction = vec![
        text("orderID", order.id.as_str()),
        text("ccno", spaced(&order.masked)),
        text(
            "amount",
            format!("{},{:02}", order.amount / 100, order.amount % 100),
        ),
        text("currencyCode", order.currency.as_str()),
        text("authCode", auth_code(&order)),
        text("tranDate", at),
        text("state", state),
        text("txnStatus", status),
        text("hostlogkey", host_log_key(&order)),
    ];
    Ok(approved(vec![node(
        "transactions",
        vec![node("transaction", transaction)],
    )]))
}

fn tran_date(order: &Order) -> String {
    istanbul(order.created_at)
        .strftime("%y%m%d%H%M%S")
        .to_string()
}

fn key(ask: &Node) -> Option<Key> {
    match (ask.value("hostLogKey"), ask.value("orderID")) {
        ("", "") => None,
        ("", id) => Some(Key::Id(id.to_owned())),
        // An unreadable reference names no order.
        (reference, _) => Some(Key::Seq(sequence(reference).unwrap_or_default())),
    }
}

fn is_order_id(id: &str) -> bool {
    id.len() == ORDER_ID_LENGTH && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

pub(super) fn is_currency(code: &str) -> bool {
    matches!(code, "TL" | "YT" | "US" | "EU")
}

/// 0 for a single payment.
pub(super) fn instalments(ask: &Node) -> Option<u32> {
    let digits = ask.value("installment");
    if digits.is_empty() && ask.name == "pointUsage" {
        return Some(0);
    }
    let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let count: u32 = if plain {
        digits.parse().ok()?
    } else {
        return None;
    };
    (count != 1 && count <= MAX_INSTALMENTS).then_some(count)
}

/// Points that a message wants to spend; `None` when it contradicts itself.
fn points(ask: &Node) -> Option<Points> {
    let amount = kurus(ask.value("amount"))?;
    let brand = ask.child("lpAmount").map(|brand| kurus(&brand.text));
    let world = match ask.name.as_str() {
        "saleWP" => kurus(ask.value("wpAmount"))?,
        "pointUsage" => amount - brand.flatten().unwrap_or_default(),
        _ => return Some(Points::InOrder(0)),
    };
    match brand {
        // Without lpAmount the bank takes the points in its own order.
        None => Some(Points::InOrder(world)),
        Some(None) => None,
        Some(Some(_)) if world < 0 => None,
        Some(Some(brand)) => Some(Points::Exactly(Purse {
            card: world,
            firm: brand,
            mile: 0,
        })),
    }
}

/// Campaign rules: 1 and 2 need instalments, 6 belongs to another message, and the bank must have
/// offered the campaign to this card.
fn refuse_campaign(card: &Card, code: &str, instalments: u32) -> Option<&'static str> {
    match code {
        "" => None,
        "1" | "2" if instalments < 2 => Some("0215"),
        "1" | "2" | "3" | "4" | "5" => {
            let offered = card
                .campaigns
                .iter()
                .any(|(offer, _)| offer.to_string() == code);
            (!offered).then_some("0215")
        }
        "6" => Some("0215"),
        _ => Some("0150"),
    }
}

/// Groups of four, as the bank prints card numbers.
fn spaced(masked: &str) -> String {
    let mut out = String::with_capacity(masked.len() + 4);
    for (index, character) in masked.chars().enumerate() {
        if index > 0 && index % 4 == 0 {
            out.push(' ');
        }
        out.push(character);
    }
    out
}
