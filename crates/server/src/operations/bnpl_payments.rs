//! `/payment/v1/bnpl-payments`: shopping loans.

use super::check::{self, At, PARAMS, TOP};
use super::{Caller, Permission, Problem, payment_view};
use crate::app::App;
use crate::engine::bank_call::LenderCall;
use crate::engine::loan::{self, Plan, cart_items};
use crate::store::apms::{self, Apm};
use crate::store::db::Commit;
use crate::store::inquiries::{self, Found, Inquiry};
use crate::store::loans::{CartLine, Loan};
use crate::store::merchants::FEATURE_APMS;
use crate::store::payments::{Amount, CardShown, Payment};
use connectors::bank::Verdict;
use connectors::lender::{BankOffer, Buyer, OffersRequest};
use contract::bnpl_payments::{
    BnplBankOffer, BnplBankOfferTerm, BnplPaymentCartItem, BnplPaymentOfferRequest,
    BnplPaymentOfferResponse, BnplPaymentVerifyResponse, InitBnplPaymentRequest,
    InitBnplPaymentResponse, VerifyBnplPaymentRequest,
};
use contract::card::Secret;
use contract::card_payments::PaymentResponse;
use contract::enums::{
    ApmAdditionalAction as Action, ApmType, BnplVerifyStatus, Currency, PaymentPhase,
    PaymentStatus, PaymentType,
};
use contract::errors::{ErrorGroup, Language};
use contract::money::{Decimal, Money};
use contract::rules::Rule;
use contract::term_limits;
use serde_json::{Map, Value as Json, json};

/// Units of one product that a cart may hold.
const QUANTITY_MAX: u32 = 100_000;
/// Months that a loan may run, before the regulator's own limits.
const TERM_MAX: u16 = 120;

static FINGATE: At<'static> = PARAMS.field("fingate");

/// `POST /payment/v1/bnpl-payments/offers`: what each bank would lend for a cart.
pub async fn offers(
    app: &App,
    caller: &Caller,
    request: BnplPaymentOfferRequest,
) -> Result<BnplPaymentOfferResponse, Problem> {
    require_offered(request.apm_type)?;
    let currency = currency(request.currency)?;
    let price = TOP.positive("price", request.price, currency)?;
    let cart = cart("items", request.items, price, currency)?;
    let apm = apm(app, caller, request.apm_type, request.merchant_apm_id).await?;
    let call = LenderCall::without_payment(app, &apm)
        .map_err(|_| Problem::field(Rule::ValueNotOffered, "apmType"))?;
    let commit = caller.claims.intent(app, None);
    let otherwise = Problem::unavailable("an inquiry could not be noted");
    caller.claims.commit(app, commit, otherwise).await?;

    let items = cart_items(&cart);
    let asked = OffersRequest {
        amount: Money::new(price.minor, currency),
        items: &items,
    };
    let found = match call.lender.offers(call.context(), asked).await {
        Ok(Verdict::Approved(found)) => found,
        Ok(Verdict::Declined(decline)) => {
            return Err(Problem::failed(&decline));
        }
        Err(doubt) => {
            tracing::warn!(apm = apm.id, detail = %doubt.detail, "an offer inquiry has no answer");
            return Err(Problem::failed(ErrorGroup::CommunicationOrSystemError));
        }
    };
    // The regulator's limits hold whatever a lender offers.
    let limit = term_limit(app, &cart, price.minor).unwrap_or(u16::MAX);
    let found: Vec<BankOffer> = found
        .into_iter()
        .map(|mut offer| {
            offer.terms.retain(|term| term.term <= limit);
            offer
        })
        .collect();
    let offer_id = app.next_id();
    let inquiry = Inquiry {
        merchant_id: caller.merchant.id,
        id: offer_id,
        subject: inquiries::cart(apm.id, &cart),
        at: app.now(),
        found: Found::Offers(found.iter().map(inquired_offer).collect()),
    };
    app.journal.note(inquiries::insert(&inquiry));
    Ok(BnplPaymentOfferResponse {
        offer_id: Some(offer_id.to_string()),
        price: Some(price.decimal(currency)),
        bank_offers: found
            .into_iter()
            .map(|offer| bank_offer_response(offer, currency))
            .collect(),
    })
}

