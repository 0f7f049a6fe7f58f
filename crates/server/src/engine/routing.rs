//! Which POS takes a payment: each is judged, and those that can take it stand in order. Pure: the same POSes
//! and the same payment always give the same order, and a dry run asks what payments ask.

pub use super::need::Need;
use super::routing_rules::{self, Fate, Occasion};
use super::{commissions, phases, rewards};
use crate::problem::Problem;
use crate::store::poses::Pos;
use crate::store::routing_rules::{ActionKind, RoutingRule};
use connectors::bank::Verb;
use contract::enums::{OrderingRule, PaymentAuthenticationType};
use contract::errors::ErrorGroup;
use contract::money::Rate;
use contract::rules::Rule;
use std::cmp::Reverse;
use std::sync::Arc;

/// Why a POS does not take a payment: the first of these that holds, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hindrance {
    /// It is out of use, or open to refunds only.
    Status,
    /// It takes another currency.
    Currency,
    /// The shop pinned another one.
    PinnedElsewhere,
    /// It is not among the shop's `posAliases`.
    NotListed,
    /// Galata does not speak to its bank, or not of such payments.
    Verb,
    /// It takes money at once only, or holds it only.
    Phase,
    /// It takes no foreign cards.
    ForeignCard,
    /// It takes no instalments.
    InstallmentsOff,
    /// It does not take the card's association.
    Association,
    /// No row of its table that is on sale has the card's family and number of instalments.
    InstallmentRow,
    /// It cannot carry out the reward.
    Reward,
    /// Its bank takes points for the whole amount only, or of one kind only.
    RewardCoversAll,
    /// It takes no payments with 3DS, or none without.
    Authentication,
    /// It takes none without a security code.
    Cvc,
    /// A routing rule allows others alone.
    Rule,
}

/// Where a POS stands among those that can take a payment: what counted for its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Its place in the shop's own list, where the shop wants its order.
    pub listed: Option<usize>,
    /// The card is its bank's, and that counts.
    pub on_us: bool,
    /// The card is of a family that its bank shares, and that counts.
    pub family: bool,
    /// What its bank takes of the card; `None` comes last.
    pub bank_rate: Option<Rate>,
    /// Its place in the merchant's order.
    pub order_number: i64,
    /// The rule that decided names it.
    pub by_rule: bool,
    /// Its share in that rule's split.
    pub percent: Option<u8>,
}

/// A POS that can take the payment.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The POS.
    pub pos: Arc<Pos>,
    /// Why it has its place.
    pub standing: Standing,
}

/// How a payment is routed.
#[derive(Debug, Clone)]
pub struct Route {
    /// Who can take it, best first.
    pub taken: Vec<Taken>,
    /// Who cannot, in the merchant's order.
    pub left: Vec<(Arc<Pos>, Hindrance)>,
    /// What became of each routing rule; empty where none was asked.
    pub fates: Vec<Fate>,
    /// Why it is refused, if nobody can take it.
    pub refusal: Option<Problem>,
}

impl Route {
    /// The POSes that can take the payment, best first; at least one, or why there is none.
    pub fn poses(self) -> Result<Vec<Arc<Pos>>, Problem> {
        match self.refusal {
            Some(refusal) => Err(refusal),
            None => Ok(self.taken.into_iter().map(|taken| taken.pos).collect()),
        }
    }
}

