// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `refunds`.

use super::enums::{Currency, RefundDestinationType, RefundStatus, RefundType};
use super::refund_transactions::PaymentTransactionRefundResponse;
use crate::datetime::LocalDateTime;
use crate::money::Decimal;
use crate::wire_type::{wire_request, wire_response};

wire_request! {
    /// Gives a payment back, or what is left of it.
    RefundPaymentRequest {
        payment_id: Option<i64> = "paymentId",
        conversation_id: Option<String> = "conversationId",
        refund_destination_type: Option<RefundDestinationType> = "refundDestinationType",
        charge_from_me: Option<bool> = "chargeFromMe",
    }
}

wire_request! {
    /// Ends a payment that waits; what was taken goes back.
    RefundWaitingPaymentRequest {
        payment_id: Option<i64> = "paymentId",
    }
}

wire_response! {
    /// A payment that was given back. A CANCEL has an id, a REFUND has items.
    PaymentRefundResponse {
        id: Option<i64> = "id",
        created_date: Option<LocalDateTime> = "createdDate",
        status: Option<RefundStatus> = "status",
        refund_destination_type: Option<RefundDestinationType> = "refundDestinationType",
        refund_price: Option<Decimal> = "refundPrice",
        refund_bank_price: Option<Decimal> = "refundBankPrice",
        refund_wallet_price: Option<Decimal> = "refundWalletPrice",
        conversation_id: Option<String> = "conversationId",
        auth_code: Option<String> = "authCode",
        host_reference: Option<String> = "hostReference",
        trans_id: Option<String> = "transId",
        payment_id: Option<i64> = "paymentId",
        refund_type: Option<RefundType> = "refundType",
        currency: Option<Currency> = "currency",
        payment_transaction_refunds: Vec<PaymentTransactionRefundResponse> = "paymentTransactionRefunds",
    }
}

wire_response! {
    /// WAITING while it is not known whether money was taken.
    RefundWaitingPaymentResponse {
        status: Option<RefundStatus> = "status",
    }
}
