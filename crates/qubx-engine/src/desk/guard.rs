//! Between which prices a market may move without anything else changing. No I/O.
//!
//! It is what makes a quiet quote cheap: a few comparisons of whole numbers, no decimals rescaled, nothing looked up.

use qubx_protocol::{Price, Quantity};
use rust_decimal::{Decimal, RoundingStrategy};

use crate::Touch;
use crate::broker::Bounds;
use crate::core::{Band, MAX_AMOUNT};

/// Ten to the power of the index, as far as it goes.
const POWERS: [i128; 39] = {
    let mut powers = [1; 39];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// Digits after the point with which the greatest amount still fits; quotes with more are looked at in full.
const MOST_DECIMALS: u32 = 24;

/// The digits of the greatest amount before the point.
const AMOUNT_DIGITS: u32 = 12;

/// The prices of one instrument that change nothing, in units of ten to the power of minus `scale`. The ends do not
/// belong to them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guard {
    scale: u32,
    bid_above: i128,
    bid_below: i128,
    ask_above: i128,
    ask_below: i128,
}

impl Guard {
    /// Returns one that admits nothing yet.
    pub(super) fn new(tick: Price) -> Self {
        let scale = tick.0.normalize().scale().min(MOST_DECIMALS);
        Self { scale, bid_above: i128::MAX, bid_below: 0, ask_above: i128::MAX, ask_below: 0 }
    }

    /// Takes over what orders and positions leave of the prices.
    pub(super) fn set(&mut self, touch: Option<Touch>, orders: &Bounds, band: &Band) {
        if let Some(touch) = touch {
            let scale = self.scale.max(touch.bid.0.scale()).max(touch.ask.0.scale());
            self.scale = scale.min(MOST_DECIMALS);
        }
        if orders.any || touch.is_none() {
            *self = Self { bid_above: i128::MAX, ..*self };
            return;
        }
        let above = |price: Option<Decimal>| self.at_least(price.unwrap_or(Decimal::ZERO));
        let below = |price: Option<Decimal>| self.at_most(price.unwrap_or(MAX_AMOUNT));
        *self = Self {
            scale: self.scale,
            bid_above: above(orders.bid_above).max(self.at_least(band.low)),
            bid_below: below(orders.bid_below),
            ask_above: above(orders.ask_above),
            ask_below: below(orders.ask_below).min(self.at_most(band.high)),
        };
    }

    /// Tells whether a quote is sound and changes nothing.
    pub(super) fn admits(&self, touch: &Touch) -> bool {
        let (Some(bid), Some(ask)) = (self.units(touch.bid.0), self.units(touch.ask.0)) else { return false };
        bid > self.bid_above
            && bid < self.bid_below
            && ask > self.ask_above
            && ask < self.ask_below
            && bid <= ask
            && is_size(touch.bid_size)
            && is_size(touch.ask_size)
    }

    /// Tells whether a trade is sound and changes nothing.
    pub(super) fn admits_trade(&self, price: Price, size: Quantity) -> bool {
        let Some(price) = self.units(price.0) else { return false };
        price > self.bid_above
            && price < self.bid_below
            && price > self.ask_above
            && price < self.ask_below
            && is_size(size)
    }

    /// Returns a price in units; none when it has more digits than they have.
    fn units(&self, price: Decimal) -> Option<i128> {
        let missing = self.scale.checked_sub(price.scale())?;
        let units = price.mantissa();
        if missing == 0 { Some(units) } else { units.checked_mul(POWERS[missing as usize]) }
    }

    fn at_least(&self, price: Decimal) -> i128 {
        self.bound(price, RoundingStrategy::ToPositiveInfinity)
    }

    fn at_most(&self, price: Decimal) -> i128 {
        self.bound(price, RoundingStrategy::ToNegativeInfinity)
    }

    fn bound(&self, price: Decimal, strategy: RoundingStrategy) -> i128 {
        let rounded = price.min(MAX_AMOUNT).round_dp_with_strategy(self.scale, strategy);
        self.units(rounded).expect("a bounded price fits, with no more digits than the units have")
    }
}

/// Tells whether a size is between zero and the greatest amount.
fn is_size(size: Quantity) -> bool {
    let digits = AMOUNT_DIGITS + size.0.scale();
    let units = size.0.mantissa();
    units >= 0 && POWERS.get(digits as usize).is_some_and(|most| units <= *most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::decimal;

    fn touch(bid: &str, ask: &str) -> Touch {
        let one = Quantity(Decimal::ONE);
        Touch { bid: Price(decimal(bid)), ask: Price(decimal(ask)), bid_size: one, ask_size: one }
    }

    #[test]
    fn a_guard_admits_what_is_between_its_ends_whatever_digits_it_is_written_with() {
        let mut guard = Guard::new(Price(decimal("0.10")));
        assert!(!guard.admits(&touch("100", "101")), "nothing is known yet");
        let orders = Bounds {
            bid_above: None,
            bid_below: Some(decimal("110")),
            ask_above: Some(decimal("99.5")),
            ask_below: None,
            any: false,
        };
        let band = Band { low: decimal("90.123456"), high: Decimal::MAX };
        guard.set(Some(touch("100", "101")), &orders, &band);
        for (bid, ask, expected) in [
            ("100", "101", true),
            ("100.0", "101.0", true),
            ("99", "99.5", false),
            ("99", "99.6", true),
            ("110.0", "111", false),
            ("109.9", "111", true),
            ("90.1", "100", false),
            ("90.2", "100", false),
            ("90.3", "100", true),
            ("101", "100", false),
            // More digits than the tick has: looked at in full once.
            ("100.01", "101", false),
            ("100", "1000000000001", false),
        ] {
            assert_eq!(guard.admits(&touch(bid, ask)), expected, "{bid} {ask}");
        }
        guard.set(Some(touch("100.01", "101")), &orders, &band);
        assert!(guard.admits(&touch("100.01", "101")) && guard.admits(&touch("90.14", "101.0")));
        assert!(!guard.admits(&touch("90.13", "101.0")));
        let wild = Touch { bid_size: Quantity(decimal("-1")), ..touch("100", "101") };
        assert!(!guard.admits(&wild));
        let large = Touch { bid_size: Quantity(decimal("1234567.12345678")), ..touch("100", "101") };
        assert!(guard.admits(&large));
    }
}
