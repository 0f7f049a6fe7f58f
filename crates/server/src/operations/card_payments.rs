//! `/payment/v1/card-payments`: create, retrieve, 3ds-init, 3ds-complete.

use super::given_card::{self, Card, Given, Texts};
use super::{Caller, Problem, check, payment_view};
use crate::app::App;
use crate::engine::charge::{self, Plan};
use crate::engine::routing::{self, Need};
use crate::engine::threeds_page::Page;
use crate::engine::{rewards, three_ds};
use crate::store::payments::{self, Amount, Payment};
use crate::store::poses;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use contract::card_loyalties::Loyalty;
use contract::card_payments::{
    CompleteThreeDSPaymentRequest, CreatePaymentRequest, InitThreeDSPaymentRequest,
    InitThreeDSPaymentResponse, PaymentResponse,
};
use contract::enums::{
    AdditionalAction, PaymentPhase, PaymentProvider, PaymentStatus, PaymentType,
};
use contract::errors::Language;
use contract::money::Decimal;
use contract::rules::Rule;
use serde_json::Map;

/// Most instalments that a payment may have.
const INSTALLMENT_MAX: i32 = 36;

/// `POST /payment/v1/card-payments`: takes a payment without 3DS.
pub async fn create(
    app: &App,
    caller: &Caller,
    request: CreatePaymentRequest,
) -> Result<PaymentResponse, Problem> {
    offered(&request)?;
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
    payment_view::loaded(app, &payment, caller.language).await
}

/// `POST /payment/v1/card-payments/3ds-init`: starts a payment with 3DS.
pub async fn threeds_init(
    app: &App,
    caller: &Caller,
    mut request: InitThreeDSPaymentRequest,
) -> Result<InitThreeDSPaymentResponse, Problem> {
    let callback_url = request.callback_url.take();
    let request = CreatePaymentRequest::from(request);
    offered(&request)?;
    let callback_url = check::url("callbackUrl", callback_url)?;
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
    payment_view::loaded(app, &payment, caller.language).await
}

fn language_code(language: Language) -> &'static str {
    match language {
        Language::Tr => "tr",
        Language::En => "en",
    }
}

fn threeds_response(
    begun: three_ds::Begun,
    language: Language,
) -> Result<InitThreeDSPaymentResponse, Problem> {
    let Some(page) = begun.page else {
        require_success(&begun.payment)?;
        return Err(Problem::unavailable("3DS was begun without a page"));
    };
    Ok(InitThreeDSPaymentResponse {
        html_content: Some(BASE64.encode(html(&page, language))),
        payment_id: Some(begun.payment.id),
        redirect_url: page.redirect_url,
        payment_status: Some(begun.payment.status),
        additional_action: Some(AdditionalAction::ShowHtmlContent),
    })
}

/// `POST /payment/v1/card-payments/3ds-complete`: takes the money of a verified payment.
pub async fn threeds_complete(
    app: &App,
    caller: &Caller,
    request: CompleteThreeDSPaymentRequest,
) -> Result<PaymentResponse, Problem> {
    let id = check::required("paymentId", request.payment_id)?;
    let payment = three_ds::complete(app, &caller.merchant, &caller.claims, id).await?;
    require_success(&payment)?;
    payment_view::loaded(app, &payment, caller.language).await
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

/// What is not offered yet is told before any field is asked for: nothing that a shop could add would
/// help it. A reward beside a wallet has an error of its own, which comes later.
fn offered(request: &CreatePaymentRequest) -> Result<(), Problem> {
    const AT_PROVIDER: &str = "paymentProvider";
    let params = request.additional_params.as_ref();
    let at_provider = params.and_then(|params| params.get(AT_PROVIDER));
    // A card that is stored at a provider of the merchant's comes without an object `card`.
    if at_provider.is_some_and(is_something) {
        let field = format!("additionalParams.{AT_PROVIDER}");
        return Err(Problem::field(Rule::CardKindNotOffered, field));
    }
    if let Some(sent) = &request.card {
        let not_offered = [
            ("card.secureFieldsToken", sent.secure_fields_token.is_some()),
            ("card.tokenizedCard", sent.tokenized_card.is_some()),
            ("card.encryptedCard", sent.encrypted_card.is_some()),
            (
                "card.binNumber",
                sent.bin_number.is_some()
                    && sent.card_number.is_none()
                    && sent.card_token.is_none(),
            ),
        ];
        if let Some((field, _)) = not_offered.iter().find(|(_, sent)| *sent) {
            return Err(Problem::field(Rule::CardKindNotOffered, *field));
        }
    }
    if !matches!(request.payment_phase, None | Some(PaymentPhase::Auth)) {
        return Err(Problem::field(Rule::ValueNotOffered, "paymentPhase"));
    }
    let wallet = request.wallet_price.unwrap_or(Decimal::ZERO);
    let has_reward = request
        .card
        .as_ref()
        .is_some_and(|card| card.loyalty.is_some());
    match wallet > Decimal::ZERO && !has_reward {
        true => Err(Problem::field(Rule::WalletNotOffered, "walletPrice")),
        false => Ok(()),
    }
}

/// Neither null nor empty.
fn is_something(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Null => false,
        serde_json::Value::Array(entries) => !entries.is_empty(),
        serde_json::Value::Object(map) => !map.is_empty(),
        _ => true,
    }
}

