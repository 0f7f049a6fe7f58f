// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `value-lists`.

use super::enums::{FraudOperation, FraudValueType};
use crate::wire_type::{wire_request, wire_response};

wire_response! {
    /// `FraudValue` of the public contract.
    FraudValue {
        id: Option<String> = "id",
        label: Option<String> = "label",
        value: Option<String> = "value",
        expire_in_seconds: Option<i32> = "expireInSeconds",
    }
}

wire_request! {
    /// `AddCardFingerprintFraudValueListRequest` of the public contract.
    AddCardFingerprintFraudValueListRequest {
        label: Option<String> = "label",
        duration_in_seconds: Option<i32> = "durationInSeconds",
        operation: Option<FraudOperation> = "operation",
        operation_id: Option<String> = "operationId",
    }
}

wire_request! {
    /// `FraudValueListRequest` of the public contract.
    FraudValueListRequest {
        list_name: Option<String> = "listName",
        label: Option<String> = "label",
        r#type: Option<FraudValueType> = "type",
        value: Option<String> = "value",
        duration_in_seconds: Option<i32> = "durationInSeconds",
        payment_id: Option<i64> = "paymentId",
    }
}

wire_response! {
    /// `FraudValueListResponse` of the public contract.
    FraudValueListResponse {
        name: Option<String> = "name",
        values: Vec<FraudValue> = "values",
    }
}
