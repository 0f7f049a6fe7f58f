//! `/panel/doubts`: payments whose outcome is unknown, with what is known and what can be done.

use super::door::Visit;
use super::{Page, look, render};
use crate::app::App;
use crate::operations::{Permission, doubts};
use crate::store::doubts::OpenDoubt;
use axum::Router;
use axum::routing::get;
use jiff::Timestamp;
use minijinja::{Value, context};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/panel/doubts", get(look(list)))
}

async fn list(app: Arc<App>, visit: Visit) -> Page {
    let found = doubts::list(&app, &visit.by(), visit.merchant_id()).await?;
    let asked = doubts::count_asked(&app, &visit.by(), visit.merchant_id()).await?;
    let now = app.now();
    let values = context! {
        doubts => found.iter().map(|doubt| doubt_view(doubt, now)).collect::<Vec<_>>(),
        asked => asked.payments,
        may_inquire => visit.may(Permission::Inquire),
        may_settle => visit.may(Permission::SettleDoubts),
    };
    Ok(render::page(&visit, "doubts.html", values))
}

fn doubt_view(doubt: &OpenDoubt, now: Timestamp) -> Value {
    let minutes = now.duration_since(doubt.since).as_mins().max(0);
    context! {
        id => doubt.payment_id, refund => doubt.refund, loan => doubt.loan, capture => doubt.capture, goes_back => doubt.goes_back,
        amount => doubt.amount, currency => doubt.currency.as_str(),
        party => &doubt.party, state => &doubt.state, since => doubt.since.to_string(),
        days => minutes / (24 * 60), hours => minutes / 60 % 24, minutes => minutes % 60,
        inquiries => doubt.inquiries, next => doubt.next_inquiry.map(|at| at.to_string()), message => &doubt.message,
    }
}
