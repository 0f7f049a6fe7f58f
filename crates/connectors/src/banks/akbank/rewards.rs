//! Chip-para at Akbank: `ccb` is the card's own, `pcb` the money of the merchant's programme, `xcb` that of a brand.
//!
//! What they are is read out of the texts of recorded replies (docs/unverified.md). Money of brands is neither told
//! nor spent: a payment has one sum for what is not the card's own, and no message of the bank divides it.

use super::amount;
use crate::bank::{Campaign, Doubt, Order, Phase, RewardMoney, RewardUse};
use crate::banks::{not_supported, unreadable};
use crate::json::Json;
use contract::enums::{Currency, LoyaltyType};
use contract::money::{Decimal, Money};

/// The fields that spend; no campaign is chosen here, and no hold spends any.
pub(super) fn spend(
    order: &Order,
    reward: Option<RewardUse>,
) -> Result<Vec<(&'static str, Decimal)>, Doubt> {
    let (card, firm) = match reward {
        None => (0, 0),
        Some(RewardUse::Money {
            card,
            firm,
            mile: 0,
        }) if card >= 0 && firm >= 0 => (card, firm),
        Some(_) => return Err(not_supported("Akbank has no such reward")),
    };
    if (card, firm) != (0, 0) && order.phase == Phase::Hold {
        return Err(not_supported("Akbank holds no points"));
    }
    let spent = [("ccbRewardAmount", card), ("pcbRewardAmount", firm)];
    let spent = spent.into_iter().filter(|(_, minor)| *minor > 0);
    Ok(spent
        .map(|(name, minor)| (name, Money::new(minor, order.amount.currency).decimal()))
        .collect())
}

/// What the card's purses hold; nothing when it has none.
pub(super) fn balance(reply: &Json) -> Result<Option<RewardMoney>, Doubt> {
    let purse = |name| match reply.exact(&["reward", name])? {
        "" => Ok(None),
        held => match amount(held, Currency::Try) {
            Some(minor) => Ok(Some(minor)),
            None => Err(unreadable("a purse that is no amount")),
        },
    };
    let (card, firm) = (
        purse("ccbBalanceRewardAmount")?,
        purse("pcbBalanceRewardAmount")?,
    );
    Ok((card.is_some() || firm.is_some()).then(|| RewardMoney {
        card: card.unwrap_or_default(),
        firm: firm.unwrap_or_default(),
        mile: 0,
    }))
}

/// The card's own points that are left, where a sale's reply tells them.
pub(super) fn left(reply: &Json, currency: Currency) -> Option<i64> {
    let held = reply.exact(&["reward", "ccbBalanceRewardAmount"]).ok()?;
    amount(held, currency)
}

/// What was spent, of a row of the history.
pub(super) fn spent(row: &Json, currency: Currency) -> Option<RewardMoney> {
    let of = |name| amount(row.exact(&[name]).ok()?, currency);
    let (card, firm) = (of("ccbRewardAmount")?, of("pcbRewardAmount")?);
    let firm = firm.checked_add(of("xcbRewardAmount").unwrap_or_default())?;
    let spent = RewardMoney {
        card,
        firm,
        mile: 0,
    };
    Some(spent).filter(|spent| *spent != RewardMoney::default())
}

/// What the issuer adds by itself: instalments, or months until the first one.
pub(super) fn campaign(told: impl Fn(&'static str) -> String) -> Option<Campaign> {
    let count = |name| told(name).parse::<u8>().ok().filter(|count| *count > 0);
    let (loyalty_type, message) = match count("additionalInstallCount") {
        Some(added) => (
            LoyaltyType::AdditionalInstallment,
            format!("+{added} TAKSIT"),
        ),
        None => (
            LoyaltyType::PostponingInstallment,
            format!("{} AY ERTELEME", count("deferingMonth")?),
        ),
    };
    Some(Campaign {
        loyalty_type,
        message,
    })
}
