// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `bins`.

use super::enums::{CardAssociation, CardType};
use crate::wire_type::wire_response;

wire_response! {
    /// The card facts of a BIN.
    BinNumberResponse {
        bin_number: Option<String> = "binNumber",
        card_type: Option<CardType> = "cardType",
        card_association: Option<CardAssociation> = "cardAssociation",
        card_brand: Option<String> = "cardBrand",
        bank_name: Option<String> = "bankName",
        bank_code: Option<i64> = "bankCode",
        commercial: Option<bool> = "commercial",
    }
}
