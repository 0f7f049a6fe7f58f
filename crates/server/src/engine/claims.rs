//! What a request claims: its signature, which is never accepted again, and its idempotency key.
//! Both are claimed in the intent commit where there is one; what is answered without one claims
//! its signature before it is answered (`api.rs`).

use crate::app::App;
use crate::problem::Problem;
use crate::store::db::{Commit, CommitError};
use crate::store::{idempotency, signatures};
use contract::rules::Rule;
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// An idempotency key with what it stands for.
#[derive(Debug, Clone)]
pub struct Key {
    /// The header's text.
    pub key: String,
    /// SHA-256 of method, path and body.
    pub hash: String,
}

/// The claims of one write request. The first commit of the request writes them.
#[derive(Debug, Clone)]
pub struct Claims {
    /// Whose request it is.
    pub merchant_id: i64,
    /// The request's signature; `None` from doors without one (pages, jobs, commands).
    pub signature: Option<String>,
    /// The idempotency key, when the request has one.
    pub key: Option<Key>,
    /// Whether they went into a commit that was not refused.
    written: Arc<AtomicBool>,
}

impl Claims {
    /// Of a request that is signed.
    pub fn of_request(merchant_id: i64, signature: String) -> Claims {
        Claims {
            signature: Some(signature),
            ..Claims::none(merchant_id)
        }
    }

    /// Of what came without a signature.
    pub fn none(merchant_id: i64) -> Claims {
        Claims {
            merchant_id,
            signature: None,
            key: None,
            written: Arc::default(),
        }
    }

    /// Of a form that counts once, by the text that its page was given; none where that is empty.
    pub fn of_form(merchant_id: i64, text: &str) -> Claims {
        let key = Key {
            key: format!("form {text}"),
            hash: text.to_owned(),
        };
        Claims {
            key: (!text.is_empty()).then_some(key),
            ..Claims::none(merchant_id)
        }
    }

    /// A commit that begins with these claims: about a payment, or about nothing that is stored. It is
    /// carried out by [`Claims::commit`].
    pub fn intent(&self, app: &App, payment_id: Option<i64>) -> Commit {
        let key = payment_id.unwrap_or_else(|| app.next_id());
        let mut commit = Commit::new(self.merchant_id, key);
        self.write(app, payment_id, &mut commit);
        commit
    }

    /// Writes the claims. They must be the first statements of the commit: [`Claims::commit`] tells by
    /// the statement's place which of them was refused.
    pub fn write(&self, app: &App, payment_id: Option<i64>, commit: &mut Commit) {
        self.write_signature(None, commit);
        if let Some(Key { key, hash }) = &self.key {
            let (merchant_id, now) = (self.merchant_id, app.now());
            idempotency::claim(merchant_id, key, hash, payment_id, now, commit);
        }
        self.written.store(true, Ordering::SeqCst);
    }

    /// Carries out a commit that begins with these claims; refused with `otherwise` when another of its
    /// statements was.
    pub async fn commit(
        &self,
        app: &App,
        commit: Commit,
        otherwise: Problem,
    ) -> Result<(), Problem> {
        self.commit_or(app, commit, |_| otherwise).await
    }

    /// [`Claims::commit`], where it matters which other statement was refused: its place behind the claims.
    pub async fn commit_or(
        &self,
        app: &App,
        commit: Commit,
        otherwise: impl FnOnce(usize) -> Problem,
    ) -> Result<(), Problem> {
        // Also a commit that was refused once and is carried out again.
        self.written.store(true, Ordering::SeqCst);
        let outcome = app.db.commit(commit).await;
        outcome.map_err(|error| self.refused_or(error, otherwise))
    }

    /// Writes the claim of the signature alone, bound to the key that came with it; a read's until
    /// `expires_at`.
    pub fn write_signature(&self, expires_at: Option<Timestamp>, commit: &mut Commit) {
        let Some(signature) = &self.signature else {
            return;
        };
        let key = self.key.as_ref().map(|key| key.key.as_str());
        signatures::claim(self.merchant_id, signature, key, expires_at, commit);
    }

    /// Whether a commit took them, or may have.
    pub fn are_written(&self) -> bool {
        self.written.load(Ordering::SeqCst)
    }

    /// What a failed commit that began with these claims means; `otherwise` when another of its
    /// statements was refused.
    pub fn refused(&self, error: CommitError, otherwise: Problem) -> Problem {
        self.refused_or(error, |_| otherwise)
    }

    fn refused_or(&self, error: CommitError, otherwise: impl FnOnce(usize) -> Problem) -> Problem {
        let statement = match error {
            CommitError::Unavailable(why) => return Problem::unavailable(why),
            CommitError::Conflict { statement, .. } => statement,
        };
        self.written.store(false, Ordering::SeqCst);
        let signatures = usize::from(self.signature.is_some());
        let keys = usize::from(self.key.is_some());
        if statement < signatures {
            Problem::rule(Rule::ReplayedSignature)
        } else if statement < signatures + keys {
            Problem::rule(Rule::IdempotencyInFlight)
        } else {
            otherwise(statement - signatures - keys)
        }
    }
}
