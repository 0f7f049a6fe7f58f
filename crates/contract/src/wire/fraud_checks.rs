// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `fraud-checks`.

use super::enums::{CardType, FraudAction, FraudCheckStatus, PaymentStatus, Status};
use crate::datetime::{LocalDateTime, ReceivedDateTime};
use crate::money::Decimal;
use crate::wire_type::{wire_query, wire_request, wire_response};

wire_query! {
    /// `SearchFraudChecksRequest` of the public contract.
    SearchFraudChecksRequest {
        page: Option<i32> = "page",
        size: Option<i32> = "size",
        action: Option<FraudAction> = "action",
        check_status: Option<FraudCheckStatus> = "checkStatus",
        min_created_date: Option<ReceivedDateTime> = "minCreatedDate",
        max_created_date: Option<ReceivedDateTime> = "maxCreatedDate",
        rule_id: Option<i64> = "ruleId",
        payment_id: Option<i64> = "paymentId",
        payment_status: Option<PaymentStatus> = "paymentStatus",
    }
}

wire_request! {
    /// `UpdateFraudCheckRequest` of the public contract.
    UpdateFraudCheckRequest {
        check_status: Option<FraudCheckStatus> = "checkStatus",
    }
}

wire_response! {
    /// `FraudPaymentData` of the public contract.
    FraudPaymentData {
        payment_date: Option<LocalDateTime> = "paymentDate",
        conversation_id: Option<String> = "conversationId",
        paid_price: Option<Decimal> = "paidPrice",
        currency: Option<String> = "currency",
        buyer_id: Option<i64> = "buyerId",
        client_ip: Option<String> = "clientIp",
    }
}

wire_response! {
    /// `FraudCheck` of the public contract.
    FraudCheck {
        id: Option<i64> = "id",
        status: Option<Status> = "status",
        action: Option<FraudAction> = "action",
        check_status: Option<FraudCheckStatus> = "checkStatus",
        payment_data: Option<FraudPaymentData> = "paymentData",
        rule_id: Option<i64> = "ruleId",
        rule_name: Option<String> = "ruleName",
        rule_conditions: Option<String> = "ruleConditions",
        payment_id: Option<i64> = "paymentId",
        payment_status: Option<PaymentStatus> = "paymentStatus",
        card_type: Option<CardType> = "cardType",
        is_global_rule: Option<bool> = "isGlobalRule",
    }
}
