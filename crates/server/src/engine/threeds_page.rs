//! How a shopper's browser reaches the bank's 3DS page without the shop seeing what the bank is
//! sent: addresses of Galata's, and the bank's form sealed for them (`docs/decisions/0002`). What
//! comes back from the bank is not here.

use super::CONFLICTS_MAX;
use super::recorder::Recorder;
use crate::app::App;
use crate::problem::Problem;
use crate::random;
use crate::store::Committed;
use crate::store::attempts::{self, Attempt, AttemptState, Visitor};
use crate::store::db::Commit;
use crate::store::page_tokens::{self, Kind};
use crate::store::payments::{self, Payment};
use crate::vault;
use connectors::bank::{BankForm, FormMethod};
use contract::card::Secret;
use contract::enums::PosIntegrator;
use std::time::Duration;
use zeroize::Zeroizing;

/// How often one form is shown: a shopper goes back and reloads, and no more.
const OPENINGS_MAX: i64 = 10;
/// How long the shopper may take to reach the bank's page.
const PAGE_TIME: Duration = Duration::from_secs(15 * 60);
/// How long the bank's page may take to send the browser back; after it the payment ends.
pub(super) const RETURN_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Where the shopper's browser goes next.
pub struct Page {
    /// Where the shop's page posts the sealed field to.
    pub url: String,
    /// The bank's form, sealed and bound to that address.
    pub sealed: String,
    /// Where the shop can send the browser instead: the same form, shown by Galata. `None` when it
    /// could not be kept.
    pub redirect_url: Option<String>,
}

/// The addresses of one way to the bank and back: 128 random bits each.
pub(super) struct Addresses {
    /// Takes the sealed field by POST.
    page: String,
    /// Shows the form that is kept. Only the digest of this one is stored: it opens the form.
    redirect: Zeroizing<String>,
    /// Where the bank sends the browser back.
    back: String,
}

impl Addresses {
    pub(super) fn new() -> Addresses {
        Addresses {
            page: random::token(),
            redirect: Zeroizing::new(random::token()),
            back: random::token(),
        }
    }

    pub(super) fn insert(&self, app: &App, payment: &Payment, commit: &mut Commit) {
        for (token, kind, time) in [
            (&self.page, Kind::ThreedsPage, PAGE_TIME),
            (
                &vault::digest_of(&self.redirect),
                Kind::ThreedsPage,
                PAGE_TIME,
            ),
            (&self.back, Kind::ThreedsReturn, RETURN_TIME),
        ] {
            let until = app.after(time);
            page_tokens::insert(payment, token, kind, until, commit);
        }
    }

    pub(super) fn return_url(&self, app: &App) -> String {
        return_url(app, &self.back)
    }

    /// The bank's form behind its addresses.
    pub(super) async fn page(
        &self,
        app: &App,
        attempt: &Attempt,
        bank: PosIntegrator,
        form: &BankForm,
    ) -> Page {
        let plain = match form.method {
            FormMethod::Post => serde_json::to_vec(&(bank, &form.action, &form.fields)),
            FormMethod::Get => serde_json::to_vec(&(bank, &form.action, &form.fields, form.method)),
        };
        let plain = Zeroizing::new(plain.unwrap_or_default());
        // The bank prepared its page and the shop can show it: nothing refuses any more.
        let kept = self.keep(app, attempt, &plain).await;
        if !kept {
            tracing::warn!(
                payment = attempt.payment_id,
                "the 3DS form could not be kept: no redirectUrl"
            );
        }
        let redirect = || app.public_url(&format!("/pages/3ds/{}", *self.redirect));
        Page {
            url: app.public_url(&format!("/pages/3ds/{}", self.page)),
            sealed: app.vault.seal(&page_seal_context(&self.page), &plain),
            redirect_url: kept.then(redirect),
        }
    }

    async fn keep(&self, app: &App, attempt: &Attempt, plain: &[u8]) -> bool {
        let sealed = Secret::new(vault::seal_for_holder(&self.redirect, plain));
        let mut commit = Commit::new(attempt.merchant_id, attempt.payment_id);
        attempts::keep_form(app, attempt, &sealed, &mut commit);
        let kept = app.commit(commit).await;
        kept.is_ok_and(Committed::is_yes)
    }
}

/// Where the bank sends the browser back.
pub(super) fn return_url(app: &App, token: &str) -> String {
    app.public_url(&format!("/pages/3ds-return/{token}"))
}

/// A bank's form as it is sealed: the bank, where the form goes, its fields. One that goes by GET says so behind them: an
/// older version, which would post it, shows nothing.
type SealedForm = (PosIntegrator, String, Vec<(String, String)>);
type SealedGetForm = (PosIntegrator, String, Vec<(String, String)>, FormMethod);

fn page_seal_context(token: &str) -> String {
    format!("3ds page {token}")
}

/// What an address of the way to the bank's page leads to.
pub enum Opening {
    /// The bank's form.
    Form(BankForm),
    /// It was not made for this address, its time is over, or it was shown often enough.
    Nothing,
    /// Another browser was here first.
    Elsewhere,
}

