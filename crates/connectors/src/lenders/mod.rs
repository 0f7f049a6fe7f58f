//! One file a lender protocol. Which merchant uses which lender is the server's business.

pub mod maslak;

use crate::lender::Lender;
use contract::enums::ApmType;

/// The protocol behind a payment method, or nothing when no lender protocol carries it.
pub fn of_apm(apm: ApmType) -> Option<&'static dyn Lender> {
    match apm {
        ApmType::Maslak => Some(&maslak::Maslak),
        _ => None,
    }
}
