// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `deposits`.

use super::card_payments::{Card, PaymentError, RoutingOptions};
use super::enums::{
    ApmAdditionalAction, ApmType, Currency, FraudAction, PaymentStatus, PaymentType,
    WalletTransactionType,
};
use crate::datetime::LocalDateTime;
use crate::money::Decimal;
use crate::wire_type::{wire_request, wire_response};
use serde_json::{Map, Value};

wire_request! {
    /// `CreateDepositPaymentRequest` of the public contract.
    CreateDepositPaymentRequest {
        buyer_member_id: Option<i64> = "buyerMemberId",
        price: Option<Decimal> = "price",
        currency: Option<Currency> = "currency",
        conversation_id: Option<String> = "conversationId",
        callback_url: Option<String> = "callbackUrl",
        pos_alias: Option<String> = "posAlias",
        client_ip: Option<String> = "clientIp",
        card: Option<Card> = "card",
        routing_options: Option<RoutingOptions> = "routingOptions",
        client_port: Option<i32> = "clientPort",
    }
}

wire_request! {
    /// `CreateFundTransferDepositPaymentRequest` of the public contract.
    CreateFundTransferDepositPaymentRequest {
        price: Option<Decimal> = "price",
        buyer_member_id: Option<i64> = "buyerMemberId",
        conversation_id: Option<String> = "conversationId",
        client_ip: Option<String> = "clientIp",
        client_port: Option<i32> = "clientPort",
    }
}

wire_request! {
    /// `InitApmDepositPaymentRequest` of the public contract.
    InitApmDepositPaymentRequest {
        apm_type: Option<ApmType> = "apmType",
        merchant_apm_id: Option<i64> = "merchantApmId",
        price: Option<Decimal> = "price",
        currency: Option<Currency> = "currency",
        buyer_member_id: Option<i64> = "buyerMemberId",
        payment_channel: Option<String> = "paymentChannel",
        conversation_id: Option<String> = "conversationId",
        external_id: Option<String> = "externalId",
        callback_url: Option<String> = "callbackUrl",
        apm_order_id: Option<String> = "apmOrderId",
        apm_user_identity: Option<String> = "apmUserIdentity",
        additional_params: Option<Map<String, Value>> = "additionalParams",
        client_ip: Option<String> = "clientIp",
        client_port: Option<i32> = "clientPort",
    }
}

wire_response! {
    /// `ApmDepositPaymentResponse` of the public contract.
    ApmDepositPaymentResponse {
        payment_id: Option<i64> = "paymentId",
        redirect_url: Option<String> = "redirectUrl",
        payment_status: Option<PaymentStatus> = "paymentStatus",
        additional_action: Option<ApmAdditionalAction> = "additionalAction",
        payment_error: Option<PaymentError> = "paymentError",
        wallet_transaction: Option<WalletTransaction> = "walletTransaction",
    }
}

wire_response! {
    /// `DepositPaymentResponse` of the public contract.
    DepositPaymentResponse {
        id: Option<i64> = "id",
        price: Option<Decimal> = "price",
        currency: Option<String> = "currency",
        buyer_member_id: Option<i64> = "buyerMemberId",
        conversation_id: Option<String> = "conversationId",
        bank_commission_rate: Option<Decimal> = "bankCommissionRate",
        bank_commission_rate_amount: Option<Decimal> = "bankCommissionRateAmount",
        auth_code: Option<String> = "authCode",
        host_reference: Option<String> = "hostReference",
        trans_id: Option<String> = "transId",
        order_id: Option<String> = "orderId",
        payment_type: Option<PaymentType> = "paymentType",
        created_date: Option<LocalDateTime> = "createdDate",
        payment_status: Option<PaymentStatus> = "paymentStatus",
        card_user_key: Option<String> = "cardUserKey",
        card_token: Option<String> = "cardToken",
        wallet_transaction: Option<WalletTransaction> = "walletTransaction",
        fraud_id: Option<i64> = "fraudId",
        fraud_rule_id: Option<i64> = "fraudRuleId",
        fraud_action: Option<FraudAction> = "fraudAction",
    }
}

wire_response! {
    /// `FundTransferDepositPaymentResponse` of the public contract.
    FundTransferDepositPaymentResponse {
        price: Option<Decimal> = "price",
        currency: Option<String> = "currency",
        conversation_id: Option<String> = "conversationId",
        buyer_member_id: Option<i64> = "buyerMemberId",
        wallet_transaction: Option<WalletTransaction> = "walletTransaction",
    }
}

wire_response! {
    /// `WalletTransaction` of the public contract.
    WalletTransaction {
        id: Option<i64> = "id",
        wallet_transaction_type: Option<WalletTransactionType> = "walletTransactionType",
        amount: Option<Decimal> = "amount",
        wallet_id: Option<i64> = "walletId",
    }
}