/// Judges every POS. `rules` are the merchant's, unless the shop ignores them; a pinned POS is theirs no more
/// than the shop's order is. A payment that nobody can take is refused by what left out the POS that came
/// furthest.
pub fn route(
    poses: &[Arc<Pos>],
    need: &Need<'_>,
    rules: Option<(&[RoutingRule], &Occasion<'_>)>,
) -> Route {
    let hindrance = |pos: &Arc<Pos>| closed(pos, need).or_else(|| unfit(pos, need));
    let judged = poses.iter().map(|pos| (Arc::clone(pos), hindrance(pos)));
    let (able, left): (Vec<_>, Vec<_>) = judged.partition(|(_, hindrance)| hindrance.is_none());
    let mut able: Vec<Arc<Pos>> = able.into_iter().map(|(pos, _)| pos).collect();
    order(&mut able, need);
    let with_hindrance = |(pos, hindrance): (_, Option<Hindrance>)| Some((pos, hindrance?));
    let mut route = Route {
        taken: Vec::new(),
        left: left.into_iter().filter_map(with_hindrance).collect(),
        fates: Vec::new(),
        refusal: refusal(poses, need),
    };
    if route.refusal.is_none() && able.is_empty() {
        let furthest = route.left.iter().map(|(_, hindrance)| *hindrance).max();
        route.refusal = Some(refused_by(furthest.unwrap_or(Hindrance::Status), need));
    }
    let mut instruction = None;
    if let Some((rules, occasion)) = rules
        && need.pinned.is_none()
        && route.refusal.is_none()
    {
        let ruling = routing_rules::ask(rules, &able, need, occasion);
        route.fates = ruling.fates;
        if let Some((rule, says)) = ruling.rule {
            routing_rules::put_first(says, &mut able, occasion.payment_id);
            if says.then.kind == ActionKind::Only {
                let names = |pos: &Arc<Pos>| routing_rules::target(says, pos).is_some();
                let (named, others): (Vec<_>, Vec<_>) = able.into_iter().partition(names);
                let others = others.into_iter().map(|pos| (pos, Hindrance::Rule));
                route.left.extend(others);
                able = named;
            }
            if able.is_empty() {
                let name = [("rule", rule.name.as_str())];
                route.refusal = Some(Problem::with(Rule::RoutingRuleRefuses, &name));
            }
            instruction = Some(says);
        }
    }
    route
        .left
        .sort_by_key(|(pos, _)| (pos.order_number, pos.id));
    let taken = able.into_iter().map(|pos| {
        let target = instruction.and_then(|says| routing_rules::target(says, &pos));
        let standing = Standing {
            by_rule: target.is_some(),
            percent: target.and_then(|target| target.percent),
            ..standing(&pos, need)
        };
        Taken { pos, standing }
    });
    route.taken = taken.collect();
    route
}

/// What is wrong with the payment whatever the POSes can.
fn refusal(poses: &[Arc<Pos>], need: &Need<'_>) -> Option<Problem> {
    let alias = need.pinned?;
    let is_known = poses.iter().any(|pos| pos.alias == alias);
    let values = [("field", "posAlias"), ("alias", alias)];
    (!is_known).then(|| Problem::with(Rule::UnknownPosAlias, &values))
}

/// The refusal of a payment whose POSes came no further.
fn refused_by(hindrance: Hindrance, need: &Need<'_>) -> Problem {
    match hindrance {
        Hindrance::InstallmentRow => Problem::failed(ErrorGroup::NotPermittedToInstallment),
        Hindrance::Reward => Problem::rule(Rule::NoPosForReward),
        Hindrance::RewardCoversAll => Problem::field(Rule::RewardCoversAll, "card.loyalty.reward"),
        Hindrance::Authentication if !need.threeds => Problem::failed(ErrorGroup::Requires3ds),
        Hindrance::Cvc => Problem::failed(ErrorGroup::CvcRequired),
        _ => Problem::rule(Rule::NoPos),
    }
}

/// The POSes that are open to such a payment, best first, whatever a reward, 3DS, a missing security code
/// or instalments ask beyond that, and whatever rules say.
pub fn able(poses: &[Arc<Pos>], need: &Need<'_>) -> Vec<Arc<Pos>> {
    let able = poses.iter().filter(|pos| takes(pos, need));
    let mut able: Vec<Arc<Pos>> = able.cloned().collect();
    order(&mut able, need);
    able
}

/// Whether a POS is open to such a payment.
pub fn takes(pos: &Pos, need: &Need<'_>) -> bool {
    closed(pos, need).is_none()
}

/// Why a POS is not open to such a payment at all.
fn closed(pos: &Pos, need: &Need<'_>) -> Option<Hindrance> {
    let verb = if need.threeds {
        Verb::ThreeDs
    } else {
        Verb::Charge
    };
    let speaks = connectors::directory::protocol(pos.integrator)
        .is_some_and(|bank| bank.verbs().contains(&verb));
    let association = need.bin.and_then(|bin| bin.association);
    let associations = &pos.settings.associations;
    let is_listed = need.aliases.is_empty() || need.aliases.contains(&pos.alias);
    let is_foreign = need.bin.is_none();
    let takes_association =
        associations.is_empty() || association.is_none_or(|a| associations.contains(&a));
    first_of([
        (Hindrance::Status, !pos.is_usable()),
        (Hindrance::Currency, pos.currency != need.currency),
        (
            Hindrance::PinnedElsewhere,
            need.pinned.is_some_and(|alias| pos.alias != alias),
        ),
        (Hindrance::NotListed, !is_listed),
        (Hindrance::Verb, !speaks),
        (Hindrance::Phase, !phases::takes(pos, need.phase)),
        (
            Hindrance::ForeignCard,
            is_foreign && !pos.settings.enable_foreign_card,
        ),
        (
            Hindrance::InstallmentsOff,
            need.installment > 1 && !pos.settings.enable_installment,
        ),
        (Hindrance::Association, !takes_association),
    ])
}

/// Why a POS that is open to such a payment cannot take this one.
fn unfit(pos: &Pos, need: &Need<'_>) -> Option<Hindrance> {
    let rows = need.commissions.of(pos);
    let has_row = commissions::takes_installments(pos, rows, need.bin, need.installment);
    let is_useless = |reward| !rewards::can_use(pos, need.bin, reward);
    let is_refused = |reward| rewards::is_refused(pos, reward, need.amount);
    let kind = if need.threeds {
        PaymentAuthenticationType::ThreeDs
    } else {
        PaymentAuthenticationType::NonThreeDs
    };
    let lacks_cvc = !need.has_cvc && !pos.settings.enable_payment_without_cvc;
    first_of([
        (Hindrance::InstallmentRow, !has_row),
        (Hindrance::Reward, need.reward.is_some_and(is_useless)),
        (
            Hindrance::RewardCoversAll,
            need.reward.is_some_and(is_refused),
        ),
        (Hindrance::Authentication, !pos.authenticates(kind)),
        (Hindrance::Cvc, lacks_cvc),
    ])
}

fn first_of<const N: usize>(hindrances: [(Hindrance, bool); N]) -> Option<Hindrance> {
    let mut holding = hindrances.into_iter().filter(|(_, holds)| *holds);
    holding.next().map(|(hindrance, _)| hindrance)
}

/// What counts for the place of a POS before any rule.
fn standing(pos: &Pos, need: &Need<'_>) -> Standing {
    let own_order = need.ordering == Some(OrderingRule::InOrder);
    let listed = need.aliases.iter().position(|alias| *alias == pos.alias);
    let rows = need.commissions.of(pos);
    Standing {
        listed: listed.filter(|_| own_order),
        on_us: need.bin.is_some_and(|bin| bin.bank_code == pos.bank_id) && !own_order,
        family: rewards::shares_family(pos, need.bin) && !own_order,
        bank_rate: commissions::terms(pos, rows, need.bin, need.installment).bank_rate,
        order_number: pos.order_number,
        by_rule: false,
        percent: None,
    }
}

/// On-us first, then the bank whose family the card belongs to, then what costs less by the commission
/// tables, then the merchant's own order. LOW_COMMISSION_RATE puts the cost first; IN_ORDER takes the
/// shop's own list, or else the merchant's order, alone. A POS whose table says nothing of the card comes
/// after those that do.
fn order(poses: &mut [Arc<Pos>], need: &Need<'_>) {
    let own_order = need.ordering == Some(OrderingRule::InOrder);
    let cost_first = need.ordering == Some(OrderingRule::LowCommissionRate);
    poses.sort_by_cached_key(|pos| {
        let standing = standing(pos, need);
        let cost = (standing.bank_rate.is_none(), standing.bank_rate);
        (
            standing.listed,
            cost_first.then_some(cost),
            Reverse(standing.on_us),
            Reverse(standing.family),
            (!own_order).then_some(cost),
            pos.order_number,
            pos.id,
        )
    });
}
