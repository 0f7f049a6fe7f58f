// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `payment-reports`.

use super::enums::ReportFileType;
use crate::datetime::ReceivedDateTime;
use crate::wire_type::wire_query;

wire_query! {
    /// Which day's report is wanted, in which form.
    RetrieveDailyPaymentReportRequest {
        report_date: Option<ReceivedDateTime> = "reportDate",
        file_type: Option<ReportFileType> = "fileType",
    }
}
