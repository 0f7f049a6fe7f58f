//! A bank that refuses the account and not the payment: an expired password, a wrong terminal, an
//! address that it does not know. The next POS is tried (`charge`), but the operator must hear of it,
//! or the account stays broken unseen. What is noted here decides nothing.

use crate::app::App;
use crate::store::db::{Commit, CommitError};
use crate::store::poses::{self, AccountRefusal, Pos};
use connectors::bank::{Answer, Verdict};
use contract::errors::ErrorGroup;
use jiff::SignedDuration;

/// Groups by which a bank says that the account is wrong.
const OF_THE_ACCOUNT: [ErrorGroup; 3] = [
    ErrorGroup::InvalidMerchantOrSp,
    ErrorGroup::InvalidIp,
    ErrorGroup::NotPermittedToTerminal,
];

/// The same refusal is written and logged once in this time, however many shoppers meet it.
const NOTED_EVERY_SECONDS: i64 = 60;

/// Notes that the bank refused the account, or that it took a payment with it again. The payment goes
/// on whether or not this could be written.
pub async fn note<T>(app: &App, pos: &Pos, answer: &Answer<T>) {
    match answer {
        Ok(Verdict::Declined(decline)) if OF_THE_ACCOUNT.contains(&decline.group) => {
            let refusal = AccountRefusal {
                at: app.now(),
                group: decline.group,
                code: connectors::scrub::words(&decline.code),
            };
            if is_news(pos, &refusal) {
                tracing::error!(
                    merchant = pos.merchant_id,
                    pos = pos.id,
                    code = %refusal.code,
                    group = %refusal.group,
                    "the bank refuses this account: check its numbers, user, password and our address at the bank"
                );
                write(app, pos, Some(&refusal)).await;
            }
        }
        Ok(Verdict::Approved(_)) => note_that_it_works(app, pos).await,
        Ok(Verdict::Declined(_)) | Err(_) => {}
    }
}

/// Notes that the bank takes the account.
pub async fn note_that_it_works(app: &App, pos: &Pos) {
    if pos.account_refusal.is_some() {
        write(app, pos, None).await;
    }
}

/// Whether this refusal is another than the one that is known, or the one that is known is old.
fn is_news(pos: &Pos, refusal: &AccountRefusal) -> bool {
    pos.account_refusal.as_ref().is_none_or(|known| {
        let apart = refusal.at.duration_since(known.at);
        known.code != refusal.code || apart >= SignedDuration::from_secs(NOTED_EVERY_SECONDS)
    })
}

async fn write(app: &App, pos: &Pos, refusal: Option<&AccountRefusal>) {
    let mut commit = Commit::new(pos.merchant_id, pos.id);
    poses::note_refusal(pos, refusal, &mut commit);
    match app.db.commit(commit).await {
        Ok(()) | Err(CommitError::Conflict { .. }) => {}
        Err(CommitError::Unavailable(why)) => {
            tracing::error!(pos = pos.id, %why, "a bank's refusal of the account could not be noted");
        }
    }
}
