//! Keeps payments away from a bank that does not work: where a POS's answers of the last minutes are mostly
//! technical failures, the others are asked first. Only of POSes in status AUTOPILOT, with and without 3DS
//! apart. What issuers decline never counts, or somebody who tries stolen cards could close a bank.

use super::announce;
use crate::app::{App, AutopilotRules};
use crate::legs::{Answers, Leg};
use crate::store::autopilot::{self, Change, down_since};
use crate::store::db::{Commit, CommitError};
use crate::store::merchants::Merchant;
use crate::store::poses::Pos;
use connectors::bank::{Answer, Doubt, DoubtReason, Verdict};
use contract::enums::PosStatus;
use contract::errors::ErrorGroup;
use std::sync::Arc;
use std::time::Duration;

/// Leaves out POSes that do not work, while another one that can take the payment does; but one payment in
/// a while tries each of them.
pub fn leave_out(app: &App, poses: Vec<Arc<Pos>>, threeds: bool) -> Vec<Arc<Pos>> {
    let out = left_out(&poses, threeds);
    let stays = |pos: &Arc<Pos>| !out.contains(&pos.id) || may_probe(app, pos, threeds);
    poses.into_iter().filter(stays).collect()
}

/// The ids of those that are left out, but for the payment in a while that tries one.
pub fn left_out(poses: &[Arc<Pos>], threeds: bool) -> Vec<i64> {
    let is_down = |pos: &&Arc<Pos>| is_watched(pos) && down_since(pos, threeds).is_some();
    let down: Vec<i64> = poses.iter().filter(is_down).map(|pos| pos.id).collect();
    if down.len() == poses.len() {
        Vec::new()
    } else {
        down
    }
}

fn may_probe(app: &App, pos: &Pos, threeds: bool) -> bool {
    let leg = Leg {
        pos_id: pos.id,
        threeds,
    };
    has_cooled_down(app, pos, threeds)
        && app
            .legs
            .take_probe(leg, app.now(), app.settings.autopilot.probe_every)
}

fn has_cooled_down(app: &App, pos: &Pos, threeds: bool) -> bool {
    let down_for = down_since(pos, threeds).map(|since| app.now().duration_since(since));
    let down_for = down_for.and_then(|time| Duration::try_from(time).ok());
    down_for.is_some_and(|time| time >= app.settings.autopilot.cool_down)
}

fn is_watched(pos: &Pos) -> bool {
    pos.status == PosStatus::Autopilot
}

/// Counts how a bank answered a move that took a payment on, and takes the POS out of use or into use
/// again where that follows. Called after the answer is written: the payment goes on whether or not
/// this can be.
pub async fn note<T>(app: &App, merchant: &Merchant, pos: &Pos, threeds: bool, answer: &Answer<T>) {
    if !is_watched(pos) {
        return;
    }
    let Some(is_failure) = is_technical_failure(answer) else {
        return;
    };
    let rules = app.settings.autopilot;
    let leg = Leg {
        pos_id: pos.id,
        threeds,
    };
    let answers = app.legs.count(leg, is_failure, app.now(), rules.window);
    let is_up = match down_since(pos, threeds) {
        None if is_bad(answers, rules) => false,
        // What was under way when it was left out proves nothing yet.
        Some(_) if !is_failure && has_cooled_down(app, pos, threeds) => true,
        None | Some(_) => return,
    };
    app.legs.forget(leg);
    write(app, merchant, pos, (threeds, is_up), answers).await;
}

fn is_bad(answers: Answers, rules: AutopilotRules) -> bool {
    let share = |of: u32, percent: u32| u64::from(of) * u64::from(percent);
    answers.all >= rules.answers_min
        && share(answers.failures, 100) >= share(answers.all, rules.failures_percent)
}

/// Whether the bank's system failed, not the card; `None` where an answer says nothing of either.
fn is_technical_failure<T>(answer: &Answer<T>) -> Option<bool> {
    match answer {
        Ok(Verdict::Approved(_)) => Some(false),
        Ok(Verdict::Declined(decline)) => Some(is_technical(decline.group)),
        Err(Doubt { reason, .. }) => match reason {
            DoubtReason::Network | DoubtReason::Unreadable | DoubtReason::Unauthentic => Some(true),
            DoubtReason::TimedOut(decline) => Some(is_technical(decline.group)),
            DoubtReason::Duplicate(_)
            | DoubtReason::QuestionRefused
            | DoubtReason::OtherSale
            | DoubtReason::NotSupported => None,
        },
    }
}

/// Groups that speak of the bank's system or of the account there; an issuer that is away is not the
/// bank's fault.
fn is_technical(group: ErrorGroup) -> bool {
    matches!(
        group,
        ErrorGroup::CommunicationOrSystemError
            | ErrorGroup::NoResponse
            | ErrorGroup::RequestTimeout
            | ErrorGroup::InvalidMerchantOrSp
            | ErrorGroup::InvalidIp
    )
}

async fn write(
    app: &App,
    merchant: &Merchant,
    pos: &Pos,
    (threeds, is_up): (bool, bool),
    answers: Answers,
) {
    let change = Change {
        merchant_id: pos.merchant_id,
        id: app.next_id(),
        pos_id: pos.id,
        at: app.now(),
        threeds,
        is_up,
        failures: answers.failures.into(),
        answers: answers.all.into(),
    };
    let mut commit = Commit::new(pos.merchant_id, pos.id);
    autopilot::change(&change, &mut commit);
    let mut moved = pos.clone();
    let since = (!is_up).then_some(change.at);
    if threeds {
        moved.threeds_down_since = since;
    } else {
        moved.non_threeds_down_since = since;
    }
    announce::autopilot(app, merchant, &moved, &mut commit);
    match app.db.commit(commit).await {
        Ok(()) => tracing::warn!(
            merchant = pos.merchant_id,
            pos = pos.id,
            threeds,
            is_up,
            failures = answers.failures,
            answers = answers.all,
            "the autopilot moved a POS"
        ),
        // Another call or process has moved it.
        Err(CommitError::Conflict { .. }) => {}
        Err(CommitError::Unavailable(why)) => {
            tracing::error!(pos = pos.id, %why, "what the autopilot found could not be written");
        }
    }
}
