//! The banks' local time.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// A moment in Istanbul.
pub(crate) fn istanbul(at: Timestamp) -> Zoned {
    // The zone is compiled in; without it UTC would still be a usable clock.
    at.in_tz("Europe/Istanbul")
        .unwrap_or_else(|_| at.to_zoned(TimeZone::UTC))
}

/// The moment at which clocks in Istanbul show this.
pub(crate) fn from_istanbul(shown: DateTime) -> Option<Timestamp> {
    Some(shown.in_tz("Europe/Istanbul").ok()?.timestamp())
}

/// As banks write it in inquiries: `2024-01-02 21:47:28.785`.
pub(crate) fn moment(at: Timestamp) -> String {
    istanbul(at).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
}
