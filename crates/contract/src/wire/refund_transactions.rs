// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `refund-transactions`.

use super::enums::{Currency, RefundDestinationType, RefundStatus};
use crate::datetime::LocalDateTime;
use crate::money::Decimal;
use crate::wire_type::{wire_request, wire_response};

wire_request! {
    /// Notes that an item was given back outside Galata.
    RefundPaymentTransactionMarkAsRefundedRequest {
        payment_transaction_id: Option<i64> = "paymentTransactionId",
        conversation_id: Option<String> = "conversationId",
        /// Absent: all that is left of the item.
        refund_price: Option<Decimal> = "refundPrice",
        refund_destination_type: Option<RefundDestinationType> = "refundDestinationType",
        charge_from_me: Option<bool> = "chargeFromMe",
    }
}

wire_request! {
    /// Gives an item of a payment back, or a part of it.
    RefundPaymentTransactionRequest {
        payment_transaction_id: Option<i64> = "paymentTransactionId",
        conversation_id: Option<String> = "conversationId",
        /// Absent: all that is left of the item.
        refund_price: Option<Decimal> = "refundPrice",
        refund_destination_type: Option<RefundDestinationType> = "refundDestinationType",
        charge_from_me: Option<bool> = "chargeFromMe",
    }
}

wire_response! {
    /// What was given back of an item.
    PaymentTransactionRefundResponse {
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
        is_after_settlement: Option<bool> = "isAfterSettlement",
        payment_transaction_id: Option<i64> = "paymentTransactionId",
        currency: Option<Currency> = "currency",
        payment_id: Option<i64> = "paymentId",
    }
}
