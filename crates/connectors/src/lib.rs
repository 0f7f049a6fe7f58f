//! Bank and lender protocols: what is asked, what is answered, and what it means.
//!
//! A protocol file is pure but for one door, [`http::Http`]: no HTTP client, no SQL, no clock
//! lives here, so every protocol can be tested by replaying recorded exchanges.

pub mod bank;
pub mod banks;
mod digest;
pub mod directory;
pub mod http;
pub mod lender;
pub mod lenders;
pub mod scrub;
pub mod xml;
