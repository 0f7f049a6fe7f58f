// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `remittances`.

use super::enums::{Currency, RemittanceReasonType, RemittanceType, Status};
use crate::datetime::LocalDateTime;
use crate::money::Decimal;
use crate::wire_type::{wire_request, wire_response};

wire_request! {
    /// `CreateRemittanceRequest` of the public contract.
    CreateRemittanceRequest {
        member_id: Option<i64> = "memberId",
        price: Option<Decimal> = "price",
        currency: Option<Currency> = "currency",
        description: Option<String> = "description",
        remittance_reason_type: Option<RemittanceReasonType> = "remittanceReasonType",
    }
}

wire_response! {
    /// `RemittanceResponse` of the public contract.
    RemittanceResponse {
        id: Option<i64> = "id",
        created_date: Option<LocalDateTime> = "createdDate",
        status: Option<Status> = "status",
        price: Option<Decimal> = "price",
        currency: Option<Currency> = "currency",
        member_id: Option<i64> = "memberId",
        remittance_type: Option<RemittanceType> = "remittanceType",
        remittance_reason_type: Option<RemittanceReasonType> = "remittanceReasonType",
        description: Option<String> = "description",
    }
}
