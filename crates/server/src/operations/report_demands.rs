//! `/file-reporting/v1/report-demands`: reports of a range, made by a job and kept for a while. What is fetched
//! is what was made, each time the same (decision 0027).

use super::report_file::pack;
use super::report_rows::{self, At, Range};
use super::{Actor, Caller, Permission, Problem, TOP, reports};
use crate::app::App;
use crate::clock::local_text;
use crate::engine::announce;
use crate::engine::claims::Claims;
use crate::store::db::Commit;
use crate::store::merchants::Merchant;
use crate::store::report_demands;
pub use crate::store::report_demands::{Demand, KEPT_DAYS};
use contract::datetime::LocalDateTime;
use contract::enums::ReportPeriod;
use contract::errors::Language;
use contract::report_demands::{CreateReportRequest, ReportDemandResponse};
use contract::rules::Rule;
use serde_json::Value as Json;
use std::sync::Arc;

/// Reports of a merchant that may be in the making.
const OPEN_MAX: i64 = 5;
/// Reports of a merchant that are kept.
const KEPT_MAX: i64 = 100;

/// `POST /file-reporting/v1/report-demands`: asks for a report. A webhook tells when it is ready.
pub async fn create(
    app: &App,
    caller: &Caller,
    request: CreateReportRequest,
) -> Result<ReportDemandResponse, Problem> {
    const ACTION: &str = "report.demand";
    let merchant_id = caller.merchant.id;
    caller
        .by
        .require(app, merchant_id, Permission::ExportPayments, ACTION, "")
        .await?;
    let report_type = TOP.required("reportType", request.report_type)?;
    let report_period = request.report_period.unwrap_or(ReportPeriod::Instant);
    let range = reports::range(app, request.start_date, request.end_date)?;
    let (open, kept) = report_demands::count(app, merchant_id).await?;
    for (there, max) in [(open, OPEN_MAX), (kept, KEPT_MAX)] {
        if there >= max {
            let max = max.to_string();
            return Err(Problem::with(Rule::TooManyReports, &[("max", &max)]));
        }
    }
    let id = app.next_id();
    let due_at = reports::settled_at(range.before).max(app.now());
    let demand = Demand {
        merchant_id,
        id,
        report_type,
        from_at: range.from,
        before_at: range.before,
        parts: 0,
        step: report_rows::BEGINNING.step,
        behind_id: report_rows::BEGINNING.behind_id,
        ready_at: None,
        due_at: Some(due_at),
    };
    let mut commit = caller.claims.intent(app, None);
    report_demands::insert(&demand, &mut commit);
    let change = (Json::Null, reports::snapshot(report_type, range));
    let target = id.to_string();
    caller
        .by
        .note(app, merchant_id, ACTION, &target, change, &mut commit);
    caller.claims.commit(app, commit, Problem::Moved).await?;
    let local = |moment| Some(LocalDateTime(local_text(moment)));
    Ok(ReportDemandResponse {
        id: Some(id),
        report_id: Some(id.to_string()),
        report_type: Some(report_type),
        report_period: Some(report_period),
        start_date: local(range.from),
        end_date: local(range.before),
    })
}

/// The reports that a merchant asked for and that are kept, the newest first.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<Demand>, Problem> {
    const ACTION: &str = "report.look";
    let merchant_id = caller.merchant.id;
    caller
        .by
        .require(app, merchant_id, Permission::ExportPayments, ACTION, "")
        .await?;
    Ok(report_demands::all_of_merchant(app, merchant_id, KEPT_MAX).await?)
}

/// Makes a report that is due, from where it stands; what somebody else does at the same time is left to them.
pub async fn make(app: &App, merchant: &Merchant, id: i64) -> Result<(), Problem> {
    let closed = |_| Problem::unavailable("no reports are made any more");
    let _place = app.report_makers.acquire().await.map_err(closed)?;
    // Nothing of a report is in a language.
    let caller = Caller {
        merchant: Arc::new(merchant.clone()),
        claims: Claims::none(merchant.id),
        language: Language::En,
        by: Actor::operator(),
    };
    let found = report_demands::of_merchant(app, merchant.id, id).await?;
    let Some(mut demand) = found.filter(|demand| demand.due_at.is_some()) else {
        return Ok(());
    };
    let range = Range {
        from: demand.from_at,
        before: demand.before_at,
    };
    loop {
        let at = At {
            step: demand.step,
            behind_id: demand.behind_id,
        };
        let (rows, behind) =
            report_rows::next(app, &caller, (demand.report_type, range), at).await?;
        let mut commit = Commit::new(merchant.id, id);
        let is_ready = rows.is_empty();
        if is_ready {
            report_demands::end(&demand, app.now(), &mut commit);
            announce::report(app, merchant, id, &mut commit);
        } else {
            let behind = (behind.step, behind.behind_id);
            report_demands::add_part(&demand, pack(&rows)?, behind, &mut commit);
        }
        if app.commit(commit).await?.is_conflict() || is_ready {
            return Ok(());
        }
        demand.parts += 1;
        (demand.step, demand.behind_id) = (behind.step, behind.behind_id);
    }
}
