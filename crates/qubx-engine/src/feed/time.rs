//! Times as recorded files write them. No I/O.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// What a reader is told to write.
pub(super) const HINT: &str = "write UTC as `2026-01-31 23:59:59.123` (a T and a final Z are fine) or as whole seconds, milliseconds, microseconds or nanoseconds since 1970";

/// A reader of times, which remembers the day that it read last.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// The day as it was written, and when it began.
    day: Option<([u8; 10], i64)>,
}

impl Times {
    /// Reads a time; none when it is not one. The unit of a whole number follows from its size.
    #[inline]
    pub(super) fn read(&mut self, text: &[u8]) -> Option<Timestamp> {
        let text = text.trim_ascii();
        if let Some(number) = whole(text) {
            return of_number(number);
        }
        self.usual(text).or_else(|| otherwise(std::str::from_utf8(text).ok()?))
    }

    /// Reads `2026-01-31 23:59:59.123`, also with a T between and a Z behind; none when it is written otherwise.
    #[inline]
    fn usual(&mut self, text: &[u8]) -> Option<Timestamp> {
        let text = text.strip_suffix(b"Z").unwrap_or(text);
        let (day, clock) = text.split_first_chunk::<10>()?;
        let (&[b' ' | b'T', h1, h2, b':', m1, m2, b':', s1, s2], fraction) =
            clock.split_first_chunk::<9>()?
        else {
            return None;
        };
        let [hour, minute, second] = [two(h1, h2)?, two(m1, m2)?, two(s1, s2)?];
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let nanosecond = match fraction {
            [] => 0,
            [b'.', digits @ ..] if (1..=9).contains(&digits.len()) => {
                whole(digits)? * 10_i64.pow(9 - digits.len() as u32)
            }
            _ => return None,
        };
        let midnight = match &self.day {
            Some((known, midnight)) if known == day => *midnight,
            _ => {
                let midnight = midnight(day)?;
                self.day = Some((*day, midnight));
                midnight
            }
        };
        Timestamp::new(midnight + hour * 3_600 + minute * 60 + second, nanosecond as i32).ok()
    }
}

/// Reads a number of digits alone that cannot be too large.
#[inline]
fn whole(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > 18 {
        // Nanoseconds have nineteen digits since 2001.
        return if text.len() == 19 { std::str::from_utf8(text).ok()?.parse().ok() } else { None };
    }
    text.iter()
        .try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

#[inline]
fn two(tens: u8, ones: u8) -> Option<i64> {
    (tens.is_ascii_digit() && ones.is_ascii_digit())
        .then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
}

/// Returns when a day began that is written `2026-01-31`.
fn midnight(day: &[u8; 10]) -> Option<i64> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = day else { return None };
    let (year, month, day) = (two(y1, y2)? * 100 + two(y3, y4)?, two(m1, m2)?, two(d1, d2)?);
    let date = Date::new(year as i16, month as i8, day as i8).ok()?;
    Some(TimeZone::UTC.to_timestamp(date.to_datetime(jiff::civil::Time::midnight())).ok()?.as_second())
}

fn of_number(number: i64) -> Option<Timestamp> {
    match number.unsigned_abs() {
        // These reach the year 5138 in each unit, and begin in 1973 in the next one.
        0..100_000_000_000 => Timestamp::from_second(number),
        100_000_000_000..100_000_000_000_000 => Timestamp::from_millisecond(number),
        100_000_000_000_000..100_000_000_000_000_000 => Timestamp::from_microsecond(number),
        _ => Timestamp::new(number.div_euclid(1_000_000_000), number.rem_euclid(1_000_000_000) as i32),
    }
    .ok()
}

/// Reads a time that is written in one of the many other ways.
#[cold]
fn otherwise(text: &str) -> Option<Timestamp> {
    if let Ok(number) = text.parse::<i64>() {
        return of_number(number);
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_read_in_every_form() {
        let mut times = Times::default();
        for (text, expected) in [
            ("2026-01-01 00:00:02", Some("2026-01-01T00:00:02Z")),
            (" 2026-01-01 00:00:02.125 ", Some("2026-01-01T00:00:02.125Z")),
            ("2026-01-01T00:00:02", Some("2026-01-01T00:00:02Z")),
            ("2026-01-01T00:00:02.5Z", Some("2026-01-01T00:00:02.5Z")),
            ("2026-01-01 00:00:02.123456789", Some("2026-01-01T00:00:02.123456789Z")),
            ("2026-01-01", Some("2026-01-01T00:00:00Z")),
            ("1969-12-31 23:59:59.5", Some("1969-12-31T23:59:59.5Z")),
            ("1730073600", Some("2024-10-28T00:00:00Z")),
            ("1730073600001", Some("2024-10-28T00:00:00.001Z")),
            ("1730073600000001", Some("2024-10-28T00:00:00.000001Z")),
            ("1730073600000000001", Some("2024-10-28T00:00:00.000000001Z")),
            ("-5", Some("1969-12-31T23:59:55Z")),
            ("", None),
            ("yesterday", None),
            ("2026-13-01 00:00:00", None),
            ("2026-01-01 24:00:00", None),
            ("2026-01-01 00:00:02.", None),
            ("2026-01-01 00:00:0x", None),
            ("2026-01-01T00:00:02+01:00", Some("2025-12-31T23:00:02Z")),
            ("2026-01-01 00:00:02-01:00", Some("2026-01-01T01:00:02Z")),
            ("2026-01-01T00:00:02[Europe/Paris]", None),
            ("99999999999999999999", None),
            ("9999999999999999999", None),
        ] {
            let read = times.read(text.as_bytes());
            assert_eq!(read, expected.map(|time| time.parse().unwrap()), "{text}");
        }
        assert_eq!(times.read(b"2026-01-01 00:00:\xff2"), None);
    }

    proptest! {
        #[test]
        fn the_quick_way_reads_what_the_slow_one_reads(
            times in proptest::collection::vec((-4_000_000_000_i64..8_000_000_000, 0..1_000_000_000, 0..10_usize), 1..9)
        ) {
            let mut reader = Times::default();
            for (second, nanosecond, digits) in times {
                let time = Timestamp::new(second, nanosecond).unwrap();
                let text = time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S.%9f").to_string();
                let text = &text[..text.len() - if digits == 0 { 10 } else { 9 - digits }];
                prop_assert_eq!(reader.usual(text.as_bytes()), otherwise(text), "{}", text);
                let nanoseconds = time.as_nanosecond().to_string();
                prop_assert_eq!(reader.read(nanoseconds.as_bytes()), otherwise(&nanoseconds), "{}", nanoseconds);
            }
        }
    }
}
