// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `withdraws`.

use super::enums::{Currency, Status, TransactionPayoutStatus};
use crate::datetime::{LocalDateTime, ReceivedDateTime};
use crate::money::Decimal;
use crate::wire_type::{wire_query, wire_request, wire_response};

wire_request! {
    /// `CreateWithdrawRequest` of the public contract.
    CreateWithdrawRequest {
        price: Option<Decimal> = "price",
        member_id: Option<i64> = "memberId",
        description: Option<String> = "description",
        currency: Option<Currency> = "currency",
    }
}

wire_query! {
    /// `SearchWithdrawsRequest` of the public contract.
    SearchWithdrawsRequest {
        member_id: Option<i64> = "memberId",
        currency: Option<Currency> = "currency",
        payout_status: Option<TransactionPayoutStatus> = "payoutStatus",
        min_withdraw_price: Option<Decimal> = "minWithdrawPrice",
        max_withdraw_price: Option<Decimal> = "maxWithdrawPrice",
        min_created_date: Option<ReceivedDateTime> = "minCreatedDate",
        max_created_date: Option<ReceivedDateTime> = "maxCreatedDate",
        page: Option<i32> = "page",
        size: Option<i32> = "size",
    }
}

wire_response! {
    /// `WithdrawResponse` of the public contract.
    WithdrawResponse {
        id: Option<i64> = "id",
        created_date: Option<LocalDateTime> = "createdDate",
        status: Option<Status> = "status",
        price: Option<Decimal> = "price",
        description: Option<String> = "description",
        currency: Option<Currency> = "currency",
        payout_status: Option<TransactionPayoutStatus> = "payoutStatus",
        member_id: Option<i64> = "memberId",
        payout_id: Option<i64> = "payoutId",
    }
}
