//! The words of the API: endpoints, wire types, money, ids, cards, signatures, envelope, errors.
//!
//! Everything here is pure. There is no input or output, no clock and no database: a type that
//! parses has already been checked, and a function answers the same for the same arguments.

pub mod card;
pub mod enums;
pub mod errors;
pub mod money;

mod wire_enum;
