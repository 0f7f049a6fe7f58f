//! What a World card holds and is offered: points and Joker Vadaa campaigns.

use super::{approved, refused};
use crate::cards::Program;
use crate::ledger::Unwritten;
use crate::xml::{Node, node, text};
use crate::{App, expiry};

/// `pointInquiry`: World points, and brand points when the detail is asked for.
pub(super) async fn points(app: &App, ask: &Node) -> Result<Node, Unwritten> {
    let card = match app.accept(ask.value("ccno"), expiry(ask.value("expDate"), true)) {
        Ok(card) if card.program == Program::World => card,
        Ok(_) => return Ok(refused("0129", None)),
        Err(code) => return Ok(refused(code, None)),
    };
    let purse = app.ledger.purse(&card.reference).await?;
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
    Ok(approved(vec![node("pointInfo", fields)]))
}

/// `koiCampaignQuery`: one `koiInfo` per campaign; none for a card without campaigns.
pub(super) fn campaigns(app: &App, ask: &Node) -> Node {
    let Some(card) = app.cards.find(ask.value("ccno")) else {
        return refused("14", None);
    };
    let offers = card.campaigns.iter().map(|(code, message)| {
        node(
            "koiInfo",
            vec![text("code", code.to_string()), text("message", *message)],
        )
    });
    approved(offers.collect())
}
