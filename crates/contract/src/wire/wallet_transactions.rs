// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `wallet-transactions`.

use super::card_payments::PaymentError;
use super::enums::{RefundStatus, WalletTransactionRefundCardTransactionType};
use crate::datetime::LocalDateTime;
use crate::money::Decimal;
use crate::wire_type::{wire_request, wire_response};

wire_request! {
    /// `RefundWalletTransactionToCardRequest` of the public contract.
    RefundWalletTransactionToCardRequest {
        refund_price: Option<Decimal> = "refundPrice",
    }
}

wire_response! {
    /// `RefundWalletTransactionResponse` of the public contract.
    RefundWalletTransactionResponse {
        id: Option<i64> = "id",
        created_date: Option<LocalDateTime> = "createdDate",
        refund_status: Option<RefundStatus> = "refundStatus",
        refund_price: Option<Decimal> = "refundPrice",
        auth_code: Option<String> = "authCode",
        host_reference: Option<String> = "hostReference",
        trans_id: Option<String> = "transId",
        transaction_id: Option<i64> = "transactionId",
        transaction_type: Option<WalletTransactionRefundCardTransactionType> = "transactionType",
        payment_error: Option<PaymentError> = "paymentError",
        wallet_transaction_id: Option<i64> = "walletTransactionId",
    }
}

wire_response! {
    /// `WalletTransactionRefundableAmountResponse` of the public contract.
    WalletTransactionRefundableAmountResponse {
        refundable_amount: Option<Decimal> = "refundableAmount",
    }
}
