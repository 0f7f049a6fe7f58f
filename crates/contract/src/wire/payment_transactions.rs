// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `payment-transactions`.

use super::card_payments::Payout;
use super::enums::{ApprovalStatus, TransactionStatus};
use crate::datetime::{LocalDateTime, ReceivedDateTime};
use crate::money::Decimal;
use crate::wire_type::{wire_request, wire_response};

wire_request! {
    /// `ApprovePaymentTransactionsRequest` of the public contract.
    ApprovePaymentTransactionsRequest {
        payment_transaction_ids: Option<Vec<i64>> = "paymentTransactionIds",
        is_transactional: Option<bool> = "isTransactional",
    }
}

wire_request! {
    /// `DisapprovePaymentTransactionsRequest` of the public contract.
    DisapprovePaymentTransactionsRequest {
        payment_transaction_ids: Option<Vec<i64>> = "paymentTransactionIds",
        is_transactional: Option<bool> = "isTransactional",
    }
}

wire_request! {
    /// `UpdatePaymentTransactionRequest` of the public contract.
    UpdatePaymentTransactionRequest {
        payment_transaction_id: Option<i64> = "paymentTransactionId",
        sub_merchant_member_id: Option<i64> = "subMerchantMemberId",
        sub_merchant_member_price: Option<Decimal> = "subMerchantMemberPrice",
        blockage_resolved_date: Option<ReceivedDateTime> = "blockageResolvedDate",
    }
}

wire_response! {
    /// `PaymentTransactionResponse` of the public contract.
    PaymentTransactionResponse {
        id: Option<i64> = "id",
        name: Option<String> = "name",
        external_id: Option<String> = "externalId",
        price: Option<Decimal> = "price",
        paid_price: Option<Decimal> = "paidPrice",
        wallet_price: Option<Decimal> = "walletPrice",
        merchant_commission_rate: Option<Decimal> = "merchantCommissionRate",
        merchant_commission_rate_amount: Option<Decimal> = "merchantCommissionRateAmount",
        merchant_payout_amount: Option<Decimal> = "merchantPayoutAmount",
        sub_merchant_member_id: Option<i64> = "subMerchantMemberId",
        sub_merchant_member_price: Option<Decimal> = "subMerchantMemberPrice",
        sub_merchant_member_payout_rate: Option<Decimal> = "subMerchantMemberPayoutRate",
        sub_merchant_member_payout_amount: Option<Decimal> = "subMerchantMemberPayoutAmount",
        transaction_status: Option<TransactionStatus> = "transactionStatus",
        blockage_resolved_date: Option<LocalDateTime> = "blockageResolvedDate",
        payout: Option<Payout> = "payout",
    }
}

wire_response! {
    /// `PaymentTransactionApproval` of the public contract.
    PaymentTransactionApproval {
        payment_transaction_id: Option<i64> = "paymentTransactionId",
        approval_status: Option<ApprovalStatus> = "approvalStatus",
        failed_reason: Option<String> = "failedReason",
    }
}
