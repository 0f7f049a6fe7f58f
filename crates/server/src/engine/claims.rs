//! What a request claims in its intent commit: its signature, which is never accepted again, and
//! its idempotency key.

use crate::app::App;
use crate::operations::Problem;
use crate::store::db::{Commit, CommitError};
use crate::store::{idempotency, signatures};
use contract::rules::Rule;

/// An idempotency key with what it stands for.
#[derive(Debug, Clone)]
pub struct Key {
    /// The header's text.
    pub key: String,
    /// SHA-256 of method, path and body.
    pub fingerprint: String,
}

/// The claims of one write request. Whoever makes the first commit of the request writes them.
#[derive(Debug, Clone)]
pub struct Claims {
    /// Whose request it is.
    pub merchant_id: i64,
    /// The request's signature; none for doors that have none (pages, jobs, commands).
    pub signature: Option<String>,
    /// The idempotency key, when the request has one.
    pub key: Option<Key>,
}

impl Claims {
    /// Writes the claims. They must be the first statements of the commit: [`Claims::refused`]
    /// tells by the statement's place which of them was refused.
    pub fn write(&self, app: &App, payment_id: Option<i64>, commit: &mut Commit) {
        if let Some(signature) = &self.signature {
            signatures::claim(self.merchant_id, signature, None, commit);
        }
        if let Some(key) = &self.key {
            idempotency::claim(
                app,
                self.merchant_id,
                &key.key,
                &key.fingerprint,
                payment_id,
                commit,
            );
        }
    }

    /// What a failed commit that began with these claims means; `otherwise` when another of its
    /// statements was refused.
    pub fn refused(&self, error: CommitError, otherwise: Problem) -> Problem {
        let statement = match error {
            CommitError::Unavailable(why) => return Problem::unavailable(why),
            CommitError::Conflict { statement, .. } => statement,
        };
        let mut names = Vec::new();
        if self.signature.is_some() {
            names.push(Rule::ReplayedSignature);
        }
        if self.key.is_some() {
            names.push(Rule::IdempotencyInFlight);
        }
        match names.get(statement) {
            Some(rule) => Problem::rule(*rule),
            None => otherwise,
        }
    }
}
