//! All SQL: literals in the common dialect, scoped by merchant in name and signature, and the
//! rows they read turned into the types of the engine. No decision about money is taken here.

pub mod api_keys;
pub mod apms;
pub mod attempts;
pub mod audit;
pub mod autopilot;
pub mod backlog;
pub mod before;
pub mod bin_lists;
pub mod captures;
pub mod cards;
pub mod commissions;
pub mod db;
mod digest;
pub mod doubts;
pub mod due;
pub mod exchanges;
pub mod figures;
pub mod fingerprint_key;
pub mod idempotency;
pub mod inquiries;
pub mod key_rotations;
pub mod leases;
pub mod loans;
pub mod memory;
pub mod merchants;
pub mod migrations;
pub mod page_tokens;
pub mod payment_search;
pub mod payments;
pub mod poses;
mod probe;
pub mod reconciliations;
pub mod refunds;
pub mod report_demands;
pub mod report_rows;
pub mod requests;
pub mod retention;
pub mod roles;
pub mod routing_rules;
pub mod sealed;
mod search_pages;
pub mod signatures;
pub mod submits;
pub mod users;
pub mod vault_check;
pub mod webhooks;

pub use db::Committed;
pub use probe::probe;

use crate::app::App;
use contract::card::Secret;
use contract::enums;
use db::Unavailable;
use serde_json::Value as Json;

db::word_columns! {
    enums::ApmAdditionalAction, enums::ApmType, enums::Currency, enums::PaymentGroup,
    enums::PaymentPhase, enums::PaymentProvider, enums::PaymentStatus, enums::PaymentType,
    enums::PosIntegrator, enums::PosStatus, enums::ReportType, enums::Status, enums::WebhookEventType,
    enums::WebhookStatus,
}

/// Shards of due work. A merchant's work is in one of them; replicas lease them.
pub const SHARDS: i64 = 16;

/// The shard of a merchant's due work. The low bits of an id are a sequence, so they spread.
pub fn shard_of(merchant_id: i64) -> i64 {
    merchant_id.rem_euclid(SHARDS)
}

/// Numbers for an `in (…)`: of shards, of payments that were found. They are ours, not a caller's.
fn id_list(numbers: &[i64]) -> String {
    numbers
        .iter()
        .map(i64::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

fn open_sealed(app: &App, place: &str, sealed: &str) -> Result<Secret, Unavailable> {
    match app.vault.open_text(place, sealed) {
        Ok(text) => Ok(Secret::new(text.as_str())),
        Err(_) => Err(Unavailable::new(format!(
            "{place} does not open: is this the right key file?"
        ))),
    }
}

fn unknown_word(column: &str) -> Unavailable {
    Unavailable::new(format!("column {column} holds a word that is not known"))
}

fn from_json<T: serde::de::DeserializeOwned>(json: Json) -> Result<T, Unavailable> {
    serde_json::from_value(json)
        .map_err(|error| Unavailable::new(format!("a row cannot be read: {error}")))
}

fn to_json<T: serde::Serialize>(value: &T) -> Json {
    serde_json::to_value(value).unwrap_or(Json::Null)
}
