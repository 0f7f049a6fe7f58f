//! `/panel/reconciliation`: what the banks' lists say otherwise than the books, with what can be done; the comparisons of
//! the last days; and a day compared now, by the bank's list or by a file of its pages.

use super::door::{Posted, Visit, to};
use super::fields::{self, Label};
use super::{Page, act, look, render};
use crate::app::App;
use crate::operations::reconciliations::{
    self, Difference, DifferenceKind, Filter, LISTED_MAX, Run,
};
use crate::operations::{Permission, Problem};
use crate::setup;
use crate::store::poses::Pos;
use axum::Router;
use axum::routing::get;
use connectors::bank::Verb;
use connectors::directory;
use contract::rules::Rule;
use http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use minijinja::{Value, context};
use std::sync::Arc;

const PAGE: &str = "/panel/reconciliation";

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route(PAGE, get(look(list)))
        .route("/panel/reconciliation/compare", act(compare))
        .route("/panel/reconciliation/{id}/close", act(close))
}

const LABELS: &[Label] = &[
    ("pos", "pos", "POS", "The POS"),
    ("day", "day", "Gün", "The day"),
    ("file", "file", "Dosya", "The file"),
    ("note", "note", "Açıklama", "The reason"),
];

async fn list(app: Arc<App>, visit: Visit) -> Page {
    shown(&app, &visit, None).await
}

/// What is wrong with a form.
#[derive(Clone, Copy)]
struct Wrong<'a> {
    problem: &'a Problem,
    form: &'a Posted,
    /// It closes a difference, of which a page has many: what is wrong is told above them.
    closes: bool,
}

impl Wrong<'_> {
    fn told(self, visit: &Visit) -> Value {
        if self.closes {
            fields::error_elsewhere(visit, self.problem, LABELS)
        } else {
            fields::error(visit, self.problem, LABELS)
        }
    }
}

async fn shown(app: &App, visit: &Visit, wrong: Option<Wrong<'_>>) -> Page {
    let (by, merchant_id) = (visit.by(), visit.merchant_id());
    let filter = Filter {
        pos_id: visit.asked("pos").parse().unwrap_or(0),
        kind: visit.asked("kind"),
        day: visit.asked("day"),
    };
    let differences = reconciliations::list(app, &by, merchant_id, filter).await?;
    let runs = reconciliations::runs(app, &by, merchant_id).await?;
    let open = reconciliations::count_open(app, &by, merchant_id).await?;
    let poses = setup::poses_of(app, &by, merchant_id).await?;
    let form = wrong.map(|wrong| wrong.form);
    let yesterday = app.istanbul_now().date().yesterday();
    let yesterday = yesterday.map(|day| day.to_string()).unwrap_or_default();
    let values = context! {
        open, listed_max => LISTED_MAX,
        differences => differences.iter().map(|one| difference_view(one, &poses)).collect::<Vec<_>>(),
        runs => runs.iter().map(|one| run_view(app.now(), one, &poses)).collect::<Vec<_>>(),
        poses => poses.iter().map(pos_view).collect::<Vec<_>>(),
        kinds => DifferenceKind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(),
        filter => context! { pos => visit.asked("pos"), kind => filter.kind, day => filter.day },
        values => context! {
            pos => fields::field_value(form, "pos", ""),
            day => fields::field_value(form, "day", &yesterday),
            file => form.map_or("", |form| form.raw("file")),
        },
        may_settle => visit.may(Permission::SettleDoubts),
        may_inquire => visit.may(Permission::Inquire),
        error => wrong.map(|wrong| wrong.told(visit)),
    };
    let status = wrong.map_or(StatusCode::OK, |wrong| render::status_of(wrong.problem));
    let page = "reconciliation.html";
    Ok(render::with_status(status, visit, page, values))
}

fn pos_view(pos: &Pos) -> Value {
    context! {
        id => pos.id.to_string(), name => &pos.name,
        has_list => directory::can(pos.integrator, Verb::DayList),
    }
}

fn name_of(poses: &[Pos], id: i64) -> String {
    let found = poses.iter().find(|pos| pos.id == id);
    found.map_or_else(|| id.to_string(), |pos| pos.name.clone())
}

fn difference_view(one: &Difference, poses: &[Pos]) -> Value {
    context! {
        id => one.id, kind => one.kind.as_str(), day => one.day.to_string(), pos => name_of(poses, one.pos_id),
        order_id => &one.order_id, payment => one.payment_id, currency => one.currency.as_str(),
        their_currency => one.their_currency.unwrap_or(one.currency).as_str(),
        ours => one.ours, theirs => one.theirs, reference => &one.reference, card => &one.card,
        since => one.first_seen_at.to_string(), closing => one.closing.map(|closing| closing.as_str()),
        closed_at => one.closed_at.map(|at| at.to_string()), closed_by => &one.closed_by, note => &one.note,
    }
}

fn run_view(now: Timestamp, run: &Run, poses: &[Pos]) -> Value {
    context! {
        day => run.day.to_string(), pos => name_of(poses, run.pos_id), state => run.state.as_str(),
        source => run.source.map(|source| source.as_str()), moves => run.moves, differences => run.differences,
        compared => run.compared_at.map(|at| at.to_string()), message => &run.message,
        due => run.due_at.filter(|at| *at > now).map(|at| at.to_string()),
    }
}

async fn compare(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    fields::require(&app, &visit, Permission::SettleDoubts, "pos.reconcile").await?;
    let file = Some(form.raw("file").as_bytes()).filter(|file| !file.trim_ascii().is_empty());
    let compared = match asked(&form) {
        Ok((pos, day)) => {
            let of = (visit.merchant_id(), pos);
            reconciliations::compare(&app, &visit.by(), of, day, file).await
        }
        Err(problem) => Err(problem),
    };
    answered(&app, &visit, &form, compared.map(drop), "compared").await
}

fn asked(form: &Posted) -> Result<(i64, Date), Problem> {
    let pos = form.text("pos").parse();
    let pos = pos.map_err(|_| Problem::field(Rule::Required, "pos"))?;
    let day = form.text("day").parse();
    let day = day.map_err(|_| Problem::field(Rule::InvalidDate, "day"))?;
    Ok((pos, day))
}

async fn close(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    let (id, note) = (visit.id("id")?, form.text("note"));
    let closed = reconciliations::close(&app, &visit.by(), visit.merchant_id(), id, note).await;
    answered(&app, &visit, &form, closed.map(drop), "saved").await
}

async fn answered(
    app: &App,
    visit: &Visit,
    form: &Posted,
    ended: Result<(), Problem>,
    done: &'static str,
) -> Page {
    match ended {
        Ok(()) => Ok(to(&format!("{PAGE}?done={done}"))),
        Err(problem @ Problem::Rule { .. }) if visit.may(Permission::SettleDoubts) => {
            let wrong = Wrong {
                problem: &problem,
                form,
                closes: done == "saved",
            };
            shown(app, visit, Some(wrong)).await
        }
        Err(problem) => Err(problem),
    }
}
