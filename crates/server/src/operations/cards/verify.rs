//! `POST /payment/v1/cards/verify`: stores a card after a small payment has shown that it pays, which is given
//! back (decision 0029).

use super::{TOP, keep};
use crate::app::App;
use crate::engine::refund::whole;
use crate::engine::{card_verification, charge, three_ds};
use crate::operations::card_payments::{language_code, require_success, threeds_response};
use crate::operations::card_plan;
use crate::operations::check::{self, At};
use crate::operations::given_card::Texts;
use crate::operations::{Caller, Problem};
use crate::store::payments::{self, Payment};
use contract::card_payments::{Card, CreatePaymentRequest, PaymentItem};
use contract::cards::{VerifyCardRequest, VerifyCardResponse};
use contract::enums::{
    CardVerificationAuthType, CardVerifyStatus, Currency, PaymentStatus, RefundStatus,
};
use contract::money::{Decimal, Money};
use contract::rules::Rule;

static CARD: At<'static> = TOP.field("card");
/// The most that a verification charges, in whole lira, and in whole units of any other currency.
const LIRA_MAX: i64 = 100;
const OTHERS_MAX: i64 = 10;
/// What the only item of such a payment is called.
const ITEM: &str = "Card verification";

/// `POST /payment/v1/cards/verify`.
pub async fn verify(
    app: &App,
    caller: &Caller,
    request: VerifyCardRequest,
) -> Result<VerifyCardResponse, Problem> {
    let kind = request.payment_authentication_type;
    let kind = TOP.required("paymentAuthenticationType", kind)?;
    let callback_url = read(&request, kind)?;
    match kind {
        CardVerificationAuthType::None => {
            let texts = Texts::of(&request, &caller.claims);
            let sent = TOP.required("card", request.card)?;
            let stored = keep(app, caller, &CARD, sent, texts).await?;
            Ok(VerifyCardResponse {
                card_user_key: stored.card_user_key,
                card_token: stored.card_token,
                card_verify_status: Some(CardVerifyStatus::Success),
                ..VerifyCardResponse::default()
            })
        }
        CardVerificationAuthType::NonThreeDs => {
            let plan = plan(app, caller, request, None).await?;
            let (merchant, claims) = (&caller.merchant, &caller.claims);
            let payment = charge::charge(app, merchant, claims, plan).await?;
            require_success(&payment)?;
            // The card is verified, however the money finds its way back.
            let refunded = card_verification::give_back(app, merchant, payment.id).await;
            let refunded = refunded.unwrap_or(RefundStatus::Waiting);
            Ok(verified(&payment, refunded))
        }
        CardVerificationAuthType::ThreeDs => {
            let url = callback_url.clone();
            let plan = plan(app, caller, request, callback_url).await?;
            let (merchant, claims) = (&caller.merchant, &caller.claims);
            let language = language_code(caller.language);
            let start = three_ds::begin(app, merchant, claims, plan, language).await?;
            pending(start, url, caller)
        }
    }
}

/// The answer to a verification that was asked for before under the same idempotency key: as it stands. A page
/// is made anew from the request, for it holds the card.
pub async fn replay_verify(
    app: &App,
    caller: &Caller,
    payment_id: i64,
    request: VerifyCardRequest,
) -> Result<VerifyCardResponse, Problem> {
    let payment = payments::of_merchant(app, caller.merchant.id, payment_id).await?;
    let payment = payment.ok_or_else(|| Problem::rule(Rule::PaymentNotFound))?;
    match payment.status {
        PaymentStatus::InitThreeds => {
            let url = payment.callback_url.clone();
            let plan = plan(app, caller, request, url.clone()).await?;
            let language = language_code(caller.language);
            let start = three_ds::restart(app, &caller.merchant, payment, plan, language).await?;
            pending(start, url, caller)
        }
        // It is on its way back from the bank, and completed without the shop.
        PaymentStatus::CallbackThreeds => Err(Problem::Doubt { payment_id }),
        _ => {
            require_success(&payment)?;
            let refunded = whole::standing(app, &payment).await?;
            Ok(verified(&payment, refunded))
        }
    }
}