/// An offer as the page of its payment will show it.
fn inquired_offer(offer: &BankOffer) -> inquiries::Offer {
    let terms = offer.terms.iter().map(|term| inquiries::Term {
        months: term.term,
        amount: term.amount,
        total: term.total_amount,
        rate: term.interest_rate,
    });
    inquiries::Offer {
        bank_code: offer.bank_code.clone(),
        bank_name: connectors::scrub::words(bank_name(offer)),
        plan_calculated_by_bank: offer.plan_calculated_by_bank,
        terms: terms.collect(),
    }
}

/// The one name of a bank that we know; of another the lender's word.
fn bank_name(offer: &BankOffer) -> &str {
    let code = offer.bank_code.parse().ok();
    code.and_then(connectors::directory::bank_name)
        .unwrap_or(&offer.bank_name)
}

fn bank_offer_response(offer: BankOffer, currency: Currency) -> BnplBankOffer {
    let given = |text: String| (!text.is_empty()).then_some(text);
    let amount = |minor: i64| Some(Money::new(minor, currency).decimal());
    let bank_name = Some(bank_name(&offer).to_owned());
    BnplBankOffer {
        bank_code: Some(offer.bank_code),
        bank_name,
        bank_icon_url: given(offer.icon_url),
        bank_table_banner_message: given(offer.table_banner),
        bank_small_banner_message: given(offer.small_banner),
        pre_approved_application_id: None,
        is_support_non_customer: Some(offer.supports_non_customers),
        is_payment_plan_calculated_by_bank: Some(offer.plan_calculated_by_bank),
        bank_offer_terms: offer
            .terms
            .into_iter()
            .map(|term| BnplBankOfferTerm {
                term: Some(i32::from(term.term)),
                amount: amount(term.amount),
                total_amount: amount(term.total_amount),
                interest_rate: Some(Decimal::of_millionths(term.interest_rate)),
                annual_interest_rate: Some(Decimal::of_millionths(term.annual_interest_rate)),
            })
            .collect(),
    }
}

/// `POST /payment/v1/bnpl-payments/init`: applies at a bank.
pub async fn init(
    app: &App,
    caller: &Caller,
    request: InitBnplPaymentRequest,
) -> Result<InitBnplPaymentResponse, Problem> {
    let plan = plan(app, caller, request).await?;
    let (payment, loan) = loan::apply(app, &caller.merchant, &caller.claims, plan).await?;
    init_response(&payment, &loan)
}

/// The answer to an init that was made before under the same idempotency key.
pub async fn replay_init(
    app: &App,
    caller: &Caller,
    payment_id: i64,
) -> Result<InitBnplPaymentResponse, Problem> {
    let (payment, loan) = loan::of_merchant(app, &caller.merchant, payment_id).await?;
    init_response(&payment, &loan)
}

/// What an application that was made is answered with.
fn init_response(payment: &Payment, loan: &Loan) -> Result<InitBnplPaymentResponse, Problem> {
    match (&payment.error, &loan.redirect_url) {
        (Some(failure), _) => {
            return Err(Problem::Failed {
                payment_id: Some(payment.id),
                failure: failure.clone(),
            });
        }
        // In doubt: the lender may or may not have the application.
        (None, None) => {
            return Err(Problem::Doubt {
                payment_id: payment.id,
            });
        }
        (None, Some(_)) => {}
    }
    Ok(InitBnplPaymentResponse {
        payment_id: Some(payment.id),
        redirect_url: loan.redirect_url.clone(),
        payment_status: Some(payment.status),
        additional_action: Some(loan.action),
        apm_additional_action: Some(loan.action),
        ..InitBnplPaymentResponse::default()
    })
}

