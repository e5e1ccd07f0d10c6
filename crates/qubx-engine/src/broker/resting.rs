//! An order at the paper broker, and what the market must do for it to matter. No I/O.

use qubx_protocol::{Order, OrderId, Price, Quantity, Side, TimeInForce};
use rust_decimal::Decimal;

use crate::Touch;

/// An order that waits: for its price, for its stop price, or, once a stop is triggered, for anything to take.
#[derive(Clone, Debug)]
pub(super) struct Resting {
    pub(super) id: OrderId,
    pub(super) side: Side,
    /// The limit; none for a stop.
    pub(super) price: Option<Price>,
    /// The stop price, until it is reached.
    pub(super) stop: Option<Price>,
    /// The whole of it.
    pub(super) quantity: Quantity,
    /// What is not filled.
    pub(super) left: Decimal,
    pub(super) time_in_force: TimeInForce,
    pub(super) post_only: bool,
    pub(super) reduce_only: bool,
    /// How many fills it had; the next trade is named by it.
    pub(super) fills: u32,
    /// Its place in time: of two orders at one price the one with the lower place comes first.
    pub(super) place: u64,
}

impl Resting {
    pub(super) fn new(order: &Order, fills: u32, place: u64) -> Self {
        Self {
            id: order.id.clone(),
            side: order.side,
            price: order.price,
            stop: order.stop_price.filter(|_| !order.triggered),
            quantity: order.quantity,
            left: order.remaining().0,
            time_in_force: order.time_in_force,
            post_only: order.post_only,
            reduce_only: order.reduce_only,
            fills,
            place,
        }
    }

    /// Returns the limit of one that rests in the book.
    pub(super) fn limit(&self) -> Option<Price> {
        self.price.filter(|_| self.stop.is_none())
    }

    /// Tells whether a triggered stop found nothing to take yet.
    pub(super) fn waits_for_size(&self) -> bool {
        self.price.is_none() && self.stop.is_none()
    }

    /// Sorts the best limit first, and the oldest of equal ones.
    pub(super) fn priority(&self) -> (Decimal, u64) {
        let price = self.price.map_or(Decimal::ZERO, |price| price.0);
        (-self.side.sign() * price, self.place)
    }

    /// Tells whether the touch reaches the limit.
    pub(super) fn is_reached(&self, touch: &Touch) -> bool {
        self.limit().is_some_and(|limit| crosses(self.side, limit, touch))
    }

    /// Tells whether a trade at `price` would have taken this order first: `taker` gave at its limit, or beyond.
    pub(super) fn is_traded_through(&self, price: Price, taker: Side) -> bool {
        let beyond = |limit: Price| match self.side {
            Side::Buy => price <= limit,
            Side::Sell => price >= limit,
        };
        taker != self.side && self.limit().is_some_and(beyond)
    }

    /// Tells whether the touch triggers the stop.
    pub(super) fn is_triggered(&self, touch: &Touch) -> bool {
        self.stop.is_some_and(|stop| triggers(self.side, stop, touch.taken_by(self.side)))
    }

    /// Tells whether a trade triggers the stop.
    pub(super) fn is_triggered_by_trade(&self, price: Price) -> bool {
        self.stop.is_some_and(|stop| triggers(self.side, stop, price))
    }
}

/// Tells whether an order of `side` with this limit would take what is offered now.
pub(super) fn crosses(side: Side, limit: Price, touch: &Touch) -> bool {
    match side {
        Side::Buy => touch.ask <= limit,
        Side::Sell => touch.bid >= limit,
    }
}

/// Tells whether a stop at `stop` is reached at `price`.
///
/// A stop to buy is reached from below, one to sell from above: "BUY: latest price >= stopPrice, SELL: latest price <=
/// stopPrice" (Binance USD-M, New Order). The latest price is here the touch that the order would take, or a trade.
pub(super) fn triggers(side: Side, stop: Price, price: Price) -> bool {
    match side {
        Side::Buy => price >= stop,
        Side::Sell => price <= stop,
    }
}

/// Between which prices a market may move without any order that waits being reached. The ends do not belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// The highest stop to sell; none when there is none.
    pub(crate) bid_above: Option<Decimal>,
    /// The lowest limit to sell.
    pub(crate) bid_below: Option<Decimal>,
    /// The highest limit to buy.
    pub(crate) ask_above: Option<Decimal>,
    /// The lowest stop to buy.
    pub(crate) ask_below: Option<Decimal>,
    /// Whether every quote matters, because a triggered stop waits for a size.
    pub(crate) any: bool,
}

impl Bounds {
    /// Returns the bounds of these orders.
    pub(super) fn of(resting: &[Resting]) -> Self {
        let price = |wanted: Side, of: fn(&Resting) -> Option<Price>| {
            resting.iter().filter(move |order| order.side == wanted).filter_map(of).map(|price| price.0)
        };
        Self {
            bid_above: price(Side::Sell, |order| order.stop).max(),
            bid_below: price(Side::Sell, Resting::limit).min(),
            ask_above: price(Side::Buy, Resting::limit).max(),
            ask_below: price(Side::Buy, |order| order.stop).min(),
            any: resting.iter().any(Resting::waits_for_size),
        }
    }
}

/// Tells how much of `left` would reduce a position of `held`.
pub(super) fn reducible(held: Decimal, side: Side, left: Decimal) -> Quantity {
    let opposite = -held * side.sign();
    Quantity(left.min(opposite).max(Decimal::ZERO))
}
