//! Numbers and times as a trader reads them: grouped digits, signs that are printed, unknown as `–`. No I/O.

use std::time::Duration;

use jiff::Timestamp;
use rust_decimal::Decimal;

/// What stands where a value is not known. Never zero.
pub(crate) const UNKNOWN: &str = "–";

/// How a sign is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// Only a minus.
    Minus,
    /// A plus too, unless the value is zero.
    Both,
}

/// Returns a value with exactly `decimals` digits after the point and its thousands grouped.
pub(crate) fn number(value: Decimal, decimals: u32, sign: Sign) -> String {
    let rounded = value.round_dp(decimals);
    let text = format!("{:.*}", decimals as usize, rounded.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut result = String::from(sign_of(rounded, sign));
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            result.push(',');
        }
        result.push(digit);
    }
    if !fraction.is_empty() {
        result.push('.');
        result.push_str(fraction);
    }
    result
}

/// Returns a value in at most `columns`: digits after the point go first, then digits before it become an exponent.
///
/// A number is never cut, so what is shown is never a different value.
pub(crate) fn fit(value: Decimal, decimals: u32, sign: Sign, columns: usize) -> String {
    for decimals in (0..=decimals).rev() {
        let text = number(value, decimals, sign);
        let lost_everything = !value.is_zero() && value.round_dp(decimals).is_zero();
        if text.chars().count() <= columns && !lost_everything {
            return text;
        }
    }
    let exponent =
        value.abs().to_string().parse::<f64>().map(|value| format!("{value:.0e}")).unwrap_or_default();
    let text = format!("{}{exponent}", sign_of(value, sign));
    if text.chars().count() <= columns { text } else { "#".repeat(columns) }
}

fn sign_of(value: Decimal, sign: Sign) -> &'static str {
    match sign {
        _ if value.is_zero() => "",
        _ if value.is_sign_negative() => "−",
        Sign::Both => "+",
        Sign::Minus => "",
    }
}

/// Returns the glyph that tells a gain from a loss without colour.
pub(crate) fn arrow(value: Decimal) -> &'static str {
    match value {
        value if value.is_zero() => " ",
        value if value.is_sign_negative() => "▼",
        _ => "▲",
    }
}

/// Returns a time of day in UTC.
pub(crate) fn clock(time: Timestamp) -> String {
    let second = time.as_second().rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60)
}

/// Returns the number of the day that a time is on, in UTC.
pub(crate) fn day(time: Timestamp) -> i64 {
    time.as_second().div_euclid(86_400)
}

/// Returns a time of day in UTC, with its date unless that is `today`, and with its year when that is another one.
pub(crate) fn stamp(time: Timestamp, today: i64) -> String {
    if day(time) == today {
        return clock(time);
    }
    let year = |time: Timestamp| time.strftime("%Y").to_string();
    let now = Timestamp::from_second(today.saturating_mul(86_400)).unwrap_or(time);
    let pattern = if year(now) == year(time) { "%m-%d %T" } else { "%F %T" };
    time.strftime(pattern).to_string()
}

/// Returns how long something lasts so far: `00:07`, and `1:02:03` from an hour on.
pub(crate) fn stopwatch(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds / 3_600 {
        0 => format!("{:02}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}

/// Returns an age in at most four columns: `0.1s`, `12s`, `3m`, `2h`, `9d`.
pub(crate) fn age(duration: Duration) -> String {
    match duration.as_secs() {
        0..10 => format!("{:.1}s", duration.as_secs_f64().min(9.9)),
        seconds @ 10..60 => format!("{seconds}s"),
        seconds @ 60..3_600 => format!("{}m", seconds / 60),
        seconds @ 3_600..86_400 => format!("{}h", seconds / 3_600),
        seconds => format!("{}d", (seconds / 86_400).min(999)),
    }
}

/// Returns how long a cell ran: `12 ms`, `3.4 s`, `02:10`.
pub(crate) fn run_time(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{:.1} s", milliseconds as f64 / 1_000.0),
        _ => stopwatch(Duration::from_millis(milliseconds)),
    }
}

/// Returns an amount of text: `312 B`, `4.0 KB`, `3.2 MB`.
pub(crate) fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} KB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// Returns the time from one timestamp to another, zero when it would be negative.
pub(crate) fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or_default()
}

/// Returns `1 order`, `2 orders`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Returns `2nd`, `3rd`, `11th`.
pub(crate) fn ordinal(number: usize) -> String {
    let suffix = match (number % 10, number % 100) {
        (1, tens) if tens != 11 => "st",
        (2, tens) if tens != 12 => "nd",
        (3, tens) if tens != 13 => "rd",
        _ => "th",
    };
    format!("{number}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_signed() {
        for (value, decimals, sign, expected) in [
            ("1234567.891", 2, Sign::Minus, "1,234,567.89"),
            ("-0.001", 2, Sign::Both, "0.00"),
            ("-42.1", 2, Sign::Both, "−42.10"),
            ("42.1", 2, Sign::Both, "+42.10"),
            ("999", 0, Sign::Minus, "999"),
            ("1000", 1, Sign::Minus, "1,000.0"),
        ] {
            assert_eq!(number(value.parse().unwrap(), decimals, sign), expected, "{value}");
        }
    }

    #[test]
    fn a_number_without_room_is_shortened_and_never_cut() {
        for (value, columns, expected) in [
            ("1234.56", 8, "1,234.56"),
            ("1234.56", 6, "1,235"),
            ("123456789", 6, "1e8"),
            ("0.0000001", 4, "1e-7"),
            ("-123456789", 2, "##"),
        ] {
            assert_eq!(fit(value.parse().unwrap(), 2, Sign::Minus, columns), expected, "{value}");
        }
    }

    #[test]
    fn a_time_of_another_day_has_its_date() {
        let today = day("2026-03-02T14:00:00Z".parse().unwrap());
        for (time, expected) in [
            ("2026-03-02T23:59:59Z", "23:59:59"),
            ("2026-03-01T23:59:59Z", "03-01 23:59:59"),
            ("2024-03-02T08:00:00Z", "2024-03-02 08:00:00"),
        ] {
            assert_eq!(stamp(time.parse().unwrap(), today), expected);
        }
    }

    #[test]
    fn durations_are_short() {
        let seconds = Duration::from_secs;
        assert_eq!([seconds(7), seconds(3_723)].map(stopwatch), ["00:07", "1:02:03"]);
        assert_eq!(
            [seconds(9), seconds(59), seconds(3_599), seconds(90_000)].map(age),
            ["9.0s", "59s", "59m", "1d"]
        );
        assert_eq!([312, 4_000, 3_200_000].map(bytes), ["312 B", "4.0 KB", "3.2 MB"]);
        assert_eq!([1, 2, 3, 11, 22].map(ordinal), ["1st", "2nd", "3rd", "11th", "22nd"]);
    }
}
