//! The refunds of `/payment-reporting/v1`: of all payments, of items, and of one item of a payment.

use super::moments::{moment, moment_behind};
use super::payment_reporting::{page_of, turned};
use super::{Caller, Problem, TOP, refund_view};
use crate::app::App;
use crate::store::payment_search::{Bound, Order, Search};
use crate::store::payments;
use crate::store::refunds::{self, RefundItem, RefundState};
use contract::datetime::ReceivedDateTime;
use contract::enums::{Currency, RefundStatus};
use contract::envelope::Items;
use contract::money::Decimal;
use contract::payment_reporting::{
    ReportingPaymentRefundResponse, ReportingPaymentTransactionRefundResponse,
    SearchPaymentRefundsRequest, SearchPaymentTransactionRefundsRequest,
};
use contract::rules::Rule;
use std::collections::HashSet;

/// Refunds of an item that are listed: each gives back at least a minor unit, and those that failed are
/// among them.
const OF_ITEM_MAX: i64 = 1000;

/// `GET /payment-reporting/v1/refunds`: every refund with its sum, also of single items.
pub async fn search_refunds(
    app: &App,
    caller: &Caller,
    request: SearchPaymentRefundsRequest,
) -> Result<Items<ReportingPaymentRefundResponse>, Problem> {
    let turned = turned(caller, request.page, request.size)?;
    let merchant_id = caller.merchant.id;
    let mut search = search_of(Asked {
        payment_id: request.payment_id,
        buyer_member_id: request.buyer_member_id,
        conversation_id: request.conversation_id,
        status: request.status,
        currency: request.currency,
        since: request.min_created_date,
        until: request.max_created_date,
    })?;
    search.equal("id", request.id);
    let bounds = (request.min_refund_price, request.max_refund_price);
    add_prices(&mut search, request.currency, bounds)?;
    let (found, total) = search
        .page::<refunds::Refund>(app, merchant_id, &turned)
        .await?;
    let ids: HashSet<i64> = found.iter().map(|refund| refund.payment_id).collect();
    let ids: Vec<i64> = ids.into_iter().collect();
    let payments = payments::of_ids(app, merchant_id, &ids).await?;
    let shown = found.iter().filter_map(|refund| {
        let payment = payments.get(&refund.payment_id)?;
        Some(refund_view::report(payment, refund, caller.language))
    });
    Ok(page_of(shown.collect(), &turned, total))
}

/// `GET /payment-reporting/v1/refund-transactions`: refunds of items. Nothing is paid out yet, so none is
/// after a settlement.
pub async fn search_refund_transactions(
    app: &App,
    caller: &Caller,
    request: SearchPaymentTransactionRefundsRequest,
) -> Result<Items<ReportingPaymentTransactionRefundResponse>, Problem> {
    let turned = turned(caller, request.page, request.size)?;
    let search = search_of(Asked {
        payment_id: request.payment_id,
        buyer_member_id: request.buyer_member_id,
        conversation_id: request.conversation_id,
        status: request.status,
        currency: request.currency,
        since: request.min_created_date,
        until: request.max_created_date,
    })?;
    let mut search = search.into_items_of_refunds();
    search.equal("id", request.id);
    search.equal("item_id", request.payment_transaction_id);
    let bounds = (request.min_refund_price, request.max_refund_price);
    add_prices(&mut search, request.currency, bounds)?;
    let (found, total) = match request.is_after_settlement {
        Some(true) => (Vec::new(), 0),
        _ => search.page(app, caller.merchant.id, &turned).await?,
    };
    let shown = item_responses(app, caller, &found).await?;
    Ok(page_of(shown, &turned, total))
}

