//! Payments as reports show them: `/payment-reporting/v1/payments`.

use crate::card_loyalties::Loyalty;
use crate::card_payments::{
    MerchantPos, PaymentError, PaymentResponse, PaymentTransaction, Payout,
};
use crate::datetime::{LocalDateTime, ReceivedDateTime};
use crate::enums::{
    CardAssociation, CardType, Currency, FraudAction, MemberType, PaymentGroup, PaymentPhase,
    PaymentProvider, PaymentRefundStatus, PaymentSource, PaymentStatus, PaymentType,
    RefundDestinationType, RefundStatus, SettlementEarningsDestination, Status,
    TransactionPayoutStatus, TransactionStatus,
};
use crate::money::Decimal;
use crate::wire_type::{wire_query, wire_response};

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

wire_response! {
    /// A refund of a payment.
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
    /// A member: a buyer or a sub-merchant.
    MemberResponse {
        id: Option<i64> = "id",
        created_date: Option<LocalDateTime> = "createdDate",
        updated_date: Option<LocalDateTime> = "updatedDate",
        status: Option<Status> = "status",
        is_buyer: Option<bool> = "isBuyer",
        is_sub_merchant: Option<bool> = "isSubMerchant",
        member_type: Option<MemberType> = "memberType",
        member_external_id: Option<String> = "memberExternalId",
        name: Option<String> = "name",
        email: Option<String> = "email",
        address: Option<String> = "address",
        phone_number: Option<String> = "phoneNumber",
        contact_name: Option<String> = "contactName",
        contact_surname: Option<String> = "contactSurname",
        legal_company_title: Option<String> = "legalCompanyTitle",
        tax_office: Option<String> = "taxOffice",
        tax_number: Option<String> = "taxNumber",
        settlement_earnings_destination: Option<SettlementEarningsDestination> = "settlementEarningsDestination",
        negative_wallet_amount_limit: Option<Decimal> = "negativeWalletAmountLimit",
        iban: Option<String> = "iban",
        settlement_delay_count: Option<i32> = "settlementDelayCount",
    }
}

impl From<PaymentResponse> for ReportingPaymentResponse {
    /// What a report shares with the payment itself. Refund state and refunds are the caller's.
    fn from(payment: PaymentResponse) -> ReportingPaymentResponse {
        let transactions = payment.payment_transactions.into_iter().map(Into::into);
        ReportingPaymentResponse {
            id: payment.id,
            created_date: payment.created_date,
            price: payment.price,
            paid_price: payment.paid_price,
            wallet_price: payment.wallet_price,
            currency: payment.currency,
            buyer_member_id: payment.buyer_member_id,
            installment: payment.installment,
            conversation_id: payment.conversation_id,
            external_id: payment.external_id,
            payment_type: payment.payment_type,
            payment_provider: payment.payment_provider,
            payment_source: payment.payment_source,
            payment_group: payment.payment_group,
            payment_status: payment.payment_status,
            payment_phase: payment.payment_phase,
            payment_channel: payment.payment_channel,
            is_three_ds: payment.is_three_ds,
            merchant_commission_rate: payment.merchant_commission_rate,
            merchant_commission_rate_amount: payment.merchant_commission_rate_amount,
            bank_commission_rate: payment.bank_commission_rate,
            bank_commission_rate_amount: payment.bank_commission_rate_amount,
            paid_with_stored_card: payment.paid_with_stored_card,
            bin_number: payment.bin_number,
            last_four_digits: payment.last_four_digits,
            auth_code: payment.auth_code,
            host_reference: payment.host_reference,
            trans_id: payment.trans_id,
            md_status: payment.md_status,
            order_id: payment.order_id,
            card_holder_name: payment.card_holder_name,
            bank_card_holder_name: payment.bank_card_holder_name,
            card_issuer_bank_name: payment.card_issuer_bank_name,
            card_issuer_bank_id: payment.card_issuer_bank_id,
            card_type: payment.card_type,
            card_association: payment.card_association,
            card_brand: payment.card_brand,
            requested_pos_alias: payment.requested_pos_alias,
            fraud_id: payment.fraud_id,
            fraud_rule_id: payment.fraud_rule_id,
            fraud_action: payment.fraud_action,
            fraud_score: payment.fraud_score,
            blockage_resolved_date: payment.blockage_resolved_date,
            pos: payment.pos,
            loyalty: payment.loyalty,
            payment_error: payment.payment_error,
            payment_transactions: transactions.collect(),
            ..ReportingPaymentResponse::default()
        }
    }
}

impl From<PaymentTransaction> for ReportingPaymentTransaction {
    /// What a report shares with the item itself. Dates and states are the caller's.
    fn from(item: PaymentTransaction) -> ReportingPaymentTransaction {
        ReportingPaymentTransaction {
            id: item.id,
            name: item.name,
            external_id: item.external_id,
            price: item.price,
            paid_price: item.paid_price,
            wallet_price: item.wallet_price,
            merchant_commission_rate: item.merchant_commission_rate,
            merchant_commission_rate_amount: item.merchant_commission_rate_amount,
            merchant_payout_amount: item.merchant_payout_amount,
            sub_merchant_member_id: item.sub_merchant_member_id,
            sub_merchant_member_price: item.sub_merchant_member_price,
            sub_merchant_member_payout_rate: item.sub_merchant_member_payout_rate,
            sub_merchant_member_payout_amount: item.sub_merchant_member_payout_amount,
            transaction_status: item.transaction_status,
            blockage_resolved_date: item.blockage_resolved_date,
            payout: item.payout,
            ..ReportingPaymentTransaction::default()
        }
    }
}
