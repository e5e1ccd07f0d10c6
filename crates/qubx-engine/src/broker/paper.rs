//! The paper broker: an exchange that knows only our orders and what the market says. No I/O.
//!
//! Whoever takes is filled at the touch and what lies behind it ([`depth`](super::depth)), worsened by the slippage, and
//! pays the taker's fee. What rests is filled at its own limit as maker: by a quote whose other side reaches it, up to the
//! quoted size, and by trades of others at or through it, up to their size; the better limit first, then the older
//! order. What is taken of a quote is gone until the next one. Sizes are whole lots; a size of zero is nothing.
//!
//! It keeps positions of its own, as an exchange does, for orders that may only reduce one.

use qubx_protocol::{
    InstrumentId, Liquidity, Money, Order, OrderId, Price, Quantity, Rejection, Side, TimeInForce,
};
use rust_decimal::{Decimal, RoundingStrategy};

use super::depth::{Depth, whole_lots};
use super::resting::{Resting, crosses, reducible, triggers};
use super::{Bounds, BrokerEvent, Execution};
use crate::core::{Refusal, rounded};
use crate::{EngineConfig, Fees, Touch};

/// Basis points in one.
const BASIS_POINTS: Decimal = Decimal::from_parts(10_000, 0, 0, false, 0);

/// Executes orders against what the market says.
#[derive(Debug)]
pub(crate) struct PaperBroker {
    /// By the place of the instrument.
    pub(super) markets: Vec<Market>,
    /// The place in time of the next order that rests.
    pub(super) next_place: u64,
}

/// One instrument at the broker.
#[derive(Debug)]
pub(super) struct Market {
    pub(super) id: InstrumentId,
    tick: Price,
    lot: Quantity,
    multiplier: Decimal,
    fees: Fees,
    slippage_bps: Decimal,
    /// What buyers and what sellers took since the last quote.
    pub(super) used: [Decimal; 2],
    pub(super) held: Decimal,
    /// Bounded by what the checks let through.
    pub(super) resting: Vec<Resting>,
}

impl PaperBroker {
    /// Returns a broker without orders.
    pub(crate) fn new(config: &EngineConfig) -> Self {
        let markets = config.exchanges.iter().flat_map(|exchange| {
            exchange.instruments.iter().map(|instrument| Market {
                id: instrument.id.clone(),
                tick: instrument.tick_size,
                lot: instrument.lot_size,
                multiplier: instrument.multiplier,
                fees: exchange.fees,
                slippage_bps: exchange.paper.slippage_bps,
                used: [Decimal::ZERO; 2],
                held: Decimal::ZERO,
                resting: Vec::new(),
            })
        });
        Self { markets: markets.collect(), next_place: 0 }
    }

    /// Takes an order: refuses it, fills what is there, and lets the rest rest or cancels it.
    pub(crate) fn submit(&mut self, market: usize, order: &Order, touch: &Touch, out: &mut Vec<BrokerEvent>) {
        let place = self.place();
        let market = &mut self.markets[market];
        if let Some(refusal) = market.refusal(order, touch) {
            out.push(BrokerEvent::Rejected(order.id.clone(), refusal));
            return;
        }
        market.enter(Resting::new(order, 0, place), touch, true, out);
        market.drop_what_reduces_nothing(out);
    }

    /// Fills and triggers what a quote reaches.
    pub(crate) fn quote(&mut self, market: usize, touch: &Touch, out: &mut Vec<BrokerEvent>) {
        let market = &mut self.markets[market];
        market.used = [Decimal::ZERO; 2];
        if market.resting.is_empty() {
            return;
        }
        for side in [Side::Buy, Side::Sell] {
            let there = market.depth(side, touch).left_at_touch(Decimal::ZERO);
            let filled =
                market.fill_resting(there, |order| order.side == side && order.is_reached(touch), out);
            market.used[index(side)] += filled;
        }
        market.trigger(touch, |order| order.waits_for_size() || order.is_triggered(touch), out);
        market.drop_what_reduces_nothing(out);
    }

    /// Fills what a trade of others would have filled first, and triggers the stops that it reaches.
    pub(crate) fn trade(
        &mut self,
        market: usize,
        (price, size, taker): (Price, Quantity, Side),
        touch: Option<&Touch>,
        out: &mut Vec<BrokerEvent>,
    ) {
        let market = &mut self.markets[market];
        let there = whole_lots(size, market.lot).0;
        market.fill_resting(there, |order| order.is_traded_through(price, taker), out);
        if let Some(touch) = touch {
            market.trigger(touch, |order| order.is_triggered_by_trade(price), out);
        }
        market.drop_what_reduces_nothing(out);
    }

    /// Forgets an order; false when it does not rest here.
    pub(crate) fn cancel(&mut self, market: usize, id: &OrderId) -> bool {
        let resting = &mut self.markets[market].resting;
        let before = resting.len();
        resting.retain(|order| order.id != *id);
        resting.len() < before
    }