/// `POST /payment/v1/bnpl-payments/{paymentId}/approve`: the merchant agrees, the bank disburses.
pub async fn approve(
    app: &App,
    caller: &Caller,
    payment_id: i64,
) -> Result<PaymentResponse, Problem> {
    const ACTION: &str = "loan.approve";
    let (by, merchant, target) = (&caller.by, &caller.merchant, payment_id.to_string());
    by.require(app, merchant.id, Permission::ApproveLoans, ACTION, &target)
        .await?;
    let note = |commit: &mut Commit| {
        if by.is_person() {
            let change = (json!({"state": "READY"}), json!({"state": "CONFIRMING"}));
            by.note(app, merchant.id, ACTION, &target, change, commit);
        }
    };
    let payment = loan::approve(app, merchant, &caller.claims, payment_id, note).await?;
    match (payment.status, &payment.error) {
        (PaymentStatus::Failure, Some(failure)) => Err(Problem::Failed {
            payment_id: Some(payment.id),
            failure: failure.clone(),
        }),
        (PaymentStatus::Success, _) => {
            payment_view::load_view(app, &payment, caller.language).await
        }
        _ => Err(Problem::Doubt {
            payment_id: payment.id,
        }),
    }
}

/// `POST /payment/v1/bnpl-payments/{paymentId}/verify`: asks the lender again, unless another caller asked a
/// moment ago.
pub async fn verify(
    app: &App,
    caller: &Caller,
    payment_id: i64,
) -> Result<BnplPaymentVerifyResponse, Problem> {
    const ACTION: &str = "loan.verify";
    let (by, merchant, target) = (&caller.by, &caller.merchant, payment_id.to_string());
    by.require(app, merchant.id, Permission::Inquire, ACTION, &target)
        .await?;
    loan::of_merchant(app, merchant, payment_id).await?;
    // What a shop asks by its key stands in the request log.
    if by.is_person() {
        by.note_look(app, merchant.id, ACTION, &target).await?;
    }
    let commit = caller.claims.intent(app, Some(payment_id));
    let otherwise = Problem::unavailable("a verification could not be noted");
    caller.claims.commit(app, commit, otherwise).await?;
    let (payment, loan) = loan::verify(app, &caller.merchant, payment_id).await?;
    Ok(verify_response(&payment, &loan, caller.language))
}

/// The answer to a verification that was asked for before under the same idempotency key.
pub async fn replay_verify(
    app: &App,
    caller: &Caller,
    payment_id: i64,
) -> Result<BnplPaymentVerifyResponse, Problem> {
    let (payment, loan) = loan::of_merchant(app, &caller.merchant, payment_id).await?;
    Ok(verify_response(&payment, &loan, caller.language))
}

/// An application that the shopper left at the bank reads REDIRECT_TO_URL here, although its callback
/// said WAIT_FOR_WEBHOOK: the shop learns that the bank waits for its shopper. `errorMessage` is the
/// bank's own word where there is one.
fn verify_response(
    payment: &Payment,
    loan: &Loan,
    language: Language,
) -> BnplPaymentVerifyResponse {
    let error = payment
        .error
        .as_ref()
        .map(|failure| payment_view::error(failure, language));
    let action = if loan.is_unfinished() && payment.status == PaymentStatus::Waiting {
        Action::RedirectToUrl
    } else {
        loan.action
    };
    let said = payment.error.as_ref();
    let said = said.and_then(|failure| failure.provider_message.clone());
    BnplPaymentVerifyResponse {
        payment_status: Some(payment.told_status()),
        additional_action: Some(action),
        apm_additional_action: Some(action),
        response_status: Some(match payment.told_status() {
            PaymentStatus::Success => BnplVerifyStatus::Approved,
            PaymentStatus::Failure => BnplVerifyStatus::Declined,
            _ => BnplVerifyStatus::Waiting,
        }),
        error_code: error.as_ref().and_then(|e| e.error_code.clone()),
        error_message: said.or_else(|| error.as_ref()?.error_description.clone()),
        payment_error: error,
    }
}

