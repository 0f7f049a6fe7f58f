//! The simulated banks over real HTTP, spoken to in raw bytes as a merchant or a browser would.

#[cfg(test)]
mod akbank;
#[cfg(test)]
mod akbank_threeds;
#[cfg(test)]
mod bank;
#[cfg(test)]
mod boa;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod garanti;
#[cfg(test)]
mod holds;
#[cfg(test)]
mod intervpos;
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
mod payflex;
#[cfg(test)]
mod payflex_common;
mod payfor;
#[cfg(test)]
mod posnet;
#[cfg(test)]
mod posnet_threeds;
#[cfg(test)]
mod testers;
