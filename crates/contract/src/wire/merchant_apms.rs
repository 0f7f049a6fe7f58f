// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `merchant-apms`.

use super::enums::{ApmType, Currency, Status};
use crate::wire_type::wire_response;

wire_response! {
    /// An alternative method. Its host goes under both names that clients read.
    MerchantApmResponse {
        id: Option<i64> = "id",
        status: Option<Status> = "status",
        name: Option<String> = "name",
        apm_type: Option<ApmType> = "apmType",
        hostname: Option<String> = "hostname",
        supported_currencies: Vec<Currency> = "supportedCurrencies",
        host_name: Option<String> = "hostName",
    }
}