/// `POST /payment/v1/bnpl-payments/verify`: the older spelling, with the id in the body.
pub async fn verify_by_body(
    app: &App,
    caller: &Caller,
    request: VerifyBnplPaymentRequest,
) -> Result<BnplPaymentVerifyResponse, Problem> {
    let id = TOP.required("paymentId", request.payment_id)?;
    verify(app, caller, id).await
}

/// Decides everything about an application. Nothing is stored before all of it is right.
async fn plan(
    app: &App,
    caller: &Caller,
    request: InitBnplPaymentRequest,
) -> Result<Plan, Problem> {
    require_offered(request.apm_type)?;
    let currency = currency(request.currency)?;
    let price = TOP.positive("price", request.price, currency)?;
    let paid = TOP.positive("paidPrice", request.paid_price, currency)?;
    let none = Amount { minor: 0, scale: 0 };
    let payment_id = app.next_id();
    let items = check::items(request.items, price, paid, none, currency, || app.next_id())?;
    let cart = cart("cartItems", request.cart_items, price, currency)?;
    let group = TOP.required("paymentGroup", request.payment_group)?;
    check::sellers(&items, Some(group), currency)?;
    let callback_url = TOP.text_within("callbackUrl", request.callback_url, check::URL_MAX)?;
    let (callback_url, no_address) = match callback_url {
        Some(url) if check::is_url(&url) => (Some(url), None),
        other => (None, other),
    };
    let params = request.additional_params.unwrap_or_default();
    // The settings of a hosted page.
    let fingate = PARAMS.of_map("fingate", &params)?.unwrap_or_default();
    let hosted = flag(&fingate, "isHostedPage")?;
    let bank_code = bank_code(request.bank_code, hosted)?;
    let term = term(&fingate, term_limit(app, &cart, price.minor))?;
    let buyer = buyer(&params)?;
    let apm = apm(app, caller, request.apm_type, request.merchant_apm_id).await?;
    let lender = connectors::lenders::row(apm.apm_type)
        .ok_or_else(|| Problem::field(Rule::ValueNotOffered, "apmType"))?;
    let apm_order_id = TOP.text("apmOrderId", request.apm_order_id)?;
    let mut additional = Map::new();
    if let Some(id) = apm_order_id {
        additional.insert("apmOrderId".to_owned(), Json::String(id));
    }
    // No browser can be sent there, so the shopper ends on our page; what the shop sent is kept.
    if let Some(text) = no_address {
        additional.insert("callbackUrl".to_owned(), Json::String(text));
    }
    let payment = Payment {
        merchant_id: caller.merchant.id,
        id: payment_id,
        version: 1,
        created_at: app.now(),
        payment_type: PaymentType::Apm,
        provider: lender.provider,
        status: PaymentStatus::Waiting,
        phase: PaymentPhase::Auth,
        group: Some(group),
        channel: TOP.text("paymentChannel", request.payment_channel)?,
        conversation_id: TOP.unsigned_text("conversationId", request.conversation_id)?,
        external_id: TOP.unsigned_text("externalId", request.external_id)?,
        currency,
        price,
        paid_price: paid,
        wallet_price: none,
        captured: 0,
        hold: None,
        taken_late_at: None,
        given_up_at: None,
        refunded: 0,
        refund_pending: 0,
        installment: 1,
        threeds: false,
        verification: false,
        buyer_member_id: request.buyer_member_id,
        client_ip: check::client_ip(request.client_ip)?,
        callback_url,
        requested_pos_alias: None,
        pos: None,
        order_id: None,
        bin_number: None,
        last_four: None,
        card: CardShown::default(),
        paid_with_stored_card: false,
        store_card: false,
        card_user_key: None,
        card_token: None,
        auth_code: None,
        host_reference: None,
        trans_id: None,
        md_status: None,
        loyalty: None,
        error: None,
        additional,
        bank_rate: None,
        blockage_days: None,
    };
    Ok(Plan {
        payment,
        items,
        apm,
        cart,
        bank_code,
        term,
        buyer,
    })
}

