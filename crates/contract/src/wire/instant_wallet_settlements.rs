// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `instant-wallet-settlements`.

use super::enums::SettlementResultStatus;
use crate::wire_type::{wire_request, wire_response};

wire_request! {
    /// `CreateInstantWalletSettlementRequest` of the public contract.
    CreateInstantWalletSettlementRequest {
        excluded_sub_merchant_member_ids: Option<Vec<i64>> = "excludedSubMerchantMemberIds",
    }
}

wire_response! {
    /// `SettlementResponse` of the public contract.
    SettlementResponse {
        settlement_result_status: Option<SettlementResultStatus> = "settlementResultStatus",
    }
}
