//! Rewards: which POS can spend which. The rules are the banks' reward profiles in the directory;
//! nothing here names a bank.

use crate::bins::Bin;
use crate::store::poses::Pos;
use connectors::bank::RewardUse;
use connectors::directory::{self, RewardProfile};

/// The reward profile of a POS: its bank's, or what the bank agreed on with the merchant.
pub fn profile(pos: &Pos) -> Option<&'static RewardProfile> {
    directory::row(pos.integrator)?.rewards_of(&pos.options)
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
pub fn is_refused(pos: &Pos, reward: RewardUse, amount: i64) -> bool {
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
