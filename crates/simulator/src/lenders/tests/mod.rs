//! The lender through its doors, over real HTTP: the signed API, the shopper's browser, the
//! notification receiver and the control API. The clock moves by hand.

mod api;
mod bench;
mod faults;
mod money_back;
mod shopper;
mod testers;
