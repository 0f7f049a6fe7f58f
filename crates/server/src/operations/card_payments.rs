//! `/payment/v1/card-payments`: create, retrieve, 3ds-init, 3ds-complete, post-auth.

use super::card_plan::{plan, require_offered};
use super::{Caller, Problem, TOP, captures, payment_view};
use crate::app::App;
use crate::engine::threeds_page::Page;
use crate::engine::{capture, charge, three_ds};
use crate::store::payments::{self, Payment};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use contract::card_payments::{
    CompleteThreeDSPaymentRequest, CreatePaymentRequest, InitThreeDSPaymentRequest,
    InitThreeDSPaymentResponse, PaymentResponse, PostAuthPaymentRequest,
};
use contract::enums::{AdditionalAction, PaymentStatus};
use contract::errors::Language;
use contract::rules::Rule;

/// `POST /payment/v1/card-payments`: takes a payment without 3DS.
pub async fn create(
    app: &App,
    caller: &Caller,
    request: CreatePaymentRequest,
) -> Result<PaymentResponse, Problem> {
    require_offered(&request)?;
    let plan = plan(app, caller, request, None).await?;
    let items = plan.items.clone();
    let payment = charge::charge(app, &caller.merchant, &caller.claims, plan).await?;
    require_success(&payment)?;
    Ok(payment_view::view(&payment, &items, caller.language))
}

/// `GET /payment/v1/card-payments/{id}`: any payment, a loan too. It is what "retrieve payment" of
/// every client calls.
pub async fn retrieve(app: &App, caller: &Caller, id: i64) -> Result<PaymentResponse, Problem> {
    let payment = payments::of_merchant(app, caller.merchant.id, id).await?;
    let payment = payment.ok_or_else(|| Problem::rule(Rule::PaymentNotFound))?;
    payment_view::load_view(app, &payment, caller.language).await
}

/// `POST /payment/v1/card-payments/3ds-init`: starts a payment with 3DS.
pub async fn threeds_init(
    app: &App,
    caller: &Caller,
    mut request: InitThreeDSPaymentRequest,
) -> Result<InitThreeDSPaymentResponse, Problem> {
    let callback_url = request.callback_url.take();
    let request = CreatePaymentRequest::from(request);
    require_offered(&request)?;
    let callback_url = TOP.url("callbackUrl", callback_url)?;
    let plan = plan(app, caller, request, Some(callback_url)).await?;
    let language = language_code(caller.language);
    threeds_response(
        three_ds::begin(app, &caller.merchant, &caller.claims, plan, language).await?,
        caller.language,
    )
}

/// The answer to a 3ds-init that was made before under the same idempotency key. The page holds the
/// card, so it was not kept: it is made again from the request.
pub async fn replay_threeds_init(
    app: &App,
    caller: &Caller,
    payment_id: i64,
    mut request: InitThreeDSPaymentRequest,
) -> Result<InitThreeDSPaymentResponse, Problem> {
    let Some(payment) = payments::of_merchant(app, caller.merchant.id, payment_id).await? else {
        return Err(Problem::rule(Rule::PaymentNotFound));
    };
    if payment.status != PaymentStatus::InitThreeds {
        require_success(&payment)?;
        return Err(Problem::with(
            Rule::WrongPaymentState,
            &[("status", payment.status.as_str())],
        ));
    }
    let callback_url = request.callback_url.take();
    let plan = plan(app, caller, request.into(), callback_url).await?;
    let language = language_code(caller.language);
    threeds_response(
        three_ds::restart(app, &caller.merchant, payment, plan, language).await?,
        caller.language,
    )
}

/// The answer to a request that was made before under the same idempotency key: the payment as it
/// stands.
pub async fn replay(
    app: &App,
    caller: &Caller,
    payment_id: i64,
) -> Result<PaymentResponse, Problem> {
    let Some(payment) = payments::of_merchant(app, caller.merchant.id, payment_id).await? else {
        return Err(Problem::rule(Rule::PaymentNotFound));
    };
    require_success(&payment)?;
    payment_view::load_view(app, &payment, caller.language).await
}

