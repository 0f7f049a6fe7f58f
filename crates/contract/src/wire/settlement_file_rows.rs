// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `settlement-file-rows`.

use super::enums::FileStatus;
use crate::datetime::{LocalDateTime, ReceivedDateTime};
use crate::money::Decimal;
use crate::wire_type::{wire_query, wire_response};

wire_query! {
    /// `SearchPayoutRowsRequest` of the public contract.
    SearchPayoutRowsRequest {
        page: Option<i32> = "page",
        size: Option<i32> = "size",
        file_status: Option<FileStatus> = "fileStatus",
        start_date: Option<ReceivedDateTime> = "startDate",
        end_date: Option<ReceivedDateTime> = "endDate",
    }
}

wire_response! {
    /// `PayoutRow` of the public contract.
    PayoutRow {
        name: Option<String> = "name",
        iban: Option<String> = "iban",
        payout_id: Option<i64> = "payoutId",
        merchant_id: Option<i64> = "merchantId",
        merchant_type: Option<String> = "merchantType",
        payout_amount: Option<Decimal> = "payoutAmount",
        payout_date: Option<LocalDateTime> = "payoutDate",
    }
}