/// Checks what stands beside the card; the address to which a browser comes back.
fn read(
    request: &VerifyCardRequest,
    kind: CardVerificationAuthType,
) -> Result<Option<String>, Problem> {
    const CALLBACK: &str = "callbackUrl";
    let is_charged = kind != CardVerificationAuthType::None;
    if is_charged || request.verification_price.is_some() {
        let currency = TOP.required("currency", request.currency)?;
        price(request.verification_price, currency)?;
    }
    TOP.unsigned_text("conversationId", request.conversation_id.clone())?;
    check::client_ip(request.client_ip.clone())?;
    let sent = request.callback_url.clone().filter(|url| !url.is_empty());
    let needs_url = kind == CardVerificationAuthType::ThreeDs;
    let url = (needs_url || sent.is_some()).then(|| TOP.url(CALLBACK, sent));
    Ok(url.transpose()?.filter(|_| needs_url))
}

/// What is charged: a small amount.
fn price(sent: Option<Decimal>, currency: Currency) -> Result<(), Problem> {
    const PRICE: &str = "verificationPrice";
    let most = match currency {
        Currency::Try => LIRA_MAX,
        _ => OTHERS_MAX,
    };
    let most = most * 10_i64.pow(currency.exponent());
    let amount = TOP.positive(PRICE, sent, currency)?.minor;
    if amount <= most {
        return Ok(());
    }
    let [least, most] = [1, most].map(|minor| Money::new(minor, currency).decimal().to_string());
    Err(Problem::with(
        Rule::OutOfRange,
        &[("field", PRICE), ("min", &least), ("max", &most)],
    ))
}

/// A payment of the price, of one item, that stores the card.
async fn plan(
    app: &App,
    caller: &Caller,
    request: VerifyCardRequest,
    callback_url: Option<String>,
) -> Result<charge::Plan, Problem> {
    let price = request.verification_price;
    let card = request.card.map(|sent| Card {
        card_holder_name: sent.card_holder_name,
        card_number: sent.card_number,
        expire_year: sent.expire_year,
        expire_month: sent.expire_month,
        cvc: sent.cvc,
        card_alias: sent.card_alias,
        card_user_key: sent.card_user_key,
        store_card_after_success_payment: Some(true),
        ..Card::default()
    });
    let item = PaymentItem {
        name: Some(ITEM.to_owned()),
        price,
        ..PaymentItem::default()
    };
    let request = CreatePaymentRequest {
        price,
        paid_price: price,
        currency: request.currency,
        conversation_id: request.conversation_id,
        client_ip: request.client_ip,
        card,
        items: Some(vec![item]),
        ..CreatePaymentRequest::default()
    };
    let mut plan = card_plan::plan(app, caller, request, callback_url).await?;
    plan.payment.verification = true;
    Ok(plan)
}

/// The shopper's browser goes to the bank first.
fn pending(
    start: three_ds::ThreeDsStart,
    callback_url: Option<String>,
    caller: &Caller,
) -> Result<VerifyCardResponse, Problem> {
    let begun = threeds_response(start, caller.language)?;
    Ok(VerifyCardResponse {
        html_content: begun.html_content,
        redirect_url: begun.redirect_url,
        merchant_callback_url: callback_url,
        card_verify_status: Some(CardVerifyStatus::ThreeDsPending),
        ..VerifyCardResponse::default()
    })
}

/// The card pays, and is stored.
fn verified(payment: &Payment, refunded: RefundStatus) -> VerifyCardResponse {
    VerifyCardResponse {
        card_user_key: payment.card_user_key.clone(),
        card_token: payment.card_token.clone(),
        merchant_callback_url: payment.callback_url.clone(),
        refund_status: Some(refunded),
        card_verify_status: Some(CardVerifyStatus::Success),
        ..VerifyCardResponse::default()
    }
}
