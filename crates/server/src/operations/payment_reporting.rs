//! `/payment-reporting/v1/payments`: payments as reports show them.

use super::moments::{moment, moment_behind};
use super::payment_view::{CARD_VERIFICATION, bank_commission, bank_rate, transaction, view};
use super::refund_view;
use super::{Caller, Permission, Problem, TOP, check};
use crate::app::App;
use crate::clock::local_text;
use crate::store::attempts;
use crate::store::payment_search::{Bound, Order, Search, Turned};
use crate::store::payments::{self, Payment};
use crate::store::refunds;
use contract::datetime::LocalDateTime;
use contract::enums::{Currency, PaymentSource};
use contract::envelope::Items;
use contract::money::Decimal;
use contract::payment_reporting::{
    ReportingPaymentRefundResponse, ReportingPaymentResponse, ReportingPaymentTransaction,
    SearchPaymentsRequest,
};
use contract::rules::Rule;

/// `GET /payment-reporting/v1/payments`, with every filter.
pub async fn search(
    app: &App,
    caller: &Caller,
    request: SearchPaymentsRequest,
) -> Result<Items<ReportingPaymentResponse>, Problem> {
    let turned = turned(caller, request.page, request.size)?;
    let merchant_id = caller.merchant.id;
    let (found, total) = match search_of(request)? {
        Some(search) => search.page(app, merchant_id, &turned).await?,
        None => (Vec::new(), 0),
    };
    let items = payment_responses(app, caller, &found).await?;
    Ok(page_of(items, &turned, total))
}

/// Whether a payment of a list verifies a card.
pub fn is_verification(payment: &ReportingPaymentResponse) -> bool {
    let shown = payment.additional_data.as_ref();
    shown.is_some_and(|shown| shown.contains_key(CARD_VERIFICATION))
}

/// The page that a caller turns to.
pub(super) fn turned(
    caller: &Caller,
    page: Option<i32>,
    size: Option<i32>,
) -> Result<Turned, Problem> {
    let (page, size) = check::paging(page, size)?;
    Ok(Turned {
        page,
        size,
        by: format!("{:?}", caller.by.principal),
    })
}

/// A page of a list.
pub(super) fn page_of<T>(items: Vec<T>, turned: &Turned, total_size: i64) -> Items<T> {
    Items {
        items,
        page: turned.page,
        size: turned.size,
        total_size,
    }
}

/// Payments of a page that is turned by id.
const PAGE_MAX: i64 = 100;

/// A page of payments that are older than `before` (an id), newest first, and whether there are
/// more. New payments do not shift it. Page and size of the request are not looked at.
pub async fn page_before(
    app: &App,
    caller: &Caller,
    request: SearchPaymentsRequest,
    before: Option<i64>,
    limit: i64,
) -> Result<(Vec<ReportingPaymentResponse>, bool), Problem> {
    let merchant_id = caller.merchant.id;
    let permission = Permission::LookAtPayments;
    caller
        .by
        .require(app, merchant_id, permission, "payment.look", "")
        .await?;
    let Some(mut search) = search_of(request)? else {
        return Ok((Vec::new(), false));
    };
    search.older_than(before.unwrap_or(i64::MAX));
    let limit = limit.clamp(1, PAGE_MAX);
    let mut found = search
        .first(app, merchant_id, Order::NewestFirst, limit + 1)
        .await?;
    let fits = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > fits;
    found.truncate(fits);
    Ok((found.iter().map(|p| summary(caller, p)).collect(), more))
}

/// `GET /payment-reporting/v1/payments/{paymentId}`.
pub async fn retrieve(
    app: &App,
    caller: &Caller,
    id: i64,
) -> Result<ReportingPaymentResponse, Problem> {
    let payment = payments::of_merchant(app, caller.merchant.id, id).await?;
    let payment = payment.ok_or_else(|| Problem::rule(Rule::PaymentNotFound))?;
    let mut shown = payment_responses(app, caller, &[payment]).await?;
    shown
        .pop()
        .ok_or_else(|| Problem::rule(Rule::PaymentNotFound))
}

/// `GET /payment-reporting/v1/payments/{paymentId}/transactions`: the items of a payment, all of them.
pub async fn list_transactions(
    app: &App,
    caller: &Caller,
    id: i64,
) -> Result<Items<ReportingPaymentTransaction>, Problem> {
    let payment = retrieve(app, caller, id).await?;
    Ok(Items::whole(payment.payment_transactions))
}

/// `GET /payment-reporting/v1/payments/{paymentId}/refunds`: the refunds of a payment, all of them.
pub async fn list_refunds(
    app: &App,
    caller: &Caller,
    id: i64,
) -> Result<Items<ReportingPaymentRefundResponse>, Problem> {
    let payment = retrieve(app, caller, id).await?;
    Ok(Items::whole(payment.refunds))
}

