// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `payment-reporting`.

use super::card_loyalties::Loyalty;
use super::card_payments::{
    MerchantPos, PaymentError, PaymentResponse, PaymentTransaction, Payout,
};
use super::enums::{
    CardAssociation, CardType, Currency, FraudAction, PaymentGroup, PaymentPhase, PaymentProvider,
    PaymentRefundStatus, PaymentSource, PaymentStatus, PaymentType, RefundDestinationType,
    RefundStatus, TransactionPayoutStatus, TransactionStatus,
};
use super::members::MemberResponse;
use crate::datetime::{LocalDateTime, ReceivedDateTime};
use crate::money::Decimal;
use crate::wire_type::{wire_query, wire_response};
use serde_json::{Map, Value};

wire_query! {
    /// Which refunds to list. The documentation calls the price `minPaidPrice`, clients `minRefundPrice`.
    SearchPaymentRefundsRequest {
        page: Option<i32> = "page",
        size: Option<i32> = "size",
        id: Option<i64> = "id",
        payment_id: Option<i64> = "paymentId",
        buyer_member_id: Option<i64> = "buyerMemberId",
        conversation_id: Option<String> = "conversationId",
        status: Option<RefundStatus> = "status",
        currency: Option<Currency> = "currency",
        min_refund_price: Option<Decimal> = "minRefundPrice" | "minPaidPrice",
        max_refund_price: Option<Decimal> = "maxRefundPrice" | "maxPaidPrice",
        min_created_date: Option<ReceivedDateTime> = "minCreatedDate",
        max_created_date: Option<ReceivedDateTime> = "maxCreatedDate",
    }
}

wire_query! {
    /// Which refunds of items to list.
    SearchPaymentTransactionRefundsRequest {
        page: Option<i32> = "page",
        size: Option<i32> = "size",
        id: Option<i64> = "id",
        payment_id: Option<i64> = "paymentId",
        payment_transaction_id: Option<i64> = "paymentTransactionId",
        buyer_member_id: Option<i64> = "buyerMemberId",
        conversation_id: Option<String> = "conversationId",
        status: Option<RefundStatus> = "status",
        currency: Option<Currency> = "currency",
        min_refund_price: Option<Decimal> = "minRefundPrice" | "minPaidPrice",
        max_refund_price: Option<Decimal> = "maxRefundPrice" | "maxPaidPrice",
        is_after_settlement: Option<bool> = "isAfterSettlement",
        min_created_date: Option<ReceivedDateTime> = "minCreatedDate",
        max_created_date: Option<ReceivedDateTime> = "maxCreatedDate",
    }
}

wire_query! {
    /// Which payments to list. `merchantPosId` is documented, though no client sends it.
    SearchPaymentsRequest {
        page: Option<i32> = "page",
        size: Option<i32> = "size",
        payment_id: Option<i64> = "paymentId",
        payment_transaction_id: Option<i64> = "paymentTransactionId",
        buyer_member_id: Option<i64> = "buyerMemberId",
        sub_merchant_member_id: Option<i64> = "subMerchantMemberId",
        conversation_id: Option<String> = "conversationId",
        external_id: Option<String> = "externalId",
        order_id: Option<String> = "orderId",
        payment_type: Option<PaymentType> = "paymentType",
        payment_provider: Option<PaymentProvider> = "paymentProvider",
        payment_status: Option<PaymentStatus> = "paymentStatus",
        payment_source: Option<PaymentSource> = "paymentSource",
        payment_channel: Option<String> = "paymentChannel",
        bin_number: Option<String> = "binNumber",
        last_four_digits: Option<String> = "lastFourDigits",
        currency: Option<Currency> = "currency",
        min_paid_price: Option<Decimal> = "minPaidPrice",
        max_paid_price: Option<Decimal> = "maxPaidPrice",
        installment: Option<i32> = "installment",
        is_three_ds: Option<bool> = "isThreeDS" | "isThreeDs",
        min_created_date: Option<ReceivedDateTime> = "minCreatedDate",
        max_created_date: Option<ReceivedDateTime> = "maxCreatedDate",
        merchant_pos_id: Option<i64> = "merchantPosId",
    }
}

