// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `apple-pay`.

use crate::wire_type::wire_request;

wire_request! {
    /// `ApplePayMerchantSessionCreateRequest` of the public contract.
    ApplePayMerchantSessionCreateRequest {
        merchant_identifier: Option<String> = "merchantIdentifier",
        display_name: Option<String> = "displayName",
        initiative: Option<String> = "initiative",
        initiative_context: Option<String> = "initiativeContext",
        validation_url: Option<String> = "validationUrl",
    }
}
