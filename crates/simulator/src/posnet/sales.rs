//! Sales with and without points, and holds: how they are read and how they are answered.

use super::account::Posnet;
use super::reply::{
    approval, auth_code, campaign, host_log_key, known_before, point_info, refusal, tran_date,
};
use super::request::{instalments, is_currency, points};
use crate::cards::{Card, Program, Purse};
use crate::desk::{Case, Operation, Purchase};
use crate::fields::{expiry, kurus};
use crate::ledger::{Kind, Order, Sold};
use crate::xml::{Node, node, text};

const MAX_AMOUNT: i64 = 9_999_999;
const ORDER_ID_LENGTH: usize = 24;

/// `sale`, `saleWP`, `pointUsage` and `auth`.
pub(super) fn sale<'a>(case: &'a Case<'_, Posnet>, ask: &'a Node) -> Result<Operation<'a>, Node> {
    let order_id = ask.value("orderID");
    if !is_order_id(order_id) {
        return Err(refusal("0150"));
    }
    let (Some(amount), Some(instalments), Some(points)) =
        (kurus(ask.value("amount")), instalments(ask), points(ask))
    else {
        return Err(refusal("0150"));
    };
    let currency = ask.value("currencyCode");
    if !(1..=MAX_AMOUNT).contains(&amount) || !is_currency(currency) {
        return Err(refusal("0205"));
    }
    let card = case
        .app
        .accept(ask.value("ccno"), expiry(ask.value("expDate"), true));
    let campaign = ask.value("koiCode");
    Ok(Operation::Sale(Purchase {
        id: order_id.to_owned(),
        label: String::new(),
        kind: match ask.name.as_str() {
            "pointUsage" => Kind::Points,
            "auth" => Kind::Hold,
            _ => Kind::Sale,
        },
        card,
        pan: ask.value("ccno"),
        currency,
        amount,
        instalments,
        points,
        campaign: campaign.parse().unwrap_or_default(),
        nonce: None,
        unproven: None,
        objection: card.ok().and_then(|card| {
            if !matches!(ask.name.as_str(), "sale" | "auth") && card.program != Program::World {
                return Some("0129");
            }
            refuse_campaign(card, campaign, instalments)
        }),
    }))
}

/// Words what came of a sale, after 3D Secure or without it.
pub(super) fn sale_reply(sold: Sold, card: Option<&Card>, secure: bool) -> Node {
    match sold {
        Sold::Approved(order, purse) => {
            let mut fields = sale_fields(&order, purse);
            if secure && let Some(card) = card {
                let mut offers = card.campaigns.iter().copied();
                let chosen = offers.find(|(code, _)| *code == order.campaign);
                // Not in the bank's document: how the simulator tells which campaign was chosen.
                fields.extend(chosen.map(campaign));
            }
            approval(fields)
        }
        // The original's references, so that asking twice is safe.
        Sold::Repeated(order) if !secure => known_before("2", Some(&order)),
        Sold::Repeated(_) | Sold::AuthenticationUsed => known_before("0", None),
        Sold::Declined(code) => refusal(&code),
    }
}

/// What an approved sale reports.
fn sale_fields(order: &Order, purse: Purse) -> Vec<Node> {
    let total = purse.card.saturating_add(purse.firm);
    let mut fields = vec![text("hostlogkey", host_log_key(order.seq))];
    if order.kind == Kind::Points {
        fields.push(text("tranDate", tran_date(order.created_at)));
        fields.push(point_info(order.amount, total));
        return fields;
    }
    let share = match i64::from(order.instalments) {
        0 => 0,
        count => (order.amount - order.spent.total().unwrap_or_default()) / count,
    };
    fields.extend([
        text("authCode", auth_code(order.seq)),
        text("tranDate", tran_date(order.created_at)),
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

fn is_order_id(id: &str) -> bool {
    id.len() == ORDER_ID_LENGTH && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
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
