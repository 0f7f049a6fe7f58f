//! One 3D Secure authentication from its beginning to its use. It travels sealed through the
//! browser and the merchant, so the simulator keeps nothing in between and survives a restart.

use serde::{Deserialize, Serialize};

use crate::App;
use crate::cards::{Card, ThreeDs};

/// How often a shopper may mistype the password.
pub(crate) const MAX_ATTEMPTS: u8 = 3;
/// The password that every simulated cardholder has.
pub(crate) const PASSWORD: &str = "123456";

/// What is being authenticated. Holds no card number: the card goes by its reference.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) order_id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) instalments: u32,
    pub(crate) card: String,
    pub(crate) masked: String,
    /// Makes each authentication its own, so that it can be used once.
    pub(crate) nonce: String,
    /// The outcome, once there is one.
    pub(crate) md_status: Option<u8>,
    /// Points that the shopper chose on the bank's page, in kuruş.
    pub(crate) points: i64,
    /// Campaign that the shopper chose on the bank's page; 0 without one.
    pub(crate) campaign: u8,
}

impl Session {
    pub(crate) fn is_authenticated(&self) -> bool {
        matches!(self.md_status, Some(1..=4))
    }
}

/// What the shopper did on the password page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Ask again; so many wrong passwords so far.
    Again(u8),
    /// Done, with this mdStatus.
    Done(u8),
}

/// Judges a password page's form.
pub(crate) fn judge(app: &App, session: &Session, attempts: u8, action: &str, otp: &str) -> Step {
    if action != "confirm" {
        return Step::Done(0);
    }
    if otp.trim() != PASSWORD {
        let attempts = attempts.saturating_add(1);
        return if attempts >= MAX_ATTEMPTS {
            Step::Done(0)
        } else {
            Step::Again(attempts)
        };
    }
    match app.cards.named(&session.card).map(|card| card.three_ds) {
        Some(ThreeDs::Full) => Step::Done(1),
        Some(ThreeDs::Status(status)) => Step::Done(status),
        Some(ThreeDs::Refused) | None => Step::Done(0),
    }
}

/// The error group of a sale with this card, if it must fail.
pub(crate) fn refusal(app: &App, card: &Card, secure: bool) -> Option<&'static str> {
    let group = if secure { card.secure_sale } else { card.sale };
    let waived = app
        .switches
        .requires_day_end_sale_succeeds
        .load(std::sync::atomic::Ordering::Relaxed);
    group.filter(|group| !(waived && *group == "REQUIRES_DAY_END"))
}
