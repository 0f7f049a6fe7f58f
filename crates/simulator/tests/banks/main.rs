//! The simulated banks over real HTTP, spoken to in raw bytes as a merchant or a browser would.

#[cfg(test)]
mod akbank;
#[cfg(test)]
mod bank;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod garanti;
#[cfg(test)]
mod holds;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod money_back;
#[cfg(test)]
mod nestpay;
#[cfg(test)]
mod nestpay_threeds;
#[cfg(test)]
mod param;
#[cfg(test)]
mod posnet;
#[cfg(test)]
mod posnet_threeds;
#[cfg(test)]
mod testers;