wire_response! {
    /// A refund of a payment. Why it failed goes under both names that clients read.
    ReportingPaymentRefundResponse {
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
        payment_type: Option<PaymentType> = "paymentType",
        error: Option<PaymentError> = "error",
        payment_error: Option<PaymentError> = "paymentError",
    }
}

wire_response! {
    /// A payment with its refunds.
    ReportingPaymentResponse {
        id: Option<i64> = "id",
        created_date: Option<LocalDateTime> = "createdDate",
        price: Option<Decimal> = "price",
        paid_price: Option<Decimal> = "paidPrice",
        wallet_price: Option<Decimal> = "walletPrice",
        currency: Option<Currency> = "currency",
        buyer_member_id: Option<i64> = "buyerMemberId",
        installment: Option<i32> = "installment",
        conversation_id: Option<String> = "conversationId",
        external_id: Option<String> = "externalId",
        payment_type: Option<PaymentType> = "paymentType",
        payment_provider: Option<PaymentProvider> = "paymentProvider",
        payment_source: Option<PaymentSource> = "paymentSource",
        payment_group: Option<PaymentGroup> = "paymentGroup",
        payment_status: Option<PaymentStatus> = "paymentStatus",
        payment_phase: Option<PaymentPhase> = "paymentPhase",
        payment_channel: Option<String> = "paymentChannel",
        is_three_ds: Option<bool> = "isThreeDS",
        merchant_commission_rate: Option<Decimal> = "merchantCommissionRate",
        /// `paidPrice` less `price`.
        merchant_commission_rate_amount: Option<Decimal> = "merchantCommissionRateAmount",
        bank_commission_rate: Option<Decimal> = "bankCommissionRate",
        bank_commission_rate_amount: Option<Decimal> = "bankCommissionRateAmount",
        paid_with_stored_card: Option<bool> = "paidWithStoredCard",
        /// Eight digits.
        bin_number: Option<String> = "binNumber",
        last_four_digits: Option<String> = "lastFourDigits",
        auth_code: Option<String> = "authCode",
        host_reference: Option<String> = "hostReference",
        trans_id: Option<String> = "transId",
        md_status: Option<i32> = "mdStatus",
        order_id: Option<String> = "orderId",
        card_holder_name: Option<String> = "cardHolderName",
        bank_card_holder_name: Option<String> = "bankCardHolderName",
        card_issuer_bank_name: Option<String> = "cardIssuerBankName",
        card_issuer_bank_id: Option<i64> = "cardIssuerBankId",
        card_type: Option<CardType> = "cardType",
        card_association: Option<CardAssociation> = "cardAssociation",
        card_brand: Option<String> = "cardBrand",
        requested_pos_alias: Option<String> = "requestedPosAlias",
        fraud_id: Option<i64> = "fraudId",
        fraud_rule_id: Option<i64> = "fraudRuleId",
        fraud_action: Option<FraudAction> = "fraudAction",
        fraud_score: Option<Decimal> = "fraudScore",
        blockage_resolved_date: Option<LocalDateTime> = "blockageResolvedDate",
        pos: Option<MerchantPos> = "pos",
        loyalty: Option<Loyalty> = "loyalty",
        payment_error: Option<PaymentError> = "paymentError",
        retry_count: Option<i32> = "retryCount",
        refundable_price: Option<Decimal> = "refundablePrice",
        refund_status: Option<PaymentRefundStatus> = "refundStatus",
        buyer_member: Option<MemberResponse> = "buyerMember",
        refunds: Vec<ReportingPaymentRefundResponse> = "refunds",
        payment_transactions: Vec<ReportingPaymentTransaction> = "paymentTransactions",
        additional_data: Option<Map<String, Value>> = "additionalData",
    }
}

wire_response! {
    /// A refund of an item. Why it failed goes under both names that clients read.
    ReportingPaymentTransactionRefundResponse {
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
        payment_type: Option<PaymentType> = "paymentType",
        error: Option<PaymentError> = "error",
        payment_error: Option<PaymentError> = "paymentError",
    }
}

wire_response! {
    /// How far the payouts of an item are.
    PayoutStatus {
        merchant_status: Option<TransactionPayoutStatus> = "merchantStatus",
        merchant_status_date: Option<LocalDateTime> = "merchantStatusDate",
        sub_merchant_member_status: Option<TransactionPayoutStatus> = "subMerchantMemberStatus",
        sub_merchant_member_status_date: Option<LocalDateTime> = "subMerchantMemberStatusDate",
    }
}

