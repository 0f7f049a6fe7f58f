//! The banks' local time.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// A moment in Istanbul.
pub(crate) fn istanbul(at: Timestamp) -> Zoned {
    // The zone is compiled in; without it UTC would still be a usable clock.
    at.in_tz("Europe/Istanbul")
        .unwrap_or_else(|_| at.to_zoned(TimeZone::UTC))
}
