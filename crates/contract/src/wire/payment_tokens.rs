// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `payment-tokens`.

use crate::wire_type::{wire_request, wire_response};

wire_request! {
    /// `CreatePaymentTokenRequest` of the public contract.
    CreatePaymentTokenRequest {
        value: Option<String> = "value",
        issuer: Option<String> = "issuer",
    }
}

wire_response! {
    /// `PaymentTokenResponse` of the public contract.
    PaymentTokenResponse {
        token: Option<String> = "token",
        issuer: Option<String> = "issuer",
    }
}
