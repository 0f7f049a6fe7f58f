//! Payments and captures in doubt as the merchant's people handle them: seen, inquired, and where no inquiry
//! helps settled by a person's word.

use super::{Actor, Caller, Permission, Problem, TOP};
use crate::app::App;
pub use crate::engine::inquiry::ManualResolution;
use crate::engine::inquiry::{self, Asker};
use crate::engine::{capture, loan};
use crate::store::backlog::{self, Asked};
use crate::store::db::Commit;
use crate::store::doubts::{self, OpenDoubt};
use crate::store::payments::{self, Payment};
use connectors::scrub;
use contract::enums::{PaymentStatus, PaymentType};
use contract::rules::Rule;
use serde_json::json;

/// Doubts of one kind that are listed.
const LISTED_MAX: i64 = 500;
/// Characters of the reason that a person gives.
const NOTE_MIN: usize = 3;
const NOTE_MAX: usize = 500;

/// A merchant's open doubts, the oldest first.
pub async fn list(app: &App, by: &Actor, merchant_id: i64) -> Result<Vec<OpenDoubt>, Problem> {
    let permission = Permission::LookAtPayments;
    by.require(app, merchant_id, permission, "payment.look", "doubts")
        .await?;
    // What was asked a moment ago is under way, not in doubt.
    let mut found = doubts::of_merchant(app, merchant_id, app.asked_before(), LISTED_MAX).await?;
    found.sort_by_key(|doubt| (doubt.since, doubt.payment_id));
    Ok(found)
}

/// A merchant's payments that bank or lender was asked for and that have no outcome yet, beside those
/// of [`list`].
pub async fn count_asked(app: &App, by: &Actor, merchant_id: i64) -> Result<Asked, Problem> {
    let permission = Permission::LookAtPayments;
    by.require(app, merchant_id, permission, "payment.look", "doubts")
        .await?;
    Ok(backlog::count_asked(app, Some(merchant_id)).await?)
}

/// Asks bank or lender how a payment stands, unless another caller asked a moment ago, and writes what
/// it says. A card payment that the bank took although the shop was told of doubt is completed or given
/// back, as the merchant set. Answers the status that the payment then has.
pub async fn inquire(
    app: &App,
    caller: &Caller,
    payment_id: i64,
) -> Result<PaymentStatus, Problem> {
    const ACTION: &str = "payment.inquire";
    let (merchant, target) = (&caller.merchant, payment_id.to_string());
    caller
        .by
        .require(app, merchant.id, Permission::Inquire, ACTION, &target)
        .await?;
    let payment = payments::of_merchant(app, merchant.id, payment_id).await?;
    let payment = payment.ok_or_else(|| Problem::rule(Rule::PaymentNotFound))?;
    caller
        .by
        .note_look(app, merchant.id, ACTION, &target)
        .await?;
    if let Some(open) = capture::open_of(app, &payment).await? {
        let given = capture::doubt::settle(app, merchant, open.id, Asker::Caller).await?;
        return Ok(given.payment.status);
    }
    let payment = match payment.payment_type {
        PaymentType::Apm => loan::verify(app, merchant, payment_id).await?.0,
        _ => inquiry::settle(app, merchant, payment_id, Asker::Caller).await?,
    };
    Ok(payment.status)
}

/// Ends a doubt by what a person found out at the bank. `note` says how they know.
pub async fn settle_by_hand(
    app: &App,
    caller: &Caller,
    payment_id: i64,
    found: ManualResolution,
    note: &str,
) -> Result<PaymentStatus, Problem> {
    const ACTION: &str = "payment.settle";
    let (merchant, target) = (&caller.merchant, payment_id.to_string());
    caller
        .by
        .require(app, merchant.id, Permission::SettleDoubts, ACTION, &target)
        .await?;
    let note = note.trim();
    TOP.require_length("note", note.chars().count(), NOTE_MIN..=NOTE_MAX)?;
    let note = scrub::line(note, NOTE_MAX);
    let payment = payments::of_merchant(app, merchant.id, payment_id).await?;
    let was = payment.ok_or_else(|| Problem::rule(Rule::PaymentNotFound))?;
    let word = match found {
        ManualResolution::Taken => "TAKEN",
        ManualResolution::NotTaken => "NOT_TAKEN",
    };
    let noted = |state: &str, moved: &Payment, commit: &mut Commit| {
        let before = json!({"status": was.status, "state": state});
        let after = json!({"status": moved.status, "found": word, "note": note});
        let change = (before, after);
        caller
            .by
            .note(app, merchant.id, ACTION, &target, change, commit);
    };
    if let Some(open) = capture::open_of(app, &was).await? {
        let settled = capture::doubt::settle_by_hand(app, merchant, open.id, found, noted).await?;
        return Ok(settled.status);
    }
    let settled = match was.payment_type {
        PaymentType::Apm => loan::settle_by_hand(app, merchant, payment_id, found, noted).await?,
        _ => inquiry::settle_by_hand(app, merchant, payment_id, found, noted).await?,
    };
    Ok(settled.status)
}
