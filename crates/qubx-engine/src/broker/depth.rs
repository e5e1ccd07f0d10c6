//! What lies behind the touch, as the paper broker takes it to be. No I/O.
//!
//! A quote tells the best price and its size. Behind it, at each further tick, the same size is there again. What was
//! taken since the quote is gone: whoever comes next begins where the one before ended, so many small orders get what
//! one large order gets. The twentieth level that an order reaches has no end.

use qubx_protocol::{Price, Quantity, Side};
use rust_decimal::Decimal;

use crate::Touch;

/// How many levels one order takes at most, and so how many fills it has at once.
pub(super) const MOST_LEVELS: usize = 20;

/// One side of the book: what an order of the other side finds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Depth {
    side: Side,
    best: Decimal,
    /// What is there at each level, in whole lots.
    size: Decimal,
    tick: Decimal,
}

impl Depth {
    /// Returns what an order of `side` finds.
    pub(super) fn new(side: Side, touch: &Touch, tick: Price, lot: Quantity) -> Self {
        let size = whole_lots(touch.size_for(side), lot);
        Self { side, best: touch.taken_by(side).0, size: size.0, tick: tick.0 }
    }

    /// Tells whether there is nothing at all.
    pub(super) fn is_empty(&self) -> bool {
        self.size.is_zero()
    }

    /// Returns what is left at the touch when `used` was taken since the quote.
    pub(super) fn left_at_touch(&self, used: Decimal) -> Decimal {
        (self.size - used).max(Decimal::ZERO)
    }

    /// Takes up to `wanted` at `limit` or better, and returns the prices and quantities, best first. What is taken is
    /// added to `used`.
    pub(super) fn take(
        &self,
        wanted: Decimal,
        limit: Option<Price>,
        used: &mut Decimal,
    ) -> Vec<(Price, Quantity)> {
        let mut taken = Vec::new();
        if self.size.is_zero() {
            return taken;
        }
        // Exact, for a remainder is: the level that is used in part, and what of it is gone.
        let gone = *used % self.size;
        let mut level = (*used - gone) / self.size;
        let mut left = self.size - gone;
        let mut wanted = wanted;
        while wanted > Decimal::ZERO {
            let price = self.price_of(level);
            if limit.is_some_and(|limit| is_worse(self.side, price, limit)) {
                break;
            }
            let is_last = taken.len() + 1 == MOST_LEVELS || price <= self.tick && self.side == Side::Sell;
            let quantity = if is_last { wanted } else { wanted.min(left) };
            taken.push((Price(price), Quantity(quantity)));
            wanted -= quantity;
            // The endless level counts as used up once, so that the next order finds the one behind it.
            *used += quantity.min(left);
            level += Decimal::ONE;
            left = self.size;
        }
        taken
    }

    fn price_of(&self, level: Decimal) -> Decimal {
        let price = self.best + self.side.sign() * self.tick * level;
        // Nothing is bought for nothing; a touch below one tick is what it is.
        price.max(self.tick.min(self.best))
    }
}

/// Returns `size` without what is less than a lot.
pub(super) fn whole_lots(size: Quantity, lot: Quantity) -> Quantity {
    Quantity((size.0 - size.0 % lot.0).normalize())
}

/// Tells whether an order of `side` with this limit does not go so far.
pub(super) fn is_worse(side: Side, price: Decimal, limit: Price) -> bool {
    match side {
        Side::Buy => price > limit.0,
        Side::Sell => price < limit.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::decimal;

    fn taken(side: Side, wanted: &[&str], limit: Option<&str>) -> Vec<String> {
        let touch = Touch {
            bid: Price(decimal("0.3")),
            ask: Price(decimal("0.4")),
            bid_size: Quantity(decimal("2")),
            ask_size: Quantity(decimal("3.00049")),
        };
        let depth = Depth::new(side, &touch, Price(decimal("0.1")), Quantity(decimal("0.001")));
        let mut used = Decimal::ZERO;
        let takes = wanted.iter().map(|wanted| {
            let taken = depth.take(decimal(wanted), limit.map(|limit| Price(decimal(limit))), &mut used);
            let words: Vec<_> =
                taken.iter().map(|(price, quantity)| format!("{}@{price}", quantity.0.normalize())).collect();
            words.join(" ")
        });
        takes.collect()
    }

    #[test]
    fn each_tick_behind_the_touch_has_the_size_of_the_touch_again() {
        use Side::{Buy, Sell};
        for (side, wanted, limit, expected) in [
            (Buy, vec!["2"], None, vec!["2@0.4"]),
            (Buy, vec!["7"], None, vec!["3@0.4 3@0.5 1@0.6"]),
            // The next one begins where the one before ended.
            (Buy, vec!["2", "2", "5"], None, vec!["2@0.4", "1@0.4 1@0.5", "2@0.5 3@0.6"]),
            (Buy, vec!["7"], Some("0.5"), vec!["3@0.4 3@0.5"]),
            (Buy, vec!["7", "1"], Some("0.5"), vec!["3@0.4 3@0.5", ""]),
            (Buy, vec!["7"], Some("0.3"), vec![""]),
            // No price is below a tick: there the rest is taken.
            (Sell, vec!["9", "1"], None, vec!["2@0.3 2@0.2 5@0.1", "1@0.1"]),
        ] {
            assert_eq!(taken(side, &wanted, limit), expected);
        }
    }

    #[test]
    fn the_twentieth_level_has_no_end() {
        let all = taken(Side::Buy, &["1000", "1"], None);
        assert_eq!(all[0].split(' ').count(), MOST_LEVELS);
        assert!(all[0].ends_with("3@2.2 943@2.3"), "{all:?}");
        assert_eq!(all[1], "1@2.4");
    }
}
