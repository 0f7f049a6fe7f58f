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
}

/// The purse of the bank of an account.
pub(super) fn purse(account: &Account) -> Result<Purse, Doubt> {
    use PosIntegrator::{Akbank, Halkbank, Ingbank, Isbank, Teb, Ziraatbank};
    let (uses, holds) = match account.integrator {
        Some(Isbank) => ("MAXIPUAN", "MAXIPUAN"),
        Some(Teb | Ingbank | Ziraatbank) => ("KULLANPUAN", "KULLANILABILIRPUAN"),
        Some(Halkbank) => ("ODUL", "ODUL"),
        Some(Akbank) => ("CCBCHIPPARA", "CCBCHIPPARABAKIYE"),
        _ => return Err(not_supported("the bank has no points that are known")),
    };
    Ok(Purse { uses, holds })
}

/// The element that spends points; no campaign is chosen here, and no hold spends any.
pub(super) fn spend(
    account: &Account,
    order: &Order,
    reward: Option<RewardUse>,
) -> Result<Vec<(&'static str, String)>, Doubt> {
    match reward {
        None
        | Some(RewardUse::Money {
            card: 0,
            firm: 0,
            mile: 0,
        }) => Ok(Vec::new()),
        Some(RewardUse::Money {
            card,
            firm: 0,
            mile: 0,
        }) if card > 0 && order.phase == Phase::Sale => {
            let used = Money::new(card, order.amount.currency);
            Ok(vec![(purse(account)?.uses, used.decimal().to_string())])
        }
        Some(_) => Err(not_supported("NestPay has no such reward")),
    }
}

/// What the card's purse holds; nothing when it has none.
pub(super) fn balance(reply: &Element, purse: Purse) -> Result<Option<RewardMoney>, Doubt> {
    let held = reply.exact(&["Extra", purse.holds])?;
    if held.is_empty() {
        return Ok(None);
    }
    let card = points(held).ok_or_else(|| unreadable("a purse that is no amount"))?;
    Ok(Some(RewardMoney {
        card,
        ..RewardMoney::default()
    }))
}

/// Points that were used, where a sale's reply tells them.
pub(super) fn spent(reply: &Element) -> Option<RewardMoney> {
    let told = reply.exact(&["Extra", "KULLANILANPUAN"]).ok()?;
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
    let added = reply.exact(&["Extra", "ARTITAKSIT"]).ok()?;
    let added: u8 = added.parse().ok().filter(|added| *added > 0)?;
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
