// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `rules`.

use super::enums::{FraudAction, FraudOperation, FraudRuleScope, Status};
use crate::datetime::ReceivedDateTime;
use crate::wire_type::{wire_query, wire_response};

wire_query! {
    /// `SearchFraudRuleRequest` of the public contract.
    SearchFraudRuleRequest {
        page: Option<i32> = "page",
        size: Option<i32> = "size",
        name: Option<String> = "name",
        action: Option<FraudAction> = "action",
        operation: Option<FraudOperation> = "operation",
        min_created_date: Option<ReceivedDateTime> = "minCreatedDate",
        max_created_date: Option<ReceivedDateTime> = "maxCreatedDate",
        merchant_id: Option<i64> = "merchantId",
        scope: Option<FraudRuleScope> = "scope",
    }
}

wire_response! {
    /// `FraudRuleResponse` of the public contract.
    FraudRuleResponse {
        id: Option<i64> = "id",
        status: Option<Status> = "status",
        name: Option<String> = "name",
        action: Option<FraudAction> = "action",
        conditions: Option<String> = "conditions",
        operations: Vec<FraudOperation> = "operations",
        is_global: Option<bool> = "isGlobal",
    }
}
