//! Bank and lender protocols: what is asked, what is answered, and what it means.
//!
//! A protocol file is pure but for one door, [`http::Http`]: no HTTP client, no SQL, no clock
//! lives here, so every protocol can be tested by replaying recorded exchanges.

// The test bench is included by tests inside and outside of this crate.
#[cfg(test)]
extern crate self as connectors;

pub mod account;
pub mod bank;
mod banks;
mod digest;
pub mod directory;
pub mod http;
mod json;
pub mod lender;
pub mod lenders;
pub mod protocol;
pub mod scrub;
pub mod xml;
