//! One instrument at the paper broker: who fills whom at what price. No I/O.

use qubx_protocol::{InstrumentId, Liquidity, Money, Order, Price, Quantity, Rejection, Side, TimeInForce};
use rust_decimal::{Decimal, RoundingStrategy};

use super::depth::Depth;
use super::resting::{Resting, crosses, reducible, triggers};
use super::{BrokerEvent, Execution};
use crate::core::{Refusal, rounded};
use crate::{Fees, Touch};

/// Basis points in one.
const BASIS_POINTS: Decimal = Decimal::from_parts(10_000, 0, 0, false, 0);

/// One instrument at the broker.
#[derive(Debug)]
pub(super) struct Market {
    pub(super) id: InstrumentId,
    pub(super) tick: Price,
    pub(super) lot: Quantity,
    pub(super) multiplier: Decimal,
    pub(super) fees: Fees,
    pub(super) slippage_bps: Decimal,
    /// Whether its quotes stand for the trades that come behind them. Those fill what rests, so the quotes do not.
    pub(super) quotes_are_trades: bool,
    /// What buyers and what sellers took since the last quote.
    pub(super) used: [Decimal; 2],
    pub(super) held: Decimal,
    /// In the sequence of their places in time. Bounded by what the checks let through.
    pub(super) resting: Vec<Resting>,
}

impl Market {
    /// Tells why an order is not even taken.
    pub(super) fn refusal(&self, order: &Order, touch: &Touch) -> Option<Refusal> {
        // "ReduceOnly Order is rejected" (Binance USD-M, error -2022).
        if order.reduce_only && reducible(self.held, order.side, order.quantity.0).is_zero() {
            let reason = format!("reduce-only, and the position is {}", self.held.normalize());
            return Some(Refusal::new(Rejection::WouldIncrease, reason));
        }
        if let Some(stop) = order.stop_price {
            return stop_refusal(order.side, stop, touch);
        }
        if let (true, Some(limit)) = (order.post_only, order.price) {
            return post_only_refusal(order.side, limit, touch);
        }
        if order.price.is_none() && self.depth(order.side, touch).is_empty() {
            let (id, there) = (&self.id, offered(order.side));
            return Some(Refusal::new(Rejection::NoQuote, format!("nothing of {id} is {there}")));
        }
        None
    }

    /// Lets an order act on the market that it finds: it takes, rests, waits for its stop or is cancelled.
    pub(super) fn enter(
        &mut self,
        mut order: Resting,
        touch: &Touch,
        is_new: bool,
        out: &mut Vec<BrokerEvent>,
    ) {
        if order.stop.is_none() && !self.take(&mut order, touch, out) {
            return;
        }
        // The fills of an order that took tell that it is there.
        if is_new && order.fills == 0 && !(order.stop.is_none() && order.time_in_force == TimeInForce::Ioc) {
            out.push(BrokerEvent::Accepted(order.id.clone()));
        }
        let left = Quantity(order.left);
        let cancel = |reason| BrokerEvent::Cancelled { order: order.id.clone(), reason };
        if order.stop.is_none() && order.time_in_force == TimeInForce::Ioc {
            // IOC, "Immediate or Cancel": what is not there at once is cancelled (Binance API, Time in force).
            out.push(cancel(format!("ioc: {left} of {} was not there", order.quantity)));
        } else {
            self.rest(order);
        }
    }

    /// Lets an order rest at its place in time, which a stop that was triggered keeps.
    pub(super) fn rest(&mut self, order: Resting) {
        let at = self.resting.partition_point(|other| other.place < order.place);
        self.resting.insert(at, order);
    }

    /// Takes what the order may take. False when it is done with.
    fn take(&mut self, order: &mut Resting, touch: &Touch, out: &mut Vec<BrokerEvent>) -> bool {
        let wanted = self.wanted(order);
        let depth = self.depth(order.side, touch);
        let mut used = self.used[index(order.side)];
        for (price, quantity) in depth.take(wanted, order.price, &mut used) {
            let price = self.slipped(order.side, price, order.price);
            out.push(self.execute(order, quantity.0, price, Liquidity::Taker));
        }
        self.used[index(order.side)] = used;
        if order.reduce_only && order.left > Decimal::ZERO && self.reduces_nothing(order) {
            out.push(nothing_to_reduce(order));
            return false;
        }
        order.left > Decimal::ZERO
    }