    /// Notes that what was taken of the last quote is there again, or another size is.
    pub(crate) fn requote(&mut self, market: usize) {
        let used = &mut self.markets[market].used;
        if !(used[0].is_zero() && used[1].is_zero()) {
            *used = [Decimal::ZERO; 2];
        }
    }

    /// Tells how far the market may go before an order here matters.
    pub(crate) fn bounds(&self, market: usize) -> Bounds {
        Bounds::of(&self.markets[market].resting)
    }

    /// Tells whether an order of `side` would find anything to take.
    pub(crate) fn can_take(&self, market: usize, side: Side, touch: &Touch) -> bool {
        !self.markets[market].depth(side, touch).is_empty()
    }

    /// Lets an order rest that rested before, behind those that rest already.
    pub(crate) fn rest(&mut self, market: usize, order: &Order, fills: u32) {
        let place = self.place();
        self.markets[market].resting.push(Resting::new(order, fills, place));
    }

    /// Takes over a position, and what was taken since the last quote.
    pub(crate) fn restore(&mut self, market: usize, held: Quantity, used: [Quantity; 2]) {
        self.markets[market].held = held.0;
        self.markets[market].used = used.map(|used| used.0);
    }

    /// Returns what was taken since the last quote, by buyers and by sellers.
    pub(crate) fn used(&self, market: usize) -> [Quantity; 2] {
        self.markets[market].used.map(Quantity)
    }

    /// Returns the orders that rest, in the sequence of time, with the number of fills that each had.
    pub(crate) fn places(&self) -> Vec<(&OrderId, u32)> {
        let mut all: Vec<_> = self.markets.iter().flat_map(|market| &market.resting).collect();
        all.sort_by_key(|order| order.place);
        all.into_iter().map(|order| (&order.id, order.fills)).collect()
    }

    pub(super) fn place(&mut self) -> u64 {
        self.next_place += 1;
        self.next_place
    }
}

impl Market {
    /// Tells why an order is not even taken.
    fn refusal(&self, order: &Order, touch: &Touch) -> Option<Refusal> {
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
        if order.stop.is_none() && order.price.is_some() && order.time_in_force == TimeInForce::Ioc {
            // "IOC: the order will try to fill as much as it can before it expires" (Binance, Time in force).
            out.push(cancel(format!("ioc: {left} of {} was not there", order.quantity)));
        } else {
            self.resting.push(order);
        }
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

    /// Fills resting orders at their limits, as maker, up to what is there. Returns how much was filled.
    fn fill_resting(
        &mut self,
        there: Decimal,
        is_reached: impl Fn(&Resting) -> bool,
        out: &mut Vec<BrokerEvent>,
    ) -> Decimal {
        let mut reached: Vec<_> = self.resting.iter().filter(|order| is_reached(order)).cloned().collect();
        reached.sort_by_key(Resting::priority);
        let mut left = there;
        for mut order in reached {
            let Some(limit) = order.price.filter(|_| left > Decimal::ZERO) else { break };
            let quantity = self.wanted(&order).min(left);
            if quantity.is_zero() {
                continue;
            }
            left -= quantity;
            out.push(self.execute(&mut order, quantity, limit, Liquidity::Maker));
            self.put_back(order);
        }
        there - left
    }

    /// Turns stops into orders, the oldest first.
    fn trigger(
        &mut self,
        touch: &Touch,
        is_triggered: impl Fn(&Resting) -> bool,
        out: &mut Vec<BrokerEvent>,
    ) {
        let mut triggered: Vec<_> =
            self.resting.iter().filter(|order| is_triggered(order)).map(|order| order.place).collect();
        triggered.sort_unstable();
        for place in triggered {
            let Some(at) = self.resting.iter().position(|order| order.place == place) else { continue };
            let mut order = self.resting.remove(at);
            if order.stop.take().is_some() {
                out.push(BrokerEvent::Triggered(order.id.clone()));
            }
            let would_take = order.price.is_some_and(|limit| crosses(order.side, limit, touch));
            if order.post_only && would_take {
                let reason = "post-only: it would take when its stop was reached".to_owned();
                out.push(BrokerEvent::Cancelled { order: order.id, reason });
                continue;
            }
            self.enter(order, touch, false, out);
        }
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
    fn wanted(&self, order: &Resting) -> Decimal {
        if order.reduce_only { reducible(self.held, order.side, order.left).0 } else { order.left }
    }

    fn reduces_nothing(&self, order: &Resting) -> bool {
        reducible(self.held, order.side, order.left).is_zero()
    }

    /// Notes what is left of an order that rests.
    fn put_back(&mut self, order: Resting) {
        if order.left.is_zero() {
            self.resting.retain(|known| known.place != order.place);
        } else if let Some(known) = self.resting.iter_mut().find(|known| known.place == order.place) {
            *known = order;
        }
    }

    fn execute(
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

/// Tells why a post-only order is not taken: it "could not be executed as maker" (Binance USD-M, error -5022).
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
