//! Prices, quantities and money as exact decimals; on the wire they are strings with their exact digits.

use std::fmt;
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

macro_rules! decimal {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(test, derive(ts_rs::TS), ts(type = "string"))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, example = "0.5"))]
        #[serde(transparent)]
        pub struct $name(#[serde(with = "rust_decimal::serde::str")] pub Decimal);

        impl $name {
            /// Zero.
            pub const ZERO: Self = Self(Decimal::ZERO);

            /// Tells whether this is zero.
            #[must_use]
            pub fn is_zero(self) -> bool {
                self.0.is_zero()
            }
            /// Returns the value without its sign.
            #[must_use]
            pub fn abs(self) -> Self {
                Self(self.0.abs())
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl std::str::FromStr for $name {
            type Err = rust_decimal::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
        impl From<Decimal> for $name {
            fn from(value: Decimal) -> Self {
                Self(value)
            }
        }
        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }
        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }
        impl Neg for $name {
            type Output = Self;
            fn neg(self) -> Self {
                Self(-self.0)
            }
        }
        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }
        impl SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                self.0 -= other.0;
            }
        }
        impl std::iter::Sum for $name {
            fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
                items.fold(Self::ZERO, Add::add)
            }
        }
    };
}

decimal! {
    /// A price of one unit of an instrument, in the account's currency.
    Price
}
decimal! {
    /// An amount of an instrument. Signed where it is a position (a short is negative), unsigned in orders and fills.
    Quantity
}
decimal! {
    /// An amount of the account's currency.
    Money
}

impl Mul<Quantity> for Price {
    type Output = Money;
    fn mul(self, quantity: Quantity) -> Money {
        Money(self.0 * quantity.0)
    }
}

/// Returns the double that is nearest to a decimal, as a reader of its digits would get it.
#[must_use]
pub fn nearest_f64(decimal: Decimal) -> f64 {
    /// Up to here every integer is a double of its own.
    const EXACT: u128 = 1 << 53;
    /// Up to here every power of ten is a double of its own.
    const POWERS: [f64; 23] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
        1e18, 1e19, 1e20, 1e21, 1e22,
    ];
    let mantissa = decimal.mantissa();
    match POWERS.get(decimal.scale() as usize) {
        // Both are exact, and IEEE 754 rounds their quotient to the nearest double.
        Some(power) if mantissa.unsigned_abs() <= EXACT => mantissa as f64 / power,
        _ => decimal.to_string().parse().expect("the digits of a decimal are those of a number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_double_is_that_of_the_digits() {
        for text in [
            "0",
            "0.1",
            "-0.1",
            "87608.2",
            "0.0000001",
            "123456789012345678.123456789",
            "9007199254740993",
            "0.3000000000000000000000000001",
            "79228162514264337593543950335",
            "-1.10",
        ] {
            let decimal: Decimal = text.parse().unwrap();
            assert_eq!(nearest_f64(decimal).to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
        }
    }
}
