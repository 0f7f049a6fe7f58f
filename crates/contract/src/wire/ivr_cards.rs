// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `ivr-cards`.

use crate::wire_type::{wire_query, wire_response};

wire_query! {
    /// `RetrieveCardFromIvrRequest` of the public contract.
    RetrieveCardFromIvrRequest {
        call_token: Option<String> = "callToken",
        card_user_key: Option<String> = "cardUserKey",
    }
}

wire_response! {
    /// `IVRCardTokenizationResponse` of the public contract.
    IVRCardTokenizationResponse {
        bin_number: Option<String> = "binNumber",
        last_four_digits: Option<String> = "lastFourDigits",
        card_user_key: Option<String> = "cardUserKey",
        card_token: Option<String> = "cardToken",
        secure_fields_token: Option<String> = "secureFieldsToken",
    }
}
