//! What is forgotten, and when: one row of this file for each table that does not keep its rows
//! for good (`docs/retention.md`). Rows go in steps, each a commit of its own, so that payments
//! do not wait long for a lock or for the one writer.

use super::db::{Commit, Unavailable, Value, params};
use crate::app::{App, Kept};
use crate::clock::first_id_at;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// Rows that one step forgets.
const STEP_ROWS: i64 = 500;
/// The pause between two steps.
const PAUSE: Duration = Duration::from_millis(50);
/// Days that a card of an unfinished payment is kept.
const ABANDONED_CARD_DAYS: i64 = 30;

/// Days that the autopilot's history is kept.
const AUTOPILOT_DAYS: i64 = 400;

/// Which rows of a table go: `$1` is `before`, `$2` the rows of a step.
struct Rule {
    table: &'static str,
    due: &'static str,
    forget: &'static str,
    before: Value,
}

macro_rules! rule {
    ($table:literal by $key:literal where $condition:literal, $before:expr) => {
        Rule {
            table: $table,
            due: concat!(
                "select count(*) as due from (select 1 as one from ",
                $table,
                " where ",
                $condition,
                " limit $2) found"
            ),
            forget: concat!(
                "delete from ",
                $table,
                " where (",
                $key,
                ") in (select ",
                $key,
                " from ",
                $table,
                " where ",
                $condition,
                " limit $2)"
            ),
            before: Value::from($before),
        }
    };
}

/// The bank's form that was kept behind an address goes with the payment's last address: before it, for
/// it is found by it. Payments with an address that is still good are listed once (`not in`): they have
/// no index, and to look for each one takes their number times the number of those that are over.
fn kept_forms(now: Timestamp) -> Rule {
    Rule {
        table: "attempts",
        due: "select count(*) as due from (select 1 as one from page_tokens t \
              join attempts a on a.payment_id = t.payment_id and a.merchant_id = t.merchant_id \
              where t.expires_at < $1 and t.kind = 'THREEDS_PAGE' and a.state = 'PAGE' \
              and a.proof_sealed is not null and t.payment_id not in (select n.payment_id \
              from page_tokens n where n.kind = 'THREEDS_PAGE' and n.expires_at >= $1) limit $2) found",
        forget: "update attempts set proof_sealed = null where (merchant_id, id) in (\
                 select a.merchant_id, a.id from page_tokens t \
                 join attempts a on a.payment_id = t.payment_id and a.merchant_id = t.merchant_id \
                 where t.expires_at < $1 and t.kind = 'THREEDS_PAGE' and a.state = 'PAGE' \
                 and a.proof_sealed is not null and t.payment_id not in (select n.payment_id \
              from page_tokens n where n.kind = 'THREEDS_PAGE' and n.expires_at >= $1) limit $2)",
        before: Value::from(now),
    }
}

fn rules(now: Timestamp, kept: Kept) -> Vec<Rule> {
    let ago = |days: i64| {
        days.checked_mul(24)
            .and_then(|hours| now.checked_sub(SignedDuration::try_from_hours(hours)?).ok())
            .unwrap_or(Timestamp::UNIX_EPOCH)
    };
    let first_id = |days: i64| first_id_at(ago(days));
    let idle = ago(super::idempotency::IDLE_DAYS).as_second();
    vec![
        rule!("request_signatures" by "merchant_id, high, low" where "expires_at < $1", now),
        rule!("kept_answers" by "merchant_id, high, low" where "forget_at < $1", now.as_second()),
        rule!("request_keys" by "merchant_id, high, low" where "payment_id is null and claimed_at < $1", idle),
        kept_forms(now),
        rule!("page_tokens" by "token" where "expires_at < $1", now),
        rule!("autopilot_changes" by "merchant_id, id" where "at < $1", ago(AUTOPILOT_DAYS)),
        rule!("search_pages" by "merchant_id, high, low, page" where "expires_at < $1", now),
        rule!("submits" by "merchant_id, high, low" where "until < $1", now),
        rule!("user_links" by "digest" where "expires_at < $1", now),
        rule!("sessions" by "digest" where "expires_at < $1", now),
        rule!("stored_cards" by "merchant_id, card_user_key, card_token" where "active = false and created_at < $1", ago(ABANDONED_CARD_DAYS)),
        rule!("request_log" by "merchant_id, id" where "at < $1", ago(kept.requests_days)),
        rule!("inquiries" by "merchant_id, id" where "at < $1", ago(kept.requests_days)),
        // By the payment's id, which tells its time and has an index: the exchanges of one payment
        // go together.
        rule!("exchanges" by "merchant_id, id" where "payment_id < $1", first_id(kept.exchanges_days)),
        // A report that could not be made in this time goes, too; before its rows, so that nobody adds to them.
        rule!("report_demands" by "merchant_id, id" where "id < $1", first_id(super::report_demands::KEPT_DAYS)),
        rule!("report_parts" by "merchant_id, report_id, part" where "report_id < $1", first_id(super::report_demands::KEPT_DAYS)),
        rule!("reconciliations" by "merchant_id, id" where "id < $1", first_id(super::reconciliations::KEPT_DAYS)),
        rule!("reconciliation_differences" by "merchant_id, id" where "id < $1", first_id(super::reconciliations::KEPT_DAYS)),
        rule!("webhook_tries" by "merchant_id, id" where "webhook_id < $1", first_id(kept.webhooks_days)),
        // A late event of an old payment is kept for its own time.
        rule!("webhooks" by "merchant_id, id" where "payment_id < $1 and id < $1 and due_at is null", first_id(kept.webhooks_days)),
    ]
}

/// Forgets what has no use any more. A table that cannot be worked on is left for the next time, and
/// told at the end.
pub async fn forget(app: &App) -> Result<(), Unavailable> {
    let mut failed = Ok(());
    for rule in rules(app.now(), app.settings.kept) {
        if let Err(error) = forget_all(app, &rule).await {
            failed = Err(error);
        }
    }
    failed
}

async fn forget_all(app: &App, rule: &Rule) -> Result<(), Unavailable> {
    while forget_some(app, rule).await? {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// One step. False when nothing is left to forget.
async fn forget_some(app: &App, rule: &Rule) -> Result<bool, Unavailable> {
    let found = app
        .db
        .row(rule.due, params![rule.before.clone(), STEP_ROWS])
        .await?;
    let due = found.map_or(Ok(0), |row| row.int("due"))?;
    if due == 0 {
        return Ok(false);
    }
    let mut commit = Commit::new(0, 0);
    commit.maybe(rule.forget, params![rule.before.clone(), STEP_ROWS]);
    app.commit(commit).await?.ignore_conflict();
    tracing::debug!(table = rule.table, rows = due, "forgotten");
    Ok(due == STEP_ROWS)
}
