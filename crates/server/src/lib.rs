//! Galata, the payment gateway: everything with input and output.
//!
//! Doors ([`api`], [`pages`], [`jobs`], [`commands`]) call [`operations`], which call the
//! [`engine`], which writes through the [`store`] and asks banks through the connectors.

pub mod api;
pub mod app;
pub mod bins;
pub mod clock;
pub mod commands;
pub mod csv;
pub mod engine;
pub mod jobs;
pub mod journal;
pub mod listen;
pub mod mail;
pub mod net;
pub mod operations;
pub mod pages;
pub mod panel;
pub mod passwords;
pub mod random;
pub mod rates;
pub mod setup;
pub mod start;
pub mod store;
pub mod totp;
pub mod tries;
pub mod vault;
