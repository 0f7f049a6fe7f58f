//! The request log as the merchant's developers see it.

use super::{Actor, Permission, Problem};
use crate::app::App;
use crate::store::requests::{self, Filter, Logged};
use contract::rules::Rule;

/// Most rows of a page.
const PAGE_MAX: i64 = 100;

/// Requests of a merchant's API keys, newest first, without what was signed.
pub async fn list(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Logged>, Problem> {
    let permission = Permission::LookAtRequests;
    by.require(app, merchant_id, permission, "request.look", "")
        .await?;
    let limit = limit.clamp(1, PAGE_MAX);
    let mut found = requests::of_merchant(app, merchant_id, filter, limit).await?;
    for request in &mut found {
        request.signing = None;
    }
    Ok(found)
}

/// One request. A look at what was signed leaves an entry in the audit log.
pub async fn retrieve(app: &App, by: &Actor, merchant_id: i64, id: i64) -> Result<Logged, Problem> {
    const ACTION: &str = "request.look";
    let target = id.to_string();
    let permission = Permission::LookAtRequests;
    by.require(app, merchant_id, permission, ACTION, &target)
        .await?;
    let found = requests::one(app, merchant_id, id).await?;
    let found = found.ok_or_else(|| Problem::field(Rule::InvalidId, "request"))?;
    if found.signing.is_some() {
        by.note_look(app, merchant_id, ACTION, &target).await?;
    }
    Ok(found)
}
