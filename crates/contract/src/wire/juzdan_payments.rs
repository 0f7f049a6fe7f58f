// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `juzdan-payments`.

use super::card_payments::PaymentItem;
use super::enums::{ClientType, Currency, PaymentGroup, PaymentPhase};
use crate::money::Decimal;
use crate::wire_type::{wire_request, wire_response};

wire_request! {
    /// `InitJuzdanPaymentRequest` of the public contract.
    InitJuzdanPaymentRequest {
        price: Option<Decimal> = "price",
        paid_price: Option<Decimal> = "paidPrice",
        currency: Option<Currency> = "currency",
        payment_group: Option<PaymentGroup> = "paymentGroup",
        conversation_id: Option<String> = "conversationId",
        external_id: Option<String> = "externalId",
        callback_url: Option<String> = "callbackUrl",
        payment_phase: Option<PaymentPhase> = "paymentPhase",
        payment_channel: Option<String> = "paymentChannel",
        buyer_member_id: Option<i64> = "buyerMemberId",
        bank_order_id: Option<String> = "bankOrderId",
        items: Option<Vec<PaymentItem>> = "items",
        client_type: Option<ClientType> = "clientType",
        loan_campaign_id: Option<i64> = "loanCampaignId",
    }
}

wire_response! {
    /// `InitJuzdanPaymentResponse` of the public contract.
    InitJuzdanPaymentResponse {
        reference_id: Option<String> = "referenceId",
        juzdan_qr_url: Option<String> = "juzdanQrUrl",
    }
}