pub(super) fn language_code(language: Language) -> &'static str {
    match language {
        Language::Tr => "tr",
        Language::En => "en",
    }
}

pub(super) fn threeds_response(
    start: three_ds::ThreeDsStart,
    language: Language,
) -> Result<InitThreeDSPaymentResponse, Problem> {
    let Some(page) = start.page else {
        require_success(&start.payment)?;
        return Err(Problem::unavailable("3DS was begun without a page"));
    };
    Ok(InitThreeDSPaymentResponse {
        html_content: Some(BASE64.encode(html(&page, language))),
        payment_id: Some(start.payment.id),
        redirect_url: page.redirect_url,
        payment_status: Some(start.payment.status),
        additional_action: Some(AdditionalAction::ShowHtmlContent),
    })
}

/// `POST /payment/v1/card-payments/3ds-complete`: takes the money of a verified payment.
pub async fn threeds_complete(
    app: &App,
    caller: &Caller,
    request: CompleteThreeDSPaymentRequest,
) -> Result<PaymentResponse, Problem> {
    let id = TOP.required("paymentId", request.payment_id)?;
    let payment = three_ds::complete(app, &caller.merchant, &caller.claims, id).await?;
    require_success(&payment)?;
    payment_view::load_view(app, &payment, caller.language).await
}

/// `POST /payment/v1/card-payments/{paymentId}/post-auth`: takes what a pre-authorisation holds.
pub async fn post_auth(
    app: &App,
    caller: &Caller,
    id: i64,
    request: PostAuthPaymentRequest,
) -> Result<PaymentResponse, Problem> {
    let given = captures::capture(app, caller, id, request.paid_price).await?;
    captured(caller, &given)
}

/// The answer to a capture that was asked for before under the same idempotency key: as it stands.
pub async fn replay_post_auth(
    app: &App,
    caller: &Caller,
    capture_id: i64,
) -> Result<PaymentResponse, Problem> {
    let given = capture::load(app, caller.merchant.id, capture_id).await?;
    captured(caller, &given)
}

fn captured(caller: &Caller, given: &captures::Given) -> Result<PaymentResponse, Problem> {
    captures::require_success(given)?;
    let (payment, items) = (&given.payment, &given.items);
    Ok(payment_view::view(payment, items, caller.language))
}

/// A payment that succeeded goes on; one that failed or is in doubt is a problem.
pub fn require_success(payment: &Payment) -> Result<(), Problem> {
    match (payment.status, &payment.error) {
        (PaymentStatus::Failure, Some(failure)) => Err(Problem::Failed {
            payment_id: Some(payment.id),
            failure: failure.clone(),
        }),
        (PaymentStatus::Failure, None) => Err(Problem::rule(Rule::ThreeDsNotCompletable)),
        (PaymentStatus::Waiting, _) => Err(Problem::Doubt {
            payment_id: payment.id,
        }),
        _ => Ok(()),
    }
}

/// The page that the shop shows: it posts the sealed form to Galata's page, which posts on to the
/// bank. The shop never sees a stored card's number.
fn html(page: &Page, language: Language) -> String {
    let (title, button) = match language {
        Language::Tr => ("Bankanıza yönlendiriliyorsunuz", "Devam et"),
        Language::En => ("You are being taken to your bank", "Continue"),
    };
    let lang = language_code(language);
    // The address is ours and the sealed text is base64: neither can hold a quote.
    format!(
        "<!doctype html><html lang=\"{lang}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title></head>\
         <body><form id=\"galata-3ds\" method=\"post\" action=\"{url}\">\
         <input type=\"hidden\" name=\"sealed\" value=\"{sealed}\">\
         <p>{title}…</p><button type=\"submit\">{button}</button></form>\
         <script>document.getElementById(\"galata-3ds\").submit()</script></body></html>",
        url = page.url,
        sealed = page.sealed,
    )
}
