//! Values as they are typed.

use std::time::Duration;

use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};

/// The time from which a log is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// From this time on.
    Time(Timestamp),
    /// From so long ago on.
    Ago(Duration),
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it must be a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let one = text.parse::<std::net::IpAddr>().map(IpNet::from);
    one.or_else(|_| text.parse())
        .map_err(|_| "write an address or a network, as 127.0.0.1 or 10.0.0.0/8".to_owned())
}

pub(super) fn span(text: &str) -> Result<SignedDuration, String> {
    let span = ago(text).and_then(|span| SignedDuration::try_from(span).ok()).filter(|span| !span.is_zero());
    span.ok_or_else(|| "write how long as 30m, 8h or 30d".to_owned())
}

pub(super) fn since(text: &str) -> Result<Since, String> {
    if let Ok(time) = text.parse() {
        return Ok(Since::Time(time));
    }
    let message = "write a time as 2026-01-31T09:30:00Z, or how long ago as 30s, 10m, 2h or 1d";
    ago(text).map(Since::Ago).ok_or_else(|| message.to_owned())
}

/// Reads a whole number of seconds, minutes, hours or days.
fn ago(text: &str) -> Option<Duration> {
    let unit = |unit| match unit {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(3_600),
        'd' => Some(86_400),
        _ => None,
    };
    let seconds = unit(text.chars().next_back()?)?;
    let number: u64 = text[..text.len() - 1].parse().ok()?;
    number.checked_mul(seconds).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_or_as_how_long_ago() {
        let ago = |seconds| Ok(Since::Ago(Duration::from_secs(seconds)));
        for (text, expected) in [("30s", ago(30)), ("10m", ago(600)), ("2h", ago(7_200)), ("1d", ago(86_400))]
        {
            assert_eq!(since(text), expected);
        }
        let time = "2026-01-31T09:30:00Z";
        assert_eq!(since(time), Ok(Since::Time(time.parse().unwrap())));
        for wrong in ["", "m", "10", "10x", "-1m", "1.5h", "yesterday", "99999999999999999999d", "10µ"] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
    }
}
