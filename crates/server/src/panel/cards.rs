//! `/panel/cards`: stored cards, masked, of all shoppers or of one; deleted when a shopper asks for it.

use super::door::{Posted, Visit, to};
use super::{Page, act, look, render};
use crate::app::App;
use crate::operations::cards::{self, SeenCard, masked};
use crate::operations::{Permission, Problem};
use crate::store::cards::CardRef;
use axum::Router;
use axum::routing::get;
use http::StatusCode;
use minijinja::{Value, context};
use std::sync::Arc;

/// Cards of a page.
const PAGE: i64 = 50;
/// The last page that is shown: who looks further names the person.
const PAGE_LAST: i64 = 1_000_000;
/// Characters of a fingerprint that people compare.
const FINGERPRINT_SHOWN: usize = 10;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/panel/cards", get(look(list)))
        .route("/panel/cards/delete", act(delete))
}

async fn list(app: Arc<App>, visit: Visit) -> Page {
    cards_page(&app, &visit, visit.asked("user"), None).await
}

async fn cards_page(app: &App, visit: &Visit, user: &str, problem: Option<&Problem>) -> Page {
    let page = visit.asked("page").parse::<i64>().unwrap_or(0);
    let page = page.clamp(0, PAGE_LAST);
    let (by, merchant_id) = (visit.by(), visit.merchant_id());
    let of = Some(user).filter(|user| !user.is_empty());
    let (found, total) = cards::look(app, &by, merchant_id, of, page, PAGE).await?;
    let values = context! {
        cards => found.iter().map(row).collect::<Vec<Value>>(),
        person => user, total, page, more => (page + 1) * PAGE < total,
        error => problem.map(|problem| render::told(visit.language, problem).1),
        may_delete => visit.may(Permission::ManageCards),
    };
    let status = problem.map_or(StatusCode::OK, render::status_of);
    Ok(render::with_status(status, visit, "cards.html", values))
}

fn row(card: &SeenCard) -> Value {
    let shown = &card.shown;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    context! {
        user => text(&shown.card_user_key), token => text(&shown.card_token),
        number => masked(&text(&shown.bin_number), &text(&shown.last_four_digits)),
        holder => text(&shown.card_holder_name), alias => text(&shown.card_alias),
        bank => text(&shown.card_bank_name), brand => text(&shown.card_brand),
        year => text(&shown.expire_year), month => text(&shown.expire_month),
        expiry => shown.card_expiry_status.map(|status| status.as_str()),
        fingerprint => card.fingerprint.as_deref().and_then(|print| print.get(..FINGERPRINT_SHOWN)),
        created_at => card.created_at.to_string(),
        used_at => card.used_at.map(|at| at.to_string()),
        verified_at => card.verified_at.map(|at| at.to_string()),
    }
}

async fn delete(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    let of = CardRef {
        card_user_key: form.text("user").to_owned(),
        card_token: form.text("token").to_owned(),
    };
    match cards::remove(&app, &visit.by(), visit.merchant_id(), &of).await {
        Ok(()) => Ok(to("/panel/cards?done=removed")),
        // Somebody else was first: the list tells how it is now.
        Err(problem @ Problem::Rule { .. }) if visit.may(Permission::ManageCards) => {
            cards_page(&app, &visit, "", Some(&problem)).await
        }
        Err(problem) => Err(problem),
    }
}
