//! Rewards: which POS can spend which, and what the shop may ask for. The rules are the banks'
//! reward profiles in the directory; nothing here names a bank.

use crate::bins::Bin;
use crate::operations::Problem;
use crate::store::poses::Pos;
use connectors::bank::RewardUse;
use connectors::directory::{self, RewardProfile};
use contract::card_loyalties::Loyalty;
use contract::enums::{Currency, LoyaltyType};
use contract::errors::ErrorGroup;
use contract::rules::Rule;

/// The reward profile of a POS's bank.
pub fn profile(pos: &Pos) -> Option<&'static RewardProfile> {
    directory::row(pos.integrator)?.rewards.as_ref()
}

/// Whether the POS's bank takes rewards of this card's family.
pub fn shares_family(pos: &Pos, bin: Option<&Bin>) -> bool {
    let (Some(profile), Some(bin)) = (profile(pos), bin) else {
        return false;
    };
    let own = !profile.own_issuer_only || bin.bank_code == pos.bank_id;
    own && profile.families.contains(&bin.family.as_str())
}

/// Whether the POS can be asked for this card's rewards.
pub fn can_inquire(pos: &Pos, bin: Option<&Bin>) -> bool {
    pos.settings.enable_loyalty && shares_family(pos, bin)
}

/// Whether the POS can carry out this reward for this card.
pub fn can_use(pos: &Pos, bin: Option<&Bin>, reward: RewardUse) -> bool {
    let Some(profile) = profile(pos) else {
        return false;
    };
    can_inquire(pos, bin)
        && match reward {
            RewardUse::Money { .. } => true,
            RewardUse::Campaign(kind) => profile.selectable_campaigns.contains(&kind),
        }
}

/// Whether the bank's own rule refuses this use: some take points only for the whole amount, some
/// only of one kind at a time.
pub fn refused(pos: &Pos, reward: RewardUse, amount: i64) -> bool {
    profile(pos).is_some_and(|profile| refuses(profile, reward, amount))
}

fn refuses(profile: &RewardProfile, reward: RewardUse, amount: i64) -> bool {
    let RewardUse::Money { card, firm, mile } = reward else {
        return false;
    };
    let kinds = [card, firm, mile]
        .iter()
        .filter(|points| **points > 0)
        .count();
    (profile.full_amount_only && card + firm + mile != amount)
        || (profile.one_kind_only && kinds > 1)
}

/// Reads the reward that a shop chose. `paid` and `wallet` in minor units of `currency`.
pub fn chosen(
    loyalty: &Loyalty,
    paid: i64,
    wallet: i64,
    currency: Currency,
    installment: u8,
) -> Result<RewardUse, Problem> {
    const AT: &str = "card.loyalty";
    if wallet > 0 && wallet == paid {
        return Err(Problem::field(Rule::WalletWithReward, AT));
    }
    let kind = loyalty
        .r#type
        .ok_or_else(|| Problem::field(Rule::Required, format!("{AT}.type")))?;
    match kind {
        LoyaltyType::RewardMoney => points(loyalty, paid, currency),
        LoyaltyType::PostponingPayment => Err(Problem::rule(Rule::NoPosForReward)),
        // An issuer adds or skips instalments of an instalment sale only.
        LoyaltyType::AdditionalInstallment | LoyaltyType::PostponingInstallment
            if installment < 2 =>
        {
            Err(Problem::with(
                Rule::RewardNeedsInstallment,
                &[("field", "installment"), ("type", kind.as_str())],
            ))
        }
        campaign => Ok(RewardUse::Campaign(campaign)),
    }
}

fn points(loyalty: &Loyalty, paid: i64, currency: Currency) -> Result<RewardUse, Problem> {
    const AT: &str = "card.loyalty.reward";
    let reward = loyalty
        .reward
        .as_ref()
        .ok_or_else(|| Problem::field(Rule::Required, AT))?;
    let minor = |name: &str, value: Option<contract::money::Decimal>| match value {
        None => Ok(0),
        Some(value) => {
            let field = format!("{AT}.{name}");
            crate::operations::amount_field(&field, value, currency)
        }
    };
    let card = minor("cardRewardMoney", reward.card_reward_money)?;
    let firm = minor("firmRewardMoney", reward.firm_reward_money)?;
    let mile = minor("mileRewardMoney", reward.mile_reward_money)?;
    let sum = card + firm + mile;
    let total = minor("totalRewardMoney", reward.total_reward_money)?;
    if reward.total_reward_money.is_some() && total != sum {
        return Err(Problem::field(
            Rule::RewardAmounts,
            format!("{AT}.totalRewardMoney"),
        ));
    }
    if sum == 0 {
        return Err(Problem::field(Rule::NotPositive, AT));
    }
    if sum > paid {
        // The bank would refuse with the same group; nothing is gained by asking it.
        let failure = super::answer::failure(ErrorGroup::SalesAmountLessThanAward);
        return Err(Problem::Failed {
            payment_id: None,
            failure,
        });
    }
    Ok(RewardUse::Money { card, firm, mile })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile_of(integrator: contract::enums::PosIntegrator) -> &'static RewardProfile {
        directory::row(integrator)
            .and_then(|row| row.rewards.as_ref())
            .unwrap()
    }

    #[test]
    fn isbank_and_halkbank_points_must_pay_the_whole_amount() {
        use contract::enums::PosIntegrator::{Garanti, Halkbank, Isbank, Ykb};
        let part = RewardUse::Money {
            card: 500,
            firm: 0,
            mile: 0,
        };
        let whole = RewardUse::Money {
            card: 1000,
            firm: 0,
            mile: 0,
        };
        let two_kinds = RewardUse::Money {
            card: 500,
            firm: 500,
            mile: 0,
        };
        for bank in [Isbank, Halkbank] {
            assert!(refuses(profile_of(bank), part, 1000));
            assert!(!refuses(profile_of(bank), whole, 1000));
        }
        assert!(refuses(profile_of(Isbank), two_kinds, 1000));
        assert!(!refuses(profile_of(Halkbank), two_kinds, 1000));
        for bank in [Garanti, Ykb] {
            assert!(!refuses(profile_of(bank), part, 1000));
            assert!(!refuses(profile_of(bank), two_kinds, 1000));
        }
    }
}
