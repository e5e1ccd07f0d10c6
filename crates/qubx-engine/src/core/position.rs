//! What a fill does to a netting position. No I/O.

use qubx_protocol::{Fill, Money, Position, Price, Quantity};
use rust_decimal::Decimal;

use super::rounded;

/// Applies a fill: adds at the average price, or realizes profit on what it closes; what goes through zero
/// is a new position at the fill's price.
pub(super) fn apply_fill(position: &mut Position, fill: &Fill, multiplier: Decimal) {
    let held = position.quantity.0;
    let traded = fill.side.sign() * fill.quantity.0;
    let after = held + traded;
    let average = position.avg_price.map_or(Decimal::ZERO, |price| price.0);

    let increases = held.is_zero() || held.is_sign_positive() == traded.is_sign_positive();
    if increases {
        let cost = average * held.abs() + fill.price.0 * fill.quantity.0;
        position.avg_price = Some(Price(rounded(cost / after.abs())));
    } else {
        let closed = held.abs().min(fill.quantity.0);
        let profit = (average - fill.price.0) * (closed * multiplier) * fill.side.sign();
        position.realized_pnl = Money(rounded(position.realized_pnl.0 + profit));
        if after.is_zero() {
            position.avg_price = None;
        } else if after.is_sign_positive() != held.is_sign_positive() {
            position.avg_price = Some(fill.price);
        }
    }
    position.quantity = Quantity(rounded(after));
    position.fees = Money(rounded(position.fees.0 + fill.fee.0));
}

#[cfg(test)]
mod tests {
    use qubx_protocol::Side;

    use super::*;
    use crate::testing::{fill, id};

    #[test]
    fn positions_net_through_additions_reductions_and_flips() {
        use Side::{Buy, Sell};
        let mut position = Position::flat(id("BTCUSDT"));
        for (side, quantity, price, expected_quantity, expected_average, expected_realized) in [
            (Buy, "1", "100", "1", Some("100"), "0"),
            (Buy, "1", "110", "2", Some("105"), "0"),
            (Sell, "0.5", "125", "1.5", Some("105"), "10"),
            (Sell, "2.5", "95", "-1", Some("95"), "-5"),
            (Sell, "2", "101", "-3", Some("99"), "-5"),
            (Buy, "3", "98", "0", None, "-2"),
            (Sell, "3", "1", "-3", Some("1"), "-2"),
            (Buy, "6", "2", "3", Some("2"), "-5"),
            (Buy, "4", "3", "7", Some("2.571428571429"), "-5"),
        ] {
            apply_fill(&mut position, &fill("BTCUSDT", side, quantity, price, "0.25"), Decimal::ONE);
            assert_eq!(position.quantity.to_string(), expected_quantity);
            assert_eq!(position.avg_price.map(|price| price.to_string()).as_deref(), expected_average);
            assert_eq!(position.realized_pnl.to_string(), expected_realized);
        }
        assert_eq!(position.fees.to_string(), "2.25");
    }
}
