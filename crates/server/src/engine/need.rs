//! What a payment asks of the POS that is to take it, for routing and the merchant's rules alike.

use crate::bins::Bin;
use crate::store::commissions::Commissions;
use connectors::bank::RewardUse;
use contract::enums::{Currency, OrderingRule, PaymentPhase};

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
