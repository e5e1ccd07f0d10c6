//! Between decimals and the numbers that indicators are made of. No I/O.

use rust_decimal::Decimal;

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
    use qubx_protocol::nearest_f64;

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
