//! Decimal numbers as recorded files write them, read exactly or not at all. No I/O.

use rust_decimal::Decimal;

/// A number of so many digits fits into 64 bits.
const FEW_DIGITS: usize = 18;

/// Reads a number. It keeps each digit, and those behind which only zeros come: a price must not be rounded by the way it
/// is read.
#[inline]
pub(super) fn parse(text: &[u8]) -> Option<Decimal> {
    let text = text.trim_ascii();
    plain(text).or_else(|| otherwise(text))
}

/// Reads a plain number of few digits, as nearly all are: `-123.4500`.
#[inline]
fn plain(text: &[u8]) -> Option<Decimal> {
    let (is_negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if text.len() > FEW_DIGITS || !text.first()?.is_ascii_digit() || !text.last()?.is_ascii_digit() {
        return None;
    }
    let mut mantissa = 0_u64;
    let mut point = None;
    for (place, byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => mantissa = mantissa * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() => point = Some(place),
            _ => return None,
        }
    }
    let scale = point.map_or(0, |point| text.len() - point - 1);
    let (low, middle) = (mantissa as u32, (mantissa >> 32) as u32);
    Some(Decimal::from_parts(low, middle, 0, is_negative && mantissa != 0, scale as u32))
}

/// Reads any number: one of many digits, or with an exponent.
#[cold]
fn otherwise(text: &[u8]) -> Option<Decimal> {
    let text = std::str::from_utf8(text).ok()?;
    Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_to_the_digit() {
        for (text, expected) in [
            ("87608.2", Some("87608.2")),
            (" 100.00 ", Some("100.00")),
            ("-0.5", Some("-0.5")),
            ("-0", Some("0")),
            ("007", Some("7")),
            ("1e-3", Some("0.001")),
            ("123456789012345678.5", Some("123456789012345678.5")),
            ("0.0000000000000000000000000001", Some("0.0000000000000000000000000001")),
            ("0.00000000000000000000000000001", None),
            ("1e30", None),
            ("", None),
            ("-", None),
            (".", None),
            ("1.2.3", None),
            ("abc", None),
            ("NaN", None),
        ] {
            assert_eq!(
                parse(text.as_bytes()).map(|number| number.to_string()).as_deref(),
                expected,
                "{text}"
            );
        }
        assert_eq!(parse(b"\xff1"), None);
    }

    proptest! {
        #[test]
        fn the_quick_way_reads_what_the_slow_one_reads(text in "-?[0-9]{1,14}(\\.[0-9]{1,8})?") {
            let quick = plain(text.as_bytes());
            let slow = Decimal::from_str_exact(&text).unwrap();
            if let Some(quick) = quick {
                prop_assert_eq!((quick, quick.scale()), (slow, slow.scale()));
            }
            prop_assert_eq!(parse(text.as_bytes()), Some(slow));
        }
    }
}
