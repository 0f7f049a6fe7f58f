//! Galata, the payment gateway: everything with input and output.
//!
//! Doors ([`api`], [`pages`], [`jobs`], [`commands`]) call [`operations`], which call the
//! [`engine`], which writes through the [`store`] and asks banks through the connectors.

/// A payment allocates some hundred small pieces; measured, a sixth more payments a second.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod amounts;
pub mod api;
pub mod app;
pub mod backoff;
pub mod bins;
pub mod certificates;
pub mod clock;
pub mod commands;
pub mod cookies;
pub mod csv;
pub mod desk;
pub mod dumps;
pub mod engine;
pub mod fingerprints;
pub mod headers;
pub mod health;
pub mod hosts;
pub mod jobs;
pub mod journal;
pub mod legs;
pub mod listen;
pub mod logs;
pub mod machine;
pub mod mail;
pub mod net;
pub mod openapi;
pub mod operations;
pub mod pages;
pub mod panel;
pub mod passwords;
pub mod problem;
pub mod process;
pub mod random;
pub mod rates;
pub mod search_text;
pub mod setup;
pub mod start;
pub mod store;
pub mod totp;
pub mod tries;
pub mod turns;
pub mod vault;
pub mod xlsx;
