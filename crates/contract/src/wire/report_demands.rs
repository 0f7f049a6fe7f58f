// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `report-demands`.

use super::enums::{ReportPeriod, ReportType};
use crate::datetime::{LocalDateTime, ReceivedDateTime};
use crate::wire_type::{wire_request, wire_response};

wire_request! {
    /// `CreateReportRequest` of the public contract.
    CreateReportRequest {
        start_date: Option<ReceivedDateTime> = "startDate",
        end_date: Option<ReceivedDateTime> = "endDate",
        report_type: Option<ReportType> = "reportType",
        report_period: Option<ReportPeriod> = "reportPeriod",
    }
}

wire_response! {
    /// `ReportDemandResponse` of the public contract.
    ReportDemandResponse {
        id: Option<i64> = "id",
        report_type: Option<ReportType> = "reportType",
        report_period: Option<ReportPeriod> = "reportPeriod",
        start_date: Option<LocalDateTime> = "startDate",
        end_date: Option<LocalDateTime> = "endDate",
    }
}
