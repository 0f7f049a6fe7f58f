//! A refund as the API shows it.

use super::Problem;
use super::payment_view;
use crate::clock::local_text;
use crate::engine::refund::Given;
use crate::store::loans::Loan;
use crate::store::payments::{Item, Payment};
use crate::store::refunds::{Refund, RefundItem, RefundKind, RefundState};
use connectors::bank::Reversed;
use contract::datetime::LocalDateTime;
use contract::enums::{
    PaymentRefundStatus, PaymentStatus, RefundDestinationType, RefundStatus, RefundType,
};
use contract::errors::Language;
use contract::money::Decimal;
use contract::payment_reporting::{
    ReportingPaymentRefundResponse, ReportingPaymentTransactionRefundResponse,
};
use contract::refund_transactions::PaymentTransactionRefundResponse;
use contract::refunds::PaymentRefundResponse;

/// Money that went back goes on; a refund that failed or is in doubt is a problem.
pub fn require_success(given: &Given) -> Result<(), Problem> {
    let payment_id = given.payment.id;
    match (status(&given.refund), &given.refund.error) {
        (RefundStatus::Success, _) => Ok(()),
        (RefundStatus::Failure, Some(failure)) => Err(Problem::Failed {
            payment_id: Some(payment_id),
            failure: failure.clone(),
        }),
        (RefundStatus::Failure, None) => {
            Err(Problem::unavailable("a refund failed without a word"))
        }
        (RefundStatus::Waiting, _) => Err(Problem::Doubt { payment_id }),
    }
}

/// How a refund stands in the contract's words.
pub(super) fn status(refund: &Refund) -> RefundStatus {
    match refund.state {
        RefundState::Approved => RefundStatus::Success,
        RefundState::Declined | RefundState::NotSent => RefundStatus::Failure,
        RefundState::Asked | RefundState::Doubt | RefundState::Review => RefundStatus::Waiting,
    }
}

/// A refund that cancels the payment has an id that the shop knows, and no items of its own.
pub(super) fn is_cancel(refund: &Refund) -> bool {
    refund.kind == RefundKind::Cancel && !refund.by_item
}

fn spelled(payment: &Payment, minor: i64) -> Option<Decimal> {
    Some(Decimal::of_minor(
        minor,
        payment.currency,
        payment.paid_price.scale,
    ))
}

/// The bank's references of the refund itself; nothing where it gave none.
fn references(refund: &Refund) -> [Option<String>; 3] {
    let reversed = refund.answer.as_ref().and_then(|one| one.reversed.as_ref());
    let given = |text: fn(&Reversed) -> &String| {
        let text = text(reversed?);
        (!text.is_empty()).then(|| text.clone())
    };
    [
        given(|one| &one.auth_code),
        given(|one| &one.host_reference),
        given(|one| &one.transaction_id),
    ]
}

/// A refund of a payment. One that is no CANCEL has no id, but items.
pub(super) fn view(given: &Given) -> PaymentRefundResponse {
    let Given {
        payment,
        refund,
        items,
    } = given;
    let cancel = is_cancel(refund);
    let [auth_code, host_reference, trans_id] = references(refund);
    PaymentRefundResponse {
        id: cancel.then_some(refund.id),
        created_date: Some(LocalDateTime(local_text(refund.created_at))),
        status: Some(status(refund)),
        refund_destination_type: Some(RefundDestinationType::Provider),
        refund_price: spelled(payment, refund.amount),
        refund_bank_price: spelled(payment, refund.amount),
        refund_wallet_price: spelled(payment, 0),
        conversation_id: refund.conversation_id.clone(),
        auth_code,
        host_reference,
        trans_id,
        payment_id: Some(payment.id),
        refund_type: Some(if cancel {
            RefundType::Cancel
        } else {
            RefundType::Refund
        }),
        currency: Some(payment.currency),
        payment_transaction_refunds: items
            .iter()
            .filter(|_| !cancel)
            .map(|item| item_view(given, item))
            .collect(),
    }
}

/// A loan that was called off before it was disbursed: the whole is cancelled, and no refund is kept of it, for
/// no money moved.
pub(super) fn called_off_view(
    payment: &Payment,
    loan: &Loan,
    conversation_id: Option<String>,
) -> PaymentRefundResponse {
    PaymentRefundResponse {
        created_date: Some(LocalDateTime(local_text(loan.asked_at))),
        status: Some(RefundStatus::Success),
        refund_destination_type: Some(RefundDestinationType::Provider),
        refund_price: spelled(payment, payment.paid_price.minor),
        refund_bank_price: spelled(payment, payment.paid_price.minor),
        refund_wallet_price: spelled(payment, 0),
        conversation_id,
        payment_id: Some(payment.id),
        refund_type: Some(RefundType::Cancel),
        currency: Some(payment.currency),
        ..PaymentRefundResponse::default()
    }
}

