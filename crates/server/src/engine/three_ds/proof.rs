//! The shopper's browser comes back from the bank's page. What it brings is proof, or nothing
//! happens (`docs/decisions/0010`): anything can be posted to a known address.

use super::{Return, ThreedsReturn, Verification, level, page_return, write_verification};
use crate::app::App;
use crate::engine::bank_call::BankCall;
use crate::engine::recorder::Recorder;
use crate::engine::threeds_page::return_url;
use crate::problem::Problem;
use crate::store::attempts::{self, Attempt};
use crate::store::exchanges::UNVERIFIED;
use crate::store::merchants::Merchant;
use crate::store::page_tokens::{self, Kind};
use crate::store::payments::Payment;
use crate::store::poses;
use connectors::bank::{BankContext, Doubt, DoubtReason, PageOutcome, Returned, Verdict, Verified};
use connectors::http::{BoxFuture, Failure, Http, Request, Response};
use connectors::protocol::Protocol;
use connectors::scrub::words;
use contract::enums::PaymentStatus;

/// What a return proves.
pub(super) enum Proof {
    /// How the shopper was verified.
    Verified(Verdict<Verified>),
    /// What a page that sells by itself came to.
    Sold(PageOutcome),
}

/// Whose return it is.
struct Of {
    merchant: Merchant,
    payment: Payment,
    attempt: Option<Attempt>,
    pos: Option<poses::Pos>,
}

impl Of {
    /// `None` when the address is unknown or too old.
    async fn token(app: &App, token: &str) -> Result<Option<Of>, Problem> {
        let Some((merchant_id, payment_id, true)) =
            page_tokens::of_token(app, token, Kind::ThreedsReturn).await?
        else {
            return Ok(None);
        };
        let (merchant, payment) = crate::engine::load_payment(app, merchant_id, payment_id).await?;
        let attempt = attempts::last_of_payment(app, merchant_id, payment_id).await?;
        let pos = match &attempt {
            Some(attempt) => poses::one_of_merchant(app, merchant_id, attempt.pos_id).await?,
            None => None,
        };
        Ok(Some(Of {
            merchant,
            payment,
            attempt,
            pos,
        }))
    }

    fn bank(&self) -> Option<Protocol> {
        connectors::directory::protocol(self.pos.as_ref()?.integrator)
    }

    /// Whether the fields are a return: with all that every return of this bank has.
    fn is_return(&self, fields: &[(String, String)]) -> bool {
        let sells = self.attempt.as_ref().is_some_and(Attempt::is_sold_by_page);
        let names = self.bank();
        let names = names.map_or(&[][..], |bank| bank.return_fields(sells));
        let has = |name: &&str| {
            let mut named = fields
                .iter()
                .filter(|(known, _)| known.eq_ignore_ascii_case(name));
            named.any(|(_, value)| !value.is_empty())
        };
        !names.is_empty() && names.iter().all(has)
    }
}

/// What was opened by GET, which changes nothing: the payment, and whether the address carries what a
/// bank sends a browser back with. `None` when it is unknown or too old.
pub async fn look_at_return(
    app: &App,
    token: &str,
    fields: &[(String, String)],
) -> Result<Option<(Payment, bool)>, Problem> {
    let of = Of::token(app, token).await?;
    Ok(of.map(|of| {
        let is_return = of.is_return(fields);
        (of.payment, is_return)
    }))
}

