// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `reports`.

use super::enums::ReportFileType;
use crate::wire_type::wire_query;

wire_query! {
    /// In which form a report is wanted.
    RetrieveReportRequest {
        file_type: Option<ReportFileType> = "fileType",
    }
}
