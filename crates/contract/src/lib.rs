//! The words of the API: endpoints, wire types, money, ids, cards, signatures, envelope, errors.
//!
//! Everything here is pure. There is no input or output, no clock and no database: a type that
//! parses has already been checked, and a function answers the same for the same arguments.

pub mod bins;
pub mod bnpl;
pub mod card;
pub mod card_loyalties;
pub mod card_payments;
pub mod cards;
pub mod datetime;
pub mod endpoints;
pub mod enums;
pub mod envelope;
pub mod errors;
pub mod id;
pub mod json;
pub mod merchant_apms;
pub mod merchant_poses;
pub mod money;
pub mod payment_reporting;
pub mod received;
pub mod rules;
pub mod signature;
pub mod term_limits;
pub mod webhook;
pub mod wire_type;

mod wire_enum;
