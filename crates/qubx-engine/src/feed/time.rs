//! Times as recorded files write them. No I/O.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// What a reader is told to write.
pub(super) const HINT: &str = "write UTC as `2026-01-31 23:59:59.123` (a T and a final Z are fine) or as whole seconds, milliseconds, microseconds or nanoseconds since 1970";

/// Reads a time; none when it is not one. The unit of a whole number follows from its size.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(number) = text.parse::<i64>() {
        return match number.unsigned_abs() {
            // These reach the year 5138 in each unit, and begin in 1973 in the next one.
            0..100_000_000_000 => Timestamp::from_second(number),
            100_000_000_000..100_000_000_000_000 => Timestamp::from_millisecond(number),
            100_000_000_000_000..100_000_000_000_000_000 => Timestamp::from_microsecond(number),
            _ => Timestamp::from_nanosecond(number.into()),
        }
        .ok();
    }
    // A civil time is read without a look at the zone behind it, so one with a zone must not come there.
    let has_zone = text.bytes().skip("2026-01-31T".len()).any(|byte| b"Zz+-[".contains(&byte));
    if has_zone {
        return text.parse().ok();
    }
    let civil: DateTime = text.parse().ok()?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_form() {
        for (text, expected) in [
            ("2026-01-01 00:00:02", Some("2026-01-01T00:00:02Z")),
            (" 2026-01-01 00:00:02.125 ", Some("2026-01-01T00:00:02.125Z")),
            ("2026-01-01T00:00:02", Some("2026-01-01T00:00:02Z")),
            ("2026-01-01T00:00:02.5Z", Some("2026-01-01T00:00:02.5Z")),
            ("1730073600", Some("2024-10-28T00:00:00Z")),
            ("1730073600001", Some("2024-10-28T00:00:00.001Z")),
            ("1730073600000001", Some("2024-10-28T00:00:00.000001Z")),
            ("1730073600000000001", Some("2024-10-28T00:00:00.000000001Z")),
            ("", None),
            ("yesterday", None),
            ("2026-13-01 00:00:00", None),
            ("2026-01-01T00:00:02+01:00", Some("2025-12-31T23:00:02Z")),
            ("2026-01-01 00:00:02-01:00", Some("2026-01-01T01:00:02Z")),
            ("2026-01-01T00:00:02[Europe/Paris]", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(parse(text), expected.map(|time| time.parse().unwrap()), "{text}");
        }
    }
}
