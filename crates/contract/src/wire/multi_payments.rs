// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `multi-payments`.

use super::card_payments::PaymentItem;
use super::enums::{Currency, MultiPaymentStatus, PaymentGroup, PaymentMethod, PaymentSource};
use crate::datetime::LocalDateTime;
use crate::money::Decimal;
use crate::wire_type::{wire_request, wire_response};
use serde_json::{Map, Value};

wire_request! {
    /// `InitMultiPaymentRequest` of the public contract.
    InitMultiPaymentRequest {
        price: Option<Decimal> = "price",
        currency: Option<Currency> = "currency",
        payment_group: Option<PaymentGroup> = "paymentGroup",
        payment_source: Option<PaymentSource> = "paymentSource",
        conversation_id: Option<String> = "conversationId",
        external_id: Option<String> = "externalId",
        callback_url: Option<String> = "callbackUrl",
        payment_channel: Option<String> = "paymentChannel",
        enabled_payment_methods: Option<Vec<PaymentMethod>> = "enabledPaymentMethods",
        enabled_installments: Option<Vec<i32>> = "enabledInstallments",
        card_user_key: Option<String> = "cardUserKey",
        buyer_member_id: Option<i64> = "buyerMemberId",
        allow_only_credit_card: Option<bool> = "allowOnlyCreditCard",
        force_auth_for_non_credit_cards: Option<bool> = "forceAuthForNonCreditCards",
        allow_only_stored_cards: Option<bool> = "allowOnlyStoredCards",
        allow_installment_only_commercial_cards: Option<bool> = "allowInstallmentOnlyCommercialCards",
        always_store_card_after_payment: Option<bool> = "alwaysStoreCardAfterPayment",
        disable_store_card: Option<bool> = "disableStoreCard",
        force_three_ds: Option<bool> = "forceThreeDS",
        masterpass_gsm_number: Option<String> = "masterpassGsmNumber",
        masterpass_user_id: Option<String> = "masterpassUserId",
        apm_user_identity: Option<String> = "apmUserIdentity",
        items: Option<Vec<PaymentItem>> = "items",
        ttl: Option<i32> = "ttl",
        maximum_split_payment_count: Option<i32> = "maximumSplitPaymentCount",
        additional_params: Option<Map<String, Value>> = "additionalParams",
        retry: Option<bool> = "retry",
    }
}

wire_response! {
    /// `InitMultiPaymentResponse` of the public contract.
    InitMultiPaymentResponse {
        token: Option<String> = "token",
        page_url: Option<String> = "pageUrl",
        token_expire_date: Option<LocalDateTime> = "tokenExpireDate",
    }
}

wire_response! {
    /// `MultiPaymentResponse` of the public contract.
    MultiPaymentResponse {
        id: Option<i64> = "id",
        multi_payment_status: Option<MultiPaymentStatus> = "multiPaymentStatus",
        token: Option<String> = "token",
        conversation_id: Option<String> = "conversationId",
        external_id: Option<String> = "externalId",
        price: Option<Decimal> = "price",
        remaining_amount: Option<Decimal> = "remainingAmount",
        token_expire_date: Option<LocalDateTime> = "tokenExpireDate",
        payment_ids: Vec<i64> = "paymentIds",
    }
}
