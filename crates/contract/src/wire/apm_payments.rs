// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `apm-payments`.

use super::card_payments::{PaymentError, PaymentItem};
use super::enums::{ApmAdditionalAction, ApmType, Currency, PaymentGroup, PaymentStatus};
use crate::money::Decimal;
use crate::wire_type::{wire_request, wire_response};
use serde_json::{Map, Value};

wire_request! {
    /// `CompleteApmPaymentRequest` of the public contract.
    CompleteApmPaymentRequest {
        payment_id: Option<i64> = "paymentId",
        additional_params: Option<Map<String, Value>> = "additionalParams",
    }
}

wire_request! {
    /// `CreateApmPaymentRequest` of the public contract.
    CreateApmPaymentRequest {
        apm_type: Option<ApmType> = "apmType",
        price: Option<Decimal> = "price",
        paid_price: Option<Decimal> = "paidPrice",
        currency: Option<Currency> = "currency",
        payment_group: Option<PaymentGroup> = "paymentGroup",
        payment_channel: Option<String> = "paymentChannel",
        conversation_id: Option<String> = "conversationId",
        external_id: Option<String> = "externalId",
        buyer_member_id: Option<i64> = "buyerMemberId",
        apm_order_id: Option<String> = "apmOrderId",
        client_ip: Option<String> = "clientIp",
        items: Option<Vec<PaymentItem>> = "items",
        client_port: Option<i32> = "clientPort",
    }
}

wire_request! {
    /// `InitApmPaymentRequest` of the public contract.
    InitApmPaymentRequest {
        apm_type: Option<ApmType> = "apmType",
        merchant_apm_id: Option<i64> = "merchantApmId",
        price: Option<Decimal> = "price",
        paid_price: Option<Decimal> = "paidPrice",
        buyer_member_id: Option<i64> = "buyerMemberId",
        currency: Option<Currency> = "currency",
        payment_group: Option<PaymentGroup> = "paymentGroup",
        payment_channel: Option<String> = "paymentChannel",
        conversation_id: Option<String> = "conversationId",
        external_id: Option<String> = "externalId",
        callback_url: Option<String> = "callbackUrl",
        apm_order_id: Option<String> = "apmOrderId",
        apm_user_identity: Option<String> = "apmUserIdentity",
        additional_params: Option<Map<String, Value>> = "additionalParams",
        client_ip: Option<String> = "clientIp",
        items: Option<Vec<PaymentItem>> = "items",
        client_port: Option<i32> = "clientPort",
    }
}

wire_response! {
    /// `ApmPaymentCompleteResponse` of the public contract.
    ApmPaymentCompleteResponse {
        payment_id: Option<i64> = "paymentId",
        payment_status: Option<PaymentStatus> = "paymentStatus",
        payment_error: Option<PaymentError> = "paymentError",
        status: Option<PaymentStatus> = "status",
    }
}

wire_response! {
    /// `ApmPaymentInitResponse` of the public contract.
    ApmPaymentInitResponse {
        payment_id: Option<i64> = "paymentId",
        redirect_url: Option<String> = "redirectUrl",
        html_content: Option<String> = "htmlContent",
        qr_code: Option<String> = "qrCode",
        payment_status: Option<PaymentStatus> = "paymentStatus",
        additional_action: Option<ApmAdditionalAction> = "additionalAction",
        payment_error: Option<PaymentError> = "paymentError",
        additional_data: Option<Map<String, Value>> = "additionalData",
    }
}
