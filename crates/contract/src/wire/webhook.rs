// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `webhook`.

use super::enums::{WebhookEventType, WebhookStatus};
use crate::datetime::LocalDateTime;
use crate::wire_type::wire_response;
use serde_json::{Map, Value};

wire_response! {
    /// One event. Its fields but `eventTime` and `payload` are signed.
    WebhookData {
        event_type: Option<WebhookEventType> = "eventType",
        /// Not signed.
        event_time: Option<LocalDateTime> = "eventTime",
        /// Seconds since 1970, signed.
        event_timestamp: Option<i64> = "eventTimestamp",
        status: Option<WebhookStatus> = "status",
        payload_id: Option<String> = "payloadId",
        payload: Option<Map<String, Value>> = "payload",
    }
}