/// Decides everything about a payment: its amounts, its card, its reward, and who can take it.
/// Nothing is stored before all of it is right.
async fn plan(
    app: &App,
    caller: &Caller,
    request: CreatePaymentRequest,
    callback_url: Option<String>,
) -> Result<Plan, Problem> {
    let mut texts = Texts::of(&request, &caller.claims);
    if let Some(url) = &callback_url {
        texts.add("callbackUrl", url);
    }
    let currency = check::required("currency", request.currency)?;
    let price = check::positive("price", request.price, currency)?;
    let paid = check::positive("paidPrice", request.paid_price, currency)?;
    let wallet = check::amount(
        "walletPrice",
        request.wallet_price.unwrap_or(Decimal::ZERO),
        currency,
    )?;
    if wallet.minor > paid.minor {
        return Err(Problem::field(Rule::PaidPriceTooLow, "walletPrice"));
    }
    let installment = installment(request.installment)?;
    let loyalty = request.card.as_ref().and_then(|card| card.loyalty.clone());
    let loyalty = loyalty.map(loyalty_texts).transpose()?;
    let reward = loyalty
        .as_ref()
        .map(|loyalty| rewards::chosen(loyalty, paid.minor, wallet.minor, currency, installment))
        .transpose()?;
    if wallet.minor > 0 {
        return Err(Problem::field(Rule::WalletNotOffered, "walletPrice"));
    }
    let payment_id = app.next_id();
    let items = check::items(request.items, price, paid, wallet, currency, || {
        app.next_id()
    })?;
    let sent = check::required("card", request.card)?;
    let alias = check::text("card.cardAlias", sent.card_alias, check::TEXT_MAX)?;
    let user_key = check::text(
        "card.cardUserKey",
        sent.card_user_key.clone(),
        check::TEXT_MAX,
    )?;
    let given = Given {
        holder: sent.card_holder_name,
        number: sent.card_number,
        expire_year: sent.expire_year,
        expire_month: sent.expire_month,
        cvc: sent.cvc,
        user_key: sent.card_user_key,
        token: sent.card_token,
        texts,
    };
    let card = given_card::read(app, caller.merchant.id, "card.", given, true).await?;
    let store_card = sent.store_card_after_success_payment == Some(true) && !card.stored;
    super::cards::user_exists(
        app,
        caller.merchant.id,
        "card.cardUserKey",
        user_key.as_deref().filter(|_| store_card),
    )
    .await?;

    let routing = request.routing_options.unwrap_or_default();
    let aliases = routing.pos_aliases.unwrap_or_default();
    let pinned = check::text("posAlias", request.pos_alias, check::TEXT_MAX)?;
    let need = Need {
        currency,
        threeds: callback_url.is_some(),
        has_cvc: card.data.cvc.is_some(),
        installment,
        bin: card.bin.as_ref(),
        amount: paid.minor,
        reward,
        pinned: pinned.as_deref(),
        aliases: &aliases,
        ordering: routing.ordering_rule,
    };
    let poses = poses::for_payment(app, caller.merchant.id).await?;
    let poses = routing::candidates(&poses, &need)?;
    let payment = Payment {
        merchant_id: caller.merchant.id,
        id: payment_id,
        version: 1,
        created_at: app.now(),
        payment_type: PaymentType::CardPayment,
        provider: PaymentProvider::Bank,
        status: PaymentStatus::Waiting,
        phase: PaymentPhase::Auth,
        group: request.payment_group,
        channel: check::text("paymentChannel", request.payment_channel, check::TEXT_MAX)?,
        conversation_id: check::unsigned_text("conversationId", request.conversation_id)?,
        external_id: check::unsigned_text("externalId", request.external_id)?,
        currency,
        price,
        paid_price: paid,
        wallet_price: Amount { minor: 0, ..wallet },
        captured: 0,
        refunded: 0,
        installment,
        threeds: callback_url.is_some(),
        buyer_member_id: request.buyer_member_id,
        client_ip: check::client_ip(request.client_ip)?,
        callback_url,
        requested_pos_alias: pinned,
        pos: None,
        order_id: None,
        bin_number: Some(card.data.pan.bin().to_owned()),
        last_four: Some(card.data.pan.last_four().to_owned()),
        card: card.shown(),
        paid_with_stored_card: card.stored,
        store_card,
        card_user_key: user_key,
        card_token: None,
        auth_code: None,
        host_reference: None,
        trans_id: None,
        md_status: None,
        loyalty,
        error: None,
        additional: additional(request.additional_params)?,
    };
    let bank_order_id = bank_order_id(request.bank_order_id)?;
    let retry = request.retry.unwrap_or(true);
    let Card { data, .. } = card;
    Ok(Plan {
        payment,
        items,
        card: data,
        card_alias: alias,
        poses,
        reward,
        retry,
        bank_order_id,
    })
}

