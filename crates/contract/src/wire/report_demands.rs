// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `report-demands`.

use super::enums::{ReportPeriod, ReportType};
use crate::datetime::{LocalDateTime, ReceivedDateTime};
use crate::wire_type::{wire_request, wire_response};

wire_request! {
    /// Asks for a report of a range of time.
    CreateReportRequest {
        start_date: Option<ReceivedDateTime> = "startDate",
        /// The range ends with it; a date alone is the whole day.
        end_date: Option<ReceivedDateTime> = "endDate",
        report_type: Option<ReportType> = "reportType",
        report_period: Option<ReportPeriod> = "reportPeriod",
    }
}

wire_response! {
    /// A report that is being made. Its id goes under both names that clients read.
    ReportDemandResponse {
        id: Option<i64> = "id",
        report_type: Option<ReportType> = "reportType",
        report_period: Option<ReportPeriod> = "reportPeriod",
        start_date: Option<LocalDateTime> = "startDate",
        end_date: Option<LocalDateTime> = "endDate",
        report_id: Option<String> = "reportId",
    }
}
