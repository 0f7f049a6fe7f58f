//! Points at NestPay: each bank has elements of its own in `Extra`.
//!
//! One client each tells of the inquiry at İşbank and at Ziraat; it is asked of the others alike (docs/unverified.md).

use crate::bank::{Account, Campaign, Doubt, Order, Phase, RewardMoney, RewardUse};
use crate::banks::{minor_units, not_supported, unreadable};
use crate::xml::Element;
use contract::enums::{LoyaltyType, PosIntegrator};
use contract::money::Money;

/// The element that asks for a card's points.
pub(super) fn inquiry() -> (&'static str, String) {
    const ASKS: &str = "MAXIPUANSORGU";
    (ASKS, ASKS.to_owned())
}

/// The elements of a bank's points: how many are used, and how many there are.
#[derive(Clone, Copy)]
pub(super) struct Purse {
    uses: &'static str,
    holds: &'static str,
    /// What the shop's own points are told in; empty where there are none. They are spent by the same element.
    holds_firm: &'static str,
}

/// The purse of the bank of an account.
pub(super) fn purse(account: &Account) -> Result<Purse, Doubt> {
    use PosIntegrator::{Akbank, Halkbank, Ingbank, Isbank, Teb, Ziraatbank};
    let (uses, holds, holds_firm) = match account.integrator {
        Some(Isbank) => ("MAXIPUAN", "MAXIPUAN", ""),
        Some(Teb | Ingbank) => ("KULLANPUAN", "KULLANILABILIRPUAN", "KULLANILABILIRBONUS"),
        Some(Ziraatbank) => ("KULLANPUAN", "KULLANILABILIRPUAN", ""),
        Some(Halkbank) => ("ODUL", "ODUL", ""),
        Some(Akbank) => ("CCBCHIPPARA", "CCBCHIPPARABAKIYE", ""),
        _ => return Err(not_supported("the bank has no points that are known")),
    };
    Ok(Purse {
        uses,
        holds,
        holds_firm,
    })
}

/// The element that spends points; no campaign is chosen here, and no hold spends any.
pub(super) fn spend(
    account: &Account,
    order: &Order,
    reward: Option<RewardUse>,
) -> Result<Vec<(&'static str, String)>, Doubt> {
    let Some(reward) = reward else {
        return Ok(Vec::new());
    };
    let unknown = || not_supported("NestPay has no such reward");
    let RewardUse::Money { card, firm, mile } = reward else {
        return Err(unknown());
    };
    if (card, firm, mile) == (0, 0, 0) {
        return Ok(Vec::new());
    }
    let purse = purse(account)?;
    let is_known = card >= 0 && firm >= 0 && mile == 0 && order.phase == Phase::Sale;
    let sum = card.checked_add(firm).filter(|_| is_known);
    match sum {
        Some(sum) if firm == 0 || !purse.holds_firm.is_empty() => {
            let used = Money::new(sum, order.amount.currency);
            Ok(vec![(purse.uses, used.decimal().to_string())])
        }
        _ => Err(unknown()),
    }
}

/// What the card's purse holds; nothing when it has none.
pub(super) fn balance(reply: &Element, purse: Purse) -> Result<Option<RewardMoney>, Doubt> {
    let held = |name: &'static str| match reply.exact(&["Extra", name])? {
        "" => Ok(None),
        text => points(text)
            .map(Some)
            .ok_or_else(|| unreadable("a purse that is no amount")),
    };
    let card = held(purse.holds)?;
    let firm = match purse.holds_firm {
        "" => None,
        name => held(name)?,
    };
    if card.or(firm).is_none() {
        return Ok(None);
    }
    Ok(Some(RewardMoney {
        card: card.unwrap_or(0),
        firm: firm.unwrap_or(0),
        mile: 0,
    }))
}

/// Points that were used, where a sale's reply tells them.
pub(super) fn spent(reply: &Element) -> Option<RewardMoney> {
    points_spent(reply.exact(&["Extra", "KULLANILANPUAN"]).ok()?)
}

/// The same out of the text that tells them.
pub(super) fn points_spent(told: &str) -> Option<RewardMoney> {
    points(told).map(|card| RewardMoney {
        card,
        ..RewardMoney::default()
    })
}

/// Points left, where a sale's reply tells them.
pub(super) fn left(reply: &Element) -> Option<i64> {
    const TOLD: [&str; 2] = ["KULLANILABILIRPUAN", "CCBCHIPPARABAKIYE"];
    let told = TOLD.into_iter().map(|name| reply.exact(&["Extra", name]));
    told.flatten().find_map(points)
}

/// Instalments that the issuer adds by itself.
pub(super) fn campaign(reply: &Element) -> Option<Campaign> {
    instalments_added(reply.exact(&["Extra", "ARTITAKSIT"]).ok()?)
}

/// The same out of the text that tells them.
pub(super) fn instalments_added(told: &str) -> Option<Campaign> {
    let added: u8 = told.parse().ok().filter(|added| *added > 0)?;
    Some(Campaign {
        loyalty_type: LoyaltyType::AdditionalInstallment,
        message: format!("+{added} TAKSIT"),
    })
}

/// Recorded are minor units, padded with zeros, and lira with a point.
fn points(text: &str) -> Option<i64> {
    match text.split_once('.') {
        None => minor_units(text),
        Some((lira, minor)) if minor.len() == 2 => {
            let (lira, minor) = (minor_units(lira)?, minor_units(minor)?);
            lira.checked_mul(100)?.checked_add(minor)
        }
        Some(_) => None,
    }
}
