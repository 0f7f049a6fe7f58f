//! `/panel/autopilot`: which banks the autopilot keeps payments away from, and what it did.

use super::door::Visit;
use super::{Page, look, render};
use crate::app::App;
use crate::setup;
use crate::store::autopilot::{Change, down_since};
use crate::store::poses::Pos;
use axum::Router;
use axum::routing::get;
use contract::enums::PosStatus;
use minijinja::{Value, context};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/panel/autopilot", get(look(history)))
}

async fn history(app: Arc<App>, visit: Visit) -> Page {
    let (by, merchant_id) = (visit.by(), visit.merchant_id());
    let poses = setup::poses_of(&app, &by, merchant_id).await?;
    let changes = setup::autopilot_changes(&app, &by, merchant_id).await?;
    let rules = app.settings.autopilot;
    let watched = poses
        .iter()
        .filter(|pos| pos.status == PosStatus::Autopilot);
    let values = context! {
        poses => watched.map(legs).collect::<Vec<_>>(),
        changes => changes.iter().map(|change| change_view(change, &poses)).collect::<Vec<_>>(),
        window => rules.window.as_secs(), answers => rules.answers_min, percent => rules.failures_percent,
        cool_down => rules.cool_down.as_secs(), probe => rules.probe_every.as_secs(),
    };
    Ok(render::page(&visit, "autopilot.html", values))
}

/// How a POS stands with the autopilot, for a page that lists POSes.
pub(super) fn legs(pos: &Pos) -> Value {
    let since = |threeds| down_since(pos, threeds).map(|at| at.to_string());
    context! { id => pos.id, name => &pos.name, threeds => since(true), non_threeds => since(false) }
}

fn change_view(change: &Change, poses: &[Pos]) -> Value {
    let pos = poses.iter().find(|pos| pos.id == change.pos_id);
    context! {
        at => change.at.to_string(), pos_id => change.pos_id, pos => pos.map(|pos| &pos.name),
        threeds => change.threeds, is_up => change.is_up, failures => change.failures, answers => change.answers,
    }
}