/// The bank's form out of the sealed field that the shop's page posted. It may stand in a frame of the
/// shop, where browsers keep no cookie of ours, so it is not bound to one.
pub async fn open_posted(
    app: &App,
    token: &str,
    sealed: &str,
    visitor: &Visitor,
) -> Result<Opening, Problem> {
    let Some((merchant_id, payment_id, true)) =
        page_tokens::of_token(app, token, Kind::ThreedsPage).await?
    else {
        return Ok(Opening::Nothing);
    };
    let Ok(plain) = app.vault.open(&page_seal_context(token), sealed) else {
        return Ok(Opening::Nothing);
    };
    let unbound = Visitor {
        browser: None,
        ..visitor.clone()
    };
    let of = (merchant_id, payment_id);
    show(app, of, &unbound, false, |_| Some(plain.to_vec())).await
}

/// Whether an address leads to a form that is kept. Looking at it changes nothing.
pub async fn is_kept(app: &App, token: &str) -> Result<bool, Problem> {
    let known = page_tokens::of_token(app, &vault::digest_of(token), Kind::ThreedsPage).await?;
    let Some((merchant_id, payment_id, true)) = known else {
        return Ok(false);
    };
    let attempt = attempts::last_of_payment(app, merchant_id, payment_id).await?;
    Ok(attempt.is_some_and(|attempt| kept_form(token, &attempt).is_some()))
}

/// The bank's form that is kept for this address, for the browser that took it first. It can be shown
/// again as long as the shopper has not come back from the bank and the address lives.
pub async fn open_kept(app: &App, token: &str, visitor: &Visitor) -> Result<Opening, Problem> {
    let known = page_tokens::of_token(app, &vault::digest_of(token), Kind::ThreedsPage).await?;
    let Some((merchant_id, payment_id, true)) = known else {
        return Ok(Opening::Nothing);
    };
    let of = (merchant_id, payment_id);
    show(app, of, visitor, true, |attempt| kept_form(token, attempt)).await
}

fn kept_form(token: &str, attempt: &Attempt) -> Option<Vec<u8>> {
    let kept = attempt.proof.as_ref()?;
    let plain = vault::open_by_holder(token, kept.expose()).ok()?;
    Some(plain.to_vec())
}

/// Shows the form, and notes first who takes it: what is not noted is not shown.
async fn show(
    app: &App,
    (merchant_id, payment_id): (i64, i64),
    visitor: &Visitor,
    is_bound: bool,
    plain: impl Fn(&Attempt) -> Option<Vec<u8>>,
) -> Result<Opening, Problem> {
    for _ in 0..CONFLICTS_MAX {
        let payment = payments::of_merchant(app, merchant_id, payment_id).await?;
        if payment.is_none_or(|payment| payment.given_up_at.is_some()) {
            return Ok(Opening::Nothing);
        }
        let attempt = attempts::last_of_payment(app, merchant_id, payment_id).await?;
        let Some(attempt) = attempt.filter(|attempt| attempt.state == AttemptState::Page) else {
            return Ok(Opening::Nothing);
        };
        let Some(plain) = plain(&attempt).map(Zeroizing::new) else {
            return Ok(Opening::Nothing);
        };
        let before = attempt.answer.as_ref().and_then(|a| a.opened_by.clone());
        let first = before.map_or_else(|| visitor.clone(), |first| *first);
        if is_bound && first.browser.is_some() && first.browser != visitor.browser {
            tracing::warn!(
                payment = payment_id,
                "a 3DS page was opened in a second browser and not shown"
            );
            return Ok(Opening::Elsewhere);
        }
        if attempt.inquiries >= OPENINGS_MAX {
            tracing::warn!(
                payment = payment_id,
                "a 3DS page was opened too often and is not shown"
            );
            return Ok(Opening::Nothing);
        }
        if first.address != visitor.address {
            let (first, now) = (&first.address, &visitor.address);
            tracing::warn!(payment = payment_id, %first, %now, "a 3DS page was opened from another address than before");
        }
        let first = Visitor {
            browser: first.browser.or_else(|| visitor.browser.clone()),
            ..first
        };
        let mut commit = Commit::new(merchant_id, payment_id);
        attempts::note_opening(&attempt, &first, &mut commit);
        if app.commit(commit).await?.is_yes() {
            let form = form_of(app, (merchant_id, payment_id), &plain);
            return Ok(form.map_or(Opening::Nothing, Opening::Form));
        }
    }
    Err(Problem::unavailable("a 3DS page is opened too fast"))
}

fn form_of(app: &App, of: (i64, i64), plain: &[u8]) -> Option<BankForm> {
    let posted = || {
        let (bank, action, fields): SealedForm = serde_json::from_slice(plain).ok()?;
        Some((bank, action, fields, FormMethod::Post))
    };
    let by_get = serde_json::from_slice::<SealedGetForm>(plain).ok();
    let (bank, action, fields, method) = by_get.or_else(posted)?;
    Recorder::of_integrator(app, of, bank, "threeds_page").record_form(&action, &fields);
    Some(BankForm {
        method,
        action,
        fields,
    })
}
