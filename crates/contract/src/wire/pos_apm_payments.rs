// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `pos-apm-payments`.

use super::card_payments::{FraudCheckParameters, PaymentError, PaymentItem};
use super::enums::{
    AdditionalAction, Currency, PaymentGroup, PaymentPhase, PaymentStatus, PosApmPaymentProvider,
};
use crate::money::Decimal;
use crate::wire_type::{wire_request, wire_response};
use serde_json::{Map, Value};

wire_request! {
    /// `CompletePosApmPaymentRequest` of the public contract.
    CompletePosApmPaymentRequest {
        payment_id: Option<i64> = "paymentId",
        additional_params: Option<Map<String, Value>> = "additionalParams",
    }
}

wire_request! {
    /// `InitPosApmPaymentRequest` of the public contract.
    InitPosApmPaymentRequest {
        price: Option<Decimal> = "price",
        paid_price: Option<Decimal> = "paidPrice",
        pos_alias: Option<String> = "posAlias",
        currency: Option<Currency> = "currency",
        conversation_id: Option<String> = "conversationId",
        external_id: Option<String> = "externalId",
        callback_url: Option<String> = "callbackUrl",
        payment_group: Option<PaymentGroup> = "paymentGroup",
        payment_phase: Option<PaymentPhase> = "paymentPhase",
        payment_channel: Option<String> = "paymentChannel",
        buyer_member_id: Option<i64> = "buyerMemberId",
        bank_order_id: Option<String> = "bankOrderId",
        client_ip: Option<String> = "clientIp",
        items: Option<Vec<PaymentItem>> = "items",
        additional_params: Option<Map<String, Value>> = "additionalParams",
        installments: Option<Vec<PosApmInstallment>> = "installments",
        payment_provider: Option<PosApmPaymentProvider> = "paymentProvider",
        fraud_params: Option<FraudCheckParameters> = "fraudParams",
        checkout_form_token: Option<String> = "checkoutFormToken",
        client_port: Option<i32> = "clientPort",
    }
}

wire_request! {
    /// `PosApmInstallment` of the public contract.
    PosApmInstallment {
        number: Option<i32> = "number",
        total_price: Option<Decimal> = "totalPrice",
    }
}

wire_response! {
    /// `InitPosApmPaymentResponse` of the public contract.
    InitPosApmPaymentResponse {
        html_content: Option<String> = "htmlContent",
        payment_id: Option<i64> = "paymentId",
        payment_status: Option<PaymentStatus> = "paymentStatus",
        additional_action: Option<AdditionalAction> = "additionalAction",
        payment_error: Option<PaymentError> = "paymentError",
        additional_data: Option<Map<String, Value>> = "additionalData",
    }
}