/// `GET /payment-reporting/v1/payments/{paymentId}/transactions/{paymentTransactionId}/refunds`.
pub async fn list_transactions_refunds(
    app: &App,
    caller: &Caller,
    payment_id: i64,
    item_id: i64,
) -> Result<Items<ReportingPaymentTransactionRefundResponse>, Problem> {
    let merchant_id = caller.merchant.id;
    let payment = payments::of_merchant(app, merchant_id, payment_id).await?;
    payment.ok_or_else(|| Problem::rule(Rule::PaymentNotFound))?;
    if payments::of_item(app, merchant_id, item_id).await? != Some(payment_id) {
        return Err(Problem::rule(Rule::ItemNotFound));
    }
    let mut search = Search::default();
    search.equal("payment_id", Some(payment_id));
    let mut search = search.into_items_of_refunds();
    search.equal("item_id", Some(item_id));
    let found = search
        .first(app, merchant_id, Order::OldestFirst, OF_ITEM_MAX)
        .await?;
    Ok(Items::whole(item_responses(app, caller, &found).await?))
}

/// What both searches can ask for.
struct Asked {
    payment_id: Option<i64>,
    buyer_member_id: Option<i64>,
    conversation_id: Option<String>,
    status: Option<RefundStatus>,
    currency: Option<Currency>,
    since: Option<ReceivedDateTime>,
    until: Option<ReceivedDateTime>,
}

/// The refunds that are asked for.
fn search_of(asked: Asked) -> Result<Search, Problem> {
    use RefundState::{Approved, Declined, NotSent};
    let mut search = Search::default();
    search.equal("payment_id", asked.payment_id);
    search.payment_equal("buyer_member_id", asked.buyer_member_id);
    search.payment_equal("currency", asked.currency.map(|v| v.as_str()));
    let conversation_id = TOP.text("conversationId", asked.conversation_id)?;
    search.equal("conversation_id", conversation_id);
    search.states(match asked.status {
        None => &[],
        Some(RefundStatus::Success) => &[Approved],
        Some(RefundStatus::Failure) => &[Declined, NotSent],
        Some(RefundStatus::Waiting) => {
            &[RefundState::Asked, RefundState::Doubt, RefundState::Review]
        }
    });
    let wrong = |field: &'static str| move || Problem::field(Rule::InvalidDate, field);
    if let Some(from) = asked.since {
        search.since(moment(&from.0).ok_or_else(wrong("minCreatedDate"))?);
    }
    if let Some(until) = asked.until {
        search.until(moment_behind(&until.0).ok_or_else(wrong("maxCreatedDate"))?);
    }
    Ok(search)
}

/// The price of what is looked for, of a refund or of an item of it.
fn add_prices(
    search: &mut Search,
    currency: Option<Currency>,
    (least, most): (Option<Decimal>, Option<Decimal>),
) -> Result<(), Problem> {
    let bounds = [
        (Bound::Least, "minRefundPrice", least),
        (Bound::Most, "maxRefundPrice", most),
    ];
    for (bound, name, price) in bounds {
        if let Some(price) = price {
            let price = TOP.amount(name, price, currency.unwrap_or(Currency::Try))?;
            search.refunded(bound, price.minor, currency.is_none());
        }
    }
    Ok(())
}

async fn item_responses(
    app: &App,
    caller: &Caller,
    found: &[RefundItem],
) -> Result<Vec<ReportingPaymentTransactionRefundResponse>, Problem> {
    let distinct = |id: fn(&RefundItem) -> i64| -> Vec<i64> {
        let ids: HashSet<i64> = found.iter().map(id).collect();
        ids.into_iter().collect()
    };
    let merchant_id = caller.merchant.id;
    let of_payments = distinct(|item| item.payment_id);
    let payments = payments::of_ids(app, merchant_id, &of_payments).await?;
    let refunds = refunds::of_ids(app, merchant_id, &distinct(|item| item.refund_id)).await?;
    let shown = found.iter().filter_map(|item| {
        let payment = payments.get(&item.payment_id)?;
        let refund = refunds.get(&item.refund_id)?;
        let of = (payment, refund, item);
        Some(refund_view::report_item(of, caller.language))
    });
    Ok(shown.collect())
}
