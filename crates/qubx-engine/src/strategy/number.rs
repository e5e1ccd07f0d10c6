//! Between decimals and the numbers that indicators are made of. No I/O.

use rust_decimal::Decimal;

/// A whole number up to here is a double, to the digit.
const EXACT: u128 = 1 << 53;
/// The powers of ten up to this one are doubles, to the digit.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// Returns the double that is nearest to a decimal: the one that its digits mean in any language.
#[must_use]
pub fn nearest_f64(value: Decimal) -> f64 {
    let digits = value.mantissa();
    match POWERS.get(value.scale() as usize) {
        // Both are exact, so the quotient is rounded once, which is as near as it gets.
        Some(power) if digits.unsigned_abs() <= EXACT => digits as f64 / power,
        _ => value.to_string().parse().unwrap_or(f64::NAN),
    }
}

/// Returns the decimal that a double is written as, with as few digits as tell it from all others; none for what is no
/// number, or too large.
#[must_use]
pub fn shortest_decimal(value: f64) -> Option<Decimal> {
    // What is very small is written with many digits; a decimal has 28 of them.
    let text = value.to_string();
    text.parse().ok().or_else(|| Decimal::from_str_exact(&text).ok()).map(|value: Decimal| value.normalize())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_nearest_double_is_the_one_that_the_digits_mean(
            digits in -(1_i128 << 96) + 1..1_i128 << 96,
            shift in 0..90_u32,
            scale in 0..=28_u32,
        ) {
            let decimal = Decimal::from_i128_with_scale(digits >> shift, scale);
            let expected: f64 = decimal.to_string().parse().unwrap();
            prop_assert_eq!(nearest_f64(decimal).to_bits(), expected.to_bits());
        }

        #[test]
        fn a_double_of_a_few_digits_comes_back(digits in -1_000_000_000_i64..1_000_000_000, scale in 0..12_u32) {
            let decimal = Decimal::new(digits, scale).normalize();
            prop_assert_eq!(shortest_decimal(nearest_f64(decimal)), Some(decimal));
        }
    }

    #[test]
    fn numbers_that_are_no_decimals_are_none() {
        for value in [f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(shortest_decimal(value), None, "{value}");
        }
        assert_eq!(shortest_decimal(0.1), Some(Decimal::new(1, 1)));
    }
}
