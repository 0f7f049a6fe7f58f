//! Moments as clients send them in queries, and what they mean as the bounds of a search.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// 0000-01-01T00:00:00Z: the store keeps no moment before the year 0.
const YEAR_ZERO: Timestamp = Timestamp::constant(-62_167_219_200, 0);
/// What clients of other languages take for the end of time (.NET 9999-12-31, Java a year of nine
/// digits) is after the last moment that can be computed with, and means it.
const END_OF_TIME: Timestamp = Timestamp::MAX;

/// A date-time as clients send it: with `Z` or an offset it is that moment, without it is
/// Istanbul's; seconds may be missing, and a bare date is its midnight. A blank may stand for the `T`
/// and for the plus of an offset, which it is when a query was not escaped.
pub fn moment(text: &str) -> Option<Timestamp> {
    let spelled = Spelled::of(text)?;
    let text = format!("{}T{}", spelled.date, spelled.time);
    let local: DateTime = text.parse().ok()?;
    let moment = match spelled.offset.as_str() {
        "" => {
            let zone = TimeZone::get("Europe/Istanbul").ok()?;
            local.to_zoned(zone).map(|zoned| zoned.timestamp())
        }
        offset => format!("{text}{offset}").parse(),
    };
    let moment = match moment {
        Ok(_) if spelled.is_far => END_OF_TIME,
        Ok(moment) => moment,
        // A right date with an offset that is none, unless it is only too late to compute with.
        Err(_) if local.year() == LAST_YEAR && is_offset(&spelled.offset) => END_OF_TIME,
        Err(_) => return None,
    };
    (moment >= YEAR_ZERO).then_some(moment)
}

/// The first moment that is no longer within `text`, as the end of a search: all that its last digit
/// spans is, a whole second when it has no fraction, else nothing could be asked for in windows of
/// seconds without losing what lies between them.
pub fn moment_behind(text: &str) -> Option<Timestamp> {
    let moment = moment(text)?;
    let fraction = Spelled::of(text)?.time;
    let digits = fraction
        .split_once('.')
        .map_or(0, |(_, digits)| digits.len());
    // The store keeps microseconds.
    let places = u32::try_from(digits.min(6)).unwrap_or(6);
    let span = SignedDuration::from_nanos(10_i64.pow(9 - places));
    Some(moment.checked_add(span).unwrap_or(END_OF_TIME))
}

/// The last year that can be computed with.
const LAST_YEAR: i16 = 9999;

/// A text in its parts.
struct Spelled {
    date: String,
    time: String,
    offset: String,
    /// The year has more than four digits; it stands as the last one.
    is_far: bool,
}

impl Spelled {
    /// Takes a text apart. Whether the parts are a moment, their reader decides.
    fn of(text: &str) -> Option<Spelled> {
        let text = text.trim();
        let (date, rest) = match text.trim_start_matches('+').split_once(['T', 't', ' ']) {
            Some((date, rest)) => (date, rest.trim()),
            None => (text.trim_start_matches('+'), "00:00"),
        };
        let end = rest.find(['+', '-', 'Z', 'z', ' ']).unwrap_or(rest.len());
        let (time, offset) = rest.split_at(end);
        let offset = match (offset.chars().next(), offset.trim()) {
            // The blank is the plus that was not escaped, unless a sign follows it.
            (Some(' '), digits) if digits.starts_with(|c: char| c.is_ascii_digit()) => {
                format!("+{digits}")
            }
            (_, offset) => offset.to_owned(),
        };
        let year = date.split('-').next().unwrap_or("");
        let is_far = year.len() > 4 && year.bytes().all(|b| b.is_ascii_digit());
        let date = match date.strip_prefix(year) {
            Some(days) if is_far => format!("{LAST_YEAR}{days}"),
            _ => date.to_owned(),
        };
        Some(Spelled {
            date,
            time: time.to_owned(),
            offset,
            is_far,
        })
    }
}

/// Whether a text is an offset, tried on a moment where every offset can be computed with.
fn is_offset(text: &str) -> bool {
    text.is_empty()
        || format!("2000-01-01T00:00{text}")
            .parse::<Timestamp>()
            .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> String {
        moment(text).map_or_else(String::new, |moment| moment.to_string())
    }

    #[test]
    fn every_spelling_of_a_moment() {
        for text in [
            "2026-11-27T10:00:00",
            "2026-11-27T10:00",
            "2026-11-27 10:00:00",
            "2026-11-27t10:00:00",
            "2026-11-27T10:00:00+03:00",
            "2026-11-27T10:00:00 03:00",
            "2026-11-27 10:00:00 03:00",
            "2026-11-27 10:00:00 +03:00",
            "2026-11-27 10:00 0300",
            "2026-11-27T10:00:00+0300",
            "2026-11-27T07:00:00Z",
            "2026-11-27T07:00:00z",
            "2026-11-27 07:00:00 Z",
            "2026-11-27T07:00:00.000000000Z",
            "2026-11-26T23:00:00-08:00",
            " 2026-11-27T10:00:00 ",
        ] {
            assert_eq!(at(text), "2026-11-27T07:00:00Z", "{text}");
        }
        assert_eq!(at("2026-11-27"), "2026-11-26T21:00:00Z");
        assert_eq!(at("0001-01-01T00:00:00Z"), "0001-01-01T00:00:00Z");
        for wrong in [
            "",
            " ",
            "T",
            "yesterday",
            "2026-02-30T00:00:00",
            "2026-01-01T25:00",
            "2026-13-01",
            "2026-01-01T00:00:00+25:99",
            "2026-01-01T00:00:00 x",
            "2026-01-01T00:00:00Z+03:00",
            "-000001-01-01T00:00:00Z",
            "9999-12-32T00:00:00",
            "9999-12-31T00:00:00+99:99",
            "1111111111111111111111111111111111111111",
            "10:00",
            "2026-01-01T10:00:00 03 00",
        ] {
            assert_eq!(moment(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn far_dates_are_the_end_of_time() {
        for far in [
            "9999-12-31T23:59:59",
            "9999-12-31T23:59:59.9999999",
            "9999-12-31T23:59:59Z",
            "9999-12-31 23:59:59 03:00",
            "+999999999-12-31T23:59:59.999999999",
            " 292277026596-12-04T15:30:07 00:00",
        ] {
            assert_eq!(moment(far), Some(END_OF_TIME), "{far}");
            assert_eq!(moment_behind(far), Some(END_OF_TIME), "{far}");
        }
    }

    #[test]
    fn an_end_holds_all_that_its_last_digit_spans() {
        for (end, behind) in [
            ("2026-11-27T09:48:20Z", "2026-11-27T09:48:21Z"),
            ("2026-11-27T09:48Z", "2026-11-27T09:48:01Z"),
            ("2026-11-27T09:48:20.5Z", "2026-11-27T09:48:20.6Z"),
            ("2026-11-27T09:48:20.999Z", "2026-11-27T09:48:21Z"),
            ("2026-11-27T09:48:20.999999Z", "2026-11-27T09:48:21Z"),
            (
                "2026-11-27T09:48:20.000000000Z",
                "2026-11-27T09:48:20.000001Z",
            ),
            ("2026-11-27", "2026-11-26T21:00:01Z"),
        ] {
            let moment = moment_behind(end).map(|moment| moment.to_string());
            assert_eq!(moment.as_deref(), Some(behind), "{end}");
        }
    }
}
