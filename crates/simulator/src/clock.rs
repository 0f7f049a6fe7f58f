//! The banks' local time.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

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

/// The first and the last moment of a day in Istanbul.
pub(crate) fn bounds(day: Date) -> Option<(Timestamp, Timestamp)> {
    let from = from_istanbul(day.to_datetime(Time::midnight()))?;
    let next = from_istanbul(day.tomorrow().ok()?.to_datetime(Time::midnight()))?;
    Some((from, next.checked_sub(SignedDuration::from_nanos(1)).ok()?))
}
