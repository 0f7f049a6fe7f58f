//! `/panel/reports`: files of payments, or of what was taken and given back, made by a job and kept for a week.

use super::door::{Posted, Visit, to};
use super::fields::{self, Label};
use super::{Page, act, look, render};
use crate::app::App;
use crate::clock::istanbul;
use crate::operations::report_demands::{self, Demand, KEPT_DAYS};
use crate::operations::report_file::ReportFile;
use crate::operations::{Permission, Problem, reports};
use crate::setup;
use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::get;
use contract::datetime::ReceivedDateTime;
use contract::enums::{ReportFileType, ReportType};
use contract::report_demands::CreateReportRequest;
use contract::reports::RetrieveReportRequest;
use contract::rules::Rule;
use futures_util::stream;
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use minijinja::{Value, context};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/panel/reports", get(look(list)))
        .route("/panel/reports/demand", act(demand))
        .route("/panel/reports/{id}/{format}", get(look(file)))
}

const LABELS: &[Label] = &[
    ("reportType", "reportType", "İçerik", "The content"),
    ("startDate", "startDate", "İlk gün", "The first day"),
    ("endDate", "endDate", "Son gün", "The last day"),
];

async fn list(app: Arc<App>, visit: Visit) -> Page {
    shown(&app, &visit, None).await
}

async fn shown(app: &App, visit: &Visit, wrong: Option<(&Problem, &Posted)>) -> Page {
    let caller = visit.caller(app).await?;
    let demands = report_demands::list(app, &caller).await?;
    let form = wrong.map(|(_, form)| form);
    let yesterday = app.istanbul_now().date().yesterday();
    let yesterday = yesterday.map(|day| day.to_string()).unwrap_or_default();
    let value = |name, stored: &str| fields::field_value(form, name, stored);
    let values = context! {
        reports => demands.iter().map(|one| report_view(app.now(), one)).collect::<Vec<_>>(),
        kept_days => KEPT_DAYS,
        kind => value("reportType", ReportType::Payment.as_str()),
        from => value("startDate", &yesterday), last => value("endDate", &yesterday),
        once => crate::random::token(),
        error => wrong.map(|(problem, _)| fields::error(visit, problem, LABELS)),
    };
    let status = wrong.map_or(StatusCode::OK, |(problem, _)| render::status_of(problem));
    Ok(render::with_status(status, visit, "reports.html", values))
}

fn report_view(now: Timestamp, demand: &Demand) -> Value {
    // A range ends before a moment, which for a whole day is the next one's beginning.
    let last = demand.before_at.checked_sub(SignedDuration::from_secs(1));
    let last = last.unwrap_or(demand.before_at);
    let day = |moment: Timestamp| istanbul(moment).date();
    context! {
        id => demand.id, kind => demand.report_type.as_str(),
        from => demand.from_at.to_string(), last => last.to_string(), one_day => day(demand.from_at) == day(last),
        ready => demand.ready_at.map(|at| at.to_string()),
        due => demand.due_at.filter(|at| *at > now).map(|at| at.to_string()),
    }
}

async fn demand(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    fields::require(&app, &visit, Permission::ExportPayments, "report.demand").await?;
    let mut caller = visit.caller(&app).await?;
    caller.claims = setup::claims_once(visit.merchant_id(), form.text("once"));
    let date = |name: &str| {
        let given = Some(form.text(name).trim()).filter(|text| !text.is_empty());
        given.map(|text| ReceivedDateTime(text.to_owned()))
    };
    let request = CreateReportRequest {
        report_type: form.text("reportType").parse().ok(),
        start_date: date("startDate"),
        end_date: date("endDate"),
        ..CreateReportRequest::default()
    };
    match report_demands::create(&app, &caller, request).await {
        Ok(_)
        // The same page was sent twice: its report is in the list.
        | Err(Problem::Rule {
            rule: Rule::IdempotencyInFlight,
            ..
        }) => Ok(to("/panel/reports?done=demanded")),
        Err(problem @ Problem::Rule { .. }) => shown(&app, &visit, Some((&problem, &form))).await,
        Err(problem) => Err(problem),
    }
}

async fn file(app: Arc<App>, visit: Visit) -> Page {
    let file_type: Option<ReportFileType> = visit.param("format").to_ascii_uppercase().parse().ok();
    if file_type.is_none() {
        return Err(Problem::rule(Rule::UnknownRoute));
    }
    let caller = visit.caller(&app).await?;
    let request = RetrieveReportRequest { file_type };
    let file = reports::retrieve(&app, &caller, visit.id("id")?, request).await?;
    Ok(attachment(file))
}

/// A file that the browser saves, sent while it is written.
fn attachment(file: ReportFile) -> Response {
    let ReportFile { name, chunks } = file;
    let chunks = stream::unfold(chunks, async |mut chunks| {
        chunks.recv().await.map(|chunk| (chunk, chunks))
    });
    let mut response: Response =
        render::headed(StatusCode::OK, "application/octet-stream", "no-store")
            .body(Body::from_stream(chunks))
            .unwrap_or_else(|_| Response::new(Body::empty()));
    let name = format!("attachment; filename=\"galata-{name}\"");
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    response
}
