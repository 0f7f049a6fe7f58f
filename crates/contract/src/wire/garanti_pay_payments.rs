// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `garanti-pay-payments`.

use super::card_payments::PaymentItem;
use super::enums::{Currency, PaymentGroup};
use crate::money::Decimal;
use crate::wire_type::{wire_request, wire_response};

wire_request! {
    /// `InitGarantiPayPaymentRequest` of the public contract.
    InitGarantiPayPaymentRequest {
        price: Option<Decimal> = "price",
        paid_price: Option<Decimal> = "paidPrice",
        currency: Option<Currency> = "currency",
        pos_alias: Option<String> = "posAlias",
        payment_group: Option<PaymentGroup> = "paymentGroup",
        conversation_id: Option<String> = "conversationId",
        external_id: Option<String> = "externalId",
        callback_url: Option<String> = "callbackUrl",
        client_ip: Option<String> = "clientIp",
        payment_channel: Option<String> = "paymentChannel",
        buyer_member_id: Option<i64> = "buyerMemberId",
        bank_order_id: Option<String> = "bankOrderId",
        items: Option<Vec<PaymentItem>> = "items",
        installments: Option<Vec<GarantiPayInstallment>> = "installments",
        enabled_installments: Option<Vec<i32>> = "enabledInstallments",
        client_port: Option<i32> = "clientPort",
    }
}

wire_request! {
    /// `GarantiPayInstallment` of the public contract.
    GarantiPayInstallment {
        number: Option<i32> = "number",
        total_price: Option<Decimal> = "totalPrice",
    }
}

wire_response! {
    /// `InitGarantiPayPaymentResponse` of the public contract.
    InitGarantiPayPaymentResponse {
        html_content: Option<String> = "htmlContent",
        payment_id: Option<i64> = "paymentId",
    }
}
