//! Days of POSes against their banks' lists, as the merchant's people see them: compared, looked at, and closed where a
//! difference is none.

use super::{Actor, Audited, Permission, Problem, TOP, changed_meanwhile, day_file};
use crate::app::App;
use crate::engine::reconciliation::{self, List, Uncompared};
use crate::store::db::Commit;
use crate::store::poses::Pos;
use crate::store::reconciliations as stored;
pub use crate::store::reconciliations::{
    Closing, Difference, DifferenceKind, Filter, Run, RunState, Source,
};
use connectors::bank::DoubtReason;
use connectors::scrub;
use contract::rules::Rule;
use jiff::civil::Date;
use serde_json::{Value as Json, json};

/// Differences that are listed.
pub const LISTED_MAX: i64 = 300;
/// Days whose comparisons are listed, and how many comparisons.
const RUN_DAYS: i8 = 14;
const RUNS_MAX: i64 = 200;
/// Characters of the reason that a person gives.
const NOTE_MIN: usize = 3;
const NOTE_MAX: usize = 500;

/// Compares a day of a POS with its bank's list, or with a file that was taken out of the bank's pages. The day must be
/// over. Answers how the comparison stands, with the day's differences.
pub async fn compare(
    app: &App,
    by: &Actor,
    (merchant_id, pos_id): (i64, i64),
    day: Date,
    file: Option<&[u8]>,
) -> Result<(Run, Vec<Difference>), Problem> {
    const ACTION: &str = "pos.reconcile";
    let target = pos_id.to_string();
    let permission = Permission::SettleDoubts;
    by.require(app, merchant_id, permission, ACTION, &target)
        .await?;
    let pos = Pos::load(app, merchant_id, pos_id).await?;
    let is_over = day < app.istanbul_now().date();
    TOP.require("day", Rule::DayNotOver, is_over)?;
    let read = file.map(|file| day_file::moves(file, pos.currency));
    let list = match read.transpose()? {
        Some(moves) => {
            let of_day = moves
                .iter()
                .any(|one| one.at.is_some_and(|at| at.date() == day));
            if !of_day {
                let day = day.to_string();
                let values = [("field", "file"), ("day", day.as_str())];
                return Err(Problem::with(Rule::FileOfOtherDays, &values));
            }
            ListOf::File(moves)
        }
        None if reconciliation::has_list(pos.integrator) => ListOf::Bank,
        None => return Err(Problem::rule(Rule::NoDayList)),
    };
    let list = match &list {
        ListOf::Bank => List::Bank,
        ListOf::File(moves) => List::File(moves),
    };
    let noted = |run: &Run, commit: &mut Commit| {
        let source = run.source.map(Source::as_str);
        let after = json!({
            "day": day.to_string(), "source": source, "moves": run.moves, "differences": run.differences,
        });
        by.note(
            app,
            merchant_id,
            ACTION,
            &target,
            (Json::Null, after),
            commit,
        );
    };
    let compared = reconciliation::compare(app, &pos, day, list, noted).await;
    let run = compared.map_err(|why| match why {
        Uncompared::Problem(Problem::Moved) => changed_meanwhile(),
        Uncompared::Problem(problem) => problem,
        Uncompared::NoList(doubt) if doubt.reason == DoubtReason::NotSupported => {
            Problem::rule(Rule::NoDayList)
        }
        Uncompared::NoList(doubt) => {
            let why = scrub::words(&doubt.detail);
            Problem::with(Rule::ListNotGiven, &[("why", &why)])
        }
    })?;
    let of = (merchant_id, pos_id);
    let mut differences = stored::differences_of_day(app, of, day).await?;
    differences.retain(|one| one.closing.is_none());
    Ok((run, differences))
}

enum ListOf {
    Bank,
    File(Vec<connectors::bank::BankMove>),
}

/// A merchant's differences, open ones first.
pub async fn list(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    filter: Filter<'_>,
) -> Result<Vec<Difference>, Problem> {
    may_look(app, by, merchant_id).await?;
    Ok(stored::differences_of_merchant(app, merchant_id, filter, LISTED_MAX).await?)
}

/// How many differences of a merchant are open.
pub async fn count_open(app: &App, by: &Actor, merchant_id: i64) -> Result<i64, Problem> {
    may_look(app, by, merchant_id).await?;
    Ok(stored::count_open(app, merchant_id).await?)
}

/// The comparisons of the last two weeks, the latest day first.
pub async fn runs(app: &App, by: &Actor, merchant_id: i64) -> Result<Vec<Run>, Problem> {
    may_look(app, by, merchant_id).await?;
    let today = app.istanbul_now().date();
    let from = today.saturating_sub(jiff::Span::new().days(RUN_DAYS));
    Ok(stored::all_of_merchant(app, merchant_id, from, RUNS_MAX).await?)
}

async fn may_look(app: &App, by: &Actor, merchant_id: i64) -> Result<(), Problem> {
    let permission = Permission::LookAtPayments;
    by.require(
        app,
        merchant_id,
        permission,
        "payment.look",
        "reconciliation",
    )
    .await
}

/// Closes a difference that a person knows to be none, or has seen to. It moves no money, and is told to nobody.
pub async fn close(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    id: i64,
    note: &str,
) -> Result<Difference, Problem> {
    const ACTION: &str = "difference.close";
    let target = id.to_string();
    let permission = Permission::SettleDoubts;
    by.require(app, merchant_id, permission, ACTION, &target)
        .await?;
    let note = note.trim();
    TOP.require_length("note", note.chars().count(), NOTE_MIN..=NOTE_MAX)?;
    let note = scrub::line(note, NOTE_MAX);
    let found = stored::difference(app, merchant_id, id).await?;
    let was = found.ok_or_else(|| Problem::rule(Rule::DifferenceNotFound))?;
    if was.closing.is_some() {
        return Err(changed_meanwhile());
    }
    let now = Difference {
        closing: Some(Closing::ByHand),
        closed_at: Some(app.now()),
        closed_by: Some(by.name()),
        note: Some(note.clone()),
        ..was.clone()
    };
    let mut commit = Commit::new(merchant_id, id);
    stored::save_difference(&now, &was, &mut commit);
    let before =
        json!({"kind": was.kind.as_str(), "orderId": was.order_id, "day": was.day.to_string()});
    let after = json!({"note": note});
    by.note(
        app,
        merchant_id,
        ACTION,
        &target,
        (before, after),
        &mut commit,
    );
    if app.commit(commit).await?.is_conflict() {
        return Err(changed_meanwhile());
    }
    Ok(now)
}
