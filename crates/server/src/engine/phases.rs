//! Whether a POS takes payments of a phase. Pure.

use crate::store::poses::Pos;
use connectors::bank::Verb;
use contract::enums::PaymentPhase;

/// Whether a POS takes money at once, or holds it, as is asked: its protocol can, and the merchant did not limit
/// it to the other phase.
pub fn takes(pos: &Pos, phase: PaymentPhase) -> bool {
    let limited_to = &pos.settings.payment_phases;
    let bank = connectors::directory::protocol(pos.integrator);
    let can =
        phase == PaymentPhase::Auth || bank.is_some_and(|bank| bank.verbs().contains(&Verb::Hold));
    can && (limited_to.is_empty() || limited_to.contains(&phase))
}
