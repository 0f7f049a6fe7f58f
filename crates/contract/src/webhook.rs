//! What is posted to a merchant's webhook address.

use crate::datetime::LocalDateTime;
use crate::enums::{WebhookEventType, WebhookStatus};
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
