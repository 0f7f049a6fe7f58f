// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `payout-accounts`.

use super::enums::{AccountOwner, Currency, PayoutAccountType};
use crate::wire_type::{wire_query, wire_request, wire_response};

wire_request! {
    /// `CreatePayoutAccountRequest` of the public contract.
    CreatePayoutAccountRequest {
        r#type: Option<PayoutAccountType> = "type",
        external_account_id: Option<String> = "externalAccountId",
        currency: Option<Currency> = "currency",
        account_owner: Option<AccountOwner> = "accountOwner",
        sub_merchant_member_id: Option<i64> = "subMerchantMemberId",
    }
}

wire_query! {
    /// `SearchPayoutAccountRequest` of the public contract.
    SearchPayoutAccountRequest {
        currency: Option<Currency> = "currency",
        account_owner: Option<AccountOwner> = "accountOwner",
        sub_merchant_member_id: Option<i64> = "subMerchantMemberId",
        page: Option<i32> = "page",
        size: Option<i32> = "size",
    }
}

wire_request! {
    /// `UpdatePayoutAccountRequest` of the public contract.
    UpdatePayoutAccountRequest {
        r#type: Option<PayoutAccountType> = "type",
        external_account_id: Option<String> = "externalAccountId",
    }
}

wire_response! {
    /// `PayoutAccountResponse` of the public contract.
    PayoutAccountResponse {
        id: Option<i64> = "id",
        r#type: Option<PayoutAccountType> = "type",
        external_account_id: Option<String> = "externalAccountId",
        currency: Option<Currency> = "currency",
        account_owner: Option<AccountOwner> = "accountOwner",
        sub_merchant_member_id: Option<i64> = "subMerchantMemberId",
    }
}