/// What a refund gives back of an item. Nothing is paid out yet, so none is after a settlement.
pub(super) fn item_view(given: &Given, item: &RefundItem) -> PaymentTransactionRefundResponse {
    let Given {
        payment, refund, ..
    } = given;
    let [auth_code, host_reference, trans_id] = references(refund);
    PaymentTransactionRefundResponse {
        id: Some(item.id),
        created_date: Some(LocalDateTime(local_text(refund.created_at))),
        status: Some(status(refund)),
        refund_destination_type: Some(RefundDestinationType::Provider),
        refund_price: spelled(payment, item.amount),
        refund_bank_price: spelled(payment, item.amount),
        refund_wallet_price: spelled(payment, 0),
        conversation_id: refund.conversation_id.clone(),
        auth_code,
        host_reference,
        trans_id,
        is_after_settlement: Some(false),
        payment_transaction_id: Some(item.item_id),
        currency: Some(payment.currency),
        payment_id: Some(payment.id),
    }
}

/// A refund as reports show it.
pub(super) fn report(
    payment: &Payment,
    refund: &Refund,
    language: Language,
) -> ReportingPaymentRefundResponse {
    let [auth_code, host_reference, trans_id] = references(refund);
    let failure = refund.error.as_ref();
    let error = failure.map(|failure| payment_view::error(failure, language));
    ReportingPaymentRefundResponse {
        id: Some(refund.id),
        created_date: Some(LocalDateTime(local_text(refund.created_at))),
        status: Some(status(refund)),
        refund_destination_type: Some(RefundDestinationType::Provider),
        refund_price: spelled(payment, refund.amount),
        refund_bank_price: spelled(payment, refund.amount),
        refund_wallet_price: spelled(payment, 0),
        conversation_id: refund.conversation_id.clone(),
        auth_code,
        host_reference,
        trans_id,
        payment_id: Some(payment.id),
        payment_type: Some(payment.payment_type),
        error: error.clone(),
        payment_error: error,
    }
}

/// A refund of an item as reports show it.
pub(super) fn report_item(
    (payment, refund, item): (&Payment, &Refund, &RefundItem),
    language: Language,
) -> ReportingPaymentTransactionRefundResponse {
    let whole = report(payment, refund, language);
    ReportingPaymentTransactionRefundResponse {
        id: Some(item.id),
        created_date: whole.created_date,
        status: whole.status,
        refund_destination_type: whole.refund_destination_type,
        refund_price: spelled(payment, item.amount),
        refund_bank_price: spelled(payment, item.amount),
        refund_wallet_price: whole.refund_wallet_price,
        conversation_id: whole.conversation_id,
        auth_code: whole.auth_code,
        host_reference: whole.host_reference,
        trans_id: whole.trans_id,
        is_after_settlement: Some(false),
        payment_transaction_id: Some(item.item_id),
        payment_type: whole.payment_type,
        error: whole.error,
        payment_error: whole.payment_error,
    }
}

/// How far a payment was given back.
pub(super) fn payment_status(payment: &Payment) -> PaymentRefundStatus {
    status_of(payment, payment.returnable(), payment.returned())
}

/// How far an item was given back. One that cost nothing stands as its payment does.
pub(super) fn item_status(payment: &Payment, item: &Item) -> PaymentRefundStatus {
    match item.paid_price {
        0 => payment_status(payment),
        paid => status_of(payment, paid, item.refunded),
    }
}

fn status_of(payment: &Payment, taken: i64, refunded: i64) -> PaymentRefundStatus {
    match (payment.status, refunded) {
        (PaymentStatus::Success, 0) => PaymentRefundStatus::NotRefunded,
        (PaymentStatus::Success, _) if refunded == taken => PaymentRefundStatus::FullyRefunded,
        (PaymentStatus::Success, _) => PaymentRefundStatus::PartialRefunded,
        _ => PaymentRefundStatus::NoRefund,
    }
}

/// What can still be given back of an item, in minor units.
pub(super) fn left_of_item(payment: &Payment, item: &Item) -> i64 {
    match payment.status {
        PaymentStatus::Success => item.paid_price - item.refunded - item.refund_pending,
        _ => 0,
    }
}