/// The texts of a reward, which is kept with its payment and shown back, within their bounds.
fn loyalty_texts(mut loyalty: Loyalty) -> Result<Loyalty, Problem> {
    const AT: &str = "card.loyalty";
    let text = |name: &str, value| check::text(&format!("{AT}.{name}"), value, check::TEXT_MAX);
    loyalty.message = text("message", loyalty.message)?;
    if let Some(params) = &mut loyalty.loyalty_params {
        params.code = text("loyaltyParams.code", params.code.take())?;
    }
    if let Some(data) = &mut loyalty.loyalty_data {
        data.code = text("loyaltyData.code", data.code.take())?;
        let direction = data.due_date_shift_direction.take();
        data.due_date_shift_direction = text("loyaltyData.dueDateShiftDirection", direction)?;
    }
    Ok(loyalty)
}

/// What Galata reads of `additionalParams`: which callback the shop understands.
fn additional(
    sent: Option<Map<String, serde_json::Value>>,
) -> Result<Map<String, serde_json::Value>, Problem> {
    const CALLBACK_VERSION: &str = "threeDSCallbackVersion";
    let mut kept = Map::new();
    if let Some(version) = sent.and_then(|mut sent| sent.remove(CALLBACK_VERSION)) {
        let text = version
            .as_str()
            .map_or_else(|| version.to_string(), str::to_owned);
        if !matches!(text.as_str(), "1" | "2") {
            return Err(Problem::field(
                Rule::UnknownValue,
                format!("additionalParams.{CALLBACK_VERSION}"),
            ));
        }
        kept.insert(CALLBACK_VERSION.to_owned(), serde_json::Value::String(text));
    }
    Ok(kept)
}

fn installment(value: Option<i32>) -> Result<u8, Problem> {
    let count = value.unwrap_or(1);
    u8::try_from(count)
        .ok()
        .filter(|_| (1..=INSTALLMENT_MAX).contains(&count))
        .ok_or_else(|| {
            Problem::range(
                Rule::OutOfRange,
                "installment",
                1,
                i64::from(INSTALLMENT_MAX),
            )
        })
}

/// The shop's own order id goes to the bank, so it must be one that every bank takes: 1 to 20
/// letters and digits.
fn bank_order_id(value: Option<String>) -> Result<Option<String>, Problem> {
    const LONGEST: usize = 20;
    let Some(id) = check::text("bankOrderId", value, LONGEST)? else {
        return Ok(None);
    };
    match id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        true => Ok(Some(id)),
        false => Err(Problem::field(Rule::WrongType, "bankOrderId")),
    }
}
