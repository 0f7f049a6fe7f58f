//! The table along which a payment's status may change. Only the engine changes it, and only so.

use contract::enums::PaymentStatus::{
    self, CallbackThreeds, Failure, InitThreeds, Success, Waiting,
};

/// What happened to a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The browser came back from the bank's page, verified well enough for the merchant.
    Verified,
    /// The 3DS verification failed, or could not be begun.
    NotVerified,
    /// The merchant asked to complete a verified 3DS payment: the bank is being asked.
    Completing,
    /// The bank took the money, or the lender disbursed.
    Approved,
    /// The shop does not want to complete it any more, or did not in time.
    GivenUp,
    /// The bank's page sells by itself, and whether it did is not known.
    Doubted,
    /// The bank or lender refused, or the application lapsed.
    Declined,
    /// The bank had taken the money and gave it back, because the shop was told of doubt.
    Reversed,
}

/// Every change that there is. What is not here does not happen.
pub const MOVES: &[(PaymentStatus, Event, PaymentStatus)] = &[
    (Waiting, Event::Approved, Success),
    (Waiting, Event::Declined, Failure),
    (Waiting, Event::Reversed, Failure),
    (InitThreeds, Event::Verified, CallbackThreeds),
    (InitThreeds, Event::NotVerified, Failure),
    (InitThreeds, Event::GivenUp, Failure),
    (InitThreeds, Event::Approved, Success),
    (InitThreeds, Event::Declined, Failure),
    (InitThreeds, Event::Reversed, Failure),
    (InitThreeds, Event::Doubted, Waiting),
    (Waiting, Event::NotVerified, Failure),
    (CallbackThreeds, Event::Completing, Waiting),
    (CallbackThreeds, Event::GivenUp, Failure),
];

/// Where `event` leads from `from`; `None` when it must not happen there.
pub fn after(from: PaymentStatus, event: Event) -> Option<PaymentStatus> {
    MOVES
        .iter()
        .find(|(f, e, _)| *f == from && *e == event)
        .map(|(_, _, to)| *to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table() {
        let table: Vec<String> = MOVES
            .iter()
            .map(|(from, event, to)| format!("{from} --{event:?}--> {to}"))
            .collect();
        insta::assert_snapshot!(table.join("\n"), @r"
        WAITING --Approved--> SUCCESS
        WAITING --Declined--> FAILURE
        WAITING --Reversed--> FAILURE
        INIT_THREEDS --Verified--> CALLBACK_THREEDS
        INIT_THREEDS --NotVerified--> FAILURE
        INIT_THREEDS --GivenUp--> FAILURE
        INIT_THREEDS --Approved--> SUCCESS
        INIT_THREEDS --Declined--> FAILURE
        INIT_THREEDS --Reversed--> FAILURE
        INIT_THREEDS --Doubted--> WAITING
        WAITING --NotVerified--> FAILURE
        CALLBACK_THREEDS --Completing--> WAITING
        CALLBACK_THREEDS --GivenUp--> FAILURE
        ");
    }

    #[test]
    fn what_is_final_stays() {
        for event in [
            Event::Verified,
            Event::NotVerified,
            Event::Completing,
            Event::GivenUp,
            Event::Doubted,
            Event::Approved,
            Event::Declined,
            Event::Reversed,
        ] {
            assert_eq!(after(Success, event), None);
            assert_eq!(after(Failure, event), None);
        }
    }
}