/// Loans are in lira; the contract's other currency belongs to lenders that are not offered.
fn currency(value: Option<Currency>) -> Result<Currency, Problem> {
    match TOP.required("currency", value)? {
        Currency::Try => Ok(Currency::Try),
        other => Err(Problem::with(
            Rule::CurrencyNotSupported,
            &[("field", "currency"), ("currency", other.as_str())],
        )),
    }
}

/// A method that is not offered yet is told before any field is asked for.
fn require_offered(kind: Option<ApmType>) -> Result<(), Problem> {
    let is_offered = kind.is_none_or(|kind| connectors::lenders::row(kind).is_some());
    TOP.require("apmType", Rule::ValueNotOffered, is_offered)
}

/// The merchant's account: the one that is named, or the only active one of its type.
async fn apm(
    app: &App,
    caller: &Caller,
    kind: Option<ApmType>,
    id: Option<i64>,
) -> Result<Apm, Problem> {
    let kind = TOP.required("apmType", kind)?;
    if !caller.merchant.has(FEATURE_APMS) {
        return Err(Problem::rule(Rule::FeatureOff));
    }
    let all = apms::of_merchant(app, caller.merchant.id).await?;
    let mut named: Vec<Apm> = all
        .into_iter()
        .filter(|apm| apm.apm_type == kind && id.is_none_or(|id| apm.id == id))
        .collect();
    let is_found = id.is_none() || !named.is_empty();
    TOP.require("merchantApmId", Rule::ApmNotFound, is_found)?;
    named.retain(|apm| apm.active);
    match (named.len(), named.pop()) {
        (1, Some(apm)) => Ok(apm),
        (0, _) | (_, None) => Err(Problem::with(
            Rule::ApmNotActive,
            &[("type", kind.as_str())],
        )),
        _ => Err(Problem::with(
            Rule::ApmAmbiguous,
            &[("field", "merchantApmId"), ("type", kind.as_str())],
        )),
    }
}

/// The cart: every product with its category. It sums to `price` as unit price times quantity, or
/// as unit prices alone: the vendor's own sample does that (platform-semantics 12.2).
fn cart(
    name: &str,
    value: Option<Vec<BnplPaymentCartItem>>,
    price: Amount,
    currency: Currency,
) -> Result<Vec<CartLine>, Problem> {
    let read = |at: &At<'_>, item: BnplPaymentCartItem| {
        let quantity = at.required("quantity", item.quantity)?;
        Ok(CartLine {
            quantity: at.within("quantity", quantity, 1..=QUANTITY_MAX)?,
            id: at.text("id", item.id)?.unwrap_or_default(),
            name: at.required_text("name", item.name)?,
            brand: at.text("brandName", item.brand_name)?.unwrap_or_default(),
            category: at.required("type", item.r#type)?,
            unit_price: at.positive("unitPrice", item.unit_price, currency)?.minor,
        })
    };
    let mut lines = TOP.items(name, value, read)?;
    let by_unit: i128 = lines.iter().map(|line| i128::from(line.unit_price)).sum();
    let by_quantity: i128 = lines
        .iter()
        .map(|line| i128::from(line.unit_price) * i128::from(line.quantity))
        .sum();
    if by_quantity == i128::from(price.minor) {
        return Ok(lines);
    }
    if by_unit == i128::from(price.minor) {
        // The shop sent totals of lines: quantity 1 of each makes the lender's sum the same.
        for line in &mut lines {
            line.quantity = 1;
        }
        return Ok(lines);
    }
    Err(Problem::with(
        Rule::ItemsSum,
        &[("field", name), ("total", "price")],
    ))
}

