//! `/file-reporting/v1`: reports as files, of a day or as they were asked for.

use super::moments::{moment, moment_behind};
use super::report_file::{self, ReportFile, Rows};
use super::report_rows::Range;
use super::{Caller, Permission, Problem, TOP};
use crate::app::App;
use crate::clock::istanbul;
use crate::store::db::Commit;
use crate::store::report_demands;
use contract::datetime::ReceivedDateTime;
use contract::enums::{ReportFileType, ReportType};
use contract::payment_reports::RetrieveDailyPaymentReportRequest;
use contract::reports::RetrieveReportRequest;
use contract::rules::Rule;
use contract::transaction_reports::RetrieveDailyTransactionReportRequest;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

/// Days of a range.
const RANGE_DAYS_MAX: i64 = 92;
/// What happened in a range is all written by then: what came later counts as of later.
const SETTLED_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// A range may end with the second that is passing.
const SECOND: Duration = Duration::from_secs(1);
/// Seconds after which one who found no place may ask again.
const AGAIN_SECONDS: &str = "10";

/// `GET /file-reporting/v1/transaction-reports`: what was taken and given back on a day.
pub async fn transactions_of_day(
    app: &Arc<App>,
    caller: &Caller,
    request: RetrieveDailyTransactionReportRequest,
) -> Result<ReportFile, Problem> {
    let (date, file_type) = (request.report_date, request.file_type);
    of_day(app, caller, ReportType::Transaction, (date, file_type)).await
}

/// `GET /file-reporting/v1/payment-reports`: the payments of a day, as they stand now.
pub async fn payments_of_day(
    app: &Arc<App>,
    caller: &Caller,
    request: RetrieveDailyPaymentReportRequest,
) -> Result<ReportFile, Problem> {
    let (date, file_type) = (request.report_date, request.file_type);
    of_day(app, caller, ReportType::Payment, (date, file_type)).await
}

/// `GET /file-reporting/v1/reports/{reportId}`: a report that was asked for and is ready.
pub async fn retrieve(
    app: &Arc<App>,
    caller: &Caller,
    id: i64,
    request: RetrieveReportRequest,
) -> Result<ReportFile, Problem> {
    let file_type = TOP.required("fileType", request.file_type)?;
    let (merchant_id, target) = (caller.merchant.id, id.to_string());
    caller
        .by
        .require(
            app,
            merchant_id,
            Permission::ExportPayments,
            "report.retrieve",
            &target,
        )
        .await?;
    let demand = report_demands::of_merchant(app, caller.merchant.id, id).await?;
    let demand = demand.ok_or_else(|| Problem::rule(Rule::ReportNotFound))?;
    if demand.ready_at.is_none() {
        return Err(Problem::rule(Rule::ReportNotReady));
    }
    let name = format!("report-{id}");
    begin(app, Rows::Kept(demand, 0), file_type, &name).await
}

async fn of_day(
    app: &Arc<App>,
    caller: &Caller,
    report: ReportType,
    (date, file_type): (Option<ReceivedDateTime>, Option<ReportFileType>),
) -> Result<ReportFile, Problem> {
    let date = TOP.required("reportDate", date)?;
    let file_type = TOP.required("fileType", file_type)?;
    let wrong = || Problem::field(Rule::InvalidDate, "reportDate");
    let range = day_of(moment(&date.0).ok_or_else(wrong)?);
    let range = range.filter(|range| is_over(app, range.before));
    let range = range.ok_or_else(|| Problem::field(Rule::NotOver, "reportDate"))?;
    let name = file_name(report, range);
    let rows = Rows::of(caller.alone(), report, range);
    begin(app, rows, file_type, &name).await
}

/// The day of a moment on Istanbul's calendar; `None` where days end.
fn day_of(moment: Timestamp) -> Option<Range> {
    let midnight = istanbul(moment).start_of_day().ok()?;
    let next = midnight.tomorrow().ok()?.start_of_day().ok()?;
    Some(Range {
        from: midnight.timestamp(),
        before: next.timestamp(),
    })
}

fn file_name(report: ReportType, range: Range) -> String {
    let what = match report {
        ReportType::Transaction => "transactions",
        ReportType::Payment => "payments",
    };
    let day = |moment| istanbul(moment).strftime("%Y-%m-%d").to_string();
    format!("{what}-{}", day(range.from))
}

/// When all that happened before a moment is written.
pub(super) fn settled_at(before: Timestamp) -> Timestamp {
    before.checked_add(SETTLED_AFTER).unwrap_or(Timestamp::MAX)
}

