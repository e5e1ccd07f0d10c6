//! Bounds and digits of amounts. No I/O.

use qubx_protocol::Instrument;
use rust_decimal::Decimal;

use crate::Touch;

/// The greatest price, quantity, position or capital that is taken from outside. The product of two such
/// amounts is far from where a decimal overflows (7.9e28), and so is the sum of a thousand products.
pub(crate) const MAX_AMOUNT: Decimal = Decimal::from_parts(0xD4A5_1000, 0xE8, 0, false, 0);

/// Average prices, profits and fees keep this many decimals, so that digits do not grow from fill to fill.
/// What that costs is below a billionth of a cent a fill.
const MAX_DECIMALS: u32 = 12;

/// Returns `value` with at most twelve decimals and no trailing zeros.
pub(crate) fn rounded(value: Decimal) -> Decimal {
    value.round_dp(MAX_DECIMALS).normalize()
}

/// Returns what a quantity of an instrument is worth at a price. Both are bounded so that it cannot overflow: the price
/// by [`MAX_AMOUNT`], and the quantity times the multiplier too.
pub(crate) fn value(instrument: &Instrument, price: Decimal, quantity: Decimal) -> Decimal {
    price * (quantity * instrument.multiplier)
}

/// Tells what is wrong with a price or a size that may be zero.
pub(crate) fn check_size(field: &'static str, value: Decimal) -> Result<(), (&'static str, String)> {
    if value < Decimal::ZERO || value > MAX_AMOUNT {
        return Err((field, format!("the {field} {value} is not between 0 and {MAX_AMOUNT}")));
    }
    Ok(())
}

/// Tells what is wrong with a quote: its field and the problem in words.
pub(crate) fn check_touch(touch: &Touch) -> Result<(), (&'static str, String)> {
    for (field, value) in [("bid", touch.bid.0), ("ask", touch.ask.0)] {
        if value <= Decimal::ZERO || value > MAX_AMOUNT {
            return Err((field, format!("the price {value} is not between 0 and {MAX_AMOUNT}")));
        }
    }
    for (field, value) in [("bid size", touch.bid_size.0), ("ask size", touch.ask_size.0)] {
        if value < Decimal::ZERO || value > MAX_AMOUNT {
            return Err((field, format!("the size {value} is not between 0 and {MAX_AMOUNT}")));
        }
    }
    if touch.bid > touch.ask {
        return Err(("bid", format!("the bid {} is above the ask {}", touch.bid, touch.ask)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_amount_is_a_trillion() {
        assert_eq!(MAX_AMOUNT, Decimal::from(1_000_000_000_000_u64));
    }
}