/// The browser came back from the bank's page. `None` when the address is unknown or too old.
pub async fn receive_return(
    app: &App,
    token: &str,
    fields: &[(String, String)],
) -> Result<Option<Return>, Problem> {
    let Some(of) = Of::token(app, token).await? else {
        return Ok(None);
    };
    if !of.is_return(fields) {
        return Ok(Some(Return::Bare(Box::new(of.payment))));
    }
    let brought = (token, fields);
    let proof = match (of.payment.status, &of.attempt) {
        (PaymentStatus::InitThreeds, Some(attempt)) => {
            Some((attempt.clone(), prove(app, &of, attempt, brought).await))
        }
        // Such a page may have sold behind the payment's end.
        (_, Some(attempt)) if attempt.is_sold_by_page() => {
            Some((attempt.clone(), prove(app, &of, attempt, brought).await))
        }
        _ => None,
    };
    let Of {
        merchant,
        payment,
        pos,
        ..
    } = of;
    let before = payment.version;
    let payment = match proof {
        None => payment,
        Some((attempt, Ok(Proof::Sold(said)))) => {
            let of = (payment, attempt, pos);
            return page_return::apply(app, merchant, of, said).await.map(Some);
        }
        Some((attempt, Err(doubt))) if attempt.is_sold_by_page() => {
            let of = (payment, attempt);
            return page_return::doubt(app, merchant, of, doubt).await.map(Some);
        }
        Some((attempt, Ok(Proof::Verified(Verdict::Approved(verified))))) => {
            let is_enough = level(&merchant).takes(verified.md_status);
            let verification = Verification {
                md_status: Some(verified.md_status),
                proof: is_enough.then_some(verified.proof),
                ..Verification::default()
            };
            write_verification(app, &merchant, payment, attempt, verification).await?
        }
        Some((attempt, Ok(Proof::Verified(Verdict::Declined(decline))))) => {
            // The bank refused the verification, not the card: there is nothing to complete.
            tracing::info!(payment = payment.id, code = %decline.code, "3DS was not verified");
            let nothing = Verification::default();
            write_verification(app, &merchant, payment, attempt, nothing).await?
        }
        Some((_, Err(_))) => return Ok(Some(Return::NoProof(Box::new(payment)))),
    };
    let already = payment.version == before;
    Ok(Some(Return::Outcome(Box::new(ThreedsReturn {
        merchant,
        payment,
        already,
        sold_by_page: false,
    }))))
}

/// Asks whether the fields prove anything. Beyond a number of returns about one payment, those that
/// prove nothing are not kept, and the bank is not asked about them.
async fn prove(
    app: &App,
    of: &Of,
    attempt: &Attempt,
    (token, fields): (&str, &[(String, String)]),
) -> Result<Proof, Doubt> {
    let pos = of.pos.as_ref().ok_or_else(Doubt::not_supported)?;
    let call = BankCall::of_attempt(app, pos, &of.payment, attempt, "threeds_verify")?;
    let is_heard = app.rates.hears_return(of.payment.id, app.now());
    let context = if is_heard {
        call.context()
    } else {
        BankContext {
            http: &Deaf,
            ..call.context()
        }
    };
    let returned = Returned {
        sale: call.order_ref(&of.payment, attempt, None),
        fields,
        return_url: &return_url(app, token),
    };
    let ids = (of.payment.merchant_id, of.payment.id);
    let kept = Recorder::to_bank(app, ids, pos, "threeds_return");
    // Made before the bank is asked, so that it stands before what the bank is asked.
    let form = is_heard.then(|| kept.return_form(fields));
    let answer = if attempt.is_sold_by_page() {
        let said = call.bank.page_outcome(context, returned).await;
        said.map(Proof::Sold)
    } else {
        let said = call.bank.verify_3ds(context, returned).await;
        said.map(Proof::Verified)
    };
    match (&answer, form) {
        (Ok(_), form) => kept.record_return(form.unwrap_or_else(|| kept.return_form(fields)), None),
        (Err(doubt), Some(form)) => {
            kept.record_return(form, Some(why_no_proof(doubt)));
            // Forged, cut or unanswered. An honest return may still come.
            let (payment, pos, detail) = (of.payment.id, &pos.alias, &doubt.detail);
            if is_of_key(doubt) {
                tracing::warn!(payment, %pos, %detail, "a 3DS return proves nothing; the POS's 3DS key may be wrong");
            } else {
                tracing::warn!(payment, %pos, %detail, "a 3DS return proves nothing");
            }
        }
        (Err(_), None) => {}
    }
    answer
}

/// Whether a wrong 3DS key explains it: what the bank signed does not fit it, or the bank refuses what
/// we signed with it.
fn is_of_key(doubt: &Doubt) -> bool {
    matches!(
        doubt.reason,
        DoubtReason::Unauthentic | DoubtReason::QuestionRefused
    )
}

/// Why a return proves nothing, as people read it beside the payment.
fn why_no_proof(doubt: &Doubt) -> String {
    if is_of_key(doubt) {
        words(&format!(
            "{UNVERIFIED}: {}; is the POS's 3DS key right?",
            doubt.detail
        ))
    } else {
        words(&doubt.detail)
    }
}

/// A way out that asks no bank.
struct Deaf;

impl Http for Deaf {
    fn send<'a>(&'a self, _request: Request) -> BoxFuture<'a, Result<Response, Failure>> {
        let why = "too many returns of one payment proved nothing";
        Box::pin(async move { Err(Failure::NotSent(why.to_owned())) })
    }
}
