//! The words of the API: endpoints, wire types, money, ids, cards, signatures, envelope, errors.
//!
//! Everything here is pure. There is no input or output, no clock and no database: a type that
//! parses has already been checked, and a function answers the same for the same arguments.

pub mod card;
pub mod datetime;
pub mod endpoints;
pub mod envelope;
pub mod errors;
pub mod id;
pub mod identity;
pub mod json;
pub mod money;
pub mod received;
pub mod rules;
pub mod signature;
pub mod term_limits;
pub mod wire;
pub mod wire_type;

mod wire_enum;

pub use wire::*;

/// What this version serves, as OpenAPI 3.1.
pub const OPENAPI: &str = include_str!("wire/openapi.json");
