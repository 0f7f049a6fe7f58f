//! `/payment/v1/refund-transactions`: an item of a payment is given back, or a part of it.

use super::refund_view::{is_cancel, item_view, require_success};
use super::refunds::{give_taken_back, mark, require_provider};
use super::{Caller, Problem, TOP};
use crate::app::App;
use crate::engine::refund::{self, Given, Part, Wanted};
use crate::store::payments;
use crate::store::refunds;
use contract::refund_transactions::{
    PaymentTransactionRefundResponse, RefundPaymentTransactionMarkAsRefundedRequest,
    RefundPaymentTransactionRequest,
};
use contract::rules::Rule;

/// `POST /payment/v1/refund-transactions`: gives an item back, or a part of it.
pub async fn create(
    app: &App,
    caller: &Caller,
    request: RefundPaymentTransactionRequest,
) -> Result<PaymentTransactionRefundResponse, Problem> {
    let wanted = wanted(app, caller, request).await?;
    let given = give_taken_back(app, caller, &wanted).await?;
    require_success(&given)?;
    only_item(&given)
}

/// `GET /payment/v1/refund-transactions/{id}`.
pub async fn retrieve(
    app: &App,
    caller: &Caller,
    id: i64,
) -> Result<PaymentTransactionRefundResponse, Problem> {
    let not_found = || Problem::rule(Rule::RefundNotFound);
    let item = refunds::item_of_merchant(app, caller.merchant.id, id).await?;
    let item = item.ok_or_else(not_found)?;
    let given = refund::load(app, caller.merchant.id, item.refund_id).await?;
    if is_cancel(&given.refund) {
        // The shop was told the id of the whole.
        return Err(not_found());
    }
    Ok(item_view(&given, &item))
}

/// `POST /payment/v1/refund-transactions/mark-as-refunded`: an item was given back outside.
pub async fn mark_as_refunded(
    app: &App,
    caller: &Caller,
    request: RefundPaymentTransactionMarkAsRefundedRequest,
) -> Result<PaymentTransactionRefundResponse, Problem> {
    let request = RefundPaymentTransactionRequest {
        payment_transaction_id: request.payment_transaction_id,
        conversation_id: request.conversation_id,
        refund_price: request.refund_price,
        refund_destination_type: request.refund_destination_type,
        charge_from_me: request.charge_from_me,
    };
    let wanted = wanted(app, caller, request).await?;
    let given = mark(app, caller, &wanted).await?;
    only_item(&given)
}

/// The answer to a refund or mark that was asked for before under the same idempotency key: as it stands.
pub async fn replay(
    app: &App,
    caller: &Caller,
    refund_id: i64,
) -> Result<PaymentTransactionRefundResponse, Problem> {
    let given = refund::load(app, caller.merchant.id, refund_id).await?;
    require_success(&given)?;
    only_item(&given)
}

fn only_item(given: &Given) -> Result<PaymentTransactionRefundResponse, Problem> {
    let item = given.items.first();
    let item = item.ok_or_else(|| Problem::unavailable("a refund has no item"))?;
    Ok(item_view(given, item))
}

async fn wanted(
    app: &App,
    caller: &Caller,
    request: RefundPaymentTransactionRequest,
) -> Result<Wanted, Problem> {
    let item_id = TOP.required("paymentTransactionId", request.payment_transaction_id)?;
    require_provider(request.refund_destination_type)?;
    let conversation_id = TOP.unsigned_text("conversationId", request.conversation_id)?;
    let unknown = || Problem::rule(Rule::ItemNotFound);
    let payment_id = payments::of_item(app, caller.merchant.id, item_id).await?;
    let payment_id = payment_id.ok_or_else(unknown)?;
    let payment = payments::of_merchant(app, caller.merchant.id, payment_id).await?;
    let currency = payment.ok_or_else(unknown)?.currency;
    let amount = match request.refund_price {
        Some(price) => Some(TOP.positive("refundPrice", Some(price), currency)?.minor),
        None => None,
    };
    Ok(Wanted {
        payment_id,
        part: Some(Part { item_id, amount }),
        conversation_id,
        charge_from_me: request.charge_from_me.unwrap_or(false),
    })
}