fn is_over(app: &App, before: Timestamp) -> bool {
    app.now() >= settled_at(before)
}

/// The range that two dates tell. The second one is in it: a whole day when it has no time, else all that its
/// last digit spans. It must be over.
pub(super) fn range(
    app: &App,
    start: Option<ReceivedDateTime>,
    end: Option<ReceivedDateTime>,
) -> Result<Range, Problem> {
    const DATE_CHARS: usize = 10;
    let (start, end) = (
        TOP.required("startDate", start)?,
        TOP.required("endDate", end)?,
    );
    let wrong = |field: &'static str| move || Problem::field(Rule::InvalidDate, field);
    let from = moment(&start.0).ok_or_else(wrong("startDate"))?;
    let last = moment(&end.0).ok_or_else(wrong("endDate"))?;
    let before = match end.0.trim().len() {
        DATE_CHARS => day_of(last).map_or(Timestamp::MAX, |day| day.before),
        _ => moment_behind(&end.0).ok_or_else(wrong("endDate"))?,
    };
    if last < from {
        return Err(Problem::limit(
            Rule::DateOrder,
            "endDate",
            "other",
            "startDate",
        ));
    }
    if before > app.after(SECOND) {
        return Err(Problem::field(Rule::NotOver, "endDate"));
    }
    let longest = SignedDuration::from_hours(24 * RANGE_DAYS_MAX);
    if last.duration_since(from) > longest {
        let max = RANGE_DAYS_MAX.to_string();
        let values = [
            ("field", "endDate"),
            ("other", "startDate"),
            ("max", max.as_str()),
        ];
        return Err(Problem::with(Rule::RangeTooLong, &values));
    }
    Ok(Range { from, before })
}

/// Begins to send a file, when there is a place for it. Its first rows are read before anything is answered.
async fn begin(
    app: &Arc<App>,
    mut rows: Rows,
    file_type: ReportFileType,
    name: &str,
) -> Result<ReportFile, Problem> {
    let place = Arc::clone(&app.report_streams).try_acquire_owned();
    let busy = |_| Problem::with(Rule::TooManyRequests, &[("seconds", AGAIN_SECONDS)]);
    let place = place.map_err(busy)?;
    let first = rows.next(app).await?;
    let (out, chunks) = report_file::channel();
    let app = Arc::clone(app);
    tokio::spawn(async move {
        report_file::write(&app, rows, first, file_type, out).await;
        drop(place);
    });
    let name = format!("{name}.{}", file_type.as_str().to_ascii_lowercase());
    Ok(ReportFile { name, chunks })
}

/// Writes the report of a range to `to`, for the operator. The audit log says so.
pub async fn write(
    app: &App,
    caller: &Caller,
    (report, start, end): (ReportType, &str, &str),
    file_type: ReportFileType,
    mut to: impl Write,
) -> Result<(), Problem> {
    const ACTION: &str = "report.export";
    let merchant_id = caller.merchant.id;
    caller
        .by
        .require(app, merchant_id, Permission::ExportPayments, ACTION, "")
        .await?;
    let date = |text: &str| Some(ReceivedDateTime(text.to_owned()));
    let range = range(app, date(start), date(end))?;
    if !is_over(app, range.before) {
        return Err(Problem::field(Rule::NotOver, "endDate"));
    }
    let mut commit = Commit::new(merchant_id, app.next_id());
    let change = (Json::Null, snapshot(report, range));
    caller
        .by
        .note(app, merchant_id, ACTION, "", change, &mut commit);
    app.commit(commit).await?.no_conflict()?;
    let mut rows = Rows::of(caller.alone(), report, range);
    let first = rows.next(app).await?;
    let (out, mut chunks) = report_file::channel();
    // Moved in: who writes the report is not kept waiting for chunks that cannot be taken any more.
    let take = async move {
        while let Some(chunk) = chunks.recv().await {
            let written = chunk.and_then(|bytes| to.write_all(&bytes));
            written.map_err(|error| Problem::unavailable(error.to_string()))?;
        }
        to.flush()
            .map_err(|error| Problem::unavailable(error.to_string()))
    };
    let ((), taken) = tokio::join!(report_file::write(app, rows, first, file_type, out), take);
    taken
}

/// A report as it stands in the audit log.
pub(super) fn snapshot(report: ReportType, range: Range) -> Json {
    json!({"reportType": report, "from": range.from.to_string(), "before": range.before.to_string()})
}
