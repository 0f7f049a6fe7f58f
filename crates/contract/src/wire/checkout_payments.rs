// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `checkout-payments`.

use super::card_payments::{FraudCheckParameters, PaymentItem, RoutingOptions};
use super::enums::{Currency, PaymentGroup, PaymentMethod, PaymentPhase};
use crate::datetime::LocalDateTime;
use crate::money::Decimal;
use crate::wire_type::{wire_request, wire_response};
use serde_json::{Map, Value};

wire_request! {
    /// `InitCheckoutPaymentRequest` of the public contract.
    InitCheckoutPaymentRequest {
        price: Option<Decimal> = "price",
        paid_price: Option<Decimal> = "paidPrice",
        currency: Option<Currency> = "currency",
        payment_group: Option<PaymentGroup> = "paymentGroup",
        conversation_id: Option<String> = "conversationId",
        external_id: Option<String> = "externalId",
        order_id: Option<String> = "orderId",
        callback_url: Option<String> = "callbackUrl",
        client_ip: Option<String> = "clientIp",
        payment_phase: Option<PaymentPhase> = "paymentPhase",
        payment_channel: Option<String> = "paymentChannel",
        enabled_payment_methods: Option<Vec<PaymentMethod>> = "enabledPaymentMethods",
        masterpass_gsm_number: Option<String> = "masterpassGsmNumber",
        masterpass_user_id: Option<String> = "masterpassUserId",
        card_user_key: Option<String> = "cardUserKey",
        buyer_member_id: Option<i64> = "buyerMemberId",
        enabled_installments: Option<Vec<i32>> = "enabledInstallments",
        always_store_card_after_payment: Option<bool> = "alwaysStoreCardAfterPayment",
        allow_only_stored_cards: Option<bool> = "allowOnlyStoredCards",
        allow_only_credit_card: Option<bool> = "allowOnlyCreditCard",
        allow_installment_only_commercial_cards: Option<bool> = "allowInstallmentOnlyCommercialCards",
        force_three_ds: Option<bool> = "forceThreeDS",
        force_auth_for_non_credit_cards: Option<bool> = "forceAuthForNonCreditCards",
        deposit_payment: Option<bool> = "depositPayment",
        guest_checkout: Option<bool> = "guestCheckout",
        allow_delete_stored_card: Option<bool> = "allowDeleteStoredCard",
        use_top_redirection: Option<bool> = "useTopRedirection",
        return_back_url: Option<String> = "returnBackUrl",
        ttl: Option<i32> = "ttl",
        custom_installments: Option<Vec<CustomInstallment>> = "customInstallments",
        items: Option<Vec<PaymentItem>> = "items",
        routing_options: Option<RoutingOptions> = "routingOptions",
        fraud_params: Option<FraudCheckParameters> = "fraudParams",
        additional_params: Option<Map<String, Value>> = "additionalParams",
        card_brand_installments: Option<Map<String, Value>> = "cardBrandInstallments",
        retry: Option<bool> = "retry",
        deposit_payments: Option<bool> = "depositPayments",
        basket_identifier: Option<String> = "basketIdentifier",
        bex_gsm_number: Option<String> = "bexGsmNumber",
        bex_user_id: Option<String> = "bexUserId",
    }
}

wire_request! {
    /// `CustomInstallment` of the public contract.
    CustomInstallment {
        number: Option<i32> = "number",
        total_price: Option<Decimal> = "totalPrice",
    }
}

wire_response! {
    /// `InitCheckoutPaymentResponse` of the public contract.
    InitCheckoutPaymentResponse {
        token: Option<String> = "token",
        page_url: Option<String> = "pageUrl",
        token_expire_date: Option<LocalDateTime> = "tokenExpireDate",
    }
}
