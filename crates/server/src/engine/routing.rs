//! Which POS takes a payment: those that can, best first. Pure: the same POSes and the same
//! payment always give the same order.

use super::{commissions, phases, rewards};
use crate::bins::Bin;
use crate::problem::Problem;
use crate::store::commissions::Commissions;
use crate::store::poses::Pos;
use connectors::bank::{RewardUse, Verb};
use contract::enums::{Currency, OrderingRule, PaymentAuthenticationType, PaymentPhase};
use contract::errors::ErrorGroup;
use contract::rules::Rule;
use std::cmp::Reverse;
use std::sync::Arc;

/// What a payment asks of a POS.
pub struct Need<'a> {
    /// Its currency.
    pub currency: Currency,
    /// Whether money is taken at once, or held.
    pub phase: PaymentPhase,
    /// With 3DS.
    pub threeds: bool,
    /// A security code was sent.
    pub has_cvc: bool,
    /// 1 is a single payment.
    pub installment: u8,
    /// What the POSes' tables say of instalments.
    pub commissions: &'a Commissions,
    /// What the number tells; `None` is a foreign card.
    pub bin: Option<&'a Bin>,
    /// Minor units that the card is asked for, points included.
    pub amount: i64,
    /// The reward to use.
    pub reward: Option<RewardUse>,
    /// The POS that the shop pinned.
    pub pinned: Option<&'a str>,
    /// The POSes that the shop allows; empty allows all.
    pub aliases: &'a [String],
    /// How the shop wants them ordered.
    pub ordering: Option<OrderingRule>,
}

/// The POSes that can take the payment, best first; at least one, or why there is none.
pub fn candidates(poses: &[Arc<Pos>], need: &Need<'_>) -> Result<Vec<Arc<Pos>>, Problem> {
    if let Some(alias) = need.pinned
        && !poses.iter().any(|pos| pos.alias == alias)
    {
        return Err(Problem::with(
            Rule::UnknownPosAlias,
            &[("field", "posAlias"), ("alias", alias)],
        ));
    }
    let mut left = able(poses, need);
    if left.is_empty() {
        return Err(Problem::rule(Rule::NoPos));
    }
    left.retain(|pos| {
        let rows = need.commissions.of(pos);
        commissions::takes_installments(pos, rows, need.bin, need.installment)
    });
    if left.is_empty() {
        return Err(Problem::failed(ErrorGroup::NotPermittedToInstallment));
    }
    if let Some(reward) = need.reward {
        left.retain(|pos| rewards::can_use(pos, need.bin, reward));
        if left.is_empty() {
            return Err(Problem::rule(Rule::NoPosForReward));
        }
        if left
            .iter()
            .all(|pos| rewards::is_refused(pos, reward, need.amount))
        {
            return Err(Problem::field(Rule::RewardCoversAll, "card.loyalty.reward"));
        }
        left.retain(|pos| !rewards::is_refused(pos, reward, need.amount));
    }
    let (kind, group) = if need.threeds {
        (PaymentAuthenticationType::ThreeDs, None)
    } else {
        (
            PaymentAuthenticationType::NonThreeDs,
            Some(ErrorGroup::Requires3ds),
        )
    };
    left.retain(|pos| pos.authenticates(kind));
    if left.is_empty() {
        return Err(match group {
            Some(group) => Problem::failed(group),
            None => Problem::rule(Rule::NoPos),
        });
    }
    if !need.has_cvc {
        left.retain(|pos| pos.settings.enable_payment_without_cvc);
        if left.is_empty() {
            return Err(Problem::failed(ErrorGroup::CvcRequired));
        }
    }
    Ok(left)
}

/// The POSes that are open to such a payment, best first, whatever a reward, 3DS, a missing security code
/// or instalments ask beyond that.
pub fn able(poses: &[Arc<Pos>], need: &Need<'_>) -> Vec<Arc<Pos>> {
    let able = poses.iter().filter(|pos| takes(pos, need));
    let mut able: Vec<Arc<Pos>> = able.cloned().collect();
    order(&mut able, need);
    able
}

/// Whether a POS is open to such a payment.
pub fn takes(pos: &Pos, need: &Need<'_>) -> bool {
    let verb = if need.threeds {
        Verb::ThreeDs
    } else {
        Verb::Charge
    };
    let speaks = connectors::directory::protocol(pos.integrator)
        .is_some_and(|bank| bank.verbs().contains(&verb));
    let association = need.bin.and_then(|bin| bin.association);
    let associations = &pos.settings.associations;
    speaks
        && pos.is_usable()
        && phases::takes(pos, need.phase)
        && pos.currency == need.currency
        && need.pinned.is_none_or(|alias| pos.alias == alias)
        && (need.aliases.is_empty() || need.aliases.contains(&pos.alias))
        && (need.bin.is_some() || pos.settings.enable_foreign_card)
        && (need.installment <= 1 || pos.settings.enable_installment)
        && (associations.is_empty() || association.is_none_or(|a| associations.contains(&a)))
}

/// On-us first, then the bank whose family the card belongs to, then what costs less by the commission
/// tables, then the merchant's own order. LOW_COMMISSION_RATE puts the cost first; IN_ORDER takes the
/// shop's own list, or else the merchant's order, alone. A POS whose table says nothing of the card comes
/// after those that do.
fn order(poses: &mut [Arc<Pos>], need: &Need<'_>) {
    let own_order = need.ordering == Some(OrderingRule::InOrder);
    let cost_first = need.ordering == Some(OrderingRule::LowCommissionRate);
    let cost = |pos: &Pos| {
        let rows = need.commissions.of(pos);
        let rate = commissions::terms(pos, rows, need.bin, need.installment).bank_rate;
        (rate.is_none(), rate)
    };
    poses.sort_by_key(|pos| {
        let listed = need
            .aliases
            .iter()
            .position(|alias| *alias == pos.alias)
            .unwrap_or(0);
        let on_us = need.bin.is_some_and(|bin| bin.bank_code == pos.bank_id) && !own_order;
        let family = rewards::shares_family(pos, need.bin) && !own_order;
        (
            if own_order { listed } else { 0 },
            cost_first.then(|| cost(pos)),
            Reverse(on_us),
            Reverse(family),
            (!own_order).then(|| cost(pos)),
            pos.order_number,
            pos.id,
        )
    });
}
