// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `bkm-express`.

use super::card_payments::PaymentItem;
use super::enums::{Currency, PaymentGroup, PaymentPhase};
use crate::money::Decimal;
use crate::wire_type::{wire_request, wire_response};

wire_request! {
    /// `CompleteBkmExpressRequest` of the public contract.
    CompleteBkmExpressRequest {
        status: Option<bool> = "status",
        message: Option<String> = "message",
        ticket_id: Option<String> = "ticketId",
        bkm_express_payment_token: Option<String> = "bkmExpressPaymentToken",
    }
}

wire_request! {
    /// `InitBkmExpressRequest` of the public contract.
    InitBkmExpressRequest {
        price: Option<Decimal> = "price",
        paid_price: Option<Decimal> = "paidPrice",
        payment_group: Option<PaymentGroup> = "paymentGroup",
        conversation_id: Option<String> = "conversationId",
        payment_phase: Option<PaymentPhase> = "paymentPhase",
        items: Option<Vec<PaymentItem>> = "items",
        enabled_installments: Option<Vec<i32>> = "enabledInstallments",
        buyer_member_id: Option<i64> = "buyerMemberId",
        currency: Option<Currency> = "currency",
        bank_order_id: Option<String> = "bankOrderId",
    }
}

wire_response! {
    /// `InitBkmExpressResponse` of the public contract.
    InitBkmExpressResponse {
        id: Option<String> = "id",
        path: Option<String> = "path",
        token: Option<String> = "token",
    }
}

wire_request! {
    /// `BkmExpressGenerateTokenRequest` of the public contract.
    BkmExpressGenerateTokenRequest {
        gsm_number: Option<String> = "gsmNumber",
        user_id: Option<String> = "userId",
    }
}

wire_response! {
    /// `BkmExpressGenerateTokenResponse` of the public contract.
    BkmExpressGenerateTokenResponse {
    }
}