    /// Cancels the orders that may only reduce a position that is gone. Binance does so when a position is closed.
    pub(super) fn drop_what_reduces_nothing(&mut self, out: &mut Vec<BrokerEvent>) {
        let held = self.held;
        self.resting.retain(|order| {
            let goes = order.reduce_only && reducible(held, order.side, order.left).is_zero();
            if goes {
                out.push(nothing_to_reduce(order));
            }
            !goes
        });
    }

    /// Returns how much of an order may be filled now.
    pub(super) fn wanted(&self, order: &Resting) -> Decimal {
        if order.reduce_only { reducible(self.held, order.side, order.left).0 } else { order.left }
    }

    fn reduces_nothing(&self, order: &Resting) -> bool {
        reducible(self.held, order.side, order.left).is_zero()
    }

    /// Notes what is left of an order that rests.
    pub(super) fn put_back(&mut self, order: Resting) {
        if order.left.is_zero() {
            self.resting.retain(|known| known.place != order.place);
        } else if let Some(known) = self.resting.iter_mut().find(|known| known.place == order.place) {
            *known = order;
        }
    }

    pub(super) fn execute(
        &mut self,
        order: &mut Resting,
        quantity: Decimal,
        price: Price,
        liquidity: Liquidity,
    ) -> BrokerEvent {
        let bps = match liquidity {
            Liquidity::Maker => self.fees.maker_bps,
            Liquidity::Taker => self.fees.taker_bps,
        };
        order.left = (order.left - quantity).normalize();
        order.fills += 1;
        self.held = (self.held + order.side.sign() * quantity).normalize();
        let quantity = Quantity(quantity.normalize());
        let value = price.0 * (quantity.0 * self.multiplier);
        BrokerEvent::Filled(Execution {
            trade_id: format!("{}-{}", order.id, order.fills),
            order: order.id.clone(),
            quantity,
            price,
            fee: Money(rounded(value * bps / BASIS_POINTS)),
            liquidity,
        })
    }

    /// Returns the price that whoever takes gets: worse by the slippage, on a tick, never beyond the limit.
    fn slipped(&self, side: Side, price: Price, limit: Option<Price>) -> Price {
        if self.slippage_bps.is_zero() {
            return price;
        }
        let worse = price.0 + side.sign() * price.0 * self.slippage_bps / BASIS_POINTS;
        let away = match side {
            Side::Buy => RoundingStrategy::ToPositiveInfinity,
            Side::Sell => RoundingStrategy::ToNegativeInfinity,
        };
        let ticks = (worse / self.tick.0).round_dp_with_strategy(0, away).max(Decimal::ONE);
        let worse = Price((ticks * self.tick.0).normalize());
        match (side, limit) {
            (_, None) => worse,
            (Side::Buy, Some(limit)) => worse.min(limit),
            (Side::Sell, Some(limit)) => worse.max(limit),
        }
    }

    pub(super) fn depth(&self, side: Side, touch: &Touch) -> Depth {
        Depth::new(side, touch, self.tick, self.lot)
    }
}

/// Tells why a stop is not taken: "Order would immediately trigger" (Binance USD-M, error -2021).
pub(super) fn stop_refusal(side: Side, stop: Price, touch: &Touch) -> Option<Refusal> {
    let price = touch.taken_by(side);
    let (what, than) = match side {
        Side::Buy => ("ask", "not below"),
        Side::Sell => ("bid", "not above"),
    };
    triggers(side, stop, price).then(|| {
        Refusal::new(Rejection::WouldTrigger, format!("the {what} {price} is {than} the stop price {stop}"))
    })
}

/// Tells why a post-only order is not taken: it could not be executed as maker (Binance USD-M, error -5022).
pub(super) fn post_only_refusal(side: Side, limit: Price, touch: &Touch) -> Option<Refusal> {
    let price = touch.taken_by(side);
    crosses(side, limit, touch).then(|| {
        Refusal::new(Rejection::WouldTake, format!("post-only, and {limit} takes what is there at {price}"))
    })
}

fn nothing_to_reduce(order: &Resting) -> BrokerEvent {
    let reason = "reduce-only: there is nothing left to reduce".to_owned();
    BrokerEvent::Cancelled { order: order.id.clone(), reason }
}

fn offered(side: Side) -> &'static str {
    match side {
        Side::Buy => "offered now",
        Side::Sell => "wanted now",
    }
}

/// Returns the place of what orders of `side` took.
pub(super) fn index(side: Side) -> usize {
    match side {
        Side::Buy => 0,
        Side::Sell => 1,
    }
}
