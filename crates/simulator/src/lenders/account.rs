//! The one merchant account at the lender.

/// Its id.
pub const CLIENT_ID: &str = "galata-demo";
/// The secret of requests and replies.
pub const CLIENT_SECRET: &str = "lender-secret-demo";
/// The secret of notifications.
pub const NOTIFICATION_SECRET: &str = "lender-notify-demo";
