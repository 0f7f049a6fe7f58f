// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `masterpass-accounts`.

use crate::wire_type::{wire_request, wire_response};

wire_request! {
    /// `MasterpassAccountTokenGenerateRequest` of the public contract.
    MasterpassAccountTokenGenerateRequest {
        msisdn: Option<String> = "msisdn",
        user_id: Option<String> = "userId",
    }
}

wire_response! {
    /// `MasterpassAccountTokenGenerateResponse` of the public contract.
    MasterpassAccountTokenGenerateResponse {
        token: Option<String> = "token",
    }
}
