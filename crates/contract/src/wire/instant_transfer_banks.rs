// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `instant-transfer-banks`.

use crate::wire_type::wire_response;

wire_response! {
    /// `InstantTransferBank` of the public contract.
    InstantTransferBank {
        bank_code: Option<String> = "bankCode",
        bank_name: Option<String> = "bankName",
        bank_logo_url: Option<String> = "bankLogoUrl",
    }
}