/// What a request looks for; `None` when that can be no payment at all.
pub(super) fn search_of(r: SearchPaymentsRequest) -> Result<Option<Search>, Problem> {
    let text = |name: &str, value| TOP.text(name, value);
    let mut search = Search::default();
    search.equal("id", r.payment_id);
    search.has_item("id", r.payment_transaction_id);
    search.equal("buyer_member_id", r.buyer_member_id);
    search.has_item("sub_merchant_member_id", r.sub_merchant_member_id);
    search.equal(
        "conversation_id",
        text("conversationId", r.conversation_id)?,
    );
    search.equal("external_id", text("externalId", r.external_id)?);
    search.equal("order_id", text("orderId", r.order_id)?);
    search.equal("pos_id", r.merchant_pos_id);
    search.equal("payment_type", r.payment_type.map(|v| v.as_str()));
    search.equal("provider", r.payment_provider.map(|v| v.as_str()));
    search.equal("status", r.payment_status.map(|v| v.as_str()));
    // Everything here came through the API; other sources match nothing yet.
    let elsewhere = |source| source != PaymentSource::Api;
    if r.payment_source.is_some_and(elsewhere) {
        return Ok(None);
    }
    search.equal("channel", text("paymentChannel", r.payment_channel)?);
    search.bin(text("binNumber", r.bin_number)?);
    search.equal("last_four", text("lastFourDigits", r.last_four_digits)?);
    search.equal("currency", r.currency.map(|v| v.as_str()));
    search.equal("installment", r.installment.map(i64::from));
    search.equal("threeds", r.is_three_ds);
    let any_currency = r.currency.is_none();
    let minor = |name: &str, value: Decimal| {
        let currency = r.currency.unwrap_or(Currency::Try);
        TOP.amount(name, value, currency).map(|amount| amount.minor)
    };
    if let Some(least) = r.min_paid_price {
        search.paid(Bound::Least, minor("minPaidPrice", least)?, any_currency);
    }
    if let Some(most) = r.max_paid_price {
        search.paid(Bound::Most, minor("maxPaidPrice", most)?, any_currency);
    }
    let wrong = |field: &'static str| move || Problem::field(Rule::InvalidDate, field);
    if let Some(from) = r.min_created_date {
        search.since(moment(&from.0).ok_or_else(wrong("minCreatedDate"))?);
    }
    if let Some(until) = r.max_created_date {
        search.until(moment_behind(&until.0).ok_or_else(wrong("maxCreatedDate"))?);
    }
    Ok(Some(search))
}

/// Payments of the caller with their items, their refunds and how often each was tried: three questions to the
/// store for a whole page, which has at most 100 payments of at most 500 items.
async fn payment_responses(
    app: &App,
    caller: &Caller,
    found: &[Payment],
) -> Result<Vec<ReportingPaymentResponse>, Problem> {
    let ids: Vec<i64> = found.iter().map(|payment| payment.id).collect();
    let mut items = payments::items_of_payments(app, caller.merchant.id, &ids).await?;
    let tried = attempts::count_of_payments(app, caller.merchant.id, &ids).await?;
    let refunds = refunds::of_payments(app, caller.merchant.id, &ids).await?;
    Ok(found
        .iter()
        .map(|payment| {
            let tries = tried.get(&payment.id).copied().unwrap_or(0);
            ReportingPaymentResponse {
                retry_count: i32::try_from((tries - 1).max(0)).ok(),
                payment_transactions: items
                    .remove(&payment.id)
                    .unwrap_or_default()
                    .iter()
                    .map(|item| transaction_response(payment, item))
                    .collect(),
                refunds: refunds
                    .iter()
                    .filter(|refund| refund.payment_id == payment.id)
                    .map(|refund| refund_view::report(payment, refund, caller.language))
                    .collect(),
                ..summary(caller, payment)
            }
        })
        .collect())
}

/// What a payment's own row tells: without items, and without how often it was tried.
pub(super) fn summary(caller: &Caller, payment: &Payment) -> ReportingPaymentResponse {
    ReportingPaymentResponse {
        refundable_price: Some(Decimal::of_minor(
            payment.left(),
            payment.currency,
            payment.paid_price.scale,
        )),
        refund_status: Some(refund_view::payment_status(payment)),
        refunds: Vec::new(),
        ..ReportingPaymentResponse::from(view(payment, &[], caller.language))
    }
}

/// An item with what was given back of it.
pub(super) fn transaction_response(
    payment: &Payment,
    item: &payments::Item,
) -> ReportingPaymentTransaction {
    let t = transaction(payment, item);
    let spelled = |minor: i64| Decimal::of_minor(minor, payment.currency, item.price.scale);
    ReportingPaymentTransaction {
        created_date: Some(LocalDateTime(local_text(payment.created_at))),
        transaction_status_date: Some(LocalDateTime(local_text(payment.created_at))),
        refundable_price: Some(spelled(refund_view::left_of_item(payment, item))),
        refund_status: Some(refund_view::item_status(payment, item)),
        bank_commission_rate: Some(bank_rate(payment).percent()),
        bank_commission_rate_amount: Some(
            bank_commission(payment, item.paid_price).with_scale(item.price.scale),
        ),
        ..ReportingPaymentTransaction::from(t)
    }
}