wire_response! {
    /// An item with its refund and payout state.
    ReportingPaymentTransaction {
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
        created_date: Option<LocalDateTime> = "createdDate",
        transaction_status_date: Option<LocalDateTime> = "transactionStatusDate",
        refundable_price: Option<Decimal> = "refundablePrice",
        sub_merchant_member: Option<MemberResponse> = "subMerchantMember",
        refund_status: Option<PaymentRefundStatus> = "refundStatus",
        payout_status: Option<PayoutStatus> = "payoutStatus",
        bank_commission_rate: Option<Decimal> = "bankCommissionRate",
        bank_commission_rate_amount: Option<Decimal> = "bankCommissionRateAmount",
    }
}

impl From<PaymentResponse> for ReportingPaymentResponse {
    /// Takes what both have. The rest is absent.
    fn from(given: PaymentResponse) -> ReportingPaymentResponse {
        ReportingPaymentResponse {
            id: given.id,
            created_date: given.created_date,
            price: given.price,
            paid_price: given.paid_price,
            wallet_price: given.wallet_price,
            currency: given.currency,
            buyer_member_id: given.buyer_member_id,
            installment: given.installment,
            conversation_id: given.conversation_id,
            external_id: given.external_id,
            payment_type: given.payment_type,
            payment_provider: given.payment_provider,
            payment_source: given.payment_source,
            payment_group: given.payment_group,
            payment_status: given.payment_status,
            payment_phase: given.payment_phase,
            payment_channel: given.payment_channel,
            is_three_ds: given.is_three_ds,
            merchant_commission_rate: given.merchant_commission_rate,
            merchant_commission_rate_amount: given.merchant_commission_rate_amount,
            bank_commission_rate: given.bank_commission_rate,
            bank_commission_rate_amount: given.bank_commission_rate_amount,
            paid_with_stored_card: given.paid_with_stored_card,
            bin_number: given.bin_number,
            last_four_digits: given.last_four_digits,
            auth_code: given.auth_code,
            host_reference: given.host_reference,
            trans_id: given.trans_id,
            md_status: given.md_status,
            order_id: given.order_id,
            card_holder_name: given.card_holder_name,
            bank_card_holder_name: given.bank_card_holder_name,
            card_issuer_bank_name: given.card_issuer_bank_name,
            card_issuer_bank_id: given.card_issuer_bank_id,
            card_type: given.card_type,
            card_association: given.card_association,
            card_brand: given.card_brand,
            requested_pos_alias: given.requested_pos_alias,
            fraud_id: given.fraud_id,
            fraud_rule_id: given.fraud_rule_id,
            fraud_action: given.fraud_action,
            fraud_score: given.fraud_score,
            blockage_resolved_date: given.blockage_resolved_date,
            pos: given.pos,
            loyalty: given.loyalty,
            payment_error: given.payment_error,
            payment_transactions: given
                .payment_transactions
                .into_iter()
                .map(Into::into)
                .collect(),
            additional_data: given.additional_data,
            ..ReportingPaymentResponse::default()
        }
    }
}

impl From<PaymentTransaction> for ReportingPaymentTransaction {
    /// Takes what both have. The rest is absent.
    fn from(given: PaymentTransaction) -> ReportingPaymentTransaction {
        ReportingPaymentTransaction {
            id: given.id,
            name: given.name,
            external_id: given.external_id,
            price: given.price,
            paid_price: given.paid_price,
            wallet_price: given.wallet_price,
            merchant_commission_rate: given.merchant_commission_rate,
            merchant_commission_rate_amount: given.merchant_commission_rate_amount,
            merchant_payout_amount: given.merchant_payout_amount,
            sub_merchant_member_id: given.sub_merchant_member_id,
            sub_merchant_member_price: given.sub_merchant_member_price,
            sub_merchant_member_payout_rate: given.sub_merchant_member_payout_rate,
            sub_merchant_member_payout_amount: given.sub_merchant_member_payout_amount,
            transaction_status: given.transaction_status,
            blockage_resolved_date: given.blockage_resolved_date,
            payout: given.payout,
            ..ReportingPaymentTransaction::default()
        }
    }
}
