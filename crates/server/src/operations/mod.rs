//! What the merchant is told: one module a noun of the URL, one function an endpoint. Operations
//! validate, decide, call the engine, and word the answer; they know no HTTP and no SQL.

mod actor;
pub mod audit_log;
pub mod bins;
pub mod bnpl_payments;
pub mod captures;
pub mod card_loyalties;
pub mod card_payments;
mod card_plan;
pub mod cards;
mod change;
mod check;
mod day_file;
pub mod double_submits;
pub mod doubts;
pub mod exchanges;
pub mod figures;
mod given_card;
pub mod installments;
mod insured_card;
pub mod merchant_apms;
pub mod merchant_poses;
pub mod moments;
pub mod payment_detail;
pub mod payment_export;
pub mod payment_reporting;
mod payment_view;
pub mod people;
pub mod reconciliations;
pub mod refund_reporting;
pub mod refund_transactions;
mod refund_view;
pub mod refunds;
mod report_columns;
pub mod report_demands;
pub mod report_file;
mod report_rows;
pub mod reports;
pub mod requests;
pub mod routing_dry_run;
pub mod routing_rules;
pub mod sessions;
pub mod webhooks;

pub use crate::problem::Problem;
pub use actor::{Actor, Permission, Principal, Role};
pub use change::Changed;
pub(crate) use change::{Audited, Change, change, changed_meanwhile};
pub(crate) use check::{ADDRESS_MAX, TOP};

use crate::engine::claims::Claims;
use crate::store::merchants::Merchant;
use contract::errors::Language;
use std::sync::Arc;

/// Who asks, what the request claims, and in which language errors are told.
pub struct Caller {
    /// The merchant whose key signed the request.
    pub merchant: Arc<Merchant>,
    /// The request's signature and idempotency key.
    pub claims: Claims,
    /// For error texts.
    pub language: Language,
    /// Who does it: decides what is allowed and stands in the audit log.
    pub by: Actor,
}

impl Caller {
    /// The same without the claims of a request, for what goes on when it is answered.
    fn alone(&self) -> Caller {
        Caller {
            merchant: Arc::clone(&self.merchant),
            claims: Claims::none(self.merchant.id),
            language: self.language,
            by: self.by.clone(),
        }
    }
}