/// The longest term that the regulator allows for a cart today: the strictest of its categories.
fn term_limit(app: &App, cart: &[CartLine], total: i64) -> Option<u16> {
    let today = app.istanbul_now().date();
    let on = (
        today.year(),
        today.month().unsigned_abs(),
        today.day().unsigned_abs(),
    );
    cart.iter()
        .filter_map(|line| term_limits::max_term(line.category, line.unit_price, total, on))
        .min()
}

/// A switch of a hosted page.
fn flag(fingate: &Map<String, Json>, name: &str) -> Result<bool, Problem> {
    match fingate.get(name) {
        None | Some(Json::Null) => Ok(false),
        Some(Json::Bool(on)) => Ok(*on),
        // The clients declare a map of texts.
        Some(Json::String(text)) if text == "true" => Ok(true),
        Some(Json::String(text)) if text == "false" || text.is_empty() => Ok(false),
        Some(_) => Err(Problem::field(Rule::WrongType, FINGATE.field(name))),
    }
}

/// A bank for the direct mode, none for the lender's own page.
fn bank_code(value: Option<String>, hosted: bool) -> Result<Option<String>, Problem> {
    const NAME: &str = "bankCode";
    const LENGTH: usize = 3;
    let code = TOP.text_within(NAME, value, LENGTH)?;
    if hosted {
        TOP.refuse(NAME, Rule::BankCodeOnHostedPage, &code)?;
        return Ok(None);
    }
    let code = TOP.required(NAME, code)?;
    let fits = code.len() == LENGTH && code.bytes().all(|b| b.is_ascii_digit());
    TOP.require(NAME, Rule::WrongType, fits)?;
    Ok(Some(code))
}

/// The months of a loan, within the regulator's limit.
fn term(fingate: &Map<String, Json>, limit: Option<u16>) -> Result<Option<u16>, Problem> {
    const NAME: &str = "totalTerm";
    let Some(months) = FINGATE.of_map::<i32>(NAME, fingate)? else {
        return Ok(None);
    };
    let months = FINGATE.within(NAME, months, 1..=TERM_MAX)?;
    match limit {
        Some(limit) if months > limit => {
            let field = FINGATE.field(NAME);
            Err(Problem::limit(Rule::LoanTerm, field, "max", limit))
        }
        _ => Ok(Some(months)),
    }
}

/// The buyer's data, checked when it is there; the bank's page asks for what is not.
fn buyer(params: &Map<String, Json>) -> Result<Buyer, Problem> {
    let text = |name: &str, fits: fn(&str) -> bool| {
        let text = PARAMS.of_map::<String>(name, params)?;
        let text = text.filter(|text| !text.is_empty());
        let fits = text.as_deref().is_none_or(fits);
        let checked = PARAMS.require(name, Rule::WrongType, fits);
        checked.map(|()| text)
    };
    Ok(Buyer {
        identity_number: text("buyerIdentityNumber", is_identity_number)?.map(Secret::new),
        phone_number: text("buyerPhoneNumber", |t| {
            t.len() == 10 && t.starts_with('5') && t.bytes().all(|b| b.is_ascii_digit())
        })?,
        birth_date: text("buyerBirthdate", |t| {
            t.parse::<jiff::civil::Date>().is_ok() && t.len() == 10
        })?,
    })
}

/// A Turkish identity number has eleven digits and does not begin with zero. Its check digits are
/// the bank's to judge: testers send made-up numbers.
fn is_identity_number(text: &str) -> bool {
    text.len() == 11 && !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit())
}

/// What the browser's callback and the webhook name: the status that a merchant reads first.
pub fn callback_action(payment: &Payment, loan: &Loan) -> Action {
    match payment.status {
        // The shopper has just come back: the shop must not send them to the bank again.
        PaymentStatus::Waiting if loan.is_unfinished() => Action::WaitForWebhook,
        PaymentStatus::Waiting => loan.action,
        _ => Action::None,
    }
}
