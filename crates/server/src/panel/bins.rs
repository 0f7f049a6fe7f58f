//! `/panel/bins`: what a card's first digits tell.

use super::door::Visit;
use super::fields::{self, Label};
use super::{Page, look, render};
use crate::app::App;
use crate::operations::{Problem, bins};
use axum::Router;
use axum::routing::get;
use contract::rules::Rule;
use http::StatusCode;
use minijinja::context;
use std::sync::Arc;

const LABELS: &[Label] = &[(
    "binNumber",
    "bin",
    "Kartın ilk haneleri",
    "The first digits",
)];

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/panel/bins", get(look(bin)))
}

async fn bin(app: Arc<App>, visit: Visit) -> Page {
    // A person who pastes a whole number meant its beginning; the rest is neither used nor shown.
    let digits: String = visit
        .asked("bin")
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    let asked: String = match digits.len() {
        9.. => digits.chars().take(8).collect(),
        _ => digits,
    };
    if asked.is_empty() {
        return Ok(render::page(&visit, "bins.html", context! { bin => "" }));
    }
    let caller = visit.caller(&app).await?;
    match bins::retrieve(&app, &caller, &asked).await {
        Ok(found) => {
            let values = context! {
                bin => &asked,
                found => context! {
                    bank => found.bank_name, bank_code => found.bank_code.map(|code| format!("{code:03}")),
                    kind => found.card_type.map(|kind| kind.as_str()),
                    association => found.card_association.map(|one| one.as_str()),
                    brand => found.card_brand, programme => bins::programme(&app, &asked), commercial => found.commercial,
                },
            };
            Ok(render::page(&visit, "bins.html", values))
        }
        Err(Problem::Rule {
            rule: Rule::BinNotFound,
            ..
        }) => {
            let values = context! { bin => asked, unknown => true };
            Ok(render::page(&visit, "bins.html", values))
        }
        Err(problem @ Problem::Rule { .. }) => {
            let error = fields::error(&visit, &problem, LABELS);
            let values = context! { bin => asked, error };
            Ok(render::with_status(
                StatusCode::BAD_REQUEST,
                &visit,
                "bins.html",
                values,
            ))
        }
        Err(problem) => Err(problem),
    }
}
