//! A webhook that is due is delivered: called once, and noted how it went.

use crate::app::App;
use crate::desk::Due;
use crate::engine::webhook_call;
use crate::problem::Problem;
use crate::store::db::Commit;
use crate::store::{merchants, webhooks};

/// Calls the merchant's address once and notes how it went. A failure of ours counts no try.
pub(super) async fn deliver(app: &App, due: &Due) -> Result<(), Problem> {
    let sent = webhooks::one(app, due.merchant_id, due.id).await?;
    let Some(sent) = sent.filter(|sent| sent.due_at == Some(due.due_at)) else {
        // Another call was faster.
        return Ok(());
    };
    let webhook = &sent.webhook;
    let Some(merchant) = merchants::of_id(app, webhook.merchant_id).await? else {
        return Err(Problem::unavailable("a webhook's merchant is gone"));
    };
    let called = webhook_call::call(app, &merchant, webhook).await;
    let delivered = called.is_delivered();
    let next = usize::try_from(webhook.tries + 1).unwrap_or(usize::MAX);
    let again_at = if delivered {
        None
    } else {
        app.settings
            .webhook_waits
            .get(next)
            .map(|wait| app.after(*wait))
    };
    let said = called.result();
    tracing::info!(webhook = webhook.id, event = %webhook.event, delivered, said, "a webhook was called");
    let mut commit = Commit::new(webhook.merchant_id, webhook.id);
    let was = (webhook, due.due_at);
    webhooks::save_try(was, delivered, &said, again_at, &mut commit);
    webhooks::insert_try(&called, &mut commit);
    if app.commit(commit).await?.is_conflict() {
        // Another replica called it as well; that call happened, too.
        let mut commit = Commit::new(webhook.merchant_id, webhook.id);
        webhooks::insert_try(&called, &mut commit);
        app.commit(commit).await?.no_conflict()?;
    }
    Ok(())
}
