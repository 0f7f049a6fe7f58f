//! What a World card holds and is offered: points and Joker Vadaa campaigns.

use super::account::Posnet;
use super::reply::{approval, campaign, refusal};
use crate::cards::{Program, Purse};
use crate::desk::{Case, Operation};
use crate::fields::expiry;
use crate::xml::{Node, node, text};

/// `pointInquiry`: World points, and brand points when the detail is asked for.
pub(super) fn points<'a>(case: &'a Case<'_, Posnet>, ask: &Node) -> Result<Operation<'a>, Node> {
    let expires = expiry(ask.value("expDate"), true);
    match case.app.accept(ask.value("ccno"), expires) {
        Ok(card) if card.program == Program::World => Ok(Operation::Purse(card)),
        Ok(_) => Err(refusal("0129")),
        Err(code) => Err(refusal(code)),
    }
}

/// Words what a World card's purse holds.
pub(super) fn purse(ask: &Node, purse: Purse) -> Node {
    let firm = if ask.value("getPointDetail") == "Y" {
        purse.firm
    } else {
        0
    };
    let total = purse.card.saturating_add(purse.firm);
    let mut fields = Vec::new();
    for (name, amount) in [
        ("point", purse.card),
        ("loyaltyPoint", firm),
        ("totalPoint", total),
    ] {
        fields.push(text(name, format!("{:08}", amount.saturating_mul(2))));
        fields.push(text(&format!("{name}Amount"), format!("{amount:012}")));
    }
    approval(vec![node("pointInfo", fields)])
}

/// `koiCampaignQuery`: one `koiInfo` per campaign; none for a card without campaigns.
pub(super) fn campaigns(case: &Case<'_, Posnet>, ask: &Node) -> Node {
    match case.app.cards.find(ask.value("ccno")) {
        Some(card) => approval(card.campaigns.iter().copied().map(campaign).collect()),
        None => refusal("14"),
    }
}
